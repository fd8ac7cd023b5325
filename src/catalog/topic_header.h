/* The `-- @…` lines that open a topic's file. Private to the catalog. */
#ifndef CATALOG_TOPIC_HEADER_H
#define CATALOG_TOPIC_HEADER_H

#include "base/arena.h"

#include <stdint.h>

enum { HEADER_MAX_NAMES = 64 };

/* A list of column names and the line that it stands on. */
typedef struct header_names {
  int count, line;
  const char *name[HEADER_MAX_NAMES];
} header_names;

typedef struct topic_header {
  const char *topic, *key, *title; /* NULL where there is no such line */
  int topic_line, key_line;
  bool append;
  int64_t retain_ms;
  const char *retain_column;
  int retain_line;
  header_names time, json;
} topic_header;

/* Reads them; strings go into the arena. A line it does not know, a line twice or a wrong value: false with the line. */
bool topic_header_parse(const char *text, const char *file, arena *memory, topic_header *out, error *err) MUST_USE;

#endif
