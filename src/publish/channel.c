#include "publish/channel.h"

#include "publish/group.h"
#include "publish/subscription.h"

#include <stdlib.h>
#include <string.h>

static bool on_same_terms(const channel *ch, const request *r, const order_spec *order) {
  if (ch->group || ch->conflate_ms != r->conflate_ms || (ch->order != NULL) != request_windowed(r)) return false;
  return !ch->order || (ch->offset == (size_t)r->offset && ch->row_limit == (size_t)r->limit &&
                        order_spec_same(&ch->order->index->spec, order));
}

static shared_index *index_acquire(instance *i, const order_spec *order) {
  shared_index *s;
  TAILQ_FOREACH(s, &i->indexes, link)
    if (order_spec_same(&s->index->spec, order)) {
      s->users++;
      return s;
    }
  s = calloc(1, sizeof *s);
  order_index *index = s ? order_index_new(order, &i->rows) : NULL;
  if (!index) {
    free(s);
    return NULL;
  }
  s->index = index;
  s->users = 1;
  TAILQ_INSERT_TAIL(&i->indexes, s, link);
  return s;
}

static void index_release(instance *i, shared_index *s) {
  if (!s || --s->users > 0) return;
  TAILQ_REMOVE(&i->indexes, s, link);
  order_index_free(s->index);
  free(s);
}

static window_state *take_window(channel *ch) {
  if (!order_index_refresh(ch->order->index, &ch->instance->rows)) return NULL;
  return window_take(ch->order->index, ch->offset, ch->row_limit);
}

static void unschedule(channel *ch) {
  if (!ch->scheduled) return;
  TAILQ_REMOVE(&ch->instance->publisher->due, ch, due_link);
  ch->scheduled = false;
}

static void free_channel(channel *ch) {
  unschedule(ch);
  index_release(ch->instance, ch->order);
  change_set_clear(&ch->pending);
  window_unref(ch->window);
  snapshot_unref(ch->latest);
  free(ch);
}

channel *channel_join(instance *i, const request *r, const order_spec *order, group *g) {
  channel *ch;
  if (!g) TAILQ_FOREACH(ch, &i->channels, link)
    if (on_same_terms(ch, r, order)) return ch;
  ch = calloc(1, sizeof *ch);
  if (!ch) return NULL;
  ch->instance = i;
  ch->group = g;
  ch->conflate_ms = r->conflate_ms;
  TAILQ_INIT(&ch->followers);
  if (request_windowed(r)) {
    ch->offset = (size_t)r->offset;
    ch->row_limit = (size_t)r->limit;
    ch->order = index_acquire(i, order);
    ch->window = ch->order ? take_window(ch) : NULL;
    if (!ch->window) {
      free_channel(ch);
      return NULL;
    }
  }
  TAILQ_INSERT_TAIL(&i->channels, ch, link);
  return ch;
}

void channel_drop_unused(channel *ch) {
  if (!TAILQ_EMPTY(&ch->followers)) return;
  TAILQ_REMOVE(&ch->instance->channels, ch, link);
  free_channel(ch);
}

bool channel_note(channel *ch, int64_t id, stored_row *before, int64_t committed_us) {
  return ch->order || change_set_note(&ch->pending, id, before, committed_us);
}

void channel_touch(channel *ch, int64_t committed_us) {
  publisher *p = ch->instance->publisher;
  if (!ch->dirty) {
    ch->version = p->version;
    ch->version_us = p->version_us;
    ch->dirty = true;
  }
  if (!ch->window_oldest_us) ch->window_oldest_us = committed_us;
  if (ch->group) {
    if (ch->pending.bytes > p->limits.pending_bytes) group_overflow(ch->group);
    group_schedule(ch->group);
    return;
  }
  if (ch->scheduled) {
    if (ch->pending.bytes > p->limits.pending_bytes) ch->due_ms = p->now_ms;
    return;
  }
  ch->due_ms = ch->flushed_ms + ch->conflate_ms > p->now_ms ? ch->flushed_ms + ch->conflate_ms : p->now_ms;
  ch->scheduled = true;
  TAILQ_INSERT_TAIL(&p->due, ch, due_link);
}

static void forget_snapshot(channel *ch) {
  snapshot_unref(ch->latest);
  ch->latest = NULL;
}

bool channel_reset(channel *ch) {
  if (ch->order) {
    window_state *window = take_window(ch);
    if (!window) return false;
    window_unref(ch->window);
    ch->window = window;
  }
  change_set_clear(&ch->pending);
  forget_snapshot(ch);
  ch->window_oldest_us = 0;
  ch->dirty = false;
  return true;
}

void channel_freeze(channel *ch) {
  unschedule(ch);
  if (ch->dirty) return;
  ch->version = ch->instance->publisher->version;
  ch->version_us = ch->instance->publisher->version_us;
  ch->dirty = true;
}

uint64_t channel_version(const channel *ch) { return ch->dirty ? ch->version : ch->instance->publisher->version; }

int64_t channel_time_ms(const channel *ch) {
  return (ch->dirty ? ch->version_us : ch->instance->publisher->version_us) / 1000;
}

stored_row *channel_row(const channel *ch, int64_t id) {
  stored_row *r = change_set_find(&ch->pending, id);
  if (r) return r;
  r = idmap_get(&ch->instance->rows, id);
  return r ? r : ROW_NONE;
}

const char *channel_gone_reason(const channel *ch) { return ch->instance->filtered ? "filtered" : "deleted"; }

/* The told state as an array with references: the mirror's rows, with those of `pending` in their place. */
static stored_row **told_rows(channel *ch, size_t *count) {
  const idmap *rows = &ch->instance->rows;
  stored_row **all = malloc((rows->count + ch->pending.before.count + 1) * sizeof *all);
  if (!all) return NULL;
  size_t at = 0, n = 0;
  int64_t id;
  void *r;
  while (idmap_next(rows, &at, &id, &r))
    if (!change_set_find(&ch->pending, id)) all[n++] = stored_row_ref(r);
  at = 0;
  while (idmap_next(&ch->pending.before, &at, &id, &r))
    if (r != ROW_NONE) all[n++] = stored_row_ref(r);
  *count = n;
  return all;
}

static stored_row **window_rows(const channel *ch, size_t *count) {
  *count = ch->window->count;
  stored_row **all = malloc((*count + 1) * sizeof *all);
  for (size_t i = 0; all && i < *count; i++) all[i] = stored_row_ref(ch->window->rows[i]);
  return all;
}

snapshot *channel_snapshot(channel *ch) {
  publisher *p = ch->instance->publisher;
  if (!ch->latest) {
    size_t count;
    stored_row **rows = ch->order ? window_rows(ch, &count) : told_rows(ch, &count);
    if (!rows) return NULL;
    ch->latest = snapshot_new(channel_version(ch), ch->order ? ch->window->total : count, rows, count, p->limits.chunk_bytes);
    if (!ch->latest) return NULL;
  }
  METRIC_ADD(p->metrics.snapshots, 1);
  return snapshot_ref(ch->latest);
}

flush *flush_ref(flush *f) {
  f->references++;
  return f;
}

void flush_unref(flush *f) {
  if (!f || --f->references > 0) return;
  change_set_clear(&f->entries);
  window_unref(f->from);
  shared_text_unref(f->body);
  free(f);
}

/* Fills p->writer with the step of a plain channel. */
static void write_plain_step(channel *ch) {
  const idmap *rows = &ch->instance->rows;
  size_t at = 0;
  int64_t id;
  void *before;
  while (idmap_next(&ch->pending.before, &at, &id, &before)) {
    stored_row *after = idmap_get(rows, id);
    delta_row(&ch->instance->publisher->writer, before, after ? after : ROW_NONE, channel_gone_reason(ch));
  }
}

/* Fills p->writer with the step of a window, and *next with its new state. */
static bool write_window_step(channel *ch, window_state **next) {
  *next = take_window(ch);
  if (!*next) return false;
  return window_difference(ch->window, *next, &ch->instance->rows, channel_gone_reason(ch), &ch->instance->publisher->writer);
}

static bool encode_body(publisher *p, flush *f) {
  if (delta_is_empty(&p->writer)) return !delta_failed(&p->writer);
  buffer out = {.failed = delta_failed(&p->writer)};
  delta_put(&p->writer, p->version, p->version_us / 1000, &out);
  f->body = shared_text_take(&out);
  METRIC_ADD(p->metrics.deltas, 1);
  return f->body != NULL;
}

flush *channel_step(channel *ch) {
  publisher *p = ch->instance->publisher;
  window_state *next = NULL;
  flush *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  *f = (flush){.references = 1, .version = p->version, .oldest_us = ch->order ? ch->window_oldest_us : ch->pending.oldest_us};
  delta_begin(&p->writer);
  bool done = true;
  if (ch->order)
    done = write_window_step(ch, &next);
  else
    write_plain_step(ch);
  if (!done || !encode_body(p, f)) {
    window_unref(next);
    flush_unref(f);
    return NULL;
  }
  if (ch->order && !f->body) { /* the same rows: followers that are at the old state stay at it */
    f->from = window_ref(ch->window);
    window_unref(next);
  } else if (ch->order) {
    f->from = ch->window;
    ch->window = next;
  } else {
    f->entries = ch->pending;
    memset(&ch->pending, 0, sizeof ch->pending);
  }
  if (f->body) forget_snapshot(ch);
  ch->window_oldest_us = 0;
  ch->dirty = false;
  ch->flushed_ms = p->now_ms;
  return f;
}

void channel_flush(channel *ch) {
  unschedule(ch);
  flush *f = channel_step(ch);
  subscription *s;
  if (!f) { /* out of memory: followers start again from a snapshot, which needs less than a step for each of them */
    TAILQ_FOREACH(s, &ch->followers, follower_link) subscription_give_up(s, "the server is out of memory");
    return;
  }
  TAILQ_FOREACH(s, &ch->followers, follower_link) subscription_flushed(s, f);
  flush_unref(f);
}
