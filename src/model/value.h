/* A typed SQL value, and rows of them as bytes.
**
** A row is its values one after another, each a tag byte and its payload (host byte order; rows never leave the
** machine):  NULL 0 | INTEGER 1 + int64 | REAL 2 + double | TEXT 3 + uint32 length + bytes | BLOB 4 + uint32 length + bytes.
** Two rows are the same, value for value and type for type, when their bytes are (REAL 0.0 and -0.0 are written as 0.0,
** since SQLite prints and compares them alike).
*/
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include "base/buffer.h"

#include <sqlite3.h>

typedef enum value_type { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB } value_type;

typedef struct value {
  value_type type;
  uint32_t bytes; /* of TEXT or BLOB */
  union {
    int64_t i;
    double r;
    const char *text; /* borrowed; not NUL-terminated */
  };
} value;

/* One row inside somebody's bytes. */
typedef struct row {
  const uint8_t *bytes;
  uint32_t size;
} row;

void row_put(buffer *out, value v);
/* The value at *at (an offset into the row), which moves on to the next. false at the end or on broken bytes. */
bool row_next(row r, uint32_t *at, value *out);
/* Column `index` (0-based); NULL-typed where the row is shorter. O(index). */
value row_column(row r, int index);

value value_from_sqlite(sqlite3_value *v);
value value_from_column(sqlite3_stmt *stmt, int column); /* borrowed until the next step */
int value_bind(sqlite3_stmt *stmt, int parameter, value v); /* SQLITE_TRANSIENT for text and blob */
void value_result(sqlite3_context *context, value v);
/* Same type and same content. */
bool value_same(value a, value b);
/* As JSON: null, number, "text"; a blob is "base16:…". */
void value_put_json(buffer *out, value v);

#endif
