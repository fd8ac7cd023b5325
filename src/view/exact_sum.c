#include "view/exact_sum.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  LIMB_BITS = 64,
  INLINE_BITS = EXACT_SUM_LIMBS * LIMB_BITS,
  MANTISSA_BITS = 53,
  LOWEST_EXPONENT = -1074, /* weight of the lowest bit of any double */
  WIDE_BASE = -17 * LIMB_BITS,
  WIDE_LIMBS = 34, /* up to 2^1088, sign included: 2^63 values of the largest size */
  CROSS_LIMBS = 2 * WIDE_LIMBS + 2, /* a difference of products of two such numbers */
  ROOM_BELOW = 40, /* bits left free below the first value for smaller ones; the base can still move down, never up */
};

typedef struct exact_sum_wide {
  uint64_t limbs[WIDE_LIMBS]; /* lowest bit weighs 2^WIDE_BASE */
  int64_t plus_infinities, minus_infinities, not_numbers;
} exact_sum_wide;

/* --- two's complement over limbs --- */

static inline bool is_negative(const uint64_t *limbs, int n) { return limbs[n - 1] >> (LIMB_BITS - 1); }

/* limbs += value << shift, modulo their width. */
static inline void add_shifted(uint64_t *limbs, int n, uint64_t value, int shift) {
  int at = shift / LIMB_BITS, bits = shift % LIMB_BITS;
  uint64_t low = value << bits, high = bits ? value >> (LIMB_BITS - bits) : 0;
  bool carry = __builtin_add_overflow(limbs[at], low, &limbs[at]);
  for (int i = at + 1; i < n && (high || carry); i++) {
    bool first = __builtin_add_overflow(limbs[i], high, &limbs[i]);
    carry = __builtin_add_overflow(limbs[i], (uint64_t)carry, &limbs[i]) || first;
    high = 0;
  }
}

static inline void subtract_shifted(uint64_t *limbs, int n, uint64_t value, int shift) {
  int at = shift / LIMB_BITS, bits = shift % LIMB_BITS;
  uint64_t low = value << bits, high = bits ? value >> (LIMB_BITS - bits) : 0;
  bool borrow = __builtin_sub_overflow(limbs[at], low, &limbs[at]);
  for (int i = at + 1; i < n && (high || borrow); i++) {
    bool first = __builtin_sub_overflow(limbs[i], high, &limbs[i]);
    borrow = __builtin_sub_overflow(limbs[i], (uint64_t)borrow, &limbs[i]) || first;
    high = 0;
  }
}

static inline void add_or_subtract(uint64_t *limbs, int n, uint64_t value, int shift, bool negative) {
  if (negative) subtract_shifted(limbs, n, value, shift);
  else add_shifted(limbs, n, value, shift);
}

static void negate(uint64_t *limbs, int n) {
  bool carry = true;
  for (int i = 0; i < n; i++) carry = __builtin_add_overflow(~limbs[i], (uint64_t)carry, &limbs[i]);
}

static bool all_zero(const uint64_t *limbs, int n) {
  for (int i = 0; i < n; i++)
    if (limbs[i]) return false;
  return true;
}

/* Adds a signed number of `from_n` limbs whose lowest bit is `shift` bits above that of limbs; it must fit. */
static void add_limbs(uint64_t *limbs, int n, const uint64_t *from, int from_n, int shift, bool negative) {
  uint64_t magnitude[WIDE_LIMBS];
  memcpy(magnitude, from, sizeof *from * (size_t)from_n);
  if (is_negative(from, from_n)) {
    negate(magnitude, from_n);
    negative = !negative;
  }
  for (int i = 0; i < from_n; i++) {
    int at = shift + i * LIMB_BITS;
    if (magnitude[i] && at > -LIMB_BITS && at < 0) /* what is cut off is zero: nothing weighs less than the lowest double */
      add_or_subtract(limbs, n, magnitude[i] >> -at, 0, negative);
    else if (magnitude[i] && at >= 0)
      add_or_subtract(limbs, n, magnitude[i], at, negative);
  }
}

/* --- rounding --- */

static int top_bit(const uint64_t *limbs, int n) {
  for (int i = n; i-- > 0;)
    if (limbs[i]) return i * LIMB_BITS + LIMB_BITS - 1 - __builtin_clzll(limbs[i]);
  return -1;
}

static uint64_t bits_at(const uint64_t *limbs, int n, int shift) {
  int at = shift / LIMB_BITS, bits = shift % LIMB_BITS;
  uint64_t value = limbs[at] >> bits;
  if (bits && at + 1 < n) value |= limbs[at + 1] << (LIMB_BITS - bits);
  return value;
}

static bool any_below(const uint64_t *limbs, int shift) {
  int whole = shift / LIMB_BITS, bits = shift % LIMB_BITS;
  if (!all_zero(limbs, whole)) return true;
  return bits && (limbs[whole] & (((uint64_t)1 << bits) - 1));
}

/* The magnitude in limbs, whose lowest bit weighs 2^base, rounded to nearest, ties to even. */
static double round_magnitude(const uint64_t *limbs, int n, int base) {
  int top = top_bit(limbs, n);
  if (top < MANTISSA_BITS) return top < 0 ? 0.0 : ldexp((double)limbs[0], base); /* exact, below 2^-1022 too */
  int cut = top + 1 - MANTISSA_BITS;
  uint64_t mantissa = bits_at(limbs, n, cut) & (((uint64_t)1 << MANTISSA_BITS) - 1);
  bool half = bits_at(limbs, n, cut - 1) & 1;
  if (half && ((mantissa & 1) || any_below(limbs, cut - 1))) mantissa++;
  return ldexp((double)mantissa, base + cut);
}

static double round_limbs(const uint64_t *limbs, int n, int base) {
  if (!is_negative(limbs, n)) return round_magnitude(limbs, n, base);
  uint64_t magnitude[CROSS_LIMBS];
  memcpy(magnitude, limbs, sizeof *limbs * (size_t)n);
  negate(magnitude, n);
  return -round_magnitude(magnitude, n, base);
}

/* --- widening --- */

static void widen_into(uint64_t *limbs, const exact_sum *s) {
  if (s->wide) {
    memcpy(limbs, s->wide->limbs, sizeof s->wide->limbs);
    return;
  }
  memset(limbs, 0, sizeof(uint64_t) * WIDE_LIMBS);
  add_limbs(limbs, WIDE_LIMBS, s->limbs, EXACT_SUM_LIMBS, s->base - WIDE_BASE, false);
}

static bool spill(exact_sum *s) {
  if (s->wide) return true;
  exact_sum_wide *wide = calloc(1, sizeof *wide);
  if (!wide) return false;
  widen_into(wide->limbs, s);
  memset(s->limbs, 0, sizeof s->limbs);
  s->wide = wide;
  return true;
}

/* Nothing present, nothing left over: back to the state of the first use. */
static void settle(exact_sum *s) {
  if (s->count || !s->wide) return;
  const exact_sum_wide *w = s->wide;
  if (w->plus_infinities || w->minus_infinities || w->not_numbers || !all_zero(w->limbs, WIDE_LIMBS)) return;
  exact_sum_free(s);
}

/* --- adding --- */

typedef struct parts {
  uint64_t mantissa; /* the value is mantissa * 2^exponent, or its negative */
  int exponent;
  bool negative;
} parts;

static inline parts take_apart(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int biased = (int)(bits >> 52) & 0x7FF;
  uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
  return (parts){.mantissa = biased ? fraction | (uint64_t)1 << 52 : fraction,
                 .exponent = (biased ? biased : 1) - 1 + LOWEST_EXPONENT,
                 .negative = bits >> 63};
}

/* Moves the base down so that a bit of weight 2^exponent fits, if the number then still fits. */
static bool rebase(exact_sum *s, int exponent) {
  int by = s->base - exponent;
  if (by >= INLINE_BITS) return false;
  uint64_t magnitude[EXACT_SUM_LIMBS], moved[EXACT_SUM_LIMBS] = {0};
  memcpy(magnitude, s->limbs, sizeof magnitude);
  bool negative = is_negative(s->limbs, EXACT_SUM_LIMBS);
  if (negative) negate(magnitude, EXACT_SUM_LIMBS);
  if (top_bit(magnitude, EXACT_SUM_LIMBS) + by >= INLINE_BITS - 1) return false;
  for (int i = 0; i < EXACT_SUM_LIMBS; i++)
    if (magnitude[i]) add_shifted(moved, EXACT_SUM_LIMBS, magnitude[i], by + i * LIMB_BITS);
  if (negative) negate(moved, EXACT_SUM_LIMBS);
  memcpy(s->limbs, moved, sizeof moved);
  s->base = exponent;
  return true;
}

/* Whether the value has a place between the lowest bit and the sign; makes one where it can. */
static bool make_room(exact_sum *s, parts *p) {
  if (all_zero(s->limbs, EXACT_SUM_LIMBS)) s->base = p->exponent - ROOM_BELOW;
  int zeros = __builtin_ctzll(p->mantissa); /* the bits that count are fewer: 1e300 and 5.0 alike */
  p->mantissa >>= zeros;
  p->exponent += zeros;
  if (p->exponent < s->base && !rebase(s, p->exponent)) return false;
  int width = LIMB_BITS - __builtin_clzll(p->mantissa);
  return p->exponent - s->base + width < INLINE_BITS;
}

_Static_assert(EXACT_SUM_LIMBS == 3, "add_three_limbs is written out for three");

/* limbs += or -= value << shift; false, and nothing done, when that overflows. Without branches on the data: the sign and the
** position of values are as good as random. */
static inline bool add_three_limbs(uint64_t *limbs, uint64_t value, int shift, bool negative) {
  int at = shift / LIMB_BITS, bits = shift % LIMB_BITS;
  uint64_t low = value << bits, high = value >> 1 >> (LIMB_BITS - 1 - bits), flip = -(uint64_t)negative;
  uint64_t first = (at == 0 ? low : 0) ^ flip;
  uint64_t second = (at == 0 ? high : at == 1 ? low : 0) ^ flip;
  uint64_t third = (at == 1 ? high : at == 2 ? low : 0) ^ flip;
  unsigned __int128 t = (unsigned __int128)limbs[0] + first + negative; /* the negative is the complement and one */
  uint64_t sum0 = (uint64_t)t;
  t = (unsigned __int128)limbs[1] + second + (uint64_t)(t >> LIMB_BITS);
  uint64_t sum1 = (uint64_t)t, sum2 = limbs[2] + third + (uint64_t)(t >> LIMB_BITS);
  if (((limbs[2] ^ sum2) & (third ^ sum2)) >> (LIMB_BITS - 1)) return false; /* both of one sign, the sum of the other */
  limbs[0] = sum0;
  limbs[1] = sum1;
  limbs[2] = sum2;
  return true;
}

static inline bool add_inline(exact_sum *s, parts *p, bool negative) {
  int shift = p->exponent - s->base;
  if (shift < 0 || shift + MANTISSA_BITS >= INLINE_BITS) {
    if (!make_room(s, p)) return false;
    shift = p->exponent - s->base;
  }
  return add_three_limbs(s->limbs, p->mantissa, shift, negative);
}

static bool add_special(exact_sum *s, double x, int sign) {
  if (!spill(s)) return false;
  if (isnan(x)) s->wide->not_numbers += sign;
  else if (x > 0) s->wide->plus_infinities += sign;
  else s->wide->minus_infinities += sign;
  return true;
}

/* Everything but the count. */
static bool add_value(exact_sum *s, double x, int sign) {
  if (!isfinite(x)) return add_special(s, x, sign);
  parts p = take_apart(x);
  if (!p.mantissa) return true;
  bool negative = p.negative != (sign < 0);
  if (!s->wide && add_inline(s, &p, negative)) return true;
  if (!spill(s)) return false;
  add_or_subtract(s->wide->limbs, WIDE_LIMBS, p.mantissa, p.exponent - WIDE_BASE, negative);
  return true;
}

bool exact_sum_add(exact_sum *s, double x, int sign) {
  assert(sign == 1 || sign == -1);
  if (!add_value(s, x, sign)) return false;
  s->count += sign;
  if (s->wide) settle(s);
  return true;
}

bool exact_sum_add_product(exact_sum *s, double a, double b, int sign) {
  double product = a * b, rest = isfinite(product) ? fma(a, b, -product) : 0.0;
  if (!add_value(s, product, sign)) return false;
  if (rest != 0 && !add_value(s, rest, sign)) {
    bool undone = add_value(s, product, -sign); /* needs no memory: what was just added inline is taken back inline */
    assert(undone);
    return (void)undone, false;
  }
  s->count += sign;
  if (s->wide) settle(s);
  return true;
}

/* --- whole sums --- */

static bool merge_inline(exact_sum *s, const exact_sum *other, int sign) {
  if (s->wide || other->wide) return false;
  if (all_zero(other->limbs, EXACT_SUM_LIMBS)) return true;
  exact_sum left = *s, right = *other;
  if (all_zero(left.limbs, EXACT_SUM_LIMBS)) left.base = right.base;
  if (right.base < left.base && !rebase(&left, right.base)) return false;
  if (left.base < right.base && !rebase(&right, left.base)) return false;
  if (sign < 0) {
    if (right.limbs[EXACT_SUM_LIMBS - 1] == (uint64_t)1 << (LIMB_BITS - 1)) return false; /* its negative may not fit */
    negate(right.limbs, EXACT_SUM_LIMBS);
  }
  bool was_negative = is_negative(left.limbs, EXACT_SUM_LIMBS), negative = is_negative(right.limbs, EXACT_SUM_LIMBS);
  bool carry = false;
  for (int i = 0; i < EXACT_SUM_LIMBS; i++) {
    bool first = __builtin_add_overflow(left.limbs[i], right.limbs[i], &left.limbs[i]);
    carry = __builtin_add_overflow(left.limbs[i], (uint64_t)carry, &left.limbs[i]) || first;
  }
  if (was_negative == negative && is_negative(left.limbs, EXACT_SUM_LIMBS) != was_negative) return false;
  *s = left;
  return true;
}

bool exact_sum_merge(exact_sum *s, const exact_sum *other, int sign) {
  assert(sign == 1 || sign == -1);
  if (!merge_inline(s, other, sign)) {
    if (!spill(s)) return false;
    uint64_t limbs[WIDE_LIMBS];
    widen_into(limbs, other);
    add_limbs(s->wide->limbs, WIDE_LIMBS, limbs, WIDE_LIMBS, 0, sign < 0);
    if (other->wide) {
      s->wide->plus_infinities += sign * other->wide->plus_infinities;
      s->wide->minus_infinities += sign * other->wide->minus_infinities;
      s->wide->not_numbers += sign * other->wide->not_numbers;
    }
  }
  s->count += sign * other->count;
  settle(s);
  return true;
}

bool exact_sum_copy(exact_sum *to, const exact_sum *from) {
  exact_sum_wide *wide = NULL;
  if (from->wide) {
    wide = malloc(sizeof *wide);
    if (!wide) return false;
    *wide = *from->wide;
  }
  *to = *from;
  to->wide = wide;
  return true;
}

void exact_sum_free(exact_sum *s) {
  free(s->wide);
  memset(s, 0, sizeof *s);
}

/* --- values --- */

/* What infinities make of the sum; false when there are none. */
static bool special_value(const exact_sum *s, double *value) {
  const exact_sum_wide *w = s->wide;
  if (!w || !(w->plus_infinities || w->minus_infinities || w->not_numbers)) return false;
  *value = w->not_numbers || (w->plus_infinities && w->minus_infinities) ? NAN : w->plus_infinities ? INFINITY : -INFINITY;
  return true;
}

double exact_sum_value(const exact_sum *s) {
  double special;
  if (special_value(s, &special)) return special;
  if (s->wide) return round_limbs(s->wide->limbs, WIDE_LIMBS, WIDE_BASE);
  return round_limbs(s->limbs, EXACT_SUM_LIMBS, s->base);
}

/* --- differences of products --- */

/* Sign and magnitude, and the limbs of it that are not zero: from `low` up to, not including, `high`. */
typedef struct magnitude {
  uint64_t limbs[WIDE_LIMBS];
  int low, high;
  bool negative;
} magnitude;

static magnitude magnitude_of(const exact_sum *s) {
  magnitude m = {.high = WIDE_LIMBS};
  widen_into(m.limbs, s);
  m.negative = is_negative(m.limbs, WIDE_LIMBS);
  if (m.negative) negate(m.limbs, WIDE_LIMBS);
  while (m.high > 0 && !m.limbs[m.high - 1]) m.high--;
  while (m.low < m.high && !m.limbs[m.low]) m.low++;
  return m;
}

/* out += a * limbs of b, `shift` limbs up. */
static void add_row(uint64_t *out, uint64_t a, const magnitude *b, int shift) {
  uint64_t carry = 0;
  int at = shift + b->low;
  for (int i = b->low; i < b->high; i++, at++) {
    unsigned __int128 t = (unsigned __int128)a * b->limbs[i] + out[at] + carry;
    out[at] = (uint64_t)t;
    carry = (uint64_t)(t >> LIMB_BITS);
  }
  for (; carry && at < CROSS_LIMBS; at++) carry = __builtin_add_overflow(out[at], carry, &out[at]);
}

double exact_sum_cross(int64_t n, const exact_sum *xy, const exact_sum *x, const exact_sum *y) {
  double special;
  if (special_value(xy, &special) || special_value(x, &special) || special_value(y, &special)) return NAN;
  magnitude a = magnitude_of(x), b = magnitude_of(y), c = magnitude_of(xy);
  uint64_t left[CROSS_LIMBS] = {0}, right[CROSS_LIMBS] = {0}; /* lowest bit: 2^(2 * WIDE_BASE) */
  add_row(left, (uint64_t)n, &c, -WIDE_BASE / LIMB_BITS);
  for (int i = a.low; i < a.high; i++) add_row(right, a.limbs[i], &b, i);
  if (c.negative) negate(left, CROSS_LIMBS);
  if (a.negative == b.negative) negate(right, CROSS_LIMBS);
  bool carry = false;
  for (int i = 0; i < CROSS_LIMBS; i++) {
    bool first = __builtin_add_overflow(left[i], right[i], &left[i]);
    carry = __builtin_add_overflow(left[i], (uint64_t)carry, &left[i]) || first;
  }
  return round_limbs(left, CROSS_LIMBS, 2 * WIDE_BASE);
}

size_t exact_sum_heap_bytes(const exact_sum *s) { return s->wide ? sizeof *s->wide : 0; }

/* --- integers --- */

static unsigned __int128 to_128(const int_sum *s) { return (unsigned __int128)(uint64_t)s->high << LIMB_BITS | s->low; }

static void from_128(int_sum *s, unsigned __int128 value) {
  s->low = (uint64_t)value;
  s->high = (int64_t)(uint64_t)(value >> LIMB_BITS);
}

void int_sum_add(int_sum *s, int64_t value, int sign) {
  unsigned __int128 wide = (unsigned __int128)(__int128)value;
  from_128(s, sign < 0 ? to_128(s) - wide : to_128(s) + wide);
}

void int_sum_merge(int_sum *s, const int_sum *other, int sign) {
  from_128(s, sign < 0 ? to_128(s) - to_128(other) : to_128(s) + to_128(other));
}

bool int_sum_fits(const int_sum *s, int64_t *out) {
  *out = (int64_t)s->low;
  return s->high == (*out < 0 ? -1 : 0);
}

double int_sum_value(const int_sum *s) {
  uint64_t limbs[2] = {s->low, (uint64_t)s->high};
  return round_limbs(limbs, 2, 0);
}

double exact_sum_value_with(const exact_sum *s, const int_sum *integers) {
  double special;
  if (special_value(s, &special)) return special;
  uint64_t limbs[WIDE_LIMBS], whole[2] = {integers->low, (uint64_t)integers->high};
  widen_into(limbs, s);
  add_limbs(limbs, WIDE_LIMBS, whole, 2, -WIDE_BASE, false);
  return round_limbs(limbs, WIDE_LIMBS, WIDE_BASE);
}
