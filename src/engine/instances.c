#include "engine/instances.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DROP_BATCH = 64 };

void instances_init(instance_registry *r) { pthread_mutex_init(&r->lock, NULL); }

static void instance_free(instance *i) {
  if (!i) return;
  target_free(&i->target);
  instance_info_free(i->info);
  free(i->rows_sql);
  free(i);
}

void instances_free(instance_registry *r) {
  for (int i = 0; i < r->count; i++) instance_free(r->items[i]);
  free(r->items);
  pthread_mutex_destroy(&r->lock);
}

instance *instances_by_id(instance_registry *r, uint64_t id) {
  for (int i = 0; i < r->count; i++)
    if (r->items[i]->id == id) return r->items[i];
  return NULL;
}

instance *instances_by_target(instance_registry *r, const target *t) {
  for (int i = 0; i < r->count; i++) {
    const target *have = &r->items[i]->target;
    if (!r->items[i]->ending && have->view == t->view && !strcmp(have->selection, t->selection) && !strcmp(have->filter, t->filter)) return r->items[i];
  }
  return NULL;
}

static bool enlist(instance_registry *r, instance *i) {
  pthread_mutex_lock(&r->lock);
  if (r->count == r->capacity) {
    int capacity = r->capacity ? r->capacity * 2 : 32;
    instance **more = realloc(r->items, sizeof *more * (size_t)capacity);
    if (more) {
      r->items = more;
      r->capacity = capacity;
    }
  }
  bool room = r->count < r->capacity;
  if (room) r->items[r->count++] = i;
  pthread_mutex_unlock(&r->lock);
  return room;
}

/* --- making --- */

static bool describe(engine *e, instance *i, error *err) {
  if (!view_set_info(e->views, i->id, &i->info, err)) return false;
  free(i->info->selection_json);
  i->info->selection_json = strdup(i->target.selection);
  snprintf(i->info->view, sizeof i->info->view, "%s", i->target.view->definition->name);
  i->info->version = e->version;
  buffer sql = {0};
  bool done = view_set_rows_sql(e->views, i->id, &sql);
  i->rows_sql = buffer_take(&sql);
  if (!done || !i->rows_sql || !i->info->selection_json) return error_nomem(err);
  return target_key(&i->target, i->info, err);
}

static bool within_bounds(engine *e, const instance *i, error *err) {
  view_stats stats = {0};
  if (!view_set_stats(e->views, i->id, &stats) || stats.rows <= e->options.instance_rows) return true;
  error_set(err, ERR_LIMIT, "the selection of view %s has %lld rows, more than the %lld that an instance may have", i->target.view->definition->name,
            (long long)stats.rows, (long long)e->options.instance_rows);
  return error_hint(err, "choose fewer rows by parameters, group_by or filter, or raise --instance-rows");
}

/* Its SQL view shows the rows of a living default instance, where no other view reads it. */
static bool show(engine *e, instance *i, error *err) {
  if (!i->target.is_default) return true;
  return view_catalog_show_rows(e->catalog, e->db, i->target.view->definition->name, i->rows_sql, &i->showing, err);
}

/* Inside a transaction. */
static bool build(engine *e, instance *i, error *err) {
  return view_set_add(e->views, i->target.view->definition->name, i->target.sql, NULL, 0, STRATEGY_AUTO, &i->id, err) && describe(e, i, err) &&
         within_bounds(e, i, err) && show(e, i, err);
}

instance *engine_instance(engine *e, target *t, error *err) {
  instance *i = instances_by_target(&e->registry, t);
  if (i) return i;
  if (e->registry.count >= e->options.instances) {
    error_set(err, ERR_LIMIT, "%lld instances are alive, the most that there may be", (long long)e->options.instances);
    error_hint(err, "unsubscribe from some, or raise --instances");
    return NULL;
  }
  i = calloc(1, sizeof *i);
  if (!i) {
    error_nomem(err);
    return NULL;
  }
  i->target = *t;
  memset(t, 0, sizeof *t);
  i->idle_since_ms = clock_monotonic_ms();
  i->written_references = -1;
  bool done = engine_begin(e, err);
  if (done && !build(e, i, err)) {
    if (i->id) view_set_remove(e->views, i->id); /* the set would go on keeping it otherwise */
    engine_rollback(e);
    done = false;
  }
  if (done && engine_commit(e, err) && enlist(&e->registry, i)) {
    atomic_fetch_add(&e->metrics.instances_made, 1);
    log_debug("view=%s instance=%llu strategy=%s: made for %s", i->info->view, (unsigned long long)i->id, i->info->strategy, i->target.selection);
    return i;
  }
  instance_free(i);
  return NULL;
}

/* --- dropping --- */

static bool forget_rows(engine *e, const uint64_t *ids, int count, error *err) {
  sqlite3_stmt *stmt = NULL;
  bool done = sqlite3_prepare_v2(e->db, "DELETE FROM main.vs_instance WHERE id = ?", -1, &stmt, NULL) == SQLITE_OK;
  for (int k = 0; done && k < count; k++) {
    sqlite3_bind_int64(stmt, 1, (int64_t)ids[k]);
    done = sqlite3_step(stmt) == SQLITE_DONE;
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
  return done ? true : error_set(err, ERR_SQL, "vs_instance cannot be written: %s", sqlite3_errmsg(e->db));
}

bool engine_remove_instances(engine *e, const uint64_t *ids, int count, error *err) {
  for (int k = 0; k < count; k++) {
    instance *i = instances_by_id(&e->registry, ids[k]);
    if (!i) continue;
    bool shown;
    if (i->showing && !view_catalog_show_rows(e->catalog, e->db, i->target.view->definition->name, NULL, &shown, err)) return false;
    view_set_remove(e->views, i->id);
  }
  return forget_rows(e, ids, count, err);
}

void instances_forget(engine *e, const uint64_t *ids, int count) {
  instance_registry *r = &e->registry;
  pthread_mutex_lock(&r->lock);
  for (int k = 0; k < count; k++)
    for (int i = 0; i < r->count; i++) {
      if (r->items[i]->id != ids[k]) continue;
      instance_free(r->items[i]);
      r->items[i] = r->items[--r->count];
      atomic_fetch_add(&e->metrics.instances_dropped, 1);
      break;
    }
  pthread_mutex_unlock(&r->lock);
}

bool engine_drop_instances(engine *e, const uint64_t *ids, int count, error *err) {
  if (!engine_begin(e, err)) return false;
  if (!engine_remove_instances(e, ids, count, err)) {
    engine_rollback(e);
    return false;
  }
  if (!engine_commit(e, err)) return false;
  instances_forget(e, ids, count);
  return true;
}

void engine_expire_instances(engine *e) {
  uint64_t ids[DROP_BATCH];
  int n = 0;
  int64_t now = clock_monotonic_ms();
  pthread_mutex_lock(&e->registry.lock);
  for (int k = 0; k < e->registry.count && n < DROP_BATCH; k++) {
    instance *i = e->registry.items[k];
    if (i->references > 0 || i->ending) continue;
    if (i->watched) view_set_watch(e->views, i->id, i->watched = false);
    if (!i->standing && now - i->idle_since_ms >= e->options.instance_grace_ms) ids[n++] = i->id;
  }
  pthread_mutex_unlock(&e->registry.lock);
  error err = {0};
  if (n && !engine_drop_instances(e, ids, n, &err)) log_warn("instances=%d: not dropped yet: %s", n, err.text);
}

void engine_end_marked(engine *e) {
  uint64_t *ids = malloc(sizeof *ids * (size_t)(e->registry.count + 1));
  int n = 0;
  for (int k = 0; ids && k < e->registry.count; k++)
    if (e->registry.items[k]->ending) ids[n++] = e->registry.items[k]->id;
  error err = {0};
  if (n && !engine_end_instances(e, ids, n, &err)) log_warn("instances=%d: of views that were replaced, not ended yet: %s", n, err.text);
  free(ids);
}

/* --- standing instances --- */

static void make_standing(engine *e, catalog_view *v) {
  error err = {0};
  target t = {0};
  selection s = {.view = v->definition->name};
  instance *i = target_resolve(e->catalog, e->db, &s, &t, &err) ? engine_instance(e, &t, &err) : NULL;
  target_free(&t);
  if (i) {
    i->standing = true;
    return;
  }
  char text[1500];
  log_error("view=%s: cannot be kept alive as @eager asks: %s", v->definition->name, error_format(&err, text, sizeof text));
}

/* After views were made anew every SQL view is its definition again. */
static void show_again(engine *e, instance *i) {
  error err = {0};
  bool done = engine_begin(e, &err);
  if (done && show(e, i, &err) && engine_commit(e, &err)) return;
  if (done) engine_rollback(e);
  i->showing = false;
  log_warn("view=%s: shows its definition, not the rows of its instance: %s", i->info->view, err.text);
}

void engine_make_standing(engine *e) {
  int count = 0;
  catalog_view **all = view_catalog_all(e->catalog, &count);
  for (int i = 0; i < count; i++) {
    if (all[i]->definition->eager && view_definition_has_defaults(all[i]->definition)) make_standing(e, all[i]);
    catalog_view_unref(all[i]);
  }
  free(all);
  for (int k = 0; k < e->registry.count; k++)
    if (e->registry.items[k]->target.is_default && !e->registry.items[k]->showing && !e->registry.items[k]->ending) show_again(e, e->registry.items[k]);
}

/* --- vs_instance --- */

bool engine_prepare_instances(engine *e, error *err) {
  static const char sql[] = "CREATE TABLE IF NOT EXISTS main.vs_instance(id INTEGER PRIMARY KEY, view TEXT, params TEXT, filter TEXT, strategy TEXT, "
                            "result_table TEXT, rows INTEGER, version INTEGER, subscribers INTEGER, turns INTEGER, deltas INTEGER, cost_ns INTEGER, "
                            "state_bytes INTEGER); DELETE FROM main.vs_instance";
  if (sqlite3_exec(e->db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
  return error_set(err, ERR_SQL, "vs_instance cannot be made: %s", sqlite3_errmsg(e->db));
}

static bool put_row(sqlite3_stmt *stmt, const instance *i, uint64_t version) {
  const char *const texts[] = {i->info->view, i->target.selection, i->target.filter, i->info->strategy, i->info->table};
  const int64_t numbers[] = {i->stats.rows, (int64_t)version, i->references, (int64_t)i->stats.turns, (int64_t)i->stats.deltas, i->stats.total_ns, i->stats.state_bytes};
  sqlite3_bind_int64(stmt, 1, (int64_t)i->id);
  int at = 2;
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) sqlite3_bind_text(stmt, at++, texts[k], -1, SQLITE_STATIC);
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) sqlite3_bind_int64(stmt, at++, numbers[k]);
  bool done = sqlite3_step(stmt) == SQLITE_DONE;
  return sqlite3_reset(stmt) == SQLITE_OK && done;
}

static bool is_written(const instance *i) {
  const view_stats *a = &i->stats, *b = &i->written;
  return i->written_references == i->references && a->rows == b->rows && a->turns == b->turns && a->deltas == b->deltas && a->state_bytes == b->state_bytes;
}

/* With the lock held. */
static bool write_changed(engine *e, sqlite3_stmt *stmt, int64_t *state_bytes) {
  bool done = true;
  for (int k = 0; done && k < e->registry.count; k++) {
    instance *i = e->registry.items[k];
    view_set_stats(e->views, i->id, &i->stats);
    *state_bytes += i->stats.state_bytes;
    if (!e->registry.rewrite && is_written(i)) continue;
    done = put_row(stmt, i, e->version + 1);
    i->written = i->stats;
    i->written_references = i->references;
  }
  return done;
}

bool engine_write_instances(engine *e, error *err) {
  sqlite3_stmt *stmt = NULL;
  int64_t state = 0;
  bool done = (!e->registry.rewrite || sqlite3_exec(e->db, "DELETE FROM main.vs_instance", NULL, NULL, NULL) == SQLITE_OK) &&
              sqlite3_prepare_v2(e->db, "REPLACE INTO main.vs_instance VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &stmt, NULL) == SQLITE_OK;
  pthread_mutex_lock(&e->registry.lock);
  done = done && write_changed(e, stmt, &state);
  if (done) e->registry.rewrite = false;
  atomic_store(&e->metrics.instances, e->registry.count);
  pthread_mutex_unlock(&e->registry.lock);
  atomic_store(&e->metrics.state_bytes, state);
  sqlite3_finalize(stmt);
  return done ? true : error_set(err, ERR_SQL, "vs_instance cannot be written: %s", sqlite3_errmsg(e->db));
}
