/* WHERE and output expressions → arms: filters and projections are dissolved, subqueries become joins or rows computed again. */
#include "view/delta_sql.h"
#include "view/lower.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
