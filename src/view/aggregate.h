/* The aggregates that can be kept from changes: which SQL calls they are. */
#ifndef VIEW_AGGREGATE_H
#define VIEW_AGGREGATE_H

#include "view/plan.h"

/* Fills kind (and keeps the rest) where the call is one; false: it has to see all rows of its group. */
bool aggregate_of_call(const expr *call, aggregate *out);

#endif
