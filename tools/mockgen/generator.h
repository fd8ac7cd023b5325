/* The generator: what exists, what is held, how the market stands, and the day and moment of the stream.
**
** The stream has a time of its own (now_ns, from 0), which the stamp fields turn into the time that records carry: the same pace as
** the clock's, or a session of hours within the seconds of a replayed day. Thread: one owns all of it; only `stop` is set from elsewhere.
*/
#ifndef MOCKGEN_GENERATOR_H
#define MOCKGEN_GENERATOR_H

#include "mockgen/book.h"
#include "mockgen/control.h"
#include "mockgen/market.h"
#include "mockgen/progress.h"
#include "mockgen/rng.h"
#include "mockgen/wire.h"

enum { OPEN_ORDERS_MAX = 65536 };

typedef struct generator {
  const settings *asked;
  const atomic_bool *stop;
  universe u;
  book *held;
  market *market;
  wire out;
  sink *to;
  control *remote; /* NULL: none */
  progress said;
  rng random; /* of orders, trades and cash */

  int32_t day;
  int64_t now_ns;
  int64_t stamp_base_ms, stamp_since_ns; /* records at stamp_since_ns carry stamp_base_ms, later ones that much more … */
  double stamp_scale;                    /* … times this */
  double price_interval_s;
  int32_t next_quote;

  void *mode; /* what the activities of this kind of run keep: a replay's bars */

  order *open_orders; /* OPEN_ORDERS_MAX: what can still be filled or cancelled */
  int32_t open_count;
  uint64_t next_order, first_order_of_day, next_cash;
} generator;

static inline int64_t generator_stamp_ms(const generator *g) {
  return g->stamp_base_ms + (int64_t)((double)(g->now_ns - g->stamp_since_ns) * g->stamp_scale / 1e6);
}

static inline bool generator_stopping(const generator *g) { return atomic_load_explicit(g->stop, memory_order_relaxed); }

#endif
