/* ORDER BY for windows: a spec, the comparison, and an index of an instance's rows in that order.
**
** The order is SQLite's over storage classes (NULL, numbers, text by bytes, blobs), then by row id, so that it is total.
** An index takes changes lazily: they are noted with each turn and merged when somebody looks. Thread: the delivery thread.
*/
#ifndef PUBLISH_ORDER_H
#define PUBLISH_ORDER_H

#include "model/service.h"
#include "publish/change_set.h"

enum { MAX_ORDER_TERMS = 16 };

typedef struct order_term {
  int column;
  bool descending;
} order_term;

typedef struct order_spec {
  int count;
  order_term terms[MAX_ORDER_TERMS];
} order_spec;

/* names: "column" or "-column". err names the columns there are. */
bool order_parse(const instance_info *info, const char *const *names, int count, order_spec *out, error *err) MUST_USE;
bool order_spec_same(const order_spec *a, const order_spec *b);
int order_compare(const order_spec *spec, const stored_row *a, const stored_row *b);

typedef struct order_index {
  order_spec spec;
  stored_row **rows; /* one reference each */
  size_t count;
  change_set pending; /* rows that changed since it was last merged, as they stand in it */
} order_index;

order_index *order_index_new(const order_spec *spec, const idmap *rows); /* NULL = out of memory */
/* Merges what is pending; `rows` are the rows now. false: out of memory, the index is as it was. */
bool order_index_refresh(order_index *index, const idmap *rows) MUST_USE;
void order_index_free(order_index *index);

#endif
