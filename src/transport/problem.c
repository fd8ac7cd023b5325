#include "transport/problem.h"

#include <string.h>

typedef struct status_row {
  int status;
  const char *reason, *code;
} status_row;

static const status_row rows[] = {
  {200, "OK", "ok"},
  {201, "Created", "ok"},
  {204, "No Content", "ok"},
  {304, "Not Modified", "ok"},
  {400, "Bad Request", "invalid"},
  {403, "Forbidden", "forbidden"},
  {404, "Not Found", "not_found"},
  {405, "Method Not Allowed", "method_not_allowed"},
  {406, "Not Acceptable", "not_acceptable"},
  {408, "Request Timeout", "timeout"},
  {409, "Conflict", "conflict"},
  {411, "Length Required", "length_required"},
  {412, "Precondition Failed", "changed_meanwhile"},
  {413, "Content Too Large", "too_large"},
  {414, "URI Too Long", "uri_too_long"},
  {415, "Unsupported Media Type", "unsupported_media_type"},
  {417, "Expectation Failed", "expectation_failed"},
  {421, "Misdirected Request", "unknown_host"},
  {422, "Unprocessable Content", "refused"},
  {426, "Upgrade Required", "upgrade_required"},
  {429, "Too Many Requests", "limit"},
  {431, "Request Header Fields Too Large", "headers_too_large"},
  {500, "Internal Server Error", "internal"},
  {501, "Not Implemented", "not_implemented"},
  {503, "Service Unavailable", "unavailable"},
  {504, "Gateway Timeout", "time_limit"},
};

static const status_row *row_of(int status) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].status == status) return &rows[i];
  return NULL;
}

const char *problem_reason(int status) {
  const status_row *row = row_of(status);
  return row ? row->reason : status >= 500 ? "Server Error" : "Request Error";
}

int problem_status(error_code code) {
  switch (code) {
    case ERR_INVALID:
    case ERR_SQL: return 400;
    case ERR_NOT_FOUND: return 404;
    case ERR_CONFLICT: return 409;
    case ERR_LIMIT: return 429;
    case ERR_NOMEM:
    case ERR_BUSY:
    case ERR_IO: return 503;
    case ERR_NONE:
    case ERR_INTERNAL: return 500;
  }
  return 500;
}

static void put_member(buffer *out, const char *name, const char *text) {
  buffer_printf(out, ",\"%s\":", name);
  buffer_json_text(out, text, strlen(text));
}

void problem_write(buffer *out, const problem *p) {
  const status_row *row = row_of(p->status);
  const char *code = p->code ? p->code : row ? row->code : "error";
  buffer_puts(out, "{\"type\":\"urn:viewserver:problem:");
  buffer_puts(out, code);
  buffer_putc(out, '"');
  put_member(out, "title", problem_reason(p->status));
  buffer_printf(out, ",\"status\":%d", p->status);
  put_member(out, "detail", p->detail);
  put_member(out, "instance", p->instance ? p->instance : "");
  if (p->hint && p->hint[0]) put_member(out, "hint", p->hint);
  if (p->allowed_json) {
    buffer_puts(out, ",\"allowed\":");
    buffer_puts(out, p->allowed_json);
  }
  if (p->line > 0) buffer_printf(out, ",\"line\":%d,\"column\":%d", p->line, p->column);
  buffer_puts(out, "}\n");
}
