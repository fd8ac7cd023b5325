/* REST for the generator: commands in, a status out.
**
** The HTTP threads only leave wishes behind and read a copy of the status; the generator's thread takes the wishes between two
** records (control_take) and reports (control_report). Thread: any; one lock inside.
*/
#ifndef MOCKGEN_CONTROL_H
#define MOCKGEN_CONTROL_H

#include "base/error.h"

#include <stdint.h>

typedef struct control control;

typedef struct control_wishes {
  bool publish_static, start_of_day, start, stop;
  double price_interval_s, order_rate, cash_rate, tick_rate; /* < 0: unchanged */
} control_wishes;

typedef struct control_status {
  bool running, replay;
  char date[11], now[25];
  uint64_t put, delivered, failed;
  int32_t open_orders;
  double price_interval_s, order_rate, cash_rate, tick_rate;
} control_status;

control *control_open(int port, error *err) MUST_USE; /* listens on 127.0.0.1 */
void control_close(control *c);
void control_take(control *c, control_wishes *out); /* what was wished since the last call */
void control_report(control *c, const control_status *status);

#endif
