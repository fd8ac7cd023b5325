/* Prices and exchange rates: geometric random walks, ETFs as their constituents move; or what a replay says.
**
** An instrument that has no price today (no bar in a replay; a currency) has none: nothing is carried forward. Thread: one.
*/
#ifndef MOCKGEN_MARKET_H
#define MOCKGEN_MARKET_H

#include "mockgen/universe.h"

typedef struct market market;

/* Every instrument but the currencies starts with a price, or with none where `empty` is set. Keeps u. */
market *market_new(const settings *asked, const universe *u, bool empty, error *err) MUST_USE;
void market_free(market *m);

bool market_has(const market *m, int32_t instrument);
bool market_had(const market *m, int32_t instrument);     /* a price on the day before */
int64_t market_price(const market *m, int32_t instrument); /* PRICE_SCALE, > 0; only where there is one */
int64_t market_rate(const market *m, int which);        /* RATE_SCALE, > 0 */
/* A trade near the price: PRICE_SCALE, > 0. */
int64_t market_trade(market *m, int32_t instrument);

/* One step of `seconds` of market time. */
void market_step(market *m, int32_t instrument, double seconds);
void market_step_rate(market *m, int which, double seconds);

/* A new day: what has a price now had one before. With `empty`, no instrument has one until market_set. */
void market_next_day(market *m, bool empty);
void market_set(market *m, int32_t instrument, int64_t price);
/* Prices the ETFs whose constituents all have a price today. */
void market_price_etfs(market *m);

#endif
