#include "catalog/topic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INTEGER_TEXT_BYTES = 24 };

/* The text between this field and the next, or NULL for the last field. */
static const key_part *separator_after(const topic *t, int part) {
  return part + 1 < t->key_parts ? &t->key_part[part + 1] : NULL;
}

/* The decimal text of i, at the end of `text`; its first character. */
static const char *integer_text(int64_t i, char text[INTEGER_TEXT_BYTES]) {
  uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
  char *p = text + INTEGER_TEXT_BYTES;
  do *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (i < 0) *--p = '-';
  return p;
}

static bool holds_separator(const topic *t, int part, const value *v) {
  const key_part *next = separator_after(t, part);
  return next && memmem(v->text, v->bytes, next->literal, next->literal_bytes);
}

bool topic_key_render(const topic *t, const value *values, buffer *out) {
  for (int i = 0; i < t->key_parts; i++) {
    const key_part *part = &t->key_part[i];
    if (part->literal) {
      buffer_append(out, part->literal, part->literal_bytes);
      continue;
    }
    const value *v = &values[part->column];
    if (v->type == VALUE_INTEGER) {
      char text[INTEGER_TEXT_BYTES];
      const char *first = integer_text(v->i, text);
      buffer_append(out, first, (size_t)(text + sizeof text - first));
    } else if (v->type == VALUE_TEXT && !holds_separator(t, i, v)) {
      buffer_append(out, v->text, v->bytes);
    } else {
      return false;
    }
  }
  return !out->failed;
}

/* Steps over `piece` where it stands at *at. */
static bool match(const char **at, const char *end, const char *piece, size_t bytes) {
  if ((size_t)(end - *at) < bytes || memcmp(*at, piece, bytes)) return false;
  *at += bytes;
  return true;
}

bool topic_key_matches(const topic *t, const value *values, const char *key, size_t bytes) {
  const char *at = key, *end = key + bytes;
  for (int i = 0; i < t->key_parts; i++) {
    const key_part *part = &t->key_part[i];
    const value *v = part->literal ? NULL : &values[part->column];
    char text[INTEGER_TEXT_BYTES];
    bool same = false;
    if (!v) {
      same = match(&at, end, part->literal, part->literal_bytes);
    } else if (v->type == VALUE_INTEGER) {
      const char *first = integer_text(v->i, text);
      same = match(&at, end, first, (size_t)(text + sizeof text - first));
    } else if (v->type == VALUE_TEXT) {
      same = match(&at, end, v->text, v->bytes) && !holds_separator(t, i, v);
    }
    if (!same) return false;
  }
  return at == end;
}

static bool parse_integer(const char *text, size_t bytes, value *out) {
  char copy[INTEGER_TEXT_BYTES], *end;
  if (!bytes || bytes >= sizeof copy) return false;
  memcpy(copy, text, bytes);
  copy[bytes] = '\0';
  const char *digits = copy + (copy[0] == '-');
  if (strspn(digits, "0123456789") != strlen(digits) || !*digits) return false;
  if (digits[0] == '0' && (digits[1] || copy[0] == '-')) return false; /* one spelling a number: 7, not 07 */
  errno = 0;
  *out = (value){.type = VALUE_INTEGER, .i = strtoll(copy, &end, 10)};
  return errno == 0;
}

static bool parse_field(const topic *t, int column, const char *text, size_t bytes, value *values, error *err) {
  const topic_column *c = &t->column[column];
  if (c->type == VALUE_TEXT) {
    values[column] = (value){.type = VALUE_TEXT, .bytes = (uint32_t)bytes, .text = text};
    return true;
  }
  if (parse_integer(text, bytes, &values[column])) return true;
  return error_set(err, ERR_INVALID, "the key's field %s is '%.*s', expected an integer", c->field, (int)(bytes > 40 ? 40 : bytes), text);
}

bool topic_key_parse(const topic *t, const char *key, size_t bytes, value *values, error *err) {
  const char *at = key, *end = key + bytes;
  for (int i = 0; i < t->key_parts; i++) {
    const key_part *part = &t->key_part[i];
    if (part->literal) {
      if ((size_t)(end - at) < part->literal_bytes || memcmp(at, part->literal, part->literal_bytes))
        return error_set(err, ERR_INVALID, "the key '%.*s' lacks '%s', expected the form of topic %s", (int)(bytes > 80 ? 80 : bytes), key,
                         part->literal, t->name);
      at += part->literal_bytes;
      continue;
    }
    const key_part *next = separator_after(t, i);
    const char *stop = next ? memmem(at, (size_t)(end - at), next->literal, next->literal_bytes) : end;
    if (!stop)
      return error_set(err, ERR_INVALID, "the key '%.*s' lacks '%s' after %s", (int)(bytes > 80 ? 80 : bytes), key, next->literal,
                       t->column[part->column].field);
    if (!parse_field(t, part->column, at, (size_t)(stop - at), values, err)) return false;
    at = stop;
  }
  if (at != end)
    return error_set(err, ERR_INVALID, "the key '%.*s' goes on after the form of topic %s", (int)(bytes > 80 ? 80 : bytes), key, t->name);
  return true;
}
