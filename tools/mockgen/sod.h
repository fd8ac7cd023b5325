/* The start of a day: what never changes, the day's own state, and the change from one day to the next. Thread: the generator's. */
#ifndef MOCKGEN_SOD_H
#define MOCKGEN_SOD_H

#include "mockgen/generator.h"

/* Instruments, accounts, ETF constituents. */
bool sod_publish_static(generator *g, error *err) MUST_USE;
/* Rates, prices, benchmark weights and holdings of the day. May be published again at any time. */
bool sod_publish_day(generator *g, error *err) MUST_USE;
/* From g->day to `day`: the new day's state, then tombstones for everything of the old one (unless history is kept), then the
** orders that the new day begins with. The market stands as it shall on the new day (market_next_day was called). */
bool sod_roll(generator *g, int32_t day, error *err) MUST_USE;

#endif
