/* What changed lately in one instance, turn by turn, so that a client that was away can be told only that.
**
** Bounded in bytes: the oldest turns are forgotten. Invariant: the state at any version from `from` on can be told apart
** from the newest by the entries of the later turns. Thread: the delivery thread.
*/
#ifndef PUBLISH_HISTORY_H
#define PUBLISH_HISTORY_H

#include "publish/change_set.h"

typedef struct history {
  struct history_turn *oldest, *newest;
  uint64_t from; /* the oldest version from which a client can resume */
  size_t bytes, max_bytes;
} history;

void history_start(history *h, uint64_t from, size_t max_bytes); /* empty; forgets what was there */
/* Opens the entries of one turn; then one note for each changed row. What cannot be kept is forgotten, with all before. */
void history_turn_begin(history *h, uint64_t version, int64_t committed_us);
void history_note(history *h, int64_t id, stored_row *before);
bool history_reaches(const history *h, uint64_t version);
/* Adds the rows that changed after `version` to *out, as they were then. false: out of memory. */
bool history_since(const history *h, uint64_t version, change_set *out) MUST_USE;
void history_free(history *h);

#endif
