#include "view/row_diff.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

typedef struct old_row {
  int64_t id;
  value *values;
  struct old_row *next;
} old_row;

/* Old rows with the same content. */
typedef struct old_rows {
  old_row *first;
  UT_hash_handle hh;
  unsigned bytes;
  char content[];
} old_rows;

typedef struct new_row {
  value *values;
  const char *key;
  size_t key_bytes;
  struct new_row *next;
} new_row;

struct row_diff {
  node_state *s;
  old_rows *old;
  new_row *first, **last; /* those that no old row equals */
  arena memory;
  buffer content;
};

row_diff *row_diff_new(node_state *s, error *err) {
  row_diff *d = calloc(1, sizeof *d);
  if (!d) {
    error_nomem(err);
    return NULL;
  }
  d->s = s;
  d->last = &d->first;
  return d;
}

void row_diff_clear(row_diff *d) {
  HASH_CLEAR(hh, d->old);
  d->first = NULL;
  d->last = &d->first;
  arena_reset(&d->memory);
}

void row_diff_free(row_diff *d) {
  if (!d) return;
  row_diff_clear(d);
  arena_free(&d->memory);
  buffer_free(&d->content);
  free(d);
}

static value *read_values(row_diff *d, sqlite3_stmt *stmt, int first) {
  int n = d->s->n->columns;
  value *values = arena_alloc(&d->memory, sizeof *values * (size_t)(n + 1));
  buffer_clear(&d->content);
  for (int i = 0; values && i < n; i++) {
    values[i] = value_from_column(stmt, first + i);
    row_put(&d->content, values[i]);
    if (values[i].type >= VALUE_TEXT && values[i].bytes && !(values[i].text = arena_strndup(&d->memory, values[i].text, values[i].bytes))) return NULL;
  }
  return d->content.failed ? NULL : values;
}

static old_rows *find_old(row_diff *d) {
  old_rows *found = NULL;
  HASH_FIND(hh, d->old, buffer_text(&d->content), (unsigned)d->content.len, found);
  return found;
}

bool row_diff_old(row_diff *d, sqlite3_stmt *stmt, error *err) {
  old_row *made = arena_zalloc(&d->memory, sizeof *made);
  if (!made || !(made->values = read_values(d, stmt, 1))) return error_nomem(err);
  made->id = sqlite3_column_int64(stmt, 0);
  old_rows *same = find_old(d);
  if (!same) {
    same = arena_zalloc(&d->memory, sizeof *same + d->content.len + 1);
    if (!same) return error_nomem(err);
    same->bytes = (unsigned)d->content.len;
    memcpy(same->content, buffer_text(&d->content), d->content.len);
    HASH_ADD(hh, d->old, content, same->bytes, same);
    if (!same->hh.tbl) return error_nomem(err);
  }
  old_row **end = &same->first;
  while (*end) end = &(*end)->next;
  *end = made;
  return true;
}

bool row_diff_new_row(row_diff *d, sqlite3_stmt *stmt, int first, const buffer *key, error *err) {
  value *values = read_values(d, stmt, first);
  if (!values) return error_nomem(err);
  old_rows *same = find_old(d);
  if (same && same->first) {
    same->first = same->first->next;
    return true;
  }
  new_row *made = arena_zalloc(&d->memory, sizeof *made);
  if (!made || !(made->key = arena_strndup(&d->memory, buffer_text(key), key->len))) return error_nomem(err);
  made->values = values;
  made->key_bytes = key->len;
  *d->last = made;
  d->last = &made->next;
  return true;
}

bool row_diff_apply(row_diff *d, error *err) {
  new_row *coming = d->first;
  for (old_rows *o = d->old; o; o = o->hh.next)
    for (old_row *going = o->first; going; going = going->next) {
      bool ok = coming && d->s->n->columns ? result_table_update(d->s, going->id, going->values, coming->values, err)
                                           : result_table_remove(d->s, going->id, going->values, err);
      if (!ok) return false;
      if (coming && d->s->n->columns) coming = coming->next;
    }
  for (; coming; coming = coming->next) {
    int64_t id;
    buffer key = {.data = (char *)coming->key, .len = coming->key_bytes};
    if (!result_table_insert(d->s, coming->values, &key, &id, err)) return false;
  }
  return true;
}
