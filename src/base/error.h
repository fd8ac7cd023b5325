/* Operating errors: a result that must be looked at, and an object that says what went wrong and what to do.
**
** A function that can fail returns bool (true = done) or a pointer (NULL = failed), is marked MUST_USE, and fills the
** `error *` it was given, which is never NULL. The object has a fixed size, so that reporting never allocates.
** Programmer errors are asserted, not reported. Thread: an error object belongs to whoever declared it.
*/
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

typedef enum error_code {
  ERR_NONE = 0,
  ERR_NOMEM,     /* an allocation failed; the state is as before the call */
  ERR_INVALID,   /* the caller's input is wrong: what was expected stands in text and hint */
  ERR_NOT_FOUND, /* no such view, table, column, instance, … */
  ERR_CONFLICT,  /* exists already, or changed since it was read */
  ERR_LIMIT,     /* a documented bound was reached */
  ERR_BUSY,      /* a lock or queue is taken; again later may work */
  ERR_IO,        /* file, socket or broker */
  ERR_SQL,       /* SQLite refused or failed */
  ERR_INTERNAL,  /* a broken invariant; please report */
} error_code;

typedef struct error {
  error_code code;
  int line, column;  /* 1-based position in `file` or in the statement; 0 = none */
  char file[200];    /* the file that the position is in, or "" */
  char text[800];    /* one sentence: what is wrong and what was expected */
  char hint[400];    /* one sentence: what to do, or "" */
} error;

/* Fills *err and returns false, so that `return error_set(err, …)` reads well. Longer text is cut. */
bool error_set(error *err, error_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Adds what to do about it. */
bool error_hint(error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Adds a position. file may be NULL. */
bool error_at(error *err, const char *file, int line, int column);
bool error_nomem(error *err);
void error_clear(error *err);
/* The name of a code as it stands in logs, exit messages and problem documents ("invalid", "not_found", …). */
const char *error_code_name(error_code code);
/* "file:line:column: text (hint)" into out, cut to size; returns out. */
const char *error_format(const error *err, char *out, size_t size);

#endif
