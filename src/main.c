#include "command/command.h"

#include <stdio.h>
#include <string.h>

static const command commands[] = {
  {"serve", "consume the topics, keep the views, serve them", command_serve},
  {"watch", "follow a view of a running server in the terminal", command_watch},
  {"shell", "open the live database in the sqlite3 shell", command_shell},
  {"explain", "say how a view would be kept up to date, and why", command_explain},
  {"check", "say what is wrong in sql/ and views/", command_check},
  {"script", "run an SQL script with materialized views (-: standard input)", command_script},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void usage(FILE *out) {
  fprintf(out, "viewserver %s: live SQL views over Kafka topics\n\nusage: viewserver COMMAND [options]\n\n", VS_VERSION);
  for (int i = 0; i < COMMANDS; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
  fprintf(out, "\nviewserver COMMAND --help tells more.\n");
}

int main(int argc, char **argv) {
  if (argc < 2) {
    usage(stderr);
    return EXIT_USAGE;
  }
  const char *name = argv[1];
  if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
    usage(stdout);
    return EXIT_DONE;
  }
  if (!strcmp(name, "--version")) {
    printf("viewserver %s\n", VS_VERSION);
    return EXIT_DONE;
  }
  for (int i = 0; i < COMMANDS; i++)
    if (!strcmp(name, commands[i].name)) return commands[i].run(argc - 1, argv + 1);
  fprintf(stderr, "viewserver: there is no command '%s'; viewserver --help lists them\n", name);
  return EXIT_USAGE;
}
