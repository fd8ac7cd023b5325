/* Options: which place wins, what is refused, and how. */
#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const option_spec specs[] = {
  {.name = "#Heading"},
  {.name = "config", .kind = OPTION_TEXT, .value = "FILE", .help = "a file"},
  {.name = "live-db", .kind = OPTION_TEXT, .value = "PATH", .fallback = "/none", .help = "a path"},
  {.name = "port", .kind = OPTION_INTEGER, .value = "N", .fallback = "8080", .least = 0, .most = 65535, .help = "a port"},
  {.name = "bytes", .kind = OPTION_INTEGER, .value = "N", .help = "a size"},
  {.name = "fresh", .kind = OPTION_FLAG, .help = "a flag"},
  {.name = "rate", .kind = OPTION_REAL, .value = "N", .fallback = "0.5", .least = 0, .most = 100, .help = "a rate"},
  {.name = "set", .kind = OPTION_LIST, .value = "K=V", .help = "a list"},
};
enum { SPECS = sizeof specs / sizeof specs[0] };

static options *read_all(error *err, const char *const *words) {
  char *argv[20] = {(char *)"command"};
  int argc = 1;
  for (; words && words[argc - 1]; argc++) argv[argc] = (char *)words[argc - 1];
  error_clear(err);
  return options_read(specs, SPECS, argc, argv, err);
}

#define READ(...) read_all(&err, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void refused(const char *words, const char *const *argv) {
  error err;
  options *o = read_all(&err, argv);
  if (o) fail_msg("taken: %s", argv[0]);
  char text[1500];
  error_format(&err, text, sizeof text);
  if (!strstr(text, words)) fail_msg("expected '%s' in: %s", words, text);
}

#define REFUSED(words, ...) refused(words, (const char *const[]){__VA_ARGS__, NULL})

static void fallbacks_stand_where_nothing_is_said(void **state) {
  error err;
  options *o = READ();
  assert_string_equal(options_text(o, "live-db"), "/none");
  assert_int_equal(options_integer(o, "port"), 8080);
  assert_int_equal(options_integer(o, "bytes"), 0);
  assert_false(options_flag(o, "fresh"));
  assert_false(options_given(o, "port"));
  assert_null(options_text(o, "config"));
  int n = -1;
  assert_null(options_list(o, "set", &n)[0]);
  assert_int_equal(n, 0);
  options_free(o);
}

static void numbers_with_a_fraction_are_read(void **state) {
  error err;
  options *o = READ("--rate", "12.25");
  assert_true(options_real(o, "rate") == 12.25);
  options_free(o);
  o = READ();
  assert_true(options_real(o, "rate") == 0.5);
  options_free(o);
  REFUSED("rate takes a number, not 'x'", "--rate", "x");
  REFUSED("rate takes a number, not 'nan'", "--rate", "nan");
  REFUSED("rate takes 0 to 100, not 100.5", "--rate", "100.5");
}

static void another_program_has_another_prefix(void **state) {
  error err;
  char *argv[] = {(char *)"command"};
  setenv("OTHER_PORT", "7", 1);
  options *o = options_read_as("OTHER_", specs, SPECS, 1, argv, &err);
  assert_int_equal(options_integer(o, "port"), 7);
  options_free(o);
  o = READ();
  assert_int_equal(options_integer(o, "port"), 8080);
  options_free(o);
  unsetenv("OTHER_PORT");
}

static void flags_are_read_in_every_form(void **state) {
  error err;
  options *o = READ("word", "--port=1", "--live-db", "/x", "--fresh", "--set", "a=1", "--set=b=2", "--bytes", "64M", "--", "--port");
  assert_int_equal(options_integer(o, "port"), 1);
  assert_true(options_given(o, "port"));
  assert_string_equal(options_text(o, "live-db"), "/x");
  assert_true(options_flag(o, "fresh"));
  assert_int_equal(options_integer(o, "bytes"), 64 << 20);
  int n = 0;
  const char *const *list = options_list(o, "set", &n);
  assert_int_equal(n, 2);
  assert_string_equal(list[1], "b=2");
  assert_null(list[2]);
  assert_int_equal(options_words(o), 2);
  assert_string_equal(options_word(o, 1), "--port");
  options_free(o);
}

static void flag_beats_environment_beats_file_beats_fallback(void **state) {
  char path[] = "/tmp/viewserver-test-XXXXXX";
  FILE *file = fdopen(mkstemp(path), "w");
  fputs("# comment\n\n port = 1 \nlive-db=/file\nbytes = 1K\nset = x=1\nset = y=2\nfresh\n", file);
  fclose(file);
  setenv("VIEWSERVER_CONFIG", path, 1);
  setenv("VIEWSERVER_LIVE_DB", "/environment", 1);
  setenv("VIEWSERVER_PORT", "2", 1);
  setenv("VIEWSERVER_OTHER", "left alone", 1);
  error err;
  options *o = READ("--port", "3");
  assert_non_null(o);
  assert_int_equal(options_integer(o, "port"), 3);
  assert_string_equal(options_text(o, "live-db"), "/environment");
  assert_int_equal(options_integer(o, "bytes"), 1024);
  assert_true(options_flag(o, "fresh"));
  int n = 0;
  assert_string_equal(options_list(o, "set", &n)[1], "y=2");
  options_free(o);
  setenv("VIEWSERVER_SET", "p=1\nq=2\n", 1);
  setenv("VIEWSERVER_FRESH", "no", 1);
  o = READ();
  assert_string_equal(options_list(o, "set", &n)[0], "p=1");
  assert_int_equal(n, 2);
  assert_false(options_flag(o, "fresh"));
  options_free(o);
  setenv("VIEWSERVER_PORT", "many", 1);
  REFUSED("VIEWSERVER_PORT", "--fresh");
  const char *const names[] = {"CONFIG", "LIVE_DB", "PORT", "OTHER", "SET", "FRESH"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char name[40];
    snprintf(name, sizeof name, "VIEWSERVER_%s", names[i]);
    unsetenv(name);
  }
  file = fopen(path, "w");
  fputs("port = 1\nprot = 2\n", file);
  fclose(file);
  REFUSED(":2:1: there is no option 'prot' (did you mean --port?)", "--config", path);
  unlink(path);
  REFUSED("cannot be read", "--config", path);
}

static void what_is_wrong_is_said(void **state) {
  REFUSED("did you mean --live-db?", "--livedb", "x");
  REFUSED("--help lists them", "--colour");
  REFUSED("port takes 0 to 65535", "--port", "65536");
  REFUSED("whole number", "--port", "80x");
  REFUSED("whole number", "--bytes", "99999999999999999999");
  REFUSED("whole number", "--bytes", "9223372036854775807K");
  REFUSED("true or false", "--fresh=maybe");
  REFUSED("--port needs a value: --port N", "--port");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(fallbacks_stand_where_nothing_is_said),
    cmocka_unit_test(numbers_with_a_fraction_are_read),
    cmocka_unit_test(another_program_has_another_prefix),
    cmocka_unit_test(flags_are_read_in_every_form),
    cmocka_unit_test(flag_beats_environment_beats_file_beats_fallback),
    cmocka_unit_test(what_is_wrong_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
