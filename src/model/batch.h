/* Records on their way from a source to the engine, and the answer that goes back.
**
** A source makes a batch, `prepare`s it (decoding, on the source's own thread) and pushes it into the inbox; from then on
** the engine owns it. The engine calls batch_done exactly once: after the commit of the turn that applied it, or with
** NULL when it is dropped (shutdown). That frees everything the batch holds; a batch whose turn was rolled back is kept
** and tried again. Bounds: BATCH_MAX_RECORDS records, about BATCH_MAX_BYTES of keys and payloads (one record may be larger);
** an ingested batch is one client's request, bounded by source/ingest.h, and is applied in one turn.
*/
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "model/change.h"

enum { BATCH_MAX_RECORDS = 4096, BATCH_MAX_BYTES = 1 << 20 };

typedef struct batch_outcome {
  uint64_t version; /* the published version that contains the batch */
} batch_outcome;

typedef struct batch {
  uint32_t count;
  record *records;      /* in arrival order */
  change *changes;      /* count, parallel to records, once prepared; what the store refuses becomes CHANGE_REFUSED here */
  size_t bytes;         /* of keys and payloads, for the inbox's bound */
  int64_t received_us;  /* wall clock: when the oldest record was received by this process */
  arena memory;         /* of records, changes, values and reasons */
  void (*done)(struct batch *b, const batch_outcome *outcome); /* the source's; frees the batch */
  void *owner;          /* the source's */
} batch;

static inline void batch_done(batch *b, const batch_outcome *outcome) { b->done(b, outcome); }

/* What a source calls on a full batch before it pushes it: fills b->changes. Cannot fail as a whole: what cannot be
** decoded is CHANGE_REFUSED. false only when out of memory. Called on the source's thread, one at a time per source. */
typedef bool (*batch_prepare)(void *ctx, batch *b);

/* Where to read on in one partition of a topic. */
typedef struct stream_position {
  int topic; /* index into the catalog's topics */
  int32_t partition;
  int64_t next_offset; /* the first record that was not applied */
} stream_position;

#endif
