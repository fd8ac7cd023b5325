/* What the generator tells on stderr: one line that is rewritten on a terminal, else a line now and then. Thread: one. */
#ifndef MOCKGEN_PROGRESS_H
#define MOCKGEN_PROGRESS_H

#include "base/error.h"

#include <stdint.h>

typedef struct progress {
  bool quiet, terminal, dirty; /* dirty: the terminal's line is unfinished */
  char stage[48];
  uint64_t total;
  int64_t started_ms, shown_ms;
} progress;

void progress_init(progress *p, bool quiet);
/* A stage of `total` records begins; progress_step is cheap and may be called for each; progress_end says how long it took, if that was long. */
void progress_begin(progress *p, const char *stage, uint64_t total);
void progress_step(progress *p, uint64_t done);
void progress_end(progress *p, uint64_t done);
/* A line of its own at most every `every_ms` (0: always). */
void progress_say(progress *p, int64_t every_ms, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
