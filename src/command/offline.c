#include "command/offline.h"

#include "catalog/folder.h"
#include "engine/views.h"
#include "store/store.h"
#include "view/view.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct offline {
  char folder[512];
  topic_catalog *topics;
  store *store;
  view_catalog *views;
};

/* In $TMPDIR where that is set, else in memory, else in /tmp. */
static bool make_folder(offline *o, error *err) {
  const char *const places[] = {getenv("TMPDIR"), "/dev/shm", "/tmp"};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    if (!places[i] || snprintf(o->folder, sizeof o->folder, "%s/viewserver-XXXXXX", places[i]) >= (int)sizeof o->folder) continue;
    if (mkdtemp(o->folder)) return true;
  }
  o->folder[0] = '\0';
  return error_set(err, ERR_IO, "no temporary folder can be made: %s", strerror(errno));
}

static bool open_store(offline *o, error *err) {
  char path[600];
  snprintf(path, sizeof path, "%s/live.db", o->folder);
  store_options options = {.path = path, .topics = o->topics, .fresh = true};
  o->store = store_open(&options, err);
  return o->store && view_functions_register(store_connection(o->store), err);
}

/* --- the views --- */

typedef struct loader {
  offline *o;
  offline_problem report;
  void *ctx;
  view_file *files;
  view_edit *edits;
  int files_count, edits_count;
} loader;

static void parse_files(loader *l) {
  for (int i = 0; i < l->files_count; i++) {
    view_file *f = &l->files[i];
    error problem = f->problem;
    view_definition *d = f->text ? view_definition_parse(f->name, f->path, f->text, f->bytes, &problem) : NULL;
    if (d)
      l->edits[l->edits_count++] = (view_edit){.name = f->name, .definition = d};
    else
      l->report(l->ctx, f->name, &problem);
  }
}

static bool draft_views(loader *l, error *err) {
  offline *o = l->o;
  sqlite3 *db = store_connection(o->store);
  if (!store_begin(o->store, err)) return false;
  view_draft *draft = view_catalog_prepare(o->views, db, err) ? view_catalog_draft(o->views, db, l->edits, l->edits_count, true, err) : NULL;
  if (!draft || !store_commit(o->store, store_version(o->store), err)) {
    view_draft_free(draft);
    store_rollback(o->store);
    return false;
  }
  view_catalog_adopt(o->views, draft);
  for (int i = 0; i < l->edits_count; i++)
    if (l->edits[i].problem.code != ERR_NONE) l->report(l->ctx, l->edits[i].name, &l->edits[i].problem);
  return true;
}

static bool load_views(offline *o, const char *views_dir, offline_problem report, void *ctx, error *err) {
  loader l = {.o = o, .report = report, .ctx = ctx};
  view_folder *folder = view_folder_open(views_dir, err);
  o->views = view_catalog_new(engine_inspect_view, NULL);
  bool done = folder && o->views && view_folder_scan(folder, &l.files, &l.files_count, err);
  l.edits = calloc((size_t)l.files_count + 1, sizeof *l.edits);
  if (done) parse_files(&l);
  done = done && draft_views(&l, err);
  for (int i = 0; i < l.edits_count; i++) view_definition_unref(l.edits[i].definition);
  free(l.edits);
  view_files_free(l.files, l.files_count);
  view_folder_close(folder);
  return done;
}

/* --- the whole --- */

offline *offline_open(const char *sql_dir, const char *views_dir, offline_problem report, void *ctx, error *err) {
  offline *o = calloc(1, sizeof *o);
  if (!o) {
    error_nomem(err);
    return NULL;
  }
  signal(SIGPIPE, SIG_IGN); /* a reader that goes away (… | head) must not leave the database behind */
  if ((o->topics = topic_catalog_load(sql_dir, err)) && make_folder(o, err) && open_store(o, err) && load_views(o, views_dir, report, ctx, err)) return o;
  offline_close(o);
  return NULL;
}

static void remove_folder(const char *folder) {
  DIR *dir = opendir(folder);
  if (!dir) return;
  for (struct dirent *e; (e = readdir(dir));)
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) unlinkat(dirfd(dir), e->d_name, 0);
  closedir(dir);
  rmdir(folder);
}

void offline_close(offline *o) {
  if (!o) return;
  view_catalog_free(o->views);
  store_close(o->store);
  topic_catalog_free(o->topics);
  if (o->folder[0]) remove_folder(o->folder);
  free(o);
}

sqlite3 *offline_db(offline *o) { return store_connection(o->store); }
view_catalog *offline_views(offline *o) { return o->views; }
const topic_catalog *offline_topics(offline *o) { return o->topics; }
