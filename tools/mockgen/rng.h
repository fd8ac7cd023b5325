/* Seeded randomness that is the same on every machine: integer arithmetic, and IEEE additions and products only.
**
** Two forms: by counter (rng_at: a value that depends on nothing but the seed, a purpose and an index, so that millions of
** holdings need no memory), and as a sequence (rng). Thread: one at a time.
*/
#ifndef MOCKGEN_RNG_H
#define MOCKGEN_RNG_H

#include <stdint.h>

/* What a counter value is for: two purposes never share their numbers. */
typedef enum rng_purpose {
  RNG_ACCOUNT = 1, RNG_INSTRUMENT, RNG_CONSTITUENT, RNG_BENCHMARK, RNG_SELECTION, RNG_HOLDING, RNG_CASH, RNG_ORDER, RNG_MARKET, RNG_FLOW,
} rng_purpose;

typedef struct rng { uint64_t state; } rng;

static inline uint64_t rng_mix(uint64_t x) { /* the finalizer of splitmix64 */
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static inline rng rng_at(uint64_t seed, rng_purpose purpose, uint64_t index) {
  return (rng){rng_mix(rng_mix(seed + 0x9e3779b97f4a7c15u * (uint64_t)purpose) ^ index)};
}

static inline uint64_t rng_next(rng *r) { return rng_mix(r->state += 0x9e3779b97f4a7c15u); }

/* 0 … n-1; n > 0. */
static inline uint32_t rng_below(rng *r, uint32_t n) { return (uint32_t)(((rng_next(r) >> 32) * n) >> 32); }
/* low … high, both included. */
static inline int64_t rng_between(rng *r, int64_t low, int64_t high) { return low + rng_below(r, (uint32_t)(high - low + 1)); }
/* 0 ≤ x < 1. */
static inline double rng_unit(rng *r) { return (double)(rng_next(r) >> 11) * 0x1p-53; }
/* About a standard normal, within ±6: the sum of twelve uniforms, which needs no libm and so is the same to the bit everywhere. */
static inline double rng_normal(rng *r) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += rng_unit(r);
  return sum;
}

#endif
