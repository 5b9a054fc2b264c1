/* The resolver against fixtures: every schema of fixtures/bad gives exactly the diagnostics beside it,
 * every schema of fixtures/good none, and resolves to exactly the dump beside it. MBR_WRITE_FIXTURES=1 in
 * the environment writes the texts anew, to be read in a diff. And schemas too long for a fixture, which
 * must neither take long nor overflow a stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../idl/compile.h"
#include "../../idl/dump.h"

#ifndef FIXTURES
#define FIXTURES "tests/idl/fixtures"
#endif

typedef struct outcome {
  char *text; /* diagnostics, or the dump where there are none */
  size_t errors, warnings;
  bool has_schema;
} outcome;

static outcome compile(const char *const *paths, size_t count) {
  static const compile_options none = {0};
  outcome o = {0};
  size_t size;
  FILE *out = open_memstream(&o.text, &size);
  assert_non_null(out);
  arena *a = arena_new();
  diags *d = diags_new(a);
  const schema *s = idl_compile(a, d, paths, count, &none);
  o.errors = diags_errors(d);
  o.warnings = diags_warnings(d);
  o.has_schema = s != NULL;
  diags_render(d, out);
  if (o.errors + o.warnings == 0 && s != NULL) schema_dump(s, out);
  assert_int_equal(fclose(out), 0);
  arena_free(a);
  return o;
}

static char *read_all(const char *path) {
  FILE *in = fopen(path, "rb");
  if (in == NULL) return NULL;
  char *data = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&data, &size);
  assert_non_null(out);
  for (int c; (c = fgetc(in)) != EOF;) (void)fputc(c, out);
  (void)fclose(in);
  assert_int_equal(fclose(out), 0);
  return data;
}

static void write_all(const char *path, const char *data) {
  FILE *out = fopen(path, "wb");
  assert_non_null(out);
  (void)fputs(data, out);
  assert_int_equal(fclose(out), 0);
}

static int is_schema(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot != NULL && strcmp(dot, ".mbr") == 0;
}

typedef void check_fn(const char *path, const char *text_path, const outcome *o);

static void each_fixture(const char *folder, check_fn *check) {
  struct dirent **entries;
  int count = scandir(folder, &entries, is_schema, alphasort);
  assert_true(count > 0);
  for (int i = 0; i < count; i++) {
    char path[512], text_path[512];
    int size = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    assert_true(size > 4 && (size_t)size < sizeof path);
    snprintf(text_path, sizeof text_path, "%.*s.txt", size - 4, path);
    const char *paths[] = {path};
    outcome o = compile(paths, 1);
    check(path, text_path, &o);
    free(o.text);
    free(entries[i]);
  }
  free(entries);
}

static void compare_text(const char *text_path, const char *got) {
  if (getenv("MBR_WRITE_FIXTURES") != NULL) write_all(text_path, got);
  char *expected = read_all(text_path);
  if (expected == NULL) fail_msg("%s is missing", text_path);
  if (strcmp(expected, got) != 0) fail_msg("%s: expected\n%s\ngot\n%s", text_path, expected, got);
  free(expected);
}

static void check_bad(const char *path, const char *text_path, const outcome *o) {
  if (o->errors + o->warnings == 0) fail_msg("%s: nothing was found wrong", path);
  assert_int_equal(o->has_schema, o->errors == 0);
  compare_text(text_path, o->text);
}

static void check_good(const char *path, const char *text_path, const outcome *o) {
  if (o->errors + o->warnings != 0) fail_msg("%s:\n%s", path, o->text);
  assert_true(o->has_schema);
  compare_text(text_path, o->text);
}

static void bad_schemas_are_told(void **state) {
  (void)state;
  each_fixture("bad", check_bad);
}

static void good_schemas_resolve(void **state) {
  (void)state;
  each_fixture("good", check_good);
}

static void the_order_of_files_changes_nothing(void **state) {
  (void)state;
  const char *one[] = {"good/tour.mbr", "good/values.mbr", "lib/deep.mbr"};
  const char *other[] = {"lib/deep.mbr", "good/values.mbr", "good/tour.mbr"};
  outcome a = compile(one, 3), b = compile(other, 3);
  assert_true(a.has_schema && b.has_schema);
  assert_string_equal(a.text, b.text);
  free(a.text);
  free(b.text);
}

/* Long schemas, written by `write` into a file of its own. */

#define LONG 30000
/* Far more than it takes (0.2 s with sanitizers), far less than anything quadratic would. */
#define LONG_SECONDS 20.0

typedef void write_fn(FILE *out);

static outcome compile_long(write_fn *write) {
  char path[] = "/tmp/mbr_resolve_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *out = fdopen(fd, "wb");
  assert_non_null(out);
  (void)fputs("namespace demo;\n", out);
  write(out);
  assert_int_equal(fclose(out), 0);
  const char *paths[] = {path};
  clock_t start = clock();
  outcome o = compile(paths, 1);
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  (void)unlink(path);
  if (seconds > LONG_SECONDS) fail_msg("took %.1f s", seconds);
  return o;
}

static void expect_long(write_fn *write, size_t errors) {
  outcome o = compile_long(write);
  if (o.errors != errors) fail_msg("expected %zu errors, got\n%.2000s", errors, o.text);
  free(o.text);
}

static void write_alias_chain(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "type A%d = A%d;\n", i, i + 1);
  fprintf(out, "type A%d = u8;\nstruct User { x: A0 = 5; }\n", LONG);
}

static void write_alias_cycle(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "type A%d = A%d;\n", i, (i + 1) % LONG);
}

static void write_const_chain(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "const c%d: u8 = c%d;\n", i, i + 1);
  fprintf(out, "const c%d: u8 = 7;\nstruct User { x: list<u8, c0>; }\n", LONG);
}

static void write_struct_chain(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "struct S%d { s: S%d; }\n", i, i + 1);
  fprintf(out, "struct S%d { x: u8; }\ntype Keys = set<S0>;\n", LONG);
}

static void write_struct_cycle(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "struct S%d { s: S%d; }\n", i, (i + 1) % LONG);
}

static void write_unhashable_chain(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "struct S%d { s: S%d; }\n", i, i + 1);
  fprintf(out, "struct S%d { x: f32; }\ntype Keys = set<S0>;\n", LONG);
}

static void write_union_cycle(FILE *out) {
  for (int i = 0; i < LONG; i++) fprintf(out, "union U%d { next: U%d; end; }\n", i, (i + 1) % LONG);
}

static void write_doubling_aliases(FILE *out) {
  (void)fputs("type A0 = (u8, u8);\n", out);
  for (int i = 1; i < LONG; i++) fprintf(out, "type A%d = (A%d, A%d);\n", i, i - 1, i - 1);
}

static void write_doubling_structs(FILE *out) {
  (void)fputs("struct S0 { a: u8; b: u8; }\n", out);
  for (int i = 1; i < 200; i++) fprintf(out, "struct S%d { a: S%d; b: S%d; }\n", i, i - 1, i - 1);
}

static void write_many_members(FILE *out) {
  (void)fputs("enum Mode: u32 { m0 = 1", out);
  for (int i = 1; i < LONG; i++) fprintf(out, ", m%d", i);
  (void)fputs(" }\nstruct Fields {\n", out);
  for (int i = 0; i < LONG; i++) fprintf(out, "  f%d: Mode = m%d;\n", i, i);
  (void)fputs("}\nservice Methods {\n", out);
  for (int i = 0; i < 5000; i++) fprintf(out, "  m%d(x: Mode) -> Fields;\n", i);
  (void)fputs("}\n", out);
}

static void write_unknown_names(FILE *out) {
  (void)fputs("struct User {\n", out);
  for (int i = 0; i < LONG; i++) fprintf(out, "  f%d: Uses%d;\n", i, i);
  (void)fputs("}\n", out);
  for (int i = 0; i < LONG; i++) fprintf(out, "struct User%d { }\n", i);
}

static void long_schemas_take_no_stack_and_no_time(void **state) {
  (void)state;
  expect_long(write_alias_chain, 0);
  expect_long(write_alias_cycle, 1);
  expect_long(write_const_chain, 0);
  expect_long(write_struct_chain, 0);
  expect_long(write_struct_cycle, 1);
  expect_long(write_unhashable_chain, 1);
  expect_long(write_union_cycle, 0);
  expect_long(write_doubling_aliases, 1);
  expect_long(write_doubling_structs, 1);
  expect_long(write_many_members, 0);
  expect_long(write_unknown_names, LONG);
}

static int enter_fixtures(void **state) {
  (void)state;
  return chdir(FIXTURES);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_schemas_are_told),
      cmocka_unit_test(good_schemas_resolve),
      cmocka_unit_test(the_order_of_files_changes_nothing),
      cmocka_unit_test(long_schemas_take_no_stack_and_no_time),
  };
  return cmocka_run_group_tests(tests, enter_fixtures, NULL);
}
