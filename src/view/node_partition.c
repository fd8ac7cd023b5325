/* PARTITION: the rows of one key (a GROUP BY key, a PARTITION BY key, an input row) are computed again by SQL when
** something that goes into them changed, and compared with those that are there. */
#include "view/row_diff.h"
#include "view/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

typedef struct touched_key {
  value *keys;
  UT_hash_handle hh;
  unsigned bytes;
  char key[];
} touched_key;

typedef struct partition_state {
  sqlite3_stmt *compute; /* rows of one key */
  sqlite3_stmt *stored;  /* vs_key → vs_id, columns */
  touched_key *touched;
  arena memory;
  row_diff *diff;
  buffer key;
} partition_state;

static void put_key(const node *n, sqlite3_stmt *stmt, int first, buffer *key) {
  buffer_clear(key);
  for (int i = 0; i < n->keys; i++) key_put(key, value_from_column(stmt, first + i), n->key[i].collation);
}

static bool keep_form(node_state *s, touched_key *k, sqlite3_stmt *stmt, int first) {
  partition_state *p = s->own;
  for (int i = 0; i < s->n->keys; i++) {
    value v = value_from_column(stmt, first + i);
    if (v.type >= VALUE_TEXT && v.bytes && !(v.text = arena_strndup(&p->memory, v.text, v.bytes))) return false;
    k->keys[i] = v;
  }
  return true;
}

/* Of equal keys in several forms ('b' and 'b  ' under RTRIM) one that is there now is asked for: SQLite 3.40 does not always
** find the one by the other. */
static bool touch_key(node_state *s, int weight, sqlite3_stmt *stmt, int first, error *err) {
  partition_state *p = s->own;
  touched_key *known = NULL;
  put_key(s->n, stmt, first, &p->key);
  HASH_FIND(hh, p->touched, buffer_text(&p->key), (unsigned)p->key.len, known);
  if (known) return weight < 0 || keep_form(s, known, stmt, first) || error_nomem(err);
  touched_key *made = arena_zalloc(&p->memory, sizeof *made + p->key.len + 1);
  if (!made || p->key.failed) return error_nomem(err);
  made->bytes = (unsigned)p->key.len;
  memcpy(made->key, buffer_text(&p->key), p->key.len);
  made->keys = arena_alloc(&p->memory, sizeof *made->keys * (size_t)(s->n->keys + 1));
  if (!made->keys || !keep_form(s, made, stmt, first)) return error_nomem(err);
  HASH_ADD(hh, p->touched, key, made->bytes, made);
  return made->hh.tbl || error_nomem(err);
}

static bool take(void *ctx, const input *in, int weight, bool paired, sqlite3_stmt *stmt, int first, error *err) {
  return touch_key(ctx, weight, stmt, first, err) && (!paired || touch_key(ctx, -1, stmt, first + in->outputs, err));
}

static bool read_stored(node_state *s, const touched_key *k, error *err) {
  partition_state *p = s->own;
  sqlite3_bind_blob(p->stored, 1, k->bytes ? k->key : "", (int)k->bytes, SQLITE_STATIC);
  bool ok = true;
  while (ok && sqlite3_step(p->stored) == SQLITE_ROW) ok = row_diff_old(p->diff, p->stored, err);
  if (sqlite3_reset(p->stored) != SQLITE_OK && ok) return run_sql_failed(s->planner->db, "reading result rows", err);
  return ok;
}

static bool compute(node_state *s, const touched_key *k, error *err) {
  partition_state *p = s->own;
  for (int i = 0; i < s->n->keys; i++) value_bind(p->compute, i + 1, k->keys[i]);
  buffer key = {.data = (char *)k->key, .len = k->bytes};
  bool ok = true;
  while (ok && sqlite3_step(p->compute) == SQLITE_ROW) ok = row_diff_new_row(p->diff, p->compute, s->n->keys, &key, err);
  if (sqlite3_reset(p->compute) != SQLITE_OK && ok) return run_sql_failed(s->planner->db, "computing rows again", err);
  return ok;
}

static bool partition_step(node_state *s, error *err) {
  partition_state *p = s->own;
  bool ok = run_changes(s, take, s, err);
  for (touched_key *k = p->touched; ok && k; k = k->hh.next) {
    ok = read_stored(s, k, err) && compute(s, k, err) && row_diff_apply(p->diff, err);
    row_diff_clear(p->diff);
  }
  HASH_CLEAR(hh, p->touched);
  arena_reset(&p->memory);
  return ok;
}

static bool partition_fill(node_state *s, error *err) {
  partition_state *p = s->own;
  sqlite3_stmt *stmt = NULL;
  if (!run_prepare(s->planner->db, delta_sql_partition(s->planner, s->n, false), &stmt, err)) return false;
  int rc;
  bool ok = true;
  while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    put_key(s->n, stmt, 0, &p->key);
    ok = row_diff_new_row(p->diff, stmt, s->n->keys, &p->key, err);
  }
  if (sqlite3_finalize(stmt) != SQLITE_OK && ok) ok = run_sql_failed(s->planner->db, "filling a view", err);
  ok = ok && row_diff_apply(p->diff, err);
  row_diff_clear(p->diff);
  return ok && run_exec(s->planner->db, err, "CREATE INDEX \"%w\".\"%w_k\" ON \"%w\"(vs_key)", s->n->rows.schema, s->n->rows.name, s->n->rows.name);
}

static bool partition_open(node_state *s, error *err) {
  partition_state *p = calloc(1, sizeof *p);
  if (!p) return error_nomem(err);
  s->own = p;
  p->diff = row_diff_new(s, err);
  buffer sql = {0};
  buffer_puts(&sql, "SELECT vs_id");
  for (int i = 0; i < s->n->columns; i++) buffer_printf(&sql, ", c%d", i);
  buffer_printf(&sql, " FROM %s WHERE vs_key = ?1 ORDER BY vs_id", s->n->rows.sql_name);
  bool ok = p->diff && !sql.failed && run_prepare(s->planner->db, buffer_text(&sql), &p->stored, err) &&
            run_prepare(s->planner->db, delta_sql_partition(s->planner, s->n, true), &p->compute, err);
  buffer_free(&sql);
  return ok;
}

static void partition_close(node_state *s) {
  partition_state *p = s->own;
  if (!p) return;
  sqlite3_finalize(p->compute);
  sqlite3_finalize(p->stored);
  HASH_CLEAR(hh, p->touched);
  arena_free(&p->memory);
  row_diff_free(p->diff);
  buffer_free(&p->key);
  free(p);
  s->own = NULL;
}

const node_rule rule_partition = {partition_open, partition_fill, partition_step, partition_close, NULL};
