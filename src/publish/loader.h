/* Reads the rows of one result table in one read transaction, a few at a time. Private to src/publish.
** Thread: the delivery thread. */
#ifndef PUBLISH_LOADER_H
#define PUBLISH_LOADER_H

#include "publish/state.h"

enum { LOAD_ROWS_PER_STEP = 2000, MAX_TURNS_WHILE_LOADING = 4096 };

typedef struct waiting_turn {
  turn *turn; /* one reference */
  const instance_changes *changes;
} waiting_turn;

typedef struct loader {
  bool begun;
  sqlite3 *db; /* NULL again when all is read */
  sqlite3_stmt *rows_stmt;
  int columns;     /* of the view */
  uint64_t version; /* that the transaction sees */
  idmap rows;
  size_t row_bytes;
  waiting_turn *turns; /* in order */
  size_t turn_count, turn_capacity;
} loader;

loader *loader_new(void); /* NULL = out of memory */
void loader_free(loader *l); /* NULL is allowed; what it has read and what waits is dropped */
/* Opens its connection and begins. Once. */
bool loader_begin(loader *l, const service *svc, const instance_info *info, error *err) MUST_USE;
/* *more: call again. false: give it up. */
bool loader_step(loader *l, bool *more, error *err) MUST_USE;
/* Keeps a turn until the rows are there. false: too many, or out of memory. */
bool loader_keep(loader *l, turn *t, const instance_changes *changes) MUST_USE;
void rows_free(idmap *rows); /* a map of stored rows, one reference each */

#endif
