/* Constants, defaults and arguments: a value as written, checked against the type it is for. A name means a
 * member of the expected enum first, then a constant. Knows nothing of where values stand. */
#include <math.h>
#include <stdlib.h>

#include "integer.h"
#include "resolve.h"
#include "utf8.h"

typedef struct reader {
  resolver *r;
  unit *u;
  const ast_value *v;
} reader;

text value_source(const ast_value *v) { return (text){v->at.file->data + v->at.offset, v->at.size}; }

static bool reject_kind(const reader *in, const schema_type *type) {
  const char *wanted = "a value";
  switch (type->kind) {
  case SCHEMA_BOOL: wanted = "'true' or 'false'"; break;
  case SCHEMA_F32:
  case SCHEMA_F64: wanted = "a number"; break;
  case SCHEMA_CHAR: wanted = "a string of one code point"; break;
  case SCHEMA_STRING: wanted = "a string"; break;
  case SCHEMA_TIMESTAMP: wanted = "an integer: microseconds since 1970-01-01 UTC"; break;
  case SCHEMA_DURATION: wanted = "a duration like 500ms, 2s or 1min"; break;
  case SCHEMA_BYTES:
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP: wanted = "'[]'"; break;
  case SCHEMA_NAMED:
    wanted = arena_printf(in->r->a, "a member of '%.*s'", TEXT_ARG(type->decl->name.text));
    break;
  default: wanted = "an integer"; break;
  }
  diag_report(in->r->d, DIAG_VALUE_KIND, in->v->at, wanted);
  return false;
}

static bool check_integer(const reader *in, schema_int value, const schema_type *type) {
  if (integer_fits(value, type->kind)) return true;
  resolver *r = in->r;
  diag_report(r->d, DIAG_VALUE_FITS_NOT, in->v->at, integer_text(r->a, value), type_text(r, type),
              integer_text(r->a, integer_min(type->kind)), integer_text(r->a, integer_max(type->kind)));
  return false;
}

static bool read_integer(const reader *in, const schema_type *type, schema_value *out) {
  if (in->v->kind != AST_VALUE_INT) return reject_kind(in, type);
  out->kind = SCHEMA_VALUE_INT;
  if (integer_parse(in->v->text, in->v->negative, &out->integer))
    return check_integer(in, out->integer, type);
  resolver *r = in->r;
  diag_report(r->d, DIAG_VALUE_FITS_NOT, in->v->at, "this number", type_text(r, type),
              integer_text(r->a, integer_min(type->kind)), integer_text(r->a, integer_max(type->kind)));
  return false;
}

/* Parsed as what it becomes: rounding to double first could round twice. */
static double parse_float(resolver *r, text digits, bool is_f32) {
  char *plain = arena_alloc(r->a, digits.size + 1);
  size_t size = 0;
  for (size_t i = 0; i < digits.size; i++)
    if (digits.data[i] != '_') plain[size++] = digits.data[i];
  return is_f32 ? (double)strtof(plain, NULL) : strtod(plain, NULL);
}

static bool check_float(const reader *in, const schema_type *type, schema_value *out) {
  if (!isinf(out->real)) return true;
  diag_report(in->r->d, DIAG_FLOAT_TOO_LARGE, in->v->at, TEXT_ARG(value_source(in->v)),
              type_text(in->r, type));
  return false;
}

static bool read_float(const reader *in, const schema_type *type, schema_value *out) {
  bool is_f32 = type->kind == SCHEMA_F32;
  schema_int integer;
  out->kind = SCHEMA_VALUE_FLOAT;
  if (in->v->kind == AST_VALUE_FLOAT) {
    out->real = parse_float(in->r, in->v->text, is_f32);
    if (in->v->negative) out->real = -out->real;
  } else if (in->v->kind == AST_VALUE_INT) {
    out->real =
        integer_parse(in->v->text, in->v->negative, &integer) ? integer_to_float(integer, is_f32) : HUGE_VAL;
  } else {
    return reject_kind(in, type);
  }
  return check_float(in, type, out);
}

static bool read_char(const reader *in, const schema_type *type, schema_value *out) {
  uint32_t code_point;
  if (in->v->kind != AST_VALUE_STRING || in->v->string.size == 0 ||
      utf8_decode(in->v->string, &code_point) != in->v->string.size)
    return reject_kind(in, type);
  out->kind = SCHEMA_VALUE_INT;
  out->integer = integer_of(code_point);
  return true;
}

static bool check_string(const reader *in, const schema_type *type, text string) {
  if (string.size <= type->bound) return true;
  diag_report(in->r->d, DIAG_STRING_TOO_LONG, in->v->at, string.size,
              integer_text(in->r->a, (schema_int){.low = type->bound}));
  return false;
}

static bool read_string(const reader *in, const schema_type *type, schema_value *out) {
  if (in->v->kind != AST_VALUE_STRING) return reject_kind(in, type);
  out->kind = SCHEMA_VALUE_STRING;
  out->string = in->v->string;
  return check_string(in, type, out->string);
}

static bool read_duration(const reader *in, const schema_type *type, schema_value *out) {
  static const struct {
    const char *unit;
    uint64_t us;
  } units[] = {{"ms", 1000}, {"s", 1000000}, {"min", 60000000}};
  if (in->v->kind != AST_VALUE_DURATION) return reject_kind(in, type);
  text digits = in->v->text;
  size_t size = 0;
  while (size < digits.size &&
         (digits.data[size] == '_' || (digits.data[size] >= '0' && digits.data[size] <= '9')))
    size++;
  text unit_name = {digits.data + size, digits.size - size};
  digits.size = size;
  uint64_t factor = 0;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (text_equal(unit_name, (text){units[i].unit, strlen(units[i].unit)})) factor = units[i].us;
  schema_int count;
  if (factor == 0 || !integer_parse(digits, false, &count) || count.high != 0 ||
      count.low > INT64_MAX / factor) {
    diag_report(in->r->d, DIAG_FLOAT_TOO_LARGE, in->v->at, TEXT_ARG(value_source(in->v)), "a duration");
    return false;
  }
  out->kind = SCHEMA_VALUE_INT;
  out->integer = (schema_int){.low = count.low * factor};
  return true;
}

static bool read_literal(const reader *in, const schema_type *type, schema_value *out) {
  switch (type->kind) {
  case SCHEMA_BOOL:
    out->kind = SCHEMA_VALUE_BOOL;
    out->boolean = in->v->kind == AST_VALUE_TRUE;
    return out->boolean || in->v->kind == AST_VALUE_FALSE || reject_kind(in, type);
  case SCHEMA_F32:
  case SCHEMA_F64: return read_float(in, type, out);
  case SCHEMA_CHAR: return read_char(in, type, out);
  case SCHEMA_STRING: return read_string(in, type, out);
  case SCHEMA_DURATION: return read_duration(in, type, out);
  case SCHEMA_BYTES:
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP:
    out->kind = SCHEMA_VALUE_EMPTY;
    return in->v->kind == AST_VALUE_EMPTY || reject_kind(in, type);
  default: break;
  }
  if (integer_is_type(type->kind) || type->kind == SCHEMA_TIMESTAMP) return read_integer(in, type, out);
  if (type_enum(type) != NULL) return reject_kind(in, type);
  diag_report(in->r->d, DIAG_NO_LITERAL, in->v->at, type_text(in->r, type));
  return false;
}

/* Whether a constant of type `from` can stand where `to` is wanted at all; both are not optional. */
static bool is_same_kind(const schema_type *from, const schema_type *to) {
  bool from_number = type_number(from) == from, to_float = to->kind == SCHEMA_F32 || to->kind == SCHEMA_F64;
  if (from_number && to_float) return true;
  if (integer_is_type(from->kind) && integer_is_type(to->kind)) return true;
  return from->kind == to->kind && from->decl == to->decl;
}

static bool fit_constant(const reader *in, const schema_type *type, schema_value *out) {
  bool is_f32 = type->kind == SCHEMA_F32;
  switch (out->kind) {
  case SCHEMA_VALUE_INT:
    if (!is_f32 && type->kind != SCHEMA_F64) return check_integer(in, out->integer, type);
    out->kind = SCHEMA_VALUE_FLOAT;
    out->real = integer_to_float(out->integer, is_f32);
    return check_float(in, type, out);
  case SCHEMA_VALUE_FLOAT:
    if (is_f32) out->real = (double)(float)out->real;
    return check_float(in, type, out);
  case SCHEMA_VALUE_STRING: return check_string(in, type, out->string);
  default: return true;
  }
}

static bool read_constant(const reader *in, const entity *e, const schema_type *type, bool may_be_none,
                          schema_value *out) {
  const schema_decl *c = e->decl;
  if (c->kind != SCHEMA_CONST) {
    scope_report_not_a(in->r, in->v->name, scope_parts(in->v->name), c, "a constant");
    return false;
  }
  if (c->value == NULL || c->type == NULL) return false;
  span at = out->at;
  *out = *c->value;
  out->at = at;
  out->constant = c;
  if (out->kind == SCHEMA_VALUE_NONE && may_be_none) return true;
  const schema_type *from = c->type->kind == SCHEMA_OPTIONAL ? c->type->item : c->type;
  if (out->kind != SCHEMA_VALUE_NONE && is_same_kind(from, type)) return fit_constant(in, type, out);
  diag *d = diag_report(in->r->d, DIAG_CONST_KIND, in->v->at, TEXT_ARG(c->name.text),
                        type_text(in->r, c->type), type_text(in->r, type));
  diag_note(d, c->name.at, "declared here");
  return false;
}

static bool take_member(schema_value *out, const entity *owner, text name) {
  out->kind = SCHEMA_VALUE_MEMBER;
  out->owner = owner->decl;
  out->member = table_find(&owner->members, name);
  return out->member != NULL;
}

static bool report_no_member(const reader *in, const entity *owner, text name, const char *and_no) {
  if (owner->failed) return false;
  suggestion near = suggest_for(name);
  if (scope_may_hint(in->r))
    for (size_t i = 0; i < owner->decl->member_count; i++)
      suggest_consider(&near, owner->decl->members[i].name.text);
  diag *d = diag_report(in->r->d, DIAG_UNKNOWN_MEMBER, in->v->at, TEXT_ARG(name),
                        TEXT_ARG(owner->decl->name.text), and_no, suggest_hint(&near, in->r->a));
  diag_note(d, owner->decl->name.at, "declared here");
  return false;
}

/* The enum that all parts but the last name, or NULL. */
static entity *enum_before_last(const reader *in, size_t parts) {
  entity *e = parts < 2 ? NULL : scope_find(in->r, in->u, in->v->name, parts - 1);
  if (e != NULL && e->decl->kind == SCHEMA_ALIAS && e->decl->type != NULL &&
      type_enum(e->decl->type) != NULL) {
    scope_use(in->u, e);
    e = entity_of(in->r, type_enum(e->decl->type));
  }
  return e != NULL && (e->decl->kind == SCHEMA_ENUM || e->decl->kind == SCHEMA_FLAGS) ? e : NULL;
}

static text last_part(const ast_qname *name) {
  const struct ast_part *p = name->parts;
  while (p->next != NULL) p = p->next;
  return p->name.text;
}

static bool read_name(const reader *in, const schema_type *type, bool may_be_none, schema_value *out) {
  size_t parts = scope_parts(in->v->name);
  const schema_decl *wanted = type_enum(type);
  const entity *expected = wanted == NULL ? NULL : entity_of(in->r, wanted);
  text last = last_part(in->v->name);
  if (parts == 1 && expected != NULL && take_member(out, expected, last)) return true;

  entity *owner = enum_before_last(in, parts);
  if (owner != NULL) {
    scope_use(in->u, owner);
    if (!take_member(out, owner, last)) return report_no_member(in, owner, last, "");
    return owner == expected || reject_kind(in, type);
  }
  entity *e = scope_find(in->r, in->u, in->v->name, parts);
  if (e == NULL && parts == 1 && expected != NULL)
    return !scope_may_be_lost(in->u, in->v->name) && report_no_member(in, expected, last, " and no constant");
  if (e == NULL) {
    scope_resolve(in->r, in->u, in->v->name, "constant");
    return false;
  }
  scope_use(in->u, e);
  return read_constant(in, e, type, may_be_none, out);
}

int value_compare(const schema_value *a, const schema_value *b) {
  if (a->kind == SCHEMA_VALUE_INT) return integer_compare(a->integer, b->integer);
  return a->real < b->real ? -1 : a->real > b->real;
}

bool value_fits_dart_int(resolver *r, const schema_value *value, span at) {
  if (integer_compare(value->integer, integer_of(INT64_MAX)) <= 0) return true;
  diag_report(r->d, DIAG_DART_INT_VALUE, at, integer_text(r->a, value->integer),
              integer_text(r->a, integer_of(INT64_MAX)));
  return false;
}

static bool check_range(const reader *in, const schema_type *type, const schema_value *value) {
  if (type->dart_int && !value_fits_dart_int(in->r, value, in->v->at)) return false;
  const schema_range *range = type->range;
  if (range == NULL || (value->kind != SCHEMA_VALUE_INT && value->kind != SCHEMA_VALUE_FLOAT)) return true;
  if (!(range->has_min && value_compare(value, &range->min) < 0) &&
      !(range->has_max && value_compare(value, &range->max) > 0))
    return true;
  diag *d = diag_report(in->r->d, DIAG_VALUE_OUT_OF_RANGE, in->v->at, TEXT_ARG(value_source(in->v)));
  diag_note(d, range->at, "the range is given here");
  return false;
}

/* true, false and none are names of members where nothing else can be meant. */
static bool is_word_for_member(const reader *in, const schema_type *type, schema_value *out) {
  ast_value_kind kind = in->v->kind;
  const schema_decl *owner = type_enum(type);
  if (owner == NULL || (kind != AST_VALUE_TRUE && kind != AST_VALUE_FALSE && kind != AST_VALUE_NONE))
    return false;
  return take_member(out, entity_of(in->r, owner), value_source(in->v));
}

bool value_read(resolver *r, unit *u, const ast_value *v, const schema_type *type, schema_value *out) {
  reader in = {r, u, v};
  bool is_optional = type->kind == SCHEMA_OPTIONAL;
  const schema_type *item = is_optional ? type->item : type;
  *out = (schema_value){.at = v->at};
  if (is_optional && v->kind == AST_VALUE_NONE) {
    out->kind = SCHEMA_VALUE_NONE;
    return true;
  }
  if (is_word_for_member(&in, item, out)) return true;
  if (v->kind == AST_VALUE_NONE) {
    diag_report(r->d, DIAG_NONE_NOT_OPTIONAL, v->at, type_text(r, type));
    return false;
  }
  bool ok = v->kind == AST_VALUE_NAME ? read_name(&in, item, is_optional, out) : read_literal(&in, item, out);
  return ok && check_range(&in, item, out);
}

bool value_count(resolver *r, unit *u, const ast_value *v, uint32_t *out) {
  /* Any integer constant will do, so it is read as one that all fit. */
  schema_int value = {0};
  bool is_known = false;
  if (v->kind == AST_VALUE_INT) {
    is_known = integer_parse(v->text, v->negative, &value);
  } else if (v->kind == AST_VALUE_NAME) {
    entity *e = scope_resolve(r, u, v->name, "constant");
    if (e == NULL || (e->decl->kind == SCHEMA_CONST && e->decl->value == NULL)) return false;
    if (e->decl->kind != SCHEMA_CONST || !integer_is_type(e->decl->type->kind)) {
      diag_report(r->d, DIAG_BOUND_EXPECTED, v->at);
      return false;
    }
    value = e->decl->value->integer;
    is_known = true;
  } else {
    diag_report(r->d, DIAG_BOUND_EXPECTED, v->at);
    return false;
  }
  if (is_known && integer_compare(value, integer_of(1)) >= 0 &&
      integer_compare(value, integer_of(IDL_MAX_BOUND)) <= 0) {
    *out = (uint32_t)value.low;
    return true;
  }
  const char *found = is_known ? integer_text(r->a, value) : "one of more than 128 bits";
  diag_report(r->d, DIAG_COUNT_RANGE, v->at, IDL_MAX_BOUND, found);
  return false;
}
