#include "command/command.h"
#include "command/folders.h"
#include "command/offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_spec specs[] = {
  OPTION_FOLDERS,
  {.name = "quiet", .kind = OPTION_FLAG, .help = "print problems only"},
  {.name = "help", .kind = OPTION_FLAG, .help = "this text"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

static void help(FILE *out) {
  fputs("usage: viewserver check [options]\n\n"
        "Reads the tables and views as a server would and prints each problem as file:line:column: what is wrong.\n"
        "Exit status 0: all is well, 1: something is wrong.\n\n", out);
  options_help(specs, SPECS, out);
}

static void report(void *ctx, const char *view, const error *problem) {
  char text[1600];
  printf("%s\n", error_format(problem, text, sizeof text));
  ++*(int *)ctx;
}

static void print_views(offline *o) {
  int count = 0;
  catalog_view **all = view_catalog_all(offline_views(o), &count);
  printf("%d tables, %d views\n", offline_topics(o)->count, count);
  for (int i = 0; i < count; i++) {
    printf("  %-28s %-6s %s\n", all[i]->definition->name, all[i]->strategy, all[i]->reason);
    catalog_view_unref(all[i]);
  }
  free(all);
}

static int check(const options *o) {
  char sql[MAX_PATH_BYTES], views[MAX_PATH_BYTES];
  error err = {0};
  int problems = 0;
  if (!folder_option(o, "sql", sql, &err) || !folder_option(o, "views", views, &err)) return command_failed("check", &err);
  offline *all = offline_open(sql, views, report, &problems, &err);
  if (!all) {
    report(&problems, "", &err);
  } else if (!options_flag(o, "quiet")) {
    print_views(all);
  }
  offline_close(all);
  return problems ? EXIT_FAILED : EXIT_DONE;
}

int command_check(int argc, char **argv) {
  error err = {0};
  options *o = options_read(specs, SPECS, argc, argv, &err);
  if (!o) return command_failed("check", &err);
  int status = EXIT_DONE;
  if (options_flag(o, "help"))
    help(stdout);
  else
    status = check(o);
  options_free(o);
  return status;
}
