/* What generated C takes in memory on a machine that need not be this one: sizes of types, arena memory of
 * decoding. Says the same as the structs and the _ARENA_SIZE macros that the C backend writes. Everything
 * saturates at SCHEMA_UNBOUNDED, which also stands for what the schema does not bound. */
#ifndef COMPILER_EXPLAIN_LAYOUT_H
#define COMPILER_EXPLAIN_LAYOUT_H

#include "../../idl/schema.h"

/* ilp32 as ARM and RISC-V have it, where numbers of eight bytes are 8-aligned. Enums are ints: a compiler that
 * packs them, as for bare ARM, takes less. */
typedef enum layout_abi { ABI_ILP32, ABI_LP64 } layout_abi;

/* As sizeof of the struct, and as its _ARENA_SIZE. */
uint64_t layout_struct(layout_abi abi, const schema_decl *d);
uint64_t layout_struct_arena(layout_abi abi, const schema_decl *d);

/* Arena memory for what the handler is given at once, and storage of one call: the members of <service>_storage. */
uint64_t layout_arguments(layout_abi abi, const schema_method *m);
uint64_t layout_storage(layout_abi abi, const schema_method *m);
/* And for what an answer decodes to: the members of <service>_answers. */
uint64_t layout_answer(layout_abi abi, const schema_method *m);

uint64_t layout_sum(uint64_t a, uint64_t b);
uint64_t layout_product(uint64_t a, uint64_t b);
uint64_t layout_round(uint64_t size, uint64_t to);

#endif
