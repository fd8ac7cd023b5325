/* The audit: compares, in the background, living instances with their SQL run afresh.
**
** Its own thread and its own read-only connection. Every `pause_ms` it picks an instance by chance, reads the result table
** and the SELECT in one snapshot, and compares them as typed multisets by a sum of row hashes. Bounded by AUDIT_MS; what is
** not finished by then is counted as skipped. A difference is an error in the log and a metric; nothing else is done about it.
*/
#ifndef ENGINE_AUDIT_H
#define ENGINE_AUDIT_H

#include "engine/engine.h"

enum { AUDIT_MS = 2000, AUDIT_BUSY_PERCENT = 10 /* of one core: the pause grows with what the last comparison took */ };

typedef struct audit audit;

audit *audit_start(engine *e, int pause_ms, error *err) MUST_USE;
void audit_stop(audit *a); /* NULL is allowed */

#endif
