/* Which names a client may use, for the `allowed` member of problems: taken from the service's own JSON.
** Thread: an executor's. */
#ifndef TRANSPORT_REST_ALLOWED_H
#define TRANSPORT_REST_ALLOWED_H

#include "model/service.h"
#include "transport/exchange.h"

/* A view's error as a problem: an unknown view with the views there are, an unknown parameter or dimension with the
** parameters and dimensions of the view. */
void rest_view_error(exchange *x, const char *view, const error *err);
/* The member `name` of each object in the list that a service text holds (an array, or the one array in an object). */
bool rest_names_json(const char *list_json, buffer *out);

#endif
