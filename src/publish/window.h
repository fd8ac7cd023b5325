/* What a window (offset, limit, order) shows at one version, and how one such state becomes another.
**
** A state is immutable and shared by everybody who is at it. Thread: the delivery thread.
*/
#ifndef PUBLISH_WINDOW_H
#define PUBLISH_WINDOW_H

#include "publish/delta.h"
#include "publish/order.h"

typedef struct window_state {
  int references;
  size_t total; /* rows of the whole selection */
  size_t count; /* rows in the window */
  stored_row *rows[]; /* in order, one reference each */
} window_state;

window_state *window_take(const order_index *index, size_t offset, size_t limit); /* NULL = out of memory */
window_state *window_ref(window_state *w);
void window_unref(window_state *w); /* NULL is allowed */
bool window_same(const window_state *a, const window_state *b);
/* Writes the difference. `all` are all rows of the selection now: it tells rows that left the window from rows that are gone, for
** which `gone_reason` is told. false: out of memory. */
bool window_difference(const window_state *from, const window_state *to, const idmap *all, const char *gone_reason,
                       delta_writer *out) MUST_USE;

#endif
