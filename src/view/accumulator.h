/* One aggregate of one group: takes rows in and takes them back, exactly.
**
** What is kept: counts; exact sums of reals and of integers; an ordered multiset for MIN, MAX and DISTINCT; the one value of a
** column that is not aggregated. Zero-initialise; accumulator_free ends it. Thread: the owner's.
*/
#ifndef VIEW_ACCUMULATOR_H
#define VIEW_ACCUMULATOR_H

#include "view/exact_sum.h"
#include "view/moments.h"
#include "view/ordered_set.h"
#include "view/plan.h"

typedef struct accumulator {
  int64_t count;       /* values that are not NULL (rows, for count(*) and bare columns) */
  union {
    struct {
      exact_sum reals;
      int_sum integers;
    };
    value bare;        /* its text is malloc'd */
    union statistic *statistic; /* variance … wavg */
  };
  ordered_set *set;    /* MIN, MAX, FIRST, LAST, DISTINCT */
} accumulator;

typedef enum accumulated { ACCUMULATE_FAILED, ACCUMULATED, ACCUMULATED_MIXED } accumulated;

/* One row's argument, with weight +1 or -1. ACCUMULATED_MIXED: a bare column does not have one value any more. */
accumulated accumulator_add(accumulator *x, const aggregate *a, int weight, value argument, value argument2);
/* The result. *ambiguous: SQL must pick among equal forms. *overflow: an integer sum that does not fit (the result is NULL). */
value accumulator_result(const accumulator *x, const aggregate *a, bool *ambiguous, bool *overflow);
void accumulator_free(accumulator *x, const aggregate *a);
size_t accumulator_bytes(const accumulator *x);

#endif
