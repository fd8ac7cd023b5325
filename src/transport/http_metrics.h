/* Counters of the HTTP server, as OpenMetrics. Thread: any (atomics). */
#ifndef TRANSPORT_HTTP_METRICS_H
#define TRANSPORT_HTTP_METRICS_H

#include "base/buffer.h"

#include <stdatomic.h>
#include <stdint.h>

enum { HTTP_METRIC_ROUTES = 48, HTTP_METRIC_CLASSES = 6, HTTP_DURATION_BUCKETS = 10 };

typedef struct http_route_metrics {
  atomic_ullong answers[HTTP_METRIC_CLASSES]; /* by status / 100 */
  atomic_ullong duration[HTTP_DURATION_BUCKETS + 1]; /* not cumulative; the last one is +Inf */
  atomic_ullong duration_us;
} http_route_metrics;

typedef struct http_metrics {
  http_route_metrics route[HTTP_METRIC_ROUTES]; /* by route_index */
  atomic_ullong bytes_sent, refused; /* refused: before a route was found (Host, Origin, malformed) */
  atomic_int in_progress, open_connections;
} http_metrics;

void http_metrics_count(http_metrics *m, int route, int status, int64_t duration_us, uint64_t bytes);
/* name(route) gives the label's value. */
void http_metrics_write(http_metrics *m, int routes, const char *(*name)(int route), uint64_t cut, buffer *out);

#endif
