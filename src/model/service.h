/* What delivery (publish, transport) may ask of the engine. The engine fills this table; delivery knows nothing else of it.
**
** Strings that are returned are malloc'd and the caller's. `request` texts are borrowed for the call. Thread: every
** function may be called from any thread; those marked (waits) block until the engine thread answered or a bound passed.
** A selection is a view with a client's parameters as one JSON object, e.g.
**   {"accounts":["ACC001","ACC002"],"group_by":["sector"],"exposures":["sod","current"]}
*/
#ifndef MODEL_SERVICE_H
#define MODEL_SERVICE_H

#include "model/turn.h"

typedef struct selection {
  const char *view;
  const char *params_json; /* NULL or "" = all defaults */
  const char *filter;      /* an SQL expression over the view's columns, or NULL */
} selection;

typedef struct column_info {
  char name[128];
  char type[16]; /* INTEGER, REAL, TEXT, NUMERIC, BLOB or "" where the expression has none */
} column_info;

/* An instance as its clients need it. Freed with instance_info_free. */
typedef struct instance_info {
  uint64_t id;            /* never used again while the process lives */
  char view[128];
  char *selection_json;   /* canonical parameters */
  char table[64];         /* result table in the live database: (vs_id INTEGER PRIMARY KEY, columns in order …) */
  char strategy[16];      /* delta, group, rerun */
  uint64_t version;       /* alive and complete from this version on */
  int columns;
  column_info *column;
  int keys;               /* columns that identify a row, or 0 */
  int *key;               /* their indexes */
} instance_info;

void instance_info_free(instance_info *info);

typedef void (*instance_callback)(void *ctx, instance_info *info /* given away, NULL on error */, const error *err);
typedef void (*turn_sink)(void *ctx, turn *t /* given away */);

typedef struct service {
  void *ctx;

  /* --- catalog --- JSON texts, ready to send */
  char *(*views)(void *ctx, error *err);
  char *(*view)(void *ctx, const char *name, error *err);                               /* ERR_NOT_FOUND names the views there are */
  char *(*plan)(void *ctx, const selection *s, error *err);                             /* strategy, reason, statements */
  char *(*view_check)(void *ctx, const char *name, const char *definition, error *err); /* dry run: columns and plan */
  char *(*view_put)(void *ctx, const char *name, const char *definition, const char *if_match, bool create_only, error *err); /* (waits) */
  bool (*view_delete)(void *ctx, const char *name, error *err);                         /* (waits) */
  char *(*tables)(void *ctx, error *err);
  char *(*instances)(void *ctx, error *err);                                            /* (waits) */
  bool (*instance_drop)(void *ctx, uint64_t id, error *err);                            /* (waits) */

  /* --- reading --- */
  /* A read-only connection on the live database with our functions registered; the caller closes it. */
  sqlite3 *(*reader_open)(void *ctx, error *err);
  /* The SELECT that gives the selection's rows on a reader: from the result table where the instance is alive, else the
  ** view's own SQL. *info describes columns and key (id = 0 where it is not alive). */
  char *(*rows_sql)(void *ctx, const selection *s, instance_info **info, error *err);
  uint64_t (*version)(void *ctx);
  const char *(*live_database)(void *ctx);
  bool (*ready)(void *ctx, char *why, size_t size); /* false: why not yet (replaying, 43 %) */

  /* --- following --- */
  /* Makes or shares an instance and holds it. The callback comes once, on the engine thread, between two turns: every
  ** later turn that changes the instance reaches the sink, none before does. */
  void (*acquire)(void *ctx, const selection *s, instance_callback done, void *done_ctx);
  void (*release)(void *ctx, uint64_t instance);
  /* One sink; called on the engine thread after each commit; must not block. */
  void (*subscribe_turns)(void *ctx, turn_sink sink, void *sink_ctx);

  /* --- writing --- the same path as a topic's records; op is 'u' upsert or 'd' delete; body one JSON object or an array.
  ** (waits) until committed; *version is the one that contains it; errors of single records are in err. */
  bool (*ingest)(void *ctx, const char *table, char op, const char *body, size_t bytes, uint64_t *version, uint32_t *records, error *err);

  /* --- operating --- appends OpenMetrics lines, and a status object for /api/v1 */
  void (*metrics)(void *ctx, buffer *out);
  void (*status_json)(void *ctx, buffer *out); /* `"name":"viewserver","version":…` members without braces */
} service;

#endif
