#include "view/plan.h"

#include "query/parser.h"
#include "view/delta_sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- what SQLite says of it --------------------------------------------------------------------------------------------- */

static void locate(const char *sql, int offset, error *err) {
  int line = 1, column = 1;
  for (int i = 0; i < offset && sql[i]; i++) {
    column = sql[i] == '\n' ? 1 : column + 1;
    line += sql[i] == '\n';
  }
  if (offset >= 0) error_at(err, NULL, line, column);
}

/* SQLite has the last word on what is valid; it names the columns too. */
static bool check_with_sqlite(planner *p, const char *sql, view_plan *out, error *err) {
  sqlite3_stmt *stmt = NULL;
  const char *tail = NULL;
  if (sqlite3_prepare_v2(p->db, sql, -1, &stmt, &tail) != SQLITE_OK) {
    error_set(err, ERR_INVALID, "%s", sqlite3_errmsg(p->db));
    locate(sql, sqlite3_error_offset(p->db), err);
    return false;
  }
  bool ok = stmt && sqlite3_stmt_readonly(stmt) && sqlite3_column_count(stmt) > 0;
  if (!ok) error_set(err, ERR_INVALID, "a view is one SELECT");
  for (const char *rest = tail; ok && rest && *rest; rest++)
    if (!strchr(" \t\r\n;", *rest) && strncmp(rest, "--", 2) != 0) {
      ok = error_set(err, ERR_INVALID, "a view is one SELECT: there is more text behind it");
      locate(sql, (int)(rest - sql), err);
    } else if (*rest == '-') {
      while (rest[1] && rest[1] != '\n') rest++;
    }
  out->columns = ok ? sqlite3_column_count(stmt) : 0;
  out->name = arena_zalloc(p->memory, sizeof *out->name * (size_t)(out->columns + 1));
  out->type = arena_zalloc(p->memory, sizeof *out->type * (size_t)(out->columns + 1));
  if (ok && (!out->name || !out->type)) ok = error_nomem(err);
  for (int i = 0; ok && i < out->columns; i++)
    if (!(out->name[i] = arena_strdup(p->memory, sqlite3_column_name(stmt, i)))) ok = error_nomem(err);
  sqlite3_finalize(stmt);
  return ok;
}

static bool add_table(planner *p, node *n, const char *schema, const char *name) {
  error ignored;
  relation *rel = schema_find(p->schema, schema, name, &ignored);
  if (!rel || rel->is_view || rel->is_virtual) return true;
  for (int i = 0; i < n->reads; i++)
    if (n->read[i] == rel) return true;
  relation **grown = arena_zalloc(p->memory, sizeof *grown * (size_t)(n->reads + 1));
  if (!grown) return false;
  if (n->reads) memcpy(grown, n->read, sizeof *grown * (size_t)n->reads);
  grown[n->reads++] = rel;
  n->read = grown;
  return true;
}

/* Which tables the SELECT reads, at any depth: those whose pages its program opens (for an index: its table). */
static bool find_tables(planner *p, node *n, error *err) {
  buffer sql = {0};
  sqlite3_stmt *program = NULL;
  buffer_printf(&sql, "EXPLAIN %s", n->sql);
  int rc = sql.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(p->db, buffer_text(&sql), -1, &program, NULL);
  buffer_free(&sql);
  bool ok = rc == SQLITE_OK;
  while (ok && sqlite3_step(program) == SQLITE_ROW) {
    if (strcmp((const char *)sqlite3_column_text(program, 1), "OpenRead") != 0) continue;
    const char *schema = sqlite3_db_name(p->db, sqlite3_column_int(program, 4));
    char *find = schema ? sqlite3_mprintf("SELECT tbl_name FROM \"%w\".sqlite_schema WHERE rootpage = %d", schema, sqlite3_column_int(program, 3)) : NULL;
    sqlite3_stmt *table = NULL;
    if (find && sqlite3_prepare_v2(p->db, find, -1, &table, NULL) == SQLITE_OK && sqlite3_step(table) == SQLITE_ROW)
      ok = add_table(p, n, schema, (const char *)sqlite3_column_text(table, 0));
    sqlite3_finalize(table);
    sqlite3_free(find);
  }
  sqlite3_finalize(program);
  return ok || error_set(err, ERR_SQL, "%s", sqlite3_errmsg(p->db));
}

/* --- strategies ---------------------------------------------------------------------------------------------------------- */

static column_def *columns_of(planner *p, const select_stmt *s, int n) {
  column_def *column = plan_alloc(p, sizeof *column * (size_t)(n + 1));
  const select_stmt *first = s ? select_first_arm(s) : NULL;
  for (int i = 0; i < n; i++) {
    const expr *e = !first ? NULL : first->is_values ? first->values[0].items[i] : first->columns.items[i].value;
    column[i].affinity = e ? expr_affinity(e) : AFF_BLOB;
    column[i].collation = e ? expr_collation(e) : "BINARY";
  }
  return column;
}

static bool plan_rerun(planner *p, const char *sql, const char *reason, view_plan *out, error *err) {
  p->err = err;
  if (setjmp(p->unwind)) return false;
  node *n = plan_alloc(p, sizeof *n);
  n->kind = NODE_RERUN;
  n->reason = reason;
  n->sql = sql;
  n->columns = out->columns;
  column_def *column = columns_of(p, NULL, out->columns);
  n->rows.column = column;
  n->rows.columns = out->columns;
  for (int i = 0; i < out->columns; i++)
    if (!(column[i].name = arena_printf(p->memory, "c%d", i))) plan_nomem(p);
  n->rows.rowid_name = "vs_id";
  n->rows.rowid_alias = -1;
  n->rows.node = n;
  if (!find_tables(p, n, err)) return false;
  n->identity = delta_sql_identity(p, n);
  n->id = (*p->next_node_id)++;
  n->rows.schema = p->result_schema;
  n->rows.sql_name = node_table_name(p, n->id);
  n->rows.name = arena_printf(p->memory, "%sr%d", strcmp(p->result_schema, "main") == 0 ? "vs_" : "", n->id);
  if (!n->rows.name) plan_nomem(p);
  n->next = p->nodes;
  p->nodes = n;
  out->top = n;
  out->strategy = STRATEGY_RERUN;
  out->reason = reason;
  out->order_sql = NULL;
  out->column = column;
  out->keys = 0;
  return true;
}

static const char *find_nondeterminism(planner *p, select_stmt *s) {
  expr probe = {.kind = EXPR_SUBQUERY, .select = s};
  return expr_nondeterminism(p->functions, &probe);
}

static void find_types(const select_stmt *s, view_plan *out) {
  for (int i = 0; i < out->columns; i++) {
    const select_stmt *first = select_first_arm(s);
    out->type[i] = expr_type(first->is_values ? first->values[0].items[i] : first->columns.items[i].value);
  }
}

static bool lower_caught(planner *p, select_stmt *s, view_plan *out, error *why) {
  p->err = why;
  if (setjmp(p->unwind)) return false;
  out->top = lower_view(p, s, out);
  return true;
}

/* Parsed, bound and lowered; false with the reason why not in *why. */
static bool plan_nodes(planner *p, const char *sql, view_plan *out, error *why) {
  select_stmt *s = query_parse(p->memory, sql, strlen(sql), why);
  if (!s || !resolve_select(&p->names, s, why)) return false;
  const char *moving = find_nondeterminism(p, s);
  if (moving) return error_set(why, ERR_LIMIT, "%s gives another answer each time", moving);
  p->err = why;
  if (setjmp(p->unwind)) return false;
  out->column = columns_of(p, s, out->columns);
  find_types(s, out);
  return lower_caught(p, s, out, why);
}

static void find_strategy(const node *n, view_plan *out, int depth);

static void find_in_tree(const tree *t, view_plan *out, int depth) {
  if (!t) return;
  if (t->leaf && t->leaf->relation->node) find_strategy(t->leaf->relation->node, out, depth);
  find_in_tree(t->left, out, depth);
  find_in_tree(t->right, out, depth);
}

/* The dearest rule among the nodes is the view's strategy. */
static void find_strategy(const node *n, view_plan *out, int depth) {
  if (depth > MAX_VIEW_DEPTH * 4) return;
  if (n->kind == NODE_PARTITION && out->strategy != STRATEGY_GROUP) {
    out->strategy = STRATEGY_GROUP;
    out->reason = n->reason;
  }
  if (n->input) find_strategy(n->input, out, depth + 1);
  for (int i = 0; i < n->arms; i++) {
    find_in_tree(n->arm[i]->tree, out, depth + 1);
    for (const touch *t = n->arm[i]->touches; t; t = t->next) find_in_tree(t->tree, out, depth + 1);
  }
}

/* --- the key that clients know a row by -------------------------------------------------------------------------------------- */

static int find_output(const node *n, const source *s, int column) {
  for (int i = 0; i < n->columns; i++)
    if (n->arm[0]->output[i]->kind == EXPR_COLUMN && n->arm[0]->output[i]->source == s && n->arm[0]->output[i]->source_column == column) return i;
  return -1;
}

static void add_key(view_plan *out, int column) { out->key[out->keys++] = column; }

static void key_of_group(const node *n, view_plan *out) {
  for (int k = 0; k < n->keys; k++) {
    int found = -1;
    for (int i = 0; i < out->columns && found < 0; i++)
      if (n->result[i]->kind == EXPR_COLUMN && n->result[i]->source == n->raw && n->result[i]->source_column == k) found = i;
    if (found < 0) {
      out->keys = 0;
      return;
    }
    add_key(out, found);
  }
}

static void key_of_join(const node *n, view_plan *out) {
  if (n->arms != 1 || !n->arm[0]->tree || n->arm[0]->tree->kind != TREE_LEAF) return;
  const source *s = n->arm[0]->tree->leaf;
  for (int i = 0; i < s->relation->pk_columns; i++) {
    int found = find_output(n, s, s->relation->pk[i]);
    if (found < 0 || found >= out->columns) {
      out->keys = 0;
      return;
    }
    add_key(out, found);
  }
}

static bool find_key(planner *p, view_plan *out) {
  out->key = arena_zalloc(p->memory, sizeof *out->key * (size_t)(out->columns + out->top->keys + 64));
  if (!out->key) return false;
  const node *n = out->top;
  out->keys = 0;
  if (n->kind == NODE_GROUP && n->keys <= out->columns) key_of_group(n, out);
  if (n->kind == NODE_JOIN) key_of_join(n, out);
  return true;
}

bool plan_view(planner *p, const char *sql, view_plan *out, error *err) {
  memset(out, 0, sizeof *out);
  if (!check_with_sqlite(p, sql, out, err)) return false;
  char *copy = arena_strdup(p->memory, sql);
  if (!copy) return error_nomem(err);
  if (p->force == STRATEGY_RERUN) return plan_rerun(p, copy, "asked for", out, err);
  node *before = p->nodes;
  error why;
  error_clear(&why);
  out->strategy = STRATEGY_DELTA;
  if (!plan_nodes(p, copy, out, &why)) {
    p->nodes = before;
    if (why.code == ERR_NOMEM) {
      *err = why;
      return false;
    }
    if (p->force != STRATEGY_AUTO) {
      *err = why;
      return false;
    }
    char *reason = arena_strdup(p->memory, why.text);
    return reason ? plan_rerun(p, copy, reason, out, err) : error_nomem(err);
  }
  out->reason = out->top->reason;
  find_strategy(out->top, out, 0);
  return find_key(p, out) || error_nomem(err);
}
