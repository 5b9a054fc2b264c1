/* Counted heap blocks. The only place of the Dart runtime that calls malloc.
 *
 * A block that Dart takes over is freed by a finalizer, which an isolate that dies runs whether it came to
 * take the block or not. So what the finalizer is given is no address but a ticket, and here is kept who has
 * which block. */
#include "blocks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "mbr/dart.h"

/* In front of each block; its size keeps what follows aligned like malloc's. */
typedef union header {
  struct {
    union header *next; /* lent to a ticket of the same bucket */
    uintptr_t ticket;
  } lent;
  max_align_t align;
} header;

#define BUCKETS 256u /* a power of two */

static atomic_size_t live;
static header *lent[BUCKETS];
static pthread_mutex_t lent_lock = PTHREAD_MUTEX_INITIALIZER;

size_t mbr_live_blocks(void) { return atomic_load(&live); }

void *mbr_block_alloc(size_t size) {
  header *block = size <= SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;
  if (block == NULL) return NULL;
  atomic_fetch_add(&live, 1);
  return block + 1;
}

void *mbr_block_resize(void *block, size_t size) {
  if (size > SIZE_MAX - sizeof(header)) return NULL;
  header *resized = realloc((header *)block - 1, sizeof *resized + size);
  return resized != NULL ? resized + 1 : NULL;
}

static void free_header(header *block) {
  atomic_fetch_sub(&live, 1);
  free(block);
}

void mbr_block_free(void *block) {
  if (block != NULL) free_header((header *)block - 1);
}

void mbr_block_lend(void *block, uintptr_t ticket) {
  header *taken = (header *)block - 1;
  pthread_mutex_lock(&lent_lock);
  taken->lent.ticket = ticket;
  taken->lent.next = lent[ticket % BUCKETS];
  lent[ticket % BUCKETS] = taken;
  pthread_mutex_unlock(&lent_lock);
}

void mbr_block_redeem(uintptr_t ticket) {
  header *found = NULL;
  pthread_mutex_lock(&lent_lock);
  for (header **at = &lent[ticket % BUCKETS]; *at != NULL && found == NULL;) {
    if ((*at)->lent.ticket == ticket) {
      found = *at;
      *at = found->lent.next;
    } else {
      at = &(*at)->lent.next;
    }
  }
  pthread_mutex_unlock(&lent_lock);
  if (found != NULL) free_header(found);
}
