/* What the grammar's rules do: nodes of the syntax tree from tokens and smaller nodes.
**
** Private to the parser (grammar.y, build.c, parser.c). Every function may be handed NULL where a part failed to allocate;
** the first failure sets `failed` and the error, after which the driver feeds no more tokens. Thread: that of the parse.
*/
#ifndef QUERY_BUILD_H
#define QUERY_BUILD_H

#include "query/lexer.h"
#include "query/parser.h"

typedef struct query_build {
  arena *arena;
  error *err;
  bool failed;
  token before, lookahead; /* the token last shifted, and the one being fed: it starts where a finished phrase ends */
  select_stmt *root;            /* results: one of the two */
  expr *root_expr;
} query_build;

/* Parts that are no nodes of the tree. */
typedef struct join_operator {
  join_kind kind;
  bool natural;
} join_operator;
typedef struct join_prefix { /* the FROM clause so far, and how the next item joins it */
  from_item *left;
  join_operator op;
} join_prefix;
typedef struct join_condition {
  expr *on;
  name_list *using;
  position at;
} join_condition;
typedef struct call_suffix {
  expr *filter;
  window *over;
} call_suffix;
typedef struct cte_chain {
  cte *first, *last;
} cte_chain;
typedef struct window_chain {
  window *first, *last;
} window_chain;
typedef struct limit_clause {
  expr *count, *offset;
} limit_clause;

/* Errors. */
void build_fail(query_build *q, error_code code, position at, const char *fmt, ...) PRINTF_LIKE(4, 5);
void build_nomem(query_build *q);

/* Names and lists. */
const char *build_name(query_build *q, const token *t);
const char *build_source(query_build *q, const char *start, const char *end); /* the tokens between, one space apart */
const char *build_span(query_build *q, const char *start, const char *end);   /* the text between, trimmed */
name_list *build_names(query_build *q, name_list *list, const token *t);
expr_list *build_exprs(query_build *q, expr_list *list, expr *e);
order_list *build_orders(query_build *q, order_list *list, expr *e, int direction, sort_nulls nulls);
result_list *build_result(query_build *q, result_list *list, expr *e, const char *alias, const char *span);

/* Expressions. */
expr *build_text(query_build *q, expr_kind kind, const token *t);
expr *build_column(query_build *q, const token *schema, const token *table, const token *name);
expr *build_star(query_build *q, const token *table, const token *star);
expr *build_unary(query_build *q, const char *op, const token *at, expr *operand);
expr *build_postfix(query_build *q, const char *op, expr *operand);
expr *build_binary(query_build *q, const char *op, expr *left, expr *right);
expr *build_like(query_build *q, const token *op, bool negated, expr *left, expr *right, expr *escape);
expr *build_between(query_build *q, bool negated, expr *value, expr *low, expr *high);
expr *build_in(query_build *q, bool negated, expr *value, expr_list *list, select_stmt *s);
expr *build_in_table(query_build *q, bool negated, expr *value, const token *schema, const token *name, expr_list *arguments,
                     bool is_call);
expr *build_select_expr(query_build *q, expr_kind kind, const token *at, select_stmt *s);
expr *build_row(query_build *q, const token *at, expr_list *list, expr *last);
expr *build_case(query_build *q, const token *at, expr *operand, expr_list *whens, expr *otherwise);
expr *build_cast(query_build *q, const token *at, expr *value, const char *type);
expr *build_collate(query_build *q, expr *value, const token *collation);
expr *build_call(query_build *q, const token *name, bool distinct, bool star, expr_list *arguments, call_suffix suffix);
const char *build_operator(int type); /* as the tree spells it: <> for both != and <> */

/* Windows. */
window *build_window(query_build *q, const token *base, expr_list *partition_by, order_list *order_by, const char *frame);
window *build_window_reference(query_build *q, const token *name);
window_chain build_windows(query_build *q, window_chain chain, const token *name, window *w);

/* FROM. */
join_operator build_join(query_build *q, const token *a, const token *b, const token *c);
from_item *build_table(query_build *q, const token *schema, const token *name, const token *alias);
void build_indexed(query_build *q, from_item *item, const token *index); /* NULL = NOT INDEXED */
void build_table_call(from_item *item, expr_list *arguments);
from_item *build_derived(query_build *q, const token *at, select_stmt *s, const token *alias);
from_item *build_parenthesised(query_build *q, join_prefix prefix, from_item *inner, const token *alias, join_condition c);
from_item *build_join_item(query_build *q, join_prefix prefix, from_item *item, join_condition condition);

/* SELECT. */
select_stmt *build_select(query_build *q, const token *at, bool distinct, result_list *columns, from_item *from, expr *where,
                     expr_list *group_by, expr *having, window *windows, order_list *order_by, limit_clause limit);
select_stmt *build_values(query_build *q, const token *at, expr_list *row);
select_stmt *build_values_row(query_build *q, select_stmt *values, expr_list *row);
select_stmt *build_compound(query_build *q, select_stmt *left, compound_op op, select_stmt *right);
cte *build_cte(query_build *q, const token *name, name_list *columns, const char *materialized, select_stmt *s);
cte_chain build_ctes(cte_chain chain, cte *next);
select_stmt *build_with(select_stmt *s, bool recursive, cte *ctes);

/* In grammar.y, where the parser's tables are: the states on the stack, and what could come next in such states. */
enum { GRAMMAR_MOST_STATES = 600 };
typedef struct grammar_states {
  int count;
  short items[GRAMMAR_MOST_STATES];
} grammar_states;
void grammar_save(const void *parser, grammar_states *out);
bool grammar_would_shift(const grammar_states *states, int type);

/* The generated parser. */
void *query_grammarAlloc(void *(*allocate)(size_t));
void query_grammar(void *parser, int type, token t, query_build *q);
void query_grammarFree(void *parser, void (*release)(void *));

#endif
