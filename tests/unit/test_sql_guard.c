/* The guard: what a stranger's SQL may do, and when it is stopped. */
#include "model/sql_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static sqlite3 *db;
static sql_guard *guard;
static atomic_bool stopping;

static void twice(sqlite3_context *c, int n, sqlite3_value **v) { sqlite3_result_int64(c, 2 * sqlite3_value_int64(v[0])); }

static int start(void **state) {
  error err = {0};
  atomic_store(&stopping, false);
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
  sqlite3_create_function(db, "twice", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL, twice, NULL, NULL);
  sqlite3_create_function(db, "vs_secret", 1, SQLITE_UTF8, NULL, twice, NULL, NULL);
  sqlite3_create_function(db, "sum", -1, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL, twice, NULL, NULL);
  sqlite3_exec(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1),(2); CREATE VIEW v AS SELECT a, printf('%d', a) AS text FROM t", NULL, NULL, NULL);
  guard = sql_guard_new(db, &stopping, &err);
  return guard ? 0 : 1;
}

static int stop(void **state) {
  sqlite3_close(db);
  sql_guard_free(guard);
  return 0;
}

static void expect_rows(const char *sql, int wanted) {
  error err = {0};
  int rows = 0;
  sql_guard_start(guard, 5000);
  sqlite3_stmt *stmt = sql_guard_prepare(guard, sql, &err);
  if (!stmt) fail_msg("%s: %s", sql, err.text);
  while (sqlite3_step(stmt) == SQLITE_ROW) rows++;
  sqlite3_finalize(stmt);
  assert_int_equal(rows, wanted);
}

static void expect_refused(const char *sql, const char *why) {
  error err = {0};
  sqlite3_stmt *stmt = sql_guard_prepare(guard, sql, &err);
  if (stmt) fail_msg("%s was accepted", sql);
  if (!strstr(err.text, why)) fail_msg("%s: expected '%s' in '%s'", sql, why, err.text);
}

static void queries_run(void **state) {
  expect_rows("SELECT * FROM t", 2);
  expect_rows("VALUES(1),(2),(3)", 3);
  expect_rows("WITH x AS (SELECT a FROM t) SELECT twice(a), SUM(a) FROM x; -- the end\n ;", 2);
  expect_rows("SELECT text FROM v", 2); /* a view of the schema may use more than a stranger may */
  expect_rows("SELECT value FROM json_each('[1,2,3]')", 3);
  expect_rows("EXPLAIN QUERY PLAN SELECT * FROM t", 1);
}

static void others_do_not(void **state) {
  expect_refused("SELECT vs_secret(1)", "function vs_secret is not allowed");
  expect_refused("SELECT printf('%d', 1)", "function printf is not allowed");
  expect_refused("SELECT load_extension('x')", "load_extension");
  expect_refused("PRAGMA hard_heap_limit=1", "PRAGMA");
  expect_refused("SELECT * FROM pragma_function_list", "pragma_function_list is not allowed");
  expect_refused("SELECT count(*) FROM pragma_database_list", "not allowed");
  expect_refused("ATTACH ':memory:' AS x", "ATTACH");
  expect_refused("DELETE FROM t", "not a query");
  expect_refused("EXPLAIN DELETE FROM t", "not a query");
  expect_refused("CREATE TEMP TABLE x AS SELECT 1", "not a query");
  expect_refused("SELECT 1; DELETE FROM t", "more than one statement");
  expect_refused("SELECT 1; nonsense", "more than one statement");
  expect_refused("", "is empty");
  expect_refused("-- nothing", "is empty");
  assert_int_equal(sqlite3_total_changes(db), 2);
}

static void errors_have_a_position(void **state) {
  error err = {0};
  assert_null(sql_guard_prepare(guard, "SELECT a,\n       nope\n  FROM t", &err));
  assert_string_equal(err.text, "no such column: nope");
  assert_int_equal(err.line, 2);
  assert_int_equal(err.column, 8);
}

static void own_statements_are_free(void **state) {
  sqlite3_stmt *stmt = NULL;
  error err = {0};
  sqlite3_stmt *strange = sql_guard_prepare(guard, "SELECT a FROM t", &err);
  assert_int_equal(sqlite3_prepare_v2(db, "SELECT printf('%d', a) FROM t", -1, &stmt, NULL), SQLITE_OK);
  sqlite3_finalize(stmt);
  assert_int_equal(sqlite3_step(strange), SQLITE_ROW);
  sqlite3_finalize(strange);
}

static const char endless[] = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t";

static void time_ends(void **state) {
  error err = {0};
  sql_guard_start(guard, 50);
  sqlite3_stmt *stmt = sql_guard_prepare(guard, endless, &err);
  assert_int_equal(sqlite3_step(stmt), SQLITE_INTERRUPT);
  assert_true(sql_guard_expired(guard));
  assert_false(sql_guard_error(guard, &err));
  assert_int_equal(err.code, ERR_LIMIT);
  sqlite3_finalize(stmt);
  expect_rows("SELECT 1", 1);
}

static void stopping_interrupts(void **state) {
  error err = {0};
  sql_guard_start(guard, 60000);
  sqlite3_stmt *stmt = sql_guard_prepare(guard, endless, &err);
  atomic_store(&stopping, true);
  assert_int_equal(sqlite3_step(stmt), SQLITE_INTERRUPT);
  assert_false(sql_guard_expired(guard));
  assert_false(sql_guard_error(guard, &err));
  assert_int_equal(err.code, ERR_IO);
  sqlite3_finalize(stmt);
}

int main(void) {
#define test(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {test(queries_run), test(others_do_not), test(errors_have_a_position), test(own_statements_are_free), test(time_ends), test(stopping_interrupts)};
  return cmocka_run_group_tests_name("sql guard", tests, NULL, NULL);
}
