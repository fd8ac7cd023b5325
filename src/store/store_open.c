#include "store/store_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0644, FOLDER_MODE = 0755, WRITER_CACHE_BYTES = 64 << 20 };

static const char own_tables[] =
  "CREATE TABLE IF NOT EXISTS vs_meta (key TEXT NOT NULL PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS vs_offset (topic TEXT NOT NULL, \"partition\" INTEGER NOT NULL, next_offset INTEGER NOT NULL,"
  " PRIMARY KEY (topic, \"partition\")) STRICT, WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS vs_dead_letter (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, \"partition\" INTEGER, \"offset\" INTEGER,"
  " key ANY, reason TEXT NOT NULL, payload ANY, received_at INTEGER NOT NULL) STRICT;"
  "CREATE TABLE IF NOT EXISTS clock (now INTEGER NOT NULL) STRICT;"
  "INSERT INTO clock SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM clock);";

/* --- the file and its folder --- */

static bool make_folder(const char *folder, error *err) {
  if (mkdir(folder, FOLDER_MODE) == 0) {
    if (chmod(folder, FOLDER_MODE) == 0) return true;
  } else if (errno == EEXIST) {
    struct stat st;
    if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0)) return true;
    error_set(err, ERR_IO, "the folder %s of the live database belongs to somebody else", folder);
    return error_hint(err, "choose another one with --live-db");
  }
  error_set(err, ERR_IO, "the folder %s of the live database cannot be made: %s", folder, strerror(errno));
  return error_hint(err, "make its parent folder, or choose another place with --live-db");
}

/* The absolute path, malloc'd; makes the folder. */
static char *locate(const char *path, error *err) {
  char *first = strdup(path), *second = strdup(path), *located = NULL;
  if (!first || !second) {
    error_nomem(err);
  } else if (make_folder(dirname(first), err)) {
    char *folder = realpath(first, NULL);
    if (!folder) error_set(err, ERR_IO, "the folder of %s cannot be found: %s", path, strerror(errno));
    else if (asprintf(&located, "%s/%s", folder, basename(second)) < 0) located = NULL, error_nomem(err);
    free(folder);
  }
  free(first);
  free(second);
  return located;
}

static bool take_lock(store *s, error *err) {
  char *path;
  if (asprintf(&path, "%s.lock", s->path) < 0) return error_nomem(err);
  s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
  bool done = s->lock_fd >= 0 && flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0;
  if (!done && s->lock_fd >= 0 && errno == EWOULDBLOCK) {
    error_set(err, ERR_BUSY, "another viewserver uses the live database %s", s->path);
    error_hint(err, "stop it, or give this one a database of its own with --live-db");
  } else if (!done) {
    error_set(err, ERR_IO, "%s cannot be locked: %s", path, strerror(errno));
  }
  free(path);
  return done;
}

static bool remove_files(const store *s, error *err) {
  static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    char *path;
    if (asprintf(&path, "%s%s", s->path, suffixes[i]) < 0) return error_nomem(err);
    bool failed = unlink(path) != 0 && errno != ENOENT;
    if (failed) error_set(err, ERR_IO, "%s cannot be removed: %s", path, strerror(errno));
    free(path);
    if (failed) return false;
  }
  return true;
}

/* The file exists afterwards, readable by all and writable by us alone. */
static bool make_file(const store *s, error *err) {
  int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
  struct stat st;
  bool done = fd >= 0 && fstat(fd, &st) == 0 && (st.st_size > 0 || fchmod(fd, FILE_MODE) == 0);
  if (!done) {
    error_set(err, ERR_IO, "the live database %s cannot be opened for writing: %s", s->path, strerror(errno));
    error_hint(err, "choose another place with --live-db");
  }
  if (fd >= 0) close(fd);
  return done;
}

/* --- statements of our own --- */

bool store_sql_error(store *s, const char *doing, error *err) {
  int code = sqlite3_errcode(s->db);
  bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
  if (code == SQLITE_NOMEM) return error_nomem(err);
  error_set(err, busy ? ERR_BUSY : code == SQLITE_FULL ? ERR_LIMIT : ERR_SQL, "%s: %s", doing, sqlite3_errmsg(s->db));
  if (busy) error_hint(err, "another program holds a lock on the live database; open it read-only");
  if (code == SQLITE_FULL) error_hint(err, "the file system of %s is full", s->path);
  return false;
}

bool store_prepare(store *s, sqlite3 *db, const char *sql, sqlite3_stmt **out, error *err) {
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) == SQLITE_OK) return true;
  return error_set(err, ERR_SQL, "preparing '%.200s': %s", sql, sqlite3_errmsg(db));
}

bool store_execute(store *s, const char *sql, error *err) {
  return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? true : store_sql_error(s, sql, err);
}

bool store_run(store *s, sqlite3_stmt *stmt, const char *doing, error *err) {
  int rc;
  while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {}
  bool done = rc == SQLITE_DONE || store_sql_error(s, doing, err);
  sqlite3_reset(stmt);
  return done;
}

/* One integer of one row; fallback where there is none. */
static bool query_integer(store *s, const char *sql, int64_t fallback, int64_t *out, error *err) {
  sqlite3_stmt *stmt;
  if (!store_prepare(s, s->db, sql, &stmt, err)) return false;
  int rc = sqlite3_step(stmt);
  *out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : fallback;
  bool done = rc == SQLITE_ROW || rc == SQLITE_DONE || store_sql_error(s, sql, err);
  sqlite3_finalize(stmt);
  return done;
}

/* Sets vs_meta's key; content is SQL. */
static bool set_meta(store *s, const char *key, const char *content, error *err) {
  char *sql = sqlite3_mprintf("DELETE FROM vs_meta WHERE key = %Q; INSERT INTO vs_meta VALUES (%Q, %s)", key, key, content);
  bool done = sql ? store_execute(s, sql, err) : error_nomem(err);
  sqlite3_free(sql);
  return done;
}

/* --- opening --- */

/* Is there data, and is it ours? Reads only. */
static bool examine(store *s, bool *empty, error *err) {
  int64_t objects, id;
  if (!query_integer(s, "SELECT count(*) FROM sqlite_schema", 0, &objects, err) || !query_integer(s, "PRAGMA application_id", 0, &id, err)) {
    error_hint(err, "the file may be damaged or be no database: choose another with --live-db, or remove it");
    return false;
  }
  *empty = objects == 0;
  if (*empty || id == STORE_APPLICATION_ID) return true;
  error_set(err, ERR_CONFLICT, "%s is a database of another program", s->path);
  return error_hint(err, "choose another file with --live-db; nothing was changed");
}

static bool configure(store *s, const store_options *o, bool empty, error *err) {
  int64_t cache_kib = (o->cache_bytes ? o->cache_bytes : WRITER_CACHE_BYTES) / 1024;
  char page_size[64] = "";
  if (empty) snprintf(page_size, sizeof page_size, "PRAGMA page_size = %d;", o->page_bytes ? o->page_bytes : STORE_PAGE_BYTES);
  char *sql = sqlite3_mprintf("%s PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;"
                              "PRAGMA journal_size_limit = %d; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%lld; PRAGMA application_id = %d",
                              page_size, STORE_WAL_KEEP_BYTES, (long long)cache_kib, STORE_APPLICATION_ID);
  bool done = sql ? store_execute(s, sql, err) : error_nomem(err);
  sqlite3_free(sql);
  int64_t page = 0;
  done = done && query_integer(s, "PRAGMA page_size", 0, &page, err);
  s->page_bytes = (int)page;
  sqlite3_wal_hook(s->db, store_wal_hook, s);
  return done;
}

static bool write_new_identity(store *s, error *err) {
  uint64_t random;
  if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) return error_set(err, ERR_IO, "the system gives no random bytes");
  char content[64];
  snprintf(content, sizeof content, "'%016" PRIx64 "'", random);
  if (!set_meta(s, "epoch", content, err) || !set_meta(s, "version", "0", err)) return false;
  snprintf(content, sizeof content, "%d", STORE_FORMAT);
  if (!set_meta(s, "format", content, err)) return false;
  snprintf(content, sizeof content, "%" PRId64, clock_unix_ms());
  return set_meta(s, "created_ms", content, err);
}

static bool read_identity(store *s, error *err) {
  int64_t format, version;
  if (!query_integer(s, "SELECT value FROM vs_meta WHERE key = 'format'", 0, &format, err)) return false;
  if (format != STORE_FORMAT) {
    error_set(err, ERR_CONFLICT, "%s was written by another release (format %" PRId64 ", this one has %d)", s->path, format, STORE_FORMAT);
    return error_hint(err, "start once with --fresh: the topics are then replayed");
  }
  if (!query_integer(s, "SELECT value FROM vs_meta WHERE key = 'version'", 0, &version, err)) return false;
  s->version = (uint64_t)version;
  sqlite3_stmt *stmt;
  if (!store_prepare(s, s->db, "SELECT value FROM vs_meta WHERE key = 'epoch'", &stmt, err)) return false;
  if (sqlite3_step(stmt) == SQLITE_ROW) snprintf(s->epoch, sizeof s->epoch, "%s", (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  char content[32];
  snprintf(content, sizeof content, "%" PRId64, clock_unix_ms());
  return s->epoch[0] ? set_meta(s, "started_ms", content, err) : error_set(err, ERR_CONFLICT, "%s lacks its epoch", s->path);
}

/* --- the declared tables against those that are there --- */

static bool forget_table(store *s, const char *table, const char *meta_key, error *err) {
  char *sql = sqlite3_mprintf("DROP TABLE IF EXISTS \"%w\"; DELETE FROM vs_meta WHERE key = %Q;", table, meta_key);
  bool done = sql ? store_execute(s, sql, err) : error_nomem(err);
  sqlite3_free(sql);
  return done;
}

static bool forget_offsets(store *s, const char *name, error *err) {
  char *sql = sqlite3_mprintf("DELETE FROM vs_offset WHERE topic = %Q", name);
  bool done = sql ? store_execute(s, sql, err) : error_nomem(err);
  sqlite3_free(sql);
  return done;
}

/* Makes the table anew unless it stands there as declared. */
static bool reconcile_topic(store *s, int index, error *err) {
  const topic *t = &s->topics->topics[index];
  char key[300], hash[32];
  snprintf(key, sizeof key, "table.%s", t->table);
  snprintf(hash, sizeof hash, "'%016" PRIx64 "'", t->ddl_hash);
  char *sql = sqlite3_mprintf("SELECT count(*) FROM vs_meta m JOIN sqlite_schema o ON o.type = 'table' AND o.name = %Q WHERE m.key = %Q AND m.value = %s",
                              t->table, key, hash);
  int64_t same = 0;
  bool done = sql ? query_integer(s, sql, 0, &same, err) : error_nomem(err);
  sqlite3_free(sql);
  if (!done || same) return done;
  if (s->kept) log_warn("table=%s: its declaration is new or changed: the table is made anew and its topic replayed", t->table);
  s->tables[index].was_reset = true;
  return forget_table(s, t->table, key, err) && forget_offsets(s, t->name, err) && topic_create(t, s->db, err) && set_meta(s, key, hash, err);
}

static bool drop_undeclared(store *s, error *err) {
  sqlite3_stmt *stmt;
  bool done = store_prepare(s, s->db, "SELECT substr(key, 7) FROM vs_meta WHERE key GLOB 'table.*'", &stmt, err);
  char **tables = NULL;
  size_t count = 0;
  while (done && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *table = (const char *)sqlite3_column_text(stmt, 0);
    if (topic_by_table(s->topics, table) >= 0) continue;
    char **more = realloc(tables, (count + 1) * sizeof *tables);
    if (more) tables = more;
    done = more && (tables[count] = strdup(table)) ? true : error_nomem(err);
    if (done) count++;
  }
  sqlite3_finalize(stmt);
  for (size_t i = 0; i < count; i++) {
    char key[300];
    snprintf(key, sizeof key, "table.%s", tables[i]);
    if (done) log_warn("table=%s: it is no longer declared and is dropped", tables[i]);
    done = done && forget_table(s, tables[i], key, err);
    free(tables[i]);
  }
  free(tables);
  return done;
}

static bool drop_undeclared_offsets(store *s, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "DELETE FROM vs_offset WHERE topic NOT IN (''");
  for (int i = 0; i < s->topics->count; i++) {
    buffer_putc(&sql, ',');
    buffer_sql_text(&sql, s->topics->topics[i].name, strlen(s->topics->topics[i].name));
  }
  buffer_putc(&sql, ')');
  bool done = sql.failed ? error_nomem(err) : store_execute(s, buffer_text(&sql), err);
  buffer_free(&sql);
  return done;
}

static bool reconcile(store *s, bool empty, error *err) {
  if (!store_execute(s, "BEGIN IMMEDIATE", err) || !store_execute(s, own_tables, err)) return false;
  if (empty && !write_new_identity(s, err)) return false;
  if (!read_identity(s, err) || !drop_undeclared(s, err) || !drop_undeclared_offsets(s, err)) return false;
  for (int i = 0; i < s->topics->count; i++)
    if (!reconcile_topic(s, i, err)) return false;
  return store_execute(s, "COMMIT", err);
}

static bool open_checker(store *s, error *err) {
  if (sqlite3_open_v2(":memory:", &s->checker, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    return error_nomem(err);
  for (int i = 0; i < s->topics->count; i++)
    if (!topic_create(&s->topics->topics[i], s->checker, err)) return false;
  return true;
}

static bool prepare_own(store *s, error *err) {
  return store_prepare(s, s->db, "UPDATE vs_meta SET value = ?1 WHERE key = 'version'", &s->set_version, err) &&
         store_prepare(s, s->db, "UPDATE vs_offset SET next_offset = ?3 WHERE topic = ?1 AND \"partition\" = ?2", &s->update_offset, err) &&
         store_prepare(s, s->db, "INSERT INTO vs_offset (topic, \"partition\", next_offset) VALUES (?1, ?2, ?3)", &s->insert_offset, err) &&
         store_prepare(s, s->db, "UPDATE clock SET now = ?1", &s->tick, err) &&
         store_prepare(s, s->db,
                       "INSERT INTO vs_dead_letter (topic, \"partition\", \"offset\", key, reason, payload, received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                       &s->dead_letter, err) &&
         store_prepare(s, s->db, "DELETE FROM vs_dead_letter WHERE id <= ?1", &s->trim_dead_letters, err);
}

static bool open_database(store *s, const store_options *o, error *err) {
  bool empty;
  if (o->fresh && !remove_files(s, err)) return false;
  if (!make_file(s, err)) return false;
  if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    return store_sql_error(s, "opening the live database", err);
  sqlite3_busy_timeout(s->db, o->busy_ms ? o->busy_ms : STORE_BUSY_MS);
  if (!examine(s, &empty, err) || !configure(s, o, empty, err)) return false;
  s->kept = !empty;
  return reconcile(s, empty, err) && open_checker(s, err) && prepare_own(s, err) && store_prepare_tables(s, err) && store_load_offsets(s, err);
}

store *store_open(const store_options *options, error *err) {
  store *s = calloc(1, sizeof *s);
  if (s) s->tables = calloc((size_t)options->topics->count, sizeof *s->tables);
  if (!s || !s->tables) {
    free(s);
    error_nomem(err);
    return NULL;
  }
  s->lock_fd = -1;
  s->topics = options->topics;
  s->dead_letter_rows = options->dead_letter_rows ? options->dead_letter_rows : STORE_DEAD_LETTER_ROWS;
  s->path = locate(options->path, err);
  if (s->path && take_lock(s, err) && open_database(s, options, err)) return s;
  store_close(s);
  return NULL;
}

void store_close(store *s) {
  if (!s) return;
  if (s->in_turn) store_rollback(s);
  store_finalize_tables(s);
  sqlite3_stmt *own[] = {s->set_version, s->update_offset, s->insert_offset, s->tick, s->dead_letter, s->trim_dead_letters};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sqlite3_finalize(own[i]);
  sqlite3_close_v2(s->db);
  sqlite3_close_v2(s->checker);
  if (s->lock_fd >= 0) close(s->lock_fd);
  free(s->turned_down);
  free(s->tables);
  free(s->path);
  free(s);
}

sqlite3 *store_connection(store *s) { return s->db; }
const char *store_path(const store *s) { return s->path; }
uint64_t store_version(const store *s) { return s->version; }
const char *store_epoch(const store *s) { return s->epoch; }
bool store_was_kept(const store *s) { return s->kept; }
bool store_topic_was_reset(const store *s, int index) { return s->tables[index].was_reset; }
store_stats store_read_stats(const store *s) { return s->stats; }
