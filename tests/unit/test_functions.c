/* Our SQL functions against plain calculations, over whole tables, groups and moving windows, and in the extension. */
#include "view/functions.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static sqlite3 *open_db(void) {
  sqlite3 *db;
  error err;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  if (!view_functions_register(db, &err)) fail_msg("%s", err.text);
  return db;
}

static void exec(sqlite3 *db, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", sql, message);
}

/* The rows as sqlite3 prints them in list mode, text and reals told apart from integers by quote(). */
static void query(sqlite3 *db, const char *sql, char *out, size_t size) {
  sqlite3_stmt *stmt;
  size_t used = 0;
  out[0] = '\0';
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
    snprintf(out, size, "error: %s", sqlite3_errmsg(db));
    return;
  }
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
    for (int i = 0; i < sqlite3_column_count(stmt) && used < size; i++) {
      const char *text = (const char *)sqlite3_column_text(stmt, i);
      used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "|" : "", text ? text : "NULL");
    }
  if (rc != SQLITE_DONE) snprintf(out, size, "error: %s", sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
}

static void expect(sqlite3 *db, const char *sql, const char *expected) {
  char actual[4000];
  query(db, sql, actual, sizeof actual);
  if (strcmp(actual, expected) != 0) fail_msg("%s\n  gives    %s\n  expected %s", sql, actual, expected);
}

static double number_of(sqlite3 *db, const char *sql) {
  char text[400];
  query(db, sql, text, sizeof text);
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end) fail_msg("%s gives %s", sql, text);
  return value;
}

static void close_to(sqlite3 *db, const char *sql, double expected) {
  double actual = number_of(db, sql);
  if (!(fabs(actual - expected) <= 1e-12 * fmax(1, fabs(expected)))) fail_msg("%s gives %.17g, expected %.17g", sql, actual, expected);
}

static void test_sums(void **state) {
  sqlite3 *db = open_db();
  exec(db, "CREATE TABLE t(g, x); INSERT INTO t VALUES(1,0.1),(1,1e20),(1,-1e20),(2,1),(2,2),(3,NULL),(4,'12'),(4,'3'),(5,'a'),(5,2),"
           "(6,9223372036854775807),(6,1),(6,-5),(7,9223372036854775807),(7,1),(8,x'31'),(9,1e308),(9,1e308),(10,9e999),(10,-9e999)");
  expect(db, "SELECT sum(x) FROM t WHERE g = 1", "0.1");
  expect(db, "SELECT sum(x), typeof(sum(x)), avg(x), total(x) FROM t WHERE g = 2", "3|integer|1.5|3.0");
  expect(db, "SELECT sum(x), avg(x), total(x) FROM t WHERE g = 3", "NULL|NULL|0.0");
  expect(db, "SELECT sum(x), avg(x), total(x) FROM t WHERE g = 99", "NULL|NULL|0.0");
  expect(db, "SELECT sum(x), typeof(sum(x)) FROM t WHERE g = 4", "15|integer");
  expect(db, "SELECT sum(x), typeof(sum(x)) FROM t WHERE g = 5", "2.0|real");
  expect(db, "SELECT sum(x) FROM t WHERE g = 6", "9223372036854775803");
  expect(db, "SELECT sum(x) FROM t WHERE g = 7", "error: integer overflow");
  expect(db, "SELECT total(x), avg(x) FROM t WHERE g = 7", "9.22337203685478e+18|4.61168601842739e+18");
  expect(db, "SELECT sum(x) FROM t WHERE g = 8", "1.0");
  expect(db, "SELECT sum(x) FROM t WHERE g = 9", "Inf");
  expect(db, "SELECT sum(x), total(x) FROM t WHERE g = 10", "NULL|NULL");
  expect(db, "SELECT sum(DISTINCT x), sum(x) FILTER (WHERE x > 1) FROM t WHERE g = 2", "3|2");
  expect(db, "SELECT sum(x), total(x) FROM (SELECT 9007199254740993 AS x UNION ALL SELECT 0.5)", "9.00719925474099e+15|9.00719925474099e+15");
  expect(db, "SELECT sum(x) = 9007199254740994 FROM (SELECT 9007199254740993 AS x UNION ALL SELECT 0.5)", "1");
  sqlite3_close(db);
}

/* The same typed results as SQLite's own functions have, where those are exact: small integers, halves, text, blobs, NULL. */
static void test_sums_like_sqlite(void **state) {
  sqlite3 *ours = open_db(), *stock;
  assert_int_equal(sqlite3_open(":memory:", &stock), SQLITE_OK);
  static const char *const values[] = {"NULL", "1", "-7", "0.5", "2.25", "'3'", "'4.5'", "'x'", "'1e2'", "' 8 '", "x'3132'", "''", "0"};
  enum { VALUES = sizeof values / sizeof *values };
  for (unsigned set = 1; set < 1u << VALUES; set += 7) {
    char rows[600] = "", sql[1000], a[400], b[400];
    for (int i = 0; i < VALUES; i++)
      if (set >> i & 1) snprintf(rows + strlen(rows), sizeof rows - strlen(rows), "%s(%s)", rows[0] ? "," : "", values[i]);
    snprintf(sql, sizeof sql,
             "WITH t(x) AS (VALUES %s) SELECT sum(x), typeof(sum(x)), avg(x), total(x) FROM t UNION ALL "
             "SELECT sum(x) OVER w, typeof(sum(x) OVER w), avg(x) OVER w, total(x) OVER w FROM t "
             "WINDOW w AS (ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)", rows);
    query(ours, sql, a, sizeof a);
    query(stock, sql, b, sizeof b);
    if (strcmp(a, b) != 0) fail_msg("%s\n  ours  %s\n  stock %s", sql, a, b);
  }
  sqlite3_close(ours);
  sqlite3_close(stock);
}

static void test_moving_sums_are_exact(void **state) {
  sqlite3 *db = open_db();
  exec(db, "CREATE TABLE t(i INTEGER PRIMARY KEY, x REAL); INSERT INTO t VALUES(1,0.1),(2,1e20),(3,0.2),(4,-1e300),(5,0.3),(6,1e-300)");
  expect(db, "SELECT sum(x) OVER (ORDER BY i ROWS 1 PRECEDING) FROM t", "0.1|1.0e+20|1.0e+20|-1.0e+300|-1.0e+300|0.3");
  expect(db, "SELECT sum(x) OVER (ORDER BY i ROWS CURRENT ROW) FROM t", "0.1|1.0e+20|0.2|-1.0e+300|0.3|1.0e-300");
  expect(db, "SELECT avg(x) OVER (ORDER BY i ROWS CURRENT ROW), total(x) OVER (ORDER BY i ROWS BETWEEN 3 FOLLOWING AND 3 FOLLOWING) FROM t WHERE i < 4",
         "0.1|0.0|1.0e+20|0.0|0.2|0.0");
  sqlite3_close(db);
}

static void test_statistics(void **state) {
  sqlite3 *db = open_db();
  exec(db, "CREATE TABLE t(i INTEGER PRIMARY KEY, x, y, w); INSERT INTO t VALUES(1,2,1,1),(2,4,3,2),(3,4,2,3),(4,4,5,4),(5,5,4,0),(6,5,NULL,1),"
           "(7,7,7,NULL),(8,9,6,2)");
  close_to(db, "SELECT var_pop(x) FROM t", 4);
  close_to(db, "SELECT variance(x) FROM t", 32.0 / 7);
  close_to(db, "SELECT var_samp(x) FROM t", 32.0 / 7);
  close_to(db, "SELECT stddev_pop(x) FROM t", 2);
  close_to(db, "SELECT stddev(x) FROM t", sqrt(32.0 / 7));
  close_to(db, "SELECT stddev_samp(x) FROM t", sqrt(32.0 / 7));
  double n = 7, sx = 35, sy = 28, sxy = 2 + 12 + 8 + 20 + 20 + 49 + 54, sxx = 4 + 16 + 16 + 16 + 25 + 49 + 81, syy = 140;
  close_to(db, "SELECT covar_samp(x, y) FROM t", (sxy - sx * sy / n) / (n - 1));
  close_to(db, "SELECT covar_pop(x, y) FROM t", (sxy - sx * sy / n) / n);
  close_to(db, "SELECT corr(x, y) FROM t", (n * sxy - sx * sy) / sqrt((n * sxx - sx * sx) * (n * syy - sy * sy)));
  close_to(db, "SELECT wavg(x, w) FROM t", (2.0 + 8 + 12 + 16 + 0 + 5 + 18) / 13);
  expect(db, "SELECT variance(x), var_pop(x), stddev(x), stddev_pop(x), covar_samp(x, y), corr(x, y), wavg(x, w) FROM t WHERE i = 1", "NULL|0.0|NULL|0.0|NULL|NULL|2.0");
  expect(db, "SELECT variance(x), var_pop(x), covar_pop(x, y), corr(x, y), wavg(x, w) FROM t WHERE i > 99", "NULL|NULL|NULL|NULL|NULL");
  expect(db, "SELECT corr(1, x), wavg(x, 0), corr(x, x), corr(x, -x) FROM t", "NULL|NULL|1.0|-1.0");
  /* a mean a billion times the deviation: the naive formula gives noise, or less than nothing */
  close_to(db, "WITH v(x) AS (VALUES (1000000000.25), (1000000000.5), (1000000000.75)) SELECT variance(x) FROM v", 0.0625);
  expect(db, "WITH v(x) AS (VALUES (0.1), (0.1), (0.1)) SELECT variance(x), stddev(x) FROM v", "0.0|0.0");
  expect(db, "WITH v(x) AS (VALUES (1.0), (9e999)) SELECT variance(x), stddev_pop(x) FROM v", "NULL|NULL");
  sqlite3_close(db);
}

/* A moving window gives to the bit what each of its frames gives alone. */
static void test_windows_agree(void **state) {
  static const char *const calls[] = {"sum(x)", "avg(x)", "total(x)", "variance(x)", "var_pop(x)", "stddev(x)", "stddev_pop(x)",
                                      "covar_samp(x, y)", "covar_pop(x, y)", "corr(x, y)", "wavg(x, y)", "percentile(x, 90)", "median(x)"};
  sqlite3 *db = open_db();
  exec(db, "CREATE TABLE t(i INTEGER PRIMARY KEY, x, y);"
           "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 200) INSERT INTO t "
           "SELECT i, CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN i ELSE i * 7919 % 1009 / 7.0 * pow(10, i % 9) END, i * 31 % 17 / 3.0 FROM c");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char sql[500];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM (SELECT i, %s OVER (ORDER BY i ROWS BETWEEN 6 PRECEDING AND 2 FOLLOWING) AS moving FROM t) AS m "
             "WHERE moving IS NOT (SELECT %s FROM t WHERE t.i BETWEEN m.i - 6 AND m.i + 2)", calls[i], calls[i]);
    expect(db, sql, "0");
  }
  sqlite3_close(db);
}

static void test_order(void **state) {
  sqlite3 *db = open_db();
  exec(db, "CREATE TABLE t(v, o); INSERT INTO t VALUES('b',2),('a',1),('z',NULL),('c',3),('d',3),(NULL,0)");
  expect(db, "SELECT first(v, o), last(v, o) FROM t", "NULL|d");
  expect(db, "SELECT first(v, o), last(v, o) FROM t WHERE v IS NOT NULL", "a|d");
  expect(db, "SELECT first(v, -o), last(v, -o) FROM t WHERE o > 0", "c|a");
  expect(db, "SELECT first(v, o), last(v, o) FROM t WHERE o IS NULL", "NULL|NULL");
  expect(db, "SELECT first(v, o), last(v, o) FROM t WHERE 0", "NULL|NULL");
  expect(db, "WITH v(o) AS (VALUES (x'00'),('a'),(9223372036854775807),(9.3e18),(-1.5),('B')) SELECT first(o, o), hex(last(o, o)) FROM v", "-1.5|00");
  expect(db, "WITH v(o) AS (VALUES (9007199254740993),(9007199254740992.0)) SELECT first(o, o), last(o, o) FROM v", "9.00719925474099e+15|9007199254740993");
  expect(db, "SELECT median(column1), percentile(column1, 0), percentile(column1, 100), percentile(column1, 25) FROM (VALUES (10),(2),(3),(1))", "2.5|1.0|10.0|1.75");
  expect(db, "SELECT median(column1), percentile(column1, 33) FROM (VALUES (7),(NULL))", "7.0|7.0");
  expect(db, "SELECT median(v) FROM t WHERE 0", "NULL");
  expect(db, "SELECT percentile(o, 101) FROM t", "error: percentile(x, p): expected p between 0 and 100");
  expect(db, "SELECT percentile(o, 'x') FROM t", "error: percentile(x, p): expected p between 0 and 100");
  expect(db, "SELECT percentile(o, o) FROM t", "error: percentile(x, p): expected the same p for all rows");
  sqlite3_close(db);
}

static void test_scalars(void **state) {
  sqlite3 *db = open_db();
  expect(db, "SELECT time_bucket('1m', 119999), time_bucket(1000, -1), time_bucket('1h', 3600000), time_bucket('250ms', 999), time_bucket('1d', '1970-01-03')",
         "60000|-1000|3600000|750|172800000");
  expect(db, "SELECT time_bucket(1, '2024-02-29T12:34:56.789Z'), time_bucket(1, '2024-02-29 12:34:56'), time_bucket(1, '2024-02-29T12:34'), time_bucket(1, '1969-12-31T23:59:59.5')",
         "1709210096789|1709210096000|1709210040000|-500");
  expect(db, "SELECT time_bucket(1, '2024-02-29T14:34:56+02:00') - time_bucket(1, '2024-02-29T12:34:56Z'), time_bucket(1, '2024-02-29T10:34:56-02:00') - time_bucket(1, '2024-02-29T12:34:56Z')", "0|0");
  expect(db, "SELECT time_bucket('1d', '2024-02-29T03:00', '6h') = time_bucket(1, '2024-02-28T06:00'), time_bucket('1h', 1.5e6), time_bucket('1w', 0)", "1|0|0");
  expect(db, "WITH RECURSIVE d(n) AS (SELECT -200000 UNION ALL SELECT n + 37 FROM d WHERE n < 200000) SELECT count(*) FROM d "
             "WHERE time_bucket(1, date('1970-01-01', n || ' days')) IS NOT n * 86400000", "0");
  expect(db, "SELECT time_bucket(NULL, 1), time_bucket('1s', NULL), time_bucket('1s', 1, NULL)", "NULL|NULL|NULL");
  expect(db, "SELECT time_bucket('1 fortnight', 1)", "error: time_bucket: expected a width such as '1s', '5m', '1h', '1d' or a number of milliseconds");
  expect(db, "SELECT time_bucket(0, 1)", "error: time_bucket: expected a width such as '1s', '5m', '1h', '1d' or a number of milliseconds");
  expect(db, "SELECT time_bucket('1s', 'yesterday')", "error: time_bucket: expected a time in milliseconds since 1970 or ISO 8601 text");
  expect(db, "SELECT time_bucket('1s', '2024-13-01')", "error: time_bucket: expected a time in milliseconds since 1970 or ISO 8601 text");
  expect(db, "SELECT time_bucket('1d', -9223372036854775807)", "NULL");
  expect(db, "SELECT safe_ratio(1, 2), safe_ratio(1, 0), safe_ratio(1, NULL), safe_ratio(NULL, 1), safe_ratio(0, 5), safe_ratio(1, 0.0)", "0.5|NULL|NULL|NULL|0.0|NULL");
  close_to(db, "SELECT norm_inv(0.975)", 1.959963984540054);
  close_to(db, "SELECT norm_inv(0.99)", 2.3263478740408408);
  close_to(db, "SELECT norm_inv(0.01)", -2.3263478740408408);
  close_to(db, "SELECT norm_inv(1e-10)", -6.361340902404056);
  expect(db, "SELECT norm_inv(0.5), norm_inv(0), norm_inv(1), norm_inv(NULL), norm_inv(2)", "0.0|NULL|NULL|NULL|NULL");
  sqlite3_close(db);
}

/* Deterministic and innocuous: they may stand in indexes and in views of a schema that is not trusted. */
static void test_flags(void **state) {
  sqlite3 *db = open_db();
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  exec(db, "CREATE TABLE t(a INT, ts INT); CREATE INDEX i ON t(time_bucket('1m', ts));"
           "CREATE VIEW v AS SELECT sum(a) AS s, median(a) AS m, first(a, ts) AS f FROM t; INSERT INTO t VALUES(1, 5), (2, 60001)");
  expect(db, "SELECT * FROM v", "3|1.5|1");
  expect(db, "SELECT a FROM t WHERE time_bucket('1m', ts) = 60000", "2");
  sqlite3_close(db);
}

static void test_extension(void **state) {
  const char *path = getenv("VS_FUNCTIONS");
  if (!path) skip();
  sqlite3 *db;
  char *message = NULL;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  if (sqlite3_load_extension(db, path, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", path, message);
  expect(db, "SELECT sum(column1), median(column1), variance(column1), time_bucket('1s', 1234) FROM (VALUES (0.1), (1e20), (-1e20))", "0.1|0.1|1.0e+40|1000");
  sqlite3_close(db);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sums),        cmocka_unit_test(test_sums_like_sqlite), cmocka_unit_test(test_moving_sums_are_exact),
      cmocka_unit_test(test_statistics),  cmocka_unit_test(test_windows_agree),    cmocka_unit_test(test_order),
      cmocka_unit_test(test_scalars),     cmocka_unit_test(test_flags),            cmocka_unit_test(test_extension),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
