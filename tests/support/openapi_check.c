#include "support/openapi_check.h"

#include "support/json_schema.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

json_t *openapi_fetch(int port) {
  http_answer a = http_get(port, "/openapi.json");
  json_error_t where;
  json_t *document = json_loadb(buffer_text(&a.body), a.body.len, JSON_REJECT_DUPLICATES, &where);
  if (!document) fprintf(stderr, "openapi.json:%d:%d: %s\n", where.line, where.column, where.text);
  http_answer_free(&a);
  return document;
}

json_t *openapi_operation(const json_t *document, const char *method, const char *path) {
  char lower[16] = "";
  for (size_t i = 0; method[i] && i < sizeof lower - 1; i++) lower[i] = (char)tolower(method[i]);
  return json_object_get(json_object_get(json_object_get(document, "paths"), path), lower);
}

void openapi_check_answer(const json_t *document, const char *method, const char *path, const http_answer *a) {
  char status[16], type[200] = "";
  snprintf(status, sizeof status, "%d", a->status);
  json_t *responses = json_object_get(openapi_operation(document, method, path), "responses"), *response = json_object_get(responses, status);
  if (!response && a->status < 400) fail_msg("%s %s: status %s is not announced", method, path, status);
  if (!response) response = json_object_get(responses, "default");
  json_t *content = json_object_get(response, "content");
  const char *given = http_answer_header(a, "Content-Type");
  if (given) snprintf(type, sizeof type, "%.*s", (int)strcspn(given, ";"), given);
  if (!content) {
    assert_int_equal(a->body.len, 0);
    return;
  }
  json_t *schema = json_object_get(json_object_get(content, type), "schema");
  if (!schema) fail_msg("%s %s: %s with type '%s' is not announced", method, path, status, type);
  if (!strstr(type, "json") || strstr(type, "ndjson")) return;
  json_error_t where;
  error err = {0};
  json_t *body = json_loadb(buffer_text(&a->body), a->body.len, 0, &where);
  if (!body) fail_msg("%s %s: not JSON: %s", method, path, where.text);
  if (!json_schema_check(document, schema, body, &err)) fail_msg("%s %s: %s: %s in %.400s", method, path, status, err.text, buffer_text(&a->body));
  json_decref(body);
}
