/* Takes memory from the heap. */
#include <stddef.h>
void *malloc(size_t size);
void free(void *memory);
void *bad_enter(void *old);
void *bad_enter(void *old) {
  free(old);
  return malloc(8);
}
