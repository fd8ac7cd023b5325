/* row id → pointer: open addressing, linear probing, no tombstones.
**
** Values are never NULL. Zero-initialise before first use. Thread: the owner's.
*/
#ifndef PUBLISH_IDMAP_H
#define PUBLISH_IDMAP_H

#include "base/error.h"

#include <stdint.h>

typedef struct idmap_slot {
  int64_t id;
  void *value; /* NULL = empty */
} idmap_slot;

typedef struct idmap {
  idmap_slot *slots;
  size_t count, capacity; /* capacity: 0 or a power of two */
} idmap;

bool idmap_put(idmap *m, int64_t id, void *value) MUST_USE; /* replaces; false: out of memory, nothing changed */
void *idmap_get(const idmap *m, int64_t id);                /* NULL = not there */
void *idmap_take(idmap *m, int64_t id);                     /* removes and returns it */
/* Walks all pairs in no order: start with *at = 0. The map must not change meanwhile. */
bool idmap_next(const idmap *m, size_t *at, int64_t *id, void **value);
void idmap_free(idmap *m); /* the values are the caller's */

#endif
