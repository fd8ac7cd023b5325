/* source/ingest.h: bodies split into records, answers that find their caller, and callers that have gone. */
#include "decode/decode.h"
#include "source/ingest.h"
#include "support/topic_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

typedef struct fixture {
  topic_catalog *topics;
  queue *inbox;
  decoder *d;
  pthread_t engine;
  bool engine_runs;
  uint32_t upserts, deletes;
  char last_key[64];
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  topic_folder folder;
  error err = {0};
  topic_folder_make(&folder);
  topic_folder_write(&folder, "item.sql", "-- @topic t.item\n-- @key {day}#{id}\nCREATE TABLE item (id INTEGER NOT NULL, day TEXT NOT NULL, qty REAL NOT NULL,\n"
                                          "PRIMARY KEY (id, day)) STRICT;");
  topic_folder_write(&folder, "tick.sql", "-- @topic t.tick\n-- @append\nCREATE TABLE tick (v INTEGER NOT NULL) STRICT;");
  f->topics = topic_catalog_load(folder.path, &err);
  topic_folder_remove(&folder);
  if (!f->topics) fail_msg("%s", err.text);
  f->inbox = queue_new(2, 1 << 20);
  f->d = decoder_new(f->topics);
  *state = f;
  return 0;
}

static void drop(void *item) { batch_done(item, NULL); }

static int teardown(void **state) {
  fixture *f = *state;
  queue_close(f->inbox);
  if (f->engine_runs) pthread_join(f->engine, NULL);
  queue_free(f->inbox, drop);
  decoder_free(f->d);
  topic_catalog_free(f->topics);
  free(f);
  return 0;
}

/* An engine that commits each batch as one version. */
static void *engine(void *ctx) {
  fixture *f = ctx;
  uint64_t version = 100;
  for (batch *b; (b = queue_pop(f->inbox, -1)) != NULL;) {
    for (uint32_t i = 0; i < b->count; i++) {
      f->upserts += b->changes[i].op == CHANGE_UPSERT;
      f->deletes += b->changes[i].op == CHANGE_DELETE;
      if (b->records[i].key) snprintf(f->last_key, sizeof f->last_key, "%.*s", (int)b->records[i].key_bytes, b->records[i].key);
    }
    batch_done(b, &(batch_outcome){.version = ++version});
  }
  return NULL;
}

static void start_engine(fixture *f) { f->engine_runs = pthread_create(&f->engine, NULL, engine, f) == 0; }

static ingest_result result;
static error err;

static bool send_to(fixture *f, const char *table, char op, const char *body, int timeout_ms) {
  err = (error){0};
  return ingest_submit(&(ingest_request){.topics = f->topics, .table = table, .op = op, .body = body, .bytes = strlen(body), .inbox = f->inbox,
                                         .prepare = decode_batch, .prepare_ctx = f->d, .timeout_ms = timeout_ms},
                       &result, &err);
}

static void test_upserts(void **state) {
  fixture *f = *state;
  start_engine(f);
  assert_true(send_to(f, "item", 'u', " {\"id\":1,\"day\":\"a}]\\\"\",\"qty\":2} ", -1));
  assert_int_equal(result.version, 101);
  assert_int_equal(result.records, 1);
  assert_true(send_to(f, "t.item", 'u', "[{\"id\":1,\"day\":\"x\",\"qty\":2} ,\n{\"id\":2,\"day\":\"x\",\"qty\":2,\"o\":{\"p\":[]}}]", -1));
  assert_int_equal(result.version, 102);
  assert_int_equal(result.records, 2);
  assert_true(send_to(f, "tick", 'u', "{\"v\":1}", -1));
  assert_false(send_to(f, "item", 'u', "[{\"id\":1,\"day\":\"x\",\"qty\":\"2\"},{\"id\":2,\"day\":\"x\",\"qty\":2},{\"id\":2}]", -1));
  assert_int_equal(err.code, ERR_INVALID);
  assert_int_equal(result.refused, 2);
  assert_int_equal(result.version, 104);
  assert_non_null(strstr(err.text, "2 of 3 records were refused: record 1: the field qty is a text, expected a number; record 3: "));
  assert_int_equal(f->upserts, 5);
}

static void test_deletes(void **state) {
  fixture *f = *state;
  start_engine(f);
  assert_true(send_to(f, "item", 'd', "[{\"id\":7,\"day\":\"x\",\"qty\":\"whatever\"},{\"id\":-8,\"day\":\"y\"}]", -1));
  assert_int_equal(f->deletes, 2);
  assert_string_equal(f->last_key, "y#-8");
  assert_false(send_to(f, "item", 'd', "[{\"id\":7,\"day\":\"x\"},{\"id\":\"7\",\"day\":\"x\"}]", -1));
  assert_non_null(strstr(err.text, "record 2: the key field id"));
  assert_false(send_to(f, "item", 'd', "{\"id\":7,\"day\":\"x#y\"}", -1));
  assert_non_null(strstr(err.text, "separator"));
  assert_false(send_to(f, "tick", 'd', "{\"v\":1}", -1));
  assert_non_null(strstr(err.text, "only appends"));
  assert_int_equal(f->deletes, 2);
}

static void test_wrong_bodies(void **state) {
  fixture *f = *state;
  static const char *const bad[] = {"", "  ", "x", "[]", "[ ]", "[1]", "{", "{\"a\":\"}", "[{}", "[{},]", "[{}{}]", "[{}]x", "{}{}", "[[{}]]", "{},{}", "null"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_false(send_to(f, "item", 'u', bad[i], 0));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "expected one JSON object or a list"));
  }
  char deep[400] = "{\"a\":";
  memset(deep + 5, '[', 200);
  assert_false(send_to(f, "item", 'u', deep, 0));
  assert_non_null(strstr(err.text, "too deep"));
  assert_false(send_to(f, "nosuch", 'u', "{}", 0));
  assert_int_equal(err.code, ERR_NOT_FOUND);
  assert_non_null(strstr(err.hint, "item, tick"));
  char *large = malloc(INGEST_MAX_BYTES + 2);
  memset(large, ' ', INGEST_MAX_BYTES + 1);
  large[INGEST_MAX_BYTES + 1] = '\0';
  assert_false(send_to(f, "item", 'u', large, 0));
  assert_int_equal(err.code, ERR_LIMIT);
  free(large);
}

static void test_nobody_answers(void **state) {
  fixture *f = *state;
  const char *body = "{\"id\":1,\"day\":\"x\",\"qty\":2}";
  assert_false(send_to(f, "item", 'u', body, 1)); /* taken, not applied in time: the answer outlives this caller */
  assert_int_equal(err.code, ERR_BUSY);
  assert_non_null(strstr(err.text, "not applied within"));
  assert_false(send_to(f, "item", 'u', body, 1));
  assert_false(send_to(f, "item", 'u', body, 1)); /* two batches fill the inbox */
  assert_non_null(strstr(err.text, "stayed full"));
  batch *b = queue_pop(f->inbox, 0);
  batch_done(b, &(batch_outcome){.version = 1});
  queue_close(f->inbox);
  assert_false(send_to(f, "item", 'u', body, -1));
  assert_int_equal(err.code, ERR_IO);
}

static void *stopping_engine(void *ctx) {
  fixture *f = ctx;
  batch_done(queue_pop(f->inbox, -1), NULL);
  return NULL;
}

static void test_dropped(void **state) {
  fixture *f = *state;
  f->engine_runs = pthread_create(&f->engine, NULL, stopping_engine, f) == 0;
  assert_false(send_to(f, "item", 'u', "{\"id\":1,\"day\":\"x\",\"qty\":2}", -1));
  assert_int_equal(err.code, ERR_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_upserts, setup, teardown),      cmocka_unit_test_setup_teardown(test_deletes, setup, teardown),
    cmocka_unit_test_setup_teardown(test_wrong_bodies, setup, teardown), cmocka_unit_test_setup_teardown(test_nobody_answers, setup, teardown),
    cmocka_unit_test_setup_teardown(test_dropped, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
