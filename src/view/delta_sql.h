/* Plan → SQL text: what SQLite runs to fill a node, and to find what a change of one input does to it.
**
** The difference of an arm by a change of ONE leaf, all other leaves fixed, is exact for every kind of join:
**   inner   the changed rows joined to the rest
**   left    of the preserved side: the same; of the optional side: matched rows like inner, and for each preserved row that
**           met a change the NULL row comes or goes when its number of matches leaves or reaches zero (a "flip")
**   semi    the row itself comes or goes by a flip
** Several changed leaves are taken one after another: those already taken are read as they are now, those still to come as
** they were (LEAF_OLD: the table without its changed rows, and their old images).
**
** Feeds (view/feed.h) bring changed rows into statements: vs_d<r> signed rows (w = +1 new, -1 old), vs_p<r> rows that are
** there before and after (c… new, o… old values), vs_a<r> all signed rows of the step. ?1 in a statement bounds the counting
** of matches: the number of changed rows + 1.
*/
#ifndef VIEW_DELTA_SQL_H
#define VIEW_DELTA_SQL_H

#include "view/plan.h"

enum { MAX_LEAVES = 64, MAX_PARTS = 64, MAX_COLUMNS = 2000 };

typedef struct leaf_list {
  int count;
  source *leaf[MAX_LEAVES]; /* big ones first: base tables, then nodes */
} leaf_list;

/* Every leaf of the tree, those of semi-joins too, and numbers them (source.leaf) for the next statements. */
void delta_sql_leaves(planner *p, tree *t, leaf_list *out);

typedef enum delta_shape { DELTA_SIGNED, DELTA_PAIRED } delta_shape;

/* Statements for a change of one leaf. Columns: signed: w, outputs…; paired: outputs new…, outputs old…
** old[i]: leaf i is to be read as it was. Returns how many statements there are (several where rows can flip). */
int delta_sql_change(planner *p, tree *t, source *leaf, const bool *old, expr **output, int outputs, delta_shape shape, const char **sql, int most);

/* SELECT outputs… of an arm as it is now; alias: each output is named <prefix><index>. */
void delta_sql_arm(planner *p, buffer *out, const arm *a, int outputs, const char *prefix);

/* Columns of a leaf that the arm uses at all / on which which rows there are depends (conditions, and outputs < keys). */
void delta_sql_used(planner *p, const arm *a, tree *t, int outputs, int keys, const source *leaf, bool *used, bool *decisive, bool *rowid_used);

/* The rows' identity over the leaves of a tree, as expressions; returns their number. */
int delta_sql_row_identity(planner *p, const tree *t, expr **out, int most);

/* An expression over raw columns ("g"), or over an arm's leaves as tables. */
void delta_sql_expr(planner *p, buffer *out, const expr *e);

/* PARTITION: keys…, results…; restricted: of one key, ?1 … ?n. */
const char *delta_sql_partition(planner *p, const node *n, bool restricted);
/* GROUP: arguments of the arms for one key, keys ?1 … ?n: a key's and bare columns' values as SQLite would pick them. */
const char *delta_sql_group_pick(planner *p, const node *n);
/* GROUP: slot and results of the groups in feed vs_g<id>. */
const char *delta_sql_group_results(planner *p, const node *n);
/* LIMIT: vs_id and columns of the rows that are in. */
const char *delta_sql_limit(planner *p, const node *n);

/* Canonical text of a node: equal texts, equal rows. */
char *delta_sql_identity(planner *p, const node *n);

#endif
