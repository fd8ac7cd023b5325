/* A client's rows of one subscription, kept by its messages (transport/PROTOCOL.md, "Applying a delta").
**
** Invariant: the rows are those of the version that the last applied message named; in a window they stand in its order.
** Ownership: cells are the rows' own JSON values. Thread: one at a time.
*/
#ifndef CLIENT_LIVE_ROWS_H
#define CLIENT_LIVE_ROWS_H

#include "base/error.h"

#include <jansson.h>
#include <stdint.h>

typedef struct live_row {
  int64_t id;
  json_t *cells;       /* array */
  int64_t *changed_ms; /* per cell: when it was last set, monotonic; 0 = not since it was added */
  int64_t added_ms;    /* 0 = with a snapshot */
  int place;           /* index into live_rows.rows */
} live_row;

typedef struct live_rows {
  live_row **rows;
  int count, capacity;
  void *by_id;         /* hash of the same rows */
  int64_t total;       /* rows of the whole selection */
  uint64_t version;
  bool complete;       /* a snapshot is there whole */
} live_rows;

/* What happened to a row, told while a delta is applied: '+' added, '~' changed, '-' removed (before it is freed). */
typedef void (*live_change)(void *ctx, char what, const live_row *row);

/* Applies a snapshot or a delta; other messages change nothing. false: the message does not fit the rows (a defect of the
** server, or a message that was missed): subscribe anew. change may be NULL. */
bool live_rows_apply(live_rows *r, const json_t *message, int64_t now_ms, live_change change, void *ctx, error *err) MUST_USE;
void live_rows_clear(live_rows *r);
live_row *live_rows_find(const live_rows *r, int64_t id); /* NULL = not there */

#endif
