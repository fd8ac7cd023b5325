/* What the engine thread hands to the delivery thread: turns, and answers to acquire, in the order in which they happened.
**
** Bounded: with more than MAX_WAITING_TURNS turns or MAX_WAITING_BYTES the waiting turns are dropped and `lost` is told
** with the next take, so that the taker reads everything anew; answers are never dropped (there are at most as many as
** were asked for). Thread: put_* any; take: the delivery thread.
*/
#ifndef PUBLISH_INBOX_H
#define PUBLISH_INBOX_H

#include "model/service.h"

enum { MAX_WAITING_TURNS = 8192 };
#define MAX_WAITING_BYTES ((size_t)512 << 20)

typedef struct inbox_item {
  struct inbox_item *next;
  turn *turn;          /* or NULL: an answer */
  void *asker;
  instance_info *info; /* NULL where err says why not */
  error err;
} inbox_item;

typedef struct inbox inbox;

inbox *inbox_new(void);
void inbox_free(inbox *in); /* drops what is inside */
int inbox_fd(const inbox *in); /* readable while something waits */
void inbox_put_turn(inbox *in, turn *t);                                           /* takes the reference */
/* `item` was made by inbox_item_new before asking, so that an answer always has room. */
inbox_item *inbox_item_new(void *asker);
void inbox_put_answer(inbox *in, inbox_item *item, instance_info *info, const error *err); /* takes both */
/* All that waits, oldest first; the caller frees each with inbox_item_free. *lost: turns before these were dropped. */
inbox_item *inbox_take(inbox *in, bool *lost);
void inbox_item_free(inbox_item *item);

#endif
