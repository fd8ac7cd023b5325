#include "view/feed.h"

#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct feed_table {
  sqlite3_vtab base;
  feed *feed;
} feed_table;

typedef struct feed_cursor {
  sqlite3_vtab_cursor base;
  size_t at;
} feed_cursor;

static feed *feed_of(sqlite3_vtab_cursor *c) { return ((feed_table *)c->pVtab)->feed; }

static int feed_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **message) {
  feed *f = aux;
  int rc = sqlite3_declare_vtab(db, f->declaration);
  if (rc != SQLITE_OK) return rc;
  feed_table *t = sqlite3_malloc(sizeof *t);
  if (!t) return SQLITE_NOMEM;
  memset(t, 0, sizeof *t);
  t->feed = f;
  *out = &t->base;
  return SQLITE_OK;
}

static int feed_disconnect(sqlite3_vtab *t) {
  sqlite3_free(t);
  return SQLITE_OK;
}

/* Few rows, read in order: the planner shall begin with it. */
static int feed_best_index(sqlite3_vtab *t, sqlite3_index_info *info) {
  info->estimatedCost = 2;
  info->estimatedRows = 2;
  return SQLITE_OK;
}

static int feed_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out) {
  feed_cursor *c = sqlite3_malloc(sizeof *c);
  if (!c) return SQLITE_NOMEM;
  memset(c, 0, sizeof *c);
  *out = &c->base;
  return SQLITE_OK;
}

static int feed_close(sqlite3_vtab_cursor *c) {
  sqlite3_free(c);
  return SQLITE_OK;
}

static int feed_filter(sqlite3_vtab_cursor *c, int index, const char *name, int argc, sqlite3_value **argv) {
  ((feed_cursor *)c)->at = 0;
  return SQLITE_OK;
}

static int feed_next(sqlite3_vtab_cursor *c) {
  ((feed_cursor *)c)->at++;
  return SQLITE_OK;
}

static int feed_eof(sqlite3_vtab_cursor *c) { return ((feed_cursor *)c)->at >= feed_of(c)->count; }

/* The bytes live as long as the step: no copy. */
static void result_static(sqlite3_context *context, const value *v) {
  switch (v->type) {
    case VALUE_NULL: sqlite3_result_null(context); break;
    case VALUE_INTEGER: sqlite3_result_int64(context, v->i); break;
    case VALUE_REAL: sqlite3_result_double(context, v->r); break;
    case VALUE_TEXT: sqlite3_result_text(context, v->bytes ? v->text : "", (int)v->bytes, SQLITE_STATIC); break;
    case VALUE_BLOB:
      if (v->bytes)
        sqlite3_result_blob(context, v->text, (int)v->bytes, SQLITE_STATIC);
      else
        sqlite3_result_zeroblob(context, 0);
      break;
  }
}

static int feed_column(sqlite3_vtab_cursor *c, sqlite3_context *context, int column) {
  const feed *f = feed_of(c);
  const feed_row *r = &f->rows[((feed_cursor *)c)->at];
  int lead = f->shape == FEED_GROUPS ? 1 : 2;
  if (column < lead) {
    sqlite3_result_int64(context, f->shape != FEED_GROUPS && column == 0 ? r->sign : r->number);
    return SQLITE_OK;
  }
  column -= lead;
  result_static(context, column < f->columns ? &r->first[column] : &r->second[column - f->columns]);
  return SQLITE_OK;
}

static int feed_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *out) {
  *out = (sqlite3_int64)((feed_cursor *)c)->at;
  return SQLITE_OK;
}

static const sqlite3_module module = {
  .iVersion = 0,
  .xConnect = feed_connect,
  .xBestIndex = feed_best_index,
  .xDisconnect = feed_disconnect,
  .xOpen = feed_open,
  .xClose = feed_close,
  .xFilter = feed_filter,
  .xNext = feed_next,
  .xEof = feed_eof,
  .xColumn = feed_column,
  .xRowid = feed_rowid,
};

static void declare_column(buffer *out, const char *name, const column_def *c) {
  buffer_puts(out, ", ");
  buffer_sql_name(out, name);
  buffer_printf(out, " %s COLLATE ", affinity_type(c->affinity));
  buffer_sql_name(out, c->collation);
}

bool feed_create(sqlite3 *db, feed *f, const char *name, feed_shape shape, const column_def *column, int columns, error *err) {
  memset(f, 0, sizeof *f);
  f->shape = shape;
  f->columns = columns;
  buffer text = {0};
  buffer_puts(&text, shape == FEED_GROUPS ? "CREATE TABLE x(slot INTEGER" : "CREATE TABLE x(w INTEGER, rid INTEGER");
  char numbered[32];
  for (int i = 0; i < columns; i++) {
    snprintf(numbered, sizeof numbered, "c%d", i);
    declare_column(&text, shape == FEED_GROUPS ? column[i].name : numbered, &column[i]);
  }
  for (int i = 0; i < columns && shape == FEED_PAIRS; i++) {
    snprintf(numbered, sizeof numbered, "o%d", i);
    declare_column(&text, numbered, &column[i]);
  }
  buffer_putc(&text, ')');
  f->declaration = buffer_take(&text);
  if (!f->declaration) return error_nomem(err);
  if (sqlite3_create_module_v2(db, name, &module, f, NULL) == SQLITE_OK) return true;
  free(f->declaration);
  f->declaration = NULL;
  return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
}

void feed_drop(sqlite3 *db, feed *f, const char *name) {
  if (!f->declaration) return;
  sqlite3_create_module_v2(db, name, NULL, NULL, NULL);
  free(f->declaration);
  memset(f, 0, sizeof *f);
}
