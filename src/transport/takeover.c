#include "transport/takeover.h"

#include "transport/sockets.h"

#include <civetweb.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_BUFFER_BYTES = 128 << 10 };

/* civetweb's number becomes a socket whose other end is closed. */
static bool leave_dead_socket(int fd) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return false;
  bool done = dup3(pair[0], fd, O_CLOEXEC) == fd;
  close(pair[0]);
  close(pair[1]);
  return done;
}

int takeover_socket(const struct mg_connection *conn, error *err) {
  const struct mg_request_info *info = mg_get_request_info(conn);
  int fd = sockets_find(info->remote_addr, info->remote_port, info->server_port);
  if (fd < 0) {
    error_set(err, ERR_INTERNAL, "the socket of %s:%d was not found among the process's descriptors", info->remote_addr, info->remote_port);
    return -1;
  }
  int own = fcntl(fd, F_DUPFD_CLOEXEC, sockets_first_of_ours());
  if (own >= 0 && fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK) == 0 && leave_dead_socket(fd)) return own;
  error_set(err, ERR_IO, "the socket of %s:%d cannot be taken over: %s", info->remote_addr, info->remote_port, strerror(errno));
  if (own >= 0) close(own);
  return -1;
}

void takeover_configure(int fd, int dead_ms) {
  int one = 1, bytes = SEND_BUFFER_BYTES;
  unsigned int timeout_ms = (unsigned int)dead_ms;
  /* A socket that does not take an option works without it. */
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}
