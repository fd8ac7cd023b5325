/* gzip, a piece at a time. Thread: one at a time. */
#ifndef TRANSPORT_GZIP_STREAM_H
#define TRANSPORT_GZIP_STREAM_H

#include "base/buffer.h"

typedef struct gzip_stream gzip_stream;

enum { GZIP_FAST = 1, GZIP_SMALL = 9 };

gzip_stream *gzip_stream_new(int level); /* NULL when out of memory */
/* Appends what came out so far; `last` ends the stream. false: out of memory. */
bool gzip_stream_put(gzip_stream *g, const char *bytes, size_t n, bool last, buffer *out) MUST_USE;
void gzip_stream_free(gzip_stream *g);

#endif
