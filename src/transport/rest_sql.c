/* POST /api/v1/sql: one read-only query of a stranger's, under limits. */
#include "transport/http_server.h"
#include "transport/problem.h"
#include "transport/rest.h"
#include "transport/rows_format.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_SQL_ROWS = 1000, MAX_RESULT_COLUMNS = 500, MAX_PARAMETERS = 1000 };

typedef struct sql_request {
  json_t *document;
  const char *sql;
  json_t *params; /* borrowed: array, object or NULL */
  int64_t rows;
  int time_ms;
} sql_request;

static bool take_bound(const json_t *document, const char *name, int64_t most, int64_t *out, error *err) {
  const json_t *v = json_object_get(document, name);
  if (!v) return true;
  if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > most)
    return error_set(err, ERR_INVALID, "%s must be a whole number from 1 to %lld", name, (long long)most);
  *out = json_integer_value(v);
  return true;
}

static bool only_known_members(const json_t *document, error *err) {
  static const char *const known[] = {"sql", "params", "limit", "timeout_ms"};
  const char *name;
  json_t *member;
  json_object_foreach((json_t *)document, name, member) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) found = found || strcmp(name, known[i]) == 0;
    if (!found) return error_set(err, ERR_INVALID, "there is no member '%.60s'; expected sql, params, limit, timeout_ms", name);
  }
  return true;
}

static bool read_request(exchange *x, sql_request *r, error *err) {
  const transport_options *o = &x->server->options;
  json_error_t where;
  int64_t time_ms = o->sql_ms;
  r->rows = DEFAULT_SQL_ROWS < o->sql_rows_max ? DEFAULT_SQL_ROWS : o->sql_rows_max;
  r->document = json_loadb(x->body, x->body_bytes, JSON_REJECT_DUPLICATES, &where);
  if (!r->document) {
    error_set(err, ERR_INVALID, "the body is not JSON: %s", where.text);
    return error_at(err, NULL, where.line, where.column);
  }
  r->sql = json_string_value(json_object_get(r->document, "sql"));
  r->params = json_object_get(r->document, "params");
  if (!r->sql) {
    error_set(err, ERR_INVALID, "expected an object with the text sql");
    return error_hint(err, "{\"sql\":\"SELECT count(*) FROM price WHERE date = ?\",\"params\":[\"2026-01-02\"],\"limit\":100}");
  }
  if (r->params && !json_is_array(r->params) && !json_is_object(r->params)) return error_set(err, ERR_INVALID, "params must be an array, or an object by name");
  if (!only_known_members(r->document, err) || !take_bound(r->document, "limit", o->sql_rows_max, &r->rows, err) ||
      !take_bound(r->document, "timeout_ms", o->sql_ms, &time_ms, err))
    return false;
  r->time_ms = (int)time_ms;
  return true;
}

static bool bind_one(sqlite3_stmt *stmt, int index, const json_t *v, error *err) {
  int rc;
  switch (json_typeof(v)) {
    case JSON_NULL: rc = sqlite3_bind_null(stmt, index); break;
    case JSON_TRUE: rc = sqlite3_bind_int(stmt, index, 1); break;
    case JSON_FALSE: rc = sqlite3_bind_int(stmt, index, 0); break;
    case JSON_INTEGER: rc = sqlite3_bind_int64(stmt, index, json_integer_value(v)); break;
    case JSON_REAL: rc = sqlite3_bind_double(stmt, index, json_real_value(v)); break;
    case JSON_STRING: rc = sqlite3_bind_text64(stmt, index, json_string_value(v), json_string_length(v), SQLITE_TRANSIENT, SQLITE_UTF8); break;
    default: return error_set(err, ERR_INVALID, "parameter %d is a list or an object; expected a plain value", index);
  }
  return rc == SQLITE_OK ? true : error_set(err, ERR_INVALID, "parameter %d cannot be bound: %s", index, sqlite3_errstr(rc));
}

static bool bind_params(sqlite3_stmt *stmt, const json_t *params, error *err) {
  int wanted = sqlite3_bind_parameter_count(stmt);
  if (wanted > MAX_PARAMETERS) return error_set(err, ERR_INVALID, "the statement has more than %d parameters", MAX_PARAMETERS);
  if (json_is_array(params) && json_array_size(params) != (size_t)wanted)
    return error_set(err, ERR_INVALID, "the statement has %d parameters, params has %zu", wanted, json_array_size(params));
  for (int i = 1; i <= wanted; i++) {
    const char *name = sqlite3_bind_parameter_name(stmt, i);
    const json_t *v = json_is_array(params) ? json_array_get(params, (size_t)i - 1) : name ? json_object_get(params, name + 1) : NULL;
    if (!v) return error_set(err, ERR_INVALID, "params has no value for %s", name ? name : "the parameter that has no name");
    if (!bind_one(stmt, i, v, err)) return false;
  }
  return true;
}

static void describe(sqlite3_stmt *stmt, column_info *column, int columns) {
  for (int i = 0; i < columns; i++) {
    const char *name = sqlite3_column_name(stmt, i), *type = sqlite3_column_decltype(stmt, i);
    snprintf(column[i].name, sizeof column[i].name, "%s", name ? name : "");
    snprintf(column[i].type, sizeof column[i].type, "%s", type ? type : "");
  }
}

/* What FROM may name, where it named what there is not. The text is the statement's until it is finalized; NULL = none. */
static sqlite3_stmt *known_tables(snapshot *s, const error *err) {
  static const char sql[] = "SELECT json_group_array(name) FROM (SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
                            "AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'vs_r[0-9]*' ORDER BY name)";
  sqlite3_stmt *stmt = NULL;
  if (strncmp(err->text, "no such table", strlen("no such table")) != 0) return NULL;
  if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) return stmt;
  sqlite3_finalize(stmt);
  return NULL;
}

static void refuse(exchange *x, snapshot *s, const error *err) {
  sqlite3_stmt *known = known_tables(s, err);
  exchange_error_status(x, err->code == ERR_LIMIT ? 400 : problem_status(err->code), err, known ? (const char *)sqlite3_column_text(known, 0) : NULL);
  sqlite3_finalize(known);
}

static void answer(exchange *x, snapshot *s, const sql_request *r, rows_format format) {
  error err = {0};
  sqlite3_stmt *stmt = sql_guard_prepare(s->guard, r->sql, &err);
  int columns = stmt ? sqlite3_column_count(stmt) : 0;
  column_info *column = arena_zalloc(&x->memory, sizeof *column * MAX_RESULT_COLUMNS);
  if (!stmt || columns > MAX_RESULT_COLUMNS || !column || !bind_params(stmt, r->params, &err)) {
    if (stmt && !err.code) error_set(&err, column ? ERR_INVALID : ERR_NOMEM, column ? "the result has too many columns" : "out of memory");
    refuse(x, s, &err);
  } else {
    rows_head head = {.version = s->version, .columns = columns, .column = column, .most = r->rows};
    describe(stmt, column, columns);
    rows_write(x, s, stmt, &head, format);
  }
  sqlite3_finalize(stmt);
}

void rest_sql(exchange *x) {
  sql_request r = {0};
  rows_format format;
  snapshot s;
  error err = {0};
  if (!x->server->options.sql_enabled) {
    exchange_problem(x, 403, "start the server with it enabled", "ad-hoc SQL is switched off");
  } else if (!read_request(x, &r, &err)) {
    exchange_error(x, &err, NULL);
  } else if (rows_format_choose(x, &format)) {
    if (snapshot_begin(&s, x, r.time_ms, &err)) {
      answer(x, &s, &r, format);
      snapshot_end(&s);
    } else {
      exchange_error(x, &err, NULL);
    }
  }
  json_decref(r.document);
}
