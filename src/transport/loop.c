#include "transport/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "transport/connection.h"
#include "transport/sse.h"
#include "transport/websocket.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_PER_ROUND = 256, CHECK_MS = 250, GOODBYE_MS = 1000 };

struct loop {
  const delivery *delivery;
  int epoll_fd, wake_fd;
  pthread_t thread;
  atomic_bool stopping;
  atomic_int connections; /* and reserved places */
  atomic_llong stalled, refused, accepted, in_flight, in_flight_bytes;
  pthread_mutex_t lock;
  newcomer *newcomers, **newcomers_end; /* under the lock; bounded by the reserved places */
  TAILQ_HEAD(connection_list, connection) all, dead;
  TAILQ_HEAD(visit_list, connection) visits;
  int64_t now_ms, check_ms;
};

int loop_connections(const loop *l) { return atomic_load(&l->connections); }

bool loop_reserve(loop *l) {
  if (atomic_fetch_add(&l->connections, 1) < l->delivery->limits.clients) return true;
  atomic_fetch_sub(&l->connections, 1);
  atomic_fetch_add(&l->refused, 1);
  return false;
}

void loop_unreserve(loop *l) { atomic_fetch_sub(&l->connections, 1); }

loop_counts loop_read_counts(const loop *l) {
  return (loop_counts){.stalled = atomic_load(&l->stalled),
                       .refused = atomic_load(&l->refused),
                       .accepted = atomic_load(&l->accepted),
                       .in_flight = atomic_load(&l->in_flight),
                       .in_flight_bytes = atomic_load(&l->in_flight_bytes)};
}

static void wake_loop(loop *l) {
  uint64_t one = 1;
  ssize_t n = write(l->wake_fd, &one, sizeof one); /* fails only when the counter is full: then it is readable */
  (void)n;
}

static void free_newcomer(newcomer *n) {
  free(n->head);
  free(n->headers);
  free(n->first);
  free(n);
}

void loop_adopt(loop *l, newcomer *n) {
  n->next = NULL;
  pthread_mutex_lock(&l->lock);
  *l->newcomers_end = n;
  l->newcomers_end = &n->next;
  pthread_mutex_unlock(&l->lock);
  wake_loop(l);
}

/* --- visits --- */

static void queue_visit(connection *c) {
  if (c->queued || c->dead) return;
  c->queued = true;
  TAILQ_INSERT_TAIL(&c->loop->visits, c, visit_link);
}

/* The publisher's calls: it must not be called back from here. */
static void on_wake(void *connection_) { queue_visit(connection_); }

static void on_cut(void *connection_, int code, const char *reason) {
  connection *c = connection_;
  c->wants_cut = true;
  c->cut_code = code;
  snprintf(c->cut_reason, sizeof c->cut_reason, "%s", reason);
  queue_visit(c);
}

static const client_port port = {.wake = on_wake, .cut = on_cut};

static void bury(connection *c) {
  if (c->queued) TAILQ_REMOVE(&c->loop->visits, c, visit_link);
  c->queued = false;
  TAILQ_REMOVE(&c->loop->all, c, link);
  TAILQ_INSERT_TAIL(&c->loop->dead, c, link);
}

static void visit(connection *c) {
  loop *l = c->loop;
  if (c->readable && !c->dead) {
    if (c->kind == CLIENT_WEBSOCKET)
      websocket_read(c, l->now_ms);
    else
      sse_read(c);
  }
  if (c->wants_cut && !c->dead) connection_close(c, c->cut_code, c->cut_reason, l->now_ms);
  bool more = connection_pump(c, l->now_ms);
  if (c->wants_cut && !c->closing && !c->dead) {
    connection_close(c, c->cut_code, c->cut_reason, l->now_ms);
    more = true;
  }
  if (c->dead)
    bury(c);
  else if (more || c->readable)
    queue_visit(c);
}

static void run_visits(loop *l) {
  struct visit_list now = TAILQ_HEAD_INITIALIZER(now);
  TAILQ_CONCAT(&now, &l->visits, visit_link);
  connection *c;
  while ((c = TAILQ_FIRST(&now))) {
    TAILQ_REMOVE(&now, c, visit_link);
    c->queued = false;
    visit(c);
  }
}

static void free_dead(loop *l) {
  connection *c;
  while ((c = TAILQ_FIRST(&l->dead))) {
    TAILQ_REMOVE(&l->dead, c, link);
    close(c->fd); /* epoll forgets it by itself */
    websocket_free(c);
    shared_text_unref(c->message.body);
    buffer_free(&c->control);
    free(c);
    loop_unreserve(l);
  }
}

/* --- coming in --- */

static void refuse(connection *c, const newcomer *n, const error *err) {
  atomic_fetch_add(&c->loop->refused, 1);
  if (c->kind == CLIENT_SSE) {
    buffer answer = {0};
    sse_put_refusal(&answer, n->headers ? n->headers : "", err);
    connection_put_control(c, answer.data, answer.len);
    buffer_free(&answer);
  }
  connection_close(c, CLOSE_TRY_LATER, err->text, c->loop->now_ms);
}

static void welcome(connection *c, const newcomer *n) {
  const delivery *d = c->delivery;
  error err = {0};
  c->client = d->client_open(d->ctx, c->kind, &port, c, &err);
  if (!c->client) {
    refuse(c, n, &err);
    return;
  }
  if (n->head) connection_put_control(c, n->head, strlen(n->head));
  if (n->first && c->client) d->client_receive(d->ctx, c->client, n->first, strlen(n->first));
}

static void adopt(loop *l, newcomer *n) {
  connection *c = calloc(1, sizeof *c);
  struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
  if (c) *c = (connection){.delivery = l->delivery, .loop = l, .fd = n->fd, .kind = n->kind, .writable = true, .readable = true};
  if (!c || (n->kind == CLIENT_WEBSOCKET && !websocket_open(c)) || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, n->fd, &ev)) {
    log_error("delivery: a client cannot be taken: %s", strerror(errno));
    close(n->fd);
    if (c) websocket_free(c);
    free(c);
    loop_unreserve(l);
    return;
  }
  atomic_fetch_add(&l->accepted, 1);
  TAILQ_INSERT_TAIL(&l->all, c, link);
  welcome(c, n);
  if (c->dead)
    bury(c);
  else
    queue_visit(c);
}

static void adopt_newcomers(loop *l) {
  pthread_mutex_lock(&l->lock);
  newcomer *n = l->newcomers;
  l->newcomers = NULL;
  l->newcomers_end = &l->newcomers;
  pthread_mutex_unlock(&l->lock);
  while (n) {
    newcomer *next = n->next;
    adopt(l, n);
    free_newcomer(n);
    n = next;
  }
}

/* --- bounds in time --- */

static void check_one(connection *c) {
  loop *l = c->loop;
  const delivery_limits *limits = &l->delivery->limits;
  if (c->closing) {
    if (l->now_ms > c->closing_until_ms) connection_kill(c);
  } else if (c->in_flight && (l->now_ms - c->accepted_ms > limits->stall_ms || l->now_ms - c->message_ms > limits->message_age_ms)) {
    atomic_fetch_add(&l->stalled, 1);
    connection_close(c, CLOSE_STALLED, "you do not read what you subscribed to", l->now_ms);
  }
  if (c->dead) bury(c);
}

static void check_all(loop *l) {
  if (l->now_ms < l->check_ms) return;
  l->check_ms = l->now_ms + CHECK_MS;
  long long waiting = 0, bytes = 0;
  connection *c, *next;
  for (c = TAILQ_FIRST(&l->all); c; c = next) {
    next = TAILQ_NEXT(c, link);
    waiting += c->in_flight;
    if (c->in_flight) bytes += (long long)(c->message.head_bytes + (c->message.body ? c->message.body->bytes : 0) - c->sent_bytes);
    check_one(c);
  }
  atomic_store(&l->in_flight, waiting);
  atomic_store(&l->in_flight_bytes, bytes);
}

/* --- the thread --- */

static void note_event(const struct epoll_event *ev) {
  connection *c = ev->data.ptr;
  if (ev->events & EPOLLOUT) c->writable = true;
  if (ev->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) c->readable = true;
  queue_visit(c);
}

static void wait_for_events(loop *l, int wait_ms) {
  struct epoll_event events[EVENTS_PER_ROUND];
  int n = epoll_wait(l->epoll_fd, events, EVENTS_PER_ROUND, wait_ms);
  l->now_ms = clock_monotonic_ms();
  for (int i = 0; i < n; i++) {
    uint64_t count;
    if (events[i].data.ptr == l) {
      ssize_t bytes = read(l->wake_fd, &count, sizeof count);
      (void)bytes;
    } else if (events[i].data.ptr != l->delivery) { /* the publisher empties its own in run */
      note_event(&events[i]);
    }
  }
}

static void say_goodbye(loop *l) {
  connection *c;
  TAILQ_FOREACH(c, &l->all, link) {
    connection_close(c, CLOSE_GOING_AWAY, "the server is going down", l->now_ms);
    c->hurried = true;
    queue_visit(c);
  }
  int64_t until_ms = l->now_ms + GOODBYE_MS;
  while (!TAILQ_EMPTY(&l->all) && l->now_ms < until_ms) {
    run_visits(l);
    free_dead(l);
    if (!TAILQ_EMPTY(&l->all)) wait_for_events(l, 10);
  }
  while ((c = TAILQ_FIRST(&l->all))) {
    connection_kill(c);
    bury(c);
  }
  free_dead(l);
}

static void *run(void *ctx) {
  loop *l = ctx;
  int wait_ms = 0;
  while (!atomic_load(&l->stopping)) {
    wait_for_events(l, wait_ms);
    adopt_newcomers(l);
    wait_ms = l->delivery->run(l->delivery->ctx);
    run_visits(l);
    check_all(l);
    free_dead(l);
    if (wait_ms > CHECK_MS || wait_ms < 0) wait_ms = CHECK_MS;
    if (!TAILQ_EMPTY(&l->visits)) wait_ms = 0;
  }
  adopt_newcomers(l);
  say_goodbye(l);
  return NULL;
}

static void free_loop(loop *l) {
  if (l->epoll_fd >= 0) close(l->epoll_fd);
  if (l->wake_fd >= 0) close(l->wake_fd);
  pthread_mutex_destroy(&l->lock);
  free(l);
}

static bool watch(loop *l, int fd, const void *mark) {
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = (void *)mark};
  return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

loop *loop_start(const delivery *d, error *err) {
  loop *l = calloc(1, sizeof *l);
  if (!l) {
    error_nomem(err);
    return NULL;
  }
  l->delivery = d;
  l->newcomers_end = &l->newcomers;
  l->now_ms = clock_monotonic_ms();
  TAILQ_INIT(&l->all);
  TAILQ_INIT(&l->dead);
  TAILQ_INIT(&l->visits);
  pthread_mutex_init(&l->lock, NULL);
  l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  bool done = l->epoll_fd >= 0 && l->wake_fd >= 0 && watch(l, l->wake_fd, l) && watch(l, d->wake_fd, d);
  if (done && pthread_create(&l->thread, NULL, run, l) == 0) return l;
  error_set(err, ERR_IO, "the delivery thread cannot start: %s", strerror(errno));
  free_loop(l);
  return NULL;
}

void loop_stop(loop *l) {
  if (!l) return;
  atomic_store(&l->stopping, true);
  wake_loop(l);
  pthread_join(l->thread, NULL);
  free_loop(l);
}
