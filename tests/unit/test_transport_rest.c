/* REST over real sockets: what each resource answers. */
#include "support/fake_service.h"
#include "support/http_client.h"
#include "base/log.h"
#include "transport/transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static fake_service fake;
static transport *server;
static int port;

static int start(void **state) {
  error err = {0};
  transport_options options = transport_defaults();
  options.listen = "127.0.0.1:0";
  options.workers = 3;
  options.rows_max = 50000;
  options.sql_ms = 2000;
  options.answer_ms = 5000;
  fake_service_start(&fake);
  server = transport_start(&fake.svc, &options, &err);
  if (!server) fprintf(stderr, "%s\n", err.text);
  port = server ? transport_port(server) : 0;
  return server ? 0 : 1;
}

static int stop(void **state) {
  transport_stop(server);
  fake_service_stop(&fake);
  return 0;
}

#define assert_header(a, name, wanted) assert_string_equal(http_answer_header(a, name), wanted)

static void assert_has(const http_answer *a, const char *part) {
  if (!strstr(buffer_text(&a->body), part)) fail_msg("expected %s in: %.600s", part, buffer_text(&a->body));
}

static http_answer post_sql(const char *body) { return http_request(port, "POST", "/api/v1/sql", "Content-Type: application/json\r\n", body); }

static void expect(http_answer a, int status, const char *part) {
  if (a.status != status) fail_msg("expected %d, got %d: %.600s", status, a.status, buffer_text(&a.body));
  if (part) assert_has(&a, part);
  assert_true(a.complete);
  http_answer_free(&a);
}

static void rows_as_json(void **state) {
  http_answer a = http_get(port, "/api/v1/views/position/rows?accounts=ACC001,ACC002");
  assert_int_equal(a.status, 200);
  assert_header(&a, "Content-Type", "application/json");
  assert_header(&a, "View-Version", "7");
  assert_string_equal(buffer_text(&a.body),
                      "{\"view\":\"position\",\"version\":7,\"key\":[\"account\"],\"columns\":[{\"name\":\"account\",\"type\":\"TEXT\"},{\"name\":\"nav\",\"type\":\"REAL\"}],"
                      "\"rows\":[\n[\"ACC001\",30.5],\n[\"ACC002\",-3.0]]}\n");
  http_answer_free(&a);
}

static void rows_as_ndjson_and_csv(void **state) {
  http_answer a = http_get(port, "/api/v1/views/position/rows?group_by=sector&format=ndjson&order_by=nav");
  assert_string_equal(buffer_text(&a.body), "{\"sector\":\"Energy\",\"nav\":7.5}\n{\"sector\":\"Tech\",\"nav\":20.0}\n{\"sector\":null,\"nav\":1e+20}\n");
  http_answer_free(&a);
  a = http_request(port, "GET", "/api/v1/views/position/rows?group_by=sector&order_by=-nav", "Accept: text/csv, application/json;q=0.5\r\n", NULL);
  assert_string_equal(buffer_text(&a.body), "sector,nav\r\n,1e+20\r\nTech,20.0\r\nEnergy,7.5\r\n");
  assert_header(&a, "Content-Type", "text/csv; charset=utf-8; header=present");
  http_answer_free(&a);
  expect(http_request(port, "GET", "/api/v1/views/position/rows", "Accept: image/png\r\n", NULL), 406, "\"allowed\":[\"application/json\"");
  expect(http_get(port, "/api/v1/views/position/rows?format=xml"), 400, "\"allowed\":[\"json\",\"ndjson\",\"csv\"]");
}

static void csv_quotes_what_needs_it(void **state) {
  http_answer a = http_request(port, "POST", "/api/v1/sql?format=csv", "",
                               "{\"sql\":\"SELECT 'a,b' AS x, 'say \\\"hi\\\"' AS \\\"y,z\\\", '' AS e, NULL AS n, x'00ff' AS b\"}");
  assert_int_equal(a.status, 200);
  assert_string_equal(buffer_text(&a.body), "x,\"y,z\",e,n,b\r\n\"a,b\",\"say \"\"hi\"\"\",\"\",,base16:00ff\r\n");
  http_answer_free(&a);
}

static void filter_order_and_paging(void **state) {
  http_answer a = http_get(port, "/api/v1/views/position/rows?filter=nav%20%3E%200%20AND%20account%20IS%20NOT%20NULL&order_by=-nav&limit=1&offset=1");
  assert_has(&a, "\"rows\":[\n[\"ACC001\",30.5]]}");
  http_answer_free(&a);
  expect(http_get(port, "/api/v1/views/position/rows?order_by=-nope"), 400, "\"allowed\":[\"account\",\"nav\"]");
  expect(http_get(port, "/api/v1/views/position/rows?filter=nope%3D1"), 400, "\"line\":1,\"column\":1");
  expect(http_get(port, "/api/v1/views/position/rows?limit=-1"), 400, "limit must be a whole number");
  expect(http_get(port, "/api/v1/views/position/rows?limit=x"), 400, "limit must be a whole number");
  expect(http_get(port, "/api/v1/views/position/rows?limit=0"), 200, "\"rows\":[]}");
  expect(http_get(port, "/api/v1/views/empty/rows"), 200, "\"rows\":[]}");
}

static void filter_cannot_leave_its_place(void **state) {
  static const char *const hostile[] = {
    "1)%20UNION%20SELECT%201,2%20--", "1)%20UNION%20SELECT%20(1", "1;DROP%20TABLE%20holding", "(1", "'open", "1/*", "load_extension('x')",
    "account%20IN%20(SELECT%20name%20FROM%20pragma_table_list)", "zeroblob(400000000)", "printf('%25.*c',900000000,'x')",
  };
  for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
    char target[300];
    snprintf(target, sizeof target, "/api/v1/views/position/rows?filter=%s", hostile[i]);
    expect(http_get(port, target), 400, "\"detail\"");
  }
  expect(http_get(port, "/api/v1/views/position/rows?filter=account%20IN%20(SELECT%20account%20FROM%20holding%20WHERE%20qty%3D20)"), 200, "ACC001");
}

static void etag_names_epoch_version_and_selection(void **state) {
  http_answer a = http_get(port, "/api/v1/views/position/rows");
  char tag[200], header[300];
  snprintf(tag, sizeof tag, "%s", http_answer_header(&a, "ETag"));
  http_answer_free(&a);
  assert_true(strncmp(tag, "W/\"e0e1e2e3e4e5e6e7-7-", 22) == 0);
  snprintf(header, sizeof header, "If-None-Match: \"other\", %s\r\n", tag);
  a = http_request(port, "GET", "/api/v1/views/position/rows", header, NULL);
  assert_int_equal(a.status, 304);
  assert_int_equal(a.body.len, 0);
  http_answer_free(&a);
  expect(http_request(port, "GET", "/api/v1/views/position/rows?group_by=sector", header, NULL), 200, "Energy");
  expect(http_request(port, "GET", "/api/v1/views/position/rows?format=csv", header, NULL), 200, "account,nav");
  expect(http_request(port, "POST", "/api/v1/tables/price/rows", "", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":5}"), 200, "\"records\":1");
  expect(http_request(port, "GET", "/api/v1/views/position/rows", header, NULL), 200, "\"version\":8");
}

static void large_answers_stream_whole(void **state) {
  fake.series_rows = 40000;
  http_answer a = http_get(port, "/api/v1/views/series/rows");
  assert_int_equal(a.status, 200);
  assert_true(a.complete);
  assert_header(&a, "Transfer-Encoding", "chunked");
  json_error_t where;
  json_t *document = json_loadb(a.body.data, a.body.len, 0, &where);
  assert_non_null(document);
  assert_int_equal(json_array_size(json_object_get(document, "rows")), 40000);
  json_decref(document);
  http_answer packed = http_request(port, "GET", "/api/v1/views/series/rows", "Accept-Encoding: br, gzip\r\n", NULL);
  buffer plain = {0};
  assert_header(&packed, "Content-Encoding", "gzip");
  assert_true(packed.complete && packed.body.len < a.body.len / 4);
  assert_true(http_gunzip(&packed.body, &plain));
  assert_int_equal(plain.len, a.body.len);
  assert_memory_equal(plain.data, a.body.data, plain.len);
  buffer_free(&plain);
  http_answer_free(&packed);
  http_answer_free(&a);
  a = http_request(port, "HEAD", "/api/v1/views/series/rows", "", NULL);
  assert_int_equal(a.status, 200);
  assert_int_equal(a.body.len, 0);
  http_answer_free(&a);
}

static void small_answers_are_packed_too(void **state) {
  fake.series_rows = 500;
  http_answer a = http_request(port, "GET", "/api/v1/views/series/rows", "Accept-Encoding: gzip;q=1.0\r\n", NULL);
  buffer plain = {0};
  assert_header(&a, "Content-Encoding", "gzip");
  assert_true(a.complete && http_gunzip(&a.body, &plain) && strstr(plain.data, "label number 500"));
  buffer_free(&plain);
  http_answer_free(&a);
  a = http_request(port, "GET", "/api/v1/views/series/rows", "Accept-Encoding: gzip;q=0\r\n", NULL);
  assert_null(http_answer_header(&a, "Content-Encoding"));
  http_answer_free(&a);
}

static void row_limit_is_said(void **state) {
  fake.series_rows = 50001;
  http_answer a = http_get(port, "/api/v1/views/series/rows");
  assert_true(a.complete && strstr(a.body.data + a.body.len - 50, "]],\"truncated\":true,\"next_offset\":50000}\n"));
  http_answer_free(&a);
  a = http_get(port, "/api/v1/views/series/rows?format=ndjson");
  assert_true(a.complete && strstr(a.body.data + a.body.len - 50, "{\"truncated\":true,\"next_offset\":50000}\n"));
  http_answer_free(&a);
  a = http_get(port, "/api/v1/views/series/rows?format=csv");
  assert_false(a.complete);
  http_answer_free(&a);
  expect(http_get(port, "/api/v1/views/series/rows?format=csv&limit=100&offset=50000"), 200, "n,label\r\n50001,label number 50001\r\n");
  expect(http_get(port, "/api/v1/views/series/rows?limit=50001"), 400, "limit must be a whole number from 0 to 50000");
}

static void time_limit_is_said(void **state) {
  expect(http_get(port, "/api/v1/views/endless/rows"), 504, "longer than the 5000 ms");
  expect(post_sql("{\"sql\":\"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) SELECT count(*) FROM t\",\"timeout_ms\":100}"), 504, "longer than the 100 ms");
}

static void unknown_names_name_the_known(void **state) {
  expect(http_get(port, "/api/v1/views/nope/rows"), 404, "\"allowed\":[\"position\",\"empty\",\"series\",\"endless\"]");
  expect(http_get(port, "/api/v1/views/nope"), 404, "\"allowed\":[\"position\"");
  expect(http_get(port, "/api/v1/views/nope/plan"), 404, "\"allowed\":[\"position\"");
  expect(http_get(port, "/api/v1/views/position/rows?colour=red"), 400, "\"allowed\":[\"accounts\",\"group_by\"]");
  expect(http_get(port, "/api/v1/views/position/rows?accounts=x&group_by=colour"), 400, "\"allowed\":[\"account\",\"sector\"]");
  expect(http_get(port, "/api/v1/tables/nope/rows"), 404, "\"allowed\":[\"holding\",\"price\"");
  expect(http_get(port, "/api/v1/tables/price/rows?colour=red"), 400, "\"allowed\":[\"filter\"");
  expect(http_get(port, "/api/v1/instances/99"), 404, "no instance 99");
  expect(http_get(port, "/api/v1/instances/x"), 400, "by its number");
  expect(http_get(port, "/api/v2"), 404, "the API begins at /api/v1");
}

static void views_are_written(void **state) {
  expect(http_get(port, "/api/v1/views"), 200, "[{\"name\":\"position\"}");
  http_answer a = http_get(port, "/api/v1/views/position");
  assert_header(&a, "ETag", "\"abc123\"");
  http_answer_free(&a);
  expect(http_request(port, "PUT", "/api/v1/views/position", "If-Match: \"abc123\"\r\nContent-Type: application/sql\r\n", "SELECT 1"), 200, "position");
  assert_string_equal(fake.view_text, "position=SELECT 1");
  expect(http_request(port, "PUT", "/api/v1/views/position", "If-Match: \"old\"\r\n", "{\"definition\":\"SELECT 2\"}"), 412, "another one by now");
  assert_string_equal(fake.view_text, "position=SELECT 1");
  expect(http_request(port, "POST", "/api/v1/views", "", "{\"name\":\"fresh\",\"definition\":\"SELECT 3\"}"), 201, NULL);
  assert_string_equal(fake.view_text, "fresh=SELECT 3");
  expect(http_request(port, "POST", "/api/v1/views", "", "{\"name\":\"position\",\"definition\":\"SELECT 3\"}"), 409, "exists");
  expect(http_request(port, "POST", "/api/v1/views", "", "{\"name\":\"no/slash\",\"definition\":\"SELECT 3\"}"), 400, "cannot name a view");
  expect(http_request(port, "POST", "/api/v1/views", "", "{\"name\":\"x\"}"), 400, "name and definition");
  expect(http_request(port, "POST", "/api/v1/views", "", "{\"name\":"), 400, "\"line\":1");
  expect(http_request(port, "POST", "/api/v1/views/x/dry_run", "", "{\"definition\":\"SELEC 3\"}"), 400, "views/x.sql: found 'SELEC 3', expected SELECT");
  expect(http_request(port, "POST", "/api/v1/views/x/dry_run", "", "{\"definition\":\"SELECT 3\"}"), 200, "strategy");
  expect(http_request(port, "DELETE", "/api/v1/views/series", "", NULL), 204, NULL);
  expect(http_request(port, "DELETE", "/api/v1/views/nope", "", NULL), 404, "no view");
  fake.busy = true;
  a = http_request(port, "PUT", "/api/v1/views/position", "", "{\"definition\":\"SELECT 2\"}");
  assert_int_equal(a.status, 503);
  assert_header(&a, "Retry-After", "1");
  http_answer_free(&a);
  fake.busy = false;
}

static void tables_are_read_and_written(void **state) {
  expect(http_request(port, "POST", "/api/v1/tables/price/rows", "",
                      "[{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":1.5},{\"instrumentId\":2,\"date\":\"2026-01-02\",\"price\":2.5}]"), 200, "\"records\":2");
  expect(http_get(port, "/api/v1/tables/price/rows?order_by=-price"), 200,
         "\"key\":[\"instrument_id\",\"date\"],\"columns\":[{\"name\":\"instrument_id\",\"type\":\"INTEGER\"},{\"name\":\"date\",\"type\":\"TEXT\"},{\"name\":\"price\",\"type\":\"REAL\"}],"
         "\"rows\":[\n[2,\"2026-01-02\",2.5],\n[1,\"2026-01-02\",1.5]]");
  expect(http_request(port, "DELETE", "/api/v1/tables/price/rows?instrumentId=1&date=2026-01-02", "", NULL), 200, "\"records\":1");
  assert_string_equal(fake.last_ingest, "d {\"instrumentId\":1,\"date\":\"2026-01-02\"}");
  expect(http_request(port, "DELETE", "/api/v1/tables/price/rows?instrument_id=one&date=2026-01-02", "", NULL), 400, "instrument_id must be a number");
  expect(http_request(port, "DELETE", "/api/v1/tables/price/rows", "", "{\"instrumentId\":2,\"date\":\"2026-01-02\"}"), 200, "\"records\":1");
  expect(http_get(port, "/api/v1/tables/price/rows"), 200, "\"rows\":[]");
  expect(http_request(port, "DELETE", "/api/v1/tables/price/rows", "", NULL), 400, "key of the row is missing");
  expect(http_request(port, "POST", "/api/v1/tables/price/rows", "", "{\"instrumentId\":1,\"date\":\"2026-01-02\",\"price\":-5}"), 422, "CHECK");
  expect(http_request(port, "POST", "/api/v1/tables/nope/rows", "", "{}"), 404, "\"allowed\":[\"holding\",\"price\"]");
  expect(http_get(port, "/api/v1/tables/sqlite_schema/rows"), 404, "no table");
  expect(http_get(port, "/api/v1/tables/price%22%3B--/rows"), 404, "no table");
}

static void sql_answers_queries(void **state) {
  expect(post_sql("{\"sql\":\"SELECT account, qty * ? AS double FROM holding WHERE sector = ?\",\"params\":[2,\"Tech\"]}"), 200,
         "\"version\":7,\"key\":[],\"columns\":[{\"name\":\"account\",\"type\":\"TEXT\"},{\"name\":\"double\",\"type\":\"\"}],\"rows\":[\n[\"ACC001\",40.0]]}");
  expect(post_sql("{\"sql\":\"SELECT :a || @b;  -- done\",\"params\":{\"a\":\"x\",\"b\":null}}"), 200, "[null]");
  expect(post_sql("{\"sql\":\"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM t) SELECT n FROM t\",\"limit\":3}"), 200, "[3]],\"truncated\":true,\"next_offset\":3}");
  expect(post_sql("{\"sql\":\"SELECT value FROM json_each('[1,2]')\"}"), 200, "[2]");
}

static void sql_refuses_the_rest(void **state) {
  static const char *const statements[] = {
    "DELETE FROM holding", "UPDATE holding SET qty = 0", "INSERT INTO holding VALUES(1,2,3)", "DROP TABLE holding", "CREATE TABLE x(a)", "ATTACH '/tmp/x' AS y",
    "PRAGMA hard_heap_limit=1", "PRAGMA journal_mode", "SELECT * FROM pragma_database_list", "SELECT * FROM pragma_table_info('holding')", "SELECT load_extension('x')",
    "SELECT zeroblob(900000000)", "SELECT randomblob(900000000)", "SELECT printf('%.*c', 900000000, 'x')", "SELECT format('%.*c', 900000000, 'x')", "VACUUM INTO '/tmp/x'",
    "BEGIN", "COMMIT", "SELECT 1; SELECT 2", "", "SELECT * FROM sqlite_dbpage", "SELECT fts3_tokenizer('x')", "REINDEX", "ANALYZE", "SELECT * FROM dbstat",
  };
  for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
    buffer body = {0};
    buffer_puts(&body, "{\"sql\":");
    buffer_json_text(&body, statements[i], strlen(statements[i]));
    buffer_puts(&body, "}");
    http_answer a = post_sql(body.data);
    if (a.status != 400) fail_msg("%s: %d %s", statements[i], a.status, buffer_text(&a.body));
    http_answer_free(&a);
    buffer_free(&body);
  }
  expect(post_sql("{\"sql\":\"SELECT *\\nFROM nope\"}"), 400, "no such table: nope");
  expect(post_sql("{\"sql\":\"SELECT * FROM nope\"}"), 400, "\"allowed\":[\"holding\",\"price\",\"vs_instance\",\"vs_meta\"]");
  expect(post_sql("{\"sql\":\"SELECT 1,\\n  FORM x\"}"), 400, "\"line\":2,\"column\":");
  expect(post_sql("{\"sql\":\"SELECT ?\",\"params\":[1,2]}"), 400, "has 1 parameters, params has 2");
  expect(post_sql("{\"sql\":\"SELECT :a\",\"params\":{\"b\":1}}"), 400, "no value for :a");
  expect(post_sql("{\"sql\":\"SELECT 1\",\"limit\":0}"), 400, "limit must be");
  expect(post_sql("{\"sql\":\"SELECT 1\",\"colour\":0}"), 400, "no member 'colour'");
  expect(post_sql("[1]"), 400, "expected an object");
  expect(post_sql("{\"sql\":\"WITH RECURSIVE t(s) AS (SELECT 'xxxxxxxx' UNION ALL SELECT s || s FROM t) SELECT length(s) FROM t\"}"), 422, "larger than");
}

static void server_tells_of_itself(void **state) {
  expect(http_get(port, "/api/v1"), 200, "\"live_database\":\"/tmp/vs-test-");
  expect(http_get(port, "/livez"), 200, "ok");
  expect(http_get(port, "/readyz"), 200, "ok");
  fake.is_ready = false;
  http_answer a = http_get(port, "/readyz");
  assert_int_equal(a.status, 503);
  assert_has(&a, "replaying, 43 %");
  assert_header(&a, "Retry-After", "1");
  http_answer_free(&a);
  fake.is_ready = true;
  a = http_get(port, "/metrics");
  assert_header(&a, "Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
  assert_has(&a, "viewserver_version 7");
  assert_has(&a, "viewserver_http_requests_total{route=\"GET /readyz\",status=\"5xx\"} 1");
  assert_string_equal(a.body.data + a.body.len - 6, "# EOF\n");
  http_answer_free(&a);
}

static void log_is_kept_and_numbered(void **state) {
  log_info("object=1: the first line of this test");
  log_warn("object=2: \"quoted\"");
  http_answer a = http_get(port, "/api/v1/log?level=info");
  assert_has(&a, "\"level\":\"info\",\"text\":\"object=1: the first line of this test\"}");
  json_error_t where;
  json_t *document = json_loadb(a.body.data, a.body.len, 0, &where);
  char target[100];
  snprintf(target, sizeof target, "/api/v1/log?since=%lld", (long long)json_integer_value(json_object_get(document, "next")));
  json_decref(document);
  http_answer_free(&a);
  expect(http_get(port, target), 200, "\"lines\":[]");
  log_error("object=3: later");
  expect(http_get(port, target), 200, "object=3: later");
  expect(http_get(port, "/api/v1/log?level=loud"), 400, "\"allowed\":[\"debug\"");
}

static void instances_are_shown_and_dropped(void **state) {
  expect(http_get(port, "/api/v1/instances"), 200, "\"id\":41");
  expect(http_get(port, "/api/v1/instances/41"), 200, "\"view\":\"position\"");
  expect(http_request(port, "DELETE", "/api/v1/instances/41", "", NULL), 204, NULL);
  expect(http_request(port, "DELETE", "/api/v1/instances/7", "", NULL), 404, "no instance");
}

int main(void) {
#define test(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {
    test(rows_as_json), test(rows_as_ndjson_and_csv), test(csv_quotes_what_needs_it), test(filter_order_and_paging), test(filter_cannot_leave_its_place),
    test(etag_names_epoch_version_and_selection), test(large_answers_stream_whole), test(small_answers_are_packed_too), test(row_limit_is_said), test(time_limit_is_said),
    test(unknown_names_name_the_known), test(views_are_written), test(tables_are_read_and_written), test(sql_answers_queries), test(sql_refuses_the_rest),
    test(server_tells_of_itself), test(log_is_kept_and_numbered), test(instances_are_shown_and_dropped),
  };
  return cmocka_run_group_tests_name("transport rest", tests, NULL, NULL);
}
