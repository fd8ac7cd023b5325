#include "mockgen/control.h"

#include "base/buffer.h"

#include <civetweb.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const double RATE_MOST = 1e6, INTERVAL_LEAST_S = 0.001, INTERVAL_MOST_S = 86400;

struct control {
  struct mg_context *server;
  pthread_mutex_t lock;
  control_wishes wishes;
  control_status status;
};

static const control_wishes no_wishes = {.price_interval_s = -1, .order_rate = -1, .cash_rate = -1, .tick_rate = -1};

static int answer(struct mg_connection *to, int code, const char *type, const buffer *body) {
  mg_printf(to, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n", code,
            mg_get_response_code_text(to, code), type, body->len);
  mg_write(to, buffer_text(body), body->len);
  return code;
}

static int problem(struct mg_connection *to, int code, const char *detail) {
  buffer body = {0};
  buffer_printf(&body, "{\"status\":%d,\"detail\":", code);
  buffer_json_text(&body, detail, strlen(detail));
  buffer_puts(&body, "}\n");
  answer(to, code, "application/problem+json", &body);
  buffer_free(&body);
  return code;
}

static int tell_status(control *c, struct mg_connection *to) {
  pthread_mutex_lock(&c->lock);
  control_status s = c->status;
  pthread_mutex_unlock(&c->lock);
  buffer body = {0};
  buffer_printf(&body, "{\"running\":%s,\"replay\":%s,\"date\":\"%s\",\"now\":\"%s\",\"records\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"failed\":%" PRIu64,
                s.running ? "true" : "false", s.replay ? "true" : "false", s.date, s.now, s.put, s.delivered, s.failed);
  buffer_printf(&body, ",\"openOrders\":%d,\"priceInterval\":%.10g,\"orderRate\":%.10g,\"cashRate\":%.10g,\"tickRate\":%.10g}\n", s.open_orders,
                s.price_interval_s, s.order_rate, s.cash_rate, s.tick_rate);
  answer(to, 200, "application/json", &body);
  buffer_free(&body);
  return 200;
}

/* A number of the query string: true when it is absent (then *value stays) or within its bounds. */
static bool take_number(const char *query, const char *name, double least, double most, double *value) {
  char text[32];
  int n = mg_get_var(query, strlen(query), name, text, sizeof text);
  if (n == -1) return true;
  char *end;
  double number = n > 0 ? strtod(text, &end) : -1;
  if (n <= 0 || *end || !(number >= least && number <= most)) return false;
  *value = number;
  return true;
}

static int change_rates(control *c, struct mg_connection *to, const char *query) {
  control_wishes w = no_wishes;
  bool good = query && take_number(query, "price_interval", INTERVAL_LEAST_S, INTERVAL_MOST_S, &w.price_interval_s) &&
              take_number(query, "orders", 0, RATE_MOST, &w.order_rate) && take_number(query, "cash", 0, RATE_MOST, &w.cash_rate) &&
              take_number(query, "ticks", 0, RATE_MOST, &w.tick_rate);
  if (!good) return problem(to, 400, "/rate takes price_interval (seconds, 0.001 to 86400), orders, cash, ticks (per second, 0 to 1000000), for example /rate?orders=100");
  pthread_mutex_lock(&c->lock);
  if (w.price_interval_s >= 0) c->wishes.price_interval_s = w.price_interval_s;
  if (w.order_rate >= 0) c->wishes.order_rate = w.order_rate;
  if (w.cash_rate >= 0) c->wishes.cash_rate = w.cash_rate;
  if (w.tick_rate >= 0) c->wishes.tick_rate = w.tick_rate;
  pthread_mutex_unlock(&c->lock);
  return 0;
}

/* Leaves the wish behind; a status to answer with, or 0 when it was taken. */
static int take_command(control *c, struct mg_connection *to, const struct mg_request_info *asked) {
  const char *path = asked->local_uri;
  if (strcmp(path, "/rate") == 0) return change_rates(c, to, asked->query_string);
  pthread_mutex_lock(&c->lock);
  bool known = true, refused = strcmp(path, "/sod") == 0 && c->status.replay;
  if (strcmp(path, "/static") == 0)
    c->wishes.publish_static = true;
  else if (strcmp(path, "/sod") == 0)
    c->wishes.start_of_day = !refused;
  else if (strcmp(path, "/start") == 0 || strcmp(path, "/stop") == 0) {
    c->wishes.start = path[3] == 'a';
    c->wishes.stop = !c->wishes.start;
  } else
    known = false;
  pthread_mutex_unlock(&c->lock);
  if (!known) return problem(to, 404, "there are GET /status and POST /static, /sod, /start, /stop, /rate");
  return refused ? problem(to, 409, "a replay rolls its days by itself") : 0;
}

static int on_request(struct mg_connection *to, void *ctx) {
  control *c = ctx;
  const struct mg_request_info *asked = mg_get_request_info(to);
  bool get = strcmp(asked->request_method, "GET") == 0;
  if (get && strcmp(asked->local_uri, "/status") == 0) return tell_status(c, to);
  if (strcmp(asked->request_method, "POST") != 0) return problem(to, get ? 404 : 405, "there are GET /status and POST /static, /sod, /start, /stop, /rate");
  int code = take_command(c, to, asked);
  if (code) return code;
  buffer body = {0};
  buffer_puts(&body, "{\"accepted\":true}\n");
  answer(to, 202, "application/json", &body);
  buffer_free(&body);
  return 202;
}

control *control_open(int port, error *err) {
  control *c = calloc(1, sizeof *c);
  if (!c) {
    error_nomem(err);
    return NULL;
  }
  pthread_mutex_init(&c->lock, NULL);
  c->wishes = no_wishes;
  char listen[32];
  snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
  const char *settings[] = {"listening_ports", listen, "num_threads", "2", "request_timeout_ms", "5000", NULL};
  struct mg_callbacks callbacks = {0};
  mg_init_library(0);
  c->server = mg_start(&callbacks, c, settings);
  if (!c->server) {
    error_set(err, ERR_IO, "the control port %d cannot be opened on 127.0.0.1", port);
    error_hint(err, "is it in use? choose another with --control-port");
    control_close(c);
    return NULL;
  }
  mg_set_request_handler(c->server, "/", on_request, c);
  return c;
}

void control_close(control *c) {
  if (!c) return;
  if (c->server) mg_stop(c->server);
  mg_exit_library();
  pthread_mutex_destroy(&c->lock);
  free(c);
}

void control_take(control *c, control_wishes *out) {
  pthread_mutex_lock(&c->lock);
  *out = c->wishes;
  c->wishes = no_wishes;
  pthread_mutex_unlock(&c->lock);
}

void control_report(control *c, const control_status *status) {
  pthread_mutex_lock(&c->lock);
  c->status = *status;
  pthread_mutex_unlock(&c->lock);
}
