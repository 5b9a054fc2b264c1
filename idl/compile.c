/* The front end as one call. */
#include "compile.h"

#include "load.h"
#include "resolve.h"

const schema *idl_compile(arena *a, diags *d, const char *const *paths, size_t path_count,
                          const compile_options *options) {
  ast_unit files = {0};
  bool is_loaded = idl_load(a, d, paths, path_count, options, &files);
  const schema *s = idl_resolve(a, d, &files);
  return is_loaded && diags_errors(d) == 0 ? s : NULL;
}
