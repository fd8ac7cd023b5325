/* Writes the changed cells between two states as the lists of a `delta` message (transport/PROTOCOL.md).
**
** One writer is used again and again; begin empties it. Thread: the delivery thread.
*/
#ifndef PUBLISH_DELTA_H
#define PUBLISH_DELTA_H

#include "model/delivery.h"
#include "publish/stored_row.h"

typedef struct delta_writer {
  buffer removes, sets, adds, moves; /* elements, separated by commas */
  int64_t total;                     /* -1 = is not told */
} delta_writer;

void delta_begin(delta_writer *w);
/* The row was `before` and is `after` (either may be ROW_NONE); `reason` is told where it left. Same states: nothing. */
void delta_row(delta_writer *w, stored_row *before, stored_row *after, const char *reason);
void delta_move(delta_writer *w, int64_t row_id, size_t index);
bool delta_is_empty(const delta_writer *w);
bool delta_failed(const delta_writer *w);
/* Appends what follows `"seq":n,` to the closing brace. */
void delta_put(const delta_writer *w, uint64_t version, int64_t time_ms, buffer *out);
void delta_free(delta_writer *w);

#endif
