/* A map from text to a pointer, for scopes. Keeps the keys' text by reference and the order of nothing. */
#ifndef IDL_TABLE_H
#define IDL_TABLE_H

#include "arena.h"

typedef struct table {
  struct table_slot *slots;
  size_t slot_count; /* a power of two, or 0 */
  size_t used;
} table;

/* Maps `key` to `value` (not NULL) unless it is mapped already; returns what it is mapped to now. */
void *table_add(table *t, arena *a, text key, void *value);
/* NULL: not there. */
void *table_find(const table *t, text key);

#endif
