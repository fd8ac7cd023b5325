/* The careful reader, by jansson: it knows all of JSON and words every refusal. */
#include "decode/decode_internal.h"
#include "decode/timestamp.h"

#include "base/utf8.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const double int64_limit = 9223372036854775808.0; /* 2^63 */

/* The depth of brackets outside texts, bounded before anything recurses over them. */
static bool too_deep(const char *p, size_t bytes) {
  int depth = 0;
  bool in_text = false;
  for (const char *end = p + bytes; p < end; p++) {
    if (in_text) {
      if (*p == '\\') p++;
      else if (*p == '"') in_text = false;
    } else if (*p == '"') {
      in_text = true;
    } else if (*p == '{' || *p == '[') {
      if (++depth > DECODE_MAX_DEPTH) return true;
    } else if (*p == '}' || *p == ']') {
      depth--;
    }
  }
  return false;
}

static void put_json(buffer *out, const json_t *j) {
  const char *name;
  json_t *member;
  size_t i;
  switch (json_typeof(j)) {
    case JSON_OBJECT:
      buffer_putc(out, '{');
      bool first = true;
      json_object_foreach((json_t *)j, name, member) {
        if (!first) buffer_putc(out, ',');
        first = false;
        buffer_json_text(out, name, strlen(name));
        buffer_putc(out, ':');
        put_json(out, member);
      }
      buffer_putc(out, '}');
      break;
    case JSON_ARRAY:
      buffer_putc(out, '[');
      json_array_foreach((json_t *)j, i, member) {
        if (i) buffer_putc(out, ',');
        put_json(out, member);
      }
      buffer_putc(out, ']');
      break;
    case JSON_STRING: buffer_json_text(out, json_string_value(j), json_string_length(j)); break;
    case JSON_INTEGER: buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(j)); break;
    case JSON_REAL: buffer_json_real(out, json_real_value(j)); break;
    case JSON_TRUE: buffer_puts(out, "true"); break;
    case JSON_FALSE: buffer_puts(out, "false"); break;
    case JSON_NULL: buffer_puts(out, "null"); break;
  }
}

static bool set_text(reading *r, value *v, const char *text, size_t bytes) {
  char *copy = arena_strndup(r->memory, text, bytes);
  *v = (value){.type = VALUE_TEXT, .bytes = (uint32_t)bytes, .text = copy};
  return copy != NULL;
}

static bool set_json(reading *r, value *v, const json_t *j) {
  buffer text = {0};
  put_json(&text, j);
  bool done = !text.failed && set_text(r, v, text.data, text.len);
  buffer_free(&text);
  return done;
}

static const char *kind_of(const json_t *j) {
  switch (json_typeof(j)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a text";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a number with a fraction or exponent";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    default: return "null";
  }
}

static reading_result wrong_type(const topic_column *c, const json_t *j, error *err) {
  const char *wanted = c->form == FORM_TIME          ? "milliseconds since the epoch or an ISO 8601 text"
                       : c->type == VALUE_INTEGER ? "an integer"
                       : c->type == VALUE_REAL    ? "a number"
                                                  : "a text";
  if (c->form == FORM_TIME && json_is_string(j))
    error_set(err, ERR_INVALID, "the field %s is no moment: '%.60s', expected e.g. 2024-05-06T07:08:09.123Z", c->field, json_string_value(j));
  else error_set(err, ERR_INVALID, "the field %s is %s, expected %s", c->field, kind_of(j), wanted);
  return READING_REFUSED;
}

/* 5 and 5.0 are integers; 5.5 and 1e19 are not. */
static bool as_integer(const json_t *j, int64_t *out) {
  if (json_is_integer(j)) {
    *out = json_integer_value(j);
    return true;
  }
  double d = json_real_value(j);
  if (!json_is_real(j) || d != floor(d) || d < -int64_limit || d >= int64_limit) return false;
  *out = (int64_t)d;
  return true;
}

static reading_result set_column(reading *r, int column, const json_t *j, error *err) {
  const topic_column *c = &r->t->column[column];
  value *v = &r->values[column];
  if (json_is_null(j)) {
    *v = c->fallback;
    if (!c->required) return READING_DONE;
    error_set(err, ERR_INVALID, "the field %s is null, expected a value", c->field);
    return READING_REFUSED;
  }
  if (c->form == FORM_JSON) return set_json(r, v, j) ? READING_DONE : READING_NO_MEMORY;
  if (c->type == VALUE_TEXT) {
    if (!json_is_string(j)) return wrong_type(c, j, err);
    return set_text(r, v, json_string_value(j), json_string_length(j)) ? READING_DONE : READING_NO_MEMORY;
  }
  if (c->type == VALUE_REAL) {
    if (!json_is_number(j)) return wrong_type(c, j, err);
    *v = real_value(json_number_value(j));
    return READING_DONE;
  }
  *v = (value){.type = VALUE_INTEGER};
  bool done = as_integer(j, &v->i) || (c->form == FORM_TIME && json_is_string(j) && timestamp_parse(json_string_value(j), json_string_length(j), &v->i));
  return done ? READING_DONE : wrong_type(c, j, err);
}

static json_t *load(const reading *r, error *err) {
  if (too_deep(r->payload, r->bytes)) {
    error_set(err, ERR_INVALID, "the payload is nested deeper than %d levels", DECODE_MAX_DEPTH);
    return NULL;
  }
  if (!utf8_valid(r->payload, r->bytes)) {
    error_set(err, ERR_INVALID, "the payload is not UTF-8 text");
    return NULL;
  }
  json_error_t problem;
  json_t *root = json_loadb(r->payload, r->bytes, JSON_REJECT_DUPLICATES, &problem);
  if (!root) {
    if (json_error_code(&problem) == json_error_out_of_memory) error_nomem(err);
    else error_set(err, ERR_INVALID, "the payload is not acceptable JSON at byte %d: %s", problem.position, problem.text);
  } else if (!json_is_object(root)) {
    json_decref(root);
    root = NULL;
    error_set(err, ERR_INVALID, "the payload is a list, expected one JSON object");
  }
  return root;
}

reading_result parse_payload(reading *r, error *err) {
  json_t *root = load(r, err);
  if (!root) return err->code == ERR_NOMEM ? READING_NO_MEMORY : READING_REFUSED;
  reading_result result = READING_DONE;
  const char *name;
  json_t *member;
  json_object_foreach(root, name, member) {
    int column = topic_field(r->t, name, strlen(name));
    if (column < 0) continue;
    reading_mark(r, column);
    result = set_column(r, column, member, err);
    if (result != READING_DONE) break;
  }
  json_decref(root);
  return result;
}
