/* The live database: a SQLite file in WAL mode, written by one connection, read by anyone.
**
** One store per file and process (a lock file beside it keeps a second server out). It holds the topics' tables and
**   vs_meta        key, value: format, epoch (an id of this database's life), version, created_ms, started_ms, table hashes
**   vs_offset      topic, partition, next_offset: moved in the turn's own transaction
**   vs_dead_letter id, topic, partition, offset, key, reason, payload, received_at: the last ones, bounded
**   clock          now: one row, ms since the epoch, moved by store_tick
**
** Turn:  store_begin → store_stage for every change, in arrival order → for each topic: store_apply [→ view_set_propagate]
**        → store_tick, store_retain → store_offset → store_commit | store_rollback
** Several changes of one key in a turn count as their last one that the table accepts; append topics keep all. A record
** that breaks a constraint becomes CHANGE_REFUSED with its reason (a rollback takes the verdict back), is written to the dead
** letters, and the turn goes on; the same records give the same dead letters however they fall into turns.
** Nothing of a turn outlives store_rollback; staged changes are forgotten by both ends of a turn and may be staged again.
**
** Changes are applied as UPDATE by key, then INSERT where no row changed, then DELETE by key: plain statements on which
** ordinary triggers fire, never UPSERT or REPLACE.
** On opening a file that exists: data, offsets and version are kept. A table whose declaration changed (its hash) is
** dropped and made anew, its offsets are forgotten, so its topic is replayed; a table that is no longer declared is
** dropped. The others stay. A file that is not a viewserver's is refused, never touched.
** Thread: the engine's, except where marked (any). Ownership: the store owns the connection; the catalog outlives the store.
*/
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "catalog/topic.h"
#include "model/batch.h"

enum {
  STORE_PAGE_BYTES = 4096,              /* 1,024 makes turns of few rows cheaper, 4,096 those of many and bulk loads */
  STORE_BUSY_MS = 2000,                 /* wait for a lock that somebody else's shell holds */
  STORE_WAL_CHECKPOINT_BYTES = 8 << 20, /* from here on store_checkpoint works */
  STORE_WAL_KEEP_BYTES = 64 << 20,      /* a WAL that was larger is cut to this when it starts over */
  STORE_DEAD_LETTER_ROWS = 10000,
  STORE_DEAD_LETTER_PAYLOAD_BYTES = 64 * 1024,
  STORE_RETAIN_ROWS = 5000,             /* rows that one store_retain deletes per topic */
};

typedef struct store store;

typedef struct store_options {
  const char *path;        /* its directory is made (0755) where it is missing */
  const topic_catalog *topics;
  bool fresh;              /* throw away what is there */
  int page_bytes;          /* of a new file; 0 = STORE_PAGE_BYTES */
  int busy_ms;             /* 0 = STORE_BUSY_MS */
  int64_t cache_bytes;     /* page cache of the writer; 0 = 64 MiB */
  int dead_letter_rows;    /* 0 = STORE_DEAD_LETTER_ROWS */
} store_options;

store *store_open(const store_options *options, error *err) MUST_USE;
void store_close(store *s); /* rolls back an open turn; the file stays */
sqlite3 *store_connection(store *s); /* the writing one; not to be closed, no BEGIN or COMMIT by hand in a turn */
const char *store_path(const store *s);        /* (any) absolute */
uint64_t store_version(const store *s);        /* last committed */
const char *store_epoch(const store *s);       /* (any) 16 hex digits, new with each new file */
bool store_was_kept(const store *s);           /* opened a file that held data, false: all is new */
bool store_topic_was_reset(const store *s, int topic); /* its table is new or was made anew on opening */

/* --- a turn; each false leaves a turn that must be rolled back --- */
bool store_begin(store *s, error *err) MUST_USE; /* ERR_BUSY: somebody held the lock for busy_ms */
bool store_stage(store *s, change *c, error *err) MUST_USE; /* borrowed until the turn ends; also outside a turn */
size_t store_staged(const store *s, int topic); /* rows that store_apply will touch */
bool store_apply(store *s, int topic, error *err) MUST_USE; /* this topic's staged changes; its dead letters too */
bool store_tick(store *s, int64_t now_ms, error *err) MUST_USE;
/* Deletes rows of @retain tables that are too old by the stream's own time (its newest row, or now_ms where that is
** earlier), at most STORE_RETAIN_ROWS per topic. *more: there are others; call again next turn. */
bool store_retain(store *s, int64_t now_ms, bool *more, error *err) MUST_USE;
bool store_retain_due(store *s, int64_t now_ms); /* is there anything for store_retain; outside a turn too */
/* The partition was applied up to next_offset (never moves back; partition -1 is ignored). */
bool store_offset(store *s, stream_position p, error *err) MUST_USE;
bool store_commit(store *s, uint64_t version, error *err) MUST_USE; /* writes offsets and version, commits */
void store_rollback(store *s);

/* A record that could not be applied for a reason of the caller's. Inside a turn. CHANGE_REFUSED changes that are staged
** get theirs from store_apply. */
bool store_dead_letter(store *s, const record *r, const char *reason, error *err) MUST_USE;

/* All stored positions of declared topics; malloc'd, the caller frees them. NULL: out of memory. */
stream_position *store_positions(store *s, size_t *count, error *err) MUST_USE;

/* --- the WAL --- */
typedef struct store_wal {
  int64_t bytes;            /* of the WAL file */
  int64_t pending_bytes;    /* committed, not yet in the database file */
  bool blocked;             /* the last checkpoint could not finish: a reader holds an old snapshot */
  int64_t blocked_ms;       /* for how long already */
  uint64_t checkpoints;
} store_wal;
/* Between turns: moves the WAL into the file when it is large enough. Never waits for a reader; one that keeps the WAL
** from starting over is logged once when it begins and once when it ends, and stands in the figures. */
bool store_checkpoint(store *s, store_wal *out, error *err) MUST_USE;

typedef struct store_stats {
  uint64_t turns, upserts, deletes, appends, superseded, dead_letters, retained_out; /* committed or not, since opening */
} store_stats;
store_stats store_read_stats(const store *s);

#endif
