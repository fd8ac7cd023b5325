/* What the generator was asked for: flags first, then MOCKGEN_… from the environment, then the defaults.
**
** Every flag --some-name can be given as MOCKGEN_SOME_NAME. Strings point into argv or the environment and live as long.
** Thread: read-only once parsed.
*/
#ifndef MOCKGEN_OPTIONS_H
#define MOCKGEN_OPTIONS_H

#include "base/error.h"

#include <stdint.h>

enum { KAFKA_SETTINGS_MAX = 32 };

typedef struct options {
  /* what there is */
  uint64_t seed;
  int64_t accounts, instruments, holdings_per_account, pids, orders;
  /* what moves */
  double price_interval_s, order_rate, cash_rate, tick_rate; /* seconds for a round of quotes; events per second */
  double volatility;                                         /* a factor on every instrument's own */
  bool market_hours;
  double day_length_s; /* 0: the date follows the calendar */
  bool keep_history;
  /* for how long, how fast, from when */
  const char *start;
  double run_s; /* < 0: until it is stopped */
  bool paced;
  /* where to */
  const char *to;
  const char *kafka_settings[KAFKA_SETTINGS_MAX]; /* "name=value" */
  int kafka_setting_count;
  int64_t control_port; /* 0: none */
  /* real bars */
  const char *replay;
  double speed; /* days per second */
  bool quiet;
} options;

typedef enum options_outcome { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG } options_outcome;

/* OPTIONS_WRONG: *err says which option, and what it takes. */
options_outcome options_parse(int argc, char **argv, options *out, error *err) MUST_USE;
void options_help(void);

#endif
