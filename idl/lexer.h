/* Source text to tokens: where each begins, its size, and what it is. Knows no grammar; the kinds are
 * those of grammar.h (T_…, 0 at the end of the file). */
#ifndef IDL_LEXER_H
#define IDL_LEXER_H

#include "diag.h"

/* A run of `///` lines, found before some token. */
typedef struct doc_comment {
  text text; /* lines joined by \n, markers and one following space removed */
  span at;   /* of the first line */
  bool used; /* by what the token begins */
  struct doc_comment *next;
} doc_comment;

typedef struct token {
  uint32_t offset, size;
  doc_comment *doc; /* right before it, or NULL; the parser's business */
} token;

/* Cheap to copy: a copy looks ahead. */
typedef struct lexer {
  const source *source;
  diags *diags;
  const unsigned char *cursor;
  const unsigned char *limit;
} lexer;

void lexer_start(lexer *x, const source *file, diags *d);

/* Reads the next token; blanks and comments other than doc comments are passed over. What is no token is
 * reported and comes as T_BAD. */
int lexer_next(lexer *x, token *t);

#endif
