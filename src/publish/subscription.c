#include "publish/subscription.h"

#include "publish/channel.h"
#include "publish/client.h"
#include "publish/feed.h"
#include "publish/group.h"
#include "publish/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ATTEMPTS = 3 };

static publisher *publisher_of(const subscription *s) { return s->client->publisher; }

subscription *subscription_new(client *c, const char *id) {
  subscription *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  buffer json = {0};
  buffer_json_text(&json, id, strlen(id));
  s->id_json = buffer_take(&json);
  if (!s->id_json) {
    free(s);
    return NULL;
  }
  snprintf(s->id, sizeof s->id, "%s", id);
  s->client = c;
  s->ready.subscription = s;
  s->progress_ms = c->publisher->now_ms + c->publisher->limits.progress_ms;
  TAILQ_INSERT_TAIL(&c->publisher->progress, s, progress_link);
  TAILQ_INSERT_TAIL(&c->subscriptions, s, link);
  c->subscription_count++;
  METRIC_ADD(c->publisher->metrics.subscriptions, 1);
  return s;
}

static void leave_channel(subscription *s) {
  if (!s->channel) return;
  TAILQ_REMOVE(&s->channel->followers, s, follower_link);
  channel_drop_unused(s->channel);
  s->channel = NULL;
}

static void drop_slot(subscription *s) {
  flush_unref(s->slot);
  s->slot = NULL;
}

/* Forgets what its client has and what it is behind. */
static void forget_state(subscription *s) {
  change_set_clear(&s->own);
  drop_slot(s);
  window_unref(s->window);
  s->window = NULL;
  snapshot_unref(s->snapshot);
  s->snapshot = NULL;
  s->wait_flush = false;
  s->behind_us = 0;
}

static void forget_wanted(subscription *s) {
  feed_stop_waiting(s);
  if (s->wanted_feed) feed_leave(s->wanted_feed);
  request_free(s->wanted);
  s->wanted = NULL;
  s->wanted_feed = NULL;
  s->joining = false;
}

void subscription_free(subscription *s) {
  client *c = s->client;
  forget_wanted(s);
  forget_state(s);
  leave_channel(s);
  if (s->feed) feed_leave(s->feed);
  if (s->group) group_leave(s->group);
  request_free(s->now);
  if (s->ready.queued) TAILQ_REMOVE(&c->ring, &s->ready, link);
  TAILQ_REMOVE(&c->publisher->progress, s, progress_link);
  TAILQ_REMOVE(&c->subscriptions, s, link);
  c->subscription_count--;
  METRIC_ADD(c->publisher->metrics.subscriptions, -1);
  free(s->id_json);
  free(s);
}

/* --- following something else --- */

static void fail_want(subscription *s, const char *code, const error *err) {
  client *c = s->client;
  bool over = !s->now || !feed_is_live(s->feed);
  if (over && s->now) code = CODE_VIEW_DROPPED;
  client_refuse(c, s->id, code, err, NULL);
  if (over)
    subscription_free(s);
  else
    forget_wanted(s);
}

void subscription_want(subscription *s, request *r) {
  error err = {0};
  forget_wanted(s);
  s->wanted = r;
  s->attempts++;
  s->wanted_feed = feed_use(publisher_of(s), r);
  if (!s->wanted_feed) {
    error_nomem(&err);
    fail_want(s, error_code_name(err.code), &err);
  } else if (feed_is_live(s->wanted_feed)) {
    subscription_feed_ready(s);
  } else {
    feed_wait(s->wanted_feed, s);
  }
}

void subscription_feed_ready(subscription *s) {
  if (s->group) {
    s->joining = true;
    group_queue(s->group);
  } else {
    subscription_attach(s);
  }
}

static void want_again(subscription *s) {
  request *again = s->wanted;
  s->wanted = NULL;
  subscription_want(s, again);
}

void subscription_feed_failed(subscription *s, const error *err) {
  if (err->code != ERR_BUSY || s->attempts >= MAX_ATTEMPTS) {
    fail_want(s, error_code_name(err->code), err);
    return;
  }
  want_again(s);
}

void subscription_source_ended(subscription *s) {
  if (s->wanted) return; /* it is on its way to something else */
  request *again = request_copy(s->now);
  if (again)
    subscription_want(s, again);
  else
    client_cut(s->client, CLOSE_INTERNAL, "the server is out of memory");
}

/* --- attaching --- */

/* Plain to plain of one instance: `own` becomes what the client differs in from the new channel's told state. */
static bool rebase(subscription *s, const channel *to) {
  size_t at = 0;
  int64_t id;
  void *before;
  if (s->slot && !change_set_merge(&s->own, &s->slot->entries)) return false;
  drop_slot(s);
  if (!change_set_merge(&s->own, &s->channel->pending)) return false;
  while (idmap_next(&to->pending.before, &at, &id, &before)) {
    stored_row *r = idmap_get(&to->instance->rows, id);
    if (!change_set_note(&s->own, id, r ? r : ROW_NONE, to->pending.oldest_us)) return false;
  }
  return true;
}

/* The client keeps its rows. false: it must take a snapshot. */
static bool carry_over(subscription *s, channel *to) {
  channel *from = s->channel;
  if (!from || from->instance != to->instance || s->group || !from->order != !to->order || s->overflowed || s->snapshot) return false;
  if (from == to) return true;
  if (to->order)
    drop_slot(s);
  else if (!rebase(s, to))
    return false;
  s->wait_flush = s->version > channel_version(to);
  return true;
}

static void refuse_resume(subscription *s, const char *reason) {
  buffer out = {0};
  buffer_printf(&out, "{\"type\":\"must_resnapshot\",\"id\":%s,\"reason\":", s->id_json);
  buffer_json_text(&out, reason, strlen(reason));
  buffer_putc(&out, '}');
  METRIC_ADD(publisher_of(s)->metrics.resume_failed, 1);
  client_reply(s->client, "must_resnapshot", &out, false);
}

static const char *why_no_resume(const subscription *s, const channel *to, char *out, size_t size) {
  const request *r = s->wanted;
  const instance *i = to->instance;
  if (to->order) return "a window starts from its snapshot";
  if (strcmp(r->since_epoch, i->epoch) != 0) return "the rows' identity changed: the server or the view was started anew";
  if (r->since_version > publisher_of(s)->version) return "the version is newer than the server's";
  if (history_reaches(&i->history, r->since_version)) return NULL;
  snprintf(out, size, "version %llu is not held any more; the oldest is %llu", (unsigned long long)r->since_version,
           (unsigned long long)i->history.from);
  return out;
}

/* The client has the rows of wanted->since. false: it must take a snapshot. */
static bool resume(subscription *s, channel *to) {
  char text[120];
  const char *reason = why_no_resume(s, to, text, sizeof text);
  if (reason) {
    refuse_resume(s, reason);
    return false;
  }
  size_t at = 0;
  int64_t id;
  void *before;
  bool done = history_since(&to->instance->history, s->wanted->since_version, &s->own);
  while (done && idmap_next(&to->pending.before, &at, &id, &before)) {
    stored_row *r = idmap_get(&to->instance->rows, id);
    done = change_set_note(&s->own, id, r ? r : ROW_NONE, to->pending.oldest_us);
  }
  if (!done) {
    refuse_resume(s, "the server is out of memory");
    return false;
  }
  s->version = s->wanted->since_version;
  s->wait_flush = s->version > channel_version(to);
  METRIC_ADD(publisher_of(s)->metrics.resumed, 1);
  return true;
}

static bool take_snapshot(subscription *s) {
  forget_state(s);
  s->snapshot = channel_snapshot(s->channel);
  if (!s->snapshot) {
    client_cut(s->client, CLOSE_INTERNAL, "the server is out of memory");
    return false;
  }
  s->next_chunk = 0;
  s->version = snapshot_version(s->snapshot);
  if (s->channel->order) s->window = window_ref(s->channel->window);
  return true;
}

static void put_json_or_null(buffer *out, const char *name, const char *text) {
  buffer_printf(out, ",\"%s\":", name);
  if (text)
    buffer_json_text(out, text, strlen(text));
  else
    buffer_puts(out, "null");
}

static void put_columns(buffer *out, const instance_info *info) {
  buffer_puts(out, ",\"columns\":[");
  for (int i = 0; i < info->columns; i++) {
    buffer_puts(out, i ? ",{\"name\":" : "{\"name\":");
    buffer_json_text(out, info->column[i].name, strlen(info->column[i].name));
    buffer_printf(out, ",\"type\":\"%s\"}", info->column[i].type);
  }
  buffer_putc(out, ']');
}

static void put_terms(buffer *out, const request *r) {
  put_json_or_null(out, "filter", r->filter);
  buffer_puts(out, ",\"order_by\":[");
  for (int i = 0; i < r->order_count; i++) {
    if (i) buffer_putc(out, ',');
    buffer_json_text(out, r->order_by[i], strlen(r->order_by[i]));
  }
  if (request_windowed(r))
    buffer_printf(out, "],\"offset\":%lld,\"limit\":%lld", (long long)r->offset, (long long)r->limit);
  else
    buffer_puts(out, "],\"offset\":null,\"limit\":null");
  buffer_printf(out, ",\"conflate_ms\":%d", r->conflate_ms);
  put_json_or_null(out, "group", r->group[0] ? r->group : NULL);
}

static void tell_subscribed(subscription *s, bool reset, bool resumed) {
  const instance_info *info = s->channel->instance->info;
  buffer out = {0};
  buffer_printf(&out, "{\"type\":\"subscribed\",\"id\":%s", s->id_json);
  put_json_or_null(&out, "view", s->now->view);
  put_json_or_null(&out, "epoch", s->channel->instance->epoch);
  buffer_printf(&out, ",\"version\":%llu,\"strategy\":\"%s\",\"reset\":%s,\"resumed\":%s,\"key\":", (unsigned long long)s->version,
                info->strategy, reset ? "true" : "false", resumed ? "true" : "false");
  instance_key_json(s->channel->instance, &out);
  put_columns(&out, info);
  buffer_printf(&out, ",\"selection\":%s", info->selection_json && info->selection_json[0] ? info->selection_json : "{}");
  put_terms(&out, s->now);
  buffer_putc(&out, '}');
  client_reply(s->client, "subscribed", &out, false);
}

/* Moves from what it follows to what it wanted. */
static void switch_to(subscription *s, channel *to) {
  channel *from = s->channel;
  if (from) TAILQ_REMOVE(&from->followers, s, follower_link);
  TAILQ_INSERT_TAIL(&to->followers, s, follower_link);
  s->channel = to;
  if (from) channel_drop_unused(from);
  feed *old = s->feed;
  s->feed = s->wanted_feed;
  s->wanted_feed = NULL;
  if (old) feed_leave(old);
  request_free(s->now);
  s->now = s->wanted;
  s->wanted = NULL;
  s->joining = false;
  s->seq = 0;
  s->attempts = 0;
}

void subscription_attach(subscription *s) {
  error err = {0};
  if (!feed_is_live(s->wanted_feed)) { /* it ended, or is read anew, while its group was busy */
    want_again(s);
    return;
  }
  order_spec order = {0};
  instance *i = s->wanted_feed->instance;
  channel *to = NULL;
  if (order_parse(i->info, (const char *const *)s->wanted->order_by, s->wanted->order_count, &order, &err)) {
    to = channel_join(i, s->wanted, &order, s->group);
    if (!to) error_nomem(&err);
  }
  if (!to) {
    fail_want(s, error_code_name(err.code), &err);
    return;
  }
  bool carried = carry_over(s, to);
  bool resumed = !s->channel && s->wanted->has_since && resume(s, to);
  switch_to(s, to);
  if (!carried && !resumed) {
    s->overflowed = false;
    if (!take_snapshot(s)) return;
  }
  tell_subscribed(s, !carried && !resumed, resumed);
  subscription_queue(s);
}

bool subscription_start_over(subscription *s) {
  s->overflowed = false;
  return take_snapshot(s);
}
