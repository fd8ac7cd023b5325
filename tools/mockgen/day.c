#include "mockgen/day.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000, MINUTE_MS = 60000, OPEN_EST_MS = 14 * HOUR_MS + 30 * MINUTE_MS, CLOSE_EST_MS = 21 * HOUR_MS };

/* Days from a civil date and back: eras of 400 years that begin on 1 March (H. Hinnant's algorithm). */
static int32_t days_from_civil(int year, int month, int day) {
  year -= month <= 2;
  int era = (year >= 0 ? year : year - 399) / 400;
  int year_of_era = year - era * 400;
  int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int32_t days, int *year, int *month, int *day) {
  days += 719468;
  int era = (days >= 0 ? days : days - 146096) / 146097;
  int day_of_era = days - era * 146097;
  int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int shifted = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted < 10 ? shifted + 3 : shifted - 9;
  *year = year_of_era + era * 400 + (*month <= 2);
}

void day_text(int32_t day, char out[DAY_TEXT_BYTES]) {
  int year, month, of_month;
  civil_from_days(day, &year, &month, &of_month);
  char text[40];
  snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, of_month);
  memcpy(out, text, DAY_TEXT_BYTES - 1);
  out[DAY_TEXT_BYTES - 1] = '\0';
}

bool day_parse(const char *text, int32_t *day) {
  int year, month, of_month, end = 0;
  if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &of_month, &end) != 3 || end != DAY_TEXT_BYTES - 1 || text[end]) return false;
  *day = days_from_civil(year, month, of_month);
  char back[DAY_TEXT_BYTES];
  day_text(*day, back);
  return strcmp(back, text) == 0; /* refuses 2026-02-30 */
}

void stamp_text(int64_t unix_ms, char out[STAMP_TEXT_BYTES]) {
  int32_t day = (int32_t)(unix_ms / DAY_MS);
  int ms = (int)(unix_ms % DAY_MS);
  char date[DAY_TEXT_BYTES], text[64];
  day_text(day, date);
  snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%03dZ", date, ms / HOUR_MS, ms / MINUTE_MS % 60, ms / 1000 % 60, ms % 1000);
  memcpy(out, text, STAMP_TEXT_BYTES - 1);
  out[STAMP_TEXT_BYTES - 1] = '\0';
}

bool stamp_parse(const char *text, int64_t *unix_ms) {
  char date[DAY_TEXT_BYTES] = "";
  size_t n = strlen(text);
  if (n < DAY_TEXT_BYTES - 1) return false;
  memcpy(date, text, DAY_TEXT_BYTES - 1);
  int32_t day;
  if (!day_parse(date, &day)) return false;
  int hour = 0, minute = 0, second = 0, ms = 0, end = 0;
  const char *rest = text + DAY_TEXT_BYTES - 1;
  if (*rest && (sscanf(rest, "T%2d:%2d:%2d%n", &hour, &minute, &second, &end) != 3 || end != 9)) return false;
  rest += end;
  if (*rest == '.') {
    if (sscanf(rest, ".%3d%n", &ms, &end) != 1 || end != 4) return false;
    rest += end;
  }
  if (*rest && strcmp(rest, "Z") != 0) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || ms < 0) return false;
  *unix_ms = (int64_t)day * DAY_MS + hour * (int64_t)HOUR_MS + minute * (int64_t)MINUTE_MS + second * 1000 + ms;
  return true;
}

static int weekday(int32_t day) { return (int)(((int64_t)day + 4) % 7 + 7) % 7; } /* 0 = Sunday */

bool day_is_weekend(int32_t day) { return weekday(day) == 0 || weekday(day) == 6; }

static int32_t nth_sunday(int year, int month, int nth) {
  int32_t first = days_from_civil(year, month, 1);
  return first + (7 - weekday(first)) % 7 + 7 * (nth - 1);
}

/* New York keeps daylight saving time from the second Sunday of March to the first Sunday of November. */
static int64_t daylight_shift_ms(int32_t day) {
  int year, month, of_month;
  civil_from_days(day, &year, &month, &of_month);
  return day >= nth_sunday(year, 3, 2) && day < nth_sunday(year, 11, 1) ? HOUR_MS : 0;
}

int64_t day_session_open_ms(int32_t day) { return (int64_t)day * DAY_MS + OPEN_EST_MS - daylight_shift_ms(day); }
int64_t day_session_close_ms(int32_t day) { return (int64_t)day * DAY_MS + CLOSE_EST_MS - daylight_shift_ms(day); }
