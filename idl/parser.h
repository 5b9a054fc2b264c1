/* The state of parsing one file, shared by parse.c, which drives it, and expected.c, which finds the words
 * for a syntax error. */
#ifndef IDL_PARSER_H
#define IDL_PARSER_H

#include "docs.h"
#include "grammar.h"
#include "grammar_run.h"

/* Bodies nest this deep: a declaration's, and an arm's within. */
#define BODY_DEPTH 2

typedef struct parser {
  arena *arena;
  diags *diags;
  const source *source;
  lexer lexer;
  docs docs;
  ast_builder builder;
  void *grammar;

  int kind, previous_kind, earlier_kind; /* the token at hand and the two before it */
  token at, previous, earlier;
  bool held;        /* the token at hand is to be taken once more */
  uint32_t held_at; /* where recovery stopped last: it must not stop there again */

  int item_kind; /* what the declaration, import or namespace at hand begins with; 0: nothing of it yet */
  token bodies[BODY_DEPTH]; /* their '{' */
  unsigned body_count;
  unsigned brackets;      /* open within the type at hand */
  unsigned spare_braces;  /* '}' that were put in, and may turn up later after all */
  bool brace_swallowed;   /* a '}' may be within a string without an end */
  bool separator_told;    /* of the body at hand: it has ',' for ';' or the reverse */
  bool erroneous;         /* a syntax error was met */
  bool namespace_lost;    /* its declaration did not parse */
  bool ended_in_recovery; /* the file ended within what is left out */
} parser;

static inline uint32_t parser_end_of(token t) { return t.offset + t.size; }

/* Whether a name can be spelled like it. */
static inline bool parser_is_word(int kind) { return kind >= T_NAME && kind <= T_NONE; }

/* Right after a syntax error: whether `kind` could have stood there. */
static inline bool parser_expects(const parser *p, int kind) { return grammar_expects(p->grammar, kind); }

bool parser_on_one_line(const parser *p, token before, token after);
/* Whether a syntax error stands where a declaration, import or namespace could. */
bool parser_between_items(const parser *p);

/* The word of the language that the word at hand was likely meant for, where a declaration, import or
 * namespace could begin; size 0: none. */
text parser_meant_word(const parser *p);

/* "expected …, found …" at the token at hand; or "expected … after …" behind the one before, where that
 * says it better. */
void parser_report_expected(parser *p);
/* `what` is missing behind the previous token. */
diag *parser_report_missing(parser *p, const char *what);
/* A token in quotes, or words for it. */
const char *parser_shown(const parser *p, int kind, token t);

#endif
