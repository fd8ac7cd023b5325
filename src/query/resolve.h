/* Binds every column of a parsed SELECT to the table or derived table that it comes from, as SQLite would.
**
** After it: each FROM_TABLE that is a table carries a source with its relation; views and CTE references have become
** FROM_SELECT with a copy of their own; `*`, USING, NATURAL, aliases in WHERE / GROUP BY / ORDER BY and positions have been
** replaced by what they stand for; EXPR_COLUMN carries source and source_column; double-quoted names that are no column
** have become text literals. A view's or CTE's sources are never shared between two references.
**
** What SQLite accepts but this does not follow (recursive CTEs, table-valued functions, row values …) fails with
** ERR_LIMIT and the reason: the view is then kept by running it again. ERR_INVALID means that SQLite would refuse it too.
** Thread: one at a time; everything lives in the arena.
*/
#ifndef QUERY_RESOLVE_H
#define QUERY_RESOLVE_H

#include "query/ast.h"
#include "query/schema.h"

enum { SOURCE_ROWID = -1, MAX_VIEW_DEPTH = 64 };

struct source {
  int id;             /* unique within one resolve */
  int depth;          /* of the select that it stands in: 0 = outermost; correlated columns have a smaller one */
  relation *relation; /* a table, or NULL … */
  select_stmt *select;     /* … a derived table */
  const char *alias;  /* as it is called in its FROM, for messages */
  const char *schema; /* as written, or NULL */
  int columns;
  column_def *column;
  bool nullable;      /* on the null-supplying side of an outer join */
  int leaf;           /* free for the planner */
};

typedef struct resolver {
  arena *memory;
  schema_cache *schema;
  int sources;
} resolver;

bool resolve_select(resolver *r, select_stmt *s, error *err) MUST_USE;

/* Names of the result columns, as SQLite names them. */
const char *select_column_name(resolver *r, const select_stmt *s, int column);
/* The first (leftmost) arm of a compound: it names and types the columns. */
const select_stmt *select_first_arm(const select_stmt *s);

affinity expr_affinity(const expr *e);
const char *expr_collation(const expr *e); /* "BINARY" where it has none of its own */
/* What its values are, as far as the text tells: "INTEGER", "REAL", "NUMERIC", "TEXT", "BLOB" or "". For people and clients
** only; SQLite's values have types of their own. */
const char *expr_type(const expr *e);
bool expr_has_collation(const expr *e);    /* whether expr_collation came from the expression */

#endif
