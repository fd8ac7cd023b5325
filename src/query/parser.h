/* Text to syntax tree: one SELECT (or WITH … SELECT, or VALUES) in SQLite's dialect, nothing else.
**
** Bounds: MAX_STATEMENT_BYTES of text, MAX_EXPRESSION_DEPTH nested expressions or selects (SQLite's own bound; it allows
** fewer than a hundred open parentheses, we some hundreds), MAX_COMPOUND_ARMS (SQLite's too); beyond them an ERR_LIMIT.
** On a syntax error: ERR_INVALID with line and column, the token found, what was expected there, and a hint where we know
** one. A trailing semicolon is allowed. Thread: any, each with its own arena.
*/
#ifndef QUERY_PARSER_H
#define QUERY_PARSER_H

#include "query/ast.h"

enum { MAX_STATEMENT_BYTES = 1 << 20, MAX_EXPRESSION_DEPTH = 1000, MAX_COMPOUND_ARMS = 500 };

select_stmt *query_parse(arena *a, const char *text, size_t bytes, error *err) MUST_USE;
/* One expression alone (a client's filter, an ORDER BY term). */
expr *query_parse_expr(arena *a, const char *text, size_t bytes, error *err) MUST_USE;

#endif
