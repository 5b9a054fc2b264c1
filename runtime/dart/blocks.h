/* runtime/dart/blocks.h — heap memory of the runtime, counted so that a leak shows in mbr_live_blocks, and
 * the handing over of blocks to Dart. */
#ifndef MBR_RUNTIME_DART_BLOCKS_H
#define MBR_RUNTIME_DART_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/* As malloc, realloc and free. Any thread. */
void *mbr_block_alloc(size_t size);
void *mbr_block_resize(void *block, size_t size);
void mbr_block_free(void *block);

/* From here on the block is the ticket's: mbr_block_redeem frees it. A ticket has one block at most. */
void mbr_block_lend(void *block, uintptr_t ticket);

/* Frees the ticket's block; nothing where it has none. Any thread. */
void mbr_block_redeem(uintptr_t ticket);

#endif
