#include "view/run.h"

#include <stdlib.h>
#include <string.h>

bool result_table_create(node_state *s, error *err) {
  const node *n = s->n;
  result_table *t = &s->table;
  t->db = s->planner->db;
  t->name = n->rows.sql_name;
  t->columns = n->columns;
  t->keyed = true;
  t->next_id = 1;
  t->rows = 0;
  buffer sql = {0}, insert = {0}, update = {0};
  buffer_printf(&sql, "CREATE TABLE %s(vs_id INTEGER PRIMARY KEY", t->name);
  buffer_printf(&insert, "INSERT INTO %s VALUES (?1", t->name);
  buffer_printf(&update, "UPDATE %s SET ", t->name);
  for (int i = 0; i < n->columns; i++) {
    const column_def *c = &n->rows.column[i];
    buffer_printf(&sql, ", c%d %s COLLATE ", i, affinity_type(c->affinity));
    buffer_sql_name(&sql, c->collation);
    buffer_printf(&insert, ", ?%d", i + 2);
    buffer_printf(&update, "%sc%d = ?%d", i ? ", " : "", i, i + 2);
  }
  if (t->keyed) {
    buffer_puts(&sql, ", vs_key BLOB");
    buffer_printf(&insert, ", ?%d", n->columns + 2);
  }
  buffer_puts(&sql, ")");
  buffer_puts(&insert, ")");
  buffer_puts(&update, " WHERE vs_id = ?1");
  bool ok = run_exec(t->db, err, "%s", buffer_text(&sql)) && run_prepare(t->db, buffer_text(&insert), &t->insert, err);
  if (ok && n->columns) ok = run_prepare(t->db, buffer_text(&update), &t->update, err);
  buffer_clear(&sql);
  buffer_printf(&sql, "DELETE FROM %s WHERE vs_id = ?1", t->name);
  ok = ok && run_prepare(t->db, buffer_text(&sql), &t->remove, err);
  buffer_free(&sql);
  buffer_free(&insert);
  buffer_free(&update);
  return ok;
}

static void bind_static(sqlite3_stmt *stmt, int parameter, value v) {
  switch (v.type) {
    case VALUE_NULL: sqlite3_bind_null(stmt, parameter); break;
    case VALUE_INTEGER: sqlite3_bind_int64(stmt, parameter, v.i); break;
    case VALUE_REAL: sqlite3_bind_double(stmt, parameter, v.r); break;
    case VALUE_TEXT: sqlite3_bind_text(stmt, parameter, v.bytes ? v.text : "", (int)v.bytes, SQLITE_STATIC); break;
    case VALUE_BLOB:
      if (v.bytes)
        sqlite3_bind_blob(stmt, parameter, v.text, (int)v.bytes, SQLITE_STATIC);
      else
        sqlite3_bind_zeroblob(stmt, parameter, 0);
      break;
  }
}

static bool run_write(node_state *s, sqlite3_stmt *stmt, error *err) {
  sqlite3_step(stmt);
  if (sqlite3_reset(stmt) == SQLITE_OK) return true;
  return run_sql_failed(s->table.db, "writing a result row", err);
}

static bool fold(delta_set *d, int64_t id, const value *before, const value *after, error *err) {
  bool made;
  delta_row *r = delta_set_row(d, id, NULL, 0, &made);
  if (!r) return error_nomem(err);
  if (made && before && !(r->before = delta_set_copy(d, before))) return error_nomem(err);
  r->after = NULL;
  if (after && !(r->after = delta_set_copy(d, after))) return error_nomem(err);
  return true;
}

static bool record(node_state *s, int64_t id, const value *before, const value *after, error *err) {
  s->stats.deltas++;
  bool followed = s->changes && s->changes->users > 1; /* by more than itself */
  if (followed && !fold(&s->changes->changes, id, before, after, err)) return false;
  return !s->watched || fold(&s->turn, id, before, after, err);
}

bool result_table_insert(node_state *s, const value *values, const buffer *key, int64_t *id, error *err) {
  result_table *t = &s->table;
  *id = t->next_id++;
  sqlite3_bind_int64(t->insert, 1, *id);
  for (int i = 0; i < t->columns; i++) bind_static(t->insert, i + 2, values[i]);
  if (t->keyed) sqlite3_bind_blob(t->insert, t->columns + 2, key && key->len ? key->data : "", key ? (int)key->len : 0, SQLITE_STATIC);
  if (!run_write(s, t->insert, err)) return false;
  t->rows++;
  return record(s, *id, NULL, values, err);
}

bool result_table_update(node_state *s, int64_t id, const value *before, const value *after, error *err) {
  result_table *t = &s->table;
  if (t->columns == 0) return true;
  sqlite3_bind_int64(t->update, 1, id);
  for (int i = 0; i < t->columns; i++) bind_static(t->update, i + 2, after[i]);
  return run_write(s, t->update, err) && record(s, id, before, after, err);
}

bool result_table_remove(node_state *s, int64_t id, const value *before, error *err) {
  result_table *t = &s->table;
  sqlite3_bind_int64(t->remove, 1, id);
  if (!run_write(s, t->remove, err)) return false;
  t->rows--;
  return record(s, id, before, NULL, err);
}

void result_table_close(node_state *s) {
  sqlite3_finalize(s->table.insert);
  sqlite3_finalize(s->table.update);
  sqlite3_finalize(s->table.remove);
  s->table.insert = s->table.update = s->table.remove = NULL;
}

void result_table_drop(node_state *s) {
  result_table_close(s);
  error ignored;
  if (!run_exec(s->planner->db, &ignored, "DROP TABLE IF EXISTS %s", s->n->rows.sql_name)) return;
}
