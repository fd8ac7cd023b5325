#include "query/ast.h"

#include <string.h>
#include <strings.h>

static bool same_expr(const expr *a, const expr *b, int depth);
static bool same_select(const select_stmt *a, const select_stmt *b, int depth);

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }
static bool same_name(const char *a, const char *b) { return a == b || (a && b && strcasecmp(a, b) == 0); }

static bool same_names(const name_list *a, const name_list *b) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (!same_name(a->items[i], b->items[i])) return false;
  return true;
}

static bool same_list(const expr_list *a, const expr_list *b, int depth) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (!same_expr(a->items[i], b->items[i], depth)) return false;
  return true;
}

static bool same_orders(const order_list *a, const order_list *b, int depth) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++) {
    const order_term *x = &a->items[i], *y = &b->items[i];
    if (x->descending != y->descending || x->nulls != y->nulls || !same_expr(x->value, y->value, depth)) return false;
  }
  return true;
}

static bool same_windows(const window *a, const window *b, int depth) {
  for (; a && b; a = a->next, b = b->next)
    if (a->reference != b->reference || !same_name(a->name, b->name) || !same_name(a->base, b->base) ||
        !same_text(a->frame, b->frame) || !same_list(&a->partition_by, &b->partition_by, depth) ||
        !same_orders(&a->order_by, &b->order_by, depth))
      return false;
  return !a && !b;
}

/* TRUE and FALSE are constants unless they are quoted; quotes make no other difference where they are not double ones. */
static bool is_constant(const expr *e) {
  return !e->quoted && !e->bracketed && !e->table && (same_name(e->name, "true") || same_name(e->name, "false"));
}

static bool same_column(const expr *a, const expr *b) {
  if (a->source && b->source) return a->source == b->source && a->source_column == b->source_column;
  return a->source == b->source && same_name(a->schema, b->schema) && same_name(a->table, b->table) &&
         same_name(a->name, b->name) && a->quoted == b->quoted && is_constant(a) == is_constant(b);
}

static bool same_expr(const expr *a, const expr *b, int depth) {
  if (a == b) return true;
  if (!a || !b || a->kind != b->kind || depth >= MAX_TREE_DEPTH) return false;
  if (a->kind == EXPR_COLUMN) return same_column(a, b);
  depth++;
  return same_text(a->op, b->op) && same_text(a->text, b->text) && same_name(a->schema, b->schema) &&
         same_name(a->table, b->table) && same_name(a->name, b->name) && a->negated == b->negated &&
         a->distinct == b->distinct && a->star == b->star && a->is_call == b->is_call && same_expr(a->left, b->left, depth) &&
         same_expr(a->right, b->right, depth) && same_expr(a->filter, b->filter, depth) &&
         same_list(&a->list, &b->list, depth) && same_windows(a->over, b->over, depth) &&
         same_select(a->select, b->select, depth);
}

static bool same_from(const from_item *a, const from_item *b, int depth) {
  if (a == b) return true;
  if (!a || !b || a->kind != b->kind || depth >= MAX_TREE_DEPTH) return false;
  depth++;
  return same_name(a->alias, b->alias) && same_name(a->schema, b->schema) && same_name(a->name, b->name) &&
         same_name(a->indexed_by, b->indexed_by) && a->is_call == b->is_call && a->join == b->join && a->natural == b->natural &&
         a->has_using == b->has_using && same_names(&a->using, &b->using) && same_list(&a->arguments, &b->arguments, depth) &&
         same_select(a->select, b->select, depth) && same_from(a->left, b->left, depth) &&
         same_from(a->right, b->right, depth) && same_expr(a->on, b->on, depth);
}

/* The name that SQLite gives the column, as far as the text alone tells. */
static const char *column_name(const result_column *c) {
  const expr *e = c->value;
  while (e->kind == EXPR_COLLATE) e = e->left;
  return c->alias ? c->alias : e->kind == EXPR_COLUMN ? e->name : c->span;
}

static bool same_results(const result_list *a, const result_list *b, int depth) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (!same_name(column_name(&a->items[i]), column_name(&b->items[i])) ||
        !same_expr(a->items[i].value, b->items[i].value, depth))
      return false;
  return true;
}

static bool same_ctes(const cte *a, const cte *b, int depth) {
  for (; a && b; a = a->next, b = b->next)
    if (!same_name(a->name, b->name) || !same_text(a->materialized, b->materialized) || !same_names(&a->columns, &b->columns) ||
        !same_select(a->select, b->select, depth))
      return false;
  return !a && !b;
}

static bool same_arm(const select_stmt *a, const select_stmt *b, int depth) {
  if (a->op != b->op || a->distinct != b->distinct || a->is_values != b->is_values || a->value_rows != b->value_rows ||
      a->recursive != b->recursive)
    return false;
  for (int i = 0; i < a->value_rows; i++)
    if (!same_list(&a->values[i], &b->values[i], depth)) return false;
  return same_ctes(a->ctes, b->ctes, depth) && same_results(&a->columns, &b->columns, depth) &&
         same_from(a->from, b->from, depth) && same_expr(a->where, b->where, depth) &&
         same_list(&a->group_by, &b->group_by, depth) && same_expr(a->having, b->having, depth) &&
         same_windows(a->windows, b->windows, depth) && same_orders(&a->order_by, &b->order_by, depth) &&
         same_expr(a->limit, b->limit, depth) && same_expr(a->offset, b->offset, depth);
}

static bool same_select(const select_stmt *a, const select_stmt *b, int depth) {
  if (depth >= MAX_TREE_DEPTH) return false;
  for (; a && b && a != b; a = a->prior, b = b->prior)
    if (!same_arm(a, b, depth + 1)) return false;
  return a == b;
}

bool expr_equal(const expr *a, const expr *b) { return same_expr(a, b, 0); }
bool select_equal(const select_stmt *a, const select_stmt *b) { return same_select(a, b, 0); }
