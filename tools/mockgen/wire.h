/* Records as they stand on the wire: one function per topic, which writes key and value and puts them into the sink.
**
** Numbers are written from scaled integers (cents, ten-thousandths, WEIGHT_UNITS), never from doubles, so that the bytes
** do not depend on a C library. A `wire` is the two buffers and the sink; zero-initialise, set the sink, wire_free. Thread: one.
*/
#ifndef MOCKGEN_WIRE_H
#define MOCKGEN_WIRE_H

#include "mockgen/sink.h"
#include "mockgen/universe.h"

enum { PRICE_SCALE = 10000, RATE_SCALE = 100000000, CASH_SCALE = 100 };

typedef enum order_status { ORDER_CREATED, ORDER_PARTIALLY_FILLED, ORDER_FILLED, ORDER_CANCELLED } order_status;
typedef enum cash_movement { CASH_DEPOSIT, CASH_WITHDRAWAL, CASH_DIVIDEND, CASH_FEE, CASH_SETTLEMENT, CASH_MOVEMENTS } cash_movement;

typedef struct order {
  uint64_t number;
  int32_t account, slot, instrument; /* indices; slot as in book.h */
  int32_t quantity, filled;          /* units */
  int64_t price;                     /* PRICE_SCALE */
  uint8_t status, sell, limit, venue;
} order;

enum { VENUES = 5 };

typedef struct wire {
  sink *to;
  const universe *u;
  buffer key, value;
} wire;

void wire_free(wire *w);

bool wire_account(wire *w, int32_t account, int64_t at_ms, error *err) MUST_USE;
bool wire_instrument(wire *w, int32_t instrument, int64_t at_ms, error *err) MUST_USE;
bool wire_constituent(wire *w, const basket *etf, const weight *part, int64_t at_ms, error *err) MUST_USE;
bool wire_benchmark(wire *w, const basket *benchmark, const weight *part, int32_t day, int64_t at_ms, error *err) MUST_USE;
bool wire_fx(wire *w, int currency, int32_t day, int64_t rate, int64_t at_ms, error *err) MUST_USE;
bool wire_price(wire *w, int32_t instrument, int32_t day, int64_t price, const char *source, int64_t at_ms, error *err) MUST_USE;
/* The position in units for securities, in CASH_SCALE for currencies. */
bool wire_holding(wire *w, int32_t account, int32_t instrument, int32_t day, int64_t position, int64_t at_ms, error *err) MUST_USE;
bool wire_cash(wire *w, int32_t account, int32_t instrument, int32_t day, int64_t total, cash_movement kind, uint64_t reference, int64_t at_ms,
               error *err) MUST_USE;
bool wire_order(wire *w, const order *o, int32_t day, int64_t at_ms, error *err) MUST_USE;
bool wire_tick(wire *w, int32_t instrument, int64_t price, int64_t volume, int64_t at_ms, error *err) MUST_USE;

/* Tombstones: the keys of records whose day is over. */
bool wire_drop_benchmark(wire *w, const basket *benchmark, const weight *part, int32_t day, error *err) MUST_USE;
bool wire_drop_fx(wire *w, int currency, int32_t day, error *err) MUST_USE;
bool wire_drop_price(wire *w, int32_t instrument, int32_t day, error *err) MUST_USE;
bool wire_drop_holding(wire *w, int32_t account, int32_t instrument, int32_t day, error *err) MUST_USE;
bool wire_drop_cash(wire *w, int32_t account, int32_t instrument, int32_t day, error *err) MUST_USE;
bool wire_drop_order(wire *w, uint64_t number, error *err) MUST_USE;

#endif
