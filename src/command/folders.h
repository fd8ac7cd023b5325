/* The options --sql and --views, which several commands have. */
#ifndef COMMAND_FOLDERS_H
#define COMMAND_FOLDERS_H

#include "base/options.h"
#include "command/paths.h"

#define OPTION_FOLDERS \
  {.name = "sql", .kind = OPTION_TEXT, .value = "DIR", .help = "the tables' folder [found beside the program]"}, \
  {.name = "views", .kind = OPTION_TEXT, .value = "DIR", .help = "the views' folder [found beside the program]"}

/* The folder that an option names, or else the one that was found. false: neither; err says what to do. */
bool folder_option(const options *o, const char *name, char out[MAX_PATH_BYTES], error *err) MUST_USE;

/* Says on stderr what is wrong, and returns EXIT_USAGE or EXIT_FAILED. */
int command_failed(const char *name, const error *err);

#endif
