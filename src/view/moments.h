/* Variance, covariance, correlation and weighted mean from exact sums, in one place, so that a group that is maintained by
** deltas and one that is computed from scratch agree to the bit.
**
** Kept: n and the exact sums of x, y, x*x, y*y and x*y over the rows where both are present. The products are exact too
** (exact_sum_add_product), and so is the difference; nothing is lost to cancellation:
**     co(x, y) = (n * sum(x*y) - sum(x) * sum(y)) / (n * (n - 1))      sample        (n * n: population)
** with one rounding of the numerator, one of the denominator and one of the division; var(x) = co(x, x), stddev its root,
** corr = co(x, y) / (sqrt(co(x, x)) * sqrt(co(y, y))) of the numerators. Infinities, and products beyond the largest double,
** give NaN, which is SQL's NULL.
** Thread: the owner's. Functions that return bool fail for lack of memory only and leave the moments as they were.
*/
#ifndef VIEW_MOMENTS_H
#define VIEW_MOMENTS_H

#include "view/exact_sum.h"

typedef struct moments {
  int64_t n;
  exact_sum x, xx;
} moments;

bool moments_add(moments *m, double x, int sign) MUST_USE;
bool moments_merge(moments *m, const moments *other, int sign) MUST_USE;
void moments_free(moments *m);

/* The statistics return false where SQL has NULL: fewer than two values (sample), none (population), NaN. */
typedef enum sample_kind { SAMPLE, POPULATION } sample_kind;
bool finance_variance(const moments *m, sample_kind kind, double *out);
bool finance_stddev(const moments *m, sample_kind kind, double *out);

typedef struct comoments {
  int64_t n;
  exact_sum x, y, xx, yy, xy;
} comoments;

bool comoments_add(comoments *m, double x, double y, int sign) MUST_USE;
void comoments_free(comoments *m);
bool finance_covariance(const comoments *m, sample_kind kind, double *out);
bool finance_correlation(const comoments *m, double *out); /* also false where one of the two does not vary */

/* sum(value * weight) / sum(weight), products exact, both sums rounded once. */
typedef struct weighted_sum {
  exact_sum products, weights;
} weighted_sum;

bool weighted_sum_add(weighted_sum *w, double value, double weight, int sign) MUST_USE;
void weighted_sum_free(weighted_sum *w);
bool finance_weighted_mean(const weighted_sum *w, double *out); /* false where the weights sum to 0 */

#endif
