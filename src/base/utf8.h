/* UTF-8 as Unicode defines it: shortest forms only, no surrogates, nothing above U+10FFFF. Thread: any. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes (1 to 4) of the sequence that begins at p, or 0 where it is none; left is at least 1. */
size_t utf8_length(const unsigned char *p, size_t left);
/* Is all of it well formed? */
bool utf8_valid(const char *text, size_t bytes);

#endif
