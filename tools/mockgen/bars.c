#include "mockgen/bars.h"

#include "mockgen/csv.h"
#include "mockgen/day.h"
#include "mockgen/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 256, FIELDS = 7, INSTRUMENTS_MAX_BYTES = 1 << 20, NUMBER_MAX_DIGITS = 14 /* before the point: scaled, it fits 64 bits */ };

struct bars {
  gzFile file;
  char path[PATH_BYTES];
  const universe *u;
  bar *list; /* room for one a symbol */
  bar ahead; /* the first bar of the next day, read already */
  int32_t ahead_day, count;
  bool has_ahead;
  int line;
  uint64_t unknown;
};

char *bars_instruments(const char *folder, error *err) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%s/instruments.csv", folder);
  FILE *f = fopen(path, "r");
  char *text = f ? malloc(INSTRUMENTS_MAX_BYTES + 1) : NULL;
  if (!text) {
    if (f) fclose(f);
    error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    error_hint(err, "--replay wants a folder with instruments.csv and daily_2019_2020.csv.gz");
    return NULL;
  }
  size_t n = fread(text, 1, INSTRUMENTS_MAX_BYTES, f);
  text[n] = '\0';
  fclose(f);
  return text;
}

bars *bars_open(const char *folder, const universe *u, error *err) {
  bars *b = calloc(1, sizeof *b);
  if (b) b->list = calloc((size_t)u->equity_count + 1, sizeof *b->list);
  if (!b || !b->list) {
    bars_close(b);
    error_nomem(err);
    return NULL;
  }
  b->u = u;
  snprintf(b->path, sizeof b->path, "%s/daily_2019_2020.csv.gz", folder);
  b->file = gzopen(b->path, "rb");
  char header[LINE_BYTES];
  if (!b->file || !gzgets(b->file, header, sizeof header)) {
    error_set(err, ERR_IO, "%s: %s", b->path, b->file ? "it is empty or damaged" : strerror(errno));
    bars_close(b);
    return NULL;
  }
  b->line = 1;
  return b;
}

void bars_close(bars *b) {
  if (!b) return;
  if (b->file) gzclose(b->file);
  free(b->list);
  free(b);
}

/* A decimal as a scaled integer, what goes beyond the scale rounded half up; false for anything else. */
static bool parse_scaled(const char *text, int64_t scale, int64_t *out) {
  int64_t value = 0;
  int digits = 0;
  for (; *text >= '0' && *text <= '9'; text++, digits++) value = value * 10 + (*text - '0');
  if (digits == 0 || digits > NUMBER_MAX_DIGITS) return false;
  value *= scale;
  if (*text == '.') {
    for (text++; scale > 1 && *text >= '0' && *text <= '9'; text++) value += (*text - '0') * (scale /= 10);
    if (scale == 1 && *text >= '5' && *text <= '9') value++;
    text += strspn(text, "0123456789");
  }
  *out = value;
  return *text == '\0';
}

static bool parse_bar(char **fields, int32_t *day, bar *out) {
  return day_parse(fields[0], day) && parse_scaled(fields[2], PRICE_SCALE, &out->open) && parse_scaled(fields[3], PRICE_SCALE, &out->high) &&
         parse_scaled(fields[4], PRICE_SCALE, &out->low) && parse_scaled(fields[5], PRICE_SCALE, &out->close) &&
         parse_scaled(fields[6], 1, &out->volume) && out->low > 0 && out->low <= out->open && out->low <= out->close && out->high >= out->open &&
         out->high >= out->close;
}

static bool bad_line(const bars *b, error *err) {
  error_set(err, ERR_INVALID, "not a bar of date,symbol,open,high,low,close,volume with 0 < low <= open, close <= high");
  return error_at(err, b->path, b->line, 1);
}

/* One bar of a known symbol; *found = false at the end of the file. */
static bool read_bar(bars *b, int32_t *day, bar *out, bool *found, error *err) {
  char line[LINE_BYTES], *fields[FIELDS];
  while (gzgets(b->file, line, sizeof line)) {
    b->line++;
    if (csv_split(line, fields, FIELDS) != FIELDS || !parse_bar(fields, day, out)) return bad_line(b, err);
    out->instrument = universe_find(b->u, fields[1]);
    if (out->instrument >= 0) return *found = true;
    b->unknown++;
  }
  *found = false;
  int code;
  gzerror(b->file, &code);
  return gzeof(b->file) && (code == Z_OK || code == Z_STREAM_END) ? true : error_set(err, ERR_IO, "%s: damaged after line %d", b->path, b->line);
}

bool bars_next_day(bars *b, int32_t *day, const bar **list, int32_t *count, error *err) {
  if (!b->has_ahead && b->count == 0 && !read_bar(b, &b->ahead_day, &b->ahead, &b->has_ahead, err)) return false;
  b->count = 0;
  *list = b->list;
  *day = b->ahead_day;
  while (b->has_ahead && b->ahead_day == *day) {
    if (b->count == b->u->equity_count) return bad_line(b, err);
    b->list[b->count++] = b->ahead;
    if (!read_bar(b, &b->ahead_day, &b->ahead, &b->has_ahead, err)) return false;
  }
  *count = b->count;
  return true;
}

uint64_t bars_unknown(const bars *b) { return b->unknown; }
