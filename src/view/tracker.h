/* The delta tracker: sees every change of the base tables that views read, on one connection.
**
** Captured by TEMP triggers (the server, which applies records by UPDATE and INSERT) or by SQLite's preupdate hook (scripts of
** any SQL: REPLACE, UPSERT and cascades, which triggers of this SQLite miss or see wrongly). Both fold into a delta_set per
** table. A rollback of the transaction must be told (tracker_clear): what was captured is then void.
** Thread: the connection's.
*/
#ifndef VIEW_TRACKER_H
#define VIEW_TRACKER_H

#include "query/schema.h"
#include "view/delta_set.h"
#include "view/feed.h"
#include "view/view.h"

enum { MAX_TRIGGER_COLUMNS = 120 };

/* A relation whose changes go into delta statements: a base table, or a node's result table. */
typedef struct tracked {
  relation *relation; /* relation->index is the number in its feeds' names */
  int number;
  bool base;
  int users;          /* nodes that read it */
  delta_set changes;
  feed signed_rows, paired_rows, all_rows; /* vs_d, vs_p, vs_a */
  feed_row *all_buffer; /* of all_rows, during a step */
  bool triggers;
  sqlite3_stmt *shadow_insert, *shadow_read, *shadow_clear; /* generated columns, in preupdate mode */
  struct tracked *next;
} tracked;

typedef struct tracker {
  sqlite3 *db;
  sqlite3 *shadow; /* computes generated columns, in preupdate mode; NULL until needed */
  capture_mode mode;
  tracked *first;
  int numbers;
  bool feeds_only; /* captures nothing */
  bool failed;  /* a change could not be kept: the turn must be rolled back */
  bool muted;   /* the engine's own writes */
  error failure;
} tracker;

bool tracker_open(tracker *t, sqlite3 *db, capture_mode mode, error *err) MUST_USE;
/* Feeds alone, with numbers of their own, so that statements can be prepared on a connection that a view_set captures on. */
void tracker_open_feeds(tracker *t, sqlite3 *db);
void tracker_close(tracker *t);

/* Follows a relation (counted); its feeds exist from then on. */
tracked *tracker_follow(tracker *t, relation *rel, bool base, error *err) MUST_USE;
void tracker_unfollow(tracker *t, tracked *x);
tracked *tracker_find(tracker *t, const relation *rel);

bool tracker_pending(const tracker *t); /* something was captured */
/* Completes what was captured (generated columns) and drops rows that are as they were. */
bool tracker_settle(tracker *t, error *err) MUST_USE;
void tracker_clear(tracker *t); /* base tables' changes */

#endif
