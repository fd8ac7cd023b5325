/* Channels: what followers with the same interval and window have been told of an instance. Private to src/publish.
**
** A plain channel's told state is the mirror with `pending` in its place; a window channel's is `window`. A flush moves the
** told state to the mirror's and encodes the step once for all followers. Thread: the delivery thread.
*/
#ifndef PUBLISH_CHANNEL_H
#define PUBLISH_CHANNEL_H

#include "publish/state.h"

/* The instance's channel on the request's terms, made where there is none; g: one of the group's own, always new.
** NULL = out of memory. A channel without followers is to be given back with channel_drop_unused. */
channel *channel_join(instance *i, const request *r, const order_spec *order, group *g) MUST_USE;
void channel_drop_unused(channel *ch); /* frees it if nobody follows it */

/* One row of the instance is about to change. false: out of memory. */
bool channel_note(channel *ch, int64_t id, stored_row *before, int64_t committed_us) MUST_USE;
/* The instance changed: a flush is due, at once or when the interval is over. */
void channel_touch(channel *ch, int64_t committed_us);
/* The told state is taken to be the mirror's as it is now, without telling anybody. false: out of memory. */
bool channel_reset(channel *ch) MUST_USE;
/* Keeps the told state and its version: the instance is not live any more. */
void channel_freeze(channel *ch);

uint64_t channel_version(const channel *ch); /* the version that the told state is complete for */
int64_t channel_time_ms(const channel *ch);  /* when that was committed */
/* The told state of a row (plain channels), ROW_NONE where it is not there. Borrowed. */
stored_row *channel_row(const channel *ch, int64_t id);
/* The told state whole. One reference; NULL = out of memory. */
snapshot *channel_snapshot(channel *ch) MUST_USE;
const char *channel_gone_reason(const channel *ch);

/* Steps the told state to the mirror's. One reference; NULL = out of memory, the told state is as before. */
flush *channel_step(channel *ch) MUST_USE;
flush *flush_ref(flush *f);
void flush_unref(flush *f); /* NULL is allowed */
/* Steps and tells the followers. */
void channel_flush(channel *ch);

#endif
