/* SQL's sum(), avg() and total() of one group: integers and reals apart, both exact, with exact retraction.
**
** Typing is SQLite's: what sqlite3_value_numeric_type calls an integer ('12' too) counts as one, anything else that is not
** NULL as a real (text that is no number is 0.0). Integers only: the sum is an integer, and an overflow if it has no place in
** 64 bits; any real: the correctly rounded sum of everything, integers at their full value; nothing: NULL.
** avg is the correctly rounded sum divided by the count. Zero-initialise before first use; number_sum_free ends it.
** Functions that return bool MUST_USE fail for lack of memory only and leave the sum as it was. Thread: the owner's.
*/
#ifndef VIEW_NUMBER_SUM_H
#define VIEW_NUMBER_SUM_H

#include "view/exact_sum.h"

typedef struct number_sum {
  exact_sum reals; /* reals.count: how many */
  int_sum integers;
  int64_t integer_count;
} number_sum;

typedef enum number_kind { NUMBER_NULL, NUMBER_INTEGER, NUMBER_REAL, NUMBER_OVERFLOW } number_kind;

typedef struct number {
  number_kind kind;
  int64_t integer;
  double real;
} number;

bool number_sum_add_real(number_sum *s, double value, int sign) MUST_USE;
void number_sum_add_integer(number_sum *s, int64_t value, int sign);
/* By its kind; NULL changes nothing. */
bool number_sum_add(number_sum *s, number value, int sign) MUST_USE;
bool number_sum_merge(number_sum *s, const number_sum *other, int sign) MUST_USE;
void number_sum_free(number_sum *s);

int64_t number_sum_count(const number_sum *s);
number number_sum_sum(const number_sum *s);
number number_sum_avg(const number_sum *s); /* NUMBER_REAL or NUMBER_NULL */
double number_sum_total(const number_sum *s);

#endif
