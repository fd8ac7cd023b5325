/* The plan of a view: nodes that keep rows, fed by arms that join relations.
**
** A SELECT becomes a tree of nodes. A node owns a result table and one rule for keeping it:
**   JOIN       rows of its arms as they are (linear: a change of one input is joined to the others)
**   GROUP      one row per key, from accumulators (linear in, then a function of the group's state)
**   PARTITION  rows of one key at a time, computed again by SQL when something of that key changed
**   LIMIT      the first rows of another node, by an index
**   RERUN      the whole SELECT, run again and compared
** An arm is a join tree over leaves (base tables and lower nodes) with output expressions. Projections, filters, UNION ALL,
** views and derived tables that only join are dissolved into arms: they keep nothing.
**
** Memory: everything lives in the plan's arena. Thread: the connection's.
*/
#ifndef VIEW_PLAN_H
#define VIEW_PLAN_H

#include "query/resolve.h"
#include "query/types.h"
#include "view/view.h"

#include <setjmp.h>

typedef struct node node;

typedef enum tree_kind {
  TREE_LEAF,
  TREE_INNER,
  TREE_LEFT,
  TREE_SEMI, /* rows of left that have a match in right; right is not visible above */
  TREE_ANTI, /* rows of left that have none */
} tree_kind;

typedef struct tree {
  tree_kind kind;
  source *leaf;
  struct tree *left, *right;
  expr_list on;     /* conditions of the match (all must hold) */
  expr_list filter; /* conditions on the rows that come out */
} tree;

typedef struct touch { /* a subquery of an output expression: whose change makes a row be computed again */
  tree *tree;          /* arm's tree joined with the subquery's, its WHERE as filter */
  struct touch *next;
} touch;

typedef struct arm {
  tree *tree;        /* NULL: one row without FROM */
  expr **output;
  order_list order;  /* PARTITION: the order in which a derived table hands on its rows */
  touch *touches;    /* PARTITION only */
} arm;

typedef enum aggregate_kind {
  AGG_COUNT_STAR, AGG_COUNT, AGG_SUM, AGG_TOTAL, AGG_AVG, AGG_MIN, AGG_MAX,
  AGG_BARE,     /* a column that is not aggregated: any row's, if all agree */
  AGG_VAR_SAMP, AGG_VAR_POP, AGG_STDDEV_SAMP, AGG_STDDEV_POP, /* formulas over exact sums: view/moments.h */
  AGG_COVAR_SAMP, AGG_COVAR_POP, AGG_CORR, AGG_WAVG,          /* … of two arguments */
  AGG_FIRST, AGG_LAST,                                        /* value, order */
} aggregate_kind;

typedef struct aggregate {
  aggregate_kind kind;
  const char *function; /* SQL name */
  expr *call;           /* as written, for the group's own SELECT */
  int argument, argument2, filter; /* output index in the arms, or -1 */
  bool distinct;
  const char *collation; /* of the argument */
} aggregate;

typedef enum node_kind { NODE_JOIN, NODE_GROUP, NODE_PARTITION, NODE_LIMIT, NODE_RERUN } node_kind;

struct node {
  int id;               /* result table vs_r<id> */
  node_kind kind;
  const char *reason;   /* why this rule, in a sentence */
  char *identity;       /* canonical text: equal nodes are shared between views */
  relation rows;        /* the result table as a relation (rows.node == this) */
  int columns;
  bool keeps_order_key; /* vs_key holds the order in which SQLite would give the rows */

  int arms;
  arm **arm;
  int outputs;          /* of each arm: JOIN columns; GROUP keys + arguments; PARTITION keys + columns */

  int keys;             /* GROUP, PARTITION: the first outputs */
  column_def *key;      /* their affinity and collation */
  bool has_group_by;    /* false: one group, there even without rows */
  int aggregates;
  aggregate *aggregate;
  source *raw;          /* GROUP: keys and aggregates as columns; PARTITION: the arms' outputs as columns */
  expr **result;        /* GROUP, PARTITION: columns over raw */
  expr_list having;     /* over raw */
  bool plain;           /* GROUP: every result is a column of raw and there is no HAVING */
  bool groups;          /* PARTITION: has GROUP BY its keys (else window functions or subqueries) */
  bool by_row;          /* PARTITION: keys are the identity of an input row */

  node *input;          /* LIMIT */
  order_list order;     /* LIMIT: over input's rows (source `raw`) */
  expr *limit, *offset;

  const char *sql;      /* RERUN */
  int reads;            /* RERUN: base tables */
  relation **read;

  struct node_state *state; /* view/state of the running node */
  struct node *next;
};

/* How a view is read: what its instance needs beyond its top node. */
typedef struct view_plan {
  node *top;
  view_strategy strategy;
  const char *reason;
  int columns;           /* visible ones: the first of top's */
  const char **name;
  const char **type;     /* for clients: "REAL" … */
  column_def *column;
  int order_columns;     /* ORDER BY of the view, as SQL over the result table */
  const char *order_sql; /* or NULL */
  int keys;
  int *key;              /* visible columns that identify a row */
} view_plan;

typedef struct planner {
  arena *memory;
  sqlite3 *db;
  schema_cache *schema;
  function_table *functions;
  const char *result_schema;
  resolver names;
  node *nodes;        /* all that exist, new ones in front */
  node *existing;     /* where the nodes of earlier plans begin */
  int *next_node_id;
  view_strategy force;
  int next_source;
  error *err;
  jmp_buf unwind;     /* plan_fail goes here: everything is in the arena, so nothing leaks */
  buffer scratch;
} planner;

/* Plans a SELECT. New nodes are in front of p->nodes. false: SQLite refuses it. */
bool plan_view(planner *p, const char *sql, view_plan *out, error *err) MUST_USE;

/* Leaves the planner with "not by this strategy, because …". */
_Noreturn void plan_fail(planner *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
_Noreturn void plan_nomem(planner *p);
void *plan_alloc(planner *p, size_t bytes);

/* lower.c: SELECT → nodes. */
node *lower_view(planner *p, select_stmt *s, view_plan *out);

/* How a table is named in statements: "main"."price" or "vs"."r7". */
const char *node_table_name(planner *p, int id);

#endif
