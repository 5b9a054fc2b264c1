/* The arena: zeroed chunks, handed out from the front. Knows nothing of what is put into it. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Under AddressSanitizer every allocation is a chunk of its own, so that an overrun shows. */
#ifndef ARENA_CHUNK_SIZE
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_CHUNK_SIZE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_CHUNK_SIZE 0
#endif
#endif
#endif
#ifndef ARENA_CHUNK_SIZE
#define ARENA_CHUNK_SIZE ((size_t)64 * 1024)
#endif

typedef struct chunk {
  struct chunk *next;
  alignas(max_align_t) char data[];
} chunk;

struct arena {
  chunk *chunks;
  char *free;
  size_t left;
};

static void out_of_memory(void) {
  fputs("mbrc: out of memory\n", stderr);
  abort();
}

arena *arena_new(void) {
  arena *a = calloc(1, sizeof(*a));
  if (a == NULL) out_of_memory();
  return a;
}

void arena_free(arena *a) {
  if (a == NULL) return;
  for (chunk *c = a->chunks, *next; c != NULL; c = next) {
    next = c->next;
    free(c);
  }
  free(a);
}

static char *add_chunk(arena *a, size_t size) {
  if (size > SIZE_MAX - sizeof(chunk)) out_of_memory();
  chunk *c = calloc(1, sizeof(chunk) + size);
  if (c == NULL) out_of_memory();
  c->next = a->chunks;
  a->chunks = c;
  return c->data;
}

void *arena_alloc(arena *a, size_t size) {
  if (size == 0) size = 1; /* never NULL */
  /* Large blocks get a chunk of their own, so that the rest of the current one is not lost. */
  if (size > ARENA_CHUNK_SIZE / 4) return add_chunk(a, size);
  size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
  if (size > a->left) {
    a->free = add_chunk(a, ARENA_CHUNK_SIZE);
    a->left = ARENA_CHUNK_SIZE;
  }
  void *block = a->free;
  a->free += size;
  a->left -= size;
  return block;
}

void *arena_array(arena *a, size_t size, size_t count) {
  if (size != 0 && count > SIZE_MAX / size) out_of_memory();
  return arena_alloc(a, size * count);
}

char *arena_copy(arena *a, text t) {
  if (t.size == SIZE_MAX) out_of_memory();
  char *copy = arena_alloc(a, t.size + 1);
  if (t.size != 0) memcpy(copy, t.data, t.size);
  return copy;
}

char *arena_vprintf(arena *a, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int size = vsnprintf(NULL, 0, format, args);
  if (size < 0) out_of_memory();
  char *out = arena_alloc(a, (size_t)size + 1);
  vsnprintf(out, (size_t)size + 1, format, again);
  va_end(again);
  return out;
}

char *arena_printf(arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *out = arena_vprintf(a, format, args);
  va_end(args);
  return out;
}
