/* Counted heap blocks. The only place of the Dart runtime that calls malloc. */
#include "blocks.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "mbr/dart.h"

static atomic_size_t live;

size_t mbr_live_blocks(void) { return atomic_load(&live); }

void *mbr_block_alloc(size_t size) {
  void *block = malloc(size);
  if (block != NULL) atomic_fetch_add(&live, 1);
  return block;
}

void *mbr_block_resize(void *block, size_t size) { return realloc(block, size); }

void mbr_block_free(void *block) {
  if (block == NULL) return;
  atomic_fetch_sub(&live, 1);
  free(block);
}
