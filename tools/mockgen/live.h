/* The market that never was: random walks, from the start until it is stopped. Thread: the generator's. */
#ifndef MOCKGEN_LIVE_H
#define MOCKGEN_LIVE_H

#include "mockgen/generator.h"

bool live_run(generator *g, error *err) MUST_USE;

#endif
