/* ns per record of the decoder, and of decoding and storing, on the shipped topics.
**
** usage: bench_decode SQL_FOLDER [RECORDS]
** Prints one line a kind: records, ns to decode one, to insert it (the first round), to update it (the others); medians of
** ROUNDS rounds, and what went through the scanner. */
#include "base/clock.h"
#include "decode/decode.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 5, DEFAULT_RECORDS = 200000, TURN_RECORDS = 4096 };

typedef struct kind {
  const char *topic;
  void (*put)(int i, buffer *key, buffer *payload);
} kind;

static void put_order(int i, buffer *key, buffer *payload) {
  buffer_printf(key, "ORD%07d", i);
  buffer_printf(payload,
                "{\"orderId\":\"ORD%07d\",\"instrumentId\":%d,\"accountId\":\"ACC%03d\",\"date\":\"2024-05-06\",\"side\":\"BUY\",\"orderQuantity\":%d,"
                "\"filledQuantity\":%d,\"orderStatus\":\"PARTIALLY_FILLED\",\"orderPrice\":%d.%02d,\"orderType\":\"LIMIT\",\"venue\":\"XNAS\","
                "\"timestamp\":\"2024-05-06T14:30:%02d.%03dZ\"}",
                i, 1000 + i % 500, i % 100, 1000 + i % 900, i % 1000, 50 + i % 100, i % 100, i % 60, i % 1000);
}

static void put_price(int i, buffer *key, buffer *payload) {
  buffer_printf(key, "%d#2024-05-06", i);
  buffer_printf(payload, "{\"instrumentId\":%d,\"date\":\"2024-05-06\",\"price\":%d.%04d,\"currency\":\"USD\",\"source\":\"SIM\",\"timestamp\":%" PRId64 "}", i,
                20 + i % 300, i % 10000, INT64_C(1715000000000) + i);
}

/* Sorted as the table is, like a start of day. */
static void put_holding(int i, buffer *key, buffer *payload) {
  int instrument = 1 + i / 1000, account = i % 1000;
  buffer_printf(key, "2024-05-06#%d#ACC%05d", instrument, account);
  buffer_printf(payload,
                "{\"holdingId\":\"H%d\",\"date\":\"2024-05-06\",\"instrumentId\":%d,\"accountId\":\"ACC%05d\",\"position\":%d.5,\"timestamp\":%" PRId64 "}", i,
                instrument, account, i % 5000, INT64_C(1715000000000) + i);
}

static int by_value(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

static double median(double *values, int n) {
  qsort(values, (size_t)n, sizeof *values, by_value);
  return values[n / 2];
}

static record *make_records(const kind *k, int topic_index, int count, arena *memory) {
  record *records = arena_zalloc(memory, (size_t)count * sizeof *records);
  buffer key = {0}, payload = {0};
  for (int i = 0; records && i < count; i++) {
    buffer_clear(&key);
    buffer_clear(&payload);
    k->put(i, &key, &payload);
    records[i] = (record){.topic = topic_index, .partition = 0, .offset = i, .key = arena_strndup(memory, key.data, key.len),
                          .key_bytes = (uint32_t)key.len, .payload = arena_strndup(memory, payload.data, payload.len),
                          .payload_bytes = (uint32_t)payload.len};
  }
  buffer_free(&key);
  buffer_free(&payload);
  return records;
}

/* One turn of decoded changes; false with err. */
static bool apply_turn(store *s, change *changes, int count, error *err) {
  if (!store_begin(s, err)) return false;
  for (int i = 0; i < count; i++)
    if (!store_stage(s, &changes[i], err)) return false;
  return store_apply(s, changes[0].topic, err) && store_commit(s, store_version(s) + 1, err) && store_checkpoint(s, NULL, err);
}

static bool run(const topic_catalog *topics, const kind *k, int count, store *s, error *err) {
  arena records_memory = {0}, memory = {0};
  int index = topic_by_name(topics, k->topic);
  if (index < 0) return error_set(err, ERR_NOT_FOUND, "topic %s is not declared in that folder", k->topic);
  record *records = make_records(k, index, count, &records_memory);
  change *changes = malloc(TURN_RECORDS * sizeof *changes);
  decoder *d = decoder_new(topics);
  bool done = records && changes && d;
  double decode_ns[ROUNDS], store_ns[ROUNDS];
  for (int round = 0; round < ROUNDS && done; round++) {
    int64_t in_decode = 0, in_store = 0;
    for (int from = 0; from < count && done; from += TURN_RECORDS) {
      int n = count - from < TURN_RECORDS ? count - from : TURN_RECORDS;
      int64_t began = clock_monotonic_ns();
      for (int i = 0; i < n && done; i++) done = decode_record(d, &records[from + i], &memory, &changes[i]);
      int64_t decoded = clock_monotonic_ns();
      done = done && apply_turn(s, changes, n, err);
      in_store += clock_monotonic_ns() - decoded;
      in_decode += decoded - began;
      arena_reset(&memory);
    }
    decode_ns[round] = (double)in_decode / count;
    store_ns[round] = (double)in_store / count;
  }
  if (done) {
    decode_stats stats = decoder_stats(d);
    printf("%-18s %8d records  decode %6.0f ns  insert %6.0f ns  update %6.0f ns  scanned %" PRIu64 " fallback %" PRIu64 " refused %" PRIu64 "\n",
           k->topic, count, median(decode_ns, ROUNDS), store_ns[0], median(store_ns + 1, ROUNDS - 1), stats.scanned, stats.fallback, stats.refused);
  }
  decoder_free(d);
  free(changes);
  arena_free(&memory);
  arena_free(&records_memory);
  return done;
}

int main(int argc, char **argv) {
  static const kind kinds[] = {{"base.order-events", put_order}, {"base.price", put_price}, {"base.sod-holding", put_holding}};
  error err = {0};
  char text[2000], path[64];
  int count = argc > 2 ? atoi(argv[2]) : DEFAULT_RECORDS;
  if (argc < 2 || count <= 0) {
    fprintf(stderr, "usage: bench_decode SQL_FOLDER [RECORDS]\n");
    return 2;
  }
  snprintf(path, sizeof path, "/dev/shm/bench-decode-%d/live.db", (int)getpid());
  topic_catalog *topics = topic_catalog_load(argv[1], &err);
  store *s = topics ? store_open(&(store_options){.path = path, .topics = topics, .fresh = true}, &err) : NULL;
  bool done = s != NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && done; i++) done = run(topics, &kinds[i], count, s, &err);
  if (!done) fprintf(stderr, "bench_decode: %s\n", error_format(&err, text, sizeof text));
  store_close(s);
  topic_catalog_free(topics);
  static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    snprintf(text, sizeof text, "%s%s", path, suffixes[i]);
    unlink(text);
  }
  *strrchr(path, '/') = '\0';
  rmdir(path);
  return done ? 0 : 1;
}
