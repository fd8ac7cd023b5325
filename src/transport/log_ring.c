#include "transport/log_ring.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct log_ring_line {
  double unix_seconds;
  log_level level;
  char text[LOG_RING_LINE_BYTES];
} log_ring_line;

struct log_ring {
  pthread_mutex_t lock;
  int64_t added; /* the newest line's number; the first is 1 */
  log_ring_line lines[LOG_RING_LINES];
};

log_ring *log_ring_new(error *err) {
  log_ring *r = calloc(1, sizeof *r);
  if (!r) {
    error_nomem(err);
    return NULL;
  }
  pthread_mutex_init(&r->lock, NULL);
  return r;
}

void log_ring_free(log_ring *r) {
  if (!r) return;
  pthread_mutex_destroy(&r->lock);
  free(r);
}

void log_ring_add(void *ctx, log_level level, double unix_seconds, const char *text) {
  log_ring *r = ctx;
  pthread_mutex_lock(&r->lock);
  log_ring_line *line = &r->lines[r->added++ % LOG_RING_LINES];
  line->unix_seconds = unix_seconds;
  line->level = level;
  snprintf(line->text, sizeof line->text, "%s", text);
  pthread_mutex_unlock(&r->lock);
}

static void put_line(buffer *out, int64_t id, const log_ring_line *line) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  buffer_printf(out, "{\"id\":%" PRId64 ",\"time\":%.3f,\"level\":\"%s\",\"text\":", id, line->unix_seconds, names[line->level]);
  buffer_json_text(out, line->text, strlen(line->text));
  buffer_putc(out, '}');
}

void log_ring_write(log_ring *r, int64_t since, log_level least, int64_t most, buffer *out) {
  pthread_mutex_lock(&r->lock);
  int64_t oldest = r->added > LOG_RING_LINES ? r->added - LOG_RING_LINES + 1 : 1;
  if (since > r->added) since = 0; /* a number from before a restart */
  int64_t id = since + 1 > oldest ? since + 1 : oldest;
  const char *separator = "";
  buffer_puts(out, "{\"lines\":[");
  for (; id <= r->added && most > 0; id++) {
    const log_ring_line *line = &r->lines[(id - 1) % LOG_RING_LINES];
    if (line->level < least) continue;
    buffer_puts(out, separator);
    put_line(out, id, line);
    separator = ",";
    most--;
  }
  buffer_printf(out, "],\"next\":%" PRId64 "}\n", id - 1);
  pthread_mutex_unlock(&r->lock);
}
