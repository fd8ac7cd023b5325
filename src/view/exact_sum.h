/* The exact sum of any number of doubles, in any order, with exact retraction.
**
** The value is always the correctly rounded (to nearest, ties to even) sum of what is present, from subnormals to overflow,
** whatever was added and taken back before: insert 0.1 and 1e20, take back 1e20, and 0.1 is left. Infinities are counted:
** both signs present give NaN (SQL NULL), one sign gives that infinity, and taken back they leave the finite sum.
**
** Representation: a fixed-point number in two's complement. Inline it has EXACT_SUM_LIMBS limbs of 64 bits, and `base` is the
** weight of its lowest bit (2^base); that holds money at any scale without a heap. What does not fit there (spans of more
** than about 190 bits, infinities) spills to a heap block that covers all doubles; it is given back once the sum is empty.
** Invariant: while `wide` is not NULL the limbs inline are unused; a count of 0 with a sum of 0 owns no heap.
** `count` is values added less values taken back. It may pass through 0 and below with a sum that is not zero: differences
** are sums too.
**
** Zero-initialise before first use; exact_sum_free ends it. A copy by assignment is a move: one of the two is not freed.
** Functions that return bool fail for lack of memory only and then leave the sum as it was. Thread: the owner's.
*/
#ifndef VIEW_EXACT_SUM_H
#define VIEW_EXACT_SUM_H

#include "base/error.h"

#include <stdint.h>

enum { EXACT_SUM_LIMBS = 3 };

typedef struct exact_sum {
  uint64_t limbs[EXACT_SUM_LIMBS]; /* lowest first */
  struct exact_sum_wide *wide;
  int64_t count;
  int32_t base;
} exact_sum;

/* Adds x (sign 1) or takes it back (sign -1). */
bool exact_sum_add(exact_sum *s, double x, int sign) MUST_USE;
/* Adds the exact product of a and b, not its rounded value: exact unless it is below 2^-1000. Counts as one value. */
bool exact_sum_add_product(exact_sum *s, double a, double b, int sign) MUST_USE;
/* Adds everything that is in `other` (sign 1) or takes it back (sign -1). */
bool exact_sum_merge(exact_sum *s, const exact_sum *other, int sign) MUST_USE;
/* to must be empty or uninitialised. */
bool exact_sum_copy(exact_sum *to, const exact_sum *from) MUST_USE;
void exact_sum_free(exact_sum *s); /* leaves it empty */

/* 0.0 when nothing is present. */
double exact_sum_value(const exact_sum *s);
/* n * xy - x * y, computed exactly and rounded once (a result below 2^-1022 perhaps twice): the heart of variance and
** covariance, without cancellation. NaN when an infinity or NaN is present anywhere. n >= 0. */
double exact_sum_cross(int64_t n, const exact_sum *xy, const exact_sum *x, const exact_sum *y);
/* Bytes of heap that it holds. */
size_t exact_sum_heap_bytes(const exact_sum *s);

/* A sum of integers in 128 bits: room for 2^63 values of any size. Zero-initialise before first use. */
typedef struct int_sum {
  uint64_t low;
  int64_t high;
} int_sum;

void int_sum_add(int_sum *s, int64_t value, int sign);
void int_sum_merge(int_sum *s, const int_sum *other, int sign);
/* Whether the sum is a 64-bit integer; then it is in *out. */
bool int_sum_fits(const int_sum *s, int64_t *out);
double int_sum_value(const int_sum *s); /* correctly rounded */
/* The correctly rounded sum of the doubles and the integers together. */
double exact_sum_value_with(const exact_sum *s, const int_sum *integers);

#endif
