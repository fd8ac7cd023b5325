#include "mockgen/flow.h"

enum { NEW_PERCENT = 45, CANCEL_PERCENT = 12, LIMIT_PERCENT = 70, FILLED_PERCENT = 45, PARTLY_PERCENT = 15, CANCELLED_PERCENT = 10, PERCENT = 100 };
enum { LIMIT_SPREAD_BP = 50, BASIS_POINTS = 10000, TRADE_DRAWS = 8 };

/* An account, and a security of it that has a price today, from a random slot on; false when it has none. */
static bool draw_position(generator *g, rng *r, order *o) {
  int32_t cash = book_cash_slots(g->held), count = book_slots(g->held) - cash;
  o->account = (int32_t)rng_below(r, (uint32_t)g->u.account_count);
  if (count == 0) return false;
  int32_t start = (int32_t)rng_below(r, (uint32_t)count);
  for (int32_t n = 0; n < count; n++) {
    o->slot = cash + (start + n) % count;
    o->instrument = book_instrument(g->held, o->account, o->slot);
    if (market_has(g->market, o->instrument)) return true;
  }
  return false;
}

static bool draw_order(generator *g, rng *r, uint64_t number, order *o) {
  *o = (order){.number = number};
  if (!draw_position(g, r, o)) return false;
  o->quantity = 10 * (int32_t)rng_between(r, 1, g->u.instruments[o->instrument].type == BOND ? 20 : 200);
  o->sell = (uint8_t)rng_below(r, 2);
  o->limit = rng_below(r, PERCENT) < LIMIT_PERCENT;
  o->venue = (uint8_t)rng_below(r, VENUES);
  int64_t price = market_price(g->market, o->instrument);
  o->price = o->limit ? price + price * rng_between(r, -LIMIT_SPREAD_BP, LIMIT_SPREAD_BP) / BASIS_POINTS : price;
  if (o->price < 1) o->price = 1;
  return true;
}

static bool is_open(const order *o) { return o->status == ORDER_CREATED || o->status == ORDER_PARTIALLY_FILLED; }

/* Takes a part of the rest, at least one unit. */
static void fill(generator *g, rng *r, order *o, bool whole) {
  int32_t rest = o->quantity - o->filled, part = whole ? rest : 1 + (int32_t)rng_below(r, (uint32_t)(o->quantity * 3 / 5));
  if (part > rest) part = rest;
  o->filled += part;
  o->status = o->filled == o->quantity ? ORDER_FILLED : ORDER_PARTIALLY_FILLED;
  book_fill(g->held, o->account, o->slot, o->sell ? -part : part);
}

static void keep_open(generator *g, const order *o) {
  if (is_open(o) && g->open_count < OPEN_ORDERS_MAX) g->open_orders[g->open_count++] = *o;
}

bool flow_open_day(generator *g, error *err) {
  uint64_t total = (uint64_t)g->asked->orders;
  g->first_order_of_day = g->next_order;
  if (!total) return true;
  progress_begin(&g->said, "orders", total);
  for (uint64_t n = 0; n < total && !generator_stopping(g); n++) {
    uint64_t number = g->next_order++;
    rng r = rng_at(g->asked->seed, RNG_ORDER, number);
    order o;
    if (!draw_order(g, &r, number, &o)) continue;
    uint32_t fate = rng_below(&r, PERCENT);
    bool cancelled = fate >= FILLED_PERCENT + PARTLY_PERCENT && fate < FILLED_PERCENT + PARTLY_PERCENT + CANCELLED_PERCENT;
    if (fate < FILLED_PERCENT + PARTLY_PERCENT || (cancelled && rng_below(&r, 2))) fill(g, &r, &o, fate < FILLED_PERCENT);
    if (cancelled && o.filled < o.quantity) o.status = ORDER_CANCELLED;
    keep_open(g, &o);
    if (!wire_order(&g->out, &o, g->day, generator_stamp_ms(g), err)) return false;
    progress_step(&g->said, n);
  }
  progress_end(&g->said, total);
  return true;
}

static bool new_order(generator *g, error *err) {
  order o;
  if (!draw_order(g, &g->random, g->next_order, &o)) return true;
  g->next_order++;
  keep_open(g, &o);
  return wire_order(&g->out, &o, g->day, generator_stamp_ms(g), err);
}

bool flow_order(generator *g, error *err) {
  bool room = g->open_count < OPEN_ORDERS_MAX;
  if (g->open_count == 0 || (room && rng_below(&g->random, PERCENT) < NEW_PERCENT)) return new_order(g, err);
  int32_t at = (int32_t)rng_below(&g->random, (uint32_t)g->open_count);
  order o = g->open_orders[at];
  if (!market_has(g->market, o.instrument)) return true;
  if (rng_below(&g->random, PERCENT) < CANCEL_PERCENT)
    o.status = ORDER_CANCELLED;
  else
    fill(g, &g->random, &o, false);
  g->open_orders[at] = is_open(&o) ? o : g->open_orders[--g->open_count];
  return wire_order(&g->out, &o, g->day, generator_stamp_ms(g), err);
}

bool flow_close_day(generator *g, bool say, error *err) {
  for (int32_t n = 0; n < g->open_count && say; n++) {
    g->open_orders[n].status = ORDER_CANCELLED;
    if (!wire_order(&g->out, &g->open_orders[n], g->day, generator_stamp_ms(g), err)) return false;
  }
  g->open_count = 0;
  return true;
}

bool flow_cash(generator *g, error *err) {
  static const int sign[CASH_MOVEMENTS] = {1, -1, 1, -1, 0}; /* a settlement goes either way */
  int32_t slots = book_cash_slots(g->held);
  if (slots == 0) return true;
  rng *r = &g->random;
  int32_t account = (int32_t)rng_below(r, (uint32_t)g->u.account_count), slot = (int32_t)rng_below(r, (uint32_t)slots);
  cash_movement kind = (cash_movement)rng_below(r, CASH_MOVEMENTS);
  int64_t cents = rng_between(r, 1000, kind == CASH_FEE ? 100000 : 10000000);
  int way = sign[kind] ? sign[kind] : rng_below(r, 2) ? 1 : -1;
  int64_t total = book_move_cash(g->held, account, slot, way * cents);
  return wire_cash(&g->out, account, book_instrument(g->held, account, slot), g->day, total, kind, ++g->next_cash, generator_stamp_ms(g), err);
}

bool flow_trade(generator *g, error *err) {
  for (int n = 0; n < TRADE_DRAWS; n++) {
    int32_t i = g->u.equity_first + (int32_t)rng_below(&g->random, (uint32_t)g->u.equity_count);
    if (!market_has(g->market, i)) continue;
    int64_t volume = 10 * rng_between(&g->random, 1, 100);
    return wire_tick(&g->out, i, market_trade(g->market, i), volume, generator_stamp_ms(g), err);
  }
  return true;
}
