#include "model/delivery.h"

#include <stdlib.h>
#include <string.h>

delivery_limits delivery_limits_default(void) {
  return (delivery_limits){
    .clients = 10000,
    .subscriptions = 64,
    .message_bytes = 64 << 10,
    .window_rows = 10000,
    .conflate_ms = 60000,
    .default_conflate_ms = 100,
    .reply_bytes = 256 << 10,
    .pending_bytes = 16 << 20,
    .resume_bytes = 16 << 20,
    .resume_ms = 20000,
    .heartbeat_ms = 5000,
    .progress_ms = 1000,
    .stall_ms = 10000,
    .message_age_ms = 60000,
    .close_linger_ms = 10000,
    .chunk_bytes = 128 << 10,
    .errors = 100,
  };
}

shared_text *shared_text_take(buffer *b) {
  shared_text *t = b->failed ? NULL : malloc(sizeof *t + b->len + 1);
  if (t) {
    t->references = 1;
    t->bytes = b->len;
    if (b->len) memcpy(t->text, b->data, b->len);
    t->text[b->len] = '\0';
  }
  buffer_free(b);
  return t;
}

shared_text *shared_text_ref(shared_text *t) {
  t->references++;
  return t;
}

void shared_text_unref(shared_text *t) {
  if (t && --t->references == 0) free(t);
}
