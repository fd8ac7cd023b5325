#include "client/ws_client.h"

#include "client/ws_handshake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wslay/wslay.h>

enum { MAX_MESSAGE_BYTES = 256 << 20, MAX_REASON_BYTES = 123 };

struct ws_client {
  int fd;
  wslay_event_context_ptr ws;
  buffer rest; /* came with the handshake's answer */
  size_t rest_read;
  ws_client_message on_message;
  void *ctx;
  bool over;
  int close_code;
  char close_reason[MAX_REASON_BYTES + 1];
};

static ssize_t take_rest(ws_client *c, uint8_t *out, size_t size) {
  size_t n = c->rest.len - c->rest_read;
  if (n > size) n = size;
  memcpy(out, c->rest.data + c->rest_read, n);
  c->rest_read += n;
  if (c->rest_read == c->rest.len) buffer_free(&c->rest);
  return (ssize_t)n;
}

static ssize_t on_recv(wslay_event_context_ptr ws, uint8_t *out, size_t size, int flags, void *user) {
  ws_client *c = user;
  if (c->rest.len) return take_rest(c, out, size);
  c->rest_read = 0;
  ssize_t n = recv(c->fd, out, size, MSG_DONTWAIT);
  if (n > 0) return n;
  bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
  if (!later) c->over = true;
  wslay_event_set_error(ws, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

static ssize_t on_send(wslay_event_context_ptr ws, const uint8_t *bytes, size_t n, int flags, void *user) {
  ws_client *c = user;
  ssize_t sent = send(c->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) return sent;
  bool later = sent < 0 && (errno == EAGAIN || errno == EINTR);
  if (!later) c->over = true;
  wslay_event_set_error(ws, later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

static int on_mask(wslay_event_context_ptr ws, uint8_t *out, size_t n, void *user) { return getrandom(out, n, 0) == (ssize_t)n ? 0 : -1; }

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *arg, void *user) {
  ws_client *c = user;
  if (arg->opcode == WSLAY_TEXT_FRAME) {
    c->on_message(c->ctx, (const char *)arg->msg, arg->msg_length);
  } else if (arg->opcode == WSLAY_CONNECTION_CLOSE) {
    size_t n = arg->msg_length > 2 ? arg->msg_length - 2 : 0;
    c->close_code = arg->status_code;
    snprintf(c->close_reason, sizeof c->close_reason, "%.*s", (int)n, n ? (const char *)arg->msg + 2 : "");
  }
}

static bool open_wslay(ws_client *c) {
  static const struct wslay_event_callbacks callbacks = {
    .recv_callback = on_recv, .send_callback = on_send, .genmask_callback = on_mask, .on_msg_recv_callback = on_message};
  if (wslay_event_context_client_init(&c->ws, &callbacks, c)) return false;
  wslay_event_config_set_max_recv_msg_length(c->ws, MAX_MESSAGE_BYTES);
  return true;
}

ws_client *ws_client_connect(const char *host, int port, const char *path, const char *origin, int timeout_ms, ws_client_message on_text,
                             void *ctx, error *err) {
  ws_client *c = calloc(1, sizeof *c);
  if (!c) {
    error_nomem(err);
    return NULL;
  }
  c->on_message = on_text;
  c->ctx = ctx;
  c->fd = ws_handshake_connect(host, port, timeout_ms, err);
  bool done = c->fd >= 0 && ws_handshake_run(c->fd, host, port, path, origin, timeout_ms, &c->rest, err);
  if (done && (open_wslay(c) || error_nomem(err))) return c;
  ws_client_free(c);
  return NULL;
}

void ws_client_free(ws_client *c) {
  if (!c) return;
  if (c->ws) wslay_event_context_free(c->ws);
  if (c->fd >= 0) close(c->fd);
  buffer_free(&c->rest);
  free(c);
}

int ws_client_fd(const ws_client *c) { return c->fd; }
int ws_client_close_code(const ws_client *c) { return c->close_code; }
const char *ws_client_close_reason(const ws_client *c) { return c->close_reason; }
bool ws_client_wants_write(const ws_client *c) { return wslay_event_want_write(c->ws) != 0; }

bool ws_client_write(ws_client *c) { return wslay_event_send(c->ws) == 0 && !c->over; }

bool ws_client_read(ws_client *c) {
  if (wslay_event_recv(c->ws) || c->over) return false;
  if (wslay_event_want_write(c->ws) && !ws_client_write(c)) return false;
  return wslay_event_get_read_enabled(c->ws) && !wslay_event_get_close_received(c->ws);
}

bool ws_client_send(ws_client *c, const char *text, size_t bytes) {
  struct wslay_event_msg message = {.opcode = WSLAY_TEXT_FRAME, .msg = (const uint8_t *)text, .msg_length = bytes};
  return wslay_event_queue_msg(c->ws, &message) == 0 && ws_client_write(c);
}

bool ws_client_say_close(ws_client *c) {
  return wslay_event_queue_close(c->ws, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0) == 0 && ws_client_write(c);
}

bool ws_client_parse_address(const char *text, char *host, size_t host_size, int *port, error *err) {
  const char *start = strstr(text, "://") ? strstr(text, "://") + 3 : text;
  size_t n = strcspn(start, "/");
  const char *colon = memrchr(start, ':', n);
  long number = colon ? strtol(colon + 1, NULL, 10) : 80;
  size_t host_bytes = colon ? (size_t)(colon - start) : n;
  if (*start == '[' && host_bytes >= 2 && start[host_bytes - 1] == ']') { /* an IPv6 address */
    start++;
    host_bytes -= 2;
  }
  if (!host_bytes || host_bytes >= host_size || number < 1 || number > 65535 || strncmp(text, "https:", 6) == 0 || strncmp(text, "wss:", 4) == 0)
    return error_set(err, ERR_INVALID, "'%.100s' is no address: host:port was expected (without TLS)", text);
  memcpy(host, start, host_bytes);
  host[host_bytes] = '\0';
  *port = (int)number;
  return true;
}
