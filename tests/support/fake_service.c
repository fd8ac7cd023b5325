#include "support/fake_service.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char schema[] =
  "PRAGMA journal_mode=WAL;"
  "CREATE TABLE vs_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
  "INSERT INTO vs_meta VALUES('version', 7), ('epoch', 'e0e1e2e3e4e5e6e7');"
  "CREATE TABLE vs_instance(id INTEGER PRIMARY KEY, version INTEGER);"
  "CREATE TABLE holding(account TEXT, sector TEXT, qty REAL, UNIQUE(account, sector));"
  "CREATE TABLE price(instrument_id INTEGER, date TEXT, price REAL CHECK(price > 0), PRIMARY KEY(instrument_id, date)) STRICT;"
  "INSERT INTO holding VALUES('ACC001','Energy',10.5),('ACC001','Tech',20),('ACC002','Energy',-3),('ACC003',NULL,1e20);";

static void execute(sqlite3 *db, const char *sql) {
  char *why = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK) return;
  fprintf(stderr, "fake service: %s in %s\n", why, sql);
  abort();
}

static char *text(const char *t) { return strdup(t); }

static const char position_json[] =
  "{\"name\":\"position\",\"title\":\"Positions\",\"params\":[{\"name\":\"accounts\",\"kind\":\"set\"}],"
  "\"group_by\":{\"dimensions\":[\"account\",\"sector\"],\"default\":[\"account\"]},\"etag\":\"abc123\"}";

static bool is_view(const char *name, error *err) {
  static const char *const known[] = {"position", "empty", "series", "endless"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(name, known[i]) == 0) return true;
  return error_set(err, ERR_NOT_FOUND, "there is no view '%s'", name);
}

static char *views(void *ctx, error *err) {
  return text("[{\"name\":\"position\"},{\"name\":\"empty\"},{\"name\":\"series\"},{\"name\":\"endless\"}]");
}

static char *view(void *ctx, const char *name, error *err) { return is_view(name, err) ? text(position_json) : NULL; }

static char *plan(void *ctx, const selection *s, error *err) {
  return is_view(s->view, err) ? text("{\"view\":\"position\",\"strategy\":\"delta\",\"reason\":\"joins and sums\"}") : NULL;
}

static char *view_check(void *ctx, const char *name, const char *definition, error *err) {
  if (strstr(definition, "SELECT")) return text("{\"columns\":[],\"strategy\":\"delta\"}");
  error_set(err, ERR_INVALID, "found '%.20s', expected SELECT", definition);
  error_at(err, "views/x.sql", 3, 14);
  error_hint(err, "a view is one SELECT");
  return NULL;
}

static char *view_put(void *ctx, const char *name, const char *definition, const char *if_match, bool create_only, error *err) {
  fake_service *f = ctx;
  if (f->busy) return error_set(err, ERR_BUSY, "the engine is busy"), NULL;
  if (create_only && strcmp(name, "position") == 0) return error_set(err, ERR_CONFLICT, "the view exists"), NULL;
  if (if_match && strcmp(if_match, "*") && strcmp(if_match, "abc123")) return error_set(err, ERR_CONFLICT, "the view is another one by now"), NULL;
  snprintf(f->view_text, sizeof f->view_text, "%s=%s", name, definition);
  return text(position_json);
}

static bool view_delete(void *ctx, const char *name, error *err) { return is_view(name, err); }
static char *tables(void *ctx, error *err) { return text("[{\"name\":\"holding\"},{\"name\":\"price\",\"columns\":[{\"name\":\"instrument_id\",\"field\":\"instrumentId\",\"type\":\"INTEGER\"},"
              "{\"name\":\"date\",\"field\":\"date\",\"type\":\"TEXT\"}]}]"); }

static char *instances(void *ctx, error *err) {
  return text("[{\"id\":41,\"view\":\"position\",\"strategy\":\"delta\",\"rows\":3},{\"id\":42,\"view\":\"series\",\"strategy\":\"rerun\",\"rows\":0}]");
}

static bool instance_drop(void *ctx, uint64_t id, error *err) {
  return id == 41 || id == 42 ? true : error_set(err, ERR_NOT_FOUND, "there is no instance %" PRIu64, id);
}

static sqlite3 *reader_open(void *ctx, error *err) {
  fake_service *f = ctx;
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) return db;
  error_set(err, ERR_IO, "%s", sqlite3_errmsg(db));
  sqlite3_close(db);
  return NULL;
}

static instance_info *describe(const char *name, const char *first, const char *first_type, const char *second, const char *second_type) {
  instance_info *info = calloc(1, sizeof *info);
  snprintf(info->view, sizeof info->view, "%s", name);
  info->columns = second ? 2 : 1;
  info->column = calloc(2, sizeof *info->column);
  snprintf(info->column[0].name, sizeof info->column[0].name, "%s", first);
  snprintf(info->column[0].type, sizeof info->column[0].type, "%s", first_type);
  if (second) snprintf(info->column[1].name, sizeof info->column[1].name, "%s", second);
  if (second) snprintf(info->column[1].type, sizeof info->column[1].type, "%s", second_type);
  info->keys = 1;
  info->key = calloc(1, sizeof *info->key);
  return info;
}

static char *position_sql(const char *params, instance_info **info, error *err) {
  json_error_t where;
  json_t *document = json_loads(params && *params ? params : "{}", 0, &where);
  const char *name, *by = "account";
  json_t *member, *accounts = NULL;
  buffer sql = {0};
  json_object_foreach(document, name, member) {
    if (strcmp(name, "accounts") == 0)
      accounts = member;
    else if (strcmp(name, "group_by") == 0 && json_is_string(member) && (!strcmp(json_string_value(member), "account") || !strcmp(json_string_value(member), "sector")))
      by = json_string_value(member);
    else {
      error_set(err, ERR_INVALID, "view position has no parameter or dimension '%s'", strcmp(name, "group_by") ? name : json_string_value(member));
      json_decref(document);
      return NULL;
    }
  }
  buffer_printf(&sql, "SELECT %s, sum(qty) AS nav FROM holding", by);
  if (accounts) {
    char *list = json_dumps(accounts, JSON_ENCODE_ANY);
    buffer_puts(&sql, " WHERE instr(");
    buffer_sql_text(&sql, list, strlen(list));
    buffer_puts(&sql, ", account)");
    free(list);
  }
  buffer_printf(&sql, " GROUP BY %s", by);
  *info = describe("position", by, "TEXT", "nav", "REAL");
  json_decref(document);
  return buffer_take(&sql);
}

static char *rows_sql(void *ctx, const selection *s, instance_info **info, error *err) {
  fake_service *f = ctx;
  if (!is_view(s->view, err)) return NULL;
  if (strcmp(s->view, "position") == 0) return position_sql(s->params_json, info, err);
  buffer sql = {0};
  if (strcmp(s->view, "empty") == 0) {
    buffer_puts(&sql, "SELECT account, qty FROM holding WHERE 0");
    *info = describe("empty", "account", "TEXT", "qty", "REAL");
  } else if (strcmp(s->view, "series") == 0) {
    buffer_printf(&sql, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < %d) SELECT n, 'label number ' || n FROM t", f->series_rows);
    *info = describe("series", "n", "INTEGER", "label", "TEXT");
  } else {
    buffer_puts(&sql, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t");
    *info = describe("endless", "n", "INTEGER", NULL, NULL);
  }
  return buffer_take(&sql);
}

static uint64_t version(void *ctx) { return 7; }
static const char *live_database(void *ctx) { return ((fake_service *)ctx)->path; }

static bool ready(void *ctx, char *why, size_t size) {
  snprintf(why, size, "replaying, 43 %%");
  return ((fake_service *)ctx)->is_ready;
}

static bool put_price(fake_service *f, char op, const json_t *item, error *err) {
  static const char upsert[] = "INSERT INTO price VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET price = excluded.price";
  static const char delete[] = "DELETE FROM price WHERE instrument_id = ?1 AND date = ?2";
  sqlite3_stmt *stmt = NULL;
  const json_t *id = json_object_get(item, "instrumentId");
  sqlite3_prepare_v2(f->writer, op == 'u' ? upsert : delete, -1, &stmt, NULL);
  sqlite3_bind_int64(stmt, 1, json_integer_value(id));
  sqlite3_bind_text(stmt, 2, json_string_value(json_object_get(item, "date")), -1, SQLITE_TRANSIENT);
  if (op == 'u') sqlite3_bind_double(stmt, 3, json_number_value(json_object_get(item, "price")));
  bool ok = sqlite3_step(stmt) == SQLITE_DONE;
  sqlite3_finalize(stmt);
  return ok ? true : error_set(err, ERR_INVALID, "record 1: %s", sqlite3_errmsg(f->writer));
}

static bool ingest(void *ctx, const char *table, char op, const char *body, size_t bytes, uint64_t *at, uint32_t *records, error *err) {
  fake_service *f = ctx;
  json_error_t where;
  if (f->busy) return error_set(err, ERR_BUSY, "the inbox is full");
  if (strcmp(table, "price") != 0) return error_set(err, ERR_NOT_FOUND, "there is no table '%s'", table);
  snprintf(f->last_ingest, sizeof f->last_ingest, "%c %.*s", op, (int)(bytes > 150 ? 150 : bytes), body);
  json_t *document = json_loadb(body, bytes, 0, &where), *item;
  if (!document) return error_set(err, ERR_INVALID, "the body is not JSON: %s", where.text);
  bool ok = true;
  size_t i;
  *records = 0;
  if (json_is_array(document)) {
    json_array_foreach(document, i, item) {
      ok = ok && put_price(f, op, item, err);
      ++*records;
    }
  } else {
    ok = put_price(f, op, document, err);
    *records = 1;
  }
  json_decref(document);
  execute(f->writer, "UPDATE vs_meta SET value = value + 1 WHERE key = 'version'");
  *at = 8;
  return ok;
}

static void metrics(void *ctx, buffer *out) { buffer_puts(out, "# TYPE viewserver_version gauge\nviewserver_version 7\n"); }
static void status_json(void *ctx, buffer *out) {
  buffer_printf(out, "\"name\":\"viewserver\",\"version\":\"0\",\"live_database\":\"%s\",\"uptime_ms\":1", live_database(ctx));
}

void fake_service_start(fake_service *f) {
  memset(f, 0, sizeof *f);
  snprintf(f->folder, sizeof f->folder, "/tmp/vs-test-XXXXXX");
  if (!mkdtemp(f->folder)) abort();
  snprintf(f->path, sizeof f->path, "%s/live.db", f->folder);
  if (sqlite3_open(f->path, &f->writer) != SQLITE_OK) abort();
  execute(f->writer, schema);
  f->is_ready = true;
  f->series_rows = 10;
  f->svc = (service){
    .ctx = f, .views = views, .view = view, .plan = plan, .view_check = view_check, .view_put = view_put, .view_delete = view_delete,
    .tables = tables, .instances = instances, .instance_drop = instance_drop, .reader_open = reader_open, .rows_sql = rows_sql,
    .version = version, .live_database = live_database, .ready = ready, .ingest = ingest, .metrics = metrics, .status_json = status_json,
  };
}

void fake_service_stop(fake_service *f) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  sqlite3_close(f->writer);
  for (int i = 0; i < 3; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
    unlink(path);
  }
  rmdir(f->folder);
}
