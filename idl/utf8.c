/* Decoding and encoding of single code points. Knows no file and no language. */
#include "utf8.h"

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

size_t utf8_decode(text t, uint32_t *code_point) {
  if (t.size == 0) return 0;
  unsigned char first = (unsigned char)t.data[0];
  if (first < 0x80) {
    *code_point = first;
    return 1;
  }
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || t.size < size) return 0;
  uint32_t value = first & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; i++) {
    if (!is_continuation(t.data[i])) return 0;
    value = value << 6 | ((unsigned char)t.data[i] & 0x3f);
  }
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  *code_point = value;
  return size;
}

size_t utf8_encode(uint32_t code_point, char out[4]) {
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (size_t i = size - 1; i > 0; i--) {
    out[i] = (char)(0x80 | (code_point & 0x3f));
    code_point >>= 6;
  }
  out[0] = (char)((0xf00u >> size & 0xf0) | code_point);
  return size;
}
