/* Statements that measure values before they are encoded: what every value has is one constant, the rest
 * is added. Sums that saturate come last, so that the plain ones before them cannot wrap. */
#include "codec.h"

#include <inttypes.h>

/* Bytes of a value that do not depend on it. */
static uint64_t constant_of(const c_place *p) {
  const schema_type *t = p->type;
  if (c_is_fixed(t)) return t->wire_min;
  if (t->kind == SCHEMA_OPTIONAL) return c_is_split_optional(p) ? 1 : 0;
  if (t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES) return t->wire_min;
  if (c_has_items(t) && c_items_are_fixed(t)) return t->wire_min;
  if (t->kind == SCHEMA_ARRAY && !p->item) {
    c_place item = c_item_place(t->item, "");
    return t->bound * constant_of(&item);
  }
  return 0;
}

/* Bytes of a value beyond these, as an expression; NULL: none, or (an array) it takes statements. */
static const char *rest_of(c_gen *g, const c_place *p) {
  arena *a = g->arena;
  const schema_type *t = p->type;
  if (c_is_fixed(t)) return NULL;
  const char *member = arena_printf(a, "%s%s", p->expr, p->pointer ? "->" : ".");
  if (t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES) return arena_printf(a, "%ssize", member);
  if (t->kind == SCHEMA_CHAR) return arena_printf(a, "mbr_char_size(%s)", c_value_of(a, p));
  if (c_has_items(t) && c_items_are_fixed(t)) {
    uint64_t each = c_item_min(t);
    if (each == 1) return arena_printf(a, "%scount", member);
    return each == 0 ? NULL : arena_printf(a, "mbr_size_mul(%scount, %" PRIu64 ")", member, each);
  }
  return c_call(g, C_SIZE, p);
}

const char *c_size_expression(c_gen *g, const c_place *p) {
  if (c_is_split_optional(p)) {
    c_place inner = c_inside_optional(p);
    const char *inside = c_size_expression(g, &inner), *has = c_has(g->arena, p);
    if (inside == NULL) return NULL;
    if (c_is_fixed(inner.type))
      return arena_printf(g->arena, "%s ? %" PRIu64 " : 1", has, 1 + inner.type->wire_min);
    return arena_printf(g->arena, "%s ? mbr_size_add(1, %s) : 1", has, inside);
  }
  if (p->type->kind == SCHEMA_ARRAY && !p->item && !c_is_fixed(p->type)) return NULL;
  uint64_t constant = constant_of(p);
  const char *rest = rest_of(g, p);
  if (rest == NULL) return arena_printf(g->arena, "%" PRIu64, constant);
  return constant == 0 ? rest : arena_printf(g->arena, "mbr_size_add(%" PRIu64 ", %s)", constant, rest);
}

static void add(c_body *b, const char *expression) {
  c_add(&b->lines, 0, "size = mbr_size_add(size, %s);", expression);
}

void c_size_items(c_body *b, const schema_type *item, const char *items, const char *count) {
  arena *a = b->g->arena;
  const char *i = c_index(items);
  c_place slot = c_item_place(item, arena_printf(a, "%s[%s]", items, i));
  const char *rest = rest_of(b->g, &slot);
  if (rest == NULL) return;
  c_body body = c_body_inside(b);
  add(&body, rest);
  c_add_under(&b->lines, arena_printf(a, "for (size_t %s = 0; %s < %s; %s++)", i, i, count, i), &body.lines);
}

static void size_value(c_body *b, const c_place *p) {
  const schema_type *t = p->type;
  if (t->kind == SCHEMA_ARRAY && !p->item) {
    c_size_items(b, t->item, p->expr, arena_printf(b->g->arena, "%" PRIu64, t->bound));
    return;
  }
  const char *rest = rest_of(b->g, p);
  if (rest != NULL) add(b, rest);
}

static void size_optional(c_body *b, const c_place *p) {
  arena *a = b->g->arena;
  c_place inner = c_inside_optional(p);
  c_body body = c_body_inside(b);
  const char *expression = c_size_expression(b->g, &inner);
  if (expression != NULL) {
    add(&body, expression);
  } else {
    uint64_t constant = constant_of(&inner);
    if (constant != 0) add(&body, arena_printf(a, "%" PRIu64, constant));
    size_value(&body, &inner);
  }
  c_add_under(&b->lines, arena_printf(a, "if (%s)", c_has(a, p)), &body.lines);
}

uint64_t c_size_constant(const c_place *places, size_t count) {
  uint64_t size = 0;
  for (size_t i = 0; i < count; i++) size += constant_of(&places[i]);
  return size;
}

void c_size_members(c_body *b, const c_place *places, size_t count) {
  arena *a = b->g->arena;
  for (size_t i = 0; i < count; i++) {
    const schema_type *t = places[i].type;
    if (!c_is_split_optional(&places[i]) || !c_is_fixed(t->item) || t->item->wire_min == 0) continue;
    const char *format = b->repeats ? "if (%s) size = mbr_size_add(size, %" PRIu64 ");"
                                    : "if (%s) size += %" PRIu64 ";";
    c_add(&b->lines, 0, format, c_has(a, &places[i]), t->item->wire_min);
  }
  for (size_t i = 0; i < count; i++) {
    const c_place *p = &places[i];
    if (c_is_split_optional(p)) {
      if (!c_is_fixed(p->type->item)) size_optional(b, p);
    } else if (!c_is_fixed(p->type)) {
      if (p->indirect) {
        c_body body = c_body_inside(b);
        size_value(&body, p);
        c_add_under(&b->lines, arena_printf(a, "if (%s != NULL)", p->expr), &body.lines);
      } else {
        size_value(b, p);
      }
    }
  }
}
