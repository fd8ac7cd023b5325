/* All views of the program on one live database.
**
** Every view whose parameters have defaults stands in the database as an ordinary SQL view of its own name (its default
** selection, expanded), so that other views, clients' SQL and the stock shell can read it. vs_view holds each definition.
** A view that no other view reads may show the result table of its default instance instead (view_catalog_show_rows): for
** one that others read this is never done, since they are compiled from the schema and would then depend on that instance.
**
** Changing views is done in two steps, so that a failed commit changes nothing: a draft does the SQL inside the caller's
** transaction and holds the new set; view_catalog_adopt makes it the running set after the commit.
** Which view reads which is told by the names that its SELECT mentions: a view may be taken for a reader of another because
** of a column of that name, which costs a needless rebuild and nothing else.
** Thread: the engine's, except those marked (any).
*/
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include "catalog/template.h"
#include "model/service.h"

enum { MAX_VIEWS = 1000, MAX_STRATEGY_REASON = 400 };

/* A view as it runs. Never changes once it is in a set; references are counted. */
typedef struct catalog_view {
  atomic_int references;
  view_definition *definition;
  char *sql;        /* the default selection (stand-ins for required parameters) */
  char *selection;  /* its canonical text */
  int columns;
  column_info *column;
  int keys;
  char (*key)[MAX_VIEW_NAME_BYTES + 1]; /* columns that identify a row, as the inspector found them */
  char strategy[16];
  char reason[MAX_STRATEGY_REASON];
} catalog_view;

catalog_view *catalog_view_ref(catalog_view *v);
void catalog_view_unref(catalog_view *v);

/* Looks further into a view than SQLite does: fills key, strategy and reason, or refuses. May be NULL. */
typedef bool (*view_inspector)(void *ctx, sqlite3 *db, catalog_view *v, error *err);

typedef struct view_catalog view_catalog;

view_catalog *view_catalog_new(view_inspector inspect, void *ctx); /* NULL when out of memory */
void view_catalog_free(view_catalog *c);

/* One view to add, replace (definition) or delete (NULL). */
typedef struct view_edit {
  const char *name;
  view_definition *definition; /* borrowed */
  error problem;               /* of a lenient draft: why this view was left out */
} view_edit;

typedef struct view_draft view_draft;

/* Makes vs_view and removes what an earlier process left (its SQL views). Inside a transaction. */
bool view_catalog_prepare(view_catalog *c, sqlite3 *db, error *err) MUST_USE;
/* Does the edits together. lenient: a view that is wrong is left out with its problem noted, the others go on; else the
** first that is wrong refuses them all. NULL: roll back. */
view_draft *view_catalog_draft(view_catalog *c, sqlite3 *db, view_edit *edits, int count, bool lenient, error *err) MUST_USE;
void view_draft_free(view_draft *draft);
/* Whether the draft makes this view anew: it was edited, or reads one that was. */
bool view_draft_affects(const view_draft *draft, const char *name);
void view_catalog_adopt(view_catalog *c, view_draft *draft); /* after the commit; ends the draft */

/* Lets the SQL view show these rows (NULL: its definition again). Inside a transaction. Nothing is done, and *shown is
** false, for a view that others mention. */
bool view_catalog_show_rows(view_catalog *c, sqlite3 *db, const char *name, const char *rows_sql, bool *shown, error *err) MUST_USE;

/* (any) One reference, or NULL with ERR_NOT_FOUND that names the views there are. */
catalog_view *view_catalog_find(view_catalog *c, const char *name, error *err);
/* (any) All of them, by name, one reference each; the caller frees the array. NULL and 0 when there are none or no memory. */
catalog_view **view_catalog_all(view_catalog *c, int *count);

/* (any) Checks a definition against the database as it stands, without changing it: parses, expands, prepares, inspects.
** db may be a reader. Positions in *err are in the definition's file. */
catalog_view *view_catalog_check(view_definition *d, sqlite3 *db, view_inspector inspect, void *ctx, error *err) MUST_USE;

#endif
