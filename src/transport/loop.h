/* The delivery thread: one epoll loop that owns the sockets of all streams and drives the publisher.
**
** Edge-triggered: a connection is visited when its socket changed, when the publisher woke it, or when it had more to do
** than one visit allows, so that none keeps the others waiting. Thread: loop_adopt any; the rest the thread that starts it.
*/
#ifndef TRANSPORT_LOOP_H
#define TRANSPORT_LOOP_H

#include "model/delivery.h"

typedef struct loop loop;

/* A socket on its way to the loop. `head` goes out first (SSE: the HTTP answer), `refusal_head` is what stands in a refusal's
** headers, `first` is taken as the client's first message. malloc'd texts or NULL; all is the loop's after loop_adopt. */
typedef struct newcomer {
  struct newcomer *next;
  int fd;
  client_kind kind;
  char *head, *headers, *first;
} newcomer;

typedef struct loop_counts {
  long long stalled, refused, accepted, in_flight, in_flight_bytes;
} loop_counts;

loop *loop_start(const delivery *d, error *err) MUST_USE;
/* Says goodbye (1001) to everybody, for a second at most, and joins the thread. NULL is allowed. */
void loop_stop(loop *l);
/* Takes n and its socket. Never waits. */
void loop_adopt(loop *l, newcomer *n);
/* Connections there are or that are on their way. Any thread. */
int loop_connections(const loop *l);
/* A place for one more, to be given back by loop_unreserve or used by loop_adopt. false: limits.clients. Any thread. */
bool loop_reserve(loop *l) MUST_USE;
void loop_unreserve(loop *l);
loop_counts loop_read_counts(const loop *l);

#endif
