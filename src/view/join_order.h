/* The order in which a change statement visits its tables: from the changed rows outwards, each next table by the best way to
** look it up. SQLite's planner, without statistics, may begin at a constant filter and read a whole table to meet one change. */
#ifndef VIEW_JOIN_ORDER_H
#define VIEW_JOIN_ORDER_H

#include "view/delta_sql.h"

/* One entry of FROM. Leaves are bits by number. */
typedef struct join_item {
  const char *text;  /* "main"."price" AS t3; for an optional one with its ON */
  bool optional;     /* LEFT JOIN: after everything that its ON names */
  uint64_t gives;    /* leaves that it brings */
  uint64_t needs;    /* leaves that its ON names */
  const source *leaf; /* a table; NULL: a derived one */
} join_item;

typedef struct join_list {
  int count;
  join_item item[MAX_LEAVES + 1];
  expr_list conditions; /* of the inner joins and WHERE: what ways there are to look a table up */
} join_list;

void join_list_add(planner *p, join_list *list, join_item item);
/* Leaves that the expression names, subqueries' conditions too. */
uint64_t join_leaves_of(const expr *e, const leaf_list *leaves);
/* FROM text: the first item stays first where `driven`, the others by the best way; else in the order of the list. */
void join_list_put(const join_list *list, const leaf_list *leaves, bool driven, buffer *out);

#endif
