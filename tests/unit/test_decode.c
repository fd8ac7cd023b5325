/* decode/decode.h: rules and reasons, and the scanner held to jansson on random records (seed printed, VS_SEED sets it). */
#include "decode/decode.h"
#include "decode/timestamp.h"
#include "support/topic_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <time.h>

enum { ORDER, TICK }; /* in order of their names */

typedef struct fixture {
  topic_catalog *topics;
  decoder *d;
  arena memory;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  topic_folder folder;
  error err = {0};
  topic_folder_make(&folder);
  topic_folder_write(&folder, "order.sql",
                     "-- @topic a.order\n-- @key {orderId}#{bookId}\n-- @time at\n-- @json tags\n"
                     "CREATE TABLE orders (order_id TEXT NOT NULL, book_id INTEGER NOT NULL, quantity REAL NOT NULL, filled REAL NOT NULL DEFAULT 0,\n"
                     "  venue TEXT, lots INTEGER, tags TEXT NOT NULL DEFAULT '[]', at INTEGER NOT NULL, PRIMARY KEY (book_id, order_id)) STRICT;");
  topic_folder_write(&folder, "tick.sql",
                     "-- @topic b.tick\n-- @key {symbol}\n-- @append\n"
                     "CREATE TABLE tick (n INTEGER PRIMARY KEY, symbol TEXT NOT NULL, price REAL NOT NULL) STRICT;");
  f->topics = topic_catalog_load(folder.path, &err);
  topic_folder_remove(&folder);
  if (!f->topics) fail_msg("%s", err.text);
  f->d = decoder_new(f->topics);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  decoder_free(f->d);
  topic_catalog_free(f->topics);
  arena_free(&f->memory);
  free(f);
  return 0;
}

static change decode(fixture *f, int topic_index, const char *key, const char *payload, size_t bytes) {
  change c;
  record *r = arena_zalloc(&f->memory, sizeof *r);
  *r = (record){.topic = topic_index, .key = key, .key_bytes = key ? (uint32_t)strlen(key) : 0, .payload_bytes = (uint32_t)bytes};
  if (payload) { /* of its exact size, so that the sanitizer sees a byte too far */
    char *exact = malloc(bytes ? bytes : 1);
    memcpy(exact, payload, bytes);
    r->payload = exact;
    assert_true(decode_record(f->d, r, &f->memory, &c));
    for (int i = 0; c.values && i < f->topics->topics[topic_index].columns; i++)
      if (c.values[i].type == VALUE_TEXT) c.values[i].text = arena_strndup(&f->memory, c.values[i].text, c.values[i].bytes);
    free(exact);
  } else {
    assert_true(decode_record(f->d, r, &f->memory, &c));
  }
  return c;
}

static change decode_text(fixture *f, int topic_index, const char *key, const char *payload) {
  return decode(f, topic_index, key, payload, payload ? strlen(payload) : 0);
}

static bool is_text(value v, const char *text) { return v.type == VALUE_TEXT && v.bytes == strlen(text) && !memcmp(v.text, text, v.bytes); }

static void test_row(void **state) {
  fixture *f = *state;
  change c = decode_text(f, ORDER, "O-1#7", "{\"orderId\":\"O-1\",\"bookId\":7,\"quantity\":100,\"filled\":2.5e1,\"venue\":\"XLON\",\"lots\":-3,\"at\":1700000000123}");
  assert_int_equal(c.op, CHANGE_UPSERT);
  assert_true(is_text(c.values[0], "O-1"));
  assert_true(c.values[1].type == VALUE_INTEGER && c.values[1].i == 7);
  assert_true(c.values[2].type == VALUE_REAL && c.values[2].r == 100.0);
  assert_true(c.values[3].type == VALUE_REAL && c.values[3].r == 25.0);
  assert_true(is_text(c.values[4], "XLON"));
  assert_true(c.values[5].type == VALUE_INTEGER && c.values[5].i == -3);
  assert_true(is_text(c.values[6], "[]"));
  assert_true(c.values[7].i == 1700000000123);
  assert_int_equal(decoder_stats(f->d).scanned, 1);
  assert_int_equal(decoder_stats(f->d).fallback, 0);

  change same = decode_text(f, ORDER, NULL, " { \"at\" : \"2023-11-14T22:13:20.123Z\" , \"bookId\":7,\"orderId\":\"O-1\",\"quantity\":1,\"venue\":null,"
                                            "\"lots\":5.0,\"extra\":{\"deep\":[1,2]},\"tags\":[\"a\", 0.1, {\"b\":null}]}");
  assert_int_equal(same.op, CHANGE_UPSERT);
  assert_true(same.key_hash == c.key_hash && c.key_hash != 0);
  assert_true(same.values[7].i == 1700000000123);
  assert_true(same.values[3].type == VALUE_REAL && same.values[3].r == 0.0); /* the DEFAULT */
  assert_int_equal(same.values[4].type, VALUE_NULL);
  assert_true(same.values[5].type == VALUE_INTEGER && same.values[5].i == 5);
  assert_true(is_text(same.values[6], "[\"a\",0.1,{\"b\":null}]"));
  assert_int_equal(decoder_stats(f->d).fallback, 1);
}

static void test_deletes(void **state) {
  fixture *f = *state;
  change put = decode_text(f, ORDER, "O#1#7", "{\"orderId\":\"O\",\"bookId\":7,\"quantity\":1,\"at\":1}");
  assert_int_equal(put.op, CHANGE_REFUSED);
  change c = decode_text(f, ORDER, "O-1#7", NULL);
  assert_int_equal(c.op, CHANGE_DELETE);
  assert_true(is_text(c.values[0], "O-1") && c.values[1].i == 7 && c.values[2].type == VALUE_NULL);
  put = decode_text(f, ORDER, "O-1#7", "{\"orderId\":\"O-1\",\"bookId\":7,\"quantity\":1,\"at\":1}");
  assert_true(c.key_hash == put.key_hash);
  static const char *const bad[] = {"O-1", "O-1#x", "O-1#7#8", "\xff#7", ""};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_int_equal(decode_text(f, ORDER, bad[i], NULL).op, CHANGE_REFUSED);
  assert_non_null(strstr(decode_text(f, ORDER, NULL, NULL).reason, "no key"));
  assert_non_null(strstr(decode_text(f, TICK, "A", NULL).reason, "only appends"));
}

static void test_append(void **state) {
  fixture *f = *state;
  assert_int_equal(decode_text(f, TICK, "A", "{\"symbol\":\"A\",\"price\":1}").op, CHANGE_UPSERT);
  assert_int_equal(decode_text(f, TICK, NULL, "{\"symbol\":\"A\",\"price\":1}").op, CHANGE_UPSERT);
  assert_int_equal(decode_text(f, TICK, "B", "{\"symbol\":\"A\",\"price\":1}").op, CHANGE_REFUSED);
  assert_int_equal(decode_text(f, TICK, "A", "{\"symbol\":\"A\",\"price\":1,\"n\":\"ignored\"}").op, CHANGE_UPSERT);
}

#define GOOD "\"orderId\":\"O\",\"bookId\":7,\"quantity\":1,\"at\":1"

static void test_refusals(void **state) {
  fixture *f = *state;
  static const struct {
    const char *payload, *says;
  } cases[] = {
    {"", "not acceptable JSON"},
    {"nonsense", "not acceptable JSON"},
    {"null", "not acceptable JSON"},
    {"[]", "is a list"},
    {"{" GOOD, "not acceptable JSON"},
    {"{" GOOD "} x", "not acceptable JSON"},
    {"{" GOOD ",}", "not acceptable JSON"},
    {"{" GOOD ",\"venue\":\"\xff\"}", "UTF-8"},
    {"{" GOOD ",\"venue\":\"\xc0\xaf\"}", "UTF-8"},
    {"{" GOOD ",\"venue\":\"\xed\xa0\x80\"}", "UTF-8"},
    {"{" GOOD ",\"venue\":\"a\\u0000b\"}", "\\u0000"},
    {"{" GOOD ",\"venue\":\"a\nb\"}", "unexpected newline"},
    {"{" GOOD ",\"at\":2}", "duplicate"},
    {"{" GOOD ",\"x\":1,\"x\":1}", "duplicate"},
    {"{" GOOD ",\"x\":{\"y\":1,\"y\":2}}", "duplicate"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"at\":1}", "quantity is missing"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":null,\"at\":1}", "quantity is null"},
    {"{\"orderId\":5,\"bookId\":7,\"quantity\":1,\"at\":1}", "orderId is an integer, expected a text"},
    {"{\"orderId\":\"O\",\"bookId\":\"7\",\"quantity\":1,\"at\":1}", "bookId is a text, expected an integer"},
    {"{\"orderId\":\"O\",\"bookId\":7.5,\"quantity\":1,\"at\":1}", "bookId is a number with a fraction"},
    {"{\"orderId\":\"O\",\"bookId\":1e19,\"quantity\":1,\"at\":1}", "bookId"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":\"1\",\"at\":1}", "quantity is a text, expected a number"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":true,\"at\":1}", "quantity is a boolean"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":[1],\"at\":1}", "quantity is a list"},
    {"{\"orderId\":\"O\",\"bookId\":9223372036854775808,\"quantity\":1,\"at\":1}", "too big integer"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":1e400,\"at\":1}", "overflow"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":NaN,\"at\":1}", "not acceptable JSON"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":01,\"at\":1}", "not acceptable JSON"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":1.,\"at\":1}", "not acceptable JSON"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":1,\"at\":\"yesterday\"}", "no moment: 'yesterday'"},
    {"{\"orderId\":\"O\",\"bookId\":7,\"quantity\":1,\"at\":\"2024-02-30\"}", "no moment"},
    {"{\"orderId\":\"P\",\"bookId\":7,\"quantity\":1,\"at\":1}", "key is 'O#7', the payload's fields say 'P#7'"},
    {"{\"orderId\":\"O#7\",\"bookId\":7,\"quantity\":1,\"at\":1}", "separator"},
  };
  assert_int_equal(decode_text(f, ORDER, "O#7", "{" GOOD "}").op, CHANGE_UPSERT);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    change c = decode_text(f, ORDER, "O#7", cases[i].payload);
    if (c.op != CHANGE_REFUSED || !strstr(c.reason, cases[i].says))
      fail_msg("case %zu: expected '%s', got op %d '%s'", i, cases[i].says, (int)c.op, c.reason ? c.reason : "");
  }
}

static void test_bounds(void **state) {
  fixture *f = *state;
  enum { LARGE = DECODE_MAX_BYTES + 1 };
  char *large = malloc(LARGE);
  memset(large, ' ', LARGE);
  memcpy(large, "{" GOOD "}", strlen("{" GOOD "}"));
  assert_int_equal(decode(f, ORDER, "O#7", large, DECODE_MAX_BYTES).op, CHANGE_UPSERT);
  assert_non_null(strstr(decode(f, ORDER, "O#7", large, LARGE).reason, "at most"));
  for (int depth = DECODE_MAX_DEPTH - 1; depth <= DECODE_MAX_DEPTH; depth++) {
    char *p = large + sprintf(large, "{" GOOD ",\"x\":");
    for (int i = 0; i < depth; i++) *p++ = '[';
    for (int i = 0; i < depth; i++) *p++ = ']';
    *p++ = '}';
    change c = decode(f, ORDER, "O#7", large, (size_t)(p - large));
    assert_int_equal(c.op, depth < DECODE_MAX_DEPTH ? CHANGE_UPSERT : CHANGE_REFUSED);
  }
  memset(large, '[', LARGE - 1);
  assert_non_null(strstr(decode(f, ORDER, "O#7", large, LARGE - 1).reason, "deeper than"));
  memset(large, 'k', DECODE_MAX_KEY_BYTES + 1);
  large[DECODE_MAX_KEY_BYTES + 1] = '\0';
  assert_non_null(strstr(decode_text(f, ORDER, large, NULL).reason, "the key has"));
  free(large);
}

/* --- the scanner against jansson --- */

static uint64_t random_state;
static uint32_t random_below(uint32_t n) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33) % n;
}

static void put_random_number(buffer *out) {
  static const char *const odd[] = {"0", "-0", "-0.0", "0.0", "1e5", "1E+5", "1e-5", "123456789012345678", "1234567890123456789", "9223372036854775807",
                                    "-9223372036854775808", "9223372036854775808", "0.1", "1e22", "1e23", "1e308", "1e309", "2.2250738585072011e-308",
                                    "4.9e-324", "1e-400", "9007199254740993", "0.30000000000000004", "179769313486231570000000000000000000000",
                                    "1.7976931348623157e308", "00", "1.", ".5", "+1", "5.0", "1e", "--1", "0e0", "8.5e15", "123456789012345678.5"};
  if (random_below(8) == 0) {
    buffer_puts(out, odd[random_below(sizeof odd / sizeof odd[0])]);
    return;
  }
  if (random_below(3) == 0) buffer_putc(out, '-');
  buffer_printf(out, "%u", random_below(random_below(2) ? 100 : 2000000000));
  if (random_below(2)) {
    buffer_putc(out, '.');
    for (uint32_t i = random_below(20) + 1; i > 0; i--) buffer_printf(out, "%u", random_below(10));
  }
  if (random_below(4) == 0) buffer_printf(out, "e%d", (int)random_below(700) - 350);
}

static void put_random_text(buffer *out) {
  static const char *const odd[] = {"", "plain", "Zürich", "日本", "😀", "a\\\"b", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "a\\/b", "tab\\t", "\x7f", "\xc3",
                                    "2024-05-06T07:08:09Z", "2024-05-06", "2024-13-01", "O", "1", "null", "raw\ttab", "#", "[]"};
  buffer_putc(out, '"');
  buffer_puts(out, odd[random_below(sizeof odd / sizeof odd[0])]);
  buffer_putc(out, '"');
}

static void put_random_value(buffer *out) {
  switch (random_below(10)) {
    case 0: buffer_puts(out, "null"); break;
    case 1: buffer_puts(out, random_below(2) ? "true" : "false"); break;
    case 2: buffer_puts(out, random_below(2) ? "[1,\"a\"]" : "{\"a\":{}}"); break;
    case 3:
    case 4:
    case 5: put_random_text(out); break;
    default: put_random_number(out);
  }
}

static void put_space(buffer *out) {
  static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t \r"};
  buffer_puts(out, spaces[random_below(sizeof spaces / sizeof spaces[0])]);
}

/* A record that is mostly right; sometimes a field is absent, strange, twice or unknown. */
static void put_random_record(buffer *out) {
  static const char *const fields[] = {"\"orderId\":\"O\"", "\"bookId\":7", "\"quantity\":", "\"filled\":", "\"venue\":", "\"lots\":", "\"tags\":", "\"at\":"};
  static const char *const unknown[] = {"x", "y", "orderid", "orderIdd", "", "é"};
  put_space(out);
  buffer_putc(out, '{');
  bool any = false;
  for (int i = 0; i < 8; i++) {
    bool required = i < 3 || i == 7;
    if (random_below(required ? 60 : 3) == 0) continue;
    if (any) buffer_putc(out, ',');
    any = true;
    put_space(out);
    buffer_puts(out, fields[i]);
    put_space(out);
    if (i == 2 || i == 3) put_random_number(out);
    else if (random_below(6) == 0 && i >= 4) put_random_value(out);
    else if (i == 4) put_random_text(out);
    else if (i == 5) buffer_printf(out, "%d", (int)random_below(1000) - 500);
    else if (i == 6) buffer_puts(out, "null");
    else if (i == 7) buffer_puts(out, random_below(2) ? "1700000000000" : "\"2024-05-06T07:08:09.5+02:00\"");
    put_space(out);
    if (random_below(12)) continue;
    buffer_printf(out, ",\"%s\":", unknown[random_below(6)]);
    put_random_value(out);
  }
  buffer_putc(out, '}');
  put_space(out);
  if (random_below(6) == 0 && out->len) out->data[random_below((uint32_t)out->len)] = (char)random_below(256);
}

/* A nested unknown field makes the same record unusual, so that jansson reads it. */
static bool put_unusual(buffer *out, const buffer *record_text) {
  const char *open = memchr(record_text->data, '{', record_text->len);
  if (!open) return false;
  size_t head = (size_t)(open - record_text->data) + 1;
  buffer_append(out, record_text->data, head);
  buffer_puts(out, "\"~unusual\":[]");
  const char *rest = record_text->data + head;
  size_t left = record_text->len - head, blank = 0;
  while (blank < left && strchr(" \t\r\n", rest[blank])) blank++;
  if (blank < left && rest[blank] != '}') buffer_putc(out, ',');
  buffer_append(out, rest, left);
  return true;
}

static void compare(fixture *f, const buffer *plain, const buffer *unusual, int round) {
  uint64_t scanned = decoder_stats(f->d).scanned;
  change a = decode(f, ORDER, NULL, plain->data, plain->len);
  bool by_scanner = decoder_stats(f->d).scanned > scanned;
  change b = decode(f, ORDER, NULL, unusual->data, unusual->len);
  assert_int_equal(decoder_stats(f->d).scanned, scanned + by_scanner);
  bool same = a.op == b.op && a.key_hash == b.key_hash;
  for (int i = 0; same && a.op == CHANGE_UPSERT && i < f->topics->topics[ORDER].columns; i++) same = value_same(a.values[i], b.values[i]);
  if (!same) fail_msg("round %d: scanner and jansson differ on %s", round, buffer_text(plain));
}

static void test_differential(void **state) {
  fixture *f = *state;
  const char *given = getenv("VS_SEED"), *rounds_given = getenv("VS_ROUNDS");
  uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  int rounds = rounds_given ? atoi(rounds_given) : 50000;
  print_message("VS_SEED=%llu\n", (unsigned long long)seed);
  random_state = seed;
  buffer plain = {0}, unusual = {0};
  for (int round = 0; round < rounds; round++) {
    buffer_clear(&plain);
    buffer_clear(&unusual);
    put_random_record(&plain);
    if (put_unusual(&unusual, &plain)) compare(f, &plain, &unusual, round);
    arena_reset(&f->memory);
  }
  decode_stats stats = decoder_stats(f->d);
  assert_true(stats.scanned > (uint64_t)rounds / 10); /* the comparison is no empty one … */
  assert_true(stats.refused > (uint64_t)rounds / 10); /* … on both sides */
  buffer_free(&plain);
  buffer_free(&unusual);
}

static void test_numbers_are_exact(void **state) {
  fixture *f = *state;
  random_state = 7;
  buffer text = {0};
  for (int i = 0; i < 20000; i++) {
    buffer_clear(&text);
    char number[64];
    int64_t bits = (int64_t)random_below(1u << 30) << 30 ^ random_below(1u << 30);
    snprintf(number, sizeof number, "%lld.%0*u", (long long)(bits % 1000000000), 1 + (int)random_below(9), random_below(1000000000));
    buffer_printf(&text, "{\"orderId\":\"O\",\"bookId\":7,\"at\":1,\"quantity\":%s}", number);
    change c = decode(f, ORDER, "O#7", text.data, text.len);
    assert_true(c.op == CHANGE_UPSERT && c.values[2].r == strtod(number, NULL));
    arena_reset(&f->memory);
  }
  assert_int_equal(decoder_stats(f->d).fallback, 0);
  buffer_free(&text);
}

static void test_timestamps(void **state) {
  static const struct {
    const char *text;
    int64_t ms;
  } good[] = {
    {"1970-01-01", 0},
    {"1970-01-01T00:00:00.001Z", 1},
    {"2024-02-29T12:34:56.789Z", 1709210096789},
    {"2024-02-29 12:34:56.7891234", 1709210096789},
    {"2024-02-29T14:34:56.789+02:00", 1709210096789},
    {"2024-02-29T10:04:56.789-0230", 1709210096789},
    {"2024-02-29T13:34:56,789+01", 1709210096789},
    {"1969-12-31T23:59:59.999Z", -1},
    {"1900-03-01T00:00Z", -2203891200000},
    {"0001-01-01", -62135596800000},
    {"9999-12-31T23:59:59.999Z", 253402300799999},
  };
  static const char *const bad[] = {"",           "2024",        "2024-1-1",          "2024-02-30",         "2023-02-29",           "1900-02-29",
                                    "2024-00-01", "2024-13-01",  "2024-01-32",        "2024-01-01T",        "2024-01-01T24:00",     "2024-01-01T00:60",
                                    "0000-01-01", "2024-01-01x", "2024-01-01T00:00:", "2024-01-01T00:00:60", "2024-01-01T00:00:00.", "2024-01-01T00:00Zz",
                                    "2024-01-01T00:00+", "2024-01-01T00:00+1", "2024-01-01T00:00+01:", "2024-01-01T00:00+24:00", " 2024-01-01"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    int64_t ms = 12345;
    if (!timestamp_parse(good[i].text, strlen(good[i].text), &ms) || ms != good[i].ms) fail_msg("%s gives %lld", good[i].text, (long long)ms);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    int64_t ms;
    if (timestamp_parse(bad[i], strlen(bad[i]), &ms)) fail_msg("%s is taken", bad[i]);
  }
}

static void test_batch(void **state) {
  fixture *f = *state;
  batch b = {.count = 2};
  record records[2] = {{.topic = TICK, .partition = -1, .offset = -1, .payload = "{}", .payload_bytes = 2},
                       {.topic = TICK, .partition = -1, .offset = -1, .payload = "{\"symbol\":\"A\",\"price\":0.5}", .payload_bytes = 26}};
  b.records = records;
  assert_true(decode_batch(f->d, &b));
  assert_int_equal(b.changes[0].op, CHANGE_REFUSED);
  assert_ptr_equal(b.changes[0].origin, &records[0]);
  assert_int_equal(b.changes[1].op, CHANGE_UPSERT);
  assert_true(b.changes[1].values[1].r == 0.5);
  arena_free(&b.memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_row, setup, teardown),
    cmocka_unit_test_setup_teardown(test_deletes, setup, teardown),
    cmocka_unit_test_setup_teardown(test_append, setup, teardown),
    cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
    cmocka_unit_test_setup_teardown(test_differential, setup, teardown),
    cmocka_unit_test_setup_teardown(test_numbers_are_exact, setup, teardown),
    cmocka_unit_test(test_timestamps),
    cmocka_unit_test_setup_teardown(test_batch, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
