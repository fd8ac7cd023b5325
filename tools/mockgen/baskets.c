#include "mockgen/baskets.h"

#include "mockgen/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONSTITUENTS_LEAST = 5, CONSTITUENTS_SPREAD = 36, CONSTITUENTS_MOST = CONSTITUENTS_LEAST + CONSTITUENTS_SPREAD, RANK_OFFSET = 4 };

/* Turns raw sizes into units of WEIGHT_UNITS; what the divisions leave goes to the first, so that the sum is exact. */
static void normalize(weight *w, int32_t count, int32_t total_units) {
  int64_t sum = 0, given = 0;
  for (int32_t i = 0; i < count; i++) sum += w[i].units;
  for (int32_t i = 0; i < count; i++) {
    w[i].units = (int32_t)((int64_t)w[i].units * total_units / sum);
    given += w[i].units;
  }
  if (count) w[0].units += (int32_t)(total_units - given);
}

/* Like a capitalisation-weighted index: the weight falls with the rank. */
static int32_t size_of_rank(int32_t rank) { return 10000000 / (rank + RANK_OFFSET); }

static bool belongs(const universe *u, const instrument_def *etf, int32_t equity) {
  return strcmp(etf->sector, "Multi-Sector") == 0 || strcmp(etf->sector, u->instruments[equity].sector) == 0;
}

/* Draws constituents that belong, or any where too few do (small universes): equities from a random one on, in order. */
static void fill_etf_basket(uint64_t seed, universe *u, basket *b) {
  const instrument_def *etf = &u->instruments[b->etf];
  rng r = rng_at(seed, RNG_CONSTITUENT, (uint64_t)b->etf);
  int32_t wanted = CONSTITUENTS_LEAST + (int32_t)rng_below(&r, CONSTITUENTS_SPREAD), start = (int32_t)rng_below(&r, (uint32_t)u->equity_count);
  weight *w = &u->weights[b->first];
  for (int pass = 0; pass < 2 && b->count < CONSTITUENTS_LEAST; pass++) {
    b->count = 0;
    for (int32_t k = 0; k < u->equity_count && b->count < wanted; k++) {
      int32_t equity = u->equity_first + (start + k) % u->equity_count;
      if (pass == 1 || belongs(u, etf, equity)) w[b->count++] = (weight){equity, size_of_rank((int32_t)rng_below(&r, CONSTITUENTS_MOST))};
    }
  }
  normalize(w, b->count, WEIGHT_UNITS);
  u->weight_count = b->first + b->count;
}

static void add_equities(universe *u, basket *b, bool equal, int32_t total_units) {
  weight *w = &u->weights[b->first + b->count];
  for (int32_t i = 0; i < u->equity_count; i++) w[i] = (weight){u->equity_first + i, equal ? 1 : size_of_rank(i)};
  normalize(w, u->equity_count, total_units);
  b->count += u->equity_count;
}

static void add_bonds(universe *u, basket *b, int32_t total_units) {
  weight *w = &u->weights[b->first + b->count];
  int32_t n = 0;
  for (int32_t i = 0; i < u->instrument_count; i++)
    if (u->instruments[i].type == BOND) w[n++] = (weight){i, 1};
  normalize(w, n, total_units);
  b->count += n;
}

static void start_benchmark(universe *u, basket *b, const char *id) {
  *b = (basket){.etf = -1, .first = u->weight_count};
  snprintf(b->id, sizeof b->id, "%s", id);
}

static void fill_benchmarks(universe *u) {
  bool bonds = u->instruments[u->instrument_count - 1].type == BOND;
  basket *b = u->benchmarks;
  start_benchmark(u, b, "SP500");
  add_equities(u, b, false, WEIGHT_UNITS);
  u->weight_count += b->count;
  start_benchmark(u, ++b, "SP500EW");
  add_equities(u, b, true, WEIGHT_UNITS);
  u->weight_count += b->count;
  start_benchmark(u, ++b, "BALANCED6040");
  add_equities(u, b, false, bonds ? WEIGHT_UNITS / 10 * 6 : WEIGHT_UNITS);
  if (bonds) add_bonds(u, b, WEIGHT_UNITS / 10 * 4);
  u->weight_count += b->count;
}

bool baskets_build(uint64_t seed, universe *u, error *err) {
  size_t most = (size_t)u->etf_count * CONSTITUENTS_MOST + (size_t)u->instrument_count * BENCHMARKS;
  u->etfs = calloc((size_t)u->etf_count, sizeof *u->etfs);
  u->weights = calloc(most, sizeof *u->weights);
  if (!u->etfs || !u->weights) return error_nomem(err);
  for (int32_t i = 0; i < u->etf_count; i++) {
    u->etfs[i] = (basket){.etf = u->etf_first + i, .first = u->weight_count};
    fill_etf_basket(seed, u, &u->etfs[i]);
  }
  fill_benchmarks(u);
  return true;
}
