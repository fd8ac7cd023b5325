#include "client/ws_handshake.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_HEAD_BYTES = 16 << 10 };

/* --- SHA-1 and base64, for the accept header only --- */

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const uint8_t *p) {
  uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 16; i++) w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
    uint32_t t = rotate(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = t;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
  h[4] += e;
}

/* Of at most 119 bytes: two blocks. */
static void sha1(const char *text, size_t n, uint8_t out[20]) {
  uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  uint8_t blocks[128] = {0};
  memcpy(blocks, text, n);
  blocks[n] = 0x80;
  size_t total = n + 9 > 64 ? 128 : 64;
  uint64_t bits = (uint64_t)n * 8;
  for (int i = 0; i < 8; i++) blocks[total - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
  for (size_t at = 0; at < total; at += 64) sha1_block(h, blocks + at);
  for (int i = 0; i < 20; i++) out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t *in, size_t n, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0) | (i + 2 < n ? in[i + 2] : 0);
    *out++ = digits[v >> 18];
    *out++ = digits[v >> 12 & 63];
    *out++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
    *out++ = i + 2 < n ? digits[v & 63] : '=';
  }
  *out = '\0';
}

void ws_handshake_accept(const char *key, char out[29]) {
  char text[64 + 1];
  uint8_t digest[20];
  int n = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  sha1(text, (size_t)n, digest);
  base64(digest, sizeof digest, out);
}

/* --- the connection --- */

static bool wait_for(int fd, short events, int64_t until_ms) {
  struct pollfd p = {.fd = fd, .events = events};
  for (;;) {
    int64_t left_ms = until_ms - clock_monotonic_ms();
    int n = poll(&p, 1, left_ms < 0 ? 0 : (int)left_ms);
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

static int connect_one(const struct addrinfo *a, int64_t until_ms) {
  int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
  if (fd < 0) return -1;
  int failure = 0, one = 1;
  socklen_t size = sizeof failure;
  if (connect(fd, a->ai_addr, a->ai_addrlen) && errno != EINPROGRESS)
    failure = errno;
  else if (!wait_for(fd, POLLOUT, until_ms))
    failure = ETIMEDOUT;
  else
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
  if (!failure) {
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
  }
  close(fd);
  errno = failure;
  return -1;
}

int ws_handshake_connect(const char *host, int port, int timeout_ms, error *err) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all = NULL;
  char service_name[16];
  snprintf(service_name, sizeof service_name, "%d", port);
  int rc = getaddrinfo(host, service_name, &hints, &all);
  if (rc) {
    error_set(err, ERR_IO, "the host '%s' is not known: %s", host, gai_strerror(rc));
    return -1;
  }
  int fd = -1;
  int64_t until_ms = clock_monotonic_ms() + timeout_ms;
  for (const struct addrinfo *a = all; a && fd < 0; a = a->ai_next) fd = connect_one(a, until_ms);
  if (fd < 0) error_set(err, ERR_IO, "cannot connect to %s:%d: %s", host, port, strerror(errno));
  freeaddrinfo(all);
  return fd;
}

/* --- request and answer --- */

static bool send_all(int fd, const char *bytes, size_t n, int64_t until_ms) {
  while (n) {
    ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
    if (sent < 0 && (errno != EAGAIN || !wait_for(fd, POLLOUT, until_ms))) return false;
    if (sent < 0) continue;
    bytes += sent;
    n -= (size_t)sent;
  }
  return true;
}

static bool read_head(int fd, buffer *in, int64_t until_ms, error *err) {
  char bytes[2048];
  while (!in->data || !strstr(in->data, "\r\n\r\n")) {
    if (in->len > MAX_HEAD_BYTES) return error_set(err, ERR_IO, "the answer to the handshake is longer than %d bytes", MAX_HEAD_BYTES);
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EAGAIN && wait_for(fd, POLLIN, until_ms)) continue;
    if (n <= 0) return error_set(err, ERR_IO, "the server did not answer the handshake");
    buffer_append(in, bytes, (size_t)n);
    if (in->failed) return error_nomem(err);
  }
  return true;
}

static bool check_answer(const char *head, const char *key, error *err) {
  char accept[29];
  int status = 0;
  if (sscanf(head, "HTTP/1.1 %d", &status) != 1) return error_set(err, ERR_IO, "the server does not speak HTTP");
  if (status != 101) {
    const char *body = strstr(head, "\r\n\r\n");
    return error_set(err, ERR_IO, "the server refused the WebSocket with status %d: %.300s", status, body ? body + 4 : "");
  }
  ws_handshake_accept(key, accept);
  const char *header = strcasestr(head, "\r\nSec-WebSocket-Accept:");
  header = header ? strchr(header, ':') + 1 : "";
  header += strspn(header, " \t");
  return strncmp(header, accept, strlen(accept)) == 0 || error_set(err, ERR_IO, "the server's Sec-WebSocket-Accept is wrong");
}

bool ws_handshake_run(int fd, const char *host, int port, const char *path, const char *origin, int timeout_ms, buffer *rest, error *err) {
  uint8_t random[16];
  char key[WS_KEY_BYTES];
  int64_t until_ms = clock_monotonic_ms() + timeout_ms;
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return error_set(err, ERR_IO, "no random bytes: %s", strerror(errno));
  base64(random, sizeof random, key);
  buffer request = {0}, in = {0};
  buffer_printf(&request, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
                path, host, port, key);
  if (origin) buffer_printf(&request, "Origin: %s\r\n", origin);
  buffer_puts(&request, "\r\n");
  bool done = !request.failed || error_nomem(err);
  if (done && !send_all(fd, request.data, request.len, until_ms)) done = error_set(err, ERR_IO, "the handshake cannot be sent: %s", strerror(errno));
  done = done && read_head(fd, &in, until_ms, err) && check_answer(in.data, key, err);
  if (done) {
    const char *after = strstr(in.data, "\r\n\r\n") + 4;
    buffer_append(rest, after, in.len - (size_t)(after - in.data));
    done = !rest->failed || error_nomem(err);
  }
  buffer_free(&request);
  buffer_free(&in);
  return done;
}
