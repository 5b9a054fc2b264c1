/* Fingerprints: what changes them and what does not, what methods reach, and the canonical text itself, which
 * docs/wire.md promises. */
#include "idl_test.h"

#include <inttypes.h>
#include <string.h>

#include "idl/load.h"
#include "idl/resolve.h"

static const schema *resolve(run *r, const char *contract) {
  *r = run_parse((text){contract, strlen(contract)});
  const ast_unit files = {&r->file, 1};
  const schema *s = idl_resolve(r->arena, r->diags, &files);
  if (diags_errors(r->diags) != 0) diags_render(r->diags, stderr);
  assert_int_equal(diags_errors(r->diags), 0);
  return s;
}

static const schema_decl *find(const schema *s, const char *name) {
  for (size_t i = 0; i < s->namespaces[0]->decl_count; i++) {
    const schema_decl *d = s->namespaces[0]->decls[i];
    if (text_equal(d->name.text, (text){name, strlen(name)})) return d;
  }
  fail_msg("no declaration %s", name);
  return NULL;
}

/* The fingerprint of the first method of service S in "namespace n;" and these declarations. */
static uint64_t fingerprint(const char *decls) {
  run r;
  char contract[1024];
  assert_true((size_t)snprintf(contract, sizeof contract, "namespace n;\n%s\n", decls) < sizeof contract);
  uint64_t found = find(resolve(&r, contract), "S")->methods[0].fingerprint;
  run_free(r);
  return found;
}

#define TYPES                                                                                                \
  "struct A { x: u8; b: B?; } union B { one: C; two { t: string<9>; } } enum C { p, q } error E { e; }"

static uint64_t fnv64(const char *s) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *s != '\0'; s++) hash = (hash ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
  return hash;
}

typedef struct case_of {
  const char *contract, *canonical;
} case_of;

static void declarations_have_a_canonical_text(void **state) {
  (void)state;
  static const case_of cases[] = {
      {"struct T {}", "struct n.T{}"},
      {"struct T { a: u8; b_c: list<u16?, 4>; }", "struct n.T{a:u8;b_c:list<u16?,4>;}"},
      {"struct T { s: string; t: string<3>; b: bytes<0x10>; }",
       "struct n.T{s:string;t:string<3>;b:bytes<16>;}"},
      {"struct T { m: map<u8, (char, uuid), 5>; s: set<i8>; a: array<f32, 3>; }",
       "struct n.T{m:map<u8,(char,uuid),5>;s:set<i8>;a:array<f32,3>;}"},
      {"struct T { @range(min = -3, max = 7) a: i8; @range(max = 2) b: list<u8>; }",
       "struct n.T{a:i8(-3..7);b:list<u8(..2)>;}"},
      {"struct T { @range(min = 1.5) a: f64; @range(min = -0.0, max = 0.1) b: f32; }",
       "struct n.T{a:f64(0x3ff8000000000000..);b:f32(0x0000000000000000..0x3fb99999a0000000);}"},
      {"struct T { t: T?; }", "@max_depth(64) struct n.T{t:n.T?;}"},
      {"@max_depth(3) union T { none; t: list<T>; }", "@max_depth(3) union n.T{none;t:list<n.T>;}"},
      {"error T { a; b: u8; c {} d { x: u8; y: bool; } }", "error n.T{a;b:u8;c{}d{x:u8;y:bool;}}"},
      {"enum T { a, b }", "enum n.T:u32{a=0;b=1;}"},
      {"open enum T: i16 { a = -1, b }", "open enum n.T:i16{a=-1;b=0;}"},
      {"flags T: u8 { a, b = 0x80 }", "flags n.T:u8{a=1;b=128;}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    run r;
    char contract[256];
    (void)snprintf(contract, sizeof contract, "namespace n; %s", cases[i].contract);
    assert_int_equal(find(resolve(&r, contract), "T")->shape, fnv64(cases[i].canonical));
    run_free(r);
  }
}

static void signatures_have_a_canonical_text(void **state) {
  (void)state;
  static const case_of cases[] = {
      {"m();", "()\n"},
      {"oneway m(a: u8);", "oneway (a:u8)\n"},
      {"sync m(a: u8, @range(max = 3) b: u8) -> bool?;", "sync (a:u8,b:u8(..3))->bool?\n"},
      {"@leaf sync m() -> u8;", "@leaf sync ()->u8\n"},
      {"m(a: stream list<u8>) -> stream (u8, u8);", "(a:stream list<u8>)->stream (u8,u8)\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char contract[256];
    (void)snprintf(contract, sizeof contract, "service S { %s }", cases[i].contract);
    assert_int_equal(fingerprint(contract), fnv64(cases[i].canonical));
  }
  /* With types: their shapes follow, in order of their names. */
  char canonical[256];
  (void)snprintf(canonical, sizeof canonical,
                 "(a:n.Zeta)->n.Alpha throws n.Error\n%016" PRIx64 "\n%016" PRIx64 "\n%016" PRIx64 "\n",
                 fnv64("enum n.Alpha:u32{a=0;}"), fnv64("error n.Error{e;}"),
                 fnv64("struct n.Zeta{a:n.Alpha;}"));
  assert_int_equal(fingerprint("struct Zeta { a: Alpha; } error Error { e; } enum Alpha { a }"
                               "service S { m(a: Zeta) -> Alpha throws Error; }"),
                   fnv64(canonical));
}

static void what_is_no_matter_of_the_wire_changes_nothing(void **state) {
  (void)state;
  const uint64_t expected = fingerprint(TYPES "service S { m(a: A, n: u8) -> list<A, 4> throws E; }");
  static const char *const same[] = {
      "/// Docs.\nservice S { /// Of it.\n m(a: A, n: u8 = 4) -> list<A, 4> throws E; }\n" TYPES,
      TYPES "@quiet @concurrent @timeout(1s) service S { m(a: A, n: u8) -> list<A, 4> throws E; }",
      TYPES
      "service S { @deprecated(\"x\") @inline @quiet m(a: A, @unit(\"km\") n: u8) -> list<A, 4> throws E; }",
      TYPES "service S { @was(\"old\") renamed(a: A, n: u8) -> list<A, 4> throws E; other() -> u8; }",
      TYPES "const four: u8 = 4; type L = list<A, four>; type N = u8; type F = E;"
            "service S { m(a: A, n: N) -> L throws F; }",
      "error E { e; } enum C { p, q } union B { one: C; two { t: string<9>; } } struct A { x: u8 = 7; b: B?; "
      "}"
      "struct Unused { x: u8; } service S { m(a: A, n: u8) -> list<A, 4> throws E; }",
      "struct A { x: u8; b: B?; } union B { one: C; two { t: string<9>; } } enum C: u32 { p = 0, q } error E "
      "{ e; }"
      "service S { m(a: A, n: u8) -> list<A, 4> throws E; }",
  };
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) assert_int_equal(fingerprint(same[i]), expected);
  assert_int_equal(fingerprint("service S { @latest @buffer(3) m() -> stream u8; }"),
                   fingerprint("service S { m() -> stream u8; }"));
}

static void everything_else_changes_it(void **state) {
  (void)state;
  static const char *const different[] = {
      TYPES "service S { m(a: A) -> A throws E; }",
      TYPES "service S { m(b: A) -> A throws E; }",
      TYPES "service S { m(a: A?) -> A throws E; }",
      TYPES "service S { m(a: stream A) -> A throws E; }",
      TYPES "service S { m(a: A) -> stream A throws E; }",
      TYPES "service S { sync m(a: A) -> A throws E; }",
      TYPES "service S { oneway m(a: A); }",
      TYPES "service S { m(a: A) throws E; }",
      TYPES "service S { m(a: A) -> A; }",
      TYPES "service S { m(a: A, b: u8) -> A throws E; }",
      TYPES "service S { m(a: A, b: i8) -> A throws E; }",
      TYPES "service S { m(a: A, @range(min = 1) b: u8) -> A throws E; }",
      TYPES "service S { m(a: A, @range(min = 2) b: u8) -> A throws E; }",
      TYPES "service S { m(a: A, @range(max = 2) b: u8) -> A throws E; }",
      TYPES "service S { sync m() -> u8; }",
      TYPES "service S { @leaf sync m() -> u8; }",
      "struct A { y: u8; } service S { m(a: A); }",
      "struct A { x: u8; } service S { m(a: A); }",
      "struct A { x: u8; y: u8; } service S { m(a: A); }",
      "struct A { y: u8; x: u8; } service S { m(a: A); }",
      "struct A { x: bytes; } service S { m(a: A); }",
      "struct A { x: bytes<5>; } service S { m(a: A); }",
      "struct A { x: list<u8>; } service S { m(a: A); }",
      "struct A { x: set<u8>; } service S { m(a: A); }",
      "struct A { x: A?; } service S { m(a: A); }",
      "@max_depth(9) struct A { x: A?; } service S { m(a: A); }",
      "struct A { x: B; } struct B { y: u8; } service S { m(a: A); }",
      "struct A { x: B; } struct B { y: u16; } service S { m(a: A); }",
      "union A { x: u8; } service S { m(a: A); }",
      "union A { x { x: u8; } } service S { m(a: A); }",
      "union A { x; y; } service S { m(a: A); }",
      "union A { y; x; } service S { m(a: A); }",
      "error A { y; x; } service S { m(a: A); }",
      "enum A { x } service S { m(a: A); }",
      "enum A: u8 { x } service S { m(a: A); }",
      "enum A: u8 { x = 1 } service S { m(a: A); }",
      "open enum A: u8 { x = 1 } service S { m(a: A); }",
      "flags A: u8 { x } service S { m(a: A); }",
  };
  enum { COUNT = sizeof different / sizeof different[0] };
  uint64_t seen[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    seen[i] = fingerprint(different[i]);
    for (size_t k = 0; k < i; k++)
      if (seen[k] == seen[i]) fail_msg("equal: %s and %s", different[k], different[i]);
  }
}

static void assert_reaches(const schema_decl *const *reaches, size_t count, const char *expected) {
  char names[64] = "";
  for (size_t i = 0; i < count; i++) {
    assert_true(reaches[i]->name.text.size == 1);
    strncat(names, reaches[i]->name.text.data, 1);
  }
  assert_string_equal(names, expected);
}

static void a_method_reaches_what_its_types_are_made_of(void **state) {
  (void)state;
  run r;
  const schema *s =
      resolve(&r, "namespace n;"
                  "service S {"
                  "  a(x: list<Z?>) throws E;"
                  "  b() -> stream map<F, (u8, M)>;"
                  "  c(x: u8);"
                  "}"
                  "struct Z { y: array<Y, 2>; } struct Y { x: X?; } union X { z: list<Z>; none; }"
                  "error E { e: C; } enum C { a } flags F: u8 { a } type T = F; struct M { t: T; }"
                  "struct U { u: Z; } service P {}");
  const schema_decl *service = find(s, "S");
  assert_reaches(service->methods[0].reaches, service->methods[0].reach_count, "CEXYZ");
  assert_reaches(service->methods[1].reaches, service->methods[1].reach_count, "FM");
  assert_reaches(service->methods[2].reaches, service->methods[2].reach_count, "");
  assert_reaches(service->reaches, service->reach_count, "CEFMXYZ");
  assert_int_equal(find(s, "P")->reach_count, 0);
  assert_int_equal(find(s, "E")->id, 0xf615ba18);
  run_free(r);
}

/* A change is seen by the methods that reach it, and by no other. */
static void a_change_touches_only_what_reaches_it(void **state) {
  (void)state;
  run r;
  uint64_t shapes[2][3], prints[2][2];
  for (int i = 0; i < 2; i++) {
    char contract[256];
    (void)snprintf(contract, sizeof contract,
                   "namespace n; struct A { b: B; } struct B { x: %s; } struct C { x: u8; }"
                   "service S { far(a: A); near(c: C); }",
                   i == 0 ? "u8" : "u16");
    const schema *s = resolve(&r, contract);
    shapes[i][0] = find(s, "A")->shape;
    shapes[i][1] = find(s, "B")->shape;
    shapes[i][2] = find(s, "C")->shape;
    for (int k = 0; k < 2; k++) prints[i][k] = find(s, "S")->methods[k].fingerprint;
    run_free(r);
  }
  assert_int_equal(shapes[0][0], shapes[1][0]);
  assert_int_not_equal(shapes[0][1], shapes[1][1]);
  assert_int_equal(shapes[0][2], shapes[1][2]);
  assert_int_not_equal(prints[0][0], prints[1][0]);
  assert_int_equal(prints[0][1], prints[1][1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(declarations_have_a_canonical_text),
      cmocka_unit_test(signatures_have_a_canonical_text),
      cmocka_unit_test(what_is_no_matter_of_the_wire_changes_nothing),
      cmocka_unit_test(everything_else_changes_it),
      cmocka_unit_test(a_method_reaches_what_its_types_are_made_of),
      cmocka_unit_test(a_change_touches_only_what_reaches_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
