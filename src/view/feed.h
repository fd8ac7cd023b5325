/* Rows in memory as a table that SQL statements can join: how changes get into delta statements.
**
** A feed is an eponymous virtual table of one connection, under a name of its own; it shows the rows that its owner last
** set. Declared columns carry type and collation, so that comparisons go as with the real table. Rows and values are
** borrowed while statements run. Thread: the connection's.
*/
#ifndef VIEW_FEED_H
#define VIEW_FEED_H

#include "model/value.h"
#include "query/schema.h"

typedef struct feed_row {
  int64_t number;      /* rowid of the changed row, or slot of the group */
  int sign;            /* +1, -1 */
  const value *first;  /* one per column */
  const value *second; /* FEED_PAIRS: the old values */
} feed_row;

typedef enum feed_shape {
  FEED_SIGNED, /* w, rid, c0 … */
  FEED_PAIRS,  /* w, rid, c0 …, o0 … */
  FEED_GROUPS, /* slot, then columns under their names */
} feed_shape;

typedef struct feed {
  feed_shape shape;
  int columns;          /* of one image */
  char *declaration;
  size_t count;
  const feed_row *rows;
} feed;

/* Registers the feed as table `name`. The feed must stay until feed_drop. */
bool feed_create(sqlite3 *db, feed *f, const char *name, feed_shape shape, const column_def *column, int columns, error *err) MUST_USE;
/* After every statement that reads it is finalized. */
void feed_drop(sqlite3 *db, feed *f, const char *name);

#endif
