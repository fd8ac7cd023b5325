/* fanout: many WebSocket clients on a running server, and what they get: latency from commit to receipt, messages, bytes.
**
** Client i of N subscribes to the view with the parameter values that --values names, client by client in turn (one value:
** all share one instance). A share of them reads slowly or not at all. One thread, epoll. The result is one JSON object. */
#include "base/clock.h"
#include "base/options.h"
#include "client/ws_client.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, SLOW_EVERY_MS = 500, MAX_SAMPLES = 4000000, CONNECT_TIMEOUT_MS = 10000, STALLED_BUFFER_BYTES = 4096 };

static const option_spec specs[] = {
  {.name = "server", .kind = OPTION_TEXT, .value = "HOST:PORT", .fallback = "127.0.0.1:8080", .help = "the server"},
  {.name = "view", .kind = OPTION_TEXT, .value = "VIEW", .fallback = "account_overview", .help = "what they follow"},
  {.name = "param", .kind = OPTION_TEXT, .value = "NAME", .fallback = "accounts", .help = "the parameter that --values are of"},
  {.name = "values", .kind = OPTION_TEXT, .value = "A,B,…", .help = "client i takes the i-th, in turn [no parameter]"},
  {.name = "group-by", .kind = OPTION_TEXT, .value = "NAMES", .help = "dimensions [the view's default]"},
  {.name = "clients", .kind = OPTION_INTEGER, .value = "N", .fallback = "100", .least = 1, .most = 100000, .help = "how many"},
  {.name = "slow", .kind = OPTION_REAL, .value = "PERCENT", .fallback = "0", .least = 0, .most = 100, .help = "read only twice a second"},
  {.name = "stalled", .kind = OPTION_REAL, .value = "PERCENT", .fallback = "0", .least = 0, .most = 100, .help = "never read"},
  {.name = "conflate-ms", .kind = OPTION_INTEGER, .value = "MS", .fallback = "100", .least = 0, .most = 60000, .help = "their interval"},
  {.name = "warmup-s", .kind = OPTION_INTEGER, .value = "S", .fallback = "2", .least = 0, .most = 3600, .help = "before it counts"},
  {.name = "seconds", .kind = OPTION_INTEGER, .value = "S", .fallback = "10", .least = 1, .most = 86400, .help = "how long it counts"},
  {.name = "server-pid", .kind = OPTION_INTEGER, .value = "PID", .least = 1, .most = INT32_MAX, .help = "its CPU and memory are read from /proc"},
  {.name = "help", .kind = OPTION_FLAG, .help = "this text"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

typedef enum pace { PACE_FAST, PACE_SLOW, PACE_STALLED, PACES } pace;

struct fanout;

typedef struct peer {
  ws_client *ws;
  struct fanout *f;
  pace pace;
  bool over, live;
  int64_t read_ms;
} peer;

typedef struct fanout {
  const options *options;
  int epoll_fd, count, connected, live, over;
  peer *peers;
  bool counting;
  int64_t now_ms;
  long long messages, deltas, bytes, errors, closed_4008;
  int *samples_ms; /* of fast clients' deltas */
  int sample_count;
} fanout;

typedef struct usage {
  double cpu_s;
  long long rss_bytes;
} usage;

/* A number's digits after "name": without parsing the rest, which is most of the work of thousands of clients. */
static long long number_after(const char *text, size_t bytes, const char *name) {
  const char *at = memmem(text, bytes < 400 ? bytes : 400, name, strlen(name));
  return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static bool begins(const char *text, size_t bytes, const char *with) { return bytes > strlen(with) && memcmp(text, with, strlen(with)) == 0; }

static void on_text(void *ctx, const char *text, size_t bytes) {
  peer *p = ctx;
  fanout *f = p->f;
  if (begins(text, bytes, "{\"type\":\"snapshot\"") && !p->live) {
    p->live = true;
    f->live++;
  }
  if (begins(text, bytes, "{\"type\":\"error\"") && f->errors++ == 0) fprintf(stderr, "fanout: %.*s\n", (int)bytes, text);
  if (!f->counting) return;
  f->messages++;
  f->bytes += (long long)bytes;
  if (!begins(text, bytes, "{\"type\":\"delta\"")) return;
  f->deltas++;
  if (p->pace != PACE_FAST || f->sample_count == MAX_SAMPLES) return;
  f->samples_ms[f->sample_count++] = (int)(clock_unix_ms() - number_after(text, bytes, "\"time\":"));
}

/* --- clients --- */

static json_t *split(const char *text) {
  json_t *list = json_array();
  for (const char *p = text;; p++) {
    size_t n = strcspn(p, ",");
    json_array_append_new(list, json_stringn(p, n));
    p += n;
    if (!*p) return list;
  }
}

static char *subscribe_text(const options *o, int i) {
  json_t *m = json_pack("{s:s,s:s,s:s,s:I}", "op", "subscribe", "id", "f", "view", options_text(o, "view"), "conflate_ms",
                        (json_int_t)options_integer(o, "conflate-ms"));
  if (options_text(o, "values")) {
    json_t *values = split(options_text(o, "values")), *params = json_object();
    json_object_set_new(params, options_text(o, "param"), json_pack("[O]", json_array_get(values, (size_t)i % json_array_size(values))));
    json_object_set_new(m, "params", params);
    json_decref(values);
  }
  if (options_text(o, "group-by")) json_object_set_new(m, "group_by", split(options_text(o, "group-by")));
  char *text = json_dumps(m, JSON_COMPACT);
  json_decref(m);
  return text;
}

/* Spread evenly: client i is in the share when the running sum of shares passes a whole number. */
static bool in_share(int i, double percent, int from) {
  double a = (double)(i + from) * percent / 100, b = (double)(i + from + 1) * percent / 100;
  return (long long)b > (long long)a;
}

static bool start_peer(fanout *f, int i, const char *host, int port, error *err) {
  peer *p = &f->peers[i];
  p->f = f;
  p->pace = in_share(i, options_real(f->options, "stalled"), 0) ? PACE_STALLED : in_share(i, options_real(f->options, "slow"), 5) ? PACE_SLOW : PACE_FAST;
  p->ws = ws_client_connect(host, port, "/ws", NULL, CONNECT_TIMEOUT_MS, on_text, p, err);
  if (!p->ws) return false;
  int small = STALLED_BUFFER_BYTES;
  if (p->pace == PACE_STALLED) (void)setsockopt(ws_client_fd(p->ws), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  char *text = subscribe_text(f->options, i);
  bool done = text && ws_client_send(p->ws, text, strlen(text));
  free(text);
  if (!done) return error_set(err, ERR_IO, "the server closed a connection");
  struct epoll_event ev = {.events = p->pace == PACE_FAST ? EPOLLIN : 0, .data.ptr = p};
  f->connected++;
  return epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, ws_client_fd(p->ws), &ev) == 0 || error_set(err, ERR_IO, "epoll: %s", strerror(errno));
}

static void read_peer(fanout *f, peer *p) {
  if (p->over || ws_client_read(p->ws)) return;
  p->over = true;
  f->over++;
  f->closed_4008 += ws_client_close_code(p->ws) == 4008;
  epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, ws_client_fd(p->ws), NULL);
}

static void listen_for(fanout *f, int ms) {
  struct epoll_event events[EVENTS];
  int64_t until_ms = clock_monotonic_ms() + ms;
  while ((f->now_ms = clock_monotonic_ms()) < until_ms) {
    int n = epoll_wait(f->epoll_fd, events, EVENTS, 20);
    for (int i = 0; i < n; i++) read_peer(f, events[i].data.ptr);
    for (int i = 0; i < f->connected; i++) {
      peer *p = &f->peers[i];
      if (p->pace != PACE_SLOW || f->now_ms < p->read_ms) continue;
      p->read_ms = f->now_ms + SLOW_EVERY_MS;
      read_peer(f, p);
    }
  }
}

/* --- the result --- */

static usage usage_of(int64_t pid) {
  usage u = {0};
  char path[64], line[512];
  unsigned long long user = 0, system_time = 0;
  snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
  FILE *file = pid ? fopen(path, "r") : NULL;
  if (file && fgets(line, sizeof line, file) && strrchr(line, ')')) {
    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system_time);
    u.cpu_s = (double)(user + system_time) / (double)sysconf(_SC_CLK_TCK);
  }
  if (file) fclose(file);
  snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
  file = pid ? fopen(path, "r") : NULL;
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, "VmRSS:", 6) == 0) u.rss_bytes = strtoll(line + 6, NULL, 10) * 1024;
  if (file) fclose(file);
  return u;
}

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static int percentile(const fanout *f, double p) {
  return f->sample_count ? f->samples_ms[(int)((double)(f->sample_count - 1) * p)] : -1;
}

static void print_result(fanout *f, usage idle, usage before, usage after) {
  qsort(f->samples_ms, (size_t)f->sample_count, sizeof *f->samples_ms, by_value);
  double cpu_s = after.cpu_s - before.cpu_s;
  json_t *r = json_pack("{s:i,s:i,s:i,s:I,s:I,s:I,s:I,s:i,s:i,s:i,s:i,s:I}", "clients", f->connected, "live", f->live, "closed", f->over, "closed_4008",
                        (json_int_t)f->closed_4008, "messages", (json_int_t)f->messages, "deltas", (json_int_t)f->deltas, "bytes",
                        (json_int_t)f->bytes, "p50_ms", percentile(f, 0.5), "p99_ms", percentile(f, 0.99), "max_ms", percentile(f, 1.0), "seconds",
                        (int)options_integer(f->options, "seconds"), "errors", (json_int_t)f->errors);
  if (options_given(f->options, "server-pid")) {
    json_object_set_new(r, "cpu_ms_per_1000_messages", json_real(f->messages ? cpu_s * 1e6 / (double)f->messages : 0));
    json_object_set_new(r, "rss_bytes", json_integer(after.rss_bytes));
    json_object_set_new(r, "rss_bytes_per_client", json_real((double)(after.rss_bytes - idle.rss_bytes) / f->connected));
  }
  json_dumpf(r, stdout, JSON_REAL_PRECISION(6));
  putchar('\n');
  json_decref(r);
}

static bool connect_all(fanout *f, error *err) {
  char host[256];
  int port;
  if (!ws_client_parse_address(options_text(f->options, "server"), host, sizeof host, &port, err)) return false;
  for (int i = 0; i < f->count; i++) {
    if (!start_peer(f, i, host, port, err)) return false;
    if (i % 100 == 99) listen_for(f, 1);
    if (i % 1000 == 999) fprintf(stderr, "fanout: %d clients\n", i + 1);
  }
  return true;
}

static bool run(fanout *f, error *err) {
  const options *o = f->options;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  f->count = (int)options_integer(o, "clients");
  f->peers = calloc((size_t)f->count, sizeof *f->peers);
  f->samples_ms = malloc(sizeof *f->samples_ms * MAX_SAMPLES);
  f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (!f->peers || !f->samples_ms || f->epoll_fd < 0) return error_nomem(err);
  usage idle = usage_of(options_integer(o, "server-pid"));
  if (!connect_all(f, err)) return false;
  listen_for(f, (int)options_integer(o, "warmup-s") * 1000);
  usage before = usage_of(options_integer(o, "server-pid"));
  f->counting = true;
  listen_for(f, (int)options_integer(o, "seconds") * 1000);
  print_result(f, idle, before, usage_of(options_integer(o, "server-pid")));
  return true;
}

int main(int argc, char **argv) {
  error err = {0};
  fanout f = {.epoll_fd = -1};
  options *o = options_read_as("FANOUT_", specs, SPECS, argc, argv, &err);
  bool done = o != NULL;
  f.options = o;
  if (done && options_flag(o, "help")) {
    printf("fanout: many WebSocket clients on a running server\n\nusage: fanout [options]\n\n");
    options_help(specs, SPECS, stdout);
  } else if (done) {
    done = run(&f, &err);
  }
  char text[1200];
  if (!done) fprintf(stderr, "fanout: %s\n", error_format(&err, text, sizeof text));
  for (int i = 0; i < f.connected; i++) ws_client_free(f.peers[i].ws);
  if (f.epoll_fd >= 0) close(f.epoll_fd);
  free(f.peers);
  free(f.samples_ms);
  options_free(o);
  return done ? 0 : 1;
}
