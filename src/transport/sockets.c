#include "transport/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { MOST_DESCRIPTORS = 1 << 20, FIRST_DESCRIPTOR = 3 };

static int descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > MOST_DESCRIPTORS) return MOST_DESCRIPTORS;
  return (int)limit.rlim_cur;
}

int sockets_first_of_ours(void) {
  int limit = descriptor_limit();
  return limit / 4 < SOCKETS_OURS_FROM ? limit / 4 : SOCKETS_OURS_FROM;
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

static bool is_connection(int fd, const char *peer_address, int peer_port, int local_port) {
  struct sockaddr_storage peer, own;
  socklen_t peer_bytes = sizeof peer, own_bytes = sizeof own;
  if (getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) || port_of(&peer) != peer_port) return false;
  if (local_port && (getsockname(fd, (struct sockaddr *)&own, &own_bytes) || port_of(&own) != local_port)) return false;
  return has_address(&peer, peer_address);
}

static bool is_listener(int fd, int port) {
  struct sockaddr_storage own;
  socklen_t own_bytes = sizeof own, listening_bytes = sizeof(int);
  int listening = 0;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_bytes) || !listening) return false;
  return getsockname(fd, (struct sockaddr *)&own, &own_bytes) == 0 && own.ss_family == AF_INET && port_of(&own) == port;
}

/* Descriptors are dense at the bottom: a long run of numbers that are none ends the search. peer_address NULL: a listener. */
static int find(const char *peer_address, int peer_port, int local_port) {
  int limit = descriptor_limit(), misses = 0;
  for (int fd = FIRST_DESCRIPTOR; fd < limit && misses < SOCKETS_OURS_FROM; fd++) {
    errno = 0;
    if (peer_address ? is_connection(fd, peer_address, peer_port, local_port) : is_listener(fd, local_port)) return fd;
    misses = errno == EBADF ? misses + 1 : 0;
  }
  return -1;
}

void sockets_each_silent(int local_port, void (*visit)(void *ctx, int fd, const char *peer_address, int peer_port), void *ctx) {
  int most = sockets_first_of_ours();
  for (int fd = FIRST_DESCRIPTOR; fd < most; fd++) {
    struct sockaddr_storage peer, own;
    socklen_t peer_bytes = sizeof peer, own_bytes = sizeof own;
    char address[INET_ADDRSTRLEN];
    int waiting = 0;
    if (getsockname(fd, (struct sockaddr *)&own, &own_bytes) || own.ss_family != AF_INET || port_of(&own) != local_port) continue;
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) || ioctl(fd, FIONREAD, &waiting) || waiting) continue;
    inet_ntop(AF_INET, &((const struct sockaddr_in *)&peer)->sin_addr, address, sizeof address);
    visit(ctx, fd, address, port_of(&peer));
  }
}

int sockets_find(const char *peer_address, int peer_port, int local_port) { return find(peer_address, peer_port, local_port); }

int sockets_find_listener(int port) { return find(NULL, 0, port); }
