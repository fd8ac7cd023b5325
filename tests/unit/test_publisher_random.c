/* Model-based: clients built from messages alone equal the engine's rows at the version that each message names, through
** random turns, windows, groups, changes, pauses, slow readers, disconnects, resumes and instances that end.
** VS_SEED repeats a run; VS_STEPS makes it longer. */
#include "base/clock.h"
#include "publish/publisher.h"
#include "support/fake_engine.h"
#include "support/replica.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENTS = 6, SUBSCRIPTIONS = 4, DEADLINE_MS = 20000 };

typedef struct follower {
  bool wanted;         /* subscribe was sent and not refused */
  bool in_group;
  bool paused;
  bool left_behind;    /* by its group: it must be given a snapshot next */
  json_t *subscribed;  /* the last one */
  json_t *asked;       /* the parameters that were asked for last */
  json_t *params;      /* and those of what it follows */
  replica replica;
} follower;

typedef struct test_client {
  void *client; /* NULL = not connected */
  int cut_code;
  int speed;    /* pulls a message in one of `speed` chances */
  follower followers[SUBSCRIPTIONS];
} test_client;

typedef struct world {
  fake_engine *engine;
  publisher *publisher;
  const delivery *d;
  uint64_t seed, step;
  test_client clients[CLIENTS];
  uint64_t checked, deltas, groups, resumed, refused_resumes, overflows, cuts;
} world;

static uint64_t pick(world *w, uint64_t below) { return fake_random(w->engine, below); }

static void on_wake(void *connection) {}
static void on_cut(void *connection, int code, const char *reason) { ((test_client *)connection)->cut_code = code; }
static const client_port port = {.wake = on_wake, .cut = on_cut};

static void broken(world *w, const char *what, const char *text) {
  fail_msg("seed %llu step %llu: %s: %.600s", (unsigned long long)w->seed, (unsigned long long)w->step, what, text);
}

/* --- what comes --- */

static void check(world *w, follower *f) {
  if (f->replica.failure[0]) broken(w, "protocol", f->replica.failure);
  if (!f->replica.complete) return;
  uint64_t instance_id = strtoull(strrchr(f->replica.epoch, '-') + 1, NULL, 10);
  json_t *model = fake_engine_rows(w->engine, instance_id, f->replica.version);
  if (!model) broken(w, "a version before the instance was there", f->replica.epoch);
  const char *differs = replica_differs(&f->replica, model, f->subscribed);
  if (differs[0]) broken(w, "rows", differs);
  json_decref(model);
  w->checked++;
}

static follower *follower_named(test_client *c, const json_t *message) {
  const char *id = json_string_value(json_object_get(message, "id"));
  return id && id[0] == 's' ? &c->followers[id[1] - '0'] : NULL;
}

static void forget(follower *f) {
  replica_clear(&f->replica);
  json_decref(f->subscribed);
  json_decref(f->asked);
  json_decref(f->params);
  memset(f, 0, sizeof *f);
}

static void take_single(world *w, test_client *c, json_t *m) {
  const char *type = json_string_value(json_object_get(m, "type"));
  follower *f = follower_named(c, m);
  if (!f) return;
  if (strcmp(type, "error") == 0) {
    const char *code = json_string_value(json_object_get(m, "code"));
    if (strcmp(code, "duplicate_subscription") == 0) broken(w, "the server has a subscription that its client knows nothing of", code);
    if (strcmp(code, "unknown_subscription") == 0) return; /* it was dropped before it heard the client's word */
    bool over = !f->subscribed || strcmp(code, "view_dropped") == 0;
    if (over) {
      forget(f);
    } else {
      json_decref(f->asked);
      f->asked = json_incref(f->params);
    }
    return;
  }
  if (strcmp(type, "unsubscribed") == 0) return;
  if (f->left_behind && strcmp(type, "subscribed") != 0) broken(w, "group", "a member was left behind");
  f->left_behind = false;
  w->overflows += strcmp(type, "overflow") == 0;
  w->refused_resumes += strcmp(type, "must_resnapshot") == 0;
  replica_apply(&f->replica, m);
  if (strcmp(type, "subscribed") == 0) {
    json_decref(f->subscribed);
    f->subscribed = json_incref(m);
    json_decref(f->params);
    f->params = json_incref(f->asked);
    w->resumed += json_is_true(json_object_get(m, "resumed"));
    return;
  }
  if (f->paused && strcmp(type, "must_resnapshot") != 0) broken(w, "a paused subscription was sent", type);
  w->deltas += strcmp(type, "delta") == 0;
  if (strcmp(type, "must_resnapshot") != 0) check(w, f);
}

static void take_group(world *w, test_client *c, json_t *m) {
  size_t i;
  json_t *part;
  json_int_t version = json_integer_value(json_object_get(m, "version"));
  json_array_foreach(json_object_get(m, "messages"), i, part) {
    if (json_integer_value(json_object_get(part, "version")) != version) broken(w, "group", "members at different versions");
    take_single(w, c, part);
  }
  for (int n = 0; n < SUBSCRIPTIONS; n++) {
    follower *f = &c->followers[n];
    f->left_behind = f->in_group && f->replica.complete && f->replica.version != (uint64_t)version;
  }
  w->groups++;
}

static bool take_one(world *w, test_client *c) {
  outgoing out;
  if (!c->client || !w->d->client_next(w->d->ctx, c->client, &out)) return false;
  buffer text = {0};
  buffer_append(&text, out.head, out.head_bytes);
  if (out.body) buffer_append(&text, out.body->text, out.body->bytes);
  shared_text_unref(out.body);
  w->d->client_sent(w->d->ctx, c->client, out.oldest_us, text.len);
  json_error_t where;
  json_t *m = json_loadb(text.data, text.len, 0, &where);
  if (!m) broken(w, "not JSON", buffer_text(&text));
  if (strcmp(json_string_value(json_object_get(m, "type")), out.type) != 0) broken(w, "type", buffer_text(&text));
  if (getenv("VS_TRACE")) fprintf(stderr, "%llu c%ld %s\n", (unsigned long long)w->step, (long)(c - w->clients), buffer_text(&text));
  if (strcmp(out.type, "group") == 0)
    take_group(w, c, m);
  else
    take_single(w, c, m);
  json_decref(m);
  buffer_free(&text);
  return true;
}

/* --- what the clients do --- */

static void say(world *w, test_client *c, json_t *m) {
  char *text = json_dumps(m, JSON_COMPACT);
  if (getenv("VS_TRACE")) fprintf(stderr, "%llu c%ld > %s\n", (unsigned long long)w->step, (long)(c - w->clients), text);
  w->d->client_receive(w->d->ctx, c->client, text, strlen(text));
  free(text);
  json_decref(m);
}

static void add_selection(world *w, follower *f, json_t *m) {
  static const char *const views[] = {"numbers", "numbers", "numbers", "nope"};
  json_object_set_new(m, "view", json_string(views[pick(w, 4) ? 0 : pick(w, 4)]));
  json_decref(f->asked);
  f->asked = json_pack("{s:i}", "p", (int)pick(w, 3));
  json_object_set(m, "params", f->asked);
  if (pick(w, 4) == 0) json_object_set_new(m, "filter", json_string("a > 0"));
}

static void add_window(world *w, json_t *m) {
  static const char *const orders[] = {"a", "-b", "k", "-c", "d", "b"};
  json_t *order = json_array();
  for (uint64_t n = pick(w, 3); n > 0; n--) json_array_append_new(order, json_string(orders[pick(w, 6)]));
  json_object_set_new(m, "order_by", order);
  json_object_set_new(m, "limit", json_integer(1 + (json_int_t)pick(w, 12)));
  json_object_set_new(m, "offset", json_integer((json_int_t)pick(w, 20)));
}

static void set_id(json_t *m, int n) { json_object_set_new(m, "id", json_sprintf("s%d", n)); }

static void subscribe(world *w, test_client *c, int n) {
  follower *f = &c->followers[n];
  json_t *m = json_pack("{s:s,s:i}", "op", "subscribe", "conflate_ms", (int)pick(w, 3));
  set_id(m, n);
  add_selection(w, f, m);
  if (pick(w, 2)) add_window(w, m);
  f->in_group = pick(w, 3) == 0;
  if (f->in_group) json_object_set_new(m, "group", json_string("g"));
  f->wanted = true;
  say(w, c, m);
}

static void change(world *w, test_client *c, int n) {
  follower *f = &c->followers[n];
  json_t *m = json_pack("{s:s}", "op", "change");
  set_id(m, n);
  bool windowed = f->replica.windowed;
  switch (pick(w, 4)) {
    case 0: add_selection(w, f, m); break;
    case 1: json_object_set_new(m, "conflate_ms", json_integer((json_int_t)pick(w, 4))); break;
    case 2:
      if (windowed && pick(w, 3) == 0) {
        json_object_set_new(m, "limit", json_null());
        json_object_set_new(m, "offset", json_null());
        json_object_set_new(m, "order_by", json_null());
      } else
        add_window(w, m);
      break;
    default:
      if (windowed) json_object_set_new(m, "offset", json_integer((json_int_t)pick(w, 20)));
  }
  say(w, c, m);
}

static void act(world *w, test_client *c) {
  int n = (int)pick(w, SUBSCRIPTIONS);
  follower *f = &c->followers[n];
  json_t *m;
  if (!f->wanted) {
    subscribe(w, c, n);
  } else if (pick(w, 3) && f->subscribed) {
    change(w, c, n);
  } else if (pick(w, 2)) {
    f->paused = !f->paused;
    m = json_pack("{s:s}", "op", f->paused ? "pause" : "resume");
    set_id(m, n);
    say(w, c, m);
  } else {
    m = json_pack("{s:s}", "op", "unsubscribe");
    set_id(m, n);
    say(w, c, m);
    while (take_one(w, c)) continue;
    forget(f);
  }
}

static void disconnect(world *w, test_client *c) {
  w->d->client_close(w->d->ctx, c->client);
  c->client = NULL;
  c->cut_code = 0;
}

/* What a client does that lost its connection: it asks for what it had, from the version that it has. */
static void subscribe_again(world *w, test_client *c, int n) {
  follower *f = &c->followers[n];
  if (!f->subscribed || f->in_group) {
    forget(f);
    return;
  }
  static const char *const kept[] = {"view", "filter", "order_by", "offset", "limit", "conflate_ms"};
  json_t *m = json_pack("{s:s}", "op", "subscribe");
  for (int i = 0; i < 6; i++) json_object_set(m, kept[i], json_object_get(f->subscribed, kept[i]));
  set_id(m, n);
  json_object_set(m, "params", f->params);
  json_decref(f->asked);
  f->asked = json_incref(f->params);
  if (f->replica.complete)
    json_object_set_new(m, "since", json_pack("{s:s,s:I}", "epoch", f->replica.epoch, "version", (json_int_t)f->replica.version));
  f->paused = false;
  say(w, c, m);
}

static void connect_client(world *w, test_client *c) {
  error err = {0};
  c->client = w->d->client_open(w->d->ctx, CLIENT_WEBSOCKET, &port, c, &err);
  assert_non_null(c->client);
  c->speed = (int[]){1, 1, 2, 40}[pick(w, 4)];
  for (int n = 0; n < SUBSCRIPTIONS; n++)
    if (c->followers[n].wanted) subscribe_again(w, c, n);
}

static void client_step(world *w, test_client *c) {
  if (!c->client) {
    if (pick(w, 4) == 0) connect_client(w, c);
    return;
  }
  if (c->cut_code) {
    w->cuts++;
    disconnect(w, c);
    return;
  }
  if (pick(w, 12) == 0) act(w, c);
  if (pick(w, 150) == 0) disconnect(w, c);
  for (int n = 0; n < 12 && c->client && pick(w, (uint64_t)c->speed) == 0; n++)
    if (!take_one(w, c)) break;
}

static void step(world *w) {
  w->step++;
  if (pick(w, 3) == 0) fake_engine_turn(w->engine, 6);
  if (pick(w, 40) == 0) fake_engine_empty_turn(w->engine);
  if (pick(w, 400) == 0) fake_engine_end_one(w->engine);
  if (pick(w, 2) == 0) fake_engine_answer(w->engine, 1 + (int)pick(w, 3));
  if (pick(w, 2) == 0) w->d->run(w->d->ctx);
  client_step(w, &w->clients[pick(w, CLIENTS)]);
}

/* --- the end --- */

static bool is_current(world *w, const follower *f) {
  return !f->wanted || (f->subscribed && f->replica.complete && f->replica.version == fake_engine_version(w->engine));
}

static bool all_current(world *w) {
  for (int i = 0; i < CLIENTS; i++)
    for (int n = 0; n < SUBSCRIPTIONS; n++)
      if (!is_current(w, &w->clients[i].followers[n])) return false;
  return true;
}

static void tell_who_is_behind(world *w) {
  char text[200];
  for (int i = 0; i < CLIENTS; i++)
    for (int n = 0; n < SUBSCRIPTIONS; n++) {
      const follower *f = &w->clients[i].followers[n];
      if (is_current(w, f)) continue;
      snprintf(text, sizeof text, "client %d id s%d did not reach the newest version: subscribed %d, complete %d, group %d, version %llu", i, n,
               f->subscribed != NULL, f->replica.complete, f->in_group, (unsigned long long)f->replica.version);
      broken(w, "settle", text);
    }
}

static void settle(world *w) {
  for (int i = 0; i < CLIENTS; i++) {
    test_client *c = &w->clients[i];
    if (!c->client) connect_client(w, c);
    for (int n = 0; n < SUBSCRIPTIONS; n++) {
      if (!c->followers[n].paused) continue;
      c->followers[n].paused = false;
      json_t *m = json_pack("{s:s}", "op", "resume");
      set_id(m, n);
      say(w, c, m);
    }
  }
  int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;
  while (!all_current(w)) {
    if (clock_monotonic_ms() > until_ms) tell_who_is_behind(w);
    fake_engine_answer(w->engine, 100);
    w->d->run(w->d->ctx);
    for (int i = 0; i < CLIENTS; i++)
      while (take_one(w, &w->clients[i])) continue;
  }
}

static void give_everything_back(world *w) {
  for (int i = 0; i < CLIENTS; i++) {
    if (w->clients[i].client) disconnect(w, &w->clients[i]);
    for (int n = 0; n < SUBSCRIPTIONS; n++) forget(&w->clients[i].followers[n]);
  }
  int64_t until_ms = clock_monotonic_ms() + DEADLINE_MS;
  while (fake_engine_holds(w->engine) > 0) {
    if (clock_monotonic_ms() > until_ms) broken(w, "the end", "an instance is still held though nobody follows it");
    fake_engine_answer(w->engine, 100);
    w->d->run(w->d->ctx);
  }
}

static void run_world(uint64_t seed, uint64_t steps, const delivery_limits *limits) {
  error err = {0};
  world *w = calloc(1, sizeof *w);
  w->seed = seed;
  w->engine = fake_engine_new(seed, 100);
  w->publisher = publisher_new(fake_engine_service(w->engine), limits, &err);
  assert_non_null(w->publisher);
  w->d = publisher_delivery(w->publisher);
  while (w->step < steps) step(w);
  settle(w);
  give_everything_back(w);
  printf("seed %llu: %llu states checked, %llu deltas, %llu groups, %llu resumed, %llu not resumed, %llu overflows, %llu cut\n",
         (unsigned long long)seed, (unsigned long long)w->checked, (unsigned long long)w->deltas, (unsigned long long)w->groups,
         (unsigned long long)w->resumed, (unsigned long long)w->refused_resumes, (unsigned long long)w->overflows, (unsigned long long)w->cuts);
  assert_true(w->checked > steps / 10);
  publisher_free(w->publisher);
  fake_engine_free(w->engine);
  free(w);
}

static delivery_limits quick_limits(void) {
  delivery_limits l = delivery_limits_default();
  l.resume_ms = 30;
  l.progress_ms = 2;
  l.heartbeat_ms = 20;
  l.chunk_bytes = 300;
  return l;
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : otherwise;
}

static void replicas_equal_the_model(void **state) {
  delivery_limits l = quick_limits();
  uint64_t seed = from_environment("VS_SEED", (uint64_t)clock_unix_ms() % 1000000);
  for (uint64_t n = 0; n < 3; n++) run_world(seed + n, from_environment("VS_STEPS", 6000), &l);
}

static void replicas_equal_the_model_under_tight_limits(void **state) {
  delivery_limits l = quick_limits();
  l.pending_bytes = 700;
  l.resume_bytes = 3000;
  l.chunk_bytes = 1;
  uint64_t seed = from_environment("VS_SEED", (uint64_t)clock_unix_ms() % 1000000);
  for (uint64_t n = 0; n < 2; n++) run_world(seed + n, from_environment("VS_STEPS", 6000), &l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(replicas_equal_the_model),
    cmocka_unit_test(replicas_equal_the_model_under_tight_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
