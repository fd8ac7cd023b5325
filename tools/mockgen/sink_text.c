#include "mockgen/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BUFFER_BYTES = 1 << 20 };

typedef struct text_sink {
  sink base;
  FILE *out;
} text_sink;

static bool text_failed(error *err) { return error_set(err, ERR_IO, "standard output: %s", strerror(errno)); }

static bool text_put(sink *self, topic t, const buffer *key, const buffer *value, error *err) {
  text_sink *s = (text_sink *)self;
  if (fprintf(s->out, "%s\t%s\t%s\n", topic_name(t), buffer_text(key), value ? buffer_text(value) : "null") < 0) return text_failed(err);
  self->stats.put++;
  self->stats.delivered++;
  return true;
}

static bool text_flush(sink *self, int timeout_ms, error *err) {
  text_sink *s = (text_sink *)self;
  return fflush(s->out) == 0 || text_failed(err);
}

static void text_idle(sink *self, int wait_ms) {} /* lines are never paced */

static void text_close(sink *self) { free(self); }

sink *sink_open_text(FILE *out, error *err) {
  text_sink *s = malloc(sizeof *s);
  if (!s) {
    error_nomem(err);
    return NULL;
  }
  *s = (text_sink){.base = {.put = text_put, .flush = text_flush, .idle = text_idle, .close = text_close}, .out = out};
  setvbuf(out, NULL, _IOFBF, TEXT_BUFFER_BYTES);
  return &s->base;
}
