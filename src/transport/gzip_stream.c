#include "transport/gzip_stream.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WRAPPER_WINDOW_BITS = 15 + 16, GZIP_MEMORY_LEVEL = 8, OUTPUT_STEP_BYTES = 16 * 1024 };

struct gzip_stream {
  z_stream z;
};

gzip_stream *gzip_stream_new(int level) {
  gzip_stream *g = calloc(1, sizeof *g);
  if (g && deflateInit2(&g->z, level, Z_DEFLATED, GZIP_WRAPPER_WINDOW_BITS, GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(g);
    g = NULL;
  }
  return g;
}

bool gzip_stream_put(gzip_stream *g, const char *bytes, size_t n, bool last, buffer *out) {
  g->z.next_in = (Bytef *)bytes;
  g->z.avail_in = (uInt)n;
  do {
    if (!buffer_reserve(out, OUTPUT_STEP_BYTES)) return false;
    g->z.next_out = (Bytef *)out->data + out->len;
    g->z.avail_out = OUTPUT_STEP_BYTES;
    if (deflate(&g->z, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) return false;
    out->len += OUTPUT_STEP_BYTES - g->z.avail_out;
  } while (g->z.avail_out == 0);
  out->data[out->len] = '\0';
  return true;
}

void gzip_stream_free(gzip_stream *g) {
  if (!g) return;
  deflateEnd(&g->z);
  free(g);
}
