/* What can be asked for: one table of methods and paths, which the server, the metrics and openapi.json share.
**
** A test holds the table against openapi.json in both directions. Thread: any, constant.
*/
#ifndef TRANSPORT_ROUTES_H
#define TRANSPORT_ROUTES_H

#include "transport/exchange.h"
#include "transport/executor.h"

typedef void (*route_handler)(exchange *x);

typedef enum route_body {
  BODY_NONE,      /* a body is refused */
  BODY_JSON,      /* application/json */
  BODY_JSON_OR_SQL, /* application/json, or a definition as application/sql or text/plain */
  BODY_INGEST,    /* application/json, bounded by ingest_bytes */
  BODY_OPTIONAL_INGEST,
} route_body;

typedef struct route {
  const char *method;  /* GET serves HEAD too */
  const char *path;    /* "/api/v1/views/{view}/rows" */
  executor_lane lane;
  route_body body;
  route_handler handler;
  bool on_worker;      /* runs on civetweb's worker itself: must not wait, and needs little stack */
} route;

extern const route routes[];
extern const int route_count;

/* The label of a route in the metrics: "GET /api/v1/views/{view}". Static. */
const char *route_name(int index);

/* The route for a path, with the segments decoded. -1: none has that path, or none of the path has that method; *allow then
** lists the path's methods ("GET, HEAD, PUT") or is empty. -2: a segment does not decode, *err says why. */
int route_find(const char *method, const char *path, exchange *x, buffer *allow, error *err) MUST_USE;

#endif
