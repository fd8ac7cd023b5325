#include "mockgen/sod.h"

#include "mockgen/day.h"
#include "mockgen/flow.h"

bool sod_publish_static(generator *g, error *err) {
  int64_t at_ms = generator_stamp_ms(g);
  for (int32_t i = 0; i < g->u.instrument_count; i++)
    if (!wire_instrument(&g->out, i, at_ms, err)) return false;
  for (int32_t i = 0; i < g->u.account_count; i++)
    if (!wire_account(&g->out, i, at_ms, err)) return false;
  for (int32_t e = 0; e < g->u.etf_count; e++)
    for (int32_t n = 0; n < g->u.etfs[e].count; n++)
      if (!wire_constituent(&g->out, &g->u.etfs[e], &g->u.weights[g->u.etfs[e].first + n], at_ms, err)) return false;
  return true;
}

static bool publish_market(generator *g, int32_t day, error *err) {
  int64_t at_ms = g->asked->replay ? day_session_close_ms(day) : generator_stamp_ms(g);
  const char *source = g->asked->replay ? "CLOSE" : "SOD";
  for (int c = 0; c < CURRENCIES; c++)
    if (!wire_fx(&g->out, c, day, market_rate(g->market, c), at_ms, err)) return false;
  for (int32_t i = 0; i < g->u.instrument_count; i++)
    if (market_has(g->market, i) && !wire_price(&g->out, i, day, market_price(g->market, i), source, at_ms, err)) return false;
  for (int b = 0; b < BENCHMARKS; b++)
    for (int32_t n = 0; n < g->u.benchmarks[b].count; n++)
      if (!wire_benchmark(&g->out, &g->u.benchmarks[b], &g->u.weights[g->u.benchmarks[b].first + n], day, at_ms, err)) return false;
  return true;
}

typedef int64_t position_of(const book *b, int32_t account, int32_t slot);

static bool publish_holdings(generator *g, int32_t day, position_of *position, error *err) {
  int32_t slots = book_slots(g->held);
  int64_t at_ms = generator_stamp_ms(g);
  uint64_t done = 0;
  progress_begin(&g->said, "holdings", (uint64_t)g->u.account_count * (uint64_t)slots);
  for (int32_t a = 0; a < g->u.account_count && !generator_stopping(g); a++)
    for (int32_t s = 0; s < slots; s++) {
      int64_t held = position(g->held, a, s);
      if (held == 0) continue;
      if (!wire_holding(&g->out, a, book_instrument(g->held, a, s), day, held, at_ms, err)) return false;
      progress_step(&g->said, ++done);
    }
  progress_end(&g->said, done);
  return true;
}

bool sod_publish_day(generator *g, error *err) { return publish_market(g, g->day, err) && publish_holdings(g, g->day, book_today, err); }

static bool drop_positions(generator *g, error *err) {
  int32_t slots = book_slots(g->held), cash = book_cash_slots(g->held);
  for (int32_t a = 0; a < g->u.account_count && !generator_stopping(g); a++)
    for (int32_t s = 0; s < slots; s++) {
      int32_t instrument = book_instrument(g->held, a, s);
      if (book_today(g->held, a, s) != 0 && !wire_drop_holding(&g->out, a, instrument, g->day, err)) return false;
      if (s < cash && book_cash_moved(g->held, a, s) && !wire_drop_cash(&g->out, a, instrument, g->day, err)) return false;
    }
  return true;
}

static bool drop_market(generator *g, error *err) {
  for (int b = 0; b < BENCHMARKS; b++)
    for (int32_t n = 0; n < g->u.benchmarks[b].count; n++)
      if (!wire_drop_benchmark(&g->out, &g->u.benchmarks[b], &g->u.weights[g->u.benchmarks[b].first + n], g->day, err)) return false;
  for (int32_t i = 0; i < g->u.instrument_count; i++)
    if (market_had(g->market, i) && !wire_drop_price(&g->out, i, g->day, err)) return false;
  for (int c = 0; c < CURRENCIES; c++)
    if (!wire_drop_fx(&g->out, c, g->day, err)) return false;
  return true;
}

static bool drop_day(generator *g, error *err) {
  for (uint64_t n = g->first_order_of_day; n < g->next_order && !generator_stopping(g); n++)
    if (!wire_drop_order(&g->out, n, err)) return false;
  return drop_positions(g, err) && drop_market(g, err);
}

bool sod_roll(generator *g, int32_t day, error *err) {
  bool keep = g->asked->keep_history;
  if (!flow_close_day(g, keep, err)) return false;
  if (!publish_market(g, day, err) || !publish_holdings(g, day, book_tomorrow, err)) return false;
  if (!keep && !drop_day(g, err)) return false;
  book_next_day(g->held);
  g->day = day;
  return flow_open_day(g, err);
}
