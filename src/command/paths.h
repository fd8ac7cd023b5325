/* Where the program finds what belongs to it: in the build tree, or installed. */
#ifndef COMMAND_PATHS_H
#define COMMAND_PATHS_H

#include <stddef.h>

enum { MAX_PATH_BYTES = 4096 };

/* A folder of the product ("sql", "views", "ui"): beside the executable's build folder, else under its share/, else in the
** working directory. out holds the first that exists, or "". Returns out. */
const char *paths_folder(const char *name, char *out, size_t size);
/* A file that lies beside the executable or in its lib/viewserver ("vs_functions.so"), or "". */
const char *paths_library(const char *name, char *out, size_t size);
/* The live database of the server on this port. */
const char *paths_live_db(int port, char *out, size_t size);

#endif
