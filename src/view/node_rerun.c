/* RERUN: the SELECT is run as a whole and compared with what is there. LIMIT is the same with a small SELECT: the first rows
** of another node by an index on their order. */
#include "view/row_diff.h"
#include "view/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rerun_state {
  sqlite3_stmt *all, *stored;
  row_diff *diff;
  buffer key;
} rerun_state;

static bool rerun_step(node_state *s, error *err) {
  rerun_state *r = s->own;
  int skip = s->n->kind == NODE_LIMIT ? 1 : 0;
  bool ok = true;
  while (ok && sqlite3_step(r->stored) == SQLITE_ROW) ok = row_diff_old(r->diff, r->stored, err);
  if (sqlite3_reset(r->stored) != SQLITE_OK && ok) ok = run_sql_failed(s->planner->db, "reading result rows", err);
  while (ok && sqlite3_step(r->all) == SQLITE_ROW) {
    buffer_clear(&r->key);
    ok = row_diff_new_row(r->diff, r->all, skip, &r->key, err);
  }
  if (sqlite3_reset(r->all) != SQLITE_OK && ok) ok = run_sql_failed(s->planner->db, "running the view again", err);
  ok = ok && row_diff_apply(r->diff, err);
  row_diff_clear(r->diff);
  return ok;
}

static bool index_order(node_state *s, error *err) {
  const node *n = s->n;
  buffer columns = {0};
  for (int i = 0; i < n->order.count; i++) {
    const order_term *t = &n->order.items[i];
    buffer_printf(&columns, "%sc%d COLLATE ", i ? ", " : "", t->value->left->source_column);
    buffer_sql_name(&columns, t->value->name);
    if (t->descending) buffer_puts(&columns, " DESC");
  }
  buffer_puts(&columns, ", vs_key");
  const relation *rel = &n->input->rows;
  bool ok = !columns.failed && run_exec(s->planner->db, err, "CREATE INDEX IF NOT EXISTS \"%w\".\"%w_o%d\" ON \"%w\"(%s)", rel->schema, rel->name, n->id, rel->name,
                                        buffer_text(&columns));
  buffer_free(&columns);
  return ok;
}

static bool rerun_fill(node_state *s, error *err) {
  if (s->n->kind == NODE_LIMIT && !index_order(s, err)) return false;
  return rerun_step(s, err);
}

static bool rerun_open(node_state *s, error *err) {
  const node *n = s->n;
  rerun_state *r = calloc(1, sizeof *r);
  if (!r) return error_nomem(err);
  s->own = r;
  r->diff = row_diff_new(s, err);
  buffer sql = {0};
  buffer_puts(&sql, "SELECT vs_id");
  for (int i = 0; i < n->columns; i++) buffer_printf(&sql, ", c%d", i);
  buffer_printf(&sql, " FROM %s ORDER BY vs_id", n->rows.sql_name);
  bool ok = r->diff && !sql.failed && run_prepare(s->planner->db, buffer_text(&sql), &r->stored, err) &&
            run_prepare(s->planner->db, n->kind == NODE_LIMIT ? delta_sql_limit(s->planner, n) : n->sql, &r->all, err);
  buffer_free(&sql);
  return ok;
}

static void rerun_close(node_state *s) {
  rerun_state *r = s->own;
  if (!r) return;
  sqlite3_finalize(r->all);
  sqlite3_finalize(r->stored);
  row_diff_free(r->diff);
  buffer_free(&r->key);
  free(r);
  s->own = NULL;
}

const node_rule rule_limit = {rerun_open, rerun_fill, rerun_step, rerun_close, NULL};
const node_rule rule_rerun = {rerun_open, rerun_fill, rerun_step, rerun_close, NULL};
