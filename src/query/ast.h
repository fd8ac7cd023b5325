/* The syntax tree of SQLite's SELECT dialect.
**
** Shape: a `select` is a chain of compound arms (the last arm in the text is the root, `prior` leads to the left; left
** associative as in SQLite); ORDER BY, LIMIT and WITH stand on the root. A FROM clause is a tree of `from_item`.
** One `expr` struct serves every kind; which fields mean what stands beside each kind.
**
** Everything lives in the arena that the parse was given; nothing is freed singly. Positions are 1-based. Names are
** unquoted; `text` of literals is the source text, so that unparsing gives back the same value. The resolver
** (query/resolve.h) fills the fields under "resolved". Thread: one at a time.
*/
#ifndef QUERY_AST_H
#define QUERY_AST_H

#include "base/arena.h"

#include <stdint.h>

typedef struct expr expr;
typedef struct select select_stmt; /* not "select": that is a system call's name */
typedef struct from_item from_item;
typedef struct source source; /* query/resolve.h */

typedef struct position {
  int line, column;
} position;

typedef struct expr_list {
  int count, capacity;
  expr **items;
} expr_list;

typedef enum expr_kind {
  EXPR_LITERAL,   /* text: 1, 0x1F, 1.5e3, 'text' (with its quotes), x'00', NULL, CURRENT_TIME… as written */
  EXPR_PARAMETER, /* text: ?, ?1, :name, @name, $name */
  EXPR_COLUMN,    /* [[schema.]table.]name; TRUE and FALSE and "double-quoted" names come as columns too (quoted flag) */
  EXPR_STAR,      /* * or table.* : only as a result column, or alone in count(*) as list.count == 0 with `star` set */
  EXPR_UNARY,     /* op: "-" "+" "~" "NOT" ; left */
  EXPR_POSTFIX,   /* op: "ISNULL" "NOTNULL" ("NOT NULL" too); left */
  EXPR_BINARY,    /* op: || * / % + - & | << >> < <= > >= = <> IS "IS NOT" AND OR -> ->> ; left, right.
                     == comes as =, != as <>, IS DISTINCT FROM as IS NOT, IS NOT DISTINCT FROM as IS */
  EXPR_LIKE,      /* op: "LIKE" "GLOB" "REGEXP" "MATCH", negated; left, right, list[0] = ESCAPE if there */
  EXPR_BETWEEN,   /* negated; left, list[0], list[1] */
  EXPR_IN,        /* negated; left; and one of: list (may be empty), select, or name (+ schema, + list as table-function args with is_call) */
  EXPR_EXISTS,    /* select_stmt */
  EXPR_SUBQUERY,  /* scalar or row (SELECT …): select_stmt */
  EXPR_ROW,       /* (a, b, …): list, two or more */
  EXPR_CASE,      /* left = operand or NULL; list = when, then, when, then, …; right = ELSE or NULL */
  EXPR_CAST,      /* left; text = type name as written */
  EXPR_COLLATE,   /* left; name = collation */
  EXPR_FUNCTION,  /* name, list, distinct, star, filter, over, order_by (unused in SQLite 3.40) */
} expr_kind;

typedef enum sort_nulls { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST } sort_nulls;

typedef struct order_term {
  expr *value;
  bool descending;
  sort_nulls nulls;
} order_term;

typedef struct order_list {
  int count, capacity;
  order_term *items;
} order_list;

typedef struct window {
  const char *name; /* WINDOW name AS (…), or OVER name (then `reference` is set and the rest empty) */
  bool reference;
  const char *base; /* (base PARTITION …) */
  expr_list partition_by;
  order_list order_by;
  const char *frame; /* the frame clause as written ("ROWS BETWEEN …"), or NULL: its expressions are constants */
  position at;
  struct window *next;
} window;

struct expr {
  expr_kind kind;
  position at;
  const char *op, *text, *schema, *table, *name;
  expr *left, *right, *filter;
  expr_list list;
  select_stmt *select;
  window *over;
  bool negated, distinct, star, is_call;
  bool quoted;    /* EXPR_COLUMN: written "name": a string literal where no such column is found */
  bool bracketed; /* EXPR_COLUMN: written [name], `name` or 'name': never a string, TRUE or FALSE */
  int height;     /* levels from here down, as parsed: at most MAX_EXPRESSION_DEPTH */

  /* resolved */
  source *source;    /* EXPR_COLUMN: which source … */
  int source_column; /* … and which of its columns; -1 = rowid */
  int aggregate;     /* free for the planner: index + 1 of the aggregate that this is */
};

typedef struct result_column {
  expr *value;
  const char *alias; /* NULL where none was written */
  const char *span;  /* the text as written: SQLite's name for it when there is no alias and it is no column */
} result_column;

typedef struct result_list {
  int count, capacity;
  result_column *items;
} result_list;

typedef enum from_kind { FROM_TABLE, FROM_SELECT, FROM_JOIN } from_kind;
typedef enum join_kind { JOIN_INNER, JOIN_CROSS, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL } join_kind; /* a comma is JOIN_INNER */

typedef struct name_list {
  int count, capacity;
  const char **items;
} name_list;

struct from_item {
  from_kind kind;
  position at;
  const char *alias;
  /* FROM_TABLE */
  const char *schema, *name;
  const char *indexed_by; /* NULL, or the index; "" = NOT INDEXED */
  bool is_call;           /* table-valued function: arguments */
  expr_list arguments;
  /* FROM_SELECT */
  select_stmt *select;
  /* FROM_JOIN (a parenthesised join may carry an alias) */
  join_kind join;
  bool natural;
  from_item *left, *right;
  expr *on;
  bool has_using;
  name_list using;

  source *source; /* resolved: of a table or a derived table */
  int height;     /* as in expr */
};

typedef enum compound_op { COMPOUND_NONE, COMPOUND_UNION, COMPOUND_UNION_ALL, COMPOUND_INTERSECT, COMPOUND_EXCEPT } compound_op;

typedef struct cte {
  const char *name;
  name_list columns; /* count 0 = none written */
  const char *materialized; /* NULL, "MATERIALIZED" or "NOT MATERIALIZED" */
  select_stmt *select;
  position at;
  struct cte *next;
} cte;

struct select {
  position at;
  compound_op op; /* how this arm joins `prior`; NONE for the first */
  select_stmt *prior;

  bool distinct;
  bool is_values;      /* VALUES (…), (…): rows */
  int value_rows;
  expr_list *values;   /* value_rows lists */
  result_list columns;
  from_item *from;     /* NULL = none */
  expr *where;
  expr_list group_by;
  expr *having;
  window *windows;     /* WINDOW clause */

  /* on the root of a compound only */
  bool recursive;
  cte *ctes;
  order_list order_by;
  expr *limit, *offset;
  int height; /* as in expr: of the highest expression or derived table in it, and one */
};

/* No tree may be deeper than this, rewriting included: copies and walks of a deeper one fail, so that no input and no plan
** can exhaust the C stack. What the parser builds is far below (MAX_EXPRESSION_DEPTH of query/parser.h). */
enum { MAX_TREE_DEPTH = 4000 };

/* --- building blocks; each returns NULL / false when out of memory --- */
expr *expr_new(arena *a, expr_kind kind, position at);
bool expr_list_add(arena *a, expr_list *list, expr *e);
bool order_list_add(arena *a, order_list *list, order_term term);
bool result_list_add(arena *a, result_list *list, result_column column);
bool name_list_add(arena *a, name_list *list, const char *name);

/* Deep copies, resolved fields included; NULL when out of memory or beyond MAX_TREE_DEPTH. Strings are shared, so the copy
** lives no longer than the arena of the original. */
expr *expr_copy(arena *a, const expr *e);
select_stmt *select_copy(arena *a, const select_stmt *s);

/* Whether two trees say the same. Names and functions compare without regard to ASCII case, literals as written; a column
** that is resolved on both sides compares by source and column. Aliases: an unaliased expression counts as named by its
** span. Sound, not complete: equal trees mean the same, some that mean the same are not equal. NULL equals NULL only. */
bool expr_equal(const expr *a, const expr *b);
bool select_equal(const select_stmt *a, const select_stmt *b);

/* Calls visit for e and everything below it, parents first; a subquery's clauses only where into_selects. visit may
** replace *slot (its replacement is then walked). Stops and returns false when visit does, or beyond MAX_TREE_DEPTH. */
typedef bool (*expr_visitor)(void *ctx, expr **slot);
bool expr_walk(expr **slot, bool into_selects, expr_visitor visit, void *ctx);
bool select_walk(select_stmt *s, bool into_selects, expr_visitor visit, void *ctx); /* every clause of every arm, CTEs and derived tables too where into_selects */

#endif
