/* What the engine counts about itself, as OpenMetrics. Written by the engine thread (the audit's by its own), read by any;
** all of it is atomic and relaxed: a reader may see one figure of a turn before another. */
#ifndef ENGINE_METRICS_H
#define ENGINE_METRICS_H

#include "base/buffer.h"

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 16 };

typedef struct histogram {
  atomic_uint_fast64_t bucket[HISTOGRAM_BUCKETS + 1]; /* the last is +Inf */
  atomic_uint_fast64_t sum_us;
} histogram;

typedef struct metrics {
  atomic_uint_fast64_t turns, failed_turns, records, poison, instances_made, instances_dropped, view_reloads, view_refusals;
  atomic_uint_fast64_t audit_matches, audit_mismatches, audit_skipped;
  atomic_int_fast64_t wal_bytes, wal_blocked_ms, live_db_bytes, instances, state_bytes;
  histogram turn, latency; /* of a turn from BEGIN to COMMIT; of a turn's oldest record from its receipt to the commit */
} metrics;

void histogram_add(histogram *h, int64_t us);
void histogram_write(const histogram *h, const char *name, const char *help, buffer *out);
/* One family with one sample. type: "counter" or "gauge". */
void metric_write(buffer *out, const char *name, const char *type, const char *help, int64_t v);
/* The head of a family, and a sample with one label. */
void metric_family(buffer *out, const char *name, const char *type, const char *help);
void metric_label(buffer *out, const char *name, const char *label, const char *text, double v);

void metrics_write(const metrics *m, buffer *out);

#endif
