/* base/queue.h: order, both bounds, timeouts, closing, and nothing lost between threads. */
#include "base/clock.h"
#include "base/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static int dropped;
static void count_drop(void *item) { dropped++; }

static void test_order_and_bounds(void **state) {
  int items[200];
  queue *q = queue_new(100, 1000);
  for (int i = 0; i < 100; i++) assert_int_equal(queue_push(q, &items[i], 1, 0), QUEUE_DONE);
  assert_int_equal(queue_push(q, &items[100], 1, 0), QUEUE_FULL);
  for (int i = 0; i < 50; i++) assert_ptr_equal(queue_pop(q, 0), &items[i]);
  for (int i = 100; i < 150; i++) assert_int_equal(queue_push(q, &items[i], 1, 0), QUEUE_DONE);
  for (int i = 50; i < 150; i++) assert_ptr_equal(queue_pop(q, 0), &items[i]);
  assert_null(queue_pop(q, 0));
  queue_stats stats;
  queue_read_stats(q, &stats);
  assert_int_equal(stats.pushed, 150);
  assert_int_equal(stats.most_items, 100);
  assert_int_equal(stats.full_waits, 1);
  queue_free(q, NULL);
}

static void test_bytes(void **state) {
  int item;
  queue *q = queue_new(10, 100);
  assert_int_equal(queue_push(q, &item, 500, 0), QUEUE_DONE); /* alone, though too heavy */
  assert_int_equal(queue_push(q, &item, 1, 0), QUEUE_FULL);
  assert_non_null(queue_pop(q, 0));
  assert_int_equal(queue_push(q, &item, 60, 0), QUEUE_DONE);
  assert_int_equal(queue_push(q, &item, 41, 0), QUEUE_FULL);
  assert_int_equal(queue_push(q, &item, SIZE_MAX, 0), QUEUE_FULL);
  assert_int_equal(queue_push(q, &item, 40, 0), QUEUE_DONE);
  dropped = 0;
  queue_free(q, count_drop);
  assert_int_equal(dropped, 2);
}

static void test_timeouts_and_closing(void **state) {
  int item;
  queue *q = queue_new(1, 1);
  int64_t began = clock_monotonic_ms();
  assert_null(queue_pop(q, 20));
  assert_true(clock_monotonic_ms() - began >= 19);
  assert_int_equal(queue_push(q, &item, 1, -1), QUEUE_DONE);
  began = clock_monotonic_ms();
  assert_int_equal(queue_push(q, &item, 1, 20), QUEUE_FULL);
  assert_true(clock_monotonic_ms() - began >= 19);
  assert_non_null(queue_pop(q, 0));
  queue_wake(q);
  assert_null(queue_pop(q, -1)); /* would wait for ever */
  assert_int_equal(queue_push(q, &item, 1, 0), QUEUE_DONE);
  queue_close(q);
  assert_true(queue_closed(q));
  assert_int_equal(queue_push(q, &item, 1, -1), QUEUE_CLOSED);
  assert_ptr_equal(queue_pop(q, -1), &item);
  assert_null(queue_pop(q, -1));
  queue_free(q, NULL);
}

enum { PRODUCERS = 3, EACH = 5000 };

typedef struct shared {
  queue *q;
  atomic_int next_producer;
  int order_errors;
  int64_t sum;
} shared;

static void *produce(void *ctx) {
  shared *s = ctx;
  intptr_t me = atomic_fetch_add(&s->next_producer, 1);
  for (intptr_t i = 1; i <= EACH; i++)
    if (queue_push(s->q, (void *)(me * EACH + i), 10, -1) != QUEUE_DONE) abort();
  return NULL;
}

static void *consume(void *ctx) {
  shared *s = ctx;
  intptr_t last[PRODUCERS] = {0};
  for (intptr_t item; (item = (intptr_t)queue_pop(s->q, -1)) != 0;) {
    intptr_t producer = (item - 1) / EACH;
    s->order_errors += item <= last[producer];
    last[producer] = item;
    s->sum += item;
  }
  return NULL;
}

static void test_threads(void **state) {
  shared s = {.q = queue_new(7, 50)};
  pthread_t consumer, producer[PRODUCERS];
  assert_int_equal(pthread_create(&consumer, NULL, consume, &s), 0);
  for (int i = 0; i < PRODUCERS; i++) assert_int_equal(pthread_create(&producer[i], NULL, produce, &s), 0);
  for (int i = 0; i < PRODUCERS; i++) pthread_join(producer[i], NULL);
  queue_close(s.q);
  pthread_join(consumer, NULL);
  int64_t n = (int64_t)PRODUCERS * EACH;
  assert_true(s.sum == n * (n + 1) / 2);
  assert_int_equal(s.order_errors, 0);
  queue_stats stats;
  queue_read_stats(s.q, &stats);
  assert_true(stats.most_items <= 5); /* 50 bytes of 10 each */
  queue_free(s.q, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_order_and_bounds),
    cmocka_unit_test(test_bytes),
    cmocka_unit_test(test_timeouts_and_closing),
    cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
