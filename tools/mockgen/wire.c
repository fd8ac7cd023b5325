#include "mockgen/wire.h"

#include "mockgen/day.h"

#include <inttypes.h>
#include <string.h>

static int id_of(int32_t instrument) { return instrument + FIRST_INSTRUMENT_ID; }

void wire_free(wire *w) {
  buffer_free(&w->key);
  buffer_free(&w->value);
}

static void open_record(wire *w) {
  buffer_clear(&w->key);
  buffer_clear(&w->value);
}

static bool put(wire *w, topic t, bool tombstone, error *err) {
  if (w->key.failed || w->value.failed) return error_nomem(err);
  return w->to->put(w->to, t, &w->key, tombstone ? NULL : &w->value, err);
}

/* value / scale in the fewest digits. */
static void put_scaled(buffer *b, int64_t value, int64_t scale) {
  char digits[24];
  int n = 0;
  uint64_t rest = (uint64_t)(value < 0 ? -value : value), fraction = rest % (uint64_t)scale;
  buffer_printf(b, "%s%" PRIu64, value < 0 ? "-" : "", rest / (uint64_t)scale);
  for (; fraction; fraction %= (uint64_t)scale) {
    scale /= 10;
    digits[n++] = (char)('0' + fraction / (uint64_t)scale);
  }
  if (n) {
    buffer_putc(b, '.');
    buffer_append(b, digits, (size_t)n);
  }
}

static void put_text(buffer *b, const char *name, const char *text) {
  buffer_printf(b, "\"%s\":", name);
  buffer_json_text(b, text, strlen(text));
  buffer_putc(b, ',');
}

static void put_number(buffer *b, const char *name, int64_t value, int64_t scale) {
  buffer_printf(b, "\"%s\":", name);
  put_scaled(b, value, scale);
  buffer_putc(b, ',');
}

static void put_day(buffer *b, int32_t day) {
  char text[DAY_TEXT_BYTES];
  day_text(day, text);
  put_text(b, "date", text);
}

/* Every record ends with its time. */
static void put_stamp(buffer *b, int64_t at_ms) {
  char text[STAMP_TEXT_BYTES];
  stamp_text(at_ms, text);
  buffer_printf(b, "\"timestamp\":\"%s\"}", text);
}

bool wire_account(wire *w, int32_t account, int64_t at_ms, error *err) {
  const account_def *a = &w->u->accounts[account];
  open_record(w);
  buffer_puts(&w->key, a->id);
  buffer_putc(&w->value, '{');
  put_text(&w->value, "accountId", a->id);
  put_text(&w->value, "accountName", a->name);
  put_text(&w->value, "baseCurrency", universe_currencies[a->currency].code);
  put_text(&w->value, "pid", a->pid);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_ACCOUNT, false, err);
}

static void put_sub_sectors(buffer *b, const instrument_def *i) {
  buffer_puts(b, "\"subSectors\":[");
  for (int n = 0; n < SUB_SECTORS_MAX && i->sub_sectors[n][0]; n++) {
    if (n) buffer_putc(b, ',');
    buffer_json_text(b, i->sub_sectors[n], strlen(i->sub_sectors[n]));
  }
  buffer_puts(b, "],");
}

bool wire_instrument(wire *w, int32_t instrument, int64_t at_ms, error *err) {
  const instrument_def *i = &w->u->instruments[instrument];
  open_record(w);
  buffer_printf(&w->key, "%d", id_of(instrument));
  buffer *b = &w->value;
  buffer_putc(b, '{');
  put_number(b, "instrumentId", id_of(instrument), 1);
  put_text(b, "symbol", i->symbol);
  put_text(b, "instrumentName", i->name);
  put_text(b, "instrumentType", instrument_type_name(i->type));
  put_text(b, "currency", universe_currencies[i->currency].code);
  put_text(b, "countryOfRisk", i->country_of_risk);
  put_text(b, "countryOfDomicile", i->country_of_domicile);
  put_text(b, "sector", i->sector);
  put_sub_sectors(b, i);
  if (i->face_value) put_number(b, "faceValue", i->face_value, 1);
  put_stamp(b, at_ms);
  return put(w, TOPIC_INSTRUMENT, false, err);
}

bool wire_constituent(wire *w, const basket *etf, const weight *part, int64_t at_ms, error *err) {
  open_record(w);
  buffer_printf(&w->key, "%d#%d", id_of(etf->etf), id_of(part->instrument));
  buffer_putc(&w->value, '{');
  put_number(&w->value, "etfId", id_of(etf->etf), 1);
  put_number(&w->value, "instrumentId", id_of(part->instrument), 1);
  put_number(&w->value, "weight", part->units, WEIGHT_UNITS);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_CONSTITUENT, false, err);
}

static void key_benchmark(wire *w, const basket *benchmark, const weight *part, int32_t day) {
  char date[DAY_TEXT_BYTES];
  day_text(day, date);
  open_record(w);
  buffer_printf(&w->key, "%s#%d#%s", benchmark->id, id_of(part->instrument), date);
}

bool wire_benchmark(wire *w, const basket *benchmark, const weight *part, int32_t day, int64_t at_ms, error *err) {
  key_benchmark(w, benchmark, part, day);
  buffer_putc(&w->value, '{');
  put_text(&w->value, "benchmarkId", benchmark->id);
  put_number(&w->value, "instrumentId", id_of(part->instrument), 1);
  put_day(&w->value, day);
  put_number(&w->value, "weight", part->units, WEIGHT_UNITS);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_BENCHMARK, false, err);
}

bool wire_drop_benchmark(wire *w, const basket *benchmark, const weight *part, int32_t day, error *err) {
  key_benchmark(w, benchmark, part, day);
  return put(w, TOPIC_BENCHMARK, true, err);
}

static void key_fx(wire *w, int currency, int32_t day) {
  char date[DAY_TEXT_BYTES];
  day_text(day, date);
  open_record(w);
  buffer_printf(&w->key, "%s#%s", universe_currencies[currency].code, date);
}

bool wire_fx(wire *w, int currency, int32_t day, int64_t rate, int64_t at_ms, error *err) {
  key_fx(w, currency, day);
  buffer_putc(&w->value, '{');
  put_text(&w->value, "currency", universe_currencies[currency].code);
  put_day(&w->value, day);
  put_number(&w->value, "rateToUsd", rate, RATE_SCALE);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_FX, false, err);
}

bool wire_drop_fx(wire *w, int currency, int32_t day, error *err) {
  key_fx(w, currency, day);
  return put(w, TOPIC_FX, true, err);
}

static void key_price(wire *w, int32_t instrument, int32_t day) {
  char date[DAY_TEXT_BYTES];
  day_text(day, date);
  open_record(w);
  buffer_printf(&w->key, "%d#%s", id_of(instrument), date);
}

bool wire_price(wire *w, int32_t instrument, int32_t day, int64_t price, const char *source, int64_t at_ms, error *err) {
  key_price(w, instrument, day);
  buffer_putc(&w->value, '{');
  put_number(&w->value, "instrumentId", id_of(instrument), 1);
  put_day(&w->value, day);
  put_number(&w->value, "price", price, PRICE_SCALE);
  put_text(&w->value, "currency", universe_currencies[w->u->instruments[instrument].currency].code);
  put_text(&w->value, "source", source);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_PRICE, false, err);
}

bool wire_drop_price(wire *w, int32_t instrument, int32_t day, error *err) {
  key_price(w, instrument, day);
  return put(w, TOPIC_PRICE, true, err);
}

/* {date}#{instrumentId}#{accountId}: of holdings and of cash. Returns the date's text in `date`. */
static void key_position(wire *w, int32_t account, int32_t instrument, int32_t day, char date[DAY_TEXT_BYTES]) {
  day_text(day, date);
  open_record(w);
  buffer_printf(&w->key, "%s#%d#%s", date, id_of(instrument), w->u->accounts[account].id);
}

bool wire_holding(wire *w, int32_t account, int32_t instrument, int32_t day, int64_t position, int64_t at_ms, error *err) {
  char date[DAY_TEXT_BYTES];
  const char *id = w->u->accounts[account].id;
  key_position(w, account, instrument, day, date);
  buffer_printf(&w->value, "{\"holdingId\":\"H-%s-%d-%s\",\"date\":\"%s\",\"instrumentId\":%d,\"accountId\":\"%s\",", date, id_of(instrument), id, date,
                id_of(instrument), id);
  put_number(&w->value, "position", position, w->u->instruments[instrument].type == CURRENCY ? CASH_SCALE : 1);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_HOLDING, false, err);
}

bool wire_drop_holding(wire *w, int32_t account, int32_t instrument, int32_t day, error *err) {
  char date[DAY_TEXT_BYTES];
  key_position(w, account, instrument, day, date);
  return put(w, TOPIC_HOLDING, true, err);
}

bool wire_cash(wire *w, int32_t account, int32_t instrument, int32_t day, int64_t total, cash_movement kind, uint64_t reference, int64_t at_ms,
               error *err) {
  static const char *const kinds[CASH_MOVEMENTS] = {"DEPOSIT", "WITHDRAWAL", "DIVIDEND", "FEE", "SETTLEMENT"};
  char date[DAY_TEXT_BYTES];
  key_position(w, account, instrument, day, date);
  buffer_putc(&w->value, '{');
  put_text(&w->value, "date", date);
  put_number(&w->value, "instrumentId", id_of(instrument), 1);
  put_text(&w->value, "accountId", w->u->accounts[account].id);
  put_number(&w->value, "quantity", total, CASH_SCALE);
  put_text(&w->value, "movementType", kinds[kind]);
  buffer_printf(&w->value, "\"referenceId\":\"CSH%09" PRIu64 "\",", reference);
  put_stamp(&w->value, at_ms);
  return put(w, TOPIC_CASH, false, err);
}

bool wire_drop_cash(wire *w, int32_t account, int32_t instrument, int32_t day, error *err) {
  char date[DAY_TEXT_BYTES];
  key_position(w, account, instrument, day, date);
  return put(w, TOPIC_CASH, true, err);
}

static void key_order(wire *w, uint64_t number) {
  open_record(w);
  buffer_printf(&w->key, "ORD%09" PRIu64, number);
}

bool wire_order(wire *w, const order *o, int32_t day, int64_t at_ms, error *err) {
  static const char *const statuses[] = {"CREATED", "PARTIALLY_FILLED", "FILLED", "CANCELLED"};
  static const char *const venues[VENUES] = {"XNYS", "XNAS", "ARCX", "BATS", "IEXG"};
  key_order(w, o->number);
  buffer *b = &w->value;
  buffer_putc(b, '{');
  put_text(b, "orderId", buffer_text(&w->key));
  put_number(b, "instrumentId", id_of(o->instrument), 1);
  put_text(b, "accountId", w->u->accounts[o->account].id);
  put_day(b, day);
  put_text(b, "side", o->sell ? "SELL" : "BUY");
  put_number(b, "orderQuantity", o->quantity, 1);
  put_number(b, "filledQuantity", o->filled, 1);
  put_text(b, "orderStatus", statuses[o->status]);
  put_number(b, "orderPrice", o->price, PRICE_SCALE);
  put_text(b, "orderType", o->limit ? "LIMIT" : "MARKET");
  put_text(b, "venue", venues[o->venue]);
  put_stamp(b, at_ms);
  return put(w, TOPIC_ORDER, false, err);
}

bool wire_drop_order(wire *w, uint64_t number, error *err) {
  key_order(w, number);
  return put(w, TOPIC_ORDER, true, err);
}

bool wire_tick(wire *w, int32_t instrument, int64_t price, int64_t volume, int64_t at_ms, error *err) {
  const char *symbol = w->u->instruments[instrument].symbol;
  open_record(w);
  buffer_puts(&w->key, symbol);
  buffer_putc(&w->value, '{');
  put_text(&w->value, "symbol", symbol);
  put_number(&w->value, "price", price, PRICE_SCALE);
  put_number(&w->value, "volume", volume, 1);
  buffer_printf(&w->value, "\"timestamp\":%" PRId64 "}", at_ms);
  return put(w, TOPIC_TICK, false, err);
}
