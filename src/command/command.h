/* The commands of the program: `viewserver NAME …`. Each gets the arguments after its name (argv[0] is the name) and
** returns the exit status: EXIT_DONE, EXIT_FAILED (it did not work), EXIT_USAGE (it was asked wrongly). */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct command {
  const char *name, *summary;
  int (*run)(int argc, char **argv);
} command;

int command_serve(int argc, char **argv);
int command_script(int argc, char **argv);
int command_shell(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_check(int argc, char **argv);

#endif
