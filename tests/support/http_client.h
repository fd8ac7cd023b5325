/* A small HTTP client for tests: one request per connection, raw bytes where the request is hostile.
** Everything waits for a condition with HTTP_CLIENT_TIMEOUT_MS as its bound. */
#ifndef SUPPORT_HTTP_CLIENT_H
#define SUPPORT_HTTP_CLIENT_H

#include "base/buffer.h"

enum { HTTP_CLIENT_TIMEOUT_MS = 20000 };

typedef struct http_answer {
  int status;      /* 0 = no answer, or none that is HTTP */
  buffer head;     /* status line and headers */
  buffer body;     /* chunks put together, still packed where it came gzipped */
  bool complete;   /* the body came to its announced end */
  bool timed_out;  /* the server neither answered nor closed in time */
} http_answer;

int http_connect(int port);
bool http_send(int fd, const char *bytes, size_t n);
/* Reads until the server closes. Closes fd. */
http_answer http_receive(int fd);
/* All of it; request ends with its own blank line. */
http_answer http_raw(int port, const char *request, size_t n);
/* headers: further lines, each with \r\n, or "". body may be NULL. Host is 127.0.0.1. */
http_answer http_request(int port, const char *method, const char *target, const char *headers, const char *body);
http_answer http_get(int port, const char *target);
void http_answer_free(http_answer *a);
/* A header's value, until this thread's next call; or NULL. */
const char *http_answer_header(const http_answer *a, const char *name);
bool http_gunzip(const buffer *packed, buffer *out);

#endif
