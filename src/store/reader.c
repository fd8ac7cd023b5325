#include "store/reader.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

sqlite3 *store_open_reader(const char *path, error *err) {
  sqlite3 *db = NULL;
  if (access(path, R_OK) != 0) {
    error_set(err, ERR_NOT_FOUND, "there is no live database at %s", path);
    error_hint(err, "the server makes it when it starts; GET /api/v1 tells where it is");
    return NULL;
  }
  char settings[160];
  snprintf(settings, sizeof settings, "PRAGMA query_only = ON; PRAGMA cache_size = -%d; PRAGMA trusted_schema = OFF; SELECT count(*) FROM sqlite_schema",
           READER_CACHE_KIB);
  int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(db, READER_BUSY_MS);
  if (rc == SQLITE_OK) rc = sqlite3_exec(db, settings, NULL, NULL, NULL);
  if (rc == SQLITE_OK) return db;
  error_set(err, rc == SQLITE_BUSY ? ERR_BUSY : ERR_SQL, "the live database %s cannot be read: %s", path, db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
  sqlite3_close_v2(db);
  return NULL;
}
