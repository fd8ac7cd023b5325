#include "transport/connection.h"

#include "transport/sse.h"
#include "transport/websocket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

void connection_kill(connection *c) {
  if (c->client) c->delivery->client_close(c->delivery->ctx, c->client);
  c->client = NULL;
  c->dead = true;
}

void connection_put_control(connection *c, const void *bytes, size_t n) {
  buffer_append(&c->control, bytes, n);
  if (c->control.failed || c->control.len - c->control_sent > MAX_CONTROL_BYTES) connection_kill(c);
}

void connection_close(connection *c, int code, const char *reason, int64_t now_ms) {
  if (c->closing || c->dead) return;
  c->closing = true;
  c->closing_until_ms = now_ms + c->delivery->limits.close_linger_ms;
  if (c->client) c->delivery->client_close(c->delivery->ctx, c->client);
  c->client = NULL;
  if (c->kind == CLIENT_WEBSOCKET)
    websocket_say_close(c, code, reason);
  else
    c->hurried = true;
}

/* What send can tell: bytes taken, 0 = not now; a broken socket kills. */
static size_t send_pieces(connection *c, struct iovec *pieces, int count, int64_t now_ms) {
  struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
  ssize_t n = sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0) {
    c->accepted_ms = now_ms;
    return (size_t)n;
  }
  if (n < 0 && errno == EINTR) return 0; /* visited again: it is still writable */
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    c->writable = false;
  else
    connection_kill(c);
  return 0;
}

/* true: nothing of it is left. */
static bool send_control(connection *c, int64_t now_ms) {
  while (c->control_sent < c->control.len && c->writable && !c->dead) {
    struct iovec piece = {.iov_base = c->control.data + c->control_sent, .iov_len = c->control.len - c->control_sent};
    c->control_sent += send_pieces(c, &piece, 1, now_ms);
  }
  if (c->control_sent < c->control.len) return false;
  buffer_free(&c->control);
  c->control_sent = 0;
  return true;
}

static size_t body_bytes(const connection *c) { return c->message.body ? c->message.body->bytes : 0; }

static size_t message_bytes(const connection *c) { return c->lead_bytes + c->message.head_bytes + body_bytes(c) + c->tail_bytes; }

/* The pieces that are left after `sent` bytes. */
static int pieces_left(connection *c, struct iovec out[4]) {
  struct iovec all[4] = {{c->lead, c->lead_bytes},
                         {c->message.head, c->message.head_bytes},
                         {c->message.body ? c->message.body->text : NULL, body_bytes(c)},
                         {(char *)c->tail, c->tail_bytes}};
  size_t skip = c->sent_bytes;
  int count = 0;
  for (int i = 0; i < 4; i++) {
    if (skip >= all[i].iov_len) {
      skip -= all[i].iov_len;
      continue;
    }
    out[count++] = (struct iovec){(char *)all[i].iov_base + skip, all[i].iov_len - skip};
    skip = 0;
  }
  return count;
}

static void finish_message(connection *c, int64_t now_ms) {
  size_t bytes = message_bytes(c);
  c->in_flight = false;
  shared_text_unref(c->message.body);
  c->message.body = NULL;
  if (c->client) c->delivery->client_sent(c->delivery->ctx, c->client, c->message.oldest_us, bytes);
  if (c->message.end) connection_close(c, CLOSE_NORMAL, "", now_ms);
}

/* true: the message in flight is out. */
static bool send_message(connection *c, int64_t now_ms) {
  while (c->writable && !c->dead && c->sent_bytes < message_bytes(c)) {
    struct iovec pieces[4];
    int count = pieces_left(c, pieces);
    c->sent_bytes += send_pieces(c, pieces, count, now_ms);
  }
  if (c->dead || c->sent_bytes < message_bytes(c)) return false;
  finish_message(c, now_ms);
  return true;
}

static bool begin_message(connection *c, int64_t now_ms) {
  if (!c->client || !c->delivery->client_next(c->delivery->ctx, c->client, &c->message)) return false;
  c->in_flight = true;
  c->sent_bytes = 0;
  c->message_ms = c->accepted_ms = now_ms;
  size_t bytes = c->message.head_bytes + body_bytes(c);
  if (c->kind == CLIENT_WEBSOCKET)
    websocket_frame(c, bytes);
  else
    sse_frame(c);
  return true;
}

bool connection_pump(connection *c, int64_t now_ms) {
  for (int n = 0; n < MESSAGES_PER_VISIT; n++) {
    if (c->dead || !c->writable) return false;
    if (c->in_flight && !send_message(c, now_ms)) return false;
    if (!send_control(c, now_ms)) return false;
    if (c->closing) {
      if (c->hurried || c->peer_closed) connection_kill(c);
      return false;
    }
    if (!begin_message(c, now_ms)) return false;
  }
  return true;
}
