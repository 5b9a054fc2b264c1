/* What encode, decode and size functions have in common, and the functions of a declared type, made from
 * the statements of codec_encode.c, codec_decode.c and codec_size.c. */
#include "codec.h"

#include <inttypes.h>
#include <string.h>

c_place c_place_of(arena *a, const schema_type *t, const char *owner, const char *name) {
  c_place p = {.type = t, .expr = arena_printf(a, "%s%s", owner, name)};
  if (t->kind == SCHEMA_OPTIONAL) p.has = arena_printf(a, "%s%s", owner, c_flag(a, name));
  return p;
}

c_place c_item_place(const schema_type *t, const char *expr) {
  return (c_place){.type = t, .expr = expr, .item = true};
}

c_place *c_places_of_fields(arena *a, const char *owner, const schema_field *fields, size_t count) {
  c_place *places = ARENA_ARRAY(a, c_place, count);
  for (size_t i = 0; i < count; i++) {
    places[i] = c_place_of(a, fields[i].type, owner, fields[i].name.c);
    if (!fields[i].indirect) continue;
    places[i].pointer = places[i].item = places[i].indirect = true;
    places[i].has = NULL;
  }
  return places;
}

bool c_is_split_optional(const c_place *p) {
  return p->type->kind == SCHEMA_OPTIONAL && (!p->item || p->indirect);
}

const char *c_has(arena *a, const c_place *p) {
  return p->has != NULL ? p->has : arena_printf(a, "%s != NULL", p->expr);
}

c_place c_inside_optional(const c_place *p) {
  c_place inner = *p;
  inner.type = p->type->item;
  inner.has = NULL;
  if (!p->item && inner.type->kind == SCHEMA_ARRAY) inner.pointer = false;
  return inner;
}

const char *c_value_of(arena *a, const c_place *p) {
  return p->pointer ? arena_printf(a, "*%s", p->expr) : p->expr;
}

const char *c_address_of(arena *a, const c_place *p) {
  return p->pointer ? p->expr : arena_printf(a, "&%s", p->expr);
}

c_body c_body_new(c_gen *g) { return (c_body){.g = g, .lines = c_lines_new(g->arena)}; }

c_body c_body_inside(const c_body *outer) {
  c_body inner = c_body_new(outer->g);
  inner.has_cursor = outer->has_cursor;
  return inner;
}

void c_refuse(c_body *b, const schema_type *t, const char *guard, const char *expr, const char *failure) {
  arena *a = b->g->arena;
  const char *status;
  const char *violation = c_violation(a, t, expr, &status);
  if (violation == NULL) return;
  c_body fail = c_body_new(b->g);
  c_add(&fail.lines, 0, "return %s, %s);", failure, status);
  const char *condition = violation;
  if (guard != NULL && strstr(violation, " || ") != NULL)
    condition = arena_printf(a, "%s && (%s)", guard, violation);
  else if (guard != NULL)
    condition = arena_printf(a, "%s && %s", guard, violation);
  c_add_under(&b->lines, arena_printf(a, "if (%s)", condition), &fail.lines);
}

size_t c_run(const c_place *places, size_t count, unsigned *bytes) {
  size_t n = 0;
  *bytes = 0;
  for (; n < count; n++) {
    unsigned size = c_fixed_size(places[n].type);
    if (size == 0) break;
    *bytes += size;
  }
  return n;
}

/* The only loop within another is one over an array that stands in an entry of a map. */
const char *c_index(const char *items) { return strstr(items, "[i]") == NULL ? "i" : "k"; }

/* Whether `d` leads back to the recursive type being written, so that the depth must be handed on. */
static bool in_cycle(const c_gen *g, const schema_decl *d) {
  return g->cycle != NULL && d->recursive && d->cycle == g->cycle->cycle;
}

bool c_carries_depth(const c_gen *g, const schema_type *t) {
  if (t->kind == SCHEMA_NAMED) return in_cycle(g, t->decl);
  if (t->item != NULL && c_carries_depth(g, t->item)) return true;
  if (t->key != NULL && c_carries_depth(g, t->key)) return true;
  for (size_t i = 0; i < t->member_count; i++)
    if (c_carries_depth(g, t->members[i])) return true;
  return false;
}

/* The u32 in front of every arm. */
#define UNION_TAG_SIZE UINT64_C(4)

static const struct {
  const char *verb, *result, *parameter, *argument, *status;
} forms[] = {
    [C_ENCODE] = {"encode", "mbr_status", "mbr_writer *w, const ", "w, ", "w->status"},
    [C_DECODE] = {"decode", "mbr_status", "mbr_reader *r, ", "r, ", "r->status"},
    [C_SIZE] = {"size", "size_t", "const ", "", NULL},
};

const char *c_codec_verb(c_codec codec) { return forms[codec].verb; }

const char *c_signature(c_gen *g, c_codec codec, const char *name, const char *type, bool depth) {
  return arena_printf(g->arena, "%s %s(%s%s *value%s)", forms[codec].result, name, forms[codec].parameter,
                      type, depth ? ", unsigned depth" : "");
}

static const char *runtime_list_call(arena *a, c_codec codec, const c_place *p) {
  const schema_type *item = p->type->item;
  bool sized = item->kind == SCHEMA_STRING || item->kind == SCHEMA_BYTES;
  const char *item_max = sized ? arena_printf(a, ", %s", c_bound(a, item)) : "";
  const char *name = c_scalar_name(item->kind), *max = c_bound(a, p->type);
  if (codec == C_ENCODE)
    return arena_printf(a, "mbr_write_list_%s(w, %s, %s%s)", name, c_value_of(a, p), max, item_max);
  return arena_printf(a, "mbr_read_list_%s(r, %s, %s%s)", name, c_address_of(a, p), max, item_max);
}

/* The static function of a recursive type that is told how deep it stands. */
static const char *counting_function(c_gen *g, c_codec codec, const schema_decl *d) {
  const char *key = arena_printf(g->arena, "%s @%s", forms[codec].verb, d->name.c);
  const c_known *known = c_find(g, key);
  if (known != NULL) return known->name;
  const char *name = c_static_name(g, forms[codec].verb, arena_printf(g->arena, "%s_at", d->name.c));
  c_remember(g, name, key);
  return name;
}

const char *c_call(c_gen *g, c_codec codec, const c_place *p) {
  const schema_type *t = p->type;
  if (codec != C_SIZE && c_is_plain_list(t)) return runtime_list_call(g->arena, codec, p);
  bool depth = c_carries_depth(g, t);
  const char *name = t->kind != SCHEMA_NAMED ? c_helper(g, codec, t)
                     : depth                 ? counting_function(g, codec, t->decl)
                             : arena_printf(g->arena, "%s_%s", t->decl->name.c, forms[codec].verb);
  return arena_printf(g->arena, "%s(%s%s%s%s)", name, forms[codec].argument, c_address_of(g->arena, p),
                      depth ? ", " : "", depth ? g->depth : "");
}

const char *c_call_new(c_gen *g, const schema_type *t, bool optional, const char *address) {
  bool depth = c_carries_depth(g, t);
  return arena_printf(g->arena, "%s(r, %s%s%s)", c_new_helper(g, t, optional), address, depth ? ", " : "",
                      depth ? g->depth : "");
}

/* The size of the members behind `before` bytes. */
static c_lines size_body(c_gen *g, uint64_t before, const c_place *places, size_t count) {
  static const char addition[] = "size = mbr_size_add(size, ";
  uint64_t constant = before + c_size_constant(places, count);
  c_lines lines = c_lines_new(g->arena);
  c_body rest = c_body_new(g);
  c_size_members(&rest, places, count);
  if (rest.lines.count == 0) {
    c_add(&lines, 0, "(void)value;");
    c_add(&lines, 0, "return %" PRIu64 ";", constant);
  } else if (rest.lines.count == 1 && strncmp(rest.lines.first->text, addition, sizeof addition - 1) == 0) {
    c_add(&lines, 0, "return mbr_size_add(%" PRIu64 ", %s", constant,
          rest.lines.first->text + sizeof addition - 1);
  } else {
    c_add(&lines, 0, "size_t size = %" PRIu64 ";", constant);
    c_add_all(&lines, 0, &rest.lines);
    c_add(&lines, 0, "return size;");
  }
  return lines;
}

/* Ends a body with its status: where the last statement answers that itself, it becomes the return. */
static void add_return(c_body *b, c_codec codec) {
  static const char *const direct[] = {"mbr_write_", "mbr_read_", "mbr_check_"};
  c_line *last = b->lines.last;
  for (size_t i = 0; last != NULL && last->indent == 0 && i < sizeof direct / sizeof direct[0]; i++) {
    if (strncmp(last->text, direct[i], strlen(direct[i])) != 0) continue;
    last->text = arena_printf(b->g->arena, "return %s", last->text);
    return;
  }
  const char *check = last == NULL ? NULL : strstr(last->text, " != MBR_OK) return ");
  if (check != NULL && last->indent == 0 && strncmp(last->text, "if (", 4) == 0)
    last->text = arena_printf(b->g->arena, "return %.*s;", (int)(check - last->text - 4), last->text + 4);
  else
    c_add(&b->lines, 0, "return %s;", forms[codec].status);
}

c_lines c_body_of_members(c_gen *g, c_codec codec, const c_place *places, size_t count) {
  if (codec == C_SIZE) return size_body(g, 0, places, count);
  c_body b = c_body_new(g);
  if (count == 0) c_add(&b.lines, 0, "(void)value;");
  if (codec == C_ENCODE)
    c_encode_members(&b, places, count);
  else
    c_decode_members(&b, places, count);
  add_return(&b, codec);
  return b.lines;
}

void c_print_function(c_gen *g, const char *signature, const c_lines *body) {
  c_print_line(g->e, g->arena, 0, "%s {", signature);
  for (c_line *line = body->first; line != NULL; line = line->next) line->indent++;
  c_print(g->e, body);
  emit(g->e, "}\n\n");
}

/* A struct of many members: a function for each part of them, and calls of these. */
static c_lines parts_of_members(c_gen *g, c_codec codec, const schema_decl *d, const c_place *places,
                                size_t count) {
  c_body b = c_body_new(g);
  const char *sum = NULL;
  for (size_t from = 0, part = 1; from < count; from += C_MEMBERS_A_FUNCTION, part++) {
    size_t size = count - from < C_MEMBERS_A_FUNCTION ? count - from : C_MEMBERS_A_FUNCTION;
    bool depth = false;
    for (size_t i = from; i < from + size; i++) depth = depth || c_carries_depth(g, places[i].type);
    const char *name =
        c_static_name(g, forms[codec].verb, arena_printf(g->arena, "%s_part%zu", d->name.c, part));
    c_remember(g, name, name);
    c_lines body = c_body_of_members(g, codec, places + from, size);
    c_print_function(g, arena_printf(g->arena, "static %s", c_signature(g, codec, name, d->name.c, depth)),
                     &body);
    const char *call =
        arena_printf(g->arena, "%s(%svalue%s)", name, forms[codec].argument, depth ? ", depth" : "");
    if (codec == C_SIZE)
      sum = sum == NULL ? call : arena_printf(g->arena, "mbr_size_add(%s, %s)", sum, call);
    else
      c_add(&b.lines, 0, "if (%s != MBR_OK) return %s;", call, forms[codec].status);
  }
  c_add(&b.lines, 0, "return %s;", codec == C_SIZE ? sum : forms[codec].status);
  return b.lines;
}

static c_lines struct_body(c_gen *g, c_codec codec, const schema_decl *d) {
  const c_place *places = c_places_of_fields(g->arena, "value->", d->fields, d->field_count);
  bool large = d->field_count > C_MEMBERS_A_FUNCTION && !(codec == C_SIZE && d->wire_min == d->wire_max);
  return large ? parts_of_members(g, codec, d, places, d->field_count)
               : c_body_of_members(g, codec, places, d->field_count);
}

/* The places of an arm's content. */
static c_place *arm_places(c_gen *g, const schema_arm *arm, size_t *count) {
  const char *member = arena_printf(g->arena, "value->as.%s", arm->name.c);
  *count = arm->kind == SCHEMA_ARM_FIELDS ? arm->field_count : 1;
  if (arm->kind == SCHEMA_ARM_FIELDS)
    return c_places_of_fields(g->arena, arena_printf(g->arena, "%s.", member), arm->fields, arm->field_count);
  c_place *single = ARENA_NEW(g->arena, c_place);
  *single = c_item_place(arm->type, member);
  single->pointer = single->indirect = arm->indirect;
  return single;
}

/* The statements for one arm's content. */
static c_body arm_body(c_gen *g, c_codec codec, const schema_arm *arm) {
  c_body b = c_body_new(g);
  size_t count;
  const c_place *places = arm_places(g, arm, &count);
  if (codec == C_SIZE) {
    uint64_t constant = c_size_constant(places, count);
    if (constant != 0) c_add(&b.lines, 0, "size += %" PRIu64 ";", constant);
    c_size_members(&b, places, count);
  } else if (codec == C_ENCODE) {
    c_encode_members(&b, places, count);
  } else {
    c_decode_members(&b, places, count);
  }
  return b;
}

static bool arm_carries_depth(const c_gen *g, const schema_arm *arm) {
  if (arm->type != NULL && c_carries_depth(g, arm->type)) return true;
  for (size_t i = 0; i < arm->field_count; i++)
    if (c_carries_depth(g, arm->fields[i].type)) return true;
  return false;
}

/* What the switch of a union of many arms answers for one, in a line: a call of the arm's own function, or
 * its size where that is a number. */
static const char *arm_result(c_gen *g, c_codec codec, const schema_decl *d, const schema_arm *arm) {
  size_t count;
  const c_place *places = arm_places(g, arm, &count);
  c_body sizes = c_body_new(g);
  if (codec == C_SIZE) c_size_members(&sizes, places, count);
  if (codec == C_SIZE && sizes.lines.count == 0)
    return arena_printf(g->arena, "%" PRIu64, UNION_TAG_SIZE + c_size_constant(places, count));
  bool depth = arm_carries_depth(g, arm);
  const char *name =
      c_static_name(g, forms[codec].verb, arena_printf(g->arena, "%s_arm_%s", d->name.c, arm->name.c));
  c_remember(g, name, name);
  c_lines body = codec == C_SIZE ? size_body(g, UNION_TAG_SIZE, places, count)
                                 : c_body_of_members(g, codec, places, count);
  c_print_function(g, arena_printf(g->arena, "static %s", c_signature(g, codec, name, d->name.c, depth)),
                   &body);
  return arena_printf(g->arena, "%s(%svalue%s)", name, forms[codec].argument, depth ? ", depth" : "");
}

static void add_arm(c_gen *g, c_lines *lines, c_codec codec, const schema_decl *d, const schema_arm *arm) {
  const char *tag = c_arm_tag(g->arena, d, arm);
  if (d->arm_count > C_MEMBERS_A_FUNCTION) {
    c_add(lines, 1, "case %s: return %s;", tag, arm_result(g, codec, d, arm));
    return;
  }
  c_body body = arm_body(g, codec, arm);
  c_add(lines, 1, "case %s:%s", tag, body.has_cursor ? " {" : "");
  c_add_all(lines, 2, &body.lines);
  c_add(lines, 2, "break;");
  if (body.has_cursor) c_add(lines, 1, "}");
}

static void add_arms(c_gen *g, c_lines *lines, c_codec codec, const schema_decl *d) {
  c_add(lines, 0, "switch (value->tag) {");
  size_t empty = 0;
  for (size_t i = 0; i < d->arm_count; i++) {
    if (!c_arm_is_empty(&d->arms[i])) continue;
    c_add(lines, 1, "case %s:", c_arm_tag(g->arena, d, &d->arms[i]));
    empty++;
  }
  if (empty != 0) c_add(lines, 2, "break;");
  for (size_t i = 0; i < d->arm_count; i++) {
    if (!c_arm_is_empty(&d->arms[i])) add_arm(g, lines, codec, d, &d->arms[i]);
  }
  c_add(lines, 0, "}");
}

static c_lines union_body(c_gen *g, c_codec codec, const schema_decl *d) {
  c_lines lines = c_lines_new(g->arena);
  const char *last = c_arm_tag(g->arena, d, &d->arms[d->arm_count - 1]);
  bool content = false;
  for (size_t i = 0; i < d->arm_count; i++) content = content || !c_arm_is_empty(&d->arms[i]);
  switch (codec) {
  case C_ENCODE:
    c_add(&lines, 0, "if ((uint32_t)value->tag > %s) return mbr_writer_fail(w, MBR_BAD_ARM);", last);
    c_add(&lines, 0, "mbr_write_u32(w, (uint32_t)value->tag);");
    break;
  case C_DECODE:
    c_add(&lines, 0, "uint32_t tag;");
    c_add(&lines, 0, "if (mbr_read_u32(r, &tag) != MBR_OK) return r->status;");
    c_add(&lines, 0, "if (tag > %s) return mbr_reader_fail_back(r, 4, MBR_BAD_ARM);", last);
    c_add(&lines, 0, "value->tag = (%s_tag)tag;", d->name.c);
    break;
  case C_SIZE:
    if (d->wire_min == d->wire_max) {
      c_add(&lines, 0, "(void)value;");
      c_add(&lines, 0, "return %" PRIu64 ";", d->wire_min);
      return lines;
    }
    c_add(&lines, 0, "size_t size = %" PRIu64 ";", UNION_TAG_SIZE);
    break;
  }
  if (content) add_arms(g, &lines, codec, d);
  c_add(&lines, 0, "return %s;", codec == C_SIZE ? "size" : forms[codec].status);
  return lines;
}

/* A recursive type has a static function that counts, and the public one starts it at 0. */
static void write_function(c_gen *g, c_codec codec, const schema_decl *d) {
  const char *name = arena_printf(g->arena, "%s_%s", d->name.c, forms[codec].verb);
  g->cycle = d->recursive ? d : NULL;
  g->depth = "depth + 1";
  c_lines body = d->kind == SCHEMA_STRUCT ? struct_body(g, codec, d) : union_body(g, codec, d);
  if (d->recursive) {
    static const char *const refusals[] = {
        [C_ENCODE] = "mbr_writer_fail(w, MBR_TOO_DEEP)",
        [C_DECODE] = "mbr_reader_fail(r, MBR_TOO_DEEP)",
        [C_SIZE] = "(size_t)-1",
    };
    const char *at = counting_function(g, codec, d);
    c_lines checked = c_lines_new(g->arena);
    c_add(&checked, 0, "if (depth >= %" PRIu32 ") return %s;", d->max_depth, refusals[codec]);
    c_add_all(&checked, 0, &body);
    c_print_function(g, arena_printf(g->arena, "static %s", c_signature(g, codec, at, d->name.c, true)),
                     &checked);
    body = c_lines_new(g->arena);
    c_add(&body, 0, "return %s(%svalue, 0);", at, forms[codec].argument);
  }
  c_print_function(g, c_signature(g, codec, name, d->name.c, false), &body);
  g->cycle = NULL;
}

void c_write_codec(c_gen *g, const schema_decl *d) {
  for (c_codec codec = C_ENCODE; codec <= C_SIZE; codec++) write_function(g, codec, d);
}

void c_write_codec_prototypes(c_gen *g) {
  bool any = false;
  for (size_t i = 0; i < g->ns->sorted_count; i++) {
    const schema_decl *d = g->ns->sorted[i];
    if (!d->recursive) continue;
    for (c_codec codec = C_ENCODE; codec <= C_SIZE; codec++) {
      const char *name = counting_function(g, codec, d);
      c_print_line(g->e, g->arena, 0, "static %s;", c_signature(g, codec, name, d->name.c, true));
    }
    any = true;
  }
  if (any) emit(g->e, "\n");
}
