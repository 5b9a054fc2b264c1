/* The words for syntax errors: what was expected, what was found, and what was likely meant. Asks the
 * grammar; changes nothing. */
#include "foreign.h"
#include "parser.h"
#include "suggest.h"

/* Bytes of a token that a message repeats. */
#define SHOWN 40

static const char *member_words(const parser *p) {
  if (parser_expects(p, T_RPAREN)) return "a parameter";
  if (p->body_count == BODY_DEPTH) return "a field";
  switch (p->builder.decl->kind) {
  case AST_STRUCT: return "a field";
  case AST_UNION:
  case AST_ERROR: return "an arm";
  case AST_SERVICE: return "a method";
  default: return "a member";
  }
}

/* What could stand at the place of the error, other than punctuation; NULL: nothing. */
static const char *expected_words(const parser *p) {
  if (parser_between_items(p)) return "a declaration";
  if (parser_expects(p, T_LBRACKET)) return "a value";
  if (parser_expects(p, T_NAME)) {
    if (parser_expects(p, T_INT)) return "a type or a number";
    if (parser_expects(p, T_LPAREN)) return "a type";
    return parser_expects(p, T_AT) && p->body_count > 0 ? member_words(p) : "a name";
  }
  if (parser_expects(p, T_FLOAT)) return "a number";
  if (parser_expects(p, T_INT)) return "an integer";
  if (parser_expects(p, T_ENUM)) return "'enum'";
  if (parser_expects(p, T_SERVICE)) return "'service'";
  return parser_expects(p, T_STRING) ? "a string" : NULL;
}

typedef struct mark {
  int kind;
  const char *shown;
} mark;

static const mark marks[] = {{T_SEMI, "';'"},        {T_COLON, "':'"},  {T_EQ, "'='"},
                             {T_LBRACE, "'{'"},      {T_LPAREN, "'('"}, {T_ARROW, "'->'"},
                             {T_THROWS, "'throws'"}, {T_COMMA, "','"},  {T_RPAREN, "')'"},
                             {T_GT, "'>'"},          {T_RBRACE, "'}'"}, {T_RBRACKET, "']'"}};
#define MARK_COUNT (sizeof marks / sizeof marks[0])

static const char *expected_text(const parser *p) {
  const char *parts[MARK_COUNT + 1];
  size_t count = 0;
  const char *words = expected_words(p);
  if (words != NULL) parts[count++] = words;
  for (const mark *m = marks; m < marks + MARK_COUNT; m++) {
    /* A '(' may begin a type, and 'throws' is a name where one may stand. */
    bool is_other = (m->kind == T_LPAREN || m->kind == T_THROWS) && words != NULL;
    if (parser_expects(p, m->kind) && !is_other) parts[count++] = m->shown;
  }
  const char *all = parts[0];
  for (size_t i = 1; i < count; i++) {
    all = arena_printf(p->arena, "%s%s%s", all, i + 1 < count ? ", " : " or ", parts[i]);
  }
  return all;
}

const char *parser_shown(const parser *p, int kind, token t) {
  if (kind == 0) return "the end of the file";
  if (kind == T_STRING) return "a string";
  text whole = ast_text(&p->builder, t);
  if (whole.size <= SHOWN) return arena_printf(p->arena, "'%.*s'", TEXT_ARG(whole));
  return arena_printf(p->arena, "'%.*s…'", SHOWN, whole.data);
}

text parser_meant_word(const parser *p) {
  static const char *const own[] = {"namespace", "import", "const", "type",  "open", "enum",
                                    "flags",     "struct", "union", "error", "host", "service"};
  text word = ast_text(&p->builder, p->at);
  text meant = foreign_declaration(word);
  if (meant.size > 0) return meant;
  suggestion near = suggest_for(word);
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    suggest_consider(&near, (text){own[i], strlen(own[i])});
  }
  return near.best;
}

/* For a word that begins no declaration. */
static const char *declaration_hint(const parser *p) {
  text meant = parser_meant_word(p);
  return meant.size == 0 ? "" : arena_printf(p->arena, "; did you mean '%.*s'?", TEXT_ARG(meant));
}

/* Where a type could begin. */
static const char *type_hint(const parser *p) {
  if (p->kind == T_LBRACKET) return "; a list is written 'list<T>'";
  return p->kind == T_RPAREN && p->previous_kind == T_LPAREN ? "; a tuple has at least one type" : "";
}

static const char *value_hint(const parser *p) {
  if (p->kind == T_LBRACE) return "; nothing but '[]' can be written for a list, set or map";
  bool is_empty = p->kind == T_RPAREN && p->previous_kind == T_LPAREN;
  return is_empty ? "; an attribute without arguments has no '()'" : "";
}

/* Behind a type. */
static const char *end_of_type_hint(const parser *p) {
  switch (p->kind) {
  case T_LBRACKET: return "; an array is written 'array<T, N>'";
  case T_LPAREN: return "; what belongs to a type stands in '<…>'";
  case T_LBRACE: return "; declare the type by itself and name it here";
  default: return "";
  }
}

/* Behind the parameters of a method. */
static const char *signature_hint(const parser *p) {
  suggestion near = suggest_for(ast_text(&p->builder, p->at));
  suggest_consider(&near, TEXT("throws"));
  if (parser_is_word(p->kind) && near.best.size > 0) return suggest_hint(&near, p->arena);
  bool is_result = parser_is_word(p->kind) || p->kind == T_COLON || p->kind == T_EQ || p->kind == T_MINUS;
  return parser_expects(p, T_ARROW) && is_result ? "; a result is written '-> T'" : "";
}

/* Behind the name of a field, an arm or a parameter. */
static const char *colon_hint(const parser *p) {
  if (p->body_count == 0) {
    bool is_constant = p->builder.decl->kind == AST_CONST && p->kind == T_EQ;
    return is_constant ? "; a constant is written 'const name: type = value'" : "";
  }
  text before = ast_text(&p->builder, p->previous);
  if (text_equal(before, TEXT("optional"))) return "; an optional is written 'name: T?'";
  if (text_equal(before, TEXT("repeated"))) return "; a list is written 'name: list<T>'";
  return parser_is_word(p->previous_kind) && p->kind != T_EQ ? "; write 'name: type'" : "";
}

static const char *hint(const parser *p) {
  if (p->kind == T_SEMI && p->previous_kind == T_RBRACE) return "; no ';' follows a '}'";
  if (parser_between_items(p)) return parser_is_word(p->kind) ? declaration_hint(p) : "";
  if (parser_expects(p, T_NAME)) {
    if (parser_expects(p, T_LBRACKET)) return value_hint(p);
    return parser_expects(p, T_LPAREN) ? type_hint(p) : "";
  }
  if (parser_expects(p, T_STRING)) return "; a path stands in quotes, as in import \"common.mbr\"";
  if (parser_expects(p, T_ENUM)) return "; only an enum can be 'open'";
  if (parser_expects(p, T_SERVICE)) return "; only a service can be a 'host' one";
  if (p->kind == T_DURATION && p->previous_kind == T_MINUS) return "; a duration is written without a sign";
  if (parser_expects(p, T_RBRACKET)) return "; nothing but '[]' can be written for a list, set or map";
  if (parser_expects(p, T_THROWS)) return signature_hint(p);
  bool throws_two = p->kind == T_COMMA && p->earlier_kind == T_THROWS;
  if (throws_two && p->body_count > 0) return "; a method throws one error";
  if (parser_expects(p, T_COLON)) return colon_hint(p);
  if (parser_expects(p, T_EQ)) return end_of_type_hint(p);
  if (parser_expects(p, T_LPAREN) && p->body_count > 0 && parser_is_word(p->kind))
    return "; a method begins with its name, or with 'sync' or 'oneway'";
  suggestion near = suggest_for(ast_text(&p->builder, p->previous));
  suggest_consider(&near, TEXT("stream"));
  if (parser_is_word(p->kind) && near.best.size > 0) return suggest_hint(&near, p->arena);
  bool in_arguments = parser_expects(p, T_COMMA) && parser_expects(p, T_RPAREN);
  return in_arguments && p->kind == T_COLON ? "; an argument is written 'name = value'" : "";
}

diag *parser_report_missing(parser *p, const char *what) {
  span behind = {p->source, parser_end_of(p->previous), 0};
  const char *before = parser_shown(p, p->previous_kind, p->previous);
  return diag_report(p->diags, DIAG_EXPECTED_AFTER, behind, what, before);
}

void parser_report_expected(parser *p) {
  const char *what = expected_text(p);
  bool lacks_a_mark = expected_words(p) == NULL && !parser_on_one_line(p, p->previous, p->at);
  if (lacks_a_mark || p->kind == 0) {
    parser_report_missing(p, what);
    return;
  }
  const char *found = parser_shown(p, p->kind, p->at);
  diag_report(p->diags, DIAG_EXPECTED, ast_span(&p->builder, p->at), what, found, hint(p));
}
