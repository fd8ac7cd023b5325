/* The turn: begin, clock, offsets, commit, roll back. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { STORE_MOST_PARTITIONS = 65536 };

bool store_begin(store *s, error *err) {
  assert(!s->in_turn);
  if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) return store_sql_error(s, "beginning a turn", err);
  s->in_turn = true;
  return true;
}

bool store_tick(store *s, int64_t now_ms, error *err) {
  sqlite3_bind_int64(s->tick, 1, now_ms);
  return store_run(s, s->tick, "moving the clock", err);
}

bool store_commit(store *s, uint64_t version, error *err) {
  assert(s->in_turn);
  if (!store_write_offsets(s, err)) return false;
  sqlite3_bind_int64(s->set_version, 1, (sqlite3_int64)version);
  if (!store_run(s, s->set_version, "writing the version", err)) return false;
  if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) return store_sql_error(s, "committing a turn", err);
  s->in_turn = false;
  s->version = version;
  s->stats.turns++;
  store_settle_offsets(s, true);
  store_settle_refusals(s, true);
  store_forget_staged(s);
  return true;
}

void store_rollback(store *s) {
  /* SQLite may have rolled back already (disk full, out of memory): then there is nothing to do here. */
  if (!sqlite3_get_autocommit(s->db)) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  s->in_turn = false;
  store_settle_offsets(s, false);
  store_settle_refusals(s, false);
  store_forget_staged(s);
}

/* --- dead letters --- */

/* Text where it is text, else a blob; NULL where there is none. */
static void bind_bytes(sqlite3_stmt *stmt, int parameter, const char *bytes, uint32_t n, uint32_t most) {
  uint32_t kept = n < most ? n : most;
  if (!bytes) sqlite3_bind_null(stmt, parameter);
  else if (utf8_valid(bytes, kept) && !memchr(bytes, '\0', kept)) sqlite3_bind_text(stmt, parameter, bytes, (int)kept, SQLITE_STATIC);
  else sqlite3_bind_blob(stmt, parameter, bytes, (int)kept, SQLITE_STATIC);
}

bool store_dead_letter(store *s, const record *r, const char *reason, error *err) {
  sqlite3_stmt *stmt = s->dead_letter;
  sqlite3_bind_text(stmt, 1, s->topics->topics[r->topic].name, -1, SQLITE_STATIC);
  if (r->partition >= 0) sqlite3_bind_int(stmt, 2, r->partition);
  if (r->offset >= 0) sqlite3_bind_int64(stmt, 3, r->offset);
  bind_bytes(stmt, 4, r->key, r->key_bytes, STORE_DEAD_LETTER_PAYLOAD_BYTES);
  sqlite3_bind_text(stmt, 5, reason, -1, SQLITE_STATIC);
  bind_bytes(stmt, 6, r->payload, r->payload_bytes, STORE_DEAD_LETTER_PAYLOAD_BYTES);
  sqlite3_bind_int64(stmt, 7, clock_unix_ms());
  bool done = store_run(s, stmt, "setting a record aside", err);
  sqlite3_clear_bindings(stmt);
  if (!done) return false;
  s->stats.dead_letters++;
  sqlite3_int64 last = sqlite3_last_insert_rowid(s->db);
  if (last <= s->dead_letter_rows) return true;
  sqlite3_bind_int64(s->trim_dead_letters, 1, last - s->dead_letter_rows);
  return store_run(s, s->trim_dead_letters, "forgetting old dead letters", err);
}

/* --- offsets --- */

static bool make_room(table_state *t, int32_t partition) {
  if (partition < t->partitions) return true;
  int32_t count = partition + 1;
  int64_t *next = realloc(t->next_offset, (size_t)count * sizeof *next);
  if (next) t->next_offset = next;
  int64_t *committed = next ? realloc(t->committed_offset, (size_t)count * sizeof *committed) : NULL;
  if (!committed) return false;
  t->committed_offset = committed;
  for (int32_t p = t->partitions; p < count; p++) next[p] = committed[p] = -1;
  t->partitions = count;
  return true;
}

bool store_load_offsets(store *s, error *err) {
  sqlite3_stmt *stmt;
  bool done = store_prepare(s, s->db, "SELECT topic, \"partition\", next_offset FROM vs_offset", &stmt, err);
  while (done && sqlite3_step(stmt) == SQLITE_ROW) {
    int i = topic_by_name(s->topics, (const char *)sqlite3_column_text(stmt, 0));
    int64_t partition = sqlite3_column_int64(stmt, 1);
    if (i < 0 || partition < 0 || partition >= STORE_MOST_PARTITIONS) continue;
    table_state *t = &s->tables[i];
    if (!(done = make_room(t, (int32_t)partition) || error_nomem(err))) break;
    t->next_offset[partition] = t->committed_offset[partition] = sqlite3_column_int64(stmt, 2);
  }
  sqlite3_finalize(stmt);
  return done;
}

bool store_offset(store *s, stream_position p, error *err) {
  if (p.partition < 0) return true;
  if (p.partition >= STORE_MOST_PARTITIONS)
    return error_set(err, ERR_LIMIT, "topic %s has partition %d, at most %d are followed", s->topics->topics[p.topic].name, p.partition,
                     STORE_MOST_PARTITIONS);
  table_state *t = &s->tables[p.topic];
  if (!make_room(t, p.partition)) return error_nomem(err);
  if (p.next_offset > t->next_offset[p.partition]) {
    t->next_offset[p.partition] = p.next_offset;
    t->offsets_moved = true;
  }
  return true;
}

static bool write_offset(store *s, int i, int32_t partition, error *err) {
  const table_state *t = &s->tables[i];
  sqlite3_stmt *stmt = t->committed_offset[partition] >= 0 ? s->update_offset : s->insert_offset;
  sqlite3_bind_text(stmt, 1, s->topics->topics[i].name, -1, SQLITE_STATIC);
  sqlite3_bind_int(stmt, 2, partition);
  sqlite3_bind_int64(stmt, 3, t->next_offset[partition]);
  return store_run(s, stmt, "writing an offset", err);
}

bool store_write_offsets(store *s, error *err) {
  for (int i = 0; i < s->topics->count; i++) {
    const table_state *t = &s->tables[i];
    for (int32_t p = 0; t->offsets_moved && p < t->partitions; p++)
      if (t->next_offset[p] != t->committed_offset[p] && !write_offset(s, i, p, err)) return false;
  }
  return true;
}

void store_settle_offsets(store *s, bool committed) {
  for (int i = 0; i < s->topics->count; i++) {
    table_state *t = &s->tables[i];
    if (!t->offsets_moved) continue;
    size_t bytes = (size_t)t->partitions * sizeof *t->next_offset;
    if (committed) memcpy(t->committed_offset, t->next_offset, bytes);
    else memcpy(t->next_offset, t->committed_offset, bytes);
    t->offsets_moved = false;
  }
}

stream_position *store_positions(store *s, size_t *count, error *err) {
  size_t most = 0;
  for (int i = 0; i < s->topics->count; i++) most += (size_t)s->tables[i].partitions;
  *count = 0;
  stream_position *positions = malloc((most + 1) * sizeof *positions);
  if (!positions) {
    error_nomem(err);
    return NULL;
  }
  for (int i = 0; i < s->topics->count; i++)
    for (int32_t p = 0; p < s->tables[i].partitions; p++)
      if (s->tables[i].committed_offset[p] >= 0)
        positions[(*count)++] = (stream_position){.topic = i, .partition = p, .next_offset = s->tables[i].committed_offset[p]};
  return positions;
}
