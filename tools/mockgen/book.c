#include "mockgen/book.h"

#include "mockgen/rng.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE_SLOTS = 32, HOLDINGS_PER_CURRENCY = 10 };

struct book {
  const universe *u;
  uint64_t seed;
  int32_t accounts, cash_slots, held, slots, securities;
  uint32_t *stride, *offset;    /* per account: its selection is offset + n × stride modulo securities */
  int32_t *carried, *filled;    /* accounts × (slots − cash_slots): of earlier days, of this day */
  int64_t *cash_carried, *cash_today; /* accounts × cash_slots */
  bool *cash_moved;
};

static uint32_t common_divisor(uint32_t a, uint32_t b) {
  while (b) {
    uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* A stride without a common divisor visits every security once. */
static void draw_selections(book *b) {
  uint32_t n = (uint32_t)b->securities;
  for (int32_t a = 0; a < b->accounts; a++) {
    rng r = rng_at(b->seed, RNG_SELECTION, (uint64_t)a);
    uint32_t stride = 1 + rng_below(&r, n);
    while (common_divisor(stride, n) != 1) stride++;
    b->stride[a] = stride;
    b->offset[a] = rng_below(&r, n);
  }
}

static void lay_out_slots(const settings *asked, book *b) {
  int32_t held = (int32_t)asked->holdings_per_account;
  if (held > b->u->instrument_count) held = b->u->instrument_count;
  int32_t cash = held / HOLDINGS_PER_CURRENCY, least = held - b->securities;
  if (cash > CURRENCIES) cash = CURRENCIES;
  b->cash_slots = cash < least ? least : cash;
  b->held = held;
  int32_t spare = b->securities - (held - b->cash_slots);
  b->slots = held + (spare < SPARE_SLOTS ? spare : SPARE_SLOTS);
}

book *book_new(const settings *asked, const universe *u, error *err) {
  book *b = calloc(1, sizeof *b);
  if (!b) {
    error_nomem(err);
    return NULL;
  }
  *b = (book){.u = u, .seed = asked->seed, .accounts = u->account_count, .securities = u->instrument_count - CURRENCIES};
  lay_out_slots(asked, b);
  size_t accounts = (size_t)b->accounts, cash = accounts * (size_t)b->cash_slots, rest = accounts * (size_t)(b->slots - b->cash_slots);
  b->stride = malloc(accounts * sizeof *b->stride);
  b->offset = malloc(accounts * sizeof *b->offset);
  b->carried = calloc(rest + 1, sizeof *b->carried);
  b->filled = calloc(rest + 1, sizeof *b->filled);
  b->cash_carried = calloc(cash + 1, sizeof *b->cash_carried);
  b->cash_today = calloc(cash + 1, sizeof *b->cash_today);
  b->cash_moved = calloc(cash + 1, sizeof *b->cash_moved);
  if (!b->stride || !b->offset || !b->carried || !b->filled || !b->cash_carried || !b->cash_today || !b->cash_moved) {
    book_free(b);
    error_nomem(err);
    return NULL;
  }
  draw_selections(b);
  return b;
}

void book_free(book *b) {
  if (!b) return;
  free(b->stride);
  free(b->offset);
  free(b->carried);
  free(b->filled);
  free(b->cash_carried);
  free(b->cash_today);
  free(b->cash_moved);
  free(b);
}

int32_t book_slots(const book *b) { return b->slots; }
int32_t book_cash_slots(const book *b) { return b->cash_slots; }

int32_t book_instrument(const book *b, int32_t account, int32_t slot) {
  if (slot < b->cash_slots) return slot;
  uint64_t n = (uint64_t)(slot - b->cash_slots);
  return CURRENCIES + (int32_t)((b->offset[account] + n * b->stride[account]) % (uint64_t)b->securities);
}

static size_t cash_at(const book *b, int32_t account, int32_t slot) { return (size_t)account * (size_t)b->cash_slots + (size_t)slot; }
static size_t security_at(const book *b, int32_t account, int32_t slot) {
  return (size_t)account * (size_t)(b->slots - b->cash_slots) + (size_t)(slot - b->cash_slots);
}

/* Some accounts are long/short: a third of their positions are short; of the others, two in a hundred. */
static int64_t first_position(const book *b, int32_t account, int32_t slot) {
  if (slot >= b->held) return 0;
  rng r = rng_at(b->seed, RNG_HOLDING, ((uint64_t)account << 32) | (uint32_t)slot);
  if (slot < b->cash_slots) return rng_between(&r, -20000000, 200000000); /* cents */
  bool long_short = strstr(b->u->accounts[account].name, "Long/Short") || strstr(b->u->accounts[account].name, "Neutral");
  int64_t units = 10 * rng_between(&r, 1, b->u->instruments[book_instrument(b, account, slot)].type == BOND ? 60 : 500);
  return rng_below(&r, 100) < (long_short ? 34 : 2) ? -units : units;
}

int64_t book_today(const book *b, int32_t account, int32_t slot) {
  int64_t first = first_position(b, account, slot);
  return first + (slot < b->cash_slots ? b->cash_carried[cash_at(b, account, slot)] : b->carried[security_at(b, account, slot)]);
}

int64_t book_tomorrow(const book *b, int32_t account, int32_t slot) {
  int64_t today = book_today(b, account, slot);
  return today + (slot < b->cash_slots ? b->cash_today[cash_at(b, account, slot)] : b->filled[security_at(b, account, slot)]);
}

bool book_cash_moved(const book *b, int32_t account, int32_t slot) { return b->cash_moved[cash_at(b, account, slot)]; }

void book_fill(book *b, int32_t account, int32_t slot, int32_t units) { b->filled[security_at(b, account, slot)] += units; }

int64_t book_move_cash(book *b, int32_t account, int32_t slot, int64_t cents) {
  size_t at = cash_at(b, account, slot);
  b->cash_moved[at] = true;
  return b->cash_today[at] += cents;
}

/* Pages that no fill has touched are read, not written, and so stay shared zeroes. */
void book_next_day(book *b) {
  size_t securities = (size_t)b->accounts * (size_t)(b->slots - b->cash_slots), cash = (size_t)b->accounts * (size_t)b->cash_slots;
  for (size_t i = 0; i < securities; i++)
    if (b->filled[i]) {
      b->carried[i] += b->filled[i];
      b->filled[i] = 0;
    }
  for (size_t i = 0; i < cash; i++) b->cash_carried[i] += b->cash_today[i];
  memset(b->cash_today, 0, cash * sizeof *b->cash_today);
  memset(b->cash_moved, 0, cash * sizeof *b->cash_moved);
}
