#include "model/value.h"

#include <string.h>

void row_put(buffer *out, value v) {
  if (!buffer_reserve(out, 9 + (v.type >= VALUE_TEXT ? v.bytes : 0))) return;
  uint8_t *p = (uint8_t *)out->data + out->len;
  *p++ = (uint8_t)v.type;
  switch (v.type) {
    case VALUE_NULL: break;
    case VALUE_REAL:
      if (v.r == 0) v.r = 0.0;
      memcpy(p, &v.r, 8);
      p += 8;
      break;
    case VALUE_INTEGER:
      memcpy(p, &v.i, 8);
      p += 8;
      break;
    case VALUE_TEXT:
    case VALUE_BLOB:
      memcpy(p, &v.bytes, 4);
      if (v.bytes) memcpy(p + 4, v.text, v.bytes);
      p += 4 + v.bytes;
      break;
  }
  out->len = (size_t)(p - (uint8_t *)out->data);
  out->data[out->len] = '\0';
}

bool row_next(row r, uint32_t *at, value *out) {
  if (*at >= r.size) return false;
  const uint8_t *p = r.bytes + *at;
  uint32_t left = r.size - *at - 1;
  out->type = (value_type)*p++;
  switch (out->type) {
    case VALUE_NULL: *at += 1; return true;
    case VALUE_INTEGER:
    case VALUE_REAL:
      if (left < 8) return false;
      memcpy(&out->i, p, 8);
      *at += 9;
      return true;
    case VALUE_TEXT:
    case VALUE_BLOB:
      if (left < 4) return false;
      memcpy(&out->bytes, p, 4);
      if (left - 4 < out->bytes) return false;
      out->text = (const char *)p + 4;
      *at += 5 + out->bytes;
      return true;
  }
  return false;
}

value row_column(row r, int index) {
  uint32_t at = 0;
  value v = {.type = VALUE_NULL};
  for (int i = 0; i <= index; i++)
    if (!row_next(r, &at, &v)) return (value){.type = VALUE_NULL};
  return v;
}

value value_from_sqlite(sqlite3_value *v) {
  switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER: return (value){.type = VALUE_INTEGER, .i = sqlite3_value_int64(v)};
    case SQLITE_FLOAT: return (value){.type = VALUE_REAL, .r = sqlite3_value_double(v)};
    case SQLITE_TEXT: {
      const char *text = (const char *)sqlite3_value_text(v);
      return (value){.type = VALUE_TEXT, .text = text, .bytes = (uint32_t)sqlite3_value_bytes(v)};
    }
    case SQLITE_BLOB: {
      const char *bytes = sqlite3_value_blob(v);
      return (value){.type = VALUE_BLOB, .text = bytes, .bytes = (uint32_t)sqlite3_value_bytes(v)};
    }
  }
  return (value){.type = VALUE_NULL};
}

value value_from_column(sqlite3_stmt *stmt, int column) {
  switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER: return (value){.type = VALUE_INTEGER, .i = sqlite3_column_int64(stmt, column)};
    case SQLITE_FLOAT: return (value){.type = VALUE_REAL, .r = sqlite3_column_double(stmt, column)};
    case SQLITE_TEXT: {
      const char *text = (const char *)sqlite3_column_text(stmt, column);
      return (value){.type = VALUE_TEXT, .text = text, .bytes = (uint32_t)sqlite3_column_bytes(stmt, column)};
    }
    case SQLITE_BLOB: {
      const char *bytes = sqlite3_column_blob(stmt, column);
      return (value){.type = VALUE_BLOB, .text = bytes, .bytes = (uint32_t)sqlite3_column_bytes(stmt, column)};
    }
  }
  return (value){.type = VALUE_NULL};
}

int value_bind(sqlite3_stmt *stmt, int parameter, value v) {
  switch (v.type) {
    case VALUE_NULL: return sqlite3_bind_null(stmt, parameter);
    case VALUE_INTEGER: return sqlite3_bind_int64(stmt, parameter, v.i);
    case VALUE_REAL: return sqlite3_bind_double(stmt, parameter, v.r);
    case VALUE_TEXT: return sqlite3_bind_text(stmt, parameter, v.text ? v.text : "", (int)v.bytes, SQLITE_TRANSIENT);
    case VALUE_BLOB:
      return v.bytes ? sqlite3_bind_blob(stmt, parameter, v.text, (int)v.bytes, SQLITE_TRANSIENT)
                     : sqlite3_bind_zeroblob(stmt, parameter, 0);
  }
  return SQLITE_MISUSE;
}

void value_result(sqlite3_context *context, value v) {
  switch (v.type) {
    case VALUE_NULL: sqlite3_result_null(context); break;
    case VALUE_INTEGER: sqlite3_result_int64(context, v.i); break;
    case VALUE_REAL: sqlite3_result_double(context, v.r); break;
    case VALUE_TEXT: sqlite3_result_text(context, v.text ? v.text : "", (int)v.bytes, SQLITE_TRANSIENT); break;
    case VALUE_BLOB:
      if (v.bytes)
        sqlite3_result_blob(context, v.text, (int)v.bytes, SQLITE_TRANSIENT);
      else
        sqlite3_result_zeroblob(context, 0);
      break;
  }
}

bool value_same(value a, value b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case VALUE_NULL: return true;
    case VALUE_INTEGER: return a.i == b.i;
    case VALUE_REAL: return a.r == b.r;
    default: return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.text, b.text, a.bytes) == 0);
  }
}

void value_put_json(buffer *out, value v) {
  switch (v.type) {
    case VALUE_NULL: buffer_puts(out, "null"); break;
    case VALUE_INTEGER: buffer_printf(out, "%lld", (long long)v.i); break;
    case VALUE_REAL: buffer_json_real(out, v.r); break;
    case VALUE_TEXT: buffer_json_text(out, v.text ? v.text : "", v.bytes); break;
    case VALUE_BLOB:
      buffer_puts(out, "\"base16:");
      for (uint32_t i = 0; i < v.bytes; i++) buffer_printf(out, "%02x", (unsigned char)v.text[i]);
      buffer_putc(out, '"');
      break;
  }
}
