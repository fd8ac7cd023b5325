#include "engine/target.h"

#include "catalog/names.h"
#include "engine/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, error *err) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && stmt) return stmt;
  error_set(err, ERR_SQL, "the selection cannot be read: %s", sqlite3_errmsg(db));
  return NULL;
}

static bool expand(target *t, const char *params, error *err) {
  if (!view_selection_parse(t->view->definition, params, &t->values, err)) return false;
  t->selection = strdup(t->values.json);
  expansion e = {0};
  bool done = template_expand(t->view->definition, &t->values, &e, err);
  if (done) {
    t->sql = buffer_take(&e.sql);
    t->filter = strdup("");
    if (!t->sql || !t->selection || !t->filter) done = error_nomem(err);
  }
  expansion_free(&e);
  return done;
}

static bool is_blank(const char *text) { return !text || text[strspn(text, " \t\r\n")] == '\0'; }

static bool add_filter(target *t, sqlite3 *db, const char *filter, error *err) {
  if (strlen(filter) > MAX_FILTER_BYTES) return error_set(err, ERR_LIMIT, "the filter is longer than %d bytes", MAX_FILTER_BYTES);
  sqlite3_stmt *stmt = prepare(db, t->sql, err);
  if (!stmt) return false;
  buffer canonical = {0}, sql = {0};
  bool done = filter_canonical(filter, stmt, &canonical, err);
  sqlite3_finalize(stmt);
  if (done) {
    buffer_printf(&sql, "SELECT * FROM (%s) WHERE (%s)", t->sql, buffer_text(&canonical));
    free(t->filter);
    free(t->sql);
    t->filter = buffer_take(&canonical);
    t->sql = buffer_take(&sql);
    done = t->filter && t->sql ? true : error_nomem(err);
  }
  buffer_free(&canonical);
  buffer_free(&sql);
  return done;
}

bool target_resolve(view_catalog *catalog, sqlite3 *db, const selection *s, target *out, error *err) {
  out->view = view_catalog_find(catalog, s->view, err);
  if (!out->view || !expand(out, s->params_json, err)) return false;
  bool filtered = !is_blank(s->filter);
  if (filtered && !add_filter(out, db, s->filter, err)) return false;
  out->is_default = !filtered && view_definition_has_defaults(out->view->definition) && !strcmp(out->selection, out->view->selection);
  return true;
}

void target_free(target *t) {
  catalog_view_unref(t->view);
  free(t->selection);
  free(t->filter);
  free(t->sql);
  view_selection_free(&t->values);
  memset(t, 0, sizeof *t);
}

static int column_named(const instance_info *info, const char *name) {
  for (int i = 0; i < info->columns; i++)
    if (!strcasecmp(info->column[i].name, name)) return i;
  return -1;
}

static bool set_key(instance_info *info, const char *const *names, int count, error *err) {
  int *key = calloc((size_t)count + 1, sizeof *key);
  if (!key) return error_nomem(err);
  for (int i = 0; i < count; i++) {
    key[i] = column_named(info, names[i]);
    if (key[i] >= 0) continue;
    free(key); /* the key is not among the columns of this selection: it has none */
    return true;
  }
  free(info->key);
  info->key = key;
  info->keys = count;
  return true;
}

/* What the compiler found for the default selection holds for one that groups by nothing of its own. */
static bool set_default_key(instance_info *info, const catalog_view *v, error *err) {
  const char *names[MAX_DIMENSIONS];
  if (v->keys > MAX_DIMENSIONS) return true;
  for (int i = 0; i < v->keys; i++) names[i] = v->key[i];
  return set_key(info, names, v->keys, err);
}

bool target_key(const target *t, instance_info *info, error *err) {
  const view_definition *d = t->view->definition;
  const name_list *group_by = &t->values.group_by;
  if (d->key.count) return set_key(info, d->key.items, d->key.count, err);
  if (info->keys > 0) return true;
  return d->has_group_by ? set_key(info, group_by->items, group_by->count, err) : set_default_key(info, t->view, err);
}

instance_info *target_describe(const target *t, sqlite3 *db, error *err) {
  sqlite3_stmt *stmt = prepare(db, t->sql, err);
  if (!stmt) return NULL;
  instance_info *info = calloc(1, sizeof *info);
  if (info) {
    info->columns = sqlite3_column_count(stmt);
    info->column = calloc((size_t)info->columns + 1, sizeof *info->column);
    info->selection_json = strdup(t->selection);
    snprintf(info->view, sizeof info->view, "%s", t->view->definition->name);
    snprintf(info->strategy, sizeof info->strategy, "%s", t->view->strategy);
  }
  bool done = info && info->column && info->selection_json;
  for (int i = 0; done && i < info->columns; i++) {
    snprintf(info->column[i].name, sizeof info->column[i].name, "%s", sqlite3_column_name(stmt, i));
    snprintf(info->column[i].type, sizeof info->column[i].type, "%s", column_affinity(sqlite3_column_decltype(stmt, i)));
  }
  sqlite3_finalize(stmt);
  if (!done) error_nomem(err);
  if (done && target_key(t, info, err)) return info;
  instance_info_free(info);
  return NULL;
}
