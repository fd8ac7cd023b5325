/* A client's copy of one subscription, built from messages alone, strict about the protocol: a message that sends an
** unchanged cell, adds a row that is there, removes one that is not, skips a seq or goes back in version is a failure.
*/
#ifndef SUPPORT_REPLICA_H
#define SUPPORT_REPLICA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct replica_row {
  int64_t id;
  json_t *cells;
} replica_row;

typedef struct replica {
  bool windowed;
  replica_row *rows; /* in the window's order, else in no order */
  size_t count, capacity;
  int64_t total;
  uint64_t seq, version;
  char epoch[128];
  bool complete;     /* false while a snapshot is on its way */
  bool snapshotting;
  char failure[300]; /* what was wrong, or "" */
} replica;

void replica_clear(replica *r); /* rows and seq; the memory too */
/* One server message for this subscription: subscribed, snapshot, delta, progress, overflow, must_resnapshot. */
void replica_apply(replica *r, const json_t *message);
/* The rows as the model has them; order: names as in order_by, windows only. "" or what differs. */
const char *replica_differs(replica *r, const json_t *model, const json_t *subscribed);

#endif
