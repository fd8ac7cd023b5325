/* The threads that run handlers: few, with a stack of their own making, two lanes.
**
** civetweb's workers are many, and their stack of 100 KB is too small for SQLite's parser, jansson and the view compiler at
** their depth limits. A worker therefore parses, reads the body, and waits here until one of these threads has run the
** handler. LANE_HEAVY (row sets, SQL, writes) never takes the last thread, so that LANE_LIGHT always answers. The threads are
** nicer than the engine's: where cores are short, reads wait, not turns.
** Thread: any.
*/
#ifndef TRANSPORT_EXECUTOR_H
#define TRANSPORT_EXECUTOR_H

#include "base/error.h"

enum {
  EXECUTOR_STACK_BYTES = 8 << 20, /* address space; only what is touched is memory */
  EXECUTOR_NICE = 5,
};

typedef enum executor_lane { LANE_LIGHT, LANE_HEAVY, LANES } executor_lane;

typedef struct executor executor;
/* `thread` is 0 … threads − 1: what a thread owns is found by it. */
typedef void (*executor_job)(void *arg, int thread);

/* At most heavy_waiting heavy jobs wait; more are refused. Light ones are as many as their callers. */
executor *executor_start(int threads, int heavy_waiting, error *err) MUST_USE;
/* Runs what is queued, then joins. No executor_run may begin after this one did. */
void executor_stop(executor *e);
/* Returns when the job is done. false: the heavy lane's queue is full, nothing was run. */
bool executor_run(executor *e, executor_lane lane, executor_job job, void *arg) MUST_USE;

#endif
