/* A client's selection of a view: values for its parameters and the dimensions it groups by, checked and in canonical form.
**
** Given as one JSON object whose members are parameter names and "group_by", in snake_case or camelCase:
**   a set:     an array of values, or "all", or one text with the values between commas (as a URL has them)
**   a scalar:  a value of its type (numbers also as text)
**   group_by:  an array of dimensions, or one text with the names between commas
** Canonical form: every parameter in the order of the definition, defaults filled in, sets sorted and without duplicates,
** a set of all listed values written as "all", then group_by in the client's order. Two selections that mean the same have
** the same canonical text, which is why instances are shared by it. Thread: any; a selection belongs to its maker.
*/
#ifndef CATALOG_SELECTION_H
#define CATALOG_SELECTION_H

#include "catalog/view.h"

enum {
  MAX_SELECTION_BYTES = 1 << 20, /* of JSON */
  MAX_SET_VALUES = 10000,
  MAX_VALUE_BYTES = 1024,
};

typedef struct param_value {
  bool all;       /* of a set */
  value_list set; /* of a set that is not all */
  value scalar;
} param_value;

typedef struct view_selection {
  param_value param[MAX_VIEW_PARAMS]; /* as in the definition */
  name_list group_by;
  const char *json; /* canonical */
  arena memory;
} view_selection;

/* params_json: NULL or "" = all defaults. ERR_INVALID names what is allowed. Free with view_selection_free. */
bool view_selection_parse(const view_definition *d, const char *params_json, view_selection *out, error *err) MUST_USE;
/* The default selection, with stand-ins for required scalars and, where `widest`, every dimension: for checks. */
bool view_selection_sample(const view_definition *d, bool widest, view_selection *out, error *err) MUST_USE;
void view_selection_free(view_selection *s);

bool view_selection_set_contains(const view_definition *d, const view_selection *s, int param, value v);

#endif
