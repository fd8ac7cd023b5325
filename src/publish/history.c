#include "publish/history.h"

#include <stdlib.h>
#include <string.h>

typedef struct history_entry {
  int64_t id;
  stored_row *before;
} history_entry;

typedef struct history_turn {
  struct history_turn *next;
  uint64_t version;
  int64_t committed_us;
  size_t count, capacity, bytes;
  history_entry *entries;
} history_turn;

static void forget_oldest(history *h) {
  history_turn *t = h->oldest;
  h->oldest = t->next;
  if (!h->oldest) h->newest = NULL;
  h->from = t->version;
  h->bytes -= t->bytes;
  for (size_t i = 0; i < t->count; i++) stored_row_unref(t->entries[i].before);
  free(t->entries);
  free(t);
}

void history_free(history *h) {
  while (h->oldest) forget_oldest(h);
}

void history_start(history *h, uint64_t from, size_t max_bytes) {
  history_free(h);
  h->from = from;
  h->max_bytes = max_bytes;
}

/* The turn cannot be remembered, so nothing before its end can be resumed from. */
static void forget_all(history *h, uint64_t version) {
  history_free(h);
  h->from = version;
}

void history_turn_begin(history *h, uint64_t version, int64_t committed_us) {
  history_turn *t = calloc(1, sizeof *t);
  if (!t) {
    forget_all(h, version);
    return;
  }
  t->version = version;
  t->committed_us = committed_us;
  t->bytes = sizeof *t;
  h->bytes += t->bytes;
  if (h->newest)
    h->newest->next = t;
  else
    h->oldest = t;
  h->newest = t;
}

void history_note(history *h, int64_t id, stored_row *before) {
  history_turn *t = h->newest;
  if (!t) return; /* this turn was forgotten already */
  if (t->count == t->capacity) {
    size_t capacity = t->capacity ? t->capacity * 2 : 8;
    history_entry *entries = realloc(t->entries, capacity * sizeof *entries);
    if (!entries) {
      forget_all(h, t->version);
      return;
    }
    t->entries = entries;
    t->capacity = capacity;
  }
  t->entries[t->count++] = (history_entry){.id = id, .before = stored_row_ref(before)};
  size_t bytes = sizeof(history_entry) + stored_row_weight(before);
  t->bytes += bytes;
  h->bytes += bytes;
  while (h->bytes > h->max_bytes && h->oldest) forget_oldest(h);
}

bool history_reaches(const history *h, uint64_t version) { return version >= h->from; }

bool history_since(const history *h, uint64_t version, change_set *out) {
  for (const history_turn *t = h->oldest; t; t = t->next) {
    if (t->version <= version) continue;
    for (size_t i = 0; i < t->count; i++)
      if (!change_set_note(out, t->entries[i].id, t->entries[i].before, t->committed_us)) return false;
  }
  return true;
}
