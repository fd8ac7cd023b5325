/* SQLite is the judge: what it prepares we parse, what it finds a syntax error we refuse, and what we write back it reads
** as the same statement (same column names, same rows) and we as the same tree. */
#include "query/parser.h"
#include "query/unparse.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query_corpus.h"

static sqlite3 *open_schema(void) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  char *message = NULL;
  if (sqlite3_exec(db, corpus_schema, NULL, NULL, &message) != SQLITE_OK) fail_msg("schema: %s", message);
  return db;
}

enum { MOST_ROWS = 500 };

/* Every row as text with its types, after the column names; the error's text when it fails. */
static void run(sqlite3 *db, const char *sql, buffer *out) {
  buffer_clear(out);
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
    buffer_printf(out, "error %s", sqlite3_errmsg(db));
    return;
  }
  int columns = sqlite3_column_count(stmt), rc = SQLITE_ROW;
  for (int i = 0; i < columns; i++) buffer_printf(out, "%s|", sqlite3_column_name(stmt, i));
  for (int row = 0; row < MOST_ROWS && (rc = sqlite3_step(stmt)) == SQLITE_ROW; row++) {
    buffer_putc(out, '\n');
    for (int i = 0; i < columns; i++) {
      int type = sqlite3_column_type(stmt, i), bytes = sqlite3_column_bytes(stmt, i);
      const unsigned char *data = type == SQLITE_BLOB ? sqlite3_column_blob(stmt, i) : sqlite3_column_text(stmt, i);
      buffer_printf(out, "%d:", type);
      buffer_append(out, data ? (const void *)data : "", (size_t)bytes);
      buffer_putc(out, '|');
    }
  }
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) buffer_printf(out, "\nerror %s", sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
}

/* How far SQLite came: 0 = prepared, 1 = it parses but means nothing here, 2 = its parser refuses it. */
static int judge(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  sqlite3_finalize(stmt);
  if (rc == SQLITE_OK) return 0;
  const char *message = sqlite3_errmsg(db);
  static const char *const syntactic[] = {"syntax error",      "incomplete input",  "unrecognized token", "unknown join type",
                                          "unknown or unsupported join type",      "should come after", "clause is required before",
                                          "all VALUES must have",  "may not have an ON or USING"};
  for (size_t i = 0; i < sizeof syntactic / sizeof *syntactic; i++)
    if (strstr(message, syntactic[i])) return 2;
  return 1;
}

static void check_round_trip(sqlite3 *db, const char *sql, const select_stmt *tree, arena *a, bool prepared) {
  buffer text = {0}, again = {0}, before = {0}, after = {0};
  error err;
  unparse_select(&text, tree, NULL);
  assert_false(text.failed);
  select_stmt *second = query_parse(a, buffer_text(&text), text.len, &err);
  if (!second) fail_msg("%s\n  was written as %s\n  which is refused: %s", sql, buffer_text(&text), err.text);
  if (!select_equal(tree, second)) fail_msg("%s\n  was written as another tree: %s", sql, buffer_text(&text));
  unparse_select(&again, second, NULL);
  assert_string_equal(buffer_text(&text), buffer_text(&again));
  select_stmt *copy = select_copy(a, tree);
  assert_non_null(copy);
  assert_true(select_equal(tree, copy));
  if (prepared) {
    run(db, sql, &before);
    run(db, buffer_text(&text), &after);
    if (strcmp(buffer_text(&before), buffer_text(&after)) != 0)
      fail_msg("%s\n  was written as %s\n  and gives\n%s\n  instead of\n%s", sql, buffer_text(&text), buffer_text(&after),
               buffer_text(&before));
  }
  buffer_free(&text);
  buffer_free(&again);
  buffer_free(&before);
  buffer_free(&after);
}

/* Checks one statement; returns SQLite's judgement. */
static int check(sqlite3 *db, const char *sql) {
  arena a = {0};
  error err;
  int judgement = judge(db, sql);
  select_stmt *tree = query_parse(&a, sql, strlen(sql), &err);
  char message[1200];
  if (!tree && judgement < 2) fail_msg("SQLite takes it, we do not: %s\n  %s", sql, error_format(&err, message, sizeof message));
  if (tree && judgement == 2) fail_msg("we take it, SQLite does not: %s\n  %s", sql, sqlite3_errmsg(db));
  if (!tree) {
    assert_true(err.line > 0 && err.column > 0);
    assert_true(err.text[0] != '\0');
  }
  if (tree) check_round_trip(db, sql, tree, &a, judgement == 0);
  arena_free(&a);
  return judgement;
}

static void test_corpus(void **state) {
  sqlite3 *db = open_schema();
  int wrong = 0;
  for (size_t i = 0; corpus_valid[i]; i++)
    if (check(db, corpus_valid[i]) != 0) {
      print_error("not valid for SQLite: %s\n  %s\n", corpus_valid[i], sqlite3_errmsg(db));
      wrong++;
    }
  for (size_t i = 0; corpus_invalid[i]; i++)
    if (check(db, corpus_invalid[i]) == 0) {
      print_error("valid for SQLite: %s\n", corpus_invalid[i]);
      wrong++;
    }
  assert_int_equal(wrong, 0);
  sqlite3_close(db);
}

/* Every keyword of SQLite in every place where a name may stand. */
static void test_keywords_as_names(void **state) {
  static const char *const places[] = {
      "SELECT a AS %s FROM t1",         "SELECT a %s FROM t1",
      "SELECT %s FROM (SELECT 1)",      "SELECT %s.a FROM t1 AS x",
      "SELECT x.%s FROM t1 AS x",       "SELECT * FROM t1 %s",
      "SELECT * FROM t1 AS %s",         "SELECT * FROM %s",
      "SELECT %s(a) FROM t1",           "SELECT %s(DISTINCT a) FROM t1",
      "SELECT a COLLATE %s FROM t1",    "SELECT CAST(a AS %s) FROM t1",
      "SELECT * FROM t1 ORDER BY %s",   "SELECT * FROM t1 ORDER BY a %s",
      "SELECT * FROM t1 x JOIN t2 y USING (%s)", "SELECT * FROM t1 %s JOIN t2",
      "WITH %s AS (SELECT 1) SELECT * FROM %s", "WITH c(%s) AS (SELECT 1) SELECT * FROM c",
      "SELECT sum(a) OVER %s FROM t1 WINDOW w AS ()", "SELECT sum(a) OVER (%s) FROM t1",
      "SELECT sum(a) OVER w FROM t1 WINDOW %s AS ()", "SELECT a IN %s FROM t1",
      "SELECT 1 %s 2",                  "SELECT %s 1",
      "SELECT a FROM t1 %s",            "SELECT a FROM t1 LIMIT 1 %s",
      "SELECT count(*) %s FROM t1",     "SELECT CASE %s WHEN 1 THEN 2 END",
      "SELECT * FROM t1 INDEXED BY %s", "SELECT 1 FROM t1 WHERE %s",
      "SELECT * FROM t1 GROUP BY a %s", "SELECT a %s, b FROM t1 WHERE a %s",
  };
  sqlite3 *db = open_schema();
  for (int k = 0; k < sqlite3_keyword_count(); k++) {
    const char *word;
    int bytes;
    sqlite3_keyword_name(k, &word, &bytes);
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
      char name[40], sql[200];
      snprintf(name, sizeof name, "%.*s", bytes, word);
      snprintf(sql, sizeof sql, places[p], name, name);
      if (strcmp(name, "RAISE") != 0) check(db, sql); /* SQLite's parser knows RAISE(…) of triggers, and refuses it later */
    }
  }
  sqlite3_close(db);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus), cmocka_unit_test(test_keywords_as_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
