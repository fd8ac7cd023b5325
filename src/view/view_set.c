#include "view/view_set.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *view_strategy_name(view_strategy s) {
  static const char *const names[] = {"auto", "delta", "group", "rerun"};
  return names[s];
}

/* --- plans ---------------------------------------------------------------------------------------------------------------- */

static void memory_unref(plan_memory *m) {
  if (!m || --m->references > 0) return;
  buffer_free(&m->planner.scratch);
  arena_free(&m->arena);
  free(m);
}

static plan_memory *memory_new(view_set *set, view_strategy force) {
  plan_memory *m = calloc(1, sizeof *m);
  if (!m) return NULL;
  m->references = 1;
  planner *p = &m->planner;
  p->memory = &m->arena;
  p->db = set->db;
  p->schema = &set->schema;
  p->functions = set->functions;
  p->result_schema = set->schema_name;
  p->names = (resolver){.memory = &m->arena, .schema = &set->schema};
  p->next_node_id = &set->next_node_id;
  p->force = force;
  for (int i = 0; i < set->states; i++) {
    set->state[i]->n->next = p->nodes;
    p->nodes = set->state[i]->n;
  }
  return m;
}

/* --- nodes ------------------------------------------------------------------------------------------------------------------ */

typedef struct node_list {
  int count, capacity;
  node **items;
} node_list;

static bool reach(node_list *list, node *n);

static bool reach_tree(node_list *list, const tree *t) {
  if (!t) return true;
  if (t->leaf && t->leaf->relation->node && !reach(list, t->leaf->relation->node)) return false;
  return reach_tree(list, t->left) && reach_tree(list, t->right);
}

/* Every node that n is made of, n too, inputs first. */
static bool reach(node_list *list, node *n) {
  for (int i = 0; i < list->count; i++)
    if (list->items[i] == n) return true;
  if (n->input && !reach(list, n->input)) return false;
  for (int i = 0; i < n->arms; i++) {
    if (!reach_tree(list, n->arm[i]->tree)) return false;
    for (const touch *t = n->arm[i]->touches; t; t = t->next)
      if (!reach_tree(list, t->tree)) return false;
  }
  if (list->count == list->capacity) {
    int capacity = list->capacity ? list->capacity * 2 : 16;
    node **items = realloc(list->items, sizeof *items * (size_t)capacity);
    if (!items) return false;
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count++] = n;
  return true;
}

static node_state *state_of(const view_set *set, const node *n) {
  for (int i = 0; i < set->states; i++)
    if (set->state[i]->n == n) return set->state[i];
  return NULL;
}

static bool add_input(node_state *s, input in, error *err) {
  relation *rel = in.leaf ? in.leaf->relation : in.relation->relation;
  if (in.leaf) {
    in.relation = tracker_follow(&s->set->tracker, rel, rel->node == NULL, err);
    if (!in.relation) return false;
  }
  input *grown = realloc(s->input, sizeof *grown * (size_t)(s->inputs + 1));
  if (!grown) return error_nomem(err);
  s->input = grown;
  s->input[s->inputs++] = in;
  return true;
}

/* What the statements of an arm's inputs give: outputs, and for JOIN the row's identity behind them. */
static bool arm_outputs(node_state *s, const arm *a, expr ***output, int *outputs, error *err) {
  planner *p = s->planner;
  enum { MOST_IDENTITY = 256 };
  expr *identity[MOST_IDENTITY];
  int n = s->n->kind == NODE_JOIN ? delta_sql_row_identity(p, a->tree, identity, MOST_IDENTITY) : 0;
  *outputs = s->n->outputs + n;
  *output = arena_zalloc(p->memory, sizeof **output * (size_t)(*outputs + 1));
  if (!*output) return error_nomem(err);
  if (s->n->outputs) memcpy(*output, a->output, sizeof **output * (size_t)s->n->outputs);
  if (n) memcpy(*output + s->n->outputs, identity, sizeof **output * (size_t)n);
  return true;
}

static bool add_tree_inputs(node_state *s, int number, tree *t, bool is_touch, error *err) {
  planner *p = s->planner;
  const node *n = s->n;
  if (!t) return true;
  leaf_list leaves;
  delta_sql_leaves(p, t, &leaves);
  expr **output;
  int outputs;
  if (!arm_outputs(s, n->arm[number], &output, &outputs, err)) return false;
  arm with = {.tree = t, .output = output};
  for (int i = 0; i < leaves.count; i++) {
    input in = {.arm = number, .tree = t, .touch = is_touch, .leaf = leaves.leaf[i], .number = i, .output = output, .outputs = outputs};
    size_t columns = (size_t)leaves.leaf[i]->relation->columns + 1;
    in.used = arena_zalloc(p->memory, columns);
    in.decisive = arena_zalloc(p->memory, columns);
    if (!in.used || !in.decisive) return error_nomem(err);
    bool all = is_touch || n->by_row;
    if (all)
      memset(in.used, true, columns);
    else
      delta_sql_used(p, &with, t, outputs, n->kind == NODE_JOIN ? 0 : n->keys, leaves.leaf[i], in.used, in.decisive, &in.rowid_used);
    if (all) delta_sql_used(p, &with, t, outputs, outputs, leaves.leaf[i], arena_zalloc(p->memory, columns), in.decisive, &in.rowid_used);
    if (!add_input(s, in, err)) return false;
  }
  return true;
}

static bool add_inputs(node_state *s, error *err) {
  node *n = s->n;
  s->planner->err = err;
  if (setjmp(s->planner->unwind)) return false;
  for (int i = 0; i < n->arms; i++) {
    if (!add_tree_inputs(s, i, n->arm[i]->tree, false, err)) return false;
    for (touch *t = n->arm[i]->touches; t; t = t->next)
      if (!add_tree_inputs(s, i, t->tree, true, err)) return false;
  }
  for (int i = 0; i < n->reads; i++) {
    tracked *x = tracker_follow(&s->set->tracker, n->read[i], true, err);
    if (!x || !add_input(s, (input){.arm = -1, .relation = x}, err)) return false;
  }
  if (!n->input) return true;
  tracked *x = tracker_follow(&s->set->tracker, &n->input->rows, false, err);
  return x && add_input(s, (input){.arm = -1, .relation = x}, err);
}

static void state_close(node_state *s) {
  node_rule_of(s->n)->close(s);
  for (int i = 0; i < s->inputs; i++) {
    for (change_statement *c = s->input[i].statements; c; c = c->next)
      for (int k = 0; k < c->count; k++) sqlite3_finalize(c->stmt[k]);
    tracker_unfollow(&s->set->tracker, s->input[i].relation);
  }
  free(s->input);
  s->input = NULL;
  s->inputs = 0;
  if (s->changes) tracker_unfollow(&s->set->tracker, s->changes);
  s->changes = NULL;
  result_table_drop(s);
  delta_set_clear(&s->turn);
}

static bool caught_rule(node_state *s, bool (*rule)(node_state *, error *), error *err) {
  s->planner->err = err;
  if (setjmp(s->planner->unwind)) return false;
  return rule(s, err);
}

static bool state_open(node_state *s, error *err) {
  const node_rule *rule = node_rule_of(s->n);
  s->changes = tracker_follow(&s->set->tracker, &s->n->rows, false, err);
  s->turn.columns = s->n->columns;
  if (!s->changes || !result_table_create(s, err) || !add_inputs(s, err)) return false;
  if (!run_make_indexes(s, err) || !caught_rule(s, rule->open, err) || !caught_rule(s, rule->fill, err) || !run_prepare_changes(s, err)) return false;
  delta_set_clear(&s->changes->changes);
  delta_set_clear(&s->turn);
  s->stats.deltas = 0;
  return true;
}

static void state_free(view_set *set, node_state *s) {
  state_close(s);
  delta_set_free(&s->turn);
  memory_unref(s->memory);
  int at = 0;
  while (at < set->states && set->state[at] != s) at++;
  if (at < set->states) {
    memmove(&set->state[at], &set->state[at + 1], sizeof *set->state * (size_t)(set->states - at - 1));
    set->states--;
  }
  free(s);
}

static node_state *state_new(view_set *set, node *n, plan_memory *m, error *err) {
  if (set->states == set->state_capacity) {
    int capacity = set->state_capacity ? set->state_capacity * 2 : 64;
    node_state **grown = realloc(set->state, sizeof *grown * (size_t)capacity);
    if (!grown) {
      error_nomem(err);
      return NULL;
    }
    set->state = grown;
    set->state_capacity = capacity;
  }
  node_state *s = calloc(1, sizeof *s);
  if (!s) {
    error_nomem(err);
    return NULL;
  }
  s->set = set;
  s->n = n;
  s->memory = m;
  m->references++;
  s->planner = &m->planner;
  set->state[set->states++] = s; /* ids grow, so the array stays in order: inputs before readers */
  return s;
}

/* --- statistics ------------------------------------------------------------------------------------------------------------- */

/* Which index a join had better use depends on the data (one date, or thousands): SQLite is asked to look, at a sample, before
** the first view and each time the tables have doubled since. Scripts are left as they are: their answers' order may not move. */
static bool take_statistics(view_set *set, error *err) {
  enum { SAMPLE_ROWS = 10000, LEAST_CHANGES = 2000 };
  bool due = set->analysed_at < 0 || set->changed_rows >= 2 * (set->analysed_at > LEAST_CHANGES ? set->analysed_at : LEAST_CHANGES);
  if (!due || set->tracker.mode != CAPTURE_TRIGGERS) return true;
  set->analysed_at = set->changed_rows;
  return run_exec(set->db, err, "PRAGMA analysis_limit = %d", SAMPLE_ROWS) && run_exec(set->db, err, "ANALYZE main");
}

static void count_changes(view_set *set) {
  for (const tracked *x = set->tracker.first; x; x = x->next)
    if (x->base) set->changed_rows += (int64_t)x->changes.count;
}

/* --- views ------------------------------------------------------------------------------------------------------------------- */

static view *view_of(const view_set *set, uint64_t id) {
  for (view *v = set->views; v; v = v->next)
    if (v->id == id) return v;
  return NULL;
}

static void unuse_nodes(view_set *set, view *v) {
  for (int i = v->nodes - 1; i >= 0; i--)
    if (--v->node[i]->users == 0) state_free(set, v->node[i]);
  free(v->node);
  v->node = NULL;
  v->nodes = 0;
  v->top = NULL;
}

/* Opens the nodes of the plan that are not running yet. */
static bool use_nodes(view_set *set, view *v, error *err) {
  node_list list = {0};
  bool ok = reach(&list, v->plan.top);
  v->node = ok ? calloc((size_t)list.count + 1, sizeof *v->node) : NULL;
  if (!v->node) ok = error_nomem(err);
  for (int i = 0; ok && i < list.count; i++) {
    node_state *s = state_of(set, list.items[i]);
    bool fresh = !s;
    if (fresh && !(s = state_new(set, list.items[i], v->memory, err))) ok = false;
    if (!ok) break;
    s->users++;
    v->node[v->nodes++] = s;
    if (fresh) ok = state_open(s, err);
  }
  free(list.items);
  if (!ok) {
    unuse_nodes(set, v);
    return false;
  }
  v->top = v->node[v->nodes - 1];
  return true;
}

static bool try_plan(view_set *set, view *v, view_strategy force, error *err) {
  v->memory = memory_new(set, force);
  if (!v->memory) return error_nomem(err);
  set->tracker.muted = true;
  bool ok = take_statistics(set, err) && plan_view(&v->memory->planner, v->sql, &v->plan, err) && use_nodes(set, v, err);
  set->tracker.muted = false;
  if (!ok) {
    memory_unref(v->memory);
    v->memory = NULL;
  }
  return ok;
}

/* Should SQLite refuse one of the statements that the compiler wrote, the view is still right when it is run as a whole. */
static bool plan_and_open(view_set *set, view *v, error *err) {
  if (try_plan(set, v, v->force, err)) return true;
  if (v->force != STRATEGY_AUTO || (err->code != ERR_SQL && err->code != ERR_INTERNAL)) return false;
  char text[1600];
  log_warn("view=%s: run as a whole, since a statement of its plan failed: %s", v->name, error_format(err, text, sizeof text));
  error_clear(err);
  return try_plan(set, v, STRATEGY_RERUN, err);
}

static void view_close(view_set *set, view *v) {
  set->tracker.muted = true;
  if (v->nodes) unuse_nodes(set, v);
  set->tracker.muted = false;
  memory_unref(v->memory);
  v->memory = NULL;
}

static void view_free(view *v) {
  for (int i = 0; i < v->names; i++) free(v->column_name[i]);
  free(v->column_name);
  free(v->name);
  free(v->sql);
  free(v);
}

static bool copy_names(view *v, const char *const *columns, int n) {
  v->column_name = calloc((size_t)n + 1, sizeof *v->column_name);
  if (!v->column_name) return false;
  for (int i = 0; i < n; i++, v->names++)
    if (!(v->column_name[i] = strdup(columns[i]))) return false;
  return true;
}

bool view_set_add(view_set *set, const char *name, const char *sql, const char *const *columns, int n_columns, view_strategy force, uint64_t *id, error *err) {
  if (view_set_pending(set) && !view_set_propagate(set, err)) return false;
  view *v = calloc(1, sizeof *v);
  if (!v) return error_nomem(err);
  v->name = strdup(name);
  v->sql = strdup(sql);
  v->force = force;
  bool ok = (v->name && v->sql && copy_names(v, columns, n_columns)) || error_nomem(err);
  ok = ok && plan_and_open(set, v, err);
  if (ok && n_columns && n_columns != v->plan.columns)
    ok = error_set(err, ERR_INVALID, "expected %d columns for '%s' but got %d", n_columns, name, v->plan.columns);
  if (!ok) {
    view_close(set, v);
    view_free(v);
    return false;
  }
  v->id = *id = ++set->next_view_id;
  v->next = set->views;
  set->views = v;
  return true;
}

void view_set_remove(view_set *set, uint64_t id) {
  view **at = &set->views;
  while (*at && (*at)->id != id) at = &(*at)->next;
  view *v = *at;
  if (!v) return;
  *at = v->next;
  view_close(set, v);
  view_free(v);
}

/* --- turns ---------------------------------------------------------------------------------------------------------------------- */

bool view_set_pending(const view_set *set) { return tracker_pending(&set->tracker); }

static void set_all_rows(view_set *set) {
  for (tracked *x = set->tracker.first; x; x = x->next) {
    const delta_set *d = &x->changes;
    free(x->all_buffer);
    x->all_buffer = NULL;
    x->all_rows.rows = NULL;
    x->all_rows.count = 0;
    if (!d->count) continue;
    x->all_buffer = malloc(sizeof *x->all_buffer * d->count * 2);
    if (!x->all_buffer) {
      set->tracker.failed = true;
      error_nomem(&set->tracker.failure);
      return;
    }
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++) {
      if (d->rows[i].before) x->all_buffer[n++] = (feed_row){.number = d->rows[i].rowid, .sign = -1, .first = d->rows[i].before};
      if (d->rows[i].after) x->all_buffer[n++] = (feed_row){.number = d->rows[i].rowid, .sign = 1, .first = d->rows[i].after};
    }
    x->all_rows.rows = x->all_buffer;
    x->all_rows.count = n;
  }
}

static bool step_node(view_set *set, node_state *s, error *err) {
  int64_t start = clock_monotonic_ns();
  bool ok = caught_rule(s, node_rule_of(s->n)->step, err);
  s->stats.turns++;
  s->stats.last_ns = clock_monotonic_ns() - start;
  s->stats.total_ns += s->stats.last_ns;
  return ok;
}

static bool step_all(view_set *set, error *err) {
  if (!tracker_settle(&set->tracker, err)) return false;
  for (int i = 0; i < set->states; i++) {
    node_state *s = set->state[i];
    bool moving = s->n->kind == NODE_RERUN && !s->n->reads;
    if (!moving && !run_any_changed(s)) continue;
    set_all_rows(set); /* the nodes before this one have changed too by now */
    if (set->tracker.failed) {
      *err = set->tracker.failure;
      return false;
    }
    if (!step_node(set, s, err)) {
      if (!err->hint[0]) error_hint(err, "while maintaining %s", s->n->rows.name);
      return false;
    }
  }
  return true;
}

static void end_step(view_set *set) {
  tracker_clear(&set->tracker);
  for (tracked *x = set->tracker.first; x; x = x->next) {
    free(x->all_buffer);
    x->all_buffer = NULL;
    x->all_rows.rows = NULL;
    x->all_rows.count = 0;
  }
}

bool view_set_propagate(view_set *set, error *err) {
  set->tracker.muted = true;
  count_changes(set);
  bool ok = step_all(set, err) && take_statistics(set, err);
  end_step(set);
  set->tracker.muted = false;
  set->stepped = true;
  if (!ok) set->broken = true;
  return ok;
}

static bool put_values(turn *out, const value *values, int n, row *to) {
  buffer bytes = {0};
  for (int i = 0; i < n; i++) row_put(&bytes, values[i]);
  char *copy = bytes.failed ? NULL : arena_strndup(&out->memory, buffer_text(&bytes), bytes.len);
  *to = (row){(const uint8_t *)copy, (uint32_t)bytes.len};
  buffer_free(&bytes);
  return copy != NULL;
}

static bool collect_view(const view *v, turn *out) {
  const delta_set *d = &v->top->turn;
  instance_changes *changes = arena_zalloc(&out->memory, sizeof *changes);
  row_change *rows = arena_zalloc(&out->memory, sizeof *rows * (d->count + 1));
  if (!changes || !rows) return false;
  changes->instance = v->id;
  changes->rows = rows;
  for (size_t i = 0; i < d->count; i++) {
    const delta_row *r = &d->rows[i];
    if (delta_row_is_void(d, r)) continue;
    row_change *to = &rows[changes->count++];
    to->row_id = r->rowid;
    to->op = !r->before ? ROW_ADDED : !r->after ? ROW_REMOVED : ROW_CHANGED;
    if (r->before && !put_values(out, r->before, v->plan.columns, &to->before)) return false;
    if (r->after && !put_values(out, r->after, v->plan.columns, &to->after)) return false;
    if (to->op == ROW_CHANGED && to->before.size == to->after.size && memcmp(to->before.bytes, to->after.bytes, to->after.size) == 0) changes->count--;
  }
  if (!changes->count) return true;
  changes->next = out->first;
  out->first = changes;
  return true;
}

bool view_set_collect(view_set *set, turn *out, error *err) {
  for (const view *v = set->views; v; v = v->next)
    if (v->watched && v->top && v->top->turn.count && !collect_view(v, out)) return error_nomem(err);
  return true;
}

static void update_watch(node_state *s, const view_set *set) {
  s->watched = false;
  for (const view *v = set->views; v; v = v->next) s->watched |= v->watched && v->top == s;
  if (!s->watched) delta_set_clear(&s->turn);
}

void view_set_watch(view_set *set, uint64_t id, bool watched) {
  view *v = view_of(set, id);
  if (!v) return;
  v->watched = watched;
  if (v->top) update_watch(v->top, set);
}

static void end_turn(view_set *set) {
  for (int i = 0; i < set->states; i++) delta_set_clear(&set->state[i]->turn);
  set->stepped = false;
}

void view_set_committed(view_set *set) { end_turn(set); }

void view_set_rolled_back(view_set *set) {
  end_step(set);
  bool stale = set->stepped || set->broken;
  end_turn(set);
  if (stale) set->broken = true;
}

bool view_set_is_broken(const view_set *set) { return set->broken; }

bool view_set_rebuild(view_set *set, error *err) {
  end_step(set);
  for (view *v = set->views; v; v = v->next) view_close(set, v);
  set->schema.first = NULL;
  arena_reset(&set->schema_memory);
  function_table_free(set->functions);
  set->functions = function_table_new(set->db);
  set->broken = false;
  bool ok = true;
  for (uint64_t id = 1; id <= set->next_view_id; id++) {
    view *v = view_of(set, id);
    if (!v) continue;
    error one;
    error_clear(&one);
    if (plan_and_open(set, v, &one)) {
      update_watch(v->top, set);
      continue;
    }
    *err = one;
    ok = false;
  }
  end_turn(set);
  return ok;
}

/* --- the set --------------------------------------------------------------------------------------------------------------------- */

view_set *view_set_new(sqlite3 *db, const view_set_options *options, error *err) {
  view_set *set = calloc(1, sizeof *set);
  if (!set) {
    error_nomem(err);
    return NULL;
  }
  set->db = db;
  set->schema_name = strdup(options->schema ? options->schema : "main");
  set->next_node_id = 1;
  set->analysed_at = -1;
  set->schema = (schema_cache){.db = db, .memory = &set->schema_memory, .result_schema = set->schema_name};
  set->functions = function_table_new(db);
  if (set->schema_name && set->functions && tracker_open(&set->tracker, db, options->capture, err)) return set;
  if (err->code == ERR_NONE) error_nomem(err);
  function_table_free(set->functions);
  free(set->schema_name);
  free(set);
  return NULL;
}

void view_set_free(view_set *set) {
  if (!set) return;
  while (set->views) view_set_remove(set, set->views->id);
  tracker_close(&set->tracker);
  function_table_free(set->functions);
  arena_free(&set->schema_memory);
  free(set->state);
  free(set->schema_name);
  free(set);
}
