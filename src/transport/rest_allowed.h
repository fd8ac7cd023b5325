/* Which names a client may use, for the `allowed` member of problems: taken from the service's own JSON.
** Thread: an executor's. */
#ifndef TRANSPORT_REST_ALLOWED_H
#define TRANSPORT_REST_ALLOWED_H

#include "model/service.h"
#include "transport/exchange.h"

/* A view's error as a problem: an unknown view with the views there are; an unknown parameter, dimension or value with the
** parameters, the dimensions or the parameter's values. */
void rest_view_error(exchange *x, const char *view, const error *err);
/* The names in a list of the service's (an array of objects with a name), as a JSON array. */
bool rest_names_json(const char *list_json, buffer *out);

#endif
