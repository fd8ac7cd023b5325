/* Syntax tree to text that SQLite reads back as the same tree.
**
** Parentheses stand only where SQLite's precedences need them (its parser allows few open ones); nothing that carries
** meaning is added: no CAST, no unary plus. A result column without an alias gets its span as alias, since that is the name
** that SQLite gives it, unless something in the same SELECT would then see the alias. A tree beyond MAX_TREE_DEPTH
** sets out->failed, as lack of memory does.
*/
#ifndef QUERY_UNPARSE_H
#define QUERY_UNPARSE_H

#include "base/buffer.h"
#include "query/ast.h"

/* Lets the caller write some nodes in its own way (a column under another alias, NULL for an absent side):
** returns true where it has written e. What it writes must stand as an operand of any operator: a name, a literal, a call,
** or parentheses around the rest. NULL hooks = as they stand. */
typedef struct unparse_hooks {
  bool (*expr)(void *ctx, buffer *out, const expr *e);
  bool (*from)(void *ctx, buffer *out, const from_item *item); /* tables and derived tables, not joins */
  void *ctx;
} unparse_hooks;

/* As an operand of any operator: in parentheses unless it stands alone anyway. */
void unparse_expr(buffer *out, const expr *e, const unparse_hooks *hooks);
void unparse_from(buffer *out, const from_item *item, const unparse_hooks *hooks);
void unparse_select(buffer *out, const select_stmt *s, const unparse_hooks *hooks);

#endif
