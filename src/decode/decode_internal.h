/* What the two readers of a payload share. */
#ifndef DECODE_DECODE_INTERNAL_H
#define DECODE_DECODE_INTERNAL_H

#include "decode/decode.h"

/* One payload on its way into one row. */
typedef struct reading {
  const topic *t;
  const char *payload;
  size_t bytes;
  value *values;  /* one per column; those not seen are not set */
  uint64_t seen[TOPIC_MAX_COLUMNS / 64];
  arena *memory;
} reading;

static inline bool reading_seen(const reading *r, int column) { return r->seen[column / 64] >> (column % 64) & 1; }
static inline void reading_mark(reading *r, int column) { r->seen[column / 64] |= 1ull << (column % 64); }
/* -0.0 is stored as 0.0: SQLite prints and compares them alike. */
static inline value real_value(double d) { return (value){.type = VALUE_REAL, .r = d == 0 ? 0.0 : d}; }

/* The scanner: true when all of the payload was of the usual kind and the values are set; false: nothing is known, let
** the other one read it. Never words a reason. */
bool scan_payload(reading *r);

typedef enum reading_result { READING_DONE, READING_REFUSED, READING_NO_MEMORY } reading_result;
/* The whole of the rules, by jansson. READING_REFUSED: err says why. */
reading_result parse_payload(reading *r, error *err);

#endif
