#include "mockgen/sink.h"

#include "base/log.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum { BACK_PRESSURE_MS = 50, CONNECT_MS = 15000, CONNECT_TRY_MS = 1000, REASON_BYTES = 512, PROPERTY_BYTES = 128 };

typedef struct kafka_sink {
  sink base;
  rd_kafka_t *producer;
  rd_kafka_topic_t *topics[TOPICS];
  const atomic_bool *stop;
  bool fatal, complained;
  char reason[REASON_BYTES];
} kafka_sink;

/* Idempotent: what is delivered is there once and in order, whatever was sent again underneath. */
static const char *const defaults[][2] = {
  {"client.id", "mockgen"}, {"enable.idempotence", "true"}, {"compression.type", "lz4"}, {"linger.ms", "10"},
  {"queue.buffering.max.messages", "200000"}, {"queue.buffering.max.kbytes", "65536"}, {"partitioner", "murmur2_random"},
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque) {
  kafka_sink *s = opaque;
  if (!m->err) {
    s->base.stats.delivered++;
    return;
  }
  if (s->base.stats.failed++ == 0)
    log_error("topic=%s: a record was not delivered: %s", rd_kafka_topic_name(m->rkt), rd_kafka_err2str(m->err));
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque) {
  kafka_sink *s = opaque;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    s->fatal = true;
    rd_kafka_fatal_error(rk, s->reason, sizeof s->reason);
  } else if (!s->complained) {
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    log_warn("kafka: %s; it is tried again", reason);
    s->complained = true;
  }
}

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, error *err) {
  char why[REASON_BYTES];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return true;
  return error_set(err, ERR_INVALID, "kafka property %s=%s: %s", name, value, why);
}

static bool configure(const settings *asked, rd_kafka_conf_t *conf, error *err) {
  if (!set(conf, "bootstrap.servers", asked->to, err)) return false;
  for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
    if (!set(conf, defaults[i][0], defaults[i][1], err)) return false;
  for (const char *const *text = asked->kafka; *text; text++) {
    const char *equals = strchr(*text, '=');
    char name[PROPERTY_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)(equals - *text), *text);
    if (!set(conf, name, equals + 1, err)) return false;
  }
  return true;
}

/* A wrong address is found out here, in seconds, not after minutes of retries. */
static bool connect_first(kafka_sink *s, const char *to, error *err) {
  for (int waited = 0; waited < CONNECT_MS && !atomic_load(s->stop); waited += CONNECT_TRY_MS) {
    const struct rd_kafka_metadata *found;
    rd_kafka_resp_err_t code = rd_kafka_metadata(s->producer, 0, NULL, &found, CONNECT_TRY_MS);
    rd_kafka_poll(s->producer, 0);
    if (code) continue;
    rd_kafka_metadata_destroy(found);
    return true;
  }
  error_set(err, ERR_IO, "no Kafka broker answers at %s within %d s", to, CONNECT_MS / 1000);
  return error_hint(err, "%s", s->reason[0] ? s->reason : "is it started, and is the address right?");
}

static bool kafka_put(sink *self, topic t, const buffer *key, const buffer *value, error *err) {
  kafka_sink *s = (kafka_sink *)self;
  for (;;) {
    if (s->fatal) return error_set(err, ERR_IO, "kafka: %s", s->reason);
    int refused = rd_kafka_produce(s->topics[t], RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value ? value->data : NULL, value ? value->len : 0,
                                   key->data, key->len, NULL);
    if (!refused) break;
    rd_kafka_resp_err_t code = rd_kafka_last_error();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return error_set(err, ERR_IO, "topic %s: %s", topic_name(t), rd_kafka_err2str(code));
    if (atomic_load(s->stop)) return error_set(err, ERR_BUSY, "stopped while the broker was behind");
    rd_kafka_poll(s->producer, BACK_PRESSURE_MS);
  }
  if ((++s->base.stats.put & 255) == 0) rd_kafka_poll(s->producer, 0);
  return true;
}

static bool kafka_flush(sink *self, int timeout_ms, error *err) {
  kafka_sink *s = (kafka_sink *)self;
  rd_kafka_resp_err_t code = rd_kafka_flush(s->producer, timeout_ms);
  if (code) return error_set(err, ERR_IO, "%d records were not delivered: %s", rd_kafka_outq_len(s->producer), rd_kafka_err2str(code));
  if (s->base.stats.failed) return error_set(err, ERR_IO, "%" PRIu64 " records were refused by the broker", s->base.stats.failed);
  return true;
}

static void kafka_idle(sink *self, int wait_ms) {
  kafka_sink *s = (kafka_sink *)self;
  rd_kafka_poll(s->producer, wait_ms);
}

static void kafka_close(sink *self) {
  kafka_sink *s = (kafka_sink *)self;
  for (int t = 0; t < TOPICS; t++)
    if (s->topics[t]) rd_kafka_topic_destroy(s->topics[t]);
  if (s->producer) {
    rd_kafka_purge(s->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(s->producer);
  }
  free(s);
}

static bool make_topics(kafka_sink *s, error *err) {
  for (int t = 0; t < TOPICS; t++) {
    s->topics[t] = rd_kafka_topic_new(s->producer, topic_name((topic)t), NULL);
    if (!s->topics[t]) return error_set(err, ERR_IO, "topic %s: %s", topic_name((topic)t), rd_kafka_err2str(rd_kafka_last_error()));
  }
  return true;
}

static bool make_producer(kafka_sink *s, const settings *asked, error *err) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_opaque(conf, s);
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_conf_set_error_cb(conf, on_error);
  char why[REASON_BYTES];
  if (configure(asked, conf, err)) {
    s->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why); /* takes conf when it succeeds */
    if (s->producer) return true;
    error_set(err, ERR_INVALID, "kafka: %s", why);
  }
  rd_kafka_conf_destroy(conf);
  return false;
}

sink *sink_open_kafka(const settings *asked, const atomic_bool *stop, error *err) {
  kafka_sink *s = calloc(1, sizeof *s);
  if (!s) {
    error_nomem(err);
    return NULL;
  }
  *s = (kafka_sink){.base = {.put = kafka_put, .flush = kafka_flush, .idle = kafka_idle, .close = kafka_close}, .stop = stop};
  if (make_producer(s, asked, err) && connect_first(s, asked->to, err) && make_topics(s, err)) return &s->base;
  kafka_close(&s->base);
  return NULL;
}
