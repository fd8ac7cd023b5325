/* A client's filter: one SQL expression over the columns of a view. Thread: any. */
#ifndef ENGINE_FILTER_H
#define ENGINE_FILTER_H

#include "base/buffer.h"
#include "base/error.h"

#include <sqlite3.h>

/* Appends the filter in canonical form: every name quoted, every operator in parentheses, so that it can stand in a WHERE and
** nothing in it can reach out. ERR_INVALID: it is not one expression, names something that is not a column of `stmt`, or uses
** what a filter may not (subqueries, parameters, aggregates, window functions, functions that are not on the list). */
bool filter_canonical(const char *filter, sqlite3_stmt *stmt, buffer *out, error *err) MUST_USE;

#endif
