/* What one published turn changed: the engine makes it, the publisher reads it, nobody writes to it in between.
**
** Lifetime: counted references; the engine's is given to the sink with the call. Every byte that it points to lives in
** its own arena. Thread: made by the engine thread, then read by any.
*/
#ifndef MODEL_TURN_H
#define MODEL_TURN_H

#include "base/arena.h"
#include "model/value.h"

#include <stdatomic.h>

typedef enum row_change_op { ROW_ADDED, ROW_CHANGED, ROW_REMOVED } row_change_op;

/* One row of one instance. row_id is its vs_id in the result table: stable while the row lives, used again only after a
** restart without the live database. */
typedef struct row_change {
  int64_t row_id;
  row_change_op op;
  row before; /* empty when ROW_ADDED */
  row after;  /* empty when ROW_REMOVED */
} row_change;

typedef struct instance_changes {
  uint64_t instance;
  size_t count;
  row_change *rows;
  bool ended; /* the instance is gone with this version (its view was replaced, deleted or dropped by an operator): count
              ** is 0, its followers acquire the selection again and take a snapshot; releasing it is then a no-op */
  struct instance_changes *next;
} instance_changes;

typedef struct turn {
  atomic_int references;
  uint64_t version;        /* grows by one with each published turn */
  int64_t received_us;     /* wall clock: when the oldest record of the turn arrived; 0 = unknown */
  int64_t committed_us;    /* wall clock: when the turn was committed */
  uint32_t records;        /* base records applied */
  instance_changes *first; /* only instances that changed */
  arena memory;
} turn;

turn *turn_new(void); /* one reference; NULL when out of memory */
turn *turn_ref(turn *t);
void turn_unref(turn *t);

#endif
