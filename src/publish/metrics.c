#include "publish/metrics.h"

static const int64_t bucket_us[LATENCY_BUCKETS] = {500,   1000,   2000,   5000,   10000,   20000,   50000,
                                                   100000, 150000, 200000, 500000, 1000000, 5000000, 30000000};

void metrics_latency(metrics *m, int64_t us) {
  if (us < 0) us = 0; /* the wall clock was set back */
  int i = 0;
  while (i < LATENCY_BUCKETS && us > bucket_us[i]) i++;
  METRIC_ADD(m->latency[i], 1);
  METRIC_ADD(m->latency_us_sum, us);
}

static long long load(atomic_int_fast64_t *v) { return (long long)atomic_load_explicit(v, memory_order_relaxed); }

static void family(buffer *out, const char *name, const char *type, const char *help) {
  buffer_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

static void gauge(buffer *out, const char *name, const char *help, atomic_int_fast64_t *v) {
  family(out, name, "gauge", help);
  buffer_printf(out, "%s %lld\n", name, load(v));
}

static void counter(buffer *out, const char *name, const char *help, atomic_int_fast64_t *v) {
  family(out, name, "counter", help);
  buffer_printf(out, "%s_total %lld\n", name, load(v));
}

static void put_latency(metrics *m, buffer *out) {
  const char *name = "viewserver_delivery_latency_seconds";
  family(out, name, "histogram", "From the commit of the oldest change in a message to the kernel having taken it.");
  long long sum = 0;
  for (int i = 0; i < LATENCY_BUCKETS; i++) {
    sum += load(&m->latency[i]);
    buffer_printf(out, "%s_bucket{le=\"%g\"} %lld\n", name, (double)bucket_us[i] / 1e6, sum);
  }
  sum += load(&m->latency[LATENCY_BUCKETS]);
  buffer_printf(out, "%s_bucket{le=\"+Inf\"} %lld\n%s_count %lld\n%s_sum %.6f\n", name, sum, name, sum, name,
                (double)load(&m->latency_us_sum) / 1e6);
}

void metrics_put(metrics *m, buffer *out) {
  family(out, "viewserver_clients", "gauge", "Clients that are connected, by kind.");
  buffer_printf(out, "viewserver_clients{kind=\"websocket\"} %lld\nviewserver_clients{kind=\"sse\"} %lld\n", load(&m->clients_websocket),
                load(&m->clients_sse));
  gauge(out, "viewserver_subscriptions", "Subscriptions of all clients.", &m->subscriptions);
  gauge(out, "viewserver_mirrors", "Instances whose rows are mirrored for clients.", &m->instances);
  gauge(out, "viewserver_mirror_rows", "Rows in mirrors.", &m->rows);
  gauge(out, "viewserver_mirror_bytes", "Bytes of rows in mirrors.", &m->row_bytes);
  counter(out, "viewserver_delivery_turns", "Turns taken from the engine.", &m->turns);
  counter(out, "viewserver_delivery_turns_lost", "Times that the queue of turns was full and mirrors were read anew.", &m->turns_lost);
  counter(out, "viewserver_messages", "Messages that the kernel took.", &m->messages);
  counter(out, "viewserver_message_bytes", "Bytes of messages that the kernel took.", &m->bytes);
  counter(out, "viewserver_snapshots", "Snapshots started.", &m->snapshots);
  counter(out, "viewserver_deltas_encoded", "Deltas encoded.", &m->deltas);
  counter(out, "viewserver_deltas_shared", "Deltas sent that were encoded for several clients at once.", &m->shared_deltas);
  counter(out, "viewserver_conflated", "Steps that went into a client's own set, because it was behind.", &m->conflated);
  counter(out, "viewserver_overflows", "Times that a client's own set was given up for a snapshot.", &m->overflows);
  counter(out, "viewserver_resumed", "Subscriptions that went on from a version.", &m->resumed);
  counter(out, "viewserver_resume_failed", "Subscriptions that asked to go on from a version and were given a snapshot.", &m->resume_failed);
  counter(out, "viewserver_client_errors", "Messages of clients that were refused.", &m->refused);
  counter(out, "viewserver_clients_cut", "Clients cut by the publisher, for errors or for not reading their answers.", &m->cut);
  put_latency(m, out);
}
