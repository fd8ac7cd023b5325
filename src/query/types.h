/* Small facts about expressions and names that the resolver and the planner share. */
#ifndef QUERY_TYPES_H
#define QUERY_TYPES_H

#include "query/ast.h"

#include <sqlite3.h>

/* Takes the quotes off a name, in place: "a""b", `a`, [a], 'a'. */
const char *types_unquote(char *name);
bool types_is_integer(const char *text); /* a plain decimal integer literal */
/* Whether a FROM anywhere in the SELECT names this table (unresolved trees too). */
bool types_reads_name(const select_stmt *s, const char *name);

/* What SQLite knows of its functions, ours among them. */
typedef struct function_table function_table;
function_table *function_table_new(sqlite3 *db);
void function_table_free(function_table *t);
bool function_is_aggregate(const function_table *t, const char *name, int arguments); /* min(a) is, min(a, b) is not */
bool function_is_deterministic(const function_table *t, const char *name);

/* The call of a function that can give another answer for the same row, or NULL: random(), date('now'), CURRENT_TIME … */
const char *expr_nondeterminism(const function_table *t, const expr *e);

#endif
