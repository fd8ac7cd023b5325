/* Between delta_sql.c (changes) and node_sql.c (nodes): how trees and expressions become text. Nobody else includes it. */
#ifndef VIEW_SQL_TEXT_H
#define VIEW_SQL_TEXT_H

#include "view/delta_sql.h"

/* How a leaf stands in a statement. */
typedef enum leaf_mode { LEAF_TABLE, LEAF_OLD, LEAF_SIGNED, LEAF_PAIR_NEW, LEAF_PAIR_OLD, LEAF_ABSENT, LEAF_FLIP } leaf_mode;

typedef struct leaf_map {
  planner *p;
  const leaf_list *leaves;
  unsigned char mode[MAX_LEAVES];
  int flip[MAX_LEAVES]; /* LEAF_FLIP: which f<n> carries its columns */
} leaf_map;

/* The text into the plan's arena; the buffer is freed. */
char *sql_keep(planner *p, buffer *b);
/* map == NULL: over raw columns ("g"). */
void sql_put_expr(buffer *out, const expr *e, const leaf_map *map);
/* Joined by AND to what is there. */
void sql_put_list(buffer *conditions, const expr_list *list, const leaf_map *map);
void sql_put_outputs(buffer *out, expr **output, int n, const leaf_map *map, const char *prefix);
void sql_put_order(buffer *sql, const order_list *order, const leaf_map *map);
/* FROM text as a flat chain; inner conditions float up into *conditions, those of an optional side stay in its ON. */
void sql_put_chain(const tree *t, leaf_map *map, buffer *from, buffer *conditions);

#endif
