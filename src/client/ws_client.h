/* A small WebSocket client (RFC 6455 by libwslay), for `viewserver watch`, the load generator and tests.
**
** Connecting waits, bounded by a timeout; after it the socket does not block: poll ws_client_fd, then ws_client_read.
** Ownership: messages are borrowed for the call-back. Thread: one at a time.
*/
#ifndef CLIENT_WS_CLIENT_H
#define CLIENT_WS_CLIENT_H

#include "base/error.h"

typedef struct ws_client ws_client;
typedef void (*ws_client_message)(void *ctx, const char *text, size_t bytes);

/* origin may be NULL. NULL: nothing listens there, or it does not speak WebSocket; err says which. */
ws_client *ws_client_connect(const char *host, int port, const char *path, const char *origin, int timeout_ms, ws_client_message on_message,
                             void *ctx, error *err) MUST_USE;
/* Without a closing handshake. NULL is allowed. */
void ws_client_free(ws_client *c);

int ws_client_fd(const ws_client *c);
/* Takes what has arrived. false: the connection is over (ws_client_close_code says how). */
bool ws_client_read(ws_client *c);
/* Queues a text message and writes what the socket takes. false: the connection is over. */
bool ws_client_send(ws_client *c, const char *text, size_t bytes);
bool ws_client_wants_write(const ws_client *c); /* poll for writing, then: */
bool ws_client_write(ws_client *c);
/* Queues a close frame with 1000. */
bool ws_client_say_close(ws_client *c);
int ws_client_close_code(const ws_client *c);           /* 0 = none came */
const char *ws_client_close_reason(const ws_client *c); /* "" = none */

/* "host:port", "http://host:port/", "ws://host:port/ws" → parts. false: err. */
bool ws_client_parse_address(const char *text, char *host, size_t host_size, int *port, error *err) MUST_USE;

#endif
