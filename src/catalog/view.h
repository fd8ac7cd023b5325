/* The definition of a view: the text of one file under views/, read and checked.
**
** A file is header lines, then one SELECT (a final ';' is allowed). Header lines are comments that begin with '@':
**   -- @title Words
**   -- @description Words; may stand more than once, the lines are joined
**   -- @param NAME set of TABLE.COLUMN = all                  a set whose usual values stand in a column
**   -- @param NAME set of ('a', 'b', 'c') = 'a', 'b'          a set of some of the values listed
**   -- @param NAME text|integer|real [= DEFAULT]              a scalar; no default: the client must give it
**   -- @group_by dim1, dim2, … = dim1, …                      dimensions that {{group_by}} may stand for, and the default
**   -- @key col, col                                          columns that identify a row, where the compiler cannot know
**   -- @eager                                                 the default instance is kept alive always
**   -- @topic NAME                                            changes of the default instance are published to this topic
** A header line that ends with a comma goes on in the next comment line. Other comments are free. Any other @word is an
** error. How the SELECT uses parameters stands in catalog/template.h.
**
** A definition never changes after it was bound; its references are counted, since readers on other threads hold it while
** the engine replaces it. Thread: any, except view_definition_bind (before the definition is shared).
*/
#ifndef CATALOG_VIEW_H
#define CATALOG_VIEW_H

#include "base/arena.h"
#include "base/buffer.h"
#include "model/value.h"
#include "query/ast.h"

#include <stdatomic.h>

enum {
  MAX_VIEW_BYTES = 256 * 1024, /* of one definition */
  MAX_VIEW_NAME_BYTES = 63,
  MAX_VIEW_PARAMS = 32,
  MAX_DIMENSIONS = 64,
  MAX_ENUM_VALUES = 256, /* listed in one "set of ('a', …)" */
};

typedef enum param_kind { PARAM_SCALAR, PARAM_SET_OF_COLUMN, PARAM_SET_OF_VALUES } param_kind;

typedef struct value_list {
  int count;
  value *items;
} value_list;

typedef struct view_param {
  const char *name;
  param_kind kind;
  value_type type;           /* VALUE_TEXT, VALUE_INTEGER or VALUE_REAL; of a set, the type of its members */
  const char *table, *column; /* PARAM_SET_OF_COLUMN */
  value_list values;         /* PARAM_SET_OF_VALUES: what is allowed, in the order of the file */
  bool required;             /* PARAM_SCALAR without a default */
  bool default_all;          /* of a set */
  value_list defaults;       /* of a set that is not all by default; of a scalar, one value */
  position at;
} view_param;

typedef struct view_definition {
  atomic_int references;
  const char *name, *title, *description, *topic; /* topic: NULL = none */
  const char *file;   /* path as given, or "" */
  const char *text;   /* the whole file */
  size_t text_bytes;
  char etag[20];      /* hash of the text, in hex */
  const char *body;   /* the SELECT, inside text, without its final ';' */
  size_t body_bytes;
  position body_at;   /* where it begins in the file */
  int params;
  view_param param[MAX_VIEW_PARAMS];
  bool has_group_by;  /* there is an @group_by line */
  name_list dimensions, default_group_by, key;
  bool eager;
  arena memory;
} view_definition;

/* NULL and *err with file, line and column. name is the file's name without ".sql"; file may be "". One reference. */
view_definition *view_definition_parse(const char *name, const char *file, const char *text, size_t bytes, error *err) MUST_USE;
view_definition *view_definition_ref(view_definition *d);
void view_definition_unref(view_definition *d);

/* Looks the columns of "set of TABLE.COLUMN" up on db, which gives their members' type. ERR_NOT_FOUND where there is none. */
bool view_definition_bind(view_definition *d, sqlite3 *db, error *err) MUST_USE;

/* Whether every parameter has a default: only such a view has a default instance and can be read by other views. */
bool view_definition_has_defaults(const view_definition *d);
/* Whether the SELECT mentions this name as an identifier; true for every view that it reads, perhaps for more. */
bool view_definition_mentions(const view_definition *d, const char *name);

/* The parameter, dimension or allowed value that a client means by `given` (snake_case or camelCase, any case for
** values): its index, or -1. */
int view_param_find(const view_definition *d, const char *given);
int view_dimension_find(const view_definition *d, const char *given);
int view_param_value_find(const view_param *p, const char *given, size_t bytes);

/* Members of a JSON object, without braces: name, title, description, params, group_by, key, eager, topic. */
void view_definition_json(const view_definition *d, buffer *out);

#endif
