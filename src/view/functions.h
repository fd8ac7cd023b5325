/* Our SQL functions, the same on every connection of the program and, as vs_functions.so, in any sqlite3 shell.
**
** Aggregates, all of them window functions too unless it says otherwise; rows where an argument is NULL do not count:
**   sum(x) avg(x) total(x)          in place of SQLite's: exact, see view/number_sum.h. sum raises "integer overflow" only
**                                   when the result has no place in 64 bits, whatever the partial sums were
**   variance(x) = var_samp(x), var_pop(x), stddev(x) = stddev_samp(x), stddev_pop(x)
**   covar_samp(x, y), covar_pop(x, y), corr(x, y)                                          see view/moments.h
**   wavg(value, weight)             sum(value * weight) / sum(weight); NULL where the weights sum to 0
**   first(value, order), last(value, order)   the value where `order` is smallest, largest, in SQLite's order of values
**                                   (text by bytes). Of several with the same order first gives the smallest value, last the
**                                   largest, so that the answer does not depend on the order of rows. The value may be
**                                   NULL; rows whose order is NULL do not count. No window functions: SQLite has first_value
**   percentile(x, p)                p from 0 to 100, the same for all rows; linear between the two nearest ranks:
**                                   rank = p / 100 * (n - 1). median(x) = percentile(x, 50)
** Scalars; NULL where an argument is NULL:
**   time_bucket(width, timestamp [, offset])   start of the bucket that the time falls into, integer milliseconds since 1970.
**                                   width: '250ms' '1s' '5m' '1h' '1d' '1w', or integer milliseconds; timestamp: integer
**                                   milliseconds or ISO 8601 text (UTC unless it says +hh:mm); offset: shifts the bounds,
**                                   like a width
**   safe_ratio(a, b)                a / b in REAL; NULL where b is 0
**   norm_inv(p)                     quantile of the standard normal distribution, 0 < p < 1, else NULL
** All are deterministic and innocuous (may stand in views, indexes and triggers). Text that is no number counts as 0.0, as
** in SQLite. Thread: that of the connection.
*/
#ifndef VIEW_FUNCTIONS_H
#define VIEW_FUNCTIONS_H

#include "view/number_sum.h"

#include <sqlite3.h>

bool view_functions_register(sqlite3 *db, error *err) MUST_USE;

/* What sum() sees in a value: NULL, an integer or a real. Needs a protected value (a function's argument, a duplicate). */
number function_number(sqlite3_value *value);
/* SQLite's order of values: NULL, numbers, text by bytes, blobs. <0, 0, >0. Protected values as well. */
int function_compare(sqlite3_value *a, sqlite3_value *b);

#endif
