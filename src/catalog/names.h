/* Names and types as clients write and see them. Thread: any. */
#ifndef CATALOG_NAMES_H
#define CATALOG_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `given` means the declared name: the same text, or the same after camelCase became snake_case. */
bool name_matches(const char *given, size_t bytes, const char *declared);

/* SQLite's affinity of a declared type: INTEGER, REAL, TEXT, BLOB, NUMERIC, or "" where nothing is declared. */
const char *column_affinity(const char *declared);

#endif
