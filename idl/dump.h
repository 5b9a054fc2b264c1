/* A resolved schema as text that stays the same while the schema does: for tests and for looking at. */
#ifndef IDL_DUMP_H
#define IDL_DUMP_H

#include <stdio.h>

#include "schema.h"

void schema_dump(const schema *s, FILE *out);

#endif
