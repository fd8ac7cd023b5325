// SQLite 3.40's SELECT statement, for Lemon. Precedences, fallbacks and the shapes of rules follow SQLite's documentation
// and behaviour, so that exactly what SQLite takes is taken, and is understood in the same way; the differential tests
// (tests/unit/test_query_differential.c) hold it to that. What a rule does stands in build.c.

%name query_grammar
%token_prefix TK_
%token_type {token}
%default_type {token}
%extra_argument {query_build *q}
%stack_size 600

%include {
#include "query/build.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define YYNOERRORRECOVERY 1
#define NO_CONDITION ((join_condition){NULL, NULL, {0, 0}})
#define NO_SUFFIX ((call_suffix){NULL, NULL})
}

// The driver in parser.c words the error: it knows what was expected before the token came.
%syntax_error { (void)yymajor; q->failed = true; }
%stack_overflow {
  build_fail(q, ERR_LIMIT, q->lookahead.at, "nested too deeply: more than %d phrases are open here", GRAMMAR_MOST_STATES);
}

// --- tokens ---

// Words that are names wherever the grammar has no use for them as keywords.
%fallback ID
  ASC BY CAST CURRENT DESC END EXCLUDE FIRST FOLLOWING GROUPS LAST LIKE_KW MATCH MATERIALIZED NO NULLS OFFSET OTHERS
  PARTITION PRECEDING RANGE RECURSIVE ROW ROWS TIES UNBOUNDED WITH CTIME_KW.

%left OR.
%left AND.
%right NOT.
%left IS MATCH LIKE_KW BETWEEN IN ISNULL NOTNULL NE EQ.
%left GT LE LT GE.
%right ESCAPE.
%left BITAND BITOR LSHIFT RSHIFT.
%left PLUS MINUS.
%left STAR SLASH REM.
%left CONCAT PTR.
%left COLLATE.
%right BITNOT.

// RESERVED: a keyword of other statements. START_EXPR: fed first by who wants one expression.
%token ILLEGAL RESERVED START_EXPR.

%token_class id ID|INDEXED.
%token_class ids ID|STRING.
%token_class number INTEGER|FLOAT.

input ::= select(X) semicolons.    { q->root = X; }
input ::= START_EXPR expr(X).      { q->root_expr = X; }
semicolons ::= .
semicolons ::= semicolons SEMI.

nm(A) ::= id(X).       { A = X; }
nm(A) ::= STRING(X).   { A = X; }
nm(A) ::= JOIN_KW(X).  { A = X; }

// Where the token to come begins: two of them around a phrase give its text.
%type here {const char *}
here(A) ::= .          { A = q->lookahead.text; }

// --- SELECT ---

%type select {select_stmt *}
%type select_without_with {select_stmt *}
%type one_select {select_stmt *}
%type values {select_stmt *}
select(A) ::= WITH ctes(W) select_without_with(S).            { A = build_with(S, false, W.first); }
select(A) ::= WITH RECURSIVE ctes(W) select_without_with(S).  { A = build_with(S, true, W.first); }
select(A) ::= select_without_with(S).                         { A = S; }

select_without_with(A) ::= one_select(S).  { A = S; }
select_without_with(A) ::= select_without_with(L) compound(O) one_select(R).  { A = build_compound(q, L, O, R); }

%type compound {compound_op}
compound(A) ::= UNION.      { A = COMPOUND_UNION; }
compound(A) ::= UNION ALL.  { A = COMPOUND_UNION_ALL; }
compound(A) ::= EXCEPT.     { A = COMPOUND_EXCEPT; }
compound(A) ::= INTERSECT.  { A = COMPOUND_INTERSECT; }

one_select(A) ::= SELECT(T) distinct(D) result_list(R) from(F) where(W) group_by(G) having(H) order_by(O) limit(L). {
  A = build_select(q, &T, D, R, F, W, G, H, NULL, O, L);
}
one_select(A) ::= SELECT(T) distinct(D) result_list(R) from(F) where(W) group_by(G) having(H) window_clause(N) order_by(O)
                  limit(L). {
  A = build_select(q, &T, D, R, F, W, G, H, N, O, L);
}
one_select(A) ::= values(V).  { A = V; }
values(A) ::= VALUES(T) LP nonempty_exprs(R) RP.         { A = build_values(q, &T, R); }
values(A) ::= values(V) COMMA LP nonempty_exprs(R) RP.   { A = build_values_row(q, V, R); }

%type distinct {int}
distinct(A) ::= DISTINCT.  { A = 1; }
distinct(A) ::= ALL.       { A = 0; }
distinct(A) ::= .          { A = 0; }

%type result_list {result_list *}
%type result_prefix {result_list *}
result_prefix(A) ::= result_list(R) COMMA.  { A = R; }
result_prefix(A) ::= .                      { A = NULL; }
result_list(A) ::= result_prefix(P) here(B) expr(X) here(E) as(N). {
  A = build_result(q, P, X, N.bytes ? build_name(q, &N) : NULL, build_span(q, B, E));
}
result_list(A) ::= result_prefix(P) here STAR(S).  { A = build_result(q, P, build_star(q, NULL, &S), NULL, NULL); }
result_list(A) ::= result_prefix(P) here nm(T) DOT STAR(S). {
  A = build_result(q, P, build_star(q, &T, &S), NULL, NULL);
}

as(A) ::= AS nm(N).  { A = N; }
as(A) ::= ids(N).    { A = N; }
as(A) ::= .          { A = (token){0}; }

%type where {expr *}
where(A) ::= .               { A = NULL; }
where(A) ::= WHERE expr(X).  { A = X; }
%type group_by {expr_list *}
group_by(A) ::= .                            { A = NULL; }
group_by(A) ::= GROUP BY nonempty_exprs(L).  { A = L; }
%type having {expr *}
having(A) ::= .                { A = NULL; }
having(A) ::= HAVING expr(X).  { A = X; }

%type order_by {order_list *}
%type sort_list {order_list *}
order_by(A) ::= .                       { A = NULL; }
order_by(A) ::= ORDER BY sort_list(L).  { A = L; }
sort_list(A) ::= sort_list(L) COMMA expr(X) direction(D) nulls(N).  { A = build_orders(q, L, X, D, N); }
sort_list(A) ::= expr(X) direction(D) nulls(N).                     { A = build_orders(q, NULL, X, D, N); }
%type direction {int}
direction(A) ::= ASC.   { A = 0; }
direction(A) ::= DESC.  { A = 1; }
direction(A) ::= .      { A = 0; }
%type nulls {sort_nulls}
nulls(A) ::= NULLS FIRST.  { A = NULLS_FIRST; }
nulls(A) ::= NULLS LAST.   { A = NULLS_LAST; }
nulls(A) ::= .             { A = NULLS_DEFAULT; }

%type limit {limit_clause}
limit(A) ::= .                               { A = (limit_clause){NULL, NULL}; }
limit(A) ::= LIMIT expr(X).                  { A = (limit_clause){X, NULL}; }
limit(A) ::= LIMIT expr(X) OFFSET expr(Y).   { A = (limit_clause){X, Y}; }
limit(A) ::= LIMIT expr(X) COMMA expr(Y).    { A = (limit_clause){Y, X}; }

%type ctes {cte_chain}
%type cte {cte *}
ctes(A) ::= cte(C).                { A = build_ctes((cte_chain){NULL, NULL}, C); }
ctes(A) ::= ctes(F) COMMA cte(C).  { A = build_ctes(F, C); }
cte(A) ::= nm(N) column_names(C) AS materialized(M) LP select(S) RP.  { A = build_cte(q, &N, C, M, S); }
%type materialized {const char *}
materialized(A) ::= .                  { A = NULL; }
materialized(A) ::= MATERIALIZED.      { A = "MATERIALIZED"; }
materialized(A) ::= NOT MATERIALIZED.  { A = "NOT MATERIALIZED"; }
%type column_names {name_list *}
column_names(A) ::= .                     { A = NULL; }
column_names(A) ::= LP name_list(L) RP.   { A = L; }
%type name_list {name_list *}
name_list(A) ::= name_list(L) COMMA nm(N).  { A = build_names(q, L, &N); }
name_list(A) ::= nm(N).                     { A = build_names(q, NULL, &N); }

// --- FROM ---

%type from {from_item *}
%type from_list {from_item *}
%type join_prefix {join_prefix}
%type join {join_operator}
%type condition {join_condition}
from(A) ::= .                  { A = NULL; }
from(A) ::= FROM from_list(F). { A = F; }

join_prefix(A) ::= from_list(F) join(J).  { A = (join_prefix){F, J}; }
join_prefix(A) ::= .                      { A = (join_prefix){NULL, {JOIN_INNER, false}}; }
from_list(A) ::= join_prefix(P) table(T) as(N) condition(C). {
  A = build_join_item(q, P, build_table(q, T.schema.bytes ? &T.schema : NULL, &T.name, &N), C);
}
from_list(A) ::= join_prefix(P) table(T) as(N) INDEXED BY nm(I) condition(C). {
  from_item *item = build_table(q, T.schema.bytes ? &T.schema : NULL, &T.name, &N);
  build_indexed(q, item, &I);
  A = build_join_item(q, P, item, C);
}
from_list(A) ::= join_prefix(P) table(T) as(N) NOT INDEXED condition(C). {
  from_item *item = build_table(q, T.schema.bytes ? &T.schema : NULL, &T.name, &N);
  build_indexed(q, item, NULL);
  A = build_join_item(q, P, item, C);
}
from_list(A) ::= join_prefix(P) table(T) LP exprs(E) RP as(N) condition(C). {
  from_item *item = build_table(q, T.schema.bytes ? &T.schema : NULL, &T.name, &N);
  build_table_call(item, E);
  A = build_join_item(q, P, item, C);
}
from_list(A) ::= join_prefix(P) LP(T) select(S) RP as(N) condition(C). {
  A = build_join_item(q, P, build_derived(q, &T, S, &N), C);
}
from_list(A) ::= join_prefix(P) LP from_list(F) RP as(N) condition(C).  { A = build_parenthesised(q, P, F, &N, C); }

%type table {struct { token schema, name; }}
table(A) ::= nm(N).            { A.schema = (token){0}; A.name = N; }
table(A) ::= nm(S) DOT nm(N).  { A.schema = S; A.name = N; }

join(A) ::= COMMA.                           { A = (join_operator){JOIN_INNER, false}; }
join(A) ::= JOIN.                            { A = (join_operator){JOIN_INNER, false}; }
join(A) ::= JOIN_KW(X) JOIN.                 { A = build_join(q, &X, NULL, NULL); }
join(A) ::= JOIN_KW(X) nm(Y) JOIN.           { A = build_join(q, &X, &Y, NULL); }
join(A) ::= JOIN_KW(X) nm(Y) nm(Z) JOIN.     { A = build_join(q, &X, &Y, &Z); }

condition(A) ::= ON(T) expr(X).                  { A = (join_condition){X, NULL, T.at}; }
condition(A) ::= USING(T) LP name_list(L) RP.    { A = (join_condition){NULL, L, T.at}; }
condition(A) ::= . [OR]                          { A = NO_CONDITION; }

// --- expressions ---

%type expr {expr *}
expr(A) ::= LP expr(X) RP.                { A = X; }
expr(A) ::= id(N).                        { A = build_column(q, NULL, NULL, &N); }
expr(A) ::= JOIN_KW(N).                   { A = build_column(q, NULL, NULL, &N); }
expr(A) ::= nm(T) DOT nm(N).              { A = build_column(q, NULL, &T, &N); }
expr(A) ::= nm(S) DOT nm(T) DOT nm(N).    { A = build_column(q, &S, &T, &N); }
expr(A) ::= NULL|INTEGER|FLOAT|BLOB|CTIME_KW(T).  { A = build_text(q, EXPR_LITERAL, &T); }
expr(A) ::= STRING(T).                    { A = build_text(q, EXPR_LITERAL, &T); }
expr(A) ::= VARIABLE(T).                  { A = build_text(q, EXPR_PARAMETER, &T); }
expr(A) ::= expr(X) COLLATE ids(C).       { A = build_collate(q, X, &C); }
expr(A) ::= CAST(T) LP expr(X) AS type_name(N) RP.  { A = build_cast(q, &T, X, N); }

%type type_name {const char *}
type_name(A) ::= .                                                     { A = ""; }
type_name(A) ::= here(B) type_words.                                   { A = build_source(q, B, q->lookahead.text); }
type_name(A) ::= here(B) type_words LP signed RP.                      { A = build_source(q, B, q->lookahead.text); }
type_name(A) ::= here(B) type_words LP signed COMMA signed RP.         { A = build_source(q, B, q->lookahead.text); }
type_words ::= ids.
type_words ::= type_words ids.
signed ::= number.
signed ::= PLUS number.
signed ::= MINUS number.

expr(A) ::= id(N) LP distinct(D) exprs(L) RP.             { A = build_call(q, &N, D, false, L, NO_SUFFIX); }
expr(A) ::= id(N) LP STAR RP.                             { A = build_call(q, &N, false, true, NULL, NO_SUFFIX); }
expr(A) ::= id(N) LP distinct(D) exprs(L) RP suffix(S).   { A = build_call(q, &N, D, false, L, S); }
expr(A) ::= id(N) LP STAR RP suffix(S).                   { A = build_call(q, &N, false, true, NULL, S); }

expr(A) ::= LP(T) nonempty_exprs(L) COMMA expr(X) RP.     { A = build_row(q, &T, L, X); }

expr(A) ::= expr(X) AND expr(Y).                          { A = build_binary(q, "AND", X, Y); }
expr(A) ::= expr(X) OR expr(Y).                           { A = build_binary(q, "OR", X, Y); }
expr(A) ::= expr(X) LT|GT|GE|LE(O) expr(Y).               { A = build_binary(q, build_operator(O.type), X, Y); }
expr(A) ::= expr(X) EQ|NE(O) expr(Y).                     { A = build_binary(q, build_operator(O.type), X, Y); }
expr(A) ::= expr(X) BITAND|BITOR|LSHIFT|RSHIFT(O) expr(Y). { A = build_binary(q, build_operator(O.type), X, Y); }
expr(A) ::= expr(X) PLUS|MINUS(O) expr(Y).                { A = build_binary(q, build_operator(O.type), X, Y); }
expr(A) ::= expr(X) STAR|SLASH|REM(O) expr(Y).            { A = build_binary(q, build_operator(O.type), X, Y); }
expr(A) ::= expr(X) CONCAT expr(Y).                       { A = build_binary(q, "||", X, Y); }
expr(A) ::= expr(X) PTR(O) expr(Y).                       { A = build_binary(q, O.bytes == 3 ? "->>" : "->", X, Y); }

expr(A) ::= expr(X) like(O) expr(Y). [LIKE_KW]            { A = build_like(q, &O.op, O.negated, X, Y, NULL); }
expr(A) ::= expr(X) like(O) expr(Y) ESCAPE expr(E). [LIKE_KW]  { A = build_like(q, &O.op, O.negated, X, Y, E); }
%type like {struct { token op; bool negated; }}
like(A) ::= LIKE_KW|MATCH(O).      { A.op = O; A.negated = false; }
like(A) ::= NOT LIKE_KW|MATCH(O).  { A.op = O; A.negated = true; }

expr(A) ::= expr(X) ISNULL.                       { A = build_postfix(q, "ISNULL", X); }
expr(A) ::= expr(X) NOTNULL.                      { A = build_postfix(q, "NOTNULL", X); }
expr(A) ::= expr(X) NOT NULL.                     { A = build_postfix(q, "NOTNULL", X); }
expr(A) ::= expr(X) IS expr(Y).                   { A = build_binary(q, "IS", X, Y); }
expr(A) ::= expr(X) IS NOT expr(Y).               { A = build_binary(q, "IS NOT", X, Y); }
expr(A) ::= expr(X) IS NOT DISTINCT FROM expr(Y). { A = build_binary(q, "IS", X, Y); }
expr(A) ::= expr(X) IS DISTINCT FROM expr(Y).     { A = build_binary(q, "IS NOT", X, Y); }

expr(A) ::= NOT(T) expr(X).                       { A = build_unary(q, "NOT", &T, X); }
expr(A) ::= BITNOT(T) expr(X).                    { A = build_unary(q, "~", &T, X); }
expr(A) ::= PLUS(T) expr(X). [BITNOT]             { A = build_unary(q, "+", &T, X); }
expr(A) ::= MINUS(T) expr(X). [BITNOT]            { A = build_unary(q, "-", &T, X); }

%type between {int}
between(A) ::= BETWEEN.      { A = 0; }
between(A) ::= NOT BETWEEN.  { A = 1; }
expr(A) ::= expr(X) between(N) expr(L) AND expr(H). [BETWEEN]  { A = build_between(q, N, X, L, H); }

%type in {int}
in(A) ::= IN.      { A = 0; }
in(A) ::= NOT IN.  { A = 1; }
expr(A) ::= expr(X) in(N) LP exprs(L) RP. [IN]    { A = build_in(q, N, X, L, NULL); }
expr(A) ::= expr(X) in(N) LP select(S) RP. [IN]   { A = build_in(q, N, X, NULL, S); }
expr(A) ::= expr(X) in(N) table(T). [IN] {
  A = build_in_table(q, N, X, T.schema.bytes ? &T.schema : NULL, &T.name, NULL, false);
}
expr(A) ::= expr(X) in(N) table(T) LP exprs(L) RP. [IN] {
  A = build_in_table(q, N, X, T.schema.bytes ? &T.schema : NULL, &T.name, L, true);
}
expr(A) ::= LP(T) select(S) RP.         { A = build_select_expr(q, EXPR_SUBQUERY, &T, S); }
expr(A) ::= EXISTS(T) LP select(S) RP.  { A = build_select_expr(q, EXPR_EXISTS, &T, S); }

%type case_operand {expr *}
%type case_else {expr *}
%type whens {expr_list *}
expr(A) ::= CASE(T) case_operand(X) whens(W) case_else(E) END.  { A = build_case(q, &T, X, W, E); }
whens(A) ::= whens(L) WHEN expr(X) THEN expr(Y).  { A = build_exprs(q, build_exprs(q, L, X), Y); }
whens(A) ::= WHEN expr(X) THEN expr(Y).           { A = build_exprs(q, build_exprs(q, NULL, X), Y); }
case_operand(A) ::= expr(X).  { A = X; }
case_operand(A) ::= .         { A = NULL; }
case_else(A) ::= ELSE expr(X).  { A = X; }
case_else(A) ::= .              { A = NULL; }

%type exprs {expr_list *}
%type nonempty_exprs {expr_list *}
exprs(A) ::= nonempty_exprs(L).                        { A = L; }
exprs(A) ::= .                                         { A = NULL; }
nonempty_exprs(A) ::= nonempty_exprs(L) COMMA expr(X). { A = build_exprs(q, L, X); }
nonempty_exprs(A) ::= expr(X).                         { A = build_exprs(q, NULL, X); }

// --- windows ---

%type suffix {call_suffix}
%type filter {expr *}
%type over {window *}
%type window {window *}
%type window_clause {window *}
%type window_list {window_chain}
suffix(A) ::= filter(F) over(O).  { A = (call_suffix){F, O}; }
suffix(A) ::= over(O).            { A = (call_suffix){NULL, O}; }
suffix(A) ::= filter(F).          { A = (call_suffix){F, NULL}; }
filter(A) ::= FILTER LP WHERE expr(X) RP.  { A = X; }
over(A) ::= OVER LP window(W) RP.  { A = W; }
over(A) ::= OVER nm(N).            { A = build_window_reference(q, &N); }

window_clause(A) ::= WINDOW window_list(L).  { A = L.first; }
window_list(A) ::= nm(N) AS LP window(W) RP.                       { A = build_windows(q, (window_chain){NULL, NULL}, &N, W); }
window_list(A) ::= window_list(L) COMMA nm(N) AS LP window(W) RP.  { A = build_windows(q, L, &N, W); }

%type frame {const char *}
window(A) ::= PARTITION BY nonempty_exprs(P) order_by(O) frame(F).        { A = build_window(q, NULL, P, O, F); }
window(A) ::= nm(B) PARTITION BY nonempty_exprs(P) order_by(O) frame(F).  { A = build_window(q, &B, P, O, F); }
window(A) ::= ORDER BY sort_list(O) frame(F).                             { A = build_window(q, NULL, NULL, O, F); }
window(A) ::= nm(B) ORDER BY sort_list(O) frame(F).                       { A = build_window(q, &B, NULL, O, F); }
window(A) ::= frame(F).                                                   { A = build_window(q, NULL, NULL, NULL, F); }
window(A) ::= nm(B) frame(F).                                             { A = build_window(q, &B, NULL, NULL, F); }

frame(A) ::= .  { A = NULL; }
frame(A) ::= frame_unit(U) frame_start frame_exclude.  { A = build_source(q, U.text, q->lookahead.text); }
frame(A) ::= frame_unit(U) BETWEEN frame_start AND frame_end frame_exclude. {
  A = build_source(q, U.text, q->lookahead.text);
}
frame_unit(A) ::= RANGE|ROWS|GROUPS(T).  { A = T; }
frame_start ::= frame_bound.
frame_start ::= UNBOUNDED PRECEDING.
frame_end ::= frame_bound.
frame_end ::= UNBOUNDED FOLLOWING.
frame_bound ::= expr PRECEDING|FOLLOWING.
frame_bound ::= CURRENT ROW.
frame_exclude ::= .
frame_exclude ::= EXCLUDE NO OTHERS.
frame_exclude ::= EXCLUDE CURRENT ROW.
frame_exclude ::= EXCLUDE GROUP|TIES.

%code {
void grammar_save(const void *parser, grammar_states *out) {
  const yyParser *p = parser;
  out->count = 0;
  for (const yyStackEntry *entry = p->yystack; entry <= p->yytos; entry++) out->items[out->count++] = (short)entry->stateno;
}

/* What the tables say for a token in a state, without the fallback of keywords to names. */
static YYACTIONTYPE action_for(YYACTIONTYPE state, int type) {
  if (state > YY_SHIFT_COUNT) return YY_ERROR_ACTION; /* no such state is on the stack */
  int i = yy_shift_ofst[state] + type;
  return i >= 0 && i < (int)YY_NLOOKAHEAD && yy_lookahead[i] == type ? yy_action[i] : yy_default[state];
}

bool grammar_would_shift(const grammar_states *states, int type) {
  grammar_states s = *states;
  for (;;) {
    YYACTIONTYPE act = (YYACTIONTYPE)s.items[s.count - 1];
    if (act < YY_MIN_REDUCE) act = action_for(act, type);
    if (act <= YY_MAX_SHIFTREDUCE || act == YY_ACCEPT_ACTION) return true;
    if (act < YY_MIN_REDUCE) return false;
    int rule = act - YY_MIN_REDUCE;
    s.count += yyRuleInfoNRhs[rule]; /* minus the symbols of the right side */
    YYACTIONTYPE next = yy_find_reduce_action((YYACTIONTYPE)s.items[s.count - 1], yyRuleInfoLhs[rule]);
    if (next == YY_ACCEPT_ACTION) return true;
    if (s.count == GRAMMAR_MOST_STATES) return false;
    s.items[s.count++] = (short)(next > YY_MAX_SHIFT && next <= YY_MAX_SHIFTREDUCE ? next + YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE : next);
  }
}
}
