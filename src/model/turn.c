#include "model/turn.h"

#include <stdlib.h>

turn *turn_new(void) {
  turn *t = calloc(1, sizeof *t);
  if (t) atomic_init(&t->references, 1);
  return t;
}

turn *turn_ref(turn *t) {
  atomic_fetch_add(&t->references, 1);
  return t;
}

void turn_unref(turn *t) {
  if (!t || atomic_fetch_sub(&t->references, 1) != 1) return;
  arena_free(&t->memory);
  free(t);
}
