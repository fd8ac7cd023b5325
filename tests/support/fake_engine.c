#include "support/fake_engine.h"

#include "base/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 5, MAX_INSTANCES = 4096, SMALL_ROWS = 40 };
static const char *const column_names[COLUMNS] = {"k", "a", "b", "c", "d"};
static const char *const column_types[COLUMNS] = {"TEXT", "INTEGER", "REAL", "TEXT", "BLOB"};

typedef struct past {
  struct past *older;
  uint64_t version;
  json_t *rows;
} past;

typedef struct fake_instance {
  uint64_t id;
  char *key, *view;
  uint64_t since;
  int holds, most_rows;
  int64_t next_row;
  bool ended;
  past *newest;
} fake_instance;

typedef struct ask {
  struct ask *next;
  char *view, *params, *filter;
  instance_callback done;
  void *done_ctx;
} ask;

struct fake_engine {
  service service;
  pthread_mutex_t lock;
  uint64_t seed, version;
  int big_rows;
  char path[64];
  sqlite3 *db;
  fake_instance *instances;
  int count;
  ask *first_ask;
  turn_sink sink;
  void *sink_ctx;
};

static uint64_t next_random(fake_engine *e, uint64_t below) {
  e->seed ^= e->seed << 13;
  e->seed ^= e->seed >> 7;
  e->seed ^= e->seed << 17;
  return below ? (e->seed >> 11) % below : 0;
}

uint64_t fake_random(fake_engine *e, uint64_t below) {
  pthread_mutex_lock(&e->lock);
  uint64_t r = next_random(e, below);
  pthread_mutex_unlock(&e->lock);
  return r;
}

static void sql(fake_engine *e, const char *fmt, ...) {
  char text[2000];
  va_list args;
  va_start(args, fmt);
  sqlite3_vsnprintf(sizeof text, text, fmt, args);
  va_end(args);
  char *message = NULL;
  if (sqlite3_exec(e->db, text, NULL, NULL, &message) != SQLITE_OK) {
    fprintf(stderr, "fake engine: %s: %s\n", text, message);
    abort();
  }
}

/* --- rows --- */

static json_t *random_cell(fake_engine *e, int column) {
  static const char *const texts[] = {"", "x", "Energy", "a \"quoted\" one", "line\nbreak", "\xC3\xA4\xE2\x82\xAC"};
  if (column > 0 && next_random(e, 6) == 0) return json_null();
  switch (column) {
    case 0: return json_string(texts[next_random(e, 6)]);
    case 1: return json_integer((json_int_t)next_random(e, 10) - 5);
    case 2: return json_real((double)next_random(e, 1000) / 7.0);
    case 3: return json_string(texts[next_random(e, 6)]);
    default: return json_string(next_random(e, 2) ? "base16:00ff" : "base16:");
  }
}

static json_t *random_row(fake_engine *e) {
  json_t *r = json_array();
  for (int i = 0; i < COLUMNS; i++) json_array_append_new(r, random_cell(e, i));
  return r;
}

static value value_of(const json_t *cell, int column) {
  static const unsigned char blob[2] = {0x00, 0xff};
  if (json_is_null(cell)) return (value){.type = VALUE_NULL};
  if (json_is_integer(cell)) return (value){.type = VALUE_INTEGER, .i = json_integer_value(cell)};
  if (json_is_real(cell)) return (value){.type = VALUE_REAL, .r = json_real_value(cell)};
  if (column == 4) return (value){.type = VALUE_BLOB, .text = (const char *)blob, .bytes = json_string_length(cell) == 7 ? 0 : 2};
  return (value){.type = VALUE_TEXT, .text = json_string_value(cell), .bytes = (uint32_t)json_string_length(cell)};
}

static row row_of(turn *t, const json_t *cells) {
  buffer b = {0};
  for (int i = 0; i < COLUMNS; i++) row_put(&b, value_of(json_array_get(cells, (size_t)i), i));
  uint8_t *bytes = arena_alloc(&t->memory, b.len + 1);
  memcpy(bytes, b.data, b.len);
  row r = {.bytes = bytes, .size = (uint32_t)b.len};
  buffer_free(&b);
  return r;
}

static void write_row(fake_engine *e, const fake_instance *i, int64_t id, const json_t *cells) {
  char text[200];
  snprintf(text, sizeof text, "INSERT OR REPLACE INTO vs_r%llu VALUES (%lld, ?, ?, ?, ?, ?, x'00')", (unsigned long long)i->id, (long long)id);
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(e->db, text, -1, &stmt, NULL);
  for (int c = 0; c < COLUMNS; c++) value_bind(stmt, c + 1, value_of(json_array_get(cells, (size_t)c), c));
  rc = rc == SQLITE_OK ? sqlite3_step(stmt) : rc;
  assert(rc == SQLITE_DONE);
  sqlite3_finalize(stmt);
}

/* --- turns --- */

static void remember(fake_instance *i, uint64_t version, json_t *rows) {
  past *p = malloc(sizeof *p);
  *p = (past){.older = i->newest, .version = version, .rows = rows};
  i->newest = p;
}

static void change_row(fake_engine *e, fake_instance *i, turn *t, row_change *c, json_t *rows) {
  char key[32];
  size_t count = json_object_size(rows);
  bool add = count == 0 || (count < (size_t)i->most_rows && next_random(e, 3) == 0);
  if (add) {
    c->row_id = i->next_row++;
    c->op = ROW_ADDED;
  } else {
    size_t skip = next_random(e, count);
    void *it = json_object_iter(rows);
    while (skip--) it = json_object_iter_next(rows, it);
    c->row_id = atoll(json_object_iter_key(it));
    c->op = next_random(e, 3) == 0 ? ROW_REMOVED : ROW_CHANGED;
  }
  snprintf(key, sizeof key, "%lld", (long long)c->row_id);
  const json_t *before = json_object_get(rows, key);
  if (before) c->before = row_of(t, before);
  if (c->op == ROW_REMOVED) {
    sql(e, "DELETE FROM vs_r%llu WHERE vs_id = %lld", i->id, (long long)c->row_id);
    json_object_del(rows, key);
    return;
  }
  json_t *after = c->op == ROW_ADDED ? random_row(e) : json_deep_copy(before);
  if (c->op == ROW_CHANGED) {
    size_t column = next_random(e, COLUMNS);
    json_array_set_new(after, column, random_cell(e, (int)column));
  }
  c->after = row_of(t, after);
  write_row(e, i, c->row_id, after);
  json_object_set_new(rows, key, after);
}

static bool already_changed(const instance_changes *ch, int64_t id) {
  for (size_t n = 0; n < ch->count; n++)
    if (ch->rows[n].row_id == id) return true;
  return false;
}

/* A turn holds a row at most once: the net change. */
static void change_instance(fake_engine *e, fake_instance *i, turn *t, int most) {
  instance_changes *ch = arena_zalloc(&t->memory, sizeof *ch);
  ch->instance = i->id;
  ch->rows = arena_zalloc(&t->memory, (size_t)most * sizeof *ch->rows);
  json_t *rows = json_copy(i->newest->rows);
  int count = 1 + (int)next_random(e, (uint64_t)most);
  for (int n = 0; n < count; n++) {
    row_change c = {0};
    json_t *try = json_copy(rows);
    uint64_t seed = e->seed;
    sql(e, "SAVEPOINT try");
    change_row(e, i, t, &c, try);
    bool again = already_changed(ch, c.row_id);
    sql(e, again ? "ROLLBACK TO try" : "RELEASE try");
    if (again) {
      sql(e, "RELEASE try");
      e->seed = seed + 0x9E3779B97F4A7C15u;
      json_decref(try);
      continue;
    }
    json_decref(rows);
    rows = try;
    ch->rows[ch->count++] = c;
  }
  remember(i, e->version, rows);
  ch->next = t->first;
  t->first = ch;
}

static turn *begin_turn(fake_engine *e) {
  turn *t = turn_new();
  sql(e, "BEGIN IMMEDIATE");
  t->version = ++e->version;
  return t;
}

static void commit_turn(fake_engine *e, turn *t) {
  sql(e, "UPDATE vs_meta SET value = %lld WHERE key = 'version'", (long long)e->version);
  sql(e, "COMMIT");
  t->committed_us = clock_unix_us();
  if (e->sink)
    e->sink(e->sink_ctx, t);
  else
    turn_unref(t);
}

void fake_engine_turn(fake_engine *e, int most) {
  pthread_mutex_lock(&e->lock);
  turn *t = begin_turn(e);
  for (int n = 0; n < e->count; n++) {
    fake_instance *i = &e->instances[n];
    if (i->holds && !i->ended && next_random(e, 2)) change_instance(e, i, t, most);
  }
  commit_turn(e, t);
  pthread_mutex_unlock(&e->lock);
}

void fake_engine_empty_turn(fake_engine *e) {
  pthread_mutex_lock(&e->lock);
  commit_turn(e, begin_turn(e));
  pthread_mutex_unlock(&e->lock);
}

void fake_engine_end_one(fake_engine *e) {
  pthread_mutex_lock(&e->lock);
  int start = e->count ? (int)next_random(e, (uint64_t)e->count) : 0;
  for (int n = 0; n < e->count; n++) {
    fake_instance *i = &e->instances[(start + n) % e->count];
    if (!i->holds || i->ended) continue;
    turn *t = begin_turn(e);
    instance_changes *ch = arena_zalloc(&t->memory, sizeof *ch);
    ch->instance = i->id;
    ch->ended = true;
    t->first = ch;
    i->ended = true;
    sql(e, "DROP TABLE vs_r%llu", i->id);
    commit_turn(e, t);
    break;
  }
  pthread_mutex_unlock(&e->lock);
}

/* --- the service --- */

static fake_instance *instance_for(fake_engine *e, const ask *a) {
  char key[2000];
  snprintf(key, sizeof key, "%s|%s|%s", a->view, a->params, a->filter ? a->filter : "");
  for (int n = 0; n < e->count; n++)
    if (!e->instances[n].ended && strcmp(e->instances[n].key, key) == 0) return &e->instances[n];
  assert(e->count < MAX_INSTANCES);
  fake_instance *i = &e->instances[e->count++];
  bool big = strcmp(a->view, "big") == 0;
  *i = (fake_instance){.id = (uint64_t)e->count, .key = strdup(key), .view = strdup(a->view), .most_rows = big ? e->big_rows : SMALL_ROWS, .next_row = 1};
  sql(e, "BEGIN IMMEDIATE; CREATE TABLE vs_r%llu (vs_id INTEGER PRIMARY KEY, c0 TEXT, c1 INTEGER, c2 REAL, c3 TEXT, c4 BLOB, vs_key BLOB)", i->id);
  json_t *rows = json_object();
  for (int n = big ? e->big_rows : (int)next_random(e, SMALL_ROWS); n > 0; n--) {
    char id[32];
    snprintf(id, sizeof id, "%lld", (long long)i->next_row);
    json_t *r = random_row(e);
    write_row(e, i, i->next_row++, r);
    json_object_set_new(rows, id, r);
  }
  remember(i, e->version, rows);
  i->since = e->version;
  sql(e, "COMMIT");
  return i;
}

static instance_info *info_of(const fake_instance *i) {
  instance_info *info = calloc(1, sizeof *info);
  info->id = i->id;
  snprintf(info->view, sizeof info->view, "%s", i->view);
  info->selection_json = strdup("{}");
  snprintf(info->table, sizeof info->table, "vs_r%llu", (unsigned long long)i->id);
  strcpy(info->strategy, "delta");
  info->version = i->since;
  info->columns = COLUMNS;
  info->column = calloc(COLUMNS, sizeof *info->column);
  for (int c = 0; c < COLUMNS; c++) {
    strcpy(info->column[c].name, column_names[c]);
    strcpy(info->column[c].type, column_types[c]);
  }
  info->keys = 1;
  info->key = calloc(1, sizeof *info->key);
  return info;
}

static void free_ask(ask *a) {
  free(a->view);
  free(a->params);
  free(a->filter);
  free(a);
}

static bool is_view(const char *name, error *err) {
  if (strcmp(name, "numbers") == 0 || strcmp(name, "big") == 0) return true;
  error_set(err, ERR_NOT_FOUND, "there is no view '%s'", name);
  return error_hint(err, "the views are: big, numbers");
}

static void answer_one(fake_engine *e, ask *a) {
  error err = {0};
  if (!is_view(a->view, &err)) {
    a->done(a->done_ctx, NULL, &err);
    return;
  }
  fake_instance *i = instance_for(e, a);
  i->holds++;
  a->done(a->done_ctx, info_of(i), &err);
}

void fake_engine_answer(fake_engine *e, int most) {
  pthread_mutex_lock(&e->lock);
  while (most-- > 0 && e->first_ask) {
    ask *a = e->first_ask;
    e->first_ask = a->next;
    answer_one(e, a);
    free_ask(a);
  }
  pthread_mutex_unlock(&e->lock);
}

static void acquire(void *ctx, const selection *s, instance_callback done, void *done_ctx) {
  fake_engine *e = ctx;
  ask *a = calloc(1, sizeof *a);
  *a = (ask){.view = strdup(s->view), .params = strdup(s->params_json ? s->params_json : ""), .filter = s->filter ? strdup(s->filter) : NULL,
             .done = done, .done_ctx = done_ctx};
  pthread_mutex_lock(&e->lock);
  ask **end = &e->first_ask;
  while (*end) end = &(*end)->next;
  *end = a;
  pthread_mutex_unlock(&e->lock);
}

static void release(void *ctx, uint64_t instance) {
  fake_engine *e = ctx;
  pthread_mutex_lock(&e->lock);
  assert(instance >= 1 && instance <= (uint64_t)e->count);
  assert(e->instances[instance - 1].holds > 0);
  e->instances[instance - 1].holds--;
  pthread_mutex_unlock(&e->lock);
}

static sqlite3 *reader_open(void *ctx, error *err) {
  fake_engine *e = ctx;
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(e->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) return db;
  error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
  sqlite3_close(db);
  return NULL;
}

static uint64_t version_of(void *ctx) { return fake_engine_version(ctx); }

/* Only asked whether there is such a selection. */
static char *rows_sql(void *ctx, const selection *s, instance_info **info, error *err) {
  *info = NULL;
  return is_view(s->view, err) ? strdup("SELECT 1") : NULL;
}

static char *views(void *ctx, error *err) { return strdup("[{\"name\":\"big\"},{\"name\":\"numbers\"}]"); }

static void put_no_metrics(void *ctx, buffer *out) {}

static void subscribe_turns(void *ctx, turn_sink sink, void *sink_ctx) {
  fake_engine *e = ctx;
  pthread_mutex_lock(&e->lock);
  e->sink = sink;
  e->sink_ctx = sink_ctx;
  pthread_mutex_unlock(&e->lock);
}

/* --- life --- */

fake_engine *fake_engine_new(uint64_t seed, int big_rows) {
  fake_engine *e = calloc(1, sizeof *e);
  pthread_mutex_init(&e->lock, NULL);
  e->seed = seed * 2654435761u + 88172645463325252u;
  e->big_rows = big_rows;
  e->version = 100;
  e->instances = calloc(MAX_INSTANCES, sizeof *e->instances);
  strcpy(e->path, "/dev/shm/vs_fake_XXXXXX");
  int fd = mkstemp(e->path);
  assert(fd >= 0);
  close(fd);
  int rc = sqlite3_open(e->path, &e->db);
  assert(rc == SQLITE_OK);
  sql(e, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE vs_meta (key TEXT PRIMARY KEY, value);"
         "INSERT INTO vs_meta VALUES ('version', 100), ('epoch', 'feedfacecafebeef')");
  e->service = (service){.ctx = e, .reader_open = reader_open, .version = version_of, .acquire = acquire, .release = release, .views = views, .rows_sql = rows_sql, .metrics = put_no_metrics, .subscribe_turns = subscribe_turns};
  return e;
}

static void free_instance(fake_instance *i) {
  while (i->newest) {
    past *older = i->newest->older;
    json_decref(i->newest->rows);
    free(i->newest);
    i->newest = older;
  }
  free(i->key);
  free(i->view);
}

void fake_engine_free(fake_engine *e) {
  fake_engine_answer(e, 1 << 30);
  for (int n = 0; n < e->count; n++) free_instance(&e->instances[n]);
  free(e->instances);
  sqlite3_close(e->db);
  char side[80];
  unlink(e->path);
  snprintf(side, sizeof side, "%s-wal", e->path);
  unlink(side);
  snprintf(side, sizeof side, "%s-shm", e->path);
  unlink(side);
  pthread_mutex_destroy(&e->lock);
  free(e);
}

const service *fake_engine_service(fake_engine *e) { return &e->service; }

json_t *fake_engine_rows(fake_engine *e, uint64_t instance, uint64_t version) {
  json_t *rows = NULL;
  pthread_mutex_lock(&e->lock);
  if (instance >= 1 && instance <= (uint64_t)e->count) {
    past *p = e->instances[instance - 1].newest;
    while (p && p->version > version) p = p->older;
    if (p) rows = json_incref(p->rows);
  }
  pthread_mutex_unlock(&e->lock);
  return rows;
}

uint64_t fake_engine_version(fake_engine *e) {
  pthread_mutex_lock(&e->lock);
  uint64_t v = e->version;
  pthread_mutex_unlock(&e->lock);
  return v;
}

int fake_engine_holds(fake_engine *e) {
  int holds = 0;
  pthread_mutex_lock(&e->lock);
  for (int n = 0; n < e->count; n++) holds += e->instances[n].ended ? 0 : e->instances[n].holds;
  pthread_mutex_unlock(&e->lock);
  return holds;
}
