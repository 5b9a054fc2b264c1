/* Finding an item that occurs twice, in time that hostile input cannot make quadratic and without
 * recursion: a heapsort of an index. */
#include "mbr/wire.h"

typedef struct sorting {
  const uint8_t *items;
  size_t item_size;
  size_t *index;
  int (*compare)(const void *, const void *);
} sorting;

static int compare_items(const sorting *s, size_t a, size_t b) {
  return s->compare(s->items + s->index[a] * s->item_size, s->items + s->index[b] * s->item_size);
}

/* Equal items stay in their order. */
static bool is_before(const sorting *s, size_t a, size_t b) {
  int order = compare_items(s, a, b);
  return order != 0 ? order < 0 : s->index[a] < s->index[b];
}

static void swap(const sorting *s, size_t a, size_t b) {
  size_t kept = s->index[a];
  s->index[a] = s->index[b];
  s->index[b] = kept;
}

/* Lets the entry at `root` sink to its place in a heap of `count`. */
static void sink(const sorting *s, size_t root, size_t count) {
  while (root < count / 2) {
    size_t child = 2 * root + 1;
    if (child + 1 < count && is_before(s, child, child + 1)) child++;
    if (!is_before(s, root, child)) return;
    swap(s, root, child);
    root = child;
  }
}

static bool is_rising(const uint8_t *items, size_t count, size_t item_size,
                      int (*compare)(const void *, const void *)) {
  for (size_t i = 1; i < count; i++) {
    if (compare(items + (i - 1) * item_size, items + i * item_size) >= 0) return false;
  }
  return true;
}

static void sort(const sorting *s, size_t count) {
  for (size_t i = 0; i < count; i++) s->index[i] = i;
  for (size_t i = count / 2; i > 0; i--) sink(s, i - 1, count);
  for (size_t end = count; end > 1; end--) {
    swap(s, 0, end - 1);
    sink(s, 0, end - 1);
  }
}

size_t mbr_find_duplicate(mbr_reader *r, const void *items, size_t count, size_t item_size,
                          int (*compare)(const void *, const void *)) {
  const uint8_t *bytes = (const uint8_t *)items;
  if (r->status != MBR_OK || is_rising(bytes, count, item_size, compare)) return count;
  const sorting s = {bytes, item_size, (size_t *)mbr_reader_alloc(r, count, sizeof(size_t)), compare};
  if (s.index == NULL) return count;
  sort(&s, count);
  size_t first = count;
  for (size_t i = 1; i < count; i++) {
    if (s.index[i] < first && compare_items(&s, i - 1, i) == 0) first = s.index[i];
  }
  return first;
}

int mbr_str_compare(mbr_str a, mbr_str b) {
  size_t shorter = a.size < b.size ? a.size : b.size;
  int order = shorter != 0 ? memcmp(a.data, b.data, shorter) : 0;
  if (order != 0) return order;
  return a.size < b.size ? -1 : a.size > b.size;
}
