#include "engine/views.h"

#include "base/log.h"
#include "engine/state.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A key with a name that does not fit is no key. */
static bool read_key(catalog_view *v, const json_t *names, error *err) {
  v->key = calloc(json_array_size(names) + 1, sizeof *v->key);
  if (!v->key) return error_nomem(err);
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    if (!name || strlen(name) >= sizeof *v->key) {
      v->keys = 0;
      return true;
    }
    snprintf(v->key[v->keys++], sizeof *v->key, "%s", name);
  }
  return true;
}

bool engine_inspect_view(void *ctx, sqlite3 *db, catalog_view *v, error *err) {
  buffer json = {0};
  bool done = view_explain(db, v->definition->name, v->sql, STRATEGY_AUTO, &json, err);
  json_t *plan = done ? json_loadb(buffer_text(&json), json.len, 0, NULL) : NULL;
  const char *strategy = json_string_value(json_object_get(plan, "strategy")), *reason = json_string_value(json_object_get(plan, "reason"));
  snprintf(v->strategy, sizeof v->strategy, "%s", strategy ? strategy : "");
  snprintf(v->reason, sizeof v->reason, "%s", reason ? reason : "");
  done = done && read_key(v, json_object_get(plan, "key"), err);
  json_decref(plan);
  buffer_free(&json);
  return done;
}

/* --- changing the set --- */

/* All edits in one transaction; when it fails nothing changed. The instances of views that were made anew end after it. */
static bool change_views(engine *e, view_edit *edits, int count, bool lenient, error *err) {
  if (!engine_begin(e, err)) return false;
  view_draft *draft = view_catalog_draft(e->catalog, e->db, edits, count, lenient, err);
  if (!draft) engine_rollback(e);
  if (!draft || !engine_commit(e, err)) {
    view_draft_free(draft);
    return false;
  }
  pthread_mutex_lock(&e->registry.lock);
  for (int i = 0; i < e->registry.count; i++) {
    instance *it = e->registry.items[i];
    it->showing = false; /* the draft put every SQL view back to its definition */
    it->ending = it->ending || view_draft_affects(draft, it->target.view->definition->name);
  }
  pthread_mutex_unlock(&e->registry.lock);
  view_catalog_adopt(e->catalog, draft);
  engine_end_marked(e);
  engine_make_standing(e);
  atomic_fetch_add(&e->metrics.view_reloads, 1);
  return true;
}

static void log_refused(engine *e, const char *name, const error *problem, bool at_start) {
  char text[1500];
  atomic_fetch_add(&e->metrics.view_refusals, 1);
  log_error("view=%s: refused, %s: %s", name, at_start ? "it is left out" : "what runs goes on", error_format(problem, text, sizeof text));
}

/* --- files --- */

/* What the scan found becomes edits; what cannot be parsed is reported here. Returns how many; the definitions are ours. */
static int edits_of(engine *e, const view_file *files, int count, bool at_start, view_edit *edits, error *first) {
  int n = 0;
  for (int i = 0; i < count; i++) {
    error problem = files[i].problem, none = {0};
    catalog_view *running = view_catalog_find(e->catalog, files[i].name, &none);
    view_definition *d = files[i].text ? view_definition_parse(files[i].name, files[i].path, files[i].text, files[i].bytes, &problem) : NULL;
    bool gone = !files[i].text && problem.code == ERR_NONE;
    bool same = running && d && !strcmp(running->definition->etag, d->etag);
    if (same || (gone && !running)) {
      view_definition_unref(d);
    } else if (d || gone) {
      edits[n++] = (view_edit){.name = files[i].name, .definition = d};
    } else {
      log_refused(e, files[i].name, &problem, at_start);
      if (first->code == ERR_NONE) *first = problem;
    }
    catalog_view_unref(running);
  }
  return n;
}

static void free_edits(view_edit *edits, int count) {
  for (int i = 0; i < count; i++) view_definition_unref(edits[i].definition);
  free(edits);
}

bool engine_load_views(engine *e, error *err) {
  view_file *files = NULL;
  int count = 0;
  if (!view_folder_scan(e->folder, &files, &count, err)) return false;
  view_edit *edits = calloc((size_t)count + 1, sizeof *edits);
  if (!edits) {
    view_files_free(files, count);
    return error_nomem(err);
  }
  error first = {0};
  int n = edits_of(e, files, count, true, edits, &first);
  bool done = change_views(e, edits, n, true, err);
  for (int i = 0; done && i < n; i++) {
    if (edits[i].problem.code == ERR_NONE) continue;
    log_refused(e, edits[i].name, &edits[i].problem, true);
    if (first.code == ERR_NONE) first = edits[i].problem;
  }
  free_edits(edits, n);
  view_files_free(files, count);
  if (!done || !e->options.strict || first.code == ERR_NONE) return done;
  *err = first;
  return false;
}

/* All together, since they may belong together; where that fails one by one, so that one wrong file stops no other. */
static void apply_edits(engine *e, view_edit *edits, int n) {
  error err = {0};
  if (change_views(e, edits, n, false, &err)) {
    for (int i = 0; i < n; i++) log_info("view=%s: %s", edits[i].name, edits[i].definition ? "loaded" : "removed");
    return;
  }
  for (int i = 0; i < n; i++) {
    error problem = {0};
    if (n > 1 && change_views(e, &edits[i], 1, false, &problem))
      log_info("view=%s: %s", edits[i].name, edits[i].definition ? "loaded" : "removed");
    else
      log_refused(e, edits[i].name, n > 1 ? &problem : &err, false);
  }
}

void engine_reload_views(engine *e) {
  view_file *files = NULL;
  int count = 0;
  error err = {0};
  if (!view_folder_scan(e->folder, &files, &count, &err)) {
    log_warn("views: %s", err.text);
    return;
  }
  if (!count) return;
  view_edit *edits = calloc((size_t)count, sizeof *edits);
  error first = {0};
  int n = edits ? edits_of(e, files, count, false, edits, &first) : 0;
  if (n) apply_edits(e, edits, n);
  free_edits(edits, n);
  view_files_free(files, count);
}

/* --- clients --- */

static bool check_precondition(engine *e, const char *name, const char *if_match, bool create_only, error *err) {
  error none = {0};
  catalog_view *running = view_catalog_find(e->catalog, name, &none);
  bool done = true;
  if (running && create_only) {
    done = error_set(err, ERR_CONFLICT, "view %s exists already", name);
    error_hint(err, "replace it with PUT, or choose another name");
  } else if (if_match && *if_match && strcmp(if_match, "*") && (!running || strcmp(running->definition->etag, if_match))) {
    done = error_set(err, ERR_CONFLICT, running ? "view %s was changed by somebody else" : "view %s does not exist any more", name);
    error_hint(err, "its etag is %s; read it again before you replace it", running ? running->definition->etag : "none");
  }
  catalog_view_unref(running);
  return done;
}

bool engine_put_view(engine *e, const char *name, const char *text, const char *if_match, bool create_only, error *err) {
  char file[4200];
  snprintf(file, sizeof file, "%s/%s.sql", view_folder_path(e->folder), name);
  if (!check_precondition(e, name, if_match, create_only, err) || !view_folder_writable(e->folder, err)) return false;
  view_edit edit = {.name = name, .definition = view_definition_parse(name, file, text, strlen(text), err)};
  if (!edit.definition) return false;
  bool done = change_views(e, &edit, 1, false, err);
  view_definition_unref(edit.definition);
  if (!done) atomic_fetch_add(&e->metrics.view_refusals, 1);
  if (!done || !view_folder_write(e->folder, name, text, err)) return false;
  log_info("view=%s: replaced by a client", name);
  return true;
}

bool engine_delete_view(engine *e, const char *name, error *err) {
  catalog_view *running = view_catalog_find(e->catalog, name, err);
  if (!running) return false;
  view_edit edit = {.name = running->definition->name};
  error why = {0};
  bool writable = view_folder_writable(e->folder, err);
  bool done = writable && change_views(e, &edit, 1, false, &why);
  if (writable && !done) {
    error_set(err, why.code == ERR_INVALID ? ERR_CONFLICT : why.code, "view %s cannot be deleted: %s", name, why.text);
    error_at(err, why.file, why.line, why.column);
  }
  done = done && view_folder_remove(e->folder, edit.name, err);
  if (done) log_info("view=%s: deleted by a client", name);
  catalog_view_unref(running);
  return done;
}
