/* Any bytes as a record of each shipped kind: key and payload (divided by the first newline), or a key alone. A row that comes
** out is what its key says: the key renders, parses back, and deletes that very row; what is refused has a reason in UTF-8. */
#include "fuzz.h"

#include "base/utf8.h"
#include "decode/decode.h"
#include "support/topic_folder.h"

static topic_catalog *topics;
static decoder *d;

static void require(bool condition, const char *what, const uint8_t *data, size_t size) {
  if (condition) return;
  fprintf(stderr, "%s: %.*s\n", what, (int)size, (const char *)data);
  abort();
}

static void start(void) {
  topic_folder folder;
  error err;
  topic_folder_make(&folder);
  topic_folder_write(&folder, "a.sql", "-- @topic a\n-- @key {day}#{id}\n-- @time at\n-- @json tags\nCREATE TABLE a (id INTEGER, day TEXT, qty REAL NOT NULL, note TEXT,\n"
                                       "tags TEXT, at INTEGER, n INTEGER DEFAULT 7, PRIMARY KEY (id, day)) STRICT;");
  topic_folder_write(&folder, "b.sql", "-- @topic b\n-- @append\n-- @key {symbol}\nCREATE TABLE b (symbol TEXT NOT NULL, price REAL NOT NULL) STRICT;");
  topics = topic_catalog_load(folder.path, &err);
  topic_folder_remove(&folder);
  d = topics ? decoder_new(topics) : NULL;
  if (!d) abort();
}

static void check_row(const topic *t, const change *c, arena *memory, const uint8_t *data, size_t size) {
  buffer key = {0};
  change gone;
  require(topic_key_render(t, c->values, &key) && topic_key_matches(t, c->values, key.data, key.len), "a row without a key", data, size);
  record tombstone = {.key = key.data, .key_bytes = (uint32_t)key.len, .topic = c->topic};
  require(decode_record(d, &tombstone, memory, &gone) && gone.op == CHANGE_DELETE && gone.key_hash == c->key_hash, "a key that deletes nothing", data, size);
  for (int i = 0; i < t->keys; i++) require(value_same(gone.values[t->key[i]], c->values[t->key[i]]), "a key that deletes another row", data, size);
  buffer_free(&key);
}

static void check(const record *r, const uint8_t *data, size_t size) {
  arena memory = {0};
  change c;
  const topic *t = &topics->topics[r->topic];
  require(decode_record(d, r, &memory, &c), "out of memory", data, size);
  if (c.op == CHANGE_REFUSED) require(c.reason && c.reason[0] && utf8_valid(c.reason, strlen(c.reason)), "a refusal without a reason", data, size);
  else if (!t->append && c.op == CHANGE_UPSERT) check_row(t, &c, &memory, data, size);
  arena_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!topics) start();
  const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
  record keyed = {.key = text, .key_bytes = line ? (uint32_t)(line - text) : (uint32_t)size};
  if (line) {
    keyed.payload = line + 1;
    keyed.payload_bytes = (uint32_t)(size - keyed.key_bytes - 1);
  }
  record bare = {.payload = text, .payload_bytes = (uint32_t)size};
  for (int i = 0; i < topics->count; i++) {
    keyed.topic = bare.topic = i;
    check(&keyed, data, size);
    check(&bare, data, size);
  }
  return 0;
}

const char *const *fuzz_seeds(void) {
  static const char *const seeds[] = {
    "x#1\n{\"id\":1,\"day\":\"x\",\"qty\":1.5,\"note\":\"n\",\"tags\":[1,\"a\",{\"b\":null}],\"at\":\"2024-05-06T07:08:09.123Z\",\"n\":null}",
    "{\"id\":-9223372036854775808,\"day\":\"\xc3\xa9\\u00e9\",\"qty\":1e308,\"at\":1700000000000,\"other\":{\"x\":[true,false,null]}}",
    "{ \"day\" : \"\" , \"id\" : 0 , \"qty\" : -0.0 , \"unknown\" : \"text\" , \"n\" : 5.0 }",
    "2024-05-06#7",
    "A\n{\"symbol\":\"A\",\"price\":0.30000000000000004}",
    "{\"symbol\":\"\\ud83d\\ude00\",\"price\":12345678901234567890.5e-10}",
    NULL,
  };
  return seeds;
}
