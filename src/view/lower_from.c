/* FROM → alternatives: join trees over tables and nodes; derived tables that only join are dissolved. */
#include "view/delta_sql.h"
#include "view/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- FROM --------------------------------------------------------------------------------------------------------- */

static void alternatives_add(planner *p, alternatives *list, alternative a) {
  if (list->count >= MAX_ARMS) plan_fail(p, "more than %d UNION ALL arms meet in one join", MAX_ARMS);
  alternative *items = plan_alloc(p, sizeof *items * (size_t)(list->count + 1));
  if (list->count) memcpy(items, list->items, sizeof *items * (size_t)list->count);
  items[list->count++] = a;
  list->items = items;
}

binding *lower_bind(planner *p, const source *s, expr **expression, binding *next) {
  binding *b = plan_alloc(p, sizeof *b);
  b->source = s;
  b->expression = expression;
  b->next = next;
  return b;
}

static binding *bind_nulls(planner *p, const from_item *item, binding *next) {
  if (item->kind == FROM_JOIN) return bind_nulls(p, item->left, bind_nulls(p, item->right, next));
  return lower_bind(p, item->source, NULL, next);
}

binding *bind_both(planner *p, const binding *a, binding *b) {
  return a ? lower_bind(p, a->source, a->expression, bind_both(p, a->next, b)) : b;
}

static bool only_columns(const lowered *low) {
  for (int i = 0; i < low->columns; i++)
    if (low->arm[0]->output[i]->kind != EXPR_COLUMN) return false;
  return true;
}

static bool is_binary(const lowered *low) {
  for (int i = 0; i < low->columns; i++)
    if (strcasecmp(low->column[i].collation, "BINARY") != 0) return false;
  return true;
}

/* Dissolving a derived table must not change how its columns compare: SQLite gives a column of an expression its own
** affinity and collation, an expression in its place may have another. */
static bool may_dissolve(const lowered *low, bool nullable) {
  if (nullable) return low->arms == 1 && low->arm[0]->tree && only_columns(low);
  for (int i = 0; i < low->arms; i++)
    if (!low->arm[i]->tree) return false; /* constants: a node of their own can be joined in any way */
  if (low->arms == 1 && only_columns(low)) return true;
  return is_binary(low);
}

static bool same_comparisons(affinity a, affinity b) { return a == b || (a <= AFF_BLOB && b <= AFF_BLOB); }

/* ORDER BY of a derived table, for aggregates that see their rows in order (group_concat). */
static order_list derived_order(planner *p, const from_item *item, const binding *bound) {
  order_list out = {0};
  const select_stmt *s = item->select;
  if (s->limit || s->prior || s->is_values || s->distinct || s->group_by.count) return out;
  /* What the derived table's own columns are bound to was bound when it was lowered: its terms are among its outputs, or
  ** plain columns of a table. */
  for (int i = 0; i < s->order_by.count; i++) {
    order_term term = s->order_by.items[i];
    const expr *output = NULL;
    for (int k = 0; k < s->columns.count && !output; k++)
      if (expr_equal(s->columns.items[k].value, term.value)) output = bound->expression[k];
    if (!output && !(term.value->kind == EXPR_COLUMN && term.value->source->relation)) return (order_list){0};
    term.value = expr_copy(p->memory, output ? output : term.value);
    if (!term.value || !order_list_add(p->memory, &out, term)) plan_nomem(p);
  }
  return out;
}

static alternatives lower_derived(planner *p, from_item *item, bool nullable) {
  alternatives out = {0};
  lowered low = lower_select(p, item->select);
  if (!may_dissolve(&low, nullable)) {
    item->source->relation = &materialise(p, &low)->rows;
    for (int i = 0; i < low.columns; i++)
      if (!same_comparisons(item->source->column[i].affinity, item->source->relation->column[i].affinity))
        plan_fail(p, "a derived table whose arms differ in a column's type");
    alternatives_add(p, &out, (alternative){.tree = tree_leaf(p, item->source)});
    return out;
  }
  for (int i = 0; i < low.arms; i++) alternatives_add(p, &out, (alternative){.tree = low.arm[i]->tree, .bound = lower_bind(p, item->source, low.arm[i]->output, NULL)});
  if (low.arms == 1) out.items[0].order = derived_order(p, item, out.items[0].bound);
  return out;
}

static void add_conditions(planner *p, expr_list *list, expr *on, const binding *bound) {
  if (!on) return;
  expr_list parts = {0};
  split_and(p, on, &parts);
  for (int i = 0; i < parts.count; i++) {
    if (ask(p, parts.items[i]).subquery) plan_fail(p, "a subquery in an ON condition");
    list_add(p, list, substitute(p, parts.items[i], bound));
  }
}

static alternatives lower_inner(planner *p, from_item *item, bool nullable) {
  alternatives left = lower_from(p, item->left, nullable), right = lower_from(p, item->right, nullable), out = {0};
  if (nullable && (left.count > 1 || right.count > 1)) plan_fail(p, "UNION ALL inside the optional side of an outer join");
  for (int i = 0; i < left.count; i++)
    for (int k = 0; k < right.count; k++) {
      alternative a = {.tree = tree_inner(p, left.items[i].tree, right.items[k].tree), .bound = bind_both(p, left.items[i].bound, right.items[k].bound)};
      if (!a.tree) plan_fail(p, "a join of constants");
      if (a.tree->kind == TREE_INNER && a.tree->left == left.items[i].tree)
        add_conditions(p, &a.tree->on, item->on, a.bound);
      else if (item->on) {
        tree *over = plan_alloc(p, sizeof *over);
        *over = *a.tree;
        over->filter = (expr_list){0};
        for (int f = 0; f < a.tree->filter.count; f++) list_add(p, &over->filter, a.tree->filter.items[f]);
        add_conditions(p, &over->filter, item->on, a.bound);
        a.tree = over;
      }
      alternatives_add(p, &out, a);
    }
  return out;
}

static alternatives lower_left(planner *p, from_item *item, from_item *keep, from_item *optional, bool nullable) {
  alternatives left = lower_from(p, keep, nullable), right = lower_from(p, optional, true), out = {0};
  if (right.count != 1 || !right.items[0].tree) plan_fail(p, "UNION ALL inside the optional side of an outer join");
  for (int i = 0; i < left.count; i++) {
    if (!left.items[i].tree) plan_fail(p, "an outer join of a constant row");
    alternative a = {.tree = tree_new(p, TREE_LEFT, left.items[i].tree, right.items[0].tree), .bound = bind_both(p, left.items[i].bound, right.items[0].bound)};
    add_conditions(p, &a.tree->on, item->on, a.bound);
    alternatives_add(p, &out, a);
  }
  return out;
}

/* A tree over references of its own, and what the old ones' columns are in it. */
static tree *clone_tree(planner *p, const tree *t, binding **renamed) {
  tree *copy = plan_alloc(p, sizeof *copy);
  *copy = *t;
  if (t->kind == TREE_LEAF) {
    copy->leaf = source_of_relation(p, t->leaf->relation);
    copy->leaf->nullable = t->leaf->nullable;
    *renamed = lower_bind(p, t->leaf, NULL, *renamed);
    (*renamed)->rename = copy->leaf;
    return copy;
  }
  copy->left = clone_tree(p, t->left, renamed);
  copy->right = clone_tree(p, t->right, renamed);
  return copy;
}

/* A FULL JOIN is the LEFT JOIN and, beside it, the right rows that match nothing on the left, in none of its ways. */
static alternatives lower_full(planner *p, from_item *item, bool nullable) {
  if (nullable) plan_fail(p, "a FULL JOIN inside the optional side of an outer join");
  alternatives left = lower_from(p, item->left, false), right = lower_from(p, item->right, true), out = {0};
  if (right.count != 1 || !right.items[0].tree) plan_fail(p, "UNION ALL on the right side of a FULL JOIN");
  tree *alone = right.items[0].tree;
  for (int i = 0; i < left.count; i++) {
    if (!left.items[i].tree) plan_fail(p, "a FULL JOIN of a constant row");
    binding *both = bind_both(p, left.items[i].bound, right.items[0].bound), *renamed = NULL;
    tree *matched = tree_new(p, TREE_LEFT, left.items[i].tree, right.items[0].tree);
    add_conditions(p, &matched->on, item->on, both);
    alternatives_add(p, &out, (alternative){.tree = matched, .bound = both});
    tree *copy = clone_tree(p, left.items[i].tree, &renamed);
    alone = tree_new(p, TREE_ANTI, alone, substitute_tree(p, copy, renamed));
    expr_list on = {0};
    add_conditions(p, &on, item->on, both);
    for (int k = 0; k < on.count; k++) list_add(p, &alone->on, substitute(p, on.items[k], renamed));
  }
  alternatives_add(p, &out, (alternative){.tree = alone, .bound = bind_nulls(p, item->left, right.items[0].bound)});
  return out;
}

alternatives lower_from(planner *p, from_item *item, bool nullable) {
  if (item->kind == FROM_SELECT) return lower_derived(p, item, nullable);
  if (item->kind == FROM_TABLE) {
    alternatives out = {0};
    if (item->source->relation->rowid_name == NULL && !item->source->relation->without_rowid) plan_fail(p, "table %s has no usable rowid", item->name);
    alternatives_add(p, &out, (alternative){.tree = tree_leaf(p, item->source)});
    return out;
  }
  switch (item->join) {
    case JOIN_LEFT: return lower_left(p, item, item->left, item->right, nullable);
    case JOIN_RIGHT: return lower_left(p, item, item->right, item->left, nullable);
    case JOIN_FULL: return lower_full(p, item, nullable);
    default: return lower_inner(p, item, nullable);
  }
}

