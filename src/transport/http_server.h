/* What the parts of the HTTP server share. Private to src/transport; the program includes transport.h.
**
** Immutable after transport_start but for what is marked atomic or has a lock of its own.
*/
#ifndef TRANSPORT_HTTP_SERVER_H
#define TRANSPORT_HTTP_SERVER_H

#include "transport/exchange.h"
#include "transport/executor.h"
#include "transport/http_metrics.h"
#include "transport/log_ring.h"
#include "transport/reader.h"
#include "transport/static_files.h"
#include "transport/transport.h"
#include "transport/watch.h"

#include <stdatomic.h>

struct http_server {
  const service *svc;
  transport_options options;
  struct mg_context *civetweb;
  int port;
  int64_t started_ms; /* wall clock */
  executor *executor;
  watch *watch;
  log_ring *log;
  static_files *files;
  reader *readers;    /* one per executor thread, which alone touches it */
  http_metrics metrics;
  atomic_bool stopping;
  atomic_int large_answers; /* answers that are being sent while they are made: each holds a thread for as long as its client reads */
  atomic_size_t body_bytes_held; /* request bodies in memory, all connections */
};

/* Host and Origin: is this request meant for us, and does its page have the right to send it? */
bool guard_host(const http_server *s, const char *host);
/* A page of our own, a listed one, or no page at all. host is the request's Host header. */
bool guard_origin(const http_server *s, const char *origin, const char *host);
/* Appends the security headers, and those of CORS where the request's origin is listed. */
void guard_put_headers(const http_server *s, const struct mg_connection *conn, buffer *out);

#endif
