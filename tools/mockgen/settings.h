/* What the generator was asked for: flags first, then MOCKGEN_… from the environment, then a file, then the defaults (base/options.h).
**
** Texts are borrowed from the options that they were read from. Thread: read-only once read.
*/
#ifndef MOCKGEN_SETTINGS_H
#define MOCKGEN_SETTINGS_H

#include "base/options.h"

typedef struct settings {
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
  const char *start; /* NULL: not said */
  double run_s;      /* < 0: until it is stopped */
  bool paced;
  /* where to */
  const char *to;
  const char *const *kafka; /* "name=value", NULL-terminated */
  int64_t control_port;     /* 0: none */
  /* real bars */
  const char *replay; /* NULL: random walks */
  double speed;       /* days per second */
  bool quiet;
} settings;

/* *from holds the texts: options_free it when *out is not used any more (also after a failure; it may be NULL then). */
bool settings_read(int argc, char **argv, options **from, settings *out, error *err) MUST_USE;
void settings_help(void);

#endif
