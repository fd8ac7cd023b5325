/* GROUP BY, aggregates, DISTINCT and window functions → GROUP and PARTITION nodes. */
#include "view/aggregate.h"
#include "view/delta_sql.h"
#include "view/lower.h"

#include <string.h>
#include <strings.h>

enum { MAX_RAW_COLUMNS = 500 };

/* The columns that a node computes its results from: keys first, then aggregates or plain columns. */
typedef struct raw_columns {
  planner *p;
  const core *core;
  source *raw;
  int keys, inputs;              /* inputs: outputs of the arms, keys included */
  expr *input[MAX_RAW_COLUMNS];  /* what each is, over the core's sources */
  int aggregates;
  aggregate *aggregate;
  bool aggregate_inputs;         /* GROUP: columns outside of aggregates are bare; PARTITION: they are inputs */
  bool bare, extreme;            /* a bare column, a min() or max() was met */
  const char *refused;           /* why the group cannot be kept from accumulators */
} raw_columns;

static bool tree_holds(const tree *t, const source *s) {
  if (!t) return false;
  return t->leaf == s || tree_holds(t->left, s) || tree_holds(t->right, s);
}

/* Is the source one of this SELECT's own (and not of one around it)? */
static bool own_source(const core *c, const source *s) {
  for (int i = 0; i < c->from.count; i++) {
    if (tree_holds(c->from.items[i].tree, s)) return true;
    for (const binding *b = c->from.items[i].bound; b; b = b->next)
      if (b->source == s) return true;
  }
  return false;
}

static int add_input(raw_columns *x, expr *e) {
  for (int i = x->keys; i < x->inputs; i++)
    if (expr_equal(x->input[i], e)) return i;
  if (x->inputs == MAX_RAW_COLUMNS) plan_fail(x->p, "more than %d columns go into one GROUP BY", MAX_RAW_COLUMNS);
  x->input[x->inputs] = expr_copy(x->p->memory, e);
  if (!x->input[x->inputs]) plan_nomem(x->p);
  return x->inputs++;
}

static expr *raw_column(raw_columns *x, int index) {
  expr *e = column_of(x->p, x->raw, 0);
  e->source_column = index; /* names are given once their number is known */
  return e;
}

static int add_aggregate(raw_columns *x, aggregate a) {
  for (int i = 0; i < x->aggregates; i++)
    if (x->aggregate[i].kind == a.kind && expr_equal(x->aggregate[i].call, a.call)) return i;
  aggregate *grown = plan_alloc(x->p, sizeof *grown * (size_t)(x->aggregates + 1));
  if (x->aggregates) memcpy(grown, x->aggregate, sizeof *grown * (size_t)x->aggregates);
  grown[x->aggregates] = a;
  x->aggregate = grown;
  return x->aggregates++;
}

static int accumulate_call(raw_columns *x, expr *call) {
  aggregate a = {.call = call, .function = call->name, .argument = -1, .argument2 = -1, .filter = -1, .distinct = call->distinct};
  if (!aggregate_of_call(call, &a)) {
    x->refused = arena_printf(x->p->memory, "%s() is computed from all rows of its group", call->name);
    return 0;
  }
  for (int i = 0; i < call->list.count; i++)
    if (ask(x->p, call->list.items[i]).window) plan_fail(x->p, "a window function inside of an aggregate");
  if (a.kind == AGG_MIN || a.kind == AGG_MAX) x->extreme = true;
  if (call->list.count > 0) {
    a.collation = expr_collation(call->list.items[0]);
    a.argument = add_input(x, call->list.items[0]);
  }
  if (call->list.count > 1) a.argument2 = add_input(x, call->list.items[1]);
  if (call->filter) a.filter = add_input(x, call->filter);
  return add_aggregate(x, a);
}

static int accumulate_bare(raw_columns *x, expr *column) {
  x->bare = true;
  aggregate a = {.kind = AGG_BARE, .function = "any", .call = column, .argument = add_input(x, column), .argument2 = -1, .filter = -1, .collation = "BINARY"};
  return add_aggregate(x, a);
}

/* A column inside of a subquery: its own aggregates and functions are its business. */
static bool visit_inner_column(void *ctx, expr **slot) {
  raw_columns *x = ctx;
  expr *e = *slot;
  if (e->kind != EXPR_COLUMN || e->source == x->raw) return true;
  for (int i = 0; i < x->keys; i++)
    if (expr_equal(e, x->input[i])) {
      *slot = raw_column(x, i);
      return true;
    }
  if (own_source(x->core, e->source))
    *slot = raw_column(x, x->aggregate_inputs ? MAX_RAW_COLUMNS + accumulate_bare(x, e) : add_input(x, e));
  return true;
}

/* Replaces keys, aggregates and bare columns by columns of raw; goes into subqueries, where only columns are replaced. */
static bool visit_raw(void *ctx, expr **slot) {
  raw_columns *x = ctx;
  expr *e = *slot;
  if (e->kind == EXPR_COLUMN && e->source == x->raw) return true;
  if (e->select && !select_walk(e->select, true, visit_inner_column, x)) return false;
  for (int i = 0; i < x->keys; i++)
    if (expr_equal(e, x->input[i])) {
      *slot = raw_column(x, i);
      return true;
    }
  if (x->aggregate_inputs && e->kind == EXPR_FUNCTION && !e->over &&
      function_is_aggregate(x->p->functions, e->name, e->star ? 0 : e->list.count)) {
    *slot = raw_column(x, MAX_RAW_COLUMNS + accumulate_call(x, e));
    return true;
  }
  if (e->kind == EXPR_COLUMN && own_source(x->core, e->source))
    *slot = raw_column(x, x->aggregate_inputs ? MAX_RAW_COLUMNS + accumulate_bare(x, e) : add_input(x, e));
  return true;
}

static expr *to_raw(raw_columns *x, const expr *e) {
  expr *copy = expr_copy(x->p->memory, e);
  if (!copy || !expr_walk(&copy, false, visit_raw, x)) plan_nomem(x->p);
  return copy;
}

/* Aggregates were numbered from MAX_RAW_COLUMNS on while the keys' number was all that was known: now they follow the keys. */
static bool visit_renumber(void *ctx, expr **slot) {
  raw_columns *x = ctx;
  expr *e = *slot;
  if (e->kind != EXPR_COLUMN || e->source != x->raw) return true;
  if (e->source_column >= MAX_RAW_COLUMNS) e->source_column -= MAX_RAW_COLUMNS - x->keys;
  e->name = x->raw->column[e->source_column].name;
  return true;
}

static void describe_raw(raw_columns *x) {
  int columns = x->aggregate_inputs ? x->keys + x->aggregates : x->inputs;
  x->raw->columns = columns;
  x->raw->column = plan_alloc(x->p, sizeof *x->raw->column * (size_t)(columns + 1));
  for (int i = 0; i < columns; i++) {
    column_def *c = &x->raw->column[i];
    const expr *e = i < x->keys || !x->aggregate_inputs ? x->input[i] : NULL;
    const aggregate *a = e ? NULL : &x->aggregate[i - x->keys];
    c->name = arena_printf(x->p->memory, e ? "k%d" : "a%d", e ? i : i - x->keys);
    if (!c->name) plan_nomem(x->p);
    if (a && a->kind == AGG_BARE) e = a->call;
    c->affinity = e ? expr_affinity(e) : AFF_NONE;
    c->collation = e ? expr_collation(e) : "BINARY";
  }
}

static void renumber(raw_columns *x, expr **exprs, int n) {
  for (int i = 0; i < n; i++)
    if (!expr_walk(&exprs[i], true, visit_renumber, x)) plan_nomem(x->p);
}

static void start_raw(raw_columns *x, planner *p, const core *c, const expr_list *keys, bool aggregate_inputs) {
  memset(x, 0, sizeof *x);
  x->p = p;
  x->core = c;
  x->aggregate_inputs = aggregate_inputs;
  x->raw = plan_alloc(p, sizeof *x->raw);
  x->raw->id = p->names.sources++;
  x->raw->leaf = -1;
  x->raw->alias = "g";
  x->raw->column = plan_alloc(p, sizeof *x->raw->column);
  x->raw->column[0].name = "";
  for (int i = 0; i < keys->count; i++) {
    if (i == MAX_RAW_COLUMNS) plan_fail(p, "more than %d GROUP BY terms", MAX_RAW_COLUMNS);
    x->input[i] = keys->items[i];
  }
  x->keys = x->inputs = keys->count;
}

static void take_inputs(node *n, planner *p, raw_columns *x) {
  lowered in = build_arms(p, x->core, x->input, x->inputs);
  n->arms = in.arms;
  n->arm = in.arm;
  n->outputs = x->inputs;
  n->keys = x->keys;
  n->key = plan_alloc(p, sizeof *n->key * (size_t)(x->keys + 1));
  for (int i = 0; i < x->keys; i++) n->key[i] = in.column[i];
  n->raw = x->raw;
  if (n->arms == 1 && n->kind == NODE_PARTITION) n->arm[0]->order = x->core->from.items[0].order;
}

static column_def *describe(planner *p, expr **exprs, int n) {
  column_def *column = plan_alloc(p, sizeof *column * (size_t)(n + 1));
  for (int i = 0; i < n; i++) column[i] = (column_def){.affinity = expr_affinity(exprs[i]), .collation = expr_collation(exprs[i])};
  return column;
}

/* --- PARTITION ------------------------------------------------------------------------------------------------------ */

static lowered lower_partition(planner *p, const core *c, const expr_list *keys, expr **exprs, int n, const expr_list *having, bool groups, const char *reason) {
  raw_columns x;
  start_raw(&x, p, c, keys, false);
  expr **result = plan_alloc(p, sizeof *result * (size_t)(n + 1));
  for (int i = 0; i < n; i++) result[i] = to_raw(&x, exprs[i]);
  expr_list conditions = {0};
  for (int i = 0; having && i < having->count; i++) list_add(p, &conditions, to_raw(&x, having->items[i]));
  for (int i = 0; i < n; i++)
    if (ask(p, exprs[i]).subquery) plan_fail(p, "a subquery beside a window function or an aggregate of all rows");
  for (int i = 0; i < conditions.count; i++)
    if (ask(p, conditions.items[i]).subquery) plan_fail(p, "a subquery in HAVING beside an aggregate of all rows");
  describe_raw(&x);
  renumber(&x, result, n);
  if (conditions.count) renumber(&x, conditions.items, conditions.count);
  column_def *column = describe(p, exprs, n);
  node *made = node_new(p, NODE_PARTITION, n, column);
  take_inputs(made, p, &x);
  made->reason = reason;
  made->groups = groups;
  made->has_group_by = !groups || keys->count > 0;
  made->result = result;
  made->having = conditions;
  return rows_of_node(p, node_register(p, made), column);
}

/* --- window functions ------------------------------------------------------------------------------------------------ */

typedef struct partitions {
  expr_list common;
  bool any;
} partitions;

static bool visit_partition(void *ctx, expr **slot) {
  partitions *x = ctx;
  const expr *e = *slot;
  if (e->kind != EXPR_FUNCTION || !e->over) return true;
  const expr_list *by = &e->over->partition_by;
  if (!x->any) {
    x->any = true;
    x->common = *by;
    return true;
  }
  expr_list kept = {0};
  for (int i = 0; i < x->common.count; i++)
    for (int k = 0; k < by->count; k++)
      if (expr_equal(x->common.items[i], by->items[k])) {
        x->common.items[kept.count++] = x->common.items[i];
        break;
      }
  x->common.count = kept.count;
  return true;
}

lowered lower_windows(planner *p, const core *c, expr **exprs, int n) {
  partitions x = {0};
  for (int i = 0; i < n; i++) {
    expr *slot = expr_copy(p->memory, exprs[i]);
    if (!slot) plan_nomem(p);
    expr_walk(&slot, false, visit_partition, &x);
  }
  const char *reason = x.common.count ? "window functions: the touched partitions are computed again"
                                      : "window functions over all rows: they are computed again together";
  return lower_partition(p, c, &x.common, exprs, n, NULL, false, reason);
}

/* --- GROUP ------------------------------------------------------------------------------------------------------------ */

static node *group_node(planner *p, raw_columns *x, const expr_list *keys, expr **result, int n, const column_def *column) {
  node *made = node_new(p, NODE_GROUP, n, column);
  take_inputs(made, p, x);
  made->reason = x->aggregates ? "aggregates that can take rows back" : "distinct rows are groups with a count";
  made->has_group_by = keys->count > 0;
  made->aggregates = x->aggregates;
  made->aggregate = x->aggregate;
  made->result = result;
  made->plain = true;
  for (int i = 0; i < n; i++) {
    if (result[i]->kind != EXPR_COLUMN || result[i]->source != x->raw)
      made->plain = false;
    else if (result[i]->source_column < made->keys)
      made->rows.column[i].affinity = made->key[result[i]->source_column].affinity;
    else if (x->aggregate[result[i]->source_column - made->keys].kind == AGG_BARE && made->arms > 1)
      made->rows.column[i].affinity = AFF_BLOB;
  }
  return made;
}

/* Keys and aggregates as they are; what SELECT and HAVING make of them is joined above. */
static core rows_of_raw(planner *p, raw_columns *x, const expr_list *keys, expr **exprs, int n, expr_list *having) {
  int columns = x->raw->columns;
  expr **all = plan_alloc(p, sizeof *all * (size_t)(columns + 1));
  for (int i = 0; i < columns; i++) all[i] = column_of(p, x->raw, i);
  column_def *column = describe(p, all, columns);
  node *made = node_register(p, group_node(p, x, keys, all, columns, column));
  source *s = source_of_relation(p, &made->rows);
  alternative *only = plan_alloc(p, sizeof *only);
  expr **to = plan_alloc(p, sizeof *to * (size_t)(columns + 1));
  for (int i = 0; i < columns; i++) to[i] = column_of(p, s, i);
  tree *leaf = plan_alloc(p, sizeof *leaf);
  leaf->kind = TREE_LEAF;
  leaf->leaf = s;
  binding *b = plan_alloc(p, sizeof *b);
  b->source = x->raw;
  b->expression = to;
  *only = (alternative){.tree = leaf, .bound = b};
  return (core){.from = {1, only}, .where = *having};
}

static bool needs_all_rows(const raw_columns *x) { return x->refused || (x->bare && x->extreme); }

lowered lower_group(planner *p, const core *c, const select_stmt *s, expr **exprs, int n) {
  bool windows = false, subqueries = false;
  for (int i = 0; i < n; i++) {
    windows |= ask(p, exprs[i]).window;
    subqueries |= ask(p, exprs[i]).subquery;
  }
  expr_list conditions = {0};
  if (s->having) split_and(p, s->having, &conditions);
  for (int i = 0; i < conditions.count; i++) subqueries |= ask(p, conditions.items[i]).subquery;

  raw_columns x;
  start_raw(&x, p, c, &s->group_by, true);
  expr **result = plan_alloc(p, sizeof *result * (size_t)(n + 1));
  expr_list having = {0};
  for (int i = 0; i < n; i++) result[i] = to_raw(&x, exprs[i]);
  for (int i = 0; i < conditions.count; i++) list_add(p, &having, to_raw(&x, conditions.items[i]));
  if (needs_all_rows(&x) || p->force == STRATEGY_GROUP) {
    if (windows) plan_fail(p, "window functions over aggregates of all rows");
    const char *reason = x.refused ? x.refused : p->force == STRATEGY_GROUP ? "asked for" : "columns beside min() or max() come from the row that has it";
    return lower_partition(p, c, &s->group_by, exprs, n, &conditions, true, reason);
  }
  describe_raw(&x);
  renumber(&x, result, n);
  if (having.count) renumber(&x, having.items, having.count);
  if (windows || subqueries) {
    core above = rows_of_raw(p, &x, &s->group_by, result, n, &having);
    return windows ? lower_windows(p, &above, result, n) : build_arms(p, &above, result, n);
  }
  column_def *column = describe(p, exprs, n);
  node *made = group_node(p, &x, &s->group_by, result, n, column);
  made->having = having;
  if (having.count) made->plain = false;
  return rows_of_node(p, node_register(p, made), column);
}

lowered lower_distinct(planner *p, const lowered *rows) {
  node *made = node_new(p, NODE_GROUP, rows->columns, rows->column);
  made->reason = "distinct rows are groups with a count";
  made->arms = rows->arms;
  made->arm = rows->arm;
  made->outputs = made->keys = rows->columns;
  made->key = rows->column;
  made->has_group_by = true;
  made->raw = source_of_relation(p, &made->rows);
  made->raw->relation = NULL;
  made->raw->column = plan_alloc(p, sizeof *made->raw->column * (size_t)(rows->columns + 1));
  made->result = plan_alloc(p, sizeof *made->result * (size_t)(rows->columns + 1));
  for (int i = 0; i < rows->columns; i++) {
    made->raw->column[i] = rows->column[i];
    made->raw->column[i].name = arena_printf(p->memory, "k%d", i);
    if (!made->raw->column[i].name) plan_nomem(p);
    made->result[i] = column_of(p, made->raw, i);
  }
  made->plain = true;
  return rows_of_node(p, node_register(p, made), rows->column);
}
