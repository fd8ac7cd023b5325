/* Is a definition right against this database: syntax, names, columns, in its default and its widest selection. */
#include "catalog/catalog.h"

#include "catalog/names.h"
#include "query/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Moves an error from a place in the expansion to the place in the file that it came from. */
static void place(const view_definition *d, const expansion *e, size_t offset, error *err) {
  position at = expansion_position(d, e, offset);
  error_at(err, d->file, at.line, at.column);
}

static bool parses(const view_definition *d, const expansion *e, error *err) {
  arena memory = {0};
  error_clear(err);
  bool done = query_parse(&memory, buffer_text(&e->sql), e->sql.len, err) != NULL;
  if (!done && err->line > 0) place(d, e, expansion_offset(e, err->line, err->column), err);
  arena_free(&memory);
  return done;
}

/* A "name" that is no column is an error here, not a text, as SQLite would have it. */
static sqlite3_stmt *prepare(const view_definition *d, sqlite3 *db, const expansion *e, error *err) {
  sqlite3_stmt *stmt = NULL;
  int lenient = 0;
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, -1, &lenient);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  int rc = sqlite3_prepare_v2(db, buffer_text(&e->sql), (int)e->sql.len, &stmt, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, lenient, NULL);
  if (rc == SQLITE_OK && stmt) return stmt;
  int offset = sqlite3_error_offset(db);
  error_set(err, ERR_INVALID, "%s", sqlite3_errmsg(db));
  place(d, e, offset > 0 ? (size_t)offset : 0, err);
  return NULL;
}

static bool distinct_columns(const view_definition *d, sqlite3_stmt *stmt, error *err) {
  int n = sqlite3_column_count(stmt);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++) {
      if (strcasecmp(sqlite3_column_name(stmt, i), sqlite3_column_name(stmt, k))) continue;
      error_set(err, ERR_INVALID, "columns %d and %d are both called '%.80s'", k + 1, i + 1, sqlite3_column_name(stmt, i));
      error_hint(err, "give one of them another name with AS");
      return error_at(err, d->file, d->body_at.line, d->body_at.column);
    }
  return true;
}

static bool has_column(sqlite3_stmt *stmt, const char *name) {
  for (int i = 0; i < sqlite3_column_count(stmt); i++)
    if (!strcasecmp(sqlite3_column_name(stmt, i), name)) return true;
  return false;
}

static bool key_exists(const view_definition *d, sqlite3_stmt *stmt, error *err) {
  for (int i = 0; i < d->key.count; i++) {
    if (has_column(stmt, d->key.items[i])) continue;
    error_set(err, ERR_INVALID, "@key names '%s', which is no column of the view", d->key.items[i]);
    return error_at(err, d->file, 1, 1);
  }
  return true;
}

static bool describe(catalog_view *v, sqlite3_stmt *stmt, error *err) {
  v->columns = sqlite3_column_count(stmt);
  v->column = calloc((size_t)v->columns + 1, sizeof *v->column);
  if (!v->column) return error_nomem(err);
  for (int i = 0; i < v->columns; i++) {
    snprintf(v->column[i].name, sizeof v->column[i].name, "%s", sqlite3_column_name(stmt, i));
    snprintf(v->column[i].type, sizeof v->column[i].type, "%s", column_affinity(sqlite3_column_decltype(stmt, i)));
  }
  return true;
}

/* One selection of the view; the default one also gives *v its SQL and columns. */
static bool check_selection(catalog_view *v, sqlite3 *db, bool widest, error *err) {
  const view_definition *d = v->definition;
  view_selection s;
  expansion e = {0};
  if (!view_selection_sample(d, widest, &s, err)) return false;
  sqlite3_stmt *stmt = NULL;
  bool done = template_expand(d, &s, &e, err) && parses(d, &e, err) && (stmt = prepare(d, db, &e, err)) && distinct_columns(d, stmt, err) &&
              key_exists(d, stmt, err);
  if (done && !widest) {
    done = describe(v, stmt, err);
    v->sql = buffer_take(&e.sql);
    v->selection = strdup(s.json);
    if (done && (!v->sql || !v->selection)) done = error_nomem(err);
  }
  if (!done && !err->file[0] && d->file[0]) error_at(err, d->file, err->line ? err->line : d->body_at.line, err->column ? err->column : 1);
  sqlite3_finalize(stmt);
  expansion_free(&e);
  view_selection_free(&s);
  return done;
}

catalog_view *view_catalog_check(view_definition *d, sqlite3 *db, view_inspector inspect, void *ctx, error *err) {
  catalog_view *v = calloc(1, sizeof *v);
  if (!v) {
    error_nomem(err);
    return NULL;
  }
  atomic_init(&v->references, 1);
  v->definition = view_definition_ref(d);
  bool done = check_selection(v, db, false, err) && check_selection(v, db, true, err);
  if (done && inspect) {
    done = inspect(ctx, db, v, err);
    if (!done && !err->file[0]) error_at(err, d->file, d->body_at.line, d->body_at.column);
  }
  if (done) return v;
  catalog_view_unref(v);
  return NULL;
}

catalog_view *catalog_view_ref(catalog_view *v) {
  atomic_fetch_add(&v->references, 1);
  return v;
}

void catalog_view_unref(catalog_view *v) {
  if (!v || atomic_fetch_sub(&v->references, 1) != 1) return;
  view_definition_unref(v->definition);
  free(v->sql);
  free(v->selection);
  free(v->column);
  free(v->key);
  free(v);
}
