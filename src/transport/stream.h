/* The contract between the HTTP server and whoever serves streams over the sockets that it accepted.
**
** The HTTP server has checked Host, Origin and method before it calls; the stream server takes the socket over, or refuses.
** Thread: any, several at once: civetweb's workers (on a stack of 100 KB), for sse the HTTP server's own. They must not wait
** for the engine or for the client. A connection's user data is the HTTP server's.
*/
#ifndef TRANSPORT_STREAM_H
#define TRANSPORT_STREAM_H

#include "model/service.h"

struct mg_connection;

/* GET /api/v1/views/{view}/stream?… as it was asked. Borrowed for the call. */
typedef struct stream_request {
  selection selection;
  const char *order_by;      /* "-x,y" or NULL */
  int64_t offset, limit;     /* limit -1 = all */
  int conflate_ms;           /* -1 = the server's default */
  const char *since;         /* ?since= or the Last-Event-ID header: where to resume; NULL = from a snapshot */
} stream_request;

typedef struct stream_server {
  void *ctx;
  /* May one more WebSocket come in? Called before the handshake. false: err says why (ERR_LIMIT: too many clients). */
  bool (*ws_admit)(void *ctx, const struct mg_connection *conn, error *err);
  /* After the handshake: takes the socket over. Called once per admitted handshake that succeeded. */
  void (*ws_ready)(void *ctx, struct mg_connection *conn);
  /* An admitted handshake that did not reach ws_ready. */
  void (*ws_abandoned)(void *ctx, const struct mg_connection *conn);
  /* The view is there and takes the parameters. Takes the socket over, before any byte of the answer was written: headers and events are the stream server's.
  ** `headers` are header lines that the HTTP server wants in the answer (CORS, security), each ended by \r\n.
  ** false: nothing was written and err says why; the HTTP server answers with a problem document. */
  bool (*sse)(void *ctx, struct mg_connection *conn, const stream_request *request, const char *headers, error *err);
  /* Appends OpenMetrics families (client classes, outboxes, cuts, …) without "# EOF". Any thread. */
  void (*metrics)(void *ctx, buffer *out);
} stream_server;

#endif
