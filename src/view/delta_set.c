#include "view/delta_set.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { FIRST_SLOTS = 64 };

static uint64_t hash_of(int64_t rowid, const uint8_t *key, uint32_t bytes) {
  return key ? XXH3_64bits(key, bytes) : XXH3_64bits(&rowid, sizeof rowid);
}

static bool same_row(const delta_row *r, uint64_t hash, int64_t rowid, const uint8_t *key, uint32_t bytes) {
  if (r->hash != hash) return false;
  if (!key) return r->rowid == rowid;
  return r->key_bytes == bytes && memcmp(r->key, key, bytes) == 0;
}

static bool grow_slots(delta_set *d) {
  size_t count = d->slot_count ? d->slot_count * 2 : FIRST_SLOTS;
  uint32_t *slots = calloc(count, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < d->count; i++) {
    size_t at = d->rows[i].hash & (count - 1);
    while (slots[at]) at = (at + 1) & (count - 1);
    slots[at] = (uint32_t)i + 1;
  }
  free(d->slots);
  d->slots = slots;
  d->slot_count = count;
  return true;
}

static bool grow_rows(delta_set *d) {
  size_t capacity = d->capacity ? d->capacity * 2 : FIRST_SLOTS;
  delta_row *rows = realloc(d->rows, sizeof *rows * capacity);
  if (!rows) return false;
  d->rows = rows;
  d->capacity = capacity;
  return true;
}

delta_row *delta_set_row(delta_set *d, int64_t rowid, const uint8_t *key, uint32_t key_bytes, bool *made) {
  uint64_t hash = hash_of(rowid, key, key_bytes);
  if (d->count * 2 >= d->slot_count && !grow_slots(d)) return NULL;
  size_t at = hash & (d->slot_count - 1);
  for (; d->slots[at]; at = (at + 1) & (d->slot_count - 1)) {
    delta_row *r = &d->rows[d->slots[at] - 1];
    if (!same_row(r, hash, rowid, key, key_bytes)) continue;
    *made = false;
    return r;
  }
  if (d->count == d->capacity && !grow_rows(d)) return NULL;
  delta_row *r = &d->rows[d->count];
  *r = (delta_row){.rowid = rowid, .hash = hash, .key_bytes = key_bytes};
  if (key) {
    uint8_t *copy = arena_alloc(&d->memory, key_bytes ? key_bytes : 1);
    if (!copy) return NULL;
    memcpy(copy, key, key_bytes);
    r->key = copy;
  }
  d->slots[at] = (uint32_t)++d->count;
  *made = true;
  return r;
}

value *delta_set_copy(delta_set *d, const value *values) {
  value *copy = arena_alloc(&d->memory, sizeof *copy * (size_t)(d->columns ? d->columns : 1));
  if (!copy) return NULL;
  for (int i = 0; i < d->columns; i++) {
    copy[i] = values[i];
    if (values[i].type < VALUE_TEXT || !values[i].bytes) continue;
    copy[i].text = arena_strndup(&d->memory, values[i].text, values[i].bytes);
    if (!copy[i].text) return NULL;
  }
  return copy;
}

bool delta_row_is_void(const delta_set *d, const delta_row *r) {
  if (!r->before || !r->after) return !r->before && !r->after;
  for (int i = 0; i < d->columns; i++)
    if (!value_same(r->before[i], r->after[i])) return false;
  return true;
}

void delta_set_clear(delta_set *d) {
  if (d->count == 0) return;
  d->count = 0;
  if (d->slots) memset(d->slots, 0, d->slot_count * sizeof *d->slots);
  arena_reset(&d->memory);
}

void delta_set_free(delta_set *d) {
  free(d->rows);
  free(d->slots);
  arena_free(&d->memory);
  memset(d, 0, sizeof *d);
}
