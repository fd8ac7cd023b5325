#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK_BYTES = 4096, MOST_CHUNK_BYTES = 1 << 20, ALIGN = 16 };

typedef struct arena_chunk {
  struct arena_chunk *next;
  size_t used, size;
  _Alignas(ALIGN) char bytes[];
} arena_chunk;

static arena_chunk *add_chunk(arena *a, size_t least) {
  size_t size = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK_BYTES;
  if (size > MOST_CHUNK_BYTES) size = MOST_CHUNK_BYTES;
  if (size < least) size = least;
  arena_chunk *chunk = malloc(sizeof *chunk + size);
  if (!chunk) return NULL;
  chunk->next = a->chunks;
  chunk->used = 0;
  chunk->size = size;
  a->chunks = chunk;
  return chunk;
}

void *arena_alloc(arena *a, size_t bytes) {
  bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
  arena_chunk *chunk = a->chunks;
  if (!chunk || chunk->size - chunk->used < bytes) chunk = add_chunk(a, bytes);
  if (!chunk) return NULL;
  void *block = chunk->bytes + chunk->used;
  chunk->used += bytes;
  a->used_bytes += bytes;
  return block;
}

void *arena_zalloc(arena *a, size_t bytes) {
  void *block = arena_alloc(a, bytes);
  return block ? memset(block, 0, bytes) : NULL;
}

char *arena_strndup(arena *a, const char *text, size_t n) {
  char *copy = arena_alloc(a, n + 1);
  if (!copy) return NULL;
  memcpy(copy, text, n);
  copy[n] = '\0';
  return copy;
}

char *arena_strdup(arena *a, const char *text) { return arena_strndup(a, text, strlen(text)); }

char *arena_printf(arena *a, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  char *text = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
  if (text) vsnprintf(text, (size_t)n + 1, fmt, again);
  va_end(again);
  return text;
}

void arena_reset(arena *a) {
  while (a->chunks && a->chunks->next) {
    arena_chunk *next = a->chunks->next;
    free(a->chunks);
    a->chunks = next;
  }
  if (a->chunks) a->chunks->used = 0;
  a->used_bytes = 0;
}

void arena_free(arena *a) {
  arena_reset(a);
  free(a->chunks);
  memset(a, 0, sizeof *a);
}
