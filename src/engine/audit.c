#include "engine/audit.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

enum { STEPS_BETWEEN_LOOKS = 10000 };

struct audit {
  engine *engine;
  int pause_ms;
  sqlite3 *db;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  bool stopping; /* (lock) */
  atomic_bool interrupt;
  int64_t deadline_ms;
  uint64_t seed;
};

/* What is compared. */
typedef struct subject {
  uint64_t id;
  char view[128];
  char *selection, *rows_sql, *sql;
} subject;

typedef struct digest {
  uint64_t low, high; /* sum of the rows' 128-bit hashes: the same whatever the order */
  int64_t rows;
} digest;

static int look(void *ctx) {
  audit *a = ctx;
  return atomic_load(&a->interrupt) || clock_monotonic_ms() > a->deadline_ms;
}

static uint64_t next_random(audit *a) { /* splitmix64 */
  uint64_t z = (a->seed += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* An instance by chance; not one that is allowed to be behind. */
static bool choose(audit *a, subject *out) {
  instance_registry *r = &a->engine->registry;
  memset(out, 0, sizeof *out);
  pthread_mutex_lock(&r->lock);
  const instance *i = r->count ? r->items[next_random(a) % (uint64_t)r->count] : NULL;
  if (i && strcmp(i->info->strategy, "rerun")) {
    out->id = i->id;
    snprintf(out->view, sizeof out->view, "%s", i->info->view);
    out->selection = strdup(i->target.selection);
    out->rows_sql = strdup(i->rows_sql);
    out->sql = strdup(i->target.sql);
  }
  pthread_mutex_unlock(&r->lock);
  return out->selection && out->rows_sql && out->sql;
}

static void subject_free(subject *s) {
  free(s->selection);
  free(s->rows_sql);
  free(s->sql);
}

static bool take_digest(sqlite3 *db, const char *sql, digest *out) {
  sqlite3_stmt *stmt = NULL;
  memset(out, 0, sizeof *out);
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  buffer bytes = {0};
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    buffer_clear(&bytes);
    for (int i = 0; i < sqlite3_column_count(stmt); i++) row_put(&bytes, value_from_column(stmt, i));
    if (bytes.failed) break;
    XXH128_hash_t h = XXH3_128bits(bytes.data, bytes.len);
    out->low += h.low64;
    out->high += h.high64;
    out->rows++;
    rc = SQLITE_OK;
  }
  sqlite3_finalize(stmt);
  buffer_free(&bytes);
  return rc == SQLITE_DONE;
}

static void compare(audit *a, const subject *s) {
  metrics *m = &a->engine->metrics;
  digest kept, fresh;
  a->deadline_ms = clock_monotonic_ms() + AUDIT_MS;
  bool done = sqlite3_exec(a->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK && take_digest(a->db, s->rows_sql, &kept) &&
              take_digest(a->db, s->sql, &fresh);
  sqlite3_exec(a->db, "ROLLBACK", NULL, NULL, NULL);
  if (!done) {
    atomic_fetch_add(&m->audit_skipped, 1);
    return;
  }
  if (kept.low == fresh.low && kept.high == fresh.high && kept.rows == fresh.rows) {
    atomic_fetch_add(&m->audit_matches, 1);
    return;
  }
  atomic_fetch_add(&m->audit_mismatches, 1);
  log_error("view=%s instance=%llu: the audit found it different from its SQL: %lld rows kept, %lld computed; selection %.500s", s->view,
            (unsigned long long)s->id, (long long)kept.rows, (long long)fresh.rows, s->selection);
}

/* false: stop. */
static bool rest(audit *a, int64_t ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += ms / 1000;
  until.tv_nsec += (long)(ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&a->lock);
  while (!a->stopping && pthread_cond_timedwait(&a->wake, &a->lock, &until) == 0) continue;
  bool go_on = !a->stopping;
  pthread_mutex_unlock(&a->lock);
  return go_on;
}

static void *run(void *ctx) {
  audit *a = ctx;
  int64_t pause = a->pause_ms;
  while (rest(a, pause)) {
    subject s;
    int64_t began = clock_monotonic_ms();
    if (choose(a, &s)) compare(a, &s);
    subject_free(&s);
    int64_t least = (clock_monotonic_ms() - began) * (100 / AUDIT_BUSY_PERCENT);
    pause = least > a->pause_ms ? least : a->pause_ms;
  }
  return NULL;
}

audit *audit_start(engine *e, int pause_ms, error *err) {
  audit *a = calloc(1, sizeof *a);
  if (!a) {
    error_nomem(err);
    return NULL;
  }
  a->engine = e;
  a->pause_ms = pause_ms;
  a->seed = (uint64_t)clock_unix_us();
  pthread_mutex_init(&a->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&a->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  a->db = e->service.reader_open(e, err);
  if (a->db) {
    sqlite3_progress_handler(a->db, STEPS_BETWEEN_LOOKS, look, a);
    if (pthread_create(&a->thread, NULL, run, a) == 0) return a;
    error_set(err, ERR_IO, "the audit's thread cannot be started");
  }
  sqlite3_close_v2(a->db);
  pthread_cond_destroy(&a->wake);
  pthread_mutex_destroy(&a->lock);
  free(a);
  return NULL;
}

void audit_stop(audit *a) {
  if (!a) return;
  atomic_store(&a->interrupt, true);
  pthread_mutex_lock(&a->lock);
  a->stopping = true;
  pthread_cond_signal(&a->wake);
  pthread_mutex_unlock(&a->lock);
  pthread_join(a->thread, NULL);
  sqlite3_close_v2(a->db);
  pthread_cond_destroy(&a->wake);
  pthread_mutex_destroy(&a->lock);
  free(a);
}
