/* Append tables that forget: rows older than @retain, by the stream's own time. */
#include "store/store_internal.h"

/* The moment before which rows are too old; false: an error. *due: there are such rows. A stray record from the future does
** not age the others: time never runs ahead of the wall clock. */
static bool find_cut(store *s, int index, int64_t now_ms, int64_t *cut, bool *due, error *err) {
  const topic *t = &s->topics->topics[index];
  table_state *state = &s->tables[index];
  int rc = sqlite3_step(state->age);
  *due = false;
  if (rc == SQLITE_ROW && sqlite3_column_type(state->age, 0) != SQLITE_NULL) {
    int64_t oldest = sqlite3_column_int64(state->age, 0), newest = sqlite3_column_int64(state->age, 1);
    *cut = (newest < now_ms ? newest : now_ms) - t->retain_ms;
    *due = oldest < *cut;
  }
  bool done = rc == SQLITE_ROW || store_sql_error(s, "looking for old rows", err);
  sqlite3_reset(state->age);
  return done;
}

bool store_prepare_retention(store *s, int index, error *err) {
  const topic *t = &s->topics->topics[index];
  table_state *state = &s->tables[index];
  if (!t->retain_ms) return true;
  const char *column = t->column[t->retain_column].name;
  char *age = sqlite3_mprintf("SELECT (SELECT min(\"%w\") FROM main.\"%w\"), (SELECT max(\"%w\") FROM main.\"%w\")", column, t->table, column, t->table);
  char *expire = sqlite3_mprintf("DELETE FROM main.\"%w\" WHERE rowid IN (SELECT rowid FROM main.\"%w\" WHERE \"%w\" < ?1 ORDER BY \"%w\" LIMIT %d)", t->table,
                                 t->table, column, column, STORE_RETAIN_ROWS);
  bool done = age && expire ? store_prepare(s, s->db, age, &state->age, err) && store_prepare(s, s->db, expire, &state->expire, err) : error_nomem(err);
  sqlite3_free(age);
  sqlite3_free(expire);
  return done;
}

bool store_retain(store *s, int64_t now_ms, bool *more, error *err) {
  *more = false;
  for (int i = 0; i < s->topics->count; i++) {
    table_state *state = &s->tables[i];
    int64_t cut;
    bool due;
    if (!state->expire) continue;
    if (!find_cut(s, i, now_ms, &cut, &due, err)) return false;
    if (!due) continue;
    sqlite3_bind_int64(state->expire, 1, cut);
    if (!store_run(s, state->expire, "deleting old rows", err)) return false;
    int deleted = sqlite3_changes(s->db);
    s->stats.retained_out += (uint64_t)deleted;
    *more |= deleted == STORE_RETAIN_ROWS;
  }
  return true;
}

bool store_retain_due(store *s, int64_t now_ms) {
  for (int i = 0; i < s->topics->count; i++) {
    int64_t cut;
    bool due;
    error ignored; /* store_retain meets and reports it */
    if (s->tables[i].expire && find_cut(s, i, now_ms, &cut, &due, &ignored) && due) return true;
  }
  return false;
}
