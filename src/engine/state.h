/* What the engine holds. Only files of this folder include it.
**
** Members without a mark are the engine thread's alone once it runs; (lock) means under `registry.lock`; atomics are
** written by the engine thread and read by any; what is set before engine_start and never after may be read by any.
*/
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "base/queue.h"
#include "catalog/catalog.h"
#include "catalog/folder.h"
#include "catalog/topic.h"
#include "decode/decode.h"
#include "engine/command.h"
#include "engine/engine.h"
#include "engine/instances.h"
#include "engine/metrics.h"
#include "source/kafka.h"
#include "store/reader.h"
#include "store/store.h"
#include "view/view.h"

#include <pthread.h>

enum {
  TICK_MS = 1000,                /* the clock, and what is done once in a while */
  COMMANDS_SLICE_MS = 50,        /* commands between two turns */
  MAX_POISON_PER_TURN = 1000,    /* records set aside because a turn failed on them; more means that the fault is elsewhere */
  RETRY_FIRST_MS = 50, RETRY_LAST_MS = 2000,
  FAILURE_LOG_MS = 10000,        /* a failure that goes on is logged so often */
};

/* Batches that were taken from the inbox and are not answered yet. */
typedef struct pending {
  batch **batches;
  int count, capacity;
  change **changes; /* of all of them, in arrival order */
  size_t changes_count, changes_capacity;
  size_t applied;   /* of the changes: committed already, by a part of the turn */
  size_t bytes;
  int64_t received_us;
} pending;

/* A turn that failed is tried again after a pause. */
typedef struct trouble {
  bool active;
  bool tick_owed;   /* the clock's turn is among what has to be tried again */
  int64_t retry_at_ms, pause_ms, logged_at_ms;
  int poison;       /* records set aside since the last turn that was committed as a whole */
} trouble;

typedef struct topic_counts {
  atomic_uint_fast64_t records, refused; /* committed; of them dead letters */
} topic_counts;

struct engine {
  engine_options options;
  arena memory; /* the options' texts */
  topic_catalog *topics;
  store *store;
  sqlite3 *db;
  view_set *views;
  view_catalog *catalog;
  view_folder *folder;
  instance_registry registry;
  command_queue *commands;
  queue *inbox;
  decoder *kafka_decoder;   /* the Kafka thread's */
  decoder *ingest_decoder;  /* (ingest_lock) */
  pthread_mutex_t ingest_lock;
  kafka_source *kafka;
  service service;

  pthread_t thread;
  bool started, stopped;
  atomic_bool stopping;

  turn_sink sink;
  void *sink_ctx;
  pending pending;
  trouble trouble;
  bool standing_due; /* @eager instances are to be made again */
  int64_t next_tick_ms, next_reload_ms;

  pthread_mutex_t describe_lock;
  sqlite3 *describe; /* (describe_lock) a reader, to look at selections that are not alive */

  atomic_uint_fast64_t version;
  pthread_mutex_t alarm_lock;
  char alarm[400];   /* (alarm_lock) why turns fail at present, or "" */
  int64_t started_ms;
  metrics metrics;
  topic_counts *counts; /* one per topic */
  struct audit *audit;
};

/* turn.c */
bool engine_collect(engine *e, int wait_ms); /* takes batches from the inbox; false: it is closed and empty */
void engine_turn(engine *e, bool tick);      /* applies what is pending */
/* Commits changes that are no records (views made or ended) as a turn of their own; ended: instances that are gone. */
bool engine_publish_ended(engine *e, const uint64_t *ended, int count, error *err) MUST_USE;
/* Ends instances, so that their followers know, in a turn of its own. */
bool engine_end_instances(engine *e, const uint64_t *ids, int count, error *err) MUST_USE;
/* Where a rollback made the views' state void: ends all instances. engine_begin does it first. */
bool engine_recover(engine *e, error *err) MUST_USE;
void engine_answer_pending(engine *e, bool dropped);
void engine_alarm(engine *e, const char *text); /* "" = all is well */

/* A transaction that changes no version: makes or drops instances and views. */
bool engine_begin(engine *e, error *err) MUST_USE;
bool engine_commit(engine *e, error *err) MUST_USE; /* rolls back when it fails */
void engine_rollback(engine *e);

/* engine.c */
bool engine_drop_results(engine *e, error *err) MUST_USE; /* every result table there is; inside a transaction */

/* service.c */
void engine_fill_service(engine *e);
/* service_json.c: the texts of the service, ready to send; NULL on failure */
char *engine_views_json(engine *e, error *err);
char *engine_view_json(engine *e, const char *name, error *err);
char *engine_check_json(engine *e, const char *name, const char *definition, error *err);
char *engine_tables_json(engine *e, error *err);
char *engine_instances_json(engine *e, error *err);
void engine_status_json(void *ctx, buffer *out);
bool engine_ready(void *ctx, char *why, size_t size);
/* service_metrics.c */
void engine_metrics(void *ctx, buffer *out);

#endif
