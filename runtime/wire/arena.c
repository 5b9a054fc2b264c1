/* The arena that decoded lists are taken from: a bump allocator over memory it does not own. */
#include "mbr/wire.h"

void mbr_arena_init(mbr_arena *arena, void *data, size_t size) {
  /* misra 11.6: how far an address is from its alignment */
  size_t skip = (size_t)(0u - (uintptr_t)data) % MBR_ARENA_ALIGN;
  arena->data = (uint8_t *)data;
  arena->size = 0;
  if (size > skip) {
    arena->data += skip;
    arena->size = size - skip;
  }
  arena->used = 0;
  arena->grow = NULL;
  arena->owner = NULL;
}

/* A block of its own for a large request; for small ones a fresh block becomes the arena's memory. */
static void *take_grown(mbr_arena *arena, size_t size) {
  if (arena->grow == NULL) return NULL;
  size_t block_size = size > MBR_ARENA_BLOCK_SIZE ? size : MBR_ARENA_BLOCK_SIZE;
  uint8_t *block = (uint8_t *)arena->grow(arena->owner, block_size);
  if (block != NULL && size < block_size) {
    arena->data = block;
    arena->size = block_size;
    arena->used = size;
  }
  return block;
}

void *mbr_arena_take(mbr_arena *arena, size_t count, size_t item_size) {
  size_t size = mbr_size_mul(count, item_size);
  if (size > (size_t)-1 - MBR_ARENA_ALIGN) return NULL;
  if (size == 0) return arena; /* any address will do: nothing may be read there */
  size = MBR_ARENA_ROUND(size);
  if (size > arena->size - arena->used) return take_grown(arena, size);
  void *p = arena->data + arena->used;
  arena->used += size;
  return p;
}
