#include "transport/takeover.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_BUFFER_BYTES = 128 << 10, MOST_DESCRIPTORS = 1 << 20, OURS_FROM = 4096 };

static int descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > MOST_DESCRIPTORS) return MOST_DESCRIPTORS;
  return (int)limit.rlim_cur;
}

/* Ours live above civetweb's, so that the search among the low ones stays short however many clients there are. */
static int first_of_ours(void) {
  int limit = descriptor_limit();
  return limit / 4 < OURS_FROM ? limit / 4 : OURS_FROM;
}

static int port_of(const struct sockaddr_storage *a) {
  if (a->ss_family == AF_INET) return ntohs(((const struct sockaddr_in *)a)->sin_port);
  if (a->ss_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
  return -1;
}

static bool has_address(const struct sockaddr_storage *a, const char *text) {
  char own[INET6_ADDRSTRLEN] = "";
  if (a->ss_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, own, sizeof own);
  else
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, own, sizeof own);
  return strcmp(own, text) == 0;
}

static bool is_socket_of(int fd, const struct mg_request_info *info) {
  struct sockaddr_storage peer, own;
  socklen_t peer_bytes = sizeof peer, own_bytes = sizeof own;
  if (getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) || port_of(&peer) != info->remote_port) return false;
  if (getsockname(fd, (struct sockaddr *)&own, &own_bytes) || port_of(&own) != info->server_port) return false;
  return has_address(&peer, info->remote_addr);
}

static int find_socket(const struct mg_request_info *info) {
  int limit = descriptor_limit(), misses = 0;
  for (int fd = 3; fd < limit && misses < OURS_FROM; fd++) {
    errno = 0;
    if (is_socket_of(fd, info)) return fd;
    misses = errno == EBADF ? misses + 1 : 0;
  }
  return -1;
}

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
  int fd = find_socket(info);
  if (fd < 0) {
    error_set(err, ERR_INTERNAL, "the socket of %s:%d was not found among the process's descriptors", info->remote_addr, info->remote_port);
    return -1;
  }
  int own = fcntl(fd, F_DUPFD_CLOEXEC, first_of_ours());
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
