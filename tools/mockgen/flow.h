/* What happens in a day: orders and cash. Thread: the generator's. */
#ifndef MOCKGEN_FLOW_H
#define MOCKGEN_FLOW_H

#include "mockgen/generator.h"

/* The orders that a day begins with, some filled or cancelled already: a function of the seed and their numbers. */
bool flow_open_day(generator *g, error *err) MUST_USE;
/* One event: a new order, a fill in part or in full, or a cancel. */
bool flow_order(generator *g, error *err) MUST_USE;
/* One cash movement. The record carries the day's total of that account and currency, because its key has room for one. */
bool flow_cash(generator *g, error *err) MUST_USE;
/* One trade of an equity. */
bool flow_trade(generator *g, error *err) MUST_USE;
/* What is open expires: with `say`, as cancels. */
bool flow_close_day(generator *g, bool say, error *err) MUST_USE;

#endif
