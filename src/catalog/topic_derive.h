/* What a topic's DDL says, read from SQLite's own schema tables after running it on a scratch database. Private to the
** catalog. */
#ifndef CATALOG_TOPIC_DERIVE_H
#define CATALOG_TOPIC_DERIVE_H

#include "catalog/topic.h"
#include "catalog/topic_header.h"

/* t->file and t->ddl are set; the rest is filled in. */
bool topic_derive(topic *t, const topic_header *header, arena *memory, error *err) MUST_USE;

#endif
