#include "publish/feed.h"

#include "base/log.h"
#include "publish/instance.h"
#include "publish/subscription.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int64_t hash_of(const request *r) {
  XXH64_hash_t h = XXH3_64bits(r->view, strlen(r->view) + 1);
  h = XXH3_64bits_withSeed(r->params_json, strlen(r->params_json) + 1, h);
  if (r->filter) h = XXH3_64bits_withSeed(r->filter, strlen(r->filter) + 1, h);
  return (int64_t)h;
}

static bool is_for(const feed *f, const request *r) {
  if (strcmp(f->view, r->view) != 0 || strcmp(f->params_json, r->params_json) != 0 || !f->filter != !r->filter) return false;
  return !f->filter || strcmp(f->filter, r->filter) == 0;
}

static void free_feed(feed *f) {
  publisher *p = f->publisher;
  TAILQ_REMOVE(&p->feeds, f, link);
  if (idmap_get(&p->feeds_by_key, f->key) == f) idmap_take(&p->feeds_by_key, f->key);
  instance *i = f->instance;
  if (i) {
    TAILQ_REMOVE(&i->feeds, f, instance_link);
    if (TAILQ_EMPTY(&i->feeds)) instance_free(i);
  }
  free(f->view);
  free(f->params_json);
  free(f->filter);
  free(f);
}

/* On the engine thread. */
static void answered(void *ctx, instance_info *info, const error *err) {
  inbox_item *item = ctx;
  feed *f = item->asker;
  inbox_put_answer(f->publisher->inbox, item, info, err);
}

static feed *new_feed(publisher *p, const request *r) {
  feed *f = calloc(1, sizeof *f);
  inbox_item *item = inbox_item_new(f);
  if (!f || !item) {
    free(f);
    inbox_item_free(item);
    return NULL;
  }
  f->publisher = p;
  f->view = strdup(r->view);
  f->params_json = strdup(r->params_json);
  f->filter = r->filter ? strdup(r->filter) : NULL;
  f->key = hash_of(r);
  f->state = FEED_ACQUIRING;
  TAILQ_INIT(&f->waiting);
  TAILQ_INSERT_TAIL(&p->feeds, f, link);
  if (!f->view || !f->params_json || !f->filter != !r->filter || !idmap_put(&p->feeds_by_key, f->key, f)) {
    inbox_item_free(item);
    free_feed(f);
    return NULL;
  }
  selection s = {.view = f->view, .params_json = f->params_json, .filter = f->filter};
  p->service.acquire(p->service.ctx, &s, answered, item);
  return f;
}

feed *feed_use(publisher *p, const request *r) {
  feed *f = idmap_get(&p->feeds_by_key, hash_of(r));
  if (!f || f->state == FEED_DEAD || !is_for(f, r)) f = new_feed(p, r);
  if (f) f->users++;
  return f;
}

void feed_leave(feed *f) {
  if (--f->users > 0) return;
  f->idle_since_ms = f->publisher->now_ms;
  if (f->state == FEED_DEAD) free_feed(f);
}

bool feed_is_live(const feed *f) { return f->state == FEED_HELD && f->instance->state == INSTANCE_LIVE; }

void feed_wait(feed *f, subscription *s) {
  s->waiting = true;
  TAILQ_INSERT_TAIL(&f->waiting, s, waiting_link);
}

void feed_stop_waiting(subscription *s) {
  if (!s->waiting) return;
  s->waiting = false;
  TAILQ_REMOVE(&s->wanted_feed->waiting, s, waiting_link);
}

/* No new subscription finds it any more. */
static void bury(feed *f) {
  f->state = FEED_DEAD;
  if (idmap_get(&f->publisher->feeds_by_key, f->key) == f) idmap_take(&f->publisher->feeds_by_key, f->key);
}

static void fail_waiting(feed *f, const error *err) {
  f->users++; /* it must outlive the loop */
  subscription *s;
  while ((s = TAILQ_FIRST(&f->waiting))) {
    feed_stop_waiting(s);
    subscription_feed_failed(s, err);
  }
  feed_leave(f);
}

void feed_ready(feed *f) {
  f->users++;
  subscription *s;
  while ((s = TAILQ_FIRST(&f->waiting))) {
    feed_stop_waiting(s);
    subscription_feed_ready(s);
  }
  feed_leave(f);
}

static void hold(feed *f, instance_info *info) {
  publisher *p = f->publisher;
  instance *i = idmap_get(&p->instances_by_id, (int64_t)info->id);
  if (i)
    instance_info_free(info);
  else
    i = instance_new(p, info);
  if (!i) {
    error err = {0};
    error_nomem(&err);
    bury(f);
    fail_waiting(f, &err);
    return;
  }
  f->state = FEED_HELD;
  f->instance = i;
  i->filtered |= f->filter != NULL;
  TAILQ_INSERT_TAIL(&i->feeds, f, instance_link);
  f->idle_since_ms = p->now_ms;
  if (i->state == INSTANCE_LIVE) feed_ready(f);
}

void feed_answer(feed *f, instance_info *info, const error *err) {
  if (info) {
    hold(f, info);
    return;
  }
  bury(f);
  fail_waiting(f, err);
}

/* Their source ended. The channel is gone when its last follower goes. */
static void tell_followers(channel *ch) {
  subscription *s, *next;
  for (s = TAILQ_FIRST(&ch->followers); s; s = next) {
    next = TAILQ_NEXT(s, follower_link);
    subscription_source_ended(s);
  }
}

void feed_instance_ended(instance *i) {
  error err = {0};
  error_set(&err, ERR_BUSY, "view '%s' was replaced while it was being read", i->info->view);
  feed *f, *next_feed;
  TAILQ_FOREACH(f, &i->feeds, instance_link) {
    bury(f);
    f->users++; /* it, and with it the instance, must outlive what its users do now */
  }
  channel *ch, *next_channel;
  for (ch = TAILQ_FIRST(&i->channels); ch; ch = next_channel) {
    next_channel = TAILQ_NEXT(ch, link);
    tell_followers(ch);
  }
  for (f = TAILQ_FIRST(&i->feeds); f; f = next_feed) {
    next_feed = TAILQ_NEXT(f, instance_link);
    fail_waiting(f, &err);
    feed_leave(f);
  }
}

static void give_back(feed *f) {
  publisher *p = f->publisher;
  if (f->state == FEED_HELD) p->service.release(p->service.ctx, f->instance->info->id);
  free_feed(f);
}

int feed_expire(publisher *p) {
  int wait_ms = -1;
  feed *f, *next;
  for (f = TAILQ_FIRST(&p->feeds); f; f = next) {
    next = TAILQ_NEXT(f, link);
    if (f->users > 0 || f->state == FEED_ACQUIRING) continue;
    int64_t left_ms = f->idle_since_ms + p->limits.resume_ms - p->now_ms;
    if (left_ms <= 0)
      give_back(f);
    else if (wait_ms < 0 || left_ms < wait_ms)
      wait_ms = (int)left_ms;
  }
  return wait_ms;
}

void feed_free_all(publisher *p) {
  while (!TAILQ_EMPTY(&p->feeds)) free_feed(TAILQ_FIRST(&p->feeds));
}
