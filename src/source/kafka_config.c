#include "source/kafka_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

typedef struct property {
  const char *name, *content;
} property;

/* What a user may change … */
static const property defaults[] = {
  {"client.id", "viewserver"},
  {"group.id", "viewserver"}, /* librdkafka wants one; nothing is committed to it and it is never joined */
  {"fetch.wait.max.ms", "10"},
  {"fetch.error.backoff.ms", "100"},
  {"reconnect.backoff.max.ms", "1000"},
  {"allow.auto.create.topics", "false"},
  {"isolation.level", "read_committed"},
};

/* … and what exactly-once stands on. */
static const property fixed[] = {
  {"enable.auto.commit", "false"},   {"enable.auto.offset.store", "false"}, {"enable.partition.eof", "true"},
  {"auto.offset.reset", "error"},    {"max.poll.interval.ms", "86400000"}, /* a full inbox may hold us up for long */
};

static bool set(rd_kafka_conf_t *conf, const char *name, const char *content, error *err) {
  char text[512];
  if (rd_kafka_conf_set(conf, name, content, text, sizeof text) == RD_KAFKA_CONF_OK) return true;
  error_set(err, ERR_INVALID, "Kafka property %s=%s: %s", name, content, text);
  return error_hint(err, "the names are those of librdkafka's CONFIGURATION.md");
}

static bool set_given(rd_kafka_conf_t *conf, const char *text, error *err) {
  char name[128];
  const char *equals = strchr(text, '=');
  if (!equals || equals == text || (size_t)(equals - text) >= sizeof name) {
    error_set(err, ERR_INVALID, "Kafka property '%.100s' is not of the form name=value", text);
    return false;
  }
  snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
    if (!strcmp(fixed[i].name, name)) return error_set(err, ERR_INVALID, "Kafka property %s is the server's own: it is always %s", name, fixed[i].content);
  return set(conf, name, equals + 1, err);
}

void kafka_note_connected(kafka_source *k, bool connected, const char *why) {
  pthread_mutex_lock(&k->lock);
  bool news = connected != k->connected || (!connected && !k->reason[0]);
  bool first = connected && !k->reason[0];
  k->connected = connected;
  snprintf(k->reason, sizeof k->reason, "%s", connected ? "" : why);
  if (!connected) k->stats.errors++;
  pthread_mutex_unlock(&k->lock);
  if (!news) return;
  if (!connected) log_warn("kafka: no broker can be reached (%s); it is tried again until one answers", why);
  else if (first) log_info("kafka: connected");
  else log_info("kafka: connected again");
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque) {
  kafka_source *k = opaque;
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__RESOLVE ||
      code == RD_KAFKA_RESP_ERR__SSL) {
    kafka_note_connected(k, false, reason);
    return;
  }
  log_debug("kafka: %s: %s", rd_kafka_err2name(code), reason);
}

/* librdkafka's own lines come with every attempt; what matters of them is logged by us, once. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) { log_debug("kafka: %s: %s", facility, text); }

rd_kafka_conf_t *kafka_make_conf(kafka_source *k, const kafka_options *options, error *err) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  char queued[32];
  snprintf(queued, sizeof queued, "%d", KAFKA_QUEUED_KIB);
  bool done = set(conf, "bootstrap.servers", options->brokers, err) && set(conf, "queued.max.messages.kbytes", queued, err);
  for (size_t i = 0; i < sizeof defaults / sizeof defaults[0] && done; i++) done = set(conf, defaults[i].name, defaults[i].content, err);
  for (size_t i = 0; i < options->property_count && done; i++) done = set_given(conf, options->properties[i], err);
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && done; i++) done = set(conf, fixed[i].name, fixed[i].content, err);
  rd_kafka_conf_set_opaque(conf, k);
  rd_kafka_conf_set_error_cb(conf, on_error);
  rd_kafka_conf_set_log_cb(conf, on_log);
  if (done) return conf;
  rd_kafka_conf_destroy(conf);
  return NULL;
}
