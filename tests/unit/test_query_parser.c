/* The parser through its headers: shapes of trees, spans, messages, bounds, walks, hooks; and the lexer. */
#include "query/lexer.h"
#include "query/parser.h"
#include "query/unparse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static select_stmt *parse(arena *a, const char *sql) {
  error err;
  select_stmt *s = query_parse(a, sql, strlen(sql), &err);
  if (!s) fail_msg("%s: %s", sql, err.text);
  return s;
}

static expr *parse_expr(arena *a, const char *sql) {
  error err;
  expr *e = query_parse_expr(a, sql, strlen(sql), &err);
  if (!e) fail_msg("%s: %s", sql, err.text);
  return e;
}

static void written(const char *sql, const char *expected) {
  arena a = {0};
  buffer out = {0};
  unparse_expr(&out, parse_expr(&a, sql), NULL);
  assert_string_equal(buffer_text(&out), expected);
  buffer_free(&out);
  arena_free(&a);
}

static void test_shapes(void **state) {
  arena a = {0};
  select_stmt *s = parse(&a, "WITH RECURSIVE c(n) AS MATERIALIZED (SELECT 1) SELECT DISTINCT a, count(*) FILTER (WHERE b) OVER w AS n, t.* "
                             "FROM t AS x LEFT JOIN (u JOIN v USING (k, l)) ON x.a IS NOT DISTINCT FROM u.b WHERE a IN c "
                             "GROUP BY 1 HAVING n WINDOW w AS (ORDER BY z DESC NULLS LAST ROWS 1 PRECEDING) UNION ALL VALUES (1, 2, 3), (4, 5, 6)");
  assert_true(s->is_values && s->op == COMPOUND_UNION_ALL && s->value_rows == 2 && s->values[1].count == 3);
  assert_true(s->recursive && s->ctes && s->ctes->columns.count == 1);
  assert_string_equal(s->ctes->materialized, "MATERIALIZED");
  s = s->prior;
  assert_true(s->distinct && !s->prior && s->op == COMPOUND_NONE && s->columns.count == 3);
  const expr *call = s->columns.items[1].value;
  assert_true(call->kind == EXPR_FUNCTION && call->star && call->filter && call->over->reference);
  assert_string_equal(s->columns.items[1].alias, "n");
  assert_true(s->columns.items[2].value->kind == EXPR_STAR);
  assert_string_equal(s->columns.items[2].value->table, "t");
  assert_true(s->from->kind == FROM_JOIN && s->from->join == JOIN_LEFT && s->from->right->kind == FROM_JOIN && s->from->right->using.count == 2);
  assert_string_equal(s->from->left->alias, "x");
  assert_string_equal(s->from->on->op, "IS");
  assert_true(s->where->kind == EXPR_IN && !s->where->select && !s->where->is_call);
  assert_string_equal(s->where->name, "c");
  assert_true(s->group_by.count == 1 && s->having);
  assert_string_equal(s->windows->frame, "ROWS 1 PRECEDING");
  assert_true(s->windows->order_by.items[0].descending && s->windows->order_by.items[0].nulls == NULLS_LAST);
  s = parse(&a, "SELECT 1 LIMIT 5, 10");
  assert_string_equal(s->offset->text, "5");
  assert_string_equal(s->limit->text, "10");
  arena_free(&a);
}

static void test_names_and_literals(void **state) {
  arena a = {0};
  expr *e = parse_expr(&a, "\"m\".[t \"x].`c``d`");
  assert_string_equal(e->schema, "m");
  assert_string_equal(e->table, "t \"x");
  assert_string_equal(e->name, "c`d");
  assert_true(e->bracketed && !e->quoted);
  assert_true(parse_expr(&a, "\"a\"\"b\"")->quoted);
  assert_string_equal(parse_expr(&a, "\"a\"\"b\"")->name, "a\"b");
  assert_string_equal(parse_expr(&a, "'it''s'")->text, "'it''s'");
  assert_string_equal(parse_expr(&a, "0X1f")->text, "0X1f");
  assert_string_equal(parse_expr(&a, "CAST(1 AS  varchar /* n */ (10))")->text, "varchar ( 10 )");
  assert_true(parse_expr(&a, "true")->kind == EXPR_COLUMN);
  arena_free(&a);
}

static void test_spans(void **state) {
  static const char *const cases[][2] = {
      {"SELECT a+b FROM t", "a+b"},         {"SELECT  ( a + b )  FROM t", "( a + b )"}, {"SELECT a /*x*/ + b AS c", "a /*x*/ + b"},
      {"SELECT count( * ), 1", "count( * )"}, {"SELECT 'x' ", "'x'"},                     {"SELECT 1 /* tail */ FROM t", "1 /* tail */"},
      {"SELECT a\n  +\tb\n FROM t", "a\n  +\tb"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    arena a = {0};
    assert_string_equal(parse(&a, cases[i][0])->columns.items[0].span, cases[i][1]);
    arena_free(&a);
  }
}

static void test_parentheses_only_where_needed(void **state) {
  written("a", "a");
  written("((a + b)) + c", "(a + b + c)");
  written("a + (b + c)", "(a + (b + c))");
  written("a AND (b AND c) OR NOT (d)", "(a AND (b AND c) OR NOT d)");
  written("NOT ((a = b) = c)", "(NOT a = b = c)");
  written("(NOT a) = b", "((NOT a) = b)");
  written("-(-1)", "(- - 1)");
  written("(a COLLATE nocase) || b", "(a COLLATE \"nocase\" || b)");
  written("(a || b) COLLATE nocase", "((a || b) COLLATE \"nocase\")");
  written("x BETWEEN (1 AND 2) AND 3", "(x BETWEEN (1 AND 2) AND 3)");
  written("f(a + 1, (b, c))", "f(a + 1, (b, c))");
  written("[order] + desc + \"q\" + true + `true`", "(`order` + `desc` + \"q\" + true + `true`)");
}

static void expect_error(const char *sql, error_code code, int line, int column, const char *part, const char *hint) {
  arena a = {0};
  error err;
  assert_null(query_parse(&a, sql, strlen(sql), &err));
  assert_int_equal(err.code, code);
  if (err.line != line || err.column != column) fail_msg("%s: at %d:%d, expected %d:%d", sql, err.line, err.column, line, column);
  if (!strstr(err.text, part)) fail_msg("%s: \"%s\" has no \"%s\"", sql, err.text, part);
  if (!strstr(err.hint, hint)) fail_msg("%s: the hint \"%s\" has no \"%s\"", sql, err.hint, hint);
  arena_free(&a);
}

static void test_messages(void **state) {
  expect_error("SELECT a,\n  b c d\nFROM t", ERR_INVALID, 2, 7, "syntax error at \"d\": expected \",\", FROM", "comma");
  expect_error("SELECT a, FROM t", ERR_INVALID, 1, 11, "at \"FROM\": expected an expression", "take away the comma");
  expect_error("SELECT group FROM t", ERR_INVALID, 1, 8, "at \"group\": expected an expression", "written \"group\"");
  expect_error("SELECT 'abc", ERR_INVALID, 1, 8, "this string has no end", "close it with '");
  expect_error("SELECT (1 + 2", ERR_INVALID, 1, 14, "ends too early", "\")\" is missing");
  expect_error("SELECT 1 + 2)", ERR_INVALID, 1, 13, "at \")\"", "no \"(\"");
  expect_error("SELECT a && b", ERR_INVALID, 1, 11, "at \"&\"", "AND");
  expect_error("SELECT a::int", ERR_INVALID, 1, 9, "\":", "CAST");
  expect_error("SELECT {{x}}", ERR_INVALID, 1, 8, "\"{\"", "template");
  expect_error("SELECT 1; SELECT 2", ERR_INVALID, 1, 11, "expected the end", "one statement");
  expect_error("DELETE FROM t", ERR_INVALID, 1, 1, "expected SELECT", "a view is one SELECT");
  expect_error("", ERR_INVALID, 1, 1, "ends too early: expected SELECT", "");
  expect_error("SELECT 1 ORDER BY 1 UNION SELECT 2", ERR_INVALID, 1, 27, "ORDER BY stands before UNION", "move");
  expect_error("SELECT * FROM a LEFT INNER JOIN b", ERR_INVALID, 1, 17, "no LEFT INNER JOIN", "FULL");
  expect_error("VALUES (1), (2, 3)", ERR_INVALID, 1, 14, "row 2", "");
  expect_error("SELECT \xc3\xa4, \xc3\xb6 \xc3\xbc z", ERR_INVALID, 1, 15, "syntax error at \"z\"", "");
}

/* Text repeated n times between a start and an end. */
static char *repeat(const char *start, const char *middle, int n, const char *end) {
  buffer b = {0};
  buffer_puts(&b, start);
  for (int i = 0; i < n; i++) buffer_puts(&b, middle);
  buffer_puts(&b, end);
  char *text = buffer_take(&b);
  assert_non_null(text);
  return text;
}

static error_code code_of(char *sql) {
  arena a = {0};
  error err = {0};
  select_stmt *s = query_parse(&a, sql, strlen(sql), &err);
  if (s) { /* what was taken can be copied, compared and written */
    buffer out = {0};
    unparse_select(&out, s, NULL);
    assert_false(out.failed);
    const select_stmt *copy = select_copy(&a, s);
    assert_true(copy && select_equal(s, copy));
    buffer_free(&out);
  }
  free(sql);
  arena_free(&a);
  return s ? ERR_NONE : err.code;
}

static void test_bounds(void **state) {
  enum { MANY = 100000, ALLOWED = 900 };
  assert_int_equal(code_of(repeat("SELECT ", "(", MANY, "1")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT ", "- ", MANY, "1")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT ", "NOT ", MANY, "1")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT 1", "+1", MANY, "")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT 1", " ISNULL", MANY, "")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT ", "CASE WHEN ", MANY, "1")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("", "SELECT * FROM (", MANY / 2, "")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT ", "(SELECT ", MANY, "1")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("", "WITH x AS (", MANY / 2, "SELECT 1")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT * FROM t", ", t", MANY, "")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT 1", " UNION SELECT 1", MAX_COMPOUND_ARMS, "")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT 1", " ", MAX_STATEMENT_BYTES, "")), ERR_LIMIT);
  assert_int_equal(code_of(repeat("SELECT 1", "+1", ALLOWED, "")), ERR_NONE);
  assert_int_equal(code_of(repeat("SELECT 1", " AND a = b", ALLOWED, "")), ERR_NONE);
  assert_int_equal(code_of(repeat("SELECT 1", " UNION SELECT 1", MAX_COMPOUND_ARMS - 1, "")), ERR_NONE);
  assert_int_equal(code_of(repeat("SELECT 1", ", 1", MANY, "")), ERR_NONE);
  assert_int_equal(code_of(repeat("SELECT a IN (1", ", 1", MANY, ")")), ERR_NONE);
  assert_int_equal(code_of(repeat("VALUES (1)", ", (1)", MANY, "")), ERR_NONE);
  assert_int_equal(code_of(repeat("WITH x AS (SELECT 1)", ", x AS (SELECT 1)", MANY / 4, " SELECT 1")), ERR_NONE);
}

static bool count_columns(void *ctx, expr **slot) {
  if ((*slot)->kind == EXPR_COLUMN) ++*(int *)ctx;
  return true;
}

static bool stop_at_second(void *ctx, expr **slot) { return ++*(int *)ctx < 2; }

static bool rename_a(void *ctx, expr **slot) {
  if ((*slot)->kind != EXPR_COLUMN || strcmp((*slot)->name, "a") != 0) return true;
  expr *renamed = expr_new(ctx, EXPR_COLUMN, (*slot)->at);
  renamed->name = "z";
  *slot = renamed;
  return true;
}

static void test_walks(void **state) {
  arena a = {0};
  int outside = 0, everywhere = 0, steps = 0;
  select_stmt *s = parse(&a, "WITH c AS (SELECT w1) SELECT c1, f(c2) FILTER (WHERE c3) OVER (PARTITION BY c4 ORDER BY c5), (SELECT w2) "
                             "FROM t JOIN (SELECT w3) ON c6 JOIN g(c7) ON c8 = c9 WHERE c10 IN (c11, c12) OR EXISTS (SELECT w4 WHERE w5) "
                             "GROUP BY c13 HAVING CASE c14 WHEN c15 THEN c16 ELSE c17 END WINDOW v AS (ORDER BY c18) "
                             "UNION SELECT c19 LIKE c20 ESCAPE c21, c22 BETWEEN c23 AND c24, (c25, c26) ORDER BY c27 LIMIT c28 OFFSET c29");
  assert_true(select_walk(s, false, count_columns, &outside));
  assert_true(select_walk(s, true, count_columns, &everywhere));
  assert_int_equal(outside, 29);
  assert_int_equal(everywhere, 29 + 5);
  assert_false(select_walk(s, true, stop_at_second, &steps));
  assert_int_equal(steps, 2);
  expr *e = parse_expr(&a, "a + f(a, b) + (SELECT a)"), *copy = expr_copy(&a, e);
  assert_true(expr_walk(&copy, false, rename_a, &a));
  buffer out = {0};
  unparse_expr(&out, copy, NULL);
  assert_string_equal(buffer_text(&out), "(z + f(z, b) + (SELECT a))");
  buffer_clear(&out);
  unparse_expr(&out, e, NULL); /* the original is as it was */
  assert_string_equal(buffer_text(&out), "(a + f(a, b) + (SELECT a))");
  buffer_free(&out);
  arena_free(&a);
}

static void test_equality(void **state) {
  static const char *const same[][2] = {{"A + b", "a + B"}, {"Sum(x)", "SUM(x)"}, {"a != b", "a <> b"}, {"((a))", "a"}, {"`a`", "a"}};
  static const char *const different[][2] = {{"a", "\"a\""}, {"true", "`true`"}, {"'a'", "'A'"}, {"1", "1.0"}, {"a + b", "b + a"}, {"count(*)", "count()"},
                                             {"sum(x)", "sum(DISTINCT x)"}, {"a IN (1)", "a NOT IN (1)"}, {"(SELECT 1)", "(SELECT 2)"}, {"t.a", "a"}};
  arena a = {0};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    if (!expr_equal(parse_expr(&a, same[i][0]), parse_expr(&a, same[i][1]))) fail_msg("%s is not %s", same[i][0], same[i][1]);
  for (size_t i = 0; i < sizeof different / sizeof *different; i++)
    if (expr_equal(parse_expr(&a, different[i][0]), parse_expr(&a, different[i][1]))) fail_msg("%s is %s", different[i][0], different[i][1]);
  arena_free(&a);
}

static bool columns_as_nulls(void *ctx, buffer *out, const expr *e) {
  if (e->kind == EXPR_COLUMN) buffer_puts(out, "NULL");
  return e->kind == EXPR_COLUMN;
}

static bool tables_as_deltas(void *ctx, buffer *out, const from_item *item) {
  if (item->kind == FROM_TABLE) buffer_printf(out, "delta_%s AS %s", item->name, item->alias ? item->alias : item->name);
  return item->kind == FROM_TABLE;
}

static void test_hooks(void **state) {
  arena a = {0};
  buffer out = {0};
  unparse_hooks hooks = {columns_as_nulls, tables_as_deltas, NULL};
  unparse_select(&out, parse(&a, "SELECT a + 1 AS x FROM t JOIN (u JOIN v AS w) ON a = b"), &hooks);
  assert_string_equal(buffer_text(&out), "SELECT NULL + 1 AS \"x\" FROM delta_t AS t JOIN (delta_u AS u JOIN delta_v AS w) ON NULL = NULL");
  buffer_free(&out);
  arena_free(&a);
}

static void test_lexer(void **state) {
  static const char sql[] = "CREATE /* x */ MATERIALIZED\n VIEW v -- end\nAS SELECT ';' ; \"a;b\" 1.5e3";
  static const char *const words[] = {"CREATE", "MATERIALIZED", "VIEW", "v", "AS", "SELECT", "';'", ";", "\"a;b\"", "1.5e3"};
  lexer l;
  lexer_start(&l, sql, strlen(sql));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    token t = lexer_next(&l);
    assert_true(t.type != 0 && t.bytes == strlen(words[i]) && memcmp(t.text, words[i], t.bytes) == 0);
    if (i == 1) assert_true(token_is(&t, "materialized") && !token_is(&t, "material"));
    if (i == 2) assert_true(t.at.line == 2 && t.at.column == 2);
  }
  assert_int_equal(lexer_next(&l).type, 0);
  assert_int_equal(lexer_next(&l).type, 0); /* the end stays the end */
  assert_true(lexer_is_plain_name("price", 5) && lexer_is_plain_name("_x9", 3));
  assert_false(lexer_is_plain_name("order", 5) || lexer_is_plain_name("9a", 2) || lexer_is_plain_name("a b", 3) || lexer_is_plain_name("", 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes),   cmocka_unit_test(test_names_and_literals), cmocka_unit_test(test_spans),
      cmocka_unit_test(test_messages), cmocka_unit_test(test_parentheses_only_where_needed),
      cmocka_unit_test(test_bounds),   cmocka_unit_test(test_walks),              cmocka_unit_test(test_equality),
      cmocka_unit_test(test_hooks),    cmocka_unit_test(test_lexer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
