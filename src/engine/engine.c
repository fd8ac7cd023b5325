#include "base/clock.h"
#include "base/log.h"
#include "engine/audit.h"
#include "engine/state.h"
#include "engine/views.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

engine_options engine_defaults(void) {
  return (engine_options){
    .turn_records = 100000,
    .turn_bytes = 64 << 20,
    .turn_ms = 20,
    .inbox_batches = 256,
    .inbox_bytes = 64 << 20,
    .instances = 10000,
    .instance_rows = 5000000,
    .instance_grace_ms = 60000,
    .command_ms = 30000,
    .rerun_percent = 20,
    .reload_ms = 1000,
    .audit_ms = 5000,
    .cache_bytes = 256 << 20,
  };
}

static void wake(void *ctx) { queue_wake(((engine *)ctx)->inbox); }

/* --- opening --- */

static bool copy_options(engine *e, const engine_options *o, error *err) {
  e->options = *o;
  const char **texts[] = {&e->options.sql_dir, &e->options.views_dir, &e->options.live_db, &e->options.brokers};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (*texts[i] && !(*texts[i] = arena_strdup(&e->memory, *texts[i]))) return error_nomem(err);
  const char **properties = arena_alloc(&e->memory, sizeof *properties * (o->kafka_property_count + 1));
  if (!properties) return error_nomem(err);
  for (size_t i = 0; i < o->kafka_property_count; i++)
    if (!(properties[i] = arena_strdup(&e->memory, o->kafka_properties[i]))) return error_nomem(err);
  e->options.kafka_properties = properties;
  return true;
}

bool engine_drop_results(engine *e, error *err) {
  buffer drops = {0};
  sqlite3_stmt *stmt = NULL;
  bool done = sqlite3_prepare_v2(e->db, "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name GLOB 'vs_r[0-9]*'", -1, &stmt, NULL) == SQLITE_OK;
  while (done && sqlite3_step(stmt) == SQLITE_ROW) buffer_printf(&drops, "DROP TABLE main.\"%s\";", (const char *)sqlite3_column_text(stmt, 0));
  sqlite3_finalize(stmt);
  done = done && !drops.failed && sqlite3_exec(e->db, buffer_text(&drops), NULL, NULL, NULL) == SQLITE_OK;
  buffer_free(&drops);
  return done ? true : error_set(err, ERR_SQL, "the results of an earlier run cannot be dropped: %s", sqlite3_errmsg(e->db));
}

/* Result tables that an earlier process left: their state in memory is gone, so they are made anew. */
static bool clear_results(engine *e, error *err) {
  if (!store_begin(e->store, err)) return false;
  if (engine_drop_results(e, err) && store_commit(e->store, e->version, err)) return true;
  store_rollback(e->store);
  return false;
}

static bool open_store(engine *e, error *err) {
  store_options options = {.path = e->options.live_db, .topics = e->topics, .fresh = e->options.fresh, .cache_bytes = e->options.cache_bytes};
  e->store = store_open(&options, err);
  if (!e->store) return false;
  e->db = store_connection(e->store);
  e->version = store_version(e->store);
  if (!view_functions_register(e->db, err) || !clear_results(e, err)) return false;
  view_set_options views = {.schema = "main", .capture = CAPTURE_TRIGGERS, .rerun_budget_percent = e->options.rerun_percent};
  e->views = view_set_new(e->db, &views, err);
  return e->views != NULL;
}

/* Makes our own tables, and takes away the views that an earlier process left. */
static bool prepare_schema(engine *e, error *err) {
  if (!engine_begin(e, err)) return false;
  if (engine_prepare_instances(e, err) && view_catalog_prepare(e->catalog, e->db, err)) return engine_commit(e, err);
  engine_rollback(e);
  return false;
}

static bool make_parts(engine *e, error *err) {
  e->inbox = queue_new((size_t)e->options.inbox_batches, (size_t)e->options.inbox_bytes);
  e->commands = command_queue_new(e, wake);
  e->catalog = view_catalog_new(engine_inspect_view, e);
  e->kafka_decoder = decoder_new(e->topics);
  e->ingest_decoder = decoder_new(e->topics);
  e->counts = calloc((size_t)e->topics->count + 1, sizeof *e->counts);
  return e->counts && e->inbox && e->commands && e->catalog && e->kafka_decoder && e->ingest_decoder ? true : error_nomem(err);
}

static bool open_all(engine *e, const engine_options *options, error *err) {
  return copy_options(e, options, err) && (e->topics = topic_catalog_load(e->options.sql_dir, err)) &&
         (e->folder = view_folder_open(e->options.views_dir, err)) && make_parts(e, err) && open_store(e, err) && prepare_schema(e, err) &&
         (e->describe = e->service.reader_open(e, err)) && engine_load_views(e, err);
}

engine *engine_open(const engine_options *options, error *err) {
  engine *e = calloc(1, sizeof *e);
  if (!e) {
    error_nomem(err);
    return NULL;
  }
  e->started_ms = clock_unix_ms();
  instances_init(&e->registry);
  pthread_mutex_init(&e->ingest_lock, NULL);
  pthread_mutex_init(&e->describe_lock, NULL);
  pthread_mutex_init(&e->alarm_lock, NULL);
  engine_fill_service(e);
  if (open_all(e, options, err)) return e;
  engine_free(e);
  return NULL;
}

/* --- running --- */

static int64_t file_bytes(const char *path) {
  struct stat st;
  return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

static void keep_house(engine *e) {
  engine_end_marked(e);
  engine_expire_instances(e);
  store_wal wal = {0};
  error err = {0};
  if (!store_checkpoint(e->store, &wal, &err)) log_warn("live_database=%s: no checkpoint: %s", store_path(e->store), err.text);
  atomic_store(&e->metrics.wal_bytes, wal.bytes);
  atomic_store(&e->metrics.wal_blocked_ms, wal.blocked ? wal.blocked_ms : 0);
  atomic_store(&e->metrics.live_db_bytes, file_bytes(store_path(e->store)));
  int64_t now = clock_monotonic_ms();
  if (e->options.reload_ms > 0 && now >= e->next_reload_ms) {
    engine_reload_views(e);
    e->next_reload_ms = now + e->options.reload_ms;
  }
}

/* How long the engine may wait for records. */
static int wait_ms(const engine *e) {
  int64_t now = clock_monotonic_ms(), until = e->next_tick_ms;
  if (e->trouble.active && e->trouble.retry_at_ms < until) until = e->trouble.retry_at_ms;
  return until > now ? (int)(until - now) : 0;
}

/* A turn that failed is to be tried again: wait, but go on answering commands. */
static void wait_in_trouble(engine *e) {
  struct timespec pause = {.tv_nsec = 10 * 1000000};
  int ms = wait_ms(e);
  if (e->trouble.active && ms > 0) nanosleep(&pause, NULL);
}

static void *run(void *ctx) {
  engine *e = ctx;
  bool open = true;
  while (open && !(atomic_load(&e->stopping) && e->trouble.active)) {
    command_run_some(e->commands, COMMANDS_SLICE_MS);
    if (e->trouble.active && e->pending.count)
      wait_in_trouble(e);
    else
      open = engine_collect(e, wait_ms(e)) || e->pending.count;
    bool tick = clock_monotonic_ms() >= e->next_tick_ms;
    engine_turn(e, tick && open);
    if (!tick) continue;
    e->next_tick_ms = clock_monotonic_ms() + TICK_MS - clock_unix_ms() % TICK_MS;
    keep_house(e);
  }
  command_queue_close(e->commands);
  return NULL;
}

static bool start_kafka(engine *e, error *err) {
  if (!e->options.brokers) return true;
  size_t count = 0;
  error_clear(err);
  stream_position *positions = store_positions(e->store, &count, err);
  if (!positions && err->code != ERR_NONE) return false;
  kafka_options options = {.topics = e->topics, .brokers = e->options.brokers, .properties = e->options.kafka_properties,
                           .property_count = e->options.kafka_property_count, .positions = positions, .position_count = count,
                           .inbox = e->inbox, .prepare = decode_batch, .prepare_ctx = e->kafka_decoder};
  e->kafka = kafka_source_start(&options, err);
  free(positions);
  return e->kafka != NULL;
}

bool engine_start(engine *e, error *err) {
  if (!start_kafka(e, err)) return false;
  if (pthread_create(&e->thread, NULL, run, e)) return error_set(err, ERR_IO, "the engine's thread cannot be started");
  e->started = true;
  if (e->options.audit_ms > 0) e->audit = audit_start(e, e->options.audit_ms, err);
  return e->options.audit_ms <= 0 || e->audit;
}

void engine_stop(engine *e) {
  if (e->stopped) return;
  e->stopped = true;
  audit_stop(e->audit);
  e->audit = NULL;
  if (e->kafka) kafka_source_stop(e->kafka);
  atomic_store(&e->stopping, true);
  if (e->inbox) queue_close(e->inbox);
  if (e->started) pthread_join(e->thread, NULL);
}

static void drop_batch(void *item) { batch_done(item, NULL); }

void engine_free(engine *e) {
  if (!e) return;
  engine_stop(e);
  engine_answer_pending(e, true);
  if (e->inbox) {
    queue_close(e->inbox);
    queue_free(e->inbox, drop_batch);
  }
  if (e->kafka) kafka_source_free(e->kafka);
  command_queue_free(e->commands);
  instances_free(&e->registry);
  view_catalog_free(e->catalog);
  view_folder_close(e->folder);
  sqlite3_close_v2(e->describe);
  view_set_free(e->views);
  store_close(e->store);
  decoder_free(e->kafka_decoder);
  decoder_free(e->ingest_decoder);
  topic_catalog_free(e->topics);
  free(e->counts);
  free(e->pending.batches);
  free(e->pending.changes);
  pthread_mutex_destroy(&e->ingest_lock);
  pthread_mutex_destroy(&e->describe_lock);
  pthread_mutex_destroy(&e->alarm_lock);
  arena_free(&e->memory);
  free(e);
}
