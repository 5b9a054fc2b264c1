#include "spell.h"

#include <ctype.h>
#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../idl/integer.h"
#include "../../idl/names.h"

typedef struct scalar {
  const char *name;
  const char *type;
  const char *moved_as; /* NULL: of no fixed size */
  unsigned size;
} scalar;

static const scalar scalars[] = {
    [SCHEMA_BOOL] = {"bool", "bool", "bool", 1},
    [SCHEMA_I8] = {"i8", "int8_t", "i8", 1},
    [SCHEMA_I16] = {"i16", "int16_t", "i16", 2},
    [SCHEMA_I32] = {"i32", "int32_t", "i32", 4},
    [SCHEMA_I64] = {"i64", "int64_t", "i64", 8},
    [SCHEMA_I128] = {"i128", "mbr_i128", "i128", 16},
    [SCHEMA_U8] = {"u8", "uint8_t", "u8", 1},
    [SCHEMA_U16] = {"u16", "uint16_t", "u16", 2},
    [SCHEMA_U32] = {"u32", "uint32_t", "u32", 4},
    [SCHEMA_U64] = {"u64", "uint64_t", "u64", 8},
    [SCHEMA_U128] = {"u128", "mbr_u128", "u128", 16},
    [SCHEMA_F32] = {"f32", "float", "f32", 4},
    [SCHEMA_F64] = {"f64", "double", "f64", 8},
    [SCHEMA_CHAR] = {"char", "uint32_t", NULL, 0},
    [SCHEMA_STRING] = {"str", "mbr_str", NULL, 0},
    [SCHEMA_BYTES] = {"bytes", "mbr_bytes", NULL, 0},
    [SCHEMA_UUID] = {"uuid", "mbr_uuid", "uuid", 16},
    [SCHEMA_TIMESTAMP] = {"timestamp", "int64_t", "i64", 8},
    [SCHEMA_DURATION] = {"duration", "int64_t", "i64", 8},
};

const char *c_scalar_type(schema_type_kind kind) { return scalars[kind].type; }
const char *c_scalar_name(schema_type_kind kind) { return scalars[kind].name; }
bool c_is_scalar(const schema_type *t) { return t->kind <= SCHEMA_DURATION; }

bool c_is_enum(const schema_type *t) {
  return t->kind == SCHEMA_NAMED && (t->decl->kind == SCHEMA_ENUM || t->decl->kind == SCHEMA_FLAGS);
}

unsigned c_fixed_size(const schema_type *t) {
  if (c_is_enum(t)) return scalars[t->decl->type->kind].size;
  return c_is_scalar(t) ? scalars[t->kind].size : 0;
}

const char *c_fixed_name(const schema_type *t) {
  return scalars[c_is_enum(t) ? t->decl->type->kind : t->kind].moved_as;
}

bool c_is_plain_list(const schema_type *t) {
  return t->kind == SCHEMA_LIST && c_is_scalar(t->item) && t->item->range == NULL;
}

bool c_is_fixed(const schema_type *t) {
  return t->wire_min == t->wire_max && t->wire_max != SCHEMA_UNBOUNDED;
}

static const char *bound_suffix(arena *a, const schema_type *t, bool bounds) {
  return bounds && t->bound != SCHEMA_UNBOUNDED ? arena_printf(a, "%" PRIu64, t->bound) : "";
}

const char *c_type_name(arena *a, const schema_type *t, bool bounds) {
  switch (t->kind) {
  case SCHEMA_NAMED: return t->decl->name.c;
  case SCHEMA_OPTIONAL: return arena_printf(a, "opt_%s", c_type_name(a, t->item, bounds));
  case SCHEMA_LIST:
    return arena_printf(a, "list%s_%s", bound_suffix(a, t, bounds), c_type_name(a, t->item, bounds));
  case SCHEMA_SET:
    return arena_printf(a, "set%s_%s", bound_suffix(a, t, bounds), c_type_name(a, t->item, bounds));
  case SCHEMA_MAP:
    return arena_printf(a, "map%s_%s_%s", bound_suffix(a, t, bounds), c_type_name(a, t->key, bounds),
                        c_type_name(a, t->item, bounds));
  case SCHEMA_ARRAY: return arena_printf(a, "array%" PRIu64 "_%s", t->bound, c_type_name(a, t->item, bounds));
  case SCHEMA_TUPLE: {
    const char *name = arena_printf(a, "tuple%zu", t->member_count);
    for (size_t i = 0; i < t->member_count; i++)
      name = arena_printf(a, "%s_%s", name, c_type_name(a, t->members[i], bounds));
    return name;
  }
  default: return arena_printf(a, "%s%s", scalars[t->kind].name, bound_suffix(a, t, bounds));
  }
}

const char *c_type(arena *a, const schema_type *t) {
  if (c_is_scalar(t)) return scalars[t->kind].type;
  if (t->kind == SCHEMA_NAMED) return t->decl->name.c;
  return arena_printf(a, "mbr_%s", c_type_name(a, t, false));
}

const char *c_entry_type(arena *a, const schema_type *map) {
  return arena_printf(a, "mbr_entry_%s_%s", c_type_name(a, map->key, false),
                      c_type_name(a, map->item, false));
}

bool c_has_items(const schema_type *t) {
  return t->kind == SCHEMA_LIST || t->kind == SCHEMA_SET || t->kind == SCHEMA_MAP;
}

uint64_t c_item_min(const schema_type *t) {
  return t->item->wire_min + (t->key != NULL ? t->key->wire_min : 0);
}

bool c_items_are_fixed(const schema_type *t) {
  return c_is_fixed(t->item) && (t->key == NULL || c_is_fixed(t->key));
}

const char *c_member(arena *a, const schema_type *t, const char *name) {
  if (t->kind == SCHEMA_OPTIONAL) return c_member(a, t->item, name);
  if (t->kind == SCHEMA_ARRAY)
    return arena_printf(a, "%s %s[%" PRIu64 "]", c_type(a, t->item), name, t->bound);
  return arena_printf(a, "%s %s", c_type(a, t), name);
}

/* A reserved word is none with has_ before it, and needs no '_' behind it. */
const char *c_flag(arena *a, const char *name) {
  size_t size = strlen(name);
  if (name[size - 1] == '_') size--;
  return arena_printf(a, "has_%.*s", (int)size, name);
}

const char *c_upper(arena *a, const char *name) {
  char *upper = arena_printf(a, "%s", name);
  for (char *c = upper; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
  return upper;
}

const char *c_arm_macro(arena *a, const schema_decl *d, const schema_arm *arm) {
  return arena_printf(a, "%s_%s", c_upper(a, d->name.c), names_upper_snake(a, arm->name.text));
}

const char *c_arm_tag(arena *a, const schema_decl *d, const schema_arm *arm) {
  return arena_printf(a, "%s_TAG_%s", c_upper(a, d->name.c), names_upper_snake(a, arm->name.text));
}

bool c_arm_is_empty(const schema_arm *arm) {
  return arm->kind == SCHEMA_ARM_BARE || (arm->kind == SCHEMA_ARM_FIELDS && arm->field_count == 0);
}

const char *c_method(arena *a, const schema_decl *service, const schema_method *m) {
  return arena_printf(a, "%s_%s", service->name.c, names_snake(a, m->name.text));
}

static const char *c_wide_int(arena *a, schema_type_kind kind, schema_int value) {
  uint64_t high = value.high, low = value.low;
  if (value.negative) {
    low = ~low + 1;
    high = ~high + (low == 0 ? 1 : 0);
  }
  if (kind == SCHEMA_U128)
    return arena_printf(a, "((mbr_u128){UINT64_C(0x%" PRIx64 "), UINT64_C(0x%" PRIx64 ")})", low, high);
  bool negative = (high >> 63) != 0;
  schema_int top = {negative, 0, negative ? ~high + 1 : high};
  return arena_printf(a, "((mbr_i128){UINT64_C(0x%" PRIx64 "), %s})", low, c_int(a, SCHEMA_I64, top));
}

const char *c_int(arena *a, schema_type_kind kind, schema_int value) {
  const char *sign = value.negative && value.low != 0 ? "-" : "";
  switch (kind) {
  case SCHEMA_U32: return arena_printf(a, "%" PRIu64 "u", value.low);
  case SCHEMA_U64: return arena_printf(a, "UINT64_C(%" PRIu64 ")", value.low);
  case SCHEMA_I32:
    if (value.negative && value.low == (uint64_t)INT32_MAX + 1) return "(-2147483647 - 1)";
    break;
  case SCHEMA_I64:
  case SCHEMA_TIMESTAMP:
  case SCHEMA_DURATION:
    if (value.negative && value.low == (uint64_t)INT64_MAX + 1) return "(-INT64_C(9223372036854775807) - 1)";
    return arena_printf(a, "%sINT64_C(%" PRIu64 ")", sign, value.low);
  case SCHEMA_I128:
  case SCHEMA_U128: return c_wide_int(a, kind, value);
  case SCHEMA_CHAR: return arena_printf(a, "0x%" PRIX64 "u", value.low);
  default: break;
  }
  return arena_printf(a, "%s%" PRIu64, sign, value.low);
}

/* The shortest decimal that reads back as the same number: 100, 0.7, 1e300. */
static const char *decimal(arena *a, schema_type_kind kind, double value) {
  enum { POSITIONAL_MIN = -5, POSITIONAL_MAX = 14 }; /* powers of ten that are written out */
  const char *shortest = "";
  int decimals = 0;
  for (; decimals < DBL_DECIMAL_DIG; decimals++) {
    shortest = arena_printf(a, "%.*e", decimals, value);
    if (kind == SCHEMA_F32 ? strtof(shortest, NULL) == (float)value : strtod(shortest, NULL) == value) break;
  }
  int digits = (int)strcspn(shortest, "e"), power = atoi(shortest + digits + 1);
  if (power < POSITIONAL_MIN || power > POSITIONAL_MAX)
    return arena_printf(a, "%.*se%d", digits, shortest, power);
  return arena_printf(a, "%.*f", decimals > power ? decimals - power : 0, strtod(shortest, NULL));
}

/* With a point, so that it stays a float. */
static const char *c_float(arena *a, schema_type_kind kind, double value) {
  const char *number = decimal(a, kind, value), *point = strpbrk(number, ".e") != NULL ? "" : ".0";
  return arena_printf(a, "%s%s%s", number, point, kind == SCHEMA_F32 ? "f" : "");
}

const char *c_string(arena *a, text t) {
  char *literal = arena_alloc(a, t.size * 4 + 3);
  size_t n = 0;
  literal[n++] = '"';
  for (size_t i = 0; i < t.size; i++) {
    unsigned char c = (unsigned char)t.data[i];
    bool trigraph = c == '?' && i > 0 && t.data[i - 1] == '?';
    if (c < ' ' || c >= 0x7F) {
      literal[n++] = '\\';
      literal[n++] = (char)('0' + (c >> 6));
      literal[n++] = (char)('0' + ((c >> 3) & 7));
      literal[n++] = (char)('0' + (c & 7));
      continue;
    }
    if (c == '"' || c == '\\' || trigraph) literal[n++] = '\\';
    literal[n++] = (char)c;
  }
  literal[n++] = '"';
  return literal;
}

const char *c_value(arena *a, const schema_type *t, const schema_value *v) {
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  switch (v->kind) {
  case SCHEMA_VALUE_BOOL: return v->boolean ? "true" : "false";
  case SCHEMA_VALUE_INT: return c_int(a, t->kind, v->integer);
  case SCHEMA_VALUE_FLOAT: return c_float(a, t->kind, v->real);
  case SCHEMA_VALUE_STRING: return c_string(a, v->string);
  case SCHEMA_VALUE_MEMBER: return v->member->name.c;
  case SCHEMA_VALUE_NONE:
  case SCHEMA_VALUE_EMPTY: break;
  }
  return NULL;
}

/* "a < b"; 128-bit integers are structs and have a function for it. */
static const char *int_comparison(arena *a, schema_type_kind kind, const char *expr, const char *operator,
                                  schema_int limit) {
  const char *value = c_int(a, kind, limit);
  if (kind != SCHEMA_I128 && kind != SCHEMA_U128) return arena_printf(a, "%s %s %s", expr, operator, value);
  return arena_printf(a, "mbr_%s_compare(%s, %s) %s 0", scalars[kind].name, expr, value, operator);
}

static const char *int_violation(arena *a, const schema_type *t, const char *expr) {
  const schema_range *range = t->range;
  const char *under = NULL, *over = NULL;
  /* Comparing with a type's own limit is always true, and compilers say so. */
  if (range->has_min && integer_compare(range->min.integer, integer_min(t->kind)) > 0)
    under = int_comparison(a, t->kind, expr, "<", range->min.integer);
  if (range->has_max && integer_compare(range->max.integer, integer_max(t->kind)) < 0)
    over = int_comparison(a, t->kind, expr, ">", range->max.integer);
  return under != NULL && over != NULL ? arena_printf(a, "%s || %s", under, over)
         : under != NULL               ? under
                                       : over;
}

/* Negated, so that a NaN is a violation. */
static const char *float_violation(arena *a, const schema_type *t, const char *expr) {
  const schema_range *range = t->range;
  const char *name = scalars[t->kind].name;
  const char *min = range->has_min ? c_float(a, t->kind, range->min.real) : NULL;
  const char *max = range->has_max ? c_float(a, t->kind, range->max.real) : NULL;
  if (max == NULL) return arena_printf(a, "!mbr_%s_at_least(%s, %s)", name, expr, min);
  if (min == NULL) return arena_printf(a, "!mbr_%s_at_most(%s, %s)", name, expr, max);
  return arena_printf(a, "!mbr_%s_within(%s, %s, %s)", name, expr, min, max);
}

const char *c_violation(arena *a, const schema_type *t, const char *expr, const char **status) {
  if (t->kind == SCHEMA_NAMED && t->decl->kind == SCHEMA_ENUM && !t->decl->is_open) {
    *status = "MBR_BAD_ENUM";
    return arena_printf(a, "!%s_valid(%s)", t->decl->name.c, expr);
  }
  if (t->kind == SCHEMA_TIMESTAMP) {
    *status = "MBR_BAD_TIME";
    return arena_printf(a, "!mbr_timestamp_valid(%s)", expr);
  }
  *status = "MBR_BAD_RANGE";
  if (t->range == NULL) return NULL;
  bool is_float = t->kind == SCHEMA_F32 || t->kind == SCHEMA_F64;
  return is_float ? float_violation(a, t, expr) : int_violation(a, t, expr);
}

const char *c_bound(arena *a, const schema_type *t) {
  return t->bound == SCHEMA_UNBOUNDED ? "MBR_UNBOUNDED" : arena_printf(a, "%" PRIu64, t->bound);
}

/* One paragraph more, or a sentence behind the last one. */
static void say(arena *a, text *doc, const char *sentence) {
  const char *between = doc->size == 0 ? "" : " ";
  bool ended = doc->size == 0 || strchr(".!?:;\n", doc->data[doc->size - 1]) != NULL;
  char *more = arena_printf(a, "%.*s%s%s%s", TEXT_ARG(*doc), ended ? "" : ".", between, sentence);
  *doc = (text){more, strlen(more)};
}

static text with_deprecation(arena *a, text doc, const schema_info *info) {
  if (info->deprecated.data == NULL) return doc;
  if (info->deprecated.size == 0)
    say(a, &doc, "Deprecated.");
  else
    say(a, &doc, arena_printf(a, "Deprecated: %.*s.", TEXT_ARG(info->deprecated)));
  return doc;
}

text c_doc(arena *a, const schema_info *info) {
  text doc = info->doc;
  if (info->unit.size != 0) say(a, &doc, arena_printf(a, "Unit: %.*s.", TEXT_ARG(info->unit)));
  return with_deprecation(a, doc, info);
}

static const char *plain_number(arena *a, const schema_type *t, const schema_value *v) {
  return v->kind == SCHEMA_VALUE_FLOAT ? decimal(a, t->kind, v->real) : integer_text(a, v->integer);
}

static void say_range(arena *a, text *doc, const schema_type *t, bool each) {
  const schema_range *range = t->range;
  const char *min = range->has_min ? plain_number(a, t, &range->min) : NULL;
  const char *max = range->has_max ? plain_number(a, t, &range->max) : NULL;
  if (max == NULL)
    say(a, doc, arena_printf(a, "%s %s.", each ? "Each at least" : "At least", min));
  else if (min == NULL)
    say(a, doc, arena_printf(a, "%s %s.", each ? "Each at most" : "At most", max));
  else
    say(a, doc, arena_printf(a, "%s %s to %s.", each ? "Each from" : "From", min, max));
}

text c_member_doc(arena *a, const schema_info *info, const schema_type *t) {
  text doc = info->doc;
  if (info->unit.size != 0) say(a, &doc, arena_printf(a, "Unit: %.*s.", TEXT_ARG(info->unit)));
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  bool is_text = t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES;
  if ((is_text || c_has_items(t)) && t->bound != SCHEMA_UNBOUNDED)
    say(a, &doc, arena_printf(a, "At most %" PRIu64 " %s.", t->bound, is_text ? "bytes" : "items"));
  bool each = false;
  for (; t->item != NULL; t = t->item) each = true;
  if (t->range != NULL) say_range(a, &doc, t, each);
  return with_deprecation(a, doc, info);
}
