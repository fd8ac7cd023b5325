/* The differential checks on statements that nobody wrote: random ones from the whole grammar, and those of the corpus with
** random tokens deleted, doubled, exchanged. VS_SEED repeats a run, VS_CASES sets the number of statements of each kind. */
#include "query_check.h"

#include "query/lexer.h"

#include <strings.h>
#include <time.h>

static uint64_t random_state;

static unsigned pick(unsigned n) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (unsigned)(random_state >> 11) % n;
}

static int cases(int otherwise) {
  const char *given = getenv("VS_CASES");
  return given ? atoi(given) : otherwise;
}

#define ONE_OF(list) (list)[pick(sizeof(list) / sizeof *(list))]

/* --- from the grammar: every statement is one that SQLite prepares, or nearly --- */

static void put_select(buffer *out, int depth, int columns);

static void put_leaf(buffer *out) {
  static const char *const leaves[] = {"1", "0", "-3", "2.5", "'1'", "'a'", "'B'", "NULL", "x'31'", "t1.a", "t1.b", "t1.c", "t1.d",
                                       "t1.\"order\"", "t1.e", "[a]", "`e`", "b", "TRUE", "false", "\"a\"", "0x10", "1e2", "9223372036854775807", "?1", ":p"};
  buffer_puts(out, ONE_OF(leaves));
}

static void put_expr(buffer *out, int depth);

static void put_list(buffer *out, int depth, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buffer_puts(out, ", ");
    put_expr(out, depth);
  }
}

static void put_binary(buffer *out, int depth) {
  static const char *const operators[] = {"+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>", "<", "<=", ">", ">=", "=", "==", "<>", "!=",
                                          "AND", "OR", "IS", "IS NOT", "AND", "OR", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "LIKE", "NOT LIKE", "GLOB"};
  put_expr(out, depth);
  buffer_printf(out, pick(8) ? " %s " : " /* c */ %s\n", ONE_OF(operators));
  put_expr(out, depth);
}

static void put_special(buffer *out, int depth) {
  static const char *const calls[] = {"abs", "typeof", "length", "hex", "quote", "lower", "\"upper\"", "likely", "max"};
  static const char *const types[] = {"TEXT", "INTEGER", "REAL", "BLOB", "NUMERIC(10, 2)", "varchar ( 5 )", "\"text\"", ""};
  static const char *const collations[] = {"NOCASE", "binary", "\"rtrim\""};
  switch (pick(12)) {
    case 0: put_expr(out, depth); buffer_puts(out, pick(2) ? " BETWEEN " : " NOT BETWEEN "); put_leaf(out); buffer_puts(out, " AND "); put_expr(out, depth); break;
    case 1: put_expr(out, depth); buffer_puts(out, pick(2) ? " IN (" : " NOT IN ("); put_list(out, depth, (int)pick(4)); buffer_putc(out, ')'); break;
    case 2: put_expr(out, depth); buffer_puts(out, pick(2) ? " IN (" : " NOT IN ("); put_select(out, depth, 1); buffer_putc(out, ')'); break;
    case 3: buffer_puts(out, "EXISTS ("); put_select(out, depth, 1); buffer_putc(out, ')'); break;
    case 4: buffer_putc(out, '('); put_select(out, depth, 1); buffer_putc(out, ')'); break;
    case 5: buffer_printf(out, "%s(", ONE_OF(calls)); put_list(out, depth, 1 + (int)pick(2)); buffer_putc(out, ')'); break;
    case 6: buffer_puts(out, "CAST("); put_expr(out, depth); buffer_printf(out, " AS %s)", ONE_OF(types)); break;
    case 7: put_expr(out, depth); buffer_printf(out, " COLLATE %s", ONE_OF(collations)); break;
    case 8:
      buffer_puts(out, "CASE ");
      if (pick(2)) put_expr(out, depth);
      for (int i = -1; i < (int)pick(2); i++) { buffer_puts(out, " WHEN "); put_expr(out, depth); buffer_puts(out, " THEN "); put_expr(out, depth); }
      if (pick(2)) { buffer_puts(out, " ELSE "); put_expr(out, depth); }
      buffer_puts(out, " END");
      break;
    case 9: put_expr(out, depth); buffer_puts(out, pick(3) ? pick(2) ? " ISNULL" : " NOTNULL" : " NOT NULL"); break;
    case 10: put_expr(out, depth); buffer_puts(out, " LIKE "); put_leaf(out); buffer_puts(out, " ESCAPE 'x'"); break;
    default:
      buffer_putc(out, '('); put_list(out, depth, 2); buffer_puts(out, pick(2) ? ") = (" : ") < ("); put_list(out, depth, 2); buffer_putc(out, ')');
  }
}

static void put_expr(buffer *out, int depth) {
  static const char *const prefixes[] = {"NOT ", "- ", "+ ", "~ ", "-", "+", "~", "not"};
  unsigned kind = depth > 0 ? pick(10) : 0;
  if (kind < 2) { put_leaf(out); return; }
  if (kind == 2) { buffer_puts(out, ONE_OF(prefixes)); buffer_putc(out, ' '); put_expr(out, depth - 1); return; }
  if (kind < 5) { buffer_putc(out, '('); put_expr(out, depth - 1); buffer_putc(out, ')'); return; }
  if (kind < 8) put_binary(out, depth - 1);
  else put_special(out, depth - 1);
}

/* Joins in parentheses, with and without aliases, to any side. */
static void put_nested_join(buffer *out, int depth) {
  static const char *const tables[] = {"t1", "t2", "t3 AS k", "main.t1 'm'", "v1", "json_each('[3]') AS j", "t2 AS n NOT INDEXED", "t1 INDEXED BY i1"};
  static const char *const joins[] = {" JOIN ", ", ", " LEFT JOIN ", " NATURAL JOIN ", " NATURAL LEFT OUTER JOIN ", " FULL JOIN ", " RIGHT OUTER JOIN "};
  if (depth <= 0 || pick(4) == 0) {
    buffer_puts(out, ONE_OF(tables));
    return;
  }
  static const char *const aliases[] = {")", ")", ") AS p", ") q", ") 'r'"};
  bool enclosed = pick(2);
  if (enclosed) buffer_putc(out, '(');
  put_nested_join(out, depth - 1);
  unsigned join = pick(sizeof joins / sizeof *joins);
  buffer_puts(out, joins[join]);
  if (pick(2)) { buffer_putc(out, '('); put_nested_join(out, depth - 1); buffer_puts(out, ONE_OF(aliases)); }
  else put_nested_join(out, 0);
  if (join != 3 && join != 4 && pick(2)) buffer_puts(out, pick(2) ? " ON 1" : " USING (a)");
  if (enclosed) buffer_puts(out, ONE_OF(aliases));
}

static void put_from(buffer *out, int depth) {
  static const char *const joins[] = {" JOIN ", ", ", " LEFT JOIN ", " CROSS JOIN ", " INNER JOIN ", " FULL OUTER JOIN ", " RIGHT JOIN "};
  static const char *const others[] = {"t2", "t3", "main.t2 AS u", "t3 'v'", "(t2)", "(t2 JOIN t3 USING (b))", "v1", "json_each('[1,2]') j", "(VALUES (1), (2)) AS w"};
  buffer_puts(out, " FROM t1");
  for (unsigned n = pick(3); n > 0; n--) {
    buffer_puts(out, ONE_OF(joins));
    if (depth > 0 && pick(4) == 0) { buffer_putc(out, '('); put_select(out, depth - 1, 2); buffer_printf(out, ") AS s%u", n); }
    else buffer_puts(out, ONE_OF(others));
    if (pick(2)) { buffer_puts(out, " ON "); put_expr(out, depth); }
  }
}

static void put_column(buffer *out, int depth, bool aggregates) {
  static const char *const calls[] = {"count(*)", "sum(t1.a) FILTER (WHERE t1.c > 0)", "max(t1.b)", "count(DISTINCT t1.a)", "total(c)",
                                      "sum(t1.a) OVER (PARTITION BY t1.b ORDER BY t1.c, t1.rowid ROWS 1 PRECEDING)", "count(*) OVER w"};
  static const char *const aliases[] = {"", "", "", " AS x", " y", " 'z'", " AS \"a b\""};
  if (aggregates && pick(2)) buffer_puts(out, calls[pick(5)]);
  else if (!aggregates && pick(8) == 0) buffer_puts(out, calls[5]);
  else put_expr(out, depth);
  buffer_puts(out, ONE_OF(aliases));
}

static void put_arm(buffer *out, int depth, int columns) {
  bool grouped = pick(4) == 0;
  buffer_puts(out, pick(5) ? "SELECT " : "SELECT DISTINCT ");
  for (int i = 0; i < columns; i++) {
    if (i) buffer_puts(out, pick(2) ? ", " : ",");
    put_column(out, depth, grouped);
  }
  put_from(out, depth > 0 ? depth - 1 : 0);
  if (pick(2)) { buffer_puts(out, " WHERE "); put_expr(out, depth); }
  if (grouped) { buffer_puts(out, " GROUP BY "); put_expr(out, 1); }
  if (grouped && pick(3) == 0) { buffer_puts(out, " HAVING count(*) > "); put_leaf(out); }
}

static void put_select(buffer *out, int depth, int columns) {
  static const char *const compounds[] = {" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "};
  if (pick(10) == 0) buffer_puts(out, "WITH c1(p, q) AS (SELECT 1, 2), c2 AS NOT MATERIALIZED (VALUES (3)) ");
  put_arm(out, depth, columns);
  while (pick(6) == 0) {
    buffer_puts(out, ONE_OF(compounds));
    put_arm(out, depth, columns);
  }
  if (pick(4) == 0) buffer_puts(out, pick(2) ? " ORDER BY 1 DESC NULLS LAST" : " ORDER BY 1 COLLATE nocase LIMIT 3 OFFSET 1");
}

static void test_joins(void **state) {
  sqlite3 *db = open_schema();
  buffer sql = {0};
  int prepared = 0, total = cases(2000);
  for (int i = 0; i < total; i++) {
    buffer_clear(&sql);
    buffer_puts(&sql, pick(2) ? "SELECT * FROM " : "SELECT count(*) FROM ");
    put_nested_join(&sql, 1 + (int)pick(4));
    prepared += check(db, buffer_text(&sql)) == PREPARED;
  }
  print_message("%d of %d random joins were prepared by SQLite\n", prepared, total);
  assert_true(prepared * 10 > total);
  buffer_free(&sql);
  sqlite3_close(db);
}

/* Rows of random statements come in no order: names and trees are compared, and rows where there is one way to get them. */
static void test_grammar(void **state) {
  sqlite3 *db = open_schema();
  buffer sql = {0};
  int prepared = 0, total = cases(4000);
  for (int i = 0; i < total; i++) {
    buffer_clear(&sql);
    put_select(&sql, (int)pick(4), 1 + (int)pick(3));
    prepared += check(db, buffer_text(&sql)) == PREPARED;
  }
  print_message("%d of %d random statements were prepared by SQLite\n", prepared, total);
  assert_true(prepared * 4 > total);
  buffer_free(&sql);
  sqlite3_close(db);
}

/* --- from the corpus --- */

enum { MOST_TOKENS = 400 };

typedef struct text {
  const char *at;
  size_t bytes;
} text;

static int split(const char *sql, text *out) {
  lexer l;
  int n = 0;
  lexer_start(&l, sql, strlen(sql));
  for (token t = lexer_next(&l); t.type && n < MOST_TOKENS - 4; t = lexer_next(&l)) out[n++] = (text){t.text, t.bytes};
  return n;
}

static const char *random_statement(void) {
  static size_t count;
  if (!count)
    while (corpus_valid[count]) count++;
  return corpus_valid[pick((unsigned)count)];
}

static text random_token(void) {
  static const char *const words[] = {"(", ")", ",", "*", ".", "AS", "NOT", "IN", "IS", "NULL", "AND", "OVER", "FILTER", "WINDOW", "JOIN", "LEFT", "ON", "USING",
                                      "BY", "ORDER", "x", "'s'", "\"q\"", "1", "-", "->", ";", "EXISTS", "LIKE", "ESCAPE", "INDEXED", "SELECT", "FROM", "ALL", "ROWS", "BETWEEN"};
  text tokens[MOST_TOKENS];
  if (pick(2)) {
    const char *word = ONE_OF(words);
    return (text){word, strlen(word)};
  }
  int n = split(random_statement(), tokens);
  return n ? tokens[pick((unsigned)n)] : (text){"1", 1};
}

static int edit(text *tokens, int n) {
  unsigned at = pick((unsigned)n), other = pick((unsigned)n);
  text held = tokens[at];
  switch (pick(5)) {
    case 0: memmove(tokens + at, tokens + at + 1, sizeof *tokens * ((size_t)n - at - 1)); return n - 1;
    case 1: tokens[at] = tokens[other]; tokens[other] = held; return n;
    case 2: tokens[at] = random_token(); return n;
    default:
      memmove(tokens + at + 1, tokens + at, sizeof *tokens * ((size_t)n - at));
      tokens[at] = pick(2) ? random_token() : held;
      return n + 1;
  }
}

/* Other statements than SELECT are none of the parser's business, nor is what the clock says the same twice. */
static bool is_ours(const char *sql) {
  static const char *const starts[] = {"SELECT", "VALUES", "WITH"};
  const char *semicolon = strchr(sql, ';');
  if (strstr(sql, "RAISE") || strstr(sql, "CURRENT_T") || (semicolon && semicolon[strspn(semicolon, "; ")])) return false;
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (strncasecmp(sql, starts[i], strlen(starts[i])) == 0) return true;
  return false;
}

static void test_mutations(void **state) {
  sqlite3 *db = open_schema();
  buffer sql = {0};
  int total = cases(6000), refused = 0;
  for (int i = 0; i < total; i++) {
    text tokens[MOST_TOKENS];
    int n = split(random_statement(), tokens);
    for (unsigned edits = 1 + pick(3); edits > 0 && n > 1; edits--) n = edit(tokens, n);
    buffer_clear(&sql);
    for (int t = 0; t < n; t++) buffer_printf(&sql, "%s%.*s", t ? " " : "", (int)tokens[t].bytes, tokens[t].at);
    if (is_ours(buffer_text(&sql))) refused += check(db, buffer_text(&sql)) == REFUSED;
  }
  print_message("%d of %d mutations were syntax errors\n", refused, total);
  assert_true(refused > total / 10);
  buffer_free(&sql);
  sqlite3_close(db);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_grammar), cmocka_unit_test(test_joins), cmocka_unit_test(test_mutations)};
  const char *given = getenv("VS_SEED");
  random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
  print_message("VS_SEED=%llu\n", (unsigned long long)random_state);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
