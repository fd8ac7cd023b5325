#include "query/ast.h"

#include <string.h>
#include <strings.h>

/* --- building blocks --- */

expr *expr_new(arena *a, expr_kind kind, position at) {
  expr *e = arena_zalloc(a, sizeof *e);
  if (!e) return NULL;
  e->kind = kind;
  e->at = at;
  e->source_column = -1;
  return e;
}

/* Room for one more item in an arena's array; the smaller one it grew out of stays in the arena. */
static bool grow(arena *a, void **items, int count, int *capacity, size_t item_bytes) {
  if (count < *capacity) return true;
  int more = *capacity ? *capacity * 2 : 4;
  void *larger = arena_alloc(a, (size_t)more * item_bytes);
  if (!larger) return false;
  if (count) memcpy(larger, *items, (size_t)count * item_bytes);
  *items = larger;
  *capacity = more;
  return true;
}

bool expr_list_add(arena *a, expr_list *list, expr *e) {
  if (!grow(a, (void **)&list->items, list->count, &list->capacity, sizeof *list->items)) return false;
  list->items[list->count++] = e;
  return true;
}

bool order_list_add(arena *a, order_list *list, order_term term) {
  if (!grow(a, (void **)&list->items, list->count, &list->capacity, sizeof *list->items)) return false;
  list->items[list->count++] = term;
  return true;
}

bool result_list_add(arena *a, result_list *list, result_column column) {
  if (!grow(a, (void **)&list->items, list->count, &list->capacity, sizeof *list->items)) return false;
  list->items[list->count++] = column;
  return true;
}

bool name_list_add(arena *a, name_list *list, const char *name) {
  if (!grow(a, (void **)&list->items, list->count, &list->capacity, sizeof *list->items)) return false;
  list->items[list->count++] = name;
  return true;
}

/* --- walking --- */

typedef struct walk {
  expr_visitor visit;
  void *ctx;
  bool into_selects;
  int depth;
} walk;

static bool walk_select(walk *w, select_stmt *s);

static bool walk_expr(walk *w, expr **slot);

static bool walk_list(walk *w, expr_list *list) {
  for (int i = 0; i < list->count; i++)
    if (!walk_expr(w, &list->items[i])) return false;
  return true;
}

static bool walk_orders(walk *w, order_list *list) {
  for (int i = 0; i < list->count; i++)
    if (!walk_expr(w, &list->items[i].value)) return false;
  return true;
}

static bool walk_window(walk *w, window *over) {
  return walk_list(w, &over->partition_by) && walk_orders(w, &over->order_by);
}

static bool walk_below(walk *w, expr *e) {
  if (!walk_expr(w, &e->left) || !walk_list(w, &e->list) || !walk_expr(w, &e->right) || !walk_expr(w, &e->filter)) return false;
  if (e->over && !walk_window(w, e->over)) return false;
  return !e->select || !w->into_selects || walk_select(w, e->select);
}

static bool walk_expr(walk *w, expr **slot) {
  if (!*slot) return true;
  if (w->depth >= MAX_TREE_DEPTH) return false;
  w->depth++;
  bool ok = w->visit(w->ctx, slot) && (!*slot || walk_below(w, *slot));
  w->depth--;
  return ok;
}

static bool walk_from(walk *w, from_item *item) {
  if (!item) return true;
  if (w->depth >= MAX_TREE_DEPTH) return false;
  w->depth++;
  bool ok = walk_list(w, &item->arguments) && (!item->select || !w->into_selects || walk_select(w, item->select)) &&
            walk_from(w, item->left) && walk_from(w, item->right) && walk_expr(w, &item->on);
  w->depth--;
  return ok;
}

static bool walk_arm(walk *w, select_stmt *s) {
  if (w->into_selects)
    for (cte *c = s->ctes; c; c = c->next)
      if (!walk_select(w, c->select)) return false;
  for (int i = 0; i < s->value_rows; i++)
    if (!walk_list(w, &s->values[i])) return false;
  for (int i = 0; i < s->columns.count; i++)
    if (!walk_expr(w, &s->columns.items[i].value)) return false;
  if (!walk_from(w, s->from) || !walk_expr(w, &s->where) || !walk_list(w, &s->group_by) || !walk_expr(w, &s->having))
    return false;
  for (window *over = s->windows; over; over = over->next)
    if (!walk_window(w, over)) return false;
  return walk_orders(w, &s->order_by) && walk_expr(w, &s->limit) && walk_expr(w, &s->offset);
}

static bool walk_select(walk *w, select_stmt *s) {
  if (w->depth >= MAX_TREE_DEPTH) return false;
  w->depth++;
  bool ok = true;
  for (; s && ok; s = s->prior) ok = walk_arm(w, s);
  w->depth--;
  return ok;
}

bool expr_walk(expr **slot, bool into_selects, expr_visitor visit, void *ctx) {
  walk w = {.visit = visit, .ctx = ctx, .into_selects = into_selects};
  return walk_expr(&w, slot);
}

bool select_walk(select_stmt *s, bool into_selects, expr_visitor visit, void *ctx) {
  walk w = {.visit = visit, .ctx = ctx, .into_selects = into_selects};
  return walk_select(&w, s);
}
