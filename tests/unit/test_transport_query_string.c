/* Query strings: what becomes of a URL's text, and what is refused. */
#include "transport/query_string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_params(const char *text, const char *taken, const char *wanted) {
  arena memory = {0};
  buffer out = {0};
  query_string q;
  error err = {0};
  assert_true(query_string_parse(&q, &memory, text, &err));
  if (taken) query_string_take(&q, taken);
  assert_true(query_string_params_json(&q, &out, &err));
  assert_string_equal(buffer_text(&out), wanted);
  buffer_free(&out);
  arena_free(&memory);
}

static void values_become_parameters(void **state) {
  expect_params(NULL, NULL, "{}");
  expect_params("", NULL, "{}");
  expect_params("&&", NULL, "{}");
  expect_params("a=1&b=x+y%2Cz&limit=5", "limit", "{\"a\":\"1\",\"b\":\"x y,z\"}");
  expect_params("a=", NULL, "{\"a\":[]}");
  expect_params("a", NULL, "{\"a\":[]}");
  expect_params("a=1,2&b=9&a=3&a=", NULL, "{\"a\":[\"1\",\"2\",\"3\"],\"b\":\"9\"}");
  expect_params("a=[\"x,y\",1,null]", NULL, "{\"a\":[\"x,y\",1,null]}");
  expect_params("a=[\"]\\\"[\"]", NULL, "{\"a\":[\"]\\\"[\"]}");
  expect_params("n%C3%A9=%22", NULL, "{\"n\xC3\xA9\":\"\\\"\"}");
}

static void expect_refusal(const char *text, error_code code) {
  arena memory = {0};
  buffer out = {0};
  query_string q;
  error err = {0};
  bool ok = query_string_parse(&q, &memory, text, &err) && query_string_params_json(&q, &out, &err);
  if (ok || err.code != code) fail_msg("%s: %s", text, ok ? "accepted" : err.text);
  buffer_free(&out);
  arena_free(&memory);
}

static void broken_text_is_refused(void **state) {
  static const char *const broken[] = {"a=%", "a=%4", "a=%4x", "%gg=1", "a=%00", "a=%01", "a=%7f", "a=%c3", "a=%ff", "a=%ed%a0%80", "a=[1,", "a=[[1]]", "a=[{}]", "a=[1]x"};
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) expect_refusal(broken[i], ERR_INVALID);
  buffer many = {0};
  for (int i = 0; i <= MAX_QUERY_PARAMETERS; i++) buffer_puts(&many, "a=1&");
  expect_refusal(many.data, ERR_LIMIT);
  buffer_free(&many);
}

static void numbers_have_bounds(void **state) {
  arena memory = {0};
  query_string q;
  error err = {0};
  int64_t n = 77;
  assert_true(query_string_parse(&q, &memory, "a=5&b=-1&c=99999999999999999999&d=1x&e=", &err));
  assert_true(query_string_take_integer(&q, "a", 0, 5, &n, &err) && n == 5);
  assert_false(query_string_take_integer(&q, "a", 0, 4, &n, &err));
  assert_false(query_string_take_integer(&q, "b", 0, 4, &n, &err));
  assert_false(query_string_take_integer(&q, "c", 0, INT64_MAX, &n, &err));
  assert_false(query_string_take_integer(&q, "d", 0, 4, &n, &err));
  n = 77;
  assert_true(query_string_take_integer(&q, "e", 0, 4, &n, &err) && n == 77);
  assert_true(query_string_take_integer(&q, "none", 0, 4, &n, &err) && n == 77);
  assert_null(query_string_unused(&q));
  arena_free(&memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(values_become_parameters), cmocka_unit_test(broken_text_is_refused), cmocka_unit_test(numbers_have_bounds)};
  return cmocka_run_group_tests_name("transport query string", tests, NULL, NULL);
}
