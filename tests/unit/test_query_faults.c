/* Every allocation fails once: the parser, copies, the unparser and the sums then say so, lose nothing and leak nothing (the
** address sanitizer's build sees that). */
#include "query/parser.h"
#include "query/unparse.h"
#include "view/moments.h"
#include "view/number_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query_corpus.h"

static long allocations_left = -1; /* until one fails; negative: none does */

static bool refuses(void) { return allocations_left >= 0 && allocations_left-- == 0; }

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes) { return refuses() ? NULL : __real_malloc(bytes); }
void *__wrap_calloc(size_t n, size_t bytes) { return refuses() ? NULL : __real_calloc(n, bytes); }
void *__wrap_realloc(void *old, size_t bytes) { return refuses() ? NULL : __real_realloc(old, bytes); }

/* Parses, copies and writes with the nth allocation failing; false once there are not that many. */
static bool parse_with_fault(const char *sql, long nth) {
  arena a = {0};
  buffer out = {0};
  error err = {0};
  allocations_left = nth;
  select_stmt *s = query_parse(&a, sql, strlen(sql), &err), *copy = s ? select_copy(&a, s) : NULL;
  if (copy) unparse_select(&out, copy, NULL);
  bool failed = allocations_left < 0;
  allocations_left = -1;
  if (!s) assert_int_equal(err.code, ERR_NOMEM);
  assert_int_equal(failed, !copy || out.failed);
  buffer_free(&out);
  arena_free(&a);
  return failed;
}

static void test_parser(void **state) {
  int faults = 0;
  for (size_t i = 0; corpus_valid[i]; i++)
    for (long nth = 0; parse_with_fault(corpus_valid[i], nth); nth++) faults++;
  assert_true(faults > 500);
}

/* Steps that spill to the heap and come back, the first allocation of each failing: no step that fails may leave a trace. */
static void test_sums(void **state) {
  static const double values[] = {0.1, 1e300, -1e-300, INFINITY, 5e-324, 1e155, 3};
  enum { VALUES = sizeof values / sizeof *values };
  moments m = {0};
  comoments co = {0};
  weighted_sum w = {0};
  number_sum s = {0};
  exact_sum merged = {0};
  int faults = 0;
  for (int sign = 1; sign >= -1; sign -= 2)
    for (int i = 0; i < VALUES; i++) {
      bool done[5] = {false};
      for (int nth = 0; !(done[0] && done[1] && done[2] && done[3] && done[4]); nth++) {
        double other = values[(i + 3) % VALUES];
        exact_sum one = {0};
        assert_true(exact_sum_add(&one, values[i], 1));
        for (int kind = 0; kind < 5; kind++) {
          if (done[kind]) continue;
          allocations_left = nth;
          switch (kind) {
            case 0: done[kind] = moments_add(&m, values[i], sign); break;
            case 1: done[kind] = comoments_add(&co, values[i], other, sign); break;
            case 2: done[kind] = weighted_sum_add(&w, values[i], other, sign); break;
            case 3: done[kind] = number_sum_add_real(&s, values[i], sign); break;
            default: done[kind] = exact_sum_merge(&merged, &one, sign);
          }
          allocations_left = -1;
          faults += !done[kind];
        }
        exact_sum_free(&one);
      }
    }
  /* everything was taken back: what a failed step had left behind would still be there */
  const exact_sum *const sums[] = {&m.x, &m.xx, &co.x, &co.y, &co.xx, &co.yy, &co.xy, &w.products, &w.weights, &s.reals, &merged};
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
    assert_int_equal(sums[i]->count, 0);
    assert_true(exact_sum_value(sums[i]) == 0);
    assert_int_equal(exact_sum_heap_bytes(sums[i]), 0);
  }
  assert_true(m.n == 0 && co.n == 0 && number_sum_count(&s) == 0);
  assert_true(faults > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_parser), cmocka_unit_test(test_sums)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
