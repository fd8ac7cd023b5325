#include "transport/query_string.h"

#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool is_clean_text(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) return false;
  }
  return utf8_valid(text, n);
}

static char *decode(arena *a, const char *text, size_t bytes, bool plus_is_space, error *err) {
  char *out = arena_alloc(a, bytes + 1);
  if (!out) {
    error_nomem(err);
    return NULL;
  }
  size_t n = 0;
  for (size_t i = 0; i < bytes; i++) {
    char c = text[i];
    if (c == '%') {
      int high = i + 2 < bytes ? hex_digit(text[i + 1]) : -1;
      int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) {
        error_set(err, ERR_INVALID, "the URL has a '%%' that two hexadecimal digits do not follow");
        error_hint(err, "write a percent sign as %%25");
        return NULL;
      }
      c = (char)(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out[n++] = c;
  }
  out[n] = '\0';
  if (!is_clean_text(out, n)) {
    error_set(err, ERR_INVALID, "the URL has bytes that are not UTF-8 text, or control characters");
    return NULL;
  }
  return out;
}

char *path_segment_decode(arena *a, const char *text, size_t bytes, error *err) { return decode(a, text, bytes, false, err); }

static bool add_pair(query_string *q, arena *a, const char *pair, size_t bytes, error *err) {
  if (q->count == MAX_QUERY_PARAMETERS) return error_set(err, ERR_LIMIT, "the URL has more than %d parameters", MAX_QUERY_PARAMETERS);
  const char *equals = memchr(pair, '=', bytes);
  size_t name_bytes = equals ? (size_t)(equals - pair) : bytes;
  query_parameter *p = &q->items[q->count];
  p->used = false;
  p->name = decode(a, pair, name_bytes, true, err);
  if (!p->name) return false;
  p->value = equals ? decode(a, equals + 1, bytes - name_bytes - 1, true, err) : "";
  if (!p->value) return false;
  q->count++;
  return true;
}

bool query_string_parse(query_string *q, arena *a, const char *text, error *err) {
  q->count = 0;
  q->items = NULL;
  if (!text || !*text) return true;
  q->items = arena_zalloc(a, sizeof *q->items * MAX_QUERY_PARAMETERS);
  if (!q->items) return error_nomem(err);
  while (*text) {
    size_t n = strcspn(text, "&");
    if (n && !add_pair(q, a, text, n, err)) return false;
    text += n;
    if (*text == '&') text++;
  }
  return true;
}

const char *query_string_take(query_string *q, const char *name) {
  const char *value = NULL;
  for (int i = 0; i < q->count; i++)
    if (strcmp(q->items[i].name, name) == 0) {
      q->items[i].used = true;
      value = q->items[i].value;
    }
  return value;
}

bool query_string_take_integer(query_string *q, const char *name, int64_t least, int64_t most, int64_t *out, error *err) {
  const char *text = query_string_take(q, name);
  if (!text || !*text) return true;
  char *end;
  errno = 0;
  long long n = strtoll(text, &end, 10);
  if (*end || errno || n < least || n > most)
    return error_set(err, ERR_INVALID, "%s must be a whole number from %" PRId64 " to %" PRId64 ", not '%.40s'", name, least, most, text);
  *out = n;
  return true;
}

const query_parameter *query_string_unused(const query_string *q) {
  for (int i = 0; i < q->count; i++)
    if (!q->items[i].used) return &q->items[i];
  return NULL;
}

static bool same_name(const query_string *q, int i, int j) { return strcmp(q->items[i].name, q->items[j].name) == 0; }

static bool is_first_of_name(const query_string *q, int i) {
  for (int j = 0; j < i; j++)
    if (same_name(q, i, j)) return false;
  return true;
}

static void put_text(buffer *out, const char *text) { buffer_json_text(out, text, strlen(text)); }

static void put_repeated(const query_string *q, int first, buffer *out) {
  const char *separator = "";
  buffer_putc(out, '[');
  for (int i = first; i < q->count; i++) {
    if (!same_name(q, first, i)) continue;
    for (const char *part = q->items[i].value; *part;) {
      size_t n = strcspn(part, ",");
      if (n) {
        buffer_puts(out, separator);
        buffer_json_text(out, part, n);
        separator = ",";
      }
      part += n + (part[n] == ',');
    }
  }
  buffer_putc(out, ']');
}

/* No bracket beyond the first outside texts: looked at before jansson is, whose recursion needs more stack than a civetweb
** worker has. */
static bool is_flat_array(const char *value) {
  bool in_text = false;
  for (const char *p = value + 1; *p; p++) {
    if (*p == '"') in_text = !in_text;
    if (in_text && *p == '\\' && p[1]) p++;
    else if (!in_text && (*p == '[' || *p == '{')) return false;
  }
  return true;
}

/* A value that begins with '[' must be a JSON array of plain values: the way to write a value with a comma in it. */
static bool put_array(const char *name, const char *value, buffer *out, error *err) {
  json_error_t where;
  json_t *array = is_flat_array(value) ? json_loads(value, 0, &where) : NULL;
  bool plain = json_is_array(array);
  json_decref(array);
  if (!plain) return error_set(err, ERR_INVALID, "%s begins with '[' but is not a JSON array of plain values", name);
  buffer_puts(out, value);
  return true;
}

bool query_string_params_json(const query_string *q, buffer *out, error *err) {
  const char *separator = "";
  buffer_putc(out, '{');
  for (int i = 0; i < q->count; i++) {
    const query_parameter *p = &q->items[i];
    if (p->used || !is_first_of_name(q, i)) continue;
    buffer_puts(out, separator);
    separator = ",";
    put_text(out, p->name);
    buffer_putc(out, ':');
    bool repeated = false;
    for (int j = i + 1; j < q->count; j++) repeated = repeated || same_name(q, i, j);
    if (repeated)
      put_repeated(q, i, out);
    else if (!*p->value)
      buffer_puts(out, "[]");
    else if (*p->value == '[') {
      if (!put_array(p->name, p->value, out, err)) return false;
    } else
      put_text(out, p->value);
  }
  buffer_putc(out, '}');
  return out->failed ? error_nomem(err) : true;
}
