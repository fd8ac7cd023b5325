#include "query/build.h"

#include "query/grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- errors --- */

void build_fail(query_build *q, error_code code, position at, const char *fmt, ...) {
  if (q->failed) return; /* the first one is the cause */
  q->failed = true;
  char text[sizeof q->err->text];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  error_set(q->err, code, "%s", text);
  error_at(q->err, NULL, at.line, at.column);
}

void build_nomem(query_build *q) {
  if (q->failed) return;
  q->failed = true;
  error_nomem(q->err);
}

/* Returns what it was given, and notes that an allocation failed when that is NULL. */
static void *checked(query_build *q, void *allocated) {
  if (!allocated) build_nomem(q);
  return allocated;
}

/* --- heights: every node is one higher than the highest below it --- */

static int higher(int a, int b) { return a > b ? a : b; }
static int height_of(const expr *e) { return e ? e->height : 0; }

static int height_of_list(const expr_list *list) {
  int height = 0;
  for (int i = 0; list && i < list->count; i++) height = higher(height, list->items[i]->height);
  return height;
}

static int height_of_orders(const order_list *list) {
  int height = 0;
  for (int i = 0; list && i < list->count; i++) height = higher(height, list->items[i].value->height);
  return height;
}

static bool set_height(query_build *q, int *height, int below, position at) {
  *height = below + 1;
  if (*height > MAX_EXPRESSION_DEPTH)
    build_fail(q, ERR_LIMIT, at, "nested more than %d levels deep", MAX_EXPRESSION_DEPTH);
  return !q->failed;
}

/* Sets the height of a node whose parts are in place. NULL when the parse has failed, so that later rules stop too. */
static expr *finished(query_build *q, expr *e) {
  if (!e || q->failed) return NULL;
  int below = higher(higher(height_of(e->left), height_of(e->right)), higher(height_of(e->filter), height_of_list(&e->list)));
  if (e->select) below = higher(below, e->select->height);
  if (e->over) below = higher(below, higher(height_of_list(&e->over->partition_by), height_of_orders(&e->over->order_by)));
  return set_height(q, &e->height, below, e->at) ? e : NULL;
}

static expr *start(query_build *q, expr_kind kind, position at) {
  return q->failed ? NULL : checked(q, expr_new(q->arena, kind, at));
}

/* A node that begins where its left operand begins. */
static expr *start_after(query_build *q, expr_kind kind, expr *left) {
  expr *e = left ? start(q, kind, left->at) : NULL;
  if (e) e->left = left;
  return e;
}

/* --- names and lists --- */

const char *build_name(query_build *q, const token *t) { return checked(q, token_name(q->arena, t)); }

/* An alias is a token without text where none was written. */
static const char *optional_name(query_build *q, const token *t) { return t && t->bytes ? build_name(q, t) : NULL; }

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

const char *build_span(query_build *q, const char *from, const char *end) {
  while (from < end && is_space(*from)) from++;
  while (end > from && is_space(end[-1])) end--;
  return checked(q, arena_strndup(q->arena, from, (size_t)(end - from)));
}

const char *build_source(query_build *q, const char *from, const char *end) {
  char *text = checked(q, arena_alloc(q->arena, (size_t)(end - from) * 2 + 1));
  if (!text) return NULL;
  char *to = text;
  lexer l;
  lexer_start(&l, from, (size_t)(end - from));
  for (token t = lexer_next(&l); t.type; t = lexer_next(&l)) {
    if (to > text) *to++ = ' ';
    memcpy(to, t.text, t.bytes);
    to += t.bytes;
  }
  *to = '\0';
  return text;
}

name_list *build_names(query_build *q, name_list *list, const token *t) {
  if (!list) list = checked(q, arena_zalloc(q->arena, sizeof *list));
  const char *name = build_name(q, t);
  if (!list || !name || !name_list_add(q->arena, list, name)) return build_nomem(q), NULL;
  return list;
}

expr_list *build_exprs(query_build *q, expr_list *list, expr *e) {
  if (q->failed) return NULL;
  if (!list) list = checked(q, arena_zalloc(q->arena, sizeof *list));
  if (!list || !expr_list_add(q->arena, list, e)) return build_nomem(q), NULL;
  return list;
}

order_list *build_orders(query_build *q, order_list *list, expr *e, int direction, sort_nulls nulls) {
  if (q->failed) return NULL;
  if (!list) list = checked(q, arena_zalloc(q->arena, sizeof *list));
  order_term term = {.value = e, .descending = direction != 0, .nulls = nulls};
  if (!list || !order_list_add(q->arena, list, term)) return build_nomem(q), NULL;
  return list;
}

result_list *build_result(query_build *q, result_list *list, expr *e, const char *alias, const char *span) {
  if (q->failed) return NULL;
  if (!list) list = checked(q, arena_zalloc(q->arena, sizeof *list));
  result_column column = {.value = e, .alias = alias, .span = span};
  if (!list || !result_list_add(q->arena, list, column)) return build_nomem(q), NULL;
  return list;
}

/* --- expressions --- */

expr *build_text(query_build *q, expr_kind kind, const token *t) {
  expr *e = start(q, kind, t->at);
  if (e) e->text = checked(q, arena_strndup(q->arena, t->text, t->bytes));
  return finished(q, e);
}

expr *build_column(query_build *q, const token *schema, const token *table, const token *name) {
  expr *e = start(q, EXPR_COLUMN, schema ? schema->at : table ? table->at : name->at);
  if (!e) return NULL;
  char first = name->text[0];
  e->quoted = first == '"';
  e->bracketed = first == '[' || first == '`' || first == '\'';
  e->schema = optional_name(q, schema);
  e->table = optional_name(q, table);
  e->name = build_name(q, name);
  return finished(q, e);
}

expr *build_star(query_build *q, const token *table, const token *star) {
  expr *e = start(q, EXPR_STAR, table ? table->at : star->at);
  if (e) e->table = optional_name(q, table);
  return finished(q, e);
}

expr *build_unary(query_build *q, const char *op, const token *at, expr *operand) {
  expr *e = start(q, EXPR_UNARY, at->at);
  if (!e) return NULL;
  e->op = op;
  e->left = operand;
  return finished(q, e);
}

expr *build_postfix(query_build *q, const char *op, expr *operand) {
  expr *e = start_after(q, EXPR_POSTFIX, operand);
  if (e) e->op = op;
  return finished(q, e);
}

const char *build_operator(int type) {
  switch (type) {
    case TK_LT: return "<";
    case TK_LE: return "<=";
    case TK_GT: return ">";
    case TK_GE: return ">=";
    case TK_EQ: return "=";
    case TK_NE: return "<>";
    case TK_BITAND: return "&";
    case TK_BITOR: return "|";
    case TK_LSHIFT: return "<<";
    case TK_RSHIFT: return ">>";
    case TK_PLUS: return "+";
    case TK_MINUS: return "-";
    case TK_STAR: return "*";
    case TK_SLASH: return "/";
    default: return "%";
  }
}

expr *build_binary(query_build *q, const char *op, expr *left, expr *right) {
  expr *e = start_after(q, EXPR_BINARY, left);
  if (!e) return NULL;
  e->op = op;
  e->right = right;
  return finished(q, e);
}

static const char *like_name(const token *op) {
  static const char *const names[] = {"LIKE", "GLOB", "REGEXP", "MATCH"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (token_is(op, names[i])) return names[i];
  return "LIKE"; /* the lexer makes no other token of this kind */
}

expr *build_like(query_build *q, const token *op, bool negated, expr *left, expr *right, expr *escape) {
  expr *e = start_after(q, EXPR_LIKE, left);
  if (!e) return NULL;
  e->op = like_name(op);
  e->negated = negated;
  e->right = right;
  if (escape && !expr_list_add(q->arena, &e->list, escape)) return build_nomem(q), NULL;
  return finished(q, e);
}

expr *build_between(query_build *q, bool negated, expr *value, expr *low, expr *high) {
  expr *e = start_after(q, EXPR_BETWEEN, value);
  if (!e) return NULL;
  e->negated = negated;
  if (!expr_list_add(q->arena, &e->list, low) || !expr_list_add(q->arena, &e->list, high)) return build_nomem(q), NULL;
  return finished(q, e);
}

expr *build_in(query_build *q, bool negated, expr *value, expr_list *list, select_stmt *s) {
  expr *e = start_after(q, EXPR_IN, value);
  if (!e) return NULL;
  e->negated = negated;
  if (list) e->list = *list;
  e->select = s;
  return finished(q, e);
}

expr *build_in_table(query_build *q, bool negated, expr *value, const token *schema, const token *name, expr_list *arguments,
                     bool is_call) {
  expr *e = build_in(q, negated, value, arguments, NULL);
  if (!e) return NULL;
  e->schema = optional_name(q, schema);
  e->name = build_name(q, name);
  e->is_call = is_call;
  return q->failed ? NULL : e;
}

expr *build_select_expr(query_build *q, expr_kind kind, const token *at, select_stmt *s) {
  expr *e = start(q, kind, at->at);
  if (e) e->select = s;
  return finished(q, e);
}

expr *build_row(query_build *q, const token *at, expr_list *list, expr *last) {
  expr *e = start(q, EXPR_ROW, at->at);
  list = build_exprs(q, list, last);
  if (!e || !list) return NULL;
  e->list = *list;
  return finished(q, e);
}

expr *build_case(query_build *q, const token *at, expr *operand, expr_list *whens, expr *otherwise) {
  expr *e = start(q, EXPR_CASE, at->at);
  if (!e) return NULL;
  e->left = operand;
  e->list = *whens;
  e->right = otherwise;
  return finished(q, e);
}

expr *build_cast(query_build *q, const token *at, expr *value, const char *type) {
  expr *e = start(q, EXPR_CAST, at->at);
  if (!e) return NULL;
  e->left = value;
  e->text = type;
  return finished(q, e);
}

expr *build_collate(query_build *q, expr *value, const token *collation) {
  expr *e = start_after(q, EXPR_COLLATE, value);
  if (e) e->name = build_name(q, collation);
  return finished(q, e);
}

expr *build_call(query_build *q, const token *name, bool distinct, bool star, expr_list *arguments, call_suffix suffix) {
  expr *e = start(q, EXPR_FUNCTION, name->at);
  if (!e) return NULL;
  e->name = build_name(q, name);
  e->distinct = distinct;
  e->star = star;
  if (arguments) e->list = *arguments;
  e->filter = suffix.filter;
  e->over = suffix.over;
  return finished(q, e);
}

/* --- windows --- */

window *build_window(query_build *q, const token *base, expr_list *partition_by, order_list *order_by, const char *frame) {
  window *w = q->failed ? NULL : checked(q, arena_zalloc(q->arena, sizeof *w));
  if (!w) return NULL;
  w->base = optional_name(q, base);
  if (partition_by) w->partition_by = *partition_by;
  if (order_by) w->order_by = *order_by;
  w->frame = frame;
  w->at = base ? base->at : q->before.at;
  return w;
}

window *build_window_reference(query_build *q, const token *name) {
  window *w = build_window(q, NULL, NULL, NULL, NULL);
  if (!w) return NULL;
  w->name = build_name(q, name);
  w->reference = true;
  w->at = name->at;
  return w;
}

window_chain build_windows(query_build *q, window_chain chain, const token *name, window *w) {
  if (q->failed) return chain;
  w->name = build_name(q, name);
  w->at = name->at;
  if (chain.last) chain.last->next = w;
  return (window_chain){chain.first ? chain.first : w, w};
}

/* --- SELECT --- */

static int height_of_results(const result_list *list) {
  int height = 0;
  for (int i = 0; list && i < list->count; i++) height = higher(height, list->items[i].value->height);
  return height;
}

select_stmt *build_select(query_build *q, const token *at, bool distinct, result_list *columns, from_item *from, expr *where,
                     expr_list *group_by, expr *having, window *windows, order_list *order_by, limit_clause limit) {
  select_stmt *s = q->failed ? NULL : checked(q, arena_zalloc(q->arena, sizeof *s));
  if (!s) return NULL;
  *s = (select_stmt){.at = at->at, .distinct = distinct, .columns = *columns, .from = from, .where = where, .having = having,
                .windows = windows, .limit = limit.count, .offset = limit.offset};
  if (group_by) s->group_by = *group_by;
  if (order_by) s->order_by = *order_by;
  int below = higher(height_of_results(columns), from ? from->height : 0);
  below = higher(below, higher(height_of(where), height_of(having)));
  below = higher(below, higher(height_of_list(group_by), height_of_orders(order_by)));
  below = higher(below, higher(height_of(limit.count), height_of(limit.offset)));
  for (const window *w = windows; w; w = w->next)
    below = higher(below, higher(height_of_list(&w->partition_by), height_of_orders(&w->order_by)));
  return set_height(q, &s->height, below, s->at) ? s : NULL;
}

select_stmt *build_values(query_build *q, const token *at, expr_list *row) {
  select_stmt *s = q->failed ? NULL : checked(q, arena_zalloc(q->arena, sizeof *s));
  if (!s) return NULL;
  s->at = at->at;
  s->is_values = true;
  return build_values_row(q, s, row);
}

select_stmt *build_values_row(query_build *q, select_stmt *values, expr_list *row) {
  if (q->failed) return NULL;
  int n = values->value_rows;
  if (n && row->count != values->values[0].count) {
    build_fail(q, ERR_INVALID, row->items[0]->at, "row %d of VALUES has %d values where the first has %d", n + 1, row->count,
               values->values[0].count);
    return NULL;
  }
  if ((n & (n - 1)) == 0) { /* full: the capacity is the next power of two */
    expr_list *more = checked(q, arena_alloc(q->arena, sizeof *more * (n ? (size_t)n * 2 : 1)));
    if (!more) return NULL;
    if (n) memcpy(more, values->values, sizeof *more * (size_t)n);
    values->values = more;
  }
  values->values[values->value_rows++] = *row;
  return set_height(q, &values->height, higher(values->height - 1, height_of_list(row)), values->at) ? values : NULL;
}

select_stmt *build_compound(query_build *q, select_stmt *left, compound_op op, select_stmt *right) {
  static const char *const names[] = {"", "UNION", "UNION ALL", "INTERSECT", "EXCEPT"};
  if (q->failed) return NULL;
  if (left->order_by.count || left->limit) {
    const char *clause = left->order_by.count ? "ORDER BY" : "LIMIT";
    build_fail(q, ERR_INVALID, right->at, "%s stands before %s, expected after the last SELECT", clause, names[op]);
    error_hint(q->err, "move the %s to the end, or wrap that part: SELECT * FROM (SELECT … %s …)", clause, clause);
    return NULL;
  }
  int arms = 1;
  for (const select_stmt *arm = left; arm; arm = arm->prior) arms++;
  if (arms > MAX_COMPOUND_ARMS) {
    build_fail(q, ERR_LIMIT, right->at, "more than %d SELECTs in one compound", MAX_COMPOUND_ARMS);
    return NULL;
  }
  right->op = op;
  right->prior = left;
  right->height = higher(right->height, left->height);
  return right;
}

cte *build_cte(query_build *q, const token *name, name_list *columns, const char *materialized, select_stmt *s) {
  cte *c = q->failed ? NULL : checked(q, arena_zalloc(q->arena, sizeof *c));
  if (!c) return NULL;
  c->name = build_name(q, name);
  if (columns) c->columns = *columns;
  c->materialized = materialized;
  c->select = s;
  c->at = name->at;
  return q->failed ? NULL : c;
}

cte_chain build_ctes(cte_chain chain, cte *next) {
  if (!next) return chain;
  if (chain.last) chain.last->next = next;
  return (cte_chain){chain.first ? chain.first : next, next};
}

select_stmt *build_with(select_stmt *s, bool recursive, cte *ctes) {
  if (!s) return NULL;
  s->recursive = recursive;
  s->ctes = ctes;
  for (const cte *c = ctes; c; c = c->next) s->height = higher(s->height, c->select->height + 1);
  return s;
}
