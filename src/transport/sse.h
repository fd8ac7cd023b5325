/* Server-Sent Events on a connection. Thread: the delivery thread, but for sse_subscribe_text (any). */
#ifndef TRANSPORT_SSE_H
#define TRANSPORT_SSE_H

#include "transport/connection.h"
#include "transport/stream.h"

/* The `subscribe` message that the request means; free() it. NULL: err. */
char *sse_subscribe_text(const stream_request *request, error *err) MUST_USE;
/* The head of the answer: with `headers`, lines that end in \r\n. */
void sse_put_head(buffer *out, const char *headers);
/* An answer that refuses the stream: 503 with a problem document. */
void sse_put_refusal(buffer *out, const char *headers, const error *err);
/* Writes the event's lines around c->message. */
void sse_frame(connection *c);
/* Whatever comes in is dropped; the end of it closes. */
void sse_read(connection *c);

#endif
