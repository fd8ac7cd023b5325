#include "publish/delta.h"

void delta_begin(delta_writer *w) {
  buffer_clear(&w->removes);
  buffer_clear(&w->sets);
  buffer_clear(&w->adds);
  buffer_clear(&w->moves);
  w->total = -1;
}

void delta_free(delta_writer *w) {
  buffer_free(&w->removes);
  buffer_free(&w->sets);
  buffer_free(&w->adds);
  buffer_free(&w->moves);
}

static void separate(buffer *b) {
  if (b->len) buffer_putc(b, ',');
}

static void put_changed_cells(buffer *out, const stored_row *before, const stored_row *after) {
  uint32_t at_before = 0, at_after = 0;
  value was, is;
  for (int column = 0; row_next(stored_row_cells(after), &at_after, &is); column++) {
    if (row_next(stored_row_cells(before), &at_before, &was) && value_same(was, is)) continue;
    separate(out);
    buffer_printf(out, "[%lld,%d,", (long long)after->id, column);
    value_put_json(out, is);
    buffer_putc(out, ']');
  }
}

void delta_row(delta_writer *w, stored_row *before, stored_row *after, const char *reason) {
  if (stored_row_same(before, after)) return;
  if (after == ROW_NONE) {
    separate(&w->removes);
    buffer_printf(&w->removes, "[%lld,\"%s\"]", (long long)before->id, reason);
  } else if (before == ROW_NONE) {
    separate(&w->adds);
    stored_row_put_json(after, &w->adds);
  } else {
    put_changed_cells(&w->sets, before, after);
  }
}

void delta_move(delta_writer *w, int64_t row_id, size_t index) {
  separate(&w->moves);
  buffer_printf(&w->moves, "[%lld,%zu]", (long long)row_id, index);
}

bool delta_is_empty(const delta_writer *w) {
  return !w->removes.len && !w->sets.len && !w->adds.len && !w->moves.len && w->total < 0;
}

bool delta_failed(const delta_writer *w) {
  return w->removes.failed || w->sets.failed || w->adds.failed || w->moves.failed;
}

static void put_list(buffer *out, const char *name, const buffer *list) {
  if (!list->len) return;
  buffer_printf(out, ",\"%s\":[", name);
  buffer_append(out, list->data, list->len);
  buffer_putc(out, ']');
}

void delta_put(const delta_writer *w, uint64_t version, int64_t time_ms, buffer *out) {
  buffer_printf(out, "\"version\":%llu,\"time\":%lld", (unsigned long long)version, (long long)time_ms);
  put_list(out, "remove", &w->removes);
  put_list(out, "set", &w->sets);
  put_list(out, "add", &w->adds);
  put_list(out, "move", &w->moves);
  if (w->total >= 0) buffer_printf(out, ",\"total\":%lld", (long long)w->total);
  buffer_putc(out, '}');
}
