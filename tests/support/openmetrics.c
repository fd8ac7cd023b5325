#include "support/openmetrics.h"

#include "base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 1000 };

typedef struct metrics_text {
  char family[200], type[40];
  buffer seen; /* "\nname{labels} " of every family and sample */
} metrics_text;

static bool is_new(metrics_text *m, const char *what, size_t bytes) {
  char entry[MAX_LINE + 4];
  snprintf(entry, sizeof entry, "\n%.*s ", (int)bytes, what);
  if (strstr(buffer_text(&m->seen), entry)) return false;
  buffer_puts(&m->seen, entry);
  return true;
}

static bool suffix_fits(const char *type, const char *suffix) {
  if (!strcmp(type, "counter")) return !strcmp(suffix, "_total") || !strcmp(suffix, "_created");
  if (!strcmp(type, "histogram")) return !strcmp(suffix, "_bucket") || !strcmp(suffix, "_sum") || !strcmp(suffix, "_count");
  if (!strcmp(type, "info")) return !strcmp(suffix, "_info");
  return !strcmp(type, "gauge") && !*suffix;
}

static const char *check_sample(metrics_text *m, const char *line) {
  char name[200], *end;
  size_t name_bytes = strcspn(line, "{ "), family_bytes = strlen(m->family);
  snprintf(name, sizeof name, "%.*s", (int)name_bytes, line);
  if (strncmp(name, m->family, family_bytes) || !suffix_fits(m->type, name + family_bytes)) return "is in no family announced above it";
  const char *labels_end = line[name_bytes] == '{' ? strstr(line, "} ") : line + name_bytes - 1;
  if (!labels_end) return "has labels without an end";
  if (!is_new(m, line, (size_t)(labels_end + 1 - line))) return "stands there twice";
  strtod(labels_end + 2, &end);
  return end == labels_end + 2 || *end ? "has no number" : NULL;
}

static const char *check_line(metrics_text *m, const char *line) {
  char family[200];
  if (strncmp(line, "# TYPE ", 7) == 0) {
    if (sscanf(line, "# TYPE %199s %39s", m->family, m->type) != 2) return "announces nothing";
    return is_new(m, line, strcspn(line + 7, " ") + 7) ? NULL : "announces a family again";
  }
  if (line[0] != '#') return check_sample(m, line);
  bool help = sscanf(line, "# HELP %199s", family) == 1 || sscanf(line, "# UNIT %199s", family) == 1;
  return help && strcmp(family, m->family) == 0 ? NULL : "is not of the family announced above it";
}

bool openmetrics_check(const char *text, error *err) {
  static const char eof[] = "# EOF\n";
  metrics_text m = {0};
  const char *wrong = NULL;
  char line[MAX_LINE] = "";
  const char *end = strstr(text, eof);
  if (!end || end[strlen(eof)]) return error_set(err, ERR_INVALID, "the text does not end with # EOF");
  while (text < end && !wrong) {
    size_t n = strcspn(text, "\n");
    snprintf(line, sizeof line, "%.*s", (int)n, text);
    wrong = check_line(&m, line);
    text += n + 1;
  }
  buffer_free(&m.seen);
  return wrong ? error_set(err, ERR_INVALID, "'%.200s' %s", line, wrong) : true;
}
