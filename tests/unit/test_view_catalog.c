/* The set of views on a database: order, circles, replacement, what depends on what; and the folder they come from. */
#include "catalog/catalog.h"
#include "catalog/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
  sqlite3 *db;
  view_catalog *catalog;
} fixture;

static void run(sqlite3 *db, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", sql, message);
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
  run(f->db, "CREATE TABLE account(account_id TEXT PRIMARY KEY, n INTEGER, r REAL); INSERT INTO account VALUES('A', 1, 0.5), ('B', 2, 1.5)");
  f->catalog = view_catalog_new(NULL, NULL);
  error err = {0};
  assert_true(view_catalog_prepare(f->catalog, f->db, &err));
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  view_catalog_free(f->catalog);
  assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
  free(f);
  return 0;
}

typedef struct text_of {
  const char *name, *text; /* NULL text: delete */
} text_of;

/* Does the edits in a transaction; *edits_out (may be NULL) gets them, problems included. */
static bool change(fixture *f, const text_of *views, int count, bool lenient, view_edit *edits, error *err) {
  error_clear(err);
  for (int i = 0; i < count; i++) {
    char file[100];
    snprintf(file, sizeof file, "%s.sql", views[i].name);
    edits[i] = (view_edit){.name = views[i].name};
    if (views[i].text) edits[i].definition = view_definition_parse(views[i].name, file, views[i].text, strlen(views[i].text), err);
    if (views[i].text && !edits[i].definition) fail_msg("%s", err->text);
  }
  run(f->db, "BEGIN");
  view_draft *draft = view_catalog_draft(f->catalog, f->db, edits, count, lenient, err);
  run(f->db, draft ? "COMMIT" : "ROLLBACK");
  for (int i = 0; i < count; i++) view_definition_unref(edits[i].definition);
  if (!draft) return false;
  view_catalog_adopt(f->catalog, draft);
  return true;
}

static void must_change(fixture *f, const text_of *views, int count) {
  view_edit edits[10];
  error err;
  if (!change(f, views, count, false, edits, &err)) fail_msg("%s:%d:%d %s", err.file, err.line, err.column, err.text);
}

static void must_refuse(fixture *f, const text_of *views, int count, const char *where, const char *words) {
  view_edit edits[10];
  error err;
  assert_false(change(f, views, count, false, edits, &err));
  char said[1500];
  error_format(&err, said, sizeof said);
  if (strncmp(said, where, strlen(where)) || !strstr(said, words)) fail_msg("expected '%s … %s' in: %s", where, words, said);
}

static int64_t number(fixture *f, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(f->db, sql, -1, &stmt, NULL) != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(f->db));
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int64_t n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

/* Named so that the order of names is not the order of dependence. */
static const text_of chain[] = {
  {"a_top", "SELECT x * 2 AS x FROM b_middle"},
  {"b_middle", "-- @param accounts set of account.account_id = all\nSELECT sum(x) AS x FROM c_base WHERE account_id IN (:accounts)"},
  {"c_base", "SELECT account_id, n * 10 AS x FROM account"},
};

static void views_read_views_whatever_their_order(void **state) {
  fixture *f = *state;
  must_change(f, chain, COUNT(chain));
  assert_int_equal(number(f, "SELECT x FROM a_top"), 60);
  assert_int_equal(number(f, "SELECT count(*) FROM vs_view WHERE definition LIKE '%@param accounts%'"), 1);
  error err = {0};
  catalog_view *v = view_catalog_find(f->catalog, "b_middle", &err);
  assert_int_equal(v->columns, 1);
  assert_string_equal(v->column[0].name, "x");
  assert_string_equal(v->selection, "{\"accounts\":\"all\"}");
  catalog_view_unref(v);
  assert_null(view_catalog_find(f->catalog, "d", &err));
  assert_non_null(strstr(err.hint, "a_top, b_middle, c_base"));
}

static void a_change_reaches_those_that_read_it(void **state) {
  fixture *f = *state;
  must_change(f, chain, COUNT(chain));
  const text_of base = {"c_base", "SELECT account_id, n AS x FROM account"};
  error err = {0};
  view_edit edit = {.name = base.name, .definition = view_definition_parse(base.name, "", base.text, strlen(base.text), &err)};
  run(f->db, "BEGIN");
  view_draft *draft = view_catalog_draft(f->catalog, f->db, &edit, 1, false, &err);
  assert_non_null(draft);
  assert_true(view_draft_affects(draft, "a_top"));
  assert_true(view_draft_affects(draft, "c_base"));
  run(f->db, "COMMIT");
  view_catalog_adopt(f->catalog, draft);
  view_definition_unref(edit.definition);
  assert_int_equal(number(f, "SELECT x FROM a_top"), 6);
}

static void a_wrong_change_changes_nothing(void **state) {
  fixture *f = *state;
  must_change(f, chain, COUNT(chain));
  const text_of wrong[] = {{"c_base", "-- @title x\nSELECT account_id,\n       nn AS x FROM account"}};
  must_refuse(f, wrong, 1, "c_base.sql:3:8", "no such column: nn");
  const text_of syntax[] = {{"c_base", "SELECT account_id FROM account\n WHERE WHERE n"}};
  must_refuse(f, syntax, 1, "c_base.sql:2:", "WHERE");
  const text_of narrower[] = {{"c_base", "SELECT account_id FROM account"}};
  must_refuse(f, narrower, 1, "b_middle.sql:2:", "no such column: x");
  const text_of gone[] = {{"c_base", NULL}};
  must_refuse(f, gone, 1, "b_middle.sql:2:", "no such table");
  assert_int_equal(number(f, "SELECT x FROM a_top"), 60);
}

static void circles_are_named(void **state) {
  fixture *f = *state;
  const text_of circle[] = {{"p", "SELECT * FROM q"}, {"q", "SELECT * FROM r"}, {"r", "SELECT * FROM p"}, {"s", "SELECT * FROM p"}};
  view_edit edits[4];
  error err;
  assert_true(change(f, circle, 4, true, edits, &err));
  assert_non_null(strstr(edits[0].problem.text, "in a circle: p → q → r → p"));
  assert_non_null(strstr(edits[3].problem.text, "reads view p, which is wrong itself"));
  const text_of self[] = {{"me", "SELECT * FROM me"}};
  must_refuse(f, self, 1, "me.sql:1:", "in a circle: me → me");
  must_change(f, chain, COUNT(chain));
  const text_of closing[] = {{"c_base", "SELECT 'A' AS account_id, x FROM a_top"}};
  must_refuse(f, closing, 1, "", "in a circle");
}

static void a_wrong_view_does_not_stop_the_others_at_the_start(void **state) {
  fixture *f = *state;
  const text_of views[] = {{"good", "SELECT n FROM account"}, {"on_bad", "SELECT n FROM bad"}, {"bad", "SELECT nn FROM account"}};
  view_edit edits[3];
  error err;
  assert_true(change(f, views, 3, true, edits, &err));
  assert_int_equal(edits[0].problem.code, ERR_NONE);
  assert_non_null(strstr(edits[1].problem.text, "reads view bad"));
  assert_non_null(strstr(edits[2].problem.text, "no such column: nn"));
  assert_int_equal(number(f, "SELECT count(*) FROM good"), 2);
  assert_int_equal(number(f, "SELECT count(*) FROM sqlite_schema WHERE type = 'view'"), 1);
}

static void what_a_view_must_have(void **state) {
  fixture *f = *state;
  const text_of twice[] = {{"v", "SELECT n, n FROM account"}};
  must_refuse(f, twice, 1, "v.sql:1:1", "both called 'n'");
  const text_of key[] = {{"v", "-- @key m\nSELECT n FROM account"}};
  must_refuse(f, key, 1, "v.sql:1:1", "no column of the view");
  const text_of set[] = {{"v", "-- @title x\n-- @param s set of account.nope = all\nSELECT n FROM account WHERE n IN (:s)"}};
  must_refuse(f, set, 1, "v.sql:2:", "account.nope");
  const text_of dimension[] = {{"v", "-- @group_by n, nope = n\nSELECT {{group_by}} FROM account GROUP BY {{group_by}}"}};
  must_refuse(f, dimension, 1, "v.sql:2:8", "nope");
}

static void set_members_have_the_type_of_the_column(void **state) {
  fixture *f = *state;
  const text_of v[] = {{"v", "-- @param s set of account.n = all\nSELECT n FROM account WHERE n IN (:s)"}};
  must_change(f, v, 1);
  error err = {0};
  catalog_view *view = view_catalog_find(f->catalog, "v", &err);
  view_selection s;
  assert_true(view_selection_parse(view->definition, "{\"s\":[\"2\",1]}", &s, &err));
  assert_string_equal(s.json, "{\"s\":[1,2]}");
  view_selection_free(&s);
  assert_false(view_selection_parse(view->definition, "{\"s\":[\"x\"]}", &s, &err));
  catalog_view_unref(view);
}

static void only_views_that_nobody_reads_show_rows(void **state) {
  fixture *f = *state;
  must_change(f, chain, COUNT(chain));
  run(f->db, "CREATE TABLE vs_r1(vs_id INTEGER PRIMARY KEY, x); INSERT INTO vs_r1 VALUES(1, -1)");
  bool shown = false;
  error err = {0};
  assert_true(view_catalog_show_rows(f->catalog, f->db, "b_middle", "SELECT x FROM vs_r1", &shown, &err));
  assert_false(shown);
  assert_true(view_catalog_show_rows(f->catalog, f->db, "a_top", "SELECT x FROM vs_r1", &shown, &err));
  assert_true(shown);
  assert_int_equal(number(f, "SELECT x FROM a_top"), -1);
  const text_of reader[] = {{"z_reader", "SELECT x FROM a_top"}}; /* from now on somebody reads it: the definition again */
  must_change(f, reader, 1);
  assert_int_equal(number(f, "SELECT x FROM z_reader"), 60);
  assert_true(view_catalog_show_rows(f->catalog, f->db, "z_reader", "SELECT x FROM vs_r1", &shown, &err));
  assert_true(view_catalog_show_rows(f->catalog, f->db, "z_reader", NULL, &shown, &err));
  assert_int_equal(number(f, "SELECT x FROM z_reader"), 60);
}

static void what_an_earlier_process_left_is_cleared(void **state) {
  fixture *f = *state;
  must_change(f, chain, COUNT(chain));
  error err = {0};
  view_catalog *next = view_catalog_new(NULL, NULL);
  assert_true(view_catalog_prepare(next, f->db, &err));
  assert_int_equal(number(f, "SELECT count(*) FROM sqlite_schema WHERE type = 'view'"), 0);
  assert_int_equal(number(f, "SELECT count(*) FROM vs_view"), 0);
  view_catalog_free(next);
}

/* --- the folder --- */

static void the_folder_tells_what_changed(void **state) {
  char path[] = "/tmp/viewserver-test-XXXXXX";
  assert_non_null(mkdtemp(path));
  error err = {0};
  view_folder *folder = view_folder_open(path, &err);
  assert_true(view_folder_write(folder, "one", "SELECT 1", &err));
  assert_true(view_folder_write(folder, "two", "SELECT 2", &err));
  view_file *files = NULL;
  int count = 0;
  assert_true(view_folder_scan(folder, &files, &count, &err));
  assert_int_equal(count, 2);
  assert_string_equal(files[1].name, "two");
  assert_string_equal(files[1].text, "SELECT 2");
  view_files_free(files, count);
  assert_true(view_folder_scan(folder, &files, &count, &err));
  assert_int_equal(count, 0);
  assert_true(view_folder_write(folder, "one", "SELECT 9", &err)); /* the same size: told by time or inode */
  assert_true(view_folder_remove(folder, "two", &err));
  assert_true(view_folder_scan(folder, &files, &count, &err));
  assert_int_equal(count, 2);
  assert_string_equal(files[0].text, "SELECT 9");
  assert_null(files[1].text);
  assert_int_equal(files[1].problem.code, ERR_NONE);
  view_files_free(files, count);
  assert_true(view_folder_remove(folder, "one", &err));
  view_folder_close(folder);
  rmdir(path);
  assert_null(view_folder_open(path, &err));
  assert_int_equal(err.code, ERR_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(views_read_views_whatever_their_order, setup, teardown),
    cmocka_unit_test_setup_teardown(a_change_reaches_those_that_read_it, setup, teardown),
    cmocka_unit_test_setup_teardown(a_wrong_change_changes_nothing, setup, teardown),
    cmocka_unit_test_setup_teardown(circles_are_named, setup, teardown),
    cmocka_unit_test_setup_teardown(a_wrong_view_does_not_stop_the_others_at_the_start, setup, teardown),
    cmocka_unit_test_setup_teardown(what_a_view_must_have, setup, teardown),
    cmocka_unit_test_setup_teardown(set_members_have_the_type_of_the_column, setup, teardown),
    cmocka_unit_test_setup_teardown(only_views_that_nobody_reads_show_rows, setup, teardown),
    cmocka_unit_test_setup_teardown(what_an_earlier_process_left_is_cleared, setup, teardown),
    cmocka_unit_test(the_folder_tells_what_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
