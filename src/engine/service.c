/* The engine as delivery sees it: model/service.h. */
#include "base/clock.h"
#include "engine/state.h"
#include "engine/views.h"
#include "source/ingest.h"

#include <stdlib.h>
#include <string.h>

/* --- catalog --- */

static char *get_views(void *ctx, error *err) { return engine_views_json(ctx, err); }

static char *get_view(void *ctx, const char *name, error *err) { return engine_view_json(ctx, name, err); }

static char *get_check(void *ctx, const char *name, const char *definition, error *err) { return engine_check_json(ctx, name, definition, err); }

static char *get_tables(void *ctx, error *err) { return engine_tables_json(ctx, err); }

static char *get_instances(void *ctx, error *err) { return engine_instances_json(ctx, err); }

static char *get_plan(void *ctx, const selection *s, error *err) {
  engine *e = ctx;
  target t = {0};
  buffer json = {0};
  pthread_mutex_lock(&e->describe_lock);
  bool done = target_resolve(e->catalog, e->describe, s, &t, err) && view_explain(e->describe, s->view, t.sql, STRATEGY_AUTO, &json, err);
  pthread_mutex_unlock(&e->describe_lock);
  target_free(&t);
  char *text = done ? buffer_take(&json) : NULL;
  if (done && !text) error_nomem(err);
  buffer_free(&json);
  return text;
}

typedef struct put_request {
  char *name, *definition, *if_match;
  bool create_only;
} put_request;

static void end_put(void *ctx, void *argument, const error *refused) {
  put_request *r = argument;
  free(r->name);
  free(r->definition);
  free(r->if_match);
  free(r);
}

static put_request *put_request_new(const char *name, const char *definition, const char *if_match, error *err) {
  put_request *r = calloc(1, sizeof *r);
  if (r) {
    r->name = strdup(name);
    r->definition = strdup(definition ? definition : "");
    r->if_match = strdup(if_match ? if_match : "");
    if (r->name && r->definition && r->if_match) return r;
    end_put(NULL, r, NULL);
  }
  error_nomem(err);
  return NULL;
}

static bool work_put(void *ctx, void *argument, char **answer, error *err) {
  put_request *r = argument;
  if (!engine_put_view(ctx, r->name, r->definition, r->if_match, r->create_only, err)) return false;
  *answer = engine_view_json(ctx, r->name, err);
  return *answer != NULL;
}

static char *put_view(void *ctx, const char *name, const char *definition, const char *if_match, bool create_only, error *err) {
  engine *e = ctx;
  put_request *r = put_request_new(name, definition, if_match, err);
  if (!r) return NULL;
  r->create_only = create_only;
  char *answer = NULL;
  return command_call(e->commands, work_put, end_put, r, e->options.command_ms, &answer, err) ? answer : NULL;
}

static bool work_delete(void *ctx, void *argument, char **answer, error *err) {
  return engine_delete_view(ctx, ((put_request *)argument)->name, err);
}

static bool delete_view(void *ctx, const char *name, error *err) {
  engine *e = ctx;
  put_request *r = put_request_new(name, NULL, NULL, err);
  return r && command_call(e->commands, work_delete, end_put, r, e->options.command_ms, NULL, err);
}

static bool work_drop(void *ctx, void *argument, char **answer, error *err) {
  engine *e = ctx;
  uint64_t id = *(uint64_t *)argument;
  if (!instances_by_id(&e->registry, id)) return error_set(err, ERR_NOT_FOUND, "there is no instance %llu", (unsigned long long)id);
  return engine_end_instances(e, &id, 1, err);
}

static void end_drop(void *ctx, void *argument, const error *refused) { free(argument); }

static bool drop_instance(void *ctx, uint64_t id, error *err) {
  engine *e = ctx;
  uint64_t *argument = malloc(sizeof *argument);
  if (!argument) return error_nomem(err);
  *argument = id;
  return command_call(e->commands, work_drop, end_drop, argument, e->options.command_ms, NULL, err);
}

/* --- reading --- */

static sqlite3 *open_reader(void *ctx, error *err) {
  engine *e = ctx;
  sqlite3 *db = store_open_reader(store_path(e->store), err);
  if (db && view_functions_register(db, err)) return db;
  sqlite3_close_v2(db);
  return NULL;
}

static instance_info *copy_info(const instance_info *info, uint64_t version, error *err) {
  instance_info *copy = malloc(sizeof *copy);
  if (!copy) {
    error_nomem(err);
    return NULL;
  }
  *copy = *info;
  copy->version = version;
  copy->selection_json = strdup(info->selection_json);
  copy->column = calloc((size_t)info->columns + 1, sizeof *copy->column);
  copy->key = calloc((size_t)info->keys + 1, sizeof *copy->key);
  if (copy->selection_json && copy->column && copy->key) {
    if (info->columns) memcpy(copy->column, info->column, (size_t)info->columns * sizeof *copy->column);
    if (info->keys) memcpy(copy->key, info->key, (size_t)info->keys * sizeof *copy->key);
    return copy;
  }
  instance_info_free(copy);
  error_nomem(err);
  return NULL;
}

/* The alive instance's SELECT and description; NULL with *info NULL where it is not alive. */
static char *alive_rows(engine *e, const target *t, instance_info **info, error *err) {
  char *sql = NULL;
  pthread_mutex_lock(&e->registry.lock);
  const instance *i = instances_by_target(&e->registry, t);
  if (i && (*info = copy_info(i->info, e->version, err))) sql = strdup(i->rows_sql);
  pthread_mutex_unlock(&e->registry.lock);
  return sql;
}

static char *rows_sql(void *ctx, const selection *s, instance_info **info, error *err) {
  engine *e = ctx;
  target t = {0};
  char *sql = NULL;
  *info = NULL;
  pthread_mutex_lock(&e->describe_lock);
  if (target_resolve(e->catalog, e->describe, s, &t, err)) {
    error_clear(err);
    sql = alive_rows(e, &t, info, err);
    if (!sql && err->code == ERR_NONE && (*info = target_describe(&t, e->describe, err)) && !(sql = strdup(t.sql))) error_nomem(err);
  }
  pthread_mutex_unlock(&e->describe_lock);
  target_free(&t);
  if (sql) return sql;
  instance_info_free(*info);
  *info = NULL;
  return NULL;
}

static uint64_t get_version(void *ctx) { return ((engine *)ctx)->version; }

static const char *live_database(void *ctx) { return store_path(((engine *)ctx)->store); }

/* --- following --- */

typedef struct acquire_request {
  char *view, *params, *filter;
  instance_callback done;
  void *done_ctx;
} acquire_request;

static void free_acquire(acquire_request *r) {
  if (!r) return;
  free(r->view);
  free(r->params);
  free(r->filter);
  free(r);
}

static void end_acquire(void *ctx, void *argument, const error *refused) {
  acquire_request *r = argument;
  if (refused) r->done(r->done_ctx, NULL, refused);
  free_acquire(r);
}

static instance_info *hold(engine *e, const selection *s, error *err) {
  target t = {0};
  instance *i = target_resolve(e->catalog, e->db, s, &t, err) ? engine_instance(e, &t, err) : NULL;
  target_free(&t);
  instance_info *info = i ? copy_info(i->info, e->version, err) : NULL;
  if (!info) return NULL;
  pthread_mutex_lock(&e->registry.lock);
  i->references++;
  pthread_mutex_unlock(&e->registry.lock);
  if (!i->watched) view_set_watch(e->views, i->id, i->watched = true);
  return info;
}

static bool work_acquire(void *ctx, void *argument, char **answer, error *err) {
  acquire_request *r = argument;
  selection s = {.view = r->view, .params_json = r->params, .filter = r->filter};
  instance_info *info = hold(ctx, &s, err);
  r->done(r->done_ctx, info, info ? NULL : err);
  return info != NULL;
}

static void acquire(void *ctx, const selection *s, instance_callback done, void *done_ctx) {
  engine *e = ctx;
  error err = {0};
  acquire_request *r = calloc(1, sizeof *r);
  if (r) {
    r->view = strdup(s->view ? s->view : "");
    r->params = strdup(s->params_json ? s->params_json : "");
    r->filter = strdup(s->filter ? s->filter : "");
    r->done = done;
    r->done_ctx = done_ctx;
  }
  if (!r || !r->view || !r->params || !r->filter)
    error_nomem(&err);
  else if (command_post(e->commands, work_acquire, end_acquire, r, &err))
    return;
  free_acquire(r);
  done(done_ctx, NULL, &err); /* the queue is full or closed: there is no turn to wait for */
}

static void release(void *ctx, uint64_t id) {
  engine *e = ctx;
  pthread_mutex_lock(&e->registry.lock);
  instance *i = instances_by_id(&e->registry, id);
  if (i && i->references > 0 && --i->references == 0) i->idle_since_ms = clock_monotonic_ms();
  pthread_mutex_unlock(&e->registry.lock);
}

static void subscribe_turns(void *ctx, turn_sink sink, void *sink_ctx) {
  engine *e = ctx;
  e->sink = sink;
  e->sink_ctx = sink_ctx;
}

/* --- writing --- */

static bool prepare_ingest(void *ctx, batch *b) {
  engine *e = ctx;
  pthread_mutex_lock(&e->ingest_lock);
  bool done = decode_batch(e->ingest_decoder, b);
  pthread_mutex_unlock(&e->ingest_lock);
  return done;
}

static bool ingest(void *ctx, const char *table, char op, const char *body, size_t bytes, uint64_t *version, uint32_t *records, error *err) {
  engine *e = ctx;
  ingest_request request = {.topics = e->topics, .table = table, .op = op, .body = body, .bytes = bytes, .inbox = e->inbox,
                            .prepare = prepare_ingest, .prepare_ctx = e, .timeout_ms = e->options.command_ms};
  ingest_result result = {0};
  bool done = ingest_submit(&request, &result, err);
  *version = result.version;
  *records = result.records - result.refused;
  return done;
}

const service *engine_service(engine *e) { return &e->service; }

void engine_fill_service(engine *e) {
  e->service = (service){
    .ctx = e,
    .views = get_views,
    .view = get_view,
    .plan = get_plan,
    .view_check = get_check,
    .view_put = put_view,
    .view_delete = delete_view,
    .tables = get_tables,
    .instances = get_instances,
    .instance_drop = drop_instance,
    .reader_open = open_reader,
    .rows_sql = rows_sql,
    .version = get_version,
    .live_database = live_database,
    .ready = engine_ready,
    .acquire = acquire,
    .release = release,
    .subscribe_turns = subscribe_turns,
    .ingest = ingest,
    .metrics = engine_metrics,
    .status_json = engine_status_json,
  };
}
