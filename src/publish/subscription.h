/* Subscriptions: one client's view of one channel. Private to src/publish.
**
** What its client has differs from the channel's told state at most in `own` (plain) or is `window`; see publisher.h.
** Thread: the delivery thread.
*/
#ifndef PUBLISH_SUBSCRIPTION_H
#define PUBLISH_SUBSCRIPTION_H

#include "publish/state.h"

subscription *subscription_new(client *c, const char *id) MUST_USE; /* NULL = out of memory */
/* Leaves its channel, feeds and group. */
void subscription_free(subscription *s);
/* Follows the request instead of what it follows now, as soon as its rows are there. Takes r. */
void subscription_want(subscription *s, request *r);
void subscription_pause(subscription *s, bool paused);

/* Called by feeds. */
void subscription_feed_ready(subscription *s);
void subscription_feed_failed(subscription *s, const error *err); /* may free s */
void subscription_source_ended(subscription *s);

/* Called by channels and groups. */
void subscription_flushed(subscription *s, flush *f);
/* What its client is behind is not kept any more: it takes a snapshot. reason: static. */
void subscription_give_up(subscription *s, const char *reason);
/* Follows what it wants from now on: `subscribed`, then a snapshot or the difference. The wanted feed is live. */
void subscription_attach(subscription *s);
/* Drops what its client has and takes the channel's told state as a snapshot. false: its client was cut. */
bool subscription_start_over(subscription *s);

/* Its next message. false: it has none. */
bool subscription_next(subscription *s, outgoing *out);
bool subscription_has_message(const subscription *s);
void subscription_queue(subscription *s); /* into its client's ring, if it has a message */
/* `{"type":"…","id":…,"seq":n,` of its next message into out. */
void subscription_head(subscription *s, const char *type, outgoing *out);

#endif
