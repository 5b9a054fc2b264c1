/* UTF-8, one code point at a time. Knows no file and no language. */
#ifndef IDL_UTF8_H
#define IDL_UTF8_H

#include "text.h"

/* Reads the code point at the start of `t`: its size in bytes, or 0 if there is none that is well formed. */
size_t utf8_decode(text t, uint32_t *code_point);

/* Writes 1 to 4 bytes. `code_point` is a scalar value: at most 0x10ffff, no surrogate. */
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
