#include "command/watch_screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CELL_WIDTH = 40, MAX_COLUMNS_DRAWN = 64, FRAME_LINES = 3 };

/* --- cells --- */

/* As people read it: two decimals for what is large, a dot for NULL. */
static void put_short(const json_t *cell, char *out, size_t size) {
  if (json_is_null(cell) || !cell)
    snprintf(out, size, "\xC2\xB7");
  else if (json_is_integer(cell))
    snprintf(out, size, "%lld", (long long)json_integer_value(cell));
  else if (json_is_real(cell))
    snprintf(out, size, fabs(json_real_value(cell)) >= 1000 ? "%.2f" : "%.6g", json_real_value(cell));
  else
    snprintf(out, size, "%s", json_string_value(cell));
}

static bool is_continuation(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

static int width_of(const char *text) {
  int n = 0;
  for (; *text; text++) n += !is_continuation(*text);
  return n;
}

/* Exactly `width` characters; control characters never reach the terminal. */
static void put_padded(const char *text, int width, bool right, buffer *out) {
  int have = width_of(text);
  if (right && have < width) buffer_printf(out, "%*s", width - have, "");
  int n = 0;
  for (const char *p = text; *p; p++) {
    if (!is_continuation(*p) && n++ == width) break;
    buffer_putc(out, (unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p);
  }
  if (!right && have < width) buffer_printf(out, "%*s", width - have, "");
}

/* --- the table --- */

static const char *name_of(const json_t *columns, size_t i) {
  return json_string_value(json_object_get(json_array_get(columns, i), "name"));
}

static bool is_number(const json_t *columns, size_t i) {
  const char *type = json_string_value(json_object_get(json_array_get(columns, i), "type"));
  return type && (strcmp(type, "REAL") == 0 || strcmp(type, "INTEGER") == 0 || strcmp(type, "NUMERIC") == 0);
}

/* How wide each column is drawn; returns how many fit. */
static int measure(const screen *s, const live_rows *rows, int lines, int widths[MAX_COLUMNS_DRAWN]) {
  int count = (int)json_array_size(s->columns), used = 0;
  if (count > MAX_COLUMNS_DRAWN) count = MAX_COLUMNS_DRAWN;
  for (int c = 0; c < count; c++) {
    widths[c] = width_of(name_of(s->columns, (size_t)c));
    for (int i = 0; i < rows->count && i < lines; i++) {
      char text[256];
      put_short(json_array_get(rows->rows[i]->cells, (size_t)c), text, sizeof text);
      if (width_of(text) > widths[c]) widths[c] = width_of(text);
    }
    if (widths[c] > MAX_CELL_WIDTH) widths[c] = MAX_CELL_WIDTH;
    used += widths[c] + 2;
    if (used > s->width && c > 0) return c;
  }
  return count;
}

static void draw_names(const screen *s, const int *widths, int columns, buffer *out) {
  if (s->colour) buffer_puts(out, "\033[1m");
  for (int c = 0; c < columns; c++) {
    put_padded(name_of(s->columns, (size_t)c), widths[c], is_number(s->columns, (size_t)c), out);
    buffer_puts(out, "  ");
  }
  buffer_puts(out, s->colour ? "\033[0m\033[K\r\n" : "\033[K\r\n");
}

static int64_t lit_until(const live_row *row, int column) {
  int64_t since_ms = row->changed_ms[column] > row->added_ms ? row->changed_ms[column] : row->added_ms;
  return since_ms ? since_ms + LIT_MS : 0;
}

static void draw_row(const screen *s, const live_row *row, const int *widths, int columns, int64_t now_ms, int64_t *next_ms, buffer *out) {
  for (int c = 0; c < columns; c++) {
    char text[256];
    int64_t until_ms = lit_until(row, c);
    bool lit = until_ms > now_ms;
    if (lit && (*next_ms < 0 || until_ms < *next_ms)) *next_ms = until_ms;
    put_short(json_array_get(row->cells, (size_t)c), text, sizeof text);
    if (lit) buffer_puts(out, s->colour ? "\033[30;42m" : "\033[7m");
    put_padded(text, widths[c], is_number(s->columns, (size_t)c), out);
    if (lit) buffer_puts(out, "\033[0m");
    buffer_puts(out, "  ");
  }
  buffer_puts(out, "\033[K\r\n");
}

int screen_draw(const screen *s, const live_rows *rows, const char *status, int64_t now_ms, buffer *out) {
  int widths[MAX_COLUMNS_DRAWN];
  int lines = s->height > FRAME_LINES ? s->height - FRAME_LINES : 1;
  int columns = measure(s, rows, lines, widths);
  int64_t next_ms = -1;
  buffer_puts(out, "\033[H");
  draw_names(s, widths, columns, out);
  for (int i = 0; i < rows->count && i < lines; i++) draw_row(s, rows->rows[i], widths, columns, now_ms, &next_ms, out);
  buffer_puts(out, "\033[J");
  int hidden = (int)json_array_size(s->columns) - columns;
  buffer_printf(out, "%s%s  %lld rows  version %llu", s->colour ? "\033[2m" : "", s->view, (long long)rows->total, (unsigned long long)rows->version);
  if (hidden > 0) buffer_printf(out, "  %d more columns", hidden);
  buffer_printf(out, "  %s%s\033[K", status, s->colour ? "\033[0m" : "");
  return next_ms < 0 ? -1 : (int)(next_ms - now_ms) + 1;
}

/* --- plain lines --- */

void screen_put_names(const json_t *columns, const char *mark, buffer *out) {
  buffer_puts(out, mark);
  for (size_t i = 0; i < json_array_size(columns); i++) buffer_printf(out, "%s%s", i || mark[0] ? "\t" : "", name_of(columns, i));
  buffer_putc(out, '\n');
}

static void put_exact(const json_t *cell, buffer *out) {
  if (json_is_integer(cell))
    buffer_printf(out, "%lld", (long long)json_integer_value(cell));
  else if (json_is_real(cell))
    buffer_json_real(out, json_real_value(cell));
  else if (json_is_string(cell)) /* a tab or a line's end would break the line */
    for (const char *p = json_string_value(cell); *p; p++) buffer_putc(out, (unsigned char)*p < 0x20 ? ' ' : *p);
}

void screen_put_row(const live_row *row, const char *mark, buffer *out) {
  buffer_puts(out, mark);
  for (size_t i = 0; i < json_array_size(row->cells); i++) {
    if (i || mark[0]) buffer_putc(out, '\t');
    put_exact(json_array_get(row->cells, i), out);
  }
  buffer_putc(out, '\n');
}
