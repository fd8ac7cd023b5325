#include "engine/script.h"

#include "engine/script_internal.h"
#include "query/lexer.h"
#include "query/types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- messages --------------------------------------------------------------------------------------------------------- */

void script_error(script *x, const char *kind, const char *text) {
  fflush(x->options->out);
  fprintf(x->options->errors, "%s near line %d: %s\n", kind, x->line, text);
  x->failed = true;
  if (x->options->bail) x->stopped = true;
}

static void report(script *x, const error *err) {
  char text[1600];
  script_error(x, "Error", error_format(err, text, sizeof text));
}

/* --- results in list mode --------------------------------------------------------------------------------------------------- */

static void print_header(script *x, sqlite3_stmt *stmt) {
  for (int i = 0; i < sqlite3_column_count(stmt); i++) fprintf(x->options->out, "%s%s", i ? x->separator : "", sqlite3_column_name(stmt, i));
  fputc('\n', x->options->out);
}

static void print_row(script *x, sqlite3_stmt *stmt) {
  for (int i = 0; i < sqlite3_column_count(stmt); i++) {
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    fprintf(x->options->out, "%s%s", i ? x->separator : "", text ? text : x->null_text);
  }
  fputc('\n', x->options->out);
}

static int step_all(script *x, sqlite3_stmt *stmt) {
  int rc;
  for (int n = 0; (rc = sqlite3_step(stmt)) == SQLITE_ROW; n++) {
    if (n == 0 && x->headers) print_header(x, stmt);
    print_row(x, stmt);
  }
  return rc;
}

/* --- one statement ------------------------------------------------------------------------------------------------------------- */

static void keep_counters(script *x) {
  x->changes = sqlite3_changes64(x->db);
  x->last_rowid = sqlite3_last_insert_rowid(x->db);
}

static bool is_word(const statement *s, int word, const char *text) { return word < s->words && token_is(&s->word[word], text); }

static bool writes_rows(const statement *s) {
  static const char *const verbs[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"};
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (is_word(s, 0, verbs[i])) return true;
  return false;
}

static bool changes_schema(const statement *s) { return is_word(s, 0, "ALTER") || is_word(s, 0, "DROP"); }

static bool undoes(const statement *s) { return is_word(s, 0, "ROLLBACK"); }

static void propagate(script *x) {
  error err;
  error_clear(&err);
  if (view_set_pending(x->set) && !view_set_propagate(x->set, &err)) {
    report(x, &err);
    script_views_follow_schema(x);
  }
  sqlite3_set_last_insert_rowid(x->db, x->last_rowid);
}

static void end_turn(script *x) {
  if (x->options->deltas) script_views_print_deltas(x);
  view_set_committed(x->set);
  if (x->options->verify && !script_views_verify(x)) x->stopped = x->failed = true;
}

/* After an error SQLite has taken some or all of the statement back, or the whole transaction: what the tracker saw is not
** what is there. */
static void after_error(script *x, bool opened) {
  if (view_set_pending(x->set) || (x->in_transaction && sqlite3_get_autocommit(x->db))) {
    view_set_rolled_back(x->set);
    script_views_follow_schema(x);
  }
  if (opened && !sqlite3_get_autocommit(x->db)) sqlite3_exec(x->db, "COMMIT", NULL, NULL, NULL);
}

/* ALTER TABLE ADD COLUMN leaves old rows short, and SQLite's preupdate hook then shows NULL for the column's default: write
** the rows out in full. */
static void write_out_defaults(script *x, const statement *s) {
  enum { ADD_AT = 3 };
  int table = 2;
  if (table + 1 < s->words && s->word[table + 1].bytes == 1 && *s->word[table + 1].text == '.') table += 2;
  bool adds = false;
  for (int i = ADD_AT; i < s->words; i++) adds |= token_is(&s->word[i], "ADD");
  if (!adds || table >= s->words) return;
  char *name = strndup(s->text + (s->word[2].text - s->text), (size_t)(s->word[table].text + s->word[table].bytes - s->word[2].text));
  char *bare = strndup(s->word[table].text, s->word[table].bytes);
  sqlite3_stmt *last = NULL;
  char *find = bare ? sqlite3_mprintf("SELECT name FROM pragma_table_xinfo(%Q) WHERE hidden = 0 ORDER BY cid DESC LIMIT 1", types_unquote(bare)) : NULL;
  if (name && find && sqlite3_prepare_v2(x->db, find, -1, &last, NULL) == SQLITE_OK && sqlite3_step(last) == SQLITE_ROW) {
    char *sql = sqlite3_mprintf("UPDATE %s SET \"%w\" = \"%w\"", name, sqlite3_column_text(last, 0), sqlite3_column_text(last, 0));
    sqlite3_reset(last);
    sqlite3_db_config(x->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (sql) sqlite3_exec(x->db, sql, NULL, NULL, NULL);
    sqlite3_db_config(x->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
    sqlite3_free(sql);
    view_set_rolled_back(x->set); /* nothing has changed by that */
  }
  sqlite3_finalize(last);
  sqlite3_free(find);
  free(name);
  free(bare);
}

static void run_prepared(script *x, const statement *s, sqlite3_stmt *stmt) {
  bool writes = writes_rows(s) && !sqlite3_stmt_readonly(stmt), opened = false;
  if (writes && sqlite3_get_autocommit(x->db)) opened = sqlite3_exec(x->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
  x->in_transaction = !sqlite3_get_autocommit(x->db);
  int64_t before = sqlite3_total_changes64(x->db);
  int rc = step_all(x, stmt);
  if (writes) x->total_changes += sqlite3_total_changes64(x->db) - before;
  char message[1000] = "";
  if (rc != SQLITE_DONE) snprintf(message, sizeof message, "%s (%d)", sqlite3_errmsg(x->db), sqlite3_errcode(x->db));
  if (writes) keep_counters(x);
  sqlite3_finalize(stmt);
  if (rc != SQLITE_DONE) {
    script_error(x, "Runtime error", message);
    after_error(x, opened);
    return;
  }
  if (undoes(s)) {
    view_set_rolled_back(x->set);
    script_views_follow_schema(x);
  } else if (changes_schema(s)) {
    if (is_word(s, 0, "ALTER")) write_out_defaults(x, s);
    script_views_follow_schema(x);
  }
  else
    propagate(x);
  if (opened && sqlite3_exec(x->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
    script_error(x, "Runtime error", sqlite3_errmsg(x->db));
    sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
    view_set_rolled_back(x->set);
    script_views_follow_schema(x);
  }
  if (sqlite3_get_autocommit(x->db)) end_turn(x);
}

static void run_statement(script *x, const statement *s) {
  if (script_views_take(x, s)) {
    if (sqlite3_get_autocommit(x->db)) end_turn(x);
    return;
  }
  sqlite3_stmt *stmt = NULL;
  const char *tail;
  if (sqlite3_prepare_v2(x->db, s->text, (int)s->bytes, &stmt, &tail) != SQLITE_OK) {
    script_error(x, "Parse error", sqlite3_errmsg(x->db));
    return;
  }
  if (stmt) run_prepared(x, s, stmt);
}

/* --- splitting ------------------------------------------------------------------------------------------------------------------- */

/* The next statement up to its semicolon; a trigger's body ends with END;. false at the end of the text. */
static bool next_statement(lexer *l, statement *out) {
  *out = (statement){0};
  int depth = 0;
  bool trigger = false;
  for (;;) {
    token t = lexer_next(l);
    if (t.bytes == 0) return out->words > 0;
    bool semicolon = t.bytes == 1 && *t.text == ';';
    if (semicolon && out->words == 0) continue;
    if (out->words == 0) {
      out->text = t.text;
      out->line = t.at.line;
    }
    if (out->words < MAX_WORDS && !semicolon) out->word[out->words++] = t;
    out->bytes = (size_t)(t.text + t.bytes - out->text);
    trigger |= out->words <= 4 && token_is(&t, "TRIGGER") && token_is(&out->word[0], "CREATE");
    if (trigger && token_is(&t, "CASE")) depth++;
    if (trigger && token_is(&t, "BEGIN")) depth++;
    if (trigger && token_is(&t, "END")) depth--;
    if (semicolon && depth <= 0) return true;
  }
}

static void dot_command(script *x, char *line) {
  char *name = strtok(line, " \t"), *rest = strtok(NULL, "");
  if (!rest) rest = (char *)"";
  while (*rest == ' ') rest++;
  size_t n = strlen(rest);
  if (n >= 2 && (*rest == '\'' || *rest == '"') && rest[n - 1] == *rest) {
    rest[n - 1] = '\0';
    rest++;
  }
  if (strcmp(name, ".print") == 0) fprintf(x->options->out, "%s\n", rest);
  else if (strcmp(name, ".headers") == 0 || strcmp(name, ".header") == 0) x->headers = strcmp(rest, "on") == 0;
  else if (strcmp(name, ".nullvalue") == 0) snprintf(x->null_text, sizeof x->null_text, "%s", rest);
  else if (strcmp(name, ".separator") == 0) snprintf(x->separator, sizeof x->separator, "%s", rest);
  else if (strcmp(name, ".quit") == 0 || strcmp(name, ".exit") == 0) x->stopped = true;
  else if (strcmp(name, ".mode") != 0 || strncmp(rest, "list", 4) != 0) script_error(x, "Error", "only .print .headers .nullvalue .separator .mode list .quit are known here");
}

/* Dot commands stand alone on a line between statements. Returns whether there was one. */
static bool take_dot_command(script *x, lexer *l) {
  const char *at = l->at;
  while (at < l->end && strchr(" \t\r\n", *at)) at++;
  if (at >= l->end || *at != '.' || (at > l->text && at[-1] != '\n')) return false;
  const char *end = memchr(at, '\n', (size_t)(l->end - at));
  if (!end) end = l->end;
  for (; l->at < at; l->at++) l->line += *l->at == '\n';
  x->line = l->line;
  char *line = strndup(at, (size_t)(end - at));
  if (line) dot_command(x, line);
  free(line);
  l->at = end;
  return true;
}

/* --- the whole --------------------------------------------------------------------------------------------------------------------- */

static void sql_changes(sqlite3_context *context, int argc, sqlite3_value **argv) {
  sqlite3_result_int64(context, ((script *)sqlite3_user_data(context))->changes);
}

static void sql_total_changes(sqlite3_context *context, int argc, sqlite3_value **argv) {
  sqlite3_result_int64(context, ((script *)sqlite3_user_data(context))->total_changes);
}

static bool open_all(script *x, error *err) {
  if (sqlite3_open(x->options->database ? x->options->database : ":memory:", &x->db) != SQLITE_OK)
    return error_set(err, ERR_IO, "%s: %s", x->options->database, sqlite3_errmsg(x->db));
  if (!view_functions_register(x->db, err)) return false;
  /* The engine's own writes must not show in these. */
  sqlite3_create_function_v2(x->db, "changes", 0, SQLITE_UTF8, x, sql_changes, NULL, NULL, NULL);
  sqlite3_create_function_v2(x->db, "total_changes", 0, SQLITE_UTF8, x, sql_total_changes, NULL, NULL, NULL);
  if (sqlite3_exec(x->db, "ATTACH ':memory:' AS vs; CREATE TEMP TABLE vs_view(name TEXT, strategy TEXT, reason TEXT)", NULL, NULL, NULL) != SQLITE_OK)
    return error_set(err, ERR_SQL, "%s", sqlite3_errmsg(x->db));
  view_set_options options = {.schema = "vs", .capture = CAPTURE_PREUPDATE};
  x->set = view_set_new(x->db, &options, err);
  return x->set != NULL;
}

int script_run(const char *text, size_t bytes, const script_options *options) {
  script x = {.options = options, .separator = "|", .line = 1};
  error err;
  error_clear(&err);
  if (open_all(&x, &err)) {
    lexer l;
    lexer_start(&l, text, bytes);
    statement s;
    while (!x.stopped) {
      if (take_dot_command(&x, &l)) continue;
      if (!next_statement(&l, &s)) break;
      x.line = s.line;
      run_statement(&x, &s);
    }
  } else
    report(&x, &err);
  fflush(options->out);
  script_views_free(&x);
  view_set_free(x.set);
  sqlite3_close(x.db);
  return x.failed ? 1 : 0;
}
