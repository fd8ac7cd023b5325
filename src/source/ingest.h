/* Records that come over REST: the same inbox, the same decoding, the same turn as a topic's, and an answer.
**
** Thread: any; a call waits until the engine has committed its records or dropped them.
*/
#ifndef SOURCE_INGEST_H
#define SOURCE_INGEST_H

#include "base/queue.h"
#include "catalog/topic.h"
#include "model/batch.h"

enum { INGEST_MAX_BYTES = 16 << 20, INGEST_MAX_RECORDS = 100000, INGEST_MAX_REASONS = 20, INGEST_MAX_DEPTH = 64 };

typedef struct ingest_request {
  const topic_catalog *topics;
  const char *table;     /* a topic's table, or its name */
  char op;               /* 'u' upsert (append topics: append), 'd' delete: the objects need only the key fields */
  const char *body;      /* one JSON object or an array of them */
  size_t bytes;
  queue *inbox;
  batch_prepare prepare; /* called on the caller's thread, several at a time: must be safe for that */
  void *prepare_ctx;
  int timeout_ms;        /* for room in the inbox and for the answer, each; negative = for ever */
} ingest_request;

typedef struct ingest_result {
  uint64_t version;  /* contains the records; 0 when all were refused before a turn */
  uint32_t records;  /* sent */
  uint32_t refused;  /* of them */
} ingest_result;

/* true: every record was applied. false: err tells what was refused, record by record (ERR_INVALID; the others are
** applied), or that nothing was: ERR_NOT_FOUND (no such table), ERR_LIMIT (too large), ERR_BUSY (inbox full, or no answer in
** time: the records may still be applied), ERR_IO (shutting down). */
bool ingest_submit(const ingest_request *request, ingest_result *result, error *err) MUST_USE;

#endif
