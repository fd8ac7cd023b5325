/* The net changes of one relation in one step: what each changed row was and what it is now.
**
** Rows are told apart by their identity: the rowid, or the encoded primary key of a table without one. A second change of the
** same row folds into the first. Values are copied into the set's arena and live until delta_set_clear.
** Thread: the connection's.
*/
#ifndef VIEW_DELTA_SET_H
#define VIEW_DELTA_SET_H

#include "base/arena.h"
#include "model/value.h"

typedef struct delta_row {
  int64_t rowid;
  uint64_t hash;
  const uint8_t *key; /* encoded primary key, or NULL */
  uint32_t key_bytes;
  value *before;      /* NULL: was not there */
  value *after;       /* NULL: is no more */
} delta_row;

typedef struct delta_set {
  int columns;
  size_t count, capacity;
  delta_row *rows;
  uint32_t *slots; /* open addressing: index + 1 */
  size_t slot_count;
  arena memory;
} delta_set;

/* The entry of this row, made if it is new (before == after == NULL, *made = true). NULL: out of memory.
** key == NULL: by rowid. The pointer is good until the next call. */
delta_row *delta_set_row(delta_set *d, int64_t rowid, const uint8_t *key, uint32_t key_bytes, bool *made);
/* Copies of values into the set's arena; NULL when out of memory. */
value *delta_set_copy(delta_set *d, const value *values);
/* Before or after it, nothing: or both the same. */
bool delta_row_is_void(const delta_set *d, const delta_row *r);
void delta_set_clear(delta_set *d);
void delta_set_free(delta_set *d);

#endif
