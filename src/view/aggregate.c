#include "view/aggregate.h"

#include <strings.h>

typedef struct aggregate_name {
  const char *name;
  aggregate_kind kind;
  int arguments;
} aggregate_name;

static const aggregate_name names[] = {
  {"count", AGG_COUNT, 1}, {"sum", AGG_SUM, 1}, {"total", AGG_TOTAL, 1}, {"avg", AGG_AVG, 1},
  {"min", AGG_MIN, 1},     {"max", AGG_MAX, 1},
  {"variance", AGG_VAR_SAMP, 1},  {"var_samp", AGG_VAR_SAMP, 1},       {"var_pop", AGG_VAR_POP, 1},
  {"stddev", AGG_STDDEV_SAMP, 1}, {"stddev_samp", AGG_STDDEV_SAMP, 1}, {"stddev_pop", AGG_STDDEV_POP, 1},
  {"covar_samp", AGG_COVAR_SAMP, 2}, {"covar_pop", AGG_COVAR_POP, 2},  {"corr", AGG_CORR, 2},
  {"wavg", AGG_WAVG, 2},          {"first", AGG_FIRST, 2},             {"last", AGG_LAST, 2},
};

bool aggregate_of_call(const expr *call, aggregate *out) {
  int arguments = call->star ? 0 : call->list.count;
  if (arguments == 0) {
    out->kind = AGG_COUNT_STAR;
    return strcasecmp(call->name, "count") == 0;
  }
  for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcasecmp(names[i].name, call->name) == 0 && names[i].arguments == arguments && !(arguments > 1 && call->distinct)) {
      out->kind = names[i].kind;
      return true;
    }
  return false;
}
