/* A bounded blocking queue of pointers, for what one thread hands to another.
**
** Two bounds: items, and the bytes that the pushers say their items weigh. A push waits while either is full; an item that
** is heavier than the whole byte bound goes in alone, when the queue is empty, so that nothing is stuck for ever.
** After queue_close pushes fail at once and pops hand out what is left, then NULL.
** Ownership: an item belongs to the queue from a push that returned QUEUE_DONE to the pop that returns it.
** Thread: any number on both sides; queue_free when nobody uses it any more.
*/
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/error.h"

#include <stdint.h>

typedef struct queue queue;

typedef enum queue_result { QUEUE_DONE, QUEUE_FULL /* still, after the timeout */, QUEUE_CLOSED } queue_result;

queue *queue_new(size_t max_items, size_t max_bytes); /* bounds at least 1; NULL when out of memory */
/* What is still inside goes to drop (which may be NULL only for an empty queue). */
void queue_free(queue *q, void (*drop)(void *item));

/* timeout_ms: how long to wait for room or for an item; 0 = do not wait, negative = for ever. */
queue_result queue_push(queue *q, void *item, size_t bytes, int timeout_ms) MUST_USE;
void *queue_pop(queue *q, int timeout_ms); /* the oldest, or NULL: none in time, closed and empty, or woken */
/* Lets one queue_pop that waits (or, where none does, the next one that would) return NULL at once: the consumer has
** something else to do. */
void queue_wake(queue *q);
void queue_close(queue *q);
bool queue_closed(queue *q);

typedef struct queue_stats {
  size_t items, bytes;         /* now */
  size_t most_items;           /* ever */
  uint64_t pushed, full_waits; /* since the start; pushes that had to wait */
} queue_stats;
void queue_read_stats(queue *q, queue_stats *out);

#endif
