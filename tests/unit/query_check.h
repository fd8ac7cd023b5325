/* What the tests of the parser share: SQLite is the judge. */
#ifndef TESTS_QUERY_CHECK_H
#define TESTS_QUERY_CHECK_H

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

enum { MOST_ROWS = 500, MOST_OPERATIONS = 300000 }; /* of one statement: a recursion may have no end */

static int stop_now(void *ctx) { return 1; }

/* Every row as text with its types, after the column names; the error's text when it fails. */
static void run(sqlite3 *db, const char *sql, buffer *out) {
  buffer_clear(out);
  sqlite3_stmt *stmt;
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 1, NULL); /* SQLite tells columns of one name apart by random numbers */
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
    buffer_printf(out, "error %s", sqlite3_errmsg(db));
    return;
  }
  sqlite3_progress_handler(db, MOST_OPERATIONS, stop_now, NULL);
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
  sqlite3_progress_handler(db, 0, NULL, NULL);
}

typedef enum judgement {
  PREPARED,
  MEANINGLESS, /* it parses but means nothing here */
  REFUSED,     /* by SQLite's parser */
  UNDECIDED,   /* its limits are not ours, or it is no single SELECT */
} judgement;

static judgement judge(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  const char *tail = "";
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);
  sqlite3_finalize(stmt);
  if (rc == SQLITE_OK) return !stmt || tail[strspn(tail, "; \n")] ? UNDECIDED : PREPARED;
  const char *message = sqlite3_errmsg(db);
  static const char *const syntactic[] = {"syntax error",      "incomplete input",  "unrecognized token", "unknown join type",
                                          "unknown or unsupported join type",      "should come after", "clause is required before",
                                            "may not have an ON or USING"};
  for (size_t i = 0; i < sizeof syntactic / sizeof *syntactic; i++)
    if (strstr(message, syntactic[i])) return REFUSED;
  /* said while it still parses, whatever follows */
  static const char *const early[] = {"stack overflow", "too large", "too many", "element has", "unsupported frame", "variable number", "duplicate WITH table",
                                      "all VALUES must have"};
  for (size_t i = 0; i < sizeof early / sizeof *early; i++)
    if (strstr(message, early[i])) return UNDECIDED;
  return MEANINGLESS;
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
    bool comparable = !strstr(buffer_text(&before), "error interrupted") && !strstr(buffer_text(&after), "error interrupted");
    bool same = before.len == after.len && memcmp(buffer_text(&before), buffer_text(&after), before.len) == 0; /* blobs hold NULs */
    if (comparable && !same)
      fail_msg("%s\n  was written as %s\n  and gives\n%s\n  instead of\n%s", sql, buffer_text(&text), buffer_text(&after),
               buffer_text(&before));
  }
  buffer_free(&text);
  buffer_free(&again);
  buffer_free(&before);
  buffer_free(&after);
}

/* Checks one statement; returns SQLite's judgement. */
static judgement check(sqlite3 *db, const char *sql) {
  arena a = {0};
  error err;
  judgement verdict = judge(db, sql);
  select_stmt *tree = query_parse(&a, sql, strlen(sql), &err);
  char message[1200];
  bool too_strict = verdict == PREPARED || (verdict == MEANINGLESS && !strstr(err.text, "of VALUES has")); /* told later */
  if (!tree && too_strict) fail_msg("SQLite takes it, we do not: %s\n  %s", sql, error_format(&err, message, sizeof message));
  if (tree && verdict == REFUSED) fail_msg("we take it, SQLite does not: %s\n  %s", sql, sqlite3_errmsg(db));
  if (!tree) {
    assert_true(err.line > 0 && err.column > 0);
    assert_true(err.text[0] != '\0');
  }
  if (tree) check_round_trip(db, sql, tree, &a, verdict == PREPARED);
  arena_free(&a);
  return verdict;
}

#endif
