/* vs_functions.so: the same functions for the stock shell and any other program with SQLite (".load ./vs_functions"). */
#define VS_EXTENSION_ENTRY
#include "view/functions_private.h"

SQLITE_EXTENSION_INIT1

int sqlite3_vsfunctions_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

int sqlite3_vsfunctions_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api);
  error err;
  if (view_functions_register(db, &err)) return SQLITE_OK;
  *message = sqlite3_mprintf("%s", err.text);
  return SQLITE_ERROR;
}
