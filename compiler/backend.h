/* What a backend is: a function from a schema to files. A new one is a new folder and a line in the
 * table of compiler/main.c. Backends read the schema alone and write to an output alone. */
#ifndef COMPILER_BACKEND_H
#define COMPILER_BACKEND_H

#include "../idl/schema.h"
#include "output.h"

typedef struct backend_options {
  const char *package; /* --package, or derived from the first file's namespace; a valid Dart package name */
  bool firmware;       /* --profile firmware: small code, and the sizes of static memory */
  const char *library; /* --library: what the Dart package opens by default; NULL: lib<package>.so and the like */
} backend_options;

/* Reports what it cannot generate at its place (DIAG_UNSUPPORTED …); the driver writes nothing at all
 * when there was an error. */
typedef void backend_fn(const schema *s, const backend_options *options, arena *a, diags *d, output *out);

backend_fn backend_c;
backend_fn backend_c_client; /* the other side of each service */
backend_fn backend_dart;

#endif
