/* "Did you mean": what is near enough, and what is nearer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../idl/suggest.h"

static text of(const char *s) { return (text){s, strlen(s)}; }

static const char *hint(arena *a, const char *wanted, const char *const *candidates, size_t count) {
  suggestion s = suggest_for(of(wanted));
  for (size_t i = 0; i < count; i++) suggest_consider(&s, of(candidates[i]));
  return suggest_hint(&s, a);
}

static void the_nearest_is_offered(void **state) {
  (void)state;
  static const char *const words[] = {"string", "struct", "Reading", "max_zones", "u8", "off"};
  static const char *const pairs[][2] = {
      {"strng", "; did you mean 'string'?"},
      {"Raeding", "; did you mean 'Reading'?"},
      {"READING", "; did you mean 'Reading'?"},
      {"max_zone", "; did you mean 'max_zones'?"},
      {"U8", "; did you mean 'u8'?"},
      {"offf", "; did you mean 'off'?"},
      {"strukt", "; did you mean 'struct'?"},
      {"Xyzzy", ""},
      {"zones", ""},
      {"x", ""},
  };
  arena *a = arena_new();
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    assert_string_equal(hint(a, pairs[i][0], words, sizeof words / sizeof *words), pairs[i][1]);
  arena_free(a);
}

static void of_equals_the_first_stays(void **state) {
  (void)state;
  static const char *const words[] = {"font", "fort"};
  arena *a = arena_new();
  assert_string_equal(hint(a, "foot", words, 2), "; did you mean 'font'?");
  arena_free(a);
}

static void the_word_itself_and_endless_words_are_no_help(void **state) {
  (void)state;
  char longest[200];
  memset(longest, 'a', sizeof longest);
  suggestion s = suggest_for(of("same"));
  suggest_consider(&s, of("same"));
  suggest_consider(&s, (text){longest, sizeof longest});
  suggest_consider(&s, (text){"", 0});
  assert_int_equal(s.best.size, 0);
  s = suggest_for((text){longest, sizeof longest});
  suggest_consider(&s, (text){longest, sizeof longest - 1});
  assert_int_equal(s.best.size, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nearest_is_offered),
      cmocka_unit_test(of_equals_the_first_stays),
      cmocka_unit_test(the_word_itself_and_endless_words_are_no_help),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
