/* viewserver-broker: a Kafka broker for demos and tests, without anything to install.
**
** It is librdkafka's mock cluster as a program of its own: one broker on loopback, on a port that the system picks, everything in
** memory. Produce, fetch, groups and commits work for any Kafka client. It keeps at most 5 MiB or 100,000 batches per partition
** and drops the oldest beyond that: a topic's partitions times 5 MiB (compressed) is its size. The broker looks at the oldest offsets now
** and then and says when a topic has begun to lose records, which only a consumer that starts anew would miss.
*/
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { BROKERS = 1, TOPICS_MAX = 256, PARTITIONS_DEFAULT = 8, PARTITIONS_MAX = 256, NAME_BYTES = 250, REASON_BYTES = 512 };
enum { WAIT_SLICE_MS = 100, LOOK_EVERY_MS = 10000, ANSWER_MS = 2000 };

typedef struct topic {
  char name[NAME_BYTES];
  int partitions;
  int64_t lost; /* records that were lost when it was last said */
} topic;

typedef struct broker {
  topic topics[TOPICS_MAX];
  int topic_count, partitions;
  const char *address_file;
  rd_kafka_t *host, *watcher;
  rd_kafka_mock_cluster_t *cluster;
} broker;

static atomic_bool stop;

static void on_signal(int number) { atomic_store(&stop, true); }

static void help(void) {
  printf("viewserver-broker %s: a Kafka broker in memory, on loopback, for demos and tests\n\n"
         "usage: viewserver-broker [options] TOPIC[:PARTITIONS]…\n\n"
         "  --partitions N       of topics that do not say [%d]\n"
         "  --address-file PATH  write the bootstrap address there too, once it listens\n\n"
         "Prints its bootstrap address (127.0.0.1:PORT) on stdout and runs until SIGINT or SIGTERM. A partition keeps 5 MiB or 100,000\n"
         "batches and drops the oldest: more partitions and lz4 make a topic hold more. Exit status: 0 stopped, 1 failed, 2 usage.\n",
         VS_VERSION, PARTITIONS_DEFAULT);
}

static bool parse_count(const char *text, int *out) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < 1 || value > PARTITIONS_MAX) return false;
  *out = (int)value;
  return true;
}

static bool add_topic(broker *b, const char *text, error *err) {
  const char *colon = strchr(text, ':');
  size_t n = colon ? (size_t)(colon - text) : strlen(text);
  if (b->topic_count == TOPICS_MAX) return error_set(err, ERR_LIMIT, "more than %d topics", TOPICS_MAX);
  topic *t = &b->topics[b->topic_count++];
  if (n == 0 || n >= sizeof t->name || (colon && !parse_count(colon + 1, &t->partitions)))
    return error_set(err, ERR_INVALID, "'%s' is no topic: NAME or NAME:PARTITIONS, with 1 to %d partitions", text, PARTITIONS_MAX);
  memcpy(t->name, text, n);
  return true;
}

static bool parse(int argc, char **argv, broker *b, error *err) {
  for (int i = 1; i < argc; i++) {
    bool more = i + 1 < argc;
    if (strcmp(argv[i], "--partitions") == 0 && more) {
      if (!parse_count(argv[++i], &b->partitions)) return error_set(err, ERR_INVALID, "--partitions %s: 1 to %d", argv[i], PARTITIONS_MAX);
    } else if (strcmp(argv[i], "--address-file") == 0 && more) {
      b->address_file = argv[++i];
    } else if (argv[i][0] == '-') {
      error_set(err, ERR_INVALID, "there is no option '%s', or it needs a value", argv[i]);
      return error_hint(err, "viewserver-broker --help lists them");
    } else if (!add_topic(b, argv[i], err)) {
      return false;
    }
  }
  return true;
}

static rd_kafka_t *new_client(const char *bootstrap, error *err) {
  char why[REASON_BYTES];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "4", why, sizeof why);
  if (bootstrap) rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, why, sizeof why);
  rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (rk) return rk;
  rd_kafka_conf_destroy(conf);
  error_set(err, ERR_IO, "librdkafka: %s", why);
  return NULL;
}

static bool create_topics(broker *b, error *err) {
  for (int i = 0; i < b->topic_count; i++) {
    topic *t = &b->topics[i];
    if (t->partitions == 0) t->partitions = b->partitions;
    rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(b->cluster, t->name, t->partitions, BROKERS);
    if (code) return error_set(err, ERR_INVALID, "topic %s: %s", t->name, rd_kafka_err2str(code));
  }
  return true;
}

/* Written beside and moved, so that whoever waits for the file never reads half an address. */
static bool write_address(const char *path, const char *address, error *err) {
  char beside[4096];
  snprintf(beside, sizeof beside, "%s.new", path);
  FILE *f = fopen(beside, "w");
  bool done = f && fprintf(f, "%s\n", address) > 0;
  if (f && fclose(f) != 0) done = false;
  if (done && rename(beside, path) == 0) return true;
  return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

static bool start(broker *b, error *err) {
  b->host = new_client(NULL, err);
  if (!b->host) return false;
  b->cluster = rd_kafka_mock_cluster_new(b->host, BROKERS);
  if (!b->cluster) return error_set(err, ERR_IO, "the broker cannot listen on 127.0.0.1");
  if (!create_topics(b, err)) return false;
  const char *address = rd_kafka_mock_cluster_bootstraps(b->cluster);
  b->watcher = new_client(address, err);
  if (!b->watcher) return false;
  printf("%s\n", address);
  fflush(stdout);
  return !b->address_file || write_address(b->address_file, address, err);
}

/* How many records of the topic are gone: the sum of its partitions' oldest offsets. -1: no answer. */
static int64_t count_lost(broker *b, const topic *t) {
  int64_t lost = 0;
  for (int p = 0; p < t->partitions && !atomic_load(&stop); p++) {
    int64_t oldest, next;
    if (rd_kafka_query_watermark_offsets(b->watcher, t->name, p, &oldest, &next, ANSWER_MS)) return -1;
    lost += oldest;
  }
  return lost;
}

/* Says it at the first loss, and again each time the loss has doubled. */
static void look(broker *b) {
  for (int i = 0; i < b->topic_count && !atomic_load(&stop); i++) {
    topic *t = &b->topics[i];
    int64_t lost = count_lost(b, t);
    if (lost <= 0 || lost < 2 * t->lost) continue;
    log_warn("topic=%s: full, its oldest %" PRId64 " records were dropped (%d partitions of 5 MiB or 100,000 batches); a consumer that starts anew will not see them", t->name,
             lost, t->partitions);
    t->lost = lost;
  }
}

static void serve(broker *b) {
  int64_t next_look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
  while (!atomic_load(&stop)) {
    rd_kafka_poll(b->host, WAIT_SLICE_MS);
    rd_kafka_poll(b->watcher, 0);
    if (clock_monotonic_ms() < next_look_ms) continue;
    look(b);
    next_look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
  }
}

static void finish(broker *b) {
  if (b->watcher) rd_kafka_destroy(b->watcher);
  if (b->cluster) rd_kafka_mock_cluster_destroy(b->cluster);
  if (b->host) rd_kafka_destroy(b->host);
}

int main(int argc, char **argv) {
  static broker b = {.partitions = PARTITIONS_DEFAULT};
  error err = {0};
  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    help();
    return EXIT_DONE;
  }
  int status = EXIT_USAGE;
  if (parse(argc, argv, &b, &err)) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    status = start(&b, &err) ? EXIT_DONE : EXIT_FAILED;
    if (status == EXIT_DONE) serve(&b);
    finish(&b);
  }
  char text[1600];
  if (status != EXIT_DONE) fprintf(stderr, "viewserver-broker: %s\n", error_format(&err, text, sizeof text));
  return status;
}
