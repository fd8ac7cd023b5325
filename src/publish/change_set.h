/* Which rows two states may differ in, and how each stood in the older one: what conflates.
**
** A row that is noted twice keeps its first state, so any number of changes to it cost one entry, and a change that is
** taken back leaves nothing to say. Thread: the delivery thread.
*/
#ifndef PUBLISH_CHANGE_SET_H
#define PUBLISH_CHANGE_SET_H

#include "publish/idmap.h"
#include "publish/stored_row.h"

typedef struct change_set {
  idmap before;      /* id → stored_row, ROW_NONE where it was not there */
  size_t bytes;      /* what the set holds, about */
  int64_t oldest_us; /* wall clock: commit of the oldest change in it; 0 = empty */
} change_set;

/* `before` is borrowed (a reference is taken where the entry is new). false: out of memory, the set is unchanged. */
bool change_set_note(change_set *s, int64_t id, stored_row *before, int64_t committed_us) MUST_USE;
/* The older state of a row, or NULL where both states agree on it. */
stored_row *change_set_find(const change_set *s, int64_t id);
/* Everything of `from` that is not in `s` yet. */
bool change_set_merge(change_set *s, const change_set *from) MUST_USE;
bool change_set_empty(const change_set *s);
void change_set_clear(change_set *s); /* gives the memory back too */

#endif
