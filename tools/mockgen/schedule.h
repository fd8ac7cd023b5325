/* Activities, each at its own rate, on the stream's time; kept to the clock or as fast as it goes.
**
** The order of what happens is a function of the rates alone (ties: the first in the list), so a seed gives one stream however
** fast it is written. A generator that falls behind the clock by more than a second leaves the lost time out. Thread: the generator's.
*/
#ifndef MOCKGEN_SCHEDULE_H
#define MOCKGEN_SCHEDULE_H

#include "mockgen/generator.h"

typedef enum activity_name { ACTIVITY_BEAT, ACTIVITY_ROLL, ACTIVITY_QUOTE, ACTIVITY_TRADE, ACTIVITY_ORDER, ACTIVITY_CASH, ACTIVITIES } activity_name;

typedef struct activity {
  bool (*fire)(generator *g, error *err);
  double per_second; /* 0: never */
  int64_t next_ns;   /* when it fires next; meaningless at rate 0 */
} activity;

typedef struct schedule {
  activity list[ACTIVITIES];
  int64_t origin_ns;  /* the monotonic clock at the stream's time 0 */
  bool follows_clock; /* stamps keep to the wall clock even where time was left out */
  bool paused;
  int64_t until_ns;
} schedule;

void schedule_init(schedule *s, generator *g);
/* From now on so often; first after one period, or at once where `at_once` is set. */
void schedule_rate(schedule *s, const generator *g, activity_name which, double per_second, bool at_once);
/* Runs everything before until_ns (g->now_ns is that afterwards), or until the generator is to stop. */
bool schedule_run(schedule *s, generator *g, int64_t until_ns, error *err) MUST_USE;

#endif
