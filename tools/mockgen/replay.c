#include "mockgen/replay.h"

#include "base/log.h"
#include "mockgen/bars.h"
#include "mockgen/day.h"
#include "mockgen/flow.h"
#include "mockgen/schedule.h"
#include "mockgen/sod.h"

#include <inttypes.h>

enum { TICKS_PER_BAR = 4 };
static const double SESSION_S = 6.5 * 3600;

typedef struct replay {
  const bar *bars; /* of the day */
  int32_t bar_count, next_tick;
} replay;

typedef struct tick { int64_t price, volume; } tick;

/* An up day is taken to have seen its low first, a down day its high. */
static tick tick_of(const bar *b, int part) {
  bool up = b->close >= b->open;
  int64_t quarter = b->volume / TICKS_PER_BAR;
  switch (part) {
    case 0: return (tick){b->open, quarter};
    case 1: return (tick){up ? b->low : b->high, quarter};
    case 2: return (tick){up ? b->high : b->low, quarter};
    default: return (tick){b->close, b->volume - (TICKS_PER_BAR - 1) * quarter};
  }
}

/* All opens, then all first extremes, …: time goes forward for all symbols together. */
static bool next_tick(generator *g, error *err) {
  replay *r = g->mode;
  if (r->next_tick == TICKS_PER_BAR * r->bar_count) return true;
  const bar *b = &r->bars[r->next_tick % r->bar_count];
  tick t = tick_of(b, r->next_tick++ / r->bar_count);
  return wire_tick(&g->out, b->instrument, t.price, t.volume, generator_stamp_ms(g), err);
}

static void set_market(generator *g, bool first) {
  const replay *r = g->mode;
  market_next_day(g->market, true);
  for (int32_t n = 0; n < r->bar_count; n++) market_set(g->market, r->bars[n].instrument, r->bars[n].close);
  market_price_etfs(g->market);
  for (int c = 1; c < CURRENCIES && !first; c++) market_step_rate(g->market, c, SESSION_S);
}

static bool begin_day(generator *g, int32_t day, bool first, error *err) {
  int64_t open_ms = day_session_open_ms(day);
  g->stamp_base_ms = open_ms;
  g->stamp_since_ns = g->now_ns;
  g->stamp_scale = (double)(day_session_close_ms(day) - open_ms) / 1000 * g->asked->speed;
  set_market(g, first);
  char date[DAY_TEXT_BYTES];
  day_text(day, date);
  progress_say(&g->said, 0, "%s: %d bars", date, ((const replay *)g->mode)->bar_count);
  if (!first) return sod_roll(g, day, err);
  g->day = day;
  return sod_publish_static(g, err) && sod_publish_day(g, err) && flow_open_day(g, err);
}

static bool run_days(generator *g, bars *from, schedule *s, int32_t start_day, error *err) {
  replay *r = g->mode;
  int64_t day_ns = (int64_t)(1e9 / g->asked->speed), end_ns = g->asked->run_s < 0 ? INT64_MAX : (int64_t)(g->asked->run_s * 1e9);
  bool first = true;
  while (!generator_stopping(g) && (first || g->now_ns < end_ns)) {
    int32_t day;
    if (!bars_next_day(from, &day, &r->bars, &r->bar_count, err)) return false;
    if (r->bar_count == 0) break;
    if (day < start_day) continue;
    if (!begin_day(g, day, first, err)) return false;
    first = false;
    r->next_tick = 0;
    schedule_rate(s, g, ACTIVITY_TRADE, TICKS_PER_BAR * r->bar_count * g->asked->speed, true);
    int64_t until_ns = g->now_ns + day_ns;
    if (!schedule_run(s, g, until_ns < end_ns ? until_ns : end_ns, err)) return false;
  }
  if (bars_unknown(from)) log_warn("replay: %" PRIu64 " bars of symbols that instruments.csv does not have were passed over", bars_unknown(from));
  return true;
}

bool replay_run(generator *g, error *err) {
  replay days = {0};
  int64_t start_ms = (int64_t)INT32_MIN * DAY_MS;
  if (g->asked->start && !stamp_parse(g->asked->start, &start_ms)) return error_set(err, ERR_INVALID, "--start %s is not a date", g->asked->start);
  bars *from = bars_open(g->asked->replay, &g->u, err);
  if (!from) return false;
  g->mode = &days;
  schedule s;
  schedule_init(&s, g);
  s.list[ACTIVITY_TRADE].fire = next_tick;
  s.list[ACTIVITY_ORDER].fire = flow_order;
  s.list[ACTIVITY_CASH].fire = flow_cash;
  schedule_rate(&s, g, ACTIVITY_ORDER, g->asked->order_rate, false);
  schedule_rate(&s, g, ACTIVITY_CASH, g->asked->cash_rate, false);
  bool done = run_days(g, from, &s, (int32_t)(start_ms / DAY_MS), err);
  bars_close(from);
  g->mode = NULL;
  return done;
}
