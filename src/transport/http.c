#include "transport/http.h"

#include "base/clock.h"
#include "base/log.h"
#include "transport/problem.h"
#include "transport/request_body.h"
#include "transport/rest.h"
#include "transport/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
  DISCARD_BYTES = 1 << 20, /* of a body that was refused: read, so that the client reads our answer and not a reset */
  DISCARD_MS = 500,        /* … for so long */
  CUT_SLACK_MS = 1000,     /* after an answer's deadline its handler has this long to end it, then the socket is cut */
};

#define ALL_METHODS "GET, HEAD, POST, PUT, DELETE, OPTIONS"

/* One per TCP connection; civetweb keeps it as the connection's user data. */
typedef struct connection {
  watch_entry *watched;
  bool stream_admitted; /* a WebSocket that ws_admit let in and that ws_ready did not see yet */
} connection;

static http_server *server_of(const struct mg_connection *conn) { return mg_get_user_context_data(conn); }

static connection *connection_of(const struct mg_connection *conn) { return mg_get_user_connection_data(conn); }

/* --- connections --- */

static int on_connection(const struct mg_connection *conn, void **data) {
  atomic_fetch_add(&server_of(conn)->metrics.open_connections, 1);
  *data = calloc(1, sizeof(connection));
  return 0;
}

static void on_close(const struct mg_connection *conn) {
  http_server *s = server_of(conn);
  connection *c = connection_of(conn);
  atomic_fetch_sub(&s->metrics.open_connections, 1);
  if (!c) return;
  watch_leave(s->watch, c->watched);
  if (c->stream_admitted) s->options.streams->ws_abandoned(s->options.streams->ctx, conn);
  mg_set_user_connection_data(conn, NULL); /* connection structs are used again */
  free(c);
}

/* The peer is not known before the headers are; until then civetweb's request_timeout_ms is the bound. */
static void set_deadline(const struct mg_connection *conn, int64_t deadline_ms) {
  http_server *s = server_of(conn);
  connection *c = connection_of(conn);
  if (!c) return;
  const struct mg_request_info *info = mg_get_request_info(conn);
  if (c->watched)
    watch_set(s->watch, c->watched, deadline_ms);
  else
    c->watched = watch_enter(s->watch, info->remote_addr, info->remote_port, deadline_ms);
}

void http_release_socket(exchange *x) {
  connection *c = connection_of(x->conn);
  if (c) watch_disarm(x->server->watch, c->watched);
}

void http_keep_socket(exchange *x) {
  set_deadline(x->conn, x->deadline_ms + CUT_SLACK_MS);
}

/* --- checks that need no route; false: the answer is in x --- */

static bool is_unsafe(const char *method) { return strcmp(method, "GET") && strcmp(method, "HEAD") && strcmp(method, "OPTIONS"); }

static bool check_host(exchange *x) {
  const char *host = exchange_header(x, "Host");
  if (!host && strcmp(x->info->http_version, "1.1") == 0) {
    exchange_problem(x, 400, NULL, "the Host header is missing");
    return false;
  }
  if (!host || guard_host(x->server, host)) return true;
  exchange_problem(x, 421, "use an IP address or localhost, or start the server with this name among its hosts", "this server does not answer for the host '%.100s'", host);
  return false;
}

static bool check_origin(exchange *x) {
  const char *origin = exchange_header(x, "Origin");
  if (guard_origin(x->server, origin, exchange_header(x, "Host"))) return true;
  exchange_problem(x, 403, "start the server with this origin among its origins", "pages of the origin '%.100s' may not do this", origin);
  return false;
}

static bool check_method(exchange *x) {
  static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(x->info->request_method, known[i]) == 0) return true;
  exchange_problem(x, 405, NULL, "the method %.20s is not known here", x->info->request_method);
  exchange_add_header(x, "Allow", ALL_METHODS);
  return false;
}

static bool check_request(exchange *x) {
  error err = {0};
  if (!x->path || x->path[0] != '/') {
    x->path = "/";
    if (strcmp(x->info->request_method, "OPTIONS") == 0) return true;
    exchange_problem(x, 400, NULL, "the request's target must be a path");
    return false;
  }
  if (!check_method(x) || !check_host(x) || !request_framing_check(x)) return false;
  if (is_unsafe(x->info->request_method) && !check_origin(x)) return false;
  if (query_string_parse(&x->query, &x->memory, x->info->query_string, &err)) return true;
  exchange_error_status(x, err.code == ERR_LIMIT ? 400 : problem_status(err.code), &err, NULL);
  return false;
}

/* --- OPTIONS --- */

static void answer_options(exchange *x) {
  const char *origin = exchange_header(x, "Origin");
  if (!origin || !exchange_header(x, "Access-Control-Request-Method")) {
    x->status = 204;
    exchange_add_header(x, "Allow", ALL_METHODS);
    return;
  }
  if (!check_origin(x)) return;
  x->status = 204;
  exchange_add_header(x, "Access-Control-Allow-Methods", ALL_METHODS);
  exchange_add_header(x, "Access-Control-Allow-Headers", "Content-Type, If-Match, If-None-Match, Last-Event-ID");
  exchange_add_header(x, "Access-Control-Max-Age", "600");
}

/* --- running a handler --- */

typedef struct handler_call {
  exchange *x;
  route_handler handler;
} handler_call;

static void run_handler(void *arg, int thread) {
  handler_call *call = arg;
  call->x->thread = thread;
  call->handler(call->x);
}

static void run_route(exchange *x, const route *r) {
  buffer body = {0};
  if (request_body_read(x, r->body, &body)) {
    x->deadline_ms = clock_monotonic_ms() + x->server->options.answer_ms;
    set_deadline(x->conn, x->deadline_ms + CUT_SLACK_MS);
    handler_call call = {x, r->handler};
    if (r->on_worker)
      r->handler(x);
    else if (!executor_run(x->server->executor, r->lane, run_handler, &call))
      exchange_problem(x, 503, "try again in a moment", "too many requests wait already");
  }
  exchange_finish(x);
  request_body_release(x, &body);
}

static void answer_without_route(exchange *x, const buffer *allow) {
  if (allow->len) {
    exchange_problem(x, 405, NULL, "%s is not possible on %.200s", x->info->request_method, x->path);
    exchange_add_header(x, "Allow", buffer_text(allow));
  } else {
    rest_page(x);
  }
  exchange_finish(x);
}

/* Returns the route's index, route_count for the page, -1 where the request was refused before. */
static int serve(exchange *x) {
  if (!check_request(x)) {
    exchange_finish(x);
    return -1;
  }
  if (strcmp(x->info->request_method, "OPTIONS") == 0) {
    answer_options(x);
    exchange_finish(x);
    return route_count;
  }
  buffer allow = {0};
  error err = {0};
  int found = route_find(x->info->request_method, x->path, x, &allow, &err);
  if (found >= 0) {
    run_route(x, &routes[found]);
  } else if (found == -2) {
    exchange_error(x, &err, NULL);
    exchange_finish(x);
  } else {
    answer_without_route(x, &allow);
  }
  buffer_free(&allow);
  return found >= 0 ? found : route_count;
}

/* --- WebSocket handshakes --- */

/* true: civetweb goes on with the handshake. false: the answer was sent. */
static bool admit_websocket(exchange *x) {
  const stream_server *streams = x->server->options.streams;
  const char *upgrade = exchange_header(x, "Upgrade");
  connection *c = connection_of(x->conn);
  error err = {0};
  if (!check_request(x) || !check_origin(x)) {
  } else if (strcmp(x->info->request_method, "GET") || !upgrade || strcasecmp(upgrade, "websocket")) {
    exchange_problem(x, 426, "connect with a WebSocket client", "/ws speaks WebSocket only");
    exchange_add_header(x, "Upgrade", "websocket");
  } else if (!streams || !c) {
    exchange_problem(x, 503, NULL, "this server serves no streams");
  } else if (!streams->ws_admit(streams->ctx, x->conn, &err)) {
    exchange_error_status(x, 503, &err, NULL);
  } else {
    c->stream_admitted = true;
    return true;
  }
  exchange_finish(x);
  return false;
}

static void on_websocket_ready(struct mg_connection *conn, void *ctx) {
  http_server *s = ctx;
  connection *c = connection_of(conn);
  if (!c || !c->stream_admitted) return;
  c->stream_admitted = false;
  watch_disarm(s->watch, c->watched);
  s->options.streams->ws_ready(s->options.streams->ctx, conn);
}

/* Frames go to the stream server, which has the socket; one that still came to civetweb's end closes the connection. */
static int on_websocket_data(struct mg_connection *conn, int bits, char *data, size_t bytes, void *ctx) { return 0; }

void http_register_websocket(http_server *s) {
  mg_set_websocket_handler(s->civetweb, "/ws", NULL, on_websocket_ready, on_websocket_data, NULL, s);
}

/* --- civetweb's callbacks --- */

static void discard_rest(struct mg_connection *conn) {
  char piece[4096];
  set_deadline(conn, clock_monotonic_ms() + DISCARD_MS);
  for (size_t total = 0; total < DISCARD_BYTES;) {
    int n = mg_read(conn, piece, sizeof piece);
    if (n <= 0) return;
    total += (size_t)n;
  }
}

static int on_request(struct mg_connection *conn) {
  http_server *s = server_of(conn);
  int64_t began_us = clock_monotonic_ns() / 1000;
  exchange x = {.server = s, .conn = conn, .info = mg_get_request_info(conn), .body = "", .status = 200, .compressible = true};
  x.path = x.info->local_uri_raw ? x.info->local_uri_raw : x.info->request_uri;
  x.head_only = strcmp(x.info->request_method, "HEAD") == 0;
  x.deadline_ms = clock_monotonic_ms() + s->options.answer_ms;
  set_deadline(conn, clock_monotonic_ms() + s->options.request_ms);
  atomic_fetch_add(&s->metrics.in_progress, 1);
  int result = 0;
  if (x.path && strcmp(x.path, "/ws") == 0 && admit_websocket(&x)) {
    set_deadline(conn, clock_monotonic_ms() + s->options.request_ms);
  } else {
    int which = x.started ? route_count : serve(&x);
    if (x.status >= 400 && !x.taken) discard_rest(conn);
    int64_t took_us = clock_monotonic_ns() / 1000 - began_us;
    http_metrics_count(&s->metrics, which, x.status, took_us, x.bytes_sent);
    log_debug("http method=%s path=%.200s status=%d: %lld us", x.info->request_method, x.path, x.status, (long long)took_us);
    result = x.status;
  }
  atomic_fetch_sub(&s->metrics.in_progress, 1);
  exchange_free(&x);
  return result;
}

/* civetweb refuses a request by itself: malformed, headers too large, a handshake that is none. The request may be in pieces,
** so nothing of it is looked at. */
static int on_refusal(struct mg_connection *conn, int status, const char *message) {
  if (status == 413) status = 431; /* its only size limit is that on the headers */
  buffer body = {0}, answer = {0};
  problem_write(&body, &(problem){.status = status, .detail = message && *message ? message : problem_reason(status)});
  buffer_printf(&answer, "HTTP/1.1 %d %s\r\nContent-Type: " PROBLEM_CONTENT_TYPE "\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status, problem_reason(status),
                body.len, buffer_text(&body));
  if (!answer.failed) mg_write(conn, answer.data, answer.len);
  http_metrics_count(&server_of(conn)->metrics, -1, status, 0, body.len);
  buffer_free(&body);
  buffer_free(&answer);
  return 0;
}

static int on_log(const struct mg_connection *conn, const char *message) {
  log_debug("http: %s", message);
  return 1;
}

struct mg_callbacks http_callbacks(void) {
  return (struct mg_callbacks){
    .begin_request = on_request,
    .log_message = on_log,
    .connection_close = on_close, /* before the socket is closed; after it, the user data is gone */
    .http_error = on_refusal,
    .init_connection = on_connection,
  };
}
