/* The instances that are alive: a view in one selection each, shared by all who follow it.
**
** The engine thread makes and drops them, inside a transaction of the live database. Other threads look them up and release
** them under the lock. Invariant: an instance in the registry has its result table in every committed state of the database
** that a reader can begin to read after it found the instance, until it is dropped, instance_grace_ms after its last
** release; a reader that takes longer gets an error of SQLite and asks again.
*/
#ifndef ENGINE_INSTANCES_H
#define ENGINE_INSTANCES_H

#include "engine/target.h"
#include "view/view.h"

#include <pthread.h>

typedef struct instance {
  uint64_t id;
  target target;
  instance_info *info;
  char *rows_sql;
  bool standing;         /* @eager: never dropped for lack of followers */
  bool showing;          /* the SQL view of its name shows its rows */
  bool watched;          /* its changes are collected */
  bool ending;           /* its view was replaced: nobody shares it any more, it ends as soon as it can */
  int references;        /* (lock) */
  int64_t idle_since_ms; /* (lock) monotonic; when references became 0 */
  view_stats stats;      /* (lock) as of the last refresh */
  view_stats written;    /* what vs_instance says of it … */
  int written_references; /* … and -1 where it says nothing yet */
} instance;

typedef struct instance_registry {
  pthread_mutex_t lock; /* of what stands here and of members marked (lock) */
  instance **items;
  int count, capacity;
  bool rewrite; /* the engine's: vs_instance was rolled back and has to be written whole */
} instance_registry;

struct engine;

void instances_init(instance_registry *r);
void instances_free(instance_registry *r);

/* (lock held) */
instance *instances_by_id(instance_registry *r, uint64_t id);
instance *instances_by_target(instance_registry *r, const target *t);

/* --- on the engine thread --- */
/* Finds or makes the instance; takes *t over when it made one. A transaction of its own. NULL: nothing was made. */
instance *engine_instance(struct engine *e, target *t, error *err) MUST_USE;
/* Drops these instances (by id) in a transaction of its own. */
bool engine_drop_instances(struct engine *e, const uint64_t *ids, int count, error *err) MUST_USE;
/* The same inside the caller's transaction; instances_forget after the commit. */
bool engine_remove_instances(struct engine *e, const uint64_t *ids, int count, error *err) MUST_USE;
void instances_forget(struct engine *e, const uint64_t *ids, int count);
/* Ends the instances that are marked as ending; those that cannot be ended now stay marked. */
void engine_end_marked(struct engine *e);
/* Drops what nobody has followed for the grace time. */
void engine_expire_instances(struct engine *e);
/* Makes what @eager asks for, and lets SQL views show the rows of living default instances. */
void engine_make_standing(struct engine *e);
/* Inside a transaction: brings vs_instance up to date, a row for each instance that changed. */
bool engine_write_instances(struct engine *e, error *err) MUST_USE;
bool engine_prepare_instances(struct engine *e, error *err) MUST_USE; /* makes vs_instance */

#endif
