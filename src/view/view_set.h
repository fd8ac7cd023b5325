/* The inside of a view_set: between view_set.c (turns) and view_info.c (looking at it). */
#ifndef VIEW_VIEW_SET_H
#define VIEW_VIEW_SET_H

#include "view/run.h"
#include "view/view.h"

/* Where a plan lives: as long as the view that it was made for, or a node of it that others share. */
typedef struct plan_memory {
  int references;
  arena arena;
  planner planner;
} plan_memory;

typedef struct view {
  uint64_t id;
  char *name, *sql;
  int names;
  char **column_name; /* v(a, b): instead of the SELECT's names */
  view_strategy force;
  view_plan plan;
  plan_memory *memory;
  int nodes;
  node_state **node;  /* all that it is made of, inputs first */
  node_state *top;    /* NULL: it could not be built (view_set_rebuild) */
  bool watched;
  struct view *next;
} view;

struct view_set {
  sqlite3 *db;
  char *schema_name;
  tracker tracker;
  schema_cache schema;
  arena schema_memory;
  function_table *functions;
  int next_node_id;
  uint64_t next_view_id;
  int states, state_capacity;
  node_state **state; /* in the order of node numbers */
  view *views;
  int64_t changed_rows, analysed_at; /* of base tables, so far; and when SQLite last took its statistics */
  bool stepped;       /* since BEGIN */
  bool broken;        /* states are not what the tables say: rebuild */
};

#endif
