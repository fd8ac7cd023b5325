/* A command's options, from four places; the first that names one wins:
**   flag         --live-db PATH, --live-db=PATH, --fresh
**   environment  VIEWSERVER_LIVE_DB=PATH, VIEWSERVER_FRESH=true (another program may have a prefix of its own)
**   file         lines `live-db = PATH` in the file that --config names; # begins a comment line
**   fallback     what the specification says
** A list option may stand several times; the place that wins gives all of its values (in the environment one per line).
** Integers take a suffix K, M or G (of 1024). Names are checked: one that is unknown in a flag or in the file is an error, in
** the environment it is left alone, since other programs' may begin alike.
** Ownership: the specifications and argv are borrowed and outlive the options. Thread: one.
*/
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

enum { OPTIONS_MAX_FILE_BYTES = 1 << 20, OPTIONS_MAX_VALUES = 1000, OPTIONS_MAX_PREFIX_BYTES = 32 };

typedef enum option_kind { OPTION_TEXT, OPTION_INTEGER, OPTION_FLAG, OPTION_LIST, OPTION_REAL } option_kind;

typedef struct option_spec {
  const char *name; /* "live-db"; one that begins with '#' is a heading for help */
  option_kind kind;
  const char *value;    /* how help names the value: "PATH"; NULL for flags */
  const char *fallback; /* as it would be written, or NULL = not set */
  int64_t least, most;  /* OPTION_INTEGER, OPTION_REAL; both 0 = any */
  const char *help;
} option_spec;

typedef struct options options;

/* argv[0] is the command's name. Words that are no options are kept (options_word). NULL: ERR_INVALID says which. */
options *options_read(const option_spec *specs, int count, int argc, char **argv, error *err) MUST_USE;
/* The same with another prefix in the environment, for example "MOCKGEN_" (at most OPTIONS_MAX_PREFIX_BYTES). */
options *options_read_as(const char *prefix, const option_spec *specs, int count, int argc, char **argv, error *err) MUST_USE;
void options_free(options *o);

/* name must be in the specifications (asserted). */
const char *options_text(const options *o, const char *name); /* NULL when not set */
int64_t options_integer(const options *o, const char *name);  /* 0 when not set */
double options_real(const options *o, const char *name);       /* finite; 0 when not set */
bool options_flag(const options *o, const char *name);
bool options_given(const options *o, const char *name); /* not by its fallback */
const char *const *options_list(const options *o, const char *name, int *count); /* NULL-terminated */
int options_words(const options *o);
const char *options_word(const options *o, int index);

/* Lines for --help. */
void options_help(const option_spec *specs, int count, FILE *out);

#endif
