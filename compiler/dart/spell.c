/* How types, values and limits of a schema are spelled in Dart. Knows no files and no layout. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../idl/integer.h"
#include "dart.h"

#define DECIMAL_DIGITS_128 40u
#define PLAIN_FLOAT_MIN 1e-4 /* sizes of numbers written without an exponent */
#define PLAIN_FLOAT_MAX 1e15

bool dart_is_big(const schema_type *t) {
  return (t->kind == SCHEMA_U64 && !t->dart_int) || t->kind == SCHEMA_I128 || t->kind == SCHEMA_U128;
}

const char *dart_typed_list(const schema_type *t) {
  if (t->kind == SCHEMA_BYTES) return "Uint8List";
  if (t->kind != SCHEMA_LIST && t->kind != SCHEMA_ARRAY) return NULL;
  switch (t->item->kind) {
  case SCHEMA_I8: return "Int8List";
  case SCHEMA_I16: return "Int16List";
  case SCHEMA_I32: return "Int32List";
  case SCHEMA_I64: return "Int64List";
  case SCHEMA_U64: return t->item->dart_int ? "Int64List" : NULL;
  case SCHEMA_U8: return "Uint8List";
  case SCHEMA_U16: return "Uint16List";
  case SCHEMA_U32: return "Uint32List";
  case SCHEMA_F32: return "Float32List";
  case SCHEMA_F64: return "Float64List";
  default: return NULL;
  }
}

static const char *tuple_type(dart_file *f, const schema_type *t) {
  const char *members = dart_type(f, t->members[0]);
  for (size_t i = 1; i < t->member_count; i++)
    members = arena_printf(f->package->arena, "%s, %s", members, dart_type(f, t->members[i]));
  /* A record of one field is written with a comma. */
  return arena_printf(f->package->arena, "(%s%s)", members, t->member_count == 1 ? "," : "");
}

const char *dart_type(dart_file *f, const schema_type *t) {
  arena *a = f->package->arena;
  const char *typed = dart_typed_list(t);
  if (typed != NULL) return dart_typed_data(f, typed);
  switch (t->kind) {
  case SCHEMA_BOOL: return dart_core(f, "bool");
  case SCHEMA_F32:
  case SCHEMA_F64: return dart_core(f, "double");
  case SCHEMA_CHAR:
  case SCHEMA_STRING: return dart_core(f, "String");
  case SCHEMA_TIMESTAMP: return dart_core(f, "DateTime");
  case SCHEMA_DURATION: return dart_core(f, "Duration");
  case SCHEMA_UUID: dart_use(f, "mbr/uuid.dart", NULL, NULL); return "MbrUuid";
  case SCHEMA_OPTIONAL: return arena_printf(a, "%s?", dart_type(f, t->item));
  case SCHEMA_LIST:
  case SCHEMA_ARRAY: return arena_printf(a, "%s<%s>", dart_core(f, "List"), dart_type(f, t->item));
  case SCHEMA_SET: return arena_printf(a, "%s<%s>", dart_core(f, "Set"), dart_type(f, t->item));
  case SCHEMA_MAP:
    return arena_printf(a, "%s<%s, %s>", dart_core(f, "Map"), dart_type(f, t->key), dart_type(f, t->item));
  case SCHEMA_TUPLE: return tuple_type(f, t);
  case SCHEMA_NAMED: return dart_decl(f, t->decl);
  default: return dart_core(f, dart_is_big(t) ? "BigInt" : "int");
  }
}

const char *dart_string(arena *a, text t) {
  char *out = arena_alloc(a, 6 * t.size + 3);
  size_t size = 0;
  out[size++] = '\'';
  for (size_t i = 0; i < t.size; i++) {
    unsigned char c = (unsigned char)t.data[i];
    if (c == '\'' || c == '\\' || c == '$') {
      out[size++] = '\\';
      out[size++] = (char)c;
    } else if (c == '\n') {
      memcpy(out + size, "\\n", 2);
      size += 2;
    } else if (c < 0x20 || c == 0x7f) {
      size += (size_t)snprintf(out + size, 7, "\\u{%02x}", c);
    } else {
      out[size++] = (char)c;
    }
  }
  out[size++] = '\'';
  return out;
}

/* Divides by ten, most significant limb first; returns the remainder. */
static uint32_t divide_by_ten(uint32_t limbs[4]) {
  uint64_t rest = 0;
  for (size_t i = 0; i < 4; i++) {
    uint64_t part = (rest << 32) | limbs[i];
    limbs[i] = (uint32_t)(part / 10);
    rest = part % 10;
  }
  return (uint32_t)rest;
}

const char *dart_int(arena *a, schema_int i) {
  uint32_t limbs[4] = {(uint32_t)(i.high >> 32), (uint32_t)i.high, (uint32_t)(i.low >> 32), (uint32_t)i.low};
  char *digits = arena_alloc(a, DECIMAL_DIGITS_128 + 2);
  size_t at = DECIMAL_DIGITS_128 + 1;
  do {
    digits[--at] = (char)('0' + divide_by_ten(limbs));
  } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
  if (i.negative) digits[--at] = '-';
  return digits + at;
}

const char *dart_member_value(dart_file *f, const schema_decl *d, const schema_member *m) {
  arena *a = f->package->arena;
  /* A u64 is the int of the same bits: above 2^63 - 1 Dart reads such a literal in base 16 alone. */
  bool is_wide = d->type->kind == SCHEMA_U64 && m->value.low > (uint64_t)INT64_MAX;
  if (d->kind == SCHEMA_FLAGS || is_wide) return arena_printf(a, "0x%llx", (unsigned long long)m->value.low);
  return dart_int(a, m->value);
}

static bool is_same(const char *digits, double value, bool is_single) {
  return is_single ? strtof(digits, NULL) == (float)value : strtod(digits, NULL) == value;
}

/* The shortest digits that give `value` back, as people write it unless it is very large or small. */
static const char *shortest(arena *a, double value, bool is_single, int decimals) {
  const char *out = NULL;
  double size = fabs(value);
  if (size == 0 || (size >= PLAIN_FLOAT_MIN && size < PLAIN_FLOAT_MAX)) {
    for (; decimals <= 17; decimals++) {
      out = arena_printf(a, "%.*f", decimals, value);
      if (is_same(out, value, is_single)) return out;
    }
  }
  for (int digits = 1; digits <= 17; digits++) {
    out = arena_printf(a, "%.*g", digits, value);
    if (is_same(out, value, is_single)) break;
  }
  return out;
}

const char *dart_float(arena *a, double value) { return shortest(a, value, false, 1); }

static const char *big_int(dart_file *f, schema_int i) {
  arena *a = f->package->arena;
  const char *class = dart_core(f, "BigInt");
  bool is_small = i.high == 0 && i.low <= (uint64_t)INT64_MAX;
  return arena_printf(a, is_small ? "%s.from(%s)" : "%s.parse('%s')", class, dart_int(a, i));
}

static const char *integer_value(dart_file *f, const schema_type *t, const schema_value *v, bool *is_const) {
  arena *a = f->package->arena;
  switch (t->kind) {
  case SCHEMA_CHAR: return arena_printf(a, "'\\u{%x}'", (unsigned)v->integer.low);
  case SCHEMA_DURATION:
    return arena_printf(a, "const %s(microseconds: %s)", dart_core(f, "Duration"), dart_int(a, v->integer));
  case SCHEMA_TIMESTAMP:
    *is_const = false;
    return arena_printf(a, "%s.fromMicrosecondsSinceEpoch(%s, isUtc: true)", dart_core(f, "DateTime"),
                        dart_int(a, v->integer));
  default:
    if (!dart_is_big(t)) return dart_int(a, v->integer);
    *is_const = false;
    return big_int(f, v->integer);
  }
}

static const char *empty_value(dart_file *f, const schema_type *t, bool *is_const) {
  const char *typed = dart_typed_list(t);
  if (typed == NULL) return t->kind == SCHEMA_LIST || t->kind == SCHEMA_ARRAY ? "const []" : "const {}";
  *is_const = false;
  return arena_printf(f->package->arena, "%s(0)", dart_typed_data(f, typed));
}

const char *dart_value(dart_file *f, const schema_type *t, const schema_value *v, bool *is_const) {
  arena *a = f->package->arena;
  *is_const = true;
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  switch (v->kind) {
  case SCHEMA_VALUE_BOOL: return v->boolean ? "true" : "false";
  case SCHEMA_VALUE_INT: return integer_value(f, t, v, is_const);
  case SCHEMA_VALUE_FLOAT: return dart_float(a, v->real);
  case SCHEMA_VALUE_STRING: return dart_string(a, v->string);
  case SCHEMA_VALUE_MEMBER: return arena_printf(a, "%s.%s", dart_decl(f, t->decl), v->member->name.dart);
  case SCHEMA_VALUE_EMPTY: return empty_value(f, t, is_const);
  case SCHEMA_VALUE_NONE: break;
  }
  return "null";
}

const char *dart_bound(dart_file *f, const schema_type *t, const schema_value *v) {
  if (v->kind == SCHEMA_VALUE_FLOAT) return dart_float(f->package->arena, v->real);
  return dart_is_big(t) ? big_int(f, v->integer) : dart_int(f->package->arena, v->integer);
}

const schema_value *dart_max(const schema_type *t) {
  const schema_range *r = t->range;
  if (r == NULL || !r->has_max) return NULL;
  return t->dart_int && integer_compare(r->max.integer, integer_of(INT64_MAX)) == 0 ? NULL : &r->max;
}

const schema_type *dart_number_in(const schema_type *t) {
  while (t->kind == SCHEMA_OPTIONAL || t->kind == SCHEMA_LIST || t->kind == SCHEMA_ARRAY) t = t->item;
  bool is_number = (t->kind >= SCHEMA_I8 && t->kind <= SCHEMA_F64);
  return is_number ? t : NULL;
}

/* For people: no more digits than the type has. */
static const char *readable(arena *a, const schema_type *t, const schema_value *v) {
  if (v->kind != SCHEMA_VALUE_FLOAT) return dart_int(a, v->integer);
  return shortest(a, v->real, t->kind == SCHEMA_F32, 0);
}

static const char *range_details(arena *a, const schema_type *t) {
  if (t == NULL || t->range == NULL) return "";
  const char *min = t->range->has_min ? readable(a, t, &t->range->min) : NULL;
  const char *max = dart_max(t) != NULL ? readable(a, t, dart_max(t)) : NULL;
  if (min != NULL && max != NULL) return arena_printf(a, "Range: %s to %s. ", min, max);
  if (max != NULL) return arena_printf(a, "At most %s. ", max);
  return min != NULL ? arena_printf(a, "At least %s. ", min) : "";
}

static const char *bound_details(arena *a, const schema_type *t) {
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  unsigned long long bound = t->bound;
  const char *plural = bound == 1 ? "" : "s";
  if (t->kind == SCHEMA_ARRAY) return arena_printf(a, "Exactly %llu item%s. ", bound, plural);
  if (t->bound == SCHEMA_UNBOUNDED) return "";
  switch (t->kind) {
  case SCHEMA_STRING: return arena_printf(a, "At most %llu byte%s of UTF-8. ", bound, plural);
  case SCHEMA_BYTES: return arena_printf(a, "At most %llu byte%s. ", bound, plural);
  case SCHEMA_LIST:
  case SCHEMA_SET: return arena_printf(a, "At most %llu item%s. ", bound, plural);
  case SCHEMA_MAP: return arena_printf(a, "At most %llu %s. ", bound, bound == 1 ? "entry" : "entries");
  default: return "";
  }
}

const char *dart_details(dart_file *f, const schema_info *info, const schema_type *t) {
  arena *a = f->package->arena;
  const char *unit = info->unit.size == 0 ? "" : arena_printf(a, "Unit: %.*s. ", TEXT_ARG(info->unit));
  char *all = arena_printf(a, "%s%s%s", unit, range_details(a, dart_number_in(t)), bound_details(a, t));
  size_t size = strlen(all);
  if (size == 0) return NULL;
  all[size - 1] = '\0'; /* the last space */
  return all;
}

static bool is_optional(const schema_field *field) {
  return field->type->kind == SCHEMA_OPTIONAL && !field->is_stream;
}

const char *dart_param_type(dart_file *f, const schema_field *field) {
  const char *type = dart_type(f, field->type);
  return field->is_stream ? arena_printf(f->package->arena, "%s<%s>", dart_core(f, "Stream"), type) : type;
}

/* One parameter; *late is set when its default has to be put in by hand. */
static const char *parameter(dart_file *f, const schema_field *field, bool is_constructor,
                             const char **late) {
  arena *a = f->package->arena;
  const char *name = field->name.dart;
  bool is_const = true;
  const char *value = field->value == NULL ? NULL : dart_value(f, field->type, field->value, &is_const);
  if (!is_const && is_optional(field)) {
    value = NULL; /* null is a value, so it cannot stand for the default: the caller has to say */
  } else if (!is_const) {
    *late = value;
    return arena_printf(a, "%s? %s", dart_param_type(f, field), name);
  }
  const char *declared = is_constructor ? arena_printf(a, "this.%s", name)
                                        : arena_printf(a, "%s %s", dart_param_type(f, field), name);
  if (value != NULL && field->value->kind != SCHEMA_VALUE_NONE)
    return arena_printf(a, "%s = %s", declared, value);
  return is_optional(field) && is_const ? declared : arena_printf(a, "required %s", declared);
}

dart_params dart_parameters(dart_file *f, const schema_field *fields, size_t count, bool is_constructor) {
  arena *a = f->package->arena;
  dart_params params = {
      .items = ARENA_ARRAY(a, const char *, count + 1),
      .late = ARENA_ARRAY(a, const char *, count + 1),
      .count = count,
      .all_const = true,
  };
  for (size_t i = 0; i < count; i++) {
    params.items[i] = parameter(f, &fields[i], is_constructor, &params.late[i]);
    if (params.late[i] != NULL) params.all_const = false;
  }
  return params;
}
