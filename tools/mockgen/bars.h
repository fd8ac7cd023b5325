/* Daily bars from a folder: instruments.csv and daily_2019_2020.csv.gz (date,symbol,open,high,low,close,volume; days in order).
** Thread: one at a time. */
#ifndef MOCKGEN_BARS_H
#define MOCKGEN_BARS_H

#include "mockgen/universe.h"

typedef struct bars bars;

typedef struct bar {
  int32_t instrument;
  int64_t open, high, low, close; /* PRICE_SCALE, low ≤ open, close ≤ high */
  int64_t volume;
} bar;

/* The folder's instruments.csv as text (free() it); NULL and *err. */
char *bars_instruments(const char *folder, error *err) MUST_USE;

bars *bars_open(const char *folder, const universe *u, error *err) MUST_USE; /* keeps u */
void bars_close(bars *b);
/* The next day: *count bars, valid until the next call; *count = 0 at the end. A line that is no bar is an error with its number; a
** symbol that instruments.csv does not have is passed over and counted. */
bool bars_next_day(bars *b, int32_t *day, const bar **list, int32_t *count, error *err) MUST_USE;
uint64_t bars_unknown(const bars *b);

#endif
