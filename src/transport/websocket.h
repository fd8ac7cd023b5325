/* RFC 6455 on a connection: what comes in goes through libwslay (masks, fragments, control frames, UTF-8, limits).
**
** What goes out is framed here: a server's frame is 2 to 10 bytes before the payload, and libwslay would copy the payload
** that all clients share. Thread: the delivery thread.
*/
#ifndef TRANSPORT_WEBSOCKET_H
#define TRANSPORT_WEBSOCKET_H

#include "transport/connection.h"

bool websocket_open(connection *c) MUST_USE; /* false: out of memory */
void websocket_free(connection *c);
/* Reads what is there, up to c->read_budget bytes, and hands messages to the publisher. */
void websocket_read(connection *c, int64_t now_ms);
/* Writes the header of one text frame of `bytes` into c->lead. */
void websocket_frame(connection *c, size_t bytes);
/* Queues a close frame. */
void websocket_say_close(connection *c, int code, const char *reason);

#endif
