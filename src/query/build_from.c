/* The FROM clause: SQLite joins strictly from left to right; what stands in parentheses is a table of its own. */
#include "query/build.h"

#include <string.h>

static from_item *new_item(query_build *q, from_kind kind, position at) {
  from_item *item = q->failed ? NULL : arena_zalloc(q->arena, sizeof *item);
  if (!item) return build_nomem(q), NULL;
  item->kind = kind;
  item->at = at;
  item->height = 1;
  return item;
}

static const char *alias_name(query_build *q, const token *alias) {
  return alias->bytes ? build_name(q, alias) : NULL;
}

from_item *build_table(query_build *q, const token *schema, const token *name, const token *alias) {
  from_item *item = new_item(q, FROM_TABLE, schema ? schema->at : name->at);
  if (!item) return NULL;
  if (schema) item->schema = build_name(q, schema);
  item->name = build_name(q, name);
  item->alias = alias_name(q, alias);
  return q->failed ? NULL : item;
}

void build_indexed(query_build *q, from_item *item, const token *index) {
  if (item) item->indexed_by = index ? build_name(q, index) : "";
}

void build_table_call(from_item *item, expr_list *arguments) {
  if (!item) return;
  item->is_call = true;
  if (!arguments) return;
  item->arguments = *arguments;
  for (int i = 0; i < arguments->count; i++)
    if (arguments->items[i]->height >= item->height) item->height = arguments->items[i]->height + 1;
}

from_item *build_derived(query_build *q, const token *at, select_stmt *s, const token *alias) {
  from_item *item = new_item(q, FROM_SELECT, at->at);
  if (!item) return NULL;
  item->select = s;
  item->alias = alias_name(q, alias);
  item->height = s->height + 1;
  return q->failed ? NULL : item;
}

enum { NATURAL = 1, CROSS = 2, INNER = 4, LEFT = 8, RIGHT = 16, OUTER = 32, UNKNOWN = 64 };

static int join_word(const token *t) {
  static const struct {
    const char *word;
    int flags;
  } words[] = {{"NATURAL", NATURAL},      {"LEFT", LEFT | OUTER}, {"RIGHT", RIGHT | OUTER}, {"FULL", LEFT | RIGHT | OUTER},
               {"OUTER", OUTER},          {"INNER", INNER},       {"CROSS", INNER | CROSS}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (token_is(t, words[i].word)) return words[i].flags;
  return UNKNOWN;
}

/* As in SQLite any order and combination of the words goes that makes sense: OUTER LEFT, LEFT RIGHT (= FULL), … */
join_operator build_join(query_build *q, const token *a, const token *b, const token *c) {
  int flags = join_word(a) | (b ? join_word(b) : 0) | (c ? join_word(c) : 0);
  bool both = (flags & INNER) && (flags & OUTER), sideless = (flags & (OUTER | LEFT | RIGHT)) == OUTER;
  if (both || sideless || (flags & UNKNOWN)) {
    build_fail(q, ERR_INVALID, a->at, "there is no %.*s%s%.*s%s%.*s JOIN", (int)a->bytes, a->text, b ? " " : "",
               b ? (int)b->bytes : 0, b ? b->text : "", c ? " " : "", c ? (int)c->bytes : 0, c ? c->text : "");
    error_hint(q->err, "expected [NATURAL] and INNER, CROSS, LEFT, RIGHT or FULL [OUTER] before JOIN");
  }
  join_kind kind = JOIN_INNER;
  if ((flags & LEFT) && (flags & RIGHT)) kind = JOIN_FULL;
  else if (flags & LEFT) kind = JOIN_LEFT;
  else if (flags & RIGHT) kind = JOIN_RIGHT;
  else if (flags & CROSS) kind = JOIN_CROSS;
  return (join_operator){kind, (flags & NATURAL) != 0};
}

from_item *build_join_item(query_build *q, join_prefix prefix, from_item *item, join_condition condition) {
  if (q->failed) return NULL;
  bool has_condition = condition.on || condition.using;
  if (!prefix.left) {
    if (has_condition) {
      build_fail(q, ERR_INVALID, condition.at, "%s without a JOIN before it", condition.on ? "ON" : "USING");
      error_hint(q->err, "a condition on the first table belongs into WHERE");
    }
    return item;
  }
  if (prefix.op.natural && has_condition) {
    build_fail(q, ERR_INVALID, condition.at, "a NATURAL join has no ON and no USING");
    return NULL;
  }
  from_item *join = new_item(q, FROM_JOIN, prefix.left->at);
  if (!join) return NULL;
  join->join = prefix.op.kind;
  join->natural = prefix.op.natural;
  join->left = prefix.left;
  join->right = item;
  join->on = condition.on;
  join->has_using = condition.using != NULL;
  if (condition.using) join->using = *condition.using;
  int below = join->left->height > join->right->height ? join->left->height : join->right->height;
  if (join->on && join->on->height > below) below = join->on->height;
  join->height = below + 1;
  if (join->height > MAX_EXPRESSION_DEPTH) {
    build_fail(q, ERR_LIMIT, item->at, "more than %d tables or levels in one FROM", MAX_EXPRESSION_DEPTH);
    return NULL;
  }
  return join;
}

/* Parentheses around the first tables of the clause mean nothing; around one table, or one join that has an alias, they give
** it another alias, or take away the one it had: (t AS x) AS y; else what is inside is joined first. */
from_item *build_parenthesised(query_build *q, join_prefix prefix, from_item *inner, const token *alias, join_condition c) {
  if (q->failed) return NULL;
  if (!prefix.left && !alias->bytes && !c.on && !c.using) return inner;
  inner->alias = alias_name(q, alias);
  inner->indexed_by = NULL; /* SQLite forgets it as well */
  return build_join_item(q, prefix, inner, c);
}
