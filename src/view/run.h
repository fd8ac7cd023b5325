/* Nodes at work: what the files of the running engine share (run.c, result_table.c, node_*.c, view_set.c).
**
** A step takes everything that was captured since the last one: nodes are visited in the order of their numbers, inputs
** before readers; each reads the changes of its inputs, brings its result table up to date and leaves its own net changes in
** state->changes->changes for its readers. All inputs of a node are already as they are now when it runs.
** An error leaves states half way: the caller must roll back, and states are then built anew.
*/
#ifndef VIEW_RUN_H
#define VIEW_RUN_H

#include "view/delta_sql.h"
#include "view/plan.h"
#include "view/tracker.h"

enum { MAX_KEY_COLUMNS = 500 };

typedef struct change_statement {
  delta_shape shape;
  uint64_t old; /* bit per leaf: read as it was */
  int count;
  sqlite3_stmt *stmt[MAX_PARTS];
  struct change_statement *next;
} change_statement;

/* One leaf of one arm (or of one of its touches). */
typedef struct input {
  int arm;
  tree *tree;         /* the arm's, or the touch's */
  bool touch;
  source *leaf;
  int number;         /* in its tree: bit of `old` */
  tracked *relation;
  bool *used, *decisive; /* per column */
  bool rowid_used;
  expr **output;      /* what its statements give */
  int outputs;
  change_statement *statements;
} input;

/* The result table of a node and the statements that write it. */
typedef struct result_table {
  sqlite3 *db;
  const char *name;
  int columns;
  bool keyed;            /* has vs_key: the rows in the order in which SQLite would give them */
  int64_t next_id;
  int64_t rows;
  sqlite3_stmt *insert, *update, *remove;
} result_table;

struct plan_memory;

typedef struct node_state {
  view_set *set;
  node *n;
  struct plan_memory *memory; /* holds the plan */
  int users;             /* views that are made of it */
  planner *planner;      /* for statements that are made when first needed */
  int inputs;
  input *input;
  result_table table;
  tracked *changes;      /* the result table as a relation others follow */
  bool watched;          /* its changes are collected for the turn */
  delta_set turn;        /* net changes since BEGIN, by vs_id */
  void *own;             /* of the rule: node_<kind>.c */
  view_stats stats;
} node_state;

/* What a rule does. `row` gets each row of a change statement: with weight w and values output[0 … outputs), or, paired,
** new values and the old ones behind them. */
typedef bool (*change_row)(void *ctx, const input *in, int weight, bool paired, sqlite3_stmt *stmt, int first, error *err);

typedef struct node_rule {
  bool (*open)(node_state *s, error *err);   /* statements and state; the result table is there and empty */
  bool (*fill)(node_state *s, error *err);   /* from scratch */
  bool (*step)(node_state *s, error *err);
  void (*close)(node_state *s);
  int64_t (*state_bytes)(const node_state *s); /* may be NULL */
} node_rule;

extern const node_rule rule_join, rule_group, rule_partition, rule_limit, rule_rerun;
const node_rule *node_rule_of(const node *n);

/* Runs the change statements of every changed input, each row to `row`. */
bool run_changes(node_state *s, change_row take, void *ctx, error *err) MUST_USE;
/* Prepares the usual change statements ahead: what SQLite would not take shows when the view is made, not in a turn. */
bool run_prepare_changes(node_state *s, error *err) MUST_USE;
bool run_any_changed(const node_state *s);
/* Makes the indexes that joins of this node look rows up by. */
bool run_make_indexes(node_state *s, error *err) MUST_USE;

bool run_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, error *err) MUST_USE;
bool run_sql_failed(sqlite3 *db, const char *doing, error *err);
/* Formats as sqlite3_mprintf does (%w, %Q). */
bool run_exec(sqlite3 *db, error *err, const char *fmt, ...) MUST_USE;

/* result_table.c. Each call also records the change in s->changes. */
bool result_table_create(node_state *s, error *err) MUST_USE;
bool result_table_insert(node_state *s, const value *values, const buffer *key, int64_t *id, error *err) MUST_USE;
bool result_table_update(node_state *s, int64_t id, const value *before, const value *after, error *err) MUST_USE;
bool result_table_remove(node_state *s, int64_t id, const value *before, error *err) MUST_USE;
void result_table_close(node_state *s);
void result_table_drop(node_state *s);

/* key.c: rows' keys as bytes. Equal under the columns' collations ⇔ equal bytes (1 and 1.0, 'a' and 'A' under NOCASE);
** bytes order as SQLite orders (NULL, numbers, text, blobs). false: a collation that is not built in. */
bool key_collation_known(const char *collation);
void key_put(buffer *out, value v, const char *collation);

#endif
