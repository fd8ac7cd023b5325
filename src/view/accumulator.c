#include "view/accumulator.h"

#include "view/run.h"

#include <stdlib.h>
#include <string.h>

/* What a formula is computed from. */
typedef union statistic {
  moments one;
  comoments two;
  weighted_sum weighted;
} statistic;

static bool is_statistic(const aggregate *a) { return a->kind >= AGG_VAR_SAMP && a->kind <= AGG_WAVG; }

static bool uses_set(const aggregate *a) { return a->distinct || a->kind == AGG_MIN || a->kind == AGG_MAX; }

/* As sum() reads a value: text that is a number is one, other text and blobs count as the number they begin with. */
static value numeric(value v) {
  if (v.type < VALUE_TEXT) return v;
  char *text = malloc((size_t)v.bytes + 1);
  if (!text) return (value){.type = VALUE_NULL};
  if (v.bytes) memcpy(text, v.text, v.bytes);
  text[v.bytes] = '\0';
  char *end;
  value out = {.type = VALUE_REAL, .r = 0};
  size_t prefix = strspn(text, " \t\n\v\f\r");
  size_t digits = prefix + (text[prefix] == '-' || text[prefix] == '+');
  size_t span = strspn(text + digits, "0123456789");
  size_t dot = digits + span + (text[digits + span] == '.');
  bool number = span || (dot > digits + span && strspn(text + dot, "0123456789"));
  if (number) {
    /* strtod also reads hex, inf and nan; SQLite does not: cut the text after what SQLite reads */
    size_t fraction = text[digits + span] == '.' ? 1 + strspn(text + digits + span + 1, "0123456789") : 0;
    size_t length = digits + span + fraction;
    size_t exponent = 0;
    if (text[length] == 'e' || text[length] == 'E') {
      size_t sign = text[length + 1] == '-' || text[length + 1] == '+';
      size_t n = strspn(text + length + 1 + sign, "0123456789");
      if (n) exponent = 1 + sign + n;
    }
    size_t tail = length + exponent;
    bool whole = tail + strspn(text + tail, " \t\n\v\f\r") == v.bytes && v.type == VALUE_TEXT;
    text[tail] = '\0';
    out.r = strtod(text, &end);
    if (whole && !fraction && !exponent && span <= 19) {
      sqlite3_int64 i = strtoll(text, &end, 10);
      char again[32];
      sqlite3_snprintf(sizeof again, again, "%lld", i);
      if ((double)i == out.r && (span < 19 || strcmp(again + (*again == '-'), text + digits) == 0)) out = (value){.type = VALUE_INTEGER, .i = i};
    }
    /* as numeric affinity does: a real that is a whole number becomes one */
    if (whole && out.type == VALUE_REAL && (fraction || exponent) && out.r > -2251799813685248.0 && out.r < 2251799813685248.0 && out.r == (double)(int64_t)out.r)
      out = (value){.type = VALUE_INTEGER, .i = (int64_t)out.r};
  }
  free(text);
  return out;
}

static bool add_number(accumulator *x, value v, int weight) {
  v = numeric(v);
  if (v.type == VALUE_INTEGER)
    int_sum_add(&x->integers, v.i, weight);
  else if (v.type != VALUE_REAL || !exact_sum_add(&x->reals, v.r, weight))
    return false;
  x->count += weight;
  return true;
}

static bool set_bare(accumulator *x, value v) {
  char *text = NULL;
  if (v.type >= VALUE_TEXT) {
    text = malloc((size_t)v.bytes + 1);
    if (!text) return false;
    if (v.bytes) memcpy(text, v.text, v.bytes);
  }
  if (x->bare.type >= VALUE_TEXT) free((char *)x->bare.text);
  x->bare = v;
  if (v.type >= VALUE_TEXT) x->bare.text = text;
  return true;
}

static accumulated add_bare(accumulator *x, int weight, value v) {
  bool first = x->count == 0;
  x->count += weight;
  if (weight < 0) return ACCUMULATED;
  if (first) return set_bare(x, v) ? ACCUMULATED : ACCUMULATE_FAILED;
  return value_same(x->bare, v) ? ACCUMULATED : ACCUMULATED_MIXED;
}

static accumulated add_to_set(accumulator *x, const aggregate *a, int weight, value v) {
  if (!x->set && !(x->set = calloc(1, sizeof *x->set))) return ACCUMULATE_FAILED;
  set_change change = ordered_set_add(x->set, v, weight, a->collation);
  if (change == SET_FAILED) return ACCUMULATE_FAILED;
  if (a->kind == AGG_MIN || a->kind == AGG_MAX) {
    x->count += weight;
    return ACCUMULATED;
  }
  if (change == SET_SAME) return ACCUMULATED;
  int sign = change == SET_CLASS_CAME ? 1 : -1;
  if (a->kind == AGG_COUNT) {
    x->count += sign;
    return ACCUMULATED;
  }
  return add_number(x, v, sign) ? ACCUMULATED : ACCUMULATE_FAILED;
}

static double as_real(value v) {
  v = numeric(v);
  return v.type == VALUE_INTEGER ? (double)v.i : v.r;
}

static bool add_statistic(accumulator *x, const aggregate *a, int weight, value first, value second) {
  if (!x->statistic && !(x->statistic = calloc(1, sizeof *x->statistic))) return false;
  double r = as_real(first);
  if (a->kind == AGG_WAVG) return weighted_sum_add(&x->statistic->weighted, r, as_real(second), weight);
  if (a->kind >= AGG_COVAR_SAMP) return comoments_add(&x->statistic->two, r, as_real(second), weight);
  return moments_add(&x->statistic->one, r, weight);
}

static accumulated take_statistic(accumulator *x, const aggregate *a, int weight, value first, value second) {
  if (a->kind >= AGG_COVAR_SAMP && second.type == VALUE_NULL) return ACCUMULATED;
  if (a->distinct) {
    if (!x->set && !(x->set = calloc(1, sizeof *x->set))) return ACCUMULATE_FAILED;
    set_change change = ordered_set_add(x->set, first, weight, a->collation);
    if (change == SET_FAILED) return ACCUMULATE_FAILED;
    if (change == SET_SAME) return ACCUMULATED;
    weight = change == SET_CLASS_CAME ? 1 : -1;
  }
  return add_statistic(x, a, weight, first, second) ? ACCUMULATED : ACCUMULATE_FAILED;
}

/* FIRST and LAST order rows by (order, value): one blob that sorts so, with the value itself and its length at the end. */
static accumulated take_ordered(accumulator *x, int weight, value v, value order) {
  if (order.type == VALUE_NULL) return ACCUMULATED;
  if (!x->set && !(x->set = calloc(1, sizeof *x->set))) return ACCUMULATE_FAILED;
  buffer entry = {0};
  key_put(&entry, order, "BINARY");
  key_put(&entry, v, "BINARY");
  uint32_t before = (uint32_t)entry.len;
  row_put(&entry, v);
  buffer_append(&entry, &before, sizeof before);
  value blob = {.type = VALUE_BLOB, .text = entry.data, .bytes = (uint32_t)entry.len};
  bool ok = !entry.failed && ordered_set_add(x->set, blob, weight, "BINARY") != SET_FAILED;
  buffer_free(&entry);
  return ok ? ACCUMULATED : ACCUMULATE_FAILED;
}

static value ordered_result(const accumulator *x, bool last) {
  int forms;
  value none = {.type = VALUE_NULL};
  if (!x->set || !x->set->entries) return none;
  value blob = ordered_set_extreme(x->set, last, "BINARY", &forms);
  uint32_t before, at = 0;
  memcpy(&before, blob.text + blob.bytes - sizeof before, sizeof before);
  row only = {(const uint8_t *)blob.text + before, blob.bytes - before - (uint32_t)sizeof before};
  return row_next(only, &at, &none) ? none : (value){.type = VALUE_NULL};
}

static value statistic_result(const accumulator *x, const aggregate *a) {
  double r = 0;
  bool there = false;
  const statistic *s = x->statistic;
  if (!s) return (value){.type = VALUE_NULL};
  switch (a->kind) {
    case AGG_VAR_SAMP: there = finance_variance(&s->one, SAMPLE, &r); break;
    case AGG_VAR_POP: there = finance_variance(&s->one, POPULATION, &r); break;
    case AGG_STDDEV_SAMP: there = finance_stddev(&s->one, SAMPLE, &r); break;
    case AGG_STDDEV_POP: there = finance_stddev(&s->one, POPULATION, &r); break;
    case AGG_COVAR_SAMP: there = finance_covariance(&s->two, SAMPLE, &r); break;
    case AGG_COVAR_POP: there = finance_covariance(&s->two, POPULATION, &r); break;
    case AGG_CORR: there = finance_correlation(&s->two, &r); break;
    case AGG_WAVG: there = finance_weighted_mean(&s->weighted, &r); break;
    default: break;
  }
  return there ? (value){.type = VALUE_REAL, .r = r} : (value){.type = VALUE_NULL};
}

accumulated accumulator_add(accumulator *x, const aggregate *a, int weight, value argument, value argument2) {
  if (a->kind == AGG_BARE) return add_bare(x, weight, argument);
  if (a->kind == AGG_FIRST || a->kind == AGG_LAST) return take_ordered(x, weight, argument, argument2);
  if (a->kind == AGG_COUNT_STAR) {
    x->count += weight;
    return ACCUMULATED;
  }
  if (argument.type == VALUE_NULL) return ACCUMULATED;
  if (is_statistic(a)) return take_statistic(x, a, weight, argument, argument2);
  if (uses_set(a)) return add_to_set(x, a, weight, argument);
  if (a->kind == AGG_COUNT) {
    x->count += weight;
    return ACCUMULATED;
  }
  return add_number(x, argument, weight) ? ACCUMULATED : ACCUMULATE_FAILED;
}

static value real(double r) { return r != r ? (value){.type = VALUE_NULL} : (value){.type = VALUE_REAL, .r = r}; }

static value sum_result(const accumulator *x, bool *overflow) {
  if (x->count == 0) return (value){.type = VALUE_NULL};
  if (x->reals.count) return real(exact_sum_value_with(&x->reals, &x->integers));
  int64_t i;
  if (int_sum_fits(&x->integers, &i)) return (value){.type = VALUE_INTEGER, .i = i};
  *overflow = true;
  return (value){.type = VALUE_NULL};
}

value accumulator_result(const accumulator *x, const aggregate *a, bool *ambiguous, bool *overflow) {
  int forms = 1;
  value v = {.type = VALUE_NULL};
  switch (a->kind) {
    case AGG_COUNT_STAR:
    case AGG_COUNT: return (value){.type = VALUE_INTEGER, .i = x->count};
    case AGG_SUM: v = sum_result(x, overflow); break;
    case AGG_TOTAL: v = real(x->count ? exact_sum_value_with(&x->reals, &x->integers) : 0.0); break;
    case AGG_AVG: v = x->count ? real(exact_sum_value_with(&x->reals, &x->integers) / (double)x->count) : v; break;
    case AGG_MIN:
    case AGG_MAX:
      if (x->set) v = ordered_set_extreme(x->set, a->kind == AGG_MAX, a->collation, &forms);
      break;
    case AGG_BARE: return x->count ? x->bare : v;
    case AGG_FIRST:
    case AGG_LAST: return ordered_result(x, a->kind == AGG_LAST);
    default: v = statistic_result(x, a);
  }
  /* Which of equal forms a DISTINCT sum took in is SQLite's choice: 1 or 1.0 makes the result's type. */
  if (a->distinct && x->set && x->set->entries != x->set->classes) *ambiguous = true;
  if (forms > 1) *ambiguous = true;
  return v;
}

void accumulator_free(accumulator *x, const aggregate *a) {
  if (a->kind == AGG_BARE) {
    if (x->bare.type >= VALUE_TEXT) free((char *)x->bare.text);
  } else if (!is_statistic(a)) {
    exact_sum_free(&x->reals);
  } else if (x->statistic) {
    if (a->kind == AGG_WAVG) weighted_sum_free(&x->statistic->weighted);
    else if (a->kind >= AGG_COVAR_SAMP) comoments_free(&x->statistic->two);
    else moments_free(&x->statistic->one);
    free(x->statistic);
  }
  if (x->set) ordered_set_free(x->set);
  free(x->set);
}

size_t accumulator_bytes(const accumulator *x) { return sizeof *x + (x->set ? sizeof *x->set + x->set->bytes : 0); }
