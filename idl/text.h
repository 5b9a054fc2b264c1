/* A slice of text that somebody else owns (a source file or an arena). Not NUL-terminated. */
#ifndef IDL_TEXT_H
#define IDL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct text {
  const char *data;
  size_t size;
} text;

#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})
/* For printf: "%.*s", TEXT_ARG(t) */
#define TEXT_ARG(t) (int)(t).size, (t).data

static inline bool text_equal(text a, text b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
