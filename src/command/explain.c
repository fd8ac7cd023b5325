#include "command/command.h"
#include "command/folders.h"
#include "command/offline.h"
#include "engine/target.h"
#include "view/view.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INDENT = 64 };

static const option_spec specs[] = {
  {.name = "json", .kind = OPTION_FLAG, .help = "the plan as JSON"},
  {.name = "filter", .kind = OPTION_TEXT, .value = "EXPR", .help = "a client's filter: an SQL expression over the columns"},
  OPTION_FOLDERS,
  {.name = "help", .kind = OPTION_FLAG, .help = "this text"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

static void help(FILE *out) {
  fputs("usage: viewserver explain VIEW [PARAMETER=VALUE …] [options]\n\n"
        "Says how a view would be kept up to date: strategy, why, the statements and the indexes they use.\n"
        "Needs no server. A set's values stand between commas: viewserver explain account_overview exposures=sod group_by=sector\n\n", out);
  options_help(specs, SPECS, out);
}

/* Words name=value as a selection's JSON object. */
static bool put_params(const options *o, buffer *out, error *err) {
  buffer_putc(out, '{');
  for (int i = 1; i < options_words(o); i++) {
    const char *word = options_word(o, i), *equals = strchr(word, '=');
    if (!equals || equals == word) return error_set(err, ERR_INVALID, "expected PARAMETER=VALUE, found '%s'", word);
    if (i > 1) buffer_putc(out, ',');
    buffer_json_text(out, word, (size_t)(equals - word));
    buffer_putc(out, ':');
    buffer_json_text(out, equals + 1, strlen(equals + 1));
  }
  buffer_putc(out, '}');
  return !out->failed || error_nomem(err);
}

/* --- the plan as text: members of objects a line each, what is inside indented --- */

static void print_value(const json_t *v, int indent);

static void print_text(const char *text, int indent) {
  for (; *text; text++) {
    putchar(*text);
    if (*text == '\n') printf("%*s", indent + 2, "");
  }
  putchar('\n');
}

static void print_scalar(const json_t *v, int indent) {
  if (json_is_string(v)) {
    print_text(json_string_value(v), indent);
    return;
  }
  char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
  printf("%s\n", text ? text : "?");
  free(text);
}

static bool is_scalar(const json_t *v) { return !json_is_object(v) && !json_is_array(v); }

static void print_member(const char *name, const json_t *v, int indent) {
  printf("%*s%s:", indent, "", name);
  if (is_scalar(v)) {
    putchar(' ');
    print_scalar(v, indent);
    return;
  }
  bool empty = json_is_object(v) ? json_object_size(v) == 0 : json_array_size(v) == 0;
  puts(empty ? " none" : "");
  print_value(v, indent + 2);
}

/* An object of a few short members fits a line: "name: sector, type: TEXT". */
static bool fits_line(const json_t *object) {
  enum { MAX_MEMBERS = 3, MAX_BYTES = 40 };
  const char *name;
  json_t *member;
  json_object_foreach((json_t *)object, name, member) {
    if (!is_scalar(member) || (json_is_string(member) && json_string_length(member) > MAX_BYTES)) return false;
  }
  return json_object_size(object) <= MAX_MEMBERS;
}

static void print_line(const json_t *object, int indent) {
  const char *name;
  json_t *member;
  bool first = true;
  printf("%*s- ", indent, "");
  json_object_foreach((json_t *)object, name, member) {
    if (json_is_string(member) && json_string_length(member) == 0) continue;
    char *text = json_is_string(member) ? NULL : json_dumps(member, JSON_ENCODE_ANY);
    printf("%s%s: %s", first ? "" : ", ", name, text ? text : json_string_value(member));
    free(text);
    first = false;
  }
  putchar('\n');
}

static void print_item(const json_t *item, int indent) {
  if (is_scalar(item)) {
    printf("%*s- ", indent, "");
    print_scalar(item, indent);
  } else if (json_is_object(item) && fits_line(item)) {
    print_line(item, indent);
  } else {
    printf("%*s-\n", indent, "");
    print_value(item, indent + 2);
  }
}

static void print_value(const json_t *v, int indent) {
  if (indent > MAX_INDENT) return;
  const char *name;
  json_t *member;
  json_object_foreach((json_t *)v, name, member) print_member(name, member, indent);
  for (size_t i = 0; i < json_array_size(v); i++) print_item(json_array_get(v, i), indent);
}

static bool print_plan(const buffer *json, bool as_json, error *err) {
  json_error_t where;
  json_t *plan = json_loadb(buffer_text(json), json->len, 0, &where);
  if (!plan) return error_set(err, ERR_INTERNAL, "the plan is no JSON: %s", where.text);
  if (as_json) {
    json_dumpf(plan, stdout, JSON_INDENT(2));
    putchar('\n');
  } else {
    print_value(plan, 0);
  }
  json_decref(plan);
  return true;
}

/* --- the command --- */

/* Another view that is wrong is no matter here; the one that is asked for is told of once, below. */
typedef struct asked {
  const char *view;
  error problem;
} asked;

static void note_problem(void *ctx, const char *view, const error *problem) {
  asked *a = ctx;
  if (!strcmp(view, a->view)) a->problem = *problem;
}

static bool explain_in(offline *all, const options *o, error *err) {
  buffer params = {0}, json = {0};
  target t = {0};
  bool done = put_params(o, &params, err);
  if (done) {
    selection s = {.view = options_word(o, 0), .params_json = buffer_text(&params), .filter = options_text(o, "filter")};
    done = target_resolve(offline_views(all), offline_db(all), &s, &t, err) && view_explain(offline_db(all), s.view, t.sql, STRATEGY_AUTO, &json, err) &&
           print_plan(&json, options_flag(o, "json"), err);
  }
  target_free(&t);
  buffer_free(&json);
  buffer_free(&params);
  return done;
}

static int explain(const options *o) {
  char sql[MAX_PATH_BYTES], views[MAX_PATH_BYTES];
  error err = {0};
  asked a = {.view = options_word(o, 0)};
  if (!folder_option(o, "sql", sql, &err) || !folder_option(o, "views", views, &err)) return command_failed("explain", &err);
  offline *all = offline_open(sql, views, note_problem, &a, &err);
  bool done = all != NULL;
  if (done && a.problem.code != ERR_NONE) {
    err = a.problem;
    done = false;
  }
  done = done && explain_in(all, o, &err);
  offline_close(all);
  return done ? EXIT_DONE : command_failed("explain", &err);
}

int command_explain(int argc, char **argv) {
  error err = {0};
  options *o = options_read(specs, SPECS, argc, argv, &err);
  if (!o) return command_failed("explain", &err);
  int status = EXIT_DONE;
  if (options_flag(o, "help")) {
    help(stdout);
  } else if (options_words(o) == 0) {
    help(stderr);
    status = EXIT_USAGE;
  } else {
    status = explain(o);
  }
  options_free(o);
  return status;
}
