#include "publish/inbox.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct inbox {
  pthread_mutex_t lock;
  int fd;
  inbox_item *first, **end;
  size_t turns, bytes;
  bool lost;
};

inbox *inbox_new(void) {
  inbox *in = calloc(1, sizeof *in);
  if (!in) return NULL;
  in->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (in->fd < 0) {
    free(in);
    return NULL;
  }
  pthread_mutex_init(&in->lock, NULL);
  in->end = &in->first;
  return in;
}

inbox_item *inbox_item_new(void *asker) {
  inbox_item *item = calloc(1, sizeof *item);
  if (item) item->asker = asker;
  return item;
}

void inbox_item_free(inbox_item *item) {
  if (!item) return;
  turn_unref(item->turn);
  instance_info_free(item->info);
  free(item);
}

void inbox_free(inbox *in) {
  if (!in) return;
  while (in->first) {
    inbox_item *next = in->first->next;
    inbox_item_free(in->first);
    in->first = next;
  }
  close(in->fd);
  pthread_mutex_destroy(&in->lock);
  free(in);
}

int inbox_fd(const inbox *in) { return in->fd; }

/* With the lock held. */
static void append(inbox *in, inbox_item *item) {
  item->next = NULL;
  *in->end = item;
  in->end = &item->next;
}

/* With the lock held: answers stay. */
static void drop_turns(inbox *in) {
  inbox_item *item = in->first;
  in->first = NULL;
  in->end = &in->first;
  while (item) {
    inbox_item *next = item->next;
    if (item->turn)
      inbox_item_free(item);
    else
      append(in, item);
    item = next;
  }
  in->turns = in->bytes = 0;
  in->lost = true;
}

static void signal_fd(const inbox *in) {
  uint64_t one = 1;
  ssize_t n = write(in->fd, &one, sizeof one); /* fails only when the counter is full, and then it is readable anyway */
  (void)n;
}

void inbox_put_turn(inbox *in, turn *t) {
  inbox_item *item = inbox_item_new(NULL);
  pthread_mutex_lock(&in->lock);
  if (!item || in->turns >= MAX_WAITING_TURNS || in->bytes + t->memory.used_bytes > MAX_WAITING_BYTES) drop_turns(in);
  if (item) {
    item->turn = t;
    in->turns++;
    in->bytes += t->memory.used_bytes;
    append(in, item);
  }
  pthread_mutex_unlock(&in->lock);
  if (!item) turn_unref(t);
  signal_fd(in);
}

void inbox_put_answer(inbox *in, inbox_item *item, instance_info *info, const error *err) {
  item->info = info;
  if (err) item->err = *err;
  pthread_mutex_lock(&in->lock);
  append(in, item);
  pthread_mutex_unlock(&in->lock);
  signal_fd(in);
}

inbox_item *inbox_take(inbox *in, bool *lost) {
  uint64_t count;
  ssize_t n = read(in->fd, &count, sizeof count);
  (void)n;
  pthread_mutex_lock(&in->lock);
  inbox_item *all = in->first;
  *lost = in->lost;
  in->first = NULL;
  in->end = &in->first;
  in->turns = in->bytes = 0;
  in->lost = false;
  pthread_mutex_unlock(&in->lock);
  return all;
}
