/* What ETFs consist of and benchmarks weigh. Thread: the one that builds the universe. */
#ifndef MOCKGEN_BASKETS_H
#define MOCKGEN_BASKETS_H

#include "mockgen/universe.h"

/* Fills etfs, benchmarks and weights of a universe whose instruments are there. universe_free frees them. */
bool baskets_build(uint64_t seed, universe *u, error *err) MUST_USE;

#endif
