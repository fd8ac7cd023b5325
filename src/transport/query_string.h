/* The part of a URL after '?', and path segments: percent-decoding and named values, bounded.
**
** Decoded text is valid UTF-8 without NUL and control characters, or the parse fails. Lives in the caller's arena.
** Thread: any, each with its own.
*/
#ifndef TRANSPORT_QUERY_STRING_H
#define TRANSPORT_QUERY_STRING_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stdint.h>

enum { MAX_QUERY_PARAMETERS = 200 };

typedef struct query_parameter {
  const char *name, *value; /* value "" where there is none */
  bool used;                /* somebody asked for it by name */
} query_parameter;

typedef struct query_string {
  int count;
  query_parameter *items; /* in the order of the URL */
} query_string;

/* text may be NULL. ERR_INVALID (bad escape, bad UTF-8, NUL), ERR_LIMIT (too many). */
bool query_string_parse(query_string *q, arena *a, const char *text, error *err) MUST_USE;
/* One decoded path segment; '+' stands for itself there. NULL: *err. */
char *path_segment_decode(arena *a, const char *text, size_t bytes, error *err) MUST_USE;

/* The last value of that name (NULL = not given); marks all of that name as used. */
const char *query_string_take(query_string *q, const char *name);
/* As take, but a whole number between least and most; *out stays where it is not given. */
bool query_string_take_integer(query_string *q, const char *name, int64_t least, int64_t most, int64_t *out, error *err) MUST_USE;
/* The first one that nobody asked for, or NULL. */
const query_parameter *query_string_unused(const query_string *q);
/* What nobody asked for as one JSON object, a view's parameters: a single value is a text (the view's definition says
** whether commas separate), an empty one the empty list, a repeated one the list of all, and a value that is itself a
** JSON array is taken as it is. */
bool query_string_params_json(const query_string *q, buffer *out, error *err) MUST_USE;

#endif
