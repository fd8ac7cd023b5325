#include "publish/snapshot.h"

#include <assert.h>
#include <stdlib.h>

struct snapshot {
  int references;
  uint64_t version;
  size_t total, count, next_row, chunk_bytes;
  stored_row **rows;
  shared_text **chunks;
  size_t chunk_count, chunk_capacity;
};

static void free_rows(stored_row **rows, size_t count) {
  for (size_t i = 0; i < count; i++) stored_row_unref(rows[i]);
  free(rows);
}

snapshot *snapshot_new(uint64_t version, size_t total, stored_row **rows, size_t count, size_t chunk_bytes) {
  snapshot *s = calloc(1, sizeof *s);
  if (!s) {
    free_rows(rows, count);
    return NULL;
  }
  *s = (snapshot){.references = 1, .version = version, .total = total, .rows = rows, .count = count, .chunk_bytes = chunk_bytes};
  return s;
}

snapshot *snapshot_ref(snapshot *s) {
  s->references++;
  return s;
}

void snapshot_unref(snapshot *s) {
  if (!s || --s->references > 0) return;
  free_rows(s->rows, s->count);
  for (size_t i = 0; i < s->chunk_count; i++) shared_text_unref(s->chunks[i]);
  free(s->chunks);
  free(s);
}

uint64_t snapshot_version(const snapshot *s) { return s->version; }

static shared_text *encode_next(snapshot *s) {
  buffer rows = {0}, out = {0};
  size_t at = s->next_row;
  while (at < s->count && rows.len < s->chunk_bytes && !rows.failed) {
    if (rows.len) buffer_putc(&rows, ',');
    stored_row_put_json(s->rows[at++], &rows);
  }
  buffer_printf(&out, "\"version\":%llu,\"chunk\":%zu,\"last\":%s,\"total\":%zu,\"rows\":[", (unsigned long long)s->version,
                s->chunk_count, at == s->count ? "true" : "false", s->total);
  buffer_append(&out, rows.data, rows.len);
  buffer_puts(&out, "]}");
  out.failed |= rows.failed;
  buffer_free(&rows);
  shared_text *text = shared_text_take(&out);
  if (text) s->next_row = at;
  return text;
}

static bool make_chunk(snapshot *s) {
  if (s->chunk_count == s->chunk_capacity) {
    size_t capacity = s->chunk_capacity ? s->chunk_capacity * 2 : 4;
    shared_text **chunks = realloc(s->chunks, capacity * sizeof *chunks);
    if (!chunks) return false;
    s->chunks = chunks;
    s->chunk_capacity = capacity;
  }
  shared_text *text = encode_next(s);
  if (!text) return false;
  s->chunks[s->chunk_count++] = text;
  return true;
}

shared_text *snapshot_chunk(snapshot *s, size_t index, bool *last) {
  assert(index <= s->chunk_count);
  if (index == s->chunk_count && !make_chunk(s)) return NULL;
  *last = index + 1 == s->chunk_count && s->next_row == s->count;
  if (s->references == 1 && index > 0) { /* the only reader left does not go back */
    shared_text_unref(s->chunks[index - 1]);
    s->chunks[index - 1] = NULL;
  }
  return shared_text_ref(s->chunks[index]);
}
