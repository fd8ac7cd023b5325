/* The fast reader: one pass over a flat JSON object, values set where they stand. What it does not know it leaves alone. */
#include "decode/decode_internal.h"
#include "decode/timestamp.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum {
  UNKNOWN_FIELDS_MOST = 8,   /* remembered to find one that stands twice */
  EXACT_DIGITS = 18,         /* any number of so many digits fits an int64 */
  EXACT_POWER = 22,          /* 10^22 is the last power of ten that a double holds exactly */
  NUMBER_TEXT_BYTES = 64,
};
static const int64_t exact_mantissa = INT64_C(1) << 53;

typedef struct text_span {
  const char *text;
  size_t bytes;
} text_span;

typedef struct scanner {
  reading *r;
  const char *at, *end;
  int expected; /* column that the next field probably is: producers write them in one order */
  int unknown_count;
  text_span unknown[UNKNOWN_FIELDS_MOST];
} scanner;

typedef enum token_kind { TOKEN_TEXT, TOKEN_INTEGER, TOKEN_REAL, TOKEN_NULL, TOKEN_OTHER } token_kind;

typedef struct token {
  token_kind kind;
  text_span span; /* TOKEN_TEXT: without quotes */
  int64_t integer;
  double real;
} token;

static void skip_space(scanner *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) s->at++;
}

static bool accept(scanner *s, char wanted) {
  skip_space(s);
  if (s->at == s->end || *s->at != wanted) return false;
  s->at++;
  return true;
}

/* A text without escapes; the opening quote is behind us. */
static bool scan_text(scanner *s, text_span *out) {
  const char *from = s->at;
  unsigned char all = 0;
  for (const char *p = from; p < s->end; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '"') {
      *out = (text_span){from, (size_t)(p - from)};
      s->at = p + 1;
      return all < 0x80 || utf8_valid(out->text, out->bytes);
    }
    if (c == '\\' || c < 0x20) return false;
    all |= c;
  }
  return false;
}

static double power_of_ten(int exponent) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  return powers[exponent];
}

/* The digits from p on, appended to *number; how many. */
static int scan_digits(const char **p, const char *end, int64_t *number) {
  const char *from = *p;
  for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
    if (*p - from < EXACT_DIGITS) *number = *number * 10 + (**p - '0');
  return (int)(*p - from);
}

/* A mantissa below 2^53 and a power of ten up to 22 are both exact, and so is then the one rounding of their product or
** quotient; anything else goes through strtod. */
static bool real_of(const char *from, const char *to, int64_t mantissa, int digit_count, int exponent, double *out) {
  if (digit_count <= EXACT_DIGITS && mantissa < exact_mantissa && exponent >= -EXACT_POWER && exponent <= EXACT_POWER) {
    double d = (double)mantissa;
    d = exponent < 0 ? d / power_of_ten(-exponent) : d * power_of_ten(exponent);
    *out = *from == '-' ? -d : d;
    return true;
  }
  char text[NUMBER_TEXT_BYTES];
  size_t n = (size_t)(to - from);
  if (n >= sizeof text) return false;
  memcpy(text, from, n);
  text[n] = '\0';
  *out = strtod(text, NULL);
  return *out - *out == 0; /* finite */
}

static bool scan_number(scanner *s, token *out) {
  const char *from = s->at, *p = from;
  int64_t mantissa = 0, exponent = 0;
  bool negative = *p == '-', plain = true;
  p += negative;
  if (p == s->end) return false;
  bool leading_zero = *p == '0';
  int digit_count = scan_digits(&p, s->end, &mantissa), decimals = 0;
  if (digit_count == 0 || (leading_zero && digit_count > 1) || digit_count > EXACT_DIGITS) return false;
  if (p < s->end && *p == '.') {
    p++;
    plain = false;
    int64_t behind = 0;
    const char *first = p;
    decimals = scan_digits(&p, s->end, &behind);
    if (decimals == 0 || decimals > EXACT_DIGITS) return false;
    for (; digit_count < EXACT_DIGITS && first < p; first++, digit_count++) mantissa = mantissa * 10 + (*first - '0');
    if (first < p) digit_count = EXACT_DIGITS + 1; /* too many for the exact way */
  }
  if (p < s->end && (*p == 'e' || *p == 'E')) {
    p++;
    plain = false;
    bool minus = p < s->end && *p == '-';
    p += p < s->end && (*p == '-' || *p == '+');
    int n = scan_digits(&p, s->end, &exponent);
    if (n == 0 || n > 4) return false;
    if (minus) exponent = -exponent;
  }
  s->at = p;
  out->kind = plain ? TOKEN_INTEGER : TOKEN_REAL;
  out->integer = negative ? -mantissa : mantissa;
  return plain || real_of(from, p, mantissa, digit_count, (int)exponent - decimals, &out->real);
}

static bool scan_word(scanner *s, const char *word, token_kind kind, token *out) {
  size_t n = strlen(word);
  if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n)) return false;
  s->at += n;
  out->kind = kind;
  return true;
}

static bool scan_scalar(scanner *s, token *out) {
  skip_space(s);
  if (s->at == s->end) return false;
  switch (*s->at) {
    case '"':
      s->at++;
      out->kind = TOKEN_TEXT;
      return scan_text(s, &out->span);
    case 'n': return scan_word(s, "null", TOKEN_NULL, out);
    case 't': return scan_word(s, "true", TOKEN_OTHER, out);
    case 'f': return scan_word(s, "false", TOKEN_OTHER, out);
    default: return (*s->at == '-' || (*s->at >= '0' && *s->at <= '9')) && scan_number(s, out);
  }
}

/* The token as the column's value; false: not of the plain kind. */
static bool set_column(reading *r, int column, const token *k) {
  const topic_column *c = &r->t->column[column];
  value *v = &r->values[column];
  if (k->kind == TOKEN_NULL) {
    *v = c->fallback;
    return !c->required;
  }
  if (c->form == FORM_JSON) return false;
  switch (c->type) {
    case VALUE_TEXT:
      *v = (value){.type = VALUE_TEXT, .bytes = (uint32_t)k->span.bytes, .text = k->span.text};
      return k->kind == TOKEN_TEXT;
    case VALUE_REAL:
      *v = real_value(k->kind == TOKEN_INTEGER ? (double)k->integer : k->real);
      return k->kind == TOKEN_INTEGER || k->kind == TOKEN_REAL;
    case VALUE_INTEGER:
      *v = (value){.type = VALUE_INTEGER, .i = k->integer};
      if (k->kind == TOKEN_INTEGER) return true;
      return c->form == FORM_TIME && k->kind == TOKEN_TEXT && timestamp_parse(k->span.text, k->span.bytes, &v->i);
    default: return false;
  }
}

static bool is_field(const topic *t, int column, text_span name) {
  const char *field = t->column[column].field;
  return !strncmp(field, name.text, name.bytes) && !field[name.bytes];
}

static int find_column(scanner *s, text_span name) {
  const topic *t = s->r->t;
  int column = s->expected < t->columns && is_field(t, s->expected, name) ? s->expected : topic_field(t, name.text, name.bytes);
  if (column >= 0) s->expected = column + 1;
  return column;
}

/* An unknown field is ignored, but not twice. */
static bool note_unknown(scanner *s, text_span name) {
  for (int i = 0; i < s->unknown_count; i++)
    if (s->unknown[i].bytes == name.bytes && !memcmp(s->unknown[i].text, name.text, name.bytes)) return false;
  if (s->unknown_count == UNKNOWN_FIELDS_MOST) return false;
  s->unknown[s->unknown_count++] = name;
  return true;
}

static bool scan_field(scanner *s) {
  text_span name;
  token read;
  if (!accept(s, '"') || !scan_text(s, &name) || !accept(s, ':') || !scan_scalar(s, &read)) return false;
  int column = find_column(s, name);
  if (column < 0) return note_unknown(s, name);
  if (reading_seen(s->r, column)) return false;
  reading_mark(s->r, column);
  return set_column(s->r, column, &read);
}

bool scan_payload(reading *r) {
  scanner s = {.r = r, .at = r->payload, .end = r->payload + r->bytes};
  if (!accept(&s, '{')) return false;
  if (!accept(&s, '}')) {
    do {
      if (!scan_field(&s)) return false;
    } while (accept(&s, ','));
    if (!accept(&s, '}')) return false;
  }
  skip_space(&s);
  return s.at == s.end;
}
