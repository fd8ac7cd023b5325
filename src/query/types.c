#include "query/types.h"

#include "query/resolve.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *types_unquote(char *name) {
  char open = name[0], close = open == '[' ? ']' : open;
  if (open != '"' && open != '`' && open != '[' && open != '\'') return name;
  char *to = name;
  for (char *from = name + 1; *from; from++) {
    if (*from == close) {
      if (close == ']' || from[1] != close) break;
      from++;
    }
    *to++ = *from;
  }
  *to = '\0';
  return name;
}

bool types_is_integer(const char *text) {
  if (!*text) return false;
  for (; *text; text++)
    if (!isdigit((unsigned char)*text)) return false;
  return true;
}

static bool from_reads(const from_item *item, const char *name) {
  if (!item) return false;
  if (item->kind == FROM_JOIN) return from_reads(item->left, name) || from_reads(item->right, name);
  if (item->kind == FROM_SELECT) return types_reads_name(item->select, name);
  return !item->schema && item->name && strcasecmp(item->name, name) == 0;
}

typedef struct reading {
  const char *name;
  bool found;
} reading;

static bool visit_reading(void *ctx, expr **slot) {
  reading *r = ctx;
  if ((*slot)->select && types_reads_name((*slot)->select, r->name)) r->found = true;
  if ((*slot)->kind == EXPR_IN && (*slot)->name && strcasecmp((*slot)->name, r->name) == 0) r->found = true;
  return !r->found;
}

bool types_reads_name(const select_stmt *s, const char *name) {
  for (const select_stmt *a = s; a; a = a->prior) {
    if (from_reads(a->from, name)) return true;
    reading r = {.name = name};
    select_stmt one = *a;
    one.prior = NULL;
    one.ctes = NULL;
    select_walk(&one, false, visit_reading, &r);
    if (r.found) return true;
  }
  for (const cte *c = s->ctes; c; c = c->next)
    if (types_reads_name(c->select, name)) return true;
  return false;
}

/* --- functions -------------------------------------------------------------------------------------------------- */

typedef struct function_entry {
  char name[48];
  bool aggregate, deterministic;
} function_entry;

struct function_table {
  int count, capacity;
  function_entry *items;
};

static function_entry *add_function(function_table *t, const char *name) {
  for (int i = 0; i < t->count; i++)
    if (strcasecmp(t->items[i].name, name) == 0) return &t->items[i];
  if (t->count == t->capacity) {
    int capacity = t->capacity ? t->capacity * 2 : 256;
    function_entry *items = realloc(t->items, sizeof *items * (size_t)capacity);
    if (!items) return NULL;
    t->items = items;
    t->capacity = capacity;
  }
  function_entry *f = &t->items[t->count++];
  memset(f, 0, sizeof *f);
  strncpy(f->name, name, sizeof f->name - 1);
  f->deterministic = true;
  return f;
}

function_table *function_table_new(sqlite3 *db) {
  enum { DETERMINISTIC = 0x800 };
  function_table *t = calloc(1, sizeof *t);
  sqlite3_stmt *stmt = NULL;
  if (!t || sqlite3_prepare_v2(db, "SELECT name, type, flags FROM pragma_function_list", -1, &stmt, NULL) != SQLITE_OK) {
    free(t);
    return NULL;
  }
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    function_entry *f = add_function(t, (const char *)sqlite3_column_text(stmt, 0));
    if (!f) break;
    const char *type = (const char *)sqlite3_column_text(stmt, 1);
    if (*type == 'a' || *type == 'w') f->aggregate = true;
    if (!(sqlite3_column_int(stmt, 2) & DETERMINISTIC)) f->deterministic = false;
  }
  sqlite3_finalize(stmt);
  return t;
}

void function_table_free(function_table *t) {
  if (t) free(t->items);
  free(t);
}

static const function_entry *find_function(const function_table *t, const char *name) {
  for (int i = 0; i < t->count; i++)
    if (strcasecmp(t->items[i].name, name) == 0) return &t->items[i];
  return NULL;
}

bool function_is_aggregate(const function_table *t, const char *name, int arguments) {
  if (strcasecmp(name, "min") == 0 || strcasecmp(name, "max") == 0) return arguments == 1;
  const function_entry *f = find_function(t, name);
  return f && f->aggregate;
}

static bool is_one_of(const char *name, const char *const *names) {
  for (; *names; names++)
    if (strcasecmp(name, *names) == 0) return true;
  return false;
}

bool function_is_deterministic(const function_table *t, const char *name) {
  static const char *const never[] = {"random", "randomblob", "changes", "total_changes", "last_insert_rowid", "sqlite_offset", NULL};
  /* Aggregates and window functions carry no flag; of the same rows they give the same. */
  if (is_one_of(name, never)) return false;
  const function_entry *f = find_function(t, name);
  return !f || f->deterministic || f->aggregate;
}

static bool reads_clock(const expr *e) {
  static const char *const dates[] = {"date", "time", "datetime", "julianday", "unixepoch", "strftime", NULL};
  if (!is_one_of(e->name, dates)) return false;
  int least = strcasecmp(e->name, "strftime") == 0 ? 2 : 1;
  if (e->list.count < least) return true;
  for (int i = 0; i < e->list.count; i++)
    if (e->list.items[i]->kind == EXPR_LITERAL && strcasecmp(e->list.items[i]->text, "'now'") == 0) return true;
  return false;
}

typedef struct searching {
  const function_table *functions;
  const char *found;
} searching;

static bool visit_nondeterminism(void *ctx, expr **slot) {
  static const char *const clock_words[] = {"CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP", NULL};
  searching *s = ctx;
  const expr *e = *slot;
  if (e->kind == EXPR_LITERAL && is_one_of(e->text, clock_words)) s->found = e->text;
  if (e->kind == EXPR_FUNCTION && (reads_clock(e) || (!e->over && !function_is_deterministic(s->functions, e->name)))) s->found = e->name;
  return !s->found;
}

const char *expr_nondeterminism(const function_table *t, const expr *e) {
  searching s = {.functions = t};
  expr *slot = (expr *)e;
  expr_walk(&slot, true, visit_nondeterminism, &s);
  return s.found;
}

/* --- types ------------------------------------------------------------------------------------------------------ */

affinity expr_affinity(const expr *e) {
  switch (e->kind) {
    case EXPR_COLUMN:
      if (!e->source) return AFF_NONE;
      return e->source_column == SOURCE_ROWID ? AFF_INTEGER : e->source->column[e->source_column].affinity;
    case EXPR_CAST: return affinity_of_type(e->text, false) == AFF_BLOB ? AFF_BLOB : affinity_of_type(e->text, false);
    case EXPR_COLLATE: return expr_affinity(e->left);
    case EXPR_SUBQUERY: {
      const select_stmt *arm = select_first_arm(e->select);
      return arm->is_values ? AFF_NONE : expr_affinity(arm->columns.items[0].value);
    }
    default: return AFF_NONE;
  }
}

static bool mentions_collate(const expr *e) {
  if (!e) return false;
  if (e->kind == EXPR_COLLATE) return true;
  if (mentions_collate(e->left) || mentions_collate(e->right)) return true;
  for (int i = 0; i < e->list.count; i++)
    if (mentions_collate(e->list.items[i])) return true;
  return false;
}

static const char *own_collation(const expr *e) {
  for (;;) {
    if (e->kind == EXPR_COLLATE) return e->name;
    if (e->kind == EXPR_COLUMN) return e->source && e->source_column >= 0 ? e->source->column[e->source_column].collation : NULL;
    if (e->kind == EXPR_CAST || (e->kind == EXPR_UNARY && strcmp(e->op, "+") == 0)) {
      e = e->left;
      continue;
    }
    if (!mentions_collate(e)) return NULL;
    const expr *next = mentions_collate(e->left) ? e->left : mentions_collate(e->right) ? e->right : NULL;
    for (int i = 0; !next && i < e->list.count; i++)
      if (mentions_collate(e->list.items[i])) next = e->list.items[i];
    e = next;
  }
}

const char *expr_collation(const expr *e) {
  const char *own = own_collation(e);
  return own ? own : "BINARY";
}

bool expr_has_collation(const expr *e) { return own_collation(e) != NULL; }

/* --- what a column holds, for those who show it ----------------------------------------------------------------------- */

static const char *type_of_source(const source *s, int column, int depth);

static const char *both(const char *a, const char *b) {
  if (!*a) return b;
  if (!*b || strcmp(a, b) == 0) return a;
  bool numbers = strcmp(a, "TEXT") != 0 && strcmp(b, "TEXT") != 0 && strcmp(a, "BLOB") != 0 && strcmp(b, "BLOB") != 0;
  return numbers ? "REAL" : "";
}

static const char *type_of_literal(const char *text) {
  if (*text == '\'') return "TEXT";
  if (strncasecmp(text, "x'", 2) == 0) return "BLOB";
  if (strcasecmp(text, "NULL") == 0) return "";
  if (strncasecmp(text, "CURRENT_", 8) == 0) return "TEXT";
  return strpbrk(text, ".eE") && strncasecmp(text, "0x", 2) != 0 && strcasecmp(text, "TRUE") != 0 && strcasecmp(text, "FALSE") != 0 ? "REAL" : "INTEGER";
}

static const char *type_of(const expr *e, int depth);

static const char *type_of_function(const expr *e, int depth) {
  static const char *const integers[] = {"count", "length", "instr", "row_number", "rank", "dense_rank", "ntile", "sign", "unicode", "changes", NULL};
  static const char *const reals[] = {"avg", "total", "variance", "var_samp", "var_pop", "stddev", "stddev_samp", "stddev_pop", "covar_samp", "covar_pop", "corr",
                                      "wavg", "percentile", "median", "safe_ratio", "norm_inv", "sqrt", "exp", "ln", "log", "pow", "power", "round", "julianday",
                                      "percent_rank", "cume_dist", NULL};
  static const char *const texts[] = {"group_concat", "upper", "lower", "trim", "ltrim", "rtrim", "substr", "substring", "replace", "printf", "format", "hex", "quote",
                                      "typeof", "date", "time", "datetime", "strftime", "char", NULL};
  static const char *const same[] = {"sum", "min", "max", "abs", "coalesce", "ifnull", "nullif", "first", "last", "lag", "lead", "first_value", "last_value",
                                     "nth_value", "likely", "unlikely", NULL};
  if (is_one_of(e->name, integers)) return "INTEGER";
  if (is_one_of(e->name, reals)) return "REAL";
  if (is_one_of(e->name, texts)) return "TEXT";
  if (!is_one_of(e->name, same) || !e->list.count) return "";
  bool all = strcasecmp(e->name, "coalesce") == 0 || strcasecmp(e->name, "ifnull") == 0 || ((strcasecmp(e->name, "min") == 0 || strcasecmp(e->name, "max") == 0));
  const char *type = type_of(e->list.items[0], depth);
  for (int i = 1; all && i < e->list.count; i++) type = both(type, type_of(e->list.items[i], depth));
  return type;
}

static const char *type_of_binary(const expr *e, int depth) {
  static const char *const arithmetic[] = {"+", "-", "*", "/", NULL}, *const bits[] = {"%", "&", "|", "<<", ">>", NULL};
  if (strcmp(e->op, "||") == 0) return "TEXT";
  if (is_one_of(e->op, bits)) return "INTEGER";
  if (!is_one_of(e->op, arithmetic)) return *e->op == '-' ? "" : "INTEGER"; /* a comparison; -> and ->> may be anything */
  const char *type = both(type_of(e->left, depth), type_of(e->right, depth));
  return strcmp(type, "TEXT") == 0 || !*type ? "NUMERIC" : type;
}

static const char *type_of_case(const expr *e, int depth) {
  const char *type = e->right ? type_of(e->right, depth) : "";
  for (int i = 1; i < e->list.count; i += 2) type = both(type, type_of(e->list.items[i], depth));
  return type;
}

static const char *type_of(const expr *e, int depth) {
  if (depth > 200) return "";
  switch (e->kind) {
    case EXPR_LITERAL: return type_of_literal(e->text);
    case EXPR_COLUMN: return e->source ? type_of_source(e->source, e->source_column, depth + 1) : "";
    case EXPR_CAST: return affinity_type(expr_affinity(e));
    case EXPR_COLLATE: return type_of(e->left, depth + 1);
    case EXPR_UNARY: return strcmp(e->op, "NOT") == 0 || strcmp(e->op, "~") == 0 ? "INTEGER" : type_of(e->left, depth + 1);
    case EXPR_BINARY: return type_of_binary(e, depth + 1);
    case EXPR_CASE: return type_of_case(e, depth + 1);
    case EXPR_FUNCTION: return type_of_function(e, depth + 1);
    case EXPR_SUBQUERY: {
      const select_stmt *arm = select_first_arm(e->select);
      return arm->is_values || !arm->columns.count ? "" : type_of(arm->columns.items[0].value, depth + 1);
    }
    case EXPR_POSTFIX:
    case EXPR_LIKE:
    case EXPR_BETWEEN:
    case EXPR_IN:
    case EXPR_EXISTS: return "INTEGER";
    default: return "";
  }
}

static const char *type_of_source(const source *s, int column, int depth) {
  if (column == SOURCE_ROWID) return "INTEGER";
  if (!s->select) return affinity_type(s->column[column].affinity);
  const char *type = "";
  for (const select_stmt *arm = s->select; arm; arm = arm->prior) {
    const expr *e = arm->is_values ? arm->values[0].items[column] : arm->columns.items[column].value;
    type = both(type, type_of(e, depth));
  }
  return type;
}

const char *expr_type(const expr *e) { return type_of(e, 0); }
