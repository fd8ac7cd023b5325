/* Log lines on stderr: text (coloured on a terminal unless NO_COLOR is set) or JSON lines.
**
** A line carries the object that it speaks of in front of its words: log_info("view=%s version=%lld: …"). An error is
** logged once, where it is handled. Thread: any; a line is written whole.
*/
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

typedef enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level;

/* Once, before threads start. */
void log_configure(log_level least, bool json);
/* "debug", "info", "warn", "error"; false for anything else. */
bool log_level_parse(const char *name, log_level *level);
/* A listener sees every line that is logged (the server keeps the last ones for its clients). One at most; any thread. */
typedef void (*log_listener)(void *ctx, log_level level, double unix_seconds, const char *text);
void log_listen(log_listener listener, void *ctx);

void log_line(log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
