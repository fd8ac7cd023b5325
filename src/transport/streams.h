/* The streams of the server: WebSocket and SSE connections, owned by one epoll thread, the delivery thread.
**
** civetweb accepts, parses and shakes hands; then the socket is taken over (takeover.h) and its worker is free again.
** stream_server_of gives the table that transport_options.streams wants.
**
** Start: publisher_new → streams_start → transport_start.  Stop: transport_stop → streams_stop (joins the thread, closes
** every connection with 1001) → engine → publisher_free.
*/
#ifndef TRANSPORT_STREAMS_H
#define TRANSPORT_STREAMS_H

#include "model/delivery.h"
#include "transport/stream.h"

typedef struct streams streams;

/* `d` is borrowed until streams_stop. `metrics` (may be NULL) is called with `metrics_ctx` for the publisher's families. */
streams *streams_start(const delivery *d, void (*metrics)(void *ctx, buffer *out), void *metrics_ctx, error *err) MUST_USE;
void streams_stop(streams *s); /* NULL is allowed */
const stream_server *streams_server(streams *s);

#endif
