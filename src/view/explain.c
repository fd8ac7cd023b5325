/* A plan for people and programs: strategy, reason, nodes with their statements and the indexes that these use. */
#include "view/view_set.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"join", "group", "partition", "limit", "rerun"};

static void put_text(buffer *out, const char *name, const char *text) {
  buffer_printf(out, "\"%s\":", name);
  if (text)
    buffer_json_text(out, text, strlen(text));
  else
    buffer_puts(out, "null");
}

typedef struct explaining {
  planner *p;
  buffer *out;
  tracker feeds; /* so that the statements can be prepared, and SQLite tells their indexes */
  const node *seen[256];
  int count;
} explaining;

static void explain_node(explaining *x, const node *n);

static void explain_lower(explaining *x, const tree *t) {
  if (!t) return;
  if (t->leaf && t->leaf->relation->node) explain_node(x, t->leaf->relation->node);
  explain_lower(x, t->left);
  explain_lower(x, t->right);
}

/* What SQLite's own plan says of a statement: one text a step. */
static void put_steps(explaining *x, const char *sql) {
  buffer explain = {0};
  sqlite3_stmt *stmt = NULL;
  buffer_printf(&explain, "EXPLAIN QUERY PLAN %s", sql);
  buffer_puts(x->out, "\"access\":[");
  if (sqlite3_prepare_v2(x->p->db, buffer_text(&explain), -1, &stmt, NULL) == SQLITE_OK)
    for (int i = 0; sqlite3_step(stmt) == SQLITE_ROW; i++) {
      const char *detail = (const char *)sqlite3_column_text(stmt, 3);
      if (i) buffer_putc(x->out, ',');
      buffer_json_text(x->out, detail, strlen(detail));
    }
  buffer_puts(x->out, "]");
  sqlite3_finalize(stmt);
  buffer_free(&explain);
}

static void put_statement(explaining *x, const char *change_of, const char *shape, const char *sql, bool *first) {
  buffer_puts(x->out, *first ? "{" : ",{");
  *first = false;
  put_text(x->out, "change_of", change_of);
  buffer_putc(x->out, ',');
  put_text(x->out, "rows", shape);
  buffer_putc(x->out, ',');
  put_text(x->out, "sql", sql);
  buffer_putc(x->out, ',');
  put_steps(x, sql);
  buffer_putc(x->out, '}');
}

static void explain_tree(explaining *x, const node *n, const arm *a, tree *t, bool *first) {
  static const char *const shapes[] = {"signed", "paired"};
  leaf_list leaves;
  if (!t) return;
  delta_sql_leaves(x->p, t, &leaves);
  for (int i = 0; i < leaves.count; i++) {
    error ignored;
    if (!tracker_follow(&x->feeds, leaves.leaf[i]->relation, false, &ignored)) continue;
  }
  for (int i = 0; i < leaves.count; i++)
    for (int shape = 0; shape < 2; shape++) {
      const char *sql[MAX_PARTS];
      bool old[MAX_LEAVES] = {false};
      int count = delta_sql_change(x->p, t, leaves.leaf[i], old, a->output, n->outputs, (delta_shape)shape, sql, MAX_PARTS);
      const char *name = leaves.leaf[i]->relation->name;
      for (int k = 0; k < count; k++) put_statement(x, name, shapes[shape], sql[k], first);
    }
}

static void put_statements(explaining *x, const node *n) {
  bool first = true;
  buffer_puts(x->out, "\"statements\":[");
  for (int i = 0; i < n->arms; i++) {
    explain_tree(x, n, n->arm[i], n->arm[i]->tree, &first);
    for (touch *t = n->arm[i]->touches; t; t = t->next) explain_tree(x, n, n->arm[i], t->tree, &first);
  }
  if (n->kind == NODE_PARTITION) put_statement(x, NULL, "of one key, again", delta_sql_partition(x->p, n, true), &first);
  if (n->kind == NODE_LIMIT) put_statement(x, n->input->rows.name, "all", delta_sql_limit(x->p, n), &first);
  if (n->kind == NODE_RERUN) put_statement(x, NULL, "all", n->sql, &first);
  buffer_puts(x->out, "]");
}

static void put_state(explaining *x, const node *n) {
  static const char *const states[] = {
    "one result row per joined row, found by the identity of its inputs",
    "a hash of groups with their accumulators; one result row per group",
    "result rows by key",
    "the rows that are in",
    "the rows of the last run",
  };
  put_text(x->out, "state", states[n->kind]);
}

static void explain_node(explaining *x, const node *n) {
  for (int i = 0; i < x->count; i++)
    if (x->seen[i] == n) return;
  if (x->count == 256) return;
  x->seen[x->count++] = n;
  for (int i = 0; i < n->arms; i++) {
    explain_lower(x, n->arm[i]->tree);
    for (const touch *t = n->arm[i]->touches; t; t = t->next) explain_lower(x, t->tree);
  }
  if (n->input) explain_node(x, n->input);
  if (x->out->data[x->out->len - 1] != '[') buffer_putc(x->out, ',');
  buffer_puts(x->out, "{");
  put_text(x->out, "node", n->rows.name);
  buffer_putc(x->out, ',');
  put_text(x->out, "rule", kind_names[n->kind]);
  buffer_putc(x->out, ',');
  put_text(x->out, "reason", n->reason);
  buffer_printf(x->out, ",\"columns\":%d,\"keys\":%d,\"aggregates\":%d,", n->columns, n->keys, n->aggregates);
  put_state(x, n);
  buffer_putc(x->out, ',');
  put_statements(x, n);
  buffer_puts(x->out, "}");
}

static void put_columns(buffer *out, const view_plan *plan) {
  buffer_puts(out, "\"columns\":[");
  for (int i = 0; i < plan->columns; i++) {
    buffer_puts(out, i ? ",{" : "{");
    put_text(out, "name", plan->name[i]);
    buffer_putc(out, ',');
    put_text(out, "type", plan->type[i] ? plan->type[i] : "");
    buffer_putc(out, '}');
  }
  buffer_puts(out, "],\"key\":[");
  for (int i = 0; i < plan->keys; i++) {
    if (i) buffer_putc(out, ',');
    buffer_json_text(out, plan->name[plan->key[i]], strlen(plan->name[plan->key[i]]));
  }
  buffer_puts(out, "]");
}

/* Empty result tables and the indexes that the view would make, so that SQLite can say how it would go about. Undone by the
** caller; where the connection may not write, the steps are left out. */
static void make_tables(explaining *x) {
  for (int id = 1; id < *x->p->next_node_id; id++)
    for (node *n = x->p->nodes; n; n = n->next) {
      if (n->id != id) continue;
      node_state made = {.n = n, .planner = x->p};
      error ignored;
      if (result_table_create(&made, &ignored) && !run_make_indexes(&made, &ignored)) error_clear(&ignored);
      result_table_close(&made);
    }
}

static bool explain_plan(explaining *x, const char *name, const view_plan *plan, error *err) {
  x->p->err = err;
  if (setjmp(x->p->unwind)) return false;
  buffer_putc(x->out, '{');
  put_text(x->out, "view", name);
  buffer_putc(x->out, ',');
  put_text(x->out, "strategy", view_strategy_name(plan->strategy));
  buffer_putc(x->out, ',');
  put_text(x->out, "reason", plan->reason);
  buffer_putc(x->out, ',');
  put_columns(x->out, plan);
  buffer_puts(x->out, ",\"nodes\":[");
  explain_node(x, plan->top);
  buffer_puts(x->out, "]}");
  return !x->out->failed || error_nomem(err);
}

bool view_explain(sqlite3 *db, const char *name, const char *sql, view_strategy force, buffer *json, error *err) {
  arena memory = {0}, schema_memory = {0};
  schema_cache schema = {.db = db, .memory = &schema_memory};
  int next_id = 1;
  planner *p = arena_zalloc(&memory, sizeof *p);
  function_table *functions = function_table_new(db);
  bool ok = (p && functions) || error_nomem(err);
  if (ok) {
    *p = (planner){.memory = &memory, .db = db, .schema = &schema, .functions = functions, .result_schema = "main", .next_node_id = &next_id, .force = force};
    p->names = (resolver){.memory = &memory, .schema = &schema};
    view_plan plan;
    explaining x = {.p = p, .out = json};
    ok = plan_view(p, sql, &plan, err);
    if (ok) {
      tracker_open_feeds(&x.feeds, db);
      bool undo = sqlite3_exec(db, "SAVEPOINT vs_explain", NULL, NULL, NULL) == SQLITE_OK;
      if (undo) make_tables(&x);
      ok = explain_plan(&x, name, &plan, err);
      if (undo) sqlite3_exec(db, "ROLLBACK TO vs_explain; RELEASE vs_explain", NULL, NULL, NULL);
      tracker_close(&x.feeds);
    }
    buffer_free(&p->scratch);
  }
  function_table_free(functions);
  arena_free(&memory);
  arena_free(&schema_memory);
  return ok;
}
