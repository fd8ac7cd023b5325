/* The parts of the HTTP server by themselves: executor, log ring, metrics. */
#include "base/clock.h"
#include "transport/executor.h"
#include "transport/http_metrics.h"
#include "transport/log_ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* --- executor --- */

enum { THREADS = 3, WAITING = 5, DEADLINE_MS = 20000 };

static atomic_int running, most_running, refused, done;
static atomic_bool gate;

static void wait_at_gate(void *arg, int thread) {
  int now = atomic_fetch_add(&running, 1) + 1, most = atomic_load(&most_running);
  while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now)) {}
  while (!atomic_load(&gate)) sched_yield();
  atomic_fetch_sub(&running, 1);
}

static void *submit_heavy(void *executor_ptr) {
  if (!executor_run(executor_ptr, LANE_HEAVY, wait_at_gate, NULL)) atomic_fetch_add(&refused, 1);
  atomic_fetch_add(&done, 1);
  return NULL;
}

static void note_thread(void *arg, int thread) { *(int *)arg = thread; }

static void wait_until(atomic_int *counter, int wanted) {
  int64_t until = clock_monotonic_ms() + DEADLINE_MS;
  while (atomic_load(counter) < wanted && clock_monotonic_ms() < until) sched_yield();
  assert_true(atomic_load(counter) >= wanted);
}

static void heavy_jobs_leave_a_thread(void **state) {
  enum { JOBS = THREADS - 1 + WAITING + 3 };
  pthread_t submitters[JOBS];
  error err = {0};
  int thread = -1;
  executor *e = executor_start(THREADS, WAITING, &err);
  assert_non_null(e);
  for (int i = 0; i < JOBS; i++) {
    if (i == THREADS - 1) wait_until(&running, THREADS - 1); /* what comes now waits, or is refused */
    assert_int_equal(pthread_create(&submitters[i], NULL, submit_heavy, e), 0);
  }
  assert_true(executor_run(e, LANE_LIGHT, note_thread, &thread)); /* answers while all heavy ones hang */
  assert_in_range(thread, 0, THREADS - 1);
  wait_until(&refused, 3); /* the queue is bounded */
  atomic_store(&gate, true);
  for (int i = 0; i < JOBS; i++) pthread_join(submitters[i], NULL);
  executor_stop(e);
  assert_int_equal(atomic_load(&most_running), THREADS - 1);
  assert_int_equal(atomic_load(&refused), 3);
  assert_int_equal(atomic_load(&done), JOBS);
}

static void one_thread_serves_both_lanes(void **state) {
  error err = {0};
  int thread = -1;
  executor *e = executor_start(1, 1, &err);
  assert_true(executor_run(e, LANE_HEAVY, note_thread, &thread) && thread == 0);
  thread = -1;
  assert_true(executor_run(e, LANE_LIGHT, note_thread, &thread) && thread == 0);
  executor_stop(e);
}

/* --- log ring --- */

static json_t *read_log(log_ring *r, int64_t since, log_level least, int64_t most) {
  buffer out = {0};
  json_error_t where;
  log_ring_write(r, since, least, most, &out);
  json_t *document = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &where);
  buffer_free(&out);
  assert_non_null(document);
  return document;
}

static void expect_log(log_ring *r, int64_t since, log_level least, int64_t most, size_t lines, int64_t first, int64_t next) {
  json_t *document = read_log(r, since, least, most), *list = json_object_get(document, "lines");
  assert_int_equal(json_array_size(list), lines);
  if (lines) assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "id")), first);
  assert_int_equal(json_integer_value(json_object_get(document, "next")), next);
  json_decref(document);
}

static void log_ring_forgets_the_oldest(void **state) {
  error err = {0};
  log_ring *r = log_ring_new(&err);
  char text[LOG_RING_LINE_BYTES * 2];
  expect_log(r, 0, LOG_DEBUG, 100, 0, 0, 0);
  for (int i = 1; i <= LOG_RING_LINES + 10; i++) {
    snprintf(text, sizeof text, "line=%d \"%s", i, i % 2 ? "\xff" : "");
    log_ring_add(r, i % 10 ? LOG_INFO : LOG_ERROR, 1000.0 + i, text);
  }
  expect_log(r, 0, LOG_DEBUG, LOG_RING_LINES, LOG_RING_LINES, 11, LOG_RING_LINES + 10);
  expect_log(r, 0, LOG_DEBUG, 5, 5, 11, 15);
  expect_log(r, 15, LOG_DEBUG, 5, 5, 16, 20);
  expect_log(r, LOG_RING_LINES + 10, LOG_DEBUG, 5, 0, 0, LOG_RING_LINES + 10);
  expect_log(r, LOG_RING_LINES * 10, LOG_DEBUG, 1, 1, 11, 11); /* a number from before a restart */
  expect_log(r, 0, LOG_ERROR, 3, 3, 20, 40);
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  log_ring_add(r, LOG_WARN, 1, text);
  json_t *document = read_log(r, LOG_RING_LINES + 10, LOG_DEBUG, 1);
  json_t *line = json_array_get(json_object_get(document, "lines"), 0);
  assert_int_equal(json_string_length(json_object_get(line, "text")), LOG_RING_LINE_BYTES - 1);
  json_decref(document);
  log_ring_free(r);
}

/* --- metrics --- */

static const char *two_routes(int route) { return route ? "GET /b" : "GET /a"; }

static void metrics_add_up(void **state) {
  static http_metrics m;
  buffer out = {0};
  http_metrics_count(&m, 0, 200, 400, 1000);
  http_metrics_count(&m, 0, 404, 2000, 10);
  http_metrics_count(&m, 0, 200, 20 * 1000 * 1000, 0);
  http_metrics_count(&m, -1, 400, 0, 5);
  http_metrics_write(&m, 2, two_routes, 3, &out);
  static const char *const wanted[] = {
    "viewserver_http_requests_total{route=\"GET /a\",status=\"2xx\"} 2\n",
    "viewserver_http_requests_total{route=\"GET /a\",status=\"4xx\"} 1\n",
    "viewserver_http_request_seconds_bucket{route=\"GET /a\",le=\"0.0005\"} 1\n",
    "viewserver_http_request_seconds_bucket{route=\"GET /a\",le=\"0.0025\"} 2\n",
    "viewserver_http_request_seconds_bucket{route=\"GET /a\",le=\"10\"} 2\n",
    "viewserver_http_request_seconds_bucket{route=\"GET /a\",le=\"+Inf\"} 3\n",
    "viewserver_http_request_seconds_sum{route=\"GET /a\"} 20.002400\n",
    "viewserver_http_request_seconds_count{route=\"GET /a\"} 3\n",
    "viewserver_http_sent_bytes_total 1015\n", "viewserver_http_refused_total 1\n", "viewserver_http_cut_total 3\n",
  };
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
    if (!strstr(out.data, wanted[i])) fail_msg("expected %s in:\n%s", wanted[i], out.data);
  assert_null(strstr(out.data, "GET /b"));
  buffer_free(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(heavy_jobs_leave_a_thread), cmocka_unit_test(one_thread_serves_both_lanes), cmocka_unit_test(log_ring_forgets_the_oldest), cmocka_unit_test(metrics_add_up),
  };
  return cmocka_run_group_tests_name("transport parts", tests, NULL, NULL);
}
