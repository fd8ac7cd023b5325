/* time_bucket, safe_ratio, norm_inv. */
#include "view/functions_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- times --- */

enum { MS = 1, SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS, WEEK_MS = 7 * DAY_MS };

/* A width or an offset: integer milliseconds, or a number and a unit. */
static bool read_duration(sqlite3_value *value, int64_t *ms) {
  static const struct {
    const char *unit;
    int64_t ms;
  } units[] = {{"ms", MS}, {"s", SECOND_MS}, {"m", MINUTE_MS}, {"min", MINUTE_MS}, {"h", HOUR_MS}, {"d", DAY_MS}, {"w", WEEK_MS}};
  if (sqlite3_value_numeric_type(value) == SQLITE_INTEGER) {
    *ms = sqlite3_value_int64(value);
    return true;
  }
  const char *text = (const char *)sqlite3_value_text(value);
  if (!text || sqlite3_value_type(value) != SQLITE_TEXT) return false;
  char *end;
  long long count = strtoll(text, &end, 10);
  if (end == text) return false;
  while (*end == ' ') end++;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (sqlite3_stricmp(end, units[i].unit) == 0) return !__builtin_mul_overflow(count, units[i].ms, ms);
  return false;
}

/* Exactly n digits, which move the text on; -1 if they are not there. */
static int digits(const char **text, int n) {
  int value = 0;
  for (int i = 0; i < n; i++, ++*text) {
    if (**text < '0' || **text > '9') return -1;
    value = value * 10 + (**text - '0');
  }
  return value;
}

static bool skip(const char **text, char c) {
  if (**text != c) return false;
  ++*text;
  return true;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March, so that a leap day is a year's last. */
static int64_t days_since_1970(int year, int month, int day) {
  int64_t y = month <= 2 ? year - 1 : year, era = y / 400, year_of_era = y % 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static bool read_date(const char **text, int64_t *ms) {
  int year = digits(text, 4);
  if (year < 0 || !skip(text, '-')) return false;
  int month = digits(text, 2);
  if (month < 1 || month > 12 || !skip(text, '-')) return false;
  int day = digits(text, 2);
  if (day < 1 || day > 31) return false;
  *ms = days_since_1970(year, month, day) * DAY_MS;
  return true;
}

/* hh:mm, and :ss and a fraction where seconds may follow. */
static bool read_clock(const char **text, bool seconds, int64_t *ms) {
  int hour = digits(text, 2);
  if (hour < 0 || hour > 24 || !skip(text, ':')) return false;
  int minute = digits(text, 2);
  if (minute < 0 || minute > 59) return false;
  *ms = hour * (int64_t)HOUR_MS + minute * (int64_t)MINUTE_MS;
  if (!seconds || !skip(text, ':')) return true;
  int second = digits(text, 2);
  if (second < 0 || second > 60) return false;
  *ms += second * (int64_t)SECOND_MS;
  if (!skip(text, '.')) return true;
  for (int weight = 100; **text >= '0' && **text <= '9'; ++*text, weight /= 10) *ms += (**text - '0') * weight;
  return true;
}

static bool read_iso_8601(const char *text, int64_t *ms) {
  int64_t clock = 0, zone = 0;
  if (!read_date(&text, ms)) return false;
  if ((skip(&text, 'T') || skip(&text, ' ')) && !read_clock(&text, true, &clock)) return false;
  bool east = *text == '+', west = *text == '-';
  if (east || west) {
    text++;
    if (!read_clock(&text, false, &zone)) return false;
  } else {
    skip(&text, 'Z');
  }
  *ms += clock - (east ? zone : -zone);
  return *text == '\0';
}

static bool read_time(sqlite3_value *value, int64_t *ms) {
  switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER: *ms = sqlite3_value_int64(value); return true;
    case SQLITE_FLOAT: {
      double r = floor(sqlite3_value_double(value));
      if (!(r >= -9.2e18 && r <= 9.2e18)) return false;
      *ms = (int64_t)r;
      return true;
    }
    case SQLITE_TEXT: return read_iso_8601((const char *)sqlite3_value_text(value), ms);
    default: return false;
  }
}

static void time_bucket(sqlite3_context *context, int n, sqlite3_value **values) {
  int64_t width, time, offset = 0, since;
  for (int i = 0; i < n; i++)
    if (sqlite3_value_type(values[i]) == SQLITE_NULL) return;
  if (!read_duration(values[0], &width) || width <= 0) {
    sqlite3_result_error(context, "time_bucket: expected a width such as '1s', '5m', '1h', '1d' or a number of milliseconds", -1);
  } else if (n == 3 && !read_duration(values[2], &offset)) {
    sqlite3_result_error(context, "time_bucket: expected an offset such as '30m' or a number of milliseconds", -1);
  } else if (!read_time(values[1], &time)) {
    sqlite3_result_error(context, "time_bucket: expected a time in milliseconds since 1970 or ISO 8601 text", -1);
  } else if (__builtin_sub_overflow(time, offset, &since)) {
    sqlite3_result_null(context);
  } else {
    int64_t rest = since % width, start;
    if (rest < 0) rest += width;
    if (__builtin_sub_overflow(time, rest, &start)) sqlite3_result_null(context);
    else sqlite3_result_int64(context, start);
  }
}

/* --- ratios and quantiles --- */

static void safe_ratio(sqlite3_context *context, int n, sqlite3_value **values) {
  double a, b;
  if (function_real(values[0], &a) && function_real(values[1], &b) && b != 0) sqlite3_result_double(context, a / b);
}

static double polynomial(const double *coefficients, int n, double x) {
  double value = coefficients[0];
  for (int i = 1; i < n; i++) value = value * x + coefficients[i];
  return value;
}

/* For 0 < p <= 0.5: Acklam's rational approximation (relative error 1.15e-9), then one step of Halley's method, which
** brings it to the precision of erfc. */
static double lower_quantile(double p) {
  static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                             1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
                             -1.328068155288572e+01, 1.0};
  static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                             -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1.0};
  static const double tail = 0.02425;
  double x;
  if (p < tail) {
    double q = sqrt(-2 * log(p));
    x = polynomial(c, 6, q) / polynomial(d, 5, q);
  } else {
    double q = p - 0.5, r = q * q;
    x = polynomial(a, 6, r) * q / polynomial(b, 6, r);
  }
  double miss = 0.5 * erfc(-x / M_SQRT2) - p, u = miss * sqrt(2 * M_PI) * exp(x * x / 2);
  return isfinite(u) ? x - u / (1 + x * u / 2) : x;
}

static void norm_inv(sqlite3_context *context, int n, sqlite3_value **values) {
  double p;
  if (!function_real(values[0], &p) || !(p > 0 && p < 1)) return;
  sqlite3_result_double(context, p == 0.5 ? 0.0 : p < 0.5 ? lower_quantile(p) : -lower_quantile(1 - p));
}

const scalar_function functions_of_scalars[] = {
    {"time_bucket", 2, time_bucket}, {"time_bucket", 3, time_bucket}, {"safe_ratio", 2, safe_ratio},
    {"norm_inv", 1, norm_inv},       {0},
};
