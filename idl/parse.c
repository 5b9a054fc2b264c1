/* Drives the lexer and the parser over one file, and recovers from syntax errors: a mark that is plainly
 * missing is put in; otherwise what is damaged is left out up to its end. Knows not what names mean. */
#include "parse.h"

#include <assert.h>

#include "parser.h"
#include "utf8.h"

/* A file is taken for binary when of its first BINARY_WINDOW bytes at least BINARY_LEAST, and one in
 * BINARY_SHARE, cannot stand in text. */
#define BINARY_WINDOW 4096
#define BINARY_LEAST 8
#define BINARY_SHARE 10

bool parser_on_one_line(const parser *p, token before, token after) {
  uint32_t end = parser_end_of(before);
  return memchr(p->source->data + end, '\n', after.offset - end) == NULL;
}

static bool in_enum(const parser *p) {
  const ast_decl *decl = p->builder.decl;
  return p->body_count == 1 && (decl->kind == AST_ENUM || decl->kind == AST_FLAGS);
}

bool parser_between_items(const parser *p) {
  return parser_expects(p, T_CONST) && !parser_expects(p, T_NAME);
}

/* At the very beginning of a line. */
static bool stands_first(const parser *p, token t) {
  return t.offset == 0 || p->source->data[t.offset - 1] == '\n';
}

static bool starts_line(const parser *p) { return !parser_on_one_line(p, p->previous, p->at); }

static void unused_doc(const parser *p, span at, const char *hint) {
  diag_report(p->diags, DIAG_DOC_UNUSED, at, hint);
}

static void add_doc(parser *p, int kind, token line) {
  span at = ast_span(&p->builder, line);
  /* A comment behind a member would become that of the next one. */
  bool may_stand_behind = p->kind == 0 || p->kind == T_LBRACE || p->kind == T_LPAREN;
  bool continues = p->docs.pending.first != NULL;
  if (kind == T_NAMESPACE_DOC && p->builder.decl != NULL) {
    unused_doc(p, at, "; '//!' stands before the first declaration");
  } else if (kind == T_NAMESPACE_DOC) {
    docs_add_to_namespace(&p->docs, line);
  } else if (!continues && !may_stand_behind && parser_on_one_line(p, p->at, line)) {
    unused_doc(p, at, "; it stands before what it documents, on a line of its own");
  } else {
    docs_add(&p->docs, line);
  }
}

/* Only in a file without syntax errors it is known what was meant. */
static void report_unused_docs(const parser *p) {
  if (p->erroneous) return;
  const ast_decl *first = p->builder.file->decls;
  for (const doc_comment *doc = p->docs.first; doc != NULL; doc = doc->next) {
    bool is_early = first == NULL || doc->at.offset < first->name.at.offset;
    if (!doc->used) unused_doc(p, doc->at, is_early ? "; the namespace is documented with '//!'" : "");
  }
}

static bool is_doc(int kind) { return kind == T_DOC || kind == T_NAMESPACE_DOC; }

/* The kind of the token so many after the one at hand. */
static int peek_far(const parser *p, unsigned count) {
  lexer ahead = p->lexer;
  token t;
  int kind = 0;
  for (; count > 0; count--) {
    do {
      kind = lexer_next(&ahead, &t);
    } while (is_doc(kind));
  }
  return kind;
}

static int peek(const parser *p) { return peek_far(p, 1); }

static void advance(parser *p) {
  if (p->held) {
    p->held = false;
    return;
  }
  token t;
  int kind = lexer_next(&p->lexer, &t);
  for (; is_doc(kind); kind = lexer_next(&p->lexer, &t)) add_doc(p, kind, t);
  t.doc = docs_take(&p->docs);
  p->earlier_kind = p->previous_kind;
  p->earlier = p->previous;
  p->previous_kind = p->kind;
  p->previous = p->at;
  p->kind = kind;
  p->at = t;
  /* `stream.x.T` and `none.x` are names, though a keyword could stand where they begin. */
  if (kind >= T_STREAM && kind <= T_NONE && peek(p) == T_DOT) p->kind = T_NAME;
}

/* Keeps the token at hand for the next advance. */
static void hold(parser *p) {
  p->held = true;
  p->held_at = p->at.offset;
}

/* False: a syntax error. */
static bool feed(parser *p, int kind, token t) {
  p->builder.failed = false;
  grammar(p->grammar, kind, t);
  if (p->builder.failed || p->builder.overflowed) return false;
  if (kind == T_LBRACE && p->body_count < BODY_DEPTH) {
    p->bodies[p->body_count++] = t;
    p->separator_told = false;
  } else if (kind == T_RBRACE && p->body_count > 0) {
    p->body_count--;
  }
  if (p->item_kind == 0) p->item_kind = kind;
  if (p->body_count == 0 && (kind == T_SEMI || kind == T_RBRACE)) p->item_kind = 0;
  return true;
}

static bool feed_at(parser *p) { return feed(p, p->kind, p->at); }

/* Gives up what is unfinished, down to the innermost list of members or items. True: a whole item. */
static bool give_up(parser *p) {
  p->builder.failed = false;
  bool is_item = grammar_damage(p->grammar);
  assert(!p->builder.failed);
  return is_item;
}

static void feed_mark(parser *p, int kind) { feed(p, kind, (token){.offset = parser_end_of(p->previous)}); }

/* Whether a declaration starts with these two tokens, as hardly any member does. */
static bool starts_declaration(int kind, int next) {
  switch (kind) {
  case T_OPEN: return next == T_ENUM;
  case T_HOST: return next == T_SERVICE;
  case T_IMPORT: return next == T_STRING;
  default: return kind >= T_NAMESPACE && kind <= T_SERVICE && parser_is_word(next) && next != T_THROWS;
  }
}

static bool may_resume(const parser *p, unsigned depth) {
  if (p->at.offset == p->held_at) return false;
  switch (p->kind) {
  case T_RBRACE: return depth == 0 && p->body_count > 0;
  case T_COMMA: return depth == 0 && in_enum(p);
  case T_AT: return p->body_count == 0 && stands_first(p, p->at);
  default:
    if (!stands_first(p, p->at) && (depth > 0 || !starts_line(p))) return false;
    return starts_declaration(p->kind, peek(p));
  }
}

static bool is_meant(const parser *p, int kind, text word) {
  return p->item_kind == kind || (p->item_kind == 0 && text_equal(parser_meant_word(p), word));
}

/* A whole item is left out. */
static void lose_item(parser *p) {
  if (is_meant(p, T_IMPORT, TEXT("import"))) p->builder.file->damaged = true;
  if (is_meant(p, T_NAMESPACE, TEXT("namespace"))) p->namespace_lost = true;
}

/* Of what is left out, a word that may name something: the first one, or one behind another word. */
static void lose_name(parser *p, bool is_first) {
  if (!parser_is_word(p->kind) || (!is_first && !parser_is_word(p->previous_kind))) return;
  ast_file *file = p->builder.file;
  table_add(&file->lost, p->arena, ast_text(&p->builder, p->at), file);
}

/* Leaves out what is damaged: up to its ';', or with its '{…}', or up to where something new begins. */
static void skip_damaged(parser *p, bool is_item) {
  bool is_first = true;
  for (unsigned depth = 0; p->kind != 0; advance(p), is_first = false) {
    if (may_resume(p, depth)) {
      hold(p);
      return;
    }
    if (is_item) lose_name(p, is_first);
    if (p->kind == T_LBRACE) depth++;
    if (p->kind == T_SEMI && depth == 0) return;
    if (p->kind == T_RBRACE && depth > 0) depth--;
    if (p->kind == T_RBRACE && depth == 0 && peek(p) != T_SEMI) return;
  }
  p->ended_in_recovery = true;
  hold(p);
}

static void skip(parser *p) {
  if (p->builder.overflowed) p->body_count = 0;
  p->builder.overflowed = false;
  p->brackets = 0;
  bool is_item = give_up(p);
  if (is_item) lose_item(p);
  skip_damaged(p, is_item);
  if (p->body_count == 0) p->item_kind = 0;
}

static void close_bodies(parser *p) {
  give_up(p);
  for (unsigned left = p->body_count; left > 0; left--) feed_mark(p, T_RBRACE);
  p->brace_swallowed = false;
}

/* A declaration whose first word was taken for the name of a member, or for a type or value. */
static bool took_declaration_for_name(const parser *p) {
  if (!starts_declaration(p->previous_kind, p->kind)) return false;
  bool starts_member = p->earlier_kind == T_SEMI || p->earlier_kind == T_COMMA ||
                       p->earlier_kind == T_LBRACE || p->earlier_kind == T_RBRACE;
  if (!starts_member && parser_on_one_line(p, p->earlier, p->previous)) return false;
  if (p->previous_kind == T_OPEN || p->previous_kind == T_HOST || p->previous_kind == T_IMPORT) return true;
  int next = peek(p);
  return next == T_LBRACE || next == T_EQ || next == T_COLON;
}

/* What a declaration began in is not finished: `first` is its first word. */
static void report_unfinished(parser *p, token first) {
  span at = ast_span(&p->builder, first);
  if (p->brace_swallowed) return;
  if (p->body_count == 0) {
    diag_report(p->diags, DIAG_UNFINISHED, at);
    return;
  }
  diag *d = diag_report(p->diags, DIAG_UNCLOSED, at);
  diag_note(d, ast_span(&p->builder, p->bodies[0]), "to close this '{'");
}

/* Closes what is open. Where a declaration stands first in its line a '}' was forgotten; elsewhere it was
 * rather meant to nest, and the '}' will come. */
static void close_before_declaration(parser *p, token first) {
  report_unfinished(p, first);
  if (!stands_first(p, first)) p->spare_braces += p->body_count;
  close_bodies(p);
}

static bool is_member_start(const parser *p) {
  if (!parser_is_word(p->kind)) return p->kind == T_AT;
  int next = peek(p);
  return next == T_COLON || next == T_LPAREN || next == T_LBRACE;
}

/* The mark that is plainly missing before the token at hand, or 0. */
static int missing_mark(const parser *p) {
  bool is_name = parser_is_word(p->kind) || p->kind == T_AT;
  bool ends_signature = p->kind == T_SEMI || p->kind == T_ARROW || p->kind == T_THROWS;
  bool ends_type = p->kind == T_SEMI || p->kind == T_EQ || p->kind == T_RPAREN;
  if (parser_expects(p, T_SEMI) && (p->kind == T_RBRACE || starts_line(p) || is_member_start(p)))
    return T_SEMI;
  if (in_enum(p) && parser_expects(p, T_COMMA) && is_name) return T_COMMA;
  if (parser_expects(p, T_RPAREN) && ends_signature) return T_RPAREN;
  if (parser_expects(p, T_GT) && ends_type) return T_GT;
  if (parser_expects(p, T_LBRACE) && starts_line(p) && (is_name || p->kind == T_RBRACE)) return T_LBRACE;
  return 0;
}

/* False: more is wrong here. */
static bool put_in(parser *p, int mark) {
  static const char *const shown[] = {
      [T_SEMI] = "';'", [T_COMMA] = "','", [T_RPAREN] = "')'", [T_GT] = "'>'", [T_LBRACE] = "'{'"};
  bool is_told = p->body_count > 0 && p->separator_told && mark == T_SEMI;
  if (!is_told) parser_report_missing(p, shown[mark]);
  do {
    feed_mark(p, mark);
    if (p->builder.failed) return false;
    if (feed_at(p)) return true;
  } while (mark == T_GT && parser_expects(p, mark));
  return false;
}

/* Whether a member, or the end of the body, follows the token at hand. */
static bool member_follows(const parser *p) {
  int next = peek(p), second = peek_far(p, 2);
  if (!parser_is_word(next)) return next == T_AT || next == T_RBRACE;
  bool is_method = p->body_count == 1 && p->builder.decl->kind == AST_SERVICE;
  return second == T_LPAREN || (is_method ? parser_is_word(second) : true);
}

/* ',' where a ';' belongs, or the reverse: one habit, told once in a body. */
static bool exchange_separator(parser *p) {
  int wanted = p->kind == T_COMMA && parser_expects(p, T_SEMI) && member_follows(p) ? T_SEMI
               : p->kind == T_SEMI && in_enum(p) && parser_expects(p, T_COMMA)      ? T_COMMA
                                                                                    : 0;
  if (wanted == 0) return false;
  if (p->body_count == 0 || !p->separator_told) {
    const char *found = parser_shown(p, p->kind, p->at);
    diag_report(p->diags, DIAG_EXPECTED, ast_span(&p->builder, p->at), wanted == T_SEMI ? "';'" : "','",
                found, "");
  }
  p->separator_told = true;
  if (!feed(p, wanted, p->at)) skip(p);
  return true;
}

/* `list<stream T>` and the like: the word was taken for a type. */
static bool report_stream(parser *p) {
  bool is_type = parser_is_word(p->kind) || p->kind == T_LPAREN;
  if (p->previous_kind != T_STREAM || !is_type || parser_expects(p, T_COLON)) return false;
  diag_report(p->diags, DIAG_STREAM_PLACE, ast_span(&p->builder, p->previous));
  return true;
}

static bool drop_brace(parser *p) {
  if (p->kind != T_RBRACE || p->body_count > 0 || !parser_between_items(p)) return false;
  if (p->spare_braces > 0) {
    p->spare_braces--;
  } else {
    diag_report(p->diags, DIAG_UNMATCHED_BRACE, ast_span(&p->builder, p->at));
  }
  return true;
}

/* A string without an end takes the rest of its line. */
static void note_swallowed(parser *p) {
  text bad = ast_text(&p->builder, p->at);
  if (bad.size > 0 && bad.data[0] == '"' && memchr(bad.data, '}', bad.size) != NULL)
    p->brace_swallowed = true;
}

/* The token at hand is a syntax error. */
static void recover(parser *p) {
  p->erroneous = true;
  if (p->kind == T_BAD) { /* reported by the lexer */
    note_swallowed(p);
    skip(p);
    return;
  }
  if (p->builder.overflowed) {
    diag_report(p->diags, DIAG_NESTING, ast_span(&p->builder, p->at), IDL_MAX_NESTING);
    skip(p);
    return;
  }
  if (exchange_separator(p) || drop_brace(p)) return;
  if (took_declaration_for_name(p)) {
    close_before_declaration(p, p->previous);
    if (!feed(p, p->previous_kind, p->previous) || !feed_at(p)) skip(p);
    return;
  }
  bool wants_semi = parser_expects(p, T_SEMI);
  if (p->body_count > 0 && !wants_semi && starts_line(p) && starts_declaration(p->kind, peek(p))) {
    close_before_declaration(p, p->at);
    if (!feed_at(p)) skip(p);
    return;
  }
  int mark = missing_mark(p);
  if (mark != 0) {
    if (!put_in(p, mark)) skip(p);
    return;
  }
  bool is_rest_of_nested = p->spare_braces > 0 && p->body_count == 0;
  if (!is_rest_of_nested && !report_stream(p)) parser_report_expected(p);
  skip(p);
}

/* Counts the brackets of a type; false: too many are open. */
static bool count_brackets(parser *p) {
  switch (p->kind) {
  case T_COLON:
  case T_EQ:
  case T_ARROW:
  case T_SEMI:
  case T_LBRACE:
  case T_RBRACE: p->brackets = 0; break;
  case T_LPAREN:
  case T_LT: p->brackets++; break;
  case T_RPAREN:
  case T_GT: p->brackets -= p->brackets > 0; break;
  default: break;
  }
  return p->brackets <= IDL_MAX_NESTING;
}

static void take(parser *p) {
  if (!count_brackets(p)) {
    diag_report(p->diags, DIAG_NESTING, ast_span(&p->builder, p->at), IDL_MAX_NESTING);
    p->kind = T_BAD;
  }
  if (!feed_at(p)) recover(p);
}

static void finish(parser *p) {
  if (feed_at(p)) return;
  p->erroneous = true;
  if (p->brace_swallowed && p->body_count > 0) {
    p->ended_in_recovery = true;
  }
  if (!p->ended_in_recovery && p->body_count > 0) {
    diag *d = parser_report_missing(p, "'}'");
    diag_note(d, ast_span(&p->builder, p->bodies[p->body_count - 1]), "to close this '{'");
  } else if (!p->ended_in_recovery) {
    parser_report_expected(p);
  }
  close_bodies(p);
  feed_at(p);
}

/* The size of the character `rest` begins with; 0: none that can stand in text. */
static size_t size_in_text(text rest) {
  uint32_t code_point = 0;
  size_t size = utf8_decode(rest, &code_point);
  bool is_blank = code_point == '\t' || code_point == '\n' || code_point == '\r';
  bool is_control = code_point < 0x20 || code_point == 0x7f;
  return is_control && !is_blank ? 0 : size;
}

/* A file of another kind gets one error, not one a byte. */
static bool report_binary(diags *d, const source *file) {
  uint32_t window = file->size < BINARY_WINDOW ? file->size : BINARY_WINDOW;
  uint32_t bad = 0, first = 0;
  for (uint32_t i = 0; i < window;) {
    size_t size = size_in_text((text){file->data + i, file->size - i});
    if (size == 0 && bad++ == 0) first = i;
    i += size == 0 ? 1 : (uint32_t)size;
  }
  if (bad < BINARY_LEAST || bad < window / BINARY_SHARE) return false;
  bool is_utf16 = memcmp(file->data, "\xff\xfe", 2) == 0 || memcmp(file->data, "\xfe\xff", 2) == 0;
  diag_report(d, DIAG_NOT_TEXT, (span){file, first, 1}, is_utf16 ? "; it looks like UTF-16" : "");
  return true;
}

static void report_no_namespace(const parser *p, token first) {
  const ast_file *file = p->builder.file;
  if (file->namespace_name != NULL || p->namespace_lost) return;
  diag_report(p->diags, DIAG_NO_NAMESPACE, ast_span(&p->builder, first));
}

static void run(parser *p) {
  advance(p);
  token first = p->kind == 0 ? (token){0} : p->at;
  for (; p->kind != 0; advance(p)) take(p);
  finish(p);
  report_no_namespace(p, first);
  report_unused_docs(p);
  p->builder.file->doc = docs_of_namespace(&p->docs);
}

ast_file *idl_parse(arena *a, diags *d, const source *file) {
  ast_file *tree = ARENA_NEW(a, ast_file);
  tree->source = file;
  if (report_binary(d, file)) {
    tree->damaged = true;
    return tree;
  }
  parser p = {
      .arena = a,
      .diags = d,
      .source = file,
      .docs = {.arena = a, .source = file},
      .builder = {.arena = a, .diags = d, .source = file, .file = tree},
      .grammar = arena_alloc(a, grammar_size()),
      .held_at = UINT32_MAX,
  };
  lexer_start(&p.lexer, file, d);
  grammarInit(p.grammar, &p.builder);
  run(&p);
  grammarFinalize(p.grammar);
  return tree;
}
