#include "source/kafka_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <time.h>

enum { FIRST_MESSAGES = 64, FIRST_SHARES = 8, PUSH_SLICE_MS = 50 };

void kafka_pause(void) { nanosleep(&(struct timespec){.tv_nsec = PUSH_SLICE_MS * 1000000L}, NULL); }

static void free_batch(kafka_batch *kb) {
  for (uint32_t i = 0; i < kb->b.count; i++) rd_kafka_message_destroy(kb->messages[i]);
  free(kb->messages);
  free(kb->b.records);
  free(kb->shares);
  arena_free(&kb->b.memory);
  free(kb);
}

/* The batch leaves the flight; committed: its records are in the database. */
static void settle(kafka_batch *kb, bool committed) {
  kafka_source *k = kb->source;
  pthread_mutex_lock(&k->lock);
  for (uint32_t i = 0; i < kb->share_count; i++) {
    partition_state *p = kb->shares[i].partition;
    p->in_flight -= kb->shares[i].records;
    if (!committed) continue;
    /* Batches of a partition are done in their order; the end of the partition may lie beyond its last record. */
    p->done_offset = p->in_flight == 0 ? p->next_offset : kb->shares[i].next_offset;
  }
  k->batches_out--;
  pthread_mutex_unlock(&k->lock);
}

static void on_done(batch *b, const batch_outcome *outcome) {
  kafka_batch *kb = b->owner;
  settle(kb, outcome != NULL);
  free_batch(kb);
}

void kafka_batch_drop(kafka_batch *kb) {
  if (kb) on_done(&kb->b, NULL);
}

static kafka_batch *new_batch(kafka_source *k) {
  kafka_batch *kb = calloc(1, sizeof *kb);
  if (!kb) return NULL;
  kb->source = k;
  kb->b.done = on_done;
  kb->b.owner = kb;
  kb->b.received_us = clock_unix_us();
  pthread_mutex_lock(&k->lock);
  k->batches_out++;
  pthread_mutex_unlock(&k->lock);
  return kb;
}

static bool make_room(kafka_batch *kb) {
  if (kb->b.count < kb->capacity) return true;
  uint32_t capacity = kb->capacity ? kb->capacity * 2 : FIRST_MESSAGES;
  rd_kafka_message_t **messages = realloc(kb->messages, capacity * sizeof *messages);
  if (messages) kb->messages = messages;
  record *records = messages ? realloc(kb->b.records, capacity * sizeof *records) : NULL;
  if (records) kb->b.records = records;
  if (!records) return false;
  kb->capacity = capacity;
  return true;
}

/* The partition's share; messages come in runs, so it mostly is the last one. */
static share *find_share(kafka_batch *kb, partition_state *p) {
  for (uint32_t i = kb->share_count; i > 0; i--)
    if (kb->shares[i - 1].partition == p) return &kb->shares[i - 1];
  if (kb->share_count == kb->share_capacity) {
    uint32_t capacity = kb->share_capacity ? kb->share_capacity * 2 : FIRST_SHARES;
    share *shares = realloc(kb->shares, capacity * sizeof *shares);
    if (!shares) return NULL;
    kb->shares = shares;
    kb->share_capacity = capacity;
  }
  share *s = &kb->shares[kb->share_count++];
  *s = (share){.partition = p};
  return s;
}

static record record_of(const partition_state *p, const rd_kafka_message_t *m) {
  rd_kafka_timestamp_type_t type;
  int64_t ms = rd_kafka_message_timestamp(m, &type);
  return (record){.key = m->key,
                  .payload = m->payload,
                  .key_bytes = (uint32_t)m->key_len,
                  .payload_bytes = (uint32_t)m->len,
                  .topic = p->topic,
                  .partition = p->partition,
                  .offset = m->offset,
                  .timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0 ? 0 : ms};
}

bool kafka_batch_add(kafka_source *k, partition_state *p, rd_kafka_message_t *message) {
  if (!k->filling) {
    k->filling = new_batch(k);
    k->filling_since_ms = clock_monotonic_ms();
  }
  kafka_batch *kb = k->filling;
  share *s = kb && make_room(kb) ? find_share(kb, p) : NULL;
  if (!s) {
    rd_kafka_message_destroy(message);
    return false;
  }
  kb->messages[kb->b.count] = message;
  kb->b.records[kb->b.count++] = record_of(p, message);
  kb->b.bytes += message->len + message->key_len;
  s->records++;
  s->next_offset = message->offset + 1;
  pthread_mutex_lock(&k->lock);
  p->in_flight++;
  p->next_offset = message->offset + 1;
  p->records++;
  p->bytes += message->len + message->key_len;
  k->stats.records++;
  k->stats.bytes += message->len + message->key_len;
  pthread_mutex_unlock(&k->lock);
  return true;
}

bool kafka_batch_is_full(const kafka_source *k) {
  return k->filling && (k->filling->b.count >= BATCH_MAX_RECORDS || k->filling->b.bytes >= BATCH_MAX_BYTES);
}

static bool prepare(kafka_source *k, kafka_batch *kb) {
  if (!k->prepare || k->prepare(k->prepare_ctx, &kb->b)) return true;
  arena_free(&kb->b.memory);
  kb->b.changes = NULL;
  return false;
}

void kafka_flush(kafka_source *k) {
  kafka_batch *kb = k->filling;
  if (!kb || kb->b.count == 0) return;
  bool prepared = false, waited = false, logged = false;
  while (!atomic_load(&k->stop)) {
    /* Out of memory: nothing is lost, it is tried until the engine has given some back. */
    if (!prepared && !(prepared = prepare(k, kb))) {
      if (!logged) log_error("kafka: out of memory while decoding %u records; waiting for some", kb->b.count);
      logged = true;
      kafka_pause();
      continue;
    }
    queue_result result = queue_push(k->inbox, &kb->b, kb->b.bytes + sizeof *kb, PUSH_SLICE_MS);
    if (result == QUEUE_FULL) {
      waited = true;
      k->inbox_full_ms = clock_monotonic_ms();
      continue;
    }
    if (result == QUEUE_CLOSED) break;
    k->filling = NULL;
    pthread_mutex_lock(&k->lock);
    k->stats.batches++;
    k->stats.full_waits += waited;
    pthread_mutex_unlock(&k->lock);
    return;
  }
}
