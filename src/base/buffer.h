/* A growable string of bytes with a sticky failure flag.
**
** Invariant: data[len] == 0 when data is not NULL; len <= cap. An append that cannot allocate sets `failed` and changes
** nothing else; later appends do nothing, so a writer checks once, at the end. Zero-initialise before first use.
** Owned by whoever declared it; buffer_free, or buffer_take, ends it.
*/
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"

#include <stdint.h>

typedef struct buffer {
  char *data;
  size_t len, cap;
  bool failed;
} buffer;

void buffer_free(buffer *b);
void buffer_clear(buffer *b); /* len = 0, failed = false; keeps the memory */
bool buffer_reserve(buffer *b, size_t more);
void buffer_append(buffer *b, const void *bytes, size_t n);
void buffer_puts(buffer *b, const char *text);
void buffer_putc(buffer *b, char c);
void buffer_printf(buffer *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The text as a NUL-terminated string (never NULL: "" when empty); valid until the next append. */
const char *buffer_text(const buffer *b);
/* Hands the bytes over (free() them); the buffer is empty afterwards. NULL if anything failed. */
char *buffer_take(buffer *b);

/* SQL and JSON quoting. */
void buffer_sql_name(buffer *b, const char *name);            /* "name", inner quotes doubled */
void buffer_sql_text(buffer *b, const char *text, size_t n);  /* 'text', inner quotes doubled */
void buffer_json_text(buffer *b, const char *text, size_t n); /* "text", escaped; bad UTF-8 becomes U+FFFD */
void buffer_json_real(buffer *b, double r);                   /* shortest text that reads back; ±inf as ±1e999 */

#endif
