/* Gathers a file's doc comments: `///` for the token that follows, `//!` for the namespace. Knows nothing of
 * what a token begins; who takes a comment marks it used. */
#ifndef IDL_DOCS_H
#define IDL_DOCS_H

#include "lexer.h"

typedef struct doc_lines {
  struct doc_line *first, *last;
  size_t size; /* of all, joined */
  span at;     /* of the first */
} doc_lines;

typedef struct docs {
  arena *arena;
  const source *source;
  doc_lines pending;         /* not yet before a token */
  doc_lines namespace_lines; /* all of the file */
  doc_comment *first, *last; /* all that stand before a token */
} docs;

/* A line, by its token: T_DOC and T_NAMESPACE_DOC. */
void docs_add(docs *d, token line);
void docs_add_to_namespace(docs *d, token line);

/* The pending comment, for the token that follows it; NULL: none. */
doc_comment *docs_take(docs *d);

text docs_of_namespace(const docs *d);

#endif
