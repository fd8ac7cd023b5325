/* The rows of a channel at one version, given out in chunks of text that are made when first asked for.
**
** Rows are immutable, so holding them holds the version: chunks may be sent over minutes while the mirror goes on, and
** everybody who starts at the same version shares them. Thread: the delivery thread.
*/
#ifndef PUBLISH_SNAPSHOT_H
#define PUBLISH_SNAPSHOT_H

#include "model/delivery.h"
#include "publish/stored_row.h"

typedef struct snapshot snapshot;

/* Takes the rows (their references too) and the array over, also on failure. NULL = out of memory. */
snapshot *snapshot_new(uint64_t version, size_t total, stored_row **rows, size_t count, size_t chunk_bytes);
snapshot *snapshot_ref(snapshot *s);
void snapshot_unref(snapshot *s); /* NULL is allowed */
uint64_t snapshot_version(const snapshot *s);
/* Chunk `index` (0, 1, … in turn): the message from `"version":` to its closing brace. *last: it is the last one.
** One reference for the caller; NULL = out of memory. */
shared_text *snapshot_chunk(snapshot *s, size_t index, bool *last) MUST_USE;

#endif
