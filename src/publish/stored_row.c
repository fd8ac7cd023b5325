#include "publish/stored_row.h"

#include <stdlib.h>
#include <string.h>

stored_row row_none_object = {.references = 1};

stored_row *stored_row_new(int64_t id, row r) {
  stored_row *s = malloc(sizeof *s + r.size);
  if (!s) return NULL;
  *s = (stored_row){.id = id, .references = 1, .bytes = r.size};
  if (r.size) memcpy(s->data, r.bytes, r.size);
  return s;
}

stored_row *stored_row_ref(stored_row *r) {
  if (r != ROW_NONE) r->references++;
  return r;
}

void stored_row_unref(stored_row *r) {
  if (!r || r == ROW_NONE || --r->references > 0) return;
  free(r->json);
  free(r);
}

row stored_row_cells(const stored_row *r) { return (row){.bytes = r->data, .size = r->bytes}; }

bool stored_row_same(const stored_row *a, const stored_row *b) {
  if (a == b) return true;
  if (a == ROW_NONE || b == ROW_NONE) return false;
  return a->bytes == b->bytes && memcmp(a->data, b->data, a->bytes) == 0;
}

static void put_cells(const stored_row *r, buffer *out) {
  buffer_printf(out, "[%lld", (long long)r->id);
  uint32_t at = 0;
  value v;
  while (row_next(stored_row_cells(r), &at, &v)) {
    buffer_putc(out, ',');
    value_put_json(out, v);
  }
  buffer_putc(out, ']');
}

void stored_row_put_json(stored_row *r, buffer *out) {
  if (r->json) {
    buffer_append(out, r->json, r->json_bytes);
    return;
  }
  size_t start = out->len;
  put_cells(r, out);
  if (out->failed) return;
  size_t bytes = out->len - start;
  /* Kept only where somebody else holds the row too: a snapshot of it will be asked for again. No memory: no matter. */
  if (r->references > 1 && bytes <= UINT32_MAX && (r->json = malloc(bytes))) {
    memcpy(r->json, out->data + start, bytes);
    r->json_bytes = (uint32_t)bytes;
  }
}

size_t stored_row_weight(const stored_row *r) { return sizeof *r + r->bytes + r->json_bytes; }
