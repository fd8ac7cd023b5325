#include "base/log.h"

#include "base/buffer.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINE_BYTES = 4096 };

static log_level least_level = LOG_INFO;
static bool as_json;
static log_listener listening;
static void *listening_ctx;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const names[] = {"debug", "info", "warn", "error"};

void log_configure(log_level least, bool json) {
  least_level = least;
  as_json = json;
}

bool log_level_parse(const char *name, log_level *level) {
  for (int i = 0; i < 4; i++)
    if (strcmp(name, names[i]) == 0) {
      *level = (log_level)i;
      return true;
    }
  return false;
}

void log_listen(log_listener listener, void *ctx) {
  pthread_mutex_lock(&lock);
  listening = listener;
  listening_ctx = ctx;
  pthread_mutex_unlock(&lock);
}

static void write_text(log_level level, const char *stamp, const char *text) {
  static const char *const colours[] = {"\033[2m", "", "\033[33m", "\033[31m"};
  bool colour = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
  fprintf(stderr, "%s%s %-5s %s%s\n", colour ? colours[level] : "", stamp, names[level], text, colour ? "\033[0m" : "");
}

static void write_json(log_level level, const char *stamp, const char *text) {
  buffer line = {0};
  buffer_json_text(&line, text, strlen(text));
  fprintf(stderr, "{\"time\":\"%s\",\"level\":\"%s\",\"text\":%s}\n", stamp, names[level], buffer_text(&line));
  buffer_free(&line);
}

void log_line(log_level level, const char *fmt, ...) {
  if (level < least_level) return;
  char text[MAX_LINE_BYTES];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);

  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  struct tm utc;
  gmtime_r(&now.tv_sec, &utc);
  char stamp[64];
  size_t n = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(stamp + n, sizeof stamp - n, ".%03ldZ", now.tv_nsec / 1000000);

  pthread_mutex_lock(&lock);
  (as_json ? write_json : write_text)(level, stamp, text);
  if (listening) listening(listening_ctx, level, (double)now.tv_sec + (double)now.tv_nsec / 1e9, text);
  pthread_mutex_unlock(&lock);
}
