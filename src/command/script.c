/* viewserver script: runs a file of SQL as the sqlite3 shell would, with materialized views kept from changes. */
#include "command/command.h"

#include "base/buffer.h"
#include "engine/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *out) {
  fputs("usage: viewserver script [options] FILE      (-: standard input)\n\n"
        "Runs SQL as the sqlite3 shell does, in list mode. CREATE MATERIALIZED VIEW v AS SELECT … is a view that is kept up to\n"
        "date from the changes of its tables; each statement, or BEGIN … COMMIT, is a turn.\n\n"
        "  --verify            after every turn compare each view with its SELECT, run afresh; stop at the first difference\n"
        "  --deltas            print what each turn changed in each view\n"
        "  --strategy NAME     force delta, group or rerun where it is legal (a view that cannot is kept by its own)\n"
        "  --plans             print the strategy of each view and why\n"
        "  --db FILE           a database file instead of one in memory\n"
        "  --bail              stop at the first error, with exit status 1\n"
        "\nExit status: 0 all done, 1 an error in the script or a difference, 2 wrong use.\n",
        out);
}

static bool parse_strategy(const char *text, view_strategy *out) {
  for (int s = STRATEGY_AUTO; s <= STRATEGY_RERUN; s++)
    if (strcmp(text, view_strategy_name((view_strategy)s)) == 0) {
      *out = (view_strategy)s;
      return true;
    }
  return false;
}

static bool read_all(const char *path, buffer *out) {
  FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!in) {
    fprintf(stderr, "viewserver script: %s: %s\n", path, strerror(errno));
    return false;
  }
  char chunk[65536];
  size_t n;
  while ((n = fread(chunk, 1, sizeof chunk, in)) > 0) buffer_append(out, chunk, n);
  bool ok = !ferror(in) && !out->failed;
  if (!ok) fprintf(stderr, "viewserver script: %s could not be read\n", path);
  if (in != stdin) fclose(in);
  return ok;
}

/* false: wrong use. *path stays NULL for --help. */
static bool parse_options(int argc, char **argv, script_options *options, const char **path, bool *help) {
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
      *help = true;
      return true;
    }
    if (strcmp(arg, "--verify") == 0) options->verify = true;
    else if (strcmp(arg, "--deltas") == 0) options->deltas = true;
    else if (strcmp(arg, "--plans") == 0) options->plans = true;
    else if (strcmp(arg, "--bail") == 0) options->bail = true;
    else if (strcmp(arg, "--db") == 0 && next) options->database = argv[++i];
    else if (strcmp(arg, "--strategy") == 0 && next && parse_strategy(next, &options->strategy)) i++;
    else if ((*arg != '-' || strcmp(arg, "-") == 0) && !*path) *path = arg;
    else {
      fprintf(stderr, "viewserver script: '%s' is not understood here; viewserver script --help tells more\n", arg);
      return false;
    }
  }
  if (!*path) fputs("viewserver script: which file? (-: standard input)\n", stderr);
  return *path != NULL;
}

int command_script(int argc, char **argv) {
  script_options options = {.out = stdout, .errors = stderr};
  const char *path = NULL;
  bool help = false;
  if (!parse_options(argc, argv, &options, &path, &help)) return EXIT_USAGE;
  if (help) {
    usage(stdout);
    return EXIT_DONE;
  }
  buffer text = {0};
  int status = EXIT_FAILED;
  if (read_all(path, &text)) status = script_run(buffer_text(&text), text.len, &options);
  buffer_free(&text);
  return status;
}
