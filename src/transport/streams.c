#include "transport/streams.h"

#include "base/log.h"
#include "transport/loop.h"
#include "transport/sse.h"
#include "transport/takeover.h"

#include <civetweb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEAD_MARGIN_MS = 5000 };

struct streams {
  stream_server server;
  loop *loop;
  int dead_ms; /* the kernel gives up later than we, so that a client that stalls can still be told */
  void (*metrics)(void *ctx, buffer *out);
  void *metrics_ctx;
};

static bool too_many(error *err) {
  error_set(err, ERR_LIMIT, "as many clients are connected as the server takes");
  return error_hint(err, "try again later");
}

static bool admit(void *ctx, const struct mg_connection *conn, error *err) {
  streams *s = ctx;
  return loop_reserve(s->loop) || too_many(err);
}

static void abandoned(void *ctx, const struct mg_connection *conn) { loop_unreserve(((streams *)ctx)->loop); }

/* A place was reserved; it is given back where this fails. */
static bool hand_over(streams *s, struct mg_connection *conn, newcomer *n, error *err) {
  n->fd = takeover_socket(conn, err);
  if (n->fd < 0) return false;
  takeover_configure(n->fd, s->dead_ms);
  loop_adopt(s->loop, n);
  return true;
}

static void free_newcomer(newcomer *n) {
  if (!n) return;
  free(n->head);
  free(n->headers);
  free(n->first);
  free(n);
}

static void ws_ready(void *ctx, struct mg_connection *conn) {
  streams *s = ctx;
  error err = {0};
  newcomer *n = calloc(1, sizeof *n);
  if (!n) error_nomem(&err);
  if (n) n->kind = CLIENT_WEBSOCKET;
  if (n && hand_over(s, conn, n, &err)) return;
  log_error("delivery: a WebSocket client is refused: %s", err.text);
  static const char going[] = {0x03, (char)0xF3}; /* 1011 */
  mg_websocket_write(conn, MG_WEBSOCKET_OPCODE_CONNECTION_CLOSE, going, sizeof going);
  free_newcomer(n);
  loop_unreserve(s->loop);
}

static newcomer *sse_newcomer(const stream_request *request, const char *headers, error *err) {
  char *first = sse_subscribe_text(request, err);
  if (!first) return NULL;
  newcomer *n = calloc(1, sizeof *n);
  if (!n) {
    free(first);
    error_nomem(err);
    return NULL;
  }
  buffer head = {0};
  sse_put_head(&head, headers ? headers : "");
  *n = (newcomer){.kind = CLIENT_SSE, .first = first, .head = buffer_take(&head), .headers = strdup(headers ? headers : "")};
  if (n->head && n->headers) return n;
  free_newcomer(n);
  error_nomem(err);
  return NULL;
}

static bool sse(void *ctx, struct mg_connection *conn, const stream_request *request, const char *headers, error *err) {
  streams *s = ctx;
  newcomer *n = sse_newcomer(request, headers, err);
  if (!n) return false;
  if (!loop_reserve(s->loop)) {
    free_newcomer(n);
    return too_many(err);
  }
  if (hand_over(s, conn, n, err)) return true;
  free_newcomer(n);
  loop_unreserve(s->loop);
  return false;
}

static void put_metrics(void *ctx, buffer *out) {
  streams *s = ctx;
  loop_counts n = loop_read_counts(s->loop);
  buffer_printf(out, "# TYPE viewserver_streams_accepted counter\n# HELP viewserver_streams_accepted Sockets taken over.\nviewserver_streams_accepted_total %lld\n",
                n.accepted);
  buffer_printf(out, "# TYPE viewserver_streams_refused counter\n# HELP viewserver_streams_refused Streams refused for the limit of clients.\nviewserver_streams_refused_total %lld\n",
                n.refused);
  buffer_printf(out, "# TYPE viewserver_clients_stalled counter\n# HELP viewserver_clients_stalled Clients cut because they accepted nothing for too long.\nviewserver_clients_stalled_total %lld\n",
                n.stalled);
  buffer_printf(out, "# TYPE viewserver_outbox_messages gauge\n# HELP viewserver_outbox_messages Messages that a socket has not taken whole.\nviewserver_outbox_messages %lld\n",
                n.in_flight);
  buffer_printf(out, "# TYPE viewserver_outbox_bytes gauge\n# HELP viewserver_outbox_bytes What is left of them.\nviewserver_outbox_bytes %lld\n", n.in_flight_bytes);
  if (s->metrics) s->metrics(s->metrics_ctx, out);
}

streams *streams_start(const delivery *d, void (*metrics)(void *ctx, buffer *out), void *metrics_ctx, error *err) {
  streams *s = calloc(1, sizeof *s);
  if (!s) {
    error_nomem(err);
    return NULL;
  }
  s->loop = loop_start(d, err);
  if (!s->loop) {
    free(s);
    return NULL;
  }
  s->dead_ms = d->limits.stall_ms + d->limits.close_linger_ms + DEAD_MARGIN_MS;
  s->metrics = metrics;
  s->metrics_ctx = metrics_ctx;
  s->server = (stream_server){.ctx = s, .ws_admit = admit, .ws_ready = ws_ready, .ws_abandoned = abandoned, .sse = sse, .metrics = put_metrics};
  return s;
}

void streams_stop(streams *s) {
  if (!s) return;
  loop_stop(s->loop);
  free(s);
}

const stream_server *streams_server(streams *s) { return &s->server; }
