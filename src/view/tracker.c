#include "view/tracker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum capture_op { CAPTURE_INSERT, CAPTURE_DELETE, CAPTURE_UPDATE } capture_op;

static void fail(tracker *t) {
  if (!t->failed) error_nomem(&t->failure);
  t->failed = true;
}

/* --- folding -------------------------------------------------------------------------------------------------------- */

static delta_row *row_of(tracker *t, tracked *x, int64_t rowid, const value *values, bool *made) {
  const relation *rel = x->relation;
  if (!rel->without_rowid) return delta_set_row(&x->changes, rowid, NULL, 0, made);
  buffer key = {0};
  for (int i = 0; i < rel->pk_columns; i++) row_put(&key, values[rel->pk[i]]);
  delta_row *r = key.failed ? NULL : delta_set_row(&x->changes, 0, (const uint8_t *)key.data, (uint32_t)key.len, made);
  buffer_free(&key);
  return r;
}

static void fold_removed(tracker *t, tracked *x, int64_t rowid, const value *values) {
  bool made;
  delta_row *r = row_of(t, x, rowid, values, &made);
  if (!r) {
    fail(t);
    return;
  }
  if (made && !(r->before = delta_set_copy(&x->changes, values))) fail(t);
  r->after = NULL;
}

static void fold_added(tracker *t, tracked *x, int64_t rowid, const value *values) {
  bool made;
  delta_row *r = row_of(t, x, rowid, values, &made);
  if (!r || !(r->after = delta_set_copy(&x->changes, values))) fail(t);
}

/* --- the preupdate hook ------------------------------------------------------------------------------------------------ */

static int stored_index(const relation *rel, int column) {
  int index = 0;
  for (int i = 0; i < column; i++) index += !rel->column[i].generated;
  return index;
}

static void read_image(tracked *x, sqlite3 *db, bool before, value *out) {
  const relation *rel = x->relation;
  for (int i = 0; i < rel->columns; i++) {
    sqlite3_value *v = NULL;
    out[i].type = VALUE_NULL;
    if (rel->column[i].generated) continue;
    int index = stored_index(rel, i);
    int rc = before ? sqlite3_preupdate_old(db, index, &v) : sqlite3_preupdate_new(db, index, &v);
    if (rc != SQLITE_OK || !v) continue;
    out[i] = value_from_sqlite(v);
    if (rel->column[i].affinity == AFF_REAL && out[i].type == VALUE_INTEGER) out[i] = (value){.type = VALUE_REAL, .r = (double)out[i].i};
  }
}

static void on_preupdate(void *ctx, sqlite3 *db, int op, const char *database, const char *table, sqlite3_int64 old_rowid, sqlite3_int64 new_rowid) {
  tracker *t = ctx;
  if (t->muted) return;
  tracked *x = t->first;
  while (x && !(x->base && strcasecmp(x->relation->name, table) == 0 && strcasecmp(x->relation->schema, database) == 0)) x = x->next;
  if (!x) return;
  value *image = malloc(sizeof *image * (size_t)(x->relation->columns + 1));
  if (!image) {
    fail(t);
    return;
  }
  if (op != SQLITE_INSERT) {
    read_image(x, db, true, image);
    fold_removed(t, x, old_rowid, image);
  }
  if (op != SQLITE_DELETE) {
    read_image(x, db, false, image);
    fold_added(t, x, new_rowid, image);
  }
  free(image);
}

/* --- triggers ------------------------------------------------------------------------------------------------------------ */

/* vs_track(number, op, rowid, columns…): 0 = the row that was, 1 = the row that is. */
static void on_trigger(sqlite3_context *context, int argc, sqlite3_value **argv) {
  tracker *t = sqlite3_user_data(context);
  if (t->muted) return;
  int number = sqlite3_value_int(argv[0]);
  tracked *x = t->first;
  while (x && x->number != number) x = x->next;
  if (!x || argc != x->relation->columns + 3) return;
  value image[MAX_TRIGGER_COLUMNS + 1];
  for (int i = 3; i < argc; i++) image[i - 3] = value_from_sqlite(argv[i]);
  int64_t rowid = sqlite3_value_int64(argv[2]);
  (sqlite3_value_int(argv[1]) ? fold_added : fold_removed)(t, x, rowid, image);
}

static void put_call(buffer *sql, const tracked *x, const char *side, int op) {
  const relation *rel = x->relation;
  buffer_printf(sql, "SELECT vs_track(%d, %d, ", x->number, op);
  if (rel->without_rowid)
    buffer_puts(sql, "0");
  else
    buffer_printf(sql, "%s.%s", side, rel->rowid_name);
  for (int i = 0; i < rel->columns; i++) {
    buffer_printf(sql, ", %s.", side);
    buffer_sql_name(sql, rel->column[i].name);
  }
  buffer_puts(sql, "); ");
}

static bool make_triggers(tracker *t, tracked *x, error *err) {
  static const char *const events[] = {"INSERT", "DELETE", "UPDATE"};
  if (x->relation->columns > MAX_TRIGGER_COLUMNS)
    return error_set(err, ERR_LIMIT, "table %s has more than %d columns", x->relation->name, MAX_TRIGGER_COLUMNS);
  for (int e = 0; e < 3; e++) {
    buffer sql = {0};
    buffer_printf(&sql, "CREATE TEMP TRIGGER vs_t%d_%d AFTER %s ON %s BEGIN ", x->number, e, events[e], x->relation->sql_name);
    if (e != CAPTURE_INSERT) put_call(&sql, x, "OLD", 0);
    if (e != CAPTURE_DELETE) put_call(&sql, x, "NEW", 1);
    buffer_puts(&sql, "END");
    int rc = sql.failed ? SQLITE_NOMEM : sqlite3_exec(t->db, buffer_text(&sql), NULL, NULL, NULL);
    buffer_free(&sql);
    if (rc != SQLITE_OK) return error_set(err, ERR_SQL, "following table %s: %s", x->relation->name, sqlite3_errmsg(t->db));
  }
  x->triggers = true;
  return true;
}

static void drop_triggers(tracker *t, tracked *x) {
  for (int e = 0; x->triggers && e < 3; e++) {
    char sql[80];
    snprintf(sql, sizeof sql, "DROP TRIGGER IF EXISTS temp.vs_t%d_%d", x->number, e);
    sqlite3_exec(t->db, sql, NULL, NULL, NULL);
  }
}

/* --- generated columns ------------------------------------------------------------------------------------------------- */

static bool has_generated(const relation *rel) {
  for (int i = 0; i < rel->columns; i++)
    if (rel->column[i].generated) return true;
  return false;
}

/* The table's own DDL on a connection of its own (no foreign keys there), through which an image gets its generated columns. */
static bool make_shadow_table(tracker *t, tracked *x, error *err) {
  const relation *rel = x->relation;
  if (!t->shadow && sqlite3_open(":memory:", &t->shadow) != SQLITE_OK) return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(t->shadow));
  char *find = sqlite3_mprintf("SELECT substr(sql, instr(sql, '(')) FROM \"%w\".sqlite_schema WHERE type = 'table' AND name = %Q", rel->schema, rel->name);
  sqlite3_stmt *stmt = NULL;
  buffer make = {0};
  if (find && sqlite3_prepare_v2(t->db, find, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    buffer_printf(&make, "CREATE TABLE t%d%s", x->number, (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  sqlite3_free(find);
  bool ok = !make.failed && view_functions_register(t->shadow, err) && sqlite3_exec(t->shadow, buffer_text(&make), NULL, NULL, NULL) == SQLITE_OK;
  buffer_free(&make);
  return ok || error_set(err, ERR_SQL, "generated columns of %s: %s", rel->name, sqlite3_errmsg(t->shadow));
}

static bool make_shadow(tracker *t, tracked *x, error *err) {
  const relation *rel = x->relation;
  if (!make_shadow_table(t, x, err)) return false;
  buffer insert = {0}, read = {0};
  buffer_printf(&insert, "INSERT INTO t%d(", x->number);
  int n = 0;
  for (int i = 0; i < rel->columns; i++) {
    if (rel->column[i].generated) continue;
    if (n++) buffer_puts(&insert, ", ");
    buffer_sql_name(&insert, rel->column[i].name);
  }
  buffer_puts(&insert, ") VALUES (");
  for (int i = 0; i < n; i++) buffer_puts(&insert, i ? ", ?" : "?");
  buffer_puts(&insert, ")");
  buffer_puts(&read, "SELECT ");
  for (int i = 0; i < rel->columns; i++) {
    if (i) buffer_puts(&read, ", ");
    buffer_sql_name(&read, rel->column[i].name);
  }
  buffer_printf(&read, " FROM t%d", x->number);
  char clear[64];
  snprintf(clear, sizeof clear, "DELETE FROM t%d", x->number);
  bool ok = !insert.failed && !read.failed && sqlite3_prepare_v2(t->shadow, buffer_text(&insert), -1, &x->shadow_insert, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(t->shadow, buffer_text(&read), -1, &x->shadow_read, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(t->shadow, clear, -1, &x->shadow_clear, NULL) == SQLITE_OK;
  buffer_free(&insert);
  buffer_free(&read);
  return ok || error_set(err, ERR_SQL, "generated columns of %s: %s", rel->name, sqlite3_errmsg(t->shadow));
}

static bool generate(tracker *t, tracked *x, value **image, error *err) {
  const relation *rel = x->relation;
  int parameter = 1;
  for (int i = 0; i < rel->columns; i++)
    if (!rel->column[i].generated) value_bind(x->shadow_insert, parameter++, (*image)[i]);
  sqlite3_step(x->shadow_insert);
  bool ok = sqlite3_reset(x->shadow_insert) == SQLITE_OK && sqlite3_step(x->shadow_read) == SQLITE_ROW;
  value *values = ok ? arena_alloc(&x->changes.memory, sizeof *values * (size_t)rel->columns) : NULL;
  for (int i = 0; values && i < rel->columns; i++) values[i] = value_from_column(x->shadow_read, i);
  if (values) *image = delta_set_copy(&x->changes, values);
  sqlite3_reset(x->shadow_read);
  sqlite3_step(x->shadow_clear);
  sqlite3_reset(x->shadow_clear);
  return (values && *image) || error_set(err, ERR_SQL, "generated columns of %s: %s", rel->name, sqlite3_errmsg(t->shadow));
}

static bool generate_all(tracker *t, tracked *x, error *err) {
  for (size_t i = 0; i < x->changes.count; i++) {
    delta_row *r = &x->changes.rows[i];
    if (r->before && !generate(t, x, &r->before, err)) return false;
    if (r->after && !generate(t, x, &r->after, err)) return false;
  }
  return true;
}

/* --- following ------------------------------------------------------------------------------------------------------------ */

static const char *const feed_letters = "dpa";

static bool make_feeds(tracker *t, tracked *x, error *err) {
  feed *feeds[] = {&x->signed_rows, &x->paired_rows, &x->all_rows};
  for (int i = 0; i < 3; i++) {
    char name[32];
    snprintf(name, sizeof name, "vs_%c%d", feed_letters[i], x->number);
    if (!feed_create(t->db, feeds[i], name, i == 1 ? FEED_PAIRS : FEED_SIGNED, x->relation->column, x->relation->columns, err)) return false;
  }
  return true;
}

static void release(tracker *t, tracked *x) {
  drop_triggers(t, x);
  feed *feeds[] = {&x->signed_rows, &x->paired_rows, &x->all_rows};
  for (int i = 0; i < 3; i++) {
    char name[32];
    snprintf(name, sizeof name, "vs_%c%d", feed_letters[i], x->number);
    feed_drop(t->db, feeds[i], name);
  }
  sqlite3_finalize(x->shadow_insert);
  sqlite3_finalize(x->shadow_read);
  sqlite3_finalize(x->shadow_clear);
  if (x->shadow_insert) {
    char sql[64];
    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS t%d", x->number);
    sqlite3_exec(t->shadow, sql, NULL, NULL, NULL);
  }
  delta_set_free(&x->changes);
  free(x);
}

tracked *tracker_find(tracker *t, const relation *rel) {
  for (tracked *x = t->first; x; x = x->next)
    if (x->relation == rel) return x;
  return NULL;
}

tracked *tracker_follow(tracker *t, relation *rel, bool base, error *err) {
  tracked *x = tracker_find(t, rel);
  if (x) {
    x->users++;
    return x;
  }
  x = calloc(1, sizeof *x);
  if (!x) {
    error_nomem(err);
    return NULL;
  }
  x->relation = rel;
  x->base = base;
  x->users = 1;
  x->number = rel->index = t->numbers++;
  x->changes.columns = rel->columns;
  bool ok = make_feeds(t, x, err);
  if (ok && base && t->mode == CAPTURE_TRIGGERS) ok = make_triggers(t, x, err);
  if (ok && base && t->mode == CAPTURE_PREUPDATE && has_generated(rel)) ok = make_shadow(t, x, err);
  if (!ok) {
    release(t, x);
    return NULL;
  }
  x->next = t->first;
  t->first = x;
  return x;
}

void tracker_unfollow(tracker *t, tracked *x) {
  if (--x->users > 0) return;
  tracked **at = &t->first;
  while (*at != x) at = &(*at)->next;
  *at = x->next;
  release(t, x);
}

enum { FEEDS_ONLY_FIRST_NUMBER = 1 << 24 };

void tracker_open_feeds(tracker *t, sqlite3 *db) {
  memset(t, 0, sizeof *t);
  t->db = db;
  t->feeds_only = true;
  t->numbers = FEEDS_ONLY_FIRST_NUMBER;
}

bool tracker_open(tracker *t, sqlite3 *db, capture_mode mode, error *err) {
  memset(t, 0, sizeof *t);
  t->db = db;
  t->mode = mode;
  if (mode == CAPTURE_PREUPDATE) {
    sqlite3_preupdate_hook(db, on_preupdate, t);
    return true;
  }
  if (sqlite3_create_function_v2(db, "vs_track", -1, SQLITE_UTF8, t, on_trigger, NULL, NULL, NULL) == SQLITE_OK) return true;
  return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(db));
}

void tracker_close(tracker *t) {
  while (t->first) {
    tracked *x = t->first;
    t->first = x->next;
    release(t, x);
  }
  sqlite3_close(t->shadow);
  if (t->feeds_only) return;
  if (t->mode == CAPTURE_PREUPDATE)
    sqlite3_preupdate_hook(t->db, NULL, NULL);
  else
    sqlite3_create_function_v2(t->db, "vs_track", -1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
}

bool tracker_pending(const tracker *t) {
  for (const tracked *x = t->first; x; x = x->next)
    if (x->base && x->changes.count) return true;
  return t->failed;
}

bool tracker_settle(tracker *t, error *err) {
  if (t->failed) {
    *err = t->failure;
    return false;
  }
  for (tracked *x = t->first; x; x = x->next) {
    if (!x->base || !x->changes.count) continue;
    if (x->shadow_insert && !generate_all(t, x, err)) return false;
  }
  return true;
}

void tracker_clear(tracker *t) {
  for (tracked *x = t->first; x; x = x->next) delta_set_clear(&x->changes);
  t->failed = false;
}
