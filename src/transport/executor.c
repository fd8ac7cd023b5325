#include "transport/executor.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct waiting_job {
  executor_job run;
  void *arg;
  bool done;
  pthread_cond_t finished;
  struct waiting_job *next;
} waiting_job;

typedef struct lane {
  waiting_job *first, **last;
  int waiting, running;
  int most; /* threads that it may take */
} lane;

typedef struct executor_thread {
  executor *owner;
  pthread_t thread;
  int index;
} executor_thread;

struct executor {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  lane lanes[LANES];
  bool stopping;
  int threads, heavy_waiting;
  executor_thread thread[];
};

static lane *next_lane(executor *e) {
  for (int i = 0; i < LANES; i++)
    if (e->lanes[i].first && e->lanes[i].running < e->lanes[i].most) return &e->lanes[i];
  return NULL;
}

static void *executor_thread_run(void *arg) {
  executor_thread *self = arg;
  executor *e = self->owner;
  setpriority(PRIO_PROCESS, (id_t)gettid(), EXECUTOR_NICE); /* Linux: of this thread; where it is refused, as good as before */
  pthread_mutex_lock(&e->lock);
  for (;;) {
    lane *l = next_lane(e);
    if (!l) {
      if (e->stopping && !e->lanes[LANE_HEAVY].first) break;
      pthread_cond_wait(&e->wake, &e->lock);
      continue;
    }
    waiting_job *job = l->first;
    l->first = job->next;
    if (!l->first) l->last = &l->first;
    l->waiting--;
    l->running++;
    pthread_mutex_unlock(&e->lock);
    job->run(job->arg, self->index);
    pthread_mutex_lock(&e->lock);
    l->running--;
    job->done = true;
    pthread_cond_signal(&job->finished);
    pthread_cond_broadcast(&e->wake);
  }
  pthread_mutex_unlock(&e->lock);
  return NULL;
}

executor *executor_start(int threads, int heavy_waiting, error *err) {
  assert(threads > 0);
  executor *e = calloc(1, sizeof *e + sizeof e->thread[0] * (size_t)threads);
  if (!e) {
    error_nomem(err);
    return NULL;
  }
  e->heavy_waiting = heavy_waiting;
  pthread_mutex_init(&e->lock, NULL);
  pthread_cond_init(&e->wake, NULL);
  for (int i = 0; i < LANES; i++) e->lanes[i].last = &e->lanes[i].first;
  e->lanes[LANE_LIGHT].most = threads;
  e->lanes[LANE_HEAVY].most = threads > 1 ? threads - 1 : 1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, EXECUTOR_STACK_BYTES);
  for (; e->threads < threads; e->threads++) {
    executor_thread *t = &e->thread[e->threads];
    t->owner = e;
    t->index = e->threads;
    if (pthread_create(&t->thread, &attributes, executor_thread_run, t) != 0) break;
  }
  pthread_attr_destroy(&attributes);
  if (e->threads < threads) {
    executor_stop(e);
    error_set(err, ERR_IO, "cannot start %d threads for requests", threads);
    error_hint(err, "give fewer workers, or raise the limit on processes (ulimit -u)");
    return NULL;
  }
  return e;
}

void executor_stop(executor *e) {
  if (!e) return;
  pthread_mutex_lock(&e->lock);
  e->stopping = true;
  pthread_cond_broadcast(&e->wake);
  pthread_mutex_unlock(&e->lock);
  for (int i = 0; i < e->threads; i++) pthread_join(e->thread[i].thread, NULL);
  pthread_cond_destroy(&e->wake);
  pthread_mutex_destroy(&e->lock);
  free(e);
}

bool executor_run(executor *e, executor_lane which, executor_job job, void *arg) {
  waiting_job mine = {.run = job, .arg = arg};
  lane *l = &e->lanes[which];
  pthread_mutex_lock(&e->lock);
  if (which == LANE_HEAVY && l->waiting >= e->heavy_waiting) {
    pthread_mutex_unlock(&e->lock);
    return false;
  }
  pthread_cond_init(&mine.finished, NULL);
  *l->last = &mine;
  l->last = &mine.next;
  l->waiting++;
  pthread_cond_broadcast(&e->wake);
  while (!mine.done) pthread_cond_wait(&mine.finished, &e->lock);
  pthread_mutex_unlock(&e->lock);
  pthread_cond_destroy(&mine.finished);
  return true;
}
