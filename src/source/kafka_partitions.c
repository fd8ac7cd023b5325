/* Which partitions there are, which are ours, and how far each is. */
#include "source/kafka_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { METADATA_MS = 1000, MISSING_DISCOVER_MS = 500, STALLED_MS = 30 * 1000 };

/* The partition's state, made where it is missing; NULL: out of memory or beyond the bound. */
static partition_state *want_partition(kafka_source *k, int index, int32_t number) {
  topic_state *t = &k->topic[index];
  if (number < 0 || number >= KAFKA_MAX_PARTITIONS) return NULL;
  if (number >= t->partitions) {
    partition_state **grown = realloc(t->partition, (size_t)(number + 1) * sizeof *grown);
    if (!grown) return NULL;
    for (int32_t i = t->partitions; i <= number; i++) grown[i] = NULL;
    t->partition = grown;
    t->partitions = number + 1;
  }
  if (t->partition[number]) return t->partition[number];
  partition_state *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  *p = (partition_state){.topic = index, .partition = number, .first_offset = NO_OFFSET, .next_offset = NO_OFFSET, .done_offset = NO_OFFSET,
                         .target = NO_OFFSET, .high_watermark = NO_OFFSET, .moved_ms = clock_monotonic_ms()};
  return t->partition[number] = p;
}

bool kafka_take_positions(kafka_source *k, const stream_position *positions, size_t count, error *err) {
  for (size_t i = 0; i < count; i++) {
    partition_state *p = want_partition(k, positions[i].topic, positions[i].partition);
    if (!p) return error_nomem(err);
    p->first_offset = p->next_offset = p->done_offset = positions[i].next_offset;
  }
  return true;
}

void kafka_free_partitions(kafka_source *k) {
  for (int i = 0; i < k->topics->count; i++) {
    for (int32_t n = 0; n < k->topic[i].partitions; n++) free(k->topic[i].partition[n]);
    free(k->topic[i].partition);
    if (k->topic[i].handle) rd_kafka_topic_destroy(k->topic[i].handle);
  }
}

partition_state *kafka_find_partition(kafka_source *k, const char *topic_name, int32_t number) {
  int index = topic_by_name(k->topics, topic_name);
  if (index < 0 || number < 0 || number >= k->topic[index].partitions) return NULL;
  return k->topic[index].partition[number];
}

void kafka_stop_partition(kafka_source *k, partition_state *p, const char *why) {
  if (p->stopped) return;
  pthread_mutex_lock(&k->lock);
  p->stopped = true;
  k->stats.errors++;
  pthread_mutex_unlock(&k->lock);
  k->reassign = true;
  log_error("topic=%s partition=%d offset=%" PRId64 ": stopped: %s; what was applied stays, but the table is no longer complete: start once with --fresh to replay",
            k->topics->topics[p->topic].name, p->partition, p->next_offset, why);
}

/* --- discovery --- */

/* A topic that went and came again is another one: our offsets mean nothing in it. */
static void note_present(kafka_source *k, int index, bool present) {
  topic_state *t = &k->topic[index];
  const char *name = k->topics->topics[index].name;
  if (present == t->present) return;
  if (!present) log_warn("topic=%s: it is gone from the cluster; waiting for it", name);
  else log_info("topic=%s: found", name);
  for (int32_t i = 0; present && t->seen && i < t->partitions; i++)
    if (t->partition[i] && t->partition[i]->next_offset > 0) kafka_stop_partition(k, t->partition[i], "the topic was deleted and made again");
  pthread_mutex_lock(&k->lock);
  t->present = present;
  t->seen |= present;
  pthread_mutex_unlock(&k->lock);
}

static void take_topic(kafka_source *k, const rd_kafka_metadata_topic_t *found) {
  int index = topic_by_name(k->topics, found->topic);
  if (index < 0) return;
  bool known = found->err == RD_KAFKA_RESP_ERR_NO_ERROR || found->err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  bool gone = found->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || found->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  if ((known && found->partition_cnt > 0) || gone) note_present(k, index, !gone);
  for (int i = 0; known && i < found->partition_cnt; i++) {
    int32_t number = found->partitions[i].id;
    pthread_mutex_lock(&k->lock); /* readers of progress walk the arrays that this grows */
    partition_state *p = want_partition(k, index, number);
    bool is_new = p && !p->known;
    if (p) p->known = true;
    pthread_mutex_unlock(&k->lock);
    if (!p) log_error("topic=%s partition=%d: it cannot be followed: out of memory, or more than %d partitions", found->topic, number, KAFKA_MAX_PARTITIONS);
    k->reassign |= is_new;
  }
}

void kafka_discover(kafka_source *k) {
  const struct rd_kafka_metadata *metadata;
  int64_t now_ms = clock_monotonic_ms();
  if (rd_kafka_metadata(k->rk, 0, NULL, &metadata, METADATA_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    k->discover_at_ms = now_ms + MISSING_DISCOVER_MS;
    return;
  }
  for (int i = 0; i < metadata->topic_cnt; i++) take_topic(k, &metadata->topics[i]);
  rd_kafka_metadata_destroy(metadata);
  int missing = 0;
  for (int i = 0; i < k->topics->count; i++) missing += !k->topic[i].present;
  int wait_ms = missing && k->discover_ms > MISSING_DISCOVER_MS ? MISSING_DISCOVER_MS : k->discover_ms;
  k->discover_at_ms = now_ms + wait_ms;
  pthread_mutex_lock(&k->lock);
  k->topics_missing = missing;
  k->metadata_seen = true;
  pthread_mutex_unlock(&k->lock);
  kafka_note_connected(k, true, "");
}

/* --- assignment --- */

/* All of them anew, each at the position that it was read up to: librdkafka throws away what it had fetched ahead of the old
** assignment, so nothing is read twice and nothing left out. */
bool kafka_assign(kafka_source *k) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
  for (int i = 0; i < k->topics->count; i++) {
    for (int32_t n = 0; k->topic[i].present && n < k->topic[i].partitions; n++) {
      partition_state *p = k->topic[i].partition[n];
      if (!p || !p->known || p->stopped) continue;
      rd_kafka_topic_partition_t *entry = rd_kafka_topic_partition_list_add(list, k->topics->topics[i].name, n);
      entry->offset = p->next_offset == NO_OFFSET ? RD_KAFKA_OFFSET_BEGINNING : p->next_offset;
      p->moved_ms = clock_monotonic_ms();
    }
  }
  rd_kafka_resp_err_t problem = rd_kafka_assign(k->rk, list);
  if (problem) log_error("kafka: %d partitions could not be assigned: %s; tried again", list->cnt, rd_kafka_err2str(problem));
  else log_info("kafka: reading %d partitions", list->cnt);
  k->reassign = problem != RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_topic_partition_list_destroy(list);
  return !k->reassign;
}

/* --- watching --- */

void kafka_note_watermarks(kafka_source *k, partition_state *p) {
  int64_t low, high;
  if (rd_kafka_get_watermark_offsets(k->rk, k->topics->topics[p->topic].name, p->partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return;
  pthread_mutex_lock(&k->lock);
  p->high_watermark = high;
  if (p->target == NO_OFFSET) p->target = high;
  if (p->first_offset == NO_OFFSET) p->first_offset = low > 0 ? low : 0;
  pthread_mutex_unlock(&k->lock);
}

/* Records are there, nothing holds us up, and still none comes: librdkafka may be fetching a damaged one for ever. */
static void note_stalled(kafka_source *k, partition_state *p, int64_t now_ms) {
  bool waits = p->high_watermark > 0 && (p->next_offset == NO_OFFSET ? p->high_watermark > p->first_offset : p->high_watermark > p->next_offset);
  if (!waits || now_ms - k->inbox_full_ms < STALLED_MS) p->moved_ms = now_ms;
  bool stalled = !p->stopped && now_ms - p->moved_ms >= STALLED_MS;
  if (stalled == p->stalled) return;
  if (stalled)
    log_error("topic=%s partition=%d offset=%" PRId64 ": nothing is read though records are there up to %" PRId64 "; the one at this offset may be damaged",
              k->topics->topics[p->topic].name, p->partition, p->next_offset, p->high_watermark);
  else log_info("topic=%s partition=%d: reading goes on", k->topics->topics[p->topic].name, p->partition);
  pthread_mutex_lock(&k->lock);
  p->stalled = stalled;
  pthread_mutex_unlock(&k->lock);
}

void kafka_watch(kafka_source *k) {
  int64_t now_ms = clock_monotonic_ms();
  for (int i = 0; i < k->topics->count; i++) {
    for (int32_t n = 0; n < k->topic[i].partitions; n++) {
      partition_state *p = k->topic[i].partition[n];
      if (!p || !p->known || p->stopped || !k->topic[i].present) continue;
      kafka_note_watermarks(k, p);
      note_stalled(k, p, now_ms);
    }
  }
}
