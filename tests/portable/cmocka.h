/* As much of cmocka as the tests use, for machines that it is not there for. Where an assertion fails the
 * program ends. */
#ifndef PORTABLE_CMOCKA_H
#define PORTABLE_CMOCKA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct CMUnitTest {
  const char *name;
  void (*test)(void **state);
  int (*teardown)(void **state);
} CMUnitTest;

#define cmocka_unit_test(f) {#f, f, NULL}
#define cmocka_unit_test_teardown(f, teardown) {#f, f, teardown}

static inline void portable_check(bool holds, const char *claim, const char *file, int line) {
  if (holds) return;
  fprintf(stderr, "%s:%d: %s\n", file, line, claim);
  exit(1);
}

#define PORTABLE_CHECK(claim, text) portable_check(claim, text, __FILE__, __LINE__)
#define assert_true(c) PORTABLE_CHECK((c) ? true : false, #c)
#define assert_false(c) PORTABLE_CHECK((c) ? false : true, "not " #c)
#define assert_null(p) PORTABLE_CHECK((p) == NULL, #p " == NULL")
#define assert_non_null(p) PORTABLE_CHECK((p) != NULL, #p " != NULL")
#define assert_ptr_equal(a, b) PORTABLE_CHECK((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_int_equal(a, b) PORTABLE_CHECK((uint64_t)(a) == (uint64_t)(b), #a " == " #b)
#define assert_int_not_equal(a, b) PORTABLE_CHECK((uint64_t)(a) != (uint64_t)(b), #a " != " #b)
#define assert_in_range(v, min, max)                                                      \
  PORTABLE_CHECK((uint64_t)(v) >= (uint64_t)(min) && (uint64_t)(v) <= (uint64_t)(max),    \
                 #v " in " #min " to " #max)
#define assert_string_equal(a, b) PORTABLE_CHECK(strcmp(a, b) == 0, #a " equals " #b)
#define assert_memory_equal(a, b, size) PORTABLE_CHECK(memcmp(a, b, size) == 0, #a " equals " #b)
#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), PORTABLE_CHECK(false, "failed"))

static inline int portable_run(const CMUnitTest *tests, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *state = NULL;
    tests[i].test(&state);
    bool torn_down = tests[i].teardown == NULL || tests[i].teardown(&state) == 0;
    portable_check(torn_down, "tears down", tests[i].name, 0);
  }
  printf("%u passed, 0 failed\n", (unsigned)count);
  return 0;
}

#define cmocka_run_group_tests(tests, setup, teardown) portable_run(tests, sizeof(tests) / sizeof *(tests))

#endif
