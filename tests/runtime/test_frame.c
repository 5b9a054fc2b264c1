/* Frame headers and status texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mbr/frame.h"

static const uint8_t bytes[MBR_FRAME_HEADER_SIZE] = {
  0x14, 0,    0,    0,    MBR_FRAME_CREDIT, MBR_FRAME_FROM_CALLER, 0x02, 0x01,
  0x44, 0x33, 0x22, 0x11, 0x88,             0x77,                  0x66, 0x55,
};

static void test_header_has_the_documented_bytes(void **state) {
  (void)state;
  const mbr_frame frame = {20, MBR_FRAME_CREDIT, MBR_FRAME_FROM_CALLER, 0x0102, 0x11223344, 0x55667788};
  uint8_t out[MBR_FRAME_HEADER_SIZE];
  mbr_frame_write(out, &frame);
  assert_memory_equal(out, bytes, sizeof out);
}

static void test_header_reads_back(void **state) {
  (void)state;
  uint8_t data[20] = {0};
  memcpy(data, bytes, sizeof bytes);
  mbr_frame frame;
  assert_int_equal(mbr_frame_read(&frame, data, sizeof data), MBR_OK);
  assert_int_equal(frame.size, 20);
  assert_int_equal(frame.kind, MBR_FRAME_CREDIT);
  assert_int_equal(frame.flags, MBR_FRAME_FROM_CALLER);
  assert_int_equal(frame.instance, 0x0102);
  assert_int_equal(frame.call, 0x11223344);
  assert_int_equal(frame.method, 0x55667788);
}

static void test_every_shorter_input_is_truncated(void **state) {
  (void)state;
  uint8_t data[20] = {0};
  memcpy(data, bytes, sizeof bytes);
  mbr_frame frame;
  for (size_t size = 0; size < sizeof data; size++) {
    assert_int_equal(mbr_frame_read(&frame, data, size), MBR_TRUNCATED);
  }
  assert_int_equal(frame.size, 20); /* says how much must come */
}

static void test_bad_sizes_kinds_and_flags_are_refused(void **state) {
  (void)state;
  mbr_frame frame;
  uint8_t data[MBR_FRAME_HEADER_SIZE];
  for (unsigned size = 0; size < MBR_FRAME_HEADER_SIZE; size++) {
    memcpy(data, bytes, sizeof data);
    data[0] = (uint8_t)size;
    assert_int_equal(mbr_frame_read(&frame, data, sizeof data), MBR_BAD_FRAME);
  }
  for (unsigned kind = 0; kind < 256; kind++) {
    memcpy(data, bytes, sizeof data);
    data[0] = sizeof data;
    data[4] = (uint8_t)kind;
    bool known = kind >= MBR_FRAME_HELLO && kind <= MBR_FRAME_GOODBYE;
    assert_int_equal(mbr_frame_read(&frame, data, sizeof data), known ? MBR_OK : MBR_BAD_FRAME);
  }
  for (unsigned flags = 0; flags < 256; flags++) {
    memcpy(data, bytes, sizeof data);
    data[0] = sizeof data;
    data[5] = (uint8_t)flags;
    bool known = (flags & ~(MBR_FRAME_FROM_CALLER | MBR_FRAME_BLOCK)) == 0;
    assert_int_equal(mbr_frame_read(&frame, data, sizeof data), known ? MBR_OK : MBR_BAD_FRAME);
  }
}

static void test_statuses_have_names_and_texts(void **state) {
  (void)state;
  assert_string_equal(mbr_status_name(MBR_OK), "OK");
  assert_string_equal(mbr_status_name(MBR_BAD_UTF8), "BAD_UTF8");
  assert_string_equal(mbr_status_text(MBR_BAD_UTF8), "text is not well-formed UTF-8");
  assert_string_equal(mbr_status_name((mbr_status)4711), "UNKNOWN");
  assert_non_null(mbr_status_text((mbr_status)4711));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_header_has_the_documented_bytes),
    cmocka_unit_test(test_header_reads_back),
    cmocka_unit_test(test_every_shorter_input_is_truncated),
    cmocka_unit_test(test_bad_sizes_kinds_and_flags_are_refused),
    cmocka_unit_test(test_statuses_have_names_and_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
