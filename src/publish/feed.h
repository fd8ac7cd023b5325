/* Feeds: a selection with one hold on the engine's instance, shared by the subscriptions that ask for the same.
** Private to src/publish. Thread: the delivery thread. */
#ifndef PUBLISH_FEED_H
#define PUBLISH_FEED_H

#include "publish/state.h"

/* The feed of the request's selection, asked for from the engine where it is new; the caller is a user of it until
** feed_leave. NULL = out of memory. */
feed *feed_use(publisher *p, const request *r) MUST_USE;
void feed_leave(feed *f);
bool feed_is_live(const feed *f);
/* s is told when the feed is live or failed. */
void feed_wait(feed *f, subscription *s);
void feed_stop_waiting(subscription *s);
/* The engine's answer. Takes info. */
void feed_answer(feed *f, instance_info *info, const error *err);
void feed_ready(feed *f);                 /* its instance is live */
void feed_instance_ended(instance *i);    /* all feeds of it are dead; their users acquire again */
/* Gives back what nobody used for limits.resume_ms. Returns in how many ms the next is due, or -1. */
int feed_expire(publisher *p);
void feed_free_all(publisher *p);         /* at the end; no client is left; tells the engine nothing */

#endif
