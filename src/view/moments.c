#include "view/moments.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* --- adding: all of it or nothing --- */

/* Takes back what was added a moment ago. That needs memory only where adding it did, and what was got then is still held. */
static void undo(bool done) {
  assert(done);
  (void)done;
}

bool moments_add(moments *m, double x, int sign) {
  if (!exact_sum_add(&m->x, x, sign)) return false;
  if (!exact_sum_add_product(&m->xx, x, x, sign)) {
    undo(exact_sum_add(&m->x, x, -sign));
    return false;
  }
  m->n += sign;
  return true;
}

bool moments_merge(moments *m, const moments *other, int sign) {
  if (!exact_sum_merge(&m->x, &other->x, sign)) return false;
  if (!exact_sum_merge(&m->xx, &other->xx, sign)) {
    undo(exact_sum_merge(&m->x, &other->x, -sign));
    return false;
  }
  m->n += sign * other->n;
  return true;
}

void moments_free(moments *m) {
  exact_sum_free(&m->x);
  exact_sum_free(&m->xx);
  memset(m, 0, sizeof *m);
}

bool comoments_add(comoments *m, double x, double y, int sign) {
  struct {
    exact_sum *sum;
    double a, b;
  } const steps[] = {{&m->x, x, 1}, {&m->y, y, 1}, {&m->xx, x, x}, {&m->yy, y, y}, {&m->xy, x, y}};
  enum { STEPS = sizeof steps / sizeof *steps };
  for (int i = 0; i < STEPS; i++) {
    if (exact_sum_add_product(steps[i].sum, steps[i].a, steps[i].b, sign)) continue;
    while (i-- > 0) undo(exact_sum_add_product(steps[i].sum, steps[i].a, steps[i].b, -sign));
    return false;
  }
  m->n += sign;
  return true;
}

void comoments_free(comoments *m) {
  exact_sum *const sums[] = {&m->x, &m->y, &m->xx, &m->yy, &m->xy};
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) exact_sum_free(sums[i]);
  memset(m, 0, sizeof *m);
}

bool weighted_sum_add(weighted_sum *w, double value, double weight, int sign) {
  if (!exact_sum_add_product(&w->products, value, weight, sign)) return false;
  if (!exact_sum_add(&w->weights, weight, sign)) {
    undo(exact_sum_add_product(&w->products, value, weight, -sign));
    return false;
  }
  return true;
}

void weighted_sum_free(weighted_sum *w) {
  exact_sum_free(&w->products);
  exact_sum_free(&w->weights);
}

/* --- the final formulas --- */

static bool divide(double numerator, int64_t n, sample_kind kind, double *out) {
  if (n < (kind == SAMPLE ? 2 : 1)) return false;
  double count = (double)n;
  *out = numerator / (count * (kind == SAMPLE ? count - 1 : count));
  return !isnan(*out);
}

bool finance_variance(const moments *m, sample_kind kind, double *out) {
  return divide(exact_sum_cross(m->n, &m->xx, &m->x, &m->x), m->n, kind, out);
}

bool finance_stddev(const moments *m, sample_kind kind, double *out) {
  if (!finance_variance(m, kind, out)) return false;
  *out = sqrt(*out);
  return true;
}

bool finance_covariance(const comoments *m, sample_kind kind, double *out) {
  return divide(exact_sum_cross(m->n, &m->xy, &m->x, &m->y), m->n, kind, out);
}

bool finance_correlation(const comoments *m, double *out) {
  double x = exact_sum_cross(m->n, &m->xx, &m->x, &m->x), y = exact_sum_cross(m->n, &m->yy, &m->y, &m->y);
  if (m->n < 2 || !(x > 0) || !(y > 0)) return false;
  double r = exact_sum_cross(m->n, &m->xy, &m->x, &m->y) / (sqrt(x) * sqrt(y));
  *out = r > 1 ? 1 : r < -1 ? -1 : r;
  return !isnan(r);
}

bool finance_weighted_mean(const weighted_sum *w, double *out) {
  double weights = exact_sum_value(&w->weights);
  if (weights == 0) return false;
  *out = exact_sum_value(&w->products) / weights;
  return !isnan(*out);
}
