/* ISO 8601 text → milliseconds since the epoch. */
#ifndef DECODE_TIMESTAMP_H
#define DECODE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* YYYY-MM-DD, or YYYY-MM-DD(T| )HH:MM[:SS[.fraction]][Z|±HH[[:]MM]]; without a zone it is UTC; years 0001 to 9999; the
** fraction is cut to milliseconds. false: not of that form, or no such moment (02-30, 24:01, a leap second). */
bool timestamp_parse(const char *text, size_t bytes, int64_t *unix_ms);

#endif
