/* From paths to syntax trees: reads the files of a compilation and all they import, each once, and
 * parses them. Knows nothing of what names mean. */
#ifndef IDL_LOAD_H
#define IDL_LOAD_H

#include "ast.h"
#include "diag.h"

struct compile_options;

/* No file may be larger, so that offsets fit 32 bits with room to spare and no device is read for ever. */
#ifndef IDL_MAX_FILE_SIZE
#define IDL_MAX_FILE_SIZE (64u * 1024 * 1024)
#endif

/* Every file of a compilation once, a file's imports before the file itself. */
typedef struct ast_unit {
  ast_file *const *files;
  size_t count;
} ast_unit;

/* Loads `paths` ("-" is standard input) and what they import. An import is looked for beside the
 * importing file (beside the working folder for standard input), then in each -I folder; a file is known
 * by its identity on disk, however it is spelled. Sets ast_import.file; where that fails (not found,
 * unreadable, a cycle) it stays NULL and the importing file is marked damaged.
 * `out` holds what could be loaded even when there were errors. False: something could not be read, or
 * an import is in error; errors inside of files only show in diags_errors(). */
bool idl_load(arena *a, diags *d, const char *const *paths, size_t count,
              const struct compile_options *options, ast_unit *out);

#endif
