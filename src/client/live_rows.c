#include "client/live_rows.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

typedef struct entry {
  int64_t id;
  live_row row;
  UT_hash_handle hh;
} entry;

live_row *live_rows_find(const live_rows *r, int64_t id) {
  entry *all = r->by_id, *e;
  HASH_FIND(hh, all, &id, sizeof id, e);
  return e ? &e->row : NULL;
}

static void free_row(live_rows *r, live_row *row) {
  entry *all = r->by_id, *e = (entry *)((char *)row - offsetof(entry, row));
  HASH_DEL(all, e);
  r->by_id = all;
  json_decref(row->cells);
  free(row->changed_ms);
  free(e);
}

void live_rows_clear(live_rows *r) {
  entry *e, *next, *all = r->by_id;
  HASH_ITER(hh, all, e, next) free_row(r, &e->row);
  free(r->rows);
  memset(r, 0, sizeof *r);
}

static void renumber(live_rows *r, int from) {
  for (int i = from; i < r->count; i++) r->rows[i]->place = i;
}

static void take_out(live_rows *r, const live_row *row) {
  int place = row->place;
  memmove(r->rows + place, r->rows + place + 1, sizeof *r->rows * (size_t)(r->count - place - 1));
  r->count--;
  renumber(r, place);
}

static bool put_in(live_rows *r, live_row *row, int place, error *err) {
  if (r->count == r->capacity) {
    int capacity = r->capacity ? r->capacity * 2 : 64;
    live_row **rows = realloc(r->rows, sizeof *rows * (size_t)capacity);
    if (!rows) return error_nomem(err);
    r->rows = rows;
    r->capacity = capacity;
  }
  memmove(r->rows + place + 1, r->rows + place, sizeof *r->rows * (size_t)(r->count - place));
  r->rows[place] = row;
  r->count++;
  renumber(r, place);
  return true;
}

static bool misfit(error *err, const char *what, int64_t id) {
  return error_set(err, ERR_INTERNAL, "the message %s row %lld: messages were missed", what, (long long)id);
}

static json_t *cells_of(const json_t *list) {
  json_t *cells = json_array();
  for (size_t i = 1; cells && i < json_array_size(list); i++) json_array_append(cells, json_array_get(list, i));
  return cells;
}

static bool add_row(live_rows *r, const json_t *list, int64_t added_ms, live_row **out, error *err) {
  int64_t id = json_integer_value(json_array_get(list, 0));
  if (live_rows_find(r, id)) return misfit(err, "adds the present", id);
  entry *e = calloc(1, sizeof *e), *all = r->by_id;
  if (!e) return error_nomem(err);
  e->id = id;
  e->row = (live_row){.id = id, .cells = cells_of(list), .added_ms = added_ms, .changed_ms = calloc(json_array_size(list) + 1, sizeof(int64_t))};
  if (!e->row.cells || !e->row.changed_ms || !put_in(r, &e->row, r->count, err)) {
    json_decref(e->row.cells);
    free(e->row.changed_ms);
    free(e);
    return error_nomem(err);
  }
  HASH_ADD(hh, all, id, sizeof e->id, e);
  r->by_id = all;
  *out = &e->row;
  return true;
}

static bool apply_snapshot(live_rows *r, const json_t *m, error *err) {
  if (json_integer_value(json_object_get(m, "chunk")) == 0) live_rows_clear(r);
  size_t i;
  json_t *list;
  live_row *row;
  json_array_foreach(json_object_get(m, "rows"), i, list) if (!add_row(r, list, 0, &row, err)) return false;
  r->total = json_integer_value(json_object_get(m, "total"));
  r->version = (uint64_t)json_integer_value(json_object_get(m, "version"));
  r->complete = json_is_true(json_object_get(m, "last"));
  return true;
}

static bool apply_removals(live_rows *r, const json_t *removes, live_change change, void *ctx, error *err) {
  size_t i;
  json_t *item;
  json_array_foreach((json_t *)removes, i, item) {
    int64_t id = json_integer_value(json_array_get(item, 0));
    live_row *row = live_rows_find(r, id);
    if (!row) return misfit(err, "removes the missing", id);
    if (change) change(ctx, '-', row);
    take_out(r, row);
    free_row(r, row);
  }
  return true;
}

static bool apply_cells(live_rows *r, const json_t *sets, int64_t now_ms, live_change change, void *ctx, error *err) {
  size_t i, count = json_array_size(sets);
  live_row *last = NULL;
  for (i = 0; i < count; i++) {
    const json_t *item = json_array_get(sets, i);
    int64_t id = json_integer_value(json_array_get(item, 0));
    size_t column = (size_t)json_integer_value(json_array_get(item, 1));
    live_row *row = live_rows_find(r, id);
    if (!row || column >= json_array_size(row->cells)) return misfit(err, "sets a cell of the missing", id);
    if (change && last && last != row) change(ctx, '~', last); /* cells of a row stand together */
    json_array_set(row->cells, column, json_array_get(item, 2));
    row->changed_ms[column] = now_ms;
    last = row;
  }
  if (change && last) change(ctx, '~', last);
  return true;
}

static bool apply_additions(live_rows *r, const json_t *adds, int64_t now_ms, live_change change, void *ctx, error *err) {
  size_t i;
  json_t *list;
  json_array_foreach((json_t *)adds, i, list) {
    live_row *row;
    if (!add_row(r, list, now_ms, &row, err)) return false;
    if (change) change(ctx, '+', row);
  }
  return true;
}

/* All out, then in again one after another. */
static bool apply_moves(live_rows *r, const json_t *moves, error *err) {
  size_t i;
  json_t *move;
  json_array_foreach((json_t *)moves, i, move) {
    int64_t id = json_integer_value(json_array_get(move, 0));
    live_row *row = live_rows_find(r, id);
    if (!row || row->place >= r->count || r->rows[row->place] != row) return misfit(err, "moves the missing", id);
    take_out(r, row);
  }
  bool done = true;
  json_array_foreach((json_t *)moves, i, move) {
    live_row *row = live_rows_find(r, json_integer_value(json_array_get(move, 0)));
    int64_t place = json_integer_value(json_array_get(move, 1));
    if (place < 0 || place > r->count) {
      done = misfit(err, "moves beyond the end", row->id);
      place = r->count;
    }
    done = put_in(r, row, (int)place, err) && done; /* there is room: it was just taken out */
  }
  return done;
}

static bool apply_delta(live_rows *r, const json_t *m, int64_t now_ms, live_change change, void *ctx, error *err) {
  if (!apply_removals(r, json_object_get(m, "remove"), change, ctx, err) ||
      !apply_cells(r, json_object_get(m, "set"), now_ms, change, ctx, err) ||
      !apply_additions(r, json_object_get(m, "add"), now_ms, change, ctx, err) || !apply_moves(r, json_object_get(m, "move"), err))
    return false;
  if (json_object_get(m, "total")) r->total = json_integer_value(json_object_get(m, "total"));
  r->version = (uint64_t)json_integer_value(json_object_get(m, "version"));
  return true;
}

bool live_rows_apply(live_rows *r, const json_t *m, int64_t now_ms, live_change change, void *ctx, error *err) {
  const char *type = json_string_value(json_object_get(m, "type"));
  if (!type) return error_set(err, ERR_INVALID, "a message without a type");
  if (strcmp(type, "snapshot") == 0) return apply_snapshot(r, m, err);
  if (strcmp(type, "delta") == 0) return apply_delta(r, m, now_ms, change, ctx, err);
  if (strcmp(type, "progress") == 0) r->version = (uint64_t)json_integer_value(json_object_get(m, "version"));
  return true;
}
