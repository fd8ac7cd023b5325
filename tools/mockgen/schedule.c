#include "mockgen/schedule.h"

#include "base/clock.h"
#include "mockgen/day.h"
#include "mockgen/sod.h"

static const int64_t NS_PER_MS = 1000000, NS_PER_S = 1000000000, WAIT_SLICE_MS = 50;

void schedule_init(schedule *s, generator *g) {
  *s = (schedule){.origin_ns = clock_monotonic_ns() - g->now_ns};
}

static int64_t period_ns(const activity *a) {
  int64_t period = (int64_t)((double)NS_PER_S / a->per_second);
  return period > 0 ? period : 1;
}

void schedule_rate(schedule *s, const generator *g, activity_name which, double per_second, bool at_once) {
  activity *a = &s->list[which];
  a->per_second = per_second;
  if (per_second > 0) a->next_ns = g->now_ns + (at_once ? 0 : period_ns(a));
}

static activity *earliest(schedule *s) {
  activity *first = NULL;
  for (int i = 0; i < ACTIVITIES; i++)
    if (s->list[i].per_second > 0 && (!first || s->list[i].next_ns < first->next_ns)) first = &s->list[i];
  return first;
}

static void leave_out(schedule *s, generator *g, int64_t lost_ns) {
  s->origin_ns += lost_ns;
  if (s->follows_clock) g->stamp_base_ms += lost_ns / NS_PER_MS;
}

static void report(const schedule *s, generator *g) {
  control_status status = {
    .running = !s->paused, .replay = g->asked->replay != NULL, .put = g->to->stats.put, .delivered = g->to->stats.delivered,
    .failed = g->to->stats.failed, .open_orders = g->open_count, .price_interval_s = g->price_interval_s,
    .order_rate = s->list[ACTIVITY_ORDER].per_second, .cash_rate = s->list[ACTIVITY_CASH].per_second, .tick_rate = s->list[ACTIVITY_TRADE].per_second,
  };
  day_text(g->day, status.date);
  stamp_text(generator_stamp_ms(g), status.now);
  control_report(g->remote, &status);
}

static void apply_rates(schedule *s, generator *g, const control_wishes *w) {
  if (w->order_rate >= 0) schedule_rate(s, g, ACTIVITY_ORDER, w->order_rate, false);
  if (w->cash_rate >= 0) schedule_rate(s, g, ACTIVITY_CASH, w->cash_rate, false);
  if (g->asked->replay) return; /* prices and ticks are the bars' */
  if (w->tick_rate >= 0) schedule_rate(s, g, ACTIVITY_TRADE, w->tick_rate, false);
  if (w->price_interval_s < 0) return;
  schedule_rate(s, g, ACTIVITY_QUOTE, s->list[ACTIVITY_QUOTE].per_second * g->price_interval_s / w->price_interval_s, false);
  g->price_interval_s = w->price_interval_s;
}

static bool serve_wishes(schedule *s, generator *g, error *err) {
  if (!g->remote) return true;
  control_wishes w;
  control_take(g->remote, &w);
  if (w.start || w.stop) s->paused = w.stop;
  apply_rates(s, g, &w);
  if (w.publish_static && !(sod_publish_static(g, err) && sod_publish_day(g, err))) return false;
  if (w.start_of_day && !s->list[ACTIVITY_ROLL].fire(g, err)) return false;
  report(s, g);
  return true;
}

/* Waits until the clock has come to that moment of the stream, serving wishes. */
static bool wait_until(schedule *s, generator *g, int64_t at_ns, error *err) {
  while (!generator_stopping(g)) {
    if (!serve_wishes(s, g, err)) return false;
    int64_t ahead_ns = at_ns - (clock_monotonic_ns() - s->origin_ns);
    if (!s->paused && (!g->asked->paced || ahead_ns <= 0)) {
      if (g->asked->paced && ahead_ns < -NS_PER_S) leave_out(s, g, -ahead_ns);
      return true;
    }
    int64_t wait_ms = ahead_ns / NS_PER_MS + 1, before_ns = clock_monotonic_ns();
    g->to->idle(g->to, (int)(s->paused || wait_ms > WAIT_SLICE_MS ? WAIT_SLICE_MS : wait_ms));
    if (s->paused) leave_out(s, g, clock_monotonic_ns() - before_ns);
  }
  return true;
}

bool schedule_run(schedule *s, generator *g, int64_t until_ns, error *err) {
  while (!generator_stopping(g)) {
    activity *a = earliest(s);
    int64_t at_ns = a && a->next_ns < until_ns ? a->next_ns : until_ns;
    if (!wait_until(s, g, at_ns, err)) return false;
    if (generator_stopping(g)) break;
    if (earliest(s) != a) continue; /* a wish has changed the rates meanwhile */
    g->now_ns = at_ns;
    if (at_ns == until_ns) break;
    a->next_ns += period_ns(a);
    if (!a->fire(g, err)) return false;
  }
  return true;
}
