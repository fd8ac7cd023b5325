#include "query/schema.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool contains(const char *text, const char *word) {
  size_t n = strlen(word);
  for (; *text; text++)
    if (strncasecmp(text, word, n) == 0) return true;
  return false;
}

affinity affinity_of_type(const char *declared, bool strict) {
  if (!declared || !*declared) return AFF_BLOB;
  if (strict && strcasecmp(declared, "ANY") == 0) return AFF_BLOB;
  if (contains(declared, "INT")) return AFF_INTEGER;
  if (contains(declared, "CHAR") || contains(declared, "CLOB") || contains(declared, "TEXT")) return AFF_TEXT;
  if (contains(declared, "BLOB")) return AFF_BLOB;
  if (contains(declared, "REAL") || contains(declared, "FLOA") || contains(declared, "DOUB")) return AFF_REAL;
  return AFF_NUMERIC;
}

const char *affinity_type(affinity a) {
  switch (a) {
    case AFF_TEXT: return "TEXT";
    case AFF_NUMERIC: return "NUMERIC";
    case AFF_INTEGER: return "INTEGER";
    case AFF_REAL: return "REAL";
    case AFF_BLOB:
    case AFF_NONE: break;
  }
  return "";
}

static bool sql_failed(sqlite3 *db, error *err) { return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db)); }

static bool is_strict_or_wr(schema_cache *c, const relation *r, bool *strict, bool *wr) {
  sqlite3_stmt *stmt = NULL;
  *strict = *wr = false;
  char *sql = sqlite3_mprintf("SELECT wr, strict FROM pragma_table_list WHERE schema = %Q AND name = %Q COLLATE NOCASE", r->schema, r->name);
  if (!sql) return false;
  int rc = sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL);
  sqlite3_free(sql);
  if (rc != SQLITE_OK) return false;
  if (sqlite3_step(stmt) == SQLITE_ROW) {
    *wr = sqlite3_column_int(stmt, 0) != 0;
    *strict = sqlite3_column_int(stmt, 1) != 0;
  }
  return sqlite3_finalize(stmt) == SQLITE_OK;
}

static bool name_taken(const relation *r, const char *name) {
  for (int i = 0; i < r->columns; i++)
    if (strcasecmp(r->column[i].name, name) == 0) return true;
  return false;
}

static void find_rowid_name(relation *r) {
  static const char *const names[] = {"rowid", "_rowid_", "oid"};
  for (int i = 0; i < 3 && !r->rowid_name; i++)
    if (!name_taken(r, names[i])) r->rowid_name = names[i];
  if (!r->rowid_name && r->rowid_alias >= 0) r->rowid_name = r->column[r->rowid_alias].name;
}

/* One row of table_xinfo: cid, name, type, notnull, dflt_value, pk, hidden. */
static bool read_column(schema_cache *c, relation *r, sqlite3_stmt *stmt, bool strict, error *err) {
  enum { HIDDEN = 1, VIRTUAL_GENERATED = 2 };
  column_def *col = &r->column[r->columns];
  const char *type = (const char *)sqlite3_column_text(stmt, 2);
  int pk = sqlite3_column_int(stmt, 5), hidden = sqlite3_column_int(stmt, 6);
  col->name = arena_strdup(c->memory, (const char *)sqlite3_column_text(stmt, 1));
  col->affinity = affinity_of_type(type, strict);
  col->not_null = sqlite3_column_int(stmt, 3) != 0;
  col->hidden = hidden == HIDDEN;
  col->generated = hidden >= VIRTUAL_GENERATED;
  const char *collation = NULL;
  if (!r->is_view) sqlite3_table_column_metadata(c->db, r->schema, r->name, col->name, NULL, &collation, NULL, NULL, NULL);
  col->collation = arena_strdup(c->memory, collation ? collation : "BINARY");
  if (!col->name || !col->collation) return error_nomem(err);
  if (pk > 0) {
    r->pk[pk - 1] = r->columns;
    if (pk > r->pk_columns) r->pk_columns = pk;
  }
  if (pk == 1 && type && strcasecmp(type, "INTEGER") == 0 && !r->without_rowid) r->rowid_alias = r->columns;
  r->columns++;
  return true;
}

static bool read_columns(schema_cache *c, relation *r, error *err) {
  bool strict;
  if (!is_strict_or_wr(c, r, &strict, &r->without_rowid)) return sql_failed(c->db, err);
  r->rowid_alias = -1;
  char *sql = sqlite3_mprintf("SELECT * FROM pragma_table_xinfo(%Q, %Q)", r->name, r->schema);
  sqlite3_stmt *stmt = NULL;
  int rc = sql ? sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  int capacity = 0;
  while (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) capacity++;
  if (rc == SQLITE_OK) rc = sqlite3_reset(stmt);
  r->column = arena_zalloc(c->memory, sizeof *r->column * (size_t)(capacity + 1));
  r->pk = arena_zalloc(c->memory, sizeof *r->pk * (size_t)(capacity + 1));
  bool ok = rc == SQLITE_OK && r->column && r->pk;
  while (ok && sqlite3_step(stmt) == SQLITE_ROW && r->columns < capacity) ok = read_column(c, r, stmt, strict, err);
  rc = sqlite3_finalize(stmt);
  sqlite3_free(sql);
  if (ok && rc != SQLITE_OK) ok = sql_failed(c->db, err);
  if (!ok && err->code == ERR_NONE) return sql_failed(c->db, err);
  if (ok && r->pk_columns > 1) r->rowid_alias = -1;
  if (ok && !r->is_view && !r->without_rowid) find_rowid_name(r);
  return ok;
}

/* Looks in one database; *found says whether it was there. */
static relation *find_in(schema_cache *c, const char *schema, const char *name, error *err) {
  bool temp = strcasecmp(schema, "temp") == 0;
  char *sql = sqlite3_mprintf("SELECT type, name, sql FROM \"%w\".%s WHERE name = %Q COLLATE NOCASE AND type IN ('table', 'view')", schema,
                              temp ? "sqlite_temp_schema" : "sqlite_schema", name);
  sqlite3_stmt *stmt = NULL;
  int rc = sql ? sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  relation *r = NULL;
  if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(stmt, 2);
    bool redirect = temp && text && strstr(text, REDIRECT_MARK);
    if (!redirect && (r = arena_zalloc(c->memory, sizeof *r))) {
      r->schema = arena_strdup(c->memory, schema);
      r->name = arena_strdup(c->memory, (const char *)sqlite3_column_text(stmt, 1));
      r->is_view = strcmp((const char *)sqlite3_column_text(stmt, 0), "view") == 0;
      r->is_virtual = !r->is_view && text && strncasecmp(text, "CREATE VIRTUAL", 14) == 0;
      r->view_sql = r->is_view && text ? arena_strdup(c->memory, text) : NULL;
    }
  }
  sqlite3_finalize(stmt);
  if (!r) return NULL;
  buffer quoted = {0};
  buffer_sql_name(&quoted, r->schema);
  buffer_putc(&quoted, '.');
  buffer_sql_name(&quoted, r->name);
  r->sql_name = arena_strdup(c->memory, buffer_text(&quoted));
  buffer_free(&quoted);
  if (!r->is_view && !read_columns(c, r, err)) return NULL;
  return r;
}

/* Whether the view still stands there with the text that it had: views are replaced while the cache lives. */
static bool view_is_current(const schema_cache *c, const relation *r) {
  bool temp = strcasecmp(r->schema, "temp") == 0;
  char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".%s WHERE name = %Q AND type = 'view' AND sql = %Q", r->schema,
                              temp ? "sqlite_temp_schema" : "sqlite_schema", r->name, r->view_sql ? r->view_sql : "");
  sqlite3_stmt *stmt = NULL;
  bool current = sql && sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return current;
}

static relation *cached(schema_cache *c, const char *schema, const char *name) {
  for (relation **at = &c->first; *at; at = &(*at)->next) {
    relation *r = *at;
    if (strcasecmp(r->name, name) != 0 || strcasecmp(r->schema, schema) != 0) continue;
    if (!r->is_view || view_is_current(c, r)) return r;
    *at = r->next; /* whoever holds it keeps it, in the arena */
    return NULL;
  }
  return NULL;
}

relation *schema_find(schema_cache *c, const char *schema, const char *name, error *err) {
  error_clear(err);
  sqlite3_stmt *list = NULL;
  if (sqlite3_prepare_v2(c->db, "SELECT name FROM pragma_database_list ORDER BY seq <> 1, seq", -1, &list, NULL) != SQLITE_OK) {
    sql_failed(c->db, err);
    return NULL;
  }
  relation *found = NULL;
  bool saw_temp = false;
  while (!found && err->code == ERR_NONE) {
    const char *database = "temp"; /* listed only once something is in it */
    if (saw_temp) {
      if (sqlite3_step(list) != SQLITE_ROW) break;
      database = (const char *)sqlite3_column_text(list, 0);
      if (strcasecmp(database, "temp") == 0) continue;
    }
    saw_temp = true;
    if (schema ? strcasecmp(schema, database) != 0 : (c->result_schema && strcasecmp(c->result_schema, "main") != 0 && strcasecmp(c->result_schema, database) == 0)) continue;
    found = cached(c, database, name);
    if (found || !(found = find_in(c, database, name, err))) continue;
    if (found->is_view) continue; /* its text may be another the next time */
    found->next = c->first;
    c->first = found;
  }
  sqlite3_finalize(list);
  if (!found && err->code == ERR_NONE) error_set(err, ERR_NOT_FOUND, "no such table or view: %s", name);
  return found;
}
