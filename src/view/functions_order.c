/* first, last, percentile, median: aggregates by the order of values. */
#include "view/functions_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- SQLite's order of values --- */

static int compare_doubles(double a, double b) { return (a > b) - (a < b); }

/* Exact, where a conversion of the integer would round. */
static int compare_integer_real(int64_t i, double r) {
  if (r < -9223372036854775808.0) return 1;
  if (r >= 9223372036854775808.0) return -1;
  int64_t whole = (int64_t)r;
  if (i != whole) return i < whole ? -1 : 1;
  return compare_doubles((double)whole, r);
}

static int compare_numbers(sqlite3_value *a, sqlite3_value *b) {
  bool a_integer = sqlite3_value_type(a) == SQLITE_INTEGER, b_integer = sqlite3_value_type(b) == SQLITE_INTEGER;
  if (a_integer && b_integer) {
    int64_t x = sqlite3_value_int64(a), y = sqlite3_value_int64(b);
    return (x > y) - (x < y);
  }
  if (a_integer) return compare_integer_real(sqlite3_value_int64(a), sqlite3_value_double(b));
  if (b_integer) return -compare_integer_real(sqlite3_value_int64(b), sqlite3_value_double(a));
  return compare_doubles(sqlite3_value_double(a), sqlite3_value_double(b));
}

static int compare_bytes(const void *a, int a_bytes, const void *b, int b_bytes) {
  int common = a_bytes < b_bytes ? a_bytes : b_bytes, order = common ? memcmp(a, b, (size_t)common) : 0;
  return order ? order : a_bytes - b_bytes;
}

static int class_of(sqlite3_value *value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: return 0;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT: return 1;
    case SQLITE_TEXT: return 2;
    default: return 3;
  }
}

int function_compare(sqlite3_value *a, sqlite3_value *b) {
  int of_a = class_of(a), of_b = class_of(b);
  if (of_a != of_b) return of_a - of_b;
  if (of_a == 0) return 0;
  if (of_a == 1) return compare_numbers(a, b);
  const void *x = of_a == 2 ? (const void *)sqlite3_value_text(a) : sqlite3_value_blob(a);
  const void *y = of_b == 2 ? (const void *)sqlite3_value_text(b) : sqlite3_value_blob(b);
  return compare_bytes(x, sqlite3_value_bytes(a), y, sqlite3_value_bytes(b));
}

/* --- first, last: the best row so far is all that is kept --- */

typedef struct best_row {
  sqlite3_value *value, *order; /* NULL pointers before the first row that counts */
} best_row;

static bool replace(sqlite3_value **slot, sqlite3_value *with) {
  sqlite3_value *copy = sqlite3_value_dup(with);
  if (!copy) return false;
  sqlite3_value_free(*slot);
  *slot = copy;
  return true;
}

/* direction: 1 for first (the smallest), -1 for last. */
static void best_step(sqlite3_context *context, sqlite3_value **values, int direction) {
  best_row *best = sqlite3_aggregate_context(context, sizeof *best);
  if (!best) {
    sqlite3_result_error_nomem(context);
    return;
  }
  if (sqlite3_value_type(values[1]) == SQLITE_NULL) return;
  int order = best->order ? direction * function_compare(values[1], best->order) : -1;
  if (order == 0) order = direction * function_compare(values[0], best->value);
  if (order < 0 && (!replace(&best->value, values[0]) || !replace(&best->order, values[1])))
    sqlite3_result_error_nomem(context);
}

static void first_step(sqlite3_context *context, int n, sqlite3_value **values) { best_step(context, values, 1); }
static void last_step(sqlite3_context *context, int n, sqlite3_value **values) { best_step(context, values, -1); }

static void best_final(sqlite3_context *context) {
  best_row *best = sqlite3_aggregate_context(context, 0);
  if (!best || !best->value) return; /* NULL is what there is without a result */
  sqlite3_result_value(context, best->value);
  sqlite3_value_free(best->value);
  sqlite3_value_free(best->order);
}

/* --- percentile, median: all values are kept, sorted once they are asked for --- */

typedef struct sample {
  double *values;
  int64_t count, capacity;
  double percent;
  bool has_percent;
  bool sorted; /* asked for before: kept in order from then on (a moving window) */
} sample;

static int compare_for_sort(const void *a, const void *b) { return compare_doubles(*(const double *)a, *(const double *)b); }

static void sort(sample *s) {
  if (s->sorted) return;
  if (s->count) qsort(s->values, (size_t)s->count, sizeof *s->values, compare_for_sort);
  s->sorted = true;
}

/* How many values are smaller. */
static int64_t position(const sample *s, double value) {
  int64_t low = 0, high = s->count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (s->values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

static bool sample_add(sample *s, double value) {
  if (s->count == s->capacity) {
    int64_t capacity = s->capacity ? s->capacity * 2 : 16;
    double *larger = sqlite3_realloc64(s->values, (sqlite3_uint64)capacity * sizeof *larger);
    if (!larger) return false;
    s->values = larger;
    s->capacity = capacity;
  }
  int64_t at = s->sorted ? position(s, value) : s->count;
  memmove(s->values + at + 1, s->values + at, (size_t)(s->count - at) * sizeof *s->values);
  s->values[at] = value;
  s->count++;
  return true;
}

static void sample_remove(sample *s, double value) {
  sort(s);
  int64_t at = position(s, value);
  if (at == s->count) return; /* SQLite takes back only what it has put in */
  memmove(s->values + at, s->values + at + 1, (size_t)(s->count - at - 1) * sizeof *s->values);
  s->count--;
}

/* The percentage of this call; false when the call failed. */
static bool set_percent(sqlite3_context *context, sample *s, int n, sqlite3_value **values) {
  double percent = 50;
  if (n == 2) {
    int type = sqlite3_value_numeric_type(values[1]);
    percent = sqlite3_value_double(values[1]);
    if ((type != SQLITE_INTEGER && type != SQLITE_FLOAT) || !(percent >= 0 && percent <= 100)) {
      sqlite3_result_error(context, "percentile(x, p): expected p between 0 and 100", -1);
      return false;
    }
  }
  if (s->has_percent && s->percent != percent) {
    sqlite3_result_error(context, "percentile(x, p): expected the same p for all rows", -1);
    return false;
  }
  s->percent = percent;
  s->has_percent = true;
  return true;
}

static void sample_change(sqlite3_context *context, int n, sqlite3_value **values, bool remove) {
  sample *s = sqlite3_aggregate_context(context, sizeof *s);
  double value;
  if (!s) sqlite3_result_error_nomem(context);
  else if (!set_percent(context, s, n, values) || !function_real(values[0], &value)) return;
  else if (remove) sample_remove(s, value);
  else if (!sample_add(s, value)) sqlite3_result_error_nomem(context);
}

static void sample_step(sqlite3_context *context, int n, sqlite3_value **values) { sample_change(context, n, values, false); }
static void sample_inverse(sqlite3_context *context, int n, sqlite3_value **values) { sample_change(context, n, values, true); }

static void sample_value(sqlite3_context *context) {
  sample *s = sqlite3_aggregate_context(context, 0);
  if (!s || !s->count) {
    sqlite3_result_null(context);
    return;
  }
  sort(s);
  double rank = s->percent / 100 * (double)(s->count - 1);
  int64_t below = (int64_t)floor(rank), above = below + 1 < s->count ? below + 1 : below;
  double low = s->values[below], high = s->values[above];
  function_result(context, true, low == high ? low : low + (high - low) * (rank - (double)below));
}

static void sample_final(sqlite3_context *context) {
  sample_value(context);
  sample *s = sqlite3_aggregate_context(context, 0);
  if (s) sqlite3_free(s->values);
}

const aggregate_function functions_of_order[] = {
    {"first", 2, first_step, NULL, NULL, best_final, NULL},
    {"last", 2, last_step, NULL, NULL, best_final, NULL},
    {"percentile", 2, sample_step, sample_inverse, sample_value, sample_final, NULL},
    {"median", 1, sample_step, sample_inverse, sample_value, sample_final, NULL},
    {0},
};
