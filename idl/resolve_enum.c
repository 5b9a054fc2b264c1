/* Enums and flags: their integer type, and the number of each member. */
#include <stdlib.h>

#include "integer.h"
#include "resolve.h"

#define ENUM_BITS_MAX 64

static bool is_unsigned(schema_type_kind kind) {
  return integer_min(kind).high == 0 && integer_min(kind).low == 0;
}

static bool suits(const entity *e, const schema_type *type) {
  if (!integer_is_type(type->kind) || type->kind == SCHEMA_I128 || type->kind == SCHEMA_U128) return false;
  return e->decl->kind == SCHEMA_ENUM || is_unsigned(type->kind);
}

/* NULL: reported. A fresh type: neither alias nor range concern the numbers. */
static const schema_type *wire_type(resolver *r, const entity *e) {
  if (e->ast->type == NULL) return e->ast->damaged ? NULL : type_new(r, SCHEMA_U32, e->ast->name.at);
  const schema_type *type = type_resolve(r, e->unit, e->ast->type);
  bool is_circle = type != NULL && type->decl == e->decl;
  if (type == NULL || is_circle) return NULL;
  if (suits(e, type)) return type_new(r, type->kind, type->at);
  diag_report(r->d, DIAG_ENUM_TYPE, e->ast->type->at, decl_kind_text(e->decl->kind),
              TEXT_ARG(e->ast->name.text),
              e->decl->kind == SCHEMA_FLAGS ? "unsigned integer type" : "integer type");
  return NULL;
}

/* The single bit above the highest one of `mask`; false: there is none in 64. */
static bool next_bit(uint64_t mask, uint64_t *bit) {
  unsigned shift = 0;
  while (shift < ENUM_BITS_MAX && mask >> shift != 0) shift++;
  *bit = shift < ENUM_BITS_MAX ? UINT64_C(1) << shift : 0;
  return shift < ENUM_BITS_MAX;
}

/* What a member without a value gets; `used` is the last number of an enum, all masks so far of flags. */
static bool implicit_value(const entity *e, const schema_int *used, schema_int *out) {
  if (e->decl->kind == SCHEMA_ENUM) {
    *out = used == NULL ? (schema_int){0} : integer_next(*used);
    return true;
  }
  *out = (schema_int){0};
  return next_bit(used == NULL ? 0 : used->low, &out->low);
}

static bool member_value(resolver *r, const entity *e, const ast_member *ast, const schema_int *used,
                         schema_int *out) {
  const schema_type *type = e->decl->type;
  bool is_known = true;

  if (ast->value != NULL)
    is_known = integer_parse(ast->value->text, ast->value->negative, out);
  else if (!implicit_value(e, used, out))
    is_known = false;
  if (is_known && integer_fits(*out, type->kind)) return true;
  if (ast->value == NULL && e->decl->kind == SCHEMA_FLAGS) {
    diag_report(r->d, DIAG_NO_BIT_LEFT, ast->name.at, type_text(r, type), TEXT_ARG(ast->name.text));
    return false;
  }
  diag_report(r->d, DIAG_MEMBER_FITS_NOT, ast->value == NULL ? ast->name.at : ast->value->at,
              TEXT_ARG(ast->name.text),
              is_known ? integer_text(r->a, *out) : "a number of more than 128 bits", type_text(r, type),
              integer_text(r->a, integer_min(type->kind)), integer_text(r->a, integer_max(type->kind)));
  return false;
}

/* By value, then in the order of declaration: members live in one array. */
static int compare_members(const void *x, const void *y) {
  const schema_member *a = *(const schema_member *const *)x, *b = *(const schema_member *const *)y;
  int order = integer_compare(a->value, b->value);
  return order != 0 ? order : a < b ? -1 : a > b;
}

static void check_values_differ(resolver *r, const schema_member *members, size_t count) {
  if (count == 0) return;
  const schema_member **sorted = ARENA_ARRAY(r->a, const schema_member *, count);
  for (size_t i = 0; i < count; i++) sorted[i] = &members[i];
  qsort(sorted, count, sizeof *sorted, compare_members);
  const schema_member *first = sorted[0];
  for (size_t i = 1; i < count; i++) {
    const schema_member *m = sorted[i];
    if (integer_compare(first->value, m->value) != 0) {
      first = m;
      continue;
    }
    diag *d = diag_report(r->d, DIAG_DUPLICATE_VALUE, m->name.at, TEXT_ARG(m->name.text),
                          TEXT_ARG(first->name.text), integer_text(r->a, m->value));
    diag_note(d, first->name.at, "it is here");
  }
}

static void define_members(resolver *r, entity *e) {
  size_t count = 0;
  for (const ast_member *m = e->ast->members; m != NULL; m = m->next) count++;
  schema_member *members = ARENA_ARRAY(r->a, schema_member, count);
  schema_int used = {0};
  bool any = false, all_known = true, last_known = true;
  for (const ast_member *ast = e->ast->members; ast != NULL; ast = ast->next) {
    schema_member *m = &members[e->decl->member_count++];
    attr_set attrs = attr_read(r, &ast->lead, PLACE_MEMBER);
    m->info = attr_info(&attrs, &ast->lead);
    m->name = name_of_member(r, e, &ast->name);
    name_check_style(r, &ast->name, STYLE_SNAKE);
    table_add(&e->members, r->a, ast->name.text, m);
    /* After a member without a number, those that count on from it have none either. */
    if (e->decl->type == NULL || (!last_known && ast->value == NULL)) continue;
    if (!member_value(r, e, ast, any ? &used : NULL, &m->value)) {
      all_known = last_known = false;
      continue;
    }
    if (e->decl->kind == SCHEMA_FLAGS) {
      used.low |= m->value.low;
    } else {
      used = m->value;
      last_known = true;
    }
    any = true;
  }
  e->decl->members = members;
  if (all_known && e->decl->type != NULL && !e->ast->damaged) check_values_differ(r, members, count);
}

/* Of values the first says it for all. */
static void check_type_given(resolver *r, const entity *e) {
  if (e->decl->has_explicit_type || e->ast->damaged) return;
  if (e->decl->kind == SCHEMA_FLAGS) {
    diag_report(r->d, DIAG_FLAGS_TYPE, e->ast->name.at, TEXT_ARG(e->ast->name.text));
    return;
  }
  const ast_member *m = e->ast->members;
  while (m != NULL && m->value == NULL) m = m->next;
  if (m != NULL) diag_report(r->d, DIAG_VALUE_NEEDS_TYPE, m->value->at, TEXT_ARG(e->ast->name.text));
}

void enum_define(resolver *r, entity *e) {
  attr_place where = e->decl->kind == SCHEMA_ENUM ? PLACE_ENUM : PLACE_FLAGS;
  attr_set attrs = attr_read(r, &e->ast->lead, where);
  e->decl->info = attr_info(&attrs, &e->ast->lead);
  e->decl->attrs = attr_places(r, &e->ast->lead);
  e->decl->type = wire_type(r, e);
  e->decl->has_explicit_type = e->ast->type != NULL;
  define_members(r, e);
  check_type_given(r, e);
  if (e->ast->members == NULL && !e->ast->damaged)
    diag_report(r->d, DIAG_EMPTY_DECL, e->ast->name.at, decl_kind_text(e->decl->kind),
                TEXT_ARG(e->ast->name.text), "members");
}
