#include "source/ingest.h"

#include "base/clock.h"

#include <assert.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_RECORDS = 16, REASONS_BYTES = 700 };

/* The caller waits on it, the engine answers through it; the last of the two frees it, since the caller may give up. */
typedef struct answer {
  pthread_mutex_t lock;
  pthread_cond_t given;
  int holders;
  bool done, dropped;
  uint64_t version;
  uint32_t refused;
  char reasons[REASONS_BYTES]; /* of the refused records, as many as fit */
} answer;

typedef struct ingest_batch {
  batch b;
  char *body; /* a copy: the caller may be gone before the engine is done */
  uint32_t capacity;
  answer *answer;
} ingest_batch;

static answer *new_answer(void) {
  answer *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&a->lock, NULL);
  pthread_cond_init(&a->given, &monotonic);
  pthread_condattr_destroy(&monotonic);
  a->holders = 2;
  return a;
}

static void release_answer(answer *a) {
  pthread_mutex_lock(&a->lock);
  bool last = --a->holders == 0;
  pthread_mutex_unlock(&a->lock);
  if (!last) return;
  pthread_cond_destroy(&a->given);
  pthread_mutex_destroy(&a->lock);
  free(a);
}

static void free_batch(ingest_batch *ib) {
  arena_free(&ib->b.memory);
  free(ib->b.records);
  free(ib->body);
  free(ib);
}

/* --- the engine's side --- */

static void collect_reasons(const batch *b, answer *a) {
  size_t used = 0;
  for (uint32_t i = 0; b->changes && i < b->count; i++) {
    if (b->changes[i].op != CHANGE_REFUSED) continue;
    if (a->refused++ >= INGEST_MAX_REASONS || used >= sizeof a->reasons) continue;
    int n = snprintf(a->reasons + used, sizeof a->reasons - used, "%srecord %u: %s", used ? "; " : "", i + 1, b->changes[i].reason);
    used += n > 0 ? (size_t)n : 0;
  }
}

static void on_done(batch *b, const batch_outcome *outcome) {
  ingest_batch *ib = b->owner;
  answer *a = ib->answer;
  pthread_mutex_lock(&a->lock);
  a->done = true;
  a->dropped = outcome == NULL;
  if (outcome) {
    a->version = outcome->version;
    collect_reasons(b, a);
  }
  pthread_cond_signal(&a->given);
  pthread_mutex_unlock(&a->lock);
  release_answer(a);
  free_batch(ib);
}

/* --- the body --- */

static const char *skip_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

/* Behind the object that begins at p, or NULL: it does not end, or is nested too deep (worker threads have small stacks).
** What is inside is the decoder's to judge. */
static const char *object_end(const char *p, const char *end, bool *too_deep) {
  int depth = 0;
  bool in_text = false;
  for (; p < end; p++) {
    if (in_text) {
      if (*p == '\\') p++;
      else in_text = *p != '"';
    } else if (*p == '"') {
      in_text = true;
    } else if (*p == '{' || *p == '[') {
      if (++depth > INGEST_MAX_DEPTH) {
        *too_deep = true;
        return NULL;
      }
    } else if ((*p == '}' || *p == ']') && --depth == 0) {
      return p + 1;
    }
  }
  return NULL;
}

static bool add_record(ingest_batch *ib, int topic_index, const char *from, const char *to, error *err) {
  if (ib->b.count == INGEST_MAX_RECORDS) return error_set(err, ERR_LIMIT, "the body holds more than %d records", INGEST_MAX_RECORDS);
  if (ib->b.count == ib->capacity) {
    uint32_t capacity = ib->capacity ? ib->capacity * 2 : FIRST_RECORDS;
    record *records = realloc(ib->b.records, capacity * sizeof *records);
    if (!records) return error_nomem(err);
    ib->b.records = records;
    ib->capacity = capacity;
  }
  ib->b.records[ib->b.count++] = (record){.payload = from, .payload_bytes = (uint32_t)(to - from), .topic = topic_index, .partition = -1, .offset = -1,
                                          .timestamp_ms = clock_unix_ms()};
  return true;
}

static bool wrong_body(error *err, const char *what) {
  error_set(err, ERR_INVALID, "the body %s, expected one JSON object or a list of them", what);
  return error_hint(err, "e.g. [{\"instrumentId\":1,\"date\":\"2024-05-06\",\"price\":101.5}]");
}

/* One object, or a list of them, into records that point into the body. */
static bool split_body(ingest_batch *ib, int topic_index, size_t bytes, error *err) {
  const char *end = ib->body + bytes, *p = skip_space(ib->body, end);
  bool list = p < end && *p == '[';
  if (list) p = skip_space(p + 1, end);
  if (list && p < end && *p == ']') return wrong_body(err, "is an empty list");
  for (;;) {
    if (p == end || *p != '{') return wrong_body(err, ib->b.count ? "holds something else after an object" : "does not begin with an object");
    bool too_deep = false;
    const char *to = object_end(p, end, &too_deep);
    if (!to) return wrong_body(err, too_deep ? "is nested too deep" : "ends within an object");
    if (!add_record(ib, topic_index, p, to, err)) return false;
    p = skip_space(to, end);
    if (!list || p == end || *p != ',') break;
    p = skip_space(p + 1, end);
  }
  if (list && (p == end || *p++ != ']')) return wrong_body(err, "ends within the list");
  return skip_space(p, end) == end ? true : wrong_body(err, "goes on after its end");
}

/* --- deletes: the object's key fields become the record's key, and the payload goes --- */

static bool read_key_fields(const topic *t, const json_t *object, value *values, error *err) {
  for (int i = 0; i < t->keys; i++) {
    const topic_column *c = &t->column[t->key[i]];
    json_t *field = json_object_get(object, c->field);
    value *v = &values[t->key[i]];
    if (c->type == VALUE_TEXT && json_is_string(field))
      *v = (value){.type = VALUE_TEXT, .text = json_string_value(field), .bytes = (uint32_t)json_string_length(field)};
    else if (c->type == VALUE_INTEGER && json_is_integer(field)) *v = (value){.type = VALUE_INTEGER, .i = json_integer_value(field)};
    else return error_set(err, ERR_INVALID, "the key field %s is missing or of the wrong type, expected %s", c->field, c->type == VALUE_TEXT ? "a text" : "an integer");
  }
  return true;
}

static bool make_delete(const topic *t, record *r, uint32_t number, arena *memory, error *err) {
  error problem;
  json_error_t where;
  buffer key = {0};
  value values[TOPIC_MAX_COLUMNS] = {0};
  json_t *object = json_loadb(r->payload, r->payload_bytes, JSON_REJECT_DUPLICATES, &where);
  bool done = object ? read_key_fields(t, object, values, &problem) : error_set(&problem, ERR_INVALID, "%s", where.text);
  done = done && (topic_key_render(t, values, &key) || error_set(&problem, ERR_INVALID, "a key field holds the separator of the key's form"));
  const char *kept = done ? arena_strndup(memory, key.data, key.len) : NULL;
  if (kept) {
    r->key = kept;
    r->key_bytes = (uint32_t)key.len;
    r->payload = NULL;
    r->payload_bytes = 0;
  } else if (done) {
    error_nomem(err);
  } else {
    error_set(err, ERR_INVALID, "record %u: %s; nothing was deleted", number, problem.text);
  }
  json_decref(object);
  buffer_free(&key);
  return kept != NULL;
}

static bool make_deletes(const topic *t, ingest_batch *ib, error *err) {
  if (t->append) return error_set(err, ERR_INVALID, "the table %s only appends: its rows cannot be deleted", t->table);
  for (uint32_t i = 0; i < ib->b.count; i++)
    if (!make_delete(t, &ib->b.records[i], i + 1, &ib->b.memory, err)) return false;
  return true;
}

/* --- submitting --- */

static int find_topic(const ingest_request *q, error *err) {
  int index = topic_by_table(q->topics, q->table);
  if (index < 0) index = topic_by_name(q->topics, q->table);
  if (index >= 0) return index;
  char names[400];
  size_t used = 0;
  for (int i = 0; i < q->topics->count && used < sizeof names; i++)
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", q->topics->topics[i].table);
  error_set(err, ERR_NOT_FOUND, "there is no table '%.80s' that takes records", q->table);
  error_hint(err, "there are %s", names);
  return -1;
}

static ingest_batch *make_batch(const ingest_request *q, int topic_index, error *err) {
  ingest_batch *ib = calloc(1, sizeof *ib);
  if (!ib) {
    error_nomem(err);
    return NULL;
  }
  ib->b.done = on_done;
  ib->b.owner = ib;
  ib->b.bytes = q->bytes;
  ib->b.received_us = clock_unix_us();
  ib->body = malloc(q->bytes + 1);
  bool done = ib->body ? true : error_nomem(err);
  if (done) memcpy(ib->body, q->body, q->bytes);
  done = done && split_body(ib, topic_index, q->bytes, err);
  if (done && q->op == 'd') done = make_deletes(&q->topics->topics[topic_index], ib, err);
  done = done && (!q->prepare || q->prepare(q->prepare_ctx, &ib->b) || error_nomem(err));
  if (done) return ib;
  free_batch(ib);
  return NULL;
}

/* true: answered; the answer's fields are then the caller's alone. */
static bool wait_for(answer *a, int timeout_ms) {
  int64_t at = clock_monotonic_ns() + (int64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000;
  struct timespec deadline = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000};
  pthread_mutex_lock(&a->lock);
  int rc = 0;
  while (!a->done && rc == 0) rc = timeout_ms < 0 ? pthread_cond_wait(&a->given, &a->lock) : pthread_cond_timedwait(&a->given, &a->lock, &deadline);
  bool done = a->done;
  pthread_mutex_unlock(&a->lock);
  return done;
}

static bool read_answer(const ingest_request *q, answer *a, ingest_result *result, error *err) {
  if (!wait_for(a, q->timeout_ms)) {
    error_set(err, ERR_BUSY, "the records were taken, but not applied within %d ms", q->timeout_ms);
    return error_hint(err, "they may still be; upserts and deletes can be sent again without harm");
  }
  if (a->dropped) return error_set(err, ERR_IO, "the server is stopping; the records were not applied");
  result->version = a->version;
  result->refused = a->refused;
  if (!a->refused) return true;
  return error_set(err, ERR_INVALID, "%u of %u records were refused: %s", a->refused, result->records, a->reasons);
}

bool ingest_submit(const ingest_request *q, ingest_result *result, error *err) {
  assert(q->op == 'u' || q->op == 'd');
  *result = (ingest_result){0};
  if (q->bytes > INGEST_MAX_BYTES) return error_set(err, ERR_LIMIT, "the body has %zu bytes, at most %d are allowed", q->bytes, INGEST_MAX_BYTES);
  int index = find_topic(q, err);
  ingest_batch *ib = index >= 0 ? make_batch(q, index, err) : NULL;
  if (!ib) return false;
  answer *a = ib->answer = new_answer();
  if (!a) {
    free_batch(ib);
    return error_nomem(err);
  }
  result->records = ib->b.count;
  queue_result pushed = queue_push(q->inbox, &ib->b, q->bytes, q->timeout_ms);
  if (pushed != QUEUE_DONE) {
    free_batch(ib);
    release_answer(a);
    release_answer(a);
    if (pushed == QUEUE_CLOSED) return error_set(err, ERR_IO, "the server is stopping; the records were not applied");
    error_set(err, ERR_BUSY, "the inbox stayed full for %d ms; the records were not applied", q->timeout_ms);
    return error_hint(err, "send them again later");
  }
  bool done = read_answer(q, a, result, err);
  release_answer(a);
  return done;
}
