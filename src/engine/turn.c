/* One turn, and what happens when it fails.
**
** A turn applies a range of the pending changes. When that fails for a reason that time may cure (a lock, a full disk, no
** memory) the same range is tried again after a pause, and nothing is taken from the inbox meanwhile. A rollback of what the
** views had propagated makes their state void: every instance ends, which its followers are told, and the range is applied
** without them, so that no view can keep data out; followers acquire again, and the one at fault gets the error. What then
** still fails is halved until the record that it hangs on stands alone: it is set aside as a dead letter with the reason.
** After MAX_POISON_PER_TURN of them the engine stands still with an alarm and tries again, for to go on would lose data.
*/
#include "base/clock.h"
#include "base/log.h"
#include "engine/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- transactions --- */

bool engine_begin(engine *e, error *err) { return engine_recover(e, err) && store_begin(e->store, err); }

void engine_rollback(engine *e) {
  store_rollback(e->store);
  view_set_rolled_back(e->views);
  e->registry.rewrite = true;
}

bool engine_commit(engine *e, error *err) {
  if (!store_commit(e->store, e->version, err)) {
    engine_rollback(e);
    return false;
  }
  view_set_committed(e->views);
  return true;
}

void engine_alarm(engine *e, const char *text) {
  pthread_mutex_lock(&e->alarm_lock);
  snprintf(e->alarm, sizeof e->alarm, "%s", text);
  pthread_mutex_unlock(&e->alarm_lock);
}

/* --- collecting --- */

static bool reserve(pending *p, size_t changes) {
  if (p->count == p->capacity) {
    int capacity = p->capacity ? p->capacity * 2 : 64;
    batch **more = realloc(p->batches, sizeof *more * (size_t)capacity);
    if (!more) return false;
    p->batches = more;
    p->capacity = capacity;
  }
  if (p->changes_count + changes <= p->changes_capacity) return true;
  size_t capacity = (p->changes_count + changes) * 2;
  change **more = realloc(p->changes, sizeof *more * capacity);
  if (!more) return false;
  p->changes = more;
  p->changes_capacity = capacity;
  return true;
}

static void add_batch(engine *e, batch *b) {
  pending *p = &e->pending;
  while (!reserve(p, b->count)) { /* cannot be given back: wait for memory */
    log_error("records=%u: no memory to take a batch in; waiting", b->count);
    struct timespec pause = {.tv_sec = 1};
    nanosleep(&pause, NULL);
  }
  p->batches[p->count++] = b;
  for (uint32_t i = 0; i < b->count; i++) p->changes[p->changes_count++] = &b->changes[i];
  p->bytes += b->bytes;
  if (b->received_us > 0 && (p->received_us == 0 || b->received_us < p->received_us)) p->received_us = b->received_us;
}

static bool is_full(const engine *e) {
  return (int64_t)e->pending.changes_count >= e->options.turn_records || (int64_t)e->pending.bytes >= e->options.turn_bytes;
}

bool engine_collect(engine *e, int wait_ms) {
  if (e->pending.count) return true; /* a turn that failed is still to be applied */
  batch *b = queue_pop(e->inbox, wait_ms);
  if (!b) return !queue_closed(e->inbox);
  int64_t until = clock_monotonic_ms() + e->options.turn_ms;
  for (; b; b = !is_full(e) && clock_monotonic_ms() < until ? queue_pop(e->inbox, 0) : NULL) add_batch(e, b);
  return true;
}

void engine_answer_pending(engine *e, bool dropped) {
  pending *p = &e->pending;
  batch_outcome outcome = {.version = e->version};
  for (int i = 0; i < p->count; i++) batch_done(p->batches[i], dropped ? NULL : &outcome);
  p->count = 0;
  p->changes_count = p->applied = p->bytes = 0;
  p->received_us = 0;
}

/* --- applying --- */

/* The offsets that the changes [from, to) reach. */
static bool write_offsets(engine *e, size_t from, size_t to, error *err) {
  enum { HELD = 256 };
  stream_position held[HELD];
  int n = 0, at = 0;
  for (size_t i = from; i < to; i++) {
    const record *r = e->pending.changes[i]->origin;
    if (r->partition < 0) continue;
    if (n == 0 || held[at].topic != r->topic || held[at].partition != r->partition)
      for (at = 0; at < n && (held[at].topic != r->topic || held[at].partition != r->partition);) at++;
    if (at == n && n == HELD) { /* more partitions than are held: those so far are written */
      for (int k = 0; k < n; k++)
        if (!store_offset(e->store, held[k], err)) return false;
      n = at = 0;
    }
    if (at == n) held[n++] = (stream_position){.topic = r->topic, .partition = r->partition};
    if (r->offset >= held[at].next_offset) held[at].next_offset = r->offset + 1;
  }
  for (int k = 0; k < n; k++)
    if (!store_offset(e->store, held[k], err)) return false;
  return true;
}

static bool apply_tables(engine *e, error *err) {
  for (int t = 0; t < e->topics->count; t++) {
    if (!store_staged(e->store, t)) continue;
    if (!store_apply(e->store, t, err) || !view_set_propagate(e->views, err)) return false;
  }
  return true;
}

static bool apply_tick(engine *e, error *err) {
  int64_t now = clock_unix_ms();
  bool more;
  if (!store_tick(e->store, now - now % TICK_MS, err) || !view_set_propagate(e->views, err)) return false;
  if (store_retain_due(e->store, now) && (!store_retain(e->store, now, &more, err) || !view_set_propagate(e->views, err))) return false;
  return engine_write_instances(e, err) && view_set_propagate(e->views, err);
}

static void publish(engine *e, turn *t, uint32_t records) {
  t->version = e->version;
  t->records = records;
  t->received_us = records ? e->pending.received_us : 0;
  t->committed_us = clock_unix_us();
  if (t->received_us) histogram_add(&e->metrics.latency, t->committed_us - t->received_us);
  atomic_fetch_add(&e->metrics.turns, 1);
  atomic_fetch_add(&e->metrics.records, records);
  if (e->sink)
    e->sink(e->sink_ctx, t);
  else
    turn_unref(t);
}

/* By topic, once they are committed. */
static void count_records(engine *e, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    const change *c = e->pending.changes[i];
    atomic_fetch_add_explicit(&e->counts[c->topic].records, 1, memory_order_relaxed);
    if (c->op == CHANGE_REFUSED) atomic_fetch_add_explicit(&e->counts[c->topic].refused, 1, memory_order_relaxed);
  }
}

static bool fill_turn(engine *e, size_t from, size_t to, bool tick, turn *t, error *err) {
  for (size_t i = from; i < to; i++)
    if (!store_stage(e->store, e->pending.changes[i], err)) return false;
  return apply_tables(e, err) && (!tick || apply_tick(e, err)) && view_set_propagate(e->views, err) && write_offsets(e, from, to, err) &&
         view_set_collect(e->views, t, err);
}

/* One transaction: the changes [from, to), and the clock. */
static bool apply(engine *e, size_t from, size_t to, bool tick, error *err) {
  int64_t began = clock_monotonic_ns();
  error_clear(err);
  turn *t = turn_new();
  if (!t) return error_nomem(err);
  if (!engine_begin(e, err)) {
    turn_unref(t);
    return false;
  }
  if (!fill_turn(e, from, to, tick, t, err) || !store_commit(e->store, e->version + 1, err)) {
    engine_rollback(e);
    turn_unref(t);
    atomic_fetch_add(&e->metrics.failed_turns, 1);
    return false;
  }
  view_set_committed(e->views);
  atomic_fetch_add(&e->version, 1);
  histogram_add(&e->metrics.turn, (clock_monotonic_ns() - began) / 1000);
  count_records(e, from, to);
  publish(e, t, (uint32_t)(to - from));
  return true;
}

/* --- when it fails --- */

static bool may_pass(const error *err) { return err->code == ERR_BUSY || err->code == ERR_IO || err->code == ERR_NOMEM; }

/* Makes a change that a turn cannot be committed with a dead letter of the next try. */
static bool set_aside(engine *e, size_t at, const error *why) {
  change *c = e->pending.changes[at];
  batch *owner = NULL;
  for (int i = 0; i < e->pending.count && !owner; i++) {
    batch *b = e->pending.batches[i];
    if (c >= b->changes && c < b->changes + b->count) owner = b;
  }
  char *reason = owner ? arena_printf(&owner->memory, "it cannot be applied: %s", why->text) : NULL;
  if (!reason) return false;
  c->op = CHANGE_REFUSED;
  c->reason = reason;
  e->trouble.poison++;
  atomic_fetch_add(&e->metrics.poison, 1);
  const record *r = c->origin;
  log_error("topic=%s partition=%d offset=%lld: set aside, no turn can be committed with it: %s", e->topics->topics[c->topic].name, r->partition,
            (long long)r->offset, why->text);
  return true;
}

/* Applies [pending.applied, to) in ever smaller parts. false: not all of it, and err says why. depth <= log2(records). */
static bool apply_parts(engine *e, size_t to, error *err) {
  while (e->pending.applied < to) {
    size_t from = e->pending.applied;
    if (apply(e, from, to, false, err)) {
      e->pending.applied = to;
      return true;
    }
    if (may_pass(err)) return false;
    if (to - from > 1) {
      if (!apply_parts(e, from + (to - from) / 2, err)) return false;
    } else {
      if (e->pending.changes[from]->op == CHANGE_REFUSED || e->trouble.poison >= MAX_POISON_PER_TURN || !set_aside(e, from, err)) return false;
    }
  }
  return true;
}

static void trouble_begins(engine *e, const error *err) {
  trouble *t = &e->trouble;
  int64_t now = clock_monotonic_ms();
  t->pause_ms = t->active ? t->pause_ms * 2 : RETRY_FIRST_MS;
  if (t->pause_ms > RETRY_LAST_MS) t->pause_ms = RETRY_LAST_MS;
  t->retry_at_ms = now + t->pause_ms;
  if (!t->active || now - t->logged_at_ms >= FAILURE_LOG_MS) {
    log_error("version=%llu records=%zu: the turn was rolled back and will be tried again: %s", (unsigned long long)e->version,
              e->pending.changes_count - e->pending.applied, err->text);
    t->logged_at_ms = now;
  }
  t->active = true;
  engine_alarm(e, err->text);
}

static void trouble_ends(engine *e) {
  if (e->trouble.active) {
    log_info("version=%llu: turns are committed again", (unsigned long long)e->version);
    engine_alarm(e, "");
  }
  e->trouble = (trouble){0};
}

void engine_turn(engine *e, bool tick) {
  pending *p = &e->pending;
  tick = tick || e->trouble.tick_owed;
  if (!p->count && !tick) return;
  if (e->trouble.active && clock_monotonic_ms() < e->trouble.retry_at_ms) {
    e->trouble.tick_owed = tick;
    return;
  }
  error err = {0};
  bool done = false;
  if (!e->trouble.active && (done = apply(e, p->applied, p->changes_count, tick, &err))) p->applied = p->changes_count;
  if (!done && (e->trouble.active || !may_pass(&err))) {
    if (!e->trouble.active) log_error("version=%llu records=%zu: the turn was rolled back: %s", (unsigned long long)e->version, p->changes_count - p->applied, err.text);
    done = apply_parts(e, p->changes_count, &err);
    if (done && tick) done = apply(e, p->applied, p->applied, true, &err);
  }
  if (!done) {
    trouble_begins(e, &err);
    e->trouble.tick_owed = tick;
    return;
  }
  trouble_ends(e);
  engine_answer_pending(e, false);
  if (e->standing_due) {
    e->standing_due = false;
    engine_make_standing(e);
  }
}

/* --- ending instances --- */

bool engine_publish_ended(engine *e, const uint64_t *ended, int count, error *err) {
  turn *t = turn_new();
  if (!t) return error_nomem(err);
  for (int i = 0; i < count; i++) {
    instance_changes *c = arena_zalloc(&t->memory, sizeof *c);
    if (!c) {
      turn_unref(t);
      return error_nomem(err);
    }
    c->instance = ended[i];
    c->ended = true;
    c->next = t->first;
    t->first = c;
  }
  if (!store_commit(e->store, e->version + 1, err)) {
    turn_unref(t);
    return false;
  }
  view_set_committed(e->views);
  atomic_fetch_add(&e->version, 1);
  publish(e, t, 0);
  return true;
}

bool engine_end_instances(engine *e, const uint64_t *ids, int count, error *err) {
  if (!engine_begin(e, err)) return false;
  if (!engine_remove_instances(e, ids, count, err) || !engine_publish_ended(e, ids, count, err)) {
    engine_rollback(e);
    return false;
  }
  instances_forget(e, ids, count);
  return true;
}

static bool end_all(engine *e, const uint64_t *ids, int count, error *err) {
  if (!store_begin(e->store, err)) return false;
  if (engine_remove_instances(e, ids, count, err) && view_set_rebuild(e->views, err) && engine_drop_results(e, err) &&
      engine_publish_ended(e, ids, count, err))
    return true;
  engine_rollback(e);
  return false;
}

bool engine_recover(engine *e, error *err) {
  if (!view_set_is_broken(e->views)) return true;
  int count = e->registry.count;
  uint64_t *ids = malloc(sizeof *ids * (size_t)(count + 1));
  if (!ids) return error_nomem(err);
  for (int i = 0; i < count; i++) ids[i] = e->registry.items[i]->id;
  bool done = end_all(e, ids, count, err);
  if (done) {
    log_warn("instances=%d: ended, since a turn that they had followed was rolled back", count);
    instances_forget(e, ids, count);
    e->standing_due = true;
  }
  free(ids);
  return done;
}
