/* What a subscription has to say: steps that it was told of, and its messages. */
#include "publish/subscription.h"

#include "base/log.h"
#include "publish/channel.h"
#include "publish/client.h"
#include "publish/group.h"

#include <stdio.h>

static publisher *publisher_of(const subscription *s) { return s->client->publisher; }

/* --- what it is told --- */

static bool is_at_start_of(const subscription *s, const flush *f) {
  if (s->paused || s->wait_flush || s->snapshot || s->slot) return false;
  return s->channel->order ? s->window == f->from : change_set_empty(&s->own);
}

/* The client is behind: the step goes into what it is told later, at once. */
static void fall_behind(subscription *s, const flush *f) {
  publisher *p = publisher_of(s);
  METRIC_ADD(p->metrics.conflated, 1);
  bool done = true;
  if (!s->channel->order) {
    if (s->slot) done = change_set_merge(&s->own, &s->slot->entries);
    done = done && change_set_merge(&s->own, &f->entries);
  }
  if (s->slot && !s->behind_us) s->behind_us = s->slot->oldest_us;
  flush_unref(s->slot);
  s->slot = NULL;
  if (!s->behind_us && f->body) s->behind_us = f->oldest_us;
  if (!done)
    subscription_give_up(s, "the server is out of memory");
  else if (s->own.bytes > p->limits.pending_bytes)
    subscription_give_up(s, "more changed than the server keeps for a slow client");
}

void subscription_flushed(subscription *s, flush *f) {
  bool at_start = is_at_start_of(s, f);
  s->wait_flush = false;
  if (s->overflowed || s->client->cut) return;
  if (!at_start)
    fall_behind(s, f);
  else if (f->body)
    s->slot = flush_ref(f);
  subscription_queue(s);
}

void subscription_give_up(subscription *s, const char *reason) {
  change_set_clear(&s->own);
  flush_unref(s->slot);
  s->slot = NULL;
  snapshot_unref(s->snapshot);
  s->snapshot = NULL;
  s->wait_flush = false;
  s->overflowed = true;
  s->overflow_reason = reason;
  METRIC_ADD(publisher_of(s)->metrics.overflows, 1);
  if (s->group) group_overflow(s->group);
  subscription_queue(s);
}

bool subscription_has_message(const subscription *s) {
  if (!s->channel || s->paused) return false;
  if (s->snapshot) return true;
  if (s->group) return false; /* all else comes with the group */
  if (s->overflowed || s->slot || s->progress_due) return true;
  if (s->wait_flush) return false;
  return s->channel->order ? s->window != s->channel->window : !change_set_empty(&s->own);
}

void subscription_queue(subscription *s) {
  if (s->ready.queued || !subscription_has_message(s)) return;
  s->ready.queued = true;
  TAILQ_INSERT_TAIL(&s->client->ring, &s->ready, link);
  client_wake(s->client);
}

void subscription_pause(subscription *s, bool paused) {
  s->paused = paused;
  if (s->group) group_queue(s->group);
  subscription_queue(s);
}

/* --- its messages --- */

void subscription_head(subscription *s, const char *type, outgoing *out) {
  out->type = type;
  s->told = true;
  int n = snprintf(out->head, sizeof out->head, "{\"type\":\"%s\",\"id\":%s,\"seq\":%llu,", type, s->id_json, (unsigned long long)++s->seq);
  out->head_bytes = (size_t)n;
}

static void put_event_id(subscription *s, outgoing *out) {
  if (s->client->kind != CLIENT_SSE) return;
  snprintf(out->event_id, sizeof out->event_id, "%.60s/%llu/%llu", s->channel->instance->epoch, (unsigned long long)s->version,
           (unsigned long long)s->seq);
}

static bool next_overflow(subscription *s, outgoing *out) {
  if (!s->snapshot && !subscription_start_over(s)) return false;
  s->overflowed = false;
  subscription_head(s, "overflow", out);
  size_t left = sizeof out->head - out->head_bytes;
  out->head_bytes += (size_t)snprintf(out->head + out->head_bytes, left, "\"reason\":\"%s\"}", s->overflow_reason);
  return true;
}

static bool next_chunk(subscription *s, outgoing *out) {
  bool last;
  shared_text *body = snapshot_chunk(s->snapshot, s->next_chunk, &last);
  if (!body) {
    client_cut(s->client, CLOSE_INTERNAL, "the server is out of memory");
    return false;
  }
  s->next_chunk++;
  subscription_head(s, "snapshot", out);
  out->body = body;
  if (!last) return true;
  snapshot_unref(s->snapshot);
  s->snapshot = NULL;
  put_event_id(s, out);
  if (s->group) group_queue(s->group);
  return true;
}

static bool next_slot(subscription *s, outgoing *out) {
  flush *f = s->slot;
  s->slot = NULL;
  s->version = f->version;
  if (s->channel->order) {
    window_unref(s->window);
    s->window = window_ref(s->channel->window);
  }
  subscription_head(s, "delta", out);
  out->body = shared_text_ref(f->body);
  out->oldest_us = f->oldest_us;
  METRIC_ADD(publisher_of(s)->metrics.shared_deltas, 1);
  flush_unref(f);
  put_event_id(s, out);
  return true;
}

/* Writes what its client differs in from the channel's told state. */
static bool write_own(subscription *s, delta_writer *w) {
  channel *ch = s->channel;
  const char *reason = channel_gone_reason(ch);
  if (ch->order) return window_difference(s->window, ch->window, &ch->instance->rows, reason, w);
  size_t at = 0;
  int64_t id;
  void *before;
  while (idmap_next(&s->own.before, &at, &id, &before)) delta_row(w, before, channel_row(ch, id), reason);
  return true;
}

static bool next_own(subscription *s, outgoing *out) {
  publisher *p = publisher_of(s);
  delta_begin(&p->writer);
  if (!write_own(s, &p->writer) || delta_failed(&p->writer)) {
    subscription_give_up(s, "the server is out of memory");
    return false;
  }
  bool empty = delta_is_empty(&p->writer);
  buffer text = {0};
  if (!empty) delta_put(&p->writer, channel_version(s->channel), channel_time_ms(s->channel), &text);
  shared_text *body = empty ? NULL : shared_text_take(&text);
  if (!empty && !body) {
    subscription_give_up(s, "the server is out of memory");
    return false;
  }
  out->oldest_us = s->channel->order ? s->behind_us : s->own.oldest_us;
  s->behind_us = 0;
  change_set_clear(&s->own);
  if (s->channel->order) {
    window_unref(s->window);
    s->window = window_ref(s->channel->window);
  }
  if (empty) return false;
  METRIC_ADD(p->metrics.deltas, 1);
  s->version = channel_version(s->channel);
  subscription_head(s, "delta", out);
  out->body = body;
  put_event_id(s, out);
  return true;
}

static bool next_progress(subscription *s, outgoing *out) {
  s->progress_due = false;
  uint64_t version = channel_version(s->channel);
  if (version <= s->version) return false;
  s->version = version;
  subscription_head(s, "progress", out);
  size_t left = sizeof out->head - out->head_bytes;
  out->head_bytes += (size_t)snprintf(out->head + out->head_bytes, left, "\"version\":%llu}", (unsigned long long)version);
  put_event_id(s, out);
  return true;
}

bool subscription_next(subscription *s, outgoing *out) {
  if (!subscription_has_message(s)) return false;
  if (s->overflowed) return next_overflow(s, out);
  if (s->snapshot) return next_chunk(s, out);
  if (s->slot) return next_slot(s, out);
  bool behind = !s->wait_flush && (s->channel->order ? s->window != s->channel->window : !change_set_empty(&s->own));
  if (behind) return next_own(s, out);
  if (s->progress_due) return next_progress(s, out);
  return false;
}
