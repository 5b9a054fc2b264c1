/* Integers of up to 128 bits: reading, comparing, printing, rounding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../idl/integer.h"

static text of(const char *s) { return (text){s, strlen(s)}; }

static schema_int parse(const char *digits, bool negative) {
  schema_int value;
  assert_true(integer_parse(of(digits), negative, &value));
  return value;
}

static void digits_of_every_base_are_read(void **state) {
  (void)state;
  static const struct {
    const char *digits;
    bool negative;
    const char *decimal;
  } cases[] = {
      {"0", false, "0"},
      {"0", true, "0"},
      {"1_000_000", false, "1000000"},
      {"0xfF", false, "255"},
      {"0b1010_1010", true, "-170"},
      {"18446744073709551616", false, "18446744073709551616"},
      {"340282366920938463463374607431768211455", false, "340282366920938463463374607431768211455"},
      {"0xffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff", false, "340282366920938463463374607431768211455"},
      {"170141183460469231731687303715884105728", true, "-170141183460469231731687303715884105728"},
  };
  arena *a = arena_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(integer_text(a, parse(cases[i].digits, cases[i].negative)), cases[i].decimal);
  schema_int value;
  assert_false(integer_parse(of("340282366920938463463374607431768211456"), false, &value));
  assert_false(integer_parse(of("0x1_0000_0000_0000_0000_0000_0000_0000_0000"), false, &value));
  arena_free(a);
}

static void order_follows_the_sign(void **state) {
  (void)state;
  static const char *const ascending[] = {"-18446744073709551616", "-2", "-1", "0", "1",
                                          "18446744073709551616"};
  size_t count = sizeof ascending / sizeof *ascending;
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < count; k++) {
      schema_int a = parse(ascending[i] + (*ascending[i] == '-'), *ascending[i] == '-');
      schema_int b = parse(ascending[k] + (*ascending[k] == '-'), *ascending[k] == '-');
      assert_int_equal(integer_compare(a, b), i < k ? -1 : i > k);
    }
}

static void counting_on_carries(void **state) {
  (void)state;
  arena *a = arena_new();
  assert_string_equal(integer_text(a, integer_next(integer_of(-1))), "0");
  assert_false(integer_next(integer_of(-1)).negative);
  assert_string_equal(integer_text(a, integer_next(parse("18446744073709551615", false))),
                      "18446744073709551616");
  assert_string_equal(integer_text(a, integer_next(parse("18446744073709551616", true))),
                      "-18446744073709551615");
  schema_int top = integer_max(SCHEMA_U128);
  assert_int_equal(integer_compare(integer_next(top), top), 0);
  assert_string_equal(integer_text(a, integer_of(INT64_MIN)), "-9223372036854775808");
  arena_free(a);
}

static void types_hold_exactly_their_values(void **state) {
  (void)state;
  static const struct {
    schema_type_kind kind;
    const char *min, *max;
  } cases[] = {
      {SCHEMA_I8, "-128", "127"},
      {SCHEMA_U8, "0", "255"},
      {SCHEMA_I64, "-9223372036854775808", "9223372036854775807"},
      {SCHEMA_U64, "0", "18446744073709551615"},
      {SCHEMA_I128, "-170141183460469231731687303715884105728", "170141183460469231731687303715884105727"},
      {SCHEMA_U128, "0", "340282366920938463463374607431768211455"},
      {SCHEMA_TIMESTAMP, "-8640000000000000000", "8640000000000000000"},
      {SCHEMA_DURATION, "-9223372036854775808", "9223372036854775807"},
  };
  arena *a = arena_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    schema_int max = integer_max(cases[i].kind);
    assert_string_equal(integer_text(a, integer_min(cases[i].kind)), cases[i].min);
    assert_string_equal(integer_text(a, max), cases[i].max);
    assert_true(integer_fits(max, cases[i].kind));
    if (cases[i].kind != SCHEMA_U128) assert_false(integer_fits(integer_next(max), cases[i].kind));
  }
  assert_true(integer_is_type(SCHEMA_U128));
  assert_false(integer_is_type(SCHEMA_CHAR));
  assert_false(integer_is_type(SCHEMA_TIMESTAMP));
  arena_free(a);
}

/* 2^54 + 2^30 + 1 lies just above the middle of two floats: rounded to double first it would be that middle.
 */
static void floats_are_rounded_once(void **state) {
  (void)state;
  assert_true(integer_to_float(parse("18014399583223809", false), true) == 18014400656965632.0);
  assert_true(integer_to_float(parse("18014399583223809", true), true) == -18014400656965632.0);
  assert_true(integer_to_float(parse("18014399583223809", false), false) == 18014399583223808.0);
  assert_true(integer_to_float(integer_of(-5), false) == -5.0);
  assert_true(integer_to_float(integer_max(SCHEMA_U128), true) > 3.5e38);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digits_of_every_base_are_read), cmocka_unit_test(order_follows_the_sign),
      cmocka_unit_test(counting_on_carries),           cmocka_unit_test(types_hold_exactly_their_values),
      cmocka_unit_test(floats_are_rounded_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
