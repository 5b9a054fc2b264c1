/* Answers each call with its argument, and each stream with the items of its argument. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "echo.h"
#include "mbr/dart.h"

#define ECHO(method, type)                                                                                   \
  static void method(void *self, echo_echo_##method##_call call, type value) {                               \
    (void)self;                                                                                              \
    (void)echo_echo_##method##_ok(call, value);                                                              \
  }
ECHO(number_u64, uint64_t)
ECHO(number_i128, mbr_i128)
ECHO(number_u128, mbr_u128)
ECHO(number_f64, double)
ECHO(text, mbr_str)
ECHO(letter, uint32_t)
ECHO(data, mbr_bytes)
ECHO(identity, mbr_uuid)
ECHO(moment, int64_t)
ECHO(span, int64_t)
ECHO(colour, echo_colour)
ECHO(level, echo_level)
ECHO(doors, echo_doors)
ECHO(nested, const mbr_list_list_opt_list_opt_i64 *)
ECHO(tree, const mbr_map_str_list_echo_shape *)
ECHO(tuples, const mbr_list_tuple3_u8_str_echo_point *)
ECHO(keys, const mbr_map_tuple2_u8_echo_colour_set_i32 *)
ECHO(fixed, const float *)
ECHO(doubles, const mbr_list_f64 *)
ECHO(points, const mbr_list_echo_point *)
ECHO(nothing, const echo_nothing *)

static void scalars(void *self, echo_echo_scalars_call call, bool a, int8_t b, int16_t c, int32_t d,
                    int64_t e, uint8_t f, uint16_t g, uint32_t h, uint64_t i, float j, double k, uint32_t l) {
  (void)self;
  char text[256];
  int size = snprintf(text, sizeof text,
                      "%d %" PRId8 " %" PRId16 " %" PRId32 " %" PRId64 " %" PRIu8 " %" PRIu16 " %" PRIu32
                      " %" PRIu64 " %g %g U+%04" PRIX32,
                      a, b, c, d, e, f, g, h, i, (double)j, k, l);
  (void)echo_echo_scalars_ok(call, (mbr_str){text, (size_t)size});
}

static void optional(void *self, echo_echo_optional_call call, bool has_a, int64_t a, bool has_b, double b,
                     bool has_c, mbr_str c, bool has_d, echo_colour d, const echo_point *e,
                     const mbr_list_u8 *f) {
  (void)self;
  mbr_tuple6_opt_i64_opt_f64_opt_str_opt_echo_colour_opt_echo_point_opt_list_u8 all = {
      .has_item0 = has_a,
      .item0 = a,
      .has_item1 = has_b,
      .item1 = b,
      .has_item2 = has_c,
      .item2 = c,
      .has_item3 = has_d,
      .item3 = d,
  };
  all.has_item4 = e != NULL;
  if (e != NULL) all.item4 = *e;
  all.has_item5 = f != NULL;
  if (f != NULL) all.item5 = *f;
  (void)echo_echo_optional_ok(call, &all);
}

/* A shape of many is refused, with itself in the error. */
static void shape(void *self, echo_echo_shape_call call, const echo_shape *value) {
  (void)self;
  if (value->tag != ECHO_SHAPE_TAG_MANY) {
    (void)echo_echo_shape_ok(call, value);
    return;
  }
  static const char why[] = "too many";
  (void)echo_echo_shape_err(call, ECHO_ECHO_ERROR_REFUSED(((mbr_str){why, sizeof why - 1}), true, *value));
}

static void shapes(void *self, echo_echo_shapes_call call, const mbr_list_echo_shape *value) {
  (void)self;
  for (size_t i = 0; i < value->count; i++) (void)echo_echo_shapes_emit(call, &value->items[i]);
  (void)echo_echo_shapes_end(call);
}

static const echo_echo_ops ops = {
    .scalars = scalars,
    .number_u64 = number_u64,
    .number_i128 = number_i128,
    .number_u128 = number_u128,
    .number_f64 = number_f64,
    .text = text,
    .letter = letter,
    .data = data,
    .identity = identity,
    .moment = moment,
    .span = span,
    .colour = colour,
    .level = level,
    .doors = doors,
    .optional = optional,
    .nested = nested,
    .tree = tree,
    .shape = shape,
    .tuples = tuples,
    .keys = keys,
    .fixed = fixed,
    .doubles = doubles,
    .points = points,
    .nothing = nothing,
    .shapes = shapes,
};

static mbr_status connect(mbr_peer *peer) { return echo_echo_serve(peer, &ops, NULL); }

MBR_DART_LIBRARY(echo, connect)
