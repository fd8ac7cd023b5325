/* Calendar days and stamps, UTC, proleptic Gregorian. A day is a count of days since 1970-01-01. Thread: any. */
#ifndef MOCKGEN_DAY_H
#define MOCKGEN_DAY_H

#include <stdbool.h>
#include <stdint.h>

enum { DAY_TEXT_BYTES = 11, STAMP_TEXT_BYTES = 25, DAY_MS = 86400000 };

void day_text(int32_t day, char out[DAY_TEXT_BYTES]);            /* "2026-01-05" */
bool day_parse(const char *text, int32_t *day);                  /* exactly YYYY-MM-DD, a real day */
void stamp_text(int64_t unix_ms, char out[STAMP_TEXT_BYTES]);    /* "2026-01-05T14:30:00.000Z" */
bool stamp_parse(const char *text, int64_t *unix_ms);            /* YYYY-MM-DD, with THH:MM:SSZ or THH:MM:SS.mmmZ after it or not */

/* The regular session of the New York exchanges on that day, daylight saving taken into account; holidays are not known. */
bool day_is_weekend(int32_t day);
int64_t day_session_open_ms(int32_t day);
int64_t day_session_close_ms(int32_t day);

#endif
