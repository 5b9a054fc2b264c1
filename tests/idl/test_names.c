/* Name conversion and escapes: the algorithm as docs/language.md states it, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../idl/names.h"

typedef struct conversion {
  const char *name, *snake, *lower_camel, *upper_camel;
} conversion;

static text of(const char *s) { return (text){s, strlen(s)}; }

static void words_are_cut_and_joined(void **state) {
  (void)state;
  static const conversion cases[] = {
      {"front_left", "front_left", "frontLeft", "FrontLeft"},
      {"CabinHVACStation", "cabin_hvac_station", "cabinHvacStation", "CabinHvacStation"},
      {"HVAC", "hvac", "hvac", "Hvac"},
      {"IPv6Address", "i_pv6_address", "iPv6Address", "IPv6Address"},
      {"H264Frame", "h264_frame", "h264Frame", "H264Frame"},
      {"x_7_5", "x_7_5", "x7_5", "X7_5"},
      {"x7_5", "x7_5", "x7_5", "X7_5"},
      {"liters_per_100_kilometers", "liters_per_100_kilometers", "litersPer100Kilometers",
       "LitersPer100Kilometers"},
      {"Vec3D", "vec3_d", "vec3D", "Vec3D"},
      {"a", "a", "a", "A"},
      {"A", "a", "a", "A"},
      {"air__flow_", "air_flow", "airFlow", "AirFlow"},
      {"MAX_SIZE", "max_size", "maxSize", "MaxSize"},
      {"vss.cabin.rear", "vss_cabin_rear", "vssCabinRear", "VssCabinRear"},
      {"v1.2x", "v1_2x", "v1_2x", "V1_2x"},
      {"yyyy_mm_dd", "yyyy_mm_dd", "yyyyMmDd", "YyyyMmDd"},
  };
  arena *a = arena_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    text name = of(cases[i].name);
    assert_string_equal(names_snake(a, name), cases[i].snake);
    assert_string_equal(names_lower_camel(a, name), cases[i].lower_camel);
    assert_string_equal(names_upper_camel(a, name), cases[i].upper_camel);
    /* What is converted stays as it is. */
    assert_string_equal(names_snake(a, of(cases[i].snake)), cases[i].snake);
    assert_string_equal(names_lower_camel(a, of(cases[i].lower_camel)), cases[i].lower_camel);
  }
  assert_string_equal(names_upper_snake(a, of("CabinHVACStation")), "CABIN_HVAC_STATION");
  assert_string_equal(names_upper_snake(a, of("x_7_5")), "X_7_5");
  arena_free(a);
}

static void conventions_are_told(void **state) {
  (void)state;
  assert_true(names_is_upper_camel(of("CabinHVAC")));
  assert_true(names_is_upper_camel(of("X")));
  assert_false(names_is_upper_camel(of("cabin")));
  assert_false(names_is_upper_camel(of("Cabin_Hvac")));
  assert_true(names_is_snake(of("front_left_2")));
  assert_false(names_is_snake(of("frontLeft")));
  assert_false(names_is_snake(of("Front")));
  assert_false(names_is_snake(of("front__left")));
  assert_false(names_is_snake(of("front_")));
}

static void reserved_words_of_c(void **state) {
  (void)state;
  static const char *const reserved[] = {"ATOMIC_FLAG_INIT",
                                         "CHAR_BIT",
                                         "EOF",
                                         "INT8_MAX",
                                         "INT_FAST16_MIN",
                                         "INT_LEAST64_MAX",
                                         "INT_MAX",
                                         "NULL",
                                         "SIZE_MAX",
                                         "UINT32_C",
                                         "alignas",
                                         "and",
                                         "assert",
                                         "bool",
                                         "char16_t",
                                         "class",
                                         "co_await",
                                         "errno",
                                         "int",
                                         "int_least8_t",
                                         "isnan",
                                         "linux",
                                         "nullptr",
                                         "offsetof",
                                         "size_t",
                                         "sizeof",
                                         "static_assert",
                                         "stderr",
                                         "stdin",
                                         "switch",
                                         "thread_local",
                                         "time_t",
                                         "uint8_t",
                                         "uint_fast64_t",
                                         "unix",
                                         "va_list",
                                         "while",
                                         "xor_eq"};
  static const char *const free_names[] = {"zone",    "type",   "int9_t", "uint_t", "INT8", "UINT32_MAXIMUM",
                                           "value",   "string", "min",    "max",    "x",    "",
                                           "integer", "stream"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    assert_true(names_reserved_in_c(reserved[i]));
  for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
    assert_false(names_reserved_in_c(free_names[i]));
}

static void reserved_words_of_dart(void **state) {
  (void)state;
  static const char *const reserved[] = {"assert", "await", "class",   "default", "dynamic",
                                         "import", "null",  "switch",  "typedef", "void",
                                         "with",   "yield", "Function"};
  static const char *const free_names[] = {"zone", "type", "int",    "string", "async",
                                           "sync", "of",   "Object", ""};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    assert_true(names_reserved_in_dart(reserved[i]));
  for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
    assert_false(names_reserved_in_dart(free_names[i]));
}

static void escapes_depend_on_the_place(void **state) {
  (void)state;
  arena *a = arena_new();
  assert_string_equal(names_escape_c(a, "switch", NAMES_FIELD), "switch_");
  assert_string_equal(names_escape_c(a, "self", NAMES_PARAM), "self_");
  assert_string_equal(names_escape_c(a, "call", NAMES_PARAM), "call_");
  assert_string_equal(names_escape_c(a, "call", NAMES_FIELD), "call");
  assert_string_equal(names_escape_c(a, "hash_code", NAMES_FIELD), "hash_code");
  assert_string_equal(names_escape_dart(a, "switch", NAMES_FIELD), "switch_");
  assert_string_equal(names_escape_dart(a, "hashCode", NAMES_FIELD), "hashCode_");
  assert_string_equal(names_escape_dart(a, "hashCode", NAMES_PARAM), "hashCode");
  assert_string_equal(names_escape_dart(a, "hashCode", NAMES_METHOD), "hashCode_");
  assert_string_equal(names_escape_dart(a, "copyWith", NAMES_FIELD), "copyWith_");
  assert_string_equal(names_escape_dart(a, "copyWith", NAMES_METHOD), "copyWith");
  assert_string_equal(names_escape_dart(a, "index", NAMES_MEMBER), "index_");
  assert_string_equal(names_escape_dart(a, "name", NAMES_MEMBER), "name_");
  assert_string_equal(names_escape_dart(a, "value", NAMES_MEMBER), "value_");
  assert_string_equal(names_escape_dart(a, "name", NAMES_FIELD), "name");
  assert_string_equal(names_escape_dart(a, "withOptions", NAMES_METHOD), "withOptions_");
  assert_string_equal(names_escape_dart(a, "dynamic", NAMES_FIELD), "dynamic");
  assert_string_equal(names_escape_dart(a, "dynamic", NAMES_NAMESPACE), "dynamic_");
  assert_string_equal(names_escape_dart(a, "Function", NAMES_GLOBAL), "Function_");
  assert_string_equal(names_escape_dart(a, "Object", NAMES_GLOBAL), "Object");
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_cut_and_joined),    cmocka_unit_test(conventions_are_told),
      cmocka_unit_test(reserved_words_of_c),         cmocka_unit_test(reserved_words_of_dart),
      cmocka_unit_test(escapes_depend_on_the_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
