/* Real bars instead of random walks: a trading day after the other.
**
** A day begins with its closes as its prices (a symbol without a bar has none; an ETF has one when all its constituents have), then
** its holdings. Each bar becomes four ticks, spread over the day: open, the extreme that the close is farther from, the other, close;
** a quarter of the volume each, the rest on the close. Rates are not in the bars: they walk from day to day, seeded. Thread: the generator's.
*/
#ifndef MOCKGEN_REPLAY_H
#define MOCKGEN_REPLAY_H

#include "mockgen/generator.h"

bool replay_run(generator *g, error *err) MUST_USE;

#endif
