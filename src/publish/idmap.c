#include "publish/idmap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16 };

static size_t home_of(const idmap *m, int64_t id) {
  uint64_t h = (uint64_t)id * 0x9E3779B97F4A7C15u;
  return (size_t)(h >> 32) & (m->capacity - 1);
}

static idmap_slot *find(const idmap *m, int64_t id) {
  size_t i = home_of(m, id);
  while (m->slots[i].value && m->slots[i].id != id) i = (i + 1) & (m->capacity - 1);
  return &m->slots[i];
}

static bool grow(idmap *m) {
  idmap bigger = {.capacity = m->capacity ? m->capacity * 2 : FIRST_CAPACITY};
  bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
  if (!bigger.slots) return false;
  for (size_t i = 0; i < m->capacity; i++)
    if (m->slots[i].value) *find(&bigger, m->slots[i].id) = m->slots[i];
  bigger.count = m->count;
  free(m->slots);
  *m = bigger;
  return true;
}

bool idmap_put(idmap *m, int64_t id, void *value) {
  assert(value);
  if (m->count * 4 >= m->capacity * 3 && !grow(m)) return false;
  idmap_slot *slot = find(m, id);
  m->count += slot->value == NULL;
  slot->id = id;
  slot->value = value;
  return true;
}

void *idmap_get(const idmap *m, int64_t id) { return m->count ? find(m, id)->value : NULL; }

/* Closes the gap: a later entry of the probe run moves in where its home allows. */
static void close_gap(idmap *m, size_t gap) {
  size_t mask = m->capacity - 1;
  for (size_t i = (gap + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
    size_t home = home_of(m, m->slots[i].id);
    if (((i - home) & mask) < ((i - gap) & mask)) continue;
    m->slots[gap] = m->slots[i];
    gap = i;
  }
  m->slots[gap].value = NULL;
}

void *idmap_take(idmap *m, int64_t id) {
  if (!m->count) return NULL;
  idmap_slot *slot = find(m, id);
  void *value = slot->value;
  if (!value) return NULL;
  m->count--;
  close_gap(m, (size_t)(slot - m->slots));
  return value;
}

bool idmap_next(const idmap *m, size_t *at, int64_t *id, void **value) {
  for (; *at < m->capacity; (*at)++) {
    if (!m->slots[*at].value) continue;
    *id = m->slots[*at].id;
    *value = m->slots[*at].value;
    (*at)++;
    return true;
  }
  return false;
}

void idmap_free(idmap *m) {
  free(m->slots);
  memset(m, 0, sizeof *m);
}
