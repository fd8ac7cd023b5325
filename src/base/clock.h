/* Time: monotonic for durations, wall clock for what people read. Thread: any. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_ms(void);
int64_t clock_unix_ms(void); /* milliseconds since 1970-01-01T00:00:00Z */
int64_t clock_unix_us(void);

#endif
