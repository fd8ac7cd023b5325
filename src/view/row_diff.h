/* Two bags of rows compared: which result rows stay, change, go and come. For rules that compute rows again. */
#ifndef VIEW_ROW_DIFF_H
#define VIEW_ROW_DIFF_H

#include "view/run.h"

typedef struct row_diff row_diff;

row_diff *row_diff_new(node_state *s, error *err) MUST_USE;
void row_diff_free(row_diff *d);
void row_diff_clear(row_diff *d);
/* The rows that are there: columns vs_id, c0 … of a statement at a row. */
bool row_diff_old(row_diff *d, sqlite3_stmt *stmt, error *err) MUST_USE;
/* The rows that shall be there: values from column `first` on, and the key that the row is stored under. */
bool row_diff_new_row(row_diff *d, sqlite3_stmt *stmt, int first, const buffer *key, error *err) MUST_USE;
/* Writes the difference; rows that only differ in some columns are changed, not replaced. */
bool row_diff_apply(row_diff *d, error *err) MUST_USE;

#endif
