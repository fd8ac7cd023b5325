#include "engine/metrics.h"

#include <stdio.h>
#include <string.h>

/* Upper bounds in microseconds: 100 µs to 10 s. */
static const int64_t bounds_us[HISTOGRAM_BUCKETS] = {100,   250,    500,    1000,   2500,   5000,    10000,   20000,
                                                     50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000};

void histogram_add(histogram *h, int64_t us) {
  int i = 0;
  while (i < HISTOGRAM_BUCKETS && us > bounds_us[i]) i++;
  atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
  if (us > 0) atomic_fetch_add_explicit(&h->sum_us, (uint64_t)us, memory_order_relaxed);
}

void metric_family(buffer *out, const char *name, const char *type, const char *help) {
  buffer_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

void histogram_write(const histogram *h, const char *name, const char *help, buffer *out) {
  metric_family(out, name, "histogram", help);
  uint64_t total = 0;
  for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
    total += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
    buffer_printf(out, "%s_bucket{le=\"%.7g\"} %llu\n", name, (double)bounds_us[i] / 1e6, (unsigned long long)total);
  }
  total += atomic_load_explicit(&h->bucket[HISTOGRAM_BUCKETS], memory_order_relaxed);
  double sum = (double)atomic_load_explicit(&h->sum_us, memory_order_relaxed) / 1e6;
  buffer_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name, (unsigned long long)total, name, sum, name,
                (unsigned long long)total);
}

void metric_write(buffer *out, const char *name, const char *type, const char *help, int64_t v) {
  metric_family(out, name, type, help);
  buffer_printf(out, "%s%s %lld\n", name, strcmp(type, "counter") ? "" : "_total", (long long)v);
}

void metric_label(buffer *out, const char *name, const char *label, const char *text, double v) {
  buffer_printf(out, "%s{%s=", name, label);
  buffer_json_text(out, text, strlen(text));
  buffer_printf(out, "} %.17g\n", v);
}

void metrics_write(const metrics *m, buffer *out) {
  const struct {
    const char *name, *type, *help;
    int64_t v;
  } all[] = {
    {"viewserver_turns", "counter", "Turns that were committed.", (int64_t)m->turns},
    {"viewserver_turns_failed", "counter", "Turns that were rolled back and tried again.", (int64_t)m->failed_turns},
    {"viewserver_records", "counter", "Records that were committed, dead letters included.", (int64_t)m->records},
    {"viewserver_records_set_aside", "counter", "Records that a turn failed on and that became dead letters.", (int64_t)m->poison},
    {"viewserver_instances", "gauge", "Instances that are alive.", m->instances},
    {"viewserver_instances_made", "counter", "Instances that were made.", (int64_t)m->instances_made},
    {"viewserver_instances_dropped", "counter", "Instances that were dropped.", (int64_t)m->instances_dropped},
    {"viewserver_instance_state_bytes", "gauge", "Memory of the instances' state.", m->state_bytes},
    {"viewserver_view_reloads", "counter", "Times that views were made, replaced or deleted.", (int64_t)m->view_reloads},
    {"viewserver_view_refusals", "counter", "Definitions that were refused.", (int64_t)m->view_refusals},
    {"viewserver_live_db_bytes", "gauge", "Size of the live database's file.", m->live_db_bytes},
    {"viewserver_wal_bytes", "gauge", "Size of its write-ahead log.", m->wal_bytes},
    {"viewserver_wal_blocked_milliseconds", "gauge", "How long a reader has kept the write-ahead log from starting over.", m->wal_blocked_ms},
    {"viewserver_audit_matches", "counter", "Instances that the audit found equal to their SQL.", (int64_t)m->audit_matches},
    {"viewserver_audit_mismatches", "counter", "Instances that the audit found different from their SQL.", (int64_t)m->audit_mismatches},
    {"viewserver_audit_skipped", "counter", "Audits that were not finished within their bounds.", (int64_t)m->audit_skipped},
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) metric_write(out, all[i].name, all[i].type, all[i].help, all[i].v);
  histogram_write(&m->turn, "viewserver_turn_seconds", "Duration of a turn, from BEGIN to COMMIT.", out);
  histogram_write(&m->latency, "viewserver_record_to_commit_seconds", "From the receipt of a turn's oldest record to the commit.", out);
}
