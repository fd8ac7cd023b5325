#include "catalog/topic.h"

#include "catalog/topic_derive.h"
#include "catalog/topic_header.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_suffix(const char *name, const char *suffix) {
  size_t n = strlen(name), m = strlen(suffix);
  return n > m && !strcmp(name + n - m, suffix);
}

static int is_topic_file(const struct dirent *entry) { return entry->d_name[0] != '.' && has_suffix(entry->d_name, ".sql"); }

/* The file's text in the arena, or NULL. */
static char *read_file(const char *folder, const char *name, arena *memory, error *err) {
  char *path = arena_printf(memory, "%s/%s", folder, name);
  char *text = path ? arena_alloc(memory, TOPIC_FILE_MAX_BYTES + 1) : NULL;
  if (!text) {
    error_nomem(err);
    return NULL;
  }
  FILE *file = fopen(path, "rb");
  if (!file) {
    error_set(err, ERR_IO, "%s cannot be read: %s", path, strerror(errno));
    return NULL;
  }
  size_t n = fread(text, 1, TOPIC_FILE_MAX_BYTES + 1, file);
  bool failed = ferror(file);
  fclose(file);
  if (failed || n > TOPIC_FILE_MAX_BYTES || memchr(text, '\0', n)) {
    error_set(err, failed ? ERR_IO : ERR_LIMIT, failed ? "%s cannot be read" : "%s is no SQL text of at most %d bytes", path, TOPIC_FILE_MAX_BYTES);
    return NULL;
  }
  text[n] = '\0';
  return text;
}

static bool add_file(topic_catalog *catalog, const char *folder, const char *name, error *err) {
  arena *memory = &catalog->memory;
  topic *t = &catalog->topics[catalog->count];
  topic_header header;
  t->file = arena_strdup(memory, name);
  t->ddl = t->file ? read_file(folder, name, memory, err) : NULL;
  if (!t->ddl) return t->file ? false : error_nomem(err);
  if (!topic_header_parse(t->ddl, t->file, memory, &header, err) || !topic_derive(t, &header, memory, err)) return false;
  for (int i = 0; i < catalog->count; i++) {
    const topic *other = &catalog->topics[i];
    bool same_topic = !strcmp(other->name, t->name);
    if (!same_topic && sqlite3_stricmp(other->table, t->table)) continue;
    error_set(err, ERR_CONFLICT, "the %s %s is declared already in %s", same_topic ? "topic" : "table", same_topic ? t->name : t->table, other->file);
    return error_at(err, t->file, header.topic_line, 1);
  }
  catalog->count++;
  return true;
}

static int by_name(const void *a, const void *b) { return strcmp(((const topic *)a)->name, ((const topic *)b)->name); }

static bool load(topic_catalog *catalog, const char *folder, struct dirent **entries, int n, error *err) {
  if (n == 0) return error_set(err, ERR_NOT_FOUND, "there is no *.sql file in %s, expected one for each topic", folder);
  if (n > TOPICS_MAX) return error_set(err, ERR_LIMIT, "%s holds %d topics, at most %d are allowed", folder, n, TOPICS_MAX);
  catalog->topics = arena_zalloc(&catalog->memory, (size_t)n * sizeof *catalog->topics);
  if (!catalog->topics) return error_nomem(err);
  for (int i = 0; i < n; i++)
    if (!add_file(catalog, folder, entries[i]->d_name, err)) return false;
  qsort(catalog->topics, (size_t)n, sizeof *catalog->topics, by_name);
  return true;
}

topic_catalog *topic_catalog_load(const char *folder, error *err) {
  topic_catalog *catalog = calloc(1, sizeof *catalog);
  if (!catalog) {
    error_nomem(err);
    return NULL;
  }
  struct dirent **entries = NULL;
  int n = scandir(folder, &entries, is_topic_file, alphasort);
  bool done = n < 0 ? error_set(err, ERR_NOT_FOUND, "the folder of topics %s cannot be read: %s", folder, strerror(errno))
                    : load(catalog, folder, entries, n, err);
  for (int i = 0; i < n; i++) free(entries[i]);
  free(entries);
  if (done) return catalog;
  topic_catalog_free(catalog);
  return NULL;
}

void topic_catalog_free(topic_catalog *catalog) {
  if (!catalog) return;
  arena_free(&catalog->memory);
  free(catalog);
}

int topic_by_name(const topic_catalog *catalog, const char *name) {
  for (int i = 0; i < catalog->count; i++)
    if (!strcmp(catalog->topics[i].name, name)) return i;
  return -1;
}

int topic_by_table(const topic_catalog *catalog, const char *table) {
  for (int i = 0; i < catalog->count; i++)
    if (!sqlite3_stricmp(catalog->topics[i].table, table)) return i;
  return -1;
}

int topic_field(const topic *t, const char *field, size_t bytes) {
  for (int i = 0; i < t->columns; i++)
    if (!strncmp(t->column[i].field, field, bytes) && !t->column[i].field[bytes]) return i;
  return -1;
}

static bool run(sqlite3 *db, const char *sql, const topic *t, error *err) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
  error_set(err, ERR_SQL, "table %s: %s", t->table, sqlite3_errmsg(db));
  return error_at(err, t->file, 0, 0);
}

bool topic_create(const topic *t, sqlite3 *db, error *err) { return run(db, t->ddl, t, err); }

bool topic_drop(const topic *t, sqlite3 *db, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "DROP TABLE IF EXISTS ");
  buffer_sql_name(&sql, t->table);
  bool done = sql.failed ? error_nomem(err) : run(db, buffer_text(&sql), t, err);
  buffer_free(&sql);
  return done;
}
