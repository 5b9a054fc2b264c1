/* What --profile firmware asks of a contract: memory for all of it can be set aside before it runs. */
#ifndef COMPILER_FIRMWARE_H
#define COMPILER_FIRMWARE_H

#include "../idl/schema.h"

/* Most bytes on the wire of a value, and of all parameters of a method together. */
#ifndef FIRMWARE_SIZE_MAX
#define FIRMWARE_SIZE_MAX 0x100000u
#endif

/* Reports at its place every string, bytes, list, set and map without a bound, every type that contains itself,
 * and what is larger than that. */
void firmware_check(const schema *s, arena *a, diags *d);

#endif
