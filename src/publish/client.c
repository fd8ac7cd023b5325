#include "publish/client.h"

#include "base/clock.h"
#include "publish/group.h"
#include "publish/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_limits(const delivery_limits *l, buffer *out) {
  buffer_printf(out,
                "{\"clients\":%d,\"subscriptions\":%d,\"message_bytes\":%zu,\"window_rows\":%d,\"conflate_ms\":%d,\"reply_bytes\":%zu,"
                "\"pending_bytes\":%zu,\"resume_bytes\":%zu,\"resume_ms\":%d,\"stall_ms\":%d,\"message_age_ms\":%d,\"chunk_bytes\":%zu,"
                "\"errors\":%d}",
                l->clients, l->subscriptions, l->message_bytes, l->window_rows, l->conflate_ms, l->reply_bytes, l->pending_bytes,
                l->resume_bytes, l->resume_ms, l->stall_ms, l->message_age_ms, l->chunk_bytes, l->errors);
}

static void say_hello(client *c) {
  publisher *p = c->publisher;
  buffer out = {0};
  buffer_printf(&out, "{\"type\":\"hello\",\"protocol\":1,\"server\":\"viewserver %s\",\"version\":%llu,\"epoch\":", VS_VERSION,
                (unsigned long long)p->version);
  buffer_json_text(&out, p->epoch, strlen(p->epoch));
  buffer_printf(&out, ",\"heartbeat_ms\":%d,\"limits\":", p->limits.heartbeat_ms);
  put_limits(&p->limits, &out);
  buffer_putc(&out, '}');
  client_reply(c, "hello", &out, false);
}

static void count_client(publisher *p, client_kind kind, int n) {
  p->client_count += n;
  METRIC_ADD(*(kind == CLIENT_SSE ? &p->metrics.clients_sse : &p->metrics.clients_websocket), n);
}

client *client_new(publisher *p, client_kind kind, const client_port *port, void *connection, error *err) {
  client *c = NULL;
  if (p->client_count >= p->limits.clients)
    error_set(err, ERR_LIMIT, "%d clients are connected, which is the limit", p->limits.clients);
  else if (!(c = calloc(1, sizeof *c)))
    error_nomem(err);
  if (!c) return NULL;
  c->publisher = p;
  c->kind = kind;
  c->port = port;
  c->connection = connection;
  c->heartbeat_ms = p->now_ms + p->limits.heartbeat_ms;
  STAILQ_INIT(&c->replies);
  TAILQ_INIT(&c->ring);
  TAILQ_INIT(&c->subscriptions);
  TAILQ_INIT(&c->groups);
  TAILQ_INSERT_TAIL(&p->clients, c, link);
  count_client(p, kind, 1);
  if (kind == CLIENT_WEBSOCKET) say_hello(c);
  return c;
}

static reply *pop_reply(client *c) {
  reply *r = STAILQ_FIRST(&c->replies);
  if (!r) return NULL;
  STAILQ_REMOVE_HEAD(&c->replies, link);
  c->reply_bytes -= r->text->bytes;
  return r;
}

static void free_reply(reply *r) {
  shared_text_unref(r->text);
  free(r);
}

void client_free(client *c) {
  c->cut = true;
  while (!TAILQ_EMPTY(&c->subscriptions)) subscription_free(TAILQ_FIRST(&c->subscriptions));
  for (reply *r; (r = pop_reply(c));) free_reply(r);
  TAILQ_REMOVE(&c->publisher->clients, c, link);
  count_client(c->publisher, c->kind, -1);
  free(c);
}

void client_wake(client *c) {
  if (c->woken || c->cut) return;
  c->woken = true;
  c->port->wake(c->connection);
}

void client_cut(client *c, int close_code, const char *reason) {
  if (c->cut) return;
  c->cut = true;
  METRIC_ADD(c->publisher->metrics.cut, 1);
  c->port->cut(c->connection, close_code, reason);
}

void client_reply(client *c, const char *type, buffer *text, bool end) {
  if (c->cut) {
    buffer_free(text);
    return;
  }
  reply *r = calloc(1, sizeof *r);
  if (!r || !(r->text = shared_text_take(text))) {
    buffer_free(text);
    free(r);
    client_cut(c, CLOSE_INTERNAL, "the server is out of memory");
    return;
  }
  r->type = type;
  r->end = end;
  c->reply_bytes += r->text->bytes;
  STAILQ_INSERT_TAIL(&c->replies, r, link);
  if (c->reply_bytes > c->publisher->limits.reply_bytes)
    client_cut(c, CLOSE_REPLIES_UNREAD, "the answers that are not read fill the limit");
  else
    client_wake(c);
}

void client_refuse(client *c, const char *id, const char *code, const error *err, const char *const *allowed) {
  buffer out = {0};
  buffer_puts(&out, "{\"type\":\"error\",\"id\":");
  if (id)
    buffer_json_text(&out, id, strlen(id));
  else
    buffer_puts(&out, "null");
  buffer_printf(&out, ",\"code\":\"%s\",\"message\":", code);
  buffer_json_text(&out, err->text, strlen(err->text));
  if (err->hint[0]) {
    buffer_puts(&out, ",\"hint\":");
    buffer_json_text(&out, err->hint, strlen(err->hint));
  }
  for (int i = 0; allowed && allowed[i]; i++) buffer_printf(&out, "%s\"%s\"", i ? "," : ",\"allowed\":[", allowed[i]);
  buffer_puts(&out, allowed ? "]}" : "}");
  METRIC_ADD(c->publisher->metrics.refused, 1);
  client_reply(c, "error", &out, c->kind == CLIENT_SSE);
  if (++c->errors > c->publisher->limits.errors) client_cut(c, CLOSE_POLICY, "too many refused messages in a row");
}

int client_heartbeats(publisher *p) {
  client *c;
  while ((c = TAILQ_FIRST(&p->clients))) {
    if (c->heartbeat_ms > p->now_ms) return (int)(c->heartbeat_ms - p->now_ms);
    c->heartbeat_ms = p->now_ms + p->limits.heartbeat_ms;
    c->heartbeat_due = true;
    client_wake(c);
    TAILQ_REMOVE(&p->clients, c, link); /* the interval is the same for all: the list stays sorted */
    TAILQ_INSERT_TAIL(&p->clients, c, link);
  }
  return -1;
}

static bool next_reply(client *c, outgoing *out) {
  reply *r = pop_reply(c);
  if (!r) return false;
  out->type = r->type;
  out->end = r->end;
  out->body = shared_text_ref(r->text);
  free_reply(r);
  return true;
}

static bool next_heartbeat(client *c, outgoing *out) {
  if (!c->heartbeat_due) return false;
  c->heartbeat_due = false;
  out->type = "heartbeat";
  out->head_bytes = (size_t)snprintf(out->head, sizeof out->head, "{\"type\":\"heartbeat\",\"version\":%llu,\"time\":%lld}",
                                     (unsigned long long)c->publisher->version, (long long)clock_unix_ms());
  return true;
}

static bool next_of_ring(client *c, outgoing *out) {
  ready_item *item = TAILQ_FIRST(&c->ring);
  TAILQ_REMOVE(&c->ring, item, link);
  item->queued = false;
  if (item->group) return group_next(item->group, out);
  bool made = subscription_next(item->subscription, out);
  subscription_queue(item->subscription); /* behind the others, if there is more */
  return made;
}

bool client_next(client *c, outgoing *out) {
  out->head_bytes = 0;
  out->body = NULL;
  out->oldest_us = 0;
  out->end = false;
  out->event_id[0] = '\0';
  while (!c->cut) {
    if (next_reply(c, out) || next_heartbeat(c, out)) return true;
    if (TAILQ_EMPTY(&c->ring)) break;
    if (next_of_ring(c, out)) return true;
  }
  c->woken = false;
  return false;
}
