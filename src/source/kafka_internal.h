/* The Kafka source's own state, shared by its files.
**
** The polling thread owns everything but what `lock` guards: the partitions' figures and the counters, which batch_done
** (the engine's thread) and the readers of progress touch as well.
*/
#ifndef SOURCE_KAFKA_INTERNAL_H
#define SOURCE_KAFKA_INTERNAL_H

#include "source/kafka.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>

enum { NO_OFFSET = -1, REASON_BYTES = 300 };

typedef struct partition_state {
  int topic;
  int32_t partition;
  int64_t first_offset;   /* where we began to read; NO_OFFSET = not known yet */
  int64_t next_offset;    /* to be read next; NO_OFFSET = from the beginning */
  int64_t done_offset;    /* committed by the engine up to here; NO_OFFSET = nothing */
  int64_t target;         /* high watermark when it was first seen; NO_OFFSET = not yet */
  int64_t high_watermark;
  uint64_t records, bytes;
  uint32_t in_flight;     /* records read, but not done */
  int64_t moved_ms;       /* when next_offset last moved, or there was nothing to read */
  rd_kafka_resp_err_t last_error; /* logged already */
  bool known;             /* the cluster has it */
  bool stopped, stalled;
} partition_state;

typedef struct topic_state {
  rd_kafka_topic_t *handle; /* makes librdkafka ask for the topic's metadata */
  partition_state **partition; /* by number */
  int32_t partitions;
  bool present, seen;       /* in the last metadata; ever */
} topic_state;

/* Messages of one batch from one partition. */
typedef struct share {
  partition_state *partition;
  uint32_t records;
  int64_t next_offset;
} share;

/* A batch and what it holds. */
typedef struct kafka_batch {
  batch b;
  struct kafka_source *source;
  rd_kafka_message_t **messages;
  uint32_t capacity;
  share *shares;
  uint32_t share_count, share_capacity;
} kafka_batch;

struct kafka_source {
  const topic_catalog *topics;
  rd_kafka_t *rk;
  queue *inbox;
  batch_prepare prepare;
  void *prepare_ctx;
  int discover_ms;

  pthread_t thread;
  bool thread_runs;
  atomic_bool stop;

  topic_state *topic;       /* one per declared topic */
  kafka_batch *filling;
  int64_t filling_since_ms;
  int64_t discover_at_ms, watch_at_ms;
  int64_t inbox_full_ms;    /* when the inbox last held us up: then a partition that stands still is no wonder */
  bool reassign;            /* the set of partitions changed */

  pthread_mutex_t lock;
  kafka_stats stats;
  int topics_missing, batches_out;
  bool metadata_seen, connected, caught_up;
  char reason[REASON_BYTES]; /* why not connected, as logged */
};

/* --- kafka_config.c --- */
rd_kafka_conf_t *kafka_make_conf(kafka_source *k, const kafka_options *options, error *err) MUST_USE;
void kafka_note_connected(kafka_source *k, bool connected, const char *why);

/* --- kafka_partitions.c --- */
bool kafka_take_positions(kafka_source *k, const stream_position *positions, size_t count, error *err) MUST_USE;
void kafka_discover(kafka_source *k);
bool kafka_assign(kafka_source *k) MUST_USE;
void kafka_watch(kafka_source *k); /* watermarks, partitions that stand still */
partition_state *kafka_find_partition(kafka_source *k, const char *topic_name, int32_t partition);
void kafka_stop_partition(kafka_source *k, partition_state *p, const char *why);
void kafka_note_watermarks(kafka_source *k, partition_state *p);
void kafka_free_partitions(kafka_source *k);

/* --- kafka_batch.c --- */
bool kafka_batch_add(kafka_source *k, partition_state *p, rd_kafka_message_t *message) MUST_USE; /* takes the message */
bool kafka_batch_is_full(const kafka_source *k);
void kafka_flush(kafka_source *k); /* waits for room, or for stop */
void kafka_batch_drop(kafka_batch *kb);
void kafka_pause(void); /* a short while, before something is tried again */

#endif
