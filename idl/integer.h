/* Integers of the language: up to 128 bits and a sign, exact. */
#ifndef IDL_INTEGER_H
#define IDL_INTEGER_H

#include "schema.h"

/* Reads decimal, 0x or 0b digits with '_' between; false when it takes more than 128 bits. -0 is 0. */
bool integer_parse(text digits, bool negative, schema_int *out);

schema_int integer_of(int64_t value);
/* -1, 0, 1 */
int integer_compare(schema_int a, schema_int b);
/* Saturates at 2^128 − 1. */
schema_int integer_next(schema_int a);

bool integer_is_type(schema_type_kind kind);
/* Least and greatest value of an integer type, of timestamp (µs) or of duration (µs). */
schema_int integer_min(schema_type_kind kind);
schema_int integer_max(schema_type_kind kind);
bool integer_fits(schema_int value, schema_type_kind kind);

/* Decimal. */
const char *integer_text(arena *a, schema_int value);
/* Rounded to nearest, once: as a float when `is_f32`. */
double integer_to_float(schema_int value, bool is_f32);

#endif
