/* The views that the product ships: the catalog takes every file, in every selection of its sets of listed values, on the
** tables of sql/; and what the header promises is there. */
#include "catalog/catalog.h"
#include "catalog/folder.h"
#include "catalog/topic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_PATH = 4096 };

typedef struct fixture {
  sqlite3 *db;
  topic_catalog *topics;
  view_folder *folder;
  view_file *files;
  int count;
} fixture;

static void folder_path(const char *name, char *out) {
  const char *root = getenv("VS_SOURCE_DIR");
  snprintf(out, MAX_PATH, "%s/%s", root ? root : ".", name);
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  char path[MAX_PATH];
  error err = {0};
  assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(f->db, "CREATE TABLE clock(now INTEGER NOT NULL)", NULL, NULL, NULL), SQLITE_OK);
  folder_path("sql", path);
  f->topics = topic_catalog_load(path, &err);
  if (!f->topics) fail_msg("%s", err.text);
  for (int i = 0; i < f->topics->count; i++)
    if (!topic_create(&f->topics->topics[i], f->db, &err)) fail_msg("%s", err.text);
  folder_path("views", path);
  f->folder = view_folder_open(path, &err);
  if (!f->folder || !view_folder_scan(f->folder, &f->files, &f->count, &err)) fail_msg("%s", err.text);
  assert_true(f->count > 0);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  view_files_free(f->files, f->count);
  view_folder_close(f->folder);
  topic_catalog_free(f->topics);
  assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
  free(f);
  return 0;
}

static view_definition *parse(const view_file *file) {
  error err = {0};
  view_definition *d = view_definition_parse(file->name, file->path, file->text, file->bytes, &err);
  if (!d) fail_msg("%s:%d:%d: %s", file->name, err.line, err.column, err.text);
  return d;
}

/* Adds all of them to a catalog; the caller frees it. */
static view_catalog *load(fixture *f) {
  error err = {0};
  view_catalog *catalog = view_catalog_new(NULL, NULL);
  view_edit *edits = calloc((size_t)f->count, sizeof *edits);
  assert_non_null(catalog);
  assert_true(view_catalog_prepare(catalog, f->db, &err));
  for (int i = 0; i < f->count; i++) edits[i] = (view_edit){.name = f->files[i].name, .definition = parse(&f->files[i])};
  assert_int_equal(sqlite3_exec(f->db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
  view_draft *draft = view_catalog_draft(catalog, f->db, edits, f->count, false, &err);
  if (!draft) fail_msg("%s:%d:%d: %s", err.file, err.line, err.column, err.text);
  assert_int_equal(sqlite3_exec(f->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  view_catalog_adopt(catalog, draft);
  for (int i = 0; i < f->count; i++) view_definition_unref(edits[i].definition);
  free(edits);
  return catalog;
}

static void all_are_taken_and_can_be_read(void **state) {
  fixture *f = *state;
  view_catalog *catalog = load(f);
  for (int i = 0; i < f->count; i++) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", f->files[i].name);
    if (sqlite3_exec(f->db, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s: %s", f->files[i].name, sqlite3_errmsg(f->db));
  }
  view_catalog_free(catalog);
}

static void headers_say_what_and_for_whom(void **state) {
  fixture *f = *state;
  for (int i = 0; i < f->count; i++) {
    view_definition *d = parse(&f->files[i]);
    if (!d->title[0] || strlen(d->description) < 20) fail_msg("%s: @title or @description is missing", d->name);
    view_definition_unref(d);
  }
}

static int column_of(sqlite3_stmt *stmt, const char *name) {
  for (int i = 0; i < sqlite3_column_count(stmt); i++)
    if (!strcmp(sqlite3_column_name(stmt, i), name)) return i;
  return -1;
}

static sqlite3_stmt *prepare_selection(fixture *f, view_definition *d, const char *json) {
  error err = {0};
  view_selection chosen = {0};
  expansion text = {0};
  sqlite3_stmt *stmt = NULL;
  if (!view_definition_bind(d, f->db, &err)) fail_msg("%s: %s", d->name, err.text);
  if (!view_selection_parse(d, json, &chosen, &err)) fail_msg("%s %s: %s", d->name, json ? json : "", err.text);
  if (!template_expand(d, &chosen, &text, &err)) fail_msg("%s %s: %s", d->name, json ? json : "", err.text);
  if (sqlite3_prepare_v2(f->db, buffer_text(&text.sql), -1, &stmt, NULL) != SQLITE_OK)
    fail_msg("%s %s: %s\n%s", d->name, json ? json : "", sqlite3_errmsg(f->db), buffer_text(&text.sql));
  expansion_free(&text);
  view_selection_free(&chosen);
  return stmt;
}

/* Each dimension alone, and all of them: the result begins with them, and keys are columns that there are. */
static void every_dimension_and_key_is_a_column(void **state) {
  fixture *f = *state;
  view_catalog *catalog = load(f);
  for (int i = 0; i < f->count; i++) {
    view_definition *d = parse(&f->files[i]);
    for (int k = 0; k < d->dimensions.count; k++) {
      char json[200];
      snprintf(json, sizeof json, "{\"group_by\":[\"%s\"]}", d->dimensions.items[k]);
      sqlite3_stmt *stmt = prepare_selection(f, d, json);
      if (column_of(stmt, d->dimensions.items[k]) < 0) fail_msg("%s: there is no column for the dimension %s", d->name, d->dimensions.items[k]);
      sqlite3_finalize(stmt);
    }
    sqlite3_stmt *stmt = prepare_selection(f, d, NULL);
    for (int k = 0; k < d->key.count; k++)
      if (column_of(stmt, d->key.items[k]) < 0) fail_msg("%s: @key names %s, which is no column", d->name, d->key.items[k]);
    sqlite3_finalize(stmt);
    view_definition_unref(d);
  }
  view_catalog_free(catalog);
}

static void exposures_choose_the_columns(void **state) {
  static const struct {
    const char *json;
    bool sod, current, expected;
  } cases[] = {
    {NULL, true, true, true},
    {"{\"exposures\":[\"sod\"]}", true, false, false},
    {"{\"exposures\":[\"current\",\"expected\"],\"group_by\":[\"sector\"]}", false, true, true},
    {"{\"exposures\":[\"expected\"],\"accounts\":[\"A1\",\"it's\"]}", false, false, true},
  };
  fixture *f = *state;
  view_catalog *catalog = load(f);
  int at = 0;
  while (at < f->count && strcmp(f->files[at].name, "account_overview")) at++;
  assert_true(at < f->count);
  view_definition *d = parse(&f->files[at]);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sqlite3_stmt *stmt = prepare_selection(f, d, cases[i].json);
    assert_int_equal(column_of(stmt, "sod_nav_usd") >= 0, cases[i].sod);
    assert_int_equal(column_of(stmt, "current_nav_usd") >= 0, cases[i].current);
    assert_int_equal(column_of(stmt, "expected_nav_usd") >= 0, cases[i].expected);
    assert_true(column_of(stmt, "last_updated") >= 0 && column_of(stmt, "price_timestamp") >= 0 && column_of(stmt, "quality") >= 0);
    sqlite3_finalize(stmt);
  }
  view_definition_unref(d);
  view_catalog_free(catalog);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(all_are_taken_and_can_be_read, setup, teardown),
    cmocka_unit_test_setup_teardown(headers_say_what_and_for_whom, setup, teardown),
    cmocka_unit_test_setup_teardown(every_dimension_and_key_is_a_column, setup, teardown),
    cmocka_unit_test_setup_teardown(exposures_choose_the_columns, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
