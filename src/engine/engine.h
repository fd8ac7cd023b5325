/* The engine: one thread that owns the live database's writing connection, the maintained views and what happens in a turn.
**
** A turn: drain the inbox up to a bound → one transaction: the records (the last per key), the clock, retention, the views
** brought up to date, offsets, version + 1 → commit → answer the sources, hand the turn to the sink. Whatever fails rolls all
** of it back; the records are then tried again in halves until the one that cannot be applied stands alone and becomes a dead
** letter (turn.c). Between turns the commands of other threads run: acquire, view_put, … (command.h).
**
** engine_open makes everything ready to read (topics, live database, views, eager instances); engine_start starts the thread
** and the Kafka source. engine_stop drains: the source first, then what is in the inbox, then the thread; engine_free after
** whoever uses the service has ended. Thread: these four by one thread; the service's functions as model/service.h says.
*/
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "model/service.h"

#include <stdint.h>

typedef struct engine engine;

typedef struct engine_options {
  const char *sql_dir, *views_dir;
  const char *live_db;        /* path of the live database */
  bool fresh;                 /* throw away what an earlier process left there */
  bool strict;                /* a view that is wrong at the start is an error, not a warning */
  const char *brokers;        /* NULL = no Kafka */
  const char *const *kafka_properties; /* "name=value" */
  size_t kafka_property_count;

  /* bounds of a turn */
  int64_t turn_records;
  int64_t turn_bytes;
  int turn_ms;                /* how long a turn goes on collecting while more keeps coming */
  /* bounds of the inbox, between the sources and the engine */
  int64_t inbox_batches, inbox_bytes;

  int64_t instances;          /* most instances alive */
  int64_t instance_rows;      /* a new instance with more rows is refused */
  int instance_grace_ms;      /* an instance is dropped so long after its last release */
  int command_ms;             /* how long a waiting caller waits */
  int rerun_percent;          /* share of the engine's time that rerun views may take */
  int reload_ms;              /* how often the views' folder is looked at; 0 = never */
  int audit_ms;               /* pause of the audit between two instances; 0 = no audit */
  int64_t cache_bytes;        /* page cache of the writing connection */
} engine_options;

/* Everything but the folders and the path. */
engine_options engine_defaults(void);

engine *engine_open(const engine_options *options, error *err) MUST_USE; /* the options' texts are copied */
bool engine_start(engine *e, error *err) MUST_USE;
void engine_stop(engine *e); /* may be called twice, and without a start */
void engine_free(engine *e); /* stops; NULL is allowed */

const service *engine_service(engine *e); /* valid until engine_free */

#endif
