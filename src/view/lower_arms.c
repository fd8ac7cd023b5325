/* FROM, WHERE and output expressions → arms: what only joins, filters and projects is dissolved and keeps nothing. */
#include "view/delta_sql.h"
#include "view/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_ARMS = 256 };

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

static expr *operation(planner *p, const char *op, expr *left, expr *right) {
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

/* A copy of e in which bound columns are replaced. Bindings are already in terms of leaves: one pass is enough, but the
** walk goes on into the replacement, where nothing is bound any more. */
static expr *substitute(planner *p, const expr *e, const binding *bound) {
  expr *copy = expr_copy(p->memory, e);
  if (!copy) plan_nomem(p);
  substituting s = {p, bound};
  if (bound && !expr_walk(&copy, true, visit_substitute, &s)) plan_fail(p, "the expression is nested too deeply");
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

static tree *tree_new(planner *p, tree_kind kind, tree *left, tree *right) {
  tree *t = plan_alloc(p, sizeof *t);
  t->kind = kind;
  t->left = left;
  t->right = right;
  return t;
}

static tree *tree_leaf(planner *p, source *s) {
  tree *t = tree_new(p, TREE_LEAF, NULL, NULL);
  t->leaf = s;
  return t;
}

static tree *tree_inner(planner *p, tree *left, tree *right) {
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

static bool list_is_closed(const tree *t, const expr_list *list) {
  for (int i = 0; i < list->count; i++)
    if (!expr_walk(&list->items[i], false, visit_closed, (void *)t)) return false;
  return true;
}

/* Whether the conditions of a tree name only what is within `all`. */
static bool tree_is_closed(const tree *all, const tree *t) {
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

/* --- FROM --------------------------------------------------------------------------------------------------------- */

static void alternatives_add(planner *p, alternatives *list, alternative a) {
  if (list->count >= MAX_ARMS) plan_fail(p, "more than %d UNION ALL arms meet in one join", MAX_ARMS);
  alternative *items = plan_alloc(p, sizeof *items * (size_t)(list->count + 1));
  if (list->count) memcpy(items, list->items, sizeof *items * (size_t)list->count);
  items[list->count++] = a;
  list->items = items;
}

static binding *bind(planner *p, const source *s, expr **expression, binding *next) {
  binding *b = plan_alloc(p, sizeof *b);
  b->source = s;
  b->expression = expression;
  b->next = next;
  return b;
}

static binding *bind_nulls(planner *p, const from_item *item, binding *next) {
  if (item->kind == FROM_JOIN) return bind_nulls(p, item->left, bind_nulls(p, item->right, next));
  return bind(p, item->source, NULL, next);
}

static binding *bind_both(planner *p, const binding *a, binding *b) {
  return a ? bind(p, a->source, a->expression, bind_both(p, a->next, b)) : b;
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
  for (int i = 0; i < low.arms; i++) alternatives_add(p, &out, (alternative){.tree = low.arm[i]->tree, .bound = bind(p, item->source, low.arm[i]->output, NULL)});
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
    *renamed = bind(p, t->leaf, NULL, *renamed);
    (*renamed)->rename = copy->leaf;
    return copy;
  }
  copy->left = clone_tree(p, t->left, renamed);
  copy->right = clone_tree(p, t->right, renamed);
  return copy;
}

static tree *substitute_tree(planner *p, const tree *t, const binding *bound);

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

/* --- WHERE with subqueries ----------------------------------------------------------------------------------------- */

static bool is_correlated(const select_stmt *s);

static bool visit_not_null(planner *p, const expr *e) {
  if (e->kind == EXPR_LITERAL) return strcasecmp(e->text, "NULL") != 0;
  if (e->kind != EXPR_COLUMN || !e->source || e->source->nullable || !e->source->relation) return false;
  const relation *rel = e->source->relation;
  if (e->source_column == SOURCE_ROWID || rel->rowid_alias == e->source_column) return true;
  if (rel->column[e->source_column].not_null) return true;
  for (int i = 0; rel->without_rowid && i < rel->pk_columns; i++)
    if (rel->pk[i] == e->source_column) return true;
  return false;
}

/* x = y as IN compares: with x's collation. */
static expr *in_equal(planner *p, const expr *x, const expr *y, const binding *bound) {
  const char *collation = expr_collation(x);
  expr *left = substitute(p, x, bound);
  if (strcasecmp(collation, "BINARY") != 0 || strcasecmp(expr_collation(y), "BINARY") != 0) {
    expr *c = expr_new(p->memory, EXPR_COLLATE, x->at);
    if (!c) plan_nomem(p);
    c->left = left;
    c->name = collation;
    left = c;
  }
  return operation(p, "=", left, substitute(p, y, bound));
}

/* The conditions under which a row of the subquery matches x in `x [NOT] IN (SELECT y …)`; x may be a row (a, b). */
static void in_conditions(planner *p, const expr *in, const lowered *low, const select_stmt *body, const binding *bound, expr_list *on) {
  const select_stmt *first = select_first_arm(body);
  bool is_row = in->left->kind == EXPR_ROW, certain = true;
  int n = is_row ? in->left->list.count : 1;
  if (n > low->columns) plan_fail(p, "IN compares rows of different width");
  expr *all = NULL;
  for (int i = 0; i < n; i++) {
    const expr *x = is_row ? in->left->list.items[i] : in->left;
    const expr *original = first->is_values || low->arms != 1 ? low->arm[0]->output[i] : first->columns.items[i].value;
    certain = certain && visit_not_null(p, x) && visit_not_null(p, original);
    expr *equal = in_equal(p, x, low->arm[0]->output[i], bound);
    if (!in->negated)
      list_add(p, on, equal);
    else
      all = all ? operation(p, "AND", all, equal) : equal;
  }
  if (in->negated) list_add(p, on, certain ? all : operation(p, "IS NOT", all, literal(p, "FALSE")));
}

static void substitute_list(planner *p, expr_list *list, const binding *bound) {
  for (int i = 0; i < list->count; i++) list->items[i] = substitute(p, list->items[i], bound);
}

/* A tree of the subquery in which the outer columns stand for what they are bound to. */
static tree *substitute_tree(planner *p, const tree *t, const binding *bound) {
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

static bool limit_is_harmless(select_stmt *s) {
  if (!s->limit) return true;
  return !s->offset && s->limit->kind == EXPR_LITERAL && types_is_integer(s->limit->text) && strtol(s->limit->text, NULL, 10) > 0;
}

/* Conditions of a subquery's tree that name outer columns must stand where they float up to its WHERE: below the optional
** side of an outer join, or in a subquery of its own, they cannot be joined from outside. */
static bool floats(const tree *all, const tree *t) {
  if (!t) return true;
  switch (t->kind) {
    case TREE_LEAF: return true;
    case TREE_INNER: return floats(all, t->left) && floats(all, t->right);
    default: return list_is_closed(all, &t->on) && tree_is_closed(all, t->right) && floats(all, t->left);
  }
}

static bool keeps_rows(planner *p, const select_stmt *s) {
  if (s->prior || s->group_by.count || s->having || s->limit || s->is_values) return true;
  for (int i = 0; i < s->columns.count; i++)
    if (ask(p, s->columns.items[i].value).aggregate || ask(p, s->columns.items[i].value).window) return true;
  return false;
}

/* [NOT] EXISTS (…) and x [NOT] IN (SELECT …) as conditions: a semi-join or anti-join on top. NULL = not of this form. */
static tree *lower_semi(planner *p, tree *t, expr *condition, const binding *bound) {
  bool negated = false;
  while (condition->kind == EXPR_UNARY && strcmp(condition->op, "NOT") == 0) {
    negated = !negated;
    condition = condition->left;
  }
  bool exists = condition->kind == EXPR_EXISTS, in = condition->kind == EXPR_IN && condition->select;
  if (!t || (!exists && !in) || (in && negated)) return NULL;
  negated ^= condition->negated;
  if (in && ask(p, condition->left).subquery) return NULL;
  select_stmt *body = select_copy(p->memory, condition->select);
  if (!body) plan_nomem(p);
  if (exists && limit_is_harmless(body)) {
    body->limit = NULL;
    body->order_by.count = 0;
  }
  body->distinct = body->distinct && keeps_rows(p, body);
  if (is_correlated(body) && keeps_rows(p, body)) return NULL;
  lowered low = lower_select(p, body);
  if (low.arms != 1 && is_correlated(body)) return NULL;
  if (low.arms != 1) low = rows_of_node(p, materialise(p, &low), low.column);
  if (!low.arm[0]->tree || !floats(low.arm[0]->tree, low.arm[0]->tree)) return NULL;
  tree *right = substitute_tree(p, low.arm[0]->tree, bound);
  tree *out = tree_new(p, negated ? TREE_ANTI : TREE_SEMI, t, right);
  if (in) in_conditions(p, condition, &low, body, bound, &out->on);
  return out;
}

/* --- arms --------------------------------------------------------------------------------------------------------- */

typedef struct scalars {
  planner *p;
  tree *tree;
  bool hard; /* something is left that only SQL as a whole can evaluate */
} scalars;

static bool visit_correlated(void *ctx, expr **slot) {
  int *least = ctx;
  const expr *e = *slot;
  if (e->kind == EXPR_COLUMN && e->source && e->source->depth < *least) {
    *least = -1;
    return false;
  }
  return true;
}

static int select_depth(const select_stmt *s) {
  for (const select_stmt *a = s; a; a = a->prior) {
    const from_item *item = a->from;
    while (item && item->kind == FROM_JOIN) item = item->left;
    if (item && item->source) return item->source->depth;
  }
  return -1;
}

/* Does the subquery name columns of a SELECT around it? One without FROM counts as correlated: it costs nothing to run. */
static bool is_correlated(const select_stmt *s) {
  int depth = select_depth(s);
  if (depth < 0) return true;
  select_walk((select_stmt *)s, true, visit_correlated, &depth);
  return depth < 0;
}

/* A scalar subquery that always has one row (an aggregate over everything, not correlated) is a join with that row. */
static bool visit_scalar(void *ctx, expr **slot) {
  scalars *x = ctx;
  expr *e = *slot;
  if (!e->select) return true;
  if (e->kind != EXPR_SUBQUERY || is_correlated(e->select) || e->select->limit) {
    x->hard = true;
    return true;
  }
  const select_stmt *s = e->select;
  bool one_row = !s->prior && !s->group_by.count && !s->having && !s->distinct && s->columns.count == 1 &&
                 ask(x->p, s->columns.items[0].value).aggregate && !ask(x->p, s->columns.items[0].value).window;
  if (!one_row) {
    x->hard = true;
    return true;
  }
  lowered low = lower_select(x->p, e->select);
  if (low.arms != 1 || !low.arm[0]->tree) {
    x->hard = true;
    return true;
  }
  tree *joined = tree_inner(x->p, x->tree, low.arm[0]->tree);
  x->tree = joined;
  *slot = low.arm[0]->output[0];
  return true;
}

static void add_filter(planner *p, tree **t, expr *e) {
  tree *over = plan_alloc(p, sizeof *over);
  *over = **t;
  over->filter = (expr_list){0};
  for (int i = 0; i < (*t)->filter.count; i++) list_add(p, &over->filter, (*t)->filter.items[i]);
  list_add(p, &over->filter, e);
  *t = over;
}

/* WHERE onto the tree; conditions that cannot be joined are left in *hard. */
static tree *apply_where(planner *p, tree *t, const expr_list *where, const binding *bound, expr_list *hard) {
  for (int i = 0; i < where->count; i++)
    if (!ask(p, where->items[i]).subquery && t) add_filter(p, &t, substitute(p, where->items[i], bound));
  for (int i = 0; i < where->count; i++) {
    expr *e = where->items[i];
    if (!ask(p, e).subquery) {
      if (!t) list_add(p, hard, substitute(p, e, bound));
      continue;
    }
    tree *semi = lower_semi(p, t, e, bound);
    if (semi) {
      t = semi;
      continue;
    }
    scalars x = {.p = p, .tree = t};
    expr *copy = expr_copy(p->memory, e);
    if (!copy) plan_nomem(p);
    if (!expr_walk(&copy, false, visit_scalar, &x)) plan_nomem(p);
    if (x.hard || !x.tree) {
      list_add(p, hard, e);
      continue;
    }
    t = x.tree;
    expr *condition = substitute(p, copy, bound);
    add_filter(p, &t, condition);
  }
  return t;
}

static void collect_leaves(const tree *t, source **out, int *n, int most) {
  if (!t) return;
  if (t->kind == TREE_LEAF) {
    if (*n < most) out[*n] = t->leaf;
    ++*n;
    return;
  }
  collect_leaves(t->left, out, n, most);
  if (t->kind != TREE_SEMI && t->kind != TREE_ANTI) collect_leaves(t->right, out, n, most);
}

static lowered lower_by_row(planner *p, const alternative *alt, tree *t, const expr_list *hard, expr **exprs, int n);

/* A column whose values come with another affinity than its name has (a later arm of a UNION ALL) is stored as they come. */
static void settle_affinity(column_def *column, const expr *output) {
  bool null = output->kind == EXPR_LITERAL && strcasecmp(output->text, "NULL") == 0;
  if (!null && expr_affinity(output) != column->affinity) column->affinity = AFF_BLOB;
}

lowered build_arms(planner *p, const core *c, expr **exprs, int n) {
  lowered out = {.columns = n, .column = plan_alloc(p, sizeof *out.column * (size_t)(n + 1))};
  for (int i = 0; i < n; i++) {
    out.column[i].affinity = expr_affinity(exprs[i]);
    out.column[i].collation = expr_collation(exprs[i]);
  }
  out.arms = c->from.count;
  out.arm = plan_alloc(p, sizeof *out.arm * (size_t)(c->from.count + 1));
  for (int i = 0; i < c->from.count; i++) {
    const alternative *alt = &c->from.items[i];
    expr_list hard = {0};
    tree *t = apply_where(p, alt->tree, &c->where, alt->bound, &hard);
    scalars x = {.p = p, .tree = t};
    expr **rewritten = plan_alloc(p, sizeof *rewritten * (size_t)(n + 1));
    for (int k = 0; k < n; k++) {
      rewritten[k] = expr_copy(p->memory, exprs[k]);
      if (!rewritten[k] || !expr_walk(&rewritten[k], false, visit_scalar, &x)) plan_nomem(p);
    }
    if (hard.count || x.hard) {
      if (c->from.count != 1) plan_fail(p, "a correlated subquery over UNION ALL");
      lowered rows = lower_by_row(p, alt, t, &hard, exprs, n);
      for (int k = 0; k < n; k++) rows.column[k] = out.column[k];
      return rows;
    }
    out.arm[i] = arm_new(p, x.tree, n);
    for (int k = 0; k < n; k++) out.arm[i]->output[k] = substitute(p, rewritten[k], alt->bound);
  }
  for (int i = 0; i < out.arms; i++)
    for (int k = 0; k < n; k++) settle_affinity(&out.column[k], out.arm[i]->output[k]);
  return out;
}

/* --- rows that are computed one by one: correlated subqueries -------------------------------------------------------- */

static void touch_subqueries(planner *p, arm *a, tree *outer, const expr *e, const binding *bound);

/* Everything that one SELECT of a subquery reads makes the outer rows that it matches be computed again. */
static void touch_select(planner *p, arm *a, tree *outer, const select_stmt *s, const binding *bound) {
  for (const select_stmt *part = s; part; part = part->prior) {
    if (part->is_values || !part->from) continue;
    select_stmt *copy = select_copy(p->memory, part);
    if (!copy) plan_nomem(p);
    copy->prior = NULL;
    alternatives from = lower_from(p, copy->from, false);
    for (int i = 0; i < from.count; i++) {
      binding *all = bind_both(p, from.items[i].bound, (binding *)bound);
      if (!from.items[i].tree) continue;
      tree *t = tree_new(p, TREE_INNER, outer, substitute_tree(p, from.items[i].tree, all));
      expr_list where = {0};
      if (copy->where) split_and(p, copy->where, &where);
      for (int k = 0; k < where.count; k++)
        if (!ask(p, where.items[k]).subquery) list_add(p, &t->filter, substitute(p, where.items[k], all));
      touch *entry = plan_alloc(p, sizeof *entry);
      entry->tree = t;
      entry->next = a->touches;
      a->touches = entry;
      for (int k = 0; k < where.count; k++) touch_subqueries(p, a, t, where.items[k], all);
      for (int k = 0; k < copy->columns.count; k++) touch_subqueries(p, a, t, copy->columns.items[k].value, all);
      for (int k = 0; k < copy->group_by.count; k++) touch_subqueries(p, a, t, copy->group_by.items[k], all);
      if (copy->having) touch_subqueries(p, a, t, copy->having, all);
      for (int k = 0; k < copy->order_by.count && !part->prior; k++) touch_subqueries(p, a, t, copy->order_by.items[k].value, all);
    }
  }
}

typedef struct touching {
  planner *p;
  arm *a;
  tree *outer;
  const binding *bound;
} touching;

static bool visit_touch(void *ctx, expr **slot) {
  touching *x = ctx;
  if ((*slot)->select) touch_select(x->p, x->a, x->outer, (*slot)->select, x->bound);
  return true;
}

static void touch_subqueries(planner *p, arm *a, tree *outer, const expr *e, const binding *bound) {
  touching x = {p, a, outer, bound};
  expr *slot = (expr *)e;
  expr_walk(&slot, false, visit_touch, &x);
}

static lowered lower_by_row(planner *p, const alternative *alt, tree *t, const expr_list *hard, expr **exprs, int n) {
  if (!t) plan_fail(p, "a subquery without a table beside it");
  source *leaf[MAX_LEAVES];
  int leaves = 0, keys = 0;
  collect_leaves(t, leaf, &leaves, MAX_LEAVES);
  if (leaves > MAX_LEAVES) plan_fail(p, "more than %d tables in one join", MAX_LEAVES);
  column_def *column = plan_alloc(p, sizeof *column * (size_t)(n + 1));
  for (int i = 0; i < n; i++) column[i] = (column_def){.affinity = expr_affinity(exprs[i]), .collation = expr_collation(exprs[i])};
  node *made = node_new(p, NODE_PARTITION, n, column);
  made->reason = "a correlated subquery: rows whose subquery saw a change are computed again";
  made->by_row = true;
  for (int i = 0; i < leaves; i++) keys += leaf[i]->relation->without_rowid ? leaf[i]->relation->pk_columns : 1;
  arm *a = arm_new(p, t, keys);
  made->key = plan_alloc(p, sizeof *made->key * (size_t)(keys + 1));
  for (int i = 0, k = 0; i < leaves; i++) {
    const relation *rel = leaf[i]->relation;
    for (int c = 0; c < (rel->without_rowid ? rel->pk_columns : 1); c++, k++) {
      a->output[k] = column_of(p, leaf[i], rel->without_rowid ? rel->pk[c] : SOURCE_ROWID);
      made->key[k] = rel->without_rowid ? rel->column[rel->pk[c]] : (column_def){.name = "rowid", .collation = "BINARY", .affinity = AFF_INTEGER};
    }
  }
  made->keys = made->outputs = keys;
  made->arms = 1;
  made->arm = plan_alloc(p, sizeof *made->arm);
  made->arm[0] = a;
  for (int i = 0; i < n; i++) touch_subqueries(p, a, t, exprs[i], alt->bound);
  for (int i = 0; i < hard->count; i++) touch_subqueries(p, a, t, hard->items[i], alt->bound);
  made->result = plan_alloc(p, sizeof *made->result * (size_t)(n + 1));
  for (int i = 0; i < n; i++) made->result[i] = substitute(p, exprs[i], alt->bound);
  for (int i = 0; i < hard->count; i++) list_add(p, &made->having, substitute(p, hard->items[i], alt->bound));
  return rows_of_node(p, node_register(p, made), column);
}
