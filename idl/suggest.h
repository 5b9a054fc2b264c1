/* "Did you mean …?": the candidate nearest to a misspelt word. */
#ifndef IDL_SUGGEST_H
#define IDL_SUGGEST_H

#include "arena.h"

typedef struct suggestion {
  text wanted;
  text best; /* size 0: nothing is near */
  size_t distance;
} suggestion;

suggestion suggest_for(text wanted);
/* Keeps `candidate` if it is nearer than any before it. */
void suggest_consider(suggestion *s, text candidate);
/* "; did you mean 'best'?", or "". */
const char *suggest_hint(const suggestion *s, arena *a);

#endif
