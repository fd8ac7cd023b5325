/* SELECT → nodes: compounds, ORDER BY and LIMIT, and the view as a whole. */
#include "view/lower.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static core core_of(planner *p, const select_stmt *s) {
  core c = {0};
  if (s->from)
    c.from = lower_from(p, s->from, false);
  else {
    c.from.count = 1;
    c.from.items = plan_alloc(p, sizeof *c.from.items);
  }
  if (s->where) split_and(p, s->where, &c.where);
  return c;
}

static lowered lower_values(planner *p, const select_stmt *s) {
  int n = s->values[0].count;
  lowered out = {.arms = s->value_rows, .columns = n, .column = plan_alloc(p, sizeof *out.column * (size_t)(n + 1))};
  for (int i = 0; i < n; i++)
    out.column[i] = (column_def){.affinity = expr_affinity(s->values[0].items[i]), .collation = expr_collation(s->values[0].items[i])};
  out.arm = plan_alloc(p, sizeof *out.arm * (size_t)s->value_rows);
  for (int r = 0; r < s->value_rows; r++) {
    if (s->values[r].count != n) plan_fail(p, "VALUES rows of different length");
    out.arm[r] = arm_new(p, NULL, n);
    for (int i = 0; i < n; i++) {
      if (ask(p, s->values[r].items[i]).subquery) plan_fail(p, "a subquery in VALUES");
      out.arm[r]->output[i] = s->values[r].items[i];
    }
  }
  return out;
}

/* One arm of a compound, with the ORDER BY terms that are not among its columns behind them. */
static lowered lower_arm(planner *p, const select_stmt *s, expr **exprs, int n) {
  if (s->is_values) return lower_values(p, s);
  core c = core_of(p, s);
  bool aggregates = s->group_by.count > 0 || s->having, windows = false;
  for (int i = 0; i < n; i++) {
    aggregates |= ask(p, exprs[i]).aggregate;
    windows |= ask(p, exprs[i]).window;
  }
  lowered out = aggregates ? lower_group(p, &c, s, exprs, n) : windows ? lower_windows(p, &c, exprs, n) : build_arms(p, &c, exprs, n);
  return s->distinct ? lower_distinct(p, &out) : out;
}

static lowered lower_plain_arm(planner *p, const select_stmt *s) {
  int n = s->is_values ? 0 : s->columns.count;
  expr **exprs = plan_alloc(p, sizeof *exprs * (size_t)(n + 1));
  for (int i = 0; i < n; i++) exprs[i] = s->columns.items[i].value;
  return lower_arm(p, s, exprs, n);
}

/* --- compounds --------------------------------------------------------------------------------------------------------- */

static lowered concat(planner *p, const lowered *a, const lowered *b) {
  if (a->columns != b->columns) plan_fail(p, "compound arms of different width");
  lowered out = *a;
  out.arms = a->arms + b->arms;
  out.arm = plan_alloc(p, sizeof *out.arm * (size_t)out.arms);
  memcpy(out.arm, a->arm, sizeof *out.arm * (size_t)a->arms);
  memcpy(out.arm + a->arms, b->arm, sizeof *out.arm * (size_t)b->arms);
  out.column = plan_alloc(p, sizeof *out.column * (size_t)(out.columns + 1));
  for (int i = 0; i < out.columns; i++) {
    out.column[i] = a->column[i];
    if (a->column[i].affinity != b->column[i].affinity) out.column[i].affinity = AFF_BLOB; /* kept as each arm has it */
    if (strcasecmp(a->column[i].collation, "BINARY") == 0) out.column[i].collation = b->column[i].collation;
  }
  return out;
}

/* INTERSECT and EXCEPT: a group per row, with how often it stands on each side. */
static lowered lower_sides(planner *p, const lowered *left, const lowered *right, bool intersect) {
  int n = left->columns;
  lowered both = concat(p, left, right);
  for (int i = 0; i < both.arms; i++) {
    arm *old = both.arm[i], *sided = arm_new(p, old->tree, n + 2);
    memcpy(sided->output, old->output, sizeof *old->output * (size_t)n);
    sided->output[n] = literal(p, i < left->arms ? "1" : "NULL");
    sided->output[n + 1] = literal(p, i < left->arms ? "NULL" : "1");
    both.arm[i] = sided;
  }
  node *made = node_new(p, NODE_GROUP, n, both.column);
  made->reason = intersect ? "INTERSECT: rows counted on both sides" : "EXCEPT: rows counted on both sides";
  made->arms = both.arms;
  made->arm = both.arm;
  made->outputs = n + 2;
  made->keys = n;
  made->key = both.column;
  made->has_group_by = true;
  made->aggregates = 2;
  made->aggregate = plan_alloc(p, sizeof *made->aggregate * 2);
  made->raw = plan_alloc(p, sizeof *made->raw);
  made->raw->id = p->names.sources++;
  made->raw->leaf = -1;
  made->raw->alias = "g";
  made->raw->columns = n + 2;
  made->raw->column = plan_alloc(p, sizeof *made->raw->column * (size_t)(n + 3));
  made->result = plan_alloc(p, sizeof *made->result * (size_t)(n + 1));
  for (int i = 0; i < n + 2; i++) {
    if (i < n) made->raw->column[i] = both.column[i];
    made->raw->column[i].name = arena_printf(p->memory, i < n ? "k%d" : "a%d", i < n ? i : i - n);
    if (!made->raw->column[i].name) plan_nomem(p);
    if (i >= n) made->raw->column[i].collation = "BINARY";
  }
  for (int i = 0; i < n; i++) made->result[i] = column_of(p, made->raw, i);
  for (int side = 0; side < 2; side++) {
    expr *counted = column_of(p, made->raw, n + side);
    made->aggregate[side] = (aggregate){.kind = AGG_COUNT, .function = "count", .argument = n + side, .argument2 = -1, .filter = -1, .collation = "BINARY"};
    expr *test = expr_new(p->memory, EXPR_BINARY, (position){0, 0});
    if (!test) plan_nomem(p);
    test->op = side == 1 && !intersect ? "=" : ">";
    test->left = counted;
    test->right = literal(p, "0");
    list_add(p, &made->having, test);
  }
  return rows_of_node(p, node_register(p, made), both.column);
}

static lowered lower_compound(planner *p, const select_stmt *s) {
  if (!s->prior) return lower_plain_arm(p, s);
  lowered left = lower_compound(p, s->prior), right = lower_plain_arm(p, s);
  switch (s->op) {
    case COMPOUND_UNION_ALL: return concat(p, &left, &right);
    case COMPOUND_UNION: {
      lowered both = concat(p, &left, &right);
      return lower_distinct(p, &both);
    }
    default: return lower_sides(p, &left, &right, s->op == COMPOUND_INTERSECT);
  }
}

/* --- ORDER BY, LIMIT ---------------------------------------------------------------------------------------------------- */

/* Which result column a compound's ORDER BY term names. */
static int compound_column(planner *p, const select_stmt *s, const expr *e) {
  while (e->kind == EXPR_COLLATE) e = e->left;
  const select_stmt *first = select_first_arm(s);
  int columns = first->is_values ? first->values[0].count : first->columns.count;
  if (e->kind == EXPR_LITERAL && types_is_integer(e->text)) {
    long n = strtol(e->text, NULL, 10);
    if (n >= 1 && n <= columns) return (int)n - 1;
  }
  if (e->kind == EXPR_COLUMN && !e->table)
    for (int i = 0; i < columns; i++)
      if (strcasecmp(select_column_name(&p->names, s, i), e->name) == 0) return i;
  plan_fail(p, "an ORDER BY term of a compound that names no column of the first SELECT");
}

typedef struct ordering {
  int terms;
  int *column;           /* of the lowered rows */
  const char **collation; /* explicit COLLATE, or NULL */
} ordering;

static const char *explicit_collation(const expr *e) { return e->kind == EXPR_COLLATE ? e->name : NULL; }

/* ORDER BY as column numbers; terms that are no column become hidden ones behind the visible. */
static ordering place_order(planner *p, const select_stmt *s, expr ***exprs, int *n) {
  ordering o = {.terms = s->order_by.count};
  o.column = plan_alloc(p, sizeof *o.column * (size_t)(o.terms + 1));
  o.collation = plan_alloc(p, sizeof *o.collation * (size_t)(o.terms + 1));
  int visible = *n;
  for (int t = 0; t < o.terms; t++) {
    expr *e = s->order_by.items[t].value;
    o.collation[t] = explicit_collation(e);
    if (s->prior || s->is_values) {
      o.column[t] = compound_column(p, s, e);
      continue;
    }
    expr *bare = e;
    while (bare->kind == EXPR_COLLATE) bare = bare->left;
    int found = -1;
    for (int i = 0; i < *n && found < 0; i++)
      if (expr_equal((*exprs)[i], bare)) found = i;
    if (found < 0) {
      expr **grown = plan_alloc(p, sizeof *grown * (size_t)(*n + 2));
      memcpy(grown, *exprs, sizeof *grown * (size_t)*n);
      grown[found = (*n)++] = bare;
      *exprs = grown;
    }
    o.column[t] = found;
  }
  if (*n > visible && s->distinct) plan_fail(p, "DISTINCT ordered by something that is not selected");
  return o;
}

static lowered lower_ordered(planner *p, const select_stmt *s, ordering *o) {
  const select_stmt *first = select_first_arm(s);
  int n = first->is_values ? first->values[0].count : first->columns.count;
  expr **exprs = plan_alloc(p, sizeof *exprs * (size_t)(n + 1));
  for (int i = 0; i < n && !first->is_values; i++) exprs[i] = first->columns.items[i].value;
  *o = place_order(p, s, &exprs, &n);
  return s->prior || s->is_values ? lower_compound(p, s) : lower_arm(p, s, exprs, n);
}

static bool visit_constant(void *ctx, expr **slot) {
  return (*slot)->kind != EXPR_COLUMN && !(*slot)->select;
}

static lowered lower_limit(planner *p, const select_stmt *s) {
  if (s->limit && (!expr_walk((expr **)&s->limit, false, visit_constant, NULL) || (s->offset && !expr_walk((expr **)&s->offset, false, visit_constant, NULL))))
    plan_fail(p, "a LIMIT that is not a constant");
  if (!s->order_by.count) plan_fail(p, "LIMIT without ORDER BY takes whichever rows come first");
  ordering o;
  lowered low = lower_ordered(p, s, &o);
  node *input = materialise(p, &low);
  input->keeps_order_key = true;
  node *made = node_new(p, NODE_LIMIT, low.columns, low.column);
  made->reason = "the first rows by an index on their order";
  made->input = input;
  made->raw = source_of_relation(p, &input->rows);
  for (int t = 0; t < o.terms; t++) {
    order_term term = s->order_by.items[t];
    term.value = column_of(p, made->raw, o.column[t]);
    const char *collation = o.collation[t] ? o.collation[t] : low.column[o.column[t]].collation;
    expr *c = expr_new(p->memory, EXPR_COLLATE, (position){0, 0});
    if (!c) plan_nomem(p);
    c->left = term.value;
    c->name = collation;
    term.value = c;
    if (!order_list_add(p->memory, &made->order, term)) plan_nomem(p);
  }
  made->limit = s->limit;
  made->offset = s->offset;
  return rows_of_node(p, node_register(p, made), low.column);
}

static void drop_hidden(lowered *low, const select_stmt *s) {
  const select_stmt *first = select_first_arm(s);
  low->columns = first->is_values ? first->values[0].count : first->columns.count;
}

lowered lower_select(planner *p, select_stmt *s) {
  if (!s->limit) return lower_compound(p, s);
  lowered out = lower_limit(p, s);
  drop_hidden(&out, s);
  return out;
}

/* --- the view as a whole -------------------------------------------------------------------------------------------------- */

static void write_order(planner *p, const select_stmt *s, const ordering *o, view_plan *out) {
  buffer_clear(&p->scratch);
  for (int t = 0; t < o->terms; t++) {
    const order_term *term = &s->order_by.items[t];
    buffer_printf(&p->scratch, "%sc%d", t ? ", " : "", o->column[t]);
    if (o->collation[t]) {
      buffer_puts(&p->scratch, " COLLATE ");
      buffer_sql_name(&p->scratch, o->collation[t]);
    }
    if (term->descending) buffer_puts(&p->scratch, " DESC");
    if (term->nulls != NULLS_DEFAULT) buffer_puts(&p->scratch, term->nulls == NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
  }
  if (o->terms && !(out->order_sql = arena_strdup(p->memory, buffer_text(&p->scratch)))) plan_nomem(p);
}

/* SELECT * FROM (a derived table or view), nothing else: the inner one, in its own order. */
static select_stmt *unwrap(select_stmt *s) {
  for (;;) {
    const from_item *item = s->from;
    bool bare = !s->prior && !s->is_values && item && item->kind == FROM_SELECT && !s->distinct && !s->where && !s->group_by.count && !s->having &&
                !s->order_by.count && !s->limit && s->columns.count == item->source->columns;
    for (int i = 0; bare && i < s->columns.count; i++) {
      const expr *e = s->columns.items[i].value;
      bare = e->kind == EXPR_COLUMN && e->source == item->source && e->source_column == i;
    }
    if (!bare) return s;
    s = item->select;
  }
}

node *lower_view(planner *p, select_stmt *s, view_plan *out) {
  s = unwrap(s);
  ordering o = {0};
  lowered low;
  if (s->limit) {
    low = lower_limit(p, s);
    /* The order of a LIMIT's rows is its own: read back from its hidden columns. */
    const select_stmt *first = select_first_arm(s);
    int n = first->is_values ? first->values[0].count : first->columns.count;
    expr **exprs = plan_alloc(p, sizeof *exprs * (size_t)(n + 1));
    for (int i = 0; i < n && !first->is_values; i++) exprs[i] = first->columns.items[i].value;
    o = place_order(p, s, &exprs, &n);
  } else
    low = lower_ordered(p, s, &o);
  write_order(p, s, &o, out);
  return materialise(p, &low);
}
