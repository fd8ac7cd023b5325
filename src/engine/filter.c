#include "engine/filter.h"

#include "query/parser.h"
#include "query/unparse.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct checker {
  sqlite3_stmt *stmt;
  error *err;
} checker;

/* Functions of one row's values that cannot allocate by argument nor see anything but their arguments. */
static const char *const allowed_functions[] = {
  "abs",   "ceil",  "ceiling", "char", "coalesce", "date",  "datetime", "floor", "glob",  "hex",    "ifnull",    "iif",    "instr",  "julianday",
  "length", "like", "lower",   "ltrim", "max",     "min",   "mod",      "nullif", "round", "rtrim", "safe_ratio", "sign",   "strftime", "substr",
  "substring", "time", "trim", "trunc", "typeof",  "unicode", "unixepoch", "upper",
};

static bool refuse(checker *c, const expr *e, const char *text) {
  error_set(c->err, ERR_INVALID, "the filter: %s", text);
  return error_at(c->err, NULL, e->at.line, e->at.column);
}

static bool check_column(checker *c, const expr *e) {
  if (!e->table && !e->quoted && (!strcasecmp(e->name, "true") || !strcasecmp(e->name, "false"))) return true;
  if (e->table || e->schema) return refuse(c, e, "a column is written by its name alone");
  char list[360] = "";
  size_t n = 0;
  for (int i = 0; i < sqlite3_column_count(c->stmt); i++) {
    const char *name = sqlite3_column_name(c->stmt, i);
    if (!strcasecmp(name, e->name)) return true;
    if (n + strlen(name) + 3 < sizeof list) n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", name);
  }
  error_set(c->err, ERR_INVALID, "the filter: there is no column '%.80s'", e->name);
  error_hint(c->err, "columns: %s", list);
  return error_at(c->err, NULL, e->at.line, e->at.column);
}

static bool check_function(checker *c, const expr *e) {
  if (e->over || e->filter || e->distinct || e->star) return refuse(c, e, "aggregates and window functions are not allowed");
  if ((!strcasecmp(e->name, "max") || !strcasecmp(e->name, "min")) && e->list.count < 2)
    return refuse(c, e, "aggregates and window functions are not allowed");
  for (size_t i = 0; i < sizeof allowed_functions / sizeof allowed_functions[0]; i++)
    if (!strcasecmp(e->name, allowed_functions[i])) return true;
  error_set(c->err, ERR_INVALID, "the filter: function %.60s is not allowed", e->name);
  error_hint(c->err, "allowed are functions of one row's values, such as abs, coalesce, lower, round, substr");
  return error_at(c->err, NULL, e->at.line, e->at.column);
}

static bool check(void *ctx, expr **slot) {
  checker *c = ctx;
  const expr *e = *slot;
  switch (e->kind) {
    case EXPR_COLUMN: return check_column(c, e);
    case EXPR_FUNCTION: return check_function(c, e);
    case EXPR_PARAMETER: return refuse(c, e, "parameters are not allowed: write the value");
    case EXPR_EXISTS:
    case EXPR_SUBQUERY: return refuse(c, e, "subqueries are not allowed");
    case EXPR_IN: return e->select || e->name ? refuse(c, e, "IN takes a list of values, not a query or a table") : true;
    case EXPR_STAR: return refuse(c, e, "* is not a value");
    default: return true;
  }
}

bool filter_canonical(const char *filter, sqlite3_stmt *stmt, buffer *out, error *err) {
  arena memory = {0};
  error_clear(err);
  expr *root = query_parse_expr(&memory, filter, strlen(filter), err);
  if (!root && err->code == ERR_INVALID) {
    error syntax = *err;
    error_set(err, ERR_INVALID, "the filter: %.700s", syntax.text);
    error_hint(err, "%s", syntax.hint);
    error_at(err, NULL, syntax.line, syntax.column);
  }
  checker c = {stmt, err};
  bool done = root && expr_walk(&root, true, check, &c);
  if (done) {
    unparse_expr(out, root, NULL);
    done = !out->failed || error_nomem(err);
  } else if (err->code == ERR_NONE) {
    error_nomem(err);
  }
  arena_free(&memory);
  return done;
}
