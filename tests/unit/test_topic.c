/* catalog/topic.h: what a folder of DDL declares, and what is refused. */
#include "catalog/topic.h"
#include "support/topic_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DDL_PRICE                                                                                            \
  "-- @topic base.price\n-- @key {instrumentId}#{date}\n-- @time timestamp\n-- @title Prices\n\n"             \
  "-- a comment\nCREATE TABLE price (instrument_id INTEGER NOT NULL, date TEXT NOT NULL, price REAL NOT NULL CHECK (price > 0),\n" \
  "  lot REAL NOT NULL DEFAULT 100, note TEXT, timestamp INTEGER NOT NULL, PRIMARY KEY (instrument_id, date)) STRICT, WITHOUT ROWID;\n"

/* A catalog of one file. */
static topic_catalog *load_one(const char *text, error *err) {
  topic_folder f;
  topic_folder_make(&f);
  topic_folder_write(&f, "one.sql", text);
  topic_catalog *catalog = topic_catalog_load(f.path, err);
  topic_folder_remove(&f);
  return catalog;
}

static topic_catalog *load_good(const char *text) {
  error err = {0};
  topic_catalog *catalog = load_one(text, &err);
  if (!catalog) fail_msg("%s:%d: %s", err.file, err.line, err.text);
  return catalog;
}

static void test_columns(void **state) {
  topic_catalog *catalog = load_good(DDL_PRICE);
  const topic *t = &catalog->topics[0];
  assert_int_equal(catalog->count, 1);
  assert_string_equal(t->name, "base.price");
  assert_string_equal(t->table, "price");
  assert_string_equal(t->title, "Prices");
  assert_int_equal(t->columns, 6);
  assert_string_equal(t->column[0].name, "instrument_id");
  assert_string_equal(t->column[0].field, "instrumentId");
  assert_int_equal(t->column[0].type, VALUE_INTEGER);
  assert_true(t->column[0].key && t->column[0].required && !t->column[0].nullable);
  assert_true(t->column[2].required && !t->column[2].key);
  assert_false(t->column[3].required);
  assert_int_equal(t->column[3].fallback.type, VALUE_REAL);
  assert_true(t->column[3].fallback.r == 100.0);
  assert_true(t->column[4].nullable);
  assert_int_equal(t->column[4].fallback.type, VALUE_NULL);
  assert_int_equal(t->column[5].form, FORM_TIME);
  assert_int_equal(t->keys, 2);
  assert_int_equal(t->key[0], 0);
  assert_int_equal(t->key[1], 1);
  assert_int_equal(t->key_parts, 3);
  assert_string_equal(t->key_part[1].literal, "#");
  assert_int_equal(topic_field(t, "timestamp", 9), 5);
  assert_int_equal(topic_field(t, "timestam", 8), -1);
  topic_catalog_free(catalog);
}

static void test_append_with_retention(void **state) {
  topic_catalog *catalog = load_good("-- @topic ticks\n-- @append\n-- @retain 2 hours by at\n-- @time at\n"
                                     "CREATE TABLE tick (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, at INTEGER NOT NULL) STRICT;\n"
                                     "CREATE INDEX tick_at ON tick (at);\n");
  const topic *t = &catalog->topics[0];
  assert_true(t->append);
  assert_int_equal(t->columns, 2);
  assert_string_equal(t->column[0].field, "symbol");
  assert_int_equal(t->keys, 0);
  assert_int_equal(t->retain_ms, 2 * 3600 * 1000);
  assert_int_equal(t->retain_column, 1);
  topic_catalog_free(catalog);
}

static void test_refusals(void **state) {
  static const struct {
    const char *text, *says;
    int line;
  } cases[] = {
    {"CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;", "does not say which topic", 1},
    {"-- @topic a\n-- @nonsense 3\n", "no header line '@nonsense'", 2},
    {"-- @topic a\n-- @topic b\n", "twice", 2},
    {"-- @topic a\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;\n-- @key {x}\n", "after the SQL began", 3},
    {"-- @topic a\n-- @key {x}\n\nCREATE TABLE a (x INTEGER PRIMARY KEY);\n", "not STRICT", 4},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY,\n y TEXTT) STRICT;\n", "unknown datatype", 3},
    {"-- @topic a\n-- @key {x}\n\nCREATE TABLE a (\n  x INTEGER PRIMARY KEY,\n  y TEXT CHECK (nosuch(y))) STRICT;\n", "no such function", 6},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;\nINSERT INTO a VALUES (1);", "only CREATE TABLE", 4},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;\nATTACH 'x' AS y;", "only CREATE TABLE", 4},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;\nCREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;",
     "only CREATE TABLE", 4},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;\nCREATE TABLE b (x INTEGER PRIMARY KEY) STRICT;", "2 tables", 3},
    {"-- @topic a\n-- @key {x}\n-- nothing", "0 tables", 1},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE vs_a (x INTEGER PRIMARY KEY) STRICT;", "may not be named vs_a", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE clock (x INTEGER PRIMARY KEY) STRICT;", "may not be named clock", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER REFERENCES b(x)) STRICT;", "foreign key", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER UNIQUE) STRICT;", "UNIQUE", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y BLOB) STRICT;", "type BLOB", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y_z INTEGER, yZ INTEGER) STRICT;", "called yZ", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT DEFAULT CURRENT_TIMESTAMP) STRICT;", "not a constant", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y INTEGER DEFAULT (random())) STRICT;", "not a constant", 3},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER) STRICT;", "no primary key", 3},
    {"-- @topic a\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;", "keys are made", 1},
    {"-- @topic a\n-- @key {y}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT) STRICT;", "not part of the primary key", 2},
    {"-- @topic a\n-- @key {z}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT) STRICT;", "no field", 2},
    {"-- @topic a\n-- @key {x}{y}\nCREATE TABLE a (x INTEGER, y TEXT, PRIMARY KEY (x, y)) STRICT;", "without a text between", 2},
    {"-- @topic a\n-- @key {x}#{x}\nCREATE TABLE a (x INTEGER, y TEXT, PRIMARY KEY (x, y)) STRICT;", "twice", 2},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER, y TEXT, PRIMARY KEY (x, y)) STRICT;", "1 fields and the primary key 2", 2},
    {"-- @topic a\n-- @key {x}\nCREATE TABLE a (x REAL PRIMARY KEY) STRICT;", "REAL", 2},
    {"-- @topic a\n-- @key {x\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;", "without }", 2},
    {"-- @topic a\n-- @append\nCREATE TABLE a (x TEXT PRIMARY KEY) STRICT;", "append table a has a primary key", 3},
    {"-- @topic a\n-- @append\n-- @time x\n-- @retain 1 hour by x\nCREATE TABLE a (x INTEGER NOT NULL) STRICT;", "needs an index", 4},
    {"-- @topic a\n-- @append\n-- @retain 1 hour by x\nCREATE TABLE a (x INTEGER NOT NULL) STRICT;", "marked @time", 3},
    {"-- @topic a\n-- @append\n-- @retain soon\n", "number of units", 3},
    {"-- @topic a\n-- @append\n-- @retain 1 fortnight by x\n", "unit that is not known", 3},
    {"-- @topic a\n-- @key {x}\n-- @time y\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT) STRICT;", "cannot have its column y so marked", 3},
    {"-- @topic a\n-- @key {x}\n-- @json z\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT) STRICT;", "no column z", 3},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    error err = {0};
    topic_catalog *catalog = load_one(cases[i].text, &err);
    if (catalog || !strstr(err.text, cases[i].says) || err.line != cases[i].line || strcmp(err.file, "one.sql"))
      fail_msg("case %zu: expected one.sql:%d '%s', got %s:%d '%s'", i, cases[i].line, cases[i].says, err.file, err.line, err.text);
  }
}

static void test_folder(void **state) {
  error err = {0};
  assert_null(topic_catalog_load("/nowhere/at/all", &err));
  assert_int_equal(err.code, ERR_NOT_FOUND);
  topic_folder f;
  topic_folder_make(&f);
  assert_null(topic_catalog_load(f.path, &err));
  assert_int_equal(err.code, ERR_NOT_FOUND);
  topic_folder_write(&f, "b.sql", DDL_PRICE);
  topic_folder_write(&f, "a.sql", "-- @topic base.a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;");
  topic_folder_write(&f, "readme.txt", "not SQL");
  topic_catalog *catalog = topic_catalog_load(f.path, &err);
  assert_non_null(catalog);
  assert_int_equal(topic_by_name(catalog, "base.a"), 0);
  assert_int_equal(topic_by_table(catalog, "PRICE"), 1);
  assert_int_equal(topic_by_table(catalog, "nix"), -1);
  topic_catalog_free(catalog);

  topic_folder_write(&f, "c.sql", DDL_PRICE);
  assert_null(topic_catalog_load(f.path, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_string_equal(err.file, "c.sql");
  topic_folder_write(&f, "c.sql", "");
  char large[200];
  snprintf(large, sizeof large, "%s/c.sql", f.path);
  assert_int_equal(truncate(large, TOPIC_FILE_MAX_BYTES + 1), 0);
  assert_null(topic_catalog_load(f.path, &err));
  assert_int_equal(err.code, ERR_LIMIT);
  topic_folder_remove(&f);
}

static value integer(int64_t i) { return (value){.type = VALUE_INTEGER, .i = i}; }
static value text(const char *s) { return (value){.type = VALUE_TEXT, .bytes = (uint32_t)strlen(s), .text = s}; }

static void test_keys(void **state) {
  topic_catalog *catalog = load_good("-- @topic h\n-- @key {day}#{id}#{name}\n"
                                     "CREATE TABLE h (id INTEGER, day TEXT, name TEXT, q REAL, PRIMARY KEY (id, day, name)) STRICT, WITHOUT ROWID;");
  const topic *t = &catalog->topics[0];
  buffer key = {0};
  value fields[4] = {integer(-17), text("2024-05-06"), text("A#1"), {0}};
  assert_true(topic_key_render(t, fields, &key));
  assert_string_equal(buffer_text(&key), "2024-05-06#-17#A#1");

  value back[4] = {0};
  error err = {0};
  assert_true(topic_key_parse(t, key.data, key.len, back, &err));
  for (int i = 0; i < 3; i++) assert_true(value_same(fields[i], back[i]));
  assert_int_equal(back[3].type, VALUE_NULL);

  fields[1] = text("a#b"); /* holds its own separator: could not be read back */
  buffer_clear(&key);
  assert_false(topic_key_render(t, fields, &key));
  static const char *const bad[] = {"", "2024", "2024#", "2024#x#a", "2024##a", "2024#07#a", "2024#+7#a", "2024#-0#a", "2024# 7#a",
                                    "2024#9223372036854775808#a", "2024#99999999999999999999999999#a"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    err.text[0] = '\0';
    assert_false(topic_key_parse(t, bad[i], strlen(bad[i]), back, &err));
    assert_true(err.text[0]);
  }
  assert_true(topic_key_parse(t, "2024#-9223372036854775808#", 26, back, &err));
  assert_true(back[0].i == INT64_MIN && back[2].bytes == 0);
  buffer_free(&key);
  topic_catalog_free(catalog);
}

static void test_hash(void **state) {
  topic_catalog *a = load_good("-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT DEFAULT 'p  q') STRICT;");
  topic_catalog *words = load_good("-- @topic a\n-- @key {x}\n-- @title A\n-- words\nCREATE TABLE   a (x INTEGER PRIMARY KEY, -- key\n"
                                   " y /* why */ TEXT DEFAULT 'p  q') STRICT;\n");
  topic_catalog *quoted = load_good("-- @topic a\n-- @key {x}\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT DEFAULT 'p q') STRICT;");
  topic_catalog *timed = load_good("-- @topic a\n-- @key {x}\n-- @time x\nCREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT DEFAULT 'p  q') STRICT;");
  assert_true(a->topics[0].ddl_hash == words->topics[0].ddl_hash);
  assert_true(a->topics[0].ddl_hash != quoted->topics[0].ddl_hash);
  assert_true(a->topics[0].ddl_hash != timed->topics[0].ddl_hash);
  topic_catalog_free(a);
  topic_catalog_free(words);
  topic_catalog_free(quoted);
  topic_catalog_free(timed);
}

/* The topics that the product ships: all load, and their tables and indexes can stand in one database. */
static void test_shipped(void **state) {
  char path[500];
  const char *root = getenv("VS_SOURCE_DIR");
  snprintf(path, sizeof path, "%s/sql", root ? root : ".");
  error err = {0};
  topic_catalog *catalog = topic_catalog_load(path, &err);
  if (!catalog) fail_msg("%s:%d: %s", err.file, err.line, err.text);
  assert_int_equal(catalog->count, 10);
  sqlite3 *db;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  for (int i = 0; i < catalog->count; i++)
    if (!topic_create(&catalog->topics[i], db, &err)) fail_msg("%s", err.text);
  const topic *ticks = &catalog->topics[topic_by_name(catalog, "stock_ticks")];
  assert_true(ticks->append && ticks->retain_ms > 0);
  const topic *holdings = &catalog->topics[topic_by_name(catalog, "base.sod-holding")];
  assert_string_equal(holdings->table, "sod_holding");
  assert_string_equal(holdings->column[holdings->key[0]].field, "instrumentId");
  assert_true(topic_drop(holdings, db, &err));
  assert_true(topic_create(holdings, db, &err));
  assert_false(topic_create(holdings, db, &err));
  sqlite3_close(db);
  topic_catalog_free(catalog);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_columns), cmocka_unit_test(test_append_with_retention), cmocka_unit_test(test_refusals), cmocka_unit_test(test_folder),
    cmocka_unit_test(test_keys),    cmocka_unit_test(test_hash),                  cmocka_unit_test(test_shipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
