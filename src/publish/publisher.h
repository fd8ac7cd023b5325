/* The publisher: turns of the engine in, messages for clients out (transport/PROTOCOL.md says which).
**
** It keeps a mirror of the rows of every instance that is followed, what changed lately (for resume), sorted indexes for
** windows, and per subscription the set of rows by which its client is behind. Invariants:
**   channel state and mirror differ at most in the channel's pending set, which holds the rows as the channel has them;
**   client state and channel state differ at most in the subscription's own set, which holds the rows as the client has them.
** So a message is the difference of two known states: what did not change is never sent, nothing is sent twice.
**
** Threads: the engine thread delivers turns and acquired instances into a bounded queue; all else runs on the one thread
** that calls publisher_delivery's functions; publisher_metrics is for any thread. Every turn that is committed must reach
** the sink, also one that changed no instance that is followed: it carries the version.
*/
#ifndef PUBLISH_PUBLISHER_H
#define PUBLISH_PUBLISHER_H

#include "model/delivery.h"
#include "model/service.h"

typedef struct publisher publisher;

/* Subscribes itself to the service's turns. The service is borrowed and outlives the publisher's delivery thread. */
publisher *publisher_new(const service *svc, const delivery_limits *limits, error *err) MUST_USE;
/* After the delivery thread was joined and the engine was stopped (no call-back is outstanding). Calls no service. */
void publisher_free(publisher *p);
/* The table that the transport drives it with; valid until publisher_free. */
const delivery *publisher_delivery(publisher *p);
/* Appends OpenMetrics families. */
void publisher_metrics(publisher *p, buffer *out);

#endif
