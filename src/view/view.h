/* Maintained views: SELECTs whose rows are kept in result tables of the live database, right after every turn.
**
** A view_set is all of them on one writing connection. Adding a view prepares its SELECT, picks a strategy (delta, group,
** rerun), makes the indexes and the result table that it needs and fills it. From then on the set's change tracker sees
** each change of the base tables on that connection; view_set_propagate brings every view up to date with what was
** tracked; nothing that was not propagated is in a result table.
**
** Turn:  BEGIN → [changes of base tables → view_set_propagate]… → view_set_collect → COMMIT → view_set_committed
**        a failure anywhere → ROLLBACK → view_set_rolled_back: views, state and tracker are as before BEGIN.
** Result tables: vs_r<id> (vs_id INTEGER PRIMARY KEY, the view's columns under their names, …state columns named vs_…).
** Ownership: the set owns all it makes and frees it; the connection is the caller's and outlives the set.
** Thread: the connection's (the engine thread); none of this is called from another.
*/
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "model/service.h"
#include "model/turn.h"

typedef struct view_set view_set;

typedef enum view_strategy { STRATEGY_AUTO, STRATEGY_DELTA, STRATEGY_GROUP, STRATEGY_RERUN } view_strategy;
const char *view_strategy_name(view_strategy s);

/* How changes of base tables are seen. Triggers: TEMP triggers on the tables that views read, for a server that applies
** records itself by UPDATE and INSERT. Preupdate: SQLite's hook, for scripts of any SQL (REPLACE, UPSERT, cascades). */
typedef enum capture_mode { CAPTURE_TRIGGERS, CAPTURE_PREUPDATE } capture_mode;

typedef struct view_set_options {
  const char *schema;   /* database that holds the result tables: "main", or an attached one */
  capture_mode capture;
  int rerun_budget_percent; /* share of the engine's time that rerun views may take; 0 = rerun every turn */
} view_set_options;

view_set *view_set_new(sqlite3 *db, const view_set_options *options, error *err) MUST_USE;
void view_set_free(view_set *set);

/* Adds an instance. sql: one SELECT, templates and parameters already expanded. name: for messages and vs_instance.
** columns: names for the result columns (as in v(a, b) AS …) or NULL. force: STRATEGY_AUTO, or the one that tests ask for
** (ERR_INVALID where it is not legal). Inside the caller's transaction. *id stays the instance's for good. */
bool view_set_add(view_set *set, const char *name, const char *sql, const char *const *columns, int n_columns,
                  view_strategy force, uint64_t *id, error *err) MUST_USE;
void view_set_remove(view_set *set, uint64_t id);

/* Brings every view up to date with the changes tracked so far. false: roll back. */
bool view_set_propagate(view_set *set, error *err) MUST_USE;
bool view_set_pending(const view_set *set); /* are there tracked changes that were not propagated */
/* The net changes of the instances since BEGIN, into the turn (memory from its arena); only instances marked as watched. */
bool view_set_collect(view_set *set, turn *out, error *err) MUST_USE;
void view_set_watch(view_set *set, uint64_t id, bool watched); /* instances whose changes are collected */
void view_set_committed(view_set *set);
void view_set_rolled_back(view_set *set);
bool view_set_is_broken(const view_set *set); /* a rollback took back what was propagated: view_set_rebuild before going on */
/* After DDL, or a rollback that the set did not see: throws all states away and builds every view again.
** A view that no longer compiles is left out and named in err (the others go on). */
bool view_set_rebuild(view_set *set, error *err) MUST_USE;

/* --- looking at it --- */
bool view_set_info(view_set *set, uint64_t id, instance_info **out, error *err) MUST_USE; /* caller frees */
/* A SELECT over the result table that gives the view's rows in its order (ORDER BY of the view, else by key). */
bool view_set_rows_sql(view_set *set, uint64_t id, buffer *out);
const char *view_set_reason(view_set *set, uint64_t id); /* why its strategy, in a sentence; "" where there is no such view */
typedef struct view_stats {
  int64_t rows, state_bytes;
  uint64_t turns, deltas;   /* turns that touched it, rows changed in all */
  int64_t total_ns, last_ns; /* time spent maintaining it */
} view_stats;
bool view_set_stats(view_set *set, uint64_t id, view_stats *out);
/* The plan as a JSON object (strategy, reason, nodes, statements, indexes, estimates). Works for any SELECT, maintained
** or not: nothing is created. */
bool view_explain(sqlite3 *db, const char *name, const char *sql, view_strategy force, buffer *json, error *err) MUST_USE;

/* Registers our SQL functions (exact sum / avg / total, stddev, …) on a connection: every connection of the program. */
bool view_functions_register(sqlite3 *db, error *err) MUST_USE;

#endif
