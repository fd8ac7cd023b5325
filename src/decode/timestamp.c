#include "decode/timestamp.h"

enum { MS_PER_MINUTE = 60000 };

typedef struct cursor {
  const char *at, *end;
} cursor;

/* Exactly n digits. */
static bool digits(cursor *c, int n, int *out) {
  int number = 0;
  if (c->end - c->at < n) return false;
  for (int i = 0; i < n; i++) {
    unsigned digit = (unsigned)(c->at[i] - '0');
    if (digit > 9) return false;
    number = number * 10 + (int)digit;
  }
  c->at += n;
  *out = number;
  return true;
}

static bool accept(cursor *c, char wanted) {
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static int month_days(int year, int month) {
  static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the Gregorian calendar, counted from March so that the leap day stands last. */
static int64_t days_since_epoch(int year, int month, int day) {
  int y = month <= 2 ? year - 1 : year;
  int era = y / 400, year_of_era = y % 400;
  int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return (int64_t)era * 146097 + day_of_era - 719468;
}

/* [.fraction] in ms; what is finer is cut. */
static bool fraction(cursor *c, int *ms) {
  if (!accept(c, '.') && !accept(c, ',')) return true;
  int scale = 100;
  const char *first = c->at;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
    *ms += (*c->at - '0') * scale;
    scale /= 10;
  }
  return c->at > first;
}

/* [Z|±HH[[:]MM]] in minutes east. */
static bool zone(cursor *c, int *minutes) {
  if (c->at == c->end || accept(c, 'Z')) return true;
  int sign = accept(c, '+') ? 1 : accept(c, '-') ? -1 : 0, hour, minute = 0;
  if (!sign || !digits(c, 2, &hour)) return false;
  bool more = accept(c, ':') || c->at < c->end;
  if (more && !digits(c, 2, &minute)) return false;
  *minutes = sign * (hour * 60 + minute);
  return hour <= 23 && minute <= 59;
}

bool timestamp_parse(const char *text, size_t bytes, int64_t *unix_ms) {
  cursor c = {text, text + bytes};
  int year, month, day, hour = 0, minute = 0, second = 0, ms = 0, east = 0;
  if (!digits(&c, 4, &year) || !accept(&c, '-') || !digits(&c, 2, &month) || !accept(&c, '-') || !digits(&c, 2, &day)) return false;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month)) return false;
  if (c.at < c.end) {
    if (!accept(&c, 'T') && !accept(&c, ' ')) return false;
    if (!digits(&c, 2, &hour) || !accept(&c, ':') || !digits(&c, 2, &minute)) return false;
    if (accept(&c, ':') && (!digits(&c, 2, &second) || !fraction(&c, &ms))) return false;
    if (!zone(&c, &east) || c.at != c.end) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t minutes = days_since_epoch(year, month, day) * 1440 + hour * 60 + minute - east;
  *unix_ms = minutes * MS_PER_MINUTE + second * 1000 + ms;
  return true;
}
