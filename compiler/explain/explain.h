/* `mbrc explain`: what a contract takes of bytes on the wire and of memory in C, as tables for people. */
#ifndef COMPILER_EXPLAIN_H
#define COMPILER_EXPLAIN_H

#include <stdio.h>

#include "layout.h"

void explain(FILE *out, const schema *s, layout_abi abi);

#endif
