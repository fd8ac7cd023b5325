/* Holds a text against OpenMetrics: every sample in the family announced above it, each family and sample once, counters end
** with _total, "# EOF" at the end and nothing after it. false: *err has the line. */
#ifndef SUPPORT_OPENMETRICS_H
#define SUPPORT_OPENMETRICS_H

#include "base/error.h"

bool openmetrics_check(const char *text, error *err);

#endif
