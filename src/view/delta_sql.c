#include "view/delta_sql.h"

#include "query/unparse.h"
#include "view/join_order.h"
#include "view/sql_text.h"

#include <stdlib.h>
#include <string.h>

/* One statement in the making. */
typedef struct part {
  join_list from; /* begins with the changed rows */
  char *conditions, *weight;
  leaf_map map;
  struct part *next;
} part;

typedef struct generating {
  planner *p;
  leaf_list leaves;
  bool used[MAX_LEAVES][MAX_COLUMNS + 1]; /* columns that flips must carry */
  bool rowid_used[MAX_LEAVES];
  delta_shape shape;
  source *changed;
  int flips;
} generating;

/* --- text ---------------------------------------------------------------------------------------------------------- */

char *sql_keep(planner *p, buffer *b) {
  char *text = b->failed ? NULL : arena_strdup(p->memory, buffer_text(b));
  buffer_free(b);
  if (!text) plan_nomem(p);
  return text;
}

static void put_and(buffer *conditions, const char *text) {
  if (!*text) return;
  if (conditions->len) buffer_puts(conditions, " AND ");
  buffer_puts(conditions, text);
}

static void put_leaf_column(buffer *out, const expr *e, const leaf_map *map) {
  const source *s = e->source;
  const relation *rel = s->relation;
  int c = e->source_column;
  leaf_mode mode = (leaf_mode)map->mode[s->leaf];
  switch (mode) {
    case LEAF_ABSENT: buffer_puts(out, "NULL"); return;
    case LEAF_FLIP:
      if (c == SOURCE_ROWID)
        buffer_printf(out, "f%d.t%d_r", map->flip[s->leaf], s->leaf);
      else
        buffer_printf(out, "f%d.t%d_c%d", map->flip[s->leaf], s->leaf, c);
      return;
    case LEAF_TABLE:
      buffer_printf(out, "t%d.", s->leaf);
      if (c == SOURCE_ROWID && rel->rowid_alias >= 0) c = rel->rowid_alias;
      buffer_sql_name(out, c == SOURCE_ROWID ? rel->rowid_name : rel->column[c].name);
      return;
    default:
      if (c == SOURCE_ROWID)
        buffer_printf(out, "t%d.rid", s->leaf);
      else
        buffer_printf(out, "t%d.%c%d", s->leaf, mode == LEAF_PAIR_OLD ? 'o' : 'c', c);
  }
}

/* A column that is of no leaf: of a subquery's own table ("s<id>"), or of the raw columns ("g"). */
static void put_other_column(buffer *out, const expr *e) {
  const source *s = e->source;
  if (!s->relation && !s->select) {
    buffer_printf(out, "g.%s", s->column[e->source_column].name);
    return;
  }
  buffer_printf(out, "s%d.", s->id);
  if (s->select && !(s->relation && s->relation->node))
    buffer_printf(out, "c%d", e->source_column);
  else if (s->select)
    buffer_printf(out, "c%d", e->source_column);
  else
    buffer_sql_name(out, e->source_column == SOURCE_ROWID ? s->relation->rowid_name : s->relation->column[e->source_column].name);
}

/* Columns of an optional side that is a join of its own: a derived table carries them (a rowid does not pass a parenthesis). */
enum { OPTIONAL_SIDE = 2000 };

static bool is_leaf(const leaf_map *map, const source *s) {
  return map && s->leaf >= 0 && s->leaf < map->leaves->count && map->leaves->leaf[s->leaf] == s;
}

static bool hook_expr(void *ctx, buffer *out, const expr *e) {
  if (e->kind != EXPR_COLUMN || !e->source) return false;
  if (is_leaf(ctx, e->source))
    put_leaf_column(out, e, ctx);
  else
    put_other_column(out, e);
  return true;
}

/* A derived table inside of a subquery: its columns are named by number. */
static bool hook_from(void *ctx, buffer *out, const from_item *item) {
  if (!item->source) return false;
  if (item->kind == FROM_TABLE) {
    buffer_printf(out, "%s AS s%d", item->source->relation->sql_name, item->source->id);
    return true;
  }
  const select_stmt *first = select_first_arm(item->select);
  int n = first->is_values ? first->values[0].count : first->columns.count;
  buffer_puts(out, "(WITH d(");
  for (int i = 0; i < n; i++) buffer_printf(out, "%sc%d", i ? ", " : "", i);
  buffer_puts(out, ") AS (");
  unparse_hooks hooks = {hook_expr, hook_from, ctx};
  unparse_select(out, item->select, &hooks);
  buffer_printf(out, ") SELECT * FROM d) AS s%d", item->source->id);
  return true;
}

void sql_put_expr(buffer *out, const expr *e, const leaf_map *map) {
  unparse_hooks hooks = {hook_expr, hook_from, (void *)map};
  unparse_expr(out, e, &hooks);
}

void delta_sql_expr(planner *p, buffer *out, const expr *e) { sql_put_expr(out, e, NULL); }

void sql_put_list(buffer *conditions, const expr_list *list, const leaf_map *map) {
  for (int i = 0; i < list->count; i++) {
    if (conditions->len) buffer_puts(conditions, " AND ");
    sql_put_expr(conditions, list->items[i], map);
  }
}

/* --- leaves --------------------------------------------------------------------------------------------------------- */

static void add_leaves(planner *p, tree *t, leaf_list *out, bool nodes) {
  if (!t) return;
  if (t->kind == TREE_LEAF) {
    if ((t->leaf->relation->node != NULL) != nodes) return;
    if (out->count == MAX_LEAVES) plan_fail(p, "more than %d tables in one join", MAX_LEAVES);
    out->leaf[out->count++] = t->leaf;
    return;
  }
  add_leaves(p, t->left, out, nodes);
  add_leaves(p, t->right, out, nodes);
}

void delta_sql_leaves(planner *p, tree *t, leaf_list *out) {
  out->count = 0;
  add_leaves(p, t, out, false);
  add_leaves(p, t, out, true);
  for (int i = 0; i < out->count; i++) {
    for (int k = 0; k < i; k++)
      if (out->leaf[k] == out->leaf[i]) plan_fail(p, "one table reference stands twice in a join");
    out->leaf[i]->leaf = i;
  }
}

static bool holds(const tree *t, const source *leaf) {
  return t && (t->leaf == leaf || (t->kind != TREE_LEAF && (holds(t->left, leaf) || holds(t->right, leaf))));
}

typedef struct using_columns {
  const source *leaf;
  bool *used, *rowid;
} using_columns;

static bool visit_used(void *ctx, expr **slot) {
  using_columns *x = ctx;
  const expr *e = *slot;
  if (e->kind != EXPR_COLUMN || e->source != x->leaf) return true;
  if (e->source_column == SOURCE_ROWID)
    *x->rowid = true;
  else
    x->used[e->source_column] = true;
  return true;
}

static void use_list(const expr_list *list, using_columns *x) {
  for (int i = 0; i < list->count; i++) expr_walk(&list->items[i], true, visit_used, x);
}

static void use_tree(const tree *t, using_columns *x) {
  if (!t) return;
  use_list(&t->on, x);
  use_list(&t->filter, x);
  use_tree(t->left, x);
  use_tree(t->right, x);
}

void delta_sql_used(planner *p, const arm *a, tree *t, int outputs, int keys, const source *leaf, bool *used, bool *decisive, bool *rowid_used) {
  bool rowid_decisive = false;
  using_columns all = {leaf, used, rowid_used}, deciding = {leaf, decisive, &rowid_decisive};
  use_tree(t, &all);
  use_tree(t, &deciding);
  for (int i = 0; i < outputs; i++) {
    expr_walk(&((arm *)a)->output[i], true, visit_used, &all);
    if (i < keys) expr_walk(&((arm *)a)->output[i], true, visit_used, &deciding);
  }
}

int delta_sql_row_identity(planner *p, const tree *t, expr **out, int most) {
  if (!t) return 0;
  if (t->kind != TREE_LEAF) {
    int n = delta_sql_row_identity(p, t->left, out, most);
    if (t->kind == TREE_SEMI || t->kind == TREE_ANTI) return n;
    return n + delta_sql_row_identity(p, t->right, out + n, most - n);
  }
  const relation *rel = t->leaf->relation;
  int n = rel->without_rowid ? rel->pk_columns : 1;
  if (n > most) plan_fail(p, "rows with more than %d identifying columns", most);
  for (int i = 0; i < n; i++) {
    expr *e = expr_new(p->memory, EXPR_COLUMN, (position){0, 0});
    if (!e) plan_nomem(p);
    e->source = t->leaf;
    e->source_column = rel->without_rowid ? rel->pk[i] : SOURCE_ROWID;
    out[i] = e;
  }
  return n;
}

/* --- trees as they are ------------------------------------------------------------------------------------------------ */

/* The table as it was before the step: without the rows that changed, and with their old images. */
static void put_old(buffer *from, const source *s) {
  const relation *rel = s->relation;
  buffer_puts(from, "(SELECT ");
  buffer_puts(from, rel->without_rowid ? "NULL" : rel->rowid_name);
  buffer_puts(from, " AS rid");
  for (int i = 0; i < rel->columns; i++) {
    buffer_puts(from, ", ");
    buffer_sql_name(from, rel->column[i].name);
    buffer_printf(from, " AS c%d", i);
  }
  buffer_printf(from, " FROM %s WHERE ", rel->sql_name);
  if (rel->without_rowid) {
    buffer_puts(from, "(");
    for (int i = 0; i < rel->pk_columns; i++) {
      if (i) buffer_puts(from, ", ");
      buffer_sql_name(from, rel->column[rel->pk[i]].name);
    }
    buffer_puts(from, ") NOT IN (SELECT ");
    for (int i = 0; i < rel->pk_columns; i++) buffer_printf(from, "%sc%d", i ? ", " : "", rel->pk[i]);
  } else
    buffer_printf(from, "%s NOT IN (SELECT rid", rel->rowid_name);
  buffer_printf(from, " FROM vs_a%d) UNION ALL SELECT rid", rel->index);
  for (int i = 0; i < rel->columns; i++) buffer_printf(from, ", c%d", i);
  buffer_printf(from, " FROM vs_a%d WHERE w < 0) AS t%d", rel->index, s->leaf);
}

static void put_exists(const tree *t, const leaf_map *outer, buffer *conditions) {
  leaf_map inside = *outer, *map = &inside;
  buffer inner_from = {0}, inner_where = {0};
  sql_put_chain(t->right, map, &inner_from, &inner_where);
  sql_put_list(&inner_where, &t->on, map);
  if (conditions->len) buffer_puts(conditions, " AND ");
  buffer_printf(conditions, "%sEXISTS (SELECT 1 FROM %s", t->kind == TREE_ANTI ? "NOT " : "", buffer_text(&inner_from));
  if (inner_where.len) buffer_printf(conditions, " WHERE %s", buffer_text(&inner_where));
  buffer_puts(conditions, ")");
  buffer_free(&inner_from);
  buffer_free(&inner_where);
}

static void put_all_columns(buffer *out, const tree *t, const leaf_map *map, bool *first) {
  if (t->kind != TREE_LEAF) {
    put_all_columns(out, t->left, map, first);
    if (t->kind != TREE_SEMI && t->kind != TREE_ANTI) put_all_columns(out, t->right, map, first);
    return;
  }
  const relation *rel = t->leaf->relation;
  expr e = {.kind = EXPR_COLUMN, .source = t->leaf};
  for (int c = SOURCE_ROWID; c < rel->columns; c++) {
    if (c == SOURCE_ROWID && rel->without_rowid) continue;
    e.source_column = c;
    if (!*first) buffer_puts(out, ", ");
    *first = false;
    sql_put_expr(out, &e, map);
    buffer_printf(out, c == SOURCE_ROWID ? " AS t%d_r" : " AS t%d_c%d", t->leaf->leaf, c);
  }
}

static void map_flip(leaf_map *map, const tree *t, int flip) {
  if (t->kind == TREE_LEAF) {
    map->mode[t->leaf->leaf] = LEAF_FLIP;
    map->flip[t->leaf->leaf] = flip;
    return;
  }
  map_flip(map, t->left, flip);
  if (t->kind != TREE_SEMI && t->kind != TREE_ANTI) map_flip(map, t->right, flip);
}

static int first_leaf(const tree *t) { return t->kind == TREE_LEAF ? t->leaf->leaf : first_leaf(t->left); }

static uint64_t leaves_below(const tree *t) {
  if (t->kind == TREE_LEAF) return 1ull << t->leaf->leaf;
  return leaves_below(t->left) | leaves_below(t->right);
}

/* The optional side's columns are read through *map from here on. */
static void add_optional(const tree *t, leaf_map *map, join_list *list) {
  planner *p = map->p;
  buffer text = {0}, on = {0};
  sql_put_chain(t->right, map, &text, &on);
  if (t->right->kind != TREE_LEAF) {
    bool first = true;
    int flip = OPTIONAL_SIDE + first_leaf(t->right);
    buffer columns = {0};
    put_all_columns(&columns, t->right, map, &first);
    char *from = sql_keep(p, &text), *where = sql_keep(p, &on), *carried = sql_keep(p, &columns);
    buffer_printf(&text, "(SELECT %s FROM %s%s%s) AS f%d", carried, from, *where ? " WHERE " : "", where, flip);
    map_flip(map, t->right, flip);
  }
  sql_put_list(&on, &t->on, map);
  join_item item = {.optional = true, .gives = leaves_below(t->right)};
  for (int i = 0; i < t->on.count; i++) item.needs |= join_leaves_of(t->on.items[i], map->leaves);
  if (t->right->kind == TREE_LEAF)
    for (int i = 0; i < t->right->filter.count; i++) item.needs |= join_leaves_of(t->right->filter.items[i], map->leaves);
  item.needs &= ~item.gives;
  char *condition = sql_keep(p, &on);
  buffer_printf(&text, " ON %s", *condition ? condition : "1");
  item.text = sql_keep(p, &text);
  join_list_add(p, list, item);
}

static void note_conditions(const leaf_map *map, join_list *list, const expr_list *conditions) {
  for (int i = 0; i < conditions->count; i++)
    if (!expr_list_add(map->p->memory, &list->conditions, conditions->items[i])) plan_nomem(map->p);
}

static void add_leaf(const tree *t, leaf_map *map, join_list *list) {
  buffer text = {0};
  if (map->mode[t->leaf->leaf] == LEAF_OLD)
    put_old(&text, t->leaf);
  else
    buffer_printf(&text, "%s AS t%d", t->leaf->relation->sql_name, t->leaf->leaf);
  join_list_add(map->p, list, (join_item){.text = sql_keep(map->p, &text), .gives = 1ull << t->leaf->leaf, .leaf = t->leaf});
}

/* The entries of FROM; inner conditions float up into *conditions, those of an optional side stay in its ON. */
static void add_chain(const tree *t, leaf_map *map, join_list *list, buffer *conditions) {
  switch (t->kind) {
    case TREE_LEAF: add_leaf(t, map, list); break;
    case TREE_INNER:
      add_chain(t->left, map, list, conditions);
      add_chain(t->right, map, list, conditions);
      sql_put_list(conditions, &t->on, map);
      note_conditions(map, list, &t->on);
      break;
    case TREE_LEFT:
      add_chain(t->left, map, list, conditions);
      add_optional(t, map, list);
      break;
    case TREE_SEMI:
    case TREE_ANTI:
      add_chain(t->left, map, list, conditions);
      put_exists(t, map, conditions);
      break;
  }
  sql_put_list(conditions, &t->filter, map);
  note_conditions(map, list, &t->filter);
}

void sql_put_chain(const tree *t, leaf_map *map, buffer *from, buffer *conditions) {
  join_list list = {0};
  add_chain(t, map, &list, conditions);
  join_list_put(&list, map->leaves, false, from);
}

void sql_put_outputs(buffer *out, expr **output, int n, const leaf_map *map, const char *prefix) {
  for (int i = 0; i < n; i++) {
    if (i) buffer_puts(out, ", ");
    sql_put_expr(out, output[i], map);
    if (prefix) buffer_printf(out, " AS %s%d", prefix, i);
  }
  if (n == 0) buffer_puts(out, "1");
}

void sql_put_order(buffer *sql, const order_list *order, const leaf_map *map) {
  for (int i = 0; i < order->count; i++) {
    const order_term *t = &order->items[i];
    if (i) buffer_puts(sql, ", ");
    sql_put_expr(sql, t->value, map);
    if (t->descending) buffer_puts(sql, " DESC");
    if (t->nulls != NULLS_DEFAULT) buffer_puts(sql, t->nulls == NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
  }
}

void delta_sql_arm(planner *p, buffer *out, const arm *a, int outputs, const char *prefix) {
  leaf_list leaves;
  delta_sql_leaves(p, a->tree, &leaves);
  leaf_map map = {.p = p, .leaves = &leaves};
  buffer from = {0}, where = {0};
  if (a->tree) sql_put_chain(a->tree, &map, &from, &where);
  buffer_puts(out, "SELECT ");
  sql_put_outputs(out, a->output, outputs, &map, prefix);
  if (a->tree) {
    buffer_printf(out, " FROM %s", buffer_text(&from));
    if (where.len) buffer_printf(out, " WHERE %s", buffer_text(&where));
    if (a->order.count) buffer_puts(out, " ORDER BY ");
    sql_put_order(out, &a->order, &map);
  }
  buffer_free(&from);
  buffer_free(&where);
}

/* --- changes ----------------------------------------------------------------------------------------------------------- */

static part *part_new(generating *g, const leaf_map *map) {
  part *made = plan_alloc(g->p, sizeof *made);
  made->map = *map;
  made->conditions = (char *)"";
  made->weight = (char *)"1";
  return made;
}

static part *append_parts(part *list, part *more) {
  if (!list) return more;
  part *last = list;
  while (last->next) last = last->next;
  last->next = more;
  return list;
}

/* from JOIN the rest, with the rest's conditions. rest_map: how the rest's leaves stand while it is written; where it is the
** part's own map, that learns of optional sides that are joins. */
static void extend(generating *g, part *made, const tree *rest, leaf_map *rest_map, const expr_list *on) {
  buffer conditions = {0};
  put_and(&conditions, made->conditions);
  add_chain(rest, rest_map, &made->from, &conditions);
  sql_put_list(&conditions, on, &made->map);
  note_conditions(&made->map, &made->from, on);
  made->conditions = sql_keep(g->p, &conditions);
}

static void add_filter(generating *g, part *list, const expr_list *filter) {
  for (part *made = list; made && filter->count; made = made->next) {
    buffer conditions = {0};
    put_and(&conditions, made->conditions);
    sql_put_list(&conditions, filter, &made->map);
    note_conditions(&made->map, &made->from, filter);
    made->conditions = sql_keep(g->p, &conditions);
  }
}

static part *change_of(generating *g, const tree *t, const leaf_map *map);

/* Columns of the preserved side that a flip hands on. */
static void put_carried(generating *g, buffer *out, const tree *t, const leaf_map *map, bool names_only, int flip) {
  if (t->kind != TREE_LEAF) {
    put_carried(g, out, t->left, map, names_only, flip);
    if (t->kind != TREE_SEMI && t->kind != TREE_ANTI) put_carried(g, out, t->right, map, names_only, flip);
    return;
  }
  const source *s = t->leaf;
  const relation *rel = s->relation;
  expr e = {.kind = EXPR_COLUMN, .source = (source *)s};
  for (int c = SOURCE_ROWID; c < rel->columns; c++) {
    if (c == SOURCE_ROWID ? rel->without_rowid : !g->used[s->leaf][c]) continue;
    e.source_column = c;
    sql_put_expr(out, &e, map);
    buffer_printf(out, c == SOURCE_ROWID ? " AS t%d_r, " : " AS t%d_c%d, ", s->leaf, c);
  }
}

static void put_identity(generating *g, buffer *out, const tree *t, const leaf_map *map, bool *first) {
  if (t->kind != TREE_LEAF) {
    put_identity(g, out, t->left, map, first);
    if (t->kind != TREE_SEMI && t->kind != TREE_ANTI) put_identity(g, out, t->right, map, first);
    return;
  }
  const relation *rel = t->leaf->relation;
  for (int i = 0; i < (rel->without_rowid ? rel->pk_columns : 1); i++) {
    if (!*first) buffer_puts(out, ", ");
    *first = false;
    if (rel->without_rowid)
      buffer_printf(out, "t%d_c%d", t->leaf->leaf, rel->pk[i]);
    else
      buffer_printf(out, "t%d_r", t->leaf->leaf);
  }
}

static void map_absent(leaf_map *map, const tree *t) {
  if (t->kind == TREE_LEAF) {
    map->mode[t->leaf->leaf] = LEAF_ABSENT;
    return;
  }
  map_absent(map, t->left);
  map_absent(map, t->right);
}

/* The rows of t->left that met a change of t->right, with net = what the change did to their number of matches. */
static void put_met(generating *g, buffer *out, const tree *t, const leaf_map *map) {
  /* A subquery's conditions name columns of the left side: as these stand once the left side is joined. */
  leaf_map joined = *map;
  join_list ignored = {0};
  buffer nothing = {0};
  add_chain(t->left, &joined, &ignored, &nothing);
  buffer_free(&nothing);
  part *parts = change_of(g, t->right, &joined);
  buffer_puts(out, "SELECT *, sum(w) AS net FROM (");
  for (part *made = parts; made; made = made->next) {
    leaf_map left = *map;
    extend(g, made, t->left, &left, &t->on);
    buffer_puts(out, "SELECT ");
    put_carried(g, out, t->left, &made->map, false, 0);
    buffer_printf(out, "%s AS w FROM ", made->weight);
    join_list_put(&made->from, &g->leaves, true, out);
    if (*made->conditions) buffer_printf(out, " WHERE %s", made->conditions);
    if (made->next) buffer_puts(out, " UNION ALL ");
  }
  buffer_puts(out, ") GROUP BY ");
  bool first = true;
  put_identity(g, out, t->left, map, &first);
}

/* Rows of t->left whose number of matches in t->right left or reached zero; weight +1: it is zero now (or, for a
** semi-join: it is not zero any more … the caller's sign). */
static part *flip_of(generating *g, const tree *t, const leaf_map *map) {
  int flip = g->flips++;
  leaf_map above = *map;
  map_flip(&above, t->left, flip);
  buffer from = {0}, probe_from = {0}, probe_where = {0};
  leaf_map probe = above;
  for (int i = 0; i < g->leaves.count; i++)
    if (holds(t->left, g->leaves.leaf[i])) probe.flip[i] = flip + 1000;
  sql_put_chain(t->right, &probe, &probe_from, &probe_where);
  sql_put_list(&probe_where, &t->on, &probe);
  buffer_printf(&from, "(SELECT f%d.*, (SELECT count(*) FROM (SELECT 1 FROM %s", flip + 1000, buffer_text(&probe_from));
  if (probe_where.len) buffer_printf(&from, " WHERE %s", buffer_text(&probe_where));
  if (t->right->kind == TREE_LEAF) buffer_puts(&from, " LIMIT ?1");
  buffer_puts(&from, ")) AS n FROM (");
  put_met(g, &from, t, map);
  buffer_printf(&from, ") AS f%d) AS f%d", flip + 1000, flip);
  buffer_free(&probe_from);
  buffer_free(&probe_where);

  part *made = part_new(g, &above);
  if (t->kind == TREE_LEFT) map_absent(&made->map, t->right);
  join_list_add(g->p, &made->from, (join_item){.text = sql_keep(g->p, &from), .gives = leaves_below(t->left)});
  const char *form = t->kind == TREE_SEMI ? "((f%d.n > 0) - (f%d.n <> f%d.net))" : "((f%d.n = 0) - (f%d.n = f%d.net))";
  made->weight = arena_printf(g->p->memory, form, flip, flip, flip);
  if (!made->weight) plan_nomem(g->p);
  made->conditions = arena_printf(g->p->memory, "%s <> 0", made->weight);
  if (!made->conditions) plan_nomem(g->p);
  return made;
}

static part *change_of_leaf(generating *g, const tree *t, const leaf_map *map) {
  part *made = part_new(g, map);
  int r = t->leaf->relation->index, leaf = t->leaf->leaf;
  bool paired = g->shape == DELTA_PAIRED;
  made->map.mode[leaf] = paired ? LEAF_PAIR_NEW : LEAF_SIGNED;
  char *feed_name = arena_printf(g->p->memory, paired ? "vs_p%d AS t%d" : "vs_d%d AS t%d", r, leaf);
  made->weight = paired ? (char *)"1" : arena_printf(g->p->memory, "t%d.w", leaf);
  if (!feed_name || !made->weight) plan_nomem(g->p);
  join_list_add(g->p, &made->from, (join_item){.text = feed_name, .gives = 1ull << leaf});
  return made;
}

/* t's left side changed: the rest of t joins natively. */
static part *change_of_left(generating *g, const tree *t, const leaf_map *map) {
  part *parts = change_of(g, t->left, map);
  for (part *made = parts; made; made = made->next) {
    if (t->kind == TREE_INNER) {
      extend(g, made, t->right, &made->map, &t->on);
      continue;
    }
    buffer text = {0};
    if (t->kind == TREE_LEFT)
      add_optional(t, &made->map, &made->from);
    else {
      put_and(&text, made->conditions);
      put_exists(t, &made->map, &text);
      made->conditions = sql_keep(g->p, &text);
    }
  }
  return parts;
}

static part *change_of_right(generating *g, const tree *t, const leaf_map *map) {
  part *parts = NULL;
  if (t->kind == TREE_INNER || t->kind == TREE_LEFT) {
    parts = change_of(g, t->right, map);
    for (part *made = parts; made; made = made->next) extend(g, made, t->left, &made->map, &t->on);
  }
  /* A row that is there before and after, and decides nothing, changes no number of matches. */
  if (t->kind != TREE_INNER && g->shape == DELTA_SIGNED) parts = append_parts(parts, flip_of(g, t, map));
  return parts;
}

static part *change_of(generating *g, const tree *t, const leaf_map *map) {
  part *parts = t->kind == TREE_LEAF              ? change_of_leaf(g, t, map)
                : holds(t->left, g->changed) ? change_of_left(g, t, map)
                                                  : change_of_right(g, t, map);
  add_filter(g, parts, &t->filter);
  return parts;
}

static const char *statement_of(generating *g, part *made, expr **output, int outputs) {
  buffer sql = {0};
  buffer_puts(&sql, "SELECT ");
  if (g->shape == DELTA_SIGNED) buffer_printf(&sql, "%s AS w, ", made->weight);
  sql_put_outputs(&sql, output, outputs, &made->map, NULL);
  if (g->shape == DELTA_PAIRED) {
    leaf_map before = made->map;
    before.mode[g->changed->leaf] = LEAF_PAIR_OLD;
    buffer_puts(&sql, ", ");
    sql_put_outputs(&sql, output, outputs, &before, NULL);
  }
  buffer_puts(&sql, " FROM ");
  join_list_put(&made->from, &g->leaves, true, &sql);
  if (*made->conditions) buffer_printf(&sql, " WHERE %s", made->conditions);
  return sql_keep(g->p, &sql);
}

static void find_carried(generating *g, tree *t, expr **output, int outputs) {
  for (int i = 0; i < g->leaves.count; i++) {
    source *leaf = g->leaves.leaf[i];
    if (leaf->relation->columns > MAX_COLUMNS) plan_fail(g->p, "a table with more than %d columns", MAX_COLUMNS);
    using_columns x = {leaf, g->used[i], &g->rowid_used[i]};
    use_tree(t, &x);
    for (int k = 0; k < outputs; k++) expr_walk(&output[k], true, visit_used, &x);
    for (int k = 0; leaf->relation->without_rowid && k < leaf->relation->pk_columns; k++) g->used[i][leaf->relation->pk[k]] = true;
  }
}

int delta_sql_change(planner *p, tree *t, source *leaf, const bool *old, expr **output, int outputs, delta_shape shape, const char **sql, int most) {
  generating *g = plan_alloc(p, sizeof *g);
  g->p = p;
  g->shape = shape;
  g->changed = leaf;
  delta_sql_leaves(p, t, &g->leaves);
  find_carried(g, t, output, outputs);
  leaf_map map = {.p = p, .leaves = &g->leaves};
  for (int i = 0; i < g->leaves.count; i++) map.mode[i] = old && old[i] ? LEAF_OLD : LEAF_TABLE;
  int n = 0;
  for (part *made = change_of(g, t, &map); made; made = made->next) {
    if (n == most) plan_fail(p, "more than %d statements for one change", most);
    sql[n++] = statement_of(g, made, output, outputs);
  }
  return n;
}
