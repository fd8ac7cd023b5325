/* Between the files that lower a SELECT to nodes (lower.c, lower_arms.c, lower_group.c); nobody else includes it. */
#ifndef VIEW_LOWER_H
#define VIEW_LOWER_H

#include "view/plan.h"

enum { MAX_ARMS = 256 }; /* ways through one FROM */

/* What the columns of a source stand for: a derived table's expressions, or NULLs (expression == NULL). */
typedef struct binding {
  const source *source;
  expr **expression;
  source *rename; /* the same column of another reference to the same relation */
  struct binding *next;
} binding;

/* One way through FROM: a UNION ALL inside of it makes several. */
typedef struct alternative {
  tree *tree; /* NULL: one row without a table */
  binding *bound;
  order_list order; /* of the one derived table that FROM is */
} alternative;

typedef struct alternatives {
  int count;
  alternative *items;
} alternatives;

/* FROM and WHERE of one SELECT, or a node's rows and a HAVING over them. */
typedef struct core {
  alternatives from;
  expr_list where; /* in terms of the SELECT's own sources */
} core;

/* A lowered SELECT: its rows are the arms' rows. */
typedef struct lowered {
  int arms;
  arm **arm;
  int columns;
  column_def *column; /* affinity and collation; names are the reader's business */
} lowered;

/* What an expression holds, subqueries not looked into. */
typedef struct asking {
  planner *p;
  bool subquery, aggregate, window;
} asking;
asking ask(planner *p, const expr *e);

expr *substitute(planner *p, const expr *e, const binding *bound); /* a copy in which bound columns are replaced */
void substitute_list(planner *p, expr_list *list, const binding *bound);
tree *substitute_tree(planner *p, const tree *t, const binding *bound);
binding *lower_bind(planner *p, const source *s, expr **expression, binding *next);
binding *bind_both(planner *p, const binding *a, binding *b);
expr *operation(planner *p, const char *op, expr *left, expr *right);
tree *tree_new(planner *p, tree_kind kind, tree *left, tree *right);
tree *tree_leaf(planner *p, source *s);
tree *tree_inner(planner *p, tree *left, tree *right); /* one of them may be NULL */
/* Whether conditions name only what is within `all`. */
bool list_is_closed(const tree *all, const expr_list *list);
bool tree_is_closed(const tree *all, const tree *t);
void list_add(planner *p, expr_list *list, expr *e);
expr *column_of(planner *p, source *s, int column);
expr *literal(planner *p, const char *text);
void split_and(planner *p, expr *e, expr_list *out);
arm *arm_new(planner *p, tree *t, int outputs);
source *source_of_relation(planner *p, relation *rel);

node *node_new(planner *p, node_kind kind, int columns, const column_def *column);
node *node_register(planner *p, node *n); /* n, or the equal one that is there already */
node *materialise(planner *p, const lowered *low);
lowered rows_of_node(planner *p, node *n, const column_def *column);

alternatives lower_from(planner *p, from_item *item, bool nullable);
/* The rows of FROM and WHERE with these outputs. */
lowered build_arms(planner *p, const core *c, expr **exprs, int n);

lowered lower_select(planner *p, select_stmt *s);
/* GROUP BY, aggregates, DISTINCT and window functions over a core. */
lowered lower_group(planner *p, const core *c, const select_stmt *s, expr **exprs, int n);
lowered lower_windows(planner *p, const core *c, expr **exprs, int n);
lowered lower_distinct(planner *p, const lowered *rows);

#endif
