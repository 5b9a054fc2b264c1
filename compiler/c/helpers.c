/* Static functions for what has no name in a schema: lists, tuples, optionals and arrays as items, and the
 * decoding of what stands behind a pointer. Each is written once a source, when it is first asked for. */
#include "codec.h"

#include <inttypes.h>

static text text_of(const char *s) { return (text){s, strlen(s)}; }

const c_known *c_find(const c_gen *g, const char *key) { return table_find(&g->known, text_of(key)); }

void c_remember(c_gen *g, const char *name, const char *key) {
  c_known *k = ARENA_NEW(g->arena, c_known);
  k->name = name;
  table_add(&g->known, g->arena, text_of(key), k);
  table_add(&g->names, g->arena, text_of(name), k);
}

/* The ranges inside a type, which its name does not tell. */
static const char *ranges_of(arena *a, const schema_type *t) {
  const char *ranges = "";
  if (t->range != NULL) {
    const char *min = t->range->has_min ? c_value(a, t, &t->range->min) : "";
    const char *max = t->range->has_max ? c_value(a, t, &t->range->max) : "";
    ranges = arena_printf(a, "[%s;%s]", min, max);
  }
  if (t->key != NULL) ranges = arena_printf(a, "%s%s", ranges, ranges_of(a, t->key));
  if (t->item != NULL) ranges = arena_printf(a, "%s%s", ranges, ranges_of(a, t->item));
  for (size_t i = 0; i < t->member_count; i++)
    ranges = arena_printf(a, "%s,%s", ranges, ranges_of(a, t->members[i]));
  return ranges;
}

static bool name_is_taken(const c_gen *g, const char *name) {
  return table_find(&g->names, text_of(name)) != NULL;
}

static bool is_first_word_of_namespace(const c_gen *g, const char *word) {
  size_t size = strlen(word);
  for (size_t i = 0; i < g->schema->namespace_count; i++) {
    const char *name = g->schema->namespaces[i]->name.c;
    if (strncmp(name, word, size) == 0 && (name[size] == '\0' || name[size] == '_')) return true;
  }
  return false;
}

/* No name of a schema ends with '_'. */
const char *c_static_name(c_gen *g, const char *verb, const char *of) {
  const char *base =
      arena_printf(g->arena, "%s_%s%s", verb, of, is_first_word_of_namespace(g, verb) ? "_" : "");
  const char *name = base;
  for (unsigned n = 2; name_is_taken(g, name); n++) name = arena_printf(g->arena, "%s_%u", base, n);
  return name;
}

const char *c_new_name(c_gen *g, const char *verb, const schema_type *t, bool bounds, const char **known) {
  arena *a = g->arena;
  bool depth = c_carries_depth(g, t);
  const char *of = arena_printf(a, "%s%s", c_type_name(a, t, bounds), depth ? "_at" : "");
  const char *key = arena_printf(a, "%s %s %s", verb, of, bounds ? ranges_of(a, t) : "");
  const c_known *k = c_find(g, key);
  if (k != NULL) {
    *known = k->name;
    return NULL;
  }
  const char *name = c_static_name(g, verb, of);
  c_remember(g, name, key);
  return name;
}

/* The key and the value of the i-th entry behind `items`. */
static const c_place *entry_places(arena *a, const schema_type *map, const char *items) {
  c_place *places = ARENA_ARRAY(a, c_place, 2);
  const char *owner = arena_printf(a, "%s[i].", items);
  places[0] = c_place_of(a, map->key, owner, "key");
  places[1] = c_place_of(a, map->item, owner, "value");
  return places;
}

static void add_entries(c_body *b, c_codec codec, const schema_type *map, const char *items) {
  const c_place *places = entry_places(b->g->arena, map, items);
  c_body body = c_body_inside(b);
  body.repeats = true;
  if (codec == C_ENCODE) c_encode_members(&body, places, 2);
  if (codec == C_DECODE) c_decode_members(&body, places, 2);
  if (codec == C_SIZE) c_size_members(&body, places, 2);
  /* Errors are sticky, but a long list need not be walked to its end for one. */
  if (codec == C_ENCODE) c_add(&body.lines, 0, "if (w->status != MBR_OK) return w->status;");
  if (codec == C_DECODE) c_add(&body.lines, 0, "if (r->status != MBR_OK) return r->status;");
  if (body.lines.count != 0) c_add_under(&b->lines, "for (size_t i = 0; i < value->count; i++)", &body.lines);
}

static uint64_t each_constant(arena *a, const schema_type *t) {
  if (t->kind == SCHEMA_MAP) return c_size_constant(entry_places(a, t, ""), 2);
  c_place item = c_item_place(t->item, "");
  return c_size_constant(&item, 1);
}

/* A second item or key like one before it is an error at its first byte: what has been read from there on is
 * measured, as a collection of its own. */
static void add_uniqueness(c_body *b, const schema_type *t) {
  arena *a = b->g->arena;
  c_add(&b->lines, 0, "size_t second = mbr_find_duplicate(r, items, value->count, sizeof *items, %s);",
        c_compare(b->g, t));
  c_add(&b->lines, 0, "if (second == value->count) return r->status;");
  const char *count = "value->count - second";
  if (!c_items_are_fixed(t)) {
    const c_place rest = {.type = t, .expr = "rest"};
    c_add(&b->lines, 0, "const %s rest = {items + second, %s};", c_type(a, t), count);
    c_add(&b->lines, 0, "return mbr_reader_fail_back(r, %s - MBR_COUNT_SIZE, MBR_DUPLICATE);",
          c_call(b->g, C_SIZE, &rest));
    return;
  }
  uint64_t each = c_item_min(t);
  const char *back = each == 0   ? "0"
                     : each == 1 ? count
                                 : arena_printf(a, "(%s) * %" PRIu64, count, each);
  c_add(&b->lines, 0, "return mbr_reader_fail_back(r, %s, MBR_DUPLICATE);", back);
}

static void add_decoded_items(c_body *b, const schema_type *t) {
  arena *a = b->g->arena;
  const char *type = t->kind == SCHEMA_MAP ? c_entry_type(a, t) : c_type(a, t->item);
  c_add(&b->lines, 0, "%s *items = mbr_read_items(r, &value->count, %" PRIu64 ", %s, sizeof *items);", type,
        c_item_min(t), c_bound(a, t));
  c_add(&b->lines, 0, "value->items = items;");
  if (t->kind == SCHEMA_MAP)
    add_entries(b, C_DECODE, t, "items");
  else
    c_decode_items(b, t->item, "items", "value->count");
  if (t->kind != SCHEMA_LIST) add_uniqueness(b, t);
}

/* Of lists, sets and maps. */
static c_lines items_body(c_gen *g, c_codec codec, const schema_type *t) {
  c_body b = c_body_new(g);
  uint64_t constant;
  switch (codec) {
  case C_ENCODE:
    c_add(&b.lines, 0, "if (mbr_write_count(w, value->count, %" PRIu64 ", %s) != MBR_OK) return w->status;",
          c_item_min(t), c_bound(g->arena, t));
    if (t->kind == SCHEMA_MAP)
      add_entries(&b, codec, t, "value->items");
    else
      c_encode_items(&b, t->item, "value->items", "value->count");
    c_add(&b.lines, 0, "return w->status;");
    break;
  case C_DECODE:
    add_decoded_items(&b, t);
    if (t->kind == SCHEMA_LIST) c_add(&b.lines, 0, "return r->status;");
    break;
  case C_SIZE:
    constant = each_constant(g->arena, t);
    if (constant == 0)
      c_add(&b.lines, 0, "size_t size = MBR_COUNT_SIZE;");
    else
      c_add(&b.lines, 0,
            "size_t size = mbr_size_add(MBR_COUNT_SIZE, mbr_size_mul(value->count, %" PRIu64 "));", constant);
    if (t->kind == SCHEMA_MAP)
      add_entries(&b, codec, t, "value->items");
    else
      c_size_items(&b, t->item, "value->items", "value->count");
    c_add(&b.lines, 0, "return size;");
    break;
  }
  return b.lines;
}

static c_lines tuple_body(c_gen *g, c_codec codec, const schema_type *t) {
  c_place *places = ARENA_ARRAY(g->arena, c_place, t->member_count);
  for (size_t i = 0; i < t->member_count; i++)
    places[i] = c_place_of(g->arena, t->members[i], "value->", arena_printf(g->arena, "item%zu", i));
  return c_body_of_members(g, codec, places, t->member_count);
}

static c_lines helper_body(c_gen *g, c_codec codec, const schema_type *t) {
  if (c_has_items(t)) return items_body(g, codec, t);
  if (t->kind == SCHEMA_TUPLE) return tuple_body(g, codec, t);
  c_place inside = c_place_of(g->arena, t, "value->", t->kind == SCHEMA_ARRAY ? "items" : "value");
  return c_body_of_members(g, codec, &inside, 1);
}

const char *c_helper(c_gen *g, c_codec codec, const schema_type *t) {
  const char *known;
  const char *name = c_new_name(g, c_codec_verb(codec), t, codec != C_SIZE, &known);
  if (name == NULL) return known;
  const char *depth = g->depth;
  g->depth = "depth";
  c_lines body = helper_body(g, codec, t);
  g->depth = depth;
  const char *signature = c_signature(g, codec, name, c_type(g->arena, t), c_carries_depth(g, t));
  c_print_function(g, arena_printf(g->arena, "static %s", signature), &body);
  return name;
}

const char *c_new_helper(c_gen *g, const schema_type *t, bool optional) {
  arena *a = g->arena;
  const char *known;
  const char *name = c_new_name(g, optional ? "decode_new_opt" : "decode_new", t, true, &known);
  if (name == NULL) return known;
  const char *outer_depth = g->depth, *type = c_type(a, t);
  g->depth = "depth";
  c_body b = c_body_new(g);
  if (optional) {
    c_add(&b.lines, 0, "bool present;");
    c_add(&b.lines, 0, "*value = NULL;");
    c_add(&b.lines, 0, "mbr_read_option(r, &present);");
    c_add(&b.lines, 0, "return present ? %s : r->status;", c_call_new(g, t, false, "value"));
  } else {
    c_place inside = {.type = t, .expr = "item", .pointer = true, .item = true};
    c_add(&b.lines, 0, "%s *item = mbr_reader_alloc(r, 1, sizeof *item);", type);
    c_add(&b.lines, 0, "*value = item;");
    c_add(&b.lines, 0, "return item != NULL ? %s : r->status;", c_call(g, C_DECODE, &inside));
  }
  g->depth = outer_depth;
  const char *depth = c_carries_depth(g, t) ? ", unsigned depth" : "";
  c_print_function(
      g, arena_printf(a, "static mbr_status %s(mbr_reader *r, const %s **value%s)", name, type, depth),
      &b.lines);
  return name;
}
