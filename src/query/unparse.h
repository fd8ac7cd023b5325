/* Syntax tree to text that SQLite reads back as the same tree (every name quoted, every operator parenthesised). */
#ifndef QUERY_UNPARSE_H
#define QUERY_UNPARSE_H

#include "base/buffer.h"
#include "query/ast.h"

/* Lets the caller write some nodes in its own way (a column under another alias, NULL for an absent side):
** returns true where it has written e. NULL hooks = as they stand. */
typedef struct unparse_hooks {
  bool (*expr)(void *ctx, buffer *out, const expr *e);
  bool (*from)(void *ctx, buffer *out, const from_item *item); /* tables and derived tables, not joins */
  void *ctx;
} unparse_hooks;

void unparse_expr(buffer *out, const expr *e, const unparse_hooks *hooks);
void unparse_from(buffer *out, const from_item *item, const unparse_hooks *hooks);
void unparse_select(buffer *out, const select_stmt *s, const unparse_hooks *hooks);

#endif
