/* The C client against the fixtures that the page's client reads too. */
#include "client/live_rows.h"
#include "client/ws_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *fixture(const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/tests/wire/%s", getenv("VS_SOURCE_DIR") ? getenv("VS_SOURCE_DIR") : ".", name);
  json_t *json = json_load_file(path, 0, NULL);
  if (!json) fail_msg("%s is missing or no JSON", path);
  return json;
}

static json_t *rows_of(const live_rows *r) {
  json_t *all = json_array();
  for (int i = 0; i < r->count; i++) {
    json_t *row = json_pack("[I]", (json_int_t)r->rows[i]->id);
    json_array_extend(row, r->rows[i]->cells);
    json_array_append_new(all, row);
  }
  return all;
}

static void deltas_are_applied_as_written_down(void **state) {
  json_t *cases = fixture("apply.json"), *c;
  size_t i;
  json_array_foreach(cases, i, c) {
    live_rows r = {0};
    error err = {0};
    json_t *snapshot = json_pack("{s:s,s:i,s:b,s:i,s:i,s:O}", "type", "snapshot", "chunk", 0, "last", 1, "total", 0, "version", 1, "rows",
                                 json_object_get(c, "rows"));
    assert_true(live_rows_apply(&r, snapshot, 1, NULL, NULL, &err));
    assert_true(live_rows_apply(&r, json_object_get(c, "delta"), 2, NULL, NULL, &err));
    json_t *rows = rows_of(&r);
    if (!json_equal(rows, json_object_get(c, "after"))) fail_msg("%s", json_string_value(json_object_get(c, "title")));
    json_decref(rows);
    json_decref(snapshot);
    live_rows_clear(&r);
  }
  assert_true(i >= 4);
  json_decref(cases);
}

static void what_does_not_fit_is_refused(void **state) {
  static const char *const deltas[] = {
    "{\"type\":\"delta\",\"version\":2,\"remove\":[[9,\"deleted\"]]}",
    "{\"type\":\"delta\",\"version\":2,\"set\":[[9,0,1]]}",
    "{\"type\":\"delta\",\"version\":2,\"set\":[[1,7,1]]}",
    "{\"type\":\"delta\",\"version\":2,\"add\":[[1,\"again\"]]}",
    "{\"type\":\"delta\",\"version\":2,\"move\":[[9,0]]}",
    "{\"type\":\"delta\",\"version\":2,\"move\":[[1,0],[1,0]]}",
    "{\"type\":\"delta\",\"version\":2,\"move\":[[1,5]]}",
    "{\"no\":\"type\"}",
  };
  for (size_t i = 0; i < sizeof deltas / sizeof deltas[0]; i++) {
    live_rows r = {0};
    error err = {0};
    json_t *snapshot = json_loads("{\"type\":\"snapshot\",\"chunk\":0,\"last\":true,\"total\":1,\"version\":1,\"rows\":[[1,\"a\"],[2,\"b\"]]}", 0, NULL);
    json_t *delta = json_loads(deltas[i], 0, NULL);
    assert_true(live_rows_apply(&r, snapshot, 1, NULL, NULL, &err));
    if (live_rows_apply(&r, delta, 2, NULL, NULL, &err)) fail_msg("taken: %s", deltas[i]);
    assert_true(err.text[0]);
    json_decref(snapshot);
    json_decref(delta);
    live_rows_clear(&r);
  }
}

static void addresses_are_taken_apart(void **state) {
  char host[64];
  int port;
  error err = {0};
  assert_true(ws_client_parse_address("127.0.0.1:8080", host, sizeof host, &port, &err));
  assert_string_equal(host, "127.0.0.1");
  assert_int_equal(port, 8080);
  assert_true(ws_client_parse_address("ws://[::1]:99/ws", host, sizeof host, &port, &err));
  assert_string_equal(host, "::1");
  assert_int_equal(port, 99);
  assert_true(ws_client_parse_address("http://desk/", host, sizeof host, &port, &err));
  assert_int_equal(port, 80);
  assert_false(ws_client_parse_address("host:0", host, sizeof host, &port, &err));
  assert_false(ws_client_parse_address("wss://host:443/", host, sizeof host, &port, &err));
  assert_false(ws_client_parse_address("", host, sizeof host, &port, &err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(deltas_are_applied_as_written_down),
    cmocka_unit_test(what_does_not_fit_is_refused),
    cmocka_unit_test(addresses_are_taken_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
