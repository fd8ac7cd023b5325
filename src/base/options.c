#include "base/options.h"

#include "base/arena.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_OPTIONS = 128, MAX_NAME_BYTES = 64, HELP_COLUMN = 28 };

static const char default_prefix[] = "VIEWSERVER_";

/* Where a value came from; a higher one wins. */
typedef enum origin { FROM_NOWHERE, FROM_FALLBACK, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG } origin;

typedef struct setting {
  origin origin;
  const char **values; /* NULL-terminated; one unless it is a list */
  int count, capacity;
  int64_t integer;
  double real;
  bool flag;
} setting;

struct options {
  const char *prefix;
  const option_spec *specs;
  int count;
  setting settings[MAX_OPTIONS];
  const char **words;
  int words_count;
  arena memory;
};

static bool is_heading(const option_spec *s) { return s->name[0] == '#'; }

static int find(const options *o, const char *name, size_t bytes) {
  for (int i = 0; i < o->count; i++)
    if (!is_heading(&o->specs[i]) && strlen(o->specs[i].name) == bytes && !memcmp(o->specs[i].name, name, bytes)) return i;
  return -1;
}

/* --- values --- */

static bool parse_integer(const char *text, int64_t *out) {
  char *end;
  errno = 0;
  long long n = strtoll(text, &end, 10);
  if (end == text || errno == ERANGE) return false;
  int shift = 0;
  switch (toupper((unsigned char)*end)) {
    case 'K': shift = 10; break;
    case 'M': shift = 20; break;
    case 'G': shift = 30; break;
  }
  if (shift && *++end == 'i') end++;
  if (shift && toupper((unsigned char)*end) == 'B') end++;
  if (*end || n > INT64_MAX >> shift || n < INT64_MIN >> shift) return false;
  *out = n * ((int64_t)1 << shift);
  return true;
}

static bool parse_real(const char *text, double *out) {
  char *end;
  double x = strtod(text, &end);
  if (end == text || *end || !isfinite(x)) return false;
  *out = x;
  return true;
}

static bool parse_flag(const char *text, bool *out) {
  static const char *const yes[] = {"true", "yes", "on", "1", ""}, *const no[] = {"false", "no", "off", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
    if (!strcasecmp(text, yes[i])) return *out = true;
  for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
    if (!strcasecmp(text, no[i])) {
      *out = false;
      return true;
    }
  return false;
}

static bool check_real(const option_spec *spec, setting *s, const char *text, error *err) {
  if (!parse_real(text, &s->real)) return error_set(err, ERR_INVALID, "%s takes a number, not '%.80s'", spec->name, text);
  if ((spec->least || spec->most) && !(s->real >= (double)spec->least && s->real <= (double)spec->most))
    return error_set(err, ERR_INVALID, "%s takes %lld to %lld, not %s", spec->name, (long long)spec->least, (long long)spec->most, text);
  return true;
}

static bool check(const option_spec *spec, setting *s, const char *text, error *err) {
  if (spec->kind == OPTION_FLAG) return parse_flag(text, &s->flag) ? true : error_set(err, ERR_INVALID, "%s takes true or false, not '%.80s'", spec->name, text);
  if (spec->kind == OPTION_REAL) return check_real(spec, s, text, err);
  if (spec->kind != OPTION_INTEGER) return true;
  if (!parse_integer(text, &s->integer)) return error_set(err, ERR_INVALID, "%s takes a whole number, not '%.80s'", spec->name, text);
  if ((spec->least || spec->most) && (s->integer < spec->least || s->integer > spec->most))
    return error_set(err, ERR_INVALID, "%s takes %lld to %lld, not %s", spec->name, (long long)spec->least, (long long)spec->most, text);
  return true;
}

static bool add_value(options *o, setting *s, const char *text, error *err) {
  if (s->count == OPTIONS_MAX_VALUES) return error_set(err, ERR_LIMIT, "an option may stand at most %d times", OPTIONS_MAX_VALUES);
  if (s->count + 1 >= s->capacity) {
    int capacity = s->capacity ? s->capacity * 2 : 4;
    const char **more = arena_alloc(&o->memory, sizeof *more * (size_t)capacity);
    if (!more) return error_nomem(err);
    if (s->count) memcpy(more, s->values, sizeof *more * (size_t)s->count);
    s->values = more;
    s->capacity = capacity;
  }
  s->values[s->count++] = text;
  s->values[s->count] = NULL;
  return true;
}

/* Lets one place say a value; a place of less weight than the one before is not heard, but checked. */
static bool set(options *o, int at, origin from, const char *text, error *err) {
  setting *s = &o->settings[at], heard = {0};
  if (from < s->origin) return check(&o->specs[at], &heard, text, err);
  if (from > s->origin || o->specs[at].kind != OPTION_LIST) s->count = 0;
  s->origin = from;
  return check(&o->specs[at], s, text, err) && add_value(o, s, text, err);
}

/* --- flags --- */

static int least3(int a, int b, int c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

/* How many letters have to be changed to make one word of the other. */
static int distance(const char *a, size_t n, const char *b) {
  int row[MAX_NAME_BYTES + 1];
  size_t m = strlen(b);
  if (n > MAX_NAME_BYTES || m > MAX_NAME_BYTES) return MAX_NAME_BYTES;
  for (size_t j = 0; j <= m; j++) row[j] = (int)j;
  for (size_t i = 1; i <= n; i++) {
    int diagonal = row[0];
    row[0] = (int)i;
    for (size_t j = 1; j <= m; j++) {
      int above = row[j];
      row[j] = least3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[m];
}

static bool unknown(const options *o, const char *name, size_t bytes, error *err) {
  enum { NEAR = 2 };
  error_set(err, ERR_INVALID, "there is no option '%.*s'", bytes > 80 ? 80 : (int)bytes, name);
  for (int i = 0; i < o->count; i++)
    if (!is_heading(&o->specs[i]) && distance(name, bytes, o->specs[i].name) <= NEAR) return error_hint(err, "did you mean --%s?", o->specs[i].name);
  return error_hint(err, "--help lists them");
}

static bool read_flag(options *o, int argc, char **argv, int *at, error *err) {
  const char *name = argv[*at] + 2, *equals = strchr(name, '=');
  size_t bytes = equals ? (size_t)(equals - name) : strlen(name);
  int i = find(o, name, bytes);
  if (i < 0) return unknown(o, name, bytes, err);
  const char *text = equals ? equals + 1 : "true";
  if (!equals && o->specs[i].kind != OPTION_FLAG) {
    if (*at + 1 >= argc) return error_set(err, ERR_INVALID, "--%s needs a value: --%s %s", o->specs[i].name, o->specs[i].name, o->specs[i].value);
    text = argv[++*at];
  }
  return set(o, i, FROM_FLAG, text, err);
}

static bool read_flags(options *o, int argc, char **argv, error *err) {
  bool only_words = false;
  o->words = arena_alloc(&o->memory, sizeof *o->words * (size_t)(argc + 1));
  if (!o->words) return error_nomem(err);
  for (int i = 1; i < argc; i++) {
    if (!only_words && !strcmp(argv[i], "--"))
      only_words = true;
    else if (only_words || strncmp(argv[i], "--", 2))
      o->words[o->words_count++] = argv[i];
    else if (!read_flag(o, argc, argv, &i, err))
      return false;
  }
  return true;
}

/* --- environment --- */

static bool set_lines(options *o, int at, const char *text, error *err) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    char *line = arena_strndup(&o->memory, text, n);
    if (!line) return error_nomem(err);
    if (n && !set(o, at, FROM_ENVIRONMENT, line, err)) return false;
    text += n + (text[n] == '\n');
  }
  return true;
}

static bool read_environment(options *o, error *err) {
  for (int i = 0; i < o->count; i++) {
    if (is_heading(&o->specs[i])) continue;
    char name[OPTIONS_MAX_PREFIX_BYTES + MAX_NAME_BYTES];
    int n = snprintf(name, sizeof name, "%s%s", o->prefix, o->specs[i].name);
    for (int k = 0; k < n && name[k]; k++) name[k] = name[k] == '-' ? '_' : (char)toupper((unsigned char)name[k]);
    const char *text = getenv(name);
    if (!text) continue;
    bool done = o->specs[i].kind == OPTION_LIST ? set_lines(o, i, text, err) : set(o, i, FROM_ENVIRONMENT, text, err);
    if (!done) return error_hint(err, "it stands in the environment as %s", name);
  }
  return true;
}

/* --- file --- */

static char *read_file(options *o, const char *path, error *err) {
  FILE *file = fopen(path, "r");
  if (!file) {
    error_set(err, ERR_IO, "the configuration file %s cannot be read: %s", path, strerror(errno));
    return NULL;
  }
  char *text = arena_alloc(&o->memory, OPTIONS_MAX_FILE_BYTES + 1);
  size_t n = text ? fread(text, 1, OPTIONS_MAX_FILE_BYTES + 1, file) : 0;
  fclose(file);
  if (!text) {
    error_nomem(err);
    return NULL;
  }
  if (n > OPTIONS_MAX_FILE_BYTES) {
    error_set(err, ERR_LIMIT, "the configuration file %s is larger than %d bytes", path, OPTIONS_MAX_FILE_BYTES);
    return NULL;
  }
  text[n] = '\0';
  return text;
}

static char *trim(char *text) {
  while (isspace((unsigned char)*text)) text++;
  size_t n = strlen(text);
  while (n && isspace((unsigned char)text[n - 1])) text[--n] = '\0';
  return text;
}

static bool read_line(options *o, char *line, error *err) {
  line = trim(line);
  if (!*line || *line == '#') return true;
  char *equals = strchr(line, '=');
  if (equals) *equals = '\0';
  const char *name = trim(line), *text = equals ? trim(equals + 1) : "true";
  int i = find(o, name, strlen(name));
  if (i < 0) return unknown(o, name, strlen(name), err);
  if (!equals && o->specs[i].kind != OPTION_FLAG) return error_set(err, ERR_INVALID, "expected %s = %s", name, o->specs[i].value);
  return set(o, i, FROM_FILE, text, err);
}

static bool read_config(options *o, const char *path, error *err) {
  char *text = read_file(o, path, err);
  if (!text) return false;
  int number = 1;
  for (char *line = text; line; number++) {
    char *next = strchr(line, '\n');
    if (next) *next++ = '\0';
    if (!read_line(o, line, err)) return error_at(err, path, number, 1);
    line = next;
  }
  return true;
}

/* --- the whole --- */

static bool read_fallbacks(options *o, error *err) {
  for (int i = 0; i < o->count; i++)
    if (!is_heading(&o->specs[i]) && o->specs[i].fallback && !set(o, i, FROM_FALLBACK, o->specs[i].fallback, err)) return false;
  return true;
}

options *options_read(const option_spec *specs, int count, int argc, char **argv, error *err) {
  return options_read_as(default_prefix, specs, count, argc, argv, err);
}

options *options_read_as(const char *prefix, const option_spec *specs, int count, int argc, char **argv, error *err) {
  assert(count <= MAX_OPTIONS && strlen(prefix) < OPTIONS_MAX_PREFIX_BYTES);
  options *o = calloc(1, sizeof *o);
  if (!o) {
    error_nomem(err);
    return NULL;
  }
  o->prefix = prefix;
  o->specs = specs;
  o->count = count;
  bool done = read_fallbacks(o, err) && read_flags(o, argc, argv, err) && read_environment(o, err);
  int config = find(o, "config", strlen("config"));
  if (done && config >= 0 && o->settings[config].count) done = read_config(o, o->settings[config].values[0], err);
  if (done) return o;
  options_free(o);
  return NULL;
}

void options_free(options *o) {
  if (!o) return;
  arena_free(&o->memory);
  free(o);
}

static const setting *get(const options *o, const char *name) {
  int i = find(o, name, strlen(name));
  assert(i >= 0);
  return &o->settings[i];
}

const char *options_text(const options *o, const char *name) {
  const setting *s = get(o, name);
  return s->count ? s->values[s->count - 1] : NULL;
}

int64_t options_integer(const options *o, const char *name) { return get(o, name)->integer; }

double options_real(const options *o, const char *name) { return get(o, name)->real; }

bool options_flag(const options *o, const char *name) { return get(o, name)->flag; }

bool options_given(const options *o, const char *name) { return get(o, name)->origin > FROM_FALLBACK; }

const char *const *options_list(const options *o, const char *name, int *count) {
  static const char *const none[] = {NULL};
  const setting *s = get(o, name);
  *count = s->count;
  return s->count ? s->values : none;
}

int options_words(const options *o) { return o->words_count; }

const char *options_word(const options *o, int index) { return index >= 0 && index < o->words_count ? o->words[index] : NULL; }

void options_help(const option_spec *specs, int count, FILE *out) {
  for (int i = 0; i < count; i++) {
    if (is_heading(&specs[i])) {
      fprintf(out, "\n%s\n", specs[i].name + 1);
      continue;
    }
    char left[MAX_NAME_BYTES * 2];
    snprintf(left, sizeof left, "--%s%s%s", specs[i].name, specs[i].value ? " " : "", specs[i].value ? specs[i].value : "");
    fprintf(out, "  %-*s %s", HELP_COLUMN, left, specs[i].help);
    if (specs[i].fallback && specs[i].kind != OPTION_FLAG) fprintf(out, " [%s]", specs[i].fallback);
    fputc('\n', out);
  }
}
