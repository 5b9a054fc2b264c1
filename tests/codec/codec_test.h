/* What the cmocka tests of generated codecs share: checks that hold for every type. */
#ifndef CODEC_TEST_H
#define CODEC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec.h"

/* Encodes into memory of exactly the announced size; the caller frees it. */
static inline uint8_t *encode_exact(const codec *c, const void *value, size_t *size) {
  mbr_writer w;
  *size = c->size(value);
  uint8_t *data = malloc(*size + 1);
  mbr_writer_init(&w, data, *size);
  assert_int_equal(c->encode(&w, value), MBR_OK);
  assert_int_equal(w.offset, *size);
  return data;
}

/* Decodes a copy that ends where the input ends, so that a sanitizer sees every byte read too far. */
static inline mbr_status decode_copy(const codec *c, const uint8_t *data, size_t size, void *value,
                                     size_t *offset) {
  test_arena arena;
  mbr_reader r;
  uint8_t *copy = malloc(size != 0 ? size : 1);
  if (size != 0) memcpy(copy, data, size);
  test_arena_init(&arena);
  mbr_reader_init(&r, copy, size, &arena.arena);
  mbr_status status = c->decode(&r, value);
  if (status == MBR_OK) status = mbr_reader_finish(&r);
  if (offset != NULL) *offset = r.offset;
  free(copy);
  test_arena_free(&arena);
  return status;
}

static inline void assert_no_space(const codec *c, const void *value, size_t size) {
  uint8_t *data = malloc(size != 0 ? size : 1);
  for (size_t room = 0; room < size; room++) {
    mbr_writer w;
    mbr_writer_init(&w, data, room);
    assert_int_equal(c->encode(&w, value), MBR_NO_SPACE);
  }
  free(data);
}

static inline void assert_truncated(const codec *c, const uint8_t *data, size_t size) {
  void *value = malloc(c->value_size);
  for (size_t cut = 0; cut < size; cut++) {
    mbr_status status = decode_copy(c, data, cut, value, NULL);
    assert_true(status == MBR_TRUNCATED || status == MBR_BAD_LENGTH);
  }
  free(value);
}

/* A value survives the wire, in exactly its announced size, and no part of it is taken for the whole. */
static inline void assert_round_trip(const codec *c, const void *value) {
  size_t size, again;
  uint8_t *data = encode_exact(c, value, &size);
  void *copy = malloc(c->value_size);
  test_arena arena;
  mbr_reader r;
  memset(copy, 0xA5, c->value_size);
  test_arena_init(&arena);
  mbr_reader_init(&r, data, size, &arena.arena);
  assert_int_equal(c->decode(&r, copy), MBR_OK);
  assert_int_equal(mbr_reader_finish(&r), MBR_OK);
  uint8_t *second = encode_exact(c, copy, &again);
  assert_int_equal(size, again);
  assert_memory_equal(data, second, size);
  assert_no_space(c, value, size);
  assert_truncated(c, data, size);
  test_arena_free(&arena);
  free(copy);
  free(second);
  free(data);
}

/* Every byte of a valid encoding set to other values: whatever is accepted must encode again. */
static inline void assert_survives_damage(const codec *c, const void *value) {
  static const uint8_t flips[] = {0x01, 0x02, 0x10, 0x80, 0xFF};
  size_t size;
  uint8_t *data = encode_exact(c, value, &size);
  void *copy = malloc(c->value_size);
  for (size_t i = 0; i < size; i++) {
    for (size_t k = 0; k < sizeof flips; k++) {
      test_arena arena;
      mbr_reader r;
      data[i] ^= flips[k];
      test_arena_init(&arena);
      mbr_reader_init(&r, data, size, &arena.arena);
      if (c->decode(&r, copy) == MBR_OK) {
        size_t again;
        uint8_t *second = encode_exact(c, copy, &again);
        assert_int_equal(again, r.offset);
        free(second);
      }
      test_arena_free(&arena);
      data[i] ^= flips[k];
    }
  }
  free(copy);
  free(data);
}

static inline void assert_bytes(const codec *c, const void *value, const uint8_t *bytes, size_t count) {
  size_t size;
  uint8_t *data = encode_exact(c, value, &size);
  assert_int_equal(size, count);
  assert_memory_equal(data, bytes, count);
  free(data);
}

/* Encoding refuses the value. */
static inline void assert_refused(const codec *c, const void *value, mbr_status expected) {
  uint8_t data[4096];
  mbr_writer w;
  mbr_writer_init(&w, data, sizeof data);
  assert_int_equal(c->encode(&w, value), expected);
}

static inline mbr_str str(const char *s) { return (mbr_str){s, strlen(s)}; }

#endif
