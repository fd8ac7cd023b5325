#include "transport/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "transport/sockets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { NO_DEADLINE = -1 };

struct watch_entry {
  char address[64];
  int port;
  int64_t deadline_ms;
  watch_entry *next, **link;
};

typedef struct peer_name {
  char address[64];
  int port;
} peer_name;

struct watch {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  watch_entry *first;
  bool stopping;
  atomic_ullong cut;
  /* connections without headers while all workers are taken */
  int port, most;
  const atomic_int *open;
  int64_t looked_ms;
  int suspects, suspects_before;
  peer_name suspect[MAX_HEADER_SUSPECTS], suspect_before[MAX_HEADER_SUSPECTS];
};

/* Under the lock: while an entry is linked and armed, its worker has not closed the socket. */
static void cut(watch_entry *e) {
  e->deadline_ms = NO_DEADLINE;
  int fd = sockets_find(e->address, e->port, 0);
  if (fd < 0) return;
  shutdown(fd, SHUT_RDWR);
}

static void cut_late(watch *w, watch_entry *e) {
  cut(e);
  atomic_fetch_add(&w->cut, 1);
  log_info("client=%s:%d: cut, it was too slow", e->address, e->port);
}

static bool is_watched(const watch *w, const char *address, int port) {
  for (const watch_entry *e = w->first; e; e = e->next)
    if (e->port == port && strcmp(e->address, address) == 0) return true;
  return false;
}

static bool was_suspect(const watch *w, const char *address, int port) {
  for (int i = 0; i < w->suspects_before; i++)
    if (w->suspect_before[i].port == port && strcmp(w->suspect_before[i].address, address) == 0) return true;
  return false;
}

/* An entry is made when the headers are there; a worker that reads them has taken what came, so no bytes wait. */
static void suspect(void *ctx, int fd, const char *address, int port) {
  watch *w = ctx;
  if (is_watched(w, address, port)) return;
  if (was_suspect(w, address, port)) {
    shutdown(fd, SHUT_RDWR);
    atomic_fetch_add(&w->cut, 1);
  } else if (w->suspects < MAX_HEADER_SUSPECTS) {
    peer_name *p = &w->suspect[w->suspects++];
    snprintf(p->address, sizeof p->address, "%s", address);
    p->port = port;
  }
}

static void look_at_headers(watch *w, int64_t now) {
  if (!w->open || atomic_load(w->open) < w->most) {
    w->suspects = 0;
    return;
  }
  if (now - w->looked_ms < HEADER_LOOK_MS) return;
  w->looked_ms = now;
  memcpy(w->suspect_before, w->suspect, sizeof w->suspect[0] * (size_t)w->suspects);
  w->suspects_before = w->suspects;
  w->suspects = 0;
  sockets_each_silent(w->port, suspect, w);
}

static void *watch_run(void *arg) {
  watch *w = arg;
  pthread_mutex_lock(&w->lock);
  while (!w->stopping) {
    int64_t now = clock_monotonic_ms();
    for (watch_entry *e = w->first; e; e = e->next)
      if (e->deadline_ms != NO_DEADLINE && now >= e->deadline_ms) cut_late(w, e);
    look_at_headers(w, now);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_PERIOD_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&w->wake, &w->lock, &until);
  }
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

watch *watch_start(error *err) {
  watch *w = calloc(1, sizeof *w);
  if (!w) {
    error_nomem(err);
    return NULL;
  }
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->wake, &attributes);
  pthread_condattr_destroy(&attributes);
  if (pthread_create(&w->thread, NULL, watch_run, w) != 0) {
    error_set(err, ERR_IO, "cannot start the thread that watches slow connections");
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return NULL;
  }
  return w;
}

void watch_stop(watch *w) {
  if (!w) return;
  pthread_mutex_lock(&w->lock);
  w->stopping = true;
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->lock);
  pthread_join(w->thread, NULL);
  pthread_cond_destroy(&w->wake);
  pthread_mutex_destroy(&w->lock);
  free(w);
}

void watch_headers(watch *w, int port, const atomic_int *open, int most) {
  pthread_mutex_lock(&w->lock);
  w->port = port;
  w->open = open;
  w->most = most;
  pthread_mutex_unlock(&w->lock);
}

watch_entry *watch_enter(watch *w, const char *peer_address, int peer_port, int64_t deadline_ms) {
  watch_entry *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  snprintf(e->address, sizeof e->address, "%s", peer_address);
  e->port = peer_port;
  e->deadline_ms = deadline_ms;
  pthread_mutex_lock(&w->lock);
  e->next = w->first;
  e->link = &w->first;
  if (w->first) w->first->link = &e->next;
  w->first = e;
  pthread_mutex_unlock(&w->lock);
  return e;
}

void watch_set(watch *w, watch_entry *e, int64_t deadline_ms) {
  if (!e) return;
  pthread_mutex_lock(&w->lock);
  e->deadline_ms = deadline_ms;
  pthread_mutex_unlock(&w->lock);
}

void watch_disarm(watch *w, watch_entry *e) { watch_set(w, e, NO_DEADLINE); }

void watch_leave(watch *w, watch_entry *e) {
  if (!e) return;
  pthread_mutex_lock(&w->lock);
  *e->link = e->next;
  if (e->next) e->next->link = e->link;
  pthread_mutex_unlock(&w->lock);
  free(e);
}

void watch_cut_all(watch *w) {
  pthread_mutex_lock(&w->lock);
  for (watch_entry *e = w->first; e; e = e->next)
    if (e->deadline_ms != NO_DEADLINE) cut(e);
  pthread_mutex_unlock(&w->lock);
}

uint64_t watch_cut_count(const watch *w) { return atomic_load(&w->cut); }
