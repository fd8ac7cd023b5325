/* The server itself: what it is, how it is, its log, its page. */
#include "base/clock.h"
#include "transport/http_server.h"
#include "transport/openapi.h"
#include "transport/rest.h"
#include "transport/routes.h"

#include <string.h>

enum { DEFAULT_LOG_LINES = 500 };

static const char not_built[] =
  "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>View Server</title>\n"
  "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em}code{background:#8882;padding:.1em .3em}</style>\n"
  "<h1>View Server is running</h1>\n"
  "<p>Its page is not built. Build it with <code>npm ci &amp;&amp; npm run build</code> in <code>ui/</code>, or let <code>tools/run</code> do it, and start the server again.</p>\n"
  "<p>Everything else is here: <a href=\"/api/v1\">/api/v1</a>, <a href=\"/api/v1/views\">views</a>, "
  "<a href=\"/api/v1/tables\">tables</a>, <a href=\"/metrics\">metrics</a>, <a href=\"/openapi.json\">openapi.json</a>.</p>\n";

void rest_root(exchange *x) {
  http_server *s = x->server;
  x->content_type = "application/json";
  buffer_putc(&x->out, '{');
  s->svc->status_json(s->svc->ctx, &x->out);
  if (x->out.len > 1) buffer_putc(&x->out, ',');
  buffer_puts(&x->out, "\"links\":{\"views\":\"/api/v1/views\",\"tables\":\"/api/v1/tables\",\"instances\":\"/api/v1/instances\",\"sql\":\"/api/v1/sql\","
                       "\"log\":\"/api/v1/log\",\"websocket\":\"/ws\",\"metrics\":\"/metrics\",\"openapi\":\"/openapi.json\"}}\n");
}

void rest_livez(exchange *x) {
  x->content_type = "text/plain; charset=utf-8";
  buffer_puts(&x->out, "ok\n");
}

void rest_readyz(exchange *x) {
  const service *svc = x->server->svc;
  char why[300] = "";
  if (svc->ready(svc->ctx, why, sizeof why))
    rest_livez(x);
  else
    exchange_problem(x, 503, "figures before that are those of an earlier moment; ask again", "not ready: %s", why[0] ? why : "starting");
}

static const char openmetrics[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

void rest_metrics(exchange *x) {
  http_server *s = x->server;
  x->content_type = openmetrics;
  s->svc->metrics(s->svc->ctx, &x->out);
  if (s->options.streams) s->options.streams->metrics(s->options.streams->ctx, &x->out);
  http_metrics_write(&s->metrics, route_count + 1, route_name, watch_cut_count(s->watch), &x->out);
  buffer_puts(&x->out, "# EOF\n");
}

void rest_log(exchange *x) {
  int64_t since = 0, limit = DEFAULT_LOG_LINES;
  log_level least = LOG_DEBUG;
  error err = {0};
  const char *level = query_string_take(&x->query, "level");
  if (level && !log_level_parse(level, &least)) {
    error_set(&err, ERR_INVALID, "there is no log level '%.40s'", level);
    exchange_error(x, &err, "[\"debug\",\"info\",\"warn\",\"error\"]");
  } else if (!query_string_take_integer(&x->query, "since", 0, INT64_MAX, &since, &err) ||
             !query_string_take_integer(&x->query, "limit", 1, LOG_RING_LINES, &limit, &err)) {
    exchange_error(x, &err, NULL);
  } else {
    x->content_type = "application/json";
    log_ring_write(x->server->log, since, least, limit, &x->out);
  }
}

void rest_openapi(exchange *x) {
  x->content_type = "application/json";
  buffer_append(&x->out, openapi_json, openapi_json_bytes);
}

static void send_file(exchange *x, const static_file *f) {
  bool packed = f->gzipped.len && exchange_accepts_gzip(x);
  const buffer *bytes = packed ? &f->gzipped : &f->plain;
  x->compressible = false;
  exchange_add_header(x, "Cache-Control", f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (exchange_not_modified(x, f->etag)) return;
  x->content_type = f->content_type;
  if (packed) exchange_add_header(x, "Content-Encoding", "gzip");
  buffer_append(&x->out, bytes->data, bytes->len);
}

void rest_page(exchange *x) {
  const static_files *files = x->server->files;
  const char *method = x->info->request_method;
  bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
  bool api = strncmp(x->path, "/api", 4) == 0 && (x->path[4] == '/' || !x->path[4]);
  const static_file *f = reads && !api ? static_files_find(files, x->path) : NULL;
  if (f) {
    send_file(x, f);
  } else if (reads && strcmp(x->path, "/") == 0) {
    x->content_type = "text/html; charset=utf-8";
    buffer_puts(&x->out, not_built);
  } else {
    exchange_problem(x, 404, "the API begins at /api/v1, and /openapi.json lists all of it", "there is nothing at %.300s", x->path);
  }
}
