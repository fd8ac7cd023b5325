/* A read-only connection of one executor thread, and one read transaction at a time on it.
**
** reader_begin … reader_end brackets everything that one answer reads, so that rows and the version that they are complete
** for come from one snapshot. Thread: the executor thread that owns it.
*/
#ifndef TRANSPORT_READER_H
#define TRANSPORT_READER_H

#include "model/sql_guard.h"

#include <stdint.h>

struct exchange;

enum { EPOCH_BYTES = 40 };

typedef struct reader {
  sqlite3 *db; /* NULL until first used, and after an error that it may not survive */
  sql_guard *guard;
} reader;

typedef struct snapshot {
  reader *reader;
  sqlite3 *db;
  sql_guard *guard;
  uint64_t version;         /* of the live database in this transaction */
  char epoch[EPOCH_BYTES];
} snapshot;

/* Opens the transaction on the exchange's thread's reader; all of it may take time_ms. */
bool snapshot_begin(snapshot *s, struct exchange *x, int time_ms, error *err) MUST_USE;
/* Every statement must have been finalized. */
void snapshot_end(snapshot *s);
void reader_close(reader *r);

#endif
