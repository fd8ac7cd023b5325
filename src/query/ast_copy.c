/* Deep copies. A copier notes the first failure and goes on with NULLs; the public functions then return NULL. */
#include "query/ast.h"

#include <string.h>

typedef struct copier {
  arena *arena;
  int depth;
  bool failed;
} copier;

static select_stmt *copy_select(copier *c, const select_stmt *s);
static expr *copy_expr(copier *c, const expr *e);

static void *copy_bytes(copier *c, const void *from, size_t bytes) {
  if (!from || !bytes) return NULL;
  void *to = arena_alloc(c->arena, bytes);
  if (!to) {
    c->failed = true;
    return NULL;
  }
  return memcpy(to, from, bytes);
}

static bool descend(copier *c) {
  if (c->depth >= MAX_TREE_DEPTH) c->failed = true;
  if (c->failed) return false;
  c->depth++;
  return true;
}

static expr_list copy_list(copier *c, const expr_list *list) {
  expr_list copy = {.count = list->count, .capacity = list->count};
  copy.items = copy_bytes(c, list->items, sizeof *list->items * (size_t)list->count);
  for (int i = 0; copy.items && i < copy.count; i++) copy.items[i] = copy_expr(c, list->items[i]);
  return copy;
}

static order_list copy_orders(copier *c, const order_list *list) {
  order_list copy = {.count = list->count, .capacity = list->count};
  copy.items = copy_bytes(c, list->items, sizeof *list->items * (size_t)list->count);
  for (int i = 0; copy.items && i < copy.count; i++) copy.items[i].value = copy_expr(c, list->items[i].value);
  return copy;
}

static name_list copy_names(copier *c, const name_list *list) {
  name_list copy = {.count = list->count, .capacity = list->count};
  copy.items = copy_bytes(c, list->items, sizeof *list->items * (size_t)list->count);
  return copy;
}

static window *copy_windows(copier *c, const window *first) {
  window *head = NULL, **tail = &head;
  for (const window *w = first; w && !c->failed; w = w->next) {
    window *copy = copy_bytes(c, w, sizeof *w);
    if (!copy) break;
    copy->partition_by = copy_list(c, &w->partition_by);
    copy->order_by = copy_orders(c, &w->order_by);
    copy->next = NULL;
    *tail = copy;
    tail = &copy->next;
  }
  return head;
}

static expr *copy_expr(copier *c, const expr *e) {
  if (!e || !descend(c)) return NULL;
  expr *copy = copy_bytes(c, e, sizeof *e);
  if (copy) {
    copy->left = copy_expr(c, e->left);
    copy->right = copy_expr(c, e->right);
    copy->filter = copy_expr(c, e->filter);
    copy->list = copy_list(c, &e->list);
    copy->select = copy_select(c, e->select);
    copy->over = copy_windows(c, e->over);
  }
  c->depth--;
  return copy;
}

static from_item *copy_from(copier *c, const from_item *item) {
  if (!item || !descend(c)) return NULL;
  from_item *copy = copy_bytes(c, item, sizeof *item);
  if (copy) {
    copy->arguments = copy_list(c, &item->arguments);
    copy->select = copy_select(c, item->select);
    copy->left = copy_from(c, item->left);
    copy->right = copy_from(c, item->right);
    copy->on = copy_expr(c, item->on);
    copy->using = copy_names(c, &item->using);
  }
  c->depth--;
  return copy;
}

static cte *copy_ctes(copier *c, const cte *first) {
  cte *head = NULL, **tail = &head;
  for (const cte *from = first; from && !c->failed; from = from->next) {
    cte *copy = copy_bytes(c, from, sizeof *from);
    if (!copy) break;
    copy->columns = copy_names(c, &from->columns);
    copy->select = copy_select(c, from->select);
    copy->next = NULL;
    *tail = copy;
    tail = &copy->next;
  }
  return head;
}

static select_stmt *copy_arm(copier *c, const select_stmt *s) {
  select_stmt *copy = copy_bytes(c, s, sizeof *s);
  if (!copy) return NULL;
  copy->prior = NULL;
  copy->ctes = copy_ctes(c, s->ctes);
  copy->values = copy_bytes(c, s->values, sizeof *s->values * (size_t)s->value_rows);
  for (int i = 0; copy->values && i < s->value_rows; i++) copy->values[i] = copy_list(c, &s->values[i]);
  copy->columns.items = copy_bytes(c, s->columns.items, sizeof *s->columns.items * (size_t)s->columns.count);
  copy->columns.capacity = s->columns.count;
  for (int i = 0; copy->columns.items && i < s->columns.count; i++)
    copy->columns.items[i].value = copy_expr(c, s->columns.items[i].value);
  copy->from = copy_from(c, s->from);
  copy->where = copy_expr(c, s->where);
  copy->group_by = copy_list(c, &s->group_by);
  copy->having = copy_expr(c, s->having);
  copy->windows = copy_windows(c, s->windows);
  copy->order_by = copy_orders(c, &s->order_by);
  copy->limit = copy_expr(c, s->limit);
  copy->offset = copy_expr(c, s->offset);
  return copy;
}

static select_stmt *copy_select(copier *c, const select_stmt *s) {
  if (!s || !descend(c)) return NULL;
  select_stmt *head = NULL, **tail = &head;
  for (; s && !c->failed; s = s->prior) {
    *tail = copy_arm(c, s);
    if (*tail) tail = &(*tail)->prior;
  }
  c->depth--;
  return head;
}

expr *expr_copy(arena *a, const expr *e) {
  copier c = {.arena = a};
  expr *copy = copy_expr(&c, e);
  return c.failed ? NULL : copy;
}

select_stmt *select_copy(arena *a, const select_stmt *s) {
  copier c = {.arena = a};
  select_stmt *copy = copy_select(&c, s);
  return c.failed ? NULL : copy;
}
