/* The write-ahead log: moved into the file between turns, and watched. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <sys/stat.h>

enum { BLOCKED_LOG_MS = 10 * 1000 }; /* short reads come and go; only this long is worth a line */

int store_wal_hook(void *ctx, sqlite3 *db, const char *database, int pages) {
  store *s = ctx;
  if (pages < s->wal_pages) s->complete_pages = 0; /* it has started over */
  s->wal_pages = pages;
  return SQLITE_OK;
}

static int64_t wal_file_bytes(const store *s) {
  char path[4096];
  struct stat st;
  int n = snprintf(path, sizeof path, "%s-wal", s->path);
  return n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* One place for the change between blocked and not. */
static void note_blocked(store *s, bool blocked, int64_t now_ms) {
  if (!blocked) {
    if (s->blocked_logged) log_info("database=%s: the reader that held the WAL is gone", s->path);
    s->blocked_since_ms = 0;
    s->blocked_logged = false;
  } else if (s->blocked_since_ms == 0) {
    s->blocked_since_ms = now_ms;
  } else if (!s->blocked_logged && now_ms - s->blocked_since_ms >= BLOCKED_LOG_MS) {
    log_warn("database=%s: a reader has held its snapshot for %d s and the WAL has grown to %lld MiB; end the reader's transaction or statement", s->path,
             (int)((now_ms - s->blocked_since_ms) / 1000), (long long)(s->wal.bytes >> 20));
    s->blocked_logged = true;
  }
  s->wal.blocked = blocked;
  s->wal.blocked_ms = blocked ? now_ms - s->blocked_since_ms : 0;
}

bool store_checkpoint(store *s, store_wal *out, error *err) {
  int64_t now_ms = clock_monotonic_ms();
  bool large = (int64_t)s->wal_pages * s->page_bytes >= STORE_WAL_CHECKPOINT_BYTES;
  bool done = true;
  if (large && s->wal_pages != s->complete_pages) {
    int in_log = 0, moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    done = rc == SQLITE_OK || rc == SQLITE_BUSY || store_sql_error(s, "checkpointing", err);
    /* The log starts over with the next commit when all of it is in the file and nobody reads from it: where it was complete
    ** before and has grown since, somebody does. */
    bool complete = done && in_log >= 0 && moved == in_log;
    bool did_not_start_over = s->complete_pages > 0;
    s->wal.pending_bytes = in_log > moved ? (int64_t)(in_log - moved) * s->page_bytes : 0;
    s->wal.checkpoints++;
    s->complete_pages = complete ? s->wal_pages : s->complete_pages;
    s->wal.bytes = wal_file_bytes(s);
    note_blocked(s, !complete || did_not_start_over, now_ms);
  } else {
    s->wal.bytes = wal_file_bytes(s);
    if (!large) s->wal.pending_bytes = (int64_t)s->wal_pages * s->page_bytes;
    note_blocked(s, s->wal.blocked && large && s->blocked_since_ms, now_ms);
  }
  if (out) *out = s->wal;
  return done;
}
