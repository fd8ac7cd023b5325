/* Holds a JSON value against the part of JSON Schema that openapi.json uses: $ref, type, enum, required, properties,
** additionalProperties, items, oneOf, minimum. Any other keyword that constrains is an error, so that none is overlooked. */
#ifndef SUPPORT_JSON_SCHEMA_H
#define SUPPORT_JSON_SCHEMA_H

#include "base/error.h"

#include <jansson.h>

/* document: the whole file, for $ref. false: *err says where and why. */
bool json_schema_check(const json_t *document, const json_t *schema, const json_t *instance, error *err);

#endif
