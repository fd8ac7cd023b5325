/* Tables: list, rows, and the same way in for rows as a topic's records have. */
#include "transport/http_server.h"
#include "transport/problem.h"
#include "transport/rest.h"
#include "transport/rest_allowed.h"
#include "transport/rows_format.h"
#include "transport/rows_query.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { MAX_TABLE_COLUMNS = 500 };

typedef struct table_shape {
  int columns, keys;
  column_info column[MAX_TABLE_COLUMNS];
  int key[MAX_TABLE_COLUMNS];
} table_shape;

void rest_tables_list(exchange *x) {
  const service *svc = x->server->svc;
  error err = {0};
  exchange_send_json(x, svc->tables(svc->ctx, &err), &err);
}

/* Tables of the live database, SQLite's own and result tables of instances aside. */
static const char tables_sql[] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'vs_r[0-9]*' ORDER BY name";

/* Whether there is such a table; where not, *names lists those there are. */
static bool find_table(snapshot *s, const char *name, buffer *names, bool *found, error *err) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(s->db, tables_sql, -1, &stmt, NULL);
  *found = false;
  buffer_putc(names, '[');
  while (rc == SQLITE_OK || rc == SQLITE_ROW) {
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW) break;
    const char *table = (const char *)sqlite3_column_text(stmt, 0);
    if (!table) continue;
    *found = *found || strcmp(table, name) == 0;
    if (names->len > 1) buffer_putc(names, ',');
    buffer_json_text(names, table, strlen(table));
  }
  buffer_putc(names, ']');
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? true : sql_guard_error(s->guard, err);
}

static bool read_shape(snapshot *s, const char *table, table_shape *out, error *err) {
  buffer sql = {0};
  sqlite3_stmt *stmt = NULL;
  buffer_puts(&sql, "SELECT * FROM ");
  buffer_sql_name(&sql, table);
  bool ok = !sql.failed && sqlite3_prepare_v2(s->db, sql.data, -1, &stmt, NULL) == SQLITE_OK;
  buffer_free(&sql);
  if (!ok) return sql_guard_error(s->guard, err);
  out->columns = sqlite3_column_count(stmt);
  for (int i = 0; i < out->columns && i < MAX_TABLE_COLUMNS; i++) {
    column_info *c = &out->column[i];
    const char *type = sqlite3_column_decltype(stmt, i);
    int in_key = 0;
    snprintf(c->name, sizeof c->name, "%s", sqlite3_column_name(stmt, i));
    snprintf(c->type, sizeof c->type, "%s", type ? type : "");
    sqlite3_table_column_metadata(s->db, NULL, table, c->name, NULL, NULL, NULL, &in_key, NULL);
    if (in_key) out->key[out->keys++] = i;
  }
  sqlite3_finalize(stmt);
  return out->columns <= MAX_TABLE_COLUMNS ? true : error_set(err, ERR_LIMIT, "the table has more than %d columns", MAX_TABLE_COLUMNS);
}

static void write_table(exchange *x, snapshot *s, const char *table, const table_shape *shape, const rows_page *page, rows_format format) {
  buffer inner = {0}, sql = {0};
  sqlite3_stmt *stmt = NULL;
  error err = {0};
  buffer_puts(&inner, "SELECT * FROM ");
  buffer_sql_name(&inner, table);
  rows_page_sql(page, buffer_text(&inner), &sql);
  if (inner.failed || sql.failed || sqlite3_prepare_v2(s->db, sql.data, (int)sql.len, &stmt, NULL) != SQLITE_OK) {
    sql_guard_error(s->guard, &err);
    exchange_error(x, &err, NULL);
  } else {
    char tag[100];
    snprintf(tag, sizeof tag, "%s-%" PRIu64 "-%016" PRIx64, s->epoch, s->version, (uint64_t)XXH3_64bits_withSeed(sql.data, sql.len, (XXH64_hash_t)format));
    rows_head head = {
      .kind = "table", .name = table, .version = s->version, .columns = shape->columns, .column = shape->column, .keys = shape->keys,
      .key = shape->key, .offset = page->offset, .most = page->limit >= 0 ? page->limit : x->server->options.rows_max,
    };
    if (!exchange_not_modified(x, tag)) rows_write(x, s, stmt, &head, format);
  }
  sqlite3_finalize(stmt);
  buffer_free(&inner);
  buffer_free(&sql);
}

static void answer_table(exchange *x, snapshot *s, const rows_page *page, rows_format format) {
  const char *table = x->segment[0];
  table_shape *shape = arena_zalloc(&x->memory, sizeof *shape);
  buffer names = {0};
  error err = {0};
  bool found;
  if (!shape) {
    error_nomem(&err);
    exchange_error(x, &err, NULL);
  } else if (!find_table(s, table, &names, &found, &err)) {
    exchange_error(x, &err, NULL);
  } else if (!found) {
    error_set(&err, ERR_NOT_FOUND, "there is no table '%.100s'", table);
    exchange_error(x, &err, names.failed ? NULL : names.data);
  } else if (!read_shape(s, table, shape, &err)) {
    exchange_error(x, &err, NULL);
  } else if (!rows_page_check(page, s, shape->columns, shape->column, &err)) {
    buffer_clear(&names);
    rows_columns_json(shape->columns, shape->column, &names);
    exchange_error(x, &err, names.failed ? NULL : names.data);
  } else {
    write_table(x, s, table, shape, page, format);
  }
  buffer_free(&names);
}

void rest_table_rows(exchange *x) {
  rows_page page;
  rows_format format;
  snapshot s;
  error err = {0};
  if (!rows_page_take(&page, &x->query, x->server->options.rows_max, &err)) {
    exchange_error(x, &err, NULL);
    return;
  }
  if (!rows_format_choose(x, &format)) return;
  const query_parameter *unknown = query_string_unused(&x->query);
  if (unknown) {
    error_set(&err, ERR_INVALID, "there is no parameter '%.60s' here", unknown->name);
    exchange_error(x, &err, "[\"filter\",\"order_by\",\"limit\",\"offset\",\"format\"]");
  } else if (!snapshot_begin(&s, x, x->server->options.answer_ms, &err)) {
    exchange_error(x, &err, NULL);
  } else {
    answer_table(x, &s, &page, format);
    snapshot_end(&s);
  }
}

static void unknown_table(exchange *x, const error *err) {
  const service *svc = x->server->svc;
  error ignored = {0};
  buffer names = {0};
  char *list = svc->tables(svc->ctx, &ignored);
  bool known = list && rest_names_json(list, &names);
  exchange_error(x, err, known ? names.data : NULL);
  buffer_free(&names);
  free(list);
}

static void ingest(exchange *x, char op, const char *body, size_t bytes) {
  const service *svc = x->server->svc;
  uint64_t version = 0;
  uint32_t records = 0;
  error err = {0};
  if (svc->ingest(svc->ctx, x->segment[0], op, body, bytes, &version, &records, &err)) {
    x->content_type = "application/json";
    buffer_printf(&x->out, "{\"version\":%" PRIu64 ",\"records\":%" PRIu32 "}\n", version, records);
  } else if (err.code == ERR_NOT_FOUND) {
    unknown_table(x, &err);
  } else {
    exchange_error_status(x, err.code == ERR_INVALID ? 422 : err.code == ERR_LIMIT ? 413 : problem_status(err.code), &err, NULL);
  }
}

void rest_table_upsert(exchange *x) { ingest(x, 'u', x->body, x->body_bytes); }

/* The column that a query parameter means, by name or by field, in the service's description of the table; NULL = none. */
static const json_t *find_column(const json_t *tables, const char *table, const char *given) {
  size_t t, c;
  const json_t *item, *column;
  json_array_foreach(tables, t, item) {
    const char *name = json_string_value(json_object_get(item, "name")), *topic = json_string_value(json_object_get(item, "topic"));
    if (!(name && strcmp(name, table) == 0) && !(topic && strcmp(topic, table) == 0)) continue;
    json_array_foreach(json_object_get(item, "columns"), c, column) {
      const char *own = json_string_value(json_object_get(column, "name")), *field = json_string_value(json_object_get(column, "field"));
      if ((own && strcmp(own, given) == 0) || (field && strcmp(field, given) == 0)) return column;
    }
  }
  return NULL;
}

static bool is_number(const char *text) {
  json_error_t where;
  json_t *value_read = json_loads(text, JSON_DECODE_ANY, &where);
  bool number = json_is_number(value_read);
  json_decref(value_read);
  return number;
}

/* {"field":value,…}: a query string has only texts, so the columns' types say which of them are numbers. */
static bool put_key(const query_string *q, const json_t *tables, const char *table, buffer *out, error *err) {
  for (int i = 0; i < q->count; i++) {
    const query_parameter *p = &q->items[i];
    const json_t *column = find_column(tables, table, p->name);
    const char *field = json_string_value(json_object_get(column, "field")), *type = json_string_value(json_object_get(column, "type"));
    bool numeric = type && (strcmp(type, "INTEGER") == 0 || strcmp(type, "REAL") == 0);
    if (numeric && !is_number(p->value)) return error_set(err, ERR_INVALID, "%s must be a number, not '%.60s'", p->name, p->value);
    if (!field) field = p->name;
    buffer_putc(out, i ? ',' : '{');
    buffer_json_text(out, field, strlen(field));
    buffer_putc(out, ':');
    if (numeric)
      buffer_puts(out, p->value);
    else
      buffer_json_text(out, p->value, strlen(p->value));
  }
  buffer_putc(out, '}');
  return out->failed ? error_nomem(err) : true;
}

static void delete_by_query(exchange *x) {
  const service *svc = x->server->svc;
  json_error_t where;
  buffer key = {0};
  error err = {0};
  char *text = svc->tables(svc->ctx, &err);
  json_t *tables = text ? json_loads(text, 0, &where) : NULL;
  if (text && put_key(&x->query, tables, x->segment[0], &key, &err))
    ingest(x, 'd', key.data, key.len);
  else
    exchange_error(x, &err, NULL);
  json_decref(tables);
  free(text);
  buffer_free(&key);
}

/* By a body of one object or several with the key's fields, or by the key's fields in the query string. */
void rest_table_delete(exchange *x) {
  if (x->body_bytes)
    ingest(x, 'd', x->body, x->body_bytes);
  else if (x->query.count)
    delete_by_query(x);
  else
    exchange_problem(x, 400, "DELETE …/rows?instrumentId=1&date=2026-01-02, or send the keys as JSON", "the key of the row is missing");
}
