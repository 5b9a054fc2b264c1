/* The parser that lemon makes from grammar.y, as parse.c drives it. */
#ifndef IDL_GRAMMAR_RUN_H
#define IDL_GRAMMAR_RUN_H

#include "ast_build.h"

/* Bytes of a parser. */
size_t grammar_size(void);
void grammarInit(void *parser, ast_builder *b);
void grammarFinalize(void *parser);

/* Feeds one token; a syntax error sets b->failed and leaves the parser as if the token had not come. */
void grammar(void *parser, int kind, token value);

/* Right after a syntax error: whether `kind` could have stood there. */
bool grammar_expects(const void *parser, int kind);

/* Right after a syntax error: gives up what is unfinished, down to the innermost rule with a DAMAGED.
 * True: that is a whole item. */
bool grammar_damage(void *parser);

#endif
