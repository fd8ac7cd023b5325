/* source/kafka.h on librdkafka's mock cluster: order, restart, back-pressure, what appears later, what breaks. */
#include "base/clock.h"
#include "decode/decode.h"
#include "source/kafka.h"
#include "support/topic_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { ITEM, LATE, TICK, TOPICS }; /* in order of their names */
enum { DEADLINE_MS = 30000, PARTITIONS = 3 };

typedef struct fixture {
  topic_catalog *topics;
  decoder *d;
  rd_kafka_t *producer;
  rd_kafka_mock_cluster_t *cluster;
  queue *inbox;
  kafka_source *source;
  int64_t next[TOPICS][16]; /* offsets as the engine would store them */
  uint32_t records, refused, deletes;
  uint32_t batches;
  int64_t last_value[16];
} fixture;

static error err;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  topic_folder folder;
  topic_folder_make(&folder);
  topic_folder_write(&folder, "item.sql", "-- @topic t.item\n-- @key {id}\nCREATE TABLE item (id INTEGER PRIMARY KEY, v INTEGER NOT NULL) STRICT;");
  topic_folder_write(&folder, "late.sql", "-- @topic t.late\n-- @key {id}\nCREATE TABLE late (id INTEGER PRIMARY KEY, v INTEGER NOT NULL) STRICT;");
  topic_folder_write(&folder, "tick.sql", "-- @topic t.tick\n-- @append\nCREATE TABLE tick (v INTEGER NOT NULL) STRICT;");
  f->topics = topic_catalog_load(folder.path, &err);
  topic_folder_remove(&folder);
  if (!f->topics) fail_msg("%s", err.text);
  f->d = decoder_new(f->topics);
  char text[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "linger.ms", "1", NULL, 0);
  rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
  f->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  assert_non_null(f->producer);
  f->cluster = rd_kafka_mock_cluster_new(f->producer, 1);
  assert_int_equal(rd_kafka_mock_topic_create(f->cluster, "t.item", PARTITIONS, 1), 0);
  assert_int_equal(rd_kafka_mock_topic_create(f->cluster, "t.tick", 1, 1), 0);
  assert_int_equal(rd_kafka_mock_topic_create(f->cluster, "t.late", 2, 1), 0); /* the mock makes any topic that is asked for */
  rd_kafka_mock_topic_set_error(f->cluster, "t.late", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  assert_int_equal(rd_kafka_brokers_add(f->producer, rd_kafka_mock_cluster_bootstraps(f->cluster)), 1);
  f->inbox = queue_new(64, 64 << 20);
  *state = f;
  return 0;
}

static void drop(void *item) { batch_done(item, NULL); }

static void stop_source(fixture *f) {
  kafka_source_stop(f->source);
  for (batch *b; (b = queue_pop(f->inbox, 0)) != NULL;) drop(b);
  kafka_source_free(f->source);
  f->source = NULL;
}

static int teardown(void **state) {
  fixture *f = *state;
  stop_source(f);
  queue_free(f->inbox, drop);
  rd_kafka_mock_cluster_destroy(f->cluster);
  rd_kafka_destroy(f->producer);
  decoder_free(f->d);
  topic_catalog_free(f->topics);
  free(f);
  return 0;
}

static void start_source(fixture *f) {
  stream_position positions[TOPICS * 16];
  size_t count = 0;
  for (int i = 0; i < TOPICS; i++)
    for (int p = 0; p < 16; p++)
      if (f->next[i][p] > 0) positions[count++] = (stream_position){.topic = i, .partition = p, .next_offset = f->next[i][p]};
  f->source = kafka_source_start(&(kafka_options){.topics = f->topics, .brokers = rd_kafka_mock_cluster_bootstraps(f->cluster), .positions = positions,
                                                  .position_count = count, .inbox = f->inbox, .prepare = decode_batch, .prepare_ctx = f->d,
                                                  .discover_ms = 100},
                                 &err);
  if (!f->source) fail_msg("%s", err.text);
}

static void produce(fixture *f, const char *name, int partition, const char *key, const char *payload) {
  rd_kafka_resp_err_t rc = rd_kafka_producev(f->producer, RD_KAFKA_V_TOPIC(name), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key, key ? strlen(key) : 0),
                                             RD_KAFKA_V_VALUE((void *)payload, payload ? strlen(payload) : 0), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                             RD_KAFKA_V_END);
  if (rc) fail_msg("produce: %s", rd_kafka_err2str(rc));
}

static void produce_items(fixture *f, int from, int to) {
  char key[16], payload[64];
  for (int i = from; i < to; i++) {
    snprintf(key, sizeof key, "%d", i);
    snprintf(payload, sizeof payload, "{\"id\":%d,\"v\":%d}", i, i);
    produce(f, "t.item", i % PARTITIONS, key, payload);
  }
}

static void flush(fixture *f) { assert_int_equal(rd_kafka_flush(f->producer, DEADLINE_MS), RD_KAFKA_RESP_ERR_NO_ERROR); }

/* What the engine does with a batch; offsets must follow each other without a gap. */
static void commit(fixture *f, batch *b) {
  for (uint32_t i = 0; i < b->count; i++) {
    const record *r = &b->records[i];
    const change *c = &b->changes[i];
    assert_true(r->offset == f->next[r->topic][r->partition]);
    f->next[r->topic][r->partition] = r->offset + 1;
    f->records++;
    f->refused += c->op == CHANGE_REFUSED;
    f->deletes += c->op == CHANGE_DELETE;
    assert_true(r->timestamp_ms > 0);
  }
  f->batches++;
  batch_done(b, &(batch_outcome){.version = f->batches});
}

static void consume_until(fixture *f, uint32_t records) {
  int64_t deadline = clock_monotonic_ms() + DEADLINE_MS;
  while (f->records < records) {
    batch *b = queue_pop(f->inbox, 100);
    if (b) commit(f, b);
    if (clock_monotonic_ms() > deadline) fail_msg("%u of %u records came in time", f->records, records);
  }
  assert_int_equal(f->records, records);
}

/* Waits for something in the progress. */
static kafka_progress wait_progress(fixture *f, bool (*is)(const kafka_progress *)) {
  int64_t deadline = clock_monotonic_ms() + DEADLINE_MS;
  kafka_progress p;
  for (kafka_source_progress(f->source, &p); !is(&p); kafka_source_progress(f->source, &p)) {
    batch *b = queue_pop(f->inbox, 10);
    if (b) commit(f, b);
    if (clock_monotonic_ms() > deadline)
      fail_msg("done %lld of %lld, %d partitions, %d missing, %d stopped, connected %d, caught up %d", (long long)p.done, (long long)p.total, p.partitions,
               p.topics_missing, p.stopped, p.connected, p.caught_up);
  }
  return p;
}

static bool is_caught_up(const kafka_progress *p) { return p->caught_up; }
static bool is_stopped(const kafka_progress *p) { return p->stopped > 0; }
static bool has_none_missing(const kafka_progress *p) { return p->topics_missing == 0; }
static bool is_connected(const kafka_progress *p) { return p->connected; }
static bool is_disconnected(const kafka_progress *p) { return !p->connected; }

static void test_replay_and_restart(void **state) {
  fixture *f = *state;
  produce_items(f, 0, 3000);
  produce(f, "t.tick", 0, NULL, "{\"v\":1}");
  flush(f);
  start_source(f);
  kafka_progress p;
  kafka_source_progress(f->source, &p);
  assert_false(p.caught_up);
  consume_until(f, 3001);
  p = wait_progress(f, is_caught_up);
  assert_int_equal(p.total, 3001);
  assert_int_equal(p.done, 3001);
  assert_int_equal(p.partitions, PARTITIONS + 1);
  assert_int_equal(p.topics_missing, 1);
  assert_true(f->batches < 1000); /* they come many at a time */
  produce_items(f, 3000, 3030);
  flush(f);
  consume_until(f, 3031);
  kafka_partition parts[8];
  assert_int_equal(kafka_source_partitions(f->source, parts, 8), PARTITIONS + 1);
  assert_int_equal(parts[0].next_offset, 1010);
  assert_int_equal(parts[0].done_offset, 1010);
  assert_int_equal(kafka_source_stats(f->source).records, 3031);

  stop_source(f); /* and again from the stored offsets: only what is new */
  produce_items(f, 3030, 3060);
  flush(f);
  start_source(f);
  consume_until(f, 3061);
  p = wait_progress(f, is_caught_up);
  assert_int_equal(p.total, 30);
  assert_int_equal(f->refused, 0);
}

static void test_poison_and_tombstones(void **state) {
  fixture *f = *state;
  produce(f, "t.item", 0, "1", "{\"id\":1,\"v\":1}");
  produce(f, "t.item", 0, "1", "{broken");
  produce(f, "t.item", 0, "2", "");
  produce(f, "t.item", 0, "1", NULL);
  produce(f, "t.item", 0, NULL, NULL);
  produce(f, "t.item", 0, NULL, "{\"id\":3,\"v\":1}");
  flush(f);
  start_source(f);
  consume_until(f, 6);
  assert_int_equal(f->refused, 3);
  assert_int_equal(f->deletes, 1);
  wait_progress(f, is_caught_up);
}

/* With a full inbox nothing grows, and nothing is lost. */
static void test_back_pressure(void **state) {
  fixture *f = *state;
  enum { RECORDS = 60000 };
  queue_free(f->inbox, drop);
  f->inbox = queue_new(2, 64 << 20);
  for (int from = 0; from < RECORDS; from += 10000) {
    produce_items(f, from, from + 10000);
    flush(f);
  }
  start_source(f);
  int64_t deadline = clock_monotonic_ms() + DEADLINE_MS;
  queue_stats stats = {0};
  while (stats.full_waits < 3 && clock_monotonic_ms() < deadline) queue_read_stats(f->inbox, &stats);
  assert_true(stats.full_waits >= 3);
  assert_true(stats.most_items <= 2);
  assert_true(kafka_source_stats(f->source).records <= 4 * BATCH_MAX_RECORDS);
  consume_until(f, RECORDS);
  wait_progress(f, is_caught_up);
}

static void test_topic_appears_later(void **state) {
  fixture *f = *state;
  start_source(f);
  wait_progress(f, is_caught_up); /* empty topics */
  produce_items(f, 0, 10);
  flush(f);
  consume_until(f, 10);
  rd_kafka_mock_topic_set_error(f->cluster, "t.late", RD_KAFKA_RESP_ERR_NO_ERROR);
  produce(f, "t.late", 1, "5", "{\"id\":5,\"v\":1}");
  produce_items(f, 10, 20); /* those that were there already go on, without a gap */
  flush(f);
  consume_until(f, 21);
  kafka_progress p = wait_progress(f, has_none_missing);
  assert_int_equal(p.partitions, PARTITIONS + 3);
  assert_int_equal(f->next[LATE][1], 1);
}

static void test_broker_goes_and_comes(void **state) {
  fixture *f = *state;
  start_source(f);
  produce_items(f, 0, 10);
  flush(f);
  consume_until(f, 10);
  wait_progress(f, is_connected);
  rd_kafka_mock_broker_set_down(f->cluster, 1);
  wait_progress(f, is_disconnected);
  rd_kafka_mock_broker_set_up(f->cluster, 1);
  produce_items(f, 10, 20);
  flush(f);
  consume_until(f, 20);
  wait_progress(f, is_connected);
}

/* A stored offset that the topic does not have: stopped and said, the others go on. */
static void test_offset_out_of_range(void **state) {
  fixture *f = *state;
  produce_items(f, 0, 9);
  flush(f);
  f->next[ITEM][1] = 500;
  start_source(f);
  consume_until(f, 6);
  kafka_progress p = wait_progress(f, is_stopped);
  assert_int_equal(p.stopped, 1);
  assert_false(p.caught_up);
  produce_items(f, 9, 12);
  flush(f);
  consume_until(f, 8);
}

static void test_properties(void **state) {
  fixture *f = *state;
  static const char *const bad[] = {"nonsense", "=x", "no.such.property=1", "fetch.wait.max.ms=soon", "enable.auto.commit=true"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    err = (error){0};
    assert_null(kafka_source_start(&(kafka_options){.topics = f->topics, .brokers = "127.0.0.1:1", .properties = &bad[i], .property_count = 1, .inbox = f->inbox},
                                   &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "Kafka property"));
  }
  const char *good = "fetch.wait.max.ms=20";
  f->source = kafka_source_start(&(kafka_options){.topics = f->topics, .brokers = "127.0.0.1:1", .properties = &good, .property_count = 1, .inbox = f->inbox}, &err);
  assert_non_null(f->source); /* nobody listens there: no error, it waits */
  wait_progress(f, is_disconnected);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_replay_and_restart, setup, teardown),    cmocka_unit_test_setup_teardown(test_poison_and_tombstones, setup, teardown),
    cmocka_unit_test_setup_teardown(test_back_pressure, setup, teardown),         cmocka_unit_test_setup_teardown(test_topic_appears_later, setup, teardown),
    cmocka_unit_test_setup_teardown(test_broker_goes_and_comes, setup, teardown), cmocka_unit_test_setup_teardown(test_offset_out_of_range, setup, teardown),
    cmocka_unit_test_setup_teardown(test_properties, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
