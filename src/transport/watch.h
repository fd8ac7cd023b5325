/* Absolute deadlines on connections: a client that sends or takes its bytes too slowly is cut.
**
** civetweb's own timeouts begin anew with every byte, so a client that trickles holds a worker for ever. Here each
** connection has one deadline; when it passes, the watch shuts the socket down and whoever reads or writes it fails.
** The socket is found by its peer's address, and only when a deadline has passed.
** While all workers are taken, connections that hold one without having sent their headers are cut after HEADER_LOOK_MS too,
** so that a crowd of half requests cannot lock the others out.
** Invariant: between watch_enter and watch_leave the connection's socket is open, since its worker leaves before it closes.
** Thread: any; a thread of its own looks every WATCH_PERIOD_MS.
*/
#ifndef TRANSPORT_WATCH_H
#define TRANSPORT_WATCH_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdint.h>

enum { WATCH_PERIOD_MS = 100, HEADER_LOOK_MS = 1000, MAX_HEADER_SUSPECTS = 1000 };

typedef struct watch watch;
typedef struct watch_entry watch_entry;

watch *watch_start(error *err) MUST_USE;
void watch_stop(watch *w); /* after the last watch_leave */

/* The server's port, and how many of its workers (`most`) are taken (`open`, which outlives the watch). */
void watch_headers(watch *w, int port, const atomic_int *open, int most);

/* deadline_ms on the monotonic clock. NULL when out of memory. */
watch_entry *watch_enter(watch *w, const char *peer_address, int peer_port, int64_t deadline_ms) MUST_USE;
void watch_set(watch *w, watch_entry *e, int64_t deadline_ms); /* another deadline; NULL is allowed */
/* The socket is about to close or to change hands: the entry stays but does nothing until watch_set. */
void watch_disarm(watch *w, watch_entry *e);
void watch_leave(watch *w, watch_entry *e); /* frees e; NULL is allowed */
/* Shuts every armed connection down: the server stops and waits for nobody. */
void watch_cut_all(watch *w);
uint64_t watch_cut_count(const watch *w);

#endif
