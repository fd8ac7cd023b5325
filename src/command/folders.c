#include "command/folders.h"

#include "command/command.h"

bool folder_option(const options *o, const char *name, char out[MAX_PATH_BYTES], error *err) {
  const char *given = options_text(o, name);
  if (given)
    snprintf(out, MAX_PATH_BYTES, "%s", given);
  else
    paths_folder(name, out, MAX_PATH_BYTES);
  if (out[0]) return true;
  error_set(err, ERR_NOT_FOUND, "there is no folder %s beside the program, nor in the working directory", name);
  return error_hint(err, "name it with --%s DIR", name);
}

int command_failed(const char *name, const error *err) {
  char text[1600];
  fprintf(stderr, "viewserver %s: %s\n", name, error_format(err, text, sizeof text));
  return err->code == ERR_INVALID && !err->line ? EXIT_USAGE : EXIT_FAILED;
}
