/* The HTTP part of a WebSocket client. Thread: any. */
#ifndef CLIENT_WS_HANDSHAKE_H
#define CLIENT_WS_HANDSHAKE_H

#include "base/buffer.h"

enum { WS_KEY_BYTES = 25 }; /* base64 of 16 random bytes, and its NUL */

/* A TCP connection within the timeout, or -1. */
int ws_handshake_connect(const char *host, int port, int timeout_ms, error *err) MUST_USE;
/* Sends the request and reads the answer; what came after its head is left in *rest. */
bool ws_handshake_run(int fd, const char *host, int port, const char *path, const char *origin, int timeout_ms, buffer *rest, error *err) MUST_USE;
/* What the server must answer to a key (base64 of the SHA-1 of key and the GUID of RFC 6455). */
void ws_handshake_accept(const char *key, char out[29]);

#endif
