/* How diagnostics are shown: order, places, excerpts, limits; and the places of a source. */
#include "idl_test.h"

#include "idl/utf8.h"

static const source *source_of(run r, const char *data) {
  return source_new(r.arena, "t.mbr", (text){data, strlen(data)}, 0);
}

/* Reports one error about a part of `data` and compares what is shown. */
static void shows(const char *data, uint32_t offset, uint32_t size, const char *wanted) {
  run r = run_new();
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){source_of(r, data), offset, size}, "E");
  assert_report(r, wanted);
  run_free(r);
}

static void the_form(void **state) {
  (void)state;
  run r = run_new();
  const source *file = source_of(r, "abc def\nghi\n");
  diag *d = diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, 4, 3}, "an error");
  diag_note(d, (span){file, 8, 3}, "a note %d", 1);
  diag_note(d, (span){0}, "a note %d", 2);
  diag_report(r.diags, DIAG_IMPORT_TWICE, (span){file, 8, 1}, "x");
  diag_report(r.diags, DIAG_CANNOT_READ, (span){0}, "y", "why");
  assert_int_equal(diags_errors(r.diags), 2);
  assert_int_equal(diags_warnings(r.diags), 1);
  assert_report(r, "mbrc: error: cannot read 'y': why [mbr-001]\n"
                   "t.mbr:1:5: error: the import an error [mbr-005]\n  abc def\n      ^~~\n"
                   "t.mbr:2:1: note: a note 1\n  ghi\n  ^~~\n"
                   "mbrc: note: a note 2\n"
                   "t.mbr:2:1: warning: 'x' is imported already [mbr-006]\n  ghi\n  ^\n");
  run_free(r);
}

static void order(void **state) {
  (void)state;
  run r = run_new();
  const source *first = source_new(r.arena, "z.mbr", TEXT("a\nb\n"), 0);
  const source *second = source_new(r.arena, "a.mbr", TEXT("a\nb\n"), 1);
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){second, 0, 1}, "5");
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){first, 2, 1}, "4");
  diag_report(r.diags, DIAG_IMPORT_SELF, (span){first, 2, 1});
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){first, 0, 1}, "2");
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){first, 0, 1}, "1");
  assert_report(r, "z.mbr:1:1: error: the import 2 [mbr-005]\n  a\n  ^\n"
                   "z.mbr:1:1: error: the import 1 [mbr-005]\n  a\n  ^\n"
                   "z.mbr:2:1: error: a file cannot import itself [mbr-004]\n  b\n  ^\n"
                   "z.mbr:2:1: error: the import 4 [mbr-005]\n  b\n  ^\n"
                   "a.mbr:1:1: error: the import 5 [mbr-005]\n  a\n  ^\n");
  run_free(r);
}

static void the_same_is_shown_once(void **state) {
  (void)state;
  run r = run_new();
  const source *file = source_of(r, "abc");
  for (int i = 0; i < 3; i++) {
    diag *d = diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, 1, 1}, "x");
    diag_note(d, (span){0}, "n");
  }
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, 1, 1}, "y");
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, 2, 1}, "x");
  assert_int_equal(diags_errors(r.diags), 3);
  assert_report(r, "t.mbr:1:2: error: the import x [mbr-005]\n  abc\n   ^\nmbrc: note: n\n"
                   "t.mbr:1:2: error: the import y [mbr-005]\n  abc\n   ^\n"
                   "t.mbr:1:3: error: the import x [mbr-005]\n  abc\n    ^\n");
  run_free(r);
}

static void carets(void **state) {
  (void)state;
  shows("ab", 0, 2, "t.mbr:1:1: error: the import E [mbr-005]\n  ab\n  ^~\n");
  shows("ab", 2, 0, "t.mbr:1:3: error: the import E [mbr-005]\n  ab\n    ^\n");
  shows("ab\r\ncd", 1, 5, "t.mbr:1:2: error: the import E [mbr-005]\n  ab\n   ^\n");
  shows("ab\r\ncd", 3, 1, "t.mbr:1:4: error: the import E [mbr-005]\n  ab\n    ^\n");
  shows("ab\n", 3, 0, "t.mbr:2:1: error: the import E [mbr-005]\n  \n  ^\n");
  shows("\ta\tb", 3, 1, "t.mbr:1:4: error: the import E [mbr-005]\n      a    b\n           ^\n");
  shows("\ta", 0, 2, "t.mbr:1:1: error: the import E [mbr-005]\n      a\n  ^~~~~\n");
}

static void columns_are_code_points(void **state) {
  (void)state;
  shows("äöü x", 7, 1, "t.mbr:1:5: error: the import E [mbr-005]\n  äöü x\n      ^\n");
  shows("世界 x", 7, 1, "t.mbr:1:4: error: the import E [mbr-005]\n  世界 x\n       ^\n");
  shows("e\xcc\x81 x", 4, 1, "t.mbr:1:4: error: the import E [mbr-005]\n  e\xcc\x81 x\n    ^\n");
  shows("\xef\xbb\xbfx y", 5, 1, "t.mbr:1:3: error: the import E [mbr-005]\n  x y\n    ^\n");
  shows("\xef\xbb\xbf", 0, 0, "t.mbr:1:1: error: the import E [mbr-005]\n  \n  ^\n");
}

static void nothing_raw_reaches_the_terminal(void **state) {
  (void)state;
  shows("a\x1b[31m\x7f\xff\xe2\x80\xae\xc2\x9b"
        "b",
        14, 1,
        "t.mbr:1:12: error: the import E [mbr-005]\n  a\\x1b[31m\\x7f\\xff\\u{202e}\\u{9b}b\n"
        "                                  ^\n");
  run r = run_new();
  const source *file = source_new(r.arena, "a\x1b\xff.mbr", TEXT("x"), 0);
  diag_note(diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, 0, 1}, "\x1b[2J\xfe\n世"), (span){0}, "\r");
  assert_report(
      r,
      "a\\x1b\\xff.mbr:1:1: error: the import \\x1b[2J\\xfe\\x0a世 [mbr-005]\n  x\n  ^\nmbrc: note: \\x0d\n");
  run_free(r);
}

static void long_lines_are_cut(void **state) {
  (void)state;
  char *x = repeat("x", 300);
  run r = run_new();
  shows(arena_printf(r.arena, "%.100s", x), 99, 1,
        arena_printf(r.arena, "t.mbr:1:100: error: the import E [mbr-005]\n  %.100s\n  %*s^\n", x, 99, ""));
  shows(arena_printf(r.arena, "%.101s", x), 0, 1,
        arena_printf(r.arena, "t.mbr:1:1: error: the import E [mbr-005]\n  %.100s…\n  ^\n", x));
  shows(arena_printf(r.arena, "%.101s", x), 100, 1,
        arena_printf(r.arena, "t.mbr:1:101: error: the import E [mbr-005]\n  …%.100s\n  %*s^\n", x, 100, ""));
  shows(arena_printf(r.arena, "%.150sab%.150s", x, x), 150, 2,
        arena_printf(r.arena, "t.mbr:1:151: error: the import E [mbr-005]\n  …%.40sab%.58s…\n  %*s^~\n", x, x,
                     41, ""));
  shows(arena_printf(r.arena, "%.150s%.150s", x, x), 150, 150,
        arena_printf(r.arena, "t.mbr:1:151: error: the import E [mbr-005]\n  …%.40s%.60s…\n  %*s^%s\n", x, x,
                     41, "", "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~"));
  run_free(r);
  free(x);
}

static void cutting_keeps_code_points_whole(void **state) {
  (void)state;
  char *wide = repeat("世", 1000), *bytes = repeat("\xb8", 1000);
  run r = run_new();
  shows(wide, 1500, 3,
        arena_printf(r.arena, "t.mbr:1:501: error: the import E [mbr-005]\n  …%.60s%.90s…\n  %*s^~\n", wide,
                     wide, 41, ""));
  shows(
      bytes, 500, 1,
      "t.mbr:1:1: error: the import E [mbr-005]\n"
      "  "
      "…\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8\\xb8"
      "\\xb8\\xb8\\xb8\\xb8\\xb8…\n                                           ^~~~\n");
  run_free(r);
  free(wide);
  free(bytes);
}

static void long_messages_are_cut(void **state) {
  (void)state;
  char *x = repeat("é", 5000);
  run r = run_new();
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){0}, x);
  assert_report(r, arena_printf(r.arena, "mbrc: error: the import %.988s… [mbr-005]\n", x));
  run_free(r);
  free(x);
}

static void only_so_many_are_shown(void **state) {
  (void)state;
  run r = run_new();
  const source *file = source_of(r, "abc");
  for (int i = 0; i < 100; i++)
    diag_report(r.diags, DIAG_IMPORT_PATH, (span){0}, arena_printf(r.arena, "%d", i));
  assert_int_equal(count_in_report(r, "more"), 0);
  diag_report(r.diags, DIAG_IMPORT_TWICE, (span){file, 0, 1}, "w");
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, 0, 1}, "last");
  assert_int_equal(count_in_report(r, "error: "), 100);
  assert_int_equal(count_in_report(r, "warning: "), 1);
  assert_int_equal(count_in_report(r, "mbrc: 1 more error is not shown\n"), 1);
  for (int i = 0; i < 200; i++) {
    diag_report(r.diags, DIAG_IMPORT_PATH, (span){0}, arena_printf(r.arena, "+%d", i));
    diag_report(r.diags, DIAG_IMPORT_TWICE, (span){0}, arena_printf(r.arena, "+%d", i));
  }
  assert_int_equal(count_in_report(r, "mbrc: 201 more errors and 101 more warnings are not shown\n"), 1);
  run_free(r);
}

/* Far more than are kept: all are counted, and the notes of those that are not kept go nowhere. */
static void a_flood_is_counted(void **state) {
  (void)state;
  enum { FLOOD = 300000 };
  run r = run_new();
  char *data = repeat("x", FLOOD);
  const source *file = source_of(r, data);
  for (uint32_t i = 0; i < FLOOD; i++) {
    diag_note(diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, i, 1}, "x"), (span){file, 0, 1}, "n");
  }
  assert_int_equal(diags_errors(r.diags), FLOOD);
  assert_int_equal(count_in_report(r, "mbrc: 299900 more errors are not shown\n"), 1);
  run_free(r);
  free(data);
}

static void places(void **state) {
  (void)state;
  run r = run_new();
  char *line = repeat("é", 5000);
  const source *file = source_of(r, arena_printf(r.arena, "%s\n\n%s", line, line));
  static const struct {
    uint32_t offset, line, column;
  } cases[] = {{0, 1, 1},        {2, 1, 2},        {4096, 1, 2049}, {9998, 1, 5000},
               {10000, 1, 5001}, {10001, 2, 1},    {10002, 3, 1},   {10004, 3, 2},
               {20000, 3, 5000}, {20002, 3, 5001}, {99999, 3, 5001}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    place p = source_place(file, cases[i].offset);
    assert_int_equal(p.line, cases[i].line);
    assert_int_equal(p.column, cases[i].column);
  }
  assert_int_equal(source_line(file, 1).size, 10000);
  assert_int_equal(source_line(file, 2).size, 0);
  assert_int_equal(source_line(file, 3).size, 10000);
  run_free(r);
  free(line);
}

/* Without an index each of these would walk through 10 MB. */
static void a_line_of_10_mb_takes_no_time(void **state) {
  (void)state;
  enum { SIZE = 10000000, PLACES = 20000 };
  char *data = repeat("x", SIZE);
  run r = run_new();
  const source *file = source_of(r, data);
  for (uint32_t i = 0; i < PLACES; i++) {
    uint32_t offset = SIZE - 1 - i * (SIZE / PLACES);
    assert_int_equal(source_place(file, offset).column, offset + 1);
  }
  diag_report(r.diags, DIAG_IMPORT_PATH, (span){file, SIZE - 1, 1}, "E");
  char *report = run_report(r);
  assert_true(strlen(report) < 400);
  free(report);
  run_free(r);
  free(data);
}

static void code_points(void **state) {
  (void)state;
  for (uint32_t wanted = 0; wanted <= 0x10ffff; wanted += wanted < 0x900 ? 1 : 0x35) {
    if (wanted >= 0xd800 && wanted <= 0xdfff) continue;
    char bytes[4];
    uint32_t got = 0;
    size_t size = utf8_encode(wanted, bytes);
    assert_int_equal(utf8_decode((text){bytes, size}, &got), size);
    assert_int_equal(got, wanted);
    assert_int_equal(utf8_decode((text){bytes, size - 1}, &got), 0);
  }
  static const char *const malformed[] = {"\x80",
                                          "\xc0\x80",
                                          "\xc1\xbf",
                                          "\xe0\x9f\xbf",
                                          "\xed\xa0\x80",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xf4\x90\x80\x80",
                                          "\xf5\x80\x80\x80",
                                          "\xff",
                                          "\xc3(",
                                          "\xe2\x82("};
  uint32_t got;
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    assert_int_equal(utf8_decode((text){malformed[i], strlen(malformed[i])}, &got), 0);
  }
}

/* Two equal numbers, or one that is retired, do not compile. */
static bool is_number(int number) {
#define USED(id, number, severity, format) case number:
#define RETIRED(number) case number:
  switch (number) {
    DIAG_TABLE(USED) DIAG_TABLE_RETIRED(RETIRED) return true;
  default: return false;
  }
#undef RETIRED
#undef USED
}

/* `numbers` end with 0. */
static bool is_in_range(int first, int last, const int *numbers) {
  for (; *numbers != 0; numbers++)
    if (*numbers < first || *numbers > last || !is_number(*numbers)) return false;
  return true;
}

static void numbers_are_distinct_and_of_their_range(void **state) {
  (void)state;
#define IN(first, last, table) assert_true(is_in_range(first, last, (const int[]){table(NUMBER) 0}))
#define NUMBER(id, number, severity, format) number,
  IN(1, 199, DIAG_TABLE_LOAD);
  IN(1, 199, DIAG_TABLE_LEX);
  IN(1, 199, DIAG_TABLE_PARSE);
  IN(200, 799, DIAG_TABLE_RESOLVE);
  IN(800, 849, DIAG_TABLE_C);
  IN(850, 899, DIAG_TABLE_DART);
  IN(900, 999, DIAG_TABLE_DRIVER);
#undef NUMBER
#undef IN
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_form),
      cmocka_unit_test(order),
      cmocka_unit_test(the_same_is_shown_once),
      cmocka_unit_test(carets),
      cmocka_unit_test(columns_are_code_points),
      cmocka_unit_test(nothing_raw_reaches_the_terminal),
      cmocka_unit_test(long_lines_are_cut),
      cmocka_unit_test(cutting_keeps_code_points_whole),
      cmocka_unit_test(long_messages_are_cut),
      cmocka_unit_test(only_so_many_are_shown),
      cmocka_unit_test(a_flood_is_counted),
      cmocka_unit_test(places),
      cmocka_unit_test(a_line_of_10_mb_takes_no_time),
      cmocka_unit_test(code_points),
      cmocka_unit_test(numbers_are_distinct_and_of_their_range),
  };
  return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
