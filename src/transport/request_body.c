#include "transport/request_body.h"

#include "transport/http_server.h"

#include <string.h>
#include <strings.h>

enum { READ_STEP_BYTES = 16 * 1024 };

static int header_count(const exchange *x, const char *name) {
  int n = 0;
  for (int i = 0; i < x->info->num_headers; i++) n += strcasecmp(x->info->http_headers[i].name, name) == 0;
  return n;
}

bool request_framing_check(exchange *x) {
  int lengths = header_count(x, "Content-Length"), codings = header_count(x, "Transfer-Encoding");
  const char *length = exchange_header(x, "Content-Length"), *coding = exchange_header(x, "Transfer-Encoding");
  if (lengths + codings > 1) {
    exchange_problem(x, 400, "send one of Content-Length and Transfer-Encoding, once", "the length of the body is given more than once");
    return false;
  }
  if (lengths && (!*length || strspn(length, "0123456789") != strlen(length))) {
    exchange_problem(x, 400, NULL, "Content-Length is not a number");
    return false;
  }
  if (codings && strcasecmp(coding, "chunked") != 0) {
    exchange_problem(x, 501, "send it with Content-Length, or chunked", "the transfer coding of the body is not supported");
    return false;
  }
  return true;
}

static bool media_type_is(const char *given, const char *type) {
  size_t n = strlen(type);
  return strncasecmp(given, type, n) == 0 && strchr(" ;\t", given[n]);
}

static bool content_type_fits(exchange *x, route_body kind) {
  const char *given = exchange_header(x, "Content-Type");
  if (!given || media_type_is(given, "application/json")) return true;
  bool text = media_type_is(given, "application/sql") || media_type_is(given, "text/plain");
  if (kind == BODY_JSON_OR_SQL && text) return true;
  exchange_problem(x, 415, kind == BODY_JSON_OR_SQL ? "send application/json or application/sql" : "send it as application/json (curl: -H 'Content-Type: application/json')", "a body of type %.80s is not taken here", given);
  return false;
}

static bool take_budget(exchange *x, size_t more) {
  http_server *s = x->server;
  size_t largest = s->options.ingest_bytes > s->options.body_bytes ? s->options.ingest_bytes : s->options.body_bytes;
  if (atomic_fetch_add(&s->body_bytes_held, more) + more <= largest * BODY_BUDGET_FACTOR) return true;
  atomic_fetch_sub(&s->body_bytes_held, more);
  exchange_problem(x, 503, "try again in a moment", "too many large requests are being read at once");
  return false;
}

static bool too_large(exchange *x, size_t limit) {
  exchange_problem(x, 413, "send it in smaller pieces", "the body is larger than %zu bytes", limit);
  return false;
}

static void answer_expectation(exchange *x) {
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  const char *expect = exchange_header(x, "Expect");
  if (expect && strcasecmp(expect, "100-continue") == 0 && mg_write(x->conn, go_on, sizeof go_on - 1) <= 0) x->broken = true;
}

static bool read_all(exchange *x, size_t limit, buffer *body) {
  long long length = x->info->content_length; /* -1: chunked, or none */
  bool chunked = exchange_header(x, "Transfer-Encoding") != NULL;
  if (!chunked && length <= 0) return true;
  if (length > (long long)limit) return too_large(x, limit);
  answer_expectation(x);
  for (;;) {
    size_t want = chunked || (size_t)length - body->len > READ_STEP_BYTES ? READ_STEP_BYTES : (size_t)length - body->len;
    if (want == 0) return true;
    if (!take_budget(x, want)) return false;
    if (!buffer_reserve(body, want)) {
      atomic_fetch_sub(&x->server->body_bytes_held, want);
      exchange_problem(x, 503, NULL, "out of memory");
      return false;
    }
    int n = mg_read(x->conn, body->data + body->len, want);
    size_t got = n > 0 ? (size_t)n : 0;
    atomic_fetch_sub(&x->server->body_bytes_held, want - got);
    body->len += got;
    body->data[body->len] = '\0';
    if (body->len > limit) return too_large(x, limit);
    if (n == 0 && chunked) return true;
    if (n <= 0) {
      exchange_problem(x, chunked ? 400 : 408, NULL, "the body ended early or came too slowly after %zu bytes", body->len);
      return false;
    }
  }
}

bool request_body_read(exchange *x, route_body kind, buffer *body) {
  const transport_options *o = &x->server->options;
  bool ingest = kind == BODY_INGEST || kind == BODY_OPTIONAL_INGEST;
  bool announced = exchange_header(x, "Transfer-Encoding") || x->info->content_length > 0;
  if (kind == BODY_NONE) {
    if (!announced) return true;
    exchange_problem(x, 413, "send no body", "%s here takes no body", x->info->request_method);
    return false;
  }
  if (announced && !content_type_fits(x, kind)) return false;
  if (!read_all(x, ingest ? o->ingest_bytes : o->body_bytes, body)) return false;
  if (body->len == 0 && kind != BODY_OPTIONAL_INGEST) {
    exchange_problem(x, 400, "send a JSON document", "the body is empty");
    return false;
  }
  if (body->len && memchr(body->data, '\0', body->len)) {
    exchange_problem(x, 400, NULL, "the body has a NUL byte");
    return false;
  }
  x->body = buffer_text(body);
  x->body_bytes = body->len;
  return true;
}

void request_body_release(exchange *x, buffer *body) {
  atomic_fetch_sub(&x->server->body_bytes_held, body->len);
  buffer_free(body);
  x->body = "";
  x->body_bytes = 0;
}
