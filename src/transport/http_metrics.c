#include "transport/http_metrics.h"

#include <assert.h>

static const double bounds_s[HTTP_DURATION_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10};

void http_metrics_count(http_metrics *m, int route, int status, int64_t duration_us, uint64_t bytes) {
  atomic_fetch_add(&m->bytes_sent, bytes);
  if (route < 0) {
    atomic_fetch_add(&m->refused, 1);
    return;
  }
  assert(route < HTTP_METRIC_ROUTES);
  http_route_metrics *r = &m->route[route];
  int class = status / 100;
  atomic_fetch_add(&r->answers[class > 0 && class < HTTP_METRIC_CLASSES ? class : 0], 1);
  int bucket = 0;
  while (bucket < HTTP_DURATION_BUCKETS && (double)duration_us / 1e6 > bounds_s[bucket]) bucket++;
  atomic_fetch_add(&r->duration[bucket], 1);
  atomic_fetch_add(&r->duration_us, (unsigned long long)duration_us);
}

static unsigned long long answers_of(http_route_metrics *r) {
  unsigned long long n = 0;
  for (int i = 0; i < HTTP_METRIC_CLASSES; i++) n += atomic_load(&r->answers[i]);
  return n;
}

static void put_histogram(http_route_metrics *r, const char *name, buffer *out) {
  unsigned long long sum = 0;
  for (int i = 0; i <= HTTP_DURATION_BUCKETS; i++) {
    sum += atomic_load(&r->duration[i]);
    buffer_printf(out, "viewserver_http_request_seconds_bucket{route=\"%s\",le=\"", name);
    if (i < HTTP_DURATION_BUCKETS)
      buffer_printf(out, "%g", bounds_s[i]);
    else
      buffer_puts(out, "+Inf");
    buffer_printf(out, "\"} %llu\n", sum);
  }
  buffer_printf(out, "viewserver_http_request_seconds_sum{route=\"%s\"} %.6f\n", name, (double)atomic_load(&r->duration_us) / 1e6);
  buffer_printf(out, "viewserver_http_request_seconds_count{route=\"%s\"} %llu\n", name, sum);
}

static void put_family(buffer *out, const char *name, const char *type, const char *help) {
  buffer_printf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

void http_metrics_write(http_metrics *m, int routes, const char *(*name)(int route), uint64_t cut, buffer *out) {
  put_family(out, "viewserver_http_requests", "counter", "Requests answered, by route and class of status.");
  for (int i = 0; i < routes; i++)
    for (int class = 0; class < HTTP_METRIC_CLASSES; class++) {
      unsigned long long n = atomic_load(&m->route[i].answers[class]);
      if (n) buffer_printf(out, "viewserver_http_requests_total{route=\"%s\",status=\"%dxx\"} %llu\n", name(i), class, n);
    }
  put_family(out, "viewserver_http_request_seconds", "histogram", "Time from a request's headers to the end of its answer.");
  for (int i = 0; i < routes; i++)
    if (answers_of(&m->route[i])) put_histogram(&m->route[i], name(i), out);
  put_family(out, "viewserver_http_sent_bytes", "counter", "Bytes of answers sent, headers excluded.");
  buffer_printf(out, "viewserver_http_sent_bytes_total %llu\n", (unsigned long long)atomic_load(&m->bytes_sent));
  put_family(out, "viewserver_http_refused", "counter", "Requests refused before a route was chosen.");
  buffer_printf(out, "viewserver_http_refused_total %llu\n", (unsigned long long)atomic_load(&m->refused));
  put_family(out, "viewserver_http_cut", "counter", "Connections cut because the client was too slow.");
  buffer_printf(out, "viewserver_http_cut_total %llu\n", (unsigned long long)cut);
  put_family(out, "viewserver_http_in_progress", "gauge", "Requests in progress.");
  buffer_printf(out, "viewserver_http_in_progress %d\n", atomic_load(&m->in_progress));
  put_family(out, "viewserver_http_connections", "gauge", "Connections held by the HTTP server, streams excluded.");
  buffer_printf(out, "viewserver_http_connections %d\n", atomic_load(&m->open_connections));
}
