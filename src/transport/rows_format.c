#include "transport/rows_format.h"

#include "transport/problem.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

typedef struct format_row {
  const char *name, *media_type, *content_type;
} format_row;

static const format_row formats[] = {
  [ROWS_JSON] = {"json", "application/json", "application/json"},
  [ROWS_NDJSON] = {"ndjson", "application/x-ndjson", "application/x-ndjson"},
  [ROWS_CSV] = {"csv", "text/csv", "text/csv; charset=utf-8; header=present"},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static bool media_range_takes(const char *range, size_t n, const char *type) {
  if (n == 3 && strncmp(range, "*/*", 3) == 0) return true;
  const char *slash = strchr(type, '/');
  size_t major = (size_t)(slash - type) + 1;
  if (n == major + 1 && range[n - 1] == '*' && strncasecmp(range, type, major) == 0) return true;
  return n == strlen(type) && strncasecmp(range, type, n) == 0;
}

/* The first listed range that fits decides; q only matters where it is 0. */
static int format_by_accept(const char *accept) {
  while (*accept) {
    accept += strspn(accept, " \t,");
    size_t item = strcspn(accept, ","), n = strcspn(accept, ",; \t");
    const char *q = memmem(accept, item, "q=0", 3);
    bool refused = q && strspn(q + 2, "0.") >= strcspn(q + 2, ",; \t");
    for (int i = 0; i < FORMATS && n && !refused; i++)
      if (media_range_takes(accept, n, formats[i].media_type)) return i;
    accept += item;
  }
  return -1;
}

bool rows_format_choose(exchange *x, rows_format *format) {
  const char *name = query_string_take(&x->query, "format");
  const char *accept = exchange_header(x, "Accept");
  int chosen = -1;
  if (name && *name) {
    for (int i = 0; i < FORMATS; i++)
      if (strcmp(name, formats[i].name) == 0) chosen = i;
    if (chosen < 0) {
      error err = {0};
      error_set(&err, ERR_INVALID, "there is no format '%.40s'", name);
      exchange_error(x, &err, "[\"json\",\"ndjson\",\"csv\"]");
    }
  } else {
    chosen = accept && *accept ? format_by_accept(accept) : ROWS_JSON;
    if (chosen < 0) {
      error err = {0};
      error_set(&err, ERR_INVALID, "none of the types in Accept can be sent: %.200s", accept);
      exchange_error_status(x, 406, &err, "[\"application/json\",\"application/x-ndjson\",\"text/csv\"]");
    }
  }
  if (chosen >= 0) *format = (rows_format)chosen;
  return chosen >= 0;
}

static void put_text(buffer *out, const char *text) { buffer_json_text(out, text, strlen(text)); }

/* --- JSON --- */

static void json_begin(buffer *out, const rows_head *head) {
  buffer_putc(out, '{');
  if (head->kind) {
    buffer_printf(out, "\"%s\":", head->kind);
    put_text(out, head->name);
    buffer_putc(out, ',');
  }
  buffer_printf(out, "\"version\":%" PRIu64 ",\"key\":[", head->version);
  for (int i = 0; i < head->keys; i++) {
    if (i) buffer_putc(out, ',');
    put_text(out, head->column[head->key[i]].name);
  }
  buffer_puts(out, "],\"columns\":[");
  for (int i = 0; i < head->columns; i++) {
    buffer_puts(out, i ? ",{\"name\":" : "{\"name\":");
    put_text(out, head->column[i].name);
    buffer_puts(out, ",\"type\":");
    put_text(out, head->column[i].type);
    buffer_putc(out, '}');
  }
  buffer_puts(out, "],\"rows\":[");
}

static void json_row(buffer *out, const rows_head *head, sqlite3_stmt *stmt, bool first) {
  buffer_puts(out, first ? "\n[" : ",\n[");
  for (int i = 0; i < head->columns; i++) {
    if (i) buffer_putc(out, ',');
    value_put_json(out, value_from_column(stmt, i));
  }
  buffer_putc(out, ']');
}

/* --- NDJSON --- */

static void ndjson_row(buffer *out, const rows_head *head, sqlite3_stmt *stmt) {
  for (int i = 0; i < head->columns; i++) {
    buffer_putc(out, i ? ',' : '{');
    put_text(out, head->column[i].name);
    buffer_putc(out, ':');
    value_put_json(out, value_from_column(stmt, i));
  }
  buffer_puts(out, "}\n");
}

/* --- CSV --- */

static void csv_text(buffer *out, const char *text, size_t n) {
  bool quoted = n == 0 || memchr(text, ',', n) || memchr(text, '"', n) || memchr(text, '\n', n) || memchr(text, '\r', n) || text[0] == ' ' || text[n - 1] == ' ';
  if (!quoted) {
    buffer_append(out, text, n);
    return;
  }
  buffer_putc(out, '"');
  for (size_t i = 0; i < n; i++) {
    if (text[i] == '"') buffer_putc(out, '"');
    buffer_putc(out, text[i]);
  }
  buffer_putc(out, '"');
}

static void csv_header(buffer *out, const rows_head *head) {
  for (int i = 0; i < head->columns; i++) {
    if (i) buffer_putc(out, ',');
    csv_text(out, head->column[i].name, strlen(head->column[i].name));
  }
  buffer_puts(out, "\r\n");
}

static void csv_row(buffer *out, const rows_head *head, sqlite3_stmt *stmt) {
  for (int i = 0; i < head->columns; i++) {
    value v = value_from_column(stmt, i);
    if (i) buffer_putc(out, ',');
    if (v.type == VALUE_TEXT)
      csv_text(out, v.text, v.bytes);
    else if (v.type == VALUE_BLOB) { /* as JSON has it, without the quotes */
      size_t quote = out->len;
      value_put_json(out, v);
      if (!out->failed) {
        memmove(out->data + quote, out->data + quote + 1, out->len - quote - 2);
        out->len -= 2;
        out->data[out->len] = '\0';
      }
    } else if (v.type != VALUE_NULL)
      value_put_json(out, v);
  }
  buffer_puts(out, "\r\n");
}

/* --- all --- */

static void begin(exchange *x, const rows_head *head, rows_format format) {
  x->content_type = formats[format].content_type;
  buffer_printf(&x->headers, "View-Version: %" PRIu64 "\r\n", head->version);
  if (format == ROWS_JSON) json_begin(&x->out, head);
  if (format == ROWS_CSV) csv_header(&x->out, head);
}

static void put_row(exchange *x, const rows_head *head, rows_format format, sqlite3_stmt *stmt, bool first) {
  switch (format) {
    case ROWS_JSON: json_row(&x->out, head, stmt, first); break;
    case ROWS_NDJSON: ndjson_row(&x->out, head, stmt); break;
    case ROWS_CSV: csv_row(&x->out, head, stmt); break;
  }
}

static void end(exchange *x, const rows_head *head, rows_format format, bool truncated) {
  int64_t next = head->offset + head->most;
  if (format == ROWS_JSON) {
    buffer_puts(&x->out, "]");
    if (truncated) buffer_printf(&x->out, ",\"truncated\":true,\"next_offset\":%" PRId64, next);
    buffer_puts(&x->out, "}\n");
  } else if (truncated && format == ROWS_NDJSON) {
    buffer_printf(&x->out, "{\"truncated\":true,\"next_offset\":%" PRId64 "}\n", next);
  } else if (truncated) {
    exchange_problem(x, 422, "ask for pages with limit and offset, or narrow the selection", "there are more than %" PRId64 " rows", head->most);
  }
}

static void fail(exchange *x, snapshot *s) {
  error err = {0};
  sql_guard_error(s->guard, &err);
  int status = sql_guard_expired(s->guard) ? 504 : err.code == ERR_LIMIT ? 422 : problem_status(err.code);
  exchange_error_status(x, status, &err, NULL);
}

void rows_write(exchange *x, snapshot *s, sqlite3_stmt *stmt, const rows_head *head, rows_format format) {
  int64_t rows = 0;
  int rc;
  begin(x, head, format);
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && rows < head->most) {
    put_row(x, head, format, stmt, rows++ == 0);
    if (!exchange_flow(x)) return;
  }
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    fail(x, s);
  else
    end(x, head, format, rc == SQLITE_ROW);
}
