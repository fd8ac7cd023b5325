#include "view/run.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

bool key_collation_known(const char *collation) {
  return strcasecmp(collation, "BINARY") == 0 || strcasecmp(collation, "NOCASE") == 0 || strcasecmp(collation, "RTRIM") == 0;
}

/* Numbers: the double below or at the value in an order-preserving form, then what is left of it as an integer: integers
** beyond 2^53 differ there, and 1 and 1.0 do not. */
static void put_number(buffer *out, value v) {
  double r = v.type == VALUE_REAL ? v.r : (double)v.i;
  int64_t rest = 0;
  if (v.type == VALUE_INTEGER) {
    if (r >= 9223372036854775808.0) r = 9223372036854774784.0;
    rest = v.i - (int64_t)r;
  }
  if (r == 0) r = 0.0;
  uint64_t bits;
  memcpy(&bits, &r, 8);
  bits = bits >> 63 ? ~bits : bits | 1ull << 63;
  if (rest < 0) { /* the double was rounded up: go one down, so that the order stays right */
    double below = nextafter(r, -INFINITY);
    rest = v.i - (int64_t)below;
    memcpy(&bits, &below, 8);
    bits = bits >> 63 ? ~bits : bits | 1ull << 63;
  }
  char bytes[11] = {1};
  for (int i = 0; i < 8; i++) bytes[1 + i] = (char)(bits >> (56 - 8 * i));
  bytes[9] = (char)(rest >> 8);
  bytes[10] = (char)rest;
  buffer_append(out, bytes, sizeof bytes);
}

/* Bytes with 0 as 0 255 and an end of 0 0: ordered as memcmp orders, shorter first. */
static void put_bytes(buffer *out, const char *bytes, uint32_t n, bool fold) {
  if (!buffer_reserve(out, 2 * (size_t)n + 2)) return;
  char *to = out->data + out->len;
  for (uint32_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (fold && c >= 'A' && c <= 'Z') c = (unsigned char)(c + 32);
    *to++ = (char)c;
    if (c == 0) *to++ = (char)255;
  }
  *to++ = 0;
  *to++ = 0;
  out->len = (size_t)(to - out->data);
}

void key_put(buffer *out, value v, const char *collation) {
  switch (v.type) {
    case VALUE_NULL: buffer_putc(out, 0); break;
    case VALUE_INTEGER:
    case VALUE_REAL: put_number(out, v); break;
    case VALUE_TEXT: {
      bool fold = strcasecmp(collation, "NOCASE") == 0;
      uint32_t n = v.bytes;
      if (strcasecmp(collation, "RTRIM") == 0)
        while (n && v.text[n - 1] == ' ') n--;
      buffer_putc(out, 2);
      put_bytes(out, v.text, n, fold);
      break;
    }
    case VALUE_BLOB:
      buffer_putc(out, 3);
      put_bytes(out, v.text, v.bytes, false);
      break;
  }
}
