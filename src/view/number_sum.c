#include "view/number_sum.h"

#include <math.h>
#include <string.h>

bool number_sum_add_real(number_sum *s, double value, int sign) { return exact_sum_add(&s->reals, value, sign); }

void number_sum_add_integer(number_sum *s, int64_t value, int sign) {
  int_sum_add(&s->integers, value, sign);
  s->integer_count += sign;
}

bool number_sum_add(number_sum *s, number value, int sign) {
  if (value.kind == NUMBER_REAL) return number_sum_add_real(s, value.real, sign);
  if (value.kind == NUMBER_INTEGER) number_sum_add_integer(s, value.integer, sign);
  return true;
}

bool number_sum_merge(number_sum *s, const number_sum *other, int sign) {
  if (!exact_sum_merge(&s->reals, &other->reals, sign)) return false;
  int_sum_merge(&s->integers, &other->integers, sign);
  s->integer_count += sign * other->integer_count;
  return true;
}

void number_sum_free(number_sum *s) {
  exact_sum_free(&s->reals);
  memset(s, 0, sizeof *s);
}

int64_t number_sum_count(const number_sum *s) { return s->integer_count + s->reals.count; }

double number_sum_total(const number_sum *s) {
  if (!s->integer_count) return exact_sum_value(&s->reals);
  if (!s->reals.count) return int_sum_value(&s->integers);
  return exact_sum_value_with(&s->reals, &s->integers);
}

static number real_or_null(double value) {
  return isnan(value) ? (number){.kind = NUMBER_NULL} : (number){.kind = NUMBER_REAL, .real = value};
}

number number_sum_sum(const number_sum *s) {
  number result = {.kind = NUMBER_NULL};
  if (!number_sum_count(s)) return result;
  if (s->reals.count) return real_or_null(number_sum_total(s));
  result.kind = int_sum_fits(&s->integers, &result.integer) ? NUMBER_INTEGER : NUMBER_OVERFLOW;
  return result;
}

number number_sum_avg(const number_sum *s) {
  int64_t count = number_sum_count(s);
  return count ? real_or_null(number_sum_total(s) / (double)count) : (number){.kind = NUMBER_NULL};
}
