/* What the live schema says of a table or view: its columns as SQLite types and compares them, and its identity.
**
** A `relation` is anything with rows that a FROM clause can name. Relations live in the arena of the schema cache that
** made them, one per table, so that the same table is the same pointer. Thread: the connection's.
*/
#ifndef QUERY_SCHEMA_H
#define QUERY_SCHEMA_H

#include "base/arena.h"

#include <sqlite3.h>

typedef enum affinity { AFF_NONE, AFF_BLOB, AFF_TEXT, AFF_NUMERIC, AFF_INTEGER, AFF_REAL } affinity;

typedef struct column_def {
  const char *name;
  const char *collation; /* never NULL: BINARY by default */
  affinity affinity;
  bool not_null;
  bool hidden;    /* not part of * */
  bool generated;
} column_def;

typedef struct relation {
  const char *schema, *name;
  const char *sql_name; /* "schema"."name", quoted */
  int columns;
  column_def *column;
  bool is_view, is_virtual, without_rowid;
  const char *rowid_name; /* rowid, oid or _rowid_, whichever no column hides; NULL = none usable */
  int rowid_alias;        /* column that is the INTEGER PRIMARY KEY, or -1 */
  int pk_columns;         /* PRIMARY KEY, in order */
  int *pk;
  const char *view_sql;   /* of a view: its CREATE VIEW text */
  void *node;             /* view/: the maintained node whose result table this is, or NULL */
  int index;              /* free for the planner */
  struct relation *next;
} relation;

typedef struct schema_cache {
  sqlite3 *db;
  arena *memory;
  relation *first;
  const char *result_schema; /* where maintained rows live: its objects are never looked up by bare name, or NULL */
} schema_cache;

/* NULL and ERR_NOT_FOUND where there is no such table or view; schema may be NULL: temp, main, attached, in SQLite's order.
** Temporary views whose text begins with REDIRECT_MARK stand for maintained rows and are passed over. */
#define REDIRECT_MARK "/* maintained */"
relation *schema_find(schema_cache *c, const char *schema, const char *name, error *err) MUST_USE;

affinity affinity_of_type(const char *declared, bool strict);
const char *affinity_type(affinity a); /* a declared type that has this affinity: "INTEGER", "" … */

#endif
