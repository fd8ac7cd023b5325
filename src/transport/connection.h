/* One stream's socket, from the moment it was taken over. Private to the streams of src/transport.
**
** Output: at most one message is in flight; it goes out as lead + head + body + tail with one system call where the socket
** takes it. `control` (HTTP head, pongs, close frames; bounded) goes between messages, never inside one. So a client that
** does not read costs one message, which is shared, and nothing more.
** Life: open → closing (no publisher's client any more; the rest of the message in flight and the reason may still go out,
** for limits.close_linger_ms) → dead (freed at the end of the loop's round).
** Thread: the delivery thread.
*/
#ifndef TRANSPORT_CONNECTION_H
#define TRANSPORT_CONNECTION_H

#include "model/delivery.h"

#include <stdint.h>
#include <sys/queue.h>

struct wslay_event_context;

enum { LEAD_BYTES = 192, MAX_CONTROL_BYTES = 16 << 10, READ_BYTES_PER_VISIT = 64 << 10, MESSAGES_PER_VISIT = 16, MAX_REASON_BYTES = 120 };

typedef struct connection {
  TAILQ_ENTRY(connection) link;       /* loop.connections or loop.dead */
  TAILQ_ENTRY(connection) visit_link; /* loop.visits, while queued */
  const delivery *delivery;
  struct loop *loop;
  int fd;
  client_kind kind;
  void *client;                       /* the publisher's; NULL when closing */
  struct wslay_event_context *ws;     /* WebSocket: what comes in, and control frames */
  bool queued, readable, writable, in_flight, closing, dead, peer_closed, wants_cut;
  bool hurried;                       /* closing: nothing more is expected of the peer */
  int cut_code;
  char cut_reason[MAX_REASON_BYTES + 1];
  size_t read_budget;
  char lead[LEAD_BYTES];              /* frame header, or the event's lines before its data */
  size_t lead_bytes;
  const char *tail;
  size_t tail_bytes, sent_bytes;      /* of the message in flight */
  outgoing message;
  buffer control;
  size_t control_sent;
  int64_t message_ms, accepted_ms;    /* when it was begun; when the socket last took something */
  int64_t closing_until_ms;
} connection;

/* Writes what can be written now. true: there may be more, visit again. */
bool connection_pump(connection *c, int64_t now_ms);
/* Ends the publisher's client and says so to the peer (code and reason: WebSocket only). */
void connection_close(connection *c, int code, const char *reason, int64_t now_ms);
/* Nothing more is sent or read. */
void connection_kill(connection *c);
/* Bytes that go out between messages. More than MAX_CONTROL_BYTES are a peer that asks without reading: it is killed. */
void connection_put_control(connection *c, const void *bytes, size_t n);

#endif
