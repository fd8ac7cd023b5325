/* A decoded record: what is to be done to one row of one topic's table.
**
** Made by decode, consumed by store. Lifetime: its values and reason live in the batch's arena or point into the record's
** bytes, so it lives as long as its batch. Thread: whoever has the batch.
*/
#ifndef MODEL_CHANGE_H
#define MODEL_CHANGE_H

#include "model/record.h"
#include "model/value.h"

typedef enum change_op {
  CHANGE_UPSERT,  /* the whole row: absent optional fields are NULL or the column's default; append topics: a new row */
  CHANGE_DELETE,  /* only the key columns' values are set, the rest are NULL */
  CHANGE_REFUSED, /* not to be applied: `reason` says why; goes to the dead letters */
} change_op;

typedef struct change {
  change_op op;
  int topic;              /* index into the catalog's topics */
  const record *origin;
  value *values;          /* one per column of the topic, in its order; NULL when decoding refused it */
  uint64_t key_hash;      /* of the primary key's values; 0 for append topics */
  const char *reason;     /* CHANGE_REFUSED: one sentence, in `memory` */
  arena *memory;          /* the batch's: who refuses the change later puts the reason there */
  struct change *earlier; /* the store's: the change of the same key in the same turn that this one supersedes */
} change;

#endif
