/* Noise on a line, the same for the same seed: bits flipped, bytes dropped, doubled and inserted, bursts. */
#ifndef TESTS_LINK_NOISE_H
#define TESTS_LINK_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct noise {
  /* Chances for each byte, in a million. */
  unsigned flip, drop, twice, insert;
  unsigned burst; /* begins: up to 200 bytes become others */
  unsigned stall; /* begins: up to 30 ms nothing arrives; for those who simulate the line's time */
} noise;

static inline uint64_t noise_seed(uint64_t seed) { return seed * 2654435761u + 1u; }

static inline uint32_t noise_random(uint64_t *random) {
  *random = *random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*random >> 33);
}

static inline bool noise_chance(uint64_t *random, unsigned in_a_million) {
  return noise_random(random) % 1000000u < in_a_million;
}

/* What becomes of a byte: up to NOISE_MOST of them, in `out`; returns how many. `burst` counts the bytes left
 * of a burst in this direction. */
enum { NOISE_MOST = 3 };
static inline size_t noise_disturb(const noise *n, uint64_t *random, unsigned *burst, uint8_t byte,
                                   uint8_t *out) {
  size_t size = 0;
  if (noise_chance(random, n->burst)) *burst = 1 + noise_random(random) % 200u;
  if (*burst > 0) {
    (*burst)--;
    byte = (uint8_t)noise_random(random);
  }
  if (noise_chance(random, n->flip)) byte ^= (uint8_t)(1u << noise_random(random) % 8u);
  if (noise_chance(random, n->insert)) out[size++] = (uint8_t)noise_random(random);
  if (noise_chance(random, n->drop)) return size;
  out[size++] = byte;
  if (noise_chance(random, n->twice)) out[size++] = byte;
  return size;
}

#endif
