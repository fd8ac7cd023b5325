#include "transport/exchange.h"

#include "base/clock.h"
#include "base/log.h"
#include "transport/gzip_stream.h"
#include "transport/http_server.h"
#include "transport/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void exchange_free(exchange *x) {
  if (x->large) atomic_fetch_sub(&x->server->large_answers, 1);
  arena_free(&x->memory);
  buffer_free(&x->headers);
  buffer_free(&x->out);
  gzip_stream_free(x->gzip);
}

const char *exchange_header(const exchange *x, const char *name) {
  for (int i = 0; i < x->info->num_headers; i++)
    if (strcasecmp(x->info->http_headers[i].name, name) == 0) return x->info->http_headers[i].value;
  return NULL;
}

/* Names and values are ours or were decoded from the request, which admits no control characters but blanks. */
void exchange_add_header(exchange *x, const char *name, const char *text) {
  buffer_printf(&x->headers, "%s: ", name);
  for (; *text; text++) buffer_putc(&x->headers, (unsigned char)*text < 0x20 ? ' ' : *text);
  buffer_puts(&x->headers, "\r\n");
}

/* --- answers --- */

void exchange_send_json(exchange *x, char *json, const error *err) {
  if (!json) {
    exchange_error(x, err, NULL);
    return;
  }
  x->content_type = "application/json";
  buffer_puts(&x->out, json);
  buffer_putc(&x->out, '\n');
  free(json);
}

static void send_problem(exchange *x, problem *p) {
  if (x->started) { /* too late for a status: the client sees that the answer ends without its end */
    exchange_abort(x);
    return;
  }
  if (p->status == 500) log_warn("http path=%.200s: %s", x->path, p->detail);
  p->instance = x->path;
  x->status = p->status;
  x->content_type = PROBLEM_CONTENT_TYPE;
  buffer_clear(&x->out);
  buffer_clear(&x->headers); /* those of the answer that did not come about (ETag, …) */
  problem_write(&x->out, p);
  if (p->status == 429 || p->status == 503) exchange_add_header(x, "Retry-After", "1");
}

void exchange_problem(exchange *x, int status, const char *hint, const char *fmt, ...) {
  char detail[800];
  va_list args;
  va_start(args, fmt);
  vsnprintf(detail, sizeof detail, fmt, args);
  va_end(args);
  send_problem(x, &(problem){.status = status, .detail = detail, .hint = hint});
}

void exchange_error_status(exchange *x, int status, const error *err, const char *allowed_json) {
  char detail[sizeof err->file + sizeof err->text + 4];
  snprintf(detail, sizeof detail, "%s%s%s", err->file, err->file[0] ? ": " : "", err->text);
  send_problem(x, &(problem){.status = status, .detail = detail, .hint = err->hint, .allowed_json = allowed_json, .line = err->line, .column = err->column});
}

void exchange_error(exchange *x, const error *err, const char *allowed_json) {
  exchange_error_status(x, problem_status(err->code), err, allowed_json);
}

/* Weak comparison (RFC 9110, 8.8.3.2): W/ does not count. */
static bool tag_listed(const char *list, const char *etag) {
  size_t n = strlen(etag);
  while (*list) {
    list += strspn(list, " \t,");
    if (strncmp(list, "W/", 2) == 0) list += 2;
    size_t item = strcspn(list, ",");
    size_t trimmed = item;
    while (trimmed && (list[trimmed - 1] == ' ' || list[trimmed - 1] == '\t')) trimmed--;
    if (trimmed == 1 && *list == '*') return true;
    if (trimmed == n + 2 && list[0] == '"' && strncmp(list + 1, etag, n) == 0) return true;
    list += item;
  }
  return false;
}

bool exchange_not_modified(exchange *x, const char *etag) {
  buffer_printf(&x->headers, "ETag: W/\"%s\"\r\n", etag);
  const char *given = exchange_header(x, "If-None-Match");
  if (!given || !tag_listed(given, etag)) return false;
  x->status = 304;
  return true;
}

/* --- sending --- */

bool exchange_accepts_gzip(const exchange *x) {
  const char *list = exchange_header(x, "Accept-Encoding");
  while (list && *list) {
    list += strspn(list, " \t,");
    size_t n = strcspn(list, ",");
    if (strncasecmp(list, "gzip", 4) == 0 && (n == 4 || strchr(" \t;", list[4]))) {
      const char *q = memmem(list, n, "q=", 2);
      return !q || strtod(q + 2, NULL) > 0;
    }
    list += n;
  }
  return false;
}

static bool send_bytes(exchange *x, const char *bytes, size_t n) {
  if (n && !x->broken && mg_write(x->conn, bytes, n) != (int)n) x->broken = true;
  return !x->broken;
}

static void send_headers(exchange *x, int64_t content_length) {
  buffer head = {0};
  buffer_printf(&head, "HTTP/1.1 %d %s\r\n", x->status, problem_reason(x->status));
  if (x->content_type && x->status != 304) buffer_printf(&head, "Content-Type: %s\r\n", x->content_type);
  if (x->gzip) buffer_puts(&head, "Content-Encoding: gzip\r\n");
  if (content_length >= 0)
    buffer_printf(&head, "Content-Length: %lld\r\n", (long long)content_length);
  else if (x->status != 304 && x->status != 204)
    buffer_puts(&head, "Transfer-Encoding: chunked\r\n");
  if (!strcasestr(buffer_text(&x->headers), "Cache-Control:")) buffer_puts(&head, "Cache-Control: no-cache\r\n");
  buffer_puts(&head, "Vary: Accept, Accept-Encoding, Origin\r\nConnection: close\r\n");
  guard_put_headers(x->server, x->conn, &head);
  buffer_append(&head, buffer_text(&x->headers), x->headers.len);
  buffer_puts(&head, "\r\n");
  x->started = true;
  if (head.failed || x->headers.failed)
    x->broken = true;
  else
    send_bytes(x, head.data, head.len);
  buffer_free(&head);
}

static void send_chunk(exchange *x, const char *bytes, size_t n) {
  char size[24];
  if (!n) return; /* an empty chunk would end the body */
  snprintf(size, sizeof size, "%zx\r\n", n);
  if (send_bytes(x, size, strlen(size)) && send_bytes(x, bytes, n)) send_bytes(x, "\r\n", 2);
  x->bytes_sent += n;
}

/* Sends what is buffered as a piece of an answer whose length is not known. */
static void send_piece(exchange *x, bool last) {
  if (x->out.failed) x->broken = true;
  if (x->broken) return;
  if (!x->gzip) {
    send_chunk(x, buffer_text(&x->out), x->out.len);
  } else {
    buffer packed = {0};
    if (gzip_stream_put(x->gzip, buffer_text(&x->out), x->out.len, last, &packed))
      send_chunk(x, buffer_text(&packed), packed.len);
    else
      x->broken = true;
    buffer_free(&packed);
  }
  buffer_clear(&x->out);
}

static bool take_large_slot(exchange *x) {
  int workers = x->server->options.workers, most = workers > 3 ? (workers - 1) / 2 : 1;
  if (atomic_fetch_add(&x->server->large_answers, 1) < most) {
    x->large = true;
    return true;
  }
  atomic_fetch_sub(&x->server->large_answers, 1);
  exchange_problem(x, 503, "try again in a moment, or ask for fewer rows with limit", "%d large answers are being sent already", most);
  return false;
}

bool exchange_flow(exchange *x) {
  if (x->out.len < EXCHANGE_BUFFER_BYTES && !x->out.failed) return !x->broken;
  if (!x->started) {
    if (!x->head_only && !take_large_slot(x)) return false;
    /* HTTP/1.0 knows no chunks, and could not tell a whole answer from one that was cut. */
    if (strcmp(x->info->http_version, "1.1") != 0) {
      exchange_problem(x, 426, "ask with HTTP/1.1, or for fewer rows with limit", "the answer is too large for HTTP/1.0");
      return false;
    }
    if (x->compressible && exchange_accepts_gzip(x)) x->gzip = gzip_stream_new(GZIP_FAST);
    send_headers(x, -1);
    if (x->head_only) x->broken = true;
  }
  send_piece(x, false);
  if (clock_monotonic_ms() > x->deadline_ms) x->broken = true;
  return !x->broken;
}

void exchange_abort(exchange *x) { x->broken = true; }

static void pack_whole(exchange *x) {
  if (!x->compressible || x->out.len < MIN_GZIP_BYTES || !exchange_accepts_gzip(x)) return;
  buffer packed = {0};
  x->gzip = gzip_stream_new(GZIP_FAST);
  if (x->gzip && gzip_stream_put(x->gzip, x->out.data, x->out.len, true, &packed)) {
    buffer_free(&x->out);
    x->out = packed;
    return;
  }
  buffer_free(&packed);
  gzip_stream_free(x->gzip);
  x->gzip = NULL;
}

void exchange_finish(exchange *x) {
  if (x->taken) return;
  if (x->started) {
    send_piece(x, true);
    if (!x->broken && !x->head_only) send_bytes(x, "0\r\n\r\n", 5);
    return;
  }
  if (x->out.failed) exchange_problem(x, 503, NULL, "out of memory");
  bool bodiless = x->status == 204 || x->status == 304;
  if (!bodiless) pack_whole(x);
  send_headers(x, bodiless ? -1 : (int64_t)x->out.len);
  if (!bodiless && !x->head_only && send_bytes(x, buffer_text(&x->out), x->out.len)) x->bytes_sent = x->out.len;
}
