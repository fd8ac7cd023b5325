#include "view/join_order.h"

#include <string.h>

void join_list_add(planner *p, join_list *list, join_item item) {
  if (list->count > MAX_LEAVES) plan_fail(p, "more than %d tables in one join", MAX_LEAVES);
  list->item[list->count++] = item;
}

typedef struct finding {
  const leaf_list *leaves;
  uint64_t found;
} finding;

static bool visit_leaf(void *ctx, expr **slot) {
  finding *f = ctx;
  const expr *e = *slot;
  if (e->kind != EXPR_COLUMN || !e->source) return true;
  int n = e->source->leaf;
  if (n >= 0 && n < f->leaves->count && f->leaves->leaf[n] == e->source) f->found |= 1ull << n;
  return true;
}

uint64_t join_leaves_of(const expr *e, const leaf_list *leaves) {
  finding f = {leaves, 0};
  expr *slot = (expr *)e;
  expr_walk(&slot, true, visit_leaf, &f);
  return f.found;
}

/* Whether the condition fixes `column` of the leaf, given what is placed: column = something known, or IN a list. */
static bool fixes(const expr *e, const source *leaf, int column, uint64_t placed, const leaf_list *leaves) {
  bool equal = e->kind == EXPR_BINARY && (strcmp(e->op, "=") == 0 || strcmp(e->op, "IS") == 0);
  bool list = e->kind == EXPR_IN && !e->negated && !e->select && e->list.count > 0;
  if (!equal && !list) return false;
  const expr *sides[] = {e->left, equal ? e->right : NULL};
  for (int i = 0; i < 2 && sides[i]; i++) {
    if (sides[i]->kind != EXPR_COLUMN || sides[i]->source != leaf || sides[i]->source_column != column) continue;
    if (list) return true;
    if ((join_leaves_of(sides[1 - i], leaves) & ~placed) == 0) return true;
  }
  return false;
}

static bool is_fixed(const join_list *list, const source *leaf, int column, uint64_t placed, const leaf_list *leaves) {
  for (int i = 0; i < list->conditions.count; i++)
    if (fixes(list->conditions.items[i], leaf, column, placed, leaves)) return true;
  return false;
}

static bool is_joined(const join_list *list, const join_item *item, uint64_t placed, const leaf_list *leaves) {
  for (int i = 0; i < list->conditions.count; i++) {
    const expr *e = list->conditions.items[i];
    if (e->kind != EXPR_BINARY || (strcmp(e->op, "=") != 0 && strcmp(e->op, "IS") != 0)) continue;
    uint64_t named = join_leaves_of(e, leaves);
    if ((named & item->gives) && (named & placed) && !(named & ~(placed | item->gives))) return true;
  }
  return false;
}

enum { ONE_ROW, OPTIONAL, JOINED, CROSS, NOT_YET };

/* How many rows one row so far is likely to meet there. */
static int distance(const join_list *list, const join_item *item, uint64_t placed, const leaf_list *leaves) {
  if (item->optional) return item->needs & ~placed ? NOT_YET : OPTIONAL;
  if (!item->leaf) return is_joined(list, item, placed, leaves) ? JOINED : CROSS;
  const relation *rel = item->leaf->relation;
  const node *n = rel->node;
  if (n && n->kind == NODE_GROUP && !n->has_group_by) return ONE_ROW;
  bool unique = rel->pk_columns > 0;
  for (int i = 0; unique && i < rel->pk_columns; i++) unique = is_fixed(list, item->leaf, rel->pk[i], placed, leaves);
  if (unique || is_fixed(list, item->leaf, SOURCE_ROWID, placed, leaves)) return ONE_ROW;
  return is_joined(list, item, placed, leaves) ? JOINED : CROSS;
}

static void put_item(const join_item *item, bool first, bool driven, buffer *out) {
  if (!first) buffer_puts(out, item->optional ? " LEFT JOIN " : driven ? " CROSS JOIN " : " JOIN ");
  buffer_puts(out, item->text);
}

void join_list_put(const join_list *list, const leaf_list *leaves, bool driven, buffer *out) {
  bool done[MAX_LEAVES + 1] = {false};
  uint64_t placed = 0;
  for (int n = 0; n < list->count; n++) {
    int best = -1, least = NOT_YET + 1;
    for (int i = 0; i < list->count; i++) {
      if (done[i]) continue;
      if (!driven || n == 0) {
        best = i;
        break;
      }
      int d = distance(list, &list->item[i], placed, leaves);
      if (d < least) {
        least = d;
        best = i;
      }
    }
    done[best] = true;
    placed |= list->item[best].gives;
    put_item(&list->item[best], n == 0, driven, out);
  }
}
