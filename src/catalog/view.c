#include "catalog/view.h"

#include "catalog/names.h"
#include "catalog/view_header.h"
#include "query/lexer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

static bool name_is_fit(const char *name) {
  size_t n = strlen(name);
  if (n == 0 || n > MAX_VIEW_NAME_BYTES || !islower((unsigned char)*name)) return false;
  for (size_t i = 0; i < n; i++)
    if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '_') return false;
  return strncmp(name, "vs_", 3) != 0 && strncmp(name, "sqlite_", 7) != 0;
}

static bool check_name(const char *name, const char *file, error *err) {
  if (name_is_fit(name)) return true;
  error_set(err, ERR_INVALID, "'%s' cannot be a view's name", name);
  error_hint(err, "a lower-case letter, then letters, digits and _, at most %d; not beginning with vs_ or sqlite_", MAX_VIEW_NAME_BYTES);
  return error_at(err, file, 0, 0);
}

/* Finds where the one statement of the body ends. */
static bool find_body(view_definition *d, size_t offset, int line, error *err) {
  lexer l;
  lexer_start(&l, d->text + offset, d->text_bytes - offset);
  l.line = line;
  token t = lexer_next(&l);
  if (!t.type) {
    error_set(err, ERR_INVALID, "there is no SELECT after the header lines");
    return error_at(err, d->file, line, 1);
  }
  if (!token_is(&t, "select") && !token_is(&t, "with") && !token_is(&t, "values") && *t.text != '{') {
    error_set(err, ERR_INVALID, "expected SELECT, found '%.*s'", t.bytes > 40 ? 40 : (int)t.bytes, t.text);
    return error_at(err, d->file, t.at.line, t.at.column);
  }
  d->body = t.text;
  d->body_at = t.at;
  const char *end = t.text;
  bool ended = false;
  for (; t.type; t = lexer_next(&l)) {
    if (ended) {
      error_set(err, ERR_INVALID, "a view is one SELECT; there is more after its ';'");
      return error_at(err, d->file, t.at.line, t.at.column);
    }
    if (t.bytes == 1 && *t.text == ';')
      ended = true;
    else
      end = t.text + t.bytes;
  }
  d->body_bytes = (size_t)(end - d->body);
  return true;
}

static bool fill(view_definition *d, const char *name, const char *file, const char *text, size_t bytes, error *err) {
  d->name = arena_strdup(&d->memory, name);
  d->file = arena_strdup(&d->memory, file ? file : "");
  d->text = arena_strndup(&d->memory, text, bytes);
  if (!d->name || !d->file || !d->text) return error_nomem(err);
  d->text_bytes = bytes;
  d->title = d->description = "";
  snprintf(d->etag, sizeof d->etag, "%016llx", (unsigned long long)XXH3_64bits(text, bytes));
  size_t offset = 0;
  int line = 1;
  return view_header_read(d, &offset, &line, err) && find_body(d, offset, line, err);
}

view_definition *view_definition_parse(const char *name, const char *file, const char *text, size_t bytes, error *err) {
  if (!check_name(name, file, err)) return NULL;
  if (bytes > MAX_VIEW_BYTES || memchr(text, '\0', bytes)) {
    error_set(err, bytes > MAX_VIEW_BYTES ? ERR_LIMIT : ERR_INVALID, "a view is at most %d bytes of text without NUL", MAX_VIEW_BYTES);
    error_at(err, file, 0, 0);
    return NULL;
  }
  view_definition *d = calloc(1, sizeof *d);
  if (!d) {
    error_nomem(err);
    return NULL;
  }
  atomic_init(&d->references, 1);
  if (fill(d, name, file, text, bytes, err)) return d;
  view_definition_unref(d);
  return NULL;
}

view_definition *view_definition_ref(view_definition *d) {
  atomic_fetch_add(&d->references, 1);
  return d;
}

void view_definition_unref(view_definition *d) {
  if (!d || atomic_fetch_sub(&d->references, 1) != 1) return;
  arena_free(&d->memory);
  free(d);
}

static value_type type_of_declaration(const char *declared) {
  const char *affinity = column_affinity(declared);
  return !strcmp(affinity, "INTEGER") ? VALUE_INTEGER : !strcmp(affinity, "REAL") ? VALUE_REAL : VALUE_TEXT;
}

static bool bind_param(view_param *p, sqlite3 *db, const char *file, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "SELECT x.");
  buffer_sql_name(&sql, p->column);
  buffer_puts(&sql, " FROM ");
  buffer_sql_name(&sql, p->table);
  buffer_puts(&sql, " AS x");
  sqlite3_stmt *stmt = NULL;
  bool done = !sql.failed && sqlite3_prepare_v2(db, sql.data, -1, &stmt, NULL) == SQLITE_OK;
  if (done) {
    p->type = type_of_declaration(sqlite3_column_decltype(stmt, 0));
  } else {
    error_set(err, ERR_NOT_FOUND, "parameter %s is a set of %s.%s, which does not exist: %s", p->name, p->table, p->column, sqlite3_errmsg(db));
    error_at(err, file, p->at.line, p->at.column);
  }
  sqlite3_finalize(stmt);
  buffer_free(&sql);
  return done;
}

bool view_definition_bind(view_definition *d, sqlite3 *db, error *err) {
  for (int i = 0; i < d->params; i++)
    if (d->param[i].kind == PARAM_SET_OF_COLUMN && !bind_param(&d->param[i], db, d->file, err)) return false;
  return true;
}

bool view_definition_has_defaults(const view_definition *d) {
  for (int i = 0; i < d->params; i++)
    if (d->param[i].required) return false;
  return true;
}

static bool token_names(const token *t, const char *name) {
  size_t n = strlen(name);
  if (t->bytes == n) return !strncasecmp(t->text, name, n);
  return t->bytes == n + 2 && strchr("\"`[", *t->text) && !strncasecmp(t->text + 1, name, n);
}

bool view_definition_mentions(const view_definition *d, const char *name) {
  lexer l;
  lexer_start(&l, d->body, d->body_bytes);
  for (token t = lexer_next(&l); t.type; t = lexer_next(&l))
    if (token_names(&t, name)) return true;
  for (int i = 0; i < d->params; i++)
    if (d->param[i].kind == PARAM_SET_OF_COLUMN && !strcasecmp(d->param[i].table, name)) return true;
  return false;
}

int view_param_find(const view_definition *d, const char *given) {
  for (int i = 0; i < d->params; i++)
    if (name_matches(given, strlen(given), d->param[i].name)) return i;
  return -1;
}

int view_dimension_find(const view_definition *d, const char *given) {
  for (int i = 0; i < d->dimensions.count; i++)
    if (name_matches(given, strlen(given), d->dimensions.items[i])) return i;
  return -1;
}

int view_param_value_find(const view_param *p, const char *given, size_t bytes) {
  for (int i = 0; i < p->values.count; i++) {
    const value *v = &p->values.items[i];
    if (v->type == VALUE_TEXT && v->bytes == bytes && !memcmp(v->text, given, bytes)) return i;
  }
  for (int i = 0; i < p->values.count; i++)
    if (p->values.items[i].type == VALUE_TEXT && name_matches(given, bytes, p->values.items[i].text)) return i;
  return -1;
}

static void put_text(buffer *out, const char *text) { buffer_json_text(out, text, strlen(text)); }

static void put_names(buffer *out, const name_list *names) {
  buffer_putc(out, '[');
  for (int i = 0; i < names->count; i++) {
    if (i) buffer_putc(out, ',');
    put_text(out, names->items[i]);
  }
  buffer_putc(out, ']');
}

static void put_values(buffer *out, const value_list *list) {
  buffer_putc(out, '[');
  for (int i = 0; i < list->count; i++) {
    if (i) buffer_putc(out, ',');
    value_put_json(out, list->items[i]);
  }
  buffer_putc(out, ']');
}

static const char *type_name(value_type type) {
  return type == VALUE_INTEGER ? "integer" : type == VALUE_REAL ? "real" : "text";
}

static void put_param(buffer *out, const view_param *p) {
  buffer_puts(out, "{\"name\":");
  put_text(out, p->name);
  buffer_printf(out, ",\"kind\":\"%s\",\"type\":\"%s\"", p->kind == PARAM_SCALAR ? "scalar" : "set", type_name(p->type));
  if (p->kind == PARAM_SET_OF_COLUMN) buffer_printf(out, ",\"table\":\"%s\",\"column\":\"%s\"", p->table, p->column);
  if (p->kind == PARAM_SET_OF_VALUES) {
    buffer_puts(out, ",\"values\":");
    put_values(out, &p->values);
  }
  if (p->required) {
    buffer_puts(out, ",\"required\":true}");
    return;
  }
  buffer_puts(out, ",\"default\":");
  if (p->kind == PARAM_SCALAR)
    value_put_json(out, p->defaults.items[0]);
  else if (p->default_all)
    buffer_puts(out, "\"all\"");
  else
    put_values(out, &p->defaults);
  buffer_putc(out, '}');
}

void view_definition_json(const view_definition *d, buffer *out) {
  buffer_puts(out, "\"name\":");
  put_text(out, d->name);
  buffer_puts(out, ",\"title\":");
  put_text(out, d->title);
  buffer_puts(out, ",\"description\":");
  put_text(out, d->description);
  buffer_puts(out, ",\"params\":[");
  for (int i = 0; i < d->params; i++) {
    if (i) buffer_putc(out, ',');
    put_param(out, &d->param[i]);
  }
  buffer_puts(out, "],\"group_by\":");
  if (d->has_group_by) {
    buffer_puts(out, "{\"dimensions\":");
    put_names(out, &d->dimensions);
    buffer_puts(out, ",\"default\":");
    put_names(out, &d->default_group_by);
    buffer_putc(out, '}');
  } else {
    buffer_puts(out, "null");
  }
  buffer_printf(out, ",\"etag\":\"%s\",\"eager\":%s,\"topic\":", d->etag, d->eager ? "true" : "false");
  if (d->topic)
    put_text(out, d->topic);
  else
    buffer_puts(out, "null");
}
