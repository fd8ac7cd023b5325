#include "transport/sse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void put_member(buffer *out, const char *name, const char *text) {
  buffer_printf(out, ",\"%s\":", name);
  buffer_json_text(out, text, strlen(text));
}

/* "-a,b" → ["-a","b"] */
static void put_order(buffer *out, const char *list) {
  buffer_puts(out, ",\"order_by\":[");
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, ",");
    if (p != list) buffer_putc(out, ',');
    buffer_json_text(out, p, n);
    p += n + (p[n] == ',');
  }
  buffer_putc(out, ']');
}

/* "epoch/version[/seq]", as the events' ids are. */
static bool put_since(buffer *out, const char *since, error *err) {
  const char *slash = strchr(since, '/');
  size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
  if (!digits || digits > 18 || (slash[1 + digits] && slash[1 + digits] != '/')) {
    error_set(err, ERR_INVALID, "the id to resume from must be epoch/version/seq, as the events have it");
    return error_hint(err, "leave it away to start from a snapshot");
  }
  buffer_puts(out, ",\"since\":{\"epoch\":");
  buffer_json_text(out, since, (size_t)(slash - since));
  buffer_printf(out, ",\"version\":%lld}", strtoll(slash + 1, NULL, 10));
  return true;
}

char *sse_subscribe_text(const stream_request *request, error *err) {
  const selection *s = &request->selection;
  buffer out = {0};
  buffer_puts(&out, "{\"op\":\"subscribe\",\"id\":\"stream\"");
  put_member(&out, "view", s->view);
  if (s->params_json && s->params_json[0]) buffer_printf(&out, ",\"params\":%s", s->params_json);
  if (s->filter && s->filter[0]) put_member(&out, "filter", s->filter);
  if (request->order_by && request->order_by[0]) put_order(&out, request->order_by);
  if (request->offset > 0) buffer_printf(&out, ",\"offset\":%lld", (long long)request->offset);
  if (request->limit >= 0) buffer_printf(&out, ",\"limit\":%lld", (long long)request->limit);
  if (request->conflate_ms >= 0) buffer_printf(&out, ",\"conflate_ms\":%d", request->conflate_ms);
  if (request->since && request->since[0] && !put_since(&out, request->since, err)) {
    buffer_free(&out);
    return NULL;
  }
  buffer_putc(&out, '}');
  char *text = buffer_take(&out);
  if (!text) error_nomem(err);
  return text;
}

void sse_put_head(buffer *out, const char *headers) {
  buffer_printf(out,
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
                "Connection: close\r\n%s\r\n",
                headers);
}

void sse_put_refusal(buffer *out, const char *headers, const error *err) {
  buffer body = {0};
  buffer_puts(&body, "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":");
  buffer_json_text(&body, err->text, strlen(err->text));
  buffer_puts(&body, "}");
  buffer_printf(out,
                "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\n"
                "Connection: close\r\nContent-Length: %zu\r\n%s\r\n%s",
                body.len, headers, buffer_text(&body));
  out->failed |= body.failed;
  buffer_free(&body);
}

void sse_frame(connection *c) {
  const outgoing *m = &c->message;
  int n = m->event_id[0] ? snprintf(c->lead, sizeof c->lead, "event: %s\nid: %s\ndata: ", m->type, m->event_id)
                         : snprintf(c->lead, sizeof c->lead, "event: %s\ndata: ", m->type);
  c->lead_bytes = (size_t)n;
  c->tail = "\n\n";
  c->tail_bytes = 2;
}

void sse_read(connection *c) {
  char dropped[4096];
  size_t budget = READ_BYTES_PER_VISIT;
  while (budget >= sizeof dropped) {
    ssize_t n = recv(c->fd, dropped, sizeof dropped, MSG_DONTWAIT);
    if (n > 0) {
      budget -= (size_t)n;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    c->readable = false;
    /* A client that shuts its sending side down is taken to have left: EventSource and curl never do and stay. */
    if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) connection_kill(c);
    return;
  }
}
