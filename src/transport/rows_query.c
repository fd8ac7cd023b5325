#include "transport/rows_query.h"

#include <inttypes.h>
#include <string.h>

bool rows_page_take(rows_page *page, query_string *q, int64_t rows_max, error *err) {
  *page = (rows_page){.limit = -1};
  page->filter = query_string_take(q, "filter");
  page->order_by = query_string_take(q, "order_by");
  if (page->filter && strlen(page->filter) > MAX_FILTER_BYTES) return error_set(err, ERR_INVALID, "the filter is longer than %d bytes", MAX_FILTER_BYTES);
  return query_string_take_integer(q, "limit", 0, rows_max, &page->limit, err) && query_string_take_integer(q, "offset", 0, INT64_MAX / 2, &page->offset, err);
}

/* Where the quoted piece that begins at p ends, or NULL. */
static const char *skip_quoted(const char *p) {
  char close = *p == '[' ? ']' : *p;
  for (p++; *p; p++) {
    if (*p != close) continue;
    if (close == ']' || p[1] != close) return p;
    p++;
  }
  return NULL;
}

/* Text that stays inside the parentheses that it is put into: balanced, without comments and semicolons outside quotes. */
static bool is_contained(const char *text) {
  int depth = 0;
  for (const char *p = text; *p; p++) {
    if (strchr("'\"`[", *p)) {
      p = skip_quoted(p);
      if (!p) return false;
    } else if (*p == ';' || (*p == '-' && p[1] == '-') || (*p == '/' && p[1] == '*')) {
      return false;
    }
    depth += (*p == '(') - (*p == ')');
    if (depth < 0) return false;
  }
  return depth == 0;
}

static bool check_filter(const char *filter, snapshot *s, int columns, const column_info *column, error *err) {
  if (!is_contained(filter)) {
    error_set(err, ERR_INVALID, "the filter is not one expression: its quotes or parentheses do not match, or it has a comment or semicolon");
    return error_hint(err, "write it as the condition of a WHERE, as in: sector = 'Energy' AND nav > 0");
  }
  buffer sql = {0};
  buffer_puts(&sql, "SELECT 1 FROM (SELECT ");
  for (int i = 0; i < columns; i++) {
    buffer_puts(&sql, i ? ", NULL AS " : "NULL AS ");
    buffer_sql_name(&sql, column[i].name);
  }
  buffer_printf(&sql, ") WHERE (\n%s\n)", filter);
  sqlite3_stmt *stmt = sql.failed ? NULL : sql_guard_prepare(s->guard, sql.data, err);
  bool ok = stmt || (sql.failed && error_nomem(err));
  sqlite3_finalize(stmt);
  buffer_free(&sql);
  if (!ok && err->line > 1) err->line--; /* the filter begins on the second line */
  return ok;
}

static bool is_column(const char *name, size_t n, int columns, const column_info *column) {
  for (int i = 0; i < columns; i++)
    if (strlen(column[i].name) == n && strncmp(column[i].name, name, n) == 0) return true;
  return false;
}

static bool check_order(const char *order_by, int columns, const column_info *column, error *err) {
  int terms = 0;
  for (const char *p = order_by; *p;) {
    size_t n = strcspn(p, ",");
    size_t sign = *p == '-';
    if (++terms > MAX_ORDER_TERMS) return error_set(err, ERR_INVALID, "order_by has more than %d terms", MAX_ORDER_TERMS);
    if (!is_column(p + sign, n - sign, columns, column)) {
      error_set(err, ERR_INVALID, "order_by: there is no column '%.*s'", n > 60 ? 60 : (int)(n - sign), p + sign);
      return error_hint(err, "name columns between commas, with - in front for descending");
    }
    p += n + (p[n] == ',');
  }
  return true;
}

bool rows_page_check(const rows_page *page, snapshot *s, int columns, const column_info *column, error *err) {
  if (page->filter && *page->filter && !check_filter(page->filter, s, columns, column, err)) return false;
  return !page->order_by || check_order(page->order_by, columns, column, err);
}

static void put_order(buffer *out, const char *order_by) {
  const char *separator = " ORDER BY ";
  for (const char *p = order_by; *p;) {
    size_t n = strcspn(p, ","), sign = *p == '-';
    buffer_puts(out, separator);
    buffer_putc(out, '"');
    for (size_t i = sign; i < n; i++) {
      if (p[i] == '"') buffer_putc(out, '"');
      buffer_putc(out, p[i]);
    }
    buffer_puts(out, sign ? "\" DESC" : "\"");
    separator = ", ";
    p += n + (p[n] == ',');
  }
}

void rows_page_sql(const rows_page *page, const char *inner, buffer *out) {
  bool filtered = page->filter && *page->filter, ordered = page->order_by && *page->order_by;
  if (!filtered && !ordered && page->limit < 0 && page->offset == 0) {
    buffer_puts(out, inner);
    return;
  }
  buffer_printf(out, "SELECT * FROM (%s\n)", inner);
  if (filtered) buffer_printf(out, " WHERE (%s\n)", page->filter);
  if (ordered) put_order(out, page->order_by);
  if (page->limit >= 0 || page->offset > 0) buffer_printf(out, " LIMIT %" PRId64 " OFFSET %" PRId64, page->limit, page->offset);
}

void rows_columns_json(int columns, const column_info *column, buffer *out) {
  buffer_putc(out, '[');
  for (int i = 0; i < columns; i++) {
    if (i) buffer_putc(out, ',');
    buffer_json_text(out, column[i].name, strlen(column[i].name));
  }
  buffer_putc(out, ']');
}
