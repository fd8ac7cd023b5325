/* Scripts: SQL as the sqlite3 shell runs it, with CREATE MATERIALIZED VIEW kept from changes.
**
** How: `CREATE MATERIALIZED VIEW v` makes a plain view v in the script's database (so that ALTER TABLE and error messages are
** SQLite's own) and a maintained one beside it, whose rows stand in an attached database; a temporary view of the same name
** leads readers to those rows. Changes are seen by SQLite's preupdate hook. Views are brought up to date after each statement,
** inside of a transaction too; a turn ends with the statement or the COMMIT.
** Bounds: what SQLite's limits allow. Thread: one.
*/
#ifndef ENGINE_SCRIPT_H
#define ENGINE_SCRIPT_H

#include "view/view.h"

#include <stdio.h>

typedef struct script_options {
  bool verify;            /* compare every view with its SELECT after every turn, stop at the first difference */
  bool deltas;            /* print what each turn changed */
  bool plans;             /* print each view's strategy */
  bool bail;              /* stop at the first error */
  view_strategy strategy; /* forced where it is legal */
  const char *database;   /* a file, or NULL: in memory */
  FILE *out, *errors;
} script_options;

/* Runs the text; returns the exit status (0, or 1 after an error or a difference). */
int script_run(const char *text, size_t bytes, const script_options *options);

#endif
