/* What the tests of the front end share: parsing text, and what was reported about it. */
#ifndef TESTS_IDL_TEST_H
#define TESTS_IDL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "idl/diag.h"
#include "idl/parse.h"

/* One compilation. */
typedef struct run {
  arena *arena;
  diags *diags;
  ast_file *file;
} run;

static inline run run_new(void) {
  arena *a = arena_new();
  return (run){.arena = a, .diags = diags_new(a)};
}

static inline run run_parse(text source_text) {
  run r = run_new();
  r.file = idl_parse(r.arena, r.diags, source_new(r.arena, "t.mbr", source_text, 0));
  return r;
}

static inline void run_free(run r) { arena_free(r.arena); }

/* To be freed. */
static inline char *run_report(run r) {
  char *report = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&report, &size);
  assert_non_null(out);
  diags_render(r.diags, out);
  fclose(out);
  return report;
}

static inline void assert_report(run r, const char *wanted) {
  char *report = run_report(r);
  assert_string_equal(report, wanted);
  free(report);
}

/* Parses `source_text` and compares all that is reported, to the letter. */
static inline void assert_reported(text source_text, const char *wanted) {
  run r = run_parse(source_text);
  assert_report(r, wanted);
  run_free(r);
}

/* How often `part` occurs in the report. */
static inline size_t count_in_report(run r, const char *part) {
  char *report = run_report(r);
  size_t count = 0;
  for (const char *at = report; (at = strstr(at, part)) != NULL; at++) count++;
  free(report);
  return count;
}

/* `part`, `count` times; to be freed. */
static inline char *repeat(const char *part, size_t count) {
  size_t size = strlen(part);
  char *out = malloc(size * count + 1);
  assert_non_null(out);
  for (size_t i = 0; i < count; i++) memcpy(out + i * size, part, size);
  out[size * count] = 0;
  return out;
}

#endif
