#include "publish/window.h"

#include <stdlib.h>
#include <string.h>

window_state *window_take(const order_index *index, size_t offset, size_t limit) {
  size_t start = offset < index->count ? offset : index->count;
  size_t count = index->count - start < limit ? index->count - start : limit;
  window_state *w = malloc(sizeof *w + count * sizeof *w->rows);
  if (!w) return NULL;
  *w = (window_state){.references = 1, .total = index->count, .count = count};
  for (size_t i = 0; i < count; i++) w->rows[i] = stored_row_ref(index->rows[start + i]);
  return w;
}

window_state *window_ref(window_state *w) {
  w->references++;
  return w;
}

void window_unref(window_state *w) {
  if (!w || --w->references > 0) return;
  for (size_t i = 0; i < w->count; i++) stored_row_unref(w->rows[i]);
  free(w);
}

bool window_same(const window_state *a, const window_state *b) {
  if (a == b) return true;
  if (a->total != b->total || a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (a->rows[i]->id != b->rows[i]->id || !stored_row_same(a->rows[i], b->rows[i])) return false;
  return true;
}

/* Scratch of one difference; positions are + 1, 0 = none. */
typedef struct scratch {
  idmap where;     /* id → position in `from` */
  size_t *old;     /* per row of `to`: its position in `from` */
  size_t *tails;   /* tails[k]: row of `to` that ends the best rising run of length k + 1 */
  size_t *previous;/* per row of `to`: the row before it in its best rising run */
  bool *stays;     /* per row of `to`: in the longest rising run, so it need not move */
  bool *kept;      /* per row of `from`: is in `to` too */
} scratch;

static void scratch_free(scratch *s) {
  idmap_free(&s->where);
  free(s->old);
  free(s->tails);
  free(s->previous);
  free(s->stays);
  free(s->kept);
}

static bool scratch_fill(scratch *s, const window_state *from, const window_state *to) {
  s->old = calloc(to->count + 1, sizeof *s->old);
  s->tails = calloc(to->count + 1, sizeof *s->tails);
  s->previous = calloc(to->count + 1, sizeof *s->previous);
  s->stays = calloc(to->count + 1, sizeof *s->stays);
  s->kept = calloc(from->count + 1, sizeof *s->kept);
  if (!s->old || !s->tails || !s->previous || !s->stays || !s->kept) return false;
  for (size_t i = 0; i < from->count; i++)
    if (!idmap_put(&s->where, from->rows[i]->id, (void *)(uintptr_t)(i + 1))) return false;
  for (size_t i = 0; i < to->count; i++) {
    s->old[i] = (uintptr_t)idmap_get(&s->where, to->rows[i]->id);
    if (s->old[i]) s->kept[s->old[i] - 1] = true;
  }
  return true;
}

/* The fewest moves leave the longest run of rows alone that stand in the same order before and after. */
static void find_rows_that_stay(scratch *s, size_t count) {
  size_t longest = 0;
  for (size_t i = 0; i < count; i++) {
    if (!s->old[i]) continue;
    size_t low = 0, high = longest;
    while (low < high) {
      size_t middle = (low + high) / 2;
      if (s->old[s->tails[middle]] < s->old[i])
        low = middle + 1;
      else
        high = middle;
    }
    s->previous[i] = low ? s->tails[low - 1] : count;
    s->tails[low] = i;
    if (low == longest) longest++;
  }
  if (!longest) return;
  for (size_t i = s->tails[longest - 1]; i != count; i = s->previous[i]) s->stays[i] = true;
}

bool window_difference(const window_state *from, const window_state *to, const idmap *all, const char *gone_reason,
                       delta_writer *out) {
  scratch s = {0};
  bool done = scratch_fill(&s, from, to);
  if (done) {
    find_rows_that_stay(&s, to->count);
    for (size_t i = 0; i < from->count; i++)
      if (!s.kept[i])
        delta_row(out, from->rows[i], ROW_NONE, idmap_get(all, from->rows[i]->id) ? "window" : gone_reason);
    for (size_t i = 0; i < to->count; i++) {
      delta_row(out, s.old[i] ? from->rows[s.old[i] - 1] : ROW_NONE, to->rows[i], gone_reason);
      if (!s.stays[i]) delta_move(out, to->rows[i]->id, i);
    }
    if (from->total != to->total) out->total = (int64_t)to->total;
  }
  scratch_free(&s);
  return done;
}
