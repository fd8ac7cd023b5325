/* An engine for tests of delivery: a real SQLite file in WAL mode, instances whose rows change at random, turns, and a
** model that remembers every version of every instance.
**
** Views: "numbers" (up to 40 rows), "big" (as many as it was told), and any other name is refused. Thread: all functions lock.
*/
#ifndef SUPPORT_FAKE_ENGINE_H
#define SUPPORT_FAKE_ENGINE_H

#include "model/service.h"

#include <jansson.h>

typedef struct fake_engine fake_engine;

fake_engine *fake_engine_new(uint64_t seed, int big_rows);
void fake_engine_free(fake_engine *e);
const service *fake_engine_service(fake_engine *e);
/* One committed turn: up to `most` changed rows in each of some instances. */
void fake_engine_turn(fake_engine *e, int most);
/* A turn in which nothing that is followed changed. */
void fake_engine_empty_turn(fake_engine *e);
/* Answers up to `most` acquires. */
void fake_engine_answer(fake_engine *e, int most);
/* A turn that ends one instance that is held. */
void fake_engine_end_one(fake_engine *e);
/* The rows of an instance at a version: {"row id": [cells]}; a new reference, NULL = none such. */
json_t *fake_engine_rows(fake_engine *e, uint64_t instance, uint64_t version);
uint64_t fake_engine_version(fake_engine *e);
int fake_engine_holds(fake_engine *e); /* acquires less releases, of instances that did not end */
uint64_t fake_random(fake_engine *e, uint64_t below);

#endif
