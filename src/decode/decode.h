/* Records (key bytes and a JSON payload) → typed rows, by the columns that the topic's table declares.
**
** Rules. The payload is one JSON object in UTF-8. Fields meet columns by their camelCase names; unknown fields are ignored.
** Refused, each with one sentence of reason: not JSON, bad UTF-8, NUL in a text, a field twice (known or not), a required
** field missing, a wrong type (text is never taken for a number, nor a number for text, nor true for 1), a number that the
** column cannot hold (an INTEGER takes 5 and 5.0, not 5.5; beyond 64 bits or the range of a double), deeper than
** DECODE_MAX_DEPTH, larger than DECODE_MAX_BYTES, a key that differs from the payload's key fields. A record without a key
** is taken where the payload holds the key fields. A null payload deletes the row whose key the template finds in the
** record's key; an append topic takes no deletes. The constraints of the table (CHECKs) are the store's to enforce.
**
** Two readers with one meaning: a scanner for flat objects of the usual kind, below a microsecond, and jansson for all
** else (escapes, nested values, everything that is refused), which alone words the reasons.
** Thread: a decoder belongs to one thread at a time; the catalog outlives it.
*/
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "catalog/topic.h"
#include "model/batch.h"

enum { DECODE_MAX_DEPTH = 64, DECODE_MAX_BYTES = 1 << 20, DECODE_MAX_KEY_BYTES = 4096 };

typedef struct decoder decoder;

decoder *decoder_new(const topic_catalog *topics); /* NULL when out of memory */
void decoder_free(decoder *d);

/* Fills *out. Values point into the record's bytes or into memory. What is refused is CHANGE_REFUSED with its reason, in
** memory. false only when out of memory. */
bool decode_record(decoder *d, const record *r, arena *memory, change *out) MUST_USE;
/* A batch_prepare: ctx is the decoder. */
bool decode_batch(void *ctx, batch *b) MUST_USE;

typedef struct decode_stats {
  uint64_t scanned, fallback, refused; /* records */
} decode_stats;
decode_stats decoder_stats(const decoder *d); /* on the decoder's thread */

#endif
