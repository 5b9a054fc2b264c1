/* One source file in, its syntax tree out. Knows no other file and not what names mean. */
#ifndef IDL_PARSE_H
#define IDL_PARSE_H

#include "ast.h"
#include "diag.h"

/* How deep types may nest: each list<…>, (…) and ? is one level. Bounds every recursion over a type. */
#ifndef IDL_MAX_NESTING
#define IDL_MAX_NESTING 64
#endif

/* Never NULL: what could not be parsed is reported to `d` and left out. What it stood in is marked as damaged, a
 * declaration or the file; the words of a whole declaration are kept in the file's `lost`. */
ast_file *idl_parse(arena *a, diags *d, const source *file);

#endif
