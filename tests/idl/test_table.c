/* The map of scopes: first come, first kept; through growth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../idl/table.h"

#define MANY 5000

static void keys_keep_their_first_value(void **state) {
  (void)state;
  int first = 1, second = 2;
  arena *a = arena_new();
  table t = {0};
  assert_null(table_find(&t, TEXT("x")));
  assert_ptr_equal(table_add(&t, a, TEXT("x"), &first), &first);
  assert_ptr_equal(table_add(&t, a, TEXT("x"), &second), &first);
  assert_ptr_equal(table_find(&t, TEXT("x")), &first);
  assert_null(table_find(&t, TEXT("xx")));
  assert_ptr_equal(table_add(&t, a, TEXT(""), &second), &second);
  assert_ptr_equal(table_find(&t, TEXT("")), &second);
  assert_int_equal(t.used, 2);
  arena_free(a);
}

static void all_keys_survive_growth(void **state) {
  (void)state;
  static int values[MANY];
  arena *a = arena_new();
  table t = {0};
  for (int i = 0; i < MANY; i++) {
    const char *key = arena_printf(a, "key%d", i);
    assert_ptr_equal(table_add(&t, a, (text){key, strlen(key)}, &values[i]), &values[i]);
  }
  for (int i = 0; i < MANY; i++) {
    const char *key = arena_printf(a, "key%d", i);
    assert_ptr_equal(table_find(&t, (text){key, strlen(key)}), &values[i]);
  }
  assert_int_equal(t.used, MANY);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_keep_their_first_value),
      cmocka_unit_test(all_keys_survive_growth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
