/* Where records go: Kafka, or lines on a stream.
**
** A record is a topic, a key and a value (NULL = tombstone); the bytes are copied before sink_put returns. sink_put waits while the
** sink is full (back-pressure). Thread: the generator's alone; sink_stats too.
*/
#ifndef MOCKGEN_SINK_H
#define MOCKGEN_SINK_H

#include "base/buffer.h"
#include "mockgen/settings.h"

#include <stdatomic.h>
#include <stdio.h>

typedef enum topic {
  TOPIC_ACCOUNT, TOPIC_INSTRUMENT, TOPIC_HOLDING, TOPIC_PRICE, TOPIC_CASH, TOPIC_ORDER, TOPIC_FX, TOPIC_CONSTITUENT, TOPIC_BENCHMARK, TOPIC_TICK, TOPICS,
} topic;

const char *topic_name(topic t);

typedef struct sink_stats {
  uint64_t put, delivered, failed; /* records */
} sink_stats;

typedef struct sink {
  bool (*put)(struct sink *self, topic t, const buffer *key, const buffer *value, error *err);
  bool (*flush)(struct sink *self, int timeout_ms, error *err); /* false: not all of it was delivered in time, or ever */
  void (*idle)(struct sink *self, int wait_ms);                 /* serve callbacks for so long, or until the stop flag is set */
  void (*close)(struct sink *self);                             /* frees it, whatever is not flushed is lost */
  sink_stats stats;
} sink;

/* NULL and *err when it cannot be made. *stop ends the waiting in put, which then fails with ERR_BUSY; it outlives the sink. */
sink *sink_open_text(FILE *out, error *err) MUST_USE;
sink *sink_open_kafka(const settings *asked, const atomic_bool *stop, error *err) MUST_USE;

#endif
