/* runtime/dart/blocks.h — heap memory of the runtime, counted so that a leak shows in mbr_live_blocks. */
#ifndef MBR_RUNTIME_DART_BLOCKS_H
#define MBR_RUNTIME_DART_BLOCKS_H

#include <stddef.h>

/* As malloc, realloc and free. Any thread. */
void *mbr_block_alloc(size_t size);
void *mbr_block_resize(void *block, size_t size);
void mbr_block_free(void *block);

#endif
