/* Rows of a view: once, and as a stream. */
#include "transport/http.h"
#include "transport/problem.h"
#include "transport/rest.h"
#include "transport/rest_allowed.h"
#include "transport/rows_format.h"
#include "transport/rows_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
  PLAN_ATTEMPTS = 3, /* an instance may end between our asking for its SELECT and running it */
  MAX_CONFLATE_MS = 3600 * 1000,
};

typedef struct rows_request {
  selection selection;
  rows_page page;
  rows_format format;
  char *inner; /* the view's SELECT */
  instance_info *info;
  buffer sql;
} rows_request;

static void forget_plan(rows_request *r) {
  free(r->inner);
  instance_info_free(r->info);
  r->inner = NULL;
  r->info = NULL;
  buffer_clear(&r->sql);
}

static bool plan(exchange *x, rows_request *r) {
  const service *svc = x->server->svc;
  error err = {0};
  r->inner = svc->rows_sql(svc->ctx, &r->selection, &r->info, &err);
  if (!r->inner) rest_view_error(x, r->selection.view, &err);
  return r->inner != NULL;
}

/* The instance's own version where it lags behind the database's (strategy rerun). */
static uint64_t version_of(const snapshot *s, const instance_info *info) {
  uint64_t version = s->version;
  sqlite3_stmt *stmt = NULL;
  if (!info->id || strcmp(info->strategy, "rerun") != 0) return version;
  if (sqlite3_prepare_v2(s->db, "SELECT version FROM vs_instance WHERE id = ?", -1, &stmt, NULL) == SQLITE_OK) {
    sqlite3_bind_int64(stmt, 1, (sqlite3_int64)info->id);
    if (sqlite3_step(stmt) == SQLITE_ROW) version = (uint64_t)sqlite3_column_int64(stmt, 0);
  }
  sqlite3_finalize(stmt);
  return version;
}

static bool not_modified(exchange *x, const snapshot *s, const rows_request *r, uint64_t version) {
  char tag[100];
  uint64_t hash = XXH3_64bits_withSeed(r->sql.data, r->sql.len, (XXH64_hash_t)r->format);
  snprintf(tag, sizeof tag, "%s-%" PRIu64 "-%016" PRIx64, s->epoch, version, hash);
  return exchange_not_modified(x, tag);
}

static void page_error(exchange *x, const rows_request *r, const error *err) {
  buffer allowed = {0};
  rows_columns_json(r->info->columns, r->info->column, &allowed);
  exchange_error(x, err, err->code == ERR_INVALID && !allowed.failed ? allowed.data : NULL);
  buffer_free(&allowed);
}

static void write_rows(exchange *x, rows_request *r, snapshot *s, sqlite3_stmt *stmt) {
  const instance_info *info = r->info;
  uint64_t version = version_of(s, info);
  if (not_modified(x, s, r, version)) return;
  rows_head head = {
    .kind = "view", .name = r->selection.view, .version = version, .columns = info->columns, .column = info->column, .keys = info->keys,
    .key = info->key, .offset = r->page.offset, .most = r->page.limit >= 0 ? r->page.limit : x->server->options.rows_max,
  };
  rows_write(x, s, stmt, &head, r->format);
}

/* false: the instance ended meanwhile, ask for its SELECT again. */
static bool answer_rows(exchange *x, rows_request *r, bool last_attempt) {
  snapshot s;
  error err = {0};
  if (!snapshot_begin(&s, x, x->server->options.answer_ms, &err)) {
    exchange_error(x, &err, NULL);
    return true;
  }
  sqlite3_stmt *stmt = NULL;
  bool again = false;
  if (!rows_page_check(&r->page, &s, r->info->columns, r->info->column, &err)) {
    page_error(x, r, &err);
  } else {
    rows_page_sql(&r->page, r->inner, &r->sql);
    int rc = r->sql.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(s.db, r->sql.data, (int)r->sql.len, &stmt, NULL);
    if (rc == SQLITE_OK && sqlite3_column_count(stmt) == r->info->columns) {
      write_rows(x, r, &s, stmt);
    } else if (r->info->id && !last_attempt) {
      again = true;
    } else {
      sql_guard_error(s.guard, &err);
      exchange_problem(x, 500, NULL, "view %.100s cannot be read: %s", r->selection.view, rc == SQLITE_OK ? "its columns changed" : err.text);
    }
  }
  sqlite3_finalize(stmt);
  snapshot_end(&s);
  return !again;
}

/* What the query string says beyond the page: the view's parameters. */
static bool take_selection(exchange *x, selection *sel, buffer *params) {
  error err = {0};
  sel->view = x->segment[0];
  if (query_string_params_json(&x->query, params, &err)) {
    sel->params_json = buffer_text(params);
    return true;
  }
  exchange_error(x, &err, NULL);
  return false;
}

void rest_view_rows(exchange *x) {
  rows_request r = {0};
  buffer params = {0};
  error err = {0};
  if (!rows_page_take(&r.page, &x->query, x->server->options.rows_max, &err)) {
    exchange_error(x, &err, NULL);
  } else if (rows_format_choose(x, &r.format) && take_selection(x, &r.selection, &params)) {
    bool done = false;
    for (int attempt = 1; !done && plan(x, &r); attempt++) {
      done = answer_rows(x, &r, attempt == PLAN_ATTEMPTS);
      forget_plan(&r);
    }
  }
  buffer_free(&r.sql);
  buffer_free(&params);
}

/* A stream's headers cannot take an error back: what can be known is checked while a status can still be sent. */
static bool check_selection(exchange *x, const selection *sel) {
  const service *svc = x->server->svc;
  instance_info *info = NULL;
  error err = {0};
  char *sql = svc->rows_sql(svc->ctx, sel, &info, &err);
  if (!sql) rest_view_error(x, sel->view, &err);
  free(sql);
  instance_info_free(info);
  return sql != NULL;
}

static void hand_over(exchange *x, const stream_request *request) {
  const stream_server *streams = x->server->options.streams;
  buffer headers = {0};
  error err = {0};
  guard_put_headers(x->server, x->conn, &headers);
  http_release_socket(x);
  x->taken = streams->sse(streams->ctx, x->conn, request, buffer_text(&headers), &err);
  if (!x->taken) {
    http_keep_socket(x);
    exchange_error_status(x, err.code == ERR_LIMIT ? 503 : problem_status(err.code), &err, NULL);
  }
  buffer_free(&headers);
}

void rest_view_stream(exchange *x) {
  stream_request request = {.conflate_ms = -1};
  rows_page page;
  int64_t conflate_ms = -1;
  buffer params = {0};
  error err = {0};
  request.since = query_string_take(&x->query, "since");
  if (!request.since) request.since = exchange_header(x, "Last-Event-ID");
  if (!x->server->options.streams) {
    exchange_problem(x, 503, NULL, "this server serves no streams");
  } else if (!rows_page_take(&page, &x->query, x->server->options.rows_max, &err) ||
             !query_string_take_integer(&x->query, "conflate_ms", 0, MAX_CONFLATE_MS, &conflate_ms, &err)) {
    exchange_error(x, &err, NULL);
  } else if (take_selection(x, &request.selection, &params) && check_selection(x, &request.selection)) {
    request.selection.filter = page.filter;
    request.order_by = page.order_by;
    request.offset = page.offset;
    request.limit = page.limit;
    request.conflate_ms = (int)conflate_ms;
    hand_over(x, &request);
  }
  buffer_free(&params);
}
