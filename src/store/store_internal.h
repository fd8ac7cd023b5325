/* The store's own state, shared by the files of this folder and nobody else. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/store.h"

enum {
  STORE_FORMAT = 1,               /* of the vs_ tables; another one is refused */
  STORE_APPLICATION_ID = 0x56535256, /* "VSRV": the file is ours */
};

/* What is to be done to one topic's table in this turn, and the statements that do it. */
typedef struct table_state {
  sqlite3_stmt *update, *insert, *delete_row;
  sqlite3_stmt *check; /* an INSERT on the checker */
  sqlite3_stmt *age, *expire; /* of @retain: oldest and newest; the deletion */
  int expect_insert;   /* > 0: the last rows were new ones, so INSERT is tried before UPDATE */

  change **staged;     /* in order of their last arrival; NULL where a later one took its place */
  size_t staged_count, staged_capacity;
  size_t live;         /* staged that are not NULL */
  uint32_t *buckets;   /* open addressing over staged: index + 1, 0 = empty; keyed topics only */
  size_t bucket_count; /* a power of two, at least twice staged_count */
  change **refused;
  size_t refused_count, refused_capacity;

  int64_t *next_offset;      /* by partition; -1 = none; of this turn */
  int64_t *committed_offset;
  int32_t partitions;
  bool offsets_moved;
  bool was_reset;
} table_state;

struct store {
  char *path;
  char epoch[17];
  const topic_catalog *topics;
  sqlite3 *db;
  sqlite3 *checker; /* in memory, the same tables without rows: tells whether a superseded record would have been accepted */
  int lock_fd;
  int page_bytes, dead_letter_rows;
  uint64_t version;
  bool kept, in_turn, checker_dirty;
  table_state *tables;
  sqlite3_stmt *set_version, *update_offset, *insert_offset, *tick, *dead_letter, *trim_dead_letters;
  store_stats stats;
  change **turned_down; /* what the tables refused in this turn */
  size_t turned_down_count, turned_down_capacity;

  int wal_pages;       /* told by SQLite after each commit */
  int complete_pages;  /* WAL pages at the last complete checkpoint; 0 = it has started over since */
  int64_t blocked_since_ms; /* 0 = not blocked */
  bool blocked_logged;
  store_wal wal;
};

/* err from the connection; always false. */
bool store_sql_error(store *s, const char *doing, error *err);
bool store_prepare(store *s, sqlite3 *db, const char *sql, sqlite3_stmt **out, error *err) MUST_USE;
bool store_execute(store *s, const char *sql, error *err) MUST_USE;
/* Steps to the end, resets; false with err. */
bool store_run(store *s, sqlite3_stmt *stmt, const char *doing, error *err) MUST_USE;

/* --- store_open.c → the others --- */
bool store_prepare_tables(store *s, error *err) MUST_USE;
bool store_prepare_retention(store *s, int index, error *err) MUST_USE;
void store_finalize_tables(store *s);
bool store_load_offsets(store *s, error *err) MUST_USE;
bool store_write_offsets(store *s, error *err) MUST_USE;
void store_settle_offsets(store *s, bool committed);
void store_forget_staged(store *s);
void store_settle_refusals(store *s, bool committed);
int store_wal_hook(void *ctx, sqlite3 *db, const char *database, int pages);

#endif
