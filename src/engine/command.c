#include "engine/command.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One command. Belongs to the queue and to the caller that waits for it; the last of the two frees it. */
typedef struct command {
  command_work work;
  command_end end;
  void *argument;
  int owners;
  bool finished, succeeded;
  char *answer;
  error problem;
  struct command *next;
} command;

struct command_queue {
  void *engine;
  void (*wake)(void *engine);
  pthread_mutex_t lock;
  pthread_cond_t finished;
  command *first, *last;
  int count;
  bool closed;
};

command_queue *command_queue_new(void *engine, void (*wake)(void *engine)) {
  command_queue *q = calloc(1, sizeof *q);
  if (!q) return NULL;
  q->engine = engine;
  q->wake = wake;
  pthread_mutex_init(&q->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&q->finished, &monotonic);
  pthread_condattr_destroy(&monotonic);
  return q;
}

/* With the lock held. */
static void disown(command *c) {
  if (--c->owners > 0) return;
  free(c->answer);
  free(c);
}

static bool append(command_queue *q, command *c, error *err) {
  pthread_mutex_lock(&q->lock);
  bool taken = !q->closed && q->count < MAX_COMMANDS;
  if (taken) {
    if (q->last)
      q->last->next = c;
    else
      q->first = c;
    q->last = c;
    q->count++;
  } else if (q->closed) {
    error_set(err, ERR_IO, "the server is shutting down");
  } else {
    error_set(err, ERR_BUSY, "%d commands wait for the engine already", MAX_COMMANDS);
    error_hint(err, "try again in a moment");
  }
  pthread_mutex_unlock(&q->lock);
  if (taken) q->wake(q->engine);
  return taken;
}

static command *make(command_work work, command_end end, void *argument, int owners, error *err) {
  command *c = calloc(1, sizeof *c);
  if (!c) {
    error_nomem(err);
    return NULL;
  }
  c->work = work;
  c->end = end;
  c->argument = argument;
  c->owners = owners;
  return c;
}

bool command_post(command_queue *q, command_work work, command_end end, void *argument, error *err) {
  command *c = make(work, end, argument, 1, err);
  if (!c) return false;
  if (append(q, c, err)) return true;
  free(c);
  return false;
}

static struct timespec deadline_after(int ms) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_sec += ms / 1000;
  t.tv_nsec += (long)(ms % 1000) * 1000000;
  if (t.tv_nsec >= 1000000000) {
    t.tv_sec++;
    t.tv_nsec -= 1000000000;
  }
  return t;
}

static bool wait_for(command_queue *q, command *c, int timeout_ms, char **answer, error *err) {
  struct timespec deadline = deadline_after(timeout_ms);
  pthread_mutex_lock(&q->lock);
  while (!c->finished && pthread_cond_timedwait(&q->finished, &q->lock, &deadline) == 0) continue;
  bool done = c->finished && c->succeeded;
  if (!c->finished) {
    error_set(err, ERR_BUSY, "the engine did not answer within %d ms", timeout_ms);
    error_hint(err, "the command may still be carried out");
  } else if (!done) {
    *err = c->problem;
  } else if (answer) {
    *answer = c->answer;
    c->answer = NULL;
  }
  disown(c);
  pthread_mutex_unlock(&q->lock);
  return done;
}

bool command_call(command_queue *q, command_work work, command_end end, void *argument, int timeout_ms, char **answer, error *err) {
  command *c = make(work, end, argument, 2, err);
  if (!c || !append(q, c, err)) {
    free(c);
    end(q->engine, argument, err);
    return false;
  }
  return wait_for(q, c, timeout_ms, answer, err);
}

static command *take(command_queue *q) {
  pthread_mutex_lock(&q->lock);
  command *c = q->first;
  if (c) {
    q->first = c->next;
    if (!q->first) q->last = NULL;
    q->count--;
  }
  pthread_mutex_unlock(&q->lock);
  return c;
}

static void finish(command_queue *q, command *c, bool succeeded) {
  pthread_mutex_lock(&q->lock);
  c->finished = true;
  c->succeeded = succeeded;
  disown(c);
  pthread_cond_broadcast(&q->finished);
  pthread_mutex_unlock(&q->lock);
}

int command_run_some(command_queue *q, int most_ms) {
  int64_t until = clock_monotonic_ms() + most_ms;
  int n = 0;
  for (command *c; clock_monotonic_ms() <= until && (c = take(q)); n++) {
    bool done = c->work(q->engine, c->argument, &c->answer, &c->problem);
    c->end(q->engine, c->argument, NULL);
    finish(q, c, done);
  }
  return n;
}

void command_queue_close(command_queue *q) {
  pthread_mutex_lock(&q->lock);
  q->closed = true;
  pthread_mutex_unlock(&q->lock);
  for (command *c; (c = take(q));) {
    error_set(&c->problem, ERR_IO, "the server is shutting down");
    c->end(q->engine, c->argument, &c->problem);
    finish(q, c, false);
  }
}

void command_queue_free(command_queue *q) {
  if (!q) return;
  command_queue_close(q);
  pthread_cond_destroy(&q->finished);
  pthread_mutex_destroy(&q->lock);
  free(q);
}
