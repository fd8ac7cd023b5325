#include "base/buffer.h"

#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_free(buffer *b) {
  free(b->data);
  memset(b, 0, sizeof *b);
}

void buffer_clear(buffer *b) {
  b->len = 0;
  b->failed = false;
  if (b->data) b->data[0] = '\0';
}

bool buffer_reserve(buffer *b, size_t more) {
  if (b->failed) return false;
  size_t need = b->len + more + 1;
  if (need <= b->cap) return true;
  size_t cap = b->cap ? b->cap : 64;
  while (cap < need) cap += cap / 2 + 32;
  char *data = realloc(b->data, cap);
  if (!data) {
    b->failed = true;
    return false;
  }
  b->data = data;
  b->cap = cap;
  return true;
}

void buffer_append(buffer *b, const void *bytes, size_t n) {
  if (!buffer_reserve(b, n)) return;
  if (n) memcpy(b->data + b->len, bytes, n);
  b->len += n;
  b->data[b->len] = '\0';
}

void buffer_puts(buffer *b, const char *text) { buffer_append(b, text, strlen(text)); }

void buffer_putc(buffer *b, char c) { buffer_append(b, &c, 1); }

void buffer_printf(buffer *b, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (n >= 0 && buffer_reserve(b, (size_t)n)) {
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
    b->len += (size_t)n;
  }
  va_end(again);
}

const char *buffer_text(const buffer *b) { return b->data ? b->data : ""; }

char *buffer_take(buffer *b) {
  if (!b->failed) buffer_reserve(b, 0);
  if (b->failed) {
    buffer_free(b);
    return NULL;
  }
  b->data[b->len] = '\0';
  char *data = b->data;
  memset(b, 0, sizeof *b);
  return data;
}

static void quote_with(buffer *b, char quote, const char *text, size_t n) {
  buffer_putc(b, quote);
  for (size_t i = 0; i < n; i++) {
    if (text[i] == quote) buffer_putc(b, quote);
    buffer_putc(b, text[i]);
  }
  buffer_putc(b, quote);
}

void buffer_sql_name(buffer *b, const char *name) { quote_with(b, '"', name, strlen(name)); }

void buffer_sql_text(buffer *b, const char *text, size_t n) { quote_with(b, '\'', text, n); }

static void json_escape(buffer *b, unsigned char c) {
  switch (c) {
    case '"': buffer_append(b, "\\\"", 2); break;
    case '\\': buffer_append(b, "\\\\", 2); break;
    case '\n': buffer_append(b, "\\n", 2); break;
    case '\r': buffer_append(b, "\\r", 2); break;
    case '\t': buffer_append(b, "\\t", 2); break;
    default: buffer_printf(b, "\\u%04x", c);
  }
}

void buffer_json_text(buffer *b, const char *text, size_t n) {
  const unsigned char *p = (const unsigned char *)text;
  buffer_putc(b, '"');
  size_t start = 0;
  for (size_t i = 0; i < n;) {
    size_t step = utf8_length(p + i, n - i);
    if (step && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\') {
      i += step;
      continue;
    }
    buffer_append(b, text + start, i - start);
    if (!step)
      buffer_append(b, "\xEF\xBF\xBD", 3);
    else
      json_escape(b, p[i]);
    start = ++i;
  }
  buffer_append(b, text + start, n - start);
  buffer_putc(b, '"');
}

void buffer_json_real(buffer *b, double r) {
  if (isinf(r) || isnan(r)) {
    buffer_puts(b, isnan(r) ? "null" : r > 0 ? "1e999" : "-1e999");
    return;
  }
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, r);
    if (strtod(text, NULL) == r) break;
  }
  buffer_puts(b, text);
  if (!strpbrk(text, ".eE")) buffer_puts(b, ".0");
}
