#include "catalog/catalog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A set of views, ordered by name; one reference on each. */
typedef struct view_list {
  catalog_view **items;
  int count, capacity;
} view_list;

struct view_catalog {
  view_inspector inspect;
  void *inspect_ctx;
  pthread_mutex_t lock; /* of `running` */
  view_list running;
};

struct view_draft {
  view_list next;
  char (*affected)[MAX_VIEW_NAME_BYTES + 1];
  int affected_count;
};

/* --- lists --- */

static int list_find(const view_list *l, const char *name) {
  for (int i = 0; i < l->count; i++)
    if (!strcasecmp(l->items[i]->definition->name, name)) return i;
  return -1;
}

/* Takes the reference over, also when it fails. */
static bool list_add(view_list *l, catalog_view *v) {
  if (l->count == l->capacity) {
    int capacity = l->capacity ? l->capacity * 2 : 32;
    catalog_view **more = realloc(l->items, sizeof *more * (size_t)capacity);
    if (!more) {
      catalog_view_unref(v);
      return false;
    }
    l->items = more;
    l->capacity = capacity;
  }
  int at = l->count++;
  for (; at > 0 && strcmp(l->items[at - 1]->definition->name, v->definition->name) > 0; at--) l->items[at] = l->items[at - 1];
  l->items[at] = v;
  return true;
}

static void list_free(view_list *l) {
  for (int i = 0; i < l->count; i++) catalog_view_unref(l->items[i]);
  free(l->items);
  memset(l, 0, sizeof *l);
}

/* --- SQL --- */

static bool run(sqlite3 *db, buffer *sql, error *err) {
  char *message = NULL;
  bool done = !sql->failed && sqlite3_exec(db, buffer_text(sql), NULL, NULL, &message) == SQLITE_OK;
  if (!done) error_set(err, sql->failed ? ERR_NOMEM : ERR_SQL, "%s", message ? message : "out of memory");
  sqlite3_free(message);
  buffer_free(sql);
  return done;
}

static bool drop_view(sqlite3 *db, const char *name, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "DROP VIEW IF EXISTS main.");
  buffer_sql_name(&sql, name);
  return run(db, &sql, err);
}

static bool create_view(sqlite3 *db, const char *name, const char *select, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "CREATE VIEW main.");
  buffer_sql_name(&sql, name);
  buffer_printf(&sql, " AS %s", select);
  return run(db, &sql, err);
}

static bool put_row(sqlite3 *db, const catalog_view *v, error *err) {
  const view_definition *d = v->definition;
  sqlite3_stmt *stmt = NULL;
  static const char sql[] = "REPLACE INTO vs_view(name, title, description, strategy, reason, definition, sql, file, etag) VALUES(?,?,?,?,?,?,?,?,?)";
  const char *const texts[] = {d->name, d->title, d->description, v->strategy, v->reason, d->text, v->sql, d->file, d->etag};
  bool done = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK;
  for (int i = 0; done && i < (int)(sizeof texts / sizeof texts[0]); i++)
    done = sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC) == SQLITE_OK;
  done = done && sqlite3_step(stmt) == SQLITE_DONE;
  if (!done) error_set(err, ERR_SQL, "vs_view cannot be written: %s", sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
  return done;
}

static bool forget(sqlite3 *db, const char *name, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "DELETE FROM vs_view WHERE name = ");
  buffer_sql_text(&sql, name, strlen(name));
  return run(db, &sql, err) && drop_view(db, name, err);
}

bool view_catalog_prepare(view_catalog *c, sqlite3 *db, error *err) {
  buffer sql = {0};
  buffer_puts(&sql, "CREATE TABLE IF NOT EXISTS main.vs_view(name TEXT PRIMARY KEY, title TEXT, description TEXT, strategy TEXT, "
                    "reason TEXT, definition TEXT, sql TEXT, file TEXT, etag TEXT)");
  if (!run(db, &sql, err)) return false;
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(db, "SELECT name FROM main.sqlite_schema WHERE type = 'view'", -1, &stmt, NULL) != SQLITE_OK)
    return error_set(err, ERR_SQL, "the schema cannot be read: %s", sqlite3_errmsg(db));
  buffer drops = {0};
  while (sqlite3_step(stmt) == SQLITE_ROW) {
    buffer_puts(&drops, "DROP VIEW main.");
    buffer_sql_name(&drops, (const char *)sqlite3_column_text(stmt, 0));
    buffer_putc(&drops, ';');
  }
  sqlite3_finalize(stmt);
  buffer_puts(&drops, "DELETE FROM main.vs_view");
  return run(db, &drops, err);
}

/* --- a draft --- */

/* One view that the draft has to make. */
typedef struct job {
  view_definition *definition; /* one reference */
  view_edit *edit;             /* NULL: not edited itself, but it reads an edited one */
  bool done;
  error problem; /* of the last try */
  error verdict; /* what is told of it */
} job;

typedef struct drafter {
  view_catalog *catalog;
  sqlite3 *db;
  view_draft *draft;
  job *jobs;
  int count;
  error *err;
} drafter;

bool view_draft_affects(const view_draft *draft, const char *name) {
  for (int i = 0; i < draft->affected_count; i++)
    if (!strcasecmp(draft->affected[i], name)) return true;
  return false;
}

static bool affect(drafter *x, const char *name) {
  if (view_draft_affects(x->draft, name)) return true;
  void *more = realloc(x->draft->affected, sizeof *x->draft->affected * (size_t)(x->draft->affected_count + 1));
  if (!more) return error_nomem(x->err);
  x->draft->affected = more;
  snprintf(x->draft->affected[x->draft->affected_count++], sizeof *x->draft->affected, "%s", name);
  return true;
}

static bool mentions_affected(const drafter *x, const view_definition *d) {
  for (int i = 0; i < x->draft->affected_count; i++)
    if (strcasecmp(x->draft->affected[i], d->name) && view_definition_mentions(d, x->draft->affected[i])) return true;
  return false;
}

/* The edited views, and those that read them, and those that read these … */
static bool find_affected(drafter *x, const view_edit *edits, int count) {
  for (int i = 0; i < count; i++)
    if (!affect(x, edits[i].name)) return false;
  const view_list *running = &x->catalog->running;
  for (bool grew = true; grew;) {
    grew = false;
    for (int i = 0; i < running->count; i++) {
      const view_definition *d = running->items[i]->definition;
      if (view_draft_affects(x->draft, d->name) || !mentions_affected(x, d)) continue;
      if (!affect(x, d->name)) return false;
      grew = true;
    }
  }
  return true;
}

static view_edit *edit_of(view_edit *edits, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (!strcasecmp(edits[i].name, name)) return &edits[i];
  return NULL;
}

/* A running definition is shared with readers; what is bound anew is a copy of it. */
static view_definition *copy_definition(const view_definition *d, error *err) {
  return view_definition_parse(d->name, d->file, d->text, d->text_bytes, err);
}

/* Makes the list of views to make, and takes all other views over as they are. */
static bool plan_jobs(drafter *x, view_edit *edits, int count) {
  x->jobs = calloc((size_t)x->draft->affected_count + 1, sizeof *x->jobs);
  if (!x->jobs) return error_nomem(x->err);
  const view_list *running = &x->catalog->running;
  for (int i = 0; i < x->draft->affected_count; i++) {
    view_edit *edit = edit_of(edits, count, x->draft->affected[i]);
    int at = list_find(running, x->draft->affected[i]);
    if (edit && !edit->definition) continue;
    view_definition *d = edit ? view_definition_ref(edit->definition) : copy_definition(running->items[at]->definition, x->err);
    if (!d) return false;
    x->jobs[x->count++] = (job){.definition = d, .edit = edit};
  }
  for (int i = 0; i < running->count; i++) {
    if (view_draft_affects(x->draft, running->items[i]->definition->name)) continue;
    if (!list_add(&x->draft->next, catalog_view_ref(running->items[i]))) return error_nomem(x->err);
  }
  if (x->draft->next.count + x->count > MAX_VIEWS) return error_set(x->err, ERR_LIMIT, "there are at most %d views", MAX_VIEWS);
  return true;
}

/* Whether the SQL view stands with its definition, and not with the rows of an instance. */
static bool stands_as_defined(sqlite3 *db, const catalog_view *v) {
  sqlite3_stmt *stmt = NULL;
  bool stands = false;
  if (sqlite3_prepare_v2(db, "SELECT sql FROM main.sqlite_schema WHERE type = 'view' AND name = ?", -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_bind_text(stmt, 1, v->definition->name, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
    const char *sql = (const char *)sqlite3_column_text(stmt, 0);
    size_t n = sql ? strlen(sql) : 0, tail = strlen(v->sql);
    stands = n > tail && !strcmp(sql + n - tail, v->sql);
  }
  sqlite3_finalize(stmt);
  return stands;
}

/* All SQL views that change are dropped, and those that show result tables are put back to their definitions: what is
** compiled now must see definitions only. */
static bool clear_schema(drafter *x, const view_edit *edits, int count) {
  for (int i = 0; i < x->draft->affected_count; i++)
    if (!drop_view(x->db, x->draft->affected[i], x->err)) return false;
  for (int i = 0; i < count; i++)
    if (!edits[i].definition && !forget(x->db, edits[i].name, x->err)) return false;
  for (int i = 0; i < x->draft->next.count; i++) {
    const catalog_view *v = x->draft->next.items[i];
    if (!view_definition_has_defaults(v->definition) || stands_as_defined(x->db, v)) continue;
    if (!drop_view(x->db, v->definition->name, x->err) || !create_view(x->db, v->definition->name, v->sql, x->err)) return false;
  }
  return true;
}

static bool make(drafter *x, job *j) {
  const char *name = j->definition->name;
  catalog_view *v = NULL;
  error_clear(&j->problem);
  if (view_definition_bind(j->definition, x->db, &j->problem))
    v = view_catalog_check(j->definition, x->db, x->catalog->inspect, x->catalog->inspect_ctx, &j->problem);
  if (!v) return false;
  bool done = (!view_definition_has_defaults(j->definition) || create_view(x->db, name, v->sql, &j->problem)) &&
              put_row(x->db, v, &j->problem);
  if (!done) {
    catalog_view_unref(v);
    return false;
  }
  if (!list_add(&x->draft->next, v)) return error_nomem(&j->problem);
  return j->done = true;
}

/* The other unfinished view that j's problem says is missing, or NULL. */
static job *waits_for(drafter *x, const job *j) {
  static const char missing[] = "no such table: ";
  const char *at = strstr(j->problem.text, missing);
  if (!at) return NULL;
  at += sizeof missing - 1;
  if (!strncmp(at, "main.", 5)) at += 5;
  for (int i = 0; i < x->count; i++)
    if (!x->jobs[i].done && !strcasecmp(x->jobs[i].definition->name, at)) return &x->jobs[i];
  return NULL;
}

/* Says of a view that could not be made because of others whether they read each other in a circle. */
static void judge_waiting(drafter *x, job *j) {
  buffer chain = {0};
  job *next = waits_for(x, j);
  const char *first = next->definition->name;
  for (int steps = 0; next && next != j && steps < x->count; steps++, next = waits_for(x, next)) buffer_printf(&chain, "%s → ", next->definition->name);
  if (next == j)
    error_set(&j->verdict, ERR_INVALID, "views read each other in a circle: %s → %s%s", j->definition->name, buffer_text(&chain), j->definition->name);
  else
    error_set(&j->verdict, ERR_INVALID, "it reads view %s, which is wrong itself", first);
  error_at(&j->verdict, j->definition->file, j->problem.line, j->problem.column);
  buffer_free(&chain);
}

/* Makes views until none is left or none can be made: those that others read come first by themselves. */
static void make_all(drafter *x) {
  for (bool progress = true; progress;) {
    progress = false;
    for (int i = 0; i < x->count; i++)
      if (!x->jobs[i].done && make(x, &x->jobs[i])) progress = true;
  }
}

/* The verdict to refuse the whole draft with: of a view that is wrong itself rather than one that waits for it. */
static const error *judge(drafter *x) {
  const error *own = NULL, *waiting = NULL;
  for (int i = 0; i < x->count; i++) {
    job *j = &x->jobs[i];
    if (j->done) continue;
    j->verdict = j->problem;
    const error **kind = waits_for(x, j) ? &waiting : &own;
    if (kind == &waiting) judge_waiting(x, j);
    if (j->edit) j->edit->problem = j->verdict;
    if (!*kind) *kind = &j->verdict;
  }
  return own ? own : waiting;
}

static bool settle(drafter *x, bool lenient) {
  make_all(x);
  const error *refused = judge(x);
  if (refused && !lenient) {
    *x->err = *refused;
    return false;
  }
  for (int i = 0; i < x->count; i++)
    if (!x->jobs[i].done && !forget(x->db, x->jobs[i].definition->name, x->err)) return false;
  return true;
}

static void free_jobs(drafter *x) {
  for (int i = 0; i < x->count; i++) view_definition_unref(x->jobs[i].definition);
  free(x->jobs);
}

static view_draft *give_up(drafter *x) {
  view_draft_free(x->draft);
  free_jobs(x);
  return NULL;
}

view_draft *view_catalog_draft(view_catalog *c, sqlite3 *db, view_edit *edits, int count, bool lenient, error *err) {
  drafter x = {.catalog = c, .db = db, .draft = calloc(1, sizeof(view_draft)), .err = err};
  if (!x.draft) {
    error_nomem(err);
    return NULL;
  }
  for (int i = 0; i < count; i++) error_clear(&edits[i].problem);
  if (!find_affected(&x, edits, count) || !plan_jobs(&x, edits, count) || !clear_schema(&x, edits, count) || !settle(&x, lenient))
    return give_up(&x);
  free_jobs(&x);
  return x.draft;
}

void view_draft_free(view_draft *draft) {
  if (!draft) return;
  list_free(&draft->next);
  free(draft->affected);
  free(draft);
}

void view_catalog_adopt(view_catalog *c, view_draft *draft) {
  pthread_mutex_lock(&c->lock);
  view_list old = c->running;
  c->running = draft->next;
  draft->next = old;
  pthread_mutex_unlock(&c->lock);
  view_draft_free(draft);
}

/* --- the running set --- */

view_catalog *view_catalog_new(view_inspector inspect, void *ctx) {
  view_catalog *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->inspect = inspect;
  c->inspect_ctx = ctx;
  pthread_mutex_init(&c->lock, NULL);
  return c;
}

void view_catalog_free(view_catalog *c) {
  if (!c) return;
  list_free(&c->running);
  pthread_mutex_destroy(&c->lock);
  free(c);
}

static bool read_by_others(const view_catalog *c, const char *name) {
  for (int i = 0; i < c->running.count; i++) {
    const view_definition *d = c->running.items[i]->definition;
    if (strcasecmp(d->name, name) && view_definition_mentions(d, name)) return true;
  }
  return false;
}

bool view_catalog_show_rows(view_catalog *c, sqlite3 *db, const char *name, const char *rows_sql, bool *shown, error *err) {
  *shown = false;
  int at = list_find(&c->running, name);
  if (at < 0 || !view_definition_has_defaults(c->running.items[at]->definition)) return true;
  if (rows_sql && read_by_others(c, name)) return true;
  const char *select = rows_sql ? rows_sql : c->running.items[at]->sql;
  if (!drop_view(db, name, err) || !create_view(db, name, select, err)) return false;
  *shown = rows_sql != NULL;
  return true;
}

catalog_view *view_catalog_find(view_catalog *c, const char *name, error *err) {
  buffer names = {0};
  pthread_mutex_lock(&c->lock);
  int at = list_find(&c->running, name);
  catalog_view *v = at >= 0 ? catalog_view_ref(c->running.items[at]) : NULL;
  for (int i = 0; !v && i < c->running.count && names.len < sizeof err->hint; i++)
    buffer_printf(&names, "%s%s", i ? ", " : "", c->running.items[i]->definition->name);
  pthread_mutex_unlock(&c->lock);
  if (!v) {
    error_set(err, ERR_NOT_FOUND, "there is no view '%.80s'", name);
    error_hint(err, names.len ? "views: %s" : "there are no views%s", buffer_text(&names));
  }
  buffer_free(&names);
  return v;
}

catalog_view **view_catalog_all(view_catalog *c, int *count) {
  pthread_mutex_lock(&c->lock);
  *count = c->running.count;
  catalog_view **all = *count ? malloc(sizeof *all * (size_t)*count) : NULL;
  if (!all) *count = 0;
  for (int i = 0; i < *count; i++) all[i] = catalog_view_ref(c->running.items[i]);
  pthread_mutex_unlock(&c->lock);
  return all;
}
