#include "mockgen/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { STEP_MASK = 1023, TERMINAL_MS = 100, PLAIN_MS = 5000, WORTH_SAYING_MS = 1000 };

void progress_init(progress *p, bool quiet) { *p = (progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO)}; }

static void show(progress *p, uint64_t done, int64_t now_ms) {
  double seconds = (double)(now_ms - p->started_ms) / 1000, rate = seconds > 0 ? (double)done / seconds : 0;
  double part = p->total ? 100.0 * (double)done / (double)p->total : 100;
  double left = rate > 0 && p->total > done ? (double)(p->total - done) / rate : 0;
  fprintf(stderr, "%smockgen: %s %" PRIu64 " of %" PRIu64 " (%.0f %%), %.0f/s, %.0f s left%s", p->terminal ? "\r\033[K" : "", p->stage, done, p->total,
          part, rate, left, p->terminal ? "" : "\n");
  p->dirty = p->terminal;
  p->shown_ms = now_ms;
}

void progress_begin(progress *p, const char *stage, uint64_t total) {
  snprintf(p->stage, sizeof p->stage, "%s", stage);
  p->total = total;
  p->started_ms = p->shown_ms = clock_monotonic_ms();
}

void progress_step(progress *p, uint64_t done) {
  if (p->quiet || (done & STEP_MASK)) return;
  int64_t now_ms = clock_monotonic_ms();
  if (now_ms - p->shown_ms >= (p->terminal ? TERMINAL_MS : PLAIN_MS)) show(p, done, now_ms);
}

void progress_end(progress *p, uint64_t done) {
  int64_t took_ms = clock_monotonic_ms() - p->started_ms;
  if (p->quiet || took_ms < WORTH_SAYING_MS) return;
  fprintf(stderr, "%smockgen: %s: %" PRIu64 " records in %.1f s\n", p->dirty ? "\r\033[K" : "", p->stage, done, (double)took_ms / 1000);
  p->dirty = false;
}

void progress_say(progress *p, int64_t every_ms, const char *fmt, ...) {
  int64_t now_ms = clock_monotonic_ms();
  if (p->quiet || (every_ms && now_ms - p->shown_ms < every_ms)) return;
  p->shown_ms = now_ms;
  fprintf(stderr, "%smockgen: ", p->dirty ? "\r\033[K" : "");
  p->dirty = false;
  va_list args;
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  va_end(args);
  fputc('\n', stderr);
}
