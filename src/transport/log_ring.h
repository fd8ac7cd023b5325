/* The last log lines, numbered, for clients that look at the server's activity.
**
** Holds LOG_RING_LINES lines of at most LOG_RING_LINE_BYTES; older ones are forgotten. Thread: any.
*/
#ifndef TRANSPORT_LOG_RING_H
#define TRANSPORT_LOG_RING_H

#include "base/buffer.h"
#include "base/log.h"

enum { LOG_RING_LINES = 2000, LOG_RING_LINE_BYTES = 500 };

typedef struct log_ring log_ring;

log_ring *log_ring_new(error *err) MUST_USE;
void log_ring_free(log_ring *r);
/* A log_listener; ctx is the ring. */
void log_ring_add(void *ctx, log_level level, double unix_seconds, const char *text);
/* Writes {"next":N,"lines":[{"id","time","level","text"},…]}: lines after number `since`, of at least this level, the
** oldest first, at most `most` of them. Asking again with since = next gives what came later. */
void log_ring_write(log_ring *r, int64_t since, log_level least, int64_t most, buffer *out);

#endif
