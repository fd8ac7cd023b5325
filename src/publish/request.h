/* What a client asked for with `subscribe` or `change`: parsed, checked against the limits, comparable.
**
** Thread: the delivery thread. Texts and JSON values are the request's own.
*/
#ifndef PUBLISH_REQUEST_H
#define PUBLISH_REQUEST_H

#include "model/delivery.h"

#include <jansson.h>

enum { MAX_ID_BYTES = 64, MAX_EPOCH_BYTES = 80, MAX_ORDER_NAMES = 16, MAX_VIEW_BYTES = 127, MAX_FILTER_BYTES = 16384 };

typedef struct request {
  char *view;
  json_t *params;    /* object or NULL */
  json_t *group_by;  /* array or NULL */
  char *params_json; /* both together, canonical */
  char *filter;      /* or NULL */
  char *order_by[MAX_ORDER_NAMES];
  int order_count;
  int64_t offset;
  int64_t limit;     /* -1 = no window */
  int conflate_ms;
  char group[MAX_ID_BYTES + 1]; /* "" = none */
  bool has_since;
  char since_epoch[MAX_EPOCH_BYTES + 1];
  uint64_t since_version;
} request;

/* Protocol error codes (PROTOCOL.md, "Errors") that are not error_code_name's. */
#define CODE_BAD_JSON "bad_json"
#define CODE_BAD_MESSAGE "bad_message"
#define CODE_UNKNOWN_OP "unknown_op"
#define CODE_UNKNOWN_SUBSCRIPTION "unknown_subscription"
#define CODE_DUPLICATE_SUBSCRIPTION "duplicate_subscription"
#define CODE_VIEW_DROPPED "view_dropped"

/* The fields of a `subscribe`. NULL: err says what is wrong; ERR_INVALID is a bad message. */
request *request_subscribe(const json_t *message, const delivery_limits *limits, error *err) MUST_USE;
/* The request that `base` becomes by a `change`. */
request *request_change(const request *base, const json_t *message, const delivery_limits *limits, error *err) MUST_USE;
request *request_copy(const request *r); /* without since; NULL = out of memory */
void request_free(request *r);           /* NULL is allowed */
bool request_windowed(const request *r);
bool request_same_selection(const request *a, const request *b);
/* "id" of a message into out; false: it is missing, empty or too long. */
bool request_id(const json_t *message, char out[MAX_ID_BYTES + 1], error *err) MUST_USE;

#endif
