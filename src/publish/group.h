/* Groups: subscriptions of one client that move as one, each step a message that brings all of them to one version.
**
** Members' channels are their own, so what changes waits in them until the client takes the group's next message. A step
** waits while a member is paused, is being sent a snapshot, or its instance is not live. Private to src/publish.
** Thread: the delivery thread.
*/
#ifndef PUBLISH_GROUP_H
#define PUBLISH_GROUP_H

#include "publish/state.h"

group *group_enter(client *c, const char *name) MUST_USE; /* finds or makes it; one member more; NULL = out of memory */
void group_leave(group *g);                               /* one member less; the last one frees it */
void group_schedule(group *g); /* a member's instance changed */
void group_due(group *g);      /* the interval is over */
void group_overflow(group *g); /* all members take a snapshot */
void group_progress(group *g);
void group_queue(group *g);
bool group_next(group *g, outgoing *out); /* false: nothing for now */

#endif
