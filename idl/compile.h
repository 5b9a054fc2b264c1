/* The front end as one call: files in, a checked schema out. */
#ifndef IDL_COMPILE_H
#define IDL_COMPILE_H

#include "schema.h"

typedef struct compile_options {
  const char *const *include_dirs; /* -I, in order */
  size_t include_count;
} compile_options;

/* Loads `paths` ("-" is standard input) and all they import, parses and resolves. Problems are
 * reported to `d`; NULL when there was an error. */
const schema *idl_compile(arena *a, diags *d, const char *const *paths, size_t path_count,
                          const compile_options *options);

#endif
