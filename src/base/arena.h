/* Memory that is freed all at once: a parse, a plan, a turn.
**
** Blocks come from chunks; arena_reset keeps the first chunk for the next round. A failed allocation returns NULL and
** leaves the arena usable. Zero-initialise before first use. Thread: one at a time, the owner's.
*/
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"

typedef struct arena {
  struct arena_chunk *chunks;
  size_t used_bytes; /* of all chunks, for limits and metrics */
} arena;

void *arena_alloc(arena *a, size_t bytes);  /* 16-byte aligned, not zeroed */
void *arena_zalloc(arena *a, size_t bytes); /* zeroed */
char *arena_strndup(arena *a, const char *text, size_t n);
char *arena_strdup(arena *a, const char *text);
char *arena_printf(arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void arena_reset(arena *a); /* everything allocated is gone; keeps one chunk */
void arena_free(arena *a);

#endif
