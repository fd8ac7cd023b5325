#include "support/json_schema.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 30, MAX_PATH_BYTES = 300 };

typedef struct checker {
  const json_t *document;
  error *err;
  char path[MAX_PATH_BYTES];
  int depth;
} checker;

static bool check(checker *c, const json_t *schema, const json_t *v);

static bool fail(checker *c, const char *what) { return error_set(c->err, ERR_INVALID, "%s: %s", c->path[0] ? c->path : "/", what); }

static const json_t *resolve(checker *c, const char *ref) {
  static const char prefix[] = "#/components/schemas/";
  if (strncmp(ref, prefix, strlen(prefix)) != 0) return NULL;
  return json_object_get(json_object_get(json_object_get(c->document, "components"), "schemas"), ref + strlen(prefix));
}

static bool type_is(const char *type, const json_t *v) {
  if (!strcmp(type, "object")) return json_is_object(v);
  if (!strcmp(type, "array")) return json_is_array(v);
  if (!strcmp(type, "string")) return json_is_string(v);
  if (!strcmp(type, "integer")) return json_is_integer(v);
  if (!strcmp(type, "number")) return json_is_number(v);
  if (!strcmp(type, "boolean")) return json_is_boolean(v);
  return !strcmp(type, "null") && json_is_null(v);
}

static bool check_type(checker *c, const json_t *type, const json_t *v) {
  size_t i;
  json_t *one;
  if (json_is_string(type) && type_is(json_string_value(type), v)) return true;
  json_array_foreach(type, i, one) if (type_is(json_string_value(one), v)) return true;
  return fail(c, "is of another type");
}

static bool check_enum(checker *c, const json_t *list, const json_t *v) {
  size_t i;
  json_t *one;
  json_array_foreach(list, i, one) if (json_equal(one, v)) return true;
  return fail(c, "is none of the listed values");
}

static bool check_required(checker *c, const json_t *list, const json_t *v) {
  size_t i;
  json_t *one;
  json_array_foreach(list, i, one) {
    if (json_is_object(v) && !json_object_get(v, json_string_value(one))) {
      char what[200];
      snprintf(what, sizeof what, "lacks %s", json_string_value(one));
      return fail(c, what);
    }
  }
  return true;
}

static bool check_inside(checker *c, const char *step, const json_t *schema, const json_t *v) {
  size_t n = strlen(c->path);
  snprintf(c->path + n, sizeof c->path - n, "/%s", step);
  bool ok = check(c, schema, v);
  c->path[ok ? n : strlen(c->path)] = '\0';
  return ok;
}

static bool check_members(checker *c, const json_t *schema, const json_t *v) {
  const json_t *known = json_object_get(schema, "properties"), *others = json_object_get(schema, "additionalProperties");
  const char *name;
  json_t *member;
  json_object_foreach((json_t *)v, name, member) {
    const json_t *of = json_object_get(known, name);
    if (!of && json_is_false(others)) return fail(c, name);
    if (!of && json_is_object(others)) of = others;
    if (of && !check_inside(c, name, of, member)) return false;
  }
  return true;
}

static bool check_items(checker *c, const json_t *items, const json_t *v) {
  size_t i;
  json_t *one;
  json_array_foreach(v, i, one) {
    char step[24];
    snprintf(step, sizeof step, "%zu", i);
    if (!check_inside(c, step, items, one)) return false;
  }
  return true;
}

static bool check_one_of(checker *c, const json_t *list, const json_t *v) {
  size_t i, n = strlen(c->path);
  int fits = 0;
  json_t *one;
  json_array_foreach(list, i, one) {
    fits += check(c, one, v);
    c->path[n] = '\0';
  }
  return fits == 1 ? true : fail(c, "fits none, or several, of oneOf");
}

static bool check_keyword(checker *c, const json_t *schema, const char *keyword, const json_t *argument, const json_t *v) {
  if (!strcmp(keyword, "type")) return check_type(c, argument, v);
  if (!strcmp(keyword, "enum")) return check_enum(c, argument, v);
  if (!strcmp(keyword, "required")) return check_required(c, argument, v);
  if (!strcmp(keyword, "items")) return check_items(c, argument, v);
  if (!strcmp(keyword, "oneOf")) return check_one_of(c, argument, v);
  if (!strcmp(keyword, "minimum")) return json_number_value(v) >= json_number_value(argument) ? true : fail(c, "is below the minimum");
  if (!strcmp(keyword, "properties") || !strcmp(keyword, "additionalProperties")) return check_members(c, schema, v);
  return !strcmp(keyword, "description") ? true : fail(c, keyword);
}

static bool check(checker *c, const json_t *schema, const json_t *v) {
  const char *ref = json_string_value(json_object_get(schema, "$ref")), *keyword;
  json_t *argument;
  if (ref) schema = resolve(c, ref);
  if (!json_is_object(schema) || ++c->depth > MAX_DEPTH) return fail(c, "its schema is missing, or nested too deep");
  bool ok = true;
  json_object_foreach((json_t *)schema, keyword, argument) ok = ok && check_keyword(c, schema, keyword, argument, v);
  c->depth--;
  return ok;
}

bool json_schema_check(const json_t *document, const json_t *schema, const json_t *instance, error *err) {
  checker c = {.document = document, .err = err};
  return check(&c, schema, instance);
}
