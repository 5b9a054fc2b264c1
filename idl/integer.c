/* Sign and magnitude arithmetic, just as much as constants need. */
#include "integer.h"

#include <inttypes.h>
#include <stdlib.h>

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c - 'A' + 10;
}

/* value * base + digit; false on overflow. The magnitude is worked in four 32-bit limbs. */
static bool append_digit(schema_int *value, uint32_t base, uint32_t digit) {
  uint64_t limbs[4] = {value->low & UINT32_MAX, value->low >> 32, value->high & UINT32_MAX,
                       value->high >> 32};
  uint64_t carry = digit;
  for (int i = 0; i < 4; i++) {
    uint64_t product = limbs[i] * base + carry;
    limbs[i] = product & UINT32_MAX;
    carry = product >> 32;
  }
  value->low = limbs[0] | limbs[1] << 32;
  value->high = limbs[2] | limbs[3] << 32;
  return carry == 0;
}

bool integer_parse(text digits, bool negative, schema_int *out) {
  uint32_t base = 10;
  size_t i = 0;
  if (digits.size > 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'x') base = 16;
  if (digits.size > 2 && digits.data[0] == '0' && (digits.data[1] | 0x20) == 'b') base = 2;
  if (base != 10) i = 2;
  *out = (schema_int){0};
  for (; i < digits.size; i++)
    if (digits.data[i] != '_' && !append_digit(out, base, (uint32_t)digit_of(digits.data[i]))) return false;
  out->negative = negative && (out->high | out->low) != 0;
  return true;
}

schema_int integer_of(int64_t value) {
  return (schema_int){.negative = value < 0, .low = value < 0 ? -(uint64_t)value : (uint64_t)value};
}

static int compare_magnitudes(schema_int a, schema_int b) {
  if (a.high != b.high) return a.high < b.high ? -1 : 1;
  if (a.low != b.low) return a.low < b.low ? -1 : 1;
  return 0;
}

int integer_compare(schema_int a, schema_int b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

schema_int integer_next(schema_int a) {
  if (a.negative) {
    a.high -= a.low == 0;
    a.low--;
    a.negative = (a.high | a.low) != 0;
  } else if (a.low != UINT64_MAX || a.high != UINT64_MAX) {
    a.low++;
    a.high += a.low == 0;
  }
  return a;
}

/* Unix time in µs that every target's clock type can hold. */
#define TIMESTAMP_LIMIT INT64_C(8640000000000000000)

typedef struct integer_shape {
  bool is_integer, is_signed;
  unsigned bits;
} integer_shape;

static integer_shape shape_of(schema_type_kind kind) {
  switch (kind) {
  case SCHEMA_I8: return (integer_shape){true, true, 8};
  case SCHEMA_I16: return (integer_shape){true, true, 16};
  case SCHEMA_I32: return (integer_shape){true, true, 32};
  case SCHEMA_I64: return (integer_shape){true, true, 64};
  case SCHEMA_I128: return (integer_shape){true, true, 128};
  case SCHEMA_U8: return (integer_shape){true, false, 8};
  case SCHEMA_U16: return (integer_shape){true, false, 16};
  case SCHEMA_U32: return (integer_shape){true, false, 32};
  case SCHEMA_U64: return (integer_shape){true, false, 64};
  case SCHEMA_U128: return (integer_shape){true, false, 128};
  default: return (integer_shape){false, true, 64};
  }
}

bool integer_is_type(schema_type_kind kind) { return shape_of(kind).is_integer; }

schema_int integer_min(schema_type_kind kind) {
  if (kind == SCHEMA_TIMESTAMP) return integer_of(-TIMESTAMP_LIMIT);
  integer_shape shape = shape_of(kind);
  if (!shape.is_signed) return (schema_int){0};
  if (shape.bits == 128) return (schema_int){.negative = true, .high = UINT64_C(1) << 63};
  return (schema_int){.negative = true, .low = UINT64_C(1) << (shape.bits - 1)};
}

schema_int integer_max(schema_type_kind kind) {
  if (kind == SCHEMA_TIMESTAMP) return integer_of(TIMESTAMP_LIMIT);
  integer_shape shape = shape_of(kind);
  unsigned bits = shape.bits - (shape.is_signed ? 1 : 0);
  if (bits > 64) return (schema_int){.high = UINT64_MAX >> (128 - bits), .low = UINT64_MAX};
  return (schema_int){.low = UINT64_MAX >> (64 - bits)};
}

bool integer_fits(schema_int value, schema_type_kind kind) {
  return integer_compare(integer_min(kind), value) <= 0 && integer_compare(value, integer_max(kind)) <= 0;
}

const char *integer_text(arena *a, schema_int value) {
  char digits[41]; /* 39 digits, a sign, a NUL */
  size_t at = sizeof digits - 1;
  digits[at] = '\0';
  do {
    uint64_t limbs[4] = {value.high >> 32, value.high & UINT32_MAX, value.low >> 32, value.low & UINT32_MAX};
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
      uint64_t part = rest << 32 | limbs[i];
      limbs[i] = part / 10;
      rest = part % 10;
    }
    value.high = limbs[0] << 32 | limbs[1];
    value.low = limbs[2] << 32 | limbs[3];
    digits[--at] = (char)('0' + rest);
  } while ((value.high | value.low) != 0);
  if (value.negative) digits[--at] = '-';
  return arena_copy(a, (text){digits + at, sizeof digits - 1 - at});
}

double integer_to_float(schema_int value, bool is_f32) {
  char digits[40];
  snprintf(digits, sizeof digits, "%s0x%" PRIx64 "%016" PRIx64, value.negative ? "-" : "", value.high,
           value.low);
  return is_f32 ? (double)strtof(digits, NULL) : strtod(digits, NULL);
}
