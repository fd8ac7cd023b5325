/* What the publisher counts. Written by the delivery thread, read by any: relaxed atomics. */
#ifndef PUBLISH_METRICS_H
#define PUBLISH_METRICS_H

#include "base/buffer.h"

#include <stdatomic.h>
#include <stdint.h>

enum { LATENCY_BUCKETS = 14 };

typedef struct metrics {
  atomic_int_fast64_t clients_websocket, clients_sse, subscriptions, instances, rows, row_bytes;
  atomic_int_fast64_t turns, turns_lost, messages, bytes, snapshots, deltas, shared_deltas, conflated, overflows, resumed, resume_failed,
    refused, cut, cut_unread;
  atomic_int_fast64_t latency[LATENCY_BUCKETS + 1]; /* messages per bucket; the last is beyond all bounds */
  atomic_int_fast64_t latency_us_sum;
} metrics;

#define METRIC_ADD(field, n) atomic_fetch_add_explicit(&(field), (n), memory_order_relaxed)

void metrics_latency(metrics *m, int64_t us);
void metrics_put(metrics *m, buffer *out); /* OpenMetrics families */

#endif
