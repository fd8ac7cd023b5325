/* exact_sum against a slow oracle: each double as an integer of 2,200 bits, added in the plainest way. */
#include "view/exact_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* --- the oracle: sign and magnitude, one bit per byte --- */

enum { ORACLE_BITS = 2240, ORACLE_LOWEST = -1074 };

typedef struct oracle {
  int digits[ORACLE_BITS]; /* signed, carried only when asked for its value */
} oracle;

static void oracle_add(oracle *o, double x, int sign) {
  int exponent;
  double fraction = frexp(fabs(x), &exponent); /* 0.5 <= fraction < 1 */
  if (signbit(x)) sign = -sign;
  for (int i = 1; i <= 53 && fraction > 0; i++) {
    fraction *= 2;
    if (fraction >= 1) {
      o->digits[exponent - i - ORACLE_LOWEST] += sign;
      fraction -= 1;
    }
  }
}

static bool carry_up(const oracle *o, int *bits, int sign) {
  long carry = 0;
  for (int i = 0; i < ORACLE_BITS; i++) {
    long digit = (long)sign * o->digits[i] + carry;
    bits[i] = (int)(((digit % 2) + 2) % 2);
    carry = (digit - bits[i]) / 2;
  }
  return carry >= 0; /* negative: the number is below zero */
}

static double oracle_value(const oracle *o) {
  static int bits[ORACLE_BITS];
  bool negative = !carry_up(o, bits, 1);
  if (negative) carry_up(o, bits, -1);
  int top = ORACLE_BITS - 1;
  while (top >= 0 && !bits[top]) top--;
  if (top < 0) return 0.0;
  int cut = top - 52 > 0 ? top - 52 : 0;
  uint64_t mantissa = 0;
  for (int i = top; i >= cut; i--) mantissa = mantissa << 1 | (uint64_t)bits[i];
  bool half = cut > 0 && bits[cut - 1], rest = false;
  for (int i = 0; i < cut - 1; i++) rest = rest || bits[i];
  if (half && (rest || (mantissa & 1))) mantissa++;
  double value = ldexp((double)mantissa, cut + ORACLE_LOWEST);
  return negative ? -value : value;
}

/* --- random numbers with a printed seed --- */

static uint64_t random_state;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void seed_random(void) {
  const char *given = getenv("VS_SEED");
  random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  if (!random_state) random_state = 1;
  print_message("VS_SEED=%llu\n", (unsigned long long)random_state);
}

static double random_double(int kind) {
  uint64_t r = next_random();
  double x;
  switch (kind) {
    case 0: return (double)(int64_t)(r % 2000001 - 1000000) / 100;      /* money */
    case 1: return (double)(int64_t)(r % 1000 - 500) * 1e9;             /* large integers */
    case 2: return ldexp((double)(int64_t)(r >> 11), -1074) * (r & 1 ? 1 : -1); /* subnormal and just above */
    case 3: return ldexp((double)(r >> 11), 970) * (r & 1 ? 1 : -1);    /* near overflow */
    case 4: return (double)(r % 100) * pow(10, (double)(r >> 32 & 15)) / 7; /* mixed scales */
    default:
      do {
        r = next_random();
        memcpy(&x, &r, sizeof x);
      } while (!isfinite(x));
      return x;
  }
}

static void assert_same(double actual, double expected, const char *what) {
  if (memcmp(&actual, &expected, sizeof actual) != 0 && !(actual == 0 && expected == 0))
    fail_msg("%s: %a instead of %a", what, actual, expected);
}

static void add(exact_sum *s, double x, int sign) { assert_true(exact_sum_add(s, x, sign)); }

/* --- tests --- */

static void test_promised(void **state) {
  exact_sum s = {0};
  assert_int_equal(sizeof s, 48);
  assert_same(exact_sum_value(&s), 0.0, "empty");
  add(&s, 0.1, 1);
  add(&s, 1e20, 1);
  add(&s, 1e20, -1);
  assert_same(exact_sum_value(&s), 0.1, "0.1 + 1e20 - 1e20");
  assert_int_equal(exact_sum_heap_bytes(&s), 0);
  add(&s, 1e300, 1);
  add(&s, 5e-324, 1);
  assert_true(exact_sum_heap_bytes(&s) > 0);
  add(&s, 1e300, -1);
  add(&s, 0.1, -1);
  assert_same(exact_sum_value(&s), 5e-324, "the smallest");
  add(&s, 5e-324, -1);
  assert_int_equal(s.count, 0);
  assert_int_equal(exact_sum_heap_bytes(&s), 0);
}

static void test_infinities(void **state) {
  exact_sum s = {0};
  add(&s, 1.5, 1);
  add(&s, INFINITY, 1);
  assert_true(exact_sum_value(&s) == INFINITY);
  add(&s, -INFINITY, 1);
  assert_true(isnan(exact_sum_value(&s)));
  add(&s, INFINITY, -1);
  assert_true(exact_sum_value(&s) == -INFINITY);
  add(&s, -INFINITY, -1);
  assert_same(exact_sum_value(&s), 1.5, "without the infinities");
  add(&s, NAN, 1);
  assert_true(isnan(exact_sum_value(&s)));
  add(&s, NAN, -1);
  add(&s, 1.5, -1);
  assert_int_equal(exact_sum_heap_bytes(&s), 0);
}

static void test_overflow(void **state) {
  exact_sum s = {0};
  double largest = 1.7976931348623157e308;
  add(&s, largest, 1);
  add(&s, ldexp(1, 969), 1); /* less than half a unit above the largest */
  assert_same(exact_sum_value(&s), largest, "rounds down");
  add(&s, ldexp(1, 969), 1); /* exactly half: to even, which is beyond */
  assert_true(exact_sum_value(&s) == INFINITY);
  add(&s, largest, 1);
  assert_true(exact_sum_value(&s) == INFINITY);
  add(&s, largest, -1);
  add(&s, ldexp(1, 969), -1);
  assert_same(exact_sum_value(&s), largest, "back from beyond");
  for (int i = 0; i < 1000; i++) add(&s, -largest, 1);
  assert_true(exact_sum_value(&s) == -INFINITY);
  exact_sum_free(&s);
}

enum { ROUNDS = 3000, MOST_VALUES = 60 };

/* Adds and takes back at random; the value after each step must be the oracle's, and nothing must be left at the end. */
static void test_against_oracle(void **state) {
  static oracle o;
  for (int round = 0; round < ROUNDS; round++) {
    memset(&o, 0, sizeof o);
    exact_sum s = {0}, other = {0};
    double present[MOST_VALUES];
    int n = 0, kind = (int)(next_random() % 7);
    for (int step = 0; step < MOST_VALUES; step++) {
      if (n && next_random() % 3 == 0) {
        int at = (int)(next_random() % (uint64_t)n);
        add(&s, present[at], -1);
        oracle_add(&o, present[at], -1);
        present[at] = present[--n];
      } else {
        double x = random_double(kind < 6 ? kind : (int)(next_random() % 6));
        present[n++] = x;
        add(next_random() % 4 ? &s : &other, x, 1);
        oracle_add(&o, x, 1);
      }
      if (next_random() % 8 == 0 || other.count) { /* a merge, there and back and there again */
        assert_true(exact_sum_merge(&s, &other, 1));
        assert_true(exact_sum_merge(&s, &other, -1));
        assert_true(exact_sum_merge(&s, &other, 1));
        exact_sum_free(&other);
      }
      if (step % 10 == 9) assert_same(exact_sum_value(&s), oracle_value(&o), "sum");
    }
    exact_sum copy;
    assert_true(exact_sum_copy(&copy, &s));
    while (n > 0) add(&s, present[--n], -1);
    assert_same(exact_sum_value(&s), 0.0, "empty again");
    assert_int_equal(s.count, 0);
    assert_int_equal(exact_sum_heap_bytes(&s), 0);
    assert_same(exact_sum_value(&copy), oracle_value(&o), "copy");
    exact_sum_free(&copy);
  }
}

/* A difference may stand at count 0 with a sum that is not 0. */
static void test_differences(void **state) {
  exact_sum s = {0}, total = {0};
  add(&s, 5.25, -1);
  add(&s, 1e300, 1);
  assert_int_equal(s.count, 0);
  add(&total, 5.25, 1);
  assert_true(exact_sum_merge(&total, &s, 1));
  assert_int_equal(total.count, 1);
  assert_same(exact_sum_value(&total), 1e300, "replaced");
  exact_sum_free(&s);
  exact_sum_free(&total);
}

static void test_products(void **state) {
  exact_sum s = {0};
  double a = 0.1, product = a * a;
  assert_true(exact_sum_add_product(&s, a, a, 1));
  assert_same(exact_sum_value(&s), product, "product");
  add(&s, product, -1);
  assert_same(exact_sum_value(&s), fma(a, a, -product), "what its rounding lost");
  add(&s, product, 1);
  assert_true(exact_sum_add_product(&s, a, a, -1));
  assert_same(exact_sum_value(&s), 0.0, "taken back");
}

/* n * xy - x * y of small integers is known exactly; scaled by powers of two it scales; equal values leave exactly 0. */
static void test_cross(void **state) {
  for (int round = 0; round < 2000; round++) {
    int64_t n = (int64_t)(next_random() % 1000), values[3];
    int scale_x = (int)(next_random() % 400) - 200, scale_y = (int)(next_random() % 400) - 200;
    exact_sum sums[3] = {0};
    const int scales[3] = {scale_x + scale_y, scale_x, scale_y};
    for (int i = 0; i < 3; i++) {
      values[i] = (int64_t)(next_random() % (1u << 25)) - (1 << 24);
      add(&sums[i], ldexp((double)values[i], scales[i]), 1);
      if (next_random() % 4 == 0) { /* another representation of the same number */
        add(&sums[i], 1e300, 1);
        add(&sums[i], 1e300, -1);
      }
    }
    double expected = ldexp((double)(n * values[0] - values[1] * values[2]), scale_x + scale_y);
    assert_same(exact_sum_cross(n, &sums[0], &sums[1], &sums[2]), expected, "cross");
    for (int i = 0; i < 3; i++) exact_sum_free(&sums[i]);
  }
  exact_sum x = {0}, xx = {0};
  for (int64_t n = 1; n <= 100; n++) {
    add(&x, 0.1, 1);
    assert_true(exact_sum_add_product(&xx, 0.1, 0.1, 1));
    assert_same(exact_sum_cross(n, &xx, &x, &x), 0.0, "no variance");
  }
  add(&x, INFINITY, 1);
  assert_true(isnan(exact_sum_cross(3, &xx, &x, &x)));
  exact_sum_free(&x);
}

static void test_integers(void **state) {
  int_sum s = {0}, other = {0};
  int64_t out;
  for (int i = 0; i < 10; i++) int_sum_add(&s, INT64_MAX, 1);
  assert_false(int_sum_fits(&s, &out));
  assert_same(int_sum_value(&s), 10 * 9223372036854775808.0, "ten times the largest, rounded");
  for (int i = 0; i < 9; i++) int_sum_add(&s, INT64_MAX, -1);
  assert_true(int_sum_fits(&s, &out) && out == INT64_MAX);
  int_sum_add(&other, INT64_MIN, 1);
  int_sum_add(&other, INT64_MIN, 1);
  int_sum_merge(&s, &other, 1);
  assert_false(int_sum_fits(&s, &out));
  assert_true(int_sum_value(&s) < 0);
  int_sum_merge(&s, &other, -1);
  int_sum_add(&s, INT64_MIN, 1);
  assert_true(int_sum_fits(&s, &out) && out == -1);
  exact_sum reals = {0};
  add(&reals, 0.5, 1);
  int_sum big = {0};
  int_sum_add(&big, (1LL << 53) + 1, 1);
  assert_same(exact_sum_value_with(&reals, &big), 9007199254740994.0, "2^53 + 1.5 rounds once, up");
  int_sum_add(&big, (1LL << 53) + 1, -1);
  int_sum_add(&big, -3, 1);
  assert_same(exact_sum_value_with(&reals, &big), -2.5, "negative integers");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_promised),       cmocka_unit_test(test_infinities),  cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_against_oracle), cmocka_unit_test(test_differences), cmocka_unit_test(test_products),
      cmocka_unit_test(test_cross),          cmocka_unit_test(test_integers),
  };
  seed_random();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
