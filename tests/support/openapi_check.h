/* Is an answer one that openapi.json announces? Fails the cmocka test that it is called from where it is not. */
#ifndef SUPPORT_OPENAPI_CHECK_H
#define SUPPORT_OPENAPI_CHECK_H

#include "support/http_client.h"

#include <jansson.h>

/* Fetches the document from the server; the caller's. NULL: it is not JSON. */
json_t *openapi_fetch(int port);
/* The operation, or NULL. method in capitals. */
json_t *openapi_operation(const json_t *document, const char *method, const char *path);
/* Status, content type and body are announced for this operation. */
void openapi_check_answer(const json_t *document, const char *method, const char *path, const http_answer *a);

#endif
