/* The Kafka source: a thread that consumes every partition of every declared topic and pushes batches into the inbox.
**
** Partitions are assigned by hand, from the stored positions (a partition without one starts at its beginning); Kafka's own
** offset commits are not used. Topics that do not exist yet, new partitions and lost brokers are waited for and picked up
** without help; what changes is logged once. A full inbox stops the polling, and librdkafka's own queues are bounded, so
** nothing grows. An offset that is no longer in the topic (truncated, recreated) stops that partition, which is counted in
** `stopped` and logged as an alarm: its state would be wrong in silence otherwise.
** Order: records of a partition arrive in their order; nothing is lost or repeated between start and stop.
** Ownership: a batch holds its librdkafka messages; batch_done gives them back. Every batch must be done before
** kafka_source_free. Thread: start, stop and free by one; the rest by any.
*/
#ifndef SOURCE_KAFKA_H
#define SOURCE_KAFKA_H

#include "base/queue.h"
#include "catalog/topic.h"
#include "model/batch.h"

enum {
  KAFKA_DISCOVER_MS = 5000,  /* how often new topics and partitions are looked for (500 while one is missing) */
  KAFKA_LINGER_MS = 2,       /* how long a batch that is not full waits for more */
  KAFKA_QUEUED_KIB = 32768,  /* librdkafka's own read-ahead, all partitions */
  KAFKA_MAX_PARTITIONS = 65536,
};

typedef struct kafka_source kafka_source;

typedef struct kafka_options {
  const topic_catalog *topics; /* outlives the source */
  const char *brokers;         /* host:port[,…] */
  const char *const *properties; /* "name=value" librdkafka properties, which win over ours except where marked in kafka.c */
  size_t property_count;
  const stream_position *positions; /* borrowed for the call */
  size_t position_count;
  queue *inbox;                /* of batch *; outlives the source */
  batch_prepare prepare;       /* or NULL */
  void *prepare_ctx;
  int discover_ms;             /* 0 = KAFKA_DISCOVER_MS */
} kafka_options;

/* Starts consuming. NULL: a property is unknown or wrong (named in err). A broker that cannot be reached is no error. */
kafka_source *kafka_source_start(const kafka_options *options, error *err) MUST_USE;
void kafka_source_stop(kafka_source *k); /* no batch is pushed after this returned; may be called twice */
void kafka_source_free(kafka_source *k); /* stops; all batches must be done */

/* How far the replay is: records up to the high watermarks that were found when each partition was first assigned. */
typedef struct kafka_progress {
  int64_t done, total;   /* records committed (batch_done), records there were; offsets, so gaps of compaction count */
  int partitions;        /* assigned */
  int topics_missing;    /* declared, but not in the cluster */
  int stopped;           /* partitions that need somebody */
  bool connected;        /* at least one broker answered, and not all are down */
  bool caught_up;        /* metadata was seen and done == total; stays true */
} kafka_progress;
void kafka_source_progress(kafka_source *k, kafka_progress *out);

typedef struct kafka_partition {
  int topic;
  int32_t partition;
  int64_t next_offset;    /* read by us */
  int64_t done_offset;    /* committed by the engine */
  int64_t high_watermark; /* -1 = not known yet; lag = high_watermark - done_offset */
  uint64_t records, bytes;
  bool stopped;
} kafka_partition;
/* Up to max of them; returns how many there are. */
size_t kafka_source_partitions(kafka_source *k, kafka_partition *out, size_t max);

typedef struct kafka_stats {
  uint64_t records, bytes, batches, errors, full_waits;
} kafka_stats;
kafka_stats kafka_source_stats(kafka_source *k);

#endif
