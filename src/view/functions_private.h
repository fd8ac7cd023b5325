/* Shared by the files that make up the functions. The extension calls SQLite through the table that it was loaded with. */
#ifndef VIEW_FUNCTIONS_PRIVATE_H
#define VIEW_FUNCTIONS_PRIVATE_H

#ifdef VS_EXTENSION
#include <sqlite3ext.h>
#ifndef VS_EXTENSION_ENTRY
SQLITE_EXTENSION_INIT3
#endif
#endif

#include "view/functions.h"

typedef void (*function_step)(sqlite3_context *, int, sqlite3_value **);
typedef void (*function_final)(sqlite3_context *);

typedef struct aggregate_function {
  const char *name;
  int arguments;
  function_step step, inverse; /* inverse and value NULL: no window function */
  function_final value, final;
  void *data;
} aggregate_function;

typedef struct scalar_function {
  const char *name;
  int arguments;
  function_step call;
} scalar_function;

/* Each ends with an entry without a name. */
extern const aggregate_function functions_of_sums[], functions_of_moments[], functions_of_order[];
extern const scalar_function functions_of_scalars[];

/* An argument as a double, by the rules of sum(). false when it is NULL. */
bool function_real(sqlite3_value *value, double *out);
/* A double as SQL's value: NaN is NULL. */
void function_result(sqlite3_context *context, bool present, double value);

#endif
