/* SQL that strangers wrote, on a connection that already cannot write.
**
** sql_guard_new hardens the connection: DEFENSIVE, no trusted schema, limits on length, depth, compound terms, columns and
** program size. sql_guard_prepare then compiles one statement under an authorizer by allow list: SELECT, READ of ordinary
** tables, and functions by name (SQLite's that neither allocate by argument nor reach outside, and those that the program
** registered on the connection); no PRAGMA, no ATTACH, no table-valued pragmas or other virtual tables but json_each and
** json_tree. Statements of the program's own are prepared with sqlite3_prepare as usual and are not restricted, only
** bounded in time: the time budget counts for all, from sql_guard_start on.
** Thread: a connection and its guard belong to one thread at a time; sql_guard_start's `stop` may be set by any.
*/
#ifndef MODEL_SQL_GUARD_H
#define MODEL_SQL_GUARD_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum {
  SQL_GUARD_STATEMENT_BYTES = 100 * 1000, /* of a stranger's statement */
  SQL_GUARD_VALUE_BYTES = 16 * 1000 * 1000, /* longest text, blob or row */
  SQL_GUARD_CACHE_KIB = 8 * 1024,         /* page cache; larger sorts go to temporary files */
};

typedef struct sql_guard sql_guard;

/* Register functions on db before. `stop` (may be NULL) interrupts statements when it becomes true. */
sql_guard *sql_guard_new(sqlite3 *db, const atomic_bool *stop, error *err) MUST_USE;
/* After the connection's last use, before or after sqlite3_close. NULL is allowed. */
void sql_guard_free(sql_guard *g);

/* Everything that runs on the connection from now on together may take time_ms. */
void sql_guard_start(sql_guard *g, int time_ms);
bool sql_guard_expired(const sql_guard *g);

/* One stranger's statement, a SELECT, WITH or VALUES; a trailing semicolon is allowed. NULL: ERR_INVALID with line and
** column where SQLite knows them, ERR_LIMIT (too long). */
sqlite3_stmt *sql_guard_prepare(sql_guard *g, const char *sql, error *err) MUST_USE;
/* What a failed step or prepare on the connection means: ERR_LIMIT out of time, ERR_INVALID an error of the SQL, ERR_IO, … */
bool sql_guard_error(sql_guard *g, error *err);

#endif
