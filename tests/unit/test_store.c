/* store/store.h: turns, what survives a kill, what is set aside, what readers may and may not. */
#include "store/reader.h"
#include "store/store.h"
#include "support/topic_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char item_ddl[] = "-- @topic t.item\n-- @key {id}#{day}\n"
                               "CREATE TABLE item (id INTEGER NOT NULL, day TEXT NOT NULL, qty REAL NOT NULL CHECK (qty >= 0), note TEXT,\n"
                               "  PRIMARY KEY (id, day)) STRICT, WITHOUT ROWID;\n";
static const char tick_ddl[] = "-- @topic t.tick\n-- @append\n-- @time at\n-- @retain 1 min by at\n"
                               "CREATE TABLE tick (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, v INTEGER NOT NULL CHECK (v < 100)) STRICT;\n"
                               "CREATE INDEX tick_at ON tick (at);\n";

enum { ITEM, TICK };

static error err; /* of the last call that failed */

typedef struct fixture {
  topic_folder folder;
  char database_folder[64], path[100];
  topic_catalog *topics;
  store *s;
  arena memory;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  topic_folder_make(&f->folder);
  topic_folder_write(&f->folder, "item.sql", item_ddl);
  topic_folder_write(&f->folder, "tick.sql", tick_ddl);
  snprintf(f->database_folder, sizeof f->database_folder, "/tmp/vs-store-XXXXXX");
  assert_non_null(mkdtemp(f->database_folder));
  snprintf(f->path, sizeof f->path, "%s/live/live.db", f->database_folder);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  char command[200];
  store_close(f->s);
  topic_catalog_free(f->topics);
  topic_folder_remove(&f->folder);
  arena_free(&f->memory);
  snprintf(command, sizeof command, "rm -rf %s", f->database_folder);
  int status = system(command);
  free(f);
  return status;
}

static void load_topics(fixture *f) {
  topic_catalog_free(f->topics);
  f->topics = topic_catalog_load(f->folder.path, &err);
  if (!f->topics) fail_msg("%s", err.text);
}

static store *try_open(fixture *f, bool fresh) {
  if (!f->topics) load_topics(f);
  return store_open(&(store_options){.path = f->path, .topics = f->topics, .fresh = fresh, .dead_letter_rows = 50, .busy_ms = 50}, &err);
}

static void reopen(fixture *f) {
  store_close(f->s);
  f->s = try_open(f, false);
  if (!f->s) fail_msg("%s", err.text);
}

#define OK(call)                                       \
  do {                                                 \
    if (!(call)) fail_msg("%s: %s", #call, err.text);  \
  } while (0)

/* --- changes by hand, as decode would make them --- */

static change *new_change(fixture *f, int topic_index, change_op op, int columns, const char *payload) {
  change *c = arena_zalloc(&f->memory, sizeof *c);
  record *r = arena_zalloc(&f->memory, sizeof *r);
  *r = (record){.topic = topic_index, .partition = 3, .offset = 7, .key = "k", .key_bytes = 1, .payload = payload,
                .payload_bytes = payload ? (uint32_t)strlen(payload) : 0};
  *c = (change){.op = op, .topic = topic_index, .origin = r, .memory = &f->memory, .values = arena_zalloc(&f->memory, sizeof(value) * (size_t)columns)};
  return c;
}

static change *item(fixture *f, change_op op, int64_t id, const char *day, double qty) {
  change *c = new_change(f, ITEM, op, 4, arena_printf(&f->memory, "{%lld %s %g}", (long long)id, day, qty));
  c->values[0] = (value){.type = VALUE_INTEGER, .i = id};
  c->values[1] = (value){.type = VALUE_TEXT, .text = day, .bytes = (uint32_t)strlen(day)};
  if (op == CHANGE_UPSERT) c->values[2] = (value){.type = VALUE_REAL, .r = qty};
  c->key_hash = (uint64_t)id % 4; /* collisions on purpose */
  return c;
}

static change *put(fixture *f, int64_t id, double qty) { return item(f, CHANGE_UPSERT, id, "2024-01-02", qty); }
static change *del(fixture *f, int64_t id) { return item(f, CHANGE_DELETE, id, "2024-01-02", 0); }

static change *tick(fixture *f, int64_t at, int64_t v) {
  change *c = new_change(f, TICK, CHANGE_UPSERT, 2, "tick");
  c->values[0] = (value){.type = VALUE_INTEGER, .i = at};
  c->values[1] = (value){.type = VALUE_INTEGER, .i = v};
  return c;
}

static void stage(fixture *f, change *c) { OK(store_stage(f->s, c, &err)); }

static void apply_all(fixture *f) {
  OK(store_apply(f->s, ITEM, &err));
  OK(store_apply(f->s, TICK, &err));
}

static void turn_of(fixture *f, change *const *changes, size_t n) {
  OK(store_begin(f->s, &err));
  for (size_t i = 0; i < n; i++) stage(f, changes[i]);
  apply_all(f);
  OK(store_commit(f->s, store_version(f->s) + 1, &err));
}

/* The first column of the result's rows, with commas. */
static const char *ask_on(sqlite3 *db, const char *sql) {
  static char out[4000];
  sqlite3_stmt *stmt;
  size_t n = 0;
  out[0] = '\0';
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
  while (sqlite3_step(stmt) == SQLITE_ROW)
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? "," : "", (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  return out;
}

static const char *ask(fixture *f, const char *sql) { return ask_on(store_connection(f->s), sql); }
static const char *items(fixture *f) { return ask(f, "SELECT id || '=' || qty FROM item ORDER BY id"); }

/* --- tests --- */

static void test_new_and_kept(void **state) {
  fixture *f = *state;
  reopen(f);
  assert_false(store_was_kept(f->s));
  assert_true(store_topic_was_reset(f->s, ITEM));
  assert_int_equal(store_version(f->s), 0);
  char epoch[20];
  snprintf(epoch, sizeof epoch, "%s", store_epoch(f->s));
  assert_int_equal(strlen(epoch), 16);
  struct stat st;
  assert_int_equal(stat(f->path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0644);
  turn_of(f, (change *[]){put(f, 1, 10), put(f, 2, 20), tick(f, 1000, 5), tick(f, 1000, 5)}, 4);
  OK(store_begin(f->s, &err));
  OK(store_tick(f->s, 1234, &err));
  OK(store_offset(f->s, (stream_position){ITEM, 3, 77}, &err));
  OK(store_offset(f->s, (stream_position){ITEM, 3, 76}, &err));
  OK(store_offset(f->s, (stream_position){TICK, 0, 5}, &err));
  OK(store_offset(f->s, (stream_position){TICK, -1, 9}, &err));
  OK(store_commit(f->s, 9, &err));

  reopen(f);
  assert_true(store_was_kept(f->s));
  assert_false(store_topic_was_reset(f->s, ITEM));
  assert_int_equal(store_version(f->s), 9);
  assert_string_equal(store_epoch(f->s), epoch);
  assert_string_equal(items(f), "1=10.0,2=20.0");
  assert_string_equal(ask(f, "SELECT n || ':' || v FROM tick"), "1:5,2:5");
  assert_string_equal(ask(f, "SELECT now FROM clock"), "1234");
  size_t count;
  stream_position *positions = store_positions(f->s, &count, &err);
  assert_int_equal(count, 2);
  assert_true(positions[0].topic == ITEM && positions[0].partition == 3 && positions[0].next_offset == 77);
  assert_true(positions[1].topic == TICK && positions[1].partition == 0 && positions[1].next_offset == 5);
  free(positions);

  store_close(f->s);
  f->s = try_open(f, true);
  assert_non_null(f->s);
  assert_false(store_was_kept(f->s));
  assert_string_not_equal(store_epoch(f->s), epoch);
  assert_string_equal(items(f), "");
}

static void test_upsert_delete_and_plain_triggers(void **state) {
  fixture *f = *state;
  reopen(f);
  OK(sqlite3_exec(store_connection(f->s),
                  "CREATE TEMP TABLE seen (what);"
                  "CREATE TEMP TRIGGER i AFTER INSERT ON main.item BEGIN INSERT INTO seen VALUES ('+' || NEW.id || '=' || NEW.qty); END;"
                  "CREATE TEMP TRIGGER u AFTER UPDATE ON main.item BEGIN INSERT INTO seen VALUES (OLD.qty || '>' || NEW.qty); END;"
                  "CREATE TEMP TRIGGER d AFTER DELETE ON main.item BEGIN INSERT INTO seen VALUES ('-' || OLD.id); END",
                  NULL, NULL, NULL) == SQLITE_OK || error_set(&err, ERR_SQL, "triggers"));
  turn_of(f, (change *[]){put(f, 1, 1), put(f, 2, 2)}, 2);
  turn_of(f, (change *[]){put(f, 1, 5), put(f, 2, -1), del(f, 3)}, 3); /* -1 breaks the CHECK */
  turn_of(f, (change *[]){del(f, 1), put(f, 1, 7), put(f, 1, 8), put(f, 4, 4), del(f, 4), del(f, 2)}, 6);
  assert_string_equal(ask(f, "SELECT what FROM seen"), "+1=1.0,+2=2.0,1.0>5.0,5.0>8.0,-2");
  assert_string_equal(items(f), "1=8.0");
  assert_int_equal(store_read_stats(f->s).superseded, 3);
  assert_string_equal(ask(f, "SELECT topic || ' ' || partition || ' ' || offset || ' ' || reason || ' ' || payload FROM vs_dead_letter"),
                      "t.item 3 7 the table item refuses it: CHECK constraint failed: qty >= 0 {2 2024-01-02 -1}");
}

static void test_last_accepted_counts(void **state) {
  fixture *f = *state;
  reopen(f);
  change *good = put(f, 1, 10), *bad = put(f, 1, -1), *worse = put(f, 1, -2), *superseded = put(f, 2, -3);
  turn_of(f, (change *[]){good, bad, superseded, worse, put(f, 2, 2)}, 5);
  assert_string_equal(items(f), "1=10.0,2=2.0");
  assert_int_equal(good->op, CHANGE_UPSERT);
  turn_of(f, (change *[]){put(f, 3, -1)}, 1); /* a batch may be done turns after the one that refused its record */
  assert_int_equal(bad->op, CHANGE_REFUSED);
  assert_non_null(strstr(worse->reason, "qty >= 0"));
  assert_int_equal(superseded->op, CHANGE_REFUSED);
  assert_string_equal(ask(f, "SELECT count(*) FROM vs_dead_letter"), "4");
}

static void test_rollback(void **state) {
  fixture *f = *state;
  reopen(f);
  turn_of(f, (change *[]){put(f, 1, 1)}, 1);
  change *changes[] = {put(f, 1, 2), put(f, 2, 2), put(f, 3, -1), tick(f, 1, 1)};
  for (int round = 0; round < 2; round++) {
    OK(store_begin(f->s, &err));
    for (int i = 0; i < 4; i++) stage(f, changes[i]);
    assert_int_equal(store_staged(f->s, ITEM), 3);
    apply_all(f);
    OK(store_offset(f->s, (stream_position){ITEM, 0, 10}, &err));
    assert_int_equal(changes[2]->op, CHANGE_REFUSED);
    if (round == 0) {
      store_rollback(f->s);
      assert_int_equal(changes[2]->op, CHANGE_UPSERT);
      assert_string_equal(items(f), "1=1.0");
      assert_string_equal(ask(f, "SELECT count(*) FROM vs_dead_letter"), "0");
      assert_int_equal(store_staged(f->s, ITEM), 0);
    }
  }
  OK(store_commit(f->s, 2, &err));
  assert_string_equal(items(f), "1=2.0,2=2.0");
  assert_string_equal(ask(f, "SELECT next_offset FROM vs_offset"), "10");
  assert_string_equal(ask(f, "SELECT count(*) FROM tick"), "1");
  assert_string_equal(ask(f, "SELECT count(*) FROM vs_dead_letter"), "1");
}

/* The same records, one a turn or many a turn: the same rows and the same dead letters. */
static void test_turns_split_and_merged(void **state) {
  fixture *f = *state;
  enum { CHANGES = 3000, KEYS = 40 };
  unsigned seed = 20240101;
  static char single_rows[4000], single_letters[4000];
  for (int merged = 0; merged < 2; merged++) {
    store_close(f->s);
    f->s = try_open(f, true);
    assert_non_null(f->s);
    srand(seed);
    int left = 0;
    for (int i = 0; i < CHANGES; i++) {
      if (left == 0) {
        left = merged ? 1 + i % 613 : 1;
        OK(store_begin(f->s, &err));
      }
      int64_t id = rand() % KEYS;
      int kind = rand() % 20;
      double qty = rand() % 1000;
      stage(f, kind < 3 ? del(f, id) : put(f, id, kind == 3 ? -1 - qty : qty));
      if (--left > 0 && i + 1 < CHANGES) continue;
      left = 0;
      OK(store_apply(f->s, ITEM, &err));
      OK(store_commit(f->s, (uint64_t)i + 1, &err));
    }
    if (!merged) snprintf(single_rows, sizeof single_rows, "%s", items(f));
    else assert_string_equal(items(f), single_rows);
    uint64_t letters = store_read_stats(f->s).dead_letters;
    assert_true(letters > 50);
    if (!merged) snprintf(single_letters, sizeof single_letters, "%llu", (unsigned long long)letters);
    else assert_int_equal(letters, strtoull(single_letters, NULL, 10));
    assert_string_equal(ask(f, "SELECT count(*) FROM vs_dead_letter"), "50"); /* bounded */
  }
}

static void test_dead_letters_keep_bytes(void **state) {
  fixture *f = *state;
  reopen(f);
  change *c = put(f, 1, 1);
  record *r = (record *)c->origin;
  char *payload = arena_alloc(&f->memory, STORE_DEAD_LETTER_PAYLOAD_BYTES + 100);
  memset(payload, 'x', STORE_DEAD_LETTER_PAYLOAD_BYTES + 100);
  r->payload = payload;
  r->payload_bytes = STORE_DEAD_LETTER_PAYLOAD_BYTES + 100;
  r->key = "\xff\x00z";
  r->key_bytes = 3;
  r->partition = -1;
  r->offset = -1;
  c->op = CHANGE_REFUSED;
  c->reason = "not JSON";
  turn_of(f, &c, 1);
  assert_string_equal(ask(f, "SELECT length(payload) || typeof(payload) || hex(key) || typeof(key) || typeof(partition) || reason FROM vs_dead_letter"),
                      "65536textFF007Ablobnullnot JSON");
}

static void test_changed_declaration(void **state) {
  fixture *f = *state;
  reopen(f);
  turn_of(f, (change *[]){put(f, 1, 1), tick(f, 1, 1)}, 2);
  OK(store_begin(f->s, &err));
  OK(store_offset(f->s, (stream_position){ITEM, 0, 10}, &err));
  OK(store_offset(f->s, (stream_position){TICK, 0, 20}, &err));
  OK(store_commit(f->s, 2, &err));
  store_close(f->s);
  f->s = NULL;
  char changed[600];
  snprintf(changed, sizeof changed, "%s", item_ddl);
  memcpy(strstr(changed, "qty >= 0"), "qty >= 1", 8);
  topic_folder_write(&f->folder, "item.sql", changed);
  load_topics(f);
  reopen(f);
  assert_true(store_was_kept(f->s));
  assert_true(store_topic_was_reset(f->s, ITEM));
  assert_false(store_topic_was_reset(f->s, TICK));
  assert_string_equal(items(f), "");
  assert_string_equal(ask(f, "SELECT count(*) FROM tick"), "1");
  assert_string_equal(ask(f, "SELECT topic || next_offset FROM vs_offset"), "t.tick20");
  assert_int_equal(store_version(f->s), 2);

  store_close(f->s); /* and a table that is no longer declared */
  f->s = NULL;
  unlink(f->folder.files[1]);
  load_topics(f);
  assert_int_equal(f->topics->count, 1);
  reopen(f);
  assert_string_equal(ask(f, "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'tick*'"), "0");
  assert_string_equal(ask(f, "SELECT count(*) FROM vs_offset"), "0");
}

static void test_refused_files(void **state) {
  fixture *f = *state;
  reopen(f);
  assert_null(try_open(f, false)); /* a second one */
  assert_int_equal(err.code, ERR_BUSY);
  store_close(f->s);
  f->s = NULL;

  snprintf(f->path, sizeof f->path, "%s/other.db", f->database_folder);
  sqlite3 *db;
  assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "CREATE TABLE mine (x)", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  assert_null(try_open(f, false));
  assert_int_equal(err.code, ERR_CONFLICT);
  assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
  assert_string_equal(ask_on(db, "SELECT name FROM sqlite_schema"), "mine");
  assert_string_equal(ask_on(db, "PRAGMA journal_mode"), "delete");
  sqlite3_close(db);

  FILE *file = fopen(f->path, "wb");
  for (int i = 0; i < 1000; i++) fputs("no database ", file);
  fclose(file);
  assert_null(try_open(f, false));
  assert_int_equal(err.code, ERR_SQL);
  snprintf(f->path, sizeof f->path, "/nowhere/at/all/live.db");
  assert_null(try_open(f, false));
  assert_int_equal(err.code, ERR_IO);
}

/* A process that is killed in the middle of a turn: what it committed is there, nothing else. */
static void test_kill(void **state) {
  fixture *f = *state;
  enum { TURNS = 20 };
  load_topics(f);
  for (int round = 0; round < 5; round++) {
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      reopen(f);
      for (int i = 0; i < TURNS; i++) {
        OK(store_begin(f->s, &err));
        stage(f, put(f, i, round));
        stage(f, tick(f, i, round));
        apply_all(f);
        OK(store_offset(f->s, (stream_position){ITEM, 0, (int64_t)round * TURNS + i + 1}, &err));
        OK(store_commit(f->s, store_version(f->s) + 1, &err));
      }
      OK(store_begin(f->s, &err));
      for (int i = 0; i < 2000; i++) stage(f, put(f, i, 999));
      apply_all(f);
      OK(store_offset(f->s, (stream_position){ITEM, 0, 99999}, &err));
      if (write(ready[1], "r", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));

    reopen(f);
    char expected[100];
    assert_int_equal(store_version(f->s), (uint64_t)(round + 1) * TURNS);
    snprintf(expected, sizeof expected, "%d/%d.0", TURNS, round * TURNS);
    assert_string_equal(ask(f, "SELECT count(*) || '/' || sum(qty) FROM item"), expected);
    snprintf(expected, sizeof expected, "%d", (round + 1) * TURNS);
    assert_string_equal(ask(f, "SELECT count(*) FROM tick"), expected);
    assert_string_equal(ask(f, "SELECT next_offset FROM vs_offset"), expected);
    assert_string_equal(ask(f, "PRAGMA integrity_check"), "ok");
    store_close(f->s);
    f->s = NULL;
  }
}

static void test_reader_and_wal(void **state) {
  fixture *f = *state;
  assert_null(store_open_reader(f->path, &err));
  assert_int_equal(err.code, ERR_NOT_FOUND);
  reopen(f);
  turn_of(f, (change *[]){put(f, 1, 1)}, 1);
  sqlite3 *reader = store_open_reader(f->path, &err);
  assert_non_null(reader);
  assert_true(sqlite3_exec(reader, "DELETE FROM item", NULL, NULL, NULL) != SQLITE_OK);
  assert_true(sqlite3_exec(reader, "CREATE TABLE x (y)", NULL, NULL, NULL) != SQLITE_OK);
  assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM item", NULL, NULL, NULL), SQLITE_OK);

  store_wal wal = {0};
  int turns = 0;
  for (; wal.bytes < 3 * (int64_t)STORE_WAL_CHECKPOINT_BYTES && turns < 10000; turns++) {
    OK(store_begin(f->s, &err));
    for (int i = 0; i < 200; i++) stage(f, put(f, i * 1000 + turns, i));
    OK(store_apply(f->s, ITEM, &err));
    OK(store_commit(f->s, (uint64_t)turns + 2, &err));
    OK(store_checkpoint(f->s, &wal, &err));
  }
  assert_true(wal.blocked && wal.pending_bytes > STORE_WAL_CHECKPOINT_BYTES); /* the forgotten reader is seen … */
  assert_string_equal(ask_on(reader, "SELECT count(*) FROM item"), "1");       /* … and keeps its snapshot */
  assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  char all[32];
  snprintf(all, sizeof all, "%d", turns * 200 + (turns <= 1 ? 1 : 0));
  for (int i = 0; i < 3; i++) {
    turn_of(f, (change *[]){put(f, 0, i)}, 1);
    OK(store_checkpoint(f->s, &wal, &err));
  }
  assert_false(wal.blocked);
  assert_true(wal.pending_bytes < STORE_WAL_CHECKPOINT_BYTES);
  assert_string_equal(ask_on(reader, "SELECT count(*) FROM item"), all);
  sqlite3_close_v2(reader);
}

static void test_locked_by_a_shell(void **state) {
  fixture *f = *state;
  reopen(f);
  sqlite3 *shell;
  assert_int_equal(sqlite3_open(f->path, &shell), SQLITE_OK);
  assert_int_equal(sqlite3_exec(shell, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_false(store_begin(f->s, &err));
  assert_int_equal(err.code, ERR_BUSY);
  assert_int_equal(sqlite3_exec(shell, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(shell);
  turn_of(f, (change *[]){put(f, 1, 1)}, 1);
  assert_string_equal(items(f), "1=1.0");
}

/* No room: the turn fails whole, says so, and the same changes go through when there is room again. */
static void test_full(void **state) {
  enum { ROWS = 5000 };
  fixture *f = *state;
  reopen(f);
  turn_of(f, (change *[]){put(f, 1, 1)}, 1);
  assert_string_not_equal(ask(f, "PRAGMA max_page_count = 30"), "");
  OK(store_begin(f->s, &err));
  for (int i = 0; i < ROWS; i++) stage(f, put(f, i, 2));
  assert_false(store_apply(f->s, ITEM, &err) && store_commit(f->s, 2, &err));
  assert_int_equal(err.code, ERR_LIMIT);
  assert_non_null(strstr(err.hint, "full"));
  store_rollback(f->s);
  assert_string_equal(items(f), "1=1.0");
  assert_int_equal(store_version(f->s), 1);
  assert_string_not_equal(ask(f, "PRAGMA max_page_count = 100000"), "");
  OK(store_begin(f->s, &err));
  for (int i = 0; i < ROWS; i++) stage(f, put(f, i, 2));
  OK(store_apply(f->s, ITEM, &err));
  OK(store_commit(f->s, 2, &err));
  assert_string_equal(ask(f, "SELECT count(*) || '/' || sum(qty) FROM item"), "5000/10000.0");
}

/* Others see the state, and may not touch it; needs root to become somebody else. */
static void test_other_users(void **state) {
  fixture *f = *state;
  if (geteuid() != 0) skip();
  assert_int_equal(chmod(f->database_folder, 0755), 0);
  mode_t before = umask(077);
  reopen(f);
  umask(before);
  turn_of(f, (change *[]){put(f, 1, 1)}, 1);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    enum { NOBODY = 65534 };
    sqlite3 *db;
    int count = 0;
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) _exit(1);
    if (!(db = store_open_reader(f->path, &err))) _exit(2);
    if (!strcmp(ask_on(db, "SELECT id FROM item"), "1")) count++;
    sqlite3_close_v2(db);
    if (sqlite3_open(f->path, &db) == SQLITE_OK && sqlite3_exec(db, "DELETE FROM item", NULL, NULL, NULL) == SQLITE_READONLY) count++;
    _exit(count == 2 ? 0 : 3);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  assert_string_equal(items(f), "1=1.0");
}

static void test_retention(void **state) {
  fixture *f = *state;
  reopen(f);
  enum { OLD = STORE_RETAIN_ROWS + 10 };
  int64_t now = 10 * 60000;
  bool more;
  OK(store_begin(f->s, &err));
  for (int i = 0; i < OLD; i++) stage(f, tick(f, 1000 + i % 7, 1));
  OK(store_apply(f->s, TICK, &err));
  OK(store_commit(f->s, 1, &err));
  assert_false(store_retain_due(f->s, now)); /* the stream itself stands still at its first second */
  turn_of(f, (change *[]){tick(f, 1003 + 60000, 2)}, 1);
  assert_true(store_retain_due(f->s, now));
  assert_false(store_retain_due(f->s, 60000)); /* by the wall clock it is still the first minute */
  OK(store_begin(f->s, &err));
  OK(store_retain(f->s, now, &more, &err));
  OK(store_commit(f->s, 3, &err));
  assert_false(more); /* 3 of 7 are older than a minute */
  assert_string_equal(ask(f, "SELECT min(at) FROM tick"), "1003");
  turn_of(f, (change *[]){tick(f, INT64_C(1) << 60, 3)}, 1); /* from the far future: ages nothing beyond now */
  assert_true(store_retain_due(f->s, now));
  for (more = true; more;) {
    OK(store_begin(f->s, &err));
    OK(store_retain(f->s, now, &more, &err));
    OK(store_commit(f->s, 5, &err));
  }
  assert_string_equal(ask(f, "SELECT v FROM tick"), "3");
  assert_int_equal(store_read_stats(f->s).retained_out, OLD + 1);
  assert_false(store_retain_due(f->s, now));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_new_and_kept, setup, teardown),
    cmocka_unit_test_setup_teardown(test_upsert_delete_and_plain_triggers, setup, teardown),
    cmocka_unit_test_setup_teardown(test_last_accepted_counts, setup, teardown),
    cmocka_unit_test_setup_teardown(test_rollback, setup, teardown),
    cmocka_unit_test_setup_teardown(test_turns_split_and_merged, setup, teardown),
    cmocka_unit_test_setup_teardown(test_dead_letters_keep_bytes, setup, teardown),
    cmocka_unit_test_setup_teardown(test_changed_declaration, setup, teardown),
    cmocka_unit_test_setup_teardown(test_refused_files, setup, teardown),
    cmocka_unit_test_setup_teardown(test_kill, setup, teardown),
    cmocka_unit_test_setup_teardown(test_reader_and_wal, setup, teardown),
    cmocka_unit_test_setup_teardown(test_locked_by_a_shell, setup, teardown),
    cmocka_unit_test_setup_teardown(test_full, setup, teardown),
    cmocka_unit_test_setup_teardown(test_other_users, setup, teardown),
    cmocka_unit_test_setup_teardown(test_retention, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
