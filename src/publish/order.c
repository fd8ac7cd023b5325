#include "publish/order.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int column_named(const instance_info *info, const char *name) {
  for (int i = 0; i < info->columns; i++)
    if (strcmp(info->column[i].name, name) == 0) return i;
  for (int i = 0; i < info->columns; i++)
    if (strcasecmp(info->column[i].name, name) == 0) return i;
  return -1;
}

static bool no_such_column(const instance_info *info, const char *name, error *err) {
  error_set(err, ERR_INVALID, "order_by: there is no column '%.100s'", name);
  buffer names = {0};
  for (int i = 0; i < info->columns; i++) buffer_printf(&names, "%s%s", i ? ", " : "", info->column[i].name);
  error_hint(err, "the columns are: %.350s", buffer_text(&names));
  buffer_free(&names);
  return false;
}

bool order_parse(const instance_info *info, const char *const *names, int count, order_spec *out, error *err) {
  if (count > MAX_ORDER_TERMS)
    return error_set(err, ERR_LIMIT, "order_by has %d columns; at most %d are taken", count, MAX_ORDER_TERMS);
  out->count = count;
  for (int i = 0; i < count; i++) {
    bool descending = names[i][0] == '-';
    int column = column_named(info, names[i] + descending);
    if (column < 0) return no_such_column(info, names[i] + descending, err);
    out->terms[i] = (order_term){.column = column, .descending = descending};
  }
  return true;
}

bool order_spec_same(const order_spec *a, const order_spec *b) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (a->terms[i].column != b->terms[i].column || a->terms[i].descending != b->terms[i].descending) return false;
  return true;
}

/* NULL < numbers < text < blob */
static int class_of(value v) {
  switch (v.type) {
    case VALUE_NULL: return 0;
    case VALUE_INTEGER:
    case VALUE_REAL: return 1;
    case VALUE_TEXT: return 2;
    default: return 3;
  }
}

/* Exact, also where the integer has more bits than a double. */
static int compare_integer_real(int64_t i, double r) {
  if (r >= 9223372036854775808.0) return -1;
  if (r < -9223372036854775808.0) return 1;
  int64_t whole = (int64_t)r;
  if (i != whole) return i < whole ? -1 : 1;
  double rest = r - (double)whole;
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static int compare_numbers(value a, value b) {
  if (a.type == VALUE_INTEGER && b.type == VALUE_INTEGER) return a.i < b.i ? -1 : a.i > b.i;
  if (a.type == VALUE_REAL && b.type == VALUE_REAL) return a.r < b.r ? -1 : a.r > b.r;
  return a.type == VALUE_INTEGER ? compare_integer_real(a.i, b.r) : -compare_integer_real(b.i, a.r);
}

static int compare_bytes(value a, value b) {
  uint32_t least = a.bytes < b.bytes ? a.bytes : b.bytes;
  int c = least ? memcmp(a.text, b.text, least) : 0;
  if (c) return c < 0 ? -1 : 1;
  return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

static int compare_values(value a, value b) {
  int ca = class_of(a), cb = class_of(b);
  if (ca != cb) return ca < cb ? -1 : 1;
  return ca == 0 ? 0 : ca == 1 ? compare_numbers(a, b) : compare_bytes(a, b);
}

int order_compare(const order_spec *spec, const stored_row *a, const stored_row *b) {
  for (int i = 0; i < spec->count; i++) {
    const order_term *t = &spec->terms[i];
    int c = compare_values(row_column(stored_row_cells(a), t->column), row_column(stored_row_cells(b), t->column));
    if (c) return t->descending ? -c : c;
  }
  return a->id < b->id ? -1 : a->id > b->id;
}

static int by_spec(const void *a, const void *b, void *spec) {
  return order_compare(spec, *(stored_row *const *)a, *(stored_row *const *)b);
}

static int by_position(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return x < y ? -1 : x > y;
}

order_index *order_index_new(const order_spec *spec, const idmap *rows) {
  order_index *index = calloc(1, sizeof *index);
  if (!index) return NULL;
  index->spec = *spec;
  index->rows = malloc((rows->count + 1) * sizeof *index->rows);
  if (!index->rows) {
    free(index);
    return NULL;
  }
  size_t at = 0;
  int64_t id;
  void *r;
  while (idmap_next(rows, &at, &id, &r)) index->rows[index->count++] = stored_row_ref(r);
  qsort_r(index->rows, index->count, sizeof *index->rows, by_spec, &index->spec);
  return index;
}

void order_index_free(order_index *index) {
  if (!index) return;
  for (size_t i = 0; i < index->count; i++) stored_row_unref(index->rows[i]);
  free(index->rows);
  change_set_clear(&index->pending);
  free(index);
}

/* The first position whose row does not come before `r`. */
static size_t lower_bound(const order_index *index, const stored_row *r) {
  size_t low = 0, high = index->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (order_compare(&index->spec, index->rows[middle], r) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

typedef struct merge {
  size_t *gone;        /* positions that leave, ascending */
  stored_row **come;   /* rows that enter, in order; borrowed */
  size_t gone_count, come_count;
} merge;

static void collect(const order_index *index, const idmap *rows, merge *m) {
  size_t at = 0;
  int64_t id;
  void *was;
  while (idmap_next(&index->pending.before, &at, &id, &was)) {
    stored_row *now = idmap_get(rows, id);
    if (now == was) continue;
    if (was != ROW_NONE) m->gone[m->gone_count++] = lower_bound(index, was);
    if (now) m->come[m->come_count++] = now;
  }
  qsort(m->gone, m->gone_count, sizeof *m->gone, by_position);
  qsort_r(m->come, m->come_count, sizeof *m->come, by_spec, (void *)&index->spec);
}

/* Old rows keep their order, so only the edges need comparing: a run between two of them is copied whole. */
static void merge_into(order_index *index, const merge *m, stored_row **out) {
  size_t from = 0, n = 0, g = 0, c = 0;
  while (from < index->count || c < m->come_count) {
    size_t next_gone = g < m->gone_count ? m->gone[g] : index->count;
    size_t next_come = c < m->come_count ? lower_bound(index, m->come[c]) : index->count + 1;
    size_t stop = next_come < next_gone ? next_come : next_gone;
    if (stop > from) {
      memcpy(out + n, index->rows + from, (stop - from) * sizeof *out);
      n += stop - from;
      from = stop;
    }
    if (c < m->come_count && next_come <= from) {
      out[n++] = stored_row_ref(m->come[c++]);
    } else if (g < m->gone_count && m->gone[g] == from) {
      stored_row_unref(index->rows[from++]);
      g++;
    }
  }
  free(index->rows);
  index->rows = out;
  index->count = n;
}

bool order_index_refresh(order_index *index, const idmap *rows) {
  size_t changed = index->pending.before.count;
  if (!changed) return true;
  merge m = {.gone = malloc(changed * sizeof *m.gone), .come = malloc(changed * sizeof *m.come)};
  stored_row **out = malloc((index->count + changed + 1) * sizeof *out);
  bool done = m.gone && m.come && out;
  if (done) {
    collect(index, rows, &m);
    merge_into(index, &m, out);
    change_set_clear(&index->pending);
  } else {
    free(out);
  }
  free(m.gone);
  free(m.come);
  return done;
}
