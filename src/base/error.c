#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(error *err, error_code code, const char *fmt, ...) {
  err->code = code;
  err->line = err->column = 0;
  err->file[0] = err->hint[0] = '\0';
  va_list args;
  va_start(args, fmt);
  vsnprintf(err->text, sizeof err->text, fmt, args);
  va_end(args);
  return false;
}

bool error_hint(error *err, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(err->hint, sizeof err->hint, fmt, args);
  va_end(args);
  return false;
}

bool error_at(error *err, const char *file, int line, int column) {
  if (file) snprintf(err->file, sizeof err->file, "%s", file);
  err->line = line;
  err->column = column;
  return false;
}

bool error_nomem(error *err) { return error_set(err, ERR_NOMEM, "out of memory"); }

void error_clear(error *err) { memset(err, 0, sizeof *err); }

const char *error_code_name(error_code code) {
  switch (code) {
    case ERR_NONE: return "none";
    case ERR_NOMEM: return "out_of_memory";
    case ERR_INVALID: return "invalid";
    case ERR_NOT_FOUND: return "not_found";
    case ERR_CONFLICT: return "conflict";
    case ERR_LIMIT: return "limit";
    case ERR_BUSY: return "busy";
    case ERR_IO: return "io";
    case ERR_SQL: return "sql";
    case ERR_INTERNAL: return "internal";
  }
  return "internal";
}

const char *error_format(const error *err, char *out, size_t size) {
  char where[260] = "";
  if (err->line > 0)
    snprintf(where, sizeof where, "%s%s%d:%d: ", err->file, err->file[0] ? ":" : "line ", err->line, err->column);
  else if (err->file[0])
    snprintf(where, sizeof where, "%s: ", err->file);
  snprintf(out, size, "%s%s%s%s%s", where, err->text, err->hint[0] ? " (" : "", err->hint, err->hint[0] ? ")" : "");
  return out;
}
