/* The rows of a statement as JSON, NDJSON or CSV, written while they are read.
**
**   JSON    {"view":"v","version":7,"key":["a"],"columns":[{"name":"a","type":"TEXT"},…],"rows":[["x",1.5],…]}
**           and, where the server's row limit cut it short: "truncated":true,"next_offset":N
**   NDJSON  one object a line; cut short: a last line {"truncated":true,"next_offset":N}
**   CSV     RFC 4180 with a header line; NULL is nothing, the empty text is ""; cut short: the answer fails
** Values as in the live protocol (PROTOCOL.md). The header View-Version names the version in every format.
** Thread: an executor's, inside a snapshot.
*/
#ifndef TRANSPORT_ROWS_FORMAT_H
#define TRANSPORT_ROWS_FORMAT_H

#include "model/service.h"
#include "transport/exchange.h"
#include "transport/reader.h"

typedef enum rows_format { ROWS_JSON, ROWS_NDJSON, ROWS_CSV } rows_format;

typedef struct rows_head {
  const char *kind, *name; /* "view", "account_overview"; NULL = neither (ad-hoc SQL) */
  uint64_t version;
  int columns;
  const column_info *column;
  int keys;
  const int *key;
  int64_t offset; /* that the rows begin at */
  int64_t most;   /* rows written at most */
} rows_head;

/* By ?format=, else by Accept, else JSON. false: the answer (400, 406) is in x. */
bool rows_format_choose(exchange *x, rows_format *format) MUST_USE;
/* Steps stmt to its end and writes the answer; errors become problems, or end an answer that was begun. */
void rows_write(exchange *x, snapshot *s, sqlite3_stmt *stmt, const rows_head *head, rows_format format);

#endif
