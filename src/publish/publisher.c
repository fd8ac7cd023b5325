#include "publish/publisher.h"

#include "base/clock.h"
#include "base/log.h"
#include "publish/channel.h"
#include "publish/client.h"
#include "publish/feed.h"
#include "publish/group.h"
#include "publish/instance.h"
#include "publish/subscription.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { LOAD_MS_PER_RUN = 3, LONGEST_WAIT_MS = 1000 };

/* On the engine thread. */
static void take_turn_in(void *ctx, turn *t) { inbox_put_turn(((publisher *)ctx)->inbox, t); }

/* --- one run --- */

static void apply_turn(publisher *p, turn *t) {
  METRIC_ADD(p->metrics.turns, 1);
  for (const instance_changes *c = t->first; c; c = c->next) {
    instance *i = idmap_get(&p->instances_by_id, (int64_t)c->instance);
    if (i) instance_turn(i, t, c);
  }
  if (t->version > p->version) {
    p->version = t->version;
    p->version_us = t->committed_us;
  }
}

static feed *next_to_reload(publisher *p) {
  feed *f;
  TAILQ_FOREACH(f, &p->feeds, link)
    if (f->state == FEED_HELD && !f->instance->reloading) return f;
  return NULL;
}

/* Turns were dropped: every mirror is read anew. */
static void recover(publisher *p) {
  METRIC_ADD(p->metrics.turns_lost, 1);
  log_warn("delivery: more turns waited than the bound allows; the rows of all followed views are read anew");
  for (feed *f; (f = next_to_reload(p));) {
    f->instance->reloading = true;
    instance_reload(f->instance);
  }
  feed *f;
  TAILQ_FOREACH(f, &p->feeds, link)
    if (f->instance) f->instance->reloading = false;
}

static int flush_due(publisher *p, bool every_turn_only) {
  int wait_ms = -1;
  channel *ch, *next;
  for (ch = TAILQ_FIRST(&p->due); ch; ch = next) {
    next = TAILQ_NEXT(ch, due_link);
    if (every_turn_only && ch->conflate_ms > 0) continue;
    int64_t left_ms = ch->due_ms - p->now_ms;
    if (left_ms <= 0)
      channel_flush(ch);
    else if (wait_ms < 0 || left_ms < wait_ms)
      wait_ms = (int)left_ms;
  }
  return wait_ms;
}

static int flush_due_groups(publisher *p) {
  int wait_ms = -1;
  group *g, *next;
  for (g = TAILQ_FIRST(&p->due_groups); g; g = next) {
    next = TAILQ_NEXT(g, due_link);
    int64_t left_ms = g->due_ms - p->now_ms;
    if (left_ms <= 0)
      group_due(g);
    else if (wait_ms < 0 || left_ms < wait_ms)
      wait_ms = (int)left_ms;
  }
  return wait_ms;
}

/* true: somebody wants every turn by itself and was just given one, so that the next must wait until it was sent. */
static bool step_every_turn(publisher *p) {
  channel *ch;
  bool any = false;
  TAILQ_FOREACH(ch, &p->due, due_link) any |= ch->conflate_ms == 0;
  if (any) flush_due(p, true);
  group *g;
  TAILQ_FOREACH(g, &p->due_groups, due_link) any |= g->due_ms <= p->now_ms;
  return any;
}

/* true: there is more in the backlog. */
static bool take_inbox(publisher *p) {
  bool lost = false;
  if (!p->backlog) p->backlog = inbox_take(p->inbox, &lost);
  if (lost) recover(p);
  while (p->backlog) {
    inbox_item *item = p->backlog;
    p->backlog = item->next;
    if (item->turn)
      apply_turn(p, item->turn);
    else {
      feed_answer(item->asker, item->info, &item->err);
      item->info = NULL;
    }
    inbox_item_free(item);
    if (step_every_turn(p)) break;
  }
  return p->backlog != NULL;
}

/* A few rows of each in turn, so that a small one does not wait for a large one. true: there is more to do. */
static bool load_some(publisher *p) {
  int64_t until_ns = clock_monotonic_ns() + LOAD_MS_PER_RUN * 1000000;
  bool more = true;
  while (more && clock_monotonic_ns() < until_ns) {
    more = false;
    instance *i, *next;
    for (i = TAILQ_FIRST(&p->loading); i; i = next) {
      next = TAILQ_NEXT(i, loading_link);
      more |= instance_load_some(i);
    }
  }
  return more;
}

static int check_progress(publisher *p) {
  subscription *s;
  while ((s = TAILQ_FIRST(&p->progress))) {
    if (s->progress_ms > p->now_ms) return (int)(s->progress_ms - p->now_ms);
    s->progress_ms = p->now_ms + p->limits.progress_ms;
    TAILQ_REMOVE(&p->progress, s, progress_link); /* the interval is the same for all: the list stays sorted */
    TAILQ_INSERT_TAIL(&p->progress, s, progress_link);
    if (!s->told && s->channel && !s->joining && channel_version(s->channel) > s->version) {
      if (s->group)
        group_progress(s->group);
      else
        s->progress_due = true;
      subscription_queue(s);
    }
    s->told = false;
  }
  return -1;
}

static int sooner(int a_ms, int b_ms) { return a_ms < 0 ? b_ms : b_ms < 0 || a_ms < b_ms ? a_ms : b_ms; }

static int run(void *ctx) {
  publisher *p = ctx;
  p->now_ms = clock_monotonic_ms();
  bool more = take_inbox(p);
  more |= load_some(p);
  p->now_ms = clock_monotonic_ms();
  int wait_ms = sooner(flush_due(p, false), flush_due_groups(p));
  wait_ms = sooner(wait_ms, client_heartbeats(p));
  wait_ms = sooner(wait_ms, check_progress(p));
  wait_ms = sooner(wait_ms, feed_expire(p));
  return more ? 0 : sooner(wait_ms, LONGEST_WAIT_MS);
}

/* --- the table --- */

static void *open_client(void *ctx, client_kind kind, const client_port *port, void *connection, error *err) {
  publisher *p = ctx;
  p->now_ms = clock_monotonic_ms();
  return client_new(p, kind, port, connection, err);
}

static void receive(void *ctx, void *c, const char *text, size_t bytes) { client_receive(c, text, bytes); }

static bool next_message(void *ctx, void *c, outgoing *out) { return client_next(c, out); }

static void sent(void *ctx, void *c, int64_t oldest_us, size_t bytes) {
  publisher *p = ctx;
  METRIC_ADD(p->metrics.messages, 1);
  METRIC_ADD(p->metrics.bytes, (int64_t)bytes);
  if (oldest_us) metrics_latency(&p->metrics, clock_unix_us() - oldest_us);
}

static void close_client(void *ctx, void *c) {
  publisher *p = ctx;
  p->now_ms = clock_monotonic_ms();
  client_free(c);
}

/* --- life --- */

static bool read_epoch(publisher *p, error *err) {
  sqlite3 *db = p->service.reader_open(p->service.ctx, err);
  if (!db) return false;
  sqlite3_stmt *stmt = NULL;
  bool done = sqlite3_prepare_v2(db, "SELECT value FROM vs_meta WHERE key = 'epoch'", -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;
  if (done)
    snprintf(p->epoch, sizeof p->epoch, "%s", (const char *)sqlite3_column_text(stmt, 0));
  else
    error_set(err, ERR_SQL, "the live database does not tell its epoch: %s", sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return done;
}

/* Row ids are only good within one process, unless the engine says otherwise: a resume must not cross it. */
static void make_nonce(publisher *p) {
  uint64_t bits = (uint64_t)clock_unix_us();
  if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits) log_debug("delivery: the process is named by its start time");
  snprintf(p->nonce, sizeof p->nonce, "%016llx", (unsigned long long)bits);
}

publisher *publisher_new(const service *svc, const delivery_limits *limits, error *err) {
  publisher *p = calloc(1, sizeof *p);
  if (!p || !(p->inbox = inbox_new())) {
    free(p);
    error_nomem(err);
    return NULL;
  }
  p->service = *svc;
  p->limits = *limits;
  TAILQ_INIT(&p->feeds);
  TAILQ_INIT(&p->loading);
  TAILQ_INIT(&p->due);
  TAILQ_INIT(&p->due_groups);
  TAILQ_INIT(&p->clients);
  TAILQ_INIT(&p->progress);
  p->now_ms = clock_monotonic_ms();
  make_nonce(p);
  if (!read_epoch(p, err)) {
    inbox_free(p->inbox);
    free(p);
    return NULL;
  }
  p->delivery = (delivery){.ctx = p, .wake_fd = inbox_fd(p->inbox), .limits = *limits, .run = run, .client_open = open_client,
                           .client_receive = receive, .client_next = next_message, .client_sent = sent, .client_close = close_client};
  /* Subscribe first: a turn that is counted twice does no harm, one that is missed would. */
  p->service.subscribe_turns(p->service.ctx, take_turn_in, p);
  p->version = p->service.version(p->service.ctx);
  p->version_us = clock_unix_us();
  return p;
}

void publisher_free(publisher *p) {
  if (!p) return;
  while (!TAILQ_EMPTY(&p->clients)) client_free(TAILQ_FIRST(&p->clients));
  while (p->backlog) {
    inbox_item *next = p->backlog->next;
    inbox_item_free(p->backlog);
    p->backlog = next;
  }
  feed_free_all(p);
  idmap_free(&p->feeds_by_key);
  idmap_free(&p->instances_by_id);
  delta_free(&p->writer);
  inbox_free(p->inbox);
  free(p);
}

const delivery *publisher_delivery(publisher *p) { return &p->delivery; }

void publisher_metrics(publisher *p, buffer *out) { metrics_put(&p->metrics, out); }
