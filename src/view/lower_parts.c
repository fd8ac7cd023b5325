/* What the files that lower a SELECT build with: expressions, trees and nodes. */
#include "view/delta_sql.h"
#include "view/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>


_Noreturn void plan_fail(planner *p, const char *fmt, ...) {
  char text[400];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  error_set(p->err, ERR_LIMIT, "%s", text);
  longjmp(p->unwind, 1);
}

_Noreturn void plan_nomem(planner *p) {
  error_nomem(p->err);
  longjmp(p->unwind, 1);
}

void *plan_alloc(planner *p, size_t bytes) {
  void *block = arena_zalloc(p->memory, bytes ? bytes : 1);
  if (!block) plan_nomem(p);
  return block;
}

void list_add(planner *p, expr_list *list, expr *e) {
  if (!e || !expr_list_add(p->memory, list, e)) plan_nomem(p);
}

expr *literal(planner *p, const char *text) {
  expr *e = expr_new(p->memory, EXPR_LITERAL, (position){0, 0});
  if (!e) plan_nomem(p);
  e->text = text;
  return e;
}

expr *column_of(planner *p, source *s, int column) {
  expr *e = expr_new(p->memory, EXPR_COLUMN, (position){0, 0});
  if (!e) plan_nomem(p);
  e->source = s;
  e->source_column = column;
  e->name = column == SOURCE_ROWID ? "rowid" : s->column[column].name;
  return e;
}

expr *operation(planner *p, const char *op, expr *left, expr *right) {
  expr *e = expr_new(p->memory, EXPR_BINARY, (position){0, 0});
  if (!e) plan_nomem(p);
  e->op = op;
  e->left = left;
  e->right = right;
  return e;
}

/* --- substitution ----------------------------------------------------------------------------------------------- */

typedef struct substituting {
  planner *p;
  const binding *bound;
} substituting;

static bool visit_substitute(void *ctx, expr **slot) {
  substituting *s = ctx;
  expr *e = *slot;
  if (e->kind != EXPR_COLUMN) return true;
  for (const binding *b = s->bound; b; b = b->next) {
    if (b->source != e->source) continue;
    if (b->rename) {
      expr *other = expr_copy(s->p->memory, e);
      if (!other) plan_nomem(s->p);
      other->source = b->rename;
      *slot = other;
      return true;
    }
    if (!b->expression) {
      *slot = literal(s->p, "NULL");
      return true;
    }
    *slot = expr_copy(s->p->memory, b->expression[e->source_column]);
    if (!*slot) plan_nomem(s->p);
    return true;
  }
  return true;
}

/* A derived table's column that is an expression has no affinity, so a comparison with a TEXT column makes text of it. The
** result table's column cannot be declared so: a unary plus takes its affinity away where that matters. */
static bool has_no_affinity(const expr *e) {
  return e->kind == EXPR_COLUMN && e->source && e->source->relation && e->source->relation->node && expr_affinity(e) == AFF_NONE;
}

static void take_affinity(planner *p, expr **side, const expr *other) {
  if (!has_no_affinity(*side) || expr_affinity(other) != AFF_TEXT) return;
  expr *plus = expr_new(p->memory, EXPR_UNARY, (*side)->at);
  if (!plus) plan_nomem(p);
  plus->op = "+";
  plus->left = *side;
  *side = plus;
}

static bool visit_comparison(void *ctx, expr **slot) {
  static const char *const comparisons[] = {"=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"};
  expr *e = *slot;
  if (e->kind != EXPR_BINARY) return true;
  for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
    if (strcmp(e->op, comparisons[i]) != 0) continue;
    take_affinity(ctx, &e->left, e->right);
    take_affinity(ctx, &e->right, e->left);
  }
  return true;
}

/* A copy of e in which bound columns are replaced. Bindings are already in terms of leaves: one pass is enough, but the
** walk goes on into the replacement, where nothing is bound any more. */
expr *substitute(planner *p, const expr *e, const binding *bound) {
  expr *copy = expr_copy(p->memory, e);
  if (!copy) plan_nomem(p);
  substituting s = {p, bound};
  if (bound && !expr_walk(&copy, true, visit_substitute, &s)) plan_fail(p, "the expression is nested too deeply");
  if (!expr_walk(&copy, true, visit_comparison, p)) plan_fail(p, "the expression is nested too deeply");
  return copy;
}

/* --- questions about expressions --------------------------------------------------------------------------------- */

static bool visit_ask(void *ctx, expr **slot) {
  asking *a = ctx;
  const expr *e = *slot;
  if (e->select) a->subquery = true;
  if (e->kind == EXPR_FUNCTION && e->over)
    a->window = true;
  else if (e->kind == EXPR_FUNCTION && function_is_aggregate(a->p->functions, e->name, e->star ? 0 : e->list.count))
    a->aggregate = true;
  return true;
}

asking ask(planner *p, const expr *e) {
  asking a = {.p = p};
  expr *slot = (expr *)e;
  if (slot) expr_walk(&slot, false, visit_ask, &a);
  return a;
}


void split_and(planner *p, expr *e, expr_list *out) {
  if (e->kind == EXPR_BINARY && strcmp(e->op, "AND") == 0) {
    split_and(p, e->left, out);
    split_and(p, e->right, out);
  } else
    list_add(p, out, e);
}

/* --- trees -------------------------------------------------------------------------------------------------------- */

tree *tree_new(planner *p, tree_kind kind, tree *left, tree *right) {
  tree *t = plan_alloc(p, sizeof *t);
  t->kind = kind;
  t->left = left;
  t->right = right;
  return t;
}

tree *tree_leaf(planner *p, source *s) {
  tree *t = tree_new(p, TREE_LEAF, NULL, NULL);
  t->leaf = s;
  return t;
}

tree *tree_inner(planner *p, tree *left, tree *right) {
  if (!left) return right;
  if (!right) return left;
  return tree_new(p, TREE_INNER, left, right);
}

source *source_of_relation(planner *p, relation *rel) {
  source *s = plan_alloc(p, sizeof *s);
  s->id = p->names.sources++;
  s->leaf = -1;
  s->relation = rel;
  s->alias = rel->name;
  s->columns = rel->columns;
  s->column = rel->column;
  return s;
}

void substitute_list(planner *p, expr_list *list, const binding *bound) {
  for (int i = 0; i < list->count; i++) list->items[i] = substitute(p, list->items[i], bound);
}

/* A tree of the subquery in which the outer columns stand for what they are bound to. */
tree *substitute_tree(planner *p, const tree *t, const binding *bound) {
  if (!t) return NULL;
  tree *copy = plan_alloc(p, sizeof *copy);
  *copy = *t;
  copy->on = copy->filter = (expr_list){0};
  for (int i = 0; i < t->on.count; i++) list_add(p, &copy->on, t->on.items[i]);
  for (int i = 0; i < t->filter.count; i++) list_add(p, &copy->filter, t->filter.items[i]);
  substitute_list(p, &copy->on, bound);
  substitute_list(p, &copy->filter, bound);
  copy->left = substitute_tree(p, t->left, bound);
  copy->right = substitute_tree(p, t->right, bound);
  return copy;
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

node *node_new(planner *p, node_kind kind, int columns, const column_def *column) {
  node *n = plan_alloc(p, sizeof *n);
  n->kind = kind;
  n->columns = columns;
  relation *rel = &n->rows;
  rel->column = plan_alloc(p, sizeof *rel->column * (size_t)(columns + 1));
  rel->columns = columns;
  for (int i = 0; i < columns; i++) {
    rel->column[i] = column[i];
    rel->column[i].not_null = rel->column[i].hidden = rel->column[i].generated = false;
    rel->column[i].name = arena_printf(p->memory, "c%d", i);
    if (!rel->column[i].name) plan_nomem(p);
  }
  rel->rowid_name = "vs_id";
  rel->rowid_alias = -1;
  rel->node = n;
  return n;
}

const char *node_table_name(planner *p, int id) {
  const char *schema = p->result_schema, *prefix = strcmp(schema, "main") == 0 ? "vs_" : "";
  const char *name = arena_printf(p->memory, "\"%s\".\"%sr%d\"", schema, prefix, id);
  if (!name) plan_nomem(p);
  return name;
}

static bool holds_leaf(const tree *t, const source *s) {
  return t && (t->leaf == s || holds_leaf(t->left, s) || holds_leaf(t->right, s));
}

static bool visit_closed(void *ctx, expr **slot) {
  const expr *e = *slot;
  return e->kind != EXPR_COLUMN || !e->source || holds_leaf(ctx, e->source);
}

bool list_is_closed(const tree *t, const expr_list *list) {
  for (int i = 0; i < list->count; i++)
    if (!expr_walk(&list->items[i], false, visit_closed, (void *)t)) return false;
  return true;
}

/* Whether the conditions of a tree name only what is within `all`. */
bool tree_is_closed(const tree *all, const tree *t) {
  if (!t) return true;
  return list_is_closed(all, &t->on) && list_is_closed(all, &t->filter) && tree_is_closed(all, t->left) && tree_is_closed(all, t->right);
}

/* Rows that are kept cannot depend on a row outside: a correlated derived table is nobody's node. */
static void check_closed(planner *p, const node *n) {
  for (int i = 0; i < n->arms; i++) {
    arm *a = n->arm[i];
    bool closed = tree_is_closed(a->tree, a->tree);
    for (int k = 0; closed && k < n->outputs; k++) closed = expr_walk(&a->output[k], false, visit_closed, a->tree);
    if (!closed) plan_fail(p, "a correlated subquery that aggregates or sorts");
  }
}

/* A node that says the same as an existing one is that one; else it gets its number and stands in front. */
node *node_register(planner *p, node *n) {
  check_closed(p, n);
  n->identity = delta_sql_identity(p, n);
  for (node *other = p->nodes; other; other = other->next)
    if (strcmp(other->identity, n->identity) == 0) {
      other->keeps_order_key |= n->keeps_order_key;
      return other;
    }
  n->id = (*p->next_node_id)++;
  n->rows.schema = p->result_schema;
  n->rows.name = arena_printf(p->memory, "%sr%d", strcmp(p->result_schema, "main") == 0 ? "vs_" : "", n->id);
  n->rows.sql_name = node_table_name(p, n->id);
  n->next = p->nodes;
  p->nodes = n;
  return n;
}

/* The node whose rows an arm hands on as they are, or NULL. */
static node *plain_node(const lowered *low) {
  if (low->arms != 1) return NULL;
  const arm *a = low->arm[0];
  if (!a->tree || a->tree->kind != TREE_LEAF || a->tree->filter.count || !a->tree->leaf->relation->node) return NULL;
  node *n = a->tree->leaf->relation->node;
  if (low->columns > n->columns) return NULL;
  for (int i = 0; i < low->columns; i++)
    if (a->output[i]->kind != EXPR_COLUMN || a->output[i]->source != a->tree->leaf || a->output[i]->source_column != i) return NULL;
  return n;
}

node *materialise(planner *p, const lowered *low) {
  node *n = plain_node(low);
  if (n && n->columns == low->columns) return n;
  n = node_new(p, NODE_JOIN, low->columns, low->column);
  n->reason = low->arms > 1 ? "joins and UNION ALL are linear" : "filters and joins are linear";
  n->arms = low->arms;
  n->arm = low->arm;
  n->outputs = low->columns;
  return node_register(p, n);
}

arm *arm_new(planner *p, tree *t, int outputs) {
  arm *a = plan_alloc(p, sizeof *a);
  a->tree = t;
  a->output = plan_alloc(p, sizeof *a->output * (size_t)(outputs + 1));
  return a;
}

lowered rows_of_node(planner *p, node *n, const column_def *column) {
  source *s = source_of_relation(p, &n->rows);
  lowered low = {.arms = 1, .columns = n->columns, .column = plan_alloc(p, sizeof *low.column * (size_t)(n->columns + 1))};
  low.arm = plan_alloc(p, sizeof *low.arm);
  low.arm[0] = arm_new(p, tree_leaf(p, s), n->columns);
  for (int i = 0; i < n->columns; i++) {
    low.arm[0]->output[i] = column_of(p, s, i);
    low.column[i] = column ? column[i] : n->rows.column[i];
  }
  return low;
}

