/* Takes the socket of a request over from civetweb, whose worker is then free again.
**
** civetweb does not tell the descriptor, so it is found by its addresses among the process's own; what is left to civetweb
** is a dead socket on the same number, on which it sees the end of the stream and closes. This leans on behaviour that is
** not documented (measured with 1.15): a test holds it, and where the socket is not found the client is refused.
** Thread: civetweb workers.
*/
#ifndef TRANSPORT_TAKEOVER_H
#define TRANSPORT_TAKEOVER_H

#include "base/error.h"

struct mg_connection;

/* The connection's socket as a descriptor of our own, not blocking, close-on-exec. -1: err. */
int takeover_socket(const struct mg_connection *conn, error *err) MUST_USE;
/* Small writes at once, bounded send buffer; a peer that acknowledges nothing for `dead_ms` is given up by the kernel. */
void takeover_configure(int fd, int dead_ms);

#endif
