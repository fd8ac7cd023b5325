#include "transport/websocket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <wslay/wslay.h>

static ssize_t on_recv(wslay_event_context_ptr ws, uint8_t *out, size_t size, int flags, void *user) {
  connection *c = user;
  if (size > c->read_budget) size = c->read_budget;
  ssize_t n = size ? recv(c->fd, out, size, MSG_DONTWAIT) : -1;
  if (n > 0) {
    c->read_budget -= (size_t)n;
    return n;
  }
  if (size && n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) c->readable = false;
  bool later = !size || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
  if (!later) {
    c->readable = false;
    c->peer_closed = true;
  }
  wslay_event_set_error(ws, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

/* Only control frames come through here. */
static ssize_t on_send(wslay_event_context_ptr ws, const uint8_t *bytes, size_t n, int flags, void *user) {
  connection_put_control(user, bytes, n);
  return (ssize_t)n;
}

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *arg, void *user) {
  connection *c = user;
  if (c->closing || !c->client) return;
  if (arg->opcode == WSLAY_TEXT_FRAME) {
    c->delivery->client_receive(c->delivery->ctx, c->client, (const char *)arg->msg, arg->msg_length);
  } else if (arg->opcode == WSLAY_BINARY_FRAME) {
    c->wants_cut = true;
    c->cut_code = CLOSE_UNSUPPORTED;
    strcpy(c->cut_reason, "messages are text");
  }
}

bool websocket_open(connection *c) {
  static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv, .send_callback = on_send, .on_msg_recv_callback = on_message};
  if (wslay_event_context_server_init(&c->ws, &callbacks, c)) return false;
  wslay_event_config_set_max_recv_msg_length(c->ws, c->delivery->limits.message_bytes);
  return true;
}

void websocket_free(connection *c) {
  if (c->ws) wslay_event_context_free(c->ws);
  c->ws = NULL;
}

static void put_control_frames(connection *c) {
  if (wslay_event_want_write(c->ws) && wslay_event_send(c->ws)) connection_kill(c);
}

/* The peer closed, or broke the protocol: libwslay has queued the answer. */
static void end_of_input(connection *c, int64_t now_ms) {
  if (!c->closing) {
    c->closing = true;
    c->closing_until_ms = now_ms + c->delivery->limits.close_linger_ms;
    if (c->client) c->delivery->client_close(c->delivery->ctx, c->client);
    c->client = NULL;
  }
  c->hurried = true;
}

void websocket_read(connection *c, int64_t now_ms) {
  c->read_budget = READ_BYTES_PER_VISIT;
  int rc = wslay_event_recv(c->ws);
  if (c->dead) return;
  if (c->peer_closed) {
    connection_kill(c);
    return;
  }
  if (rc) { /* libwslay could not make a frame of it, and would close without saying why */
    static const char close_frame[] = {(char)(0x80 | WSLAY_CONNECTION_CLOSE), 2, CLOSE_PROTOCOL >> 8, (char)(CLOSE_PROTOCOL & 0xFF)};
    connection_put_control(c, close_frame, sizeof close_frame);
    c->readable = false;
    end_of_input(c, now_ms);
    return;
  }
  put_control_frames(c);
  if (!wslay_event_get_read_enabled(c->ws)) {
    c->readable = false;
    end_of_input(c, now_ms);
  }
}

void websocket_frame(connection *c, size_t bytes) {
  uint8_t *p = (uint8_t *)c->lead;
  *p++ = 0x80 | WSLAY_TEXT_FRAME;
  int width = bytes < 126 ? 0 : bytes <= UINT16_MAX ? 2 : 8;
  *p++ = (uint8_t)(width == 0 ? bytes : width == 2 ? 126 : 127);
  for (int i = width - 1; i >= 0; i--) *p++ = (uint8_t)((uint64_t)bytes >> (8 * i));
  c->lead_bytes = (size_t)(p - (uint8_t *)c->lead);
  c->tail = "";
  c->tail_bytes = 0;
}

void websocket_say_close(connection *c, int code, const char *reason) {
  wslay_event_queue_close(c->ws, (uint16_t)code, (const uint8_t *)reason, strnlen(reason, MAX_REASON_BYTES));
  put_control_frames(c);
}
