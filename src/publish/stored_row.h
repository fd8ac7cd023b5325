/* One state of one row: immutable, shared by the mirror, snapshots, windows and whoever is behind.
**
** ROW_NONE stands for "the row is not there", so that a state is never NULL. It may be referenced and released like any
** other. Thread: the delivery thread only (counts are not atomic).
*/
#ifndef PUBLISH_STORED_ROW_H
#define PUBLISH_STORED_ROW_H

#include "model/value.h"

typedef struct stored_row {
  int64_t id;
  int references;
  uint32_t bytes;      /* of data */
  uint32_t json_bytes;
  char *json;          /* "[id,c0,c1,…]", made when first asked for */
  uint8_t data[];      /* as model/value.h lays rows out */
} stored_row;

extern stored_row row_none_object;
#define ROW_NONE (&row_none_object)

stored_row *stored_row_new(int64_t id, row r); /* one reference; NULL = out of memory */
stored_row *stored_row_ref(stored_row *r);
void stored_row_unref(stored_row *r);
row stored_row_cells(const stored_row *r);
bool stored_row_same(const stored_row *a, const stored_row *b); /* same state: both ROW_NONE, or the same bytes */
void stored_row_put_json(stored_row *r, buffer *out);
size_t stored_row_weight(const stored_row *r); /* bytes that holding it costs */

#endif
