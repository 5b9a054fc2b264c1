/* Open addressing with linear probing, at most half full. */
#include "table.h"

#include "hash.h"

struct table_slot {
  text key;
  uint64_t hash;
  void *value; /* NULL: free */
};

#define TABLE_FIRST_SLOTS 16u

static uint64_t hash_of(text key) { return hash_fnv64(HASH_FNV64_EMPTY, key); }

/* The slot that holds the key, or the free one where it belongs. */
static struct table_slot *slot_for(const table *t, text key, uint64_t hash) {
  size_t i = (size_t)(hash ^ hash >> 32) & (t->slot_count - 1);
  while (t->slots[i].value != NULL && !(t->slots[i].hash == hash && text_equal(t->slots[i].key, key)))
    i = (i + 1) & (t->slot_count - 1);
  return &t->slots[i];
}

static void grow(table *t, arena *a) {
  table bigger = {.slot_count = t->slot_count == 0 ? TABLE_FIRST_SLOTS : 2 * t->slot_count, .used = t->used};
  bigger.slots = ARENA_ARRAY(a, struct table_slot, bigger.slot_count);
  for (size_t i = 0; i < t->slot_count; i++)
    if (t->slots[i].value != NULL) *slot_for(&bigger, t->slots[i].key, t->slots[i].hash) = t->slots[i];
  *t = bigger;
}

void *table_add(table *t, arena *a, text key, void *value) {
  if (2 * t->used >= t->slot_count) grow(t, a);
  uint64_t hash = hash_of(key);
  struct table_slot *slot = slot_for(t, key, hash);
  if (slot->value != NULL) return slot->value;
  *slot = (struct table_slot){.key = key, .hash = hash, .value = value};
  t->used++;
  return value;
}

void *table_find(const table *t, text key) {
  return t->slot_count == 0 ? NULL : slot_for(t, key, hash_of(key))->value;
}
