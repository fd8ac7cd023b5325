/* GROUP: a hash of groups, each with its accumulators; only the groups that a step touched are looked at again. */
#include "view/accumulator.h"
#include "view/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 64 };

typedef struct group {
  uint64_t hash;
  int64_t id;        /* of its result row; 0 = none (empty, or refused by HAVING) */
  int64_t rows;
  bool touched;
  bool mixed;        /* equal keys in several forms, or a bare column with several values: SQL picks, as long as it lives */
  uint32_t key_bytes;
  uint8_t *key;
  value *keys;       /* the key's values in one of their forms (texts malloc'd in one block) */
  value *result;     /* of its result row */
  accumulator acc[];
} group;

typedef struct group_state {
  group **slots; /* open addressing */
  size_t slot_count, count;
  group **touched;
  size_t touched_count, touched_capacity;
  bool *may_mix;   /* per key: equal values can differ in form */
  feed results;    /* vs_g<id> */
  feed_row *feed_rows;
  value *raw;      /* of the touched groups, in order */
  sqlite3_stmt *evaluate, *pick;
  buffer key;
} group_state;

/* --- the hash ---------------------------------------------------------------------------------------------------------- */

static bool grow(group_state *g) {
  size_t n = g->slot_count ? g->slot_count * 2 : FIRST_SLOTS;
  group **slots = calloc(n, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < g->slot_count; i++) {
    if (!g->slots[i]) continue;
    size_t at = g->slots[i]->hash & (n - 1);
    while (slots[at]) at = (at + 1) & (n - 1);
    slots[at] = g->slots[i];
  }
  free(g->slots);
  g->slots = slots;
  g->slot_count = n;
  return true;
}

static value *copy_row(const value *from, int n) {
  size_t bytes = 0;
  for (int i = 0; i < n; i++) bytes += from[i].type >= VALUE_TEXT ? from[i].bytes : 0;
  value *copy = malloc(sizeof *copy * (size_t)(n + 1) + bytes);
  if (!copy) return NULL;
  char *text = (char *)(copy + n + 1);
  for (int i = 0; i < n; i++) {
    copy[i] = from[i];
    if (from[i].type < VALUE_TEXT) continue;
    if (from[i].bytes) memcpy(text, from[i].text, from[i].bytes);
    copy[i].text = text;
    text += from[i].bytes;
  }
  return copy;
}

static group *group_new(const node *n, group_state *g, uint64_t hash, const value *keys) {
  group *made = calloc(1, sizeof *made + sizeof made->acc[0] * (size_t)n->aggregates);
  if (!made) return NULL;
  made->hash = hash;
  made->key_bytes = (uint32_t)g->key.len;
  made->key = malloc(g->key.len + 1);
  made->keys = copy_row(keys, n->keys);
  if (!made->key || !made->keys) {
    free(made->key);
    free(made->keys);
    free(made);
    return NULL;
  }
  memcpy(made->key, g->key.data ? g->key.data : "", g->key.len);
  return made;
}

static void group_free(const node *n, group *x) {
  for (int i = 0; i < n->aggregates; i++) accumulator_free(&x->acc[i], &n->aggregate[i]);
  free(x->key);
  free(x->keys);
  free(x->result);
  free(x);
}

/* The group of the key in g->key; made where it is new. */
static group *find_group(const node *n, group_state *g, const value *keys) {
  uint64_t hash = XXH3_64bits(buffer_text(&g->key), g->key.len);
  if (g->count * 2 >= g->slot_count && !grow(g)) return NULL;
  size_t at = hash & (g->slot_count - 1);
  for (; g->slots[at]; at = (at + 1) & (g->slot_count - 1)) {
    group *x = g->slots[at];
    if (x->hash == hash && x->key_bytes == g->key.len && memcmp(x->key, buffer_text(&g->key), g->key.len) == 0) return x;
  }
  group *made = group_new(n, g, hash, keys);
  if (!made) return NULL;
  g->slots[at] = made;
  g->count++;
  return made;
}

/* Takes a group out; those that probed past it move up. */
static void remove_group(group_state *g, const group *x) {
  size_t mask = g->slot_count - 1, at = x->hash & mask;
  while (g->slots[at] != x) at = (at + 1) & mask;
  g->count--;
  for (size_t next = (at + 1) & mask; g->slots[next]; next = (next + 1) & mask) {
    size_t home = g->slots[next]->hash & mask;
    if (((next - home) & mask) < ((next - at) & mask)) continue;
    g->slots[at] = g->slots[next];
    at = next;
  }
  g->slots[at] = NULL;
}

static bool touch_group(group_state *g, group *x) {
  if (x->touched) return true;
  if (g->touched_count == g->touched_capacity) {
    size_t capacity = g->touched_capacity ? g->touched_capacity * 2 : FIRST_SLOTS;
    group **touched = realloc(g->touched, sizeof *touched * capacity);
    if (!touched) return false;
    g->touched = touched;
    g->touched_capacity = capacity;
  }
  g->touched[g->touched_count++] = x;
  x->touched = true;
  return true;
}

static bool same_row(const value *a, const value *b, int n) {
  for (int i = 0; i < n; i++)
    if (!value_same(a[i], b[i])) return false;
  return true;
}

/* --- rows in --------------------------------------------------------------------------------------------------------------- */

static bool passes(const aggregate *a, sqlite3_stmt *stmt, int first) {
  if (a->filter < 0) return true;
  int type = sqlite3_column_type(stmt, first + a->filter);
  return type != SQLITE_NULL && sqlite3_column_double(stmt, first + a->filter) != 0.0;
}

static bool accumulate(const node *n, group *x, int weight, sqlite3_stmt *stmt, int first, error *err) {
  for (int i = 0; i < n->aggregates; i++) {
    const aggregate *a = &n->aggregate[i];
    if (!passes(a, stmt, first)) continue;
    value argument = a->argument >= 0 ? value_from_column(stmt, first + a->argument) : (value){.type = VALUE_NULL};
    value argument2 = a->argument2 >= 0 ? value_from_column(stmt, first + a->argument2) : (value){.type = VALUE_NULL};
    switch (accumulator_add(&x->acc[i], a, weight, argument, argument2)) {
      case ACCUMULATE_FAILED: return error_set(err, ERR_INTERNAL, "%s() could not take a row in or back", a->function);
      case ACCUMULATED_MIXED: x->mixed = true; break;
      case ACCUMULATED: break;
    }
  }
  x->rows += weight;
  return true;
}

static group *group_of_row(node_state *s, sqlite3_stmt *stmt, int first, value *keys) {
  group_state *g = s->own;
  const node *n = s->n;
  buffer_clear(&g->key);
  for (int i = 0; i < n->keys; i++) {
    keys[i] = value_from_column(stmt, first + i);
    key_put(&g->key, keys[i], n->key[i].collation);
  }
  return g->key.failed ? NULL : find_group(n, g, keys);
}

/* A group that was emptied in this step and is filled again begins anew: its key in the form that the first row has. */
static bool first_rows_keys(const node *n, group *x, const value *keys) {
  x->mixed = false;
  if (same_row(x->keys, keys, n->keys)) return true;
  value *copy = copy_row(keys, n->keys);
  if (!copy) return false;
  free(x->keys);
  x->keys = copy;
  return true;
}

static bool take(void *ctx, const input *in, int weight, bool paired, sqlite3_stmt *stmt, int first, error *err) {
  node_state *s = ctx;
  group_state *g = s->own;
  value keys[MAX_KEY_COLUMNS];
  group *x = group_of_row(s, stmt, first, keys);
  if (!x || !touch_group(g, x)) return error_nomem(err);
  if (weight > 0 && x->rows == 0 && !first_rows_keys(s->n, x, keys)) return error_nomem(err);
  for (int i = 0; i < s->n->keys; i++)
    if (g->may_mix[i] && !value_same(x->keys[i], keys[i])) x->mixed = true;
  if (!accumulate(s->n, x, weight, stmt, first, err)) return false;
  return !paired || accumulate(s->n, x, -1, stmt, first + in->outputs, err);
}

/* --- results out ------------------------------------------------------------------------------------------------------------- */

/* Several forms or values: what SQLite picks when the group is computed alone. */
static bool pick(node_state *s, const group *x, value *raw, error *err) {
  group_state *g = s->own;
  const node *n = s->n;
  if (!g->pick && !run_prepare(s->planner->db, delta_sql_group_pick(s->planner, n), &g->pick, err)) return false;
  for (int i = 0; i < n->keys; i++) value_bind(g->pick, i + 1, x->keys[i]);
  bool found = sqlite3_step(g->pick) == SQLITE_ROW;
  for (int i = 0; found && i < n->keys + n->aggregates; i++) {
    int kind = i < n->keys ? AGG_BARE : (int)n->aggregate[i - n->keys].kind;
    bool distinct = i >= n->keys && n->aggregate[i - n->keys].distinct;
    if (kind != AGG_BARE && kind != AGG_MIN && kind != AGG_MAX && !distinct) continue;
    value v = value_from_column(g->pick, i);
    if (v.type >= VALUE_TEXT && v.bytes) {
      char *text = arena_strndup(&s->changes->changes.memory, v.text, v.bytes);
      if (!text) {
        sqlite3_reset(g->pick);
        return error_nomem(err);
      }
      v.text = text;
    }
    raw[i] = v;
  }
  if (sqlite3_reset(g->pick) != SQLITE_OK) return run_sql_failed(s->planner->db, "picking a group's values", err);
  return true; /* no row: SQLite 3.40 does not find an RTRIM key that ends in spaces by one that does not; ours stand */
}

static bool raw_row(node_state *s, const group *x, value *raw, error *err) {
  const node *n = s->n;
  bool ambiguous = x->mixed, overflow = false;
  for (int i = 0; i < n->keys; i++) raw[i] = x->keys[i];
  for (int i = 0; i < n->aggregates; i++) raw[n->keys + i] = accumulator_result(&x->acc[i], &n->aggregate[i], &ambiguous, &overflow);
  return !ambiguous || x->rows == 0 || pick(s, x, raw, err);
}

/* result == NULL: the group has no row. */
static bool set_result(node_state *s, group *x, const value *result, error *err) {
  int n = s->n->columns;
  if (x->id && result && same_row(x->result, result, n)) return true;
  value *copy = result ? copy_row(result, n) : NULL;
  if (result && !copy) return error_nomem(err);
  bool ok = true;
  if (x->id && result)
    ok = result_table_update(s, x->id, x->result, result, err);
  else if (x->id)
    ok = result_table_remove(s, x->id, x->result, err);
  else if (result) {
    buffer key = {.data = (char *)x->key, .len = x->key_bytes};
    ok = result_table_insert(s, result, &key, &x->id, err);
  }
  if (!result) x->id = 0;
  free(x->result);
  x->result = copy;
  return ok;
}

static bool is_gone(const node *n, const group *x) { return x->rows == 0 && n->has_group_by; }

/* SELECT and HAVING over the touched groups, all in one statement; rows that do not come back have none. */
static bool evaluate_results(node_state *s, error *err) {
  group_state *g = s->own;
  const node *n = s->n;
  sqlite3_stmt *stmt = g->evaluate;
  value result[MAX_KEY_COLUMNS];
  size_t next = 0;
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    size_t slot = (size_t)sqlite3_column_int64(stmt, 0);
    for (; next < slot; next++)
      if (!is_gone(n, g->touched[next]) && !set_result(s, g->touched[next], NULL, err)) goto failed;
    for (int i = 0; i < n->columns; i++) result[i] = value_from_column(stmt, i + 1);
    if (!set_result(s, g->touched[slot], result, err)) goto failed;
    next = slot + 1;
  }
  if (sqlite3_reset(stmt) != SQLITE_OK) return run_sql_failed(s->planner->db, "computing a group's columns", err);
  for (; next < g->touched_count; next++)
    if (!is_gone(n, g->touched[next]) && !set_result(s, g->touched[next], NULL, err)) return false;
  return true;
failed:
  sqlite3_reset(stmt);
  return false;
}

static bool plain_results(node_state *s, error *err) {
  group_state *g = s->own;
  const node *n = s->n;
  value result[MAX_KEY_COLUMNS];
  int width = n->keys + n->aggregates;
  for (size_t i = 0; i < g->touched_count; i++) {
    if (is_gone(n, g->touched[i])) continue;
    for (int c = 0; c < n->columns; c++) result[c] = g->raw[i * (size_t)width + (size_t)n->result[c]->source_column];
    if (!set_result(s, g->touched[i], result, err)) return false;
  }
  return true;
}

static bool make_raw(node_state *s, error *err) {
  group_state *g = s->own;
  const node *n = s->n;
  size_t width = (size_t)(n->keys + n->aggregates);
  g->raw = malloc(sizeof *g->raw * (width * g->touched_count + 1));
  g->feed_rows = malloc(sizeof *g->feed_rows * (g->touched_count + 1));
  if (!g->raw || !g->feed_rows) return error_nomem(err);
  size_t shown = 0;
  for (size_t i = 0; i < g->touched_count; i++) {
    if (is_gone(n, g->touched[i])) continue;
    if (!raw_row(s, g->touched[i], &g->raw[i * width], err)) return false;
    g->feed_rows[shown++] = (feed_row){.number = (int64_t)i, .first = &g->raw[i * width]};
  }
  g->results.rows = g->feed_rows;
  g->results.count = shown;
  return true;
}

static void forget_touched(group_state *g) {
  for (size_t i = 0; i < g->touched_count; i++)
    if (g->touched[i]) g->touched[i]->touched = false;
  g->touched_count = 0;
  g->results.count = 0;
  free(g->raw);
  free(g->feed_rows);
  g->raw = NULL;
  g->feed_rows = NULL;
}

static bool publish_touched(node_state *s, error *err) {
  group_state *g = s->own;
  const node *n = s->n;
  bool ok = make_raw(s, err) && (n->plain ? plain_results(s, err) : evaluate_results(s, err));
  for (size_t i = 0; ok && i < g->touched_count; i++) {
    group *x = g->touched[i];
    if (x->rows < 0) ok = error_set(err, ERR_INTERNAL, "a group has fewer than no rows");
    if (!ok || !is_gone(n, x)) continue;
    ok = set_result(s, x, NULL, err);
    remove_group(g, x);
    group_free(n, x);
    g->touched[i] = NULL;
  }
  forget_touched(g);
  return ok;
}

static bool group_step(node_state *s, error *err) {
  if (run_changes(s, take, s, err)) return publish_touched(s, err);
  forget_touched(s->own);
  return false;
}

static bool fill_arm(node_state *s, const arm *a, error *err) {
  group_state *g = s->own;
  buffer sql = {0};
  sqlite3_stmt *stmt = NULL;
  delta_sql_arm(s->planner, &sql, a, s->n->outputs, NULL);
  bool ok = !sql.failed ? run_prepare(s->planner->db, buffer_text(&sql), &stmt, err) : error_nomem(err);
  buffer_free(&sql);
  input all = {.outputs = s->n->outputs};
  int rc = SQLITE_DONE;
  while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) ok = take(s, &all, 1, false, stmt, 0, err);
  if (ok && rc != SQLITE_DONE) ok = run_sql_failed(s->planner->db, "filling a view", err);
  sqlite3_finalize(stmt);
  return ok && (g->key.failed ? error_nomem(err) : true);
}

static bool group_fill(node_state *s, error *err) {
  group_state *g = s->own;
  if (!s->n->has_group_by) {
    buffer_clear(&g->key);
    group *only = find_group(s->n, g, NULL);
    if (!only || !touch_group(g, only)) return error_nomem(err);
  }
  for (int i = 0; i < s->n->arms; i++)
    if (!fill_arm(s, s->n->arm[i], err)) return false;
  return publish_touched(s, err);
}

static bool group_open(node_state *s, error *err) {
  const node *n = s->n;
  if (n->keys > MAX_KEY_COLUMNS || n->columns > MAX_KEY_COLUMNS) return error_set(err, ERR_LIMIT, "more than %d columns in a GROUP BY", MAX_KEY_COLUMNS);
  group_state *g = calloc(1, sizeof *g);
  if (!g) return error_nomem(err);
  s->own = g;
  g->may_mix = calloc((size_t)n->keys + 1, sizeof *g->may_mix);
  if (!g->may_mix) return error_nomem(err);
  for (int i = 0; i < n->keys; i++) {
    affinity a = n->key[i].affinity;
    bool one_form = strcasecmp(n->key[i].collation, "BINARY") == 0 && (a == AFF_INTEGER || a == AFF_REAL || a == AFF_TEXT);
    g->may_mix[i] = !one_form || n->arms > 1;
  }
  char name[32];
  snprintf(name, sizeof name, "vs_g%d", n->id);
  if (!feed_create(s->planner->db, &g->results, name, FEED_GROUPS, n->raw->column, n->keys + n->aggregates, err)) return false;
  return n->plain || run_prepare(s->planner->db, delta_sql_group_results(s->planner, n), &g->evaluate, err);
}

static void group_close(node_state *s) {
  group_state *g = s->own;
  if (!g) return;
  sqlite3_finalize(g->evaluate);
  sqlite3_finalize(g->pick);
  forget_touched(g);
  for (size_t i = 0; i < g->slot_count; i++)
    if (g->slots[i]) group_free(s->n, g->slots[i]);
  char name[32];
  snprintf(name, sizeof name, "vs_g%d", s->n->id);
  feed_drop(s->planner->db, &g->results, name);
  free(g->slots);
  free(g->touched);
  free(g->may_mix);
  buffer_free(&g->key);
  free(g);
  s->own = NULL;
}

static int64_t group_bytes(const node_state *s) {
  const group_state *g = s->own;
  return (int64_t)(g->slot_count * sizeof *g->slots + g->count * (sizeof(group) + sizeof(accumulator) * (size_t)s->n->aggregates));
}

const node_rule rule_group = {group_open, group_fill, group_step, group_close, group_bytes};
