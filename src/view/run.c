#include "view/view_set.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool run_sql_failed(sqlite3 *db, const char *doing, error *err) {
  error_code code = sqlite3_errcode(db) == SQLITE_NOMEM ? ERR_NOMEM : ERR_SQL;
  return error_set(err, code, "%s: %s", doing, sqlite3_errmsg(db));
}

bool run_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, error *err) {
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK) return true;
  error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
  return error_hint(err, "in: %.300s", sql);
}

bool run_exec(sqlite3 *db, error *err, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  char *sql = sqlite3_vmprintf(fmt, args);
  va_end(args);
  if (!sql) return error_nomem(err);
  int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
  if (rc != SQLITE_OK) {
    error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
    error_hint(err, "in: %.300s", sql);
  }
  sqlite3_free(sql);
  return rc == SQLITE_OK;
}

const node_rule *node_rule_of(const node *n) {
  static const node_rule *const rules[] = {
    [NODE_JOIN] = &rule_join, [NODE_GROUP] = &rule_group, [NODE_PARTITION] = &rule_partition, [NODE_LIMIT] = &rule_limit, [NODE_RERUN] = &rule_rerun};
  return rules[n->kind];
}

bool run_any_changed(const node_state *s) {
  for (int i = 0; i < s->inputs; i++)
    if (s->input[i].relation->changes.count) return true;
  return false;
}

/* --- change statements ------------------------------------------------------------------------------------------------ */

static bool make_statements(node_state *s, input *in, delta_shape shape, uint64_t old, change_statement **out, error *err) {
  planner *p = s->planner;
  const char *sql[MAX_PARTS];
  bool old_leaf[MAX_LEAVES];
  for (int i = 0; i < MAX_LEAVES; i++) old_leaf[i] = old >> i & 1;
  p->err = err;
  if (setjmp(p->unwind)) return false;
  int n = delta_sql_change(p, in->tree, in->leaf, old_leaf, in->output, in->outputs, shape, sql, MAX_PARTS);
  change_statement *made = arena_zalloc(p->memory, sizeof *made);
  if (!made) return error_nomem(err);
  made->shape = shape;
  made->old = old;
  for (int i = 0; i < n; i++) {
    if (!run_prepare(p->db, sql[i], &made->stmt[i], err)) {
      while (i-- > 0) sqlite3_finalize(made->stmt[i]);
      return false;
    }
    made->count = i + 1;
  }
  made->next = in->statements;
  in->statements = made;
  *out = made;
  return true;
}

static bool statements_of(node_state *s, input *in, delta_shape shape, uint64_t old, change_statement **out, error *err) {
  for (change_statement *c = in->statements; c; c = c->next)
    if (c->shape == shape && c->old == old) {
      *out = c;
      return true;
    }
  return make_statements(s, in, shape, old, out, err);
}

bool run_prepare_changes(node_state *s, error *err) {
  change_statement *c;
  for (int i = 0; i < s->inputs; i++) {
    input *in = &s->input[i];
    if (!in->tree) continue;
    if (!statements_of(s, in, DELTA_SIGNED, 0, &c, err) || (!in->touch && !statements_of(s, in, DELTA_PAIRED, 0, &c, err))) return false;
  }
  return true;
}

typedef struct feeding {
  feed_row *rows;
  size_t signed_count, paired_count;
} feeding;

static bool differs(const input *in, const delta_row *r, const bool *columns) {
  for (int i = 0; i < in->relation->relation->columns; i++)
    if (columns[i] && !value_same(r->before[i], r->after[i])) return true;
  return false;
}

/* Which changed rows matter to this input, and how: signed ones from the front, paired ones from the back. */
static bool sort_rows(input *in, feeding *f, error *err) {
  const delta_set *d = &in->relation->changes;
  f->rows = malloc(sizeof *f->rows * (d->count * 2 + 1));
  if (!f->rows) return error_nomem(err);
  f->signed_count = f->paired_count = 0;
  size_t end = d->count * 2;
  for (size_t i = 0; i < d->count; i++) {
    const delta_row *r = &d->rows[i];
    if (r->before && r->after) {
      if (!differs(in, r, in->used)) continue;
      if (!in->touch && !differs(in, r, in->decisive)) {
        f->rows[--end] = (feed_row){.number = r->rowid, .sign = 1, .first = r->after, .second = r->before};
        f->paired_count++;
        continue;
      }
    }
    if (r->before) f->rows[f->signed_count++] = (feed_row){.number = r->rowid, .sign = -1, .first = r->before};
    if (r->after) f->rows[f->signed_count++] = (feed_row){.number = r->rowid, .sign = 1, .first = r->after};
  }
  return true;
}

static void set_feed(feed *f, const feed_row *rows, size_t count) {
  f->rows = rows;
  f->count = count;
}

/* What makes a turn long is told with its statement, so that it can be explained and mended. */
static void warn_if_slow(const node_state *s, const input *in, int64_t start_ns, size_t changed, long rows, sqlite3_stmt *stmt) {
  enum { SLOW_MS = 250 };
  long ms = (long)((clock_monotonic_ns() - start_ns) / 1000000);
  if (ms < SLOW_MS) return;
  log_warn("node=%s table=%s changed=%zu rows=%ld ms=%ld: a slow change statement: %.1500s", s->n->rows.name, in->relation->relation->name, changed, rows, ms,
           sqlite3_sql(stmt));
}

static bool run_statements(node_state *s, const input *in, change_statement *c, size_t changed, change_row take, void *ctx, error *err) {
  bool paired = c->shape == DELTA_PAIRED;
  for (int i = 0; i < c->count; i++) {
    sqlite3_stmt *stmt = c->stmt[i];
    if (sqlite3_bind_parameter_count(stmt) >= 1) sqlite3_bind_int64(stmt, 1, (int64_t)changed + 1);
    int64_t start = clock_monotonic_ns();
    long rows = 0;
    for (; sqlite3_step(stmt) == SQLITE_ROW; rows++) {
      int weight = paired ? 1 : sqlite3_column_int(stmt, 0);
      if (weight != 0 && !take(ctx, in, weight, paired, stmt, paired ? 0 : 1, err)) {
        sqlite3_reset(stmt);
        return false;
      }
    }
    warn_if_slow(s, in, start, changed, rows, stmt);
    if (sqlite3_reset(stmt) != SQLITE_OK) return run_sql_failed(s->planner->db, "computing a change", err);
  }
  return true;
}

static bool run_input(node_state *s, input *in, uint64_t old, change_row take, void *ctx, error *err) {
  feeding f;
  if (!sort_rows(in, &f, err)) return false;
  tracked *x = in->relation;
  size_t all = x->changes.count * 2;
  change_statement *c;
  bool ok = true;
  if (f.signed_count) {
    set_feed(&x->signed_rows, f.rows, f.signed_count);
    ok = statements_of(s, in, DELTA_SIGNED, old, &c, err) && run_statements(s, in, c, f.signed_count, take, ctx, err);
  }
  if (ok && f.paired_count) {
    set_feed(&x->paired_rows, f.rows + all - f.paired_count, f.paired_count);
    ok = statements_of(s, in, DELTA_PAIRED, old, &c, err) && run_statements(s, in, c, f.paired_count, take, ctx, err);
  }
  set_feed(&x->signed_rows, NULL, 0);
  set_feed(&x->paired_rows, NULL, 0);
  free(f.rows);
  return ok;
}

/* Leaves of the same tree that changed too and come later: they are read as they were. */
static uint64_t later_changes(const node_state *s, const input *in) {
  uint64_t old = 0;
  for (int i = 0; i < s->inputs; i++) {
    const input *other = &s->input[i];
    if (other->tree == in->tree && other->number > in->number && other->relation->changes.count) old |= 1ull << other->number;
  }
  return old;
}

bool run_changes(node_state *s, change_row take, void *ctx, error *err) {
  for (int i = 0; i < s->inputs; i++) {
    input *in = &s->input[i];
    if (in->relation->changes.count && !run_input(s, in, later_changes(s, in), take, ctx, err)) return false;
  }
  return true;
}

/* --- indexes ------------------------------------------------------------------------------------------------------------ */

typedef struct lookup {
  source *leaf;
  int columns;
  int column[16];
} lookup;

static bool plain_column(const expr *e, source **leaf, int *column) {
  if (e->kind != EXPR_COLUMN || !e->source || !e->source->relation) return false;
  *leaf = e->source;
  *column = e->source_column;
  return true;
}

static void add_lookup(lookup *list, int *n, int most, source *leaf, const source *other, int column) {
  for (int i = 0; i < *n; i++) {
    if (list[i].leaf != leaf) continue;
    for (int k = 0; k < list[i].columns; k++)
      if (list[i].column[k] == column) return;
    if (list[i].columns < 16) list[i].column[list[i].columns++] = column;
    return;
  }
  if (*n < most) list[(*n)++] = (lookup){.leaf = leaf, .columns = 1, .column = {column}};
}

/* Equalities between this pair of leaves, anywhere in the tree. */
static void find_equalities(const tree *t, const source *a, const source *b, lookup *list, int *n, int most) {
  if (!t) return;
  const expr_list *lists[] = {&t->on, &t->filter};
  for (int l = 0; l < 2; l++)
    for (int i = 0; i < lists[l]->count; i++) {
      const expr *e = lists[l]->items[i];
      source *left, *right;
      int lc, rc;
      if (e->kind != EXPR_BINARY || (strcmp(e->op, "=") != 0 && strcmp(e->op, "IS") != 0)) continue;
      if (!plain_column(e->left, &left, &lc) || !plain_column(e->right, &right, &rc)) continue;
      if (!((left == a && right == b) || (left == b && right == a))) continue;
      add_lookup(list, n, most, left, right, lc);
      add_lookup(list, n, most, right, left, rc);
    }
  find_equalities(t->left, a, b, list, n, most);
  find_equalities(t->right, a, b, list, n, most);
}

static bool covers(const int *have, int n, const lookup *want) {
  if (n < want->columns) return false;
  for (int i = 0; i < want->columns; i++) {
    bool found = false;
    for (int k = 0; k < want->columns; k++) found |= have[i] == want->column[k];
    if (!found) return false;
  }
  return true;
}

/* Does the primary key or an index begin with just these columns, in any order? A unique key among them will do as well. */
static bool indexed(sqlite3 *db, const relation *rel, const lookup *want) {
  for (int i = 0; i < want->columns; i++)
    if (want->column[i] == SOURCE_ROWID || want->column[i] == rel->rowid_alias) return true;
  if (rel->pk_columns && covers(rel->pk, rel->pk_columns, want)) return true;
  char *sql = sqlite3_mprintf("SELECT l.name, i.cid, l.partial FROM pragma_index_list(%Q, %Q) AS l, pragma_index_info(l.name, %Q) AS i ORDER BY l.seq, i.seqno", rel->name,
                              rel->schema, rel->schema);
  sqlite3_stmt *stmt = NULL;
  bool found = false;
  if (sql && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
    char name[256] = "";
    int columns[16], n = 0;
    while (!found && sqlite3_step(stmt) == SQLITE_ROW) {
      const char *next = (const char *)sqlite3_column_text(stmt, 0);
      if (strncmp(name, next, sizeof name - 1) != 0) n = 0;
      strncpy(name, next, sizeof name - 1);
      if (n < 16) columns[n++] = sqlite3_column_int(stmt, 1);
      found = !sqlite3_column_int(stmt, 2) && n >= want->columns && covers(columns, n, want);
    }
  }
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return found;
}

static bool make_index(node_state *s, const lookup *want, error *err) {
  const relation *rel = want->leaf->relation;
  sqlite3 *db = s->planner->db;
  if (indexed(db, rel, want)) return true;
  buffer columns = {0}, name = {0};
  buffer_printf(&name, "vs_x_%s", rel->name);
  for (int i = 0; i < want->columns; i++) {
    if (want->column[i] < 0) continue;
    if (columns.len) buffer_puts(&columns, ", ");
    buffer_sql_name(&columns, rel->column[want->column[i]].name);
    buffer_printf(&name, "_%d", want->column[i]);
  }
  bool ok = run_exec(db, err, "CREATE INDEX IF NOT EXISTS \"%w\".\"%w\" ON \"%w\"(%s)", rel->schema, buffer_text(&name), rel->name, buffer_text(&columns));
  buffer_free(&columns);
  buffer_free(&name);
  /* An index that SQLite knows nothing of looks better to it than it may be. */
  bool statistics = s->set && s->set->tracker.mode == CAPTURE_TRIGGERS && strcasecmp(rel->schema, "main") == 0;
  return ok && (!statistics || run_exec(db, err, "PRAGMA analysis_limit = 10000; ANALYZE main.\"%w\"", rel->name));
}

/* A node that has one row at most is read before what it is joined to, and nearly all of that belongs to it: an index would
** not find less, and would lead the planner away from better ones. */
static bool has_one_row(const source *s) {
  const node *n = s->relation->node;
  return n && n->kind == NODE_GROUP && !n->has_group_by;
}

static bool index_tree(node_state *s, tree *t, error *err) {
  leaf_list leaves;
  s->planner->err = err;
  if (setjmp(s->planner->unwind)) return false;
  delta_sql_leaves(s->planner, t, &leaves);
  for (int a = 0; a < leaves.count; a++)
    for (int b = a + 1; b < leaves.count; b++) {
      lookup list[4];
      int n = 0;
      if (has_one_row(leaves.leaf[a]) || has_one_row(leaves.leaf[b])) continue;
      find_equalities(t, leaves.leaf[a], leaves.leaf[b], list, &n, 4);
      for (int i = 0; i < n; i++)
        if (!make_index(s, &list[i], err)) return false;
    }
  return true;
}

bool run_make_indexes(node_state *s, error *err) {
  for (int i = 0; i < s->n->arms; i++) {
    if (s->n->arm[i]->tree && !index_tree(s, s->n->arm[i]->tree, err)) return false;
    for (touch *t = s->n->arm[i]->touches; t; t = t->next)
      if (!index_tree(s, t->tree, err)) return false;
  }
  return true;
}
