#include "source/kafka_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE_POLL_MS = 50, WATCH_MS = 250 };

/* --- the polling thread --- */

static void note_end(kafka_source *k, partition_state *p, int64_t offset) {
  kafka_note_watermarks(k, p);
  pthread_mutex_lock(&k->lock);
  /* Markers of transactions and compaction leave no record at the end: the position moves over them. */
  if (offset > p->next_offset) p->next_offset = offset;
  if (p->first_offset == NO_OFFSET) p->first_offset = offset;
  if (p->target == NO_OFFSET) p->target = offset;
  if (p->in_flight == 0) p->done_offset = p->next_offset;
  pthread_mutex_unlock(&k->lock);
}

static void handle_error(kafka_source *k, partition_state *p, const rd_kafka_message_t *m) {
  if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (p) note_end(k, p, m->offset);
    return;
  }
  pthread_mutex_lock(&k->lock);
  k->stats.errors++;
  pthread_mutex_unlock(&k->lock);
  if (!p) {
    log_debug("kafka: %s", rd_kafka_message_errstr(m));
    return;
  }
  bool out_of_range = m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || m->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
  if (out_of_range && p->next_offset == NO_OFFSET) k->reassign = true; /* the beginning moved before we were there */
  else if (out_of_range) kafka_stop_partition(k, p, "the offset that comes next is not in the topic; it was truncated or made again");
  else if (p->last_error != m->err)
    log_warn("topic=%s partition=%d offset=%" PRId64 ": %s; tried again", k->topics->topics[p->topic].name, p->partition, p->next_offset,
             rd_kafka_message_errstr(m));
  p->last_error = m->err;
}

static void handle_record(kafka_source *k, partition_state *p, rd_kafka_message_t *m) {
  if (p->stopped || m->offset < p->next_offset) { /* fetched before the partition was assigned anew */
    rd_kafka_message_destroy(m);
    return;
  }
  p->last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
  p->moved_ms = clock_monotonic_ms();
  if (p->target == NO_OFFSET || p->first_offset == NO_OFFSET) kafka_note_watermarks(k, p);
  if (kafka_batch_add(k, p, m)) return;
  log_error("kafka: out of memory; the partitions are read again from where they were");
  k->reassign = true;
}

static void handle(kafka_source *k, rd_kafka_message_t *m) {
  partition_state *p = m->rkt ? kafka_find_partition(k, rd_kafka_topic_name(m->rkt), m->partition) : NULL;
  if (!m->err && p) {
    handle_record(k, p, m);
    return;
  }
  if (m->err) handle_error(k, p, m);
  rd_kafka_message_destroy(m);
}

/* How long a poll may wait: for more records of the batch, or for anything at all. */
static int poll_ms(const kafka_source *k, int64_t now_ms) {
  if (!k->filling) return IDLE_POLL_MS;
  int64_t left = k->filling_since_ms + KAFKA_LINGER_MS - now_ms;
  return left > 0 ? (int)left : 0;
}

static void *run(void *ctx) {
  kafka_source *k = ctx;
  while (!atomic_load(&k->stop)) {
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms >= k->discover_at_ms) kafka_discover(k);
    if (k->reassign && !kafka_assign(k)) { /* nothing is polled under an assignment that is not ours */
      kafka_pause();
      continue;
    }
    if (now_ms >= k->watch_at_ms) {
      kafka_watch(k);
      k->watch_at_ms = now_ms + WATCH_MS;
    }
    rd_kafka_message_t *m = rd_kafka_consumer_poll(k->rk, poll_ms(k, now_ms));
    if (m) handle(k, m);
    bool lingered = k->filling && clock_monotonic_ms() - k->filling_since_ms >= KAFKA_LINGER_MS;
    if (kafka_batch_is_full(k) || (!m && k->filling) || lingered) kafka_flush(k);
  }
  return NULL;
}

/* --- starting and stopping --- */

static bool open_client(kafka_source *k, const kafka_options *options, error *err) {
  char text[512];
  rd_kafka_conf_t *conf = kafka_make_conf(k, options, err);
  if (!conf) return false;
  k->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (!k->rk) {
    rd_kafka_conf_destroy(conf);
    return error_set(err, ERR_INVALID, "the Kafka client cannot be made: %s", text);
  }
  rd_kafka_poll_set_consumer(k->rk);
  for (int i = 0; i < k->topics->count; i++) {
    k->topic[i].handle = rd_kafka_topic_new(k->rk, k->topics->topics[i].name, NULL);
    if (!k->topic[i].handle) return error_set(err, ERR_INVALID, "'%s' is no name for a Kafka topic", k->topics->topics[i].name);
  }
  return true;
}

/* Signals are for the main thread. */
static bool start_thread(kafka_source *k, error *err) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  k->thread_runs = pthread_create(&k->thread, NULL, run, k) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return k->thread_runs ? true : error_set(err, ERR_NOMEM, "no thread can be made for Kafka");
}

kafka_source *kafka_source_start(const kafka_options *options, error *err) {
  kafka_source *k = calloc(1, sizeof *k);
  if (k) k->topic = calloc((size_t)options->topics->count, sizeof *k->topic);
  if (!k || !k->topic) {
    free(k);
    error_nomem(err);
    return NULL;
  }
  pthread_mutex_init(&k->lock, NULL);
  k->topics = options->topics;
  k->topics_missing = options->topics->count;
  k->inbox = options->inbox;
  k->prepare = options->prepare;
  k->prepare_ctx = options->prepare_ctx;
  k->discover_ms = options->discover_ms ? options->discover_ms : KAFKA_DISCOVER_MS;
  if (kafka_take_positions(k, options->positions, options->position_count, err) && open_client(k, options, err) && start_thread(k, err)) return k;
  kafka_source_free(k);
  return NULL;
}

void kafka_source_stop(kafka_source *k) {
  if (!k || !k->thread_runs) return;
  atomic_store(&k->stop, true);
  pthread_join(k->thread, NULL);
  k->thread_runs = false;
  kafka_batch_drop(k->filling);
  k->filling = NULL;
}

void kafka_source_free(kafka_source *k) {
  if (!k) return;
  kafka_source_stop(k);
  assert(k->batches_out == 0);
  if (k->rk) rd_kafka_consumer_close(k->rk);
  kafka_free_partitions(k);
  if (k->rk) rd_kafka_destroy(k->rk);
  pthread_mutex_destroy(&k->lock);
  free(k->topic);
  free(k);
}

/* --- figures --- */

static void add_partition(kafka_progress *out, const partition_state *p, bool *complete) {
  out->partitions++;
  out->stopped += p->stopped || p->stalled;
  if (p->stopped || p->target == NO_OFFSET || p->first_offset == NO_OFFSET) {
    *complete = false;
    return;
  }
  if (p->target <= p->first_offset) return;
  int64_t done = p->done_offset < p->target ? p->done_offset : p->target;
  out->total += p->target - p->first_offset;
  if (done > p->first_offset) out->done += done - p->first_offset;
}

void kafka_source_progress(kafka_source *k, kafka_progress *out) {
  *out = (kafka_progress){0};
  pthread_mutex_lock(&k->lock);
  bool complete = k->metadata_seen;
  for (int i = 0; i < k->topics->count; i++)
    for (int32_t n = 0; n < k->topic[i].partitions; n++)
      if (k->topic[i].partition[n] && k->topic[i].partition[n]->known && k->topic[i].present) add_partition(out, k->topic[i].partition[n], &complete);
  k->caught_up |= complete && out->done == out->total;
  out->caught_up = k->caught_up;
  out->topics_missing = k->topics_missing;
  out->connected = k->connected;
  pthread_mutex_unlock(&k->lock);
}

size_t kafka_source_partitions(kafka_source *k, kafka_partition *out, size_t max) {
  size_t count = 0;
  pthread_mutex_lock(&k->lock);
  for (int i = 0; i < k->topics->count; i++) {
    for (int32_t n = 0; n < k->topic[i].partitions; n++) {
      const partition_state *p = k->topic[i].partition[n];
      if (!p) continue;
      if (count < max)
        out[count] = (kafka_partition){.topic = i, .partition = n, .next_offset = p->next_offset, .done_offset = p->done_offset,
                                       .high_watermark = p->high_watermark, .records = p->records, .bytes = p->bytes, .stopped = p->stopped || p->stalled};
      count++;
    }
  }
  pthread_mutex_unlock(&k->lock);
  return count;
}

kafka_stats kafka_source_stats(kafka_source *k) {
  pthread_mutex_lock(&k->lock);
  kafka_stats stats = k->stats;
  pthread_mutex_unlock(&k->lock);
  return stats;
}
