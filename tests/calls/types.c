/* Types of every kind, as parameters and results, in two namespaces that share some. */
#include "library.h"

#include <float.h>
#include <stdlib.h>

#include "calls_other.h"

static void words(void *self, calls_types_words_call call, uint8_t type, mbr_str class_,
                  const calls_words *switch_) {
  (void)self;
  calls_words all = *switch_;
  all.type = type;
  all.class_ = class_;
  (void)calls_types_words_ok(call, &all);
}

static void optional(void *self, calls_types_optional_call call, bool has_a, int64_t a, bool has_b, double b,
                     const calls_common_position *position) {
  (void)self;
  mbr_tuple3_opt_i64_opt_f64_opt_calls_common_position all = {
      .has_item0 = has_a, .item0 = a, .has_item1 = has_b, .item1 = b, .has_item2 = position != NULL};
  if (position != NULL) all.item2 = *position;
  (void)calls_types_optional_ok(call, &all);
}

static void many(void *self, calls_types_many_call call, uint32_t count) {
  (void)self;
  calls_point *points = calloc(count + 1, sizeof *points);
  if (points == NULL) abort();
  for (uint32_t i = 0; i < count; i++) points[i] = (calls_point){.x = (int32_t)i, .y = -(int32_t)i};
  (void)calls_types_many_ok(call, &(calls_many){.items = {.items = points, .count = count}, .total = count});
  free(points);
}

static void blob(void *self, calls_types_blob_call call, uint32_t size) {
  (void)self;
  uint8_t *data;
  mbr_writer w;
  if (calls_types_blob_ok_begin(call, size, &data, &w) != MBR_OK) return;
  for (uint32_t i = 0; i < size; i++) data[i] = (uint8_t)(i * 7);
  (void)calls_types_blob_ok_commit(call, &w);
}

#define MIRROR(method, type)                                                                                 \
  static void method(void *self, calls_types_##method##_call call, type value) {                             \
    (void)self;                                                                                              \
    (void)calls_types_##method##_ok(call, value);                                                            \
  }
MIRROR(scalars, const calls_scalars *)
MIRROR(lists, const calls_lists *)
MIRROR(nest, const calls_nest *)
MIRROR(shape, const calls_shape *)
MIRROR(pairs, const mbr_list_tuple2_u8_str *)

static void colour(void *self, calls_types_colour_call call, bool has_colour, calls_common_colour value) {
  (void)self;
  (void)calls_types_colour_ok(call, has_colour ? value : CALLS_COMMON_COLOUR_BLUE);
}

#define CONSTANT(method, value)                                                                              \
  static void method(void *self, calls_types_##method##_call call) {                                         \
    (void)self;                                                                                              \
    (void)calls_types_##method##_ok(call, value);                                                            \
  }
CONSTANT(a_bool, true)
CONSTANT(an_i8, INT8_MIN)
CONSTANT(an_i16, INT16_MIN)
CONSTANT(an_i32, INT32_MIN)
CONSTANT(an_i64, INT64_MIN)
CONSTANT(an_i128, ((mbr_i128){.lo = 0, .hi = INT64_MIN}))
CONSTANT(a_u8, UINT8_MAX)
CONSTANT(a_u16, UINT16_MAX)
CONSTANT(a_u32, UINT32_MAX)
CONSTANT(a_u64, UINT64_MAX)
CONSTANT(a_u128, ((mbr_u128){.lo = UINT64_MAX, .hi = UINT64_MAX}))
CONSTANT(an_f32, FLT_MAX)
CONSTANT(an_f64, DBL_MAX)
CONSTANT(a_char, 0x1f697)

static const calls_types_ops types = {
    .words = words,
    .optional = optional,
    .many = many,
    .scalars = scalars,
    .lists = lists,
    .nest = nest,
    .colour = colour,
    .shape = shape,
    .pairs = pairs,
    .blob = blob,
    .a_bool = a_bool,
    .an_i8 = an_i8,
    .an_i16 = an_i16,
    .an_i32 = an_i32,
    .an_i64 = an_i64,
    .an_i128 = an_i128,
    .a_u8 = a_u8,
    .a_u16 = a_u16,
    .a_u32 = a_u32,
    .a_u64 = a_u64,
    .a_u128 = a_u128,
    .an_f32 = an_f32,
    .an_f64 = an_f64,
    .a_char = a_char,
};

/* A colour moves a place by as many columns. */
static void place(void *self, calls_other_types_place_call call, const calls_common_position *position,
                  bool has_colour, calls_common_colour value) {
  (void)self;
  calls_common_position moved = *position;
  moved.has_column = true;
  moved.column = (uint8_t)(has_colour ? value : 0);
  (void)calls_other_types_place_ok(call, &moved);
}

static const calls_other_types_ops other = {.place = place};

mbr_status serve_types(library *l) {
  mbr_status status = calls_types_serve(l->peer, &types, l);
  if (status == MBR_OK) status = calls_other_types_serve(l->peer, &other, l);
  return status;
}
