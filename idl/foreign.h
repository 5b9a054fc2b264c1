/* Words of other contract and programming languages, and what to write here instead: for those who come
 * from there. Knows no grammar and no schema. */
#ifndef IDL_FOREIGN_H
#define IDL_FOREIGN_H

#include "arena.h"

/* "; did you mean 'f64'?" and the like for a word that stands where a type, a value or an attribute is
 * expected; "" where nothing is known of it. */
const char *foreign_type(arena *a, text word);
const char *foreign_value(arena *a, text word);
const char *foreign_attribute(arena *a, text word);
/* The word of the language that begins a declaration; size 0: none. */
text foreign_declaration(text word);

#endif
