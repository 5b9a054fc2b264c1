/* FNV-1a, which names things on the wire: methods, types, contracts. Knows nothing of what it hashes. */
#ifndef IDL_HASH_H
#define IDL_HASH_H

#include <stdint.h>

#include "text.h"

uint32_t hash_fnv32(text t);

/* Of texts one after the other: begin with HASH_FNV64_EMPTY, then hand on what came out. */
#define HASH_FNV64_EMPTY UINT64_C(14695981039346656037)
uint64_t hash_fnv64(uint64_t before, text t);

#endif
