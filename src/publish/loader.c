#include "publish/loader.h"

#include <stdlib.h>

loader *loader_new(void) { return calloc(1, sizeof(loader)); }

void rows_free(idmap *rows) {
  size_t at = 0;
  int64_t id;
  void *r;
  while (idmap_next(rows, &at, &id, &r)) stored_row_unref(r);
  idmap_free(rows);
}

static void finish_reading(loader *l) {
  sqlite3_finalize(l->rows_stmt);
  sqlite3_close(l->db); /* ends the read transaction */
  l->rows_stmt = NULL;
  l->db = NULL;
}

void loader_free(loader *l) {
  if (!l) return;
  finish_reading(l);
  rows_free(&l->rows);
  for (size_t i = 0; i < l->turn_count; i++) turn_unref(l->turns[i].turn);
  free(l->turns);
  free(l);
}

static bool sql_failed(loader *l, const char *what, error *err) {
  return error_set(err, ERR_SQL, "%s: %s", what, sqlite3_errmsg(l->db));
}

static bool read_version(loader *l, error *err) {
  sqlite3_stmt *stmt = NULL;
  bool done = sqlite3_prepare_v2(l->db, "SELECT value FROM vs_meta WHERE key = 'version'", -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;
  if (done)
    l->version = (uint64_t)sqlite3_column_int64(stmt, 0);
  else
    sql_failed(l, "the live database does not tell its version", err);
  sqlite3_finalize(stmt);
  return done;
}

/* The table has vs_id first, then the view's columns in order under names of its own, then the engine's state. */
static bool prepare_rows(loader *l, const instance_info *info, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "SELECT * FROM ");
  buffer_sql_name(&sql, info->table);
  bool done = !sql.failed && sqlite3_prepare_v2(l->db, buffer_text(&sql), -1, &l->rows_stmt, NULL) == SQLITE_OK;
  if (!done) sql_failed(l, info->table, err);
  buffer_free(&sql);
  l->columns = info->columns;
  if (done && sqlite3_column_count(l->rows_stmt) <= info->columns)
    return error_set(err, ERR_INTERNAL, "%s has fewer columns than its view", info->table);
  return done;
}

bool loader_begin(loader *l, const service *svc, const instance_info *info, error *err) {
  l->begun = true;
  l->db = svc->reader_open(svc->ctx, err);
  if (!l->db) return false;
  if (sqlite3_exec(l->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) return sql_failed(l, "cannot begin to read", err);
  return read_version(l, err) && prepare_rows(l, info, err);
}

static bool take_row(loader *l, buffer *cells) {
  sqlite3_stmt *stmt = l->rows_stmt;
  buffer_clear(cells);
  for (int i = 1; i <= l->columns; i++) row_put(cells, value_from_column(stmt, i));
  if (cells->failed) return false;
  int64_t id = sqlite3_column_int64(stmt, 0);
  stored_row *r = stored_row_new(id, (row){.bytes = (const uint8_t *)cells->data, .size = (uint32_t)cells->len});
  if (!r) return false;
  if (!idmap_put(&l->rows, id, r)) {
    stored_row_unref(r);
    return false;
  }
  l->row_bytes += r->bytes;
  return true;
}

bool loader_step(loader *l, bool *more, error *err) {
  buffer cells = {0};
  int rc = SQLITE_ROW;
  bool memory = true;
  for (int i = 0; memory && i < LOAD_ROWS_PER_STEP && (rc = sqlite3_step(l->rows_stmt)) == SQLITE_ROW; i++) memory = take_row(l, &cells);
  buffer_free(&cells);
  *more = rc == SQLITE_ROW;
  if (!memory) return error_nomem(err);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return sql_failed(l, "reading the rows failed", err);
  if (!*more) finish_reading(l);
  return true;
}

bool loader_keep(loader *l, turn *t, const instance_changes *changes) {
  if (l->turn_count == MAX_TURNS_WHILE_LOADING) return false;
  if (l->turn_count == l->turn_capacity) {
    size_t capacity = l->turn_capacity ? l->turn_capacity * 2 : 16;
    waiting_turn *turns = realloc(l->turns, capacity * sizeof *turns);
    if (!turns) return false;
    l->turns = turns;
    l->turn_capacity = capacity;
  }
  l->turns[l->turn_count++] = (waiting_turn){.turn = turn_ref(t), .changes = changes};
  return true;
}
