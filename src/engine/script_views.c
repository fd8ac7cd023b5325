#include "engine/script_internal.h"

#include "query/schema.h"
#include "query/types.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool run(script *x, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  char *sql = sqlite3_vmprintf(fmt, args);
  va_end(args);
  int rc = sql ? sqlite3_exec(x->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return rc == SQLITE_OK;
}

static script_view *find_view(script *x, const char *name) {
  for (script_view *v = x->views; v; v = v->next)
    if (strcasecmp(v->name, name) == 0) return v;
  return NULL;
}

static bool is_there(script *x, const script_view *v) {
  char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_schema WHERE type = 'view' AND name = %Q COLLATE NOCASE", v->schema, v->name);
  sqlite3_stmt *stmt = NULL;
  bool there = sql && sqlite3_prepare_v2(x->db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return there;
}

static void note_plan(script *x, const script_view *v, const char *strategy, const char *reason) {
  run(x, "DELETE FROM temp.vs_view WHERE name = %Q", v->name);
  if (strategy) run(x, "INSERT INTO temp.vs_view VALUES (%Q, %Q, %Q)", v->name, strategy, reason);
}

/* A rollback may have brought a redirection back that we had dropped: the schema is asked, not our memory. */
static void drop_redirect(script *x, script_view *v) {
  char *sql = sqlite3_mprintf("SELECT 1 FROM sqlite_temp_schema WHERE type = 'view' AND name = %Q COLLATE NOCASE AND instr(sql, %Q)", v->name, REDIRECT_MARK);
  sqlite3_stmt *stmt = NULL;
  bool there = sql && sqlite3_prepare_v2(x->db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  if (there) run(x, "DROP VIEW temp.\"%w\"", v->name);
}

static void redirect(script *x, script_view *v, const char *strategy) {
  bool temporary = strcasecmp(v->schema, "temp") == 0;
  drop_redirect(x, v);
  if (temporary || strcmp(strategy, "rerun") == 0) return; /* a rerun is read by running it: in its own order */
  buffer sql = {0};
  if (view_set_rows_sql(x->set, v->id, &sql)) run(x, "CREATE TEMP VIEW \"%w\" AS " REDIRECT_MARK " %s", v->name, buffer_text(&sql));
  buffer_free(&sql);
}

static bool add(script *x, const script_view *v, view_strategy strategy, uint64_t *id, error *err) {
  char *sql = sqlite3_mprintf("SELECT * FROM \"%w\".\"%w\"", v->schema, v->name);
  bool ok = sql ? view_set_add(x->set, v->name, sql, NULL, 0, strategy, id, err) : error_nomem(err);
  sqlite3_free(sql);
  return ok;
}

static bool maintain(script *x, script_view *v, error *err) {
  bool forced = x->options->strategy != STRATEGY_AUTO;
  error refused;
  if (!(forced && add(x, v, x->options->strategy, &v->id, &refused)) && !add(x, v, STRATEGY_AUTO, &v->id, err)) {
    v->id = 0;
    return false;
  }
  view_set_watch(x->set, v->id, true);
  instance_info *info;
  if (!view_set_info(x->set, v->id, &info, err)) return false;
  redirect(x, v, info->strategy);
  const char *reason = view_set_reason(x->set, v->id);
  note_plan(x, v, info->strategy, reason);
  if (x->options->plans) fprintf(x->options->out, "-- %s: %s (%s)\n", v->name, info->strategy, reason);
  instance_info_free(info);
  return true;
}

static script_view *remember(script *x, const char *name, const char *schema) {
  script_view *v = find_view(x, name);
  if (v) {
    free(v->schema);
    v->schema = strdup(schema);
    return v->schema ? v : NULL;
  }
  v = calloc(1, sizeof *v);
  if (!v) return NULL;
  v->name = strdup(name);
  v->schema = strdup(schema);
  if (!v->name || !v->schema) {
    free(v->name);
    free(v->schema);
    free(v);
    return NULL;
  }
  v->next = x->views;
  x->views = v;
  return v;
}

/* The text without the word MATERIALIZED, which SQLite does not know; everything else stays where it was. */
static char *plain_text(const statement *s, const token *word) {
  char *text = strndup(s->text, s->bytes);
  if (text) memset(text + (word->text - s->text), ' ', word->bytes);
  return text;
}

static char *name_at(const statement *s, int word) {
  if (word >= s->words) return NULL;
  char *name = strndup(s->word[word].text, s->word[word].bytes);
  return name ? (char *)types_unquote(name) : NULL;
}

static bool is_dot(const statement *s, int word) { return word < s->words && s->word[word].bytes == 1 && *s->word[word].text == '.'; }

static void create(script *x, const statement *s, int materialized) {
  bool temporary = materialized == 2;
  int at = materialized + 2;
  if (at + 2 < s->words && token_is(&s->word[at], "IF")) at += 3;
  const char *schema = temporary ? "temp" : "main";
  if (is_dot(s, at + 1)) at += 2;
  char *name = name_at(s, at), *text = plain_text(s, &s->word[materialized]);
  script_view probe = {.name = name, .schema = (char *)schema};
  bool existed = name && is_there(x, &probe);
  char *message = NULL;
  if (!name || !text || sqlite3_exec(x->db, text, NULL, NULL, &message) != SQLITE_OK) {
    script_error(x, "Parse error", message ? message : "out of memory");
  } else if (!existed) {
    error err;
    error_clear(&err);
    script_view *v = remember(x, name, schema);
    char words[1600];
    if (!v || !maintain(x, v, &err)) script_error(x, "Error", v ? error_format(&err, words, sizeof words) : "out of memory");
  }
  sqlite3_free(message);
  free(name);
  free(text);
}

static void forget(script *x, script_view *v) {
  if (v->id) view_set_remove(x->set, v->id);
  v->id = 0;
  drop_redirect(x, v);
  note_plan(x, v, NULL, NULL);
}

static void drop(script *x, script_view *v) {
  forget(x, v);
  if (!run(x, "DROP VIEW \"%w\".\"%w\"", v->schema, v->name)) script_error(x, "Error", sqlite3_errmsg(x->db));
}

static bool take_drop(script *x, const statement *s) {
  int at = 1;
  bool materialized = at < s->words && token_is(&s->word[at], "MATERIALIZED");
  at += materialized;
  if (at >= s->words || !token_is(&s->word[at], "VIEW")) return false;
  bool if_exists = ++at + 1 < s->words && token_is(&s->word[at], "IF") && token_is(&s->word[at + 1], "EXISTS");
  if (if_exists) at += 2;
  if (is_dot(s, at + 1)) at += 2;
  char *name = name_at(s, at);
  script_view *v = name ? find_view(x, name) : NULL;
  bool known = v && is_there(x, v);
  if (known)
    drop(x, v);
  else if (materialized && !if_exists)
    script_error(x, "Error", "no such materialized view");
  free(name);
  return known || materialized;
}

bool script_views_take(script *x, const statement *s) {
  if (s->words < 3) return false;
  if (token_is(&s->word[0], "DROP")) return take_drop(x, s);
  if (!token_is(&s->word[0], "CREATE")) return false;
  int at = token_is(&s->word[1], "TEMP") || token_is(&s->word[1], "TEMPORARY") ? 2 : 1;
  if (!token_is(&s->word[at], "MATERIALIZED") || at + 1 >= s->words || !token_is(&s->word[at + 1], "VIEW")) return false;
  create(x, s, at);
  return true;
}

void script_views_follow_schema(script *x) {
  for (script_view *v = x->views; v; v = v->next) {
    bool there = is_there(x, v);
    if (v->id && !there) forget(x, v);
    drop_redirect(x, v);
    if (v->id) view_set_remove(x->set, v->id);
    v->id = 0;
  }
  error ignored;
  if (!view_set_rebuild(x->set, &ignored)) return; /* nothing is left in it: what it knows of the schema is forgotten */
  /* Oldest first: they stand last in the list. */
  int n = 0;
  for (script_view *v = x->views; v; v = v->next) n++;
  for (; n > 0; n--) {
    script_view *v = x->views;
    for (int i = 1; i < n; i++) v = v->next;
    error err;
    if (is_there(x, v) && !maintain(x, v, &err)) note_plan(x, v, NULL, NULL);
  }
}

/* --- verify ------------------------------------------------------------------------------------------------------------------ */

typedef struct row_bag {
  int count, capacity;
  row *rows;
} row_bag;

static void bag_free(row_bag *b) {
  for (int i = 0; i < b->count; i++) free((void *)b->rows[i].bytes);
  free(b->rows);
}

static int compare_rows(const void *a, const void *b) {
  const row *x = a, *y = b;
  uint32_t n = x->size < y->size ? x->size : y->size;
  int c = n ? memcmp(x->bytes, y->bytes, n) : 0;
  return c ? c : x->size < y->size ? -1 : x->size > y->size;
}

static bool read_bag(script *x, const char *sql, row_bag *bag, char *message, size_t size) {
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2(x->db, sql, -1, &stmt, NULL);
  while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
    buffer bytes = {0};
    for (int i = 0; i < sqlite3_column_count(stmt); i++) row_put(&bytes, value_from_column(stmt, i));
    if (bag->count == bag->capacity) {
      bag->capacity = bag->capacity ? bag->capacity * 2 : 64;
      row *rows = realloc(bag->rows, sizeof *rows * (size_t)bag->capacity);
      if (!rows) abort();
      bag->rows = rows;
    }
    uint32_t n = (uint32_t)bytes.len;
    bag->rows[bag->count++] = (row){(const uint8_t *)buffer_take(&bytes), n};
    rc = SQLITE_OK;
  }
  if (rc != SQLITE_DONE) snprintf(message, size, "%s", sqlite3_errmsg(x->db));
  sqlite3_finalize(stmt);
  if (bag->count) qsort(bag->rows, (size_t)bag->count, sizeof *bag->rows, compare_rows);
  return rc == SQLITE_DONE;
}

static void print_difference(script *x, const script_view *v, const char *what, row r) {
  buffer line = {0};
  uint32_t at = 0;
  value cell;
  while (row_next(r, &at, &cell)) {
    if (line.len) buffer_putc(&line, '|');
    value_put_json(&line, cell);
  }
  fprintf(x->options->errors, "verify: view %s after line %d: %s: %s\n", v->name, x->line, what, buffer_text(&line));
  buffer_free(&line);
}

static bool same_bags(script *x, const script_view *v, const row_bag *kept, const row_bag *fresh) {
  int i = 0, k = 0, shown = 0;
  while ((i < kept->count || k < fresh->count) && shown < 10) {
    int c = i == kept->count ? 1 : k == fresh->count ? -1 : compare_rows(&kept->rows[i], &fresh->rows[k]);
    if (c == 0) {
      i++;
      k++;
      continue;
    }
    shown++;
    if (c < 0)
      print_difference(x, v, "a row too many", kept->rows[i++]);
    else
      print_difference(x, v, "a row is missing", fresh->rows[k++]);
  }
  return shown == 0;
}

static bool verify_view(script *x, const script_view *v) {
  buffer sql = {0};
  char *fresh_sql = sqlite3_mprintf("SELECT * FROM \"%w\".\"%w\"", v->schema, v->name);
  if (!fresh_sql || !view_set_rows_sql(x->set, v->id, &sql)) abort();
  row_bag kept = {0}, fresh = {0};
  char message[500] = "", kept_message[500] = "";
  bool kept_ok = read_bag(x, buffer_text(&sql), &kept, kept_message, sizeof kept_message);
  bool fresh_ok = read_bag(x, fresh_sql, &fresh, message, sizeof message);
  /* Where SQLite raises there is nothing to compare with. */
  bool ok = kept_ok && (!fresh_ok || same_bags(x, v, &kept, &fresh));
  if (!kept_ok) fprintf(x->options->errors, "verify: view %s after line %d: %s\n", v->name, x->line, kept_message);
  sqlite3_free(fresh_sql);
  buffer_free(&sql);
  bag_free(&kept);
  bag_free(&fresh);
  return ok;
}

bool script_views_verify(script *x) {
  bool ok = true;
  for (script_view *v = x->views; v; v = v->next)
    if (v->id && !verify_view(x, v)) ok = false;
  return ok;
}

/* --- deltas ------------------------------------------------------------------------------------------------------------------- */

static void print_cells(script *x, row r) {
  uint32_t at = 0;
  value cell;
  buffer line = {0};
  while (row_next(r, &at, &cell)) {
    buffer_putc(&line, '|');
    if (cell.type != VALUE_NULL) value_put_json(&line, cell);
  }
  fputs(buffer_text(&line), x->options->out);
  buffer_free(&line);
}

void script_views_print_deltas(script *x) {
  turn *t = turn_new();
  error err;
  if (t && view_set_collect(x->set, t, &err))
    for (const instance_changes *c = t->first; c; c = c->next) {
      const script_view *v = x->views;
      while (v && v->id != c->instance) v = v->next;
      for (size_t i = 0; v && i < c->count; i++) {
        const row_change *r = &c->rows[i];
        if (r->op != ROW_ADDED) {
          fprintf(x->options->out, "- %s", v->name);
          print_cells(x, r->before);
          fputc('\n', x->options->out);
        }
        if (r->op != ROW_REMOVED) {
          fprintf(x->options->out, "+ %s", v->name);
          print_cells(x, r->after);
          fputc('\n', x->options->out);
        }
      }
    }
  turn_unref(t);
}

void script_views_free(script *x) {
  while (x->views) {
    script_view *v = x->views;
    x->views = v->next;
    free(v->name);
    free(v->schema);
    free(v);
  }
}
