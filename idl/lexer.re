/* The lexer. Its rules only classify; what is wrong with a bad literal is worked out by hand, since only
 * then time does not matter. Every byte of a file is seen by a rule here, so that malformed UTF-8 and
 * control characters are found in comments and strings too. Knows no grammar. */
#include "lexer.h"

#include <stdlib.h>

#include "grammar.h"
#include "utf8.h"

/* Bytes of a bad token that a message repeats. */
#define SHOWN 40

typedef const unsigned char *position;

/*!re2c
  re2c:yyfill:enable = 0;
  re2c:flags:bit-vectors = 1;
  re2c:define:YYCTYPE = "unsigned char";
  re2c:define:YYCURSOR = cursor;
  re2c:define:YYMARKER = marker;

  end_of_line = "\n" | "\r\n";
  blank       = [ \t] | end_of_line;
  continued   = [\x80-\xbf];
  wide        = [\xc2-\xdf] continued
              | "\xe0" [\xa0-\xbf] continued
              | [\xe1-\xec\xee\xef] continued{2}
              | "\xed" [\x80-\x9f] continued
              | "\xf0" [\x90-\xbf] continued{2}
              | [\xf1-\xf3] continued{3}
              | "\xf4" [\x80-\x8f] continued{2};
  ascii       = [\t\x20-\x7e];
  printable   = ascii | wide;
  in_string   = (ascii \ ["\\]) | wide;
  in_block    = (ascii \ [*]) | wide | end_of_line;

  name        = [A-Za-z] [A-Za-z0-9_]*;
  digits      = [0-9] ("_"? [0-9])*;
  hexadecimal = "0x" [0-9A-Fa-f] ("_"? [0-9A-Fa-f])*;
  binary      = "0b" [01] ("_"? [01])*;
  exponent    = [eE] [+-]? digits;
  float       = digits "." digits exponent? | digits exponent;
  duration    = digits ("ms" | "s" | "min");
  like_number = "."? [0-9] ([A-Za-z0-9_] | "." [0-9] | [eE] [+-])* "."?;
*/

void lexer_start(lexer *x, const source *file, diags *d) {
  position data = (position)file->data;
  *x = (lexer){.source = file, .diags = d, .cursor = data, .limit = data + file->size};
  if (file->size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) x->cursor += 3;
}

static span span_of(const lexer *x, position start, position end) {
  return (span){x->source, (uint32_t)(start - (position)x->source->data), (uint32_t)(end - start)};
}

static int shown(position start, position end) {
  return end - start < SHOWN ? (int)(end - start) : SHOWN;
}

typedef enum byte_class { BYTE_FINE, BYTE_NUL, BYTE_CONTROL, BYTE_MALFORMED } byte_class;

static byte_class classify(const lexer *x, position at) {
  uint32_t code_point;
  if (at == x->limit || *at == '\n' || *at == '\t') return BYTE_FINE;
  if (*at == 0) return BYTE_NUL;
  if (*at < 0x20 || *at == 0x7f) return BYTE_CONTROL;
  bool fine = *at < 0x80 || utf8_decode((text){(const char *)at, (size_t)(x->limit - at)}, &code_point) != 0;
  return fine ? BYTE_FINE : BYTE_MALFORMED;
}

/* Reports the byte at `at`, which may stand nowhere, and passes it and those like it. */
static position pass_bad_bytes(const lexer *x, position at) {
  byte_class class = classify(x, at);
  position end = at + 1;
  while (classify(x, end) == class) end++;
  span where = span_of(x, at, end);
  if (class == BYTE_NUL) {
    diag_report(x->diags, DIAG_NUL_BYTE, where);
  } else if (class == BYTE_CONTROL) {
    const char *hint = *at == '\r' ? "; lines end in LF or CRLF" : "";
    diag_report(x->diags, DIAG_CONTROL_CHARACTER, where, (unsigned)*at, hint);
  } else {
    diag_report(x->diags, DIAG_MALFORMED_UTF8, where);
  }
  return end;
}

/* The rest of a `//` comment, up to its line end. */
static position pass_line(const lexer *x, position cursor) {
  position marker;
  for (;;) {
    position start = cursor;
    /*!re2c
      end_of_line { return start; }
      printable+  { continue; }
      *           { if (start == x->limit) return start; cursor = pass_bad_bytes(x, start); continue; }
    */
  }
}

/* The rest of a comment that began at `opening`; NULL: it has no end. */
static position pass_block(const lexer *x, position opening) {
  position cursor = opening + 2, marker;
  for (;;) {
    position start = cursor;
    /*!re2c
      "*" "/"   { return cursor; }
      "*"       { continue; }
      in_block+ { continue; }
      *         { if (start == x->limit) break; cursor = pass_bad_bytes(x, start); continue; }
    */
  }
  diag_report(x->diags, DIAG_OPEN_COMMENT, span_of(x, opening, opening + 2));
  return NULL;
}

static bool check_code_point(const lexer *x, position start, position end) {
  unsigned long value = strtoul((const char *)start + 3, NULL, 16);
  if (value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)) return true;
  diag_report(x->diags, DIAG_BAD_CODE_POINT, span_of(x, start, end), (int)(end - start), (const char *)start);
  return false;
}

static void report_escape(const lexer *x, position start, position end) {
  diag_report(x->diags, DIAG_BAD_ESCAPE, span_of(x, start, end), (int)(end - start), (const char *)start);
}

/* A string with escapes, or with something wrong in it, or without an end. */
static int lex_string(const lexer *x, position opening, position *end) {
  position cursor = opening + 1, marker;
  int kind = T_STRING;
  for (;;) {
    position start = cursor;
    /*!re2c
      ["]                         { *end = cursor; return kind; }
      in_string+                  { continue; }
      "\\" [nt"\\]                { continue; }
      "\\u{" [0-9A-Fa-f]{1,6} "}" { if (!check_code_point(x, start, cursor)) kind = T_BAD; continue; }
      "\\u" ("{" [0-9A-Za-z]* "}"?)? { report_escape(x, start, cursor); kind = T_BAD; continue; }
      "\\" printable?             { report_escape(x, start, cursor); kind = T_BAD; continue; }
      end_of_line                 { cursor = start; break; }
      *                           { if (start == x->limit) { cursor = start; break; }
                                    cursor = pass_bad_bytes(x, start); kind = T_BAD; continue; }
    */
  }
  diag_report(x->diags, DIAG_OPEN_STRING, span_of(x, opening, cursor));
  *end = cursor;
  return T_BAD;
}

static bool all_in(position start, position end, const char *set) {
  while (start < end && strchr(set, *start) != NULL) start++;
  return start == end;
}

/* `digits` are those of the number's base, behind its prefix. */
static bool misplaces_underscore(position start, position end, const char *digits) {
  for (position at = start; at < end; at++) {
    if (*at != '_') continue;
    if (at == start || at + 1 == end) return true;
    if (!all_in(at - 1, at, digits) || !all_in(at + 1, at + 2, digits)) return true;
  }
  return false;
}

static const char *problem_of_prefixed(position start, position end) {
  bool is_hexadecimal = (start[1] | 0x20) == 'x';
  const char *digits = is_hexadecimal ? "0123456789abcdefABCDEF" : "01";
  if (start[1] < 'a') return "the prefix is written '0x' or '0b'";
  if (end - start == 2) return "digits are missing";
  if (misplaces_underscore(start + 2, end, digits)) return "'_' stands only between two digits";
  return is_hexadecimal ? "'0x' is followed by hexadecimal digits" : "'0b' is followed by the digits 0 and 1";
}

static const char *problem_of_number(position start, position end) {
  bool has_prefix = end - start >= 2 && start[0] == '0' && strchr("xXbB", start[1]) != NULL;
  bool has_point = memchr(start, '.', (size_t)(end - start)) != NULL;
  if (has_prefix) return problem_of_prefixed(start, end);
  if (start[0] == '.') return "a digit comes before the point";
  if (end[-1] == '.') return "a digit comes after the point";
  if (strchr("eE+-", end[-1]) != NULL) return "digits are missing behind the 'e'";
  if (misplaces_underscore(start, end, "0123456789")) return "'_' stands only between two digits";
  if (has_point && (end[-1] == 's' || end[-1] == 'n')) return "a duration has no fraction";
  return "only a unit may follow the digits, as in 500ms, 2s, 1min, and names begin with a letter";
}

static int bad_number(const lexer *x, position start, position end) {
  const char *why = problem_of_number(start, end);
  diag_report(x->diags, DIAG_BAD_NUMBER, span_of(x, start, end), shown(start, end), (const char *)start, why);
  return T_BAD;
}

static int stray(const lexer *x, position start, position end) {
  const char *hint = "";
  if (*start == '\'') {
    hint = "; strings stand in \"…\"";
  } else if (*start == '#') {
    hint = "; comments begin with '//'";
  } else if (*start == '_') {
    hint = "; names begin with a letter";
  } else if (end - start >= 3 && memcmp(start, "\xe2\x80", 2) == 0 && start[2] >= 0x98 && start[2] <= 0x9f) {
    hint = "; strings stand in straight quotes, \"…\""; /* U+2018 to U+201F */
  } else if (*start >= 0x80) {
    hint = "; outside of strings and comments only ASCII can stand";
  }
  int size = shown(start, end);
  while (size < end - start && (start[size] & 0xc0) == 0x80) size--;
  diag_report(x->diags, DIAG_STRAY_CHARACTER, span_of(x, start, end), size, (const char *)start, hint);
  return T_BAD;
}

static int finish(lexer *x, token *t, position start, position end, int kind) {
  *t = (token){.offset = (uint32_t)(start - (position)x->source->data), .size = (uint32_t)(end - start)};
  x->cursor = end;
  return kind;
}

int lexer_next(lexer *x, token *t) {
  position cursor = x->cursor, start, marker;
  int kind;
  for (;;) {
    start = cursor;
    /*!re2c
      blank+                { continue; }
      "////" printable*     { cursor = pass_line(x, cursor); continue; }
      "///" printable*      { kind = T_DOC; cursor = pass_line(x, cursor); break; }
      "//!" printable*      { kind = T_NAMESPACE_DOC; cursor = pass_line(x, cursor); break; }
      "//" printable*       { cursor = pass_line(x, cursor); continue; }
      "/*"                  { cursor = pass_block(x, start);
                              if (cursor != NULL) continue;
                              kind = T_BAD; cursor = x->limit; break; }

      "namespace"           { kind = T_NAMESPACE; break; }
      "import"              { kind = T_IMPORT; break; }
      "const"               { kind = T_CONST; break; }
      "type"                { kind = T_TYPE; break; }
      "open"                { kind = T_OPEN; break; }
      "enum"                { kind = T_ENUM; break; }
      "flags"               { kind = T_FLAGS; break; }
      "struct"              { kind = T_STRUCT; break; }
      "union"               { kind = T_UNION; break; }
      "error"               { kind = T_ERROR; break; }
      "host"                { kind = T_HOST; break; }
      "service"             { kind = T_SERVICE; break; }
      "sync"                { kind = T_SYNC; break; }
      "oneway"              { kind = T_ONEWAY; break; }
      "stream"              { kind = T_STREAM; break; }
      "throws"              { kind = T_THROWS; break; }
      "true"                { kind = T_TRUE; break; }
      "false"               { kind = T_FALSE; break; }
      "none"                { kind = T_NONE; break; }
      name                  { kind = T_NAME; break; }

      ";"                   { kind = T_SEMI; break; }
      ":"                   { kind = T_COLON; break; }
      ","                   { kind = T_COMMA; break; }
      "."                   { kind = T_DOT; break; }
      "?"                   { kind = T_QUESTION; break; }
      "="                   { kind = T_EQ; break; }
      "@"                   { kind = T_AT; break; }
      "-"                   { kind = T_MINUS; break; }
      "->"                  { kind = T_ARROW; break; }
      "<"                   { kind = T_LT; break; }
      ">"                   { kind = T_GT; break; }
      "("                   { kind = T_LPAREN; break; }
      ")"                   { kind = T_RPAREN; break; }
      "["                   { kind = T_LBRACKET; break; }
      "]"                   { kind = T_RBRACKET; break; }
      "{"                   { kind = T_LBRACE; break; }
      "}"                   { kind = T_RBRACE; break; }

      digits | hexadecimal | binary { kind = T_INT; break; }
      float                 { kind = T_FLOAT; break; }
      duration              { kind = T_DURATION; break; }
      like_number           { kind = bad_number(x, start, cursor); break; }
      ["] in_string* ["]    { kind = T_STRING; break; }
      ["]                   { kind = lex_string(x, start, &cursor); break; }

      "_" [A-Za-z0-9_]*     { kind = stray(x, start, cursor); break; }
      "/" | [!#$%&*+\\^`|~]+ | "'" { kind = stray(x, start, cursor); break; }
      "'" ((ascii \ [']) | wide)* "'" { kind = stray(x, start, cursor); break; }
      wide+                 { kind = stray(x, start, cursor); break; }
      *                     { if (start == x->limit) return finish(x, t, start, start, 0);
                              cursor = pass_bad_bytes(x, start); kind = T_BAD; break; }
    */
  }
  return finish(x, t, start, cursor, kind);
}
