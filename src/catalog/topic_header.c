#include "catalog/topic_header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct header_reader {
  const char *file;
  int line;
  arena *memory;
  topic_header *out;
  error *err;
} header_reader;

static bool wrong(header_reader *r, const char *what, const char *hint) {
  error_set(r->err, ERR_INVALID, "%s", what);
  error_hint(r->err, "%s", hint);
  return error_at(r->err, r->file, r->line, 1);
}

static bool set_text(header_reader *r, const char **slot, const char *value) {
  if (*slot) return wrong(r, "the header line stands here twice", "keep one of them");
  if (!value[0]) return wrong(r, "the header line has no value", "write it after the name, e.g. -- @topic base.price");
  *slot = value;
  return true;
}

/* a, b, c — the commas may be left out. */
static bool set_names(header_reader *r, header_names *names, char *value) {
  names->line = r->line;
  char *rest = NULL;
  for (char *name = strtok_r(value, ", \t", &rest); name; name = strtok_r(NULL, ", \t", &rest)) {
    if (names->count == HEADER_MAX_NAMES) return wrong(r, "the header line names too many columns", "64 are allowed");
    names->name[names->count++] = name;
  }
  if (!names->count) return wrong(r, "the header line names no column", "e.g. -- @time timestamp");
  return true;
}

static int64_t unit_ms(const char *unit, size_t n) {
  static const struct {
    const char *name;
    int64_t ms;
  } units[] = {{"s", 1000},         {"second", 1000},   {"seconds", 1000},   {"min", 60000},   {"minute", 60000}, {"minutes", 60000},
               {"h", 3600000},      {"hour", 3600000},  {"hours", 3600000},  {"d", 86400000}, {"day", 86400000},  {"days", 86400000}};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
    if (strlen(units[i].name) == n && !strncasecmp(units[i].name, unit, n)) return units[i].ms;
  return 0;
}

/* 1 hour by timestamp */
static bool set_retain(header_reader *r, char *value) {
  static const char *hint = "write it as: -- @retain 1 hour by timestamp (s, min, hour or day)";
  if (r->out->retain_line) return wrong(r, "the header line stands here twice", "keep one of them");
  r->out->retain_line = r->line;
  char *end;
  long long count = strtoll(value, &end, 10);
  if (end == value || count <= 0 || count > 36500LL * 86400) return wrong(r, "@retain does not begin with a number of units", hint);
  while (*end == ' ' || *end == '\t') end++;
  size_t unit_bytes = strcspn(end, " \t");
  int64_t unit = unit_ms(end, unit_bytes);
  if (!unit) return wrong(r, "@retain has a unit that is not known", hint);
  end += unit_bytes;
  while (*end == ' ' || *end == '\t') end++;
  if (strncmp(end, "by ", 3)) return wrong(r, "@retain does not say by which column the age is told", hint);
  end += 3;
  while (*end == ' ' || *end == '\t') end++;
  if (!*end || strpbrk(end, " \t,")) return wrong(r, "@retain names no column, or more than one", hint);
  r->out->retain_ms = count * unit;
  r->out->retain_column = end;
  return true;
}

static bool set_append(header_reader *r, const char *value) {
  if (value[0]) return wrong(r, "@append takes no value", "write only: -- @append");
  if (r->out->append) return wrong(r, "the header line stands here twice", "keep one of them");
  return r->out->append = true;
}

/* One line after its "-- @". */
static bool read_line(header_reader *r, char *line) {
  char *value = line + strcspn(line, " \t");
  if (*value) *value++ = '\0';
  while (*value == ' ' || *value == '\t') value++;
  for (char *end = value + strlen(value); end > value && isspace((unsigned char)end[-1]);) *--end = '\0';

  if (!strcmp(line, "topic")) {
    r->out->topic_line = r->line;
    return set_text(r, &r->out->topic, value);
  }
  if (!strcmp(line, "key")) {
    r->out->key_line = r->line;
    return set_text(r, &r->out->key, value);
  }
  if (!strcmp(line, "title")) return set_text(r, &r->out->title, value);
  if (!strcmp(line, "append")) return set_append(r, value);
  if (!strcmp(line, "retain")) return set_retain(r, value);
  if (!strcmp(line, "time")) return set_names(r, &r->out->time, value);
  if (!strcmp(line, "json")) return set_names(r, &r->out->json, value);
  error_set(r->err, ERR_INVALID, "there is no header line '@%.40s'", line);
  error_hint(r->err, "known are @topic, @key, @append, @retain, @time, @json and @title");
  return error_at(r->err, r->file, r->line, 1);
}

bool topic_header_parse(const char *text, const char *file, arena *memory, topic_header *out, error *err) {
  memset(out, 0, sizeof *out);
  header_reader r = {.file = file, .memory = memory, .out = out, .err = err};
  bool sql_began = false;
  for (const char *p = text; *p;) {
    size_t n = strcspn(p, "\n");
    char *line = arena_strndup(memory, p, n && p[n - 1] == '\r' ? n - 1 : n);
    if (!line) return error_nomem(err);
    r.line++;
    if (!strncmp(line, "-- @", 4)) {
      if (sql_began) return wrong(&r, "a header line stands after the SQL began", "move it to the top of the file");
      if (!read_line(&r, line + 4)) return false;
    } else if (strncmp(line, "--", 2) && line[strspn(line, " \t")]) {
      sql_began = true;
    }
    p += n + (p[n] == '\n');
  }
  if (!out->topic) {
    r.line = 1;
    return wrong(&r, "the file does not say which topic it declares", "begin it with a line such as: -- @topic base.price");
  }
  return true;
}
