/* tools/bench engine: what the incremental engine costs per affected row, beside SQLite itself in the same run.
**
** accounts × instruments holdings and one price per instrument; the view is each account's market value. Measured, each the
** median of several rounds: one price update (a row of every account changes), one holding, a turn of many holdings; and for
** comparison SQLite's own scan that adds the same rows up, the same UPDATEs without a view, and the SELECT run again.
** Prints one JSON object a measurement on stdout, progress on stderr.
*/
#include "base/clock.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct bench {
  sqlite3 *db;
  view_set *set;
  long accounts, instruments;
  int rounds;
} bench;

static void die(const char *what, sqlite3 *db, const error *err) {
  char text[1600];
  fprintf(stderr, "bench_engine: %s: %s\n", what, err ? error_format(err, text, sizeof text) : sqlite3_errmsg(db));
  exit(1);
}

static void run(bench *b, const char *sql) {
  if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK) die(sql, b->db, NULL);
}

static void load(bench *b) {
  run(b, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144");
  run(b, "CREATE TABLE price(instrument_id INTEGER PRIMARY KEY, price REAL NOT NULL) STRICT;"
         "CREATE TABLE holding(instrument_id INTEGER NOT NULL, account_id TEXT NOT NULL, qty REAL NOT NULL,"
         " PRIMARY KEY (instrument_id, account_id)) WITHOUT ROWID, STRICT; BEGIN");
  char sql[400];
  snprintf(sql, sizeof sql, "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %ld) INSERT INTO price SELECT n, 10 + n %% 90 + 0.25 FROM i", b->instruments);
  run(b, sql);
  snprintf(sql, sizeof sql,
           "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < %ld) INSERT INTO holding SELECT p.instrument_id, printf('ACC%%06d', a.n), "
           "(a.n * 7 + p.instrument_id * 13) %% 1000 + 0.5 FROM price AS p CROSS JOIN a",
           b->accounts);
  run(b, sql);
  run(b, "COMMIT");
}

static int compare_longs(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static int64_t median(int64_t *ns, int n) {
  qsort(ns, (size_t)n, sizeof *ns, compare_longs);
  return ns[n / 2];
}

/* The statement, and where there is a view its maintenance: all of the turn but the commit's I/O is none on tmpfs, so it is in. */
static int64_t turn_ns(bench *b, sqlite3_stmt *stmt, bool maintained) {
  error err;
  int64_t start = clock_monotonic_ns();
  run(b, "BEGIN");
  sqlite3_step(stmt);
  if (sqlite3_reset(stmt) != SQLITE_OK) die("update", b->db, NULL);
  if (maintained && !view_set_propagate(b->set, &err)) die("propagate", b->db, &err);
  run(b, "COMMIT");
  if (maintained) view_set_committed(b->set);
  return clock_monotonic_ns() - start;
}

static void report(const bench *b, const char *what, int64_t ns, long rows) {
  printf("{\"measure\":\"%s\",\"holdings\":%ld,\"rows\":%ld,\"median_ns\":%lld,\"ns_per_row\":%.1f}\n", what, b->accounts * b->instruments, rows, (long long)ns,
         (double)ns / (double)rows);
  fflush(stdout);
}

static void measure(bench *b, const char *what, const char *sql, bool parameter, bool maintained, long rows, int rounds) {
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(b->db, sql, -1, &stmt, NULL) != SQLITE_OK) die(sql, b->db, NULL);
  int64_t *ns = calloc((size_t)rounds, sizeof *ns);
  if (!ns) exit(1);
  for (int i = 0; i < rounds; i++) {
    if (parameter) sqlite3_bind_int64(stmt, 1, i * 37 % b->instruments + 1);
    ns[i] = turn_ns(b, stmt, maintained);
  }
  report(b, what, median(ns, rounds), rows);
  free(ns);
  sqlite3_finalize(stmt);
}

static void measure_query(bench *b, const char *what, const char *sql, bool parameter, long rows, int rounds) {
  sqlite3_stmt *stmt;
  if (sqlite3_prepare_v2(b->db, sql, -1, &stmt, NULL) != SQLITE_OK) die(sql, b->db, NULL);
  int64_t *ns = calloc((size_t)rounds, sizeof *ns);
  if (!ns) exit(1);
  for (int i = 0; i < rounds; i++) {
    if (parameter) sqlite3_bind_int64(stmt, 1, i * 37 % b->instruments + 1);
    int64_t start = clock_monotonic_ns();
    while (sqlite3_step(stmt) == SQLITE_ROW) continue;
    sqlite3_reset(stmt);
    ns[i] = clock_monotonic_ns() - start;
  }
  report(b, what, median(ns, rounds), rows);
  free(ns);
  sqlite3_finalize(stmt);
}

static const char *const view_sql = "SELECT h.account_id, sum(h.qty * p.price) AS value, count(*) AS n FROM holding AS h JOIN price AS p ON p.instrument_id = h.instrument_id GROUP BY h.account_id";

static void measure_all(bench *b) {
  const char *price = "UPDATE price SET price = price + 0.25 WHERE instrument_id = ?1";
  const char *one = "UPDATE holding SET qty = qty + 1 WHERE instrument_id = ?1 AND account_id = 'ACC000001'";
  long batch = b->accounts * b->instruments < 100000 ? b->accounts * b->instruments : 100000;
  char many[200];
  snprintf(many, sizeof many, "UPDATE holding SET qty = qty + 1 WHERE instrument_id <= %ld", batch / b->accounts > 0 ? batch / b->accounts : 1);
  long many_rows = (batch / b->accounts > 0 ? batch / b->accounts : 1) * b->accounts;

  measure(b, "price update without a view", price, true, false, 1, b->rounds);
  measure(b, "batch without a view", many, false, false, many_rows, 5);
  measure_query(b, "scan of the same rows by SQLite", "SELECT sum(qty) FROM holding WHERE instrument_id = ?1", true, b->accounts, b->rounds);
  measure_query(b, "the SELECT run again", view_sql, false, b->accounts * b->instruments, 3);

  error err;
  uint64_t id;
  int64_t start = clock_monotonic_ns();
  run(b, "BEGIN");
  if (!view_set_add(b->set, "value", view_sql, NULL, 0, STRATEGY_AUTO, &id, &err)) die("view", b->db, &err);
  run(b, "COMMIT");
  view_set_committed(b->set);
  report(b, "the view made and filled", clock_monotonic_ns() - start, b->accounts * b->instruments);
  measure(b, "price update", price, true, true, b->accounts, b->rounds);
  measure(b, "one holding", one, true, true, 1, b->rounds * 3);
  measure(b, "batch of holdings", many, false, true, many_rows, 5);
}

int main(int argc, char **argv) {
  bench b = {.accounts = 5000, .instruments = 1000, .rounds = 101};
  const char *path = "/dev/shm/viewserver-bench.db";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--accounts")) b.accounts = atol(argv[i + 1]);
    else if (!strcmp(argv[i], "--instruments")) b.instruments = atol(argv[i + 1]);
    else if (!strcmp(argv[i], "--rounds")) b.rounds = atoi(argv[i + 1]);
    else if (!strcmp(argv[i], "--db")) path = argv[i + 1];
    else {
      fprintf(stderr, "usage: bench_engine [--accounts N] [--instruments N] [--rounds N] [--db FILE]\n");
      return 2;
    }
  }
  unlink(path);
  error err;
  if (sqlite3_open(path, &b.db) != SQLITE_OK) die(path, b.db, NULL);
  fprintf(stderr, "loading %ld holdings …\n", b.accounts * b.instruments);
  load(&b);
  if (!view_functions_register(b.db, &err)) die("functions", b.db, &err);
  view_set_options options = {.schema = "main", .capture = CAPTURE_TRIGGERS};
  b.set = view_set_new(b.db, &options, &err);
  if (!b.set) die("view set", b.db, &err);
  measure_all(&b);
  view_set_free(b.set);
  sqlite3_close(b.db);
  unlink(path);
  char other[300];
  snprintf(other, sizeof other, "%s-wal", path);
  unlink(other);
  snprintf(other, sizeof other, "%s-shm", path);
  unlink(other);
  return 0;
}
