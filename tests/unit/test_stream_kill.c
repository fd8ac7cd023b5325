/* Kafka → decode → store, killed again and again under load: nothing lost, nothing twice.
**
** The test itself is the broker (librdkafka's mock) and the producer; the consumer is this program started a second time
** (argv: consume, topics' folder, database, brokers), so that SIGKILL takes everything it had in memory.
*/
#include "base/clock.h"
#include "decode/decode.h"
#include "source/kafka.h"
#include "store/reader.h"
#include "store/store.h"
#include "support/topic_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { KILLS = 12, RECORDS_A_ROUND = 8000, KEYS = 500, PARTITIONS = 4, DEADLINE_MS = 60000, TURN_BATCHES = 8 };

/* --- the consumer: a small engine without views --- */

static void must(bool done, const error *err) {
  if (done) return;
  fprintf(stderr, "consumer: %s\n", err->text);
  exit(3);
}

static void apply_turn(store *s, const topic_catalog *topics, batch **batches, int count) {
  error err;
  must(store_begin(s, &err), &err);
  for (int i = 0; i < count; i++) {
    for (uint32_t r = 0; r < batches[i]->count; r++) {
      const record *from = &batches[i]->records[r];
      must(store_stage(s, &batches[i]->changes[r], &err), &err);
      must(store_offset(s, (stream_position){from->topic, from->partition, from->offset + 1}, &err), &err);
    }
  }
  for (int t = 0; t < topics->count; t++) must(store_apply(s, t, &err), &err);
  uint64_t version = store_version(s) + 1;
  must(store_commit(s, version, &err), &err);
  must(store_checkpoint(s, NULL, &err), &err);
  for (int i = 0; i < count; i++) batch_done(batches[i], &(batch_outcome){.version = version});
}

static _Noreturn void consume(const char *folder, const char *database, const char *brokers) {
  error err;
  size_t count;
  topic_catalog *topics = topic_catalog_load(folder, &err);
  must(topics != NULL, &err);
  store *s = store_open(&(store_options){.path = database, .topics = topics}, &err);
  must(s != NULL, &err);
  stream_position *positions = store_positions(s, &count, &err);
  queue *inbox = queue_new(32, 32 << 20);
  kafka_source *k = kafka_source_start(&(kafka_options){.topics = topics, .brokers = brokers, .positions = positions, .position_count = count, .inbox = inbox,
                                                        .prepare = decode_batch, .prepare_ctx = decoder_new(topics)},
                                       &err);
  must(k != NULL, &err);
  for (;;) {
    batch *batches[TURN_BATCHES];
    int n = 0;
    while (n < TURN_BATCHES && (batches[n] = queue_pop(inbox, n ? 0 : -1)) != NULL) n++;
    if (n) apply_turn(s, topics, batches, n);
  }
}

/* --- the test --- */

typedef struct fixture {
  topic_folder folder;
  char database_folder[64], path[100];
  rd_kafka_t *producer;
  rd_kafka_mock_cluster_t *cluster;
  int64_t produced, poison, ticks;
  int64_t expected[KEYS]; /* the last value of each key; -1 = no row */
  pid_t consumer;
} fixture;

static const char *program;
static uint64_t random_state;

static uint32_t random_below(uint32_t n) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33) % n;
}

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  topic_folder_make(&f->folder);
  topic_folder_write(&f->folder, "item.sql", "-- @topic t.item\n-- @key {id}\nCREATE TABLE item (id INTEGER PRIMARY KEY, v INTEGER NOT NULL CHECK (v % 97 <> 5)) STRICT;");
  topic_folder_write(&f->folder, "tick.sql", "-- @topic t.tick\n-- @append\nCREATE TABLE tick (n INTEGER PRIMARY KEY, v INTEGER NOT NULL) STRICT;");
  snprintf(f->database_folder, sizeof f->database_folder, "/dev/shm/vs-kill-XXXXXX");
  assert_non_null(mkdtemp(f->database_folder));
  snprintf(f->path, sizeof f->path, "%s/live.db", f->database_folder);
  memset(f->expected, 0xff, sizeof f->expected);
  char text[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
  rd_kafka_conf_set(conf, "linger.ms", "2", NULL, 0);
  f->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
  f->cluster = rd_kafka_mock_cluster_new(f->producer, 1);
  rd_kafka_mock_topic_create(f->cluster, "t.item", PARTITIONS, 1);
  rd_kafka_mock_topic_create(f->cluster, "t.tick", PARTITIONS, 1);
  rd_kafka_brokers_add(f->producer, rd_kafka_mock_cluster_bootstraps(f->cluster));
  *state = f;
  return 0;
}

static void kill_consumer(fixture *f) {
  if (!f->consumer) return;
  int status;
  kill(f->consumer, SIGKILL);
  assert_int_equal(waitpid(f->consumer, &status, 0), f->consumer);
  f->consumer = 0;
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it did not end by itself */
}

static int teardown(void **state) {
  fixture *f = *state;
  char command[200];
  if (f->consumer) kill(f->consumer, SIGKILL);
  rd_kafka_mock_cluster_destroy(f->cluster);
  rd_kafka_destroy(f->producer);
  topic_folder_remove(&f->folder);
  snprintf(command, sizeof command, "rm -rf %s", f->database_folder);
  int status = system(command);
  free(f);
  return status;
}

static void start_consumer(fixture *f) {
  f->consumer = fork();
  assert_true(f->consumer >= 0);
  if (f->consumer == 0) {
    execl("/proc/self/exe", program, "consume", f->folder.path, f->path, rd_kafka_mock_cluster_bootstraps(f->cluster), (char *)NULL);
    _exit(4);
  }
}

static void send_record(fixture *f, const char *name, int partition, const char *key, const char *payload) {
  rd_kafka_resp_err_t rc;
  do {
    rc = rd_kafka_producev(f->producer, RD_KAFKA_V_TOPIC(name), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key, key ? strlen(key) : 0),
                           RD_KAFKA_V_VALUE((void *)payload, payload ? strlen(payload) : 0), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (rc == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(f->producer, 10);
  } while (rc == RD_KAFKA_RESP_ERR__QUEUE_FULL);
  assert_int_equal(rc, 0);
  f->produced++;
}

/* One record of any kind; what the table should hold afterwards is noted. */
static void send_random(fixture *f, int64_t value_now) {
  char key[24], payload[80];
  int id = (int)random_below(KEYS);
  uint32_t kind = random_below(20);
  snprintf(key, sizeof key, "%d", id);
  snprintf(payload, sizeof payload, "{\"id\":%d,\"v\":%" PRId64 "}", id, value_now);
  if (kind < 4) {
    send_record(f, "t.tick", (int)random_below(PARTITIONS), NULL, payload);
    f->ticks++;
  } else if (kind == 4) {
    send_record(f, "t.item", id % PARTITIONS, key, NULL);
    f->expected[id] = -1;
  } else if (kind == 5) {
    send_record(f, "t.item", id % PARTITIONS, key, "{\"id\":");
    f->poison++;
  } else {
    send_record(f, "t.item", id % PARTITIONS, key, payload);
    if (value_now % 97 == 5) f->poison++;
    else f->expected[id] = value_now;
  }
}

static int64_t ask(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  int64_t answer = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) answer = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return answer;
}

/* Waits until the consumer has committed so many records. */
static void wait_for_records(fixture *f, int64_t records) {
  int64_t deadline = clock_monotonic_ms() + DEADLINE_MS, done = 0;
  sqlite3 *db = NULL;
  error err;
  while (done < records) {
    if (clock_monotonic_ms() > deadline) fail_msg("%" PRId64 " of %" PRId64 " records were committed in time", done, records);
    if (!db) db = store_open_reader(f->path, &err);
    if (db) done = ask(db, "SELECT coalesce(sum(next_offset), 0) FROM vs_offset");
    rd_kafka_poll(f->producer, 1);
  }
  sqlite3_close_v2(db);
}

static void compare(fixture *f) {
  error err;
  sqlite3 *db = store_open_reader(f->path, &err);
  assert_non_null(db);
  assert_int_equal(ask(db, "SELECT sum(next_offset) FROM vs_offset"), f->produced);
  assert_int_equal(ask(db, "SELECT count(*) FROM tick"), f->ticks);
  assert_int_equal(ask(db, "SELECT max(id) FROM vs_dead_letter"), f->poison);
  int64_t rows = 0;
  for (int id = 0; id < KEYS; id++) {
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT v FROM item WHERE id = %d", id);
    if (ask(db, sql) != f->expected[id]) fail_msg("key %d holds %" PRId64 ", expected %" PRId64, id, ask(db, sql), f->expected[id]);
    rows += f->expected[id] >= 0;
  }
  assert_int_equal(ask(db, "SELECT count(*) FROM item"), rows);
  sqlite3_close_v2(db);
}

static void test_kills_under_load(void **state) {
  fixture *f = *state;
  const char *given = getenv("VS_SEED");
  random_state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  print_message("VS_SEED=%" PRIu64 "\n", random_state);
  for (int round = 0; round < KILLS; round++) {
    int64_t before = f->produced;
    for (int i = 0; i < RECORDS_A_ROUND; i++) send_random(f, f->produced);
    start_consumer(f);
    wait_for_records(f, before + random_below(RECORDS_A_ROUND)); /* somewhere in the midst of it */
    kill_consumer(f);
  }
  assert_int_equal(rd_kafka_flush(f->producer, DEADLINE_MS), 0);
  start_consumer(f);
  wait_for_records(f, f->produced);
  kill_consumer(f);
  compare(f);
}

int main(int argc, char **argv) {
  if (argc == 5 && !strcmp(argv[1], "consume")) consume(argv[2], argv[3], argv[4]);
  program = argv[0];
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_kills_under_load, setup, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
