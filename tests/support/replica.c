#include "support/replica.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(replica *r, const char *what, int64_t id) {
  if (!r->failure[0]) snprintf(r->failure, sizeof r->failure, "%s (row %lld, version %llu)", what, (long long)id, (unsigned long long)r->version);
}

static replica_row *find(replica *r, int64_t id) {
  for (size_t i = 0; i < r->count; i++)
    if (r->rows[i].id == id) return &r->rows[i];
  return NULL;
}

static void insert_at(replica *r, size_t index, replica_row row) {
  if (r->count == r->capacity) {
    r->capacity = r->capacity ? r->capacity * 2 : 16;
    r->rows = realloc(r->rows, r->capacity * sizeof *r->rows);
  }
  memmove(r->rows + index + 1, r->rows + index, (r->count - index) * sizeof *r->rows);
  r->rows[index] = row;
  r->count++;
}

static replica_row take_out(replica *r, replica_row *row) {
  replica_row out = *row;
  size_t index = (size_t)(row - r->rows);
  memmove(r->rows + index, r->rows + index + 1, (r->count - index - 1) * sizeof *r->rows);
  r->count--;
  return out;
}

void replica_clear(replica *r) {
  for (size_t i = 0; i < r->count; i++) json_decref(r->rows[i].cells);
  free(r->rows);
  r->rows = NULL;
  r->count = r->capacity = 0;
}

static void add_row(replica *r, const json_t *row) {
  int64_t id = json_integer_value(json_array_get(row, 0));
  if (find(r, id)) {
    fail(r, "added a row that is there", id);
    return;
  }
  json_t *cells = json_array();
  for (size_t i = 1; i < json_array_size(row); i++) json_array_append(cells, json_array_get(row, i));
  insert_at(r, r->count, (replica_row){.id = id, .cells = cells});
}

static void check_version(replica *r, const json_t *message) {
  uint64_t version = (uint64_t)json_integer_value(json_object_get(message, "version"));
  if (version < r->version) fail(r, "went back in version", (int64_t)version);
  r->version = version;
}

static void check_seq(replica *r, const json_t *message) {
  uint64_t seq = (uint64_t)json_integer_value(json_object_get(message, "seq"));
  if (seq != r->seq + 1) fail(r, "skipped a seq", (int64_t)seq);
  r->seq = seq;
}

static void apply_snapshot(replica *r, const json_t *m) {
  if (json_integer_value(json_object_get(m, "chunk")) == 0) {
    replica_clear(r);
    r->version = 0;
  }
  if (r->complete) fail(r, "a snapshot that was not announced", 0);
  check_version(r, m);
  size_t i;
  json_t *row;
  json_array_foreach(json_object_get(m, "rows"), i, row) add_row(r, row);
  r->total = json_integer_value(json_object_get(m, "total"));
  r->complete = json_is_true(json_object_get(m, "last"));
}

static void set_cell(replica *r, const json_t *set) {
  int64_t id = json_integer_value(json_array_get(set, 0));
  size_t column = (size_t)json_integer_value(json_array_get(set, 1));
  replica_row *row = find(r, id);
  if (!row || column >= json_array_size(row->cells)) {
    fail(r, "set a cell that is not there", id);
    return;
  }
  json_t *value = json_array_get(set, 2);
  if (json_equal(json_array_get(row->cells, column), value)) fail(r, "sent an unchanged cell", id);
  json_array_set(row->cells, column, value);
}

static void move_rows(replica *r, const json_t *moves) {
  size_t i, count = json_array_size(moves);
  json_t *move;
  replica_row *moved = calloc(count + 1, sizeof *moved);
  json_array_foreach(moves, i, move) {
    replica_row *row = find(r, json_integer_value(json_array_get(move, 0)));
    if (row)
      moved[i] = take_out(r, row);
    else
      fail(r, "moved a row that is not there", json_integer_value(json_array_get(move, 0)));
  }
  json_array_foreach(moves, i, move) {
    size_t index = (size_t)json_integer_value(json_array_get(move, 1));
    if (index > r->count) {
      fail(r, "moved a row beyond the end", moved[i].id);
      index = r->count;
    }
    if (moved[i].cells) insert_at(r, index, moved[i]);
  }
  free(moved);
}

static void apply_delta(replica *r, const json_t *m) {
  size_t i;
  json_t *item;
  if (!r->complete) fail(r, "a delta before the snapshot was complete", 0);
  check_version(r, m);
  json_array_foreach(json_object_get(m, "remove"), i, item) {
    replica_row *row = find(r, json_integer_value(json_array_get(item, 0)));
    if (row)
      json_decref(take_out(r, row).cells);
    else
      fail(r, "removed a row that is not there", json_integer_value(json_array_get(item, 0)));
  }
  json_array_foreach(json_object_get(m, "set"), i, item) set_cell(r, item);
  json_array_foreach(json_object_get(m, "add"), i, item) add_row(r, item);
  move_rows(r, json_object_get(m, "move"));
  if (json_object_get(m, "total")) r->total = json_integer_value(json_object_get(m, "total"));
}

void replica_apply(replica *r, const json_t *m) {
  const char *type = json_string_value(json_object_get(m, "type"));
  if (strcmp(type, "subscribed") == 0) {
    r->seq = 0;
    r->windowed = json_is_integer(json_object_get(m, "limit"));
    if (json_is_true(json_object_get(m, "reset"))) r->complete = false;
    snprintf(r->epoch, sizeof r->epoch, "%s", json_string_value(json_object_get(m, "epoch")));
    return;
  }
  if (strcmp(type, "must_resnapshot") == 0) return;
  check_seq(r, m);
  if (strcmp(type, "snapshot") == 0)
    apply_snapshot(r, m);
  else if (strcmp(type, "delta") == 0)
    apply_delta(r, m);
  else if (strcmp(type, "progress") == 0)
    check_version(r, m);
  else if (strcmp(type, "overflow") == 0)
    r->complete = false;
  else
    fail(r, "a message of an unknown type", 0);
}

/* --- the model --- */

static int class_of(const json_t *v) { return json_is_null(v) ? 0 : json_is_number(v) ? 1 : 2; }

static int compare_cells(const json_t *a, const json_t *b) {
  int ca = class_of(a), cb = class_of(b);
  if (ca != cb) return ca - cb;
  if (ca == 0) return 0;
  if (ca == 2) return strcmp(json_string_value(a), json_string_value(b));
  double x = json_number_value(a), y = json_number_value(b);
  return x < y ? -1 : x > y;
}

static const json_t *sort_columns, *sort_terms;

static int compare_rows(const void *a, const void *b) {
  const replica_row *x = a, *y = b;
  size_t i, c;
  json_t *term, *column;
  json_array_foreach((json_t *)sort_terms, i, term) {
    const char *name = json_string_value(term);
    bool down = name[0] == '-';
    json_array_foreach((json_t *)sort_columns, c, column) {
      if (strcmp(json_string_value(json_object_get(column, "name")), name + down) != 0) continue;
      int order = compare_cells(json_array_get(x->cells, c), json_array_get(y->cells, c));
      if (order) return down ? -order : order;
    }
  }
  return x->id < y->id ? -1 : x->id > y->id;
}

static size_t model_window(const json_t *model, const json_t *subscribed, replica_row **out, size_t *total) {
  *total = json_object_size(model);
  replica_row *all = calloc(*total + 1, sizeof *all);
  size_t n = 0;
  const char *key;
  json_t *cells;
  json_object_foreach((json_t *)model, key, cells) all[n++] = (replica_row){.id = atoll(key), .cells = cells};
  sort_columns = json_object_get(subscribed, "columns");
  sort_terms = json_object_get(subscribed, "order_by");
  qsort(all, n, sizeof *all, compare_rows);
  const json_t *limit = json_object_get(subscribed, "limit");
  *out = all;
  if (!json_is_integer(limit)) return n;
  size_t offset = (size_t)json_integer_value(json_object_get(subscribed, "offset"));
  size_t start = offset < n ? offset : n;
  memmove(all, all + start, (n - start) * sizeof *all);
  size_t most = (size_t)json_integer_value(limit);
  return n - start < most ? n - start : most;
}

static int by_id(const void *a, const void *b) {
  int64_t x = ((const replica_row *)a)->id, y = ((const replica_row *)b)->id;
  return x < y ? -1 : x > y;
}

const char *replica_differs(replica *r, const json_t *model, const json_t *subscribed) {
  static char text[300];
  replica_row *want;
  size_t total, count = model_window(model, subscribed, &want, &total);
  text[0] = '\0';
  if (!r->windowed && r->count) qsort(r->rows, r->count, sizeof *r->rows, by_id);
  if (!r->windowed) qsort(want, count, sizeof *want, by_id);
  if (r->count != count) snprintf(text, sizeof text, "%zu rows instead of %zu at version %llu", r->count, count, (unsigned long long)r->version);
  if (r->windowed && r->total != (int64_t)total) snprintf(text, sizeof text, "total %lld instead of %zu", (long long)r->total, total);
  for (size_t i = 0; !text[0] && i < count; i++)
    if (r->rows[i].id != want[i].id || !json_equal(r->rows[i].cells, want[i].cells))
      snprintf(text, sizeof text, "position %zu: row %lld instead of %lld, or another content, at version %llu", i, (long long)r->rows[i].id,
               (long long)want[i].id, (unsigned long long)r->version);
  free(want);
  return text;
}
