#include "publish/change_set.h"

enum { ENTRY_BYTES = 2 * sizeof(idmap_slot) };

bool change_set_note(change_set *s, int64_t id, stored_row *before, int64_t committed_us) {
  if (idmap_get(&s->before, id)) return true;
  if (!idmap_put(&s->before, id, before)) return false;
  stored_row_ref(before);
  s->bytes += ENTRY_BYTES + stored_row_weight(before);
  if (!s->oldest_us || (committed_us && committed_us < s->oldest_us)) s->oldest_us = committed_us;
  return true;
}

stored_row *change_set_find(const change_set *s, int64_t id) { return idmap_get(&s->before, id); }

bool change_set_merge(change_set *s, const change_set *from) {
  size_t at = 0;
  int64_t id;
  void *before;
  while (idmap_next(&from->before, &at, &id, &before))
    if (!change_set_note(s, id, before, from->oldest_us)) return false;
  return true;
}

bool change_set_empty(const change_set *s) { return s->before.count == 0; }

void change_set_clear(change_set *s) {
  size_t at = 0;
  int64_t id;
  void *before;
  while (idmap_next(&s->before, &at, &id, &before)) stored_row_unref(before);
  idmap_free(&s->before);
  s->bytes = 0;
  s->oldest_us = 0;
}
