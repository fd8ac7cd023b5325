/* JOIN: the rows of the arms, each under the identity of the input rows that it was made of. */
#include "view/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ways of uthash that lead out of memory end the turn, not the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* What one step does to the row of one key: contributions with their weight; equal ones cancel. */
typedef struct contribution {
  value *values;
  int weight;
  struct contribution *next;
} contribution;

typedef struct pending_row {
  contribution *contributions;
  UT_hash_handle hh;
  unsigned key_bytes;
  char key[];
} pending_row;

typedef struct join_state {
  sqlite3_stmt *find; /* vs_key → vs_id */
  pending_row *pending;
  arena memory;       /* of one step */
  buffer key;
} join_state;

static void put_row_key(const node_state *s, const input *in, sqlite3_stmt *stmt, int first, buffer *key) {
  buffer_clear(key);
  buffer_putc(key, (char)(in->arm >> 8));
  buffer_putc(key, (char)in->arm);
  for (int i = s->n->columns; i < in->outputs; i++) key_put(key, value_from_column(stmt, first + i), expr_collation(in->output[i]));
}

static value *copy_values(node_state *s, arena *memory, sqlite3_stmt *stmt, int first) {
  int n = s->n->columns;
  value *copy = arena_alloc(memory, sizeof *copy * (size_t)(n + 1));
  for (int i = 0; copy && i < n; i++) {
    copy[i] = value_from_column(stmt, first + i);
    if (copy[i].type >= VALUE_TEXT && copy[i].bytes && !(copy[i].text = arena_strndup(memory, copy[i].text, copy[i].bytes))) return NULL;
  }
  return copy;
}

static bool same_values(const value *a, const value *b, int n) {
  for (int i = 0; i < n; i++)
    if (!value_same(a[i], b[i])) return false;
  return true;
}

static bool contribute(node_state *s, int weight, value *values, error *err) {
  join_state *j = s->own;
  pending_row *made = NULL;
  HASH_FIND(hh, j->pending, j->key.data, (unsigned)j->key.len, made);
  if (!made) {
    made = arena_zalloc(&j->memory, sizeof *made + j->key.len);
    if (!made || !values) return error_nomem(err);
    made->key_bytes = (unsigned)j->key.len;
    memcpy(made->key, j->key.data, j->key.len);
    HASH_ADD(hh, j->pending, key, made->key_bytes, made);
    if (!made->hh.tbl) return error_nomem(err);
  }
  for (contribution *c = made->contributions; c; c = c->next)
    if (same_values(c->values, values, s->n->columns)) {
      c->weight += weight;
      return true;
    }
  contribution *c = arena_zalloc(&j->memory, sizeof *c);
  if (!c || !values) return error_nomem(err);
  *c = (contribution){values, weight, made->contributions};
  made->contributions = c;
  return true;
}

static bool take(void *ctx, const input *in, int weight, bool paired, sqlite3_stmt *stmt, int first, error *err) {
  node_state *s = ctx;
  join_state *j = s->own;
  put_row_key(s, in, stmt, first, &j->key);
  if (j->key.failed) return error_nomem(err);
  value *values = copy_values(s, &j->memory, stmt, first);
  if (!values || !contribute(s, weight, values, err)) return err->code != ERR_NONE ? false : error_nomem(err);
  if (!paired) return true;
  value *before = copy_values(s, &j->memory, stmt, first + in->outputs);
  if (!before) return error_nomem(err);
  return contribute(s, -1, before, err);
}

static bool find_row(node_state *s, const pending_row *made, int64_t *id, error *err) {
  join_state *j = s->own;
  sqlite3_bind_blob(j->find, 1, made->key, (int)made->key_bytes, SQLITE_STATIC);
  bool found = sqlite3_step(j->find) == SQLITE_ROW;
  if (found) *id = sqlite3_column_int64(j->find, 0);
  if (sqlite3_reset(j->find) != SQLITE_OK) return run_sql_failed(s->planner->db, "finding a result row", err);
  return found || error_set(err, ERR_INTERNAL, "a row that goes was not there");
}

static bool apply_row(node_state *s, const pending_row *made, error *err) {
  const value *before = NULL, *after = NULL;
  for (const contribution *c = made->contributions; c; c = c->next) {
    if (c->weight == 0) continue;
    const value **side = c->weight > 0 ? &after : &before;
    if (*side || c->weight > 1 || c->weight < -1) return error_set(err, ERR_INTERNAL, "the changes of one row do not add up");
    *side = c->values;
  }
  int64_t id;
  if (before && !find_row(s, made, &id, err)) return false;
  buffer key = {.data = (char *)made->key, .len = made->key_bytes};
  if (before && after) return result_table_update(s, id, before, after, err);
  if (before) return result_table_remove(s, id, before, err);
  return !after || result_table_insert(s, after, &key, &id, err);
}

static void clear(join_state *j) {
  HASH_CLEAR(hh, j->pending);
  arena_reset(&j->memory);
}

static bool join_step(node_state *s, error *err) {
  join_state *j = s->own;
  bool ok = run_changes(s, take, s, err);
  for (pending_row *made = j->pending; ok && made; made = made->hh.next) ok = apply_row(s, made, err);
  clear(j);
  return ok;
}

static bool fill_arm(node_state *s, int number, sqlite3_stmt *stmt, error *err) {
  join_state *j = s->own;
  const input *in = NULL;
  for (int i = 0; i < s->inputs && !in; i++)
    if (s->input[i].arm == number) in = &s->input[i];
  input constant = {.arm = number, .outputs = s->n->columns};
  if (!in) in = &constant;
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    int64_t id;
    put_row_key(s, in, stmt, 0, &j->key);
    value *values = copy_values(s, &j->memory, stmt, 0);
    if (!values || j->key.failed) return error_nomem(err);
    if (!result_table_insert(s, values, &j->key, &id, err)) return false;
    arena_reset(&j->memory);
  }
  return rc == SQLITE_DONE || run_sql_failed(s->planner->db, "filling a view", err);
}

static bool join_fill(node_state *s, error *err) {
  for (int a = 0; a < s->n->arms; a++) {
    const input *in = NULL;
    for (int i = 0; i < s->inputs && !in; i++)
      if (s->input[i].arm == a) in = &s->input[i];
    arm all = *s->n->arm[a];
    int outputs = s->n->columns;
    if (in) {
      all.output = in->output;
      outputs = in->outputs;
    }
    buffer sql = {0};
    sqlite3_stmt *stmt = NULL;
    delta_sql_arm(s->planner, &sql, &all, outputs, NULL);
    bool ok = !sql.failed ? run_prepare(s->planner->db, buffer_text(&sql), &stmt, err) : error_nomem(err);
    buffer_free(&sql);
    ok = ok && fill_arm(s, a, stmt, err);
    sqlite3_finalize(stmt);
    if (!ok) return false;
  }
  return run_exec(s->planner->db, err, "CREATE UNIQUE INDEX \"%w\".\"%w_k\" ON \"%w\"(vs_key)", s->n->rows.schema, s->n->rows.name, s->n->rows.name);
}

static bool join_open(node_state *s, error *err) {
  join_state *j = calloc(1, sizeof *j);
  if (!j) return error_nomem(err);
  s->own = j;
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT vs_id FROM %s WHERE vs_key = ?1", s->n->rows.sql_name);
  return run_prepare(s->planner->db, sql, &j->find, err);
}

static void join_close(node_state *s) {
  join_state *j = s->own;
  if (!j) return;
  sqlite3_finalize(j->find);
  clear(j);
  arena_free(&j->memory);
  buffer_free(&j->key);
  free(j);
  s->own = NULL;
}

const node_rule rule_join = {join_open, join_fill, join_step, join_close, NULL};
