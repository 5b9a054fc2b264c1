/* One arena a compilation: everything parsed and resolved lives until it is freed whole.
 * Running out of memory ends the program with a message: a compiler has nothing better to do. */
#ifndef IDL_ARENA_H
#define IDL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "text.h"

typedef struct arena arena;

arena *arena_new(void);
void arena_free(arena *a);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(arena *a, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), sizeof(type), (count)))
void *arena_array(arena *a, size_t size, size_t count);

/* NUL-terminated copies. */
char *arena_copy(arena *a, text t);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(arena *a, const char *format, va_list args);

#endif
