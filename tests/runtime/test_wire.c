/* Writers, readers and arenas: every helper at its boundaries, cut at every byte, and fed hostile counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mbr/wire.h"

static uint8_t buffer[4096];
static uint64_t arena_memory[1024];

/* A copy of exactly `size` bytes on the heap, so that a sanitizer sees a read beyond them. */
static uint8_t *exact(const void *data, size_t size) {
  uint8_t *copy = malloc(size > 0 ? size : 1);
  assert_non_null(copy);
  if (size > 0) memcpy(copy, data, size);
  return copy;
}

/* Scalars: the bytes, the way back, and every shorter input and output. */
#define SCALAR_CASE(name, type, value, ...)                                        \
  do {                                                                             \
    const uint8_t expected[] = {__VA_ARGS__};                                      \
    const type in = value;                                                         \
    type out;                                                                      \
    mbr_writer w;                                                                  \
    mbr_reader r;                                                                  \
    mbr_writer_init(&w, buffer, sizeof buffer);                                    \
    assert_int_equal(mbr_write_##name(&w, in), MBR_OK);                            \
    assert_int_equal(w.offset, sizeof expected);                                   \
    assert_memory_equal(buffer, expected, sizeof expected);                        \
    mbr_reader_init(&r, expected, sizeof expected, NULL);                          \
    memset(&out, 0x5A, sizeof out);                                                \
    assert_int_equal(mbr_read_##name(&r, &out), MBR_OK);                           \
    assert_memory_equal(&out, &in, sizeof in);                                     \
    assert_int_equal(mbr_reader_finish(&r), MBR_OK);                               \
    for (size_t size = 0; size < sizeof expected; size++) {                        \
      uint8_t *cut = exact(expected, size);                                        \
      const type zero = {0};                                                       \
      memset(&out, 0x5A, sizeof out);                                              \
      mbr_reader_init(&r, cut, size, NULL);                                        \
      assert_int_equal(mbr_read_##name(&r, &out), MBR_TRUNCATED);                  \
      assert_int_equal(r.offset, 0);                                               \
      assert_memory_equal(&out, &zero, sizeof out);                                \
      mbr_writer_init(&w, cut, size);                                              \
      assert_int_equal(mbr_write_##name(&w, in), MBR_NO_SPACE);                    \
      assert_int_equal(w.offset, 0);                                               \
      free(cut);                                                                   \
    }                                                                              \
  } while (0)

#define BYTES8(b) b, b, b, b, b, b, b, b

static void test_integers(void **state) {
  (void)state;
  SCALAR_CASE(u8, uint8_t, 0xFE, 0xFE);
  SCALAR_CASE(i8, int8_t, INT8_MIN, 0x80);
  SCALAR_CASE(u16, uint16_t, 0x1234, 0x34, 0x12);
  SCALAR_CASE(i16, int16_t, -2, 0xFE, 0xFF);
  SCALAR_CASE(u32, uint32_t, 0xFFFEFDFC, 0xFC, 0xFD, 0xFE, 0xFF);
  SCALAR_CASE(i32, int32_t, INT32_MIN, 0, 0, 0, 0x80);
  SCALAR_CASE(u64, uint64_t, UINT64_MAX, BYTES8(0xFF));
  SCALAR_CASE(u64, uint64_t, 0x0102030405060708, 8, 7, 6, 5, 4, 3, 2, 1);
  SCALAR_CASE(i64, int64_t, INT64_MIN, 0, 0, 0, 0, 0, 0, 0, 0x80);
  SCALAR_CASE(duration, int64_t, -1, BYTES8(0xFF));
}

static void test_wide_integers_and_uuids(void **state) {
  (void)state;
#define VALUE {.lo = 0x0102030405060708, .hi = 0x1112131415161718}
  SCALAR_CASE(u128, mbr_u128, VALUE, 8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11);
#undef VALUE
#define VALUE {.lo = UINT64_MAX, .hi = -1}
  SCALAR_CASE(i128, mbr_i128, VALUE, BYTES8(0xFF), BYTES8(0xFF));
#undef VALUE
#define VALUE {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255}}
  SCALAR_CASE(uuid, mbr_uuid, VALUE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255);
#undef VALUE
}

static void test_floats_travel_as_their_bits(void **state) {
  (void)state;
  SCALAR_CASE(f32, float, 1.0f, 0, 0, 0x80, 0x3F);
  SCALAR_CASE(f32, float, -0.0f, 0, 0, 0, 0x80);
  SCALAR_CASE(f64, double, -2.5, 0, 0, 0, 0, 0, 0, 0x04, 0xC0);
  const uint8_t nan[] = {1, 0, 0, 0, 0, 0, 0xF8, 0x7F};
  mbr_reader r;
  double value;
  mbr_reader_init(&r, nan, sizeof nan, NULL);
  assert_int_equal(mbr_read_f64(&r, &value), MBR_OK);
  assert_true(value != value);
}

static void test_bools_and_options_are_0_or_1(void **state) {
  (void)state;
  SCALAR_CASE(bool, bool, true, 1);
  SCALAR_CASE(bool, bool, false, 0);
  SCALAR_CASE(option, bool, true, 1);
  for (unsigned byte = 2; byte < 256; byte++) {
    const uint8_t data[] = {0, (uint8_t)byte};
    bool value = true;
    mbr_reader r;
    mbr_reader_init(&r, data, sizeof data, NULL);
    assert_int_equal(mbr_read_bool(&r, &value), MBR_OK);
    assert_int_equal(mbr_read_bool(&r, &value), MBR_BAD_BOOL);
    assert_int_equal(r.offset, 1);
    assert_false(value);
    mbr_reader_init(&r, data + 1, 1, NULL);
    assert_int_equal(mbr_read_option(&r, &value), MBR_BAD_OPTION);
  }
}

static void test_timestamps_stay_in_the_calendar(void **state) {
  (void)state;
  const int64_t good[] = {0, MBR_TIMESTAMP_MAX, -MBR_TIMESTAMP_MAX};
  const int64_t bad[] = {MBR_TIMESTAMP_MAX + 1, -MBR_TIMESTAMP_MAX - 1, INT64_MAX, INT64_MIN};
  mbr_writer w;
  mbr_reader r;
  int64_t value;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    mbr_writer_init(&w, buffer, sizeof buffer);
    assert_int_equal(mbr_write_timestamp(&w, good[i]), MBR_OK);
    mbr_reader_init(&r, buffer, 8, NULL);
    assert_int_equal(mbr_read_timestamp(&r, &value), MBR_OK);
    assert_true(value == good[i]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mbr_writer_init(&w, buffer, sizeof buffer);
    assert_int_equal(mbr_write_timestamp(&w, bad[i]), MBR_BAD_TIME);
    mbr_put_i64(buffer, bad[i]);
    mbr_reader_init(&r, buffer, 8, NULL);
    assert_int_equal(mbr_read_timestamp(&r, &value), MBR_BAD_TIME);
    assert_true(value == 0);
  }
}

static void test_chars_take_one_to_four_bytes(void **state) {
  (void)state;
  SCALAR_CASE(char, uint32_t, 0, 0);
  SCALAR_CASE(char, uint32_t, 0x7F, 0x7F);
  SCALAR_CASE(char, uint32_t, 0x80, 0xC2, 0x80);
  SCALAR_CASE(char, uint32_t, 0x7FF, 0xDF, 0xBF);
  SCALAR_CASE(char, uint32_t, 0x800, 0xE0, 0xA0, 0x80);
  SCALAR_CASE(char, uint32_t, 0xD7FF, 0xED, 0x9F, 0xBF);
  SCALAR_CASE(char, uint32_t, 0xE000, 0xEE, 0x80, 0x80);
  SCALAR_CASE(char, uint32_t, 0xFFFF, 0xEF, 0xBF, 0xBF);
  SCALAR_CASE(char, uint32_t, 0x10000, 0xF0, 0x90, 0x80, 0x80);
  SCALAR_CASE(char, uint32_t, 0x10FFFF, 0xF4, 0x8F, 0xBF, 0xBF);
  const uint32_t bad[] = {0xD800, 0xDFFF, 0x110000, UINT32_MAX};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mbr_writer w;
    mbr_writer_init(&w, buffer, sizeof buffer);
    assert_int_equal(mbr_write_char(&w, bad[i]), MBR_BAD_CHAR);
    assert_int_equal(w.offset, 0);
  }
}

/* Straight from the definition, to hold the fast one against. */
static bool slow_utf8_valid(const uint8_t *p, size_t size) {
  size_t i = 0;
  while (i < size) {
    uint32_t c = p[i];
    size_t n = c < 0x80 ? 1 : (c & 0xE0) == 0xC0 ? 2 : (c & 0xF0) == 0xE0 ? 3 : (c & 0xF8) == 0xF0 ? 4 : 0;
    if (n == 0 || n > size - i) return false;
    if (n > 1) c &= 0xFFu >> (n + 1);
    for (size_t k = 1; k < n; k++) {
      if ((p[i + k] & 0xC0) != 0x80) return false;
      c = c << 6 | (p[i + k] & 0x3F);
    }
    if (mbr_char_size(c) != n || !mbr_char_valid(c)) return false;
    i += n;
  }
  return true;
}

static void test_utf8_agrees_with_its_definition(void **state) {
  (void)state;
  uint8_t text[24];
  for (uint32_t lead = 0; lead < 0x10000; lead++) { /* all pairs, with all sorts of what may follow */
    const uint8_t tails[] = {0x7F, 0x80, 0xBF, 0xC0};
    for (size_t a = 0; a < sizeof tails; a++) {
      const uint8_t p[] = {(uint8_t)(lead >> 8), (uint8_t)lead, tails[a], tails[(a + 1) % 4]};
      for (size_t size = 1; size <= 4; size++) {
        if (mbr_utf8_valid((const char *)p, size) != slow_utf8_valid(p, size)) fail_msg("%x %zu", lead, size);
      }
    }
  }
  uint32_t random = 1;
  for (int round = 0; round < 100000; round++) { /* around the borders of the eight-byte steps */
    memset(text, 'a', sizeof text);
    for (int i = 0; i < 4; i++) {
      random = random * 1664525u + 1013904223u;
      text[(random >> 8) % sizeof text] = (uint8_t)(random >> 24);
    }
    size_t size = (random >> 13) % (sizeof text + 1);
    assert_int_equal(mbr_utf8_valid((const char *)text, size), slow_utf8_valid(text, size));
  }
}

static void test_chars_that_are_none_are_refused(void **state) {
  (void)state;
  static const struct { uint8_t data[4]; mbr_status status; } cases[] = {
    {{0x80, 'a', 'a', 'a'}, MBR_BAD_CHAR},          {{0xC0, 0x80, 'a', 'a'}, MBR_BAD_CHAR},
    {{0xC3, 'a', 'a', 'a'}, MBR_BAD_CHAR},          {{0xED, 0xA0, 0x80, 'a'}, MBR_BAD_CHAR},
    {{0xE0, 0x9F, 0xBF, 'a'}, MBR_BAD_CHAR},        {{0xF0, 0x8F, 0xBF, 0xBF}, MBR_BAD_CHAR},
    {{0xF4, 0x90, 0x80, 0x80}, MBR_BAD_CHAR},       {{0xFF, 0xFF, 0xFF, 0xFF}, MBR_BAD_CHAR},
    {{0xF5, 0x80, 0x80, 0x80}, MBR_BAD_CHAR},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mbr_reader r;
    uint32_t c = 1;
    mbr_reader_init(&r, cases[i].data, 4, NULL);
    assert_int_equal(mbr_read_char(&r, &c), cases[i].status);
    assert_int_equal(c, 0);
    assert_int_equal(r.offset, 0);
  }
}

static mbr_str str(const char *text) { return (mbr_str){text, strlen(text)}; }

static void test_strings_and_bytes_are_views(void **state) {
  (void)state;
  mbr_writer w;
  mbr_reader r;
  mbr_str text;
  mbr_bytes bytes;
  const uint8_t raw[] = {0xFF, 0, 1};
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_str(&w, str("Grüße"), 7), MBR_OK);
  assert_int_equal(mbr_write_bytes(&w, (mbr_bytes){raw, 3}, MBR_UNBOUNDED), MBR_OK);
  assert_int_equal(mbr_write_str(&w, (mbr_str){NULL, 0}, 1), MBR_OK);
  assert_int_equal(w.offset, 8 + 7 + 8 + 3 + 8);
  uint8_t *data = exact(buffer, w.offset);
  mbr_reader_init(&r, data, w.offset, NULL);
  assert_int_equal(mbr_read_str(&r, &text, 7), MBR_OK);
  assert_ptr_equal(text.data, data + 8);
  assert_int_equal(text.size, 7);
  assert_int_equal(mbr_read_bytes(&r, &bytes, 3), MBR_OK);
  assert_ptr_equal(bytes.data, data + 23);
  assert_memory_equal(bytes.data, raw, 3);
  assert_int_equal(mbr_read_str(&r, &text, 1), MBR_OK);
  assert_int_equal(text.size, 0);
  assert_int_equal(mbr_reader_finish(&r), MBR_OK);
  for (size_t size = 0; size < w.offset; size++) { /* cut anywhere, some value fails and none reads too far */
    uint8_t *cut = exact(buffer, size);
    mbr_reader_init(&r, cut, size, NULL);
    (void)mbr_read_str(&r, &text, 7);
    (void)mbr_read_bytes(&r, &bytes, 3);
    (void)mbr_read_str(&r, &text, 1);
    mbr_status status = mbr_reader_finish(&r);
    assert_true(status == MBR_TRUNCATED || status == MBR_BAD_LENGTH);
    assert_int_equal(text.size, 0);
    free(cut);
  }
  free(data);
}

static void test_bounds_of_strings_and_bytes(void **state) {
  (void)state;
  mbr_writer w;
  mbr_reader r;
  mbr_str text;
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_str(&w, str("four"), 4), MBR_OK);
  assert_int_equal(mbr_write_str(&w, str("four"), 3), MBR_BAD_LENGTH);
  assert_int_equal(w.offset, 12);
  mbr_reader_init(&r, buffer, 12, NULL);
  assert_int_equal(mbr_read_str(&r, &text, 3), MBR_BAD_LENGTH);
  assert_int_equal(r.offset, 0);
  assert_null(text.data);
  mbr_writer_init(&w, buffer, 11);
  assert_int_equal(mbr_write_str(&w, str("four"), 4), MBR_NO_SPACE);
  assert_int_equal(w.offset, 0);
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_bytes(&w, (mbr_bytes){buffer, SIZE_MAX}, MBR_UNBOUNDED), MBR_NO_SPACE);
}

static void test_malformed_text_is_refused_both_ways(void **state) {
  (void)state;
  mbr_writer w;
  mbr_reader r;
  mbr_str text;
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_str(&w, str("abc\xC3"), 10), MBR_BAD_UTF8);
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_bytes(&w, (mbr_bytes){(const uint8_t *)"abc\xC3", 4}, 10), MBR_OK);
  mbr_reader_init(&r, buffer, w.offset, NULL);
  assert_int_equal(mbr_read_str(&r, &text, 10), MBR_BAD_UTF8);
  assert_int_equal(r.offset, 8);
  assert_int_equal(text.size, 0);
}

static mbr_status read_count(uint64_t wire, size_t rest, size_t min_item_size, size_t max, size_t *count) {
  mbr_reader r;
  uint8_t *data = malloc(8 + rest);
  assert_non_null(data);
  memset(data, 0, 8 + rest);
  mbr_put_u64(data, wire);
  mbr_reader_init(&r, data, 8 + rest, NULL);
  mbr_status status = mbr_read_count(&r, count, min_item_size, max);
  assert_int_equal(r.offset, status == MBR_OK ? 8 : 0);
  free(data);
  return status;
}

static void test_hostile_counts_cost_nothing(void **state) {
  (void)state;
  size_t count;
  assert_int_equal(read_count(0, 0, 4, 10, &count), MBR_OK);
  assert_int_equal(read_count(3, 12, 4, 3, &count), MBR_OK);
  assert_int_equal(count, 3);
  assert_int_equal(read_count(3, 12, 4, 2, &count), MBR_BAD_LENGTH); /* the bound */
  assert_int_equal(read_count(4, 15, 4, 9, &count), MBR_BAD_LENGTH); /* the input */
  const uint64_t hostile[] = {UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 32) + 1, UINT64_C(1) << 32,
                              UINT32_MAX, UINT64_MAX / 4 + 1, UINT64_MAX / 4 + 2};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    assert_int_equal(read_count(hostile[i], 16, 1, MBR_UNBOUNDED, &count), MBR_BAD_LENGTH);
    assert_int_equal(read_count(hostile[i], 16, 4, MBR_UNBOUNDED, &count), MBR_BAD_LENGTH);
    assert_int_equal(read_count(hostile[i], 16, 0, MBR_UNBOUNDED, &count), MBR_BAD_LENGTH);
    assert_int_equal(count, 0);
  }
  assert_int_equal(read_count(MBR_EMPTY_ITEMS_MAX, 0, 0, MBR_UNBOUNDED, &count), MBR_OK);
  assert_int_equal(count, MBR_EMPTY_ITEMS_MAX);
  assert_int_equal(read_count(MBR_EMPTY_ITEMS_MAX + 1, 0, 0, MBR_UNBOUNDED, &count), MBR_BAD_LENGTH);
  mbr_writer w;
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_count(&w, 5, 1, 5), MBR_OK);
  assert_int_equal(mbr_get_u64(buffer), 5);
  assert_int_equal(mbr_write_count(&w, 6, 1, 5), MBR_BAD_LENGTH);
}

/* Nothing in the input pays for them, so all lists of a value share one limit. */
static void test_items_without_bytes_are_limited_together(void **state) {
  (void)state;
  const size_t counts[] = {MBR_EMPTY_ITEMS_MAX - 2, 0, 1, 1, 0};
  enum { COUNTS = sizeof counts / sizeof counts[0] };
  uint8_t bytes[(COUNTS + 1) * MBR_COUNT_SIZE];
  mbr_writer w;
  mbr_reader r;
  size_t count;
  mbr_writer_init(&w, bytes, sizeof bytes);
  for (size_t i = 0; i < COUNTS; i++)
    assert_int_equal(mbr_write_count(&w, counts[i], 0, MBR_UNBOUNDED), MBR_OK);
  assert_int_equal(mbr_write_count(&w, 1, 0, MBR_UNBOUNDED), MBR_BAD_LENGTH);
  assert_int_equal(w.offset, COUNTS * MBR_COUNT_SIZE);
  mbr_put_u64(bytes + w.offset, 1);
  mbr_reader_init(&r, bytes, sizeof bytes, NULL);
  for (size_t i = 0; i < COUNTS; i++) {
    assert_int_equal(mbr_read_count(&r, &count, 0, MBR_UNBOUNDED), MBR_OK);
    assert_int_equal(count, counts[i]);
  }
  assert_int_equal(mbr_read_count(&r, &count, 0, MBR_UNBOUNDED), MBR_BAD_LENGTH);
  assert_int_equal(r.offset, COUNTS * MBR_COUNT_SIZE);
}

/* Lists: there and back, the bound, every cut, and no arena. */
#define LIST_CASE(name, type, fixed_size, ...)                                              \
  do {                                                                                      \
    const type items[] = {__VA_ARGS__};                                                     \
    const size_t count = sizeof items / sizeof *items;                                      \
    const mbr_list_##name in = {items, count};                                              \
    mbr_list_##name out;                                                                    \
    mbr_arena arena;                                                                        \
    mbr_writer w;                                                                           \
    mbr_reader r;                                                                           \
    mbr_writer_init(&w, buffer, sizeof buffer);                                             \
    assert_int_equal(mbr_write_list_##name(&w, in, count), MBR_OK);                         \
    size_t size = w.offset;                                                                 \
    if (fixed_size) assert_int_equal(size, 8 + count * (fixed_size));                       \
    assert_int_equal(mbr_get_u64(buffer), count);                                           \
    for (size_t cut = 0; cut <= size; cut++) {                                              \
      uint8_t *data = exact(buffer, cut);                                                   \
      mbr_arena_init(&arena, arena_memory, sizeof arena_memory);                            \
      mbr_reader_init(&r, data, cut, &arena);                                               \
      mbr_status status = mbr_read_list_##name(&r, &out, count);                            \
      if (cut < size) {                                                                     \
        assert_true(status == MBR_TRUNCATED || status == MBR_BAD_LENGTH);                   \
        assert_int_equal(out.count, 0);                                                     \
        assert_null(out.items);                                                             \
      } else {                                                                              \
        assert_int_equal(status, MBR_OK);                                                   \
        assert_int_equal(out.count, count);                                                 \
        assert_memory_equal(out.items, items, sizeof items);                                \
        assert_int_equal((uintptr_t)out.items % MBR_ARENA_ALIGN, 0);                        \
        assert_int_equal(mbr_reader_finish(&r), MBR_OK);                                    \
      }                                                                                     \
      free(data);                                                                           \
      uint8_t *short_room = malloc(cut > 0 ? cut : 1);                                      \
      assert_non_null(short_room);                                                          \
      mbr_writer_init(&w, short_room, cut);                                                 \
      assert_int_equal(mbr_write_list_##name(&w, in, count), cut < size ? MBR_NO_SPACE : MBR_OK); \
      free(short_room);                                                                     \
    }                                                                                       \
    mbr_reader_init(&r, buffer, size, &arena);                                              \
    assert_int_equal(mbr_read_list_##name(&r, &out, count - 1), MBR_BAD_LENGTH);            \
    mbr_reader_init(&r, buffer, size, NULL);                                                \
    assert_int_equal(mbr_read_list_##name(&r, &out, count), MBR_NO_MEMORY);                 \
    mbr_arena_init(&arena, arena_memory, sizeof items - 1);                                 \
    mbr_reader_init(&r, buffer, size, &arena);                                              \
    assert_int_equal(mbr_read_list_##name(&r, &out, count), MBR_NO_MEMORY);                 \
    mbr_writer_init(&w, buffer, sizeof buffer);                                             \
    assert_int_equal(mbr_write_list_##name(&w, in, count - 1), MBR_BAD_LENGTH);             \
    mbr_writer_init(&w, buffer, sizeof buffer);                                             \
    assert_int_equal(mbr_write_list_##name(&w, (mbr_list_##name){NULL, 0}, 1), MBR_OK);     \
    mbr_reader_init(&r, buffer, w.offset, NULL);                                            \
    assert_int_equal(mbr_read_list_##name(&r, &out, 1), MBR_OK);                            \
    assert_int_equal(out.count, 0);                                                         \
    mbr_writer_init(&w, buffer, sizeof buffer);                                             \
    assert_int_equal(mbr_write_array_##name(&w, items, count), MBR_OK);                     \
    type array[sizeof items / sizeof *items];                                               \
    mbr_reader_init(&r, buffer, w.offset, NULL);                                            \
    assert_int_equal(mbr_read_array_##name(&r, array, count), MBR_OK);                      \
    assert_memory_equal(array, items, sizeof items);                                        \
    memset(array, 0x5A, sizeof array);                                                      \
    mbr_reader_init(&r, buffer, w.offset - 1, NULL);                                        \
    assert_int_equal(mbr_read_array_##name(&r, array, count), MBR_TRUNCATED);               \
    const type zero = {0};                                                                  \
    assert_memory_equal(&array[count - 1], &zero, sizeof zero);                             \
  } while (0)

static void test_lists_of_numbers(void **state) {
  (void)state;
  LIST_CASE(i8, int8_t, 1, INT8_MIN, -1, INT8_MAX);
  LIST_CASE(i16, int16_t, 2, INT16_MIN, -1, INT16_MAX);
  LIST_CASE(i32, int32_t, 4, INT32_MIN, -1, INT32_MAX);
  LIST_CASE(i64, int64_t, 8, INT64_MIN, -1, INT64_MAX);
  LIST_CASE(u8, uint8_t, 1, 0, 1, 2, 3, 4, 5, 255);
  LIST_CASE(u16, uint16_t, 2, 0, 0x1234, UINT16_MAX);
  LIST_CASE(u32, uint32_t, 4, 0, 0x12345678, UINT32_MAX);
  LIST_CASE(u64, uint64_t, 8, 0, 0x123456789ABCDEF0, UINT64_MAX);
  LIST_CASE(f32, float, 4, 0.5f, -1.25f);
  LIST_CASE(f64, double, 8, 0.5, -1.25e300);
  LIST_CASE(duration, int64_t, 8, INT64_MIN, 0, INT64_MAX);
}

static void test_lists_of_wide_and_checked_values(void **state) {
  (void)state;
  LIST_CASE(i128, mbr_i128, 16, {.lo = 1, .hi = INT64_MIN}, {.lo = UINT64_MAX, .hi = -1});
  LIST_CASE(u128, mbr_u128, 16, {.lo = 1, .hi = 2}, {.lo = 3, .hi = UINT64_MAX});
  LIST_CASE(uuid, mbr_uuid, 16, {{1, 2, 3}}, {{255}});
  LIST_CASE(bool, bool, 1, true, false, true);
  LIST_CASE(char, uint32_t, 0, 'a', 0xE9, 0x20AC, 0x1F600);
  LIST_CASE(timestamp, int64_t, 8, 0, MBR_TIMESTAMP_MAX, -MBR_TIMESTAMP_MAX);
}

static void test_arrays_are_little_endian(void **state) {
  (void)state;
  const uint16_t items[] = {0x0102, 0x0304};
  const uint8_t expected[] = {2, 1, 4, 3};
  mbr_writer w;
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_array_u16(&w, items, 2), MBR_OK);
  assert_memory_equal(buffer, expected, 4);
  assert_int_equal(mbr_write_array_u16(&w, items, SIZE_MAX / 2 + 2), MBR_NO_SPACE); /* the product wraps */
}

static void test_a_bad_item_empties_its_list(void **state) {
  (void)state;
  mbr_arena arena;
  mbr_reader r;
  mbr_list_bool bools;
  mbr_list_timestamp times;
  memset(buffer, 0, 64);
  buffer[0] = 2;
  buffer[9] = 2;
  mbr_arena_init(&arena, arena_memory, sizeof arena_memory);
  mbr_reader_init(&r, buffer, 10, &arena);
  assert_int_equal(mbr_read_list_bool(&r, &bools, 2), MBR_BAD_BOOL);
  assert_int_equal(bools.count, 0);
  assert_int_equal(r.offset, 9);
  memset(buffer + 8, 0xFF, 16);
  buffer[15] = 0x7F;
  mbr_reader_init(&r, buffer, 24, &arena);
  assert_int_equal(mbr_read_list_timestamp(&r, &times, 2), MBR_BAD_TIME);
  assert_int_equal(r.offset, 8);
}

static void test_lists_of_strings_and_bytes(void **state) {
  (void)state;
  const mbr_str texts[] = {{"one", 3}, {NULL, 0}, {"three", 5}};
  const mbr_bytes blobs[] = {{(const uint8_t *)"\xFF", 1}, {(const uint8_t *)"ab", 2}};
  mbr_arena arena;
  mbr_writer w;
  mbr_reader r;
  mbr_list_str strs;
  mbr_list_bytes bytes;
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_list_str(&w, (mbr_list_str){texts, 3}, 3, 5), MBR_OK);
  assert_int_equal(mbr_write_list_bytes(&w, (mbr_list_bytes){blobs, 2}, MBR_UNBOUNDED, 2), MBR_OK);
  size_t size = w.offset;
  assert_int_equal(size, 8 + 3 * 8 + 8 + 8 + 2 * 8 + 3);
  for (size_t cut = 0; cut <= size; cut++) {
    uint8_t *data = exact(buffer, cut);
    mbr_arena_init(&arena, arena_memory, sizeof arena_memory);
    mbr_reader_init(&r, data, cut, &arena);
    (void)mbr_read_list_str(&r, &strs, 3, 5);
    (void)mbr_read_list_bytes(&r, &bytes, 2, 2);
    if (cut == size) {
      assert_int_equal(mbr_reader_finish(&r), MBR_OK);
      assert_int_equal(strs.count, 3);
      assert_memory_equal(strs.items[2].data, "three", 5);
      assert_memory_equal(bytes.items[1].data, "ab", 2);
    } else {
      assert_true(r.status == MBR_TRUNCATED || r.status == MBR_BAD_LENGTH);
      assert_int_equal(bytes.count, 0);
    }
    free(data);
  }
  mbr_arena_init(&arena, arena_memory, sizeof arena_memory);
  mbr_reader_init(&r, buffer, size, &arena);
  assert_int_equal(mbr_read_list_str(&r, &strs, 3, 4), MBR_BAD_LENGTH);
  assert_int_equal(strs.count, 0);
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_list_str(&w, (mbr_list_str){texts, 3}, 3, 4), MBR_BAD_LENGTH);
}

static void test_optional_scalars(void **state) {
  (void)state;
  const uint8_t expected[] = {1, 0x34, 0x12, 0, 1, 1, 1, 0};
  mbr_writer w;
  mbr_reader r;
  bool present, flag;
  uint16_t value;
  mbr_writer_init(&w, buffer, sizeof buffer);
  (void)mbr_write_opt_u16(&w, true, 0x1234);
  (void)mbr_write_opt_u16(&w, false, 0x1234);
  (void)mbr_write_opt_bool(&w, true, true);
  (void)mbr_write_opt_bool(&w, true, false);
  assert_int_equal(w.offset, sizeof expected);
  assert_memory_equal(buffer, expected, sizeof expected);
  for (size_t cut = 0; cut <= sizeof expected; cut++) {
    uint8_t *data = exact(expected, cut);
    mbr_reader_init(&r, data, cut, NULL);
    (void)mbr_read_opt_u16(&r, &present, &value);
    assert_true(present == (cut >= 3) && value == (cut >= 3 ? 0x1234 : 0));
    (void)mbr_read_opt_u16(&r, &present, &value);
    assert_true(!present && value == 0);
    (void)mbr_read_opt_bool(&r, &present, &flag);
    assert_true(present == (cut >= 6) && flag == (cut >= 6));
    assert_int_equal(mbr_read_opt_bool(&r, &present, &flag), cut < sizeof expected ? MBR_TRUNCATED : MBR_OK);
    free(data);
  }
  mbr_reader_init(&r, "\2\1", 2, NULL);
  assert_int_equal(mbr_read_opt_u8(&r, &present, buffer), MBR_BAD_OPTION);
  mbr_reader_init(&r, "\1\2", 2, NULL);
  assert_int_equal(mbr_read_opt_bool(&r, &present, &flag), MBR_BAD_BOOL);
  assert_int_equal(r.offset, 1);
  assert_true(!present && !flag);
}

static size_t comparisons;

static int compare_numbers(const void *a, const void *b) {
  uint32_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  comparisons++;
  return x < y ? -1 : x > y;
}

static size_t slow_find_duplicate(const uint32_t *items, size_t count) {
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < i; k++) {
      if (items[i] == items[k]) return i;
    }
  }
  return count;
}

static void test_duplicates_are_found_and_cost_little(void **state) {
  (void)state;
  static uint32_t items[600];
  uint32_t random = 7;
  mbr_arena arena;
  mbr_reader r;
  for (int round = 0; round < 400; round++) {
    random = random * 1664525u + 1013904223u;
    size_t count = (random >> 8) % 40;
    for (size_t i = 0; i < count; i++) {
      random = random * 1664525u + 1013904223u;
      items[i] = (random >> 8) % (round % 2 == 0 ? 600 : 20);
    }
    mbr_arena_init(&arena, arena_memory, sizeof arena_memory);
    mbr_reader_init(&r, NULL, 0, &arena);
    size_t found = mbr_find_duplicate(&r, items, count, sizeof *items, compare_numbers);
    assert_int_equal(found, slow_find_duplicate(items, count));
    assert_int_equal(r.status, MBR_OK);
  }
  for (uint32_t i = 0; i < 600; i++) items[i] = 600 - i; /* falling */
  mbr_arena_init(&arena, arena_memory, sizeof arena_memory);
  mbr_reader_init(&r, NULL, 0, &arena);
  comparisons = 0;
  assert_int_equal(mbr_find_duplicate(&r, items, 600, sizeof *items, compare_numbers), 600);
  assert_true(comparisons < 600 * 2 * 11);
  mbr_reader_init(&r, NULL, 0, NULL);
  assert_int_equal(mbr_find_duplicate(&r, items, 600, sizeof *items, compare_numbers), 600);
  assert_int_equal(r.status, MBR_NO_MEMORY);
}

static void test_the_first_error_stays(void **state) {
  (void)state;
  const uint8_t data[] = {7, 1, 1, 0, 0, 0, 0, 0, 0, 0, 'x'};
  bool flag;
  uint8_t byte = 9;
  mbr_str text;
  size_t count = 9;
  mbr_reader r;
  mbr_reader_init(&r, data, sizeof data, NULL);
  assert_int_equal(mbr_read_bool(&r, &flag), MBR_BAD_BOOL);
  assert_int_equal(mbr_read_u8(&r, &byte), MBR_BAD_BOOL);
  assert_int_equal(byte, 0);
  assert_int_equal(mbr_read_str(&r, &text, 5), MBR_BAD_BOOL);
  assert_int_equal(mbr_read_count(&r, &count, 1, 5), MBR_BAD_BOOL);
  assert_int_equal(count, 0);
  assert_int_equal(mbr_reader_finish(&r), MBR_BAD_BOOL);
  assert_int_equal(r.offset, 0);
  mbr_writer w;
  mbr_writer_init(&w, buffer, sizeof buffer);
  assert_int_equal(mbr_write_char(&w, 0xD800), MBR_BAD_CHAR);
  assert_int_equal(mbr_write_u8(&w, 1), MBR_BAD_CHAR);
  assert_int_equal(mbr_write_list_u8(&w, (mbr_list_u8){data, 2}, 2), MBR_BAD_CHAR);
  assert_int_equal(w.offset, 0);
}

static void test_bytes_that_are_left_are_an_error(void **state) {
  (void)state;
  uint8_t value;
  mbr_reader r;
  mbr_reader_init(&r, "ab", 2, NULL);
  assert_int_equal(mbr_read_u8(&r, &value), MBR_OK);
  assert_int_equal(mbr_reader_finish(&r), MBR_TRAILING);
  assert_int_equal(r.offset, 1);
}

static void test_checks_within_a_run_point_at_their_byte(void **state) {
  (void)state;
  const uint8_t data[] = {1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F};
  bool flag;
  int64_t time;
  mbr_reader r;
  mbr_reader_init(&r, data, sizeof data, NULL);
  const uint8_t *p = mbr_reader_take(&r, sizeof data);
  assert_int_equal(mbr_check_bool(&r, p, &flag), MBR_OK);
  assert_int_equal(mbr_check_option(&r, p + 2, &flag), MBR_BAD_OPTION);
  assert_int_equal(mbr_check_bool(&r, p, &flag), MBR_BAD_OPTION); /* which is fine, but comes after */
  assert_int_equal(r.offset, 2);
  assert_int_equal(mbr_check_timestamp(&r, p + 4, &time), MBR_BAD_OPTION);
  assert_int_equal(r.offset, 2);
  assert_true(time == 0);
}

static void test_sizes_saturate(void **state) {
  (void)state;
  assert_true(mbr_size_add(1, 2) == 3);
  assert_true(mbr_size_add(SIZE_MAX, 0) == SIZE_MAX);
  assert_true(mbr_size_add(SIZE_MAX, 1) == SIZE_MAX);
  assert_true(mbr_size_add(SIZE_MAX - 1, 2) == SIZE_MAX);
  assert_true(mbr_size_mul(3, 4) == 12);
  assert_true(mbr_size_mul(0, SIZE_MAX) == 0);
  assert_true(mbr_size_mul(SIZE_MAX / 2, 3) == SIZE_MAX);
  assert_true(mbr_size_mul(2, SIZE_MAX / 2 + 1) == SIZE_MAX);
}

static void test_an_arena_aligns_and_ends(void **state) {
  (void)state;
  mbr_arena arena;
  mbr_arena_init(&arena, (uint8_t *)arena_memory + 1, 40); /* 33 bytes from the next aligned one */
  uint8_t *first = mbr_arena_take(&arena, 1, 3);
  uint8_t *second = mbr_arena_take(&arena, 3, 8);
  assert_ptr_equal(first, &arena_memory[1]);
  assert_ptr_equal(second, &arena_memory[2]);
  assert_non_null(mbr_arena_take(&arena, 0, 100));
  assert_null(mbr_arena_take(&arena, 1, 1));
  assert_null(mbr_arena_take(&arena, SIZE_MAX, 2));
  assert_null(mbr_arena_take(&arena, 1, SIZE_MAX));
  mbr_arena_init(&arena, (uint8_t *)arena_memory + 1, 5);
  assert_null(mbr_arena_take(&arena, 1, 1));
  mbr_arena_init(&arena, NULL, 0);
  assert_null(mbr_arena_take(&arena, 1, 1));
  assert_non_null(mbr_arena_take(&arena, 0, 1));
}

static struct {
  void *blocks[8];
  size_t sizes[8];
  size_t count;
  size_t limit;
} grown;

static void *grow(void *owner, size_t size) {
  assert_ptr_equal(owner, &grown);
  if (grown.count == grown.limit) return NULL;
  void *block = malloc(size);
  assert_non_null(block);
  grown.sizes[grown.count] = size;
  grown.blocks[grown.count++] = block;
  return block;
}

static void test_an_arena_grows(void **state) {
  (void)state;
  mbr_arena arena;
  grown.limit = 3;
  mbr_arena_init(&arena, arena_memory, 16);
  arena.grow = grow;
  arena.owner = &grown;
  memset(mbr_arena_take(&arena, 2, 8), 1, 16);
  memset(mbr_arena_take(&arena, 3, 8), 2, 24); /* a block, the rest of which is used */
  size_t large = 4 * MBR_ARENA_BLOCK_SIZE;
  memset(mbr_arena_take(&arena, 1, large), 3, large); /* a block of its own */
  memset(mbr_arena_take(&arena, 1, MBR_ARENA_BLOCK_SIZE - 24), 4, MBR_ARENA_BLOCK_SIZE - 24);
  assert_int_equal(grown.count, 2);
  assert_int_equal(grown.sizes[0], MBR_ARENA_BLOCK_SIZE);
  assert_int_equal(grown.sizes[1], large);
  assert_non_null(mbr_arena_take(&arena, 1, 1));
  assert_int_equal(grown.count, 3);
  assert_null(mbr_arena_take(&arena, 1, 2 * MBR_ARENA_BLOCK_SIZE)); /* refused */
  assert_non_null(mbr_arena_take(&arena, 1, 8));                    /* still usable */
  for (size_t i = 0; i < grown.count; i++) free(grown.blocks[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_integers),
    cmocka_unit_test(test_wide_integers_and_uuids),
    cmocka_unit_test(test_floats_travel_as_their_bits),
    cmocka_unit_test(test_bools_and_options_are_0_or_1),
    cmocka_unit_test(test_timestamps_stay_in_the_calendar),
    cmocka_unit_test(test_chars_take_one_to_four_bytes),
    cmocka_unit_test(test_utf8_agrees_with_its_definition),
    cmocka_unit_test(test_chars_that_are_none_are_refused),
    cmocka_unit_test(test_strings_and_bytes_are_views),
    cmocka_unit_test(test_bounds_of_strings_and_bytes),
    cmocka_unit_test(test_malformed_text_is_refused_both_ways),
    cmocka_unit_test(test_hostile_counts_cost_nothing),
    cmocka_unit_test(test_items_without_bytes_are_limited_together),
    cmocka_unit_test(test_lists_of_numbers),
    cmocka_unit_test(test_lists_of_wide_and_checked_values),
    cmocka_unit_test(test_arrays_are_little_endian),
    cmocka_unit_test(test_a_bad_item_empties_its_list),
    cmocka_unit_test(test_lists_of_strings_and_bytes),
    cmocka_unit_test(test_optional_scalars),
    cmocka_unit_test(test_duplicates_are_found_and_cost_little),
    cmocka_unit_test(test_the_first_error_stays),
    cmocka_unit_test(test_bytes_that_are_left_are_an_error),
    cmocka_unit_test(test_checks_within_a_run_point_at_their_byte),
    cmocka_unit_test(test_sizes_saturate),
    cmocka_unit_test(test_an_arena_aligns_and_ends),
    cmocka_unit_test(test_an_arena_grows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
