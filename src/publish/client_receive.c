/* What a client may ask: one JSON message each (transport/PROTOCOL.md). */
#include "base/clock.h"
#include "publish/client.h"
#include "publish/group.h"
#include "publish/subscription.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NONCE_BYTES = 256 };

static subscription *find(client *c, const char *id) {
  subscription *s;
  TAILQ_FOREACH(s, &c->subscriptions, link)
    if (strcmp(s->id, id) == 0) return s;
  return NULL;
}

/* The protocol's code for a request that was refused: ERR_INVALID is a fault of the message here. */
static const char *code_of(const error *err) { return err->code == ERR_INVALID ? CODE_BAD_MESSAGE : error_code_name(err->code); }

/* The running subscription that the message names, or NULL: it was refused. */
static subscription *named(client *c, const json_t *message) {
  char id[MAX_ID_BYTES + 1];
  error err = {0};
  if (!request_id(message, id, &err)) {
    client_refuse(c, NULL, CODE_BAD_MESSAGE, &err, NULL);
    return NULL;
  }
  subscription *s = find(c, id);
  if (s) return s;
  error_set(&err, ERR_NOT_FOUND, "there is no subscription with this id");
  client_refuse(c, id, CODE_UNKNOWN_SUBSCRIPTION, &err, NULL);
  return NULL;
}

static bool may_subscribe(client *c, const char *id, error *err) {
  if (find(c, id)) {
    error_set(err, ERR_CONFLICT, "there is a subscription with this id already");
    error_hint(err, "send 'change', or 'unsubscribe' first");
    client_refuse(c, id, CODE_DUPLICATE_SUBSCRIPTION, err, NULL);
    return false;
  }
  if (c->subscription_count < c->publisher->limits.subscriptions) return true;
  error_set(err, ERR_LIMIT, "a client may have %d subscriptions", c->publisher->limits.subscriptions);
  client_refuse(c, id, error_code_name(err->code), err, NULL);
  return false;
}

static void do_subscribe(client *c, const json_t *message) {
  char id[MAX_ID_BYTES + 1];
  error err = {0};
  if (!request_id(message, id, &err)) {
    client_refuse(c, NULL, CODE_BAD_MESSAGE, &err, NULL);
    return;
  }
  if (!may_subscribe(c, id, &err)) return;
  request *r = request_subscribe(message, &c->publisher->limits, &err);
  if (!r) {
    client_refuse(c, id, code_of(&err), &err, NULL);
    return;
  }
  subscription *s = subscription_new(c, id);
  if (s && r->group[0] && !(s->group = group_enter(c, r->group))) {
    subscription_free(s);
    s = NULL;
  }
  if (!s) {
    request_free(r);
    client_cut(c, CLOSE_INTERNAL, "the server is out of memory");
    return;
  }
  c->errors = 0;
  subscription_want(s, r);
}

static void do_change(client *c, const json_t *message) {
  subscription *s = named(c, message);
  if (!s) return;
  error err = {0};
  request *r = request_change(s->wanted ? s->wanted : s->now, message, &c->publisher->limits, &err);
  if (!r) {
    client_refuse(c, s->id, code_of(&err), &err, NULL);
    return;
  }
  c->errors = 0;
  s->attempts = 0;
  subscription_want(s, r);
}

static void do_pause(client *c, const json_t *message) {
  subscription *s = named(c, message);
  if (s) subscription_pause(s, true);
}

static void do_resume(client *c, const json_t *message) {
  subscription *s = named(c, message);
  if (s) subscription_pause(s, false);
}

static void do_unsubscribe(client *c, const json_t *message) {
  subscription *s = named(c, message);
  if (!s) return;
  buffer out = {0};
  buffer_printf(&out, "{\"type\":\"unsubscribed\",\"id\":%s}", s->id_json);
  subscription_free(s);
  c->errors = 0;
  client_reply(c, "unsubscribed", &out, false);
}

static void do_ping(client *c, const json_t *message) {
  error err = {0};
  const json_t *nonce = json_object_get(message, "nonce");
  char *text = nonce ? json_dumps(nonce, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("null");
  if (!text || strlen(text) > MAX_NONCE_BYTES) {
    error_set(&err, ERR_INVALID, "'nonce' must be at most %d bytes as text", MAX_NONCE_BYTES);
    client_refuse(c, NULL, CODE_BAD_MESSAGE, &err, NULL);
  } else {
    buffer out = {0};
    buffer_printf(&out, "{\"type\":\"pong\",\"nonce\":%s,\"version\":%llu,\"time\":%lld}", text, (unsigned long long)c->publisher->version,
                  (long long)clock_unix_ms());
    client_reply(c, "pong", &out, false);
  }
  free(text);
}

static const struct {
  const char *name;
  void (*run)(client *c, const json_t *message);
} operations[] = {
  {"subscribe", do_subscribe}, {"change", do_change},           {"pause", do_pause},
  {"resume", do_resume},       {"unsubscribe", do_unsubscribe}, {"ping", do_ping},
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };
static const char *const operation_names[] = {"subscribe", "change", "pause", "resume", "unsubscribe", "ping", NULL};

static void run_operation(client *c, const json_t *message) {
  error err = {0};
  const char *name = json_string_value(json_object_get(message, "op"));
  if (!name) {
    error_set(&err, ERR_INVALID, "a message must be an object with 'op', a text");
    client_refuse(c, NULL, CODE_BAD_MESSAGE, &err, operation_names);
    return;
  }
  for (int i = 0; i < OPERATIONS; i++)
    if (strcmp(name, operations[i].name) == 0) {
      operations[i].run(c, message);
      return;
    }
  error_set(&err, ERR_INVALID, "there is no op '%.60s'", name);
  client_refuse(c, NULL, CODE_UNKNOWN_OP, &err, operation_names);
}

void client_receive(client *c, const char *text, size_t bytes) {
  if (c->cut) return;
  c->publisher->now_ms = clock_monotonic_ms();
  json_error_t where;
  json_t *message = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &where);
  if (message) {
    run_operation(c, message);
    json_decref(message);
    return;
  }
  error err = {0};
  error_set(&err, ERR_INVALID, "the message is not JSON: %s at line %d, column %d", where.text, where.line, where.column);
  client_refuse(c, NULL, CODE_BAD_JSON, &err, NULL);
}
