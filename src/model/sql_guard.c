#include "model/sql_guard.h"

#include "base/clock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MAX_NAMES = 512,        /* functions, and virtual table modules */
  PROGRESS_OPCODES = 2000, /* about 20 µs between two looks at the clock */
  MAX_DEPTH = 200,
  MAX_COMPOUND = 50,
  MAX_COLUMNS = 500,
  MAX_PROGRAM_OPCODES = 200000,
  MAX_LIKE_PATTERN_BYTES = 1000,
};

struct sql_guard {
  sqlite3 *db;
  const atomic_bool *stop;
  int64_t deadline_ms;
  int time_ms;
  bool expired, stopped;
  char denied[200];
  int own_functions, modules;
  char *own_function[MAX_NAMES]; /* registered by the program */
  char *module[MAX_NAMES];       /* virtual tables that exist without being created */
};

/* Functions of SQLite's that compute from their arguments, in bounded memory and time, and touch nothing else. Not here:
** printf and format, zeroblob, randomblob (allocate by argument), load_extension, fts3_tokenizer, sqlite_*, edit, readfile. */
static const char *const safe_functions[] = {
  "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "ceil", "ceiling", "changes",
  "char", "coalesce", "cos", "cosh", "count", "cume_dist", "current_date", "current_time", "current_timestamp", "date",
  "datetime", "degrees", "dense_rank", "exp", "first_value", "floor", "glob", "group_concat", "hex", "ifnull", "iif",
  "instr", "json", "json_array", "json_array_length", "json_each", "json_extract", "json_group_array", "json_group_object",
  "json_insert", "json_object", "json_patch", "json_quote", "json_remove", "json_replace", "json_set", "json_tree",
  "json_type", "json_valid", "julianday", "lag", "last_value", "lead", "length", "like", "likelihood", "likely", "ln",
  "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif", "percent_rank", "pi",
  "pow", "power", "quote", "radians", "random", "rank", "replace", "round", "row_number", "rtrim", "sign", "sin", "sinh",
  "sqrt", "strftime", "substr", "substring", "sum", "tan", "tanh", "time", "total", "trim", "trunc", "typeof", "unicode",
  "unixepoch", "unlikely", "upper",
};

static bool listed(const char *name, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (sqlite3_stricmp(name, names[i]) == 0) return true;
  return false;
}

static bool function_allowed(const sql_guard *g, const char *name) {
  return listed(name, safe_functions, sizeof safe_functions / sizeof safe_functions[0]) ||
         listed(name, (const char *const *)g->own_function, (size_t)g->own_functions);
}

static bool table_allowed(const sql_guard *g, const char *name) {
  if (sqlite3_stricmp(name, "json_each") == 0 || sqlite3_stricmp(name, "json_tree") == 0) return true;
  if (sqlite3_strnicmp(name, "pragma_", 7) == 0) return false;
  return !listed(name, (const char *const *)g->module, (size_t)g->modules);
}

static int deny(sql_guard *g, const char *what, const char *name) {
  snprintf(g->denied, sizeof g->denied, "%s %s is not allowed here", what, name ? name : "");
  return SQLITE_DENY;
}

static int authorize(void *ctx, int action, const char *first, const char *second, const char *database, const char *inside) {
  sql_guard *g = ctx;
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_READ: return table_allowed(g, first) ? SQLITE_OK : deny(g, "the table", first);
    case SQLITE_FUNCTION: return inside || function_allowed(g, second) ? SQLITE_OK : deny(g, "the function", second);
    case SQLITE_PRAGMA: return deny(g, "PRAGMA", first);
    case SQLITE_ATTACH: return deny(g, "ATTACH", "");
    default: return deny(g, "a statement that is not a query", "");
  }
}

static int progress(void *ctx) {
  sql_guard *g = ctx;
  if (g->stop && atomic_load_explicit(g->stop, memory_order_relaxed)) g->stopped = true;
  if (clock_monotonic_ms() > g->deadline_ms) g->expired = true;
  return g->stopped || g->expired;
}

static bool collect(sql_guard *g, const char *sql, char **names, int *count, error *err) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(g->db, sql, -1, &stmt, NULL) != SQLITE_OK) return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(g->db));
  int rc;
  bool ok = true;
  while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (*count == MAX_NAMES) {
      ok = error_set(err, ERR_LIMIT, "more than %d functions are registered", MAX_NAMES);
    } else {
      names[*count] = strdup((const char *)sqlite3_column_text(stmt, 0));
      ok = names[*count] ? true : error_nomem(err);
      *count += ok;
    }
  }
  if (ok && rc != SQLITE_DONE) ok = error_set(err, ERR_SQL, "%s", sqlite3_errmsg(g->db));
  sqlite3_finalize(stmt);
  return ok;
}

static bool harden(sql_guard *g, error *err) {
  sqlite3 *db = g->db;
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, SQL_GUARD_VALUE_BYTES);
  sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, MAX_DEPTH);
  sqlite3_limit(db, SQLITE_LIMIT_COMPOUND_SELECT, MAX_COMPOUND);
  sqlite3_limit(db, SQLITE_LIMIT_COLUMN, MAX_COLUMNS);
  sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, MAX_PROGRAM_OPCODES);
  sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_LIKE_PATTERN_BYTES);
  sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
  char pragmas[120];
  snprintf(pragmas, sizeof pragmas, "PRAGMA query_only=1; PRAGMA temp_store=FILE; PRAGMA cache_size=-%d", SQL_GUARD_CACHE_KIB);
  if (sqlite3_exec(db, pragmas, NULL, NULL, NULL) != SQLITE_OK) return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
  /* Their first use declares a table, which the authorizer would refuse; so it is now. */
  if (sqlite3_exec(db, "SELECT 1 FROM json_each('[]'), json_tree('[]')", NULL, NULL, NULL) != SQLITE_OK) return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
  return collect(g, "SELECT DISTINCT name FROM pragma_function_list WHERE NOT builtin AND name NOT GLOB 'vs_*'", g->own_function, &g->own_functions, err) &&
         collect(g, "SELECT name FROM pragma_module_list", g->module, &g->modules, err);
}

sql_guard *sql_guard_new(sqlite3 *db, const atomic_bool *stop, error *err) {
  sql_guard *g = calloc(1, sizeof *g);
  if (!g) {
    error_nomem(err);
    return NULL;
  }
  g->db = db;
  g->stop = stop;
  g->deadline_ms = INT64_MAX;
  if (!harden(g, err)) {
    sql_guard_free(g);
    return NULL;
  }
  sqlite3_progress_handler(db, PROGRESS_OPCODES, progress, g);
  return g;
}

void sql_guard_free(sql_guard *g) {
  if (!g) return;
  for (int i = 0; i < g->own_functions; i++) free(g->own_function[i]);
  for (int i = 0; i < g->modules; i++) free(g->module[i]);
  free(g);
}

void sql_guard_start(sql_guard *g, int time_ms) {
  g->time_ms = time_ms;
  g->deadline_ms = clock_monotonic_ms() + time_ms;
  g->expired = g->stopped = false;
}

bool sql_guard_expired(const sql_guard *g) { return g->expired; }

static bool set_denied(const sql_guard *g, error *err) {
  error_set(err, ERR_INVALID, "%s", g->denied);
  return error_hint(err, "only queries (SELECT, WITH, VALUES) over tables and views are run, with functions that compute");
}

static void set_position(error *err, const char *sql, int offset) {
  int line = 1, column = 1;
  for (int i = 0; i < offset && sql[i]; i++) {
    column = sql[i] == '\n' ? 1 : column + 1;
    line += sql[i] == '\n';
  }
  error_at(err, NULL, line, column);
}

bool sql_guard_error(sql_guard *g, error *err) {
  switch (sqlite3_errcode(g->db)) {
    case SQLITE_INTERRUPT:
      if (g->stopped) return error_set(err, ERR_IO, "the server is stopping");
      error_set(err, ERR_LIMIT, "the query took longer than the %d ms that it may take", g->time_ms);
      return error_hint(err, "narrow it with WHERE, ask for fewer columns, or declare it as a view");
    case SQLITE_TOOBIG: return error_set(err, ERR_LIMIT, "a text, blob or row is larger than %d bytes", SQL_GUARD_VALUE_BYTES);
    case SQLITE_NOMEM: return error_nomem(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return error_set(err, ERR_BUSY, "the live database is busy");
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL: return error_set(err, ERR_IO, "the live database cannot be read: %s", sqlite3_errmsg(g->db));
    default: return error_set(err, ERR_INVALID, "%s", sqlite3_errmsg(g->db));
  }
}

/* Only blanks, comments and semicolons may follow the one statement: an empty rest compiles to no statement. */
static bool rest_is_empty(sql_guard *g, const char *rest) {
  while (*rest) {
    sqlite3_stmt *next = NULL;
    const char *after = rest;
    int rc = sqlite3_prepare_v2(g->db, rest, -1, &next, &after);
    sqlite3_finalize(next);
    if (rc != SQLITE_OK || next || after == rest) return false;
    rest = after;
  }
  return true;
}

sqlite3_stmt *sql_guard_prepare(sql_guard *g, const char *sql, error *err) {
  if (strlen(sql) > SQL_GUARD_STATEMENT_BYTES) {
    error_set(err, ERR_LIMIT, "the statement is longer than %d bytes", SQL_GUARD_STATEMENT_BYTES);
    return NULL;
  }
  sqlite3_stmt *stmt = NULL;
  const char *rest = sql;
  g->denied[0] = '\0';
  sqlite3_set_authorizer(g->db, authorize, g);
  int rc = sqlite3_prepare_v2(g->db, sql, -1, &stmt, &rest);
  bool single = rc == SQLITE_OK && rest_is_empty(g, rest);
  if (rc != SQLITE_OK) {
    /* The offset belongs to the failed prepare, so it is read before anything else is compiled. */
    int offset = sqlite3_error_offset(g->db);
    if (g->denied[0])
      set_denied(g, err);
    else
      sql_guard_error(g, err);
    if (offset >= 0) set_position(err, sql, offset);
  } else if (!stmt) {
    error_set(err, ERR_INVALID, "the statement is empty; expected SELECT, WITH or VALUES");
  } else if (!single || !sqlite3_stmt_readonly(stmt) || sqlite3_column_count(stmt) == 0) {
    error_set(err, ERR_INVALID, single ? "the statement gives no rows; expected SELECT, WITH or VALUES" : "more than one statement; send them one by one");
    sqlite3_finalize(stmt);
    stmt = NULL;
  }
  sqlite3_set_authorizer(g->db, NULL, NULL);
  return rc == SQLITE_OK ? stmt : NULL;
}
