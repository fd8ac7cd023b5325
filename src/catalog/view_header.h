/* The header lines of a view file. Part of catalog/view.c; nobody else includes it. */
#ifndef CATALOG_VIEW_HEADER_H
#define CATALOG_VIEW_HEADER_H

#include "catalog/view.h"

/* Reads the header lines of d->text into d; *body_offset and *body_line are where the SELECT's lines begin. */
bool view_header_read(view_definition *d, size_t *body_offset, int *body_line, error *err) MUST_USE;

#endif
