/* The words for syntax errors: what was expected, what was found, and what was likely meant. Asks the
 * grammar; changes nothing. */
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

static const mark marks[] = {{T_SEMI, "';'"},   {T_COLON, "':'"},  {T_EQ, "'='"},      {T_LBRACE, "'{'"},
                             {T_LPAREN, "'('"}, {T_ARROW, "'->'"}, {T_COMMA, "','"},   {T_RPAREN, "')'"},
                             {T_GT, "'>'"},     {T_RBRACE, "'}'"}, {T_RBRACKET, "']'"}};
#define MARK_COUNT (sizeof marks / sizeof marks[0])

static const char *expected_text(const parser *p) {
  const char *parts[MARK_COUNT + 1];
  size_t count = 0;
  const char *words = expected_words(p);
  if (words != NULL) parts[count++] = words;
  for (const mark *m = marks; m < marks + MARK_COUNT; m++) {
    bool begins_type = m->kind == T_LPAREN && words != NULL;
    if (parser_expects(p, m->kind) && !begins_type) parts[count++] = m->shown;
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

/* "; did you mean 'struct'?" for a word that begins no declaration. */
static const char *declaration_hint(const parser *p) {
  static const struct {
    const char *foreign, *own;
  } words[] = {
      {"package", "namespace"}, {"module", "namespace"},  {"include", "import"}, {"using", "import"},
      {"message", "struct"},    {"class", "struct"},      {"record", "struct"},  {"table", "struct"},
      {"typedef", "type"},      {"alias", "type"},        {"variant", "union"},  {"oneof", "union"},
      {"exception", "error"},   {"interface", "service"}, {"bitmask", "flags"},  {"define", "const"}};
  static const char *const own[] = {"namespace", "import", "const", "type",  "open", "enum",
                                    "flags",     "struct", "union", "error", "host", "service"};
  text word = ast_text(&p->builder, p->at);
  suggestion near = suggest_for(word);
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    suggest_consider(&near, (text){own[i], strlen(own[i])});
  }
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    text foreign = {words[i].foreign, strlen(words[i].foreign)};
    if (text_equal(word, foreign)) near.best = (text){words[i].own, strlen(words[i].own)};
  }
  return suggest_hint(&near, p->arena);
}

static const char *hint(const parser *p) {
  bool wants_name = parser_expects(p, T_NAME);
  if (p->kind == T_SEMI && p->previous_kind == T_RBRACE) return "; no ';' follows a '}'";
  if (parser_between_items(p) && parser_is_word(p->kind)) return declaration_hint(p);
  if (wants_name && parser_expects(p, T_LPAREN) && p->kind == T_LBRACKET)
    return "; a list is written 'list<T>'";
  if (parser_expects(p, T_ARROW) && p->kind == T_COLON) return "; a result is written '-> T'";
  bool two_words = parser_is_word(p->kind) && parser_is_word(p->previous_kind);
  if (parser_expects(p, T_COLON) && two_words && p->body_count > 0) return "; write 'name: type'";
  return "";
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
