/* The real chain over real sockets: engine thread (a fake one), publisher, epoll loop, civetweb, clients. */
#include "base/clock.h"
#include "client/ws_client.h"
#include "client/ws_handshake.h"
#include "publish/publisher.h"
#include "support/fake_engine.h"
#include "support/http_client.h"
#include "support/replica.h"
#include "transport/streams.h"
#include "transport/transport.h"

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_MS = 30000, BIG_ROWS = 3000 };

typedef struct server {
  fake_engine *engine;
  publisher *publisher;
  streams *streams;
  transport *transport;
  int port;
  pthread_t thread;
  atomic_bool stop;
  atomic_int turn_every_ms; /* 0 = no turns */
} server;

static void pause_ms(int ms) {
  struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
  nanosleep(&t, NULL);
}

/* The engine's thread: turns at a pace, and answers in between. */
static void *engine_thread(void *ctx) {
  server *s = ctx;
  int64_t next_ms = 0;
  while (!atomic_load(&s->stop)) {
    int every_ms = atomic_load(&s->turn_every_ms);
    fake_engine_answer(s->engine, 1000);
    if (every_ms && clock_monotonic_ms() >= next_ms) {
      fake_engine_turn(s->engine, 6);
      next_ms = clock_monotonic_ms() + every_ms;
    }
    pause_ms(1);
  }
  return NULL;
}

static void put_publisher_metrics(void *ctx, buffer *out) { publisher_metrics(ctx, out); }

static server *server_start(const delivery_limits *limits) {
  error err = {0};
  server *s = calloc(1, sizeof *s);
  s->engine = fake_engine_new(7, BIG_ROWS);
  s->publisher = publisher_new(fake_engine_service(s->engine), limits, &err);
  assert_non_null(s->publisher);
  s->streams = streams_start(publisher_delivery(s->publisher), put_publisher_metrics, s->publisher, &err);
  assert_non_null(s->streams);
  transport_options o = transport_defaults();
  o.listen = "127.0.0.1:0";
  o.streams = streams_server(s->streams);
  s->transport = transport_start(fake_engine_service(s->engine), &o, &err);
  if (!s->transport) fail_msg("%s", err.text);
  s->port = transport_port(s->transport);
  atomic_store(&s->turn_every_ms, 3);
  pthread_create(&s->thread, NULL, engine_thread, s);
  return s;
}

static void server_stop(server *s) {
  transport_stop(s->transport);
  streams_stop(s->streams);
  atomic_store(&s->stop, true);
  pthread_join(s->thread, NULL);
  fake_engine_answer(s->engine, 1 << 30);
  publisher_free(s->publisher);
  fake_engine_free(s->engine);
  free(s);
}

/* --- a client --- */

typedef struct peer {
  ws_client *ws;
  server *server;
  replica replica;
  json_t *subscribed, *last;
  char id[40];
  int messages, errors, checked;
  char error_code[40];
} peer;

static void check_peer(peer *p) {
  assert_string_equal(p->replica.failure, "");
  if (!p->replica.complete) return;
  uint64_t instance_id = strtoull(strrchr(p->replica.epoch, '-') + 1, NULL, 10);
  json_t *model = fake_engine_rows(p->server->engine, instance_id, p->replica.version);
  assert_non_null(model);
  assert_string_equal(replica_differs(&p->replica, model, p->subscribed), "");
  json_decref(model);
  p->checked++;
}

static void on_text(void *ctx, const char *text, size_t bytes) {
  peer *p = ctx;
  json_t *m = json_loadb(text, bytes, 0, NULL);
  assert_non_null(m);
  p->messages++;
  const char *type = json_string_value(json_object_get(m, "type"));
  const char *id = json_string_value(json_object_get(m, "id"));
  if (strcmp(type, "error") == 0) {
    p->errors++;
    snprintf(p->error_code, sizeof p->error_code, "%s", json_string_value(json_object_get(m, "code")));
  } else if (id && strcmp(id, p->id) == 0 && strcmp(type, "unsubscribed") != 0) {
    replica_apply(&p->replica, m);
    if (strcmp(type, "subscribed") == 0) {
      json_decref(p->subscribed);
      p->subscribed = json_incref(m);
    } else {
      check_peer(p);
    }
  }
  json_decref(p->last);
  p->last = m;
}

static peer *peer_new(server *s) {
  error err = {0};
  peer *p = calloc(1, sizeof *p);
  p->server = s;
  strcpy(p->id, "s");
  p->ws = ws_client_connect("127.0.0.1", s->port, "/ws", NULL, DEADLINE_MS, on_text, p, &err);
  if (!p->ws) fail_msg("%s", err.text);
  return p;
}

static void peer_free(peer *p) {
  ws_client_free(p->ws);
  replica_clear(&p->replica);
  json_decref(p->subscribed);
  json_decref(p->last);
  free(p);
}

static void say(peer *p, const char *text) { assert_true(ws_client_send(p->ws, text, strlen(text))); }

/* Reads once, within `ms`. false: the connection is over. */
static bool listen_once(peer *p, int ms) {
  struct pollfd poll_fd = {.fd = ws_client_fd(p->ws), .events = POLLIN};
  poll(&poll_fd, 1, ms);
  return ws_client_read(p->ws);
}

/* Reads until the condition holds; fails at the deadline. */
#define LISTEN_UNTIL(p, condition)                                              \
  do {                                                                          \
    int64_t until_ms_ = clock_monotonic_ms() + DEADLINE_MS;                     \
    while (!(condition)) {                                                      \
      if (clock_monotonic_ms() > until_ms_) fail_msg("not in time: %s", #condition); \
      if (!listen_once(p, 20)) break;                                           \
    }                                                                           \
    assert_true(condition);                                                     \
  } while (0)

static bool is_last(const peer *p, const char *type) { return p->last && !strcmp(json_string_value(json_object_get(p->last, "type")), type); }

/* --- tests --- */

static void a_client_follows_a_view(void **state) {
  delivery_limits l = delivery_limits_default();
  server *s = server_start(&l);
  peer *p = peer_new(s);
  LISTEN_UNTIL(p, is_last(p, "hello"));
  say(p, "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"numbers\",\"conflate_ms\":0}");
  LISTEN_UNTIL(p, p->checked > 100);
  say(p, "{\"op\":\"change\",\"id\":\"s\",\"order_by\":[\"-b\"],\"limit\":5,\"offset\":2}");
  int before = p->checked;
  LISTEN_UNTIL(p, p->replica.windowed && p->checked > before + 50);
  say(p, "{\"op\":\"ping\",\"nonce\":[1,\"x\"]}");
  LISTEN_UNTIL(p, is_last(p, "pong"));
  say(p, "{\"op\":\"unsubscribe\",\"id\":\"s\"}");
  LISTEN_UNTIL(p, is_last(p, "unsubscribed"));
  peer_free(p);
  server_stop(s);
}

static void a_large_snapshot_lets_others_pass(void **state) {
  delivery_limits l = delivery_limits_default();
  l.chunk_bytes = 2000;
  server *s = server_start(&l);
  peer *big = peer_new(s), *small = peer_new(s);
  say(small, "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"numbers\",\"conflate_ms\":0}");
  LISTEN_UNTIL(small, small->checked > 5);
  say(big, "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"big\"}");
  int before = small->checked;
  LISTEN_UNTIL(small, small->checked > before + 20); /* big does not read at all meanwhile */
  LISTEN_UNTIL(big, big->checked > 2);
  assert_true(big->replica.count > BIG_ROWS / 2);
  peer_free(big);
  peer_free(small);
  server_stop(s);
}

static void every_refused_message_is_told_why(void **state) {
  delivery_limits l = delivery_limits_default();
  server *s = server_start(&l);
  peer *p = peer_new(s);
  char path[512];
  snprintf(path, sizeof path, "%s/tests/wire/refused.json", getenv("VS_SOURCE_DIR") ? getenv("VS_SOURCE_DIR") : ".");
  json_t *cases = json_load_file(path, 0, NULL), *c;
  assert_non_null(cases);
  size_t i;
  json_array_foreach(cases, i, c) {
    const char *text = json_string_value(json_object_get(c, "text"));
    int before = p->errors;
    say(p, text);
    LISTEN_UNTIL(p, p->errors > before);
    if (strcmp(p->error_code, json_string_value(json_object_get(c, "code"))) != 0)
      fail_msg("%s: %s instead of %s", json_string_value(json_object_get(c, "title")), p->error_code, json_string_value(json_object_get(c, "code")));
  }
  assert_true(i > 20);
  json_decref(cases);
  say(p, "{\"op\":\"subscribe\",\"id\":\"x\",\"view\":\"nope\"}");
  LISTEN_UNTIL(p, strcmp(p->error_code, "not_found") == 0);
  say(p, "{\"op\":\"subscribe\",\"id\":\"y\",\"view\":\"numbers\",\"limit\":3,\"order_by\":[\"zz\"]}");
  LISTEN_UNTIL(p, strcmp(p->error_code, "invalid") == 0);
  say(p, "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"numbers\"}");
  LISTEN_UNTIL(p, p->checked > 1);
  peer_free(p);
  server_stop(s);
}

static void too_many_subscriptions_or_errors(void **state) {
  delivery_limits l = delivery_limits_default();
  l.subscriptions = 8;
  l.errors = 10;
  server *s = server_start(&l);
  peer *p = peer_new(s);
  for (int i = 0; i < 9; i++) {
    char text[100];
    snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"id\":\"n%d\",\"view\":\"numbers\"}", i);
    say(p, text);
  }
  LISTEN_UNTIL(p, strcmp(p->error_code, "limit") == 0);
  for (int i = 0; i < 12 && ws_client_send(p->ws, "{", 1); i++) continue;
  int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;
  while (listen_once(p, 20)) assert_true(clock_monotonic_ms() < until_ms);
  assert_int_equal(ws_client_close_code(p->ws), CLOSE_POLICY);
  peer_free(p);
  server_stop(s);
}

/* Raw bytes after a good handshake, and the close code that must come back (0: only the end). */
static void expect_close(server *s, const void *bytes, size_t n, int code) {
  error err = {0};
  buffer rest = {0};
  int fd = ws_handshake_connect("127.0.0.1", s->port, DEADLINE_MS, &err);
  assert_true(fd >= 0);
  assert_true(ws_handshake_run(fd, "127.0.0.1", s->port, "/ws", NULL, DEADLINE_MS, &rest, &err));
  assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
  struct pollfd p = {.fd = fd, .events = POLLIN};
  char in[4096];
  while (poll(&p, 1, DEADLINE_MS) > 0) {
    ssize_t got = recv(fd, in, sizeof in, MSG_DONTWAIT);
    if (got <= 0) break;
    buffer_append(&rest, in, (size_t)got);
  }
  int found = 0;
  for (size_t i = 0; i + 3 < rest.len; i++) /* the close frame is the last */
    if ((uint8_t)rest.data[i] == 0x88 && i + 2 + (uint8_t)rest.data[i + 1] == rest.len)
      found = (uint8_t)rest.data[i + 2] << 8 | (uint8_t)rest.data[i + 3];
  assert_int_equal(found, code);
  buffer_free(&rest);
  close(fd);
}

static void hostile_frames_are_closed_with_the_right_code(void **state) {
  delivery_limits l = delivery_limits_default();
  l.close_linger_ms = 500; /* these peers do not answer a close */
  server *s = server_start(&l);
  expect_close(s, "\x81\x02hi", 4, CLOSE_PROTOCOL);                        /* not masked */
  expect_close(s, "\xC1\x82\0\0\0\0hi", 8, CLOSE_PROTOCOL);                /* a reserved bit */
  expect_close(s, "\x83\x82\0\0\0\0hi", 8, CLOSE_PROTOCOL);                /* a reserved opcode */
  expect_close(s, "\x80\x82\0\0\0\0hi", 8, CLOSE_PROTOCOL);                /* a continuation of nothing */
  expect_close(s, "\x09\x80\0\0\0\0", 6, CLOSE_PROTOCOL);                  /* a ping in fragments */
  expect_close(s, "\x81\x82\0\0\0\0\xC3\x28", 8, CLOSE_BAD_TEXT);          /* not UTF-8 */
  expect_close(s, "\x82\x82\0\0\0\0hi", 8, CLOSE_UNSUPPORTED);             /* binary */
  expect_close(s, "\x81\xFF\0\0\0\0\x7F\xFF\xFF\xFF\0\0\0\0x", 15, CLOSE_TOO_BIG); /* claims 2 GiB */
  expect_close(s, "\x88\x82\0\0\0\0\x03\xE8", 8, CLOSE_NORMAL);            /* a close is answered */
  peer *p = peer_new(s);
  say(p, "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"numbers\"}");
  LISTEN_UNTIL(p, p->checked > 1); /* nobody else was harmed */
  peer_free(p);
  server_stop(s);
}

static void a_client_that_does_not_read_is_cut_and_told(void **state) {
  delivery_limits l = delivery_limits_default();
  l.stall_ms = 300;
  server *s = server_start(&l);
  peer *stalled = peer_new(s), *good = peer_new(s);
  int small = 4096;
  setsockopt(ws_client_fd(stalled->ws), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (int i = 0; i < 20; i++) {
    char text[120];
    snprintf(text, sizeof text, "{\"op\":\"subscribe\",\"id\":\"n%d\",\"view\":\"big\",\"params\":{\"p\":%d},\"conflate_ms\":0}", i, i % 2);
    say(stalled, text);
  }
  say(good, "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"numbers\",\"conflate_ms\":0}");
  int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;
  for (bool cut = false; !cut;) {
    assert_true(clock_monotonic_ms() < until_ms);
    assert_true(listen_once(good, 20));
    http_answer a = http_get(s->port, "/metrics");
    cut = a.body.data && strstr(a.body.data, "viewserver_clients_stalled_total 1\n") != NULL;
    http_answer_free(&a);
  }
  assert_true(good->checked > 5);
  while (listen_once(stalled, 20)) assert_true(clock_monotonic_ms() < until_ms); /* it wakes up, and is told why */
  assert_int_equal(ws_client_close_code(stalled->ws), CLOSE_STALLED);
  peer_free(stalled);
  peer_free(good);
  server_stop(s);
}

static void a_thousand_clients_see_one_state(void **state) {
  enum { MANY = 1000 };
  struct rlimit files = {.rlim_cur = 4096, .rlim_max = 4096}, was;
  getrlimit(RLIMIT_NOFILE, &was);
  if (was.rlim_cur < files.rlim_cur) {
    files.rlim_max = was.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files)) skip();
  }
  delivery_limits l = delivery_limits_default();
  l.clients = MANY;
  server *s = server_start(&l);
  atomic_store(&s->turn_every_ms, 50);
  peer **all = calloc(MANY, sizeof *all);
  for (int i = 0; i < MANY; i++) {
    all[i] = peer_new(s);
    say(all[i], "{\"op\":\"subscribe\",\"id\":\"s\",\"view\":\"numbers\",\"conflate_ms\":100}");
  }
  error err = {0};
  assert_null(ws_client_connect("127.0.0.1", s->port, "/ws", NULL, DEADLINE_MS, on_text, NULL, &err));
  assert_non_null(strstr(err.text, "503"));
  for (int i = 0; i < MANY; i++) LISTEN_UNTIL(all[i], all[i]->checked >= 2);
  for (int i = 0; i < MANY; i++) peer_free(all[i]);
  free(all);
  server_stop(s);
}

/* --- SSE --- */

typedef struct event_stream {
  int fd;
  buffer in;
  size_t read;
} event_stream;

static bool more_bytes(event_stream *e) {
  struct pollfd p = {.fd = e->fd, .events = POLLIN};
  char in[4096];
  if (poll(&p, 1, DEADLINE_MS) <= 0) fail_msg("the stream is silent");
  ssize_t n = recv(e->fd, in, sizeof in, 0);
  if (n > 0) buffer_append(&e->in, in, (size_t)n);
  return n > 0;
}

/* The next event's data as JSON; its id into `id`. NULL: the stream ended. */
static json_t *next_event(event_stream *e, char *id, size_t id_size) {
  char *end;
  while (!e->in.data || !(end = strstr(e->in.data + e->read, "\n\n")))
    if (!more_bytes(e)) return NULL;
  char *event = e->in.data + e->read;
  *end = '\0';
  e->read = (size_t)(end - e->in.data) + 2;
  char *line = strstr(event, "\nid: "), *data = strstr(event, "\ndata: ");
  assert_non_null(data);
  id[0] = '\0';
  if (line) snprintf(id, id_size, "%.*s", (int)strcspn(line + 5, "\n"), line + 5);
  return json_loads(data + 7, 0, NULL);
}

static event_stream open_stream(server *s, const char *target, const char *headers) {
  event_stream e = {.fd = http_connect(s->port)};
  buffer request = {0};
  buffer_printf(&request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", target, headers);
  assert_true(http_send(e.fd, request.data, request.len));
  buffer_free(&request);
  char *end;
  while (!e.in.data || !(end = strstr(e.in.data, "\r\n\r\n"))) assert_true(more_bytes(&e));
  e.read = (size_t)(end - e.in.data) + 4;
  assert_int_equal(strncmp(e.in.data, "HTTP/1.1 200", 12), 0);
  assert_non_null(strstr(e.in.data, "text/event-stream"));
  return e;
}

static void close_stream(event_stream *e) {
  close(e->fd);
  buffer_free(&e->in);
}

static void take_events(server *s, event_stream *e, replica *r, json_t **subscribed, int count, char *id, size_t id_size) {
  char here[200];
  while (count > 0) {
    json_t *m = next_event(e, here, sizeof here);
    assert_non_null(m);
    const char *type = json_string_value(json_object_get(m, "type"));
    if (strcmp(type, "heartbeat") != 0) replica_apply(r, m);
    if (strcmp(type, "subscribed") == 0) {
      json_decref(*subscribed);
      *subscribed = json_incref(m);
    }
    if (here[0]) {
      snprintf(id, id_size, "%s", here);
      json_t *model = fake_engine_rows(s->engine, strtoull(strrchr(r->epoch, '-') + 1, NULL, 10), r->version);
      assert_string_equal(r->failure, "");
      assert_string_equal(replica_differs(r, model, *subscribed), "");
      json_decref(model);
      count--;
    }
    json_decref(m);
  }
}

static void events_resume_where_they_were(void **state) {
  delivery_limits l = delivery_limits_default();
  server *s = server_start(&l);
  replica r = {0};
  json_t *subscribed = NULL;
  char id[200] = "", header[260];
  const char *target = "/api/v1/views/numbers/stream?conflate_ms=0";
  event_stream e = open_stream(s, target, "");
  take_events(s, &e, &r, &subscribed, 20, id, sizeof id);
  close_stream(&e);
  for (int round = 0; round < 5; round++) {
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id);
    e = open_stream(s, target, header);
    take_events(s, &e, &r, &subscribed, 20, id, sizeof id);
    assert_true(json_is_true(json_object_get(subscribed, "resumed")));
    close_stream(&e);
  }
  e = open_stream(s, "/api/v1/views/numbers/stream?limit=2&order_by=nope", "");
  json_t *m = next_event(&e, id, sizeof id);
  assert_string_equal(json_string_value(json_object_get(m, "code")), "invalid");
  json_decref(m);
  assert_null(next_event(&e, id, sizeof id));
  close_stream(&e);
  http_answer unknown = http_get(s->port, "/api/v1/views/nope/stream");
  assert_int_equal(unknown.status, 404);
  http_answer_free(&unknown);
  http_answer a = http_get(s->port, "/api/v1/views/numbers/stream?since=nonsense");
  assert_int_equal(a.status, 400);
  http_answer_free(&a);
  replica_clear(&r);
  json_decref(subscribed);
  server_stop(s);
}

static void the_accept_header_is_that_of_the_rfc(void **state) {
  char accept[29];
  ws_handshake_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
  assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_accept_header_is_that_of_the_rfc),
    cmocka_unit_test(a_client_follows_a_view),
    cmocka_unit_test(a_large_snapshot_lets_others_pass),
    cmocka_unit_test(every_refused_message_is_told_why),
    cmocka_unit_test(too_many_subscriptions_or_errors),
    cmocka_unit_test(hostile_frames_are_closed_with_the_right_code),
    cmocka_unit_test(a_client_that_does_not_read_is_cut_and_told),
    cmocka_unit_test(events_resume_where_they_were),
    cmocka_unit_test(a_thousand_clients_see_one_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
