/* The declared topics: one file of plain SQLite DDL each, with a header of `-- @…` lines.
**
**   -- @topic  base.price               the Kafka topic                                     (required)
**   -- @key    {instrumentId}#{date}    how the record's key is made of fields              (required unless @append)
**   -- @append                          every record is a row; no upsert, no delete
**   -- @retain 1 hour by timestamp      rows older than that, in the stream's own time, go  (@append only; s, min, hour, day)
**   -- @time   timestamp[, …]           INTEGER columns: ms since the epoch, ISO 8601 text accepted
**   -- @json   sub_sectors[, …]         TEXT columns: any JSON value, kept as compact JSON text
**   -- @title  …                        one line for people
**   CREATE TABLE price (…) STRICT;      exactly one table; CREATE INDEX statements on it may follow
**
** Fields are the columns in camelCase. A field is required when its column is NOT NULL without DEFAULT; a field that is
** absent or null takes the DEFAULT, or NULL. Generated columns are never read from a record; nor is the INTEGER PRIMARY KEY
** of an append table, which counts arrivals. What is refused here, so that records of one turn may be applied in any order
** of keys: foreign keys, UNIQUE beside the primary key, triggers; a key template that is not exactly the primary key.
** Types are those of STRICT tables without BLOB and ANY.
**
** Invariant: immutable once loaded, so any thread may read it. All of it lives in one arena, freed with the catalog.
*/
#ifndef CATALOG_TOPIC_H
#define CATALOG_TOPIC_H

#include "model/value.h"
#include "base/arena.h"

enum {
  TOPICS_MAX = 256,              /* files in a folder */
  TOPIC_FILE_MAX_BYTES = 64 * 1024,
  TOPIC_MAX_COLUMNS = 128,
  TOPIC_MAX_KEY_PARTS = 16,      /* fields and the texts between them */
};

typedef enum column_form { FORM_PLAIN, FORM_TIME, FORM_JSON } column_form;

typedef struct topic_column {
  const char *name;  /* account_id */
  const char *field; /* accountId */
  value_type type;   /* VALUE_INTEGER, VALUE_REAL or VALUE_TEXT */
  column_form form;
  bool required;     /* NOT NULL and no DEFAULT */
  bool nullable;
  bool key;          /* part of the primary key */
  value fallback;    /* what an absent field becomes; NULL-typed where there is no DEFAULT */
} topic_column;

/* One piece of a key template: a text, or the field of a column. */
typedef struct key_part {
  const char *literal; /* NULL: a field */
  uint32_t literal_bytes;
  int column;          /* -1: a literal */
} key_part;

typedef struct topic {
  const char *name;  /* base.price */
  const char *table; /* price */
  const char *title; /* "" where none */
  const char *file;  /* base name of its file, for messages */
  const char *ddl;   /* the whole file's SQL */
  uint64_t ddl_hash; /* of the tables and indexes that it makes, comments left out: a changed hash is a changed table */
  int columns;
  topic_column *column;      /* those that records fill, in the table's order */
  int keys;                  /* columns of the primary key, 0 for append topics */
  int *key;                  /* indexes into column, in the primary key's order */
  int key_parts;
  key_part *key_part;
  bool append;
  int64_t retain_ms;         /* 0 = for ever */
  int retain_column;         /* index into column; an index of the table leads with it */
} topic;

typedef struct topic_catalog {
  int count;
  topic *topics; /* ordered by name: the indexes are stable while the set of files is */
  arena memory;
} topic_catalog;

/* Reads every *.sql of the folder. NULL on the first thing that is wrong, with file and line. An empty folder is an error. */
topic_catalog *topic_catalog_load(const char *folder, error *err) MUST_USE;
void topic_catalog_free(topic_catalog *catalog);

/* Index, or -1. */
int topic_by_name(const topic_catalog *catalog, const char *name);
int topic_by_table(const topic_catalog *catalog, const char *table);
int topic_field(const topic *t, const char *field, size_t bytes); /* a camelCase field → column index */

/* Creates the table and its indexes; they must not exist. */
bool topic_create(const topic *t, sqlite3 *db, error *err) MUST_USE;
bool topic_drop(const topic *t, sqlite3 *db, error *err) MUST_USE;

/* The record key that belongs to a row, by the template. values: one per column. false: out of memory, or a text field
** holds the separator that follows it (such a key could not be read back). */
bool topic_key_render(const topic *t, const value *values, buffer *out);
/* Would topic_key_render give just these bytes? */
bool topic_key_matches(const topic *t, const value *values, const char *key, size_t bytes);
/* The reverse of rendering: sets the key columns' values (texts borrowed from key) and nothing else. A text field ends at the first
** occurrence of the text that follows it; the last takes the rest. false with the reason in err. */
bool topic_key_parse(const topic *t, const char *key, size_t bytes, value *values, error *err) MUST_USE;

#endif
