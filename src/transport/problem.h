/* RFC 9457 problem documents: what every error over HTTP looks like.
**
**   {"type":"urn:viewserver:problem:not_found","title":"Not found","status":404,"detail":"…","instance":"/api/v1/…",
**    "hint":"what to do","allowed":["account_overview",…],"line":3,"column":14}
** hint, allowed, line and column only where there are any. Thread: any.
*/
#ifndef TRANSPORT_PROBLEM_H
#define TRANSPORT_PROBLEM_H

#include "base/buffer.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"

typedef struct problem {
  int status;
  const char *code;         /* last part of type; NULL = from the status */
  const char *detail;       /* one sentence */
  const char *hint;         /* or NULL */
  const char *instance;     /* the request's path */
  const char *allowed_json; /* an array of names, ready to write, or NULL */
  int line, column;         /* 0 = none */
} problem;

void problem_write(buffer *out, const problem *p);
/* The HTTP status for an error of the engine's. */
int problem_status(error_code code);
/* "Not Found" for 404; never NULL. */
const char *problem_reason(int status);

#endif
