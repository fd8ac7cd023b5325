/* One HTTP request and its answer, as handlers see it.
**
** A handler reads the request's parts and fills in the answer: status, headers, body. A body that grows past
** EXCHANGE_BUFFER_BYTES is sent while it is made (exchange_flow), so that an answer of any size needs bounded memory;
** until then nothing was sent, and the answer can still become a problem document. Such answers take at most half of the
** threads, so that clients who read slowly never hold all of them; further ones are told to come again (503).
** Thread: the executor's thread that runs the handler; the civetweb worker before and after it.
** Ownership: everything lives until the answer was sent; texts of the request are borrowed from it.
*/
#ifndef TRANSPORT_EXCHANGE_H
#define TRANSPORT_EXCHANGE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "transport/query_string.h"

#include <civetweb.h>

enum {
  MAX_PATH_PARAMETERS = 2,
  EXCHANGE_BUFFER_BYTES = 64 * 1024,
  MIN_GZIP_BYTES = 1024,
};

typedef struct http_server http_server;
typedef struct gzip_stream gzip_stream;

typedef struct exchange {
  http_server *server;
  struct mg_connection *conn;
  const struct mg_request_info *info;
  const char *path;                        /* as sent, not decoded */
  const char *segment[MAX_PATH_PARAMETERS]; /* decoded: {view}, … in the order of the route */
  query_string query;
  const char *body; /* NUL-terminated; "" = none */
  size_t body_bytes;
  int thread;       /* the executor's, for reader_of */
  int64_t deadline_ms; /* monotonic: the answer must be through by then */
  bool head_only;   /* HEAD: headers as for GET, no body */
  arena memory;

  int status;       /* 200 until a handler says otherwise */
  const char *content_type;
  buffer headers;   /* further lines, each with \r\n */
  buffer out;       /* the body, or what of it was not sent yet */
  bool compressible;
  bool started;     /* headers are on the wire */
  bool large;       /* one of the server's large answers */
  bool broken;      /* the client is gone, or the answer was cut short on purpose */
  bool taken;       /* the socket belongs to a stream now: nothing to send */
  gzip_stream *gzip;
  uint64_t bytes_sent;
} exchange;

void exchange_free(exchange *x);

const char *exchange_header(const exchange *x, const char *name); /* NULL = not there */
void exchange_add_header(exchange *x, const char *name, const char *text);

/* --- the answer: one of these, or x->out with exchange_flow; a problem takes back headers that were added before it --- */
/* A whole JSON text that somebody malloc'd; it is freed. NULL: the error. */
void exchange_send_json(exchange *x, char *json, const error *err);
void exchange_problem(exchange *x, int status, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The engine's error as a problem; allowed_json may be NULL. */
void exchange_error(exchange *x, const error *err, const char *allowed_json);
void exchange_error_status(exchange *x, int status, const error *err, const char *allowed_json);
/* Whether the client takes gzip (Accept-Encoding). */
bool exchange_accepts_gzip(const exchange *x);
/* 304 where If-None-Match has this tag (weak comparison), and sets ETag. true: it was answered. */
bool exchange_not_modified(exchange *x, const char *etag);

/* Sends what is in x->out when it is large enough. false: stop making more (the client is gone or wants no body). */
bool exchange_flow(exchange *x);
/* Ends the answer; called by the server. */
void exchange_finish(exchange *x);
/* The answer cannot be completed after it was begun: the connection ends without the final chunk, which a client notices. */
void exchange_abort(exchange *x);

#endif
