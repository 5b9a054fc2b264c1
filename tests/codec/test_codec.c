/* Generated codecs of every shape of type: round trips, exact bytes, hostile input. */
#include "codec_test.h"

#include <math.h>

#include "codec_shapes.h"

CODEC(codec_units_refusal);
CODEC(codec_shapes_telemetry);
CODEC(codec_shapes_numbers);
CODEC(codec_shapes_optionals);
CODEC(codec_shapes_ranges);
CODEC(codec_shapes_limits);
CODEC(codec_shapes_odometer);
CODEC(codec_shapes_lists);
CODEC(codec_shapes_arrays);
CODEC(codec_shapes_tuples);
CODEC(codec_shapes_nothing);
CODEC(codec_shapes_event);
CODEC(codec_shapes_choice);
CODEC(codec_shapes_node);
CODEC(codec_shapes_expression);
CODEC(codec_shapes_folder);
CODEC(codec_shapes_holder);
CODEC(codec_shapes_large);
CODEC(codec_shapes_sets);
CODEC(codec_shapes_maps);
CODEC(codec_shapes_tree);
CODEC(codec_shapes_wide128);

static const float history[] = {1.0f, -2.5f, 3.25f};

static codec_shapes_telemetry telemetry(void) {
  return (codec_shapes_telemetry){
      .active = true,
      .zone = 3,
      .delta = -2,
      .count = 70000,
      .at = INT64_C(-1),
      .celsius = 21.5f,
      .ratio = 0.5,
      .name = {"h\303\251", 3},
      .raw = {(const uint8_t *)"\1\2", 2},
      .mode = CODEC_SHAPES_MODE_MANUAL,
      .has_fine = true,
      .fine = 1.0,
      .history = {history, 3},
  };
}

static void telemetry_has_the_bytes_of_bincode(void **state) {
  (void)state;
  static const uint8_t bytes[] = {
      1,    3,    0xFE, 0xFF, 0x70, 0x11, 0x01, 0x00,                         /* active zone delta count */
      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,                         /* at */
      0x00, 0x00, 0xAC, 0x41, 0,    0,    0,    0,    0,    0,    0xE0, 0x3F, /* celsius ratio */
      3,    0,    0,    0,    0,    0,    0,    0,    'h',  0xC3, 0xA9,       /* name */
      2,    0,    0,    0,    0,    0,    0,    0,    1,    2,                /* raw */
      2,    0,    0,    0,                                                    /* mode */
      1,    0,    0,    0,    0,    0,    0,    0xF0, 0x3F,                   /* fine */
      3,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x80, 0x3F,
      0,    0,    0x20, 0xC0, 0,    0,    0x50, 0x40, /* history */
  };
  codec_shapes_telemetry value = telemetry();
  assert_bytes(&codec_shapes_telemetry_codec, &value, bytes, sizeof bytes);
  assert_true(sizeof bytes <= CODEC_SHAPES_TELEMETRY_MAX_SIZE);
}

static void telemetry_survives(void **state) {
  (void)state;
  codec_shapes_telemetry value = telemetry();
  assert_round_trip(&codec_shapes_telemetry_codec, &value);
  assert_survives_damage(&codec_shapes_telemetry_codec, &value);
}

static void decoded_members_are_what_was_sent(void **state) {
  (void)state;
  codec_shapes_telemetry value = telemetry(), got;
  size_t size;
  uint8_t *data = encode_exact(&codec_shapes_telemetry_codec, &value, &size);
  uint8_t memory[CODEC_SHAPES_TELEMETRY_ARENA_SIZE + MBR_ARENA_ALIGN];
  mbr_arena arena;
  mbr_reader r;
  mbr_arena_init(&arena, memory, sizeof memory);
  mbr_reader_init(&r, data, size, &arena);
  assert_int_equal(codec_shapes_telemetry_decode(&r, &got), MBR_OK);
  assert_true(got.active);
  assert_int_equal(got.zone, 3);
  assert_int_equal(got.delta, -2);
  assert_int_equal(got.count, 70000);
  assert_int_equal(got.at, -1);
  assert_true(got.celsius == 21.5f && got.ratio == 0.5);
  assert_int_equal(got.name.size, 3);
  assert_ptr_equal(got.name.data, (const char *)data + 36); /* a view */
  assert_int_equal(got.mode, CODEC_SHAPES_MODE_MANUAL);
  assert_true(got.has_fine && got.fine == 1.0);
  assert_int_equal(got.history.count, 3);
  assert_true(got.history.items[1] == -2.5f);
  free(data);
}

static codec_shapes_numbers numbers(void) {
  return (codec_shapes_numbers){.a = 255,
                                .b = 65535,
                                .c = UINT32_MAX,
                                .d = UINT64_MAX,
                                .e = -128,
                                .f = INT16_MIN,
                                .g = INT32_MIN,
                                .h = INT64_MIN,
                                .i = 1.5f,
                                .j = -0.1,
                                .k = true,
                                .l = {1, UINT64_MAX},
                                .m = {UINT64_MAX, -1},
                                .n = {{1, 2, 3, 4, 5, 6, 7, 8, 9}},
                                .o = 8640000000000000000,
                                .p = INT64_MIN,
                                .q = CODEC_SHAPES_MODE_AUTO,
                                .s = CODEC_SHAPES_GEAR_DRIVE,
                                .t = CODEC_SHAPES_SIGNED_LOW,
                                .u = CODEC_SHAPES_FULL_LEAST,
                                .v = 777,
                                .w = CODEC_SHAPES_DOORS_FRONT_LEFT | CODEC_SHAPES_DOORS_TAIL | 0x80,
                                .x = CODEC_SHAPES_WIDE_LAST};
}

static void numbers_survive(void **state) {
  (void)state;
  codec_shapes_numbers value = numbers();
  assert_round_trip(&codec_shapes_numbers_codec, &value);
  assert_survives_damage(&codec_shapes_numbers_codec, &value);
  assert_int_equal(codec_shapes_numbers_size(&value), CODEC_SHAPES_NUMBERS_MAX_SIZE);
}

static void values_that_are_no_members_are_refused_both_ways(void **state) {
  (void)state;
  const codec *c = &codec_shapes_numbers_codec;
  size_t size, offset;
  codec_shapes_numbers value = numbers(), bad = value;
  uint8_t *data = encode_exact(c, &value, &size);
  bad.s = 2;
  assert_refused(c, &bad, MBR_BAD_ENUM);
  bad = value;
  bad.q = 3;
  assert_refused(c, &bad, MBR_BAD_ENUM);
  bad = value;
  bad.t = 1;
  assert_refused(c, &bad, MBR_BAD_ENUM);
  bad = value;
  bad.u = 1;
  assert_refused(c, &bad, MBR_BAD_ENUM);
  bad = value;
  bad.o = INT64_MAX;
  assert_refused(c, &bad, MBR_BAD_TIME);
  /* q u32, s u8, t i8, u i64, v u16, w u8, x u64 end the struct: 25 bytes */
  data[size - 25] = 3;
  assert_int_equal(decode_copy(c, data, size, &bad, &offset), MBR_BAD_ENUM);
  assert_int_equal(offset, size - 25);
  data[size - 25] = 0;
  data[size - 21] = 1;
  assert_int_equal(decode_copy(c, data, size, &bad, &offset), MBR_OK);
  data[size - 21] = 2;
  assert_int_equal(decode_copy(c, data, size, &bad, &offset), MBR_BAD_ENUM);
  assert_int_equal(offset, size - 21);
  free(data);
}

static void optionals_survive_absent_and_present(void **state) {
  (void)state;
  static const uint16_t items[] = {7, 8};
  codec_shapes_optionals absent = {0};
  assert_round_trip(&codec_shapes_optionals_codec, &absent);
  assert_int_equal(codec_shapes_optionals_size(&absent), 15);
  codec_shapes_optionals value = {.has_a = true,
                                  .a = 9,
                                  .has_b = true,
                                  .b = true,
                                  .has_c = true,
                                  .c = 2.0,
                                  .has_d = true,
                                  .d = CODEC_SHAPES_MODE_AUTO,
                                  .has_e = true,
                                  .e = 5,
                                  .has_f = true,
                                  .f = str("text"),
                                  .has_g = true,
                                  .g = {1.0f, 2.0f},
                                  .has_h = true,
                                  .h = {items, 2},
                                  .has_i = true,
                                  .i = {1, 2, 3},
                                  .has_j = true,
                                  .has_k = true,
                                  .k = 0x1F600,
                                  .has_l = true,
                                  .l = {str("label"), CODEC_UNITS_PRECISION_GUESSED},
                                  .has_m = true,
                                  .m = CODEC_SHAPES_DOORS_TAIL,
                                  .has_n = true,
                                  .n = {(const uint8_t *)"abcd", 4},
                                  .has_o = true,
                                  .o = 20};
  assert_round_trip(&codec_shapes_optionals_codec, &value);
  assert_survives_damage(&codec_shapes_optionals_codec, &value);
}

static void absent_optionals_read_as_zero(void **state) {
  (void)state;
  static const uint8_t zeros[15];
  codec_shapes_optionals got;
  memset(&got, 0xFF, sizeof got);
  mbr_reader r;
  mbr_reader_init(&r, zeros, sizeof zeros, NULL);
  assert_int_equal(codec_shapes_optionals_decode(&r, &got), MBR_OK);
  assert_false(got.has_a || got.has_f || got.has_l);
  assert_int_equal(got.a, 0);
  assert_null(got.f.data);
  assert_int_equal(got.h.count, 0);
  assert_int_equal(got.i[2], 0);
}

static void an_option_tag_is_0_or_1(void **state) {
  (void)state;
  uint8_t bytes[15] = {0};
  codec_shapes_optionals got;
  for (size_t i = 0; i < sizeof bytes; i++) {
    size_t offset;
    bytes[i] = 2;
    assert_int_equal(decode_copy(&codec_shapes_optionals_codec, bytes, sizeof bytes, &got, &offset),
                     MBR_BAD_OPTION);
    assert_int_equal(offset, i);
    bytes[i] = 0;
  }
}

static const float items_in_range[] = {0.0f, 0.5f, 1.0f};

static codec_shapes_ranges ranges(void) {
  return (codec_shapes_ranges){
      .a = 1, .b = -5, .c = 0.5, .all = 255, .items = {items_in_range, 3}, .three = {1, 2, 3}};
}

static void ranges_are_checked_when_encoding(void **state) {
  (void)state;
  static const float too_high[] = {0.5f, 1.5f};
  const codec *c = &codec_shapes_ranges_codec;
  codec_shapes_ranges value = ranges();
  assert_round_trip(c, &value);
  assert_survives_damage(c, &value);
  value.a = 0, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  value.a = 11, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  value.b = -6, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  value.c = 0.51, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  value.c = (double)NAN, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  value.items = (mbr_list_f32){too_high, 2}, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  value.three[2] = 4, assert_refused(c, &value, MBR_BAD_RANGE), value = ranges();
  codec_shapes_optionals optional = {.has_o = true, .o = 21};
  assert_refused(&codec_shapes_optionals_codec, &optional, MBR_BAD_RANGE);
}

static void ranges_are_checked_when_decoding(void **state) {
  (void)state;
  static const struct {
    size_t at;
    uint8_t byte;
    size_t error_at;
  } cases[] = {{0, 0, 0}, {0, 11, 0}, {1, 0xFA, 1}, {16, 0x40, 9}, {33, 0x40, 30}, {42, 9, 42}};
  codec_shapes_ranges value = ranges(), got;
  size_t size, offset;
  uint8_t *data = encode_exact(&codec_shapes_ranges_codec, &value, &size);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t before = data[cases[i].at];
    data[cases[i].at] = cases[i].byte;
    assert_int_equal(decode_copy(&codec_shapes_ranges_codec, data, size, &got, &offset), MBR_BAD_RANGE);
    assert_int_equal(offset, cases[i].error_at);
    data[cases[i].at] = before;
  }
  free(data);
}

static void nan_is_outside_of_every_range(void **state) {
  (void)state;
  codec_shapes_telemetry value = telemetry(), got;
  size_t size, offset;
  uint8_t *data = encode_exact(&codec_shapes_telemetry_codec, &value, &size);
  value.celsius = NAN;
  assert_refused(&codec_shapes_telemetry_codec, &value, MBR_BAD_RANGE);
  data[16] = data[17] = data[18] = 0xFF;
  data[19] = 0x7F;
  assert_int_equal(decode_copy(&codec_shapes_telemetry_codec, data, size, &got, &offset), MBR_BAD_RANGE);
  assert_int_equal(offset, 16);
  free(data);
}

/* The limits are numbers of the type, also where the compiler computes with more precision. */
static void what_dart_holds_as_int_is_checked_both_ways(void **state) {
  (void)state;
  static const uint64_t trips[] = {0, INT64_MAX}, beyond[] = {0, (uint64_t)INT64_MAX + 1, 0};
  static const size_t places[] = {0, 8 + 8 + 8, 8 + 8 + 16 + 1}; /* total, the second trip, last */
  const codec *c = &codec_shapes_odometer_codec;
  const codec_shapes_odometer good = {INT64_MAX, {trips, 2}, true, INT64_MAX};
  codec_shapes_odometer value = good, got;
  size_t size, offset;
  assert_round_trip(c, &value);
  value.total++, assert_refused(c, &value, MBR_BAD_RANGE), value = good;
  value.trips = (mbr_list_u64){beyond, 3}, assert_refused(c, &value, MBR_BAD_RANGE), value = good;
  value.last++, assert_refused(c, &value, MBR_BAD_RANGE), value = good;
  uint8_t *data = encode_exact(c, &value, &size);
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    data[places[i] + 7] ^= 0x80;
    assert_int_equal(decode_copy(c, data, size, &got, &offset), MBR_BAD_RANGE);
    assert_int_equal(offset, places[i]);
    data[places[i] + 7] ^= 0x80;
  }
  free(data);
}

static void limits_themselves_are_within_a_range(void **state) {
  (void)state;
  codec_shapes_limits value = {.single = 0.7f, .double_ = 0.7};
  assert_round_trip(&codec_shapes_limits_codec, &value);
  value = (codec_shapes_limits){.single = 1.1f, .double_ = 1.1};
  assert_round_trip(&codec_shapes_limits_codec, &value);
  value.single = nextafterf(1.1f, 2.0f);
  assert_refused(&codec_shapes_limits_codec, &value, MBR_BAD_RANGE);
  value = (codec_shapes_limits){.single = 1.0f, .double_ = nextafter(0.7, 0.0)};
  assert_refused(&codec_shapes_limits_codec, &value, MBR_BAD_RANGE);
}

static codec_shapes_lists lists(void) {
  static const bool bools[] = {true, false};
  static const uint8_t bytes[] = {1, 2, 3};
  static const int64_t numbers_[] = {-1, INT64_MIN};
  static mbr_str strings[2];
  static const mbr_bytes blobs[] = {{bytes, 3}, {NULL, 0}};
  static const codec_shapes_mode modes[] = {CODEC_SHAPES_MODE_AUTO, CODEC_SHAPES_MODE_OFF};
  static const uint32_t chars[] = {'a', 0xE9, 0x20AC, 0x1F600};
  static const codec_units_point points[] = {{1, 2}, {3, 4}};
  static codec_units_label labels[2];
  static const mbr_list_u8 nested[] = {{bytes, 2}, {NULL, 0}};
  static const mbr_opt_u16 maybes[] = {{true, 5}, {false, 0}};
  static const mbr_opt_i64 inner[] = {{true, -7}, {false, 0}};
  static const mbr_opt_list_opt_i64 middle[] = {{true, {inner, 2}}, {false, {NULL, 0}}};
  static const mbr_list_opt_list_opt_i64 outer[] = {{middle, 2}, {NULL, 0}};
  static const mbr_array3_u8 triples[] = {{{1, 2, 3}}, {{4, 5, 6}}};
  static const mbr_uuid ids[] = {{{1}}, {{2}}};
  static const int64_t times[] = {0, -8640000000000000000};
  static mbr_tuple2_u8_str pairs[1];
  static const codec_shapes_nothing nothings[3];
  strings[0] = str("one"), strings[1] = str("");
  labels[0] = (codec_units_label){str("a"), CODEC_UNITS_PRECISION_EXACT};
  labels[1] = (codec_units_label){str("bb"), CODEC_UNITS_PRECISION_GUESSED};
  pairs[0] = (mbr_tuple2_u8_str){4, str("four")};
  return (codec_shapes_lists){.a = {bools, 2},
                              .b = {bytes, 3},
                              .c = {numbers_, 2},
                              .d = {strings, 2},
                              .e = {blobs, 2},
                              .f = {modes, 2},
                              .g = {chars, 4},
                              .h = {points, 2},
                              .i = {labels, 2},
                              .j = {nested, 2},
                              .k = {maybes, 2},
                              .l = {outer, 2},
                              .m = {triples, 2},
                              .n = {ids, 2},
                              .o = {times, 2},
                              .p = {pairs, 1},
                              .q = {nothings, 3}};
}

static void lists_survive(void **state) {
  (void)state;
  codec_shapes_lists value = lists(), empty = {0};
  assert_round_trip(&codec_shapes_lists_codec, &empty);
  assert_round_trip(&codec_shapes_lists_codec, &value);
  assert_survives_damage(&codec_shapes_lists_codec, &value);
}

/* A count that the rest of the input cannot pay for is refused where it stands, and takes no memory. Items
 * without bytes are paid for by nothing and counted against MBR_EMPTY_ITEMS_MAX, which two bytes are below.
 */
static void hostile_counts_are_refused(void **state) {
  (void)state;
  enum { LISTS = 17, NOTHINGS = 16 };
  codec_shapes_lists got;
  uint8_t bytes[LISTS * MBR_COUNT_SIZE] = {0};
  for (size_t i = 0; i < LISTS; i++) {
    for (size_t k = i == NOTHINGS ? 2 : 0; k < MBR_COUNT_SIZE; k++) {
      size_t offset;
      bytes[i * MBR_COUNT_SIZE + k] = 0xFF;
      assert_int_equal(decode_copy(&codec_shapes_lists_codec, bytes, sizeof bytes, &got, &offset),
                       MBR_BAD_LENGTH);
      assert_int_equal(offset, i * MBR_COUNT_SIZE);
      bytes[i * MBR_COUNT_SIZE + k] = 0;
    }
  }
}

static void bounds_are_checked_both_ways(void **state) {
  (void)state;
  static const int64_t five[5];
  static const char nine[] = "123456789";
  codec_shapes_lists value = {.c = {five, 5}}, got;
  assert_refused(&codec_shapes_lists_codec, &value, MBR_BAD_LENGTH);
  mbr_str too_long = {nine, 9};
  value = (codec_shapes_lists){.d = {&too_long, 1}};
  assert_refused(&codec_shapes_lists_codec, &value, MBR_BAD_LENGTH);
  uint8_t bytes[17 * 8 + 64] = {0};
  bytes[16] = 5;
  assert_int_equal(decode_copy(&codec_shapes_lists_codec, bytes, sizeof bytes, &got, NULL), MBR_BAD_LENGTH);
  codec_units_label label = {str("12345678901234567"), CODEC_UNITS_PRECISION_EXACT};
  codec_shapes_optionals optional = {.has_l = true, .l = label};
  assert_refused(&codec_shapes_optionals_codec, &optional, MBR_BAD_LENGTH);
}

static void decoding_lists_without_an_arena_fails(void **state) {
  (void)state;
  codec_shapes_telemetry value = telemetry(), got;
  size_t size;
  uint8_t *data = encode_exact(&codec_shapes_telemetry_codec, &value, &size);
  mbr_reader r;
  mbr_reader_init(&r, data, size, NULL);
  assert_int_equal(codec_shapes_telemetry_decode(&r, &got), MBR_NO_MEMORY);
  free(data);
}

static void arrays_survive(void **state) {
  (void)state;
  static const uint8_t bytes[] = {1, 2, 3};
  codec_shapes_arrays value = {
      .a = {1, 2, 3},
      .b = {{1, 2}, {3, 4}},
      .c = {{{1, 2}}, {{3, 4}}, {{5, 6}}},
      .d = {str("a"), str("bc")},
      .e = {{true, 1}, {false, 0}},
      .f = {CODEC_SHAPES_GEAR_PARK, CODEC_SHAPES_GEAR_DRIVE},
      .g = {{bytes, 3}, {NULL, 0}},
      .h = {true, false},
      .i = {{str("x"), CODEC_UNITS_PRECISION_EXACT}, {str("yz"), CODEC_UNITS_PRECISION_ROUNDED}},
      .j = {'a', 0x20AC}};
  assert_round_trip(&codec_shapes_arrays_codec, &value);
  assert_survives_damage(&codec_shapes_arrays_codec, &value);
  value.f[1] = 7;
  assert_refused(&codec_shapes_arrays_codec, &value, MBR_BAD_ENUM);
}

static void tuples_survive(void **state) {
  (void)state;
  codec_shapes_tuples value = {.a = {1, 2.0}, .c = {{1, 2}, {3, 4}}};
  assert_round_trip(&codec_shapes_tuples_codec, &value);
  value.has_b = true;
  value.b = (mbr_tuple3_codec_shapes_mode_opt_str_array2_u8){
      .item0 = CODEC_SHAPES_MODE_MANUAL, .has_item1 = true, .item1 = str("s"), .item2 = {8, 9}};
  assert_round_trip(&codec_shapes_tuples_codec, &value);
  assert_survives_damage(&codec_shapes_tuples_codec, &value);
}

static void an_empty_struct_has_no_bytes(void **state) {
  (void)state;
  codec_shapes_nothing value = {0};
  assert_int_equal(codec_shapes_nothing_size(&value), 0);
  assert_round_trip(&codec_shapes_nothing_codec, &value);
}

static void every_arm_survives(void **state) {
  (void)state;
  static const uint8_t bytes[] = {1, 2, 3};
  const codec_shapes_event values[] = {
      CODEC_SHAPES_EVENT_READING(telemetry()),
      CODEC_SHAPES_EVENT_FAULT(7, str("broken")),
      CODEC_SHAPES_EVENT_RESET,
      CODEC_SHAPES_EVENT_MANY(((mbr_list_u8){bytes, 3})),
      CODEC_SHAPES_EVENT_MAYBE(((mbr_opt_u8){true, 9})),
      CODEC_SHAPES_EVENT_THREE(((mbr_array3_u8){{1, 2, 3}})),
      CODEC_SHAPES_EVENT_PAIR(((mbr_tuple2_u8_u16){1, 2})),
      CODEC_SHAPES_EVENT_MODE(CODEC_SHAPES_MODE_AUTO),
      CODEC_SHAPES_EVENT_NOTHING(((codec_shapes_nothing){0})),
      CODEC_SHAPES_EVENT_EMPTY,
  };
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    assert_int_equal(values[i].tag, i);
    assert_round_trip(&codec_shapes_event_codec, &values[i]);
    assert_survives_damage(&codec_shapes_event_codec, &values[i]);
  }
}

static void an_index_without_an_arm_is_refused(void **state) {
  (void)state;
  static const uint8_t index_10[] = {10, 0, 0, 0}, index_huge[] = {0, 0, 0, 1}, two[] = {2, 0, 0, 0};
  codec_shapes_event event;
  codec_shapes_choice choice = {.tag = (codec_shapes_choice_tag)2};
  size_t offset;
  assert_int_equal(decode_copy(&codec_shapes_event_codec, index_10, 4, &event, &offset), MBR_BAD_ARM);
  assert_int_equal(offset, 0);
  assert_int_equal(decode_copy(&codec_shapes_event_codec, index_huge, 4, &event, NULL), MBR_BAD_ARM);
  assert_int_equal(decode_copy(&codec_shapes_choice_codec, two, 4, &choice, NULL), MBR_BAD_ARM);
  choice.tag = (codec_shapes_choice_tag)2;
  assert_refused(&codec_shapes_choice_codec, &choice, MBR_BAD_ARM);
}

static void an_error_has_the_bytes_of_bincode(void **state) {
  (void)state;
  static const uint8_t busy[] = {0, 0, 0, 0};
  static const uint8_t limit[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0x40};
  codec_units_refusal value = CODEC_UNITS_REFUSAL_BUSY;
  assert_bytes(&codec_units_refusal_codec, &value, busy, sizeof busy);
  value = CODEC_UNITS_REFUSAL_LIMIT(1.0, 2.0);
  assert_bytes(&codec_units_refusal_codec, &value, limit, sizeof limit);
  assert_round_trip(&codec_units_refusal_codec, &value);
}

/* A chain of `length` nodes; the last one has no next. */
static const codec_shapes_node *chain(codec_shapes_node *nodes, size_t length) {
  for (size_t i = 0; i < length; i++)
    nodes[i] = (codec_shapes_node){.value = (uint32_t)i, .next = i + 1 < length ? &nodes[i + 1] : NULL};
  return nodes;
}

static void recursive_types_survive(void **state) {
  (void)state;
  codec_shapes_node nodes[8], children[2] = {{.value = 1}, {.value = 2}};
  assert_round_trip(&codec_shapes_node_codec, chain(nodes, 8));
  codec_shapes_node root = {.children = {children, 2}, .next = &children[0]};
  assert_round_trip(&codec_shapes_node_codec, &root);
  assert_survives_damage(&codec_shapes_node_codec, &root);
  codec_shapes_expression one = CODEC_SHAPES_EXPRESSION_NUMBER(1.0),
                          minus = CODEC_SHAPES_EXPRESSION_NEGATED(&one);
  codec_shapes_expression both = CODEC_SHAPES_EXPRESSION_SUM(&one, &minus), list[] = {one, minus};
  codec_shapes_expression all = CODEC_SHAPES_EXPRESSION_ALL(((mbr_list_codec_shapes_expression){list, 2}));
  assert_round_trip(&codec_shapes_expression_codec, &both);
  assert_round_trip(&codec_shapes_expression_codec, &all);
  codec_shapes_entry entries[] = {CODEC_SHAPES_ENTRY_FILE(str("a.txt"))};
  codec_shapes_folder folder = {str("src"), {entries, 1}};
  assert_round_trip(&codec_shapes_folder_codec, &folder);
  codec_shapes_holder holder = {
      .node = root, .has_expression = true, .expression = both, .pair = {.item0 = root, .item1 = 1}};
  assert_round_trip(&codec_shapes_holder_codec, &holder);
  assert_survives_damage(&codec_shapes_holder_codec, &holder);
}

static void a_large_struct_survives(void **state) {
  (void)state;
  codec_shapes_large value = {.a0 = 1,
                              .has_b1 = true,
                              .b1 = 1.0f,
                              .c2 = str("two"),
                              .a42 = 42,
                              .c41 = str("41"),
                              .has_b88 = true,
                              .b88 = 88.0f,
                              .c89 = str("last")};
  assert_round_trip(&codec_shapes_large_codec, &value);
  assert_survives_damage(&codec_shapes_large_codec, &value);
}

static void depth_is_bounded_both_ways(void **state) {
  (void)state;
  codec_shapes_node nodes[9], got;
  uint8_t bytes[9 * 13];
  assert_refused(&codec_shapes_node_codec, chain(nodes, 9), MBR_TOO_DEEP);
  assert_int_equal(codec_shapes_node_size(chain(nodes, 9)), (size_t)-1);
  memset(bytes, 0, sizeof bytes);
  for (size_t i = 0; i < 8; i++) bytes[i * 13 + 12] = 1;
  assert_int_equal(decode_copy(&codec_shapes_node_codec, bytes, sizeof bytes, &got, NULL), MBR_TOO_DEEP);
  bytes[7 * 13 + 12] = 0;
  assert_int_equal(decode_copy(&codec_shapes_node_codec, bytes, 8 * 13, &got, NULL), MBR_OK);
}

static codec_shapes_key key(uint16_t id, bool has_inner, uint8_t inner) {
  return (codec_shapes_key){.id = id,
                            .has_name = true,
                            .name = str("key"),
                            .has_inner = has_inner,
                            .inner = {.id = inner, .has_open = true},
                            .pair = {1, {2, -3}}};
}

static void sets_survive(void **state) {
  (void)state;
  static const uint8_t numbers_[] = {3, 1, 2};
  static const codec_shapes_mode modes[] = {CODEC_SHAPES_MODE_MANUAL, CODEC_SHAPES_MODE_OFF};
  static const mbr_opt_u16 maybes[] = {{true, 0}, {false, 0}, {true, 1}};
  static const mbr_tuple2_uuid_u128 pairs[] = {{{{1}}, {1, 2}}, {{{1}}, {2, 1}}, {{{0}}, {2, 1}}};
  const mbr_str texts[] = {str("b"), str("a"), str("ab"), str("")};
  const codec_shapes_key keys[] = {key(1, true, 9), key(1, true, 8), key(1, false, 0)};
  codec_shapes_sets value = {{numbers_, 3}, {texts, 4}, {modes, 2}, {maybes, 3}, {keys, 3}, {pairs, 3}},
                    empty = {0};
  assert_round_trip(&codec_shapes_sets_codec, &empty);
  assert_round_trip(&codec_shapes_sets_codec, &value);
  assert_survives_damage(&codec_shapes_sets_codec, &value);
}

/* Whatever encodes a value with the same item twice, decoding finds it. */
static void assert_duplicate(const codec *c, const void *value) {
  size_t size;
  uint8_t *data = encode_exact(c, value, &size);
  void *got = malloc(c->value_size);
  assert_int_equal(decode_copy(c, data, size, got, NULL), MBR_DUPLICATE);
  free(got);
  free(data);
}

static void an_item_that_occurs_twice_is_refused(void **state) {
  (void)state;
  static const uint8_t beside[] = {1, 1}, apart[] = {1, 2, 1}, falling[] = {5, 4, 3, 2, 1, 0, 3};
  static const mbr_opt_u16 absent[] = {{false, 0}, {true, 1}, {false, 7}};
  const mbr_str texts[] = {str("x"), str("y"), str("x")};
  const codec_shapes_key keys[] = {key(1, true, 9), key(1, true, 9)};
  const codec_shapes_sets cases[] = {{.a = {beside, 2}}, {.a = {apart, 3}},  {.a = {falling, 7}},
                                     {.b = {texts, 3}},  {.d = {absent, 3}}, {.e = {keys, 2}}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_duplicate(&codec_shapes_sets_codec, &cases[i]);
  static const mbr_entry_u8_u32 entries[] = {{1, 2}, {2, 2}, {1, 3}};
  codec_shapes_maps map = {.a = {entries, 3}};
  assert_duplicate(&codec_shapes_maps_codec, &map);
}

static void a_duplicate_is_reported_where_the_second_starts(void **state) {
  (void)state;
  static const codec_shapes_tree leaf;
  const mbr_entry_u8_codec_shapes_tree twice[] = {{1, leaf}, {0, leaf}, {1, leaf}, {0, leaf}};
  const mbr_entry_u8_codec_shapes_tree above[] = {{7, {.branches = {twice, 4}}}, {9, leaf}};
  const codec_shapes_tree value = {.branches = {above, 2}};
  codec_shapes_tree got;
  size_t size, offset;
  uint8_t *data = encode_exact(&codec_shapes_tree_codec, &value, &size);
  assert_int_equal(decode_copy(&codec_shapes_tree_codec, data, size, &got, &offset), MBR_DUPLICATE);
  const size_t leaf_size = 2 * MBR_COUNT_SIZE;
  assert_int_equal(offset, MBR_COUNT_SIZE + 1 + MBR_COUNT_SIZE + 2 * (1 + leaf_size));
  free(data);
}

static void maps_survive(void **state) {
  (void)state;
  static const mbr_entry_u8_u32 numbers_[] = {{2, 7}, {1, 8}};
  static const uint8_t bytes[] = {1, 2};
  static const mbr_entry_opt_codec_shapes_mode_list_u8 lists_[] = {
      {.has_key = false, .value = {bytes, 2}},
      {.has_key = true, .key = CODEC_SHAPES_MODE_OFF, .value = {NULL, 0}}};
  static const codec_shapes_tree leaf;
  static const mbr_entry_bool_array2_u8 flags[] = {{true, {1, 2}}, {false, {3, 4}}};
  static const mbr_entry_char_map_bool_array2_u8 letters[] = {{0x1F600, {flags, 2}}, {'a', {NULL, 0}}};
  const mbr_entry_str_str texts[] = {{str("k"), str("v")}, {str("a"), str("")}};
  const mbr_entry_codec_shapes_key_opt_u8 keys[] = {{.key = key(2, false, 0), .has_value = true, .value = 1},
                                                    {.key = key(1, false, 0)}};
  const mbr_entry_u8_codec_shapes_tree branches[] = {{1, leaf}, {0, leaf}};
  const mbr_entry_u8_tuple2_codec_shapes_tree_u8 twigs[] = {{4, {leaf, 5}}};
  const mbr_entry_timestamp_codec_shapes_tree trees[] = {{-1, {{branches, 2}, {twigs, 1}}}};
  codec_shapes_maps value = {{numbers_, 2}, {texts, 2}, {lists_, 2}, {keys, 2}, {trees, 1}, {letters, 2}},
                    empty = {0};
  assert_round_trip(&codec_shapes_maps_codec, &empty);
  assert_round_trip(&codec_shapes_maps_codec, &value);
  assert_survives_damage(&codec_shapes_maps_codec, &value);
  assert_round_trip(&codec_shapes_tree_codec, &trees[0].value);
}

/* A size that nothing can hold stays that, whatever comes after it. */
static void sizes_of_entries_saturate(void **state) {
  (void)state;
  mbr_entry_codec_shapes_key_opt_u8 keys[] = {{.key = key(2, true, 0)},
                                              {.key = key(1, false, 0), .has_value = true}};
  codec_shapes_maps value = {0};
  value.d.items = keys;
  value.d.count = 2;
  keys[0].key.has_name = true;
  keys[0].key.name.size = (size_t)-1;
  assert_true(codec_shapes_maps_size(&value) == (size_t)-1);
}

static void ranges_of_128_bits_are_checked(void **state) {
  (void)state;
  const codec *c = &codec_shapes_wide128_codec;
  codec_shapes_wide128 value = {.low = {0, INT64_MIN}, .high = {1, 0}};
  assert_round_trip(c, &value);
  value.low = (mbr_i128){11, 0}, assert_refused(c, &value, MBR_BAD_RANGE);
  value.low = (mbr_i128){0, 1}, assert_refused(c, &value, MBR_BAD_RANGE);
  value.low = (mbr_i128){10, 0}, assert_round_trip(c, &value);
  value.high = (mbr_u128){0, 0}, assert_refused(c, &value, MBR_BAD_RANGE);
  value.high = (mbr_u128){UINT64_MAX, UINT64_MAX}, assert_refused(c, &value, MBR_BAD_RANGE);
  value.high = (mbr_u128){UINT64_MAX - 1, UINT64_MAX}, assert_round_trip(c, &value);
}

static void a_missing_pointer_is_misuse(void **state) {
  (void)state;
  codec_shapes_expression value = CODEC_SHAPES_EXPRESSION_NEGATED(NULL);
  assert_refused(&codec_shapes_expression_codec, &value, MBR_MISUSE);
}

static void defaults_and_constants_are_the_schemas(void **state) {
  (void)state;
  codec_shapes_defaults value = CODEC_SHAPES_DEFAULTS_INIT;
  assert_int_equal(value.mode, CODEC_SHAPES_MODE_AUTO);
  assert_int_equal(value.level, 7);
  assert_int_equal(value.name.size, 1);
  assert_true(value.has_maybe);
  assert_int_equal(value.maybe, -3);
  assert_int_equal(value.nested.precision, CODEC_UNITS_PRECISION_EXACT);
  assert_int_equal(value.plain, 0);
  assert_int_equal(CODEC_SHAPES_MAX_ZONES, 4);
  assert_true(CODEC_SHAPES_LOWEST == INT64_MIN);
  assert_string_equal(CODEC_SHAPES_GREETING, "h\303\251llo \"you\"");
  assert_true(CODEC_SHAPES_RATIO == 0.1);
  assert_int_equal(CODEC_SHAPES_START, CODEC_SHAPES_MODE_AUTO);
}

static void validity_follows_the_members(void **state) {
  (void)state;
  assert_true(codec_shapes_mode_valid(CODEC_SHAPES_MODE_MANUAL));
  assert_false(codec_shapes_mode_valid(3));
  assert_true(codec_shapes_gear_valid(1));
  assert_false(codec_shapes_gear_valid(2));
  assert_true(codec_shapes_signed_valid(-1));
  assert_false(codec_shapes_signed_valid(1));
  assert_false(codec_shapes_full_valid(-1));
}

static void a_failed_writer_stays_failed(void **state) {
  (void)state;
  uint8_t data[256];
  mbr_writer w;
  codec_shapes_telemetry value = telemetry();
  mbr_writer_init(&w, data, sizeof data);
  (void)mbr_writer_fail(&w, MBR_BAD_TIME);
  assert_int_equal(codec_shapes_telemetry_encode(&w, &value), MBR_BAD_TIME);
  assert_int_equal(w.offset, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(telemetry_has_the_bytes_of_bincode),
      cmocka_unit_test(telemetry_survives),
      cmocka_unit_test(decoded_members_are_what_was_sent),
      cmocka_unit_test(numbers_survive),
      cmocka_unit_test(values_that_are_no_members_are_refused_both_ways),
      cmocka_unit_test(optionals_survive_absent_and_present),
      cmocka_unit_test(absent_optionals_read_as_zero),
      cmocka_unit_test(an_option_tag_is_0_or_1),
      cmocka_unit_test(ranges_are_checked_when_encoding),
      cmocka_unit_test(ranges_are_checked_when_decoding),
      cmocka_unit_test(nan_is_outside_of_every_range),
      cmocka_unit_test(what_dart_holds_as_int_is_checked_both_ways),
      cmocka_unit_test(limits_themselves_are_within_a_range),
      cmocka_unit_test(lists_survive),
      cmocka_unit_test(hostile_counts_are_refused),
      cmocka_unit_test(bounds_are_checked_both_ways),
      cmocka_unit_test(decoding_lists_without_an_arena_fails),
      cmocka_unit_test(arrays_survive),
      cmocka_unit_test(tuples_survive),
      cmocka_unit_test(an_empty_struct_has_no_bytes),
      cmocka_unit_test(every_arm_survives),
      cmocka_unit_test(an_index_without_an_arm_is_refused),
      cmocka_unit_test(an_error_has_the_bytes_of_bincode),
      cmocka_unit_test(recursive_types_survive),
      cmocka_unit_test(a_large_struct_survives),
      cmocka_unit_test(sets_survive),
      cmocka_unit_test(an_item_that_occurs_twice_is_refused),
      cmocka_unit_test(a_duplicate_is_reported_where_the_second_starts),
      cmocka_unit_test(maps_survive),
      cmocka_unit_test(sizes_of_entries_saturate),
      cmocka_unit_test(ranges_of_128_bits_are_checked),
      cmocka_unit_test(depth_is_bounded_both_ways),
      cmocka_unit_test(a_missing_pointer_is_misuse),
      cmocka_unit_test(defaults_and_constants_are_the_schemas),
      cmocka_unit_test(validity_follows_the_members),
      cmocka_unit_test(a_failed_writer_stays_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
