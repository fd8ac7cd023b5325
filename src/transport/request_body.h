/* Reading a request's body, bounded in bytes (one request's, and all of them together) and checked against smuggling.
**
** Thread: the civetweb worker of the connection.
*/
#ifndef TRANSPORT_REQUEST_BODY_H
#define TRANSPORT_REQUEST_BODY_H

#include "transport/exchange.h"
#include "transport/routes.h"

enum { BODY_BUDGET_FACTOR = 4 }; /* all bodies in memory together: this many of the largest */

/* Length and transfer coding must be unambiguous. false: the answer (400, 411, 501) is in x. */
bool request_framing_check(exchange *x) MUST_USE;
/* Reads the body that the route wants into `body`; x->body points into it. false: the answer is in x.
** Afterwards request_body_release, in either case. */
bool request_body_read(exchange *x, route_body kind, buffer *body) MUST_USE;
void request_body_release(exchange *x, buffer *body);

#endif
