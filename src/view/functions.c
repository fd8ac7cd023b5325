#include "view/functions_private.h"

#include <math.h>
#include <string.h>

/* --- values --- */

number function_number(sqlite3_value *value) {
  int type = sqlite3_value_numeric_type(value);
  if (type == SQLITE_NULL) return (number){.kind = NUMBER_NULL};
  if (type == SQLITE_INTEGER) return (number){.kind = NUMBER_INTEGER, .integer = sqlite3_value_int64(value)};
  return (number){.kind = NUMBER_REAL, .real = sqlite3_value_double(value)};
}

bool function_real(sqlite3_value *value, double *out) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return false;
  *out = sqlite3_value_double(value);
  return true;
}

void function_result(sqlite3_context *context, bool present, double value) {
  if (present) sqlite3_result_double(context, value); /* which makes NaN NULL */
  else sqlite3_result_null(context);
}

/* --- sum, avg, total --- */

typedef struct sum_state {
  number_sum sum;
  bool real_seen; /* as in SQLite's own, a moving window's sum stays REAL once it has seen one */
} sum_state;

static void add(sqlite3_context *context, sqlite3_value *value, int sign) {
  sum_state *s = sqlite3_aggregate_context(context, sizeof *s);
  number n = function_number(value);
  if (s && n.kind == NUMBER_REAL) s->real_seen = true;
  if (!s || !number_sum_add(&s->sum, n, sign)) sqlite3_result_error_nomem(context);
}

static void step(sqlite3_context *context, int n, sqlite3_value **values) { add(context, values[0], 1); }
static void inverse(sqlite3_context *context, int n, sqlite3_value **values) { add(context, values[0], -1); }

static void result_number(sqlite3_context *context, number value) {
  switch (value.kind) {
    case NUMBER_NULL: sqlite3_result_null(context); break;
    case NUMBER_INTEGER: sqlite3_result_int64(context, value.integer); break;
    case NUMBER_REAL: sqlite3_result_double(context, value.real); break;
    case NUMBER_OVERFLOW: sqlite3_result_error(context, "integer overflow", -1); break;
  }
}

static void sum_value(sqlite3_context *context) {
  const sum_state *s = sqlite3_aggregate_context(context, 0);
  if (s && s->real_seen && number_sum_count(&s->sum)) sqlite3_result_double(context, number_sum_total(&s->sum));
  else result_number(context, s ? number_sum_sum(&s->sum) : (number){.kind = NUMBER_NULL});
}

static void avg_value(sqlite3_context *context) {
  const sum_state *s = sqlite3_aggregate_context(context, 0);
  result_number(context, s ? number_sum_avg(&s->sum) : (number){.kind = NUMBER_NULL});
}

static void total_value(sqlite3_context *context) {
  const sum_state *s = sqlite3_aggregate_context(context, 0);
  sqlite3_result_double(context, s ? number_sum_total(&s->sum) : 0.0);
}

static void release(sqlite3_context *context) {
  sum_state *s = sqlite3_aggregate_context(context, 0);
  if (s) number_sum_free(&s->sum);
}

static void sum_final(sqlite3_context *context) {
  sum_value(context);
  release(context);
}

static void avg_final(sqlite3_context *context) {
  avg_value(context);
  release(context);
}

static void total_final(sqlite3_context *context) {
  total_value(context);
  release(context);
}

const aggregate_function functions_of_sums[] = {
    {"sum", 1, step, inverse, sum_value, sum_final, NULL},
    {"avg", 1, step, inverse, avg_value, avg_final, NULL},
    {"total", 1, step, inverse, total_value, total_final, NULL},
    {0},
};

/* --- registration --- */

static const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

static bool register_aggregates(sqlite3 *db, const aggregate_function *f, error *err) {
  for (; f->name; f++) {
    int rc = f->inverse ? sqlite3_create_window_function(db, f->name, f->arguments, flags, f->data, f->step, f->final, f->value,
                                                         f->inverse, NULL)
                        : sqlite3_create_function_v2(db, f->name, f->arguments, flags, f->data, NULL, f->step, f->final, NULL);
    if (rc != SQLITE_OK) return error_set(err, ERR_SQL, "SQLite refuses the function %s: %s", f->name, sqlite3_errmsg(db));
  }
  return true;
}

bool view_functions_register(sqlite3 *db, error *err) {
  const aggregate_function *const tables[] = {functions_of_sums, functions_of_moments, functions_of_order};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    if (!register_aggregates(db, tables[i], err)) return false;
  for (const scalar_function *f = functions_of_scalars; f->name; f++)
    if (sqlite3_create_function_v2(db, f->name, f->arguments, flags, NULL, f->call, NULL, NULL, NULL) != SQLITE_OK)
      return error_set(err, ERR_SQL, "SQLite refuses the function %s: %s", f->name, sqlite3_errmsg(db));
  return true;
}
