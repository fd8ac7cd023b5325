/* What the HTTP server lets in and what it does with hostile clients: the others are not affected, nothing grows, nothing hangs. */
#include "base/clock.h"
#include "support/fake_service.h"
#include "support/http_client.h"
#include "transport/transport.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUEST_MS = 1000, LONG_REQUEST_MS = 10000, ANSWER_MS = 2000, BODY_BYTES = 10000, CONNECTIONS = 16 };

static fake_service fake;
static transport *server;
static int port;

/* A stream server that only notes what it was asked. */
static struct streams_seen {
  atomic_int admitted, ready, abandoned, sse;
  bool refuse;
  char params[200], order_by[50], since[50];
  long offset, limit, conflate_ms;
} seen;

static bool ws_admit(void *ctx, const struct mg_connection *conn, error *err) {
  if (seen.refuse) return error_set(err, ERR_LIMIT, "10000 clients are connected, which is the limit");
  atomic_fetch_add(&seen.admitted, 1);
  return true;
}
static void ws_ready(void *ctx, struct mg_connection *conn) { atomic_fetch_add(&seen.ready, 1); }
static void ws_abandoned(void *ctx, const struct mg_connection *conn) { atomic_fetch_add(&seen.abandoned, 1); }

static bool sse(void *ctx, struct mg_connection *conn, const stream_request *r, const char *headers, error *err) {
  if (seen.refuse) return error_set(err, ERR_LIMIT, "too many");
  snprintf(seen.params, sizeof seen.params, "%s", r->selection.params_json);
  snprintf(seen.order_by, sizeof seen.order_by, "%s", r->order_by ? r->order_by : "");
  snprintf(seen.since, sizeof seen.since, "%s", r->since ? r->since : "");
  seen.offset = (long)r->offset;
  seen.limit = (long)r->limit;
  seen.conflate_ms = r->conflate_ms;
  atomic_fetch_add(&seen.sse, 1);
  return true;
}

static void stream_metrics(void *ctx, buffer *out) { buffer_puts(out, "# TYPE viewserver_clients gauge\nviewserver_clients 0\n"); }

static const stream_server streams = {.ws_admit = ws_admit, .ws_ready = ws_ready, .ws_abandoned = ws_abandoned, .sse = sse, .metrics = stream_metrics};

static void put_file(const char *folder, const char *name, const char *text) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  fputs(text, f);
  fclose(f);
}

static int start(void **state) {
  static const char *const origins[] = {"https://desk.example", NULL};
  static const char *const hosts[] = {"views.example", NULL};
  static char ui[200];
  error err = {0};
  transport_options options = transport_defaults();
  fake_service_start(&fake);
  memset(&seen, 0, sizeof seen);
  snprintf(ui, sizeof ui, "%s/ui", fake.folder);
  options.listen = "127.0.0.1:0";
  options.workers = 3;
  options.connections = CONNECTIONS;
  options.request_ms = *state && !strcmp(*state, "patient") ? 3 * LONG_REQUEST_MS : REQUEST_MS;
  options.answer_ms = ANSWER_MS;
  options.body_bytes = BODY_BYTES;
  options.ingest_bytes = 10 * BODY_BYTES;
  options.origins = origins;
  options.hosts = hosts;
  options.streams = &streams;
  options.ui_dir = ui;
  if (*state && !strcmp(*state, "page")) { /* a test that wants the page */
    char assets[220];
    snprintf(assets, sizeof assets, "%s/assets", ui);
    mkdir(ui, 0700);
    mkdir(assets, 0700);
    put_file(ui, "index.html", "<!doctype html><title>page</title>");
    put_file(assets, "index-1a2b.js", "console.log(1)");
    put_file(fake.folder, "secret.txt", "hidden words");
  }
  server = transport_start(&fake.svc, &options, &err);
  port = server ? transport_port(server) : 0;
  return server ? 0 : 1;
}

static int stop(void **state) {
  static const char *const made[] = {"ui/assets/index-1a2b.js", "ui/index.html", "secret.txt"};
  char path[300];
  transport_stop(server);
  for (int i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", fake.folder, made[i]);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s/ui/assets", fake.folder);
  rmdir(path);
  snprintf(path, sizeof path, "%s/ui", fake.folder);
  rmdir(path);
  fake_service_stop(&fake);
  return 0;
}

static void expect(http_answer a, int status, const char *part) {
  if (a.status != status) fail_msg("expected %d, got %d: %.600s", status, a.status, buffer_text(&a.body));
  if (part && !strstr(buffer_text(&a.body), part)) fail_msg("expected %s in: %.600s", part, buffer_text(&a.body));
  http_answer_free(&a);
}

static http_answer raw(const char *text) { return http_raw(port, text, strlen(text)); }

static void still_answers(void) { expect(http_get(port, "/livez"), 200, "ok"); }

/* --- who may ask --- */

static void host_must_be_ours(void **state) {
  expect(raw("GET /livez HTTP/1.1\r\nHost: rebound.example\r\n\r\n"), 421, "unknown_host");
  expect(raw("GET /livez HTTP/1.1\r\nHost: localhost:1234\r\n\r\n"), 200, NULL);
  expect(raw("GET /livez HTTP/1.1\r\nHost: VIEWS.example\r\n\r\n"), 200, NULL);
  expect(raw("GET /livez HTTP/1.1\r\nHost: 10.1.2.3:80\r\n\r\n"), 200, NULL);
  expect(raw("GET /livez HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200, NULL);
  expect(raw("GET /livez HTTP/1.1\r\n\r\n"), 400, "Host header is missing");
  expect(raw("GET /livez HTTP/1.0\r\n\r\n"), 200, NULL);
}

static void origin_must_be_listed_for_writes(void **state) {
  static const char body[] = "{\"sql\":\"SELECT 1\"}";
  char same[100];
  snprintf(same, sizeof same, "Origin: http://127.0.0.1:%d\r\n", port);
  expect(http_request(port, "POST", "/api/v1/sql", "Origin: https://evil.example\r\n", body), 403, "evil.example");
  expect(http_request(port, "POST", "/api/v1/sql", "Origin: null\r\n", body), 403, NULL);
  expect(http_request(port, "POST", "/api/v1/sql", same, body), 200, NULL);
  expect(http_request(port, "POST", "/api/v1/sql", "", body), 200, NULL);
  http_answer a = http_request(port, "POST", "/api/v1/sql", "Origin: https://desk.example\r\n", body);
  assert_int_equal(a.status, 200);
  assert_string_equal(http_answer_header(&a, "Access-Control-Allow-Origin"), "https://desk.example");
  http_answer_free(&a);
  a = http_request(port, "GET", "/api/v1/views", "Origin: https://evil.example\r\n", NULL);
  assert_int_equal(a.status, 200);
  assert_null(http_answer_header(&a, "Access-Control-Allow-Origin"));
  http_answer_free(&a);
  expect(raw("POST /api/v1/sql HTTP/1.1\r\nHost: views.example\r\nOrigin: https://views.example\r\nContent-Length: 18\r\n\r\n{\"sql\":\"SELECT 1\"}"), 200, NULL);
}

static void preflight_is_answered(void **state) {
  http_answer a = http_request(port, "OPTIONS", "/api/v1/sql", "Origin: https://desk.example\r\nAccess-Control-Request-Method: POST\r\n", NULL);
  assert_int_equal(a.status, 204);
  assert_string_equal(http_answer_header(&a, "Access-Control-Allow-Methods"), "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  assert_string_equal(http_answer_header(&a, "Access-Control-Allow-Origin"), "https://desk.example");
  http_answer_free(&a);
  expect(http_request(port, "OPTIONS", "/api/v1/sql", "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n", NULL), 403, NULL);
}

static void security_headers_are_there(void **state) {
  http_answer a = http_get(port, "/");
  const char *csp = http_answer_header(&a, "Content-Security-Policy");
  assert_non_null(csp);
  assert_non_null(strstr(csp, "default-src 'self'"));
  assert_string_equal(http_answer_header(&a, "X-Content-Type-Options"), "nosniff");
  assert_string_equal(http_answer_header(&a, "Connection"), "close");
  http_answer_free(&a);
}

/* --- framing --- */

static void ambiguous_lengths_are_refused(void **state) {
  static const char head[] = "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\n";
  static const char *const tails[] = {
    "Content-Length: 18\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Content-Length: 18\r\nContent-Length: 18\r\n\r\n{\"sql\":\"SELECT 1\"}",
    "Content-Length: -1\r\n\r\n",
    "Content-Length: 0x12\r\n\r\n{\"sql\":\"SELECT 1\"}",
    "Content-Length: 99999999999999999999999\r\n\r\n",
    "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
  };
  for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
    char request[400];
    snprintf(request, sizeof request, "%s%s", head, tails[i]);
    int fd = http_connect(port);
    http_send(fd, request, strlen(request));
    shutdown(fd, SHUT_WR);
    http_answer a = http_receive(fd);
    if (a.status < 400 && a.status != 0) fail_msg("%s: %d %s", tails[i], a.status, buffer_text(&a.body));
    assert_false(a.timed_out);
    http_answer_free(&a);
  }
  still_answers();
}

static void chunked_bodies_are_read(void **state) {
  expect(raw("POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"sql\":\"\r\na\r\nSELECT 1\"}\r\n0\r\n\r\n"), 200, "[1]");
  expect(raw("POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 18\r\n\r\n{\"sql\":\"SELECT 1\"}"), 200, "[1]");
}

static void large_requests_are_refused(void **state) {
  buffer big = {0};
  buffer_puts(&big, "{\"sql\":\"SELECT 1 /*");
  while (big.len < 2 * BODY_BYTES) buffer_puts(&big, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  buffer_puts(&big, "*/\"}");
  expect(http_request(port, "POST", "/api/v1/sql", "", big.data), 413, "larger than 10000 bytes");
  expect(http_request(port, "POST", "/api/v1/tables/nope/rows", "", big.data), 404, NULL); /* ingest has a bound of its own */
  buffer chunked = {0};
  buffer_printf(&chunked, "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n", big.len, big.data);
  expect(http_raw(port, chunked.data, chunked.len), 413, "larger than 10000 bytes");
  expect(raw("POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n"), 413, NULL);
  expect(http_request(port, "GET", "/api/v1/views", "", "{}"), 413, "takes no body");
  buffer header = {0};
  buffer_puts(&header, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Big: ");
  while (header.len < 40000) buffer_puts(&header, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
  buffer_puts(&header, "\r\n\r\n");
  http_answer a = http_raw(port, header.data, header.len);
  assert_true(a.status >= 400 || a.status == 0); /* 0: reset, since not all was read */
  assert_false(a.timed_out);
  http_answer_free(&a);
  buffer_free(&big);
  buffer_free(&chunked);
  buffer_free(&header);
  still_answers();
}

static void odd_requests_get_clear_errors(void **state) {
  expect(raw("BREW /api/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400, "urn:viewserver:problem:invalid"); /* not a method at all */
  expect(raw("PATCH /api/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405, "PATCH is not known");
  expect(http_get(port, "/api/v1/views/%00/rows"), 400, "control characters");
  expect(http_get(port, "/api/v1/views/%ff/rows"), 400, "not UTF-8");
  expect(http_get(port, "/api/v1/views/%zz/rows"), 400, "two hexadecimal digits");
  expect(http_get(port, "/api/v1/views/position/rows?a=%0"), 400, "two hexadecimal digits");
  expect(http_request(port, "POST", "/api/v1/sql", "", "{\"sql\":\"SELECT '\\u0000'\"}"), 400, NULL);
  static const char *const broken[] = {"\r\n\r\n", "GET\r\n\r\n", "GET /livez\r\n\r\n", "GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n", "GET /livez HTTP/1.1\r\nno colon here\r\n\r\n",
                                       "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"};
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    int fd = http_connect(port);
    http_send(fd, broken[i], strlen(broken[i]));
    shutdown(fd, SHUT_WR);
    http_answer a = http_receive(fd);
    assert_true(a.status == 0 || a.status >= 400);
    assert_false(a.timed_out);
    http_answer_free(&a);
  }
  still_answers();
}

static void deep_json_is_refused(void **state) {
  buffer deep = {0};
  for (int i = 0; i < 4000; i++) buffer_putc(&deep, '[');
  expect(http_request(port, "POST", "/api/v1/sql", "", deep.data), 400, "not JSON");
  buffer target = {0};
  buffer_printf(&target, "/api/v1/views/position/stream?accounts=%s", deep.data);
  expect(http_get(port, target.data), 400, "not a JSON array of plain values");
  buffer_free(&deep);
  buffer_free(&target);
  buffer sql = {0};
  buffer_puts(&sql, "{\"sql\":\"SELECT ");
  for (int i = 0; i < 3000; i++) buffer_putc(&sql, '(');
  buffer_puts(&sql, "\"}");
  expect(http_request(port, "POST", "/api/v1/sql", "", sql.data), 400, NULL);
  buffer_free(&sql);
}

/* --- slow clients --- */

static void slow_senders_are_cut(void **state) {
  static const char head[] = "POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n";
  int64_t began = clock_monotonic_ms();
  int stalled_header = http_connect(port), trickling_body = http_connect(port);
  http_send(stalled_header, "GET /livez HTT", 14);
  http_send(trickling_body, head, sizeof head - 1);
  /* A byte now and then, which begins civetweb's own timeout anew each time. */
  bool open = true;
  while (open && clock_monotonic_ms() - began < HTTP_CLIENT_TIMEOUT_MS) {
    char byte;
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    http_send(trickling_body, " ", 1);
    nanosleep(&pause, NULL);
    ssize_t n = recv(trickling_body, &byte, 1, MSG_DONTWAIT);
    open = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  assert_false(open);
  assert_true(clock_monotonic_ms() - began < 5 * REQUEST_MS);
  close(trickling_body);
  http_answer a = http_receive(stalled_header);
  assert_false(a.timed_out);
  http_answer_free(&a);
  still_answers();
}

/* More half requests than workers: they are cut long before the time that each of them has alone. */
static void half_requests_lock_nobody_out(void **state) {
  int half[3 * CONNECTIONS];
  for (int i = 0; i < 3 * CONNECTIONS; i++) {
    half[i] = http_connect(port);
    http_send(half[i], "GET /li", 7);
  }
  int64_t began = clock_monotonic_ms();
  still_answers();
  assert_true(clock_monotonic_ms() - began < LONG_REQUEST_MS);
  for (int i = 0; i < 3 * CONNECTIONS; i++) close(half[i]);
}

static void slow_readers_are_cut(void **state) {
  fake.series_rows = 900000; /* more than the sockets' buffers hold */
  int readers[4];
  static const char ask[] = "GET /api/v1/views/series/rows?format=csv HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 4; i++) {
    int small = 4096;
    readers[i] = http_connect(port);
    setsockopt(readers[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    http_send(readers[i], ask, sizeof ask - 1);
  }
  /* One large answer may be sent at a time with three threads: the others are told to come again, small ones go on. */
  for (int i = 0; i < 20; i++) expect(http_get(port, "/api/v1/views/position/rows"), 200, NULL);
  still_answers();
  int64_t until = clock_monotonic_ms() + 5 * ANSWER_MS;
  int status = 503;
  while (status != 200 && clock_monotonic_ms() < until) {
    http_answer a = http_get(port, "/api/v1/views/series/rows?limit=20000");
    status = a.status;
    http_answer_free(&a);
    char taste[512]; /* a little now and then, which begins civetweb's own timeout anew */
    for (int i = 0; i < 4; i++) recv(readers[i], taste, sizeof taste, MSG_DONTWAIT);
  }
  assert_int_equal(status, 200); /* whoever read slowly was cut, and its place is free */
  for (int i = 0; i < 4; i++) close(readers[i]);
}

/* --- the page --- */

static void page_is_served(void **state) {
  http_answer a = http_get(port, "/");
  assert_int_equal(a.status, 200);
  assert_string_equal(buffer_text(&a.body), "<!doctype html><title>page</title>");
  assert_string_equal(http_answer_header(&a, "Cache-Control"), "no-cache");
  char header[100];
  snprintf(header, sizeof header, "If-None-Match: %s\r\n", http_answer_header(&a, "ETag"));
  http_answer_free(&a);
  expect(http_request(port, "GET", "/", header, NULL), 304, NULL);
  expect(http_get(port, "/system?tab=1"), 200, "<title>page</title>");
  a = http_get(port, "/assets/index-1a2b.js");
  assert_string_equal(http_answer_header(&a, "Content-Type"), "text/javascript; charset=utf-8");
  assert_string_equal(http_answer_header(&a, "Cache-Control"), "public, max-age=31536000, immutable");
  http_answer_free(&a);
  expect(http_get(port, "/assets/gone.js"), 404, NULL);
  expect(http_request(port, "POST", "/", "", "x"), 404, NULL);
}

static void page_folder_cannot_be_left(void **state) {
  static const char *const targets[] = {"/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..\\..\\secret.txt", "//secret.txt", "/./../secret.txt",
                                        "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets"};
  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
    http_answer a = http_get(port, targets[i]);
    assert_true(a.status >= 400 || strstr(buffer_text(&a.body), "<title>page</title>"));
    assert_null(strstr(buffer_text(&a.body), "hidden words"));
    assert_null(strstr(buffer_text(&a.body), "root:"));
    http_answer_free(&a);
  }
}

static void plain_page_where_none_is_built(void **state) {
  expect(http_get(port, "/"), 200, "is not built");
  expect(http_get(port, "/other"), 404, "/api/v1");
}

/* --- streams --- */

static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

static void wait_for(atomic_int *counter, int wanted) {
  int64_t until = clock_monotonic_ms() + HTTP_CLIENT_TIMEOUT_MS;
  while (atomic_load(counter) < wanted && clock_monotonic_ms() < until) sched_yield();
  assert_int_equal(atomic_load(counter), wanted);
}

static void websockets_are_handed_on(void **state) {
  char request[600];
  snprintf(request, sizeof request, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n%s\r\n", port, port, upgrade);
  int fd = http_connect(port);
  http_send(fd, request, strlen(request));
  wait_for(&seen.ready, 1);
  shutdown(fd, SHUT_WR);
  http_answer a = http_receive(fd);
  assert_int_equal(a.status, 101);
  http_answer_free(&a);
  expect(http_request(port, "GET", "/ws", "", NULL), 426, NULL);
  snprintf(request, sizeof request, "%sOrigin: https://evil.example\r\n", upgrade);
  expect(http_request(port, "GET", "/ws", request, NULL), 403, NULL);
  assert_int_equal(atomic_load(&seen.admitted), 1);
  seen.refuse = true;
  expect(http_request(port, "GET", "/ws", upgrade, NULL), 503, "10000 clients");
  seen.refuse = false;
  a = http_request(port, "GET", "/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", NULL);
  assert_true(a.status == 0 || a.status >= 400);
  http_answer_free(&a);
  wait_for(&seen.abandoned, 1);
  assert_int_equal(atomic_load(&seen.ready), 1);
}

static void sse_requests_are_handed_on(void **state) {
  http_answer a = http_request(port, "GET", "/api/v1/views/position/stream?accounts=ACC001&accounts=ACC002&group_by=sector&order_by=-nav&offset=5&limit=10&conflate_ms=250",
                               "Last-Event-ID: e/7/3\r\n", NULL);
  http_answer_free(&a);
  assert_int_equal(atomic_load(&seen.sse), 1);
  assert_string_equal(seen.params, "{\"accounts\":[\"ACC001\",\"ACC002\"],\"group_by\":\"sector\"}");
  assert_string_equal(seen.order_by, "-nav");
  assert_string_equal(seen.since, "e/7/3");
  assert_true(seen.offset == 5 && seen.limit == 10 && seen.conflate_ms == 250);
  seen.refuse = true;
  expect(http_get(port, "/api/v1/views/position/stream"), 503, "too many");
  expect(http_get(port, "/api/v1/views/position/stream?limit=x"), 400, NULL);
  expect(http_get(port, "/api/v1/views/nope/stream"), 404, "\"allowed\":[\"position\"");
  expect(http_get(port, "/api/v1/views/position/stream?colour=red"), 400, "\"allowed\":[\"accounts\"");
  assert_int_equal(atomic_load(&seen.sse), 1);
}

/* --- many at once, and chance --- */

static void *ask_often(void *arg) {
  static const char *const targets[] = {"/api/v1/views/position/rows", "/api/v1/tables/holding/rows", "/livez", "/metrics", "/api/v1/log"};
  intptr_t wrong = 0;
  for (int i = 0; i < 40; i++) {
    http_answer a = http_get(port, targets[(i + (intptr_t)arg) % 5]);
    wrong += !(a.status == 200 || a.status == 503) || !a.complete;
    http_answer_free(&a);
  }
  return (void *)wrong;
}

static void many_clients_at_once(void **state) {
  pthread_t threads[8];
  for (intptr_t i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_often, (void *)i), 0);
  for (int i = 0; i < 8; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
}

static void put_random_piece(buffer *out, unsigned *seed) {
  static const char *const pieces[] = {"GET ", "POST ", "DELETE ", "/api/v1", "/views", "/position", "/rows", "/sql", "?filter=", "order_by=-nav", "&", "%", "%41", "%zz", "..", "/", " HTTP/1.1\r\n", "Host: localhost\r\n",
                                       "Content-Length: ", "5", "-1", "\r\n", "\r\n\r\n", "Transfer-Encoding: chunked\r\n", "{\"sql\":", "\"SELECT 1\"}", "0\r\n\r\n", "Accept: ", "text/csv", "If-None-Match: *\r\n",
                                       "Accept-Encoding: gzip\r\n", "/ws", "Upgrade: websocket\r\n", "(", ")", "'", "\"", ";", "[", "]"};
  unsigned pick = (unsigned)rand_r(seed);
  if (pick % 8 == 0)
    buffer_putc(out, (char)(pick >> 8));
  else
    buffer_puts(out, pieces[pick % (sizeof pieces / sizeof pieces[0])]);
}

static void random_requests_do_no_harm(void **state) {
  const char *given = getenv("VS_SEED");
  unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)clock_unix_us();
  print_message("VS_SEED=%u\n", seed);
  for (int i = 0; i < 300; i++) {
    buffer request = {0};
    if (rand_r(&seed) % 2) buffer_puts(&request, "GET /api/v1/");
    for (int n = rand_r(&seed) % 25; n >= 0; n--) put_random_piece(&request, &seed);
    if (rand_r(&seed) % 2) buffer_puts(&request, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    int fd = http_connect(port);
    http_send(fd, buffer_text(&request), request.len);
    shutdown(fd, SHUT_WR);
    http_answer a = http_receive(fd);
    if (a.timed_out || a.status == 500) fail_msg("request %d: status %d", i, a.status);
    http_answer_free(&a);
    buffer_free(&request);
  }
  still_answers();
}

static void stops_while_clients_hang(void **state) {
  int idle = http_connect(port), half = http_connect(port), running = http_connect(port);
  static const char ask[] = "GET /api/v1/views/endless/rows HTTP/1.1\r\nHost: localhost\r\n\r\n";
  http_send(half, "GET /li", 7);
  http_send(running, ask, sizeof ask - 1);
  int64_t began = clock_monotonic_ms();
  transport_stop(server);
  server = NULL;
  assert_true(clock_monotonic_ms() - began < 6000);
  close(idle);
  close(half);
  close(running);
}

static void wrong_addresses_are_explained(void **state) {
  transport_options options = transport_defaults();
  error err = {0};
  char taken[40];
  snprintf(taken, sizeof taken, "127.0.0.1:%d", port);
  options.listen = taken;
  assert_null(transport_start(&fake.svc, &options, &err));
  assert_non_null(strstr(err.text, "another program"));
  options.listen = "desk.example:80";
  assert_null(transport_start(&fake.svc, &options, &err));
  assert_non_null(strstr(err.text, "expected an IPv4 address and a port"));
}

int main(void) {
#define test(f) cmocka_unit_test_setup_teardown(f, start, stop)
#define test_with(f, how) cmocka_unit_test_prestate_setup_teardown(f, start, stop, (void *)how)
  const struct CMUnitTest tests[] = {
    test(host_must_be_ours), test(origin_must_be_listed_for_writes), test(preflight_is_answered), test(security_headers_are_there), test(ambiguous_lengths_are_refused),
    test(chunked_bodies_are_read), test(large_requests_are_refused), test(odd_requests_get_clear_errors), test(deep_json_is_refused), test(slow_senders_are_cut),
    test_with(half_requests_lock_nobody_out, "patient"), test(slow_readers_are_cut), test_with(page_is_served, "page"), test_with(page_folder_cannot_be_left, "page"), test(plain_page_where_none_is_built), test(websockets_are_handed_on),
    test(sse_requests_are_handed_on), test(many_clients_at_once), test(random_requests_do_no_harm), test(stops_while_clients_hang), test(wrong_addresses_are_explained),
  };
  return cmocka_run_group_tests_name("transport http", tests, NULL, NULL);
}
