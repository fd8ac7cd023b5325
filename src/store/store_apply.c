/* Staged changes → rows. */
#include "store/store_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
  FIRST_STAGED = 256,
  FIRST_BUCKETS = 1024,
  KEPT_BUCKETS = 1 << 16,    /* a table of buckets that a large turn left is freed after it */
  EXPECT_INSERT_MOST = 8,    /* how long the habit of INSERT or UPDATE lasts */
};

/* --- statements: parameter i + 1 is column i, in all of them --- */

static void put_where_key(const topic *t, buffer *sql) {
  for (int i = 0; i < t->keys; i++) {
    buffer_puts(sql, i ? " AND " : " WHERE ");
    buffer_sql_name(sql, t->column[t->key[i]].name);
    buffer_printf(sql, " = ?%d", t->key[i] + 1);
  }
}

static void put_insert(const topic *t, const char *verb, buffer *sql) {
  buffer_printf(sql, "%s INTO main.", verb);
  buffer_sql_name(sql, t->table);
  for (int i = 0; i < t->columns; i++) {
    buffer_puts(sql, i ? ", " : " (");
    buffer_sql_name(sql, t->column[i].name);
  }
  buffer_puts(sql, ") VALUES (");
  for (int i = 0; i < t->columns; i++) buffer_printf(sql, "%s?%d", i ? ", " : "", i + 1);
  buffer_putc(sql, ')');
}

static void put_update(const topic *t, buffer *sql) {
  buffer_puts(sql, "UPDATE main.");
  buffer_sql_name(sql, t->table);
  bool any = false;
  for (int i = 0; i < t->columns; i++) {
    bool only_keys = t->keys == t->columns && i == 0; /* something must be set for the row to count as found */
    if (t->column[i].key && !only_keys) continue;
    buffer_puts(sql, any ? ", " : " SET ");
    buffer_sql_name(sql, t->column[i].name);
    buffer_printf(sql, " = ?%d", i + 1);
    any = true;
  }
  put_where_key(t, sql);
}

static void put_delete(const topic *t, buffer *sql) {
  buffer_puts(sql, "DELETE FROM main.");
  buffer_sql_name(sql, t->table);
  put_where_key(t, sql);
}

static bool prepare_buffer(store *s, sqlite3 *db, buffer *sql, sqlite3_stmt **out, error *err) {
  bool done = sql->failed ? error_nomem(err) : store_prepare(s, db, buffer_text(sql), out, err);
  buffer_clear(sql);
  return done;
}

static bool prepare_table(store *s, int index, error *err) {
  const topic *t = &s->topics->topics[index];
  table_state *state = &s->tables[index];
  buffer sql = {0};
  put_insert(t, "INSERT", &sql);
  bool done = prepare_buffer(s, s->db, &sql, &state->insert, err);
  if (done && !t->append) {
    put_update(t, &sql);
    done = prepare_buffer(s, s->db, &sql, &state->update, err);
    put_delete(t, &sql);
    done = done && prepare_buffer(s, s->db, &sql, &state->delete_row, err);
    put_insert(t, "INSERT OR REPLACE", &sql);
    done = done && prepare_buffer(s, s->checker, &sql, &state->check, err);
  }
  buffer_free(&sql);
  return done;
}

bool store_prepare_tables(store *s, error *err) {
  for (int i = 0; i < s->topics->count; i++)
    if (!prepare_table(s, i, err) || !store_prepare_retention(s, i, err)) return false;
  return true;
}

void store_finalize_tables(store *s) {
  for (int i = 0; i < s->topics->count; i++) {
    table_state *t = &s->tables[i];
    sqlite3_finalize(t->update);
    sqlite3_finalize(t->insert);
    sqlite3_finalize(t->delete_row);
    sqlite3_finalize(t->check);
    sqlite3_finalize(t->age);
    sqlite3_finalize(t->expire);
    free(t->staged);
    free(t->buckets);
    free(t->refused);
    free(t->next_offset);
    free(t->committed_offset);
  }
}

/* --- staging --- */

static bool list_add(change ***list, size_t *count, size_t *capacity, change *c) {
  if (*count == *capacity) {
    size_t more = *capacity ? *capacity * 2 : FIRST_STAGED;
    change **grown = realloc(*list, more * sizeof *grown);
    if (!grown) return false;
    *list = grown;
    *capacity = more;
  }
  (*list)[(*count)++] = c;
  return true;
}

static bool same_key(const topic *t, const change *a, const change *b) {
  for (int i = 0; i < t->keys; i++)
    if (!value_same(a->values[t->key[i]], b->values[t->key[i]])) return false;
  return true;
}

/* The bucket of c's key: the one that holds it, or the empty one where it belongs. */
static uint32_t *find_bucket(const topic *t, table_state *state, const change *c) {
  size_t mask = state->bucket_count - 1;
  for (size_t at = c->key_hash & mask;; at = (at + 1) & mask) {
    uint32_t *bucket = &state->buckets[at];
    if (!*bucket) return bucket;
    const change *held = state->staged[*bucket - 1];
    if (held->key_hash == c->key_hash && same_key(t, held, c)) return bucket;
  }
}

static bool grow_buckets(const topic *t, table_state *state) {
  if (state->bucket_count && state->live * 2 < state->bucket_count) return true;
  size_t count = state->bucket_count ? state->bucket_count * 2 : FIRST_BUCKETS;
  uint32_t *buckets = calloc(count, sizeof *buckets);
  if (!buckets) return false;
  free(state->buckets);
  state->buckets = buckets;
  state->bucket_count = count;
  for (size_t i = 0; i < state->staged_count; i++)
    if (state->staged[i]) *find_bucket(t, state, state->staged[i]) = (uint32_t)(i + 1);
  return true;
}

/* The last change of a key stands last, with those before it chained to it. */
static bool stage_keyed(store *s, const topic *t, table_state *state, change *c) {
  if (!grow_buckets(t, state)) return false;
  uint32_t *bucket = find_bucket(t, state, c);
  if (!list_add(&state->staged, &state->staged_count, &state->staged_capacity, c)) return false;
  if (*bucket) {
    c->earlier = state->staged[*bucket - 1];
    state->staged[*bucket - 1] = NULL;
    s->stats.superseded++;
  } else {
    state->live++;
  }
  *bucket = (uint32_t)state->staged_count;
  return true;
}

bool store_stage(store *s, change *c, error *err) {
  const topic *t = &s->topics->topics[c->topic];
  table_state *state = &s->tables[c->topic];
  c->earlier = NULL;
  if (c->op == CHANGE_REFUSED) return list_add(&state->refused, &state->refused_count, &state->refused_capacity, c) || error_nomem(err);
  if (state->staged_count >= UINT32_MAX - 1) return error_set(err, ERR_LIMIT, "a turn of topic %s has too many records", t->name);
  if (!t->append) return stage_keyed(s, t, state, c) || error_nomem(err);
  state->live++;
  return list_add(&state->staged, &state->staged_count, &state->staged_capacity, c) || error_nomem(err);
}

size_t store_staged(const store *s, int index) { return s->tables[index].live + s->tables[index].refused_count; }

static void forget(table_state *state) {
  if (state->staged_count && state->buckets) {
    if (state->bucket_count > KEPT_BUCKETS) {
      free(state->buckets);
      state->buckets = NULL;
      state->bucket_count = 0;
    } else {
      memset(state->buckets, 0, state->bucket_count * sizeof *state->buckets);
    }
  }
  state->staged_count = state->refused_count = state->live = 0;
}

void store_forget_staged(store *s) {
  for (int i = 0; i < s->topics->count; i++) forget(&s->tables[i]);
}

/* --- applying --- */

typedef enum outcome { APPLIED, NOT_FOUND, REFUSED, FAILED } outcome;

/* Values outlive the step, so nothing is copied. */
static void bind(sqlite3_stmt *stmt, int parameter, const value *v) {
  switch (v->type) {
    case VALUE_NULL: sqlite3_bind_null(stmt, parameter); break;
    case VALUE_INTEGER: sqlite3_bind_int64(stmt, parameter, v->i); break;
    case VALUE_REAL: sqlite3_bind_double(stmt, parameter, v->r); break;
    case VALUE_TEXT: sqlite3_bind_text(stmt, parameter, v->text, (int)v->bytes, SQLITE_STATIC); break;
    case VALUE_BLOB: sqlite3_bind_blob(stmt, parameter, v->text, (int)v->bytes, SQLITE_STATIC); break;
  }
}

static void bind_row(sqlite3_stmt *stmt, const topic *t, const value *values) {
  for (int i = 0; i < t->columns; i++) bind(stmt, i + 1, &values[i]);
}

/* Steps; a constraint leaves its reason on the connection, and nothing in the database (ABORT undoes the statement). */
static outcome step(sqlite3_stmt *stmt) {
  int rc = sqlite3_step(stmt);
  if (rc == SQLITE_DONE) {
    sqlite3_reset(stmt);
    return sqlite3_changes(sqlite3_db_handle(stmt)) ? APPLIED : NOT_FOUND;
  }
  return rc == SQLITE_CONSTRAINT ? REFUSED : FAILED; /* the caller reads the message, then resets */
}

static outcome insert_row(const table_state *state, const topic *t, const value *values) {
  bind_row(state->insert, t, values);
  return step(state->insert);
}

static outcome update_row(const table_state *state, const topic *t, const value *values) {
  bind_row(state->update, t, values);
  return step(state->update);
}

static bool key_exists(sqlite3 *db) {
  int code = sqlite3_extended_errcode(db);
  return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID;
}

/* UPDATE, then INSERT where no row changed; a run of new rows turns the order round, which is the same and saves a search. */
static outcome upsert_row(store *s, table_state *state, const topic *t, const value *values, sqlite3_stmt **failed) {
  if (state->expect_insert > 0) {
    outcome o = insert_row(state, t, values);
    *failed = state->insert;
    if (o != REFUSED || !key_exists(s->db)) return o;
    sqlite3_reset(state->insert);
    state->expect_insert = -EXPECT_INSERT_MOST;
    *failed = state->update;
    return update_row(state, t, values);
  }
  *failed = state->update;
  outcome o = update_row(state, t, values);
  if (o != NOT_FOUND) {
    if (o == APPLIED && state->expect_insert > -EXPECT_INSERT_MOST) state->expect_insert--;
    return o;
  }
  state->expect_insert++;
  *failed = state->insert;
  return insert_row(state, t, values);
}

static outcome apply_one(store *s, table_state *state, const topic *t, const change *c, sqlite3_stmt **failed) {
  if (t->append) {
    *failed = state->insert;
    s->stats.appends++;
    return insert_row(state, t, c->values);
  }
  if (c->op == CHANGE_UPSERT) {
    s->stats.upserts++;
    return upsert_row(s, state, t, c->values, failed);
  }
  assert(c->op == CHANGE_DELETE);
  *failed = state->delete_row;
  s->stats.deletes++;
  for (int i = 0; i < t->keys; i++) bind(state->delete_row, t->key[i] + 1, &c->values[t->key[i]]);
  outcome o = step(state->delete_row);
  return o == NOT_FOUND ? APPLIED : o;
}

/* The change becomes CHANGE_REFUSED and a dead letter. db holds the message. */
static bool refuse(store *s, change *c, sqlite3 *db, error *err) {
  char *reason = arena_printf(c->memory, "the table %s refuses it: %s", s->topics->topics[c->topic].table, sqlite3_errmsg(db));
  if (!reason || !list_add(&s->turned_down, &s->turned_down_count, &s->turned_down_capacity, c)) return error_nomem(err);
  c->op = CHANGE_REFUSED;
  c->reason = reason;
  return store_dead_letter(s, c->origin, reason, err);
}

void store_settle_refusals(store *s, bool committed) {
  for (size_t i = 0; i < s->turned_down_count && !committed; i++) {
    s->turned_down[i]->op = CHANGE_UPSERT; /* a constraint turns down nothing else */
    s->turned_down[i]->reason = NULL;
  }
  s->turned_down_count = 0;
}

/* Would the table have accepted it, had it not been superseded? */
static bool check_superseded(store *s, const topic *t, table_state *state, change *c, error *err) {
  if (c->op != CHANGE_UPSERT) return true;
  if (!s->checker_dirty) {
    if (sqlite3_exec(s->checker, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) return error_nomem(err);
    s->checker_dirty = true;
  }
  bind_row(state->check, t, c->values);
  outcome o = step(state->check);
  if (o == APPLIED) return true;
  bool done = o == REFUSED ? refuse(s, c, s->checker, err) : error_set(err, ERR_SQL, "checking a record: %s", sqlite3_errmsg(s->checker));
  sqlite3_reset(state->check);
  return done;
}

/* All changes of one key: the last that is accepted counts, the others only for what is wrong with them. */
static bool settle(store *s, const topic *t, table_state *state, change *last, error *err) {
  bool applied = false;
  for (change *c = last; c; c = c->earlier) {
    if (applied) {
      if (!check_superseded(s, t, state, c, err)) return false;
      continue;
    }
    sqlite3_stmt *failed = NULL;
    outcome o = apply_one(s, state, t, c, &failed);
    applied = o == APPLIED;
    if (applied) continue;
    bool done = o == REFUSED ? refuse(s, c, s->db, err) : store_sql_error(s, t->table, err);
    sqlite3_reset(failed);
    if (!done) return false;
  }
  return true;
}

static void clear_bindings(const table_state *state) {
  sqlite3_stmt *all[] = {state->update, state->insert, state->delete_row, state->check};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    if (all[i]) sqlite3_clear_bindings(all[i]);
}

bool store_apply(store *s, int topic_index, error *err) {
  assert(s->in_turn);
  const topic *t = &s->topics->topics[topic_index];
  table_state *state = &s->tables[topic_index];
  bool done = true;
  for (size_t i = 0; i < state->refused_count && done; i++)
    done = store_dead_letter(s, state->refused[i]->origin, state->refused[i]->reason, err);
  for (size_t i = 0; i < state->staged_count && done; i++)
    if (state->staged[i]) done = settle(s, t, state, state->staged[i], err);
  clear_bindings(state);
  if (s->checker_dirty) {
    sqlite3_exec(s->checker, "ROLLBACK", NULL, NULL, NULL);
    s->checker_dirty = false;
  }
  forget(state);
  return done;
}
