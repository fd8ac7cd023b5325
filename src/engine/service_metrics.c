/* The engine's metrics: its own, those of views and of topics. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

/* Figures of one view's instances together. */
typedef struct view_sum {
  char view[128];
  int instances;
  view_stats stats;
} view_sum;

/* malloc'd; NULL when there are none. */
static view_sum *sum_views(engine *e, int *count) {
  *count = 0;
  pthread_mutex_lock(&e->registry.lock);
  view_sum *sums = e->registry.count ? calloc((size_t)e->registry.count, sizeof *sums) : NULL;
  for (int i = 0; sums && i < e->registry.count; i++) {
    const instance *it = e->registry.items[i];
    int at = 0;
    while (at < *count && strcmp(sums[at].view, it->info->view)) at++;
    if (at == *count) memcpy(sums[(*count)++].view, it->info->view, sizeof sums[at].view);
    sums[at].instances++;
    sums[at].stats.rows += it->stats.rows;
    sums[at].stats.deltas += it->stats.deltas;
    sums[at].stats.turns += it->stats.turns;
    sums[at].stats.total_ns += it->stats.total_ns;
  }
  pthread_mutex_unlock(&e->registry.lock);
  return sums;
}

static void put_views(engine *e, buffer *out) {
  int count = 0;
  view_sum *sums = sum_views(e, &count);
  metric_family(out, "viewserver_view_instances", "gauge", "Instances of the view that are alive.");
  for (int i = 0; i < count; i++) metric_label(out, "viewserver_view_instances", "view", sums[i].view, sums[i].instances);
  metric_family(out, "viewserver_view_rows", "gauge", "Rows that the view's instances hold.");
  for (int i = 0; i < count; i++) metric_label(out, "viewserver_view_rows", "view", sums[i].view, (double)sums[i].stats.rows);
  metric_family(out, "viewserver_view_deltas", "gauge", "Rows changed by the view's living instances.");
  for (int i = 0; i < count; i++) metric_label(out, "viewserver_view_deltas", "view", sums[i].view, (double)sums[i].stats.deltas);
  metric_family(out, "viewserver_view_maintenance_seconds", "gauge", "Time spent on the view's living instances.");
  for (int i = 0; i < count; i++) metric_label(out, "viewserver_view_maintenance_seconds", "view", sums[i].view, (double)sums[i].stats.total_ns / 1e9);
  free(sums);
}

static int64_t *topic_lags(engine *e, size_t *stopped) {
  int64_t *lag = calloc((size_t)e->topics->count + 1, sizeof *lag);
  size_t n = e->kafka ? kafka_source_partitions(e->kafka, NULL, 0) : 0;
  kafka_partition *partitions = n ? malloc(n * sizeof *partitions) : NULL;
  size_t have = partitions ? kafka_source_partitions(e->kafka, partitions, n) : 0;
  *stopped = 0;
  for (size_t i = 0; lag && i < have && i < n; i++) {
    const kafka_partition *p = &partitions[i];
    *stopped += p->stopped;
    if (p->high_watermark > p->done_offset) lag[p->topic] += p->high_watermark - (p->done_offset > 0 ? p->done_offset : 0);
  }
  free(partitions);
  return lag;
}

static void put_topics(engine *e, buffer *out) {
  size_t stopped = 0;
  int64_t *lag = topic_lags(e, &stopped);
  metric_family(out, "viewserver_topic_records", "counter", "Records of the topic that were committed, dead letters included.");
  for (int i = 0; i < e->topics->count; i++)
    metric_label(out, "viewserver_topic_records_total", "topic", e->topics->topics[i].name, (double)e->counts[i].records);
  metric_family(out, "viewserver_topic_dead_letters", "counter", "Records of the topic that were set aside.");
  for (int i = 0; i < e->topics->count; i++)
    metric_label(out, "viewserver_topic_dead_letters_total", "topic", e->topics->topics[i].name, (double)e->counts[i].refused);
  if (e->kafka && lag) {
    metric_family(out, "viewserver_topic_lag", "gauge", "Records in the topic that are not committed yet.");
    for (int i = 0; i < e->topics->count; i++) metric_label(out, "viewserver_topic_lag", "topic", e->topics->topics[i].name, (double)lag[i]);
    metric_write(out, "viewserver_partitions_stopped", "gauge", "Partitions that are not read on and need somebody.", (int64_t)stopped);
  }
  free(lag);
}

void engine_metrics(void *ctx, buffer *out) {
  engine *e = ctx;
  char why[200];
  metrics_write(&e->metrics, out);
  metric_write(out, "viewserver_version", "gauge", "The last published version.", (int64_t)e->version);
  metric_write(out, "viewserver_ready", "gauge", "1 when the sources have caught up and turns are committed.", engine_ready(e, why, sizeof why));
  queue_stats inbox = {0};
  queue_read_stats(e->inbox, &inbox);
  metric_write(out, "viewserver_inbox_batches", "gauge", "Batches that wait for the engine.", (int64_t)inbox.items);
  metric_write(out, "viewserver_inbox_bytes", "gauge", "Bytes that wait for the engine.", (int64_t)inbox.bytes);
  metric_write(out, "viewserver_inbox_full_waits", "counter", "Times that a source had to wait for room.", (int64_t)inbox.full_waits);
  put_views(e, out);
  put_topics(e, out);
}
