/* A client's filter, order and page around a SELECT of our own.
**
** The filter is the one piece of a stranger's SQL in the statement. It is compiled alone first, under the guard and over
** nothing but the columns; then it is put into the statement as it was, in parentheses that it cannot leave.
** Thread: an executor's, inside a snapshot.
*/
#ifndef TRANSPORT_ROWS_QUERY_H
#define TRANSPORT_ROWS_QUERY_H

#include "model/service.h"
#include "transport/exchange.h"
#include "transport/reader.h"

enum { MAX_ORDER_TERMS = 32, MAX_FILTER_BYTES = 20000 };

typedef struct rows_page {
  const char *filter;   /* SQL expression over the columns; NULL or "" = all */
  const char *order_by; /* "-x,y"; NULL or "" = as the SELECT gives them */
  int64_t limit;        /* -1 = all */
  int64_t offset;
} rows_page;

/* Takes filter, order_by, limit and offset from the query string. */
bool rows_page_take(rows_page *page, query_string *q, int64_t rows_max, error *err) MUST_USE;
/* Checks filter and order against the columns. ERR_INVALID: something names no column or is no expression; position within
** the filter. */
bool rows_page_check(const rows_page *page, snapshot *s, int columns, const column_info *column, error *err) MUST_USE;
/* Appends the whole statement. The page was checked. */
void rows_page_sql(const rows_page *page, const char *inner, buffer *out);
/* The columns' names as a JSON array, for `allowed`. */
void rows_columns_json(int columns, const column_info *column, buffer *out);

#endif
