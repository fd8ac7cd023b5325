/* Read-only connections on the live database, for REST reads.
**
** The connection cannot write, which is enough for SQL of our own making. SQL from outside also needs model/sql_guard.h.
*/
#ifndef STORE_READER_H
#define STORE_READER_H

#include "base/error.h"

#include <sqlite3.h>

enum { READER_BUSY_MS = 1000, READER_CACHE_KIB = 8 * 1024 };

/* NULL: ERR_NOT_FOUND (no such file), ERR_SQL. Close with sqlite3_close_v2. */
sqlite3 *store_open_reader(const char *path, error *err) MUST_USE;

#endif
