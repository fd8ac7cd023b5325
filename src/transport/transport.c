#include "transport/transport.h"

#include "base/clock.h"
#include "base/log.h"
#include "transport/http.h"
#include "transport/sockets.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  MAX_CONNECTIONS = 1000,
  MAX_WORKERS = 256,
  MAX_HEADER_BYTES = 16 * 1024,
  CONNECTION_QUEUE = 256, /* accepted, waiting for a worker */
  LINGER_MS = 2000,       /* a closed connection's last bytes have this long to get through */
};

transport_options transport_defaults(void) {
  return (transport_options){
    .listen = "127.0.0.1:8080",
    .connections = 128,
    .workers = 16,
    .body_bytes = 1 << 20,
    .ingest_bytes = 16 << 20,
    .request_ms = 10000,
    .answer_ms = 60000,
    .rows_max = 1000000,
    .sql_ms = 10000,
    .sql_rows_max = 100000,
    .sql_enabled = true,
  };
}

struct transport {
  http_server server;
};

/* "host:port" as civetweb wants it: an IPv4 address and a port. */
static bool listen_address(const char *listen, char *out, size_t size, error *err) {
  const char *colon = strrchr(listen, ':');
  const char *port = colon ? colon + 1 : listen;
  char host[64] = "127.0.0.1";
  if (colon && colon > listen) snprintf(host, sizeof host, "%.*s", (int)(colon - listen), listen);
  if (strcmp(host, "localhost") == 0) snprintf(host, sizeof host, "127.0.0.1");
  if (strcmp(host, "*") == 0) snprintf(host, sizeof host, "0.0.0.0");
  struct in_addr address;
  char *end;
  long number = strtol(port, &end, 10);
  if (inet_pton(AF_INET, host, &address) != 1 || end == port || *end || number < 0 || number > 65535) {
    error_set(err, ERR_INVALID, "cannot listen on '%s': expected an IPv4 address and a port", listen);
    return error_hint(err, "write it as 127.0.0.1:8080, or 0.0.0.0:8080 for all interfaces");
  }
  snprintf(out, size, "%s:%ld", host, number);
  return true;
}

static bool check_options(const transport_options *o, error *err) {
  if (o->connections < 1 || o->connections > MAX_CONNECTIONS) return error_set(err, ERR_INVALID, "connections must be 1 to %d", MAX_CONNECTIONS);
  if (o->workers < 1 || o->workers > MAX_WORKERS) return error_set(err, ERR_INVALID, "workers must be 1 to %d", MAX_WORKERS);
  if (o->request_ms < 1 || o->answer_ms < 1 || o->sql_ms < 1) return error_set(err, ERR_INVALID, "times must be 1 ms or more");
  if (o->rows_max < 1 || o->sql_rows_max < 1) return error_set(err, ERR_INVALID, "row limits must be 1 or more");
  return true;
}

static bool start_civetweb(http_server *s, error *err) {
  char address[100], connections[16], request_ms[16], header_bytes[16], queue[16], linger[16], text[300] = "";
  if (!listen_address(s->options.listen, address, sizeof address, err)) return false;
  snprintf(connections, sizeof connections, "%d", s->options.connections);
  snprintf(request_ms, sizeof request_ms, "%d", s->options.request_ms);
  snprintf(header_bytes, sizeof header_bytes, "%d", MAX_HEADER_BYTES);
  snprintf(queue, sizeof queue, "%d", CONNECTION_QUEUE);
  snprintf(linger, sizeof linger, "%d", LINGER_MS);
  /* No keep-alive: an idle connection would hold a worker, and a connection of one request leaves nothing to smuggle.
  ** No document_root: civetweb must never look at the file system for a request. */
  const char *options[] = {
    "listening_ports", address, "num_threads", connections, "request_timeout_ms", request_ms, "max_request_size", header_bytes,
    "connection_queue", queue, "linger_timeout_ms", linger, "enable_keep_alive", "no", "decode_url", "no", "decode_query_string", "no",
    "enable_directory_listing", "no", "tcp_nodelay", "1", "access_control_allow_methods", "", "access_control_allow_origin", "", NULL,
  };
  struct mg_callbacks callbacks = http_callbacks();
  struct mg_init_data init = {.callbacks = &callbacks, .user_data = s, .configuration_options = options};
  unsigned code = 0;
  struct mg_error_data failure = {.code = &code, .text = text, .text_buffer_size = sizeof text};
  s->civetweb = mg_start2(&init, &failure);
  struct mg_server_port port = {0};
  if (s->civetweb && mg_get_server_ports(s->civetweb, 1, &port) == 1) {
    s->port = port.port;
    return true;
  }
  error_set(err, ERR_IO, "cannot listen on %s%s%s: is another program listening there?", address, text[0] ? ": " : "", text);
  return error_hint(err, "stop the other program or choose another port");
}

/* A client that connects and says nothing stays in the kernel and holds no worker. Where that cannot be had, request_ms is the bound. */
static void defer_silent_clients(const http_server *s) {
  int seconds = s->options.request_ms / 1000 + 1, fd = sockets_find_listener(s->port);
  if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds) != 0) log_debug("http: TCP_DEFER_ACCEPT is not to be had");
}

static bool start_parts(http_server *s, error *err) {
  s->files = static_files_load(s->options.ui_dir, err);
  if (!s->files) return false;
  s->log = log_ring_new(err);
  if (!s->log) return false;
  s->readers = calloc((size_t)s->options.workers, sizeof *s->readers);
  if (!s->readers) return error_nomem(err);
  /* A quarter of the connections stays for what does not wait: health, lists, the page. */
  s->executor = executor_start(s->options.workers, s->options.connections * 3 / 4, err);
  if (!s->executor) return false;
  s->watch = watch_start(err);
  return s->watch && start_civetweb(s, err);
}

transport *transport_start(const service *svc, const transport_options *options, error *err) {
  if (!check_options(options, err)) return NULL;
  transport *t = calloc(1, sizeof *t);
  if (!t) {
    error_nomem(err);
    return NULL;
  }
  t->server.svc = svc;
  t->server.options = *options;
  t->server.started_ms = clock_unix_ms();
  if (!start_parts(&t->server, err)) {
    transport_stop(t);
    return NULL;
  }
  http_register_websocket(&t->server);
  defer_silent_clients(&t->server);
  watch_headers(t->server.watch, t->server.port, &t->server.metrics.open_connections, t->server.options.connections);
  log_listen(log_ring_add, t->server.log);
  return t;
}

/* civetweb looks whether it should stop only when its poll of the listening socket returns, every 2 s. */
static void stop_listening(http_server *s) {
  int fd = sockets_find_listener(s->port);
  if (fd >= 0) shutdown(fd, SHUT_RDWR);
}

void transport_stop(transport *t) {
  if (!t) return;
  http_server *s = &t->server;
  atomic_store(&s->stopping, true);
  if (s->civetweb) stop_listening(s);
  if (s->watch) watch_cut_all(s->watch);
  if (s->civetweb) mg_stop(s->civetweb);
  if (s->log) log_listen(NULL, NULL);
  executor_stop(s->executor);
  watch_stop(s->watch);
  for (int i = 0; s->readers && i < s->options.workers; i++) reader_close(&s->readers[i]);
  free(s->readers);
  log_ring_free(s->log);
  static_files_free(s->files);
  free(t);
}

int transport_port(const transport *t) { return t->server.port; }
