#include "support/http_client.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

int http_connect(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

bool http_send(int fd, const char *bytes, size_t n) {
  while (n) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, HTTP_CLIENT_TIMEOUT_MS) != 1) return false;
    ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return false;
    bytes += sent;
    n -= (size_t)sent;
  }
  return true;
}

static bool read_all(int fd, buffer *out) {
  int64_t until = clock_monotonic_ms() + HTTP_CLIENT_TIMEOUT_MS;
  char piece[16384];
  for (;;) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left = until - clock_monotonic_ms();
    if (left <= 0 || poll(&p, 1, (int)left) != 1) return false;
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n <= 0) return true;
    buffer_append(out, piece, (size_t)n);
  }
}

static bool unchunk(const char *p, const char *end, buffer *out) {
  while (p < end) {
    char *after;
    unsigned long n = strtoul(p, &after, 16);
    if (after == p || end - after < 2 || strncmp(after, "\r\n", 2) != 0) return false;
    p = after + 2;
    if (n == 0) return true;
    if ((size_t)(end - p) < n + 2) return false;
    buffer_append(out, p, n);
    p += n + 2;
  }
  return false;
}

static void parse(const buffer *all, http_answer *a) {
  const char *text = buffer_text(all);
  const char *blank = strstr(text, "\r\n\r\n");
  if (strncmp(text, "HTTP/1.", 7) != 0 || !blank) return;
  a->status = atoi(text + 9);
  if (a->status == 100) { /* what follows is the answer */
    buffer rest = {0};
    buffer_append(&rest, blank + 4, all->len - (size_t)(blank + 4 - text));
    parse(&rest, a);
    buffer_free(&rest);
    return;
  }
  buffer_append(&a->head, text, (size_t)(blank + 2 - text));
  const char *body = blank + 4, *end = text + all->len;
  const char *length = http_answer_header(a, "Content-Length"), *coding = http_answer_header(a, "Transfer-Encoding");
  if (coding && strcmp(coding, "chunked") == 0) {
    a->complete = unchunk(body, end, &a->body);
  } else {
    buffer_append(&a->body, body, (size_t)(end - body));
    length = http_answer_header(a, "Content-Length");
    a->complete = !length || strtoul(length, NULL, 10) == a->body.len;
  }
}

http_answer http_receive(int fd) {
  http_answer a = {0};
  buffer all = {0};
  a.timed_out = !read_all(fd, &all);
  close(fd);
  parse(&all, &a);
  buffer_free(&all);
  return a;
}

http_answer http_raw(int port, const char *request, size_t n) {
  int fd = http_connect(port);
  if (fd < 0) return (http_answer){0};
  http_send(fd, request, n); /* the server may answer, and close, before it has read all */
  return http_receive(fd);
}

http_answer http_request(int port, const char *method, const char *target, const char *headers, const char *body) {
  buffer request = {0};
  buffer_printf(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", method, target, port, headers);
  if (body) buffer_printf(&request, "Content-Length: %zu\r\n", strlen(body));
  buffer_printf(&request, "\r\n%s", body ? body : "");
  http_answer a = http_raw(port, request.data, request.len);
  buffer_free(&request);
  return a;
}

http_answer http_get(int port, const char *target) { return http_request(port, "GET", target, "", NULL); }

void http_answer_free(http_answer *a) {
  buffer_free(&a->head);
  buffer_free(&a->body);
}

const char *http_answer_header(const http_answer *a, const char *name) {
  static _Thread_local char found[2000];
  size_t n = strlen(name);
  for (const char *line = buffer_text(&a->head); line && *line; line = strstr(line, "\r\n") ? strstr(line, "\r\n") + 2 : NULL)
    if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
      snprintf(found, sizeof found, "%.*s", (int)strcspn(line + n + 2, "\r\n"), line + n + 2);
      return found;
    }
  return NULL;
}

bool http_gunzip(const buffer *packed, buffer *out) {
  z_stream z = {.next_in = (Bytef *)packed->data, .avail_in = (uInt)packed->len};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return false;
  int rc;
  do {
    buffer_reserve(out, 65536);
    z.next_out = (Bytef *)out->data + out->len;
    z.avail_out = 65536;
    rc = inflate(&z, Z_NO_FLUSH);
    out->len += 65536 - z.avail_out;
  } while (rc == Z_OK);
  inflateEnd(&z);
  if (out->data) out->data[out->len] = '\0';
  return rc == Z_STREAM_END;
}
