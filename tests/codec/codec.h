/* What everything that tests generated codecs shares: a codec as a value, and an arena that grows. Knows no
 * test library, so that it also serves where there is none. */
#ifndef CODEC_H
#define CODEC_H

#include <stddef.h>
#include <stdlib.h>

#include "mbr/wire.h"

typedef struct codec {
  size_t value_size;
  size_t (*size)(const void *value);
  mbr_status (*encode)(mbr_writer *w, const void *value);
  mbr_status (*decode)(mbr_reader *r, void *value);
} codec;

/* Defines `X_codec` for a generated type X. */
#define CODEC(X)                                                                                             \
  static size_t X##_test_size(const void *value) { return X##_size((const X *)value); }                      \
  static mbr_status X##_test_encode(mbr_writer *w, const void *value) {                                      \
    return X##_encode(w, (const X *)value);                                                                  \
  }                                                                                                          \
  static mbr_status X##_test_decode(mbr_reader *r, void *value) { return X##_decode(r, (X *)value); }        \
  static const codec X##_codec = {sizeof(X), X##_test_size, X##_test_encode, X##_test_decode}

/* An arena without memory of its own, and the blocks that it grew by. */
typedef union test_block {
  union test_block *next;
  max_align_t align;
} test_block;

typedef struct test_arena {
  mbr_arena arena;
  test_block *blocks;
} test_arena;

static inline void *test_arena_grow(void *owner, size_t size) {
  test_arena *t = owner;
  test_block *block = malloc(sizeof *block + size);
  if (block == NULL) return NULL;
  block->next = t->blocks;
  t->blocks = block;
  return block + 1;
}

static inline void test_arena_init(test_arena *t) {
  mbr_arena_init(&t->arena, NULL, 0);
  t->arena.grow = test_arena_grow;
  t->arena.owner = t;
  t->blocks = NULL;
}

static inline void test_arena_free(test_arena *t) {
  while (t->blocks != NULL) {
    test_block *block = t->blocks;
    t->blocks = block->next;
    free(block);
  }
}

#endif
