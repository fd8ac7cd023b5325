/* variance, stddev, covar, corr, wavg: the state of view/moments.h behind SQLite's interface. */
#include "view/functions_private.h"

#include "view/moments.h"

/* --- one variable --- */

static void moments_change(sqlite3_context *context, sqlite3_value **values, int sign) {
  moments *m = sqlite3_aggregate_context(context, sizeof *m);
  double x;
  if (!m) sqlite3_result_error_nomem(context);
  else if (function_real(values[0], &x) && !moments_add(m, x, sign)) sqlite3_result_error_nomem(context);
}

static void moments_step(sqlite3_context *context, int n, sqlite3_value **values) { moments_change(context, values, 1); }
static void moments_inverse(sqlite3_context *context, int n, sqlite3_value **values) { moments_change(context, values, -1); }

typedef bool (*moments_statistic)(const moments *, sample_kind, double *);

static void moments_result(sqlite3_context *context, moments_statistic statistic, sample_kind kind) {
  const moments *m = sqlite3_aggregate_context(context, 0);
  double value = 0;
  bool present = m && statistic(m, kind, &value);
  function_result(context, present, value);
}

static void moments_release(sqlite3_context *context) {
  moments *m = sqlite3_aggregate_context(context, 0);
  if (m) moments_free(m);
}

#define MOMENTS(name, statistic, kind)                                                                      \
  static void name##_value(sqlite3_context *context) { moments_result(context, statistic, kind); }         \
  static void name##_final(sqlite3_context *context) {                                                      \
    name##_value(context);                                                                                  \
    moments_release(context);                                                                               \
  }
MOMENTS(var_samp, finance_variance, SAMPLE)
MOMENTS(var_pop, finance_variance, POPULATION)
MOMENTS(stddev_samp, finance_stddev, SAMPLE)
MOMENTS(stddev_pop, finance_stddev, POPULATION)

/* --- two variables --- */

static void comoments_change(sqlite3_context *context, sqlite3_value **values, int sign) {
  comoments *m = sqlite3_aggregate_context(context, sizeof *m);
  double x, y;
  if (!m) sqlite3_result_error_nomem(context);
  else if (function_real(values[0], &x) && function_real(values[1], &y) && !comoments_add(m, x, y, sign))
    sqlite3_result_error_nomem(context);
}

static void comoments_step(sqlite3_context *context, int n, sqlite3_value **values) { comoments_change(context, values, 1); }
static void comoments_inverse(sqlite3_context *context, int n, sqlite3_value **values) { comoments_change(context, values, -1); }

static void comoments_release(sqlite3_context *context) {
  comoments *m = sqlite3_aggregate_context(context, 0);
  if (m) comoments_free(m);
}

static void covariance_result(sqlite3_context *context, sample_kind kind) {
  const comoments *m = sqlite3_aggregate_context(context, 0);
  double value = 0;
  bool present = m && finance_covariance(m, kind, &value);
  function_result(context, present, value);
}

static void covar_samp_value(sqlite3_context *context) { covariance_result(context, SAMPLE); }
static void covar_pop_value(sqlite3_context *context) { covariance_result(context, POPULATION); }

static void corr_value(sqlite3_context *context) {
  const comoments *m = sqlite3_aggregate_context(context, 0);
  double value = 0;
  bool present = m && finance_correlation(m, &value);
  function_result(context, present, value);
}

static void covar_samp_final(sqlite3_context *context) {
  covar_samp_value(context);
  comoments_release(context);
}

static void covar_pop_final(sqlite3_context *context) {
  covar_pop_value(context);
  comoments_release(context);
}

static void corr_final(sqlite3_context *context) {
  corr_value(context);
  comoments_release(context);
}

/* --- weighted mean --- */

static void wavg_change(sqlite3_context *context, sqlite3_value **values, int sign) {
  weighted_sum *w = sqlite3_aggregate_context(context, sizeof *w);
  double value, weight;
  if (!w) sqlite3_result_error_nomem(context);
  else if (function_real(values[0], &value) && function_real(values[1], &weight) && !weighted_sum_add(w, value, weight, sign))
    sqlite3_result_error_nomem(context);
}

static void wavg_step(sqlite3_context *context, int n, sqlite3_value **values) { wavg_change(context, values, 1); }
static void wavg_inverse(sqlite3_context *context, int n, sqlite3_value **values) { wavg_change(context, values, -1); }

static void wavg_value(sqlite3_context *context) {
  const weighted_sum *w = sqlite3_aggregate_context(context, 0);
  double value = 0;
  bool present = w && finance_weighted_mean(w, &value);
  function_result(context, present, value);
}

static void wavg_final(sqlite3_context *context) {
  wavg_value(context);
  weighted_sum *w = sqlite3_aggregate_context(context, 0);
  if (w) weighted_sum_free(w);
}

const aggregate_function functions_of_moments[] = {
    {"variance", 1, moments_step, moments_inverse, var_samp_value, var_samp_final, NULL},
    {"var_samp", 1, moments_step, moments_inverse, var_samp_value, var_samp_final, NULL},
    {"var_pop", 1, moments_step, moments_inverse, var_pop_value, var_pop_final, NULL},
    {"stddev", 1, moments_step, moments_inverse, stddev_samp_value, stddev_samp_final, NULL},
    {"stddev_samp", 1, moments_step, moments_inverse, stddev_samp_value, stddev_samp_final, NULL},
    {"stddev_pop", 1, moments_step, moments_inverse, stddev_pop_value, stddev_pop_final, NULL},
    {"covar_samp", 2, comoments_step, comoments_inverse, covar_samp_value, covar_samp_final, NULL},
    {"covar_pop", 2, comoments_step, comoments_inverse, covar_pop_value, covar_pop_final, NULL},
    {"corr", 2, comoments_step, comoments_inverse, corr_value, corr_final, NULL},
    {"wavg", 2, wavg_step, wavg_inverse, wavg_value, wavg_final, NULL},
    {0},
};
