/* The contract between the publisher (what clients get) and the transport (the sockets that it goes through).
**
** Pull, not push: the publisher holds per client only what it does not know yet; the transport asks for the next message
** when the socket took the one before. So a client has at most one message in flight, whoever reads slowly gets fewer and
** larger ones, and a text that many clients get is encoded once and shared.
** Thread: one, the delivery thread, calls everything here (client_port's functions too). The wake_fd is how it is woken.
*/
#ifndef MODEL_DELIVERY_H
#define MODEL_DELIVERY_H

#include "base/buffer.h"

typedef struct delivery_limits {
  int clients;            /* connections, all kinds together */
  int subscriptions;      /* per client */
  size_t message_bytes;   /* of one message from a client */
  int window_rows;        /* greatest limit of a window */
  int conflate_ms;        /* greatest conflation interval */
  int default_conflate_ms;
  size_t reply_bytes;     /* queued answers per client */
  size_t pending_bytes;   /* changes kept for one slow subscription */
  size_t resume_bytes;    /* changes kept for resume, per instance */
  int resume_ms;          /* an instance that nobody follows is held so long */
  int heartbeat_ms;
  int progress_ms;        /* least time between two `progress` of a subscription */
  int stall_ms;           /* a client that accepts nothing for so long is cut */
  int message_age_ms;     /* the longest that one message may be in flight */
  int close_linger_ms;    /* how long a client that is cut has to take the rest and the reason */
  size_t chunk_bytes;     /* about the size of a snapshot chunk */
  int errors;             /* refused messages in a row */
} delivery_limits;

delivery_limits delivery_limits_default(void);

/* WebSocket close codes that the publisher and the transport use (RFC 6455, and 4000 to 4999 of our own). */
enum {
  CLOSE_NORMAL = 1000, CLOSE_GOING_AWAY = 1001, CLOSE_PROTOCOL = 1002, CLOSE_UNSUPPORTED = 1003, CLOSE_BAD_TEXT = 1007,
  CLOSE_POLICY = 1008, CLOSE_TOO_BIG = 1009, CLOSE_INTERNAL = 1011, CLOSE_TRY_LATER = 1013,
  CLOSE_STALLED = 4008, CLOSE_REPLIES_UNREAD = 4009
};

/* A text that several messages in flight share. References are counted without atomics: delivery thread only. */
typedef struct shared_text {
  int references;
  size_t bytes;
  char text[];
} shared_text;

shared_text *shared_text_take(buffer *b); /* one reference, the buffer is freed; NULL when out of memory or b failed */
shared_text *shared_text_ref(shared_text *t);
void shared_text_unref(shared_text *t); /* NULL is allowed */

enum { OUTGOING_HEAD_BYTES = 512, OUTGOING_EVENT_ID_BYTES = 96 };

/* One message: its own head, then a body that may be shared. head + body is the JSON text. */
typedef struct outgoing {
  const char *type;         /* "delta", "snapshot", …: static */
  size_t head_bytes;
  shared_text *body;        /* one reference, the receiver's; NULL = all is in the head */
  int64_t oldest_us;        /* wall clock: commit of the oldest change in it; 0 = not a change */
  bool end;                 /* after this message the connection is closed (streams of one subscription) */
  char event_id[OUTGOING_EVENT_ID_BYTES]; /* where a stream resumes after it, or "" */
  char head[OUTGOING_HEAD_BYTES];
} outgoing;

typedef enum client_kind { CLIENT_WEBSOCKET, CLIENT_SSE } client_kind;

/* What a connection offers the publisher. */
typedef struct client_port {
  void (*wake)(void *connection);  /* client_next has something; called at most until the next client_next */
  void (*cut)(void *connection, int close_code, const char *reason); /* close it soon; client_close follows later */
} client_port;

typedef struct delivery {
  void *ctx;
  int wake_fd;            /* readable when run has something to do */
  delivery_limits limits;
  /* Does what is due: takes turns, loads, flushes. Returns after how many ms it wants to be called again at the latest. */
  int (*run)(void *ctx);
  /* NULL: refused, err says why. */
  void *(*client_open)(void *ctx, client_kind kind, const client_port *port, void *connection, error *err);
  void (*client_receive)(void *ctx, void *client, const char *text, size_t bytes);
  /* The next message to send; false: nothing for now, wake will come. */
  bool (*client_next)(void *ctx, void *client, outgoing *out);
  /* A message with changes has been accepted by the kernel whole. */
  void (*client_sent)(void *ctx, void *client, int64_t oldest_us, size_t bytes);
  void (*client_close)(void *ctx, void *client);
} delivery;

#endif
