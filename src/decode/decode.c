#include "decode/decode_internal.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { SHOWN_KEY_BYTES = 80 };

struct decoder {
  const topic_catalog *topics;
  buffer key; /* scratch */
  decode_stats stats;
};

decoder *decoder_new(const topic_catalog *topics) {
  decoder *d = calloc(1, sizeof *d);
  if (d) d->topics = topics;
  return d;
}

void decoder_free(decoder *d) {
  if (!d) return;
  buffer_free(&d->key);
  free(d);
}

decode_stats decoder_stats(const decoder *d) { return d->stats; }

static bool refuse(decoder *d, arena *memory, change *out, const error *err) {
  char *reason = arena_strdup(memory, err->text);
  if (!reason) return false;
  for (unsigned char *p = (unsigned char *)reason; *p;) { /* it may quote a text that was cut within a character */
    size_t n = utf8_length(p, strlen((char *)p));
    if (n == 0) *p = '?';
    p += n ? n : 1;
  }
  out->op = CHANGE_REFUSED;
  out->values = NULL; /* some may have been set */
  out->reason = reason;
  d->stats.refused++;
  return true;
}

static uint64_t hash_key(const topic *t, const value *values) {
  uint64_t h = 0;
  for (int i = 0; i < t->keys; i++) {
    const value *v = &values[t->key[i]];
    h = v->type == VALUE_TEXT ? XXH3_64bits_withSeed(v->text, v->bytes, h) : XXH3_64bits_withSeed(&v->i, sizeof v->i, h);
  }
  return h;
}

/* Absent fields become their DEFAULT or NULL. */
static bool fill_absent(reading *r, error *err) {
  for (int i = 0; i < r->t->columns; i++) {
    if (reading_seen(r, i)) continue;
    if (r->t->column[i].required) return error_set(err, ERR_INVALID, "the field %s is missing", r->t->column[i].field);
    r->values[i] = r->t->column[i].fallback;
  }
  return true;
}

/* The record's key against the payload's key fields; without a key, whether these could be written as one. */
static bool check_key(decoder *d, const topic *t, const record *r, const value *values, error *err) {
  if (!t->key_parts) return true;
  if (r->key && topic_key_matches(t, values, r->key, r->key_bytes)) return true;
  if (!r->key && t->append) return true;
  buffer_clear(&d->key);
  bool written = topic_key_render(t, values, &d->key);
  if (d->key.failed) return error_nomem(err);
  if (!written) return error_set(err, ERR_INVALID, "a field of the key is null or holds the separator of the key's form");
  if (!r->key) return true;
  int shown = r->key_bytes < SHOWN_KEY_BYTES ? (int)r->key_bytes : SHOWN_KEY_BYTES;
  return error_set(err, ERR_INVALID, "the record's key is '%.*s', the payload's fields say '%.*s'", shown, r->key, SHOWN_KEY_BYTES, buffer_text(&d->key));
}

static bool decode_delete(decoder *d, const topic *t, const record *r, arena *memory, change *out, error *err) {
  out->op = CHANGE_DELETE;
  if (t->append) error_set(err, ERR_INVALID, "a record without a value deletes a row, but topic %s only appends", t->name);
  else if (!r->key) error_set(err, ERR_INVALID, "a record without a value deletes a row, but this one has no key to tell which");
  else if (!utf8_valid(r->key, r->key_bytes) || memchr(r->key, '\0', r->key_bytes)) error_set(err, ERR_INVALID, "the record's key is no UTF-8 text");
  else if (topic_key_parse(t, r->key, r->key_bytes, out->values, err)) {
    out->key_hash = hash_key(t, out->values);
    return true;
  }
  return refuse(d, memory, out, err);
}

static bool decode_upsert(decoder *d, const topic *t, const record *r, arena *memory, change *out, error *err) {
  out->op = CHANGE_UPSERT;
  reading read = {.t = t, .payload = r->payload, .bytes = r->payload_bytes, .values = out->values, .memory = memory};
  if (scan_payload(&read)) {
    d->stats.scanned++;
  } else {
    memset(read.seen, 0, sizeof read.seen);
    d->stats.fallback++;
    reading_result result = parse_payload(&read, err);
    if (result == READING_NO_MEMORY) return false;
    if (result == READING_REFUSED) return refuse(d, memory, out, err);
  }
  if (!fill_absent(&read, err) || !check_key(d, t, r, out->values, err)) return err->code != ERR_NOMEM && refuse(d, memory, out, err);
  out->key_hash = hash_key(t, out->values);
  return true;
}

bool decode_record(decoder *d, const record *r, arena *memory, change *out) {
  const topic *t = &d->topics->topics[r->topic];
  error err;
  err.code = ERR_NONE;
  *out = (change){.topic = r->topic, .origin = r, .memory = memory};
  if (r->payload_bytes > DECODE_MAX_BYTES || r->key_bytes > DECODE_MAX_KEY_BYTES) {
    bool payload = r->payload_bytes > DECODE_MAX_BYTES;
    error_set(&err, ERR_LIMIT, "the %s has %u bytes, at most %d are allowed", payload ? "payload" : "key", payload ? r->payload_bytes : r->key_bytes,
              payload ? DECODE_MAX_BYTES : DECODE_MAX_KEY_BYTES);
    return refuse(d, memory, out, &err);
  }
  out->values = arena_zalloc(memory, (size_t)t->columns * sizeof *out->values);
  if (!out->values) return false;
  return r->payload ? decode_upsert(d, t, r, memory, out, &err) : decode_delete(d, t, r, memory, out, &err);
}

bool decode_batch(void *ctx, batch *b) {
  decoder *d = ctx;
  b->changes = arena_alloc(&b->memory, (size_t)b->count * sizeof *b->changes);
  if (!b->changes) return false;
  for (uint32_t i = 0; i < b->count; i++)
    if (!decode_record(d, &b->records[i], &b->memory, &b->changes[i])) return false;
  return true;
}
