/* An ordered multiset of values: what MIN, MAX, FIRST, LAST and DISTINCT aggregates keep, so that any value can be taken back.
**
** Ordered as SQLite orders under the collation (numbers, text, blobs; NULLs are not put in), then by exact content: 1 and 1.0,
** or 'a' and 'A' under NOCASE, are entries of their own but of one class. O(log n) each. Zero-initialise; ordered_set_free ends
** it. Thread: the owner's.
*/
#ifndef VIEW_ORDERED_SET_H
#define VIEW_ORDERED_SET_H

#include "model/value.h"

typedef struct ordered_set {
  struct ordered_entry *root;
  int64_t classes;  /* values that differ under the collation */
  int64_t entries;  /* values that differ exactly: more than classes where a class has several forms */
  size_t bytes;
} ordered_set;

typedef enum set_change { SET_FAILED = -1, SET_SAME, SET_CLASS_CAME, SET_CLASS_WENT } set_change;

/* Adds (weight +1) or takes back (-1) one v. Taking back what is not there fails. */
set_change ordered_set_add(ordered_set *s, value v, int weight, const char *collation);
/* The least or greatest value; NULL-typed where there is none. Borrowed until the next change. *forms: how many exact forms
** its class has. */
value ordered_set_extreme(const ordered_set *s, bool greatest, const char *collation, int *forms);
void ordered_set_free(ordered_set *s);

int value_compare(value a, value b, const char *collation); /* as SQLite's ORDER BY does; 0 = one class */

#endif
