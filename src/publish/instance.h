/* Instances: the mirror of one result table, from its first read to its last turn. Private to src/publish.
**
** Loading: the rows are read in one read transaction, which also gives the version that they are complete for, a few at a
** time; turns that come meanwhile wait and are applied after it, those that it contains already are left out.
** Thread: the delivery thread.
*/
#ifndef PUBLISH_INSTANCE_H
#define PUBLISH_INSTANCE_H

#include "publish/state.h"

/* Takes `info`. The instance is loading. NULL: out of memory, info is freed. */
instance *instance_new(publisher *p, instance_info *info) MUST_USE;
void instance_free(instance *i); /* no channel is left */
/* A turn that changes it: applied, or kept while it loads. */
void instance_turn(instance *i, turn *t, const instance_changes *changes);
/* Reads some more rows. true: there is more to do. Followers are told when it is live, or failed. */
bool instance_load_some(instance *i);
/* Turns were lost: reads everything anew; followers take a snapshot then. */
void instance_reload(instance *i);
/* The engine ended it. */
void instance_end(instance *i);
const char *instance_key_json(const instance *i, buffer *out); /* `["sector",…]` */

#endif
