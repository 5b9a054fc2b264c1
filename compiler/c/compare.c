/* Static functions that order set items and map entries by key, for finding one that occurs twice. The
 * order is any total one: it is not on the wire. Types that contain themselves are no keys. */
#include "codec.h"

static const char *compare_type(c_gen *g, const schema_type *t);
static void add_order(c_body *b, const c_place *left, const c_place *right);

static void add_call(c_body *b, const char *call) {
  c_add(&b->lines, 0, "order = %s;", call);
  c_add(&b->lines, 0, "if (order != 0) return order;");
}

static void add_optional(c_body *b, const c_place *left, const c_place *right) {
  c_place in_left = c_inside_optional(left), in_right = c_inside_optional(right);
  c_body body = c_body_inside(b);
  add_order(&body, &in_left, &in_right);
  c_add(&b->lines, 0, "if (%s != %s) return %s ? 1 : -1;", left->has, right->has, left->has);
  c_add_under(&b->lines, arena_printf(b->g->arena, "if (%s)", left->has), &body.lines);
}

/* Returns when the two differ; else goes on. */
static void add_order(c_body *b, const c_place *left, const c_place *right) {
  arena *a = b->g->arena;
  const schema_type *t = left->type;
  const char *first = c_value_of(a, left), *second = c_value_of(a, right);
  if (c_is_split_optional(left))
    add_optional(b, left, right);
  else if (t->kind == SCHEMA_STRING || t->kind == SCHEMA_I128 || t->kind == SCHEMA_U128)
    add_call(b, arena_printf(a, "mbr_%s_compare(%s, %s)", c_scalar_name(t->kind), first, second));
  else if (t->kind == SCHEMA_UUID)
    add_call(b, arena_printf(a, "memcmp(%s, %s, sizeof(mbr_uuid))", c_address_of(a, left),
                             c_address_of(a, right)));
  else if (c_is_scalar(t) || c_is_enum(t))
    c_add(&b->lines, 0, "if (%s != %s) return %s < %s ? -1 : 1;", first, second, first, second);
  else
    add_call(b, arena_printf(a, "%s(%s, %s)", compare_type(b->g, t), c_address_of(a, left),
                             c_address_of(a, right)));
}

/* What is compared of an item behind `name`. */
static const c_place *item_places(arena *a, const schema_type *t, const char *name, size_t *count) {
  const char *owner = arena_printf(a, "%s->", name);
  if (t->kind == SCHEMA_NAMED && !c_is_enum(t)) {
    *count = t->decl->field_count;
    return c_places_of_fields(a, owner, t->decl->fields, t->decl->field_count);
  }
  *count = t->kind == SCHEMA_TUPLE ? t->member_count : 1;
  c_place *places = ARENA_ARRAY(a, c_place, *count);
  if (t->kind == SCHEMA_MAP)
    places[0] = c_place_of(a, t->key, owner, "key");
  else if (t->kind == SCHEMA_OPTIONAL)
    places[0] = c_place_of(a, t, owner, "value");
  else if (t->kind == SCHEMA_TUPLE)
    for (size_t i = 0; i < t->member_count; i++)
      places[i] = c_place_of(a, t->members[i], owner, arena_printf(a, "item%zu", i));
  else
    places[0] = (c_place){.type = t, .expr = name, .pointer = true};
  return places;
}

/* A function for items of type `t`, or for entries of a map. */
static const char *compare_type(c_gen *g, const schema_type *t) {
  const char *known;
  const char *name = c_new_name(g, t->kind == SCHEMA_MAP ? "compare_key" : "compare", t, false, &known);
  if (name == NULL) return known;
  const char *signature = arena_printf(g->arena, "static int %s(const void *left, const void *right)", name);
  size_t count;
  const c_place *left = item_places(g->arena, t, "a", &count), *right = item_places(g->arena, t, "b", &count);
  c_body body = c_body_new(g);
  for (size_t i = 0; i < count; i++) add_order(&body, &left[i], &right[i]);
  bool calls = false;
  for (const c_line *line = body.lines.first; line != NULL; line = line->next)
    calls = calls || strncmp(line->text, "order = ", strlen("order = ")) == 0;
  const char *type = t->kind == SCHEMA_MAP ? c_entry_type(g->arena, t) : c_type(g->arena, t);
  c_lines lines = c_lines_new(g->arena);
  if (count == 0)
    c_add(&lines, 0, "(void)left, (void)right;");
  else
    c_add(&lines, 0, "const %s *a = left, *b = right;", type);
  if (calls) c_add(&lines, 0, "int order;");
  c_add_all(&lines, 0, &body.lines);
  c_add(&lines, 0, "return 0;");
  c_print_function(g, signature, &lines);
  return name;
}

const char *c_compare(c_gen *g, const schema_type *t) {
  return compare_type(g, t->kind == SCHEMA_MAP ? t : t->item);
}
