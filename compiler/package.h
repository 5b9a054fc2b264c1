/* The name of the Dart package. */
#ifndef COMPILER_PACKAGE_H
#define COMPILER_PACKAGE_H

#include "../idl/schema.h"

/* Whether pub and Dart accept it: [a-z_][a-z0-9_]*, no reserved word, at most 64 bytes. */
bool package_name_is_valid(const char *name);

/* What all namespaces begin with, in whole parts ("vss.cabin" and "vss.body" give "vss"). Where they
 * share nothing, or nothing valid, DIAG_NO_PACKAGE_NAME is reported and NULL returned. */
const char *package_from_schema(const schema *s, arena *a, diags *d);

#endif
