/* A record as a source delivers it, before it is decoded: bytes with their origin.
**
** Ownership: a batch owns the bytes of its records (its arena, or the librdkafka messages that it holds); it crosses the
** inbox whole and is released by the engine after the turn that applied it is committed.
*/
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "base/arena.h"

#include <stdint.h>

typedef struct record {
  const char *key;      /* NULL = no key */
  const char *payload;  /* NULL = tombstone */
  uint32_t key_bytes, payload_bytes;
  int topic;            /* index into the catalog's topics */
  int32_t partition;    /* -1 = not from Kafka */
  int64_t offset;       /* of the record in its partition; -1 = not from Kafka */
  int64_t timestamp_ms; /* the record's own time, wall clock; 0 = none */
} record;

#endif
