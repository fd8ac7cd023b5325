/* A definition and a selection become plain SQL.
**
** In the SELECT of a view:
**   {{group_by}}              the selection's dimensions, quoted, between commas. Where there are none, a comma next to it goes
**                             too, and so does a GROUP BY, ORDER BY or PARTITION BY that it stands alone in.
**   {{if P.V}} … {{else}} … {{end}}   the text where set P (or group_by) contains V; may nest, MAX_TEMPLATE_DEPTH deep
**   :name                     a scalar as a literal
**   COLUMN [NOT] IN (:set)    the set as a list of literals; for "all" the whole comparison becomes (1), or (0) with NOT
** The text is taken apart into SQLite's tokens, never pasted: values come out as literals of our own quoting and names come
** from the definition, so no value can become SQL. Comments and strings of the view are left alone. Thread: any.
*/
#ifndef CATALOG_TEMPLATE_H
#define CATALOG_TEMPLATE_H

#include "catalog/selection.h"

enum { MAX_TEMPLATE_DEPTH = 16, MAX_EXPANDED_BYTES = 1 << 20 };

/* Where a piece of the expansion came from. */
typedef struct expansion_piece {
  size_t out, source; /* offsets into sql and into the definition's text */
  bool verbatim;      /* copied as it stood, not put in its place */
} expansion_piece;

typedef struct expansion {
  buffer sql;
  expansion_piece *pieces;
  int count, capacity;
} expansion;

/* Zero-initialise *out; expansion_free it, whatever the result. */
bool template_expand(const view_definition *d, const view_selection *s, expansion *out, error *err) MUST_USE;
void expansion_free(expansion *e);
/* The line and column in the definition's file of a byte of the expansion. */
position expansion_position(const view_definition *d, const expansion *e, size_t offset);
/* The byte of the expansion at a line and column of it (as a parser reports them). */
size_t expansion_offset(const expansion *e, int line, int column);

/* The value as an SQL literal that reads back as the same value. */
void sql_literal(buffer *out, value v);

#endif
