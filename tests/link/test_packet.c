/* Packets to bytes and back, against plain implementations of CRC-32 and of COBS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../runtime/link/packet.h"

enum { SIZE_MAX_TRIED = 800, CAPACITY = 1000 };

static uint32_t plain_crc(const uint8_t *bytes, size_t size) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

static size_t plain_unstuff(const uint8_t *bytes, size_t size, uint8_t *out) {
  size_t n = 0;
  for (size_t i = 0; i < size;) {
    const uint8_t code = bytes[i++];
    assert_true(code != 0 && i + code - 1u <= size);
    for (unsigned k = 1; k < code; k++) out[n++] = bytes[i++];
    if (code != 0xFF && i < size) out[n++] = 0;
  }
  return n;
}

static size_t encode(const uint8_t *frame, uint32_t size, size_t step, uint8_t *out) {
  struct mbr_link_encoder encoder;
  encoder.header[MBR_LINK_AT_KIND] = MBR_LINK_SYN;
  for (unsigned i = 1; i < MBR_LINK_HEADER_SIZE; i++) encoder.header[i] = (uint8_t)(i % 3u);
  mbr_link_encoder_begin(&encoder, frame, size);
  size_t n = 0;
  for (;;) {
    const size_t got = mbr_link_encode(&encoder, out + n, step);
    n += got;
    if (got < step) return n;
    assert_true(n + step <= CAPACITY * 2u);
  }
}

/* What is behind the frame is seen to stay as it is. */
static void check(const uint8_t *frame, uint32_t size) {
  static uint8_t sent[CAPACITY * 2u], again[CAPACITY * 2u], plain[CAPACITY], got[CAPACITY];
  const uint32_t whole = MBR_LINK_HEADER_SIZE + size;
  const size_t n = encode(frame, size, CAPACITY, sent);
  assert_true(n <= 2u + 1u + whole + MBR_LINK_CRC_SIZE + (whole + MBR_LINK_CRC_SIZE) / 254u);
  assert_int_equal(sent[0], 0);
  assert_int_equal(sent[n - 1], 0);
  for (size_t i = 1; i < n - 1; i++) assert_int_not_equal(sent[i], 0);
  assert_int_equal(plain_unstuff(sent + 1, n - 2, plain), whole + MBR_LINK_CRC_SIZE);
  assert_memory_equal(plain + MBR_LINK_HEADER_SIZE, frame, size);
  assert_int_equal(mbr_get_u32(plain + whole), plain_crc(plain, whole));
  for (size_t step = 1; step <= 64; step = step * 3 + 1) {
    assert_int_equal(encode(frame, size, step, again), n);
    assert_memory_equal(again, sent, n);
  }
  struct mbr_link_decoder in;
  mbr_link_decoder_begin(&in);
  memset(got, 0x55, sizeof got);
  for (size_t i = 0; i + 1 < n; i++)
    assert_int_equal(mbr_link_decode(&in, got, size, sent[i]), MBR_LINK_MORE);
  assert_int_equal(mbr_link_decode(&in, got, size, 0), MBR_LINK_WHOLE);
  assert_int_equal(in.size, size);
  assert_memory_equal(in.header, plain, MBR_LINK_HEADER_SIZE);
  assert_memory_equal(got, frame, size);
  assert_int_equal(got[size + MBR_LINK_CRC_SIZE], 0x55);
}

static void test_every_size_comes_back_with_zeros_anywhere(void **state) {
  (void)state;
  uint8_t frame[SIZE_MAX_TRIED];
  for (uint32_t size = 0; size <= SIZE_MAX_TRIED; size += size < 300 ? 1 : 41) {
    for (unsigned zeros = 0; zeros < 6; zeros++) {
      for (uint32_t i = 0; i < size; i++) {
        const bool zero = zeros == 1 || (zeros == 2 && i % 2u == 0) || (zeros == 3 && i + 1 == size) ||
                          (zeros == 4 && i % 254u == 246u) || (zeros == 5 && rand() % 200 == 0);
        frame[i] = zero ? 0 : (uint8_t)(1u + i % 255u);
      }
      check(frame, size);
    }
  }
}

static void test_the_crc_is_the_common_one(void **state) {
  (void)state;
  assert_int_equal(plain_crc((const uint8_t *)"123456789", 9), 0xCBF43926u);
}

/* All changes of up to three bits, at places that lie apart, and all cuts. */
static void test_damage_is_seen(void **state) {
  (void)state;
  uint8_t frame[40], sent[CAPACITY], got[sizeof frame + MBR_LINK_CRC_SIZE];
  for (unsigned i = 0; i < sizeof frame; i++) frame[i] = (uint8_t)(i * 5u % 7u);
  const size_t n = encode(frame, sizeof frame, CAPACITY, sent);
  for (unsigned trial = 0; trial < 200000; trial++) {
    uint8_t bad[CAPACITY];
    memcpy(bad, sent, n);
    size_t size = n;
    const bool cut = trial % 4u == 3u;
    if (cut) size -= 2u + (size_t)rand() % (n - 3u); /* the zero comes all the same */
    for (unsigned k = 0; !cut && k <= trial % 4u; k++)
      bad[1 + (size_t)rand() % (n - 2u)] ^= (uint8_t)(1u << rand() % 8);
    if (size == n && memcmp(bad, sent, n) == 0) continue;
    struct mbr_link_decoder in;
    mbr_link_decoder_begin(&in);
    for (size_t i = 0; i <= size; i++) {
      const mbr_link_decoded decoded = mbr_link_decode(&in, got, sizeof frame, i < size ? bad[i] : 0);
      assert_int_not_equal(decoded, MBR_LINK_WHOLE);
      if (decoded != MBR_LINK_MORE) mbr_link_decoder_begin(&in);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_crc_is_the_common_one),
    cmocka_unit_test(test_every_size_comes_back_with_zeros_anywhere),
    cmocka_unit_test(test_damage_is_seen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
