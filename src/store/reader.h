/* Read-only connections on the live database, for REST reads and for SQL that strangers wrote.
**
** store_open_reader gives a connection that cannot write. That is enough for SQL of our own making. SQL from outside also
** needs reader_guard_new, before its first prepare: an authorizer by allow list (SELECT, READ, functions by name, those that
** the program registered on the connection included; no PRAGMA, ATTACH, table-valued pragmas, nothing that allocates by
** argument), limits on length, depth, compound terms, columns and program size, and a time budget.
** Thread: a connection and its guard belong to one thread at a time.
*/
#ifndef STORE_READER_H
#define STORE_READER_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdint.h>

enum { READER_BUSY_MS = 1000, READER_CACHE_KIB = 8 * 1024 };

/* NULL: ERR_NOT_FOUND (no such file), ERR_SQL. Close with sqlite3_close_v2. */
sqlite3 *store_open_reader(const char *path, error *err) MUST_USE;

typedef struct reader_guard reader_guard;

typedef struct reader_limits {
  int time_ms;          /* from reader_guard_start on; 0 = 5,000 */
  int sql_bytes;        /* 0 = 100,000 */
  int value_bytes;      /* longest text or row; 0 = 1,000,000 */
} reader_limits;

/* Hardens db. Register functions on it before. The guard must outlive the connection's last use: close the connection,
** then free the guard. limits may be NULL. */
reader_guard *reader_guard_new(sqlite3 *db, const reader_limits *limits, error *err) MUST_USE;
void reader_guard_start(reader_guard *guard); /* a new statement: its time starts now */
bool reader_guard_expired(const reader_guard *guard); /* SQLITE_INTERRUPT came from the time budget */
/* Why the last prepare was not authorised ("function load_extension is not allowed"), or "". */
const char *reader_guard_denied(const reader_guard *guard);
void reader_guard_free(reader_guard *guard);

#endif
