/* SQLite is the judge: what it prepares we parse, what it finds a syntax error we refuse, and what we write back it reads
** as the same statement (same column names, same rows) and we as the same tree. */
#include "query_check.h"

static void test_corpus(void **state) {
  sqlite3 *db = open_schema();
  int wrong = 0;
  for (size_t i = 0; corpus_valid[i]; i++)
    if (check(db, corpus_valid[i]) != PREPARED) {
      print_error("not valid for SQLite: %s\n  %s\n", corpus_valid[i], sqlite3_errmsg(db));
      wrong++;
    }
  for (size_t i = 0; corpus_invalid[i]; i++)
    if (check(db, corpus_invalid[i]) == PREPARED) {
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
