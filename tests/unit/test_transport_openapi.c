/* /openapi.json is true: it lists the routes, all of them and no others, and every answer is one that it announces. */
#include "base/log.h"
#include "support/fake_service.h"
#include "support/openapi_check.h"
#include "transport/routes.h"
#include "transport/transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static fake_service fake;
static transport *server;
static int port;
static json_t *document;

static int start(void **state) {
  error err = {0};
  transport_options options = transport_defaults();
  options.listen = "127.0.0.1:0";
  options.workers = 2;
  fake_service_start(&fake);
  server = transport_start(&fake.svc, &options, &err);
  if (!server) return 1;
  port = transport_port(server);
  document = openapi_fetch(port);
  return document ? 0 : 1;
}

static int stop(void **state) {
  json_decref(document);
  transport_stop(server);
  fake_service_stop(&fake);
  return 0;
}

static void lists_every_route_and_no_other(void **state) {
  int listed = 0;
  for (int i = 0; i < route_count; i++)
    if (!openapi_operation(document, routes[i].method, routes[i].path)) fail_msg("openapi.json lacks %s %s", routes[i].method, routes[i].path);
  const char *path, *method;
  json_t *item, *op;
  json_object_foreach(json_object_get(document, "paths"), path, item) json_object_foreach(item, method, op) listed += json_is_object(op);
  assert_int_equal(listed, route_count);
}

static void every_path_parameter_is_declared(void **state) {
  const char *path, *method;
  json_t *item, *op, *p;
  size_t i;
  json_object_foreach(json_object_get(document, "paths"), path, item) json_object_foreach(item, method, op) {
    size_t wanted = 0, declared = 0;
    for (const char *c = path; *c; c++) wanted += *c == '{';
    json_array_foreach(json_object_get(op, "parameters"), i, p) {
      char braces[100];
      snprintf(braces, sizeof braces, "{%s}", json_string_value(json_object_get(p, "name")));
      if (!strcmp(json_string_value(json_object_get(p, "in")), "path")) declared += strstr(path, braces) != NULL;
    }
    if (wanted != declared) fail_msg("%s %s: %zu parameters in the path, %zu declared", method, path, wanted, declared);
  }
}

typedef struct sample {
  const char *method, *path, *target, *headers, *body;
  int status;
} sample;

static const sample samples[] = {
  {"GET", "/api/v1", "/api/v1", "", NULL, 200},
  {"GET", "/api/v1/views", "/api/v1/views", "", NULL, 200},
  {"POST", "/api/v1/views", "/api/v1/views", "", "{\"name\":\"n\",\"definition\":\"SELECT 1\"}", 201},
  {"POST", "/api/v1/views", "/api/v1/views", "", "{\"name\":\"position\",\"definition\":\"SELECT 1\"}", 409},
  {"POST", "/api/v1/views", "/api/v1/views", "", "{", 400},
  {"POST", "/api/v1/views", "/api/v1/views", "Content-Type: text/csv\r\n", "a,b", 415},
  {"POST", "/api/v1/views", "/api/v1/views", "Origin: http://evil.example\r\n", "{}", 403},
  {"GET", "/api/v1/views/{view}", "/api/v1/views/position", "", NULL, 200},
  {"GET", "/api/v1/views/{view}", "/api/v1/views/nope", "", NULL, 404},
  {"PUT", "/api/v1/views/{view}", "/api/v1/views/position", "", "{\"definition\":\"SELECT 1\"}", 200},
  {"PUT", "/api/v1/views/{view}", "/api/v1/views/position", "If-Match: \"x\"\r\n", "{\"definition\":\"SELECT 1\"}", 412},
  {"DELETE", "/api/v1/views/{view}", "/api/v1/views/position", "", NULL, 204},
  {"DELETE", "/api/v1/views/{view}", "/api/v1/views/nope", "", NULL, 404},
  {"POST", "/api/v1/views/{view}/dry_run", "/api/v1/views/x/dry_run", "Content-Type: application/sql\r\n", "SELECT 1", 200},
  {"POST", "/api/v1/views/{view}/dry_run", "/api/v1/views/x/dry_run", "Content-Type: application/sql\r\n", "SELEC 1", 400},
  {"GET", "/api/v1/views/{view}/plan", "/api/v1/views/position/plan", "", NULL, 200},
  {"GET", "/api/v1/views/{view}/plan", "/api/v1/views/nope/plan", "", NULL, 404},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/position/rows", "", NULL, 200},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/position/rows?format=ndjson", "", NULL, 200},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/position/rows?format=csv", "", NULL, 200},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/position/rows", "If-None-Match: *\r\n", NULL, 304},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/position/rows?colour=1", "", NULL, 400},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/nope/rows", "", NULL, 404},
  {"GET", "/api/v1/views/{view}/rows", "/api/v1/views/position/rows", "Accept: image/png\r\n", NULL, 406},
  {"GET", "/api/v1/views/{view}/stream", "/api/v1/views/position/stream", "", NULL, 503},
  {"GET", "/api/v1/instances", "/api/v1/instances", "", NULL, 200},
  {"GET", "/api/v1/instances/{instance}", "/api/v1/instances/41", "", NULL, 200},
  {"GET", "/api/v1/instances/{instance}", "/api/v1/instances/7", "", NULL, 404},
  {"DELETE", "/api/v1/instances/{instance}", "/api/v1/instances/41", "", NULL, 204},
  {"DELETE", "/api/v1/instances/{instance}", "/api/v1/instances/x", "", NULL, 400},
  {"GET", "/api/v1/tables", "/api/v1/tables", "", NULL, 200},
  {"GET", "/api/v1/tables/{table}/rows", "/api/v1/tables/holding/rows?limit=2&order_by=-qty", "", NULL, 200},
  {"GET", "/api/v1/tables/{table}/rows", "/api/v1/tables/nope/rows", "", NULL, 404},
  {"POST", "/api/v1/tables/{table}/rows", "/api/v1/tables/price/rows", "", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":5}", 200},
  {"POST", "/api/v1/tables/{table}/rows", "/api/v1/tables/price/rows", "", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":-5}", 422},
  {"DELETE", "/api/v1/tables/{table}/rows", "/api/v1/tables/price/rows?instrumentId=1&date=2026-01-02", "", NULL, 200},
  {"DELETE", "/api/v1/tables/{table}/rows", "/api/v1/tables/price/rows", "", NULL, 400},
  {"POST", "/api/v1/sql", "/api/v1/sql", "", "{\"sql\":\"SELECT 1 AS one, NULL AS none, 'x' AS text\"}", 200},
  {"POST", "/api/v1/sql", "/api/v1/sql", "", "{\"sql\":\"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t\",\"limit\":2}", 200},
  {"POST", "/api/v1/sql", "/api/v1/sql", "", "{\"sql\":\"DROP TABLE holding\"}", 400},
  {"POST", "/api/v1/sql", "/api/v1/sql", "", "{\"sql\":\"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t\",\"timeout_ms\":20}", 504},
  {"GET", "/api/v1/log", "/api/v1/log?since=0&limit=5", "", NULL, 200},
  {"GET", "/api/v1/log", "/api/v1/log?level=loud", "", NULL, 400},
  {"GET", "/livez", "/livez", "", NULL, 200},
  {"GET", "/readyz", "/readyz", "", NULL, 200},
  {"GET", "/metrics", "/metrics", "", NULL, 200},
  {"GET", "/openapi.json", "/openapi.json", "", NULL, 200},
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static void every_answer_is_announced(void **state) {
  log_info("a line for the log");
  for (int i = 0; i < SAMPLES; i++) {
    const sample *s = &samples[i];
    http_answer a = http_request(port, s->method, s->target, s->headers, s->body);
    if (a.status != s->status) fail_msg("%s %s: expected %d, got %d: %.300s", s->method, s->target, s->status, a.status, buffer_text(&a.body));
    openapi_check_answer(document, s->method, s->path, &a);
    http_answer_free(&a);
  }
}

static void every_operation_has_a_sample(void **state) {
  for (int i = 0; i < route_count; i++) {
    bool found = false;
    for (int k = 0; k < SAMPLES; k++) found = found || (!strcmp(samples[k].method, routes[i].method) && !strcmp(samples[k].path, routes[i].path));
    if (!found) fail_msg("no sample of %s %s", routes[i].method, routes[i].path);
  }
}

/* A method that a path has not is a 405 with those that it has. */
static void other_methods_are_refused(void **state) {
  static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
  for (int i = 0; i < SAMPLES; i++)
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
      if (openapi_operation(document, methods[m], samples[i].path)) continue;
      http_answer a = http_request(port, methods[m], samples[i].target, "", NULL);
      if (a.status != 405) fail_msg("%s %s: %d", methods[m], samples[i].target, a.status);
      assert_non_null(strstr(http_answer_header(&a, "Allow"), samples[i].method));
      assert_non_null(strstr(buffer_text(&a.body), "urn:viewserver:problem:method_not_allowed"));
      http_answer_free(&a);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_every_route_and_no_other), cmocka_unit_test(every_path_parameter_is_declared), cmocka_unit_test(every_operation_has_a_sample),
    cmocka_unit_test(every_answer_is_announced), cmocka_unit_test(other_methods_are_refused),
  };
  return cmocka_run_group_tests_name("transport openapi", tests, start, stop);
}
