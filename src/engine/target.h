/* A client's selection made whole: the view as it runs, canonical parameters and filter, and the SELECT for it.
** Thread: any; db is one that the caller may use. */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include "catalog/catalog.h"
#include "model/service.h"

enum { MAX_FILTER_BYTES = 16 * 1024 };

typedef struct target {
  catalog_view *view;   /* one reference */
  char *selection;      /* canonical parameters */
  char *filter;         /* canonical SQL expression, or "" */
  char *sql;            /* SELECT * FROM (…) WHERE (…) where there is a filter */
  bool is_default;      /* the default selection without a filter */
  view_selection values;
} target;

/* ERR_NOT_FOUND: no such view; ERR_INVALID: parameters or filter, naming what is allowed. Zero *out first; free it in any
** case with target_free. */
bool target_resolve(view_catalog *catalog, sqlite3 *db, const selection *s, target *out, error *err) MUST_USE;
void target_free(target *t);

/* Columns and key of a selection that is not alive (id 0, strategy of the view's default). NULL on failure. */
instance_info *target_describe(const target *t, sqlite3 *db, error *err) MUST_USE;
/* Fills in the key that the definition tells, where info has none or @key overrides it. */
bool target_key(const target *t, instance_info *info, error *err) MUST_USE;

#endif
