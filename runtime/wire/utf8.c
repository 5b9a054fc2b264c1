/* Well-formed UTF-8, as Unicode's table 3-7 has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF. ASCII, the common case, goes by eight bytes at a time. */
#include "mbr/wire.h"

#define HIGH_BITS 0x8080808080808080u

static size_t skip_ascii(const uint8_t *p, size_t i, size_t size) {
  uint64_t eight;
  while (size - i >= sizeof eight) {
    memcpy(&eight, p + i, sizeof eight);
    if ((eight & HIGH_BITS) != 0) break;
    i += sizeof eight;
  }
  while (i < size && p[i] < 0x80u) i++;
  return i;
}

static bool is_continuation(uint8_t byte) { return (byte & 0xC0u) == 0x80u; }

/* Bytes of the sequence of two to four at `p`, 0 when it is malformed. */
static size_t sequence_size(const uint8_t *p, size_t left) {
  uint8_t lead = p[0];
  const uint8_t size = lead >= 0xF0u ? 4u : lead >= 0xE0u ? 3u : 2u;
  if (lead < 0xC2u || lead > 0xF4u || left < size) return 0;
  uint8_t low = lead == 0xE0u ? 0xA0u : lead == 0xF0u ? 0x90u : 0x80u;
  uint8_t high = lead == 0xEDu ? 0x9Fu : lead == 0xF4u ? 0x8Fu : 0xBFu;
  if (p[1] < low || p[1] > high) return 0;
  if (size > 2 && !is_continuation(p[2])) return 0;
  if (size > 3 && !is_continuation(p[3])) return 0;
  return size;
}

bool mbr_utf8_valid(const char *data, size_t size) {
  const uint8_t *p = (const uint8_t *)data;
  size_t i = 0;
  while (i < size) {
    i = skip_ascii(p, i, size);
    if (i == size) break;
    size_t step = sequence_size(p + i, size - i);
    if (step == 0) return false;
    i += step;
  }
  return true;
}
