#include "view/view_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const view *view_of(const view_set *set, uint64_t id) {
  for (const view *v = set->views; v; v = v->next)
    if (v->id == id) return v;
  return NULL;
}

static const char *name_of(const view *v, int column) { return column < v->names ? v->column_name[column] : v->plan.name[column]; }

bool view_set_info(view_set *set, uint64_t id, instance_info **out, error *err) {
  const view *v = view_of(set, id);
  if (!v || !v->top) return error_set(err, ERR_NOT_FOUND, "there is no maintained view %llu", (unsigned long long)id);
  instance_info *info = calloc(1, sizeof *info);
  if (!info) return error_nomem(err);
  info->id = id;
  snprintf(info->view, sizeof info->view, "%s", v->name);
  snprintf(info->table, sizeof info->table, "%s", v->top->n->rows.name);
  snprintf(info->strategy, sizeof info->strategy, "%s", view_strategy_name(v->plan.strategy));
  info->columns = v->plan.columns;
  info->column = calloc((size_t)v->plan.columns + 1, sizeof *info->column);
  info->keys = v->plan.keys;
  info->key = calloc((size_t)v->plan.keys + 1, sizeof *info->key);
  if (!info->column || !info->key) {
    instance_info_free(info);
    return error_nomem(err);
  }
  for (int i = 0; i < v->plan.columns; i++) {
    snprintf(info->column[i].name, sizeof info->column[i].name, "%s", name_of(v, i));
    snprintf(info->column[i].type, sizeof info->column[i].type, "%s", v->plan.type[i] ? v->plan.type[i] : "");
  }
  for (int i = 0; i < v->plan.keys; i++) info->key[i] = v->plan.key[i];
  *out = info;
  return true;
}

bool view_set_rows_sql(view_set *set, uint64_t id, buffer *out) {
  const view *v = view_of(set, id);
  if (!v || !v->top) return false;
  buffer_puts(out, "SELECT ");
  for (int i = 0; i < v->plan.columns; i++) {
    buffer_printf(out, "%sc%d AS ", i ? ", " : "", i);
    buffer_sql_name(out, name_of(v, i));
  }
  buffer_printf(out, " FROM %s ORDER BY ", v->top->n->rows.sql_name);
  if (v->plan.order_sql) buffer_printf(out, "%s, ", v->plan.order_sql);
  buffer_puts(out, v->plan.strategy == STRATEGY_RERUN ? "vs_id" : "vs_key, vs_id");
  return !out->failed;
}

bool view_set_stats(view_set *set, uint64_t id, view_stats *out) {
  const view *v = view_of(set, id);
  if (!v || !v->top) return false;
  *out = v->top->stats;
  out->rows = v->top->table.rows;
  out->total_ns = out->state_bytes = 0;
  for (int i = 0; i < v->nodes; i++) {
    const node_rule *rule = node_rule_of(v->node[i]->n);
    out->total_ns += v->node[i]->stats.total_ns;
    if (rule->state_bytes) out->state_bytes += rule->state_bytes(v->node[i]);
  }
  return true;
}

const char *view_set_reason(view_set *set, uint64_t id) {
  const view *v = view_of(set, id);
  return v && v->plan.reason ? v->plan.reason : "";
}
