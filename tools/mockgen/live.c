#include "mockgen/live.h"

#include "base/clock.h"
#include "mockgen/day.h"
#include "mockgen/flow.h"
#include "mockgen/schedule.h"
#include "mockgen/sod.h"

#include <inttypes.h>

enum { SAY_EVERY_MS = 10000 };
static const char *const text_start = "2026-01-05T14:30:00Z"; /* a Monday, when New York opens */

static bool market_open(const generator *g) {
  if (!g->asked->market_hours) return true;
  int64_t now_ms = generator_stamp_ms(g);
  int32_t day = (int32_t)(now_ms / DAY_MS);
  return !day_is_weekend(day) && now_ms >= day_session_open_ms(day) && now_ms < day_session_close_ms(day);
}

static bool roll_to(generator *g, int32_t day, error *err) {
  market_next_day(g->market, false);
  return sod_roll(g, day, err);
}

static bool roll(generator *g, error *err) { return roll_to(g, g->day + 1, err); }

/* Once a second: the calendar, and a word about how it goes. */
static bool beat(generator *g, error *err) {
  int32_t today = (int32_t)(generator_stamp_ms(g) / DAY_MS);
  if (g->asked->day_length_s == 0 && today > g->day && !roll_to(g, today, err)) return false;
  progress_say(&g->said, SAY_EVERY_MS, "%" PRIu64 " records written, %" PRIu64 " delivered, %d orders open", g->to->stats.put, g->to->stats.delivered,
               g->open_count);
  return true;
}

static int32_t quotes(const generator *g) { return g->u.instrument_count - CURRENCIES + CURRENCIES - 1; }

/* One instrument or one rate after the other, so that a round is spread over the interval. Rates move round the clock. */
static bool quote(generator *g, error *err) {
  int32_t which = g->next_quote;
  g->next_quote = (which + 1) % quotes(g);
  int32_t instrument = CURRENCIES + which;
  if (instrument >= g->u.instrument_count) {
    int c = 1 + instrument - g->u.instrument_count;
    market_step_rate(g->market, c, g->price_interval_s);
    return wire_fx(&g->out, c, g->day, market_rate(g->market, c), generator_stamp_ms(g), err);
  }
  if (!market_open(g)) return true;
  market_step(g->market, instrument, g->price_interval_s);
  return wire_price(&g->out, instrument, g->day, market_price(g->market, instrument), "LIVE", generator_stamp_ms(g), err);
}

static bool trade(generator *g, error *err) { return !market_open(g) || flow_trade(g, err); }
static bool order_event(generator *g, error *err) { return !market_open(g) || flow_order(g, err); }

static bool set_start(generator *g, schedule *s, error *err) {
  const char *start = g->asked->start ? g->asked->start : g->asked->paced ? NULL : text_start;
  s->follows_clock = !start;
  g->stamp_scale = 1;
  g->stamp_base_ms = clock_unix_ms();
  if (start && !stamp_parse(start, &g->stamp_base_ms)) {
    error_set(err, ERR_INVALID, "--start %s is not a time", start);
    return error_hint(err, "for example 2026-01-05T14:30:00Z");
  }
  g->day = (int32_t)(g->stamp_base_ms / DAY_MS);
  return true;
}

static void set_rates(generator *g, schedule *s) {
  const settings *o = g->asked;
  s->list[ACTIVITY_BEAT].fire = beat;
  s->list[ACTIVITY_ROLL].fire = roll;
  s->list[ACTIVITY_QUOTE].fire = quote;
  s->list[ACTIVITY_TRADE].fire = trade;
  s->list[ACTIVITY_ORDER].fire = order_event;
  s->list[ACTIVITY_CASH].fire = flow_cash;
  schedule_rate(s, g, ACTIVITY_BEAT, 1, false);
  schedule_rate(s, g, ACTIVITY_ROLL, o->day_length_s > 0 ? 1 / o->day_length_s : 0, false);
  schedule_rate(s, g, ACTIVITY_QUOTE, quotes(g) / o->price_interval_s, false);
  schedule_rate(s, g, ACTIVITY_TRADE, o->tick_rate, false);
  schedule_rate(s, g, ACTIVITY_ORDER, o->order_rate, false);
  schedule_rate(s, g, ACTIVITY_CASH, o->cash_rate, false);
}

bool live_run(generator *g, error *err) {
  schedule s;
  schedule_init(&s, g);
  if (!set_start(g, &s, err)) return false;
  set_rates(g, &s);
  if (!sod_publish_static(g, err) || !sod_publish_day(g, err) || !flow_open_day(g, err)) return false;
  return schedule_run(&s, g, g->asked->run_s < 0 ? INT64_MAX : (int64_t)(g->asked->run_s * 1e9), err);
}
