#include "base/queue.h"

#include "base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_SLOTS = 64 };

typedef struct slot {
  void *item;
  size_t bytes;
} slot;

/* A ring that grows up to max_items; slots[(first + i) % capacity] is the i-th oldest. */
struct queue {
  pthread_mutex_t lock;
  pthread_cond_t room, filled;
  slot *slots;
  size_t capacity, first, count, bytes;
  size_t max_items, max_bytes;
  size_t most_items;
  uint64_t pushed, full_waits;
  bool closed, woken;
};

queue *queue_new(size_t max_items, size_t max_bytes) {
  assert(max_items > 0 && max_bytes > 0);
  queue *q = calloc(1, sizeof *q);
  if (!q) return NULL;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&q->lock, NULL);
  pthread_cond_init(&q->room, &monotonic);
  pthread_cond_init(&q->filled, &monotonic);
  pthread_condattr_destroy(&monotonic);
  q->max_items = max_items;
  q->max_bytes = max_bytes;
  return q;
}

void queue_free(queue *q, void (*drop)(void *item)) {
  if (!q) return;
  assert(q->count == 0 || drop);
  for (size_t i = 0; i < q->count; i++) drop(q->slots[(q->first + i) % q->capacity].item);
  pthread_cond_destroy(&q->room);
  pthread_cond_destroy(&q->filled);
  pthread_mutex_destroy(&q->lock);
  free(q->slots);
  free(q);
}

static struct timespec deadline_after(int timeout_ms) {
  int64_t at = clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
  return (struct timespec){.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
}

/* One wait; false when the deadline has passed. */
static bool wait_until(queue *q, pthread_cond_t *cond, int timeout_ms, const struct timespec *deadline) {
  if (timeout_ms == 0) return false;
  if (timeout_ms < 0) return pthread_cond_wait(cond, &q->lock) == 0;
  return pthread_cond_timedwait(cond, &q->lock, deadline) == 0;
}

static bool has_room(const queue *q, size_t bytes) {
  return q->count == 0 || (q->count < q->max_items && q->bytes < q->max_bytes && bytes <= q->max_bytes - q->bytes);
}

static bool grow(queue *q) {
  if (q->count < q->capacity) return true;
  size_t capacity = q->capacity ? q->capacity * 2 : FIRST_SLOTS;
  if (capacity > q->max_items) capacity = q->max_items;
  slot *slots = malloc(capacity * sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < q->count; i++) slots[i] = q->slots[(q->first + i) % q->capacity];
  free(q->slots);
  q->slots = slots;
  q->capacity = capacity;
  q->first = 0;
  return true;
}

queue_result queue_push(queue *q, void *item, size_t bytes, int timeout_ms) {
  assert(item);
  struct timespec deadline = deadline_after(timeout_ms > 0 ? timeout_ms : 0);
  pthread_mutex_lock(&q->lock);
  if (!q->closed && !has_room(q, bytes)) q->full_waits++;
  bool in_time = true;
  while (!q->closed && !has_room(q, bytes) && in_time) in_time = wait_until(q, &q->room, timeout_ms, &deadline);
  queue_result result = q->closed ? QUEUE_CLOSED : !has_room(q, bytes) || !grow(q) ? QUEUE_FULL : QUEUE_DONE;
  if (result == QUEUE_DONE) {
    q->slots[(q->first + q->count) % q->capacity] = (slot){item, bytes};
    q->count++;
    q->bytes += bytes;
    q->pushed++;
    if (q->count > q->most_items) q->most_items = q->count;
    pthread_cond_signal(&q->filled);
  }
  pthread_mutex_unlock(&q->lock);
  return result;
}

void *queue_pop(queue *q, int timeout_ms) {
  struct timespec deadline = deadline_after(timeout_ms > 0 ? timeout_ms : 0);
  void *item = NULL;
  pthread_mutex_lock(&q->lock);
  bool in_time = true;
  while (q->count == 0 && !q->closed && !q->woken && in_time) in_time = wait_until(q, &q->filled, timeout_ms, &deadline);
  if (q->count > 0) {
    slot oldest = q->slots[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    q->bytes -= oldest.bytes;
    item = oldest.item;
    pthread_cond_broadcast(&q->room); /* waiting pushes have different weights: each looks for itself */
  } else {
    q->woken = false;
  }
  pthread_mutex_unlock(&q->lock);
  return item;
}

void queue_wake(queue *q) {
  pthread_mutex_lock(&q->lock);
  q->woken = true;
  pthread_cond_signal(&q->filled);
  pthread_mutex_unlock(&q->lock);
}

void queue_close(queue *q) {
  pthread_mutex_lock(&q->lock);
  q->closed = true;
  pthread_cond_broadcast(&q->room);
  pthread_cond_broadcast(&q->filled);
  pthread_mutex_unlock(&q->lock);
}

bool queue_closed(queue *q) {
  pthread_mutex_lock(&q->lock);
  bool closed = q->closed;
  pthread_mutex_unlock(&q->lock);
  return closed;
}

void queue_read_stats(queue *q, queue_stats *out) {
  pthread_mutex_lock(&q->lock);
  *out = (queue_stats){.items = q->count, .bytes = q->bytes, .most_items = q->most_items, .pushed = q->pushed, .full_waits = q->full_waits};
  pthread_mutex_unlock(&q->lock);
}
