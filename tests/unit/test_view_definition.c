/* View files, selections and templates: what is taken, what is refused and where, and that no value becomes SQL. */
#include "catalog/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char overview[] =
  "-- @title Account overview\n"
  "-- @description What each account is worth.\n"
  "-- @description Today.\n"
  "-- free words\n"
  "-- @param accounts set of account.account_id = all\n"
  "-- @param exposures set of ('sod', 'current', 'expected') = all\n"
  "-- @param floor real = 0\n"
  "-- @param note text = 'it''s'\n"
  "-- @group_by account_name, sector,\n"
  "--           currency = sector\n"
  "-- @key sector\n"
  "-- @topic aggregation.overview\n"
  "\n"
  "SELECT {{group_by}}, -- {{group_by}} in a comment stays\n"
  "       {{if exposures.sod}}sum(sod) AS sod,{{else}}0 AS no_sod,{{end}}\n"
  "       ':note {{group_by}}' AS text, :note AS note\n"
  "  FROM exposure e\n"
  " WHERE e.account_id IN (:accounts) AND sod > :floor\n"
  " GROUP BY {{group_by}};\n";

static view_definition *parse_as(const char *name, const char *text, error *err) {
  error_clear(err);
  return view_definition_parse(name, "views/v.sql", text, strlen(text), err);
}

static view_definition *must_parse(const char *text) {
  error err = {0};
  view_definition *d = parse_as("v", text, &err);
  if (!d) fail_msg("%d:%d %s", err.line, err.column, err.text);
  return d;
}

/* The text is refused at line:column, with words in the sentence or the hint. */
static void refused(const char *text, int line, int column, const char *words) {
  error err = {0};
  view_definition *d = parse_as("v", text, &err);
  if (d) fail_msg("taken: %s", text);
  char said[1500];
  error_format(&err, said, sizeof said);
  if (!strstr(said, words)) fail_msg("expected '%s' in: %s", words, said);
  assert_int_equal(err.line, line);
  if (column) assert_int_equal(err.column, column);
  assert_string_equal(err.file, "views/v.sql");
}

static char *expand(const char *text, const char *params) {
  view_definition *d = must_parse(text);
  view_selection s;
  expansion e = {0};
  error err = {0};
  if (!view_selection_parse(d, params, &s, &err)) fail_msg("%s (%s)", err.text, err.hint);
  if (!template_expand(d, &s, &e, &err)) fail_msg("%s", err.text);
  char *sql = buffer_take(&e.sql);
  expansion_free(&e);
  view_selection_free(&s);
  view_definition_unref(d);
  return sql;
}

static void expands(const char *text, const char *params, const char *expected) {
  char *sql = expand(text, params);
  assert_string_equal(sql, expected);
  free(sql);
}

static void expand_refused(const char *text, const char *params, int line, const char *words) {
  view_definition *d = must_parse(text);
  view_selection s;
  expansion e = {0};
  error err = {0};
  bool done = view_selection_parse(d, params, &s, &err);
  if (done) {
    done = template_expand(d, &s, &e, &err);
    view_selection_free(&s);
  }
  if (done) fail_msg("taken: %s", text);
  char said[1500];
  error_format(&err, said, sizeof said);
  if (!strstr(said, words)) fail_msg("expected '%s' in: %s", words, said);
  if (line) assert_int_equal(err.line, line);
  expansion_free(&e);
  view_definition_unref(d);
}

static char *canonical(const view_definition *d, const char *params) {
  view_selection s;
  error err = {0};
  if (!view_selection_parse(d, params, &s, &err)) fail_msg("%s: %s (%s)", params, err.text, err.hint);
  char *json = strdup(s.json);
  view_selection_free(&s);
  return json;
}

static void same_selection(const view_definition *d, const char *a, const char *b) {
  char *l = canonical(d, a), *r = canonical(d, b);
  assert_string_equal(l, r);
  free(l);
  free(r);
}

/* --- headers --- */

static void header_is_read(void **state) {
  view_definition *d = must_parse(overview);
  assert_string_equal(d->title, "Account overview");
  assert_string_equal(d->description, "What each account is worth. Today.");
  assert_string_equal(d->topic, "aggregation.overview");
  assert_int_equal(d->params, 4);
  assert_int_equal(d->param[0].kind, PARAM_SET_OF_COLUMN);
  assert_string_equal(d->param[0].table, "account");
  assert_int_equal(d->param[1].values.count, 3);
  assert_int_equal(d->param[2].type, VALUE_REAL);
  assert_int_equal(d->param[3].defaults.items[0].bytes, 4);
  assert_int_equal(d->dimensions.count, 3);
  assert_string_equal(d->dimensions.items[2], "currency");
  assert_int_equal(d->default_group_by.count, 1);
  assert_int_equal(d->key.count, 1);
  assert_false(d->eager);
  assert_int_equal(d->body_at.line, 14);
  assert_true(view_definition_mentions(d, "exposure"));
  assert_false(view_definition_mentions(d, "account_name"));
  view_definition_unref(d);
}

static void wrong_headers_are_refused_with_their_place(void **state) {
  refused("-- @rate 5\nSELECT 1", 1, 4, "@title, @description, @param");
  refused("-- @title x\n--  @param a set off t.c\nSELECT 1", 2, 18, "expected 'of'");
  refused("-- @param a set of t = all\nSELECT 1", 1, 22, "'.'");
  refused("-- @param a set of ('x') = 'y'\nSELECT 1", 1, 0, "in the list of values");
  refused("-- @param a integer = 1.5\nSELECT 1", 1, 0, "parameter's type");
  refused("-- @param a integer\n-- @param a text\nSELECT 1", 2, 0, "not taken");
  refused("-- @group_by a, b = c\nSELECT 1", 1, 0, "among the dimensions");
  refused("-- @group_by a\n-- @group_by b\nSELECT 1", 2, 0, "one @group_by");
  refused("-- @title\nSELECT 1", 1, 0, "words after it");
  refused("-- @eager please\nSELECT 1", 1, 11, "nothing");
  refused("-- @title x\n\n", 3, 1, "no SELECT");
  refused("-- @title x\nDELETE FROM t", 2, 1, "expected SELECT");
  refused("SELECT 1; DROP TABLE t", 1, 11, "one SELECT");
}

static void unfit_names_and_sizes_are_refused(void **state) {
  error err = {0};
  const char *const names[] = {"", "vs_view", "sqlite_x", "Upper", "a-b", "a\"b", "1a", "a b", "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcde"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) assert_null(parse_as(names[i], "SELECT 1", &err));
  char *large = malloc(MAX_VIEW_BYTES + 2);
  memset(large, ' ', MAX_VIEW_BYTES + 1);
  large[MAX_VIEW_BYTES + 1] = '\0';
  assert_null(view_definition_parse("v", "", large, MAX_VIEW_BYTES + 1, &err));
  assert_int_equal(err.code, ERR_LIMIT);
  free(large);
  assert_null(view_definition_parse("v", "", "SELECT 1\0x", 10, &err));
}

/* --- selections --- */

static void equal_selections_have_one_form(void **state) {
  view_definition *d = must_parse(overview);
  char *json = canonical(d, NULL);
  assert_string_equal(json, "{\"accounts\":\"all\",\"exposures\":\"all\",\"floor\":0.0,\"note\":\"it's\",\"group_by\":[\"sector\"]}");
  same_selection(d, json, "{}");
  free(json);
  same_selection(d, "{\"accounts\":[\"B\",\"A\",\"B\"]}", "{\"accounts\":\"A,B\"}");
  same_selection(d, "{\"exposures\":[\"expected\",\"SOD\",\"Current\"]}", "{\"exposures\":\"all\"}");
  same_selection(d, "{\"groupBy\":[\"accountName\",\"sector\",\"account_name\"]}", "{\"group_by\":\"account_name,sector\"}");
  same_selection(d, "{\"floor\":\"2\"}", "{\"floor\":2.0}");
  json = canonical(d, "{\"accounts\":[],\"group_by\":[],\"exposures\":[\"current\"]}");
  assert_string_equal(json, "{\"accounts\":[],\"exposures\":[\"current\"],\"floor\":0.0,\"note\":\"it's\",\"group_by\":[]}");
  free(json);
  char *one = canonical(d, "{\"group_by\":[\"sector\",\"currency\"]}"), *other = canonical(d, "{\"group_by\":[\"currency\",\"sector\"]}");
  assert_string_not_equal(one, other); /* the client's order is the order of the columns */
  free(one);
  free(other);
  view_definition_unref(d);
}

static void wrong_selections_name_what_is_allowed(void **state) {
  static const struct {
    const char *params, *words;
  } cases[] = {
    {"{\"account\":1}", "accounts, exposures, floor, note, group_by"},
    {"{\"exposures\":[\"tomorrow\"]}", "\"sod\", \"current\", \"expected\""},
    {"{\"group_by\":[\"venue\"]}", "account_name, sector, currency"},
    {"{\"group_by\":7}", "array of dimensions"},
    {"{\"floor\":\"much\"}", "expected a number"},
    {"{\"floor\":[1]}", "expected a number"},
    {"{\"note\":true}", "expected a text"},
    {"{\"accounts\":{\"a\":1}}", "a set is an array"},
    {"{\"accounts\":[null]}", "expected a text"},
    {"{\"groupBy\":[],\"group_by\":[]}", "given twice"},
    {"{\"floor\":1,\"floor\":2}", "duplicate"},
    {"[1]", "one JSON object"},
    {"{", "no JSON"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) expand_refused(overview, cases[i].params, 0, cases[i].words);
}

static void selections_are_bounded(void **state) {
  view_definition *d = must_parse(overview);
  buffer json = {0};
  buffer_puts(&json, "{\"accounts\":[");
  for (int i = 0; i <= MAX_SET_VALUES; i++) buffer_printf(&json, "%s\"a%d\"", i ? "," : "", i);
  buffer_puts(&json, "]}");
  view_selection s;
  error err = {0};
  assert_false(view_selection_parse(d, buffer_text(&json), &s, &err));
  assert_int_equal(err.code, ERR_LIMIT);
  buffer_clear(&json);
  buffer_puts(&json, "{\"note\":\"");
  for (int i = 0; i <= MAX_VALUE_BYTES; i++) buffer_putc(&json, 'x');
  buffer_puts(&json, "\"}");
  assert_false(view_selection_parse(d, buffer_text(&json), &s, &err));
  assert_int_equal(err.code, ERR_LIMIT);
  buffer_free(&json);
  view_definition_unref(d);
}

static void required_parameters_are_asked_for(void **state) {
  static const char text[] = "-- @param since integer\nSELECT :since AS s";
  expand_refused(text, "{}", 0, "needs parameter since");
  expands(text, "{\"since\":7}", "SELECT  7  AS s");
  view_definition *d = must_parse(text);
  assert_false(view_definition_has_defaults(d));
  view_definition_unref(d);
}

/* --- templates --- */

static void the_overview_expands(void **state) {
  expands(overview, "{\"accounts\":[\"B\",\"A\"],\"floor\":-1.5,\"group_by\":[\"sector\",\"currency\"]}",
          "SELECT \"sector\", \"currency\", -- {{group_by}} in a comment stays\n"
          "       sum(sod) AS sod,\n"
          "       ':note {{group_by}}' AS text,  'it''s'  AS note\n"
          "  FROM exposure e\n"
          " WHERE e.account_id IN ('A', 'B') AND sod >  (-1.5) \n"
          " GROUP BY \"sector\", \"currency\"");
  expands(overview, "{\"exposures\":[],\"group_by\":[]}",
          "SELECT  -- {{group_by}} in a comment stays\n"
          "       0 AS no_sod,\n"
          "       ':note {{group_by}}' AS text,  'it''s'  AS note\n"
          "  FROM exposure e\n"
          " WHERE  (1)  AND sod >  0.0 \n"
          "  ");
}

static void group_by_takes_its_commas_along(void **state) {
#define DIMENSIONS "-- @group_by a, b = a\n"
  expands(DIMENSIONS "SELECT n, {{group_by}} FROM t ORDER BY n, {{group_by}}", "{\"group_by\":[]}", "SELECT n  FROM t ORDER BY n ");
  expands(DIMENSIONS "SELECT {{ group_by }},n FROM t ORDER BY {{group_by}}, n", "{\"group_by\":[]}", "SELECT n FROM t ORDER BY  n");
  expands(DIMENSIONS "SELECT n FROM t ORDER BY {{group_by}}", "{\"group_by\":[]}", "SELECT n FROM t  ");
  expands(DIMENSIONS "SELECT {{if group_by.b}}1{{else}}2{{end}}", "{\"group_by\":[\"b\"]}", "SELECT 1");
}

static void sets_stand_in_lists(void **state) {
#define SET "-- @param s set of t.c = all\n"
  expands(SET "SELECT 1 WHERE x.c NOT IN (:s)", NULL, "SELECT 1 WHERE  (0) ");
  expands(SET "SELECT 1 WHERE x.c NOT IN (:s)", "{\"s\":[]}", "SELECT 1 WHERE x.c NOT IN ()");
  expands(SET "SELECT 1 WHERE NOT \"odd name\" IN (:s) OR m.x.c in ( :s )", "{\"s\":[\"q\"]}", "SELECT 1 WHERE NOT \"odd name\" IN ('q') OR m.x.c in ( 'q' )");
  expands(SET "SELECT 1 WHERE NOT c IN (:s) AND c IN (1, 2)", NULL, "SELECT 1 WHERE NOT  (1)  AND c IN (1, 2)");
  expands("-- @param n integer = 3\nSELECT 1 WHERE c IN (:n)", NULL, "SELECT 1 WHERE c IN ( 3 )");
  expand_refused(SET "SELECT 1\nWHERE lower(c) IN (:s)", NULL, 3, "COLUMN IN (:set)");
  expand_refused(SET "SELECT 1\nWHERE 1 + c IN (:s)", NULL, 3, "must stand alone");
  expand_refused(SET "SELECT 1\nWHERE c = :s", NULL, 3, "COLUMN IN (:set)");
  expand_refused(SET "SELECT 1\nWHERE c = :t", NULL, 3, "no @param line");
  expand_refused(SET "SELECT 1\nWHERE c = ?", NULL, 3, "written :name");
}

static void conditions_nest_and_are_checked_in_both_branches(void **state) {
#define ENUM "-- @param e set of ('x', 'y') = all\n"
  static const char nested[] = ENUM "SELECT {{if e.x}}1{{if e.y}}2{{else}}3{{end}}{{else}}4{{if e.y}}5{{end}}{{end}}";
  expands(nested, "{\"e\":[\"x\"]}", "SELECT 13");
  expands(nested, "{\"e\":[\"x\",\"y\"]}", "SELECT 12");
  expands(nested, "{\"e\":[\"y\"]}", "SELECT 45");
  expands(nested, "{\"e\":[]}", "SELECT 4");
  expand_refused(ENUM "SELECT 1\n{{if e.z}}2{{end}}", NULL, 3, "there are: x, y");
  expand_refused(ENUM "SELECT 1 {{if e.x}}2{{else}}:nope{{end}}", NULL, 2, "no @param line");
  expand_refused(ENUM "SELECT 1 {{if e.x}}2", NULL, 2, "without its {{end}}");
  expand_refused(ENUM "SELECT 1 {{end}}", NULL, 2, "no {{if}}");
  expand_refused(ENUM "SELECT 1 }}", NULL, 2, "}} without {{");
  expand_refused(ENUM "SELECT 1 {{else}}", NULL, 2, "no {{if}}");
  expand_refused(ENUM "SELECT 1 {{unless e.x}}", NULL, 2, "known: {{group_by}}");
  expand_refused(ENUM "SELECT 1 {{if e}}2{{end}}", NULL, 2, "{{if PARAMETER.VALUE}}");
  expand_refused(ENUM "SELECT {{group_by}}, 1", NULL, 2, "@group_by line");
  buffer deep = {0};
  buffer_puts(&deep, ENUM "SELECT ");
  for (int i = 0; i <= MAX_TEMPLATE_DEPTH; i++) buffer_puts(&deep, "{{if e.x}}");
  for (int i = 0; i <= MAX_TEMPLATE_DEPTH; i++) buffer_puts(&deep, "{{end}}");
  expand_refused(buffer_text(&deep), NULL, 2, "too deep");
  buffer_free(&deep);
}

/* The value that :v gives when the expansion is run by SQLite. */
static void comes_back(sqlite3 *db, const char *type, const char *json, const char *text) {
  char definition[200];
  snprintf(definition, sizeof definition, "-- @param v %s\nSELECT quote(1-:v), typeof(:v),:v WHERE 1=1--:v\n", type);
  char *sql = expand(definition, json);
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) fail_msg("%s: %s", sqlite3_errmsg(db), sql);
  assert_int_equal(sqlite3_column_count(stmt), 3);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  assert_string_equal((const char *)sqlite3_column_text(stmt, 1), type);
  assert_string_equal((const char *)sqlite3_column_text(stmt, 2), text);
  sqlite3_finalize(stmt);
  free(sql);
}

static void hostile_values_stay_values(void **state) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  comes_back(db, "text", "{\"v\":\"'; DROP TABLE t; --\"}", "'; DROP TABLE t; --");
  comes_back(db, "text", "{\"v\":\"'')) UNION SELECT 1,2,3 /*\"}", "'')) UNION SELECT 1,2,3 /*");
  comes_back(db, "text", "{\"v\":\"\\\\' OR 1=1\"}", "\\' OR 1=1");
  comes_back(db, "text", "{\"v\":\"{{group_by}} :v {{if a.b}}\"}", "{{group_by}} :v {{if a.b}}");
  comes_back(db, "text", "{\"v\":\"\\u2019\\n--\\r\\u0001\"}", "\u2019\n--\r\x01");
  comes_back(db, "text", "{\"v\":\"\"}", "");
  comes_back(db, "integer", "{\"v\":-9223372036854775808}", "-9223372036854775808");
  comes_back(db, "integer", "{\"v\":\"-5\"}", "-5");
  comes_back(db, "real", "{\"v\":-0.1}", "-0.1");
  comes_back(db, "real", "{\"v\":1e300}", "1.0e+300");
  sqlite3_close(db);
  expand_refused("-- @param v integer\nSELECT :v", "{\"v\":\"1; DROP TABLE t\"}", 0, "expected an integer");
  expand_refused("-- @param v integer\nSELECT :v", "{\"v\":\"99999999999999999999\"}", 0, "expected an integer");
  expand_refused("-- @param v real\nSELECT :v", "{\"v\":\"nan\"}", 0, "expected a number");
  expand_refused("-- @param v text\nSELECT :v", "{\"v\":\"a\\u0000b\"}", 0, "no JSON");
  expand_refused(overview, "{\"group_by\":[\"sector\\\", (SELECT 1)\"]}", 0, "cannot be grouped");
}

static void places_in_the_expansion_lead_to_the_file(void **state) {
  view_definition *d = must_parse(overview);
  view_selection s;
  expansion e = {0};
  error err = {0};
  assert_true(view_selection_parse(d, "{\"group_by\":[\"account_name\",\"sector\",\"currency\"]}", &s, &err));
  assert_true(template_expand(d, &s, &e, &err));
  const char *sql = buffer_text(&e.sql);
  position at = expansion_position(d, &e, (size_t)(strstr(sql, "exposure e") - sql));
  assert_int_equal(at.line, 17);
  assert_int_equal(at.column, 8);
  at = expansion_position(d, &e, (size_t)(strstr(sql, "sum(sod)") - sql));
  assert_int_equal(at.line, 15);
  assert_int_equal(at.column, 28);
  at = expansion_position(d, &e, (size_t)(strstr(sql, "\"currency\"") - sql));
  assert_int_equal(at.line, 14); /* put in place of {{group_by}} */
  assert_int_equal(at.column, 8);
  assert_int_equal(expansion_offset(&e, 2, 8), (size_t)(strstr(sql, "sum(sod)") - sql));
  expansion_free(&e);
  view_selection_free(&s);
  view_definition_unref(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(header_is_read),
    cmocka_unit_test(wrong_headers_are_refused_with_their_place),
    cmocka_unit_test(unfit_names_and_sizes_are_refused),
    cmocka_unit_test(equal_selections_have_one_form),
    cmocka_unit_test(wrong_selections_name_what_is_allowed),
    cmocka_unit_test(selections_are_bounded),
    cmocka_unit_test(required_parameters_are_asked_for),
    cmocka_unit_test(the_overview_expands),
    cmocka_unit_test(group_by_takes_its_commas_along),
    cmocka_unit_test(sets_stand_in_lists),
    cmocka_unit_test(conditions_nest_and_are_checked_in_both_branches),
    cmocka_unit_test(hostile_values_stay_values),
    cmocka_unit_test(places_in_the_expansion_lead_to_the_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
