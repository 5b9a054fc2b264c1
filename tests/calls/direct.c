/* Sync methods: plain functions where all is scalars, calls of the caller's thread otherwise. */
#include "library.h"

static int32_t add(void *self, int32_t a, int32_t b) {
  (void)self;
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* The sum of everything, so that an argument that arrives wrong shows. */
static uint64_t widths(void *self, bool a, int8_t b, int16_t c, int64_t d, uint8_t e, uint16_t f, uint32_t g,
                       uint64_t h, float i, double j) {
  (void)self;
  return (uint64_t)a + (uint64_t)b + (uint64_t)c + (uint64_t)d + e + f + g + h + (uint64_t)i + (uint64_t)j;
}

/* Two doors and the high level make a car drive. */
static calls_gear colour(void *self, calls_common_colour value, calls_doors doors, calls_level level,
                         calls_gear gear) {
  (void)self;
  bool drives = value == CALLS_COMMON_COLOUR_GREEN && doors == (CALLS_DOORS_LEFT | CALLS_DOORS_RIGHT) &&
                level == CALLS_LEVEL_HIGH && gear == CALLS_GEAR_REVERSE;
  return drives ? CALLS_GEAR_DRIVE : CALLS_GEAR_PARK;
}

static uint32_t letter(void *self, uint32_t value) {
  (void)self;
  return value;
}

static int64_t moment(void *self, int64_t at, int64_t span) {
  (void)self;
  return at + span;
}

static float half(void *self, float value) {
  (void)self;
  return value / 2;
}

static uint64_t wide(void *self, uint64_t value) {
  (void)self;
  return value + 1;
}

static void poke(void *self) { (void)self; }

static calls_common_colour bad_colour(void *self) {
  (void)self;
  return (calls_common_colour)77;
}

static void mirror(void *self, calls_direct_mirror_call call, const mbr_list_calls_point *points) {
  (void)self;
  (void)calls_direct_mirror_ok(call, points);
}

static void refuse(void *self, calls_direct_refuse_call call, uint32_t limit) {
  (void)self;
  (void)calls_direct_refuse_err(call, CALLS_CALL_ERROR_REFUSED(text_of("at once"), limit));
}

static void count(void *self, calls_direct_count_call call, uint8_t value) {
  (void)self;
  if (value == 0)
    (void)calls_direct_count_err(call, CALLS_CALL_ERROR_GONE);
  else
    (void)calls_direct_count_ok(call, (uint8_t)(value - 1));
}

static void forget(void *self, calls_direct_forget_call call, mbr_str text) {
  (void)self, (void)call, (void)text;
}

static const calls_direct_ops ops = {
    .add = add,
    .add_leaf = add,
    .widths = widths,
    .colour = colour,
    .letter = letter,
    .moment = moment,
    .half = half,
    .wide = wide,
    .poke = poke,
    .bad_colour = bad_colour,
    .mirror = mirror,
    .refuse = refuse,
    .count = count,
    .forget = forget,
};

mbr_status serve_direct(library *l) { return calls_direct_serve(l->peer, &ops, l); }
