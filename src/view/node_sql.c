#include "view/sql_text.h"

static void put_union(planner *p, buffer *out, const node *n, const char *prefix) {
  for (int i = 0; i < n->arms; i++) {
    if (i) buffer_puts(out, " UNION ALL ");
    delta_sql_arm(p, out, n->arm[i], n->outputs, prefix);
  }
}

static void put_keys(buffer *sql, const node *n, const char *prefix, bool conditions) {
  for (int i = 0; i < n->keys; i++)
    if (conditions)
      buffer_printf(sql, "%sg.%s%d IS ?%d", i ? " AND " : "", prefix, i, i + 1);
    else
      buffer_printf(sql, "%sg.%s%d", i ? ", " : "", prefix, i);
}

static void put_row_partition(planner *p, buffer *sql, const node *n, bool restricted) {
  const arm *a = n->arm[0];
  leaf_list leaves;
  delta_sql_leaves(p, a->tree, &leaves);
  leaf_map map = {.p = p, .leaves = &leaves};
  buffer from = {0}, where = {0};
  sql_put_chain(a->tree, &map, &from, &where);
  sql_put_list(&where, &n->having, &map);
  for (int i = 0; restricted && i < n->keys; i++) {
    if (where.len) buffer_puts(&where, " AND ");
    sql_put_expr(&where, a->output[i], &map);
    buffer_printf(&where, " IS ?%d", i + 1);
  }
  buffer_puts(sql, "SELECT ");
  sql_put_outputs(sql, a->output, n->keys, &map, NULL);
  buffer_puts(sql, ", ");
  sql_put_outputs(sql, n->result, n->columns, &map, NULL);
  buffer_printf(sql, " FROM %s", buffer_text(&from));
  if (where.len) buffer_printf(sql, " WHERE %s", buffer_text(&where));
  buffer_free(&from);
  buffer_free(&where);
}

static void put_raw_partition(planner *p, buffer *sql, const node *n, bool restricted) {
  buffer_puts(sql, "SELECT ");
  put_keys(sql, n, "k", false);
  if (n->keys) buffer_puts(sql, ", ");
  sql_put_outputs(sql, n->result, n->columns, NULL, NULL);
  buffer_puts(sql, " FROM (");
  put_union(p, sql, n, "k");
  buffer_puts(sql, ") AS g");
  if (restricted && n->keys) {
    buffer_puts(sql, " WHERE ");
    put_keys(sql, n, "k", true);
  }
  if (n->groups && n->keys) {
    buffer_puts(sql, " GROUP BY ");
    put_keys(sql, n, "k", false);
  }
  if (n->having.count) {
    buffer having = {0};
    sql_put_list(&having, &n->having, NULL);
    buffer_printf(sql, " HAVING %s", buffer_text(&having));
    buffer_free(&having);
  }
}

const char *delta_sql_partition(planner *p, const node *n, bool restricted) {
  buffer sql = {0};
  (n->by_row ? put_row_partition : put_raw_partition)(p, &sql, n, restricted);
  return sql_keep(p, &sql);
}

static void put_picked(buffer *sql, const aggregate *a) {
  if (a->kind == AGG_BARE)
    buffer_printf(sql, "g.i%d", a->argument);
  else if (a->argument < 0)
    buffer_puts(sql, "NULL");
  else
    buffer_printf(sql, "%s(%sg.i%d", a->function, a->distinct ? "DISTINCT " : "", a->argument);
  if (a->kind != AGG_BARE && a->argument2 >= 0) buffer_printf(sql, ", g.i%d", a->argument2);
  if (a->kind != AGG_BARE && a->argument >= 0) buffer_puts(sql, ")");
  if (a->kind != AGG_BARE && a->argument >= 0 && a->filter >= 0) buffer_printf(sql, " FILTER (WHERE g.i%d)", a->filter);
}

const char *delta_sql_group_pick(planner *p, const node *n) {
  buffer sql = {0};
  buffer_puts(&sql, "SELECT ");
  put_keys(&sql, n, "i", false);
  for (int i = 0; i < n->aggregates; i++) {
    if (i || n->keys) buffer_puts(&sql, ", ");
    put_picked(&sql, &n->aggregate[i]);
  }
  buffer_puts(&sql, " FROM (");
  put_union(p, &sql, n, "i");
  buffer_puts(&sql, ") AS g");
  if (n->keys) {
    buffer_puts(&sql, " WHERE ");
    put_keys(&sql, n, "i", true);
    buffer_puts(&sql, " GROUP BY ");
    put_keys(&sql, n, "i", false);
  }
  return sql_keep(p, &sql);
}

const char *delta_sql_group_results(planner *p, const node *n) {
  buffer sql = {0}, having = {0};
  buffer_puts(&sql, "SELECT g.slot");
  for (int i = 0; i < n->columns; i++) {
    buffer_puts(&sql, ", ");
    sql_put_expr(&sql, n->result[i], NULL);
  }
  buffer_printf(&sql, " FROM vs_g%d AS g", n->id);
  sql_put_list(&having, &n->having, NULL);
  if (having.len) buffer_printf(&sql, " WHERE %s", buffer_text(&having));
  buffer_free(&having);
  return sql_keep(p, &sql);
}

const char *delta_sql_limit(planner *p, const node *n) {
  buffer sql = {0};
  const leaf_list only = {.count = 1, .leaf = {n->raw}};
  const leaf_map map = {.p = p, .leaves = &only};
  n->raw->leaf = 0;
  buffer_puts(&sql, "SELECT t0.vs_id");
  for (int i = 0; i < n->columns; i++) buffer_printf(&sql, ", t0.c%d", i);
  buffer_printf(&sql, " FROM %s AS t0 ORDER BY ", n->input->rows.sql_name);
  sql_put_order(&sql, &n->order, &map);
  buffer_puts(&sql, ", t0.vs_key LIMIT ");
  if (n->limit) sql_put_expr(&sql, n->limit, NULL);
  if (n->offset) {
    buffer_puts(&sql, " OFFSET ");
    sql_put_expr(&sql, n->offset, NULL);
  }
  return sql_keep(p, &sql);
}

static void put_aggregates(buffer *out, const node *n) {
  for (int i = 0; i < n->aggregates; i++) {
    const aggregate *a = &n->aggregate[i];
    buffer_printf(out, "|%s %d %d,%d,%d %d %s", a->function, a->kind, a->argument, a->argument2, a->filter, a->distinct, a->collation ? a->collation : "");
  }
}

char *delta_sql_identity(planner *p, const node *n) {
  buffer out = {0};
  buffer_printf(&out, "%d|%d|%d%d%d|", n->kind, n->keys, n->has_group_by, n->groups, n->by_row);
  if (n->kind == NODE_RERUN)
    buffer_puts(&out, n->sql);
  else if (n->kind == NODE_LIMIT)
    buffer_puts(&out, delta_sql_limit(p, n));
  else {
    if (n->by_row)
      buffer_puts(&out, delta_sql_partition(p, n, false));
    else
      put_union(p, &out, n, "i");
    for (int i = 0; i < n->columns && !n->by_row && n->result; i++) {
      buffer_puts(&out, "|");
      sql_put_expr(&out, n->result[i], NULL);
    }
    put_aggregates(&out, n);
    if (!n->by_row) {
      buffer_puts(&out, "|");
      sql_put_list(&out, &n->having, NULL);
    }
  }
  /* The same values under another affinity or collation are other columns. */
  for (int i = 0; i < n->columns; i++) buffer_printf(&out, "|%d %s", n->rows.column[i].affinity, n->rows.column[i].collation);
  return sql_keep(p, &out);
}
