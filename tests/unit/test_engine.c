/* The engine as delivery sees it: turns, instances, definitions that change, failures and restarts, on a real live database. */
#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_MS = 20000, GRACE_MS = 100 };

static const char item_sql[] =
  "-- @topic test.item\n-- @key {id}\n"
  "CREATE TABLE item (id TEXT PRIMARY KEY, kind TEXT, n INTEGER NOT NULL CHECK (abs(n) < 1000000)) STRICT, WITHOUT ROWID;\n";
static const char totals_sql[] =
  "-- @title Totals\n-- @param kinds set of item.kind = all\n-- @param least integer = -1000000\n"
  "SELECT kind, sum(n) AS n, count(*) AS items FROM item WHERE kind IN (:kinds) AND n >= :least GROUP BY kind;\n";
static const char doubled_sql[] = "-- @eager\nSELECT kind, n * 2 AS twice FROM totals;\n";

typedef struct fixture {
  char folder[64], sql[80], views[80], live_db[80];
  engine_options options;
  engine *engine;
  const service *svc;
  pthread_mutex_t lock;
  turn *turns[4096]; /* (lock) */
  int count;         /* (lock) */
  instance_info *info; /* (lock) what the last acquire gave */
  error problem;       /* (lock) */
  int answers;         /* (lock) */
} fixture;

/* --- files --- */

static void write_file(const char *folder, const char *name, const char *text) {
  char path[300], draft[320];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  snprintf(draft, sizeof draft, "%s/.draft", folder);
  FILE *f = fopen(draft, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
  assert_int_equal(rename(draft, path), 0);
}

static void remove_tree(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return;
  for (struct dirent *e; (e = readdir(dir));) {
    char inner[600];
    snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    if (e->d_type == DT_DIR)
      remove_tree(inner);
    else
      unlink(inner);
  }
  closedir(dir);
  rmdir(path);
}

/* --- the engine --- */

static void keep_turn(void *ctx, turn *t) {
  fixture *f = ctx;
  pthread_mutex_lock(&f->lock);
  if (f->count < (int)(sizeof f->turns / sizeof f->turns[0]))
    f->turns[f->count++] = t;
  else
    turn_unref(t);
  pthread_mutex_unlock(&f->lock);
}

static void forget_turns(fixture *f) {
  pthread_mutex_lock(&f->lock);
  for (int i = 0; i < f->count; i++) turn_unref(f->turns[i]);
  f->count = 0;
  pthread_mutex_unlock(&f->lock);
}

static void open_engine(fixture *f) {
  error err = {0};
  f->engine = engine_open(&f->options, &err);
  if (!f->engine) fail_msg("%s:%d %s", err.file, err.line, err.text);
  f->svc = engine_service(f->engine);
  f->svc->subscribe_turns(f->svc->ctx, keep_turn, f);
  if (!engine_start(f->engine, &err)) fail_msg("%s", err.text);
}

static int setup(void **state) {
  log_configure(getenv("VS_TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1, false); /* what is logged here is meant to be wrong */
  fixture *f = calloc(1, sizeof *f);
  pthread_mutex_init(&f->lock, NULL);
  snprintf(f->folder, sizeof f->folder, "/tmp/viewserver-test-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  snprintf(f->sql, sizeof f->sql, "%s/sql", f->folder);
  snprintf(f->views, sizeof f->views, "%s/views", f->folder);
  snprintf(f->live_db, sizeof f->live_db, "%s/live.db", f->folder);
  assert_int_equal(mkdir(f->sql, 0755), 0);
  assert_int_equal(mkdir(f->views, 0755), 0);
  write_file(f->sql, "item.sql", item_sql);
  write_file(f->views, "totals.sql", totals_sql);
  write_file(f->views, "doubled.sql", doubled_sql);
  f->options = engine_defaults();
  f->options.sql_dir = f->sql;
  f->options.views_dir = f->views;
  f->options.live_db = f->live_db;
  f->options.instance_grace_ms = GRACE_MS;
  f->options.audit_ms = 0;
  open_engine(f);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  engine_free(f->engine);
  forget_turns(f);
  instance_info_free(f->info);
  remove_tree(f->folder);
  pthread_mutex_destroy(&f->lock);
  free(f);
  return 0;
}

typedef bool (*condition)(fixture *f, const void *what);

static void wait_until(fixture *f, condition holds, const void *what, const char *words) {
  int64_t until = clock_monotonic_ms() + DEADLINE_MS;
  while (!holds(f, what)) {
    if (clock_monotonic_ms() > until) fail_msg("not within %d ms: %s", DEADLINE_MS, words);
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
}

/* The rows of a statement as "a|b\nc|d\n". */
static char *read_rows(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) fail_msg("%s: %s", sqlite3_errmsg(db), sql);
  buffer out = {0};
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
      const char *text = (const char *)sqlite3_column_text(stmt, i);
      buffer_printf(&out, "%s%s", i ? "|" : "", text ? text : "NULL");
    }
    buffer_putc(&out, '\n');
  }
  sqlite3_finalize(stmt);
  return buffer_take(&out);
}

static char *read_live(fixture *f, const char *sql) {
  error err = {0};
  sqlite3 *db = f->svc->reader_open(f->svc->ctx, &err);
  if (!db) fail_msg("%s", err.text);
  char *rows = read_rows(db, sql);
  sqlite3_close_v2(db);
  return rows;
}

static void live_rows_are(fixture *f, const char *sql, const char *expected) {
  char *rows = read_live(f, sql);
  assert_string_equal(rows, expected);
  free(rows);
}

static void selection_rows_are(fixture *f, const selection *s, bool alive, const char *expected) {
  error err = {0};
  instance_info *info = NULL;
  char *sql = f->svc->rows_sql(f->svc->ctx, s, &info, &err);
  if (!sql) fail_msg("%s", err.text);
  assert_int_equal(info->id != 0, alive);
  if (!strcmp(s->view, "totals")) assert_true(info->keys == 1 && info->key[0] == 0); /* alive or not */
  char *ordered = NULL;
  assert_true(asprintf(&ordered, "SELECT * FROM (%s) ORDER BY 1", sql) > 0);
  live_rows_are(f, ordered, expected);
  free(ordered);
  free(sql);
  instance_info_free(info);
}

static double metric(fixture *f, const char *name) {
  buffer out = {0};
  f->svc->metrics(f->svc->ctx, &out);
  char line[120];
  snprintf(line, sizeof line, "\n%s ", name);
  const char *at = strstr(buffer_text(&out), line);
  double v = at ? strtod(at + strlen(line), NULL) : -1;
  buffer_free(&out);
  return v;
}

static uint64_t ingest(fixture *f, const char *body) {
  error err = {0};
  uint64_t version = 0;
  uint32_t records = 0;
  if (!f->svc->ingest(f->svc->ctx, "item", 'u', body, strlen(body), &version, &records, &err)) fail_msg("%s", err.text);
  return version;
}

static void answered(void *ctx, instance_info *info, const error *err) {
  fixture *f = ctx;
  pthread_mutex_lock(&f->lock);
  instance_info_free(f->info);
  f->info = info;
  if (err) f->problem = *err;
  f->answers++;
  pthread_mutex_unlock(&f->lock);
}

static bool has_answer(fixture *f, const void *what) {
  pthread_mutex_lock(&f->lock);
  bool has = f->answers > *(const int *)what;
  pthread_mutex_unlock(&f->lock);
  return has;
}

/* The instance's id, or 0 with f->problem. */
static uint64_t acquire(fixture *f, const char *view, const char *params, const char *filter) {
  selection s = {.view = view, .params_json = params, .filter = filter};
  int before = f->answers;
  error_clear(&f->problem);
  f->svc->acquire(f->svc->ctx, &s, answered, f);
  wait_until(f, has_answer, &before, "an answer to acquire");
  return f->info ? f->info->id : 0;
}

static uint64_t must_acquire(fixture *f, const char *view, const char *params, const char *filter) {
  uint64_t id = acquire(f, view, params, filter);
  if (!id) fail_msg("%s (%s)", f->problem.text, f->problem.hint);
  return id;
}

static void release(fixture *f, uint64_t id) { f->svc->release(f->svc->ctx, id); }

static const instance_changes *changes_of(const turn *t, uint64_t id) {
  for (const instance_changes *c = t->first; c; c = c->next)
    if (c->instance == id) return c;
  return NULL;
}

static turn *turn_of_version(fixture *f, uint64_t version) {
  turn *found = NULL;
  pthread_mutex_lock(&f->lock);
  for (int i = 0; i < f->count; i++)
    if (f->turns[i]->version == version) found = f->turns[i];
  pthread_mutex_unlock(&f->lock);
  return found;
}

static bool version_arrived(fixture *f, const void *what) { return turn_of_version(f, *(const uint64_t *)what) != NULL; }

static int alive_instances(fixture *f, const char *view) {
  error err = {0};
  char *text = f->svc->instances(f->svc->ctx, &err);
  json_t *list = json_loads(text, 0, NULL);
  assert_true(json_is_array(list));
  int n = 0;
  size_t i;
  json_t *item;
  json_array_foreach(list, i, item) n += !strcmp(json_string_value(json_object_get(item, "view")), view);
  json_decref(list);
  free(text);
  return n;
}

/* --- turns --- */

static void records_of_one_key_in_a_turn_count_as_the_last(void **state) {
  fixture *f = *state;
  uint64_t id = must_acquire(f, "totals", NULL, NULL);
  uint64_t version = ingest(f, "[{\"id\":\"a\",\"kind\":\"x\",\"n\":1},{\"id\":\"a\",\"kind\":\"y\",\"n\":2},{\"id\":\"b\",\"kind\":\"x\",\"n\":7},{\"id\":\"a\",\"kind\":\"x\",\"n\":5}]");
  wait_until(f, version_arrived, &version, "the turn");
  const turn *t = turn_of_version(f, version);
  assert_int_equal(t->records, 4);
  assert_true(t->committed_us >= t->received_us && t->received_us > 0);
  const instance_changes *c = changes_of(t, id);
  assert_non_null(c);
  assert_int_equal(c->count, 1); /* kind y was never seen */
  assert_int_equal(c->rows[0].op, ROW_ADDED);
  value n = row_column(c->rows[0].after, 1);
  assert_int_equal(n.i, 12);
  selection s = {.view = "totals"};
  selection_rows_are(f, &s, true, "x|12|2\n");
  live_rows_are(f, "SELECT * FROM item", "a|x|5\nb|x|7\n");
  live_rows_are(f, "SELECT twice FROM doubled", "24\n");
}

static void a_refused_record_stops_no_other(void **state) {
  fixture *f = *state;
  error err = {0};
  uint64_t version = 0;
  uint32_t records = 0;
  static const char body[] = "[{\"id\":\"a\",\"kind\":\"x\",\"n\":1},{\"id\":\"b\",\"kind\":\"x\",\"n\":1000000},{\"id\":\"c\",\"kind\":\"x\",\"n\":\"one\"},{\"id\":\"d\",\"kind\":\"x\",\"n\":4}]";
  assert_false(f->svc->ingest(f->svc->ctx, "item", 'u', body, strlen(body), &version, &records, &err));
  assert_int_equal(err.code, ERR_INVALID);
  assert_int_equal(records, 2);
  live_rows_are(f, "SELECT id FROM item", "a\nd\n");
  live_rows_are(f, "SELECT count(*) FROM vs_dead_letter", "2\n");
  assert_true(metric(f, "viewserver_records_total") >= 4);
}

static bool is_not_ready(fixture *f, const void *what) {
  char why[300];
  return !f->svc->ready(f->svc->ctx, why, sizeof why);
}

static bool is_ready(fixture *f, const void *what) { return !is_not_ready(f, what); }

typedef struct sender {
  fixture *f;
  const char *body;
  uint64_t version;
} sender;

static void *send(void *ctx) {
  sender *s = ctx;
  s->version = ingest(s->f, s->body);
  return NULL;
}

static void a_turn_that_cannot_begin_is_tried_again(void **state) {
  fixture *f = *state;
  sqlite3 *other = NULL;
  assert_int_equal(sqlite3_open(f->live_db, &other), SQLITE_OK);
  sqlite3_busy_timeout(other, DEADLINE_MS);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  sender s = {.f = f, .body = "{\"id\":\"a\",\"kind\":\"x\",\"n\":1}"};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, send, &s), 0);
  wait_until(f, is_not_ready, NULL, "an alarm");
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  pthread_join(thread, NULL);
  wait_until(f, is_ready, NULL, "the end of the alarm");
  live_rows_are(f, "SELECT * FROM item", "a|x|1\n");
}

static void a_record_that_no_turn_can_take_is_set_aside(void **state) {
  fixture *f = *state;
  error err = {0};
  static const char body[] = /* abs of the least integer is an error of SQLite, so the CHECK fails in another way than by being false */
    "[{\"id\":\"a\",\"kind\":\"x\",\"n\":1},{\"id\":\"b\",\"kind\":\"x\",\"n\":-9223372036854775808},{\"id\":\"c\",\"kind\":\"x\",\"n\":3}]";
  uint64_t version = 0;
  uint32_t records = 0;
  assert_false(f->svc->ingest(f->svc->ctx, "item", 'u', body, strlen(body), &version, &records, &err));
  assert_int_equal(records, 2);
  live_rows_are(f, "SELECT id FROM item ORDER BY id", "a\nc\n");
  live_rows_are(f, "SELECT count(*) FROM vs_dead_letter WHERE reason LIKE '%integer overflow%'", "1\n");
  live_rows_are(f, "SELECT twice FROM doubled", "8\n");
  assert_true(metric(f, "viewserver_records_set_aside_total") == 1);
}

static void a_turn_full_of_such_records_ends_too(void **state) {
  fixture *f = *state;
  enum { BAD = 100 };
  buffer body = {0};
  for (int i = 0; i < BAD; i++)
    buffer_printf(&body, "%s{\"id\":\"bad%d\",\"kind\":\"x\",\"n\":-9223372036854775808},{\"id\":\"good%d\",\"kind\":\"x\",\"n\":1}", i ? "," : "[", i, i);
  buffer_putc(&body, ']');
  error err = {0};
  uint64_t version = 0;
  uint32_t records = 0;
  assert_false(f->svc->ingest(f->svc->ctx, "item", 'u', buffer_text(&body), body.len, &version, &records, &err));
  buffer_free(&body);
  assert_int_equal(records, BAD);
  live_rows_are(f, "SELECT count(*), sum(n) FROM item", "100|100\n");
  assert_true(metric(f, "viewserver_records_set_aside_total") == BAD);
  wait_until(f, is_ready, NULL, "turns to be committed");
}

static bool instance_ended(fixture *f, const void *what) {
  bool ended = false;
  pthread_mutex_lock(&f->lock);
  for (int i = 0; i < f->count && !ended; i++) {
    const instance_changes *c = changes_of(f->turns[i], *(const uint64_t *)what);
    ended = c && c->ended;
  }
  pthread_mutex_unlock(&f->lock);
  return ended;
}

static void a_view_that_fails_ends_and_keeps_no_data_out(void **state) {
  fixture *f = *state;
  error err = {0};
  static const char fragile[] = "SELECT id, abs(CASE WHEN n = 13 THEN -9223372036854775807 - 1 ELSE n END) AS n FROM item";
  char *done = f->svc->view_put(f->svc->ctx, "fragile", fragile, NULL, false, &err);
  if (!done) fail_msg("%s", err.text);
  free(done);
  uint64_t id = must_acquire(f, "fragile", NULL, NULL), other = must_acquire(f, "totals", NULL, NULL);
  ingest(f, "[{\"id\":\"a\",\"kind\":\"x\",\"n\":1},{\"id\":\"b\",\"kind\":\"x\",\"n\":13},{\"id\":\"c\",\"kind\":\"x\",\"n\":3}]");
  wait_until(f, instance_ended, &id, "the view that failed to end");
  wait_until(f, instance_ended, &other, "the others to end: what they had propagated was rolled back");
  live_rows_are(f, "SELECT id FROM item ORDER BY id", "a\nb\nc\n");
  live_rows_are(f, "SELECT count(*) FROM vs_dead_letter", "0\n");
  assert_int_equal(acquire(f, "fragile", NULL, NULL), 0);
  assert_non_null(strstr(f->problem.text, "integer overflow"));
  selection s = {.view = "totals"};
  must_acquire(f, "totals", NULL, NULL);
  ingest(f, "{\"id\":\"b\",\"kind\":\"x\",\"n\":14}");
  selection_rows_are(f, &s, true, "x|18|3\n");
  live_rows_are(f, "SELECT twice FROM doubled", "36\n"); /* @eager: made again by itself */
  assert_int_equal(alive_instances(f, "doubled"), 1);
  must_acquire(f, "fragile", NULL, NULL);
  assert_true(metric(f, "viewserver_turns_failed_total") >= 1);
}

/* --- instances --- */

static bool none_alive(fixture *f, const void *what) { return alive_instances(f, what) == 0; }

static void equal_selections_share_an_instance_until_nobody_follows(void **state) {
  fixture *f = *state;
  uint64_t id = must_acquire(f, "totals", "{\"kinds\":[\"y\",\"x\"]}", " ");
  char table[64];
  snprintf(table, sizeof table, "%s", f->info->table);
  assert_string_equal(f->info->selection_json, "{\"kinds\":[\"x\",\"y\"],\"least\":-1000000}");
  assert_int_equal(must_acquire(f, "totals", "{\"kinds\":\"x,y\",\"least\":\"-1000000\"}", NULL), id);
  assert_int_not_equal(must_acquire(f, "totals", "{\"kinds\":\"x\"}", NULL), id);
  release(f, f->info->id);
  release(f, id);
  ingest(f, "{\"id\":\"a\",\"kind\":\"x\",\"n\":1}");
  selection s = {.view = "totals", .params_json = "{\"kinds\":[\"x\",\"y\"]}"};
  selection_rows_are(f, &s, true, "x|1|1\n");
  release(f, id);
  wait_until(f, none_alive, "totals", "the instances to be dropped");
  selection_rows_are(f, &s, false, "x|1|1\n");
  error err = {0};
  char *view = f->svc->view(f->svc->ctx, "totals", &err);
  assert_non_null(strstr(view, "\"key\":[\"kind\"],\"strategy\":\"delta\""));
  free(view);
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_schema WHERE name = '%s'", table);
  live_rows_are(f, sql, "0\n");
  assert_int_equal(alive_instances(f, "doubled"), 1); /* @eager */
  release(f, id); /* of one that is gone: nothing */
  assert_int_not_equal(must_acquire(f, "totals", "{\"kinds\":[\"x\",\"y\"]}", NULL), id);
}

static void what_cannot_be_acquired_is_said(void **state) {
  fixture *f = *state;
  assert_int_equal(acquire(f, "nope", NULL, NULL), 0);
  assert_int_equal(f->problem.code, ERR_NOT_FOUND);
  assert_non_null(strstr(f->problem.hint, "doubled, totals"));
  assert_int_equal(acquire(f, "totals", "{\"kind\":1}", NULL), 0);
  assert_non_null(strstr(f->problem.hint, "kinds, least"));
}

static void filters_are_expressions_over_the_columns(void **state) {
  fixture *f = *state;
  ingest(f, "[{\"id\":\"a\",\"kind\":\"x\",\"n\":1},{\"id\":\"b\",\"kind\":\"y\",\"n\":5}]");
  uint64_t id = must_acquire(f, "totals", NULL, "n > 3 AND lower(kind) IN ('x', 'y')");
  assert_int_equal(must_acquire(f, "totals", NULL, "n>3 and lower(kind) in ('x','y') -- the same"), id);
  selection s = {.view = "totals", .filter = "n > 3 AND lower(kind) IN ('x', 'y')"};
  selection_rows_are(f, &s, true, "y|5|1\n");
  static const struct {
    const char *filter, *words;
  } cases[] = {
    {"1) OR (1", "filter"},
    {"n > 3) UNION SELECT name, 1, 1 FROM sqlite_schema --", ""},
    {"n IN (SELECT n FROM item)", "not a query"},
    {"n IN item", "not a query"},
    {"EXISTS (SELECT 1)", "subqueries"},
    {"(SELECT 1)", "subqueries"},
    {"load_extension('x')", "load_extension is not allowed"},
    {"randomblob(9)", "randomblob is not allowed"},
    {"sum(n) > 1", "sum is not allowed"},
    {"max(n) > 1", "aggregates"},
    {"\"nope\" = 1", "columns: kind, n, items"},
    {"id = 'a'", "there is no column 'id'"},
    {"n = :n", "parameters"},
    {"n > 1; DROP TABLE item", ""},
    {"n >", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint64_t got = acquire(f, "totals", NULL, cases[i].filter);
    char said[1500];
    error_format(&f->problem, said, sizeof said);
    if (got || f->problem.code != ERR_INVALID || !strstr(said, cases[i].words)) fail_msg("%s: %s", cases[i].filter, said);
  }
}

static void an_operator_can_drop_an_instance(void **state) {
  fixture *f = *state;
  error err = {0};
  uint64_t id = must_acquire(f, "totals", NULL, NULL);
  assert_true(f->svc->instance_drop(f->svc->ctx, id, &err));
  uint64_t version = f->svc->version(f->svc->ctx);
  bool ended = false;
  for (uint64_t v = version; v > 0 && v + 3 > version && !ended; v--) {
    const turn *t = turn_of_version(f, v);
    const instance_changes *c = t ? changes_of(t, id) : NULL;
    ended = c && c->ended;
  }
  assert_true(ended);
  assert_false(f->svc->instance_drop(f->svc->ctx, id, &err));
  assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void instances_are_bounded(void **state) {
  fixture *f = *state;
  engine_free(f->engine);
  f->options.instances = 2;
  f->options.instance_rows = 1;
  open_engine(f);
  static const char tables[] = "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE name GLOB 'vs_r*' ORDER BY name)";
  char *before = read_live(f, tables);
  uint64_t id = must_acquire(f, "totals", NULL, NULL); /* the second; doubled is @eager */
  assert_int_equal(acquire(f, "totals", "{\"kinds\":\"x\"}", NULL), 0);
  assert_int_equal(f->problem.code, ERR_LIMIT);
  release(f, id);
  wait_until(f, none_alive, "totals", "the instance to be dropped");
  ingest(f, "[{\"id\":\"a\",\"kind\":\"x\",\"n\":1},{\"id\":\"b\",\"kind\":\"y\",\"n\":5}]");
  assert_int_equal(acquire(f, "totals", NULL, NULL), 0);
  assert_int_equal(f->problem.code, ERR_LIMIT);
  assert_non_null(strstr(f->problem.text, "2 rows"));
  live_rows_are(f, tables, before); /* nothing is left of it */
  free(before);
}

/* --- definitions --- */

static bool refusals_are(fixture *f, const void *what) { return metric(f, "viewserver_view_refusals_total") >= *(const int *)what; }

static bool reloads_are(fixture *f, const void *what) { return metric(f, "viewserver_view_reloads_total") >= *(const int *)what; }

static void a_wrong_file_leaves_the_running_view(void **state) {
  fixture *f = *state;
  uint64_t id = must_acquire(f, "totals", NULL, NULL);
  int one = 1;
  write_file(f->views, "totals.sql", "SELECT kind, sum(nn) AS n FROM item GROUP BY kind");
  wait_until(f, refusals_are, &one, "the file to be refused");
  uint64_t version = ingest(f, "{\"id\":\"a\",\"kind\":\"x\",\"n\":1}");
  wait_until(f, version_arrived, &version, "the turn");
  assert_non_null(changes_of(turn_of_version(f, version), id));
  selection s = {.view = "totals"};
  selection_rows_are(f, &s, true, "x|1|1\n");
}

static void a_right_file_replaces_the_view_and_those_that_read_it(void **state) {
  fixture *f = *state;
  ingest(f, "{\"id\":\"a\",\"kind\":\"x\",\"n\":1}");
  uint64_t totals = must_acquire(f, "totals", NULL, NULL), doubled = must_acquire(f, "doubled", NULL, NULL);
  write_file(f->views, "totals.sql", "SELECT kind, sum(n) * 100 AS n FROM item GROUP BY kind");
  wait_until(f, instance_ended, &totals, "totals to end");
  wait_until(f, instance_ended, &doubled, "doubled to end");
  must_acquire(f, "totals", NULL, NULL);
  assert_int_equal(f->info->columns, 2);
  selection s = {.view = "doubled"};
  must_acquire(f, "doubled", NULL, NULL);
  selection_rows_are(f, &s, true, "x|200\n");
  live_rows_are(f, "SELECT * FROM doubled", "x|200\n");
}

static void files_come_and_go(void **state) {
  fixture *f = *state;
  int reloads = (int)metric(f, "viewserver_view_reloads_total") + 1;
  write_file(f->views, "again.sql", "SELECT twice FROM doubled");
  wait_until(f, reloads_are, &reloads, "the new view");
  live_rows_are(f, "SELECT count(*) FROM again", "0\n");
  char path[200];
  snprintf(path, sizeof path, "%s/again.sql", f->views);
  unlink(path);
  reloads++;
  wait_until(f, reloads_are, &reloads, "the view to go");
  live_rows_are(f, "SELECT count(*) FROM vs_view WHERE name = 'again'", "0\n");
}

static void definitions_are_sent_with_care(void **state) {
  fixture *f = *state;
  const service *s = f->svc;
  error err = {0};
  assert_null(s->view_put(s->ctx, "totals", "SELECT 1 AS a", NULL, true, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_null(s->view_put(s->ctx, "totals", "SELECT 1 AS a", "0000000000000000", false, &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_null(s->view_put(s->ctx, "totals", "SELECT kind FROM item", NULL, false, &err)); /* doubled reads n */
  assert_int_equal(err.code, ERR_INVALID);
  assert_non_null(strstr(err.file, "doubled.sql"));
  assert_null(s->view_check(s->ctx, "mine", "-- @title x\nSELECT nope FROM item", &err));
  assert_int_equal(err.line, 2);
  char *checked = s->view_check(s->ctx, "mine", "SELECT n FROM totals", &err);
  assert_non_null(strstr(checked, "\"columns\":[{\"name\":\"n\""));
  free(checked);
  char *made = s->view_put(s->ctx, "mine", "SELECT n FROM totals", NULL, true, &err);
  assert_non_null(strstr(made, "\"name\":\"mine\""));
  free(made);
  char path[200];
  snprintf(path, sizeof path, "%s/mine.sql", f->views);
  assert_int_equal(access(path, R_OK), 0);
  assert_false(s->view_delete(s->ctx, "totals", &err));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_true(s->view_delete(s->ctx, "mine", &err));
  assert_int_not_equal(access(path, R_OK), 0);
  assert_false(s->view_delete(s->ctx, "mine", &err));
  assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* --- restarts --- */

static void a_restart_goes_on_where_it_was(void **state) {
  fixture *f = *state;
  uint64_t version = ingest(f, "{\"id\":\"a\",\"kind\":\"x\",\"n\":1}");
  must_acquire(f, "totals", NULL, NULL);
  engine_free(f->engine);
  forget_turns(f);
  open_engine(f);
  assert_true(f->svc->version(f->svc->ctx) >= version);
  live_rows_are(f, "SELECT * FROM item", "a|x|1\n");
  assert_int_equal(alive_instances(f, "doubled"), 1);
  live_rows_are(f, "SELECT twice FROM doubled", "2\n");
  assert_true(ingest(f, "{\"id\":\"a\",\"kind\":\"x\",\"n\":4}") > version);
  live_rows_are(f, "SELECT twice FROM doubled", "8\n");
  engine_free(f->engine);
  forget_turns(f);
  f->options.fresh = true;
  open_engine(f);
  live_rows_are(f, "SELECT count(*) FROM item", "0\n");
}

static void what_the_engine_cannot_start_with_is_said(void **state) {
  fixture *f = *state;
  error err = {0};
  assert_null(engine_open(&f->options, &err)); /* the database is in use */
  engine_options options = f->options;
  char path[200];
  snprintf(path, sizeof path, "%s/other.db", f->folder);
  options.live_db = path;
  options.views_dir = "/nonexistent/views";
  assert_null(engine_open(&options, &err));
  assert_non_null(strstr(err.text, "/nonexistent/views"));
  options.views_dir = f->views;
  options.strict = true;
  write_file(f->views, "wrong.sql", "SELECT nope FROM item");
  assert_null(engine_open(&options, &err));
  assert_non_null(strstr(err.file, "wrong.sql"));
  options.strict = false;
  engine *other = engine_open(&options, &err);
  assert_non_null(other);
  engine_free(other);
}

/* --- the audit --- */

static bool audit_matched(fixture *f, const void *what) { return metric(f, "viewserver_audit_matches_total") > 0; }

static bool audit_mismatched(fixture *f, const void *what) { return metric(f, "viewserver_audit_mismatches_total") > 0; }

static void the_audit_tells_right_from_wrong(void **state) {
  fixture *f = *state;
  engine_free(f->engine);
  f->options.audit_ms = 1;
  open_engine(f);
  ingest(f, "{\"id\":\"a\",\"kind\":\"x\",\"n\":1}");
  wait_until(f, audit_matched, NULL, "an audit that matches");
  assert_true(metric(f, "viewserver_audit_mismatches_total") == 0);
  must_acquire(f, "doubled", NULL, NULL);
  sqlite3 *other = NULL;
  assert_int_equal(sqlite3_open(f->live_db, &other), SQLITE_OK);
  sqlite3_busy_timeout(other, DEADLINE_MS);
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s') WHERE cid = 2", f->info->table);
  char *column = read_rows(other, sql);
  snprintf(sql, sizeof sql, "UPDATE %s SET %s = 3", f->info->table, column);
  free(column);
  assert_int_equal(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  wait_until(f, audit_mismatched, NULL, "an audit that finds the row that was changed behind our back");
}

/* --- many at once --- */

static void *read_and_write(void *ctx) {
  fixture *f = ctx;
  for (int i = 0; i < 30; i++) {
    char body[100];
    snprintf(body, sizeof body, "{\"id\":\"k%d\",\"kind\":\"x\",\"n\":%d}", i % 7, i);
    ingest(f, body);
    error err = {0};
    instance_info *info = NULL;
    selection s = {.view = "totals", .params_json = i % 2 ? "{\"kinds\":\"x\"}" : NULL};
    char *sql = f->svc->rows_sql(f->svc->ctx, &s, &info, &err);
    assert_non_null(sql);
    free(sql);
    instance_info_free(info);
    free(f->svc->views(f->svc->ctx, &err));
    free(f->svc->instances(f->svc->ctx, &err));
    assert_true(metric(f, "viewserver_version") > 0);
  }
  return NULL;
}

static void many_threads_use_the_service(void **state) {
  fixture *f = *state;
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, read_and_write, f), 0);
  for (int i = 0; i < 10; i++) {
    uint64_t id = must_acquire(f, "totals", i % 2 ? "{\"kinds\":\"x\"}" : NULL, NULL);
    release(f, id);
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  live_rows_are(f, "SELECT count(*) FROM item", "7\n");
  pthread_mutex_lock(&f->lock);
  for (int i = 1; i < f->count; i++) assert_int_equal(f->turns[i]->version, f->turns[i - 1]->version + 1); /* every turn once, in order */
  pthread_mutex_unlock(&f->lock);
}

int main(int argc, char **argv) {
  if (argc > 1) cmocka_set_test_filter(argv[1]);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
    TEST(records_of_one_key_in_a_turn_count_as_the_last),
    TEST(a_refused_record_stops_no_other),
    TEST(a_turn_that_cannot_begin_is_tried_again),
    TEST(a_record_that_no_turn_can_take_is_set_aside),
    TEST(a_turn_full_of_such_records_ends_too),
    TEST(a_view_that_fails_ends_and_keeps_no_data_out),
    TEST(equal_selections_share_an_instance_until_nobody_follows),
    TEST(what_cannot_be_acquired_is_said),
    TEST(filters_are_expressions_over_the_columns),
    TEST(an_operator_can_drop_an_instance),
    TEST(instances_are_bounded),
    TEST(a_wrong_file_leaves_the_running_view),
    TEST(a_right_file_replaces_the_view_and_those_that_read_it),
    TEST(files_come_and_go),
    TEST(definitions_are_sent_with_care),
    TEST(a_restart_goes_on_where_it_was),
    TEST(what_the_engine_cannot_start_with_is_said),
    TEST(the_audit_tells_right_from_wrong),
    TEST(many_threads_use_the_service),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
