/* REST in front of the real engine, with the product's own tables and views: what openapi.json says is what comes. */
#include "engine/engine.h"
#include "support/openapi_check.h"
#include "support/openmetrics.h"
#include "transport/transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/vs-rest-XXXXXX", live_db[100], sql_dir[300], views_dir[300];
static engine *product;
static transport *server;
static int port;
static json_t *document;

static int start(void **state) {
  error err = {0};
  const char *source = getenv("VS_SOURCE_DIR");
  engine_options options = engine_defaults();
  transport_options http = transport_defaults();
  if (!mkdtemp(folder)) return 1;
  snprintf(live_db, sizeof live_db, "%s/live.db", folder);
  snprintf(sql_dir, sizeof sql_dir, "%s/sql", source ? source : ".");
  snprintf(views_dir, sizeof views_dir, "%s/views", source ? source : ".");
  options.live_db = live_db;
  options.sql_dir = sql_dir;
  options.views_dir = views_dir;
  options.fresh = true;
  http.listen = "127.0.0.1:0";
  product = engine_open(&options, &err);
  if (product && engine_start(product, &err)) server = transport_start(engine_service(product), &http, &err);
  if (!server) {
    fprintf(stderr, "%s (%s)\n", err.text, err.hint);
    return 1;
  }
  port = transport_port(server);
  document = openapi_fetch(port);
  return document ? 0 : 1;
}

static int stop(void **state) {
  char command[200];
  json_decref(document);
  transport_stop(server);
  engine_free(product);
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command);
}

/* Asks, holds the answer against openapi.json, and for a part of the body. */
static void expect(const char *method, const char *path, const char *target, const char *body, int status, const char *part) {
  http_answer a = http_request(port, method, target, "", body);
  if (a.status != status) fail_msg("%s %s: expected %d, got %d: %.500s", method, target, status, a.status, buffer_text(&a.body));
  openapi_check_answer(document, method, path, &a);
  if (part && !strstr(buffer_text(&a.body), part)) fail_msg("%s %s: expected %s in: %.900s", method, target, part, buffer_text(&a.body));
  http_answer_free(&a);
}

#define TABLE_ROWS "/api/v1/tables/{table}/rows"
#define VIEW_ROWS "/api/v1/views/{view}/rows"

static void upsert(const char *table, const char *rows) {
  char target[100];
  snprintf(target, sizeof target, "/api/v1/tables/%s/rows", table);
  expect("POST", TABLE_ROWS, target, rows, 200, "\"records\":");
}

static void lists_are_as_announced(void **state) {
  expect("GET", "/api/v1", "/api/v1", NULL, 200, "\"epoch\"");
  expect("GET", "/api/v1/views", "/api/v1/views", NULL, 200, "account_overview");
  expect("GET", "/api/v1/views/{view}", "/api/v1/views/account_overview", NULL, 200, "\"dimensions\"");
  expect("GET", "/api/v1/views/{view}/plan", "/api/v1/views/account_overview/plan?group_by=sector", NULL, 200, "\"strategy\"");
  expect("GET", "/api/v1/tables", "/api/v1/tables", NULL, 200, "base.price");
  expect("GET", "/api/v1/instances", "/api/v1/instances", NULL, 200, NULL);
  expect("GET", "/readyz", "/readyz", NULL, 200, "ok");
}

static void metrics_are_openmetrics(void **state) {
  error err = {0};
  http_answer a = http_get(port, "/metrics");
  if (!openmetrics_check(buffer_text(&a.body), &err)) fail_msg("%s", err.text);
  assert_non_null(strstr(buffer_text(&a.body), "viewserver_turns_total "));
  assert_non_null(strstr(buffer_text(&a.body), "viewserver_http_requests_total{"));
  http_answer_free(&a);
}

static void records_in_figures_out(void **state) {
  upsert("account", "{\"accountId\":\"ACC001\",\"accountName\":\"Alpha\",\"baseCurrency\":\"USD\",\"pid\":\"P1\",\"timestamp\":1}");
  upsert("base.instrument", "[{\"instrumentId\":1,\"symbol\":\"AAA\",\"instrumentName\":\"Aaa\",\"instrumentType\":\"EQUITY\",\"currency\":\"USD\",\"countryOfRisk\":\"US\","
                            "\"countryOfDomicile\":\"US\",\"sector\":\"Tech\",\"subSectors\":[],\"timestamp\":1}]");
  upsert("price", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":10,\"currency\":\"USD\",\"source\":\"x\",\"timestamp\":1}");
  upsert("fx_rate", "{\"currency\":\"USD\",\"date\":\"2026-01-02\",\"rateToUsd\":1,\"timestamp\":1}");
  upsert("sod_holding", "{\"holdingId\":\"h\",\"date\":\"2026-01-02\",\"instrumentId\":1,\"accountId\":\"ACC001\",\"position\":7,\"timestamp\":1}");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?accounts=ACC001&group_by=sector&exposures=sod", NULL, 200, "[\"Tech\",70.0,");
  upsert("price", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":11,\"currency\":\"USD\",\"source\":\"x\",\"timestamp\":2}");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?accounts=ACC001&group_by=sector&exposures=sod", NULL, 200, "[\"Tech\",77.0,");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?accounts=&group_by=sector", NULL, 200, "\"rows\":[]");
  expect("POST", "/api/v1/sql", "/api/v1/sql", "{\"sql\":\"SELECT account_name, sod_nav_usd FROM account_overview\"}", 200, "[\"Alpha\",77.0]");
  expect("GET", TABLE_ROWS, "/api/v1/tables/price/rows?filter=price%3E5", NULL, 200, "\"key\":[\"instrument_id\",\"date\"]");
  expect("DELETE", TABLE_ROWS, "/api/v1/tables/price/rows?instrumentId=1&date=2026-01-02", NULL, 200, "\"records\":1");
  expect("GET", TABLE_ROWS, "/api/v1/tables/price/rows", NULL, 200, "\"rows\":[]");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?accounts=ACC001&group_by=sector&exposures=sod", NULL, 200, "no price");
}

static void every_view_can_be_read(void **state) {
  http_answer a = http_get(port, "/api/v1/views");
  json_error_t where;
  json_t *list = json_loadb(a.body.data, a.body.len, 0, &where), *item;
  size_t i;
  http_answer_free(&a);
  assert_true(json_array_size(list) > 20);
  json_array_foreach(list, i, item) {
    char target[200];
    snprintf(target, sizeof target, "/api/v1/views/%s/rows?limit=5", json_string_value(json_object_get(item, "name")));
    expect("GET", VIEW_ROWS, target, NULL, 200, "\"rows\":");
  }
  json_decref(list);
}

static void wrong_names_name_the_right_ones(void **state) {
  expect("GET", VIEW_ROWS, "/api/v1/views/nope/rows", NULL, 404, "\"account_overview\"");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?colour=red", NULL, 400, "\"allowed\":[\"accounts\",\"exposures\",\"group_by\"]");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?groupBy=sector,colour", NULL, 400, "\"allowed\":[\"account_name\",");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?exposures=sod,yesterday", NULL, 400, "\"allowed\":[\"sod\",\"current\",\"expected\"]");
  expect("GET", VIEW_ROWS, "/api/v1/views/account_overview/rows?order_by=colour", NULL, 400, "\"allowed\":[\"account_name\",");
  expect("POST", TABLE_ROWS, "/api/v1/tables/nope/rows", "{}", 404, "\"allowed\":[\"account\"");
  expect("POST", TABLE_ROWS, "/api/v1/tables/price/rows", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":-1,\"currency\":\"USD\"}", 422, "refused");
  expect("POST", "/api/v1/views/{view}/dry_run", "/api/v1/views/draft/dry_run", "{\"definition\":\"SELECT nope FROM account\"}", 400, "no such column: nope");
  expect("POST", "/api/v1/views/{view}/dry_run", "/api/v1/views/draft/dry_run", "{\"definition\":\"SELECT pid, count(*) AS n FROM account GROUP BY pid\"}", 200, "\"columns\":[{\"name\":\"pid\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_are_as_announced), cmocka_unit_test(records_in_figures_out), cmocka_unit_test(every_view_can_be_read),
    cmocka_unit_test(wrong_names_name_the_right_ones), cmocka_unit_test(metrics_are_openmetrics),
  };
  return cmocka_run_group_tests_name("rest with the engine", tests, start, stop);
}
