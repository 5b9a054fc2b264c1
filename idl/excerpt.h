/* How a piece of source, or any text of unknown origin, is shown on a terminal. */
#ifndef IDL_EXCERPT_H
#define IDL_EXCERPT_H

#include <stdio.h>

#include "source.h"

/* Columns of a source line that are shown; a longer line is cut around the place. */
#ifndef EXCERPT_WIDTH
#define EXCERPT_WIDTH 100
#endif

/* The line that `at` begins on, and below it a caret under what `at` covers of it. */
void excerpt_write(FILE *out, span at);

/* At most `limit` bytes of `t`, then "…". Control characters, invisible ones and bytes that are not UTF-8
 * come out escaped. */
void excerpt_write_text(FILE *out, text t, size_t limit);

#endif
