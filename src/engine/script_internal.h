/* Between script.c (statements and turns) and script_views.c (its materialized views). */
#ifndef ENGINE_SCRIPT_INTERNAL_H
#define ENGINE_SCRIPT_INTERNAL_H

#include "engine/script.h"
#include "query/lexer.h"

enum { MAX_WORDS = 12 };

typedef struct statement {
  const char *text; /* with its semicolon */
  size_t bytes;
  int line, words;
  token word[MAX_WORDS]; /* the first ones */
} statement;

typedef struct script_view {
  char *name, *schema;  /* of the plain view */
  uint64_t id;          /* in the view_set; 0 = not maintained now */
  struct script_view *next;
} script_view;

typedef struct script {
  const script_options *options;
  sqlite3 *db;
  view_set *set;
  script_view *views;
  int line;
  bool headers, failed, stopped, in_transaction;
  char separator[32], null_text[64];
  int64_t changes, total_changes, last_rowid;
} script;

void script_error(script *x, const char *kind, const char *text);

/* CREATE / DROP of a materialized view: true where the statement was one (and is done, well or not). */
bool script_views_take(script *x, const statement *s);
/* Builds every view that is in the schema again: after DDL, and after a rollback. */
void script_views_follow_schema(script *x);
bool script_views_verify(script *x); /* false: a difference, which has been printed */
void script_views_print_deltas(script *x);
void script_views_free(script *x);

#endif
