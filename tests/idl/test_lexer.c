/* Tokens: what each piece of text is, and what is said of text that is nothing. */
#include "idl_test.h"

#include "grammar.h"
#include "idl/lexer.h"

typedef struct wanted {
  int kind;
  const char *text;
} wanted;

static void assert_tokens(const char *input, const wanted *all, size_t count) {
  run r = run_new();
  const source *file = source_new(r.arena, "t.mbr", (text){input, strlen(input)}, 0);
  lexer x;
  lexer_start(&x, file, r.diags);
  for (size_t i = 0; i < count; i++) {
    token t;
    assert_int_equal(lexer_next(&x, &t), all[i].kind);
    assert_int_equal(t.size, strlen(all[i].text));
    assert_memory_equal(file->data + t.offset, all[i].text, t.size);
  }
  token t;
  assert_int_equal(lexer_next(&x, &t), 0);
  assert_int_equal(lexer_next(&x, &t), 0);
  assert_report(r, "");
  run_free(r);
}
#define ASSERT_TOKENS(input, ...)                                                                            \
  do {                                                                                                       \
    const wanted all[] = {__VA_ARGS__};                                                                      \
    assert_tokens((input), all, sizeof all / sizeof all[0]);                                                 \
  } while (0)

/* Lexes all of `input` and compares what was reported. */
static void assert_lexed(text input, const char *report) {
  run r = run_new();
  lexer x;
  token t;
  lexer_start(&x, source_new(r.arena, "t.mbr", input, 0), r.diags);
  for (size_t left = input.size + 1; lexer_next(&x, &t) != 0; left--) assert_true(left > 0);
  assert_report(r, report);
  run_free(r);
}

static void marks(void **state) {
  (void)state;
  ASSERT_TOKENS("; : , . ? = @ - -> < > ( ) [ ] { }", {T_SEMI, ";"}, {T_COLON, ":"}, {T_COMMA, ","},
                {T_DOT, "."}, {T_QUESTION, "?"}, {T_EQ, "="}, {T_AT, "@"}, {T_MINUS, "-"}, {T_ARROW, "->"},
                {T_LT, "<"}, {T_GT, ">"}, {T_LPAREN, "("}, {T_RPAREN, ")"}, {T_LBRACKET, "["},
                {T_RBRACKET, "]"}, {T_LBRACE, "{"}, {T_RBRACE, "}"});
  ASSERT_TOKENS("a>>b--->", {T_NAME, "a"}, {T_GT, ">"}, {T_GT, ">"}, {T_NAME, "b"}, {T_MINUS, "-"},
                {T_MINUS, "-"}, {T_ARROW, "->"});
}

static void words(void **state) {
  (void)state;
  ASSERT_TOKENS("namespace import const type open enum flags struct union error host service",
                {T_NAMESPACE, "namespace"}, {T_IMPORT, "import"}, {T_CONST, "const"}, {T_TYPE, "type"},
                {T_OPEN, "open"}, {T_ENUM, "enum"}, {T_FLAGS, "flags"}, {T_STRUCT, "struct"},
                {T_UNION, "union"}, {T_ERROR, "error"}, {T_HOST, "host"}, {T_SERVICE, "service"});
  ASSERT_TOKENS("sync oneway stream throws true false none", {T_SYNC, "sync"}, {T_ONEWAY, "oneway"},
                {T_STREAM, "stream"}, {T_THROWS, "throws"}, {T_TRUE, "true"}, {T_FALSE, "false"},
                {T_NONE, "none"});
  ASSERT_TOKENS("a Z9 x_7_5 structs Struct s_", {T_NAME, "a"}, {T_NAME, "Z9"}, {T_NAME, "x_7_5"},
                {T_NAME, "structs"}, {T_NAME, "Struct"}, {T_NAME, "s_"});
}

static void numbers(void **state) {
  (void)state;
  ASSERT_TOKENS("0 7 1_000 0x1F 0xdead_BEEF 0b1010_1", {T_INT, "0"}, {T_INT, "7"}, {T_INT, "1_000"},
                {T_INT, "0x1F"}, {T_INT, "0xdead_BEEF"}, {T_INT, "0b1010_1"});
  ASSERT_TOKENS("1.5 1_0.2_5 1e3 1.5E-3 2e+1_0", {T_FLOAT, "1.5"}, {T_FLOAT, "1_0.2_5"}, {T_FLOAT, "1e3"},
                {T_FLOAT, "1.5E-3"}, {T_FLOAT, "2e+1_0"});
  ASSERT_TOKENS("500ms 2s 1min 1_000ms", {T_DURATION, "500ms"}, {T_DURATION, "2s"}, {T_DURATION, "1min"},
                {T_DURATION, "1_000ms"});
}

static void strings(void **state) {
  (void)state;
  ASSERT_TOKENS("\"\" \"a b\" \"\\n\\t\\\"\\\\\" \"\\u{0}\\u{10ffff}\" \"世界\t\"", {T_STRING, "\"\""},
                {T_STRING, "\"a b\""}, {T_STRING, "\"\\n\\t\\\"\\\\\""}, {T_STRING, "\"\\u{0}\\u{10ffff}\""},
                {T_STRING, "\"世界\t\""});
}

static void blanks_and_comments(void **state) {
  (void)state;
  ASSERT_TOKENS("\xef\xbb\xbf \t a // b\n/* c * / ** \n // */ d //// e\r\n/**/ /***/ /** f **/ g // é",
                {T_NAME, "a"}, {T_NAME, "d"}, {T_NAME, "g"});
  ASSERT_TOKENS("///\n/// a\r\n//! b\n//!", {T_DOC, "///"}, {T_DOC, "/// a"}, {T_NAMESPACE_DOC, "//! b"},
                {T_NAMESPACE_DOC, "//!"});
  ASSERT_TOKENS("", {0, ""});
}

static void a_byte_order_mark_stands_only_first(void **state) {
  (void)state;
  assert_lexed(TEXT("a \xef\xbb\xbf"),
               "t.mbr:1:3: error: unexpected '\\u{feff}'; outside of strings and comments "
               "only ASCII can stand [mbr-023]\n  a \\u{feff}\n    ^~~~~~~~\n");
}

static void bad_numbers(void **state) {
  (void)state;
  static const struct {
    const char *number, *why;
  } cases[] = {
      {"12abc", "only a unit may follow the digits, as in 500ms, 2s, 1min, and names begin with a letter"},
      {"5h", "only a unit may follow the digits, as in 500ms, 2s, 1min, and names begin with a letter"},
      {"1e", "digits are missing behind the 'e'"},
      {"1e+", "digits are missing behind the 'e'"},
      {"0xf__f", "'_' stands only between two digits"},
      {"1_", "'_' stands only between two digits"},
      {"1__0", "'_' stands only between two digits"},
      {"0x_1", "'_' stands only between two digits"},
      {"0x", "digits are missing"},
      {"0b", "digits are missing"},
      {"0xfg", "'0x' is followed by hexadecimal digits"},
      {"0b12", "'0b' is followed by the digits 0 and 1"},
      {"0X1F", "the prefix is written '0x' or '0b'"},
      {"0B1", "the prefix is written '0x' or '0b'"},
      {".5", "a digit comes before the point"},
      {"1.", "a digit comes after the point"},
      {"1.5s", "a duration has no fraction"},
      {"1.2.3", "only a unit may follow the digits, as in 500ms, 2s, 1min, and names begin with a letter"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char *report = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&report, &size);
    assert_non_null(out);
    const char *number = cases[i].number;
    fprintf(out, "t.mbr:1:1: error: '%s' is not a number: %s [mbr-028]\n  %s\n  ^", number, cases[i].why,
            number);
    for (size_t k = 1; k < strlen(number); k++) fputc('~', out);
    fputs("\n", out);
    fclose(out);
    assert_lexed((text){number, strlen(number)}, report);
    free(report);
  }
}

static void bad_strings(void **state) {
  (void)state;
  assert_lexed(TEXT("\"abc\n x"),
               "t.mbr:1:1: error: this string is not closed on its line; expected '\"' [mbr-025]\n"
               "  \"abc\n  ^~~~\n");
  assert_lexed(TEXT("\"abc\r\n"),
               "t.mbr:1:1: error: this string is not closed on its line; expected '\"' [mbr-025]\n"
               "  \"abc\n  ^~~~\n");
  assert_lexed(TEXT("\"abc\\\""),
               "t.mbr:1:1: error: this string is not closed on its line; expected '\"' [mbr-025]\n"
               "  \"abc\\\"\n  ^~~~~~\n");
  assert_lexed(
      TEXT("\"\\q\" \"\\u12\" \"\\u{}\""),
      "t.mbr:1:2: error: unknown escape '\\q' in a string; there are \\n \\t \\\" \\\\ and \\u{…} [mbr-026]\n"
      "  \"\\q\" \"\\u12\" \"\\u{}\"\n   ^~\n"
      "t.mbr:1:7: error: unknown escape '\\u' in a string; there are \\n \\t \\\" \\\\ and \\u{…} [mbr-026]\n"
      "  \"\\q\" \"\\u12\" \"\\u{}\"\n        ^~\n"
      "t.mbr:1:14: error: unknown escape '\\u{}' in a string; there are \\n \\t \\\" \\\\ and \\u{…} "
      "[mbr-026]\n"
      "  \"\\q\" \"\\u12\" \"\\u{}\"\n               ^~~~\n");
  assert_lexed(
      TEXT("\"\\u{d800}\\u{110000}\""),
      "t.mbr:1:2: error: '\\u{d800}' is no Unicode character; write \\u{0} to \\u{10ffff}, without "
      "surrogates "
      "[mbr-027]\n  \"\\u{d800}\\u{110000}\"\n   ^~~~~~~~\n"
      "t.mbr:1:10: error: '\\u{110000}' is no Unicode character; write \\u{0} to \\u{10ffff}, without "
      "surrogates [mbr-027]\n  \"\\u{d800}\\u{110000}\"\n           ^~~~~~~~~~\n");
}

static void stray_characters(void **state) {
  (void)state;
  assert_lexed(
      TEXT("$$ 'a' #x _y / \xc3\xa9"),
      "t.mbr:1:1: error: unexpected '$$' [mbr-023]\n  $$ 'a' #x _y / é\n  ^~\n"
      "t.mbr:1:4: error: unexpected ''a''; strings stand in \"…\" [mbr-023]\n  $$ 'a' #x _y / é\n     ^~~\n"
      "t.mbr:1:8: error: unexpected '#'; comments begin with '//' [mbr-023]\n  $$ 'a' #x _y / é\n         ^\n"
      "t.mbr:1:11: error: unexpected '_y'; names begin with a letter [mbr-023]\n"
      "  $$ 'a' #x _y / é\n            ^~\n"
      "t.mbr:1:14: error: unexpected '/' [mbr-023]\n  $$ 'a' #x _y / é\n               ^\n"
      "t.mbr:1:16: error: unexpected 'é'; outside of strings and comments only ASCII can stand [mbr-023]\n"
      "  $$ 'a' #x _y / é\n                 ^\n");
}

static void a_comment_without_end_is_told_where_it_begins(void **state) {
  (void)state;
  assert_lexed(TEXT("a /* b\n * c /"),
               "t.mbr:1:3: error: this comment is never closed; expected '*/' [mbr-024]\n  a /* b\n    ^~\n");
  assert_lexed(TEXT("/*/"),
               "t.mbr:1:1: error: this comment is never closed; expected '*/' [mbr-024]\n  /*/\n  ^~\n");
}

/* Every place where text can stand: between tokens, in a word, in each kind of comment, in a string. */
static void bytes_that_stand_nowhere(void **state) {
  (void)state;
  static const char *const around[][2] = {{"a ", " b"},    {"a", "b"},     {"// a", "b\n"},
                                          {"/// ", "b\n"}, {"/* ", " */"}, {"\"x", "y\""}};
  static const struct {
    text bytes;
    const char *error, *shown;
  } cases[] = {
      {{"\0", 1}, "a NUL byte cannot stand in a schema [mbr-021]", "\\x00"},
      {{"\x1b", 1}, "control character U+001B [mbr-022]", "\\x1b"},
      {{"\r", 1}, "control character U+000D; lines end in LF or CRLF [mbr-022]", "\\x0d"},
      {{"\x7f\x7f", 2}, "control character U+007F [mbr-022]", "\\x7f\\x7f"},
      {{"\xff", 1}, "malformed UTF-8; save the file as UTF-8 [mbr-020]", "\\xff"},
      {{"\x80\xc3", 2}, "malformed UTF-8; save the file as UTF-8 [mbr-020]", "\\x80\\xc3"},
      {{"\xc0\xaf", 2}, "malformed UTF-8; save the file as UTF-8 [mbr-020]", "\\xc0\\xaf"},
      {{"\xed\xa0\x80", 3}, "malformed UTF-8; save the file as UTF-8 [mbr-020]", "\\xed\\xa0\\x80"},
      {{"\xf4\x90\x80\x80", 4}, "malformed UTF-8; save the file as UTF-8 [mbr-020]", "\\xf4\\x90\\x80\\x80"},
  };
  static const char tildes[] = "~~~~~~~~~~~~~~~";
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (size_t k = 0; k < sizeof around / sizeof around[0]; k++) {
      char input[64], report[512];

      const char *before = around[k][0], *after = around[k][1];
      size_t size = strlen(before);
      memcpy(input, before, size);
      memcpy(input + size, cases[i].bytes.data, cases[i].bytes.size);
      size += cases[i].bytes.size;
      memcpy(input + size, after, strlen(after));
      size += strlen(after);
      int line = (int)strcspn(after, "\n");
      snprintf(report, sizeof report, "t.mbr:1:%zu: error: %s\n  %s%s%.*s\n  %*s^%.*s\n", strlen(before) + 1,
               cases[i].error, before, cases[i].shown, line, after, (int)strlen(before), "",
               (int)strlen(cases[i].shown) - 1, tildes);
      assert_lexed((text){input, size}, report);
    }
  }
}

static void every_truncation_ends(void **state) {
  (void)state;
  static const char all[] =
      "a /* b */ \"c\\u{1f600}\" 0x1.5e-3 // é\n/// \xe4\xb8\x96 -> \xf0\x9f\x98\x80 ''";
  for (size_t size = 0; size < sizeof all; size++) {
    run r = run_new();
    lexer x;
    token t;
    lexer_start(&x, source_new(r.arena, "t.mbr", (text){all, size}, 0), r.diags);
    uint32_t end = 0;
    while (lexer_next(&x, &t) != 0) {
      assert_true(t.size > 0 && t.offset >= end && t.offset + t.size <= size);
      end = t.offset + t.size;
    }
    run_free(r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(marks),
      cmocka_unit_test(words),
      cmocka_unit_test(numbers),
      cmocka_unit_test(strings),
      cmocka_unit_test(blanks_and_comments),
      cmocka_unit_test(a_byte_order_mark_stands_only_first),
      cmocka_unit_test(bad_numbers),
      cmocka_unit_test(bad_strings),
      cmocka_unit_test(stray_characters),
      cmocka_unit_test(a_comment_without_end_is_told_where_it_begins),
      cmocka_unit_test(bytes_that_stand_nowhere),
      cmocka_unit_test(every_truncation_ends),
  };
  return cmocka_run_group_tests_name("lexer", tests, NULL, NULL);
}
