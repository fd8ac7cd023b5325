#include "catalog/selection.h"

#include "catalog/names.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A selection under construction. */
typedef struct maker {
  const view_definition *d;
  view_selection *out;
  error *err;
} maker;

static bool nomem(maker *m) { return error_nomem(m->err); }

/* --- what is allowed, for messages --- */

static void list_names(char *out, size_t size, const name_list *names) {
  size_t n = 0;
  out[0] = '\0';
  for (int i = 0; i < names->count && n + MAX_VIEW_NAME_BYTES + 8 < size; i++)
    n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", names->items[i]);
}

static bool unknown_param(maker *m, const char *name) {
  char list[300] = "";
  size_t n = 0;
  for (int i = 0; i < m->d->params && n + MAX_VIEW_NAME_BYTES + 16 < sizeof list; i++)
    n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", m->d->param[i].name);
  if (m->d->has_group_by) snprintf(list + n, sizeof list - n, "%sgroup_by", n ? ", " : "");
  error_set(m->err, ERR_INVALID, "view %s has no parameter '%.80s'", m->d->name, name);
  return list[0] ? error_hint(m->err, "it has: %s", list) : error_hint(m->err, "it has no parameters");
}

static bool unknown_dimension(maker *m, const char *name) {
  char list[380];
  list_names(list, sizeof list, &m->d->dimensions);
  error_set(m->err, ERR_INVALID, "view %s cannot be grouped by '%.80s'", m->d->name, name);
  return error_hint(m->err, "dimensions: %s", list);
}

static bool unknown_value(maker *m, const view_param *p, const char *given) {
  buffer list = {0};
  for (int i = 0; i < p->values.count && list.len < 300; i++) {
    if (i) buffer_puts(&list, ", ");
    value_put_json(&list, p->values.items[i]);
  }
  error_set(m->err, ERR_INVALID, "parameter %s cannot be '%.80s'", p->name, given);
  error_hint(m->err, "allowed: %s", buffer_text(&list));
  buffer_free(&list);
  return false;
}

static bool wrong_type(maker *m, const view_param *p) {
  const char *type = p->type == VALUE_INTEGER ? "an integer" : p->type == VALUE_REAL ? "a number" : "a text";
  error_set(m->err, ERR_INVALID, "parameter %s of view %s: expected %s", p->name, m->d->name, type);
  return p->kind == PARAM_SCALAR ? false : error_hint(m->err, "a set is an array of values, or \"all\"");
}

/* --- values --- */

static bool text_value(maker *m, const view_param *p, const char *text, size_t bytes, value *out) {
  if (bytes > MAX_VALUE_BYTES)
    return error_set(m->err, ERR_LIMIT, "parameter %s: a value is at most %d bytes", p->name, MAX_VALUE_BYTES);
  if (p->type == VALUE_TEXT) {
    char *copy = arena_strndup(&m->out->memory, text, bytes);
    if (!copy) return nomem(m);
    *out = (value){.type = VALUE_TEXT, .text = copy, .bytes = (uint32_t)bytes};
    return true;
  }
  char number[64], *end;
  if (bytes == 0 || bytes >= sizeof number || !strchr("+-.0123456789", *text)) return wrong_type(m, p);
  memcpy(number, text, bytes);
  number[bytes] = '\0';
  errno = 0;
  if (p->type == VALUE_INTEGER)
    *out = (value){.type = VALUE_INTEGER, .i = strtoll(number, &end, 10)};
  else
    *out = (value){.type = VALUE_REAL, .r = strtod(number, &end)};
  if (*end || errno == ERANGE || (p->type == VALUE_REAL && !isfinite(out->r))) return wrong_type(m, p);
  return true;
}

static bool json_value(maker *m, const view_param *p, const json_t *json, value *out) {
  if (json_is_string(json)) return text_value(m, p, json_string_value(json), json_string_length(json), out);
  char number[40];
  if (json_is_integer(json)) {
    *out = (value){.type = VALUE_INTEGER, .i = json_integer_value(json)};
    if (p->type == VALUE_INTEGER) return true;
    if (p->type == VALUE_REAL) *out = (value){.type = VALUE_REAL, .r = (double)out->i};
    if (p->type == VALUE_REAL) return true;
    return text_value(m, p, number, (size_t)snprintf(number, sizeof number, "%lld", (long long)out->i), out);
  }
  if (json_is_real(json) && p->type == VALUE_REAL) {
    *out = (value){.type = VALUE_REAL, .r = json_real_value(json)};
    return true;
  }
  return wrong_type(m, p);
}

/* --- sets --- */

static int compare_values(const void *a, const void *b) {
  const value *l = a, *r = b;
  if (l->type == VALUE_INTEGER) return (l->i > r->i) - (l->i < r->i);
  if (l->type == VALUE_REAL) return (l->r > r->r) - (l->r < r->r);
  uint32_t n = l->bytes < r->bytes ? l->bytes : r->bytes;
  int c = memcmp(l->text, r->text, n);
  return c ? c : (l->bytes > r->bytes) - (l->bytes < r->bytes);
}

static void sort_set(value_list *set) {
  if (set->count == 0) return;
  qsort(set->items, (size_t)set->count, sizeof *set->items, compare_values);
  int kept = 1;
  for (int i = 1; i < set->count; i++)
    if (compare_values(&set->items[i], &set->items[kept - 1])) set->items[kept++] = set->items[i];
  set->count = kept;
}

/* A member of a set: of listed values the declared spelling. */
static bool add_member(maker *m, const view_param *p, param_value *set, value v) {
  if (p->kind == PARAM_SET_OF_VALUES) {
    int found = -1;
    if (v.type == VALUE_TEXT)
      found = view_param_value_find(p, v.text, v.bytes);
    else
      for (int i = 0; i < p->values.count && found < 0; i++) found = value_same(v, p->values.items[i]) ? i : -1;
    if (found < 0) {
      buffer given = {0};
      value_put_json(&given, v);
      unknown_value(m, p, v.type == VALUE_TEXT ? v.text : buffer_text(&given));
      buffer_free(&given);
      return false;
    }
    v = p->values.items[found];
  }
  set->set.items[set->set.count++] = v;
  return true;
}

static bool reserve_set(maker *m, const view_param *p, param_value *set, size_t count) {
  if (count > MAX_SET_VALUES) return error_set(m->err, ERR_LIMIT, "parameter %s: a set has at most %d values", p->name, MAX_SET_VALUES);
  set->set.items = arena_zalloc(&m->out->memory, (count + 1) * sizeof(value));
  return set->set.items ? true : nomem(m);
}

static void finish_set(const view_param *p, param_value *set) {
  sort_set(&set->set);
  if (p->kind == PARAM_SET_OF_VALUES && set->set.count == p->values.count) set->all = true;
  if (set->all) set->set.count = 0;
}

static size_t count_commas(const char *text) {
  size_t n = 0;
  for (; *text; text++) n += *text == ',';
  return n;
}

/* "all", or values between commas. */
static bool set_from_text(maker *m, const view_param *p, param_value *set, const char *text) {
  set->all = !strcmp(text, "all");
  if (set->all) return true;
  if (!reserve_set(m, p, set, count_commas(text) + 1)) return false;
  for (const char *at = text; *text;) {
    size_t n = strcspn(at, ",");
    value v = {.type = VALUE_NULL};
    if (!text_value(m, p, at, n, &v) || !add_member(m, p, set, v)) return false;
    if (!at[n]) break;
    at += n + 1;
  }
  return true;
}

static bool set_from_json(maker *m, const view_param *p, param_value *set, const json_t *json) {
  bool done;
  if (json_is_string(json)) {
    done = set_from_text(m, p, set, json_string_value(json));
  } else if (json_is_array(json)) {
    done = reserve_set(m, p, set, json_array_size(json));
    for (size_t i = 0; done && i < json_array_size(json); i++) {
      value v = {.type = VALUE_NULL};
      done = json_value(m, p, json_array_get(json, i), &v) && add_member(m, p, set, v);
    }
  } else {
    return wrong_type(m, p);
  }
  if (done) finish_set(p, set);
  return done;
}

static bool set_default(maker *m, const view_param *p, param_value *set) {
  set->all = p->default_all;
  if (set->all) return true;
  if (!reserve_set(m, p, set, (size_t)p->defaults.count)) return false;
  for (int i = 0; i < p->defaults.count; i++) {
    value v = p->defaults.items[i];
    if (v.type == VALUE_INTEGER && p->type == VALUE_REAL) v = (value){.type = VALUE_REAL, .r = (double)v.i};
    if (v.type != p->type) return wrong_type(m, p);
    if (!add_member(m, p, set, v)) return false;
  }
  finish_set(p, set);
  return true;
}

/* --- group by --- */

static bool add_dimension(maker *m, const char *given) {
  int found = view_dimension_find(m->d, given);
  if (found < 0) return unknown_dimension(m, given);
  const char *name = m->d->dimensions.items[found];
  for (int i = 0; i < m->out->group_by.count; i++)
    if (m->out->group_by.items[i] == name) return true;
  return name_list_add(&m->out->memory, &m->out->group_by, name) ? true : nomem(m);
}

static bool group_by_from_text(maker *m, const char *text) {
  for (const char *at = text; *text;) {
    size_t n = strcspn(at, ",");
    char *name = arena_strndup(&m->out->memory, at, n);
    if (!name) return nomem(m);
    if (!add_dimension(m, name)) return false;
    if (!at[n]) break;
    at += n + 1;
  }
  return true;
}

static bool group_by_from_json(maker *m, const json_t *json) {
  if (json_is_string(json)) return group_by_from_text(m, json_string_value(json));
  if (!json_is_array(json)) return error_set(m->err, ERR_INVALID, "group_by of view %s: expected an array of dimensions", m->d->name);
  for (size_t i = 0; i < json_array_size(json); i++) {
    const json_t *item = json_array_get(json, i);
    if (!json_is_string(item)) return error_set(m->err, ERR_INVALID, "group_by of view %s: a dimension is a text", m->d->name);
    if (!add_dimension(m, json_string_value(item))) return false;
  }
  return true;
}

static bool group_by_default(maker *m) {
  for (int i = 0; i < m->d->default_group_by.count; i++)
    if (!add_dimension(m, m->d->default_group_by.items[i])) return false;
  return true;
}

/* --- the whole --- */

static bool param_from_json(maker *m, int i, const json_t *json) {
  const view_param *p = &m->d->param[i];
  if (p->kind == PARAM_SCALAR) return json_value(m, p, json, &m->out->param[i].scalar);
  return set_from_json(m, p, &m->out->param[i], json);
}

static bool param_default(maker *m, int i) {
  const view_param *p = &m->d->param[i];
  if (p->kind != PARAM_SCALAR) return set_default(m, p, &m->out->param[i]);
  if (p->required) {
    error_set(m->err, ERR_INVALID, "view %s needs parameter %s", m->d->name, p->name);
    return error_hint(m->err, "it has no default; its type is %s", p->type == VALUE_TEXT ? "text" : p->type == VALUE_REAL ? "real" : "integer");
  }
  m->out->param[i].scalar = p->defaults.items[0];
  return true;
}

/* Hands each member to its parameter; given[i] tells which were there, the last one is group_by. */
static bool read_members(maker *m, json_t *object, bool *given) {
  const char *name;
  json_t *item;
  json_object_foreach(object, name, item) {
    int i = name_matches(name, strlen(name), "group_by") && m->d->has_group_by ? MAX_VIEW_PARAMS : view_param_find(m->d, name);
    if (i < 0) return unknown_param(m, name);
    if (given[i]) return error_set(m->err, ERR_INVALID, "'%s' is given twice, in two spellings", name);
    given[i] = true;
    if (!(i == MAX_VIEW_PARAMS ? group_by_from_json(m, item) : param_from_json(m, i, item))) return false;
  }
  return true;
}

static void put_canonical(const view_definition *d, const view_selection *s, buffer *out) {
  buffer_putc(out, '{');
  for (int i = 0; i < d->params; i++) {
    const param_value *v = &s->param[i];
    buffer_printf(out, "%s\"%s\":", i ? "," : "", d->param[i].name);
    if (d->param[i].kind == PARAM_SCALAR) {
      value_put_json(out, v->scalar);
      continue;
    }
    if (v->all) {
      buffer_puts(out, "\"all\"");
      continue;
    }
    buffer_putc(out, '[');
    for (int k = 0; k < v->set.count; k++) {
      if (k) buffer_putc(out, ',');
      value_put_json(out, v->set.items[k]);
    }
    buffer_putc(out, ']');
  }
  if (d->has_group_by) {
    buffer_printf(out, "%s\"group_by\":[", d->params ? "," : "");
    for (int i = 0; i < s->group_by.count; i++) buffer_printf(out, "%s\"%s\"", i ? "," : "", s->group_by.items[i]);
    buffer_putc(out, ']');
  }
  buffer_putc(out, '}');
}

static bool finish(maker *m) {
  buffer text = {0};
  put_canonical(m->d, m->out, &text);
  m->out->json = text.failed ? NULL : arena_strndup(&m->out->memory, buffer_text(&text), text.len);
  buffer_free(&text);
  return m->out->json ? true : nomem(m);
}

static bool fill(maker *m, json_t *object) {
  bool given[MAX_VIEW_PARAMS + 1] = {false};
  if (object && !read_members(m, object, given)) return false;
  for (int i = 0; i < m->d->params; i++)
    if (!given[i] && !param_default(m, i)) return false;
  if (!given[MAX_VIEW_PARAMS] && !group_by_default(m)) return false;
  return finish(m);
}

static json_t *load(const char *text, error *err) {
  size_t bytes = strlen(text);
  if (bytes > MAX_SELECTION_BYTES) {
    error_set(err, ERR_LIMIT, "the parameters are longer than %d bytes", MAX_SELECTION_BYTES);
    return NULL;
  }
  json_error_t where;
  json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
  if (!json) error_set(err, ERR_INVALID, "the parameters are no JSON: %s at line %d column %d", where.text, where.line, where.column);
  if (json && !json_is_object(json)) {
    error_set(err, ERR_INVALID, "the parameters must be one JSON object");
    json_decref(json);
    return NULL;
  }
  return json;
}

bool view_selection_parse(const view_definition *d, const char *params_json, view_selection *out, error *err) {
  memset(out, 0, sizeof *out);
  json_t *object = NULL;
  if (params_json && *params_json && !(object = load(params_json, err))) return false;
  maker m = {d, out, err};
  bool done = fill(&m, object);
  json_decref(object);
  if (!done) view_selection_free(out);
  return done;
}

bool view_selection_sample(const view_definition *d, bool widest, view_selection *out, error *err) {
  memset(out, 0, sizeof *out);
  maker m = {d, out, err};
  bool done = true;
  for (int i = 0; done && i < d->params; i++) {
    const view_param *p = &d->param[i];
    if (widest && p->kind != PARAM_SCALAR)
      out->param[i].all = true;
    else if (p->kind == PARAM_SCALAR && p->required)
      out->param[i].scalar = p->type == VALUE_TEXT ? (value){.type = VALUE_TEXT, .text = ""} : (value){.type = p->type};
    else
      done = param_default(&m, i);
  }
  for (int i = 0; done && widest && i < d->dimensions.count; i++) done = add_dimension(&m, d->dimensions.items[i]);
  done = done && (widest || group_by_default(&m)) && finish(&m);
  if (!done) view_selection_free(out);
  return done;
}

void view_selection_free(view_selection *s) {
  arena_free(&s->memory);
  memset(s, 0, sizeof *s);
}

bool view_selection_set_contains(const view_definition *d, const view_selection *s, int param, value v) {
  if (s->param[param].all) return true;
  for (int i = 0; i < s->param[param].set.count; i++)
    if (value_same(v, s->param[param].set.items[i])) return true;
  return false;
}
