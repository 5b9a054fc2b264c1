/* The header of a namespace: constants, types, and the prototypes of their codecs. */
#include "codec.h"

#include <inttypes.h>

#include "../../idl/names.h"
#include "../version.h"

static const char *upper(const c_gen *g, const char *name) { return c_upper(g->arena, name); }

static void comment(c_gen *g, int indent, text t) { c_print_comment(g->e, indent, t); }

static void write_constant(c_gen *g, const schema_decl *d) {
  comment(g, 0, c_doc(g->arena, &d->info));
  const char *value = c_value(g->arena, d->type, d->value);
  if (value[0] == '-') value = arena_printf(g->arena, "(%s)", value);
  c_print_define(g->e, d->name.c, value);
}

/* As enum constants where all of them fit an int, as C99 and C++ want it; else as macros. */
static bool fits_int(const schema_decl *d) {
  for (size_t i = 0; i < d->member_count; i++) {
    schema_int v = d->members[i].value;
    if (v.high != 0 || v.low > (uint64_t)INT32_MAX + (v.negative ? 1 : 0)) return false;
  }
  return true;
}

static void write_members(c_gen *g, const schema_decl *d) {
  bool as_enum = d->kind == SCHEMA_ENUM && fits_int(d);
  if (as_enum) emit(g->e, "enum {\n");
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    comment(g, as_enum ? 1 : 0, c_doc(g->arena, &m->info));
    if (as_enum) {
      const char *value = c_int(g->arena, SCHEMA_I32, m->value);
      c_print_line(g->e, g->arena, 1, "%s = %s%s", m->name.c, value, i + 1 < d->member_count ? "," : "");
      continue;
    }
    const char *value = d->kind == SCHEMA_FLAGS ? arena_printf(g->arena, "0x%" PRIx64, m->value.low)
                                                : c_int(g->arena, d->type->kind, m->value);
    if (d->kind == SCHEMA_FLAGS && d->type->kind == SCHEMA_U64)
      value = arena_printf(g->arena, "UINT64_C(%s)", value);
    if (d->kind == SCHEMA_FLAGS && d->type->kind != SCHEMA_U64) value = arena_printf(g->arena, "%su", value);
    c_print_define(g->e, m->name.c, arena_printf(g->arena, "((%s)%s)", d->name.c, value));
  }
  if (as_enum) emit(g->e, "};\n");
}

/* Values of `d` that are a whole stretch of numbers are checked by their ends. */
static bool is_stretch(const schema_decl *d, const schema_member **first, const schema_member **last) {
  *first = *last = &d->members[0];
  for (size_t i = 1; i < d->member_count; i++) {
    const schema_member *m = &d->members[i], *before = &d->members[i - 1];
    uint64_t here = m->value.negative ? ~m->value.low + 1 : m->value.low;
    uint64_t there = before->value.negative ? ~before->value.low + 1 : before->value.low;
    if (here != there + 1) return false;
    *last = m;
  }
  return true;
}

static void write_validity(c_gen *g, const schema_decl *d) {
  const schema_member *first, *last;
  emit(g->e, "/* Whether `value` is one of them. */\n");
  c_print_line(g->e, g->arena, 0, "static inline bool %s_valid(%s value) {", d->name.c, d->name.c);
  if (is_stretch(d, &first, &last)) {
    schema_range range = {
        .has_min = true, .has_max = true, .min.integer = first->value, .max.integer = last->value};
    schema_type type = *d->type;
    type.range = &range;
    const char *status;
    const char *violation = c_violation(g->arena, &type, "value", &status);
    bool below = violation != NULL && strstr(violation, " < ") != NULL;
    bool above = violation != NULL && strstr(violation, " > ") != NULL;
    const char *min = below ? arena_printf(g->arena, "value >= %s", first->name.c) : "";
    const char *max = above ? arena_printf(g->arena, "value <= %s", last->name.c) : "";
    if (below || above)
      c_print_line(g->e, g->arena, 1, "return %s%s%s;", min, below && above ? " && " : "", max);
    else
      emit(g->e, "  (void)value; /* they are all there is */\n  return true;\n");
  } else {
    emit(g->e, "  switch (value) {\n");
    for (size_t i = 0; i < d->member_count; i++) emit(g->e, "    case %s:\n", d->members[i].name.c);
    emit(g->e, "      return true;\n    default:\n      return false;\n  }\n");
  }
  emit(g->e, "}\n");
}

static void write_enum(c_gen *g, const schema_decl *d) {
  comment(g, 0, c_doc(g->arena, &d->info));
  emit(g->e, "typedef %s %s;\n", c_scalar_type(d->type->kind), d->name.c);
  write_members(g, d);
  if (d->kind == SCHEMA_ENUM && !d->is_open) write_validity(g, d);
  emit(g->e, "\n");
}

static void define_decl(c_gen *g, const schema_decl *d);

/* Whether a struct that holds a `t` may stand here. */
static bool is_complete(const c_gen *g, const schema_type *t) {
  if (t->kind == SCHEMA_NAMED) return t->decl->ns != g->ns || c_is_enum(t) || g->complete[t->decl->index];
  if (t->kind == SCHEMA_OPTIONAL || t->kind == SCHEMA_ARRAY) return is_complete(g, t->item);
  for (size_t i = 0; i < t->member_count; i++)
    if (!is_complete(g, t->members[i])) return false;
  return true;
}

/* The struct behind a pointer may be unfinished (it contains the pointer); its tag is known by then. */
static const char *pointee(const c_gen *g, const schema_type *t) {
  return arena_printf(g->arena, "%s%s", is_complete(g, t) ? "" : "struct ", c_type(g->arena, t));
}

static void write_member(c_gen *g, const schema_type *t, const char *name) {
  if (t->kind == SCHEMA_OPTIONAL) emit(g->e, "  bool %s;\n", c_flag(g->arena, name));
  emit(g->e, "  %s;\n", c_member(g->arena, t, name));
}

/* Defines what a member of type `t` is made of. */
static void define_member(c_gen *g, const schema_type *t) {
  if (t->kind == SCHEMA_OPTIONAL || t->kind == SCHEMA_ARRAY) {
    if (t->kind == SCHEMA_OPTIONAL)
      define_member(g, t->item);
    else
      c_define_structural(g, t->item);
    return;
  }
  c_define_structural(g, t);
}

static bool has_struct(const schema_type *t) {
  if (c_is_scalar(t) || t->kind == SCHEMA_NAMED) return false;
  return t->kind != SCHEMA_LIST || !c_is_scalar(t->item);
}

/* A struct that several headers may define alike. */
static void begin_shared(c_gen *g, const char *name) {
  emit(g->e, "#ifndef %s\n#define %s\n", upper(g, name), upper(g, name));
  emit(g->e, "typedef struct %s {\n", name);
}

static void end_shared(c_gen *g, const char *name) { emit(g->e, "} %s;\n#endif\n\n", name); }

static void write_structural(c_gen *g, const schema_type *t, const char *name) {
  begin_shared(g, name);
  switch (t->kind) {
  case SCHEMA_OPTIONAL: write_member(g, t, "value"); break;
  case SCHEMA_ARRAY: write_member(g, t, "items"); break;
  case SCHEMA_TUPLE:
    for (size_t i = 0; i < t->member_count; i++)
      write_member(g, t->members[i], arena_printf(g->arena, "item%zu", i));
    break;
  case SCHEMA_MAP:
    emit(g->e, "  const %s%s *items;\n  size_t count;\n",
         c_find(g, c_entry_type(g->arena, t)) != NULL ? "" : "struct ", c_entry_type(g->arena, t));
    break;
  default: emit(g->e, "  const %s *items;\n  size_t count;\n", pointee(g, t->item)); break;
  }
  end_shared(g, name);
}

/* Whether defining a `t` here would need a type that is being defined. */
static bool must_wait(const c_gen *g, const schema_type *t) {
  if (g->open == 0) return false;
  if (t->kind == SCHEMA_NAMED) return t->decl->recursive && !is_complete(g, t);
  if (t->kind == SCHEMA_OPTIONAL || t->kind == SCHEMA_ARRAY) return must_wait(g, t->item);
  for (size_t i = 0; i < t->member_count; i++)
    if (must_wait(g, t->members[i])) return true;
  return false;
}

static void wait_for(c_gen *g, const schema_type *t, bool entry) {
  c_waiting *w = ARENA_NEW(g->arena, c_waiting);
  *w = (c_waiting){.type = t, .entry = entry, .next = g->waiting};
  g->waiting = w;
}

/* Defines what a pointer points to, now or when that is possible. */
static void define_pointee(c_gen *g, const schema_type *t) {
  if (must_wait(g, t))
    wait_for(g, t, false);
  else
    c_define_structural(g, t);
}

static void define_entry(c_gen *g, const schema_type *map) {
  const char *name = c_entry_type(g->arena, map);
  if (must_wait(g, map->key) || must_wait(g, map->item)) {
    wait_for(g, map, true);
    return;
  }
  define_member(g, map->key);
  define_member(g, map->item);
  if (c_find(g, name) != NULL) return;
  c_remember(g, name, name);
  begin_shared(g, name);
  write_member(g, map->key, "key");
  write_member(g, map->item, "value");
  end_shared(g, name);
}

void c_define_structural(c_gen *g, const schema_type *t) {
  if (t->kind == SCHEMA_NAMED && t->decl->ns == g->ns && !c_is_enum(t)) define_decl(g, t->decl);
  if (!has_struct(t)) return;
  if (t->kind == SCHEMA_LIST || t->kind == SCHEMA_SET)
    define_pointee(g, t->item);
  else if (t->kind == SCHEMA_MAP)
    define_entry(g, t);
  else if (t->kind != SCHEMA_TUPLE)
    define_member(g, t);
  for (size_t i = 0; i < t->member_count; i++) define_member(g, t->members[i]);
  const char *name = c_type(g->arena, t);
  if (c_find(g, name) != NULL) return;
  c_remember(g, name, name);
  write_structural(g, t, name);
}

static const schema_type *behind_pointer(const schema_type *t) {
  return t->kind == SCHEMA_OPTIONAL ? t->item : t;
}

static void write_field(c_gen *g, int indent, const schema_field *f) {
  text doc = c_member_doc(g->arena, &f->info, f->type);
  comment(g, indent, doc);
  const char *space = indent == 1 ? "" : "  ";
  if (!f->indirect) {
    if (f->type->kind == SCHEMA_OPTIONAL) emit(g->e, "  %sbool %s;\n", space, c_flag(g->arena, f->name.c));
    emit(g->e, "  %s%s;\n", space, c_member(g->arena, f->type, f->name.c));
    return;
  }
  const char *absent = f->type->kind == SCHEMA_OPTIONAL ? " /* NULL: absent */" : "";
  emit(g->e, "  %sconst %s *%s;%s\n", space, pointee(g, behind_pointer(f->type)), f->name.c, absent);
}

static void define_fields(c_gen *g, const schema_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fields[i].indirect)
      define_pointee(g, behind_pointer(fields[i].type));
    else
      define_member(g, fields[i].type);
}

static void write_fields(c_gen *g, const char *name, const schema_field *fields, size_t count) {
  emit(g->e, "typedef struct %s {\n", name);
  if (count == 0) emit(g->e, "  char unused_; /* C has no empty structs */\n");
  for (size_t i = 0; i < count; i++) write_field(g, 1, &fields[i]);
  emit(g->e, "} %s;\n", name);
}

static bool has_defaults(const schema_decl *d) {
  for (size_t i = 0; i < d->field_count; i++) {
    const schema_type *t = d->fields[i].type;
    if (d->fields[i].value != NULL) return true;
    if (t->kind == SCHEMA_NAMED && t->decl->kind == SCHEMA_STRUCT && !d->fields[i].indirect &&
        has_defaults(t->decl))
      return true;
  }
  return false;
}

/* ".mode = VSS_CABIN_MODE_AUTO", or NULL where zero bytes say the same. */
static const char *initialiser(c_gen *g, const schema_field *f) {
  arena *a = g->arena;
  const schema_type *t = f->type;
  if (f->value == NULL) {
    bool nested =
        t->kind == SCHEMA_NAMED && t->decl->kind == SCHEMA_STRUCT && !f->indirect && has_defaults(t->decl);
    return nested ? arena_printf(a, ".%s = %s_INIT", f->name.c, upper(g, t->decl->name.c)) : NULL;
  }
  const char *value = c_value(a, t, f->value);
  if (value == NULL) return NULL;
  /* A compound literal is no constant; its braces are. */
  if (value[0] == '(' && strchr(value, '{') != NULL)
    value = arena_printf(a, "%.*s", (int)strcspn(strchr(value, '{'), "}") + 1, strchr(value, '{'));
  if (f->value->kind == SCHEMA_VALUE_STRING)
    value = arena_printf(a, "{%s, %zu}", value, f->value->string.size);
  if (t->kind == SCHEMA_OPTIONAL)
    return arena_printf(a, ".%s = true, .%s = %s", c_flag(a, f->name.c), f->name.c, value);
  return arena_printf(a, ".%s = %s", f->name.c, value);
}

static void write_defaults(c_gen *g, const schema_decl *d) {
  if (!has_defaults(d)) return;
  const char *list = NULL;
  for (size_t i = 0; i < d->field_count; i++) {
    const char *one = initialiser(g, &d->fields[i]);
    if (one != NULL) list = list == NULL ? one : arena_printf(g->arena, "%s, %s", list, one);
  }
  const char *name = upper(g, d->name.c);
  emit(g->e, "/* The schema's defaults: `%s value = %s_INIT;` */\n", d->name.c, name);
  c_print_define(g->e, arena_printf(g->arena, "%s_INIT", name),
                 arena_printf(g->arena, "{%s}", list != NULL ? list : "0"));
}

static const char *sum(arena *a, const char *left, const char *right) {
  return left == NULL ? right : right == NULL ? left : arena_printf(a, "%s + %s", left, right);
}

/* Items that a list, set, map or array has at most. */
static const char *most_items(arena *a, const schema_type *t) {
  const char *bound = c_bound(a, t);
  if (t->kind == SCHEMA_ARRAY || c_item_min(t) != 0) return bound;
  if (t->bound == SCHEMA_UNBOUNDED) return "MBR_EMPTY_ITEMS_MAX";
  return arena_printf(a, "(%s < MBR_EMPTY_ITEMS_MAX ? %s : MBR_EMPTY_ITEMS_MAX)", bound, bound);
}

const char *c_arena_size(c_gen *g, const schema_type *t) {
  arena *a = g->arena;
  if (c_is_scalar(t) || c_is_enum(t)) return NULL;
  if (t->kind == SCHEMA_NAMED)
    return t->decl->needs_arena ? arena_printf(a, "%s_ARENA_SIZE", upper(g, t->decl->name.c)) : NULL;
  if (t->kind == SCHEMA_TUPLE) {
    const char *total = NULL;
    for (size_t i = 0; i < t->member_count; i++) total = sum(a, total, c_arena_size(g, t->members[i]));
    return total;
  }
  const char *inside = c_arena_size(g, t->item);
  if (t->kind == SCHEMA_OPTIONAL) return inside;
  if (t->kind == SCHEMA_MAP) inside = sum(a, c_arena_size(g, t->key), inside);
  const char *count = most_items(a, t);
  const char *each = inside == NULL ? NULL : arena_printf(a, "%s * (%s)", count, inside);
  if (t->kind == SCHEMA_ARRAY) return each;
  const char *type = t->kind == SCHEMA_MAP ? c_entry_type(a, t) : c_type(a, t->item);
  const char *items = arena_printf(a, "MBR_ARENA_ROUND(%s * sizeof(%s))", count, type);
  /* Of a set or map also what looking for duplicates takes. */
  if (t->kind != SCHEMA_LIST)
    items = sum(a, items, arena_printf(a, "MBR_ARENA_ROUND(%s * sizeof(size_t))", count));
  return sum(a, items, each);
}

static const char *fields_arena_size(c_gen *g, const schema_field *fields, size_t count) {
  const char *total = NULL;
  for (size_t i = 0; i < count; i++) total = sum(g->arena, total, c_arena_size(g, fields[i].type));
  return total;
}

static void write_sizes(c_gen *g, const schema_decl *d) {
  if (d->wire_max > C_SIZE_MACRO_MAX) return;
  const char *name = upper(g, d->name.c);
  emit(g->e, "#define %s_MAX_SIZE %" PRIu64 "u\n", name, d->wire_max);
  if (!d->needs_arena || d->recursive) return;
  const char *total = fields_arena_size(g, d->fields, d->field_count);
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    if (arm->kind == SCHEMA_ARM_TYPE) total = sum(g->arena, total, c_arena_size(g, arm->type));
    total = sum(g->arena, total, fields_arena_size(g, arm->fields, arm->field_count));
  }
  c_print_define(g->e, arena_printf(g->arena, "%s_ARENA_SIZE", name), arena_printf(g->arena, "(%s)", total));
}

static void write_prototypes(c_gen *g, const schema_decl *d) {
  for (c_codec codec = C_ENCODE; codec <= C_SIZE; codec++) {
    const char *name = arena_printf(g->arena, "%s_%s", d->name.c, c_codec_verb(codec));
    c_print_line(g->e, g->arena, 0, "%s%s;", codec == C_SIZE ? "" : "MBR_MUST_CHECK ",
                 c_signature(g, codec, name, d->name.c, false));
  }
  emit(g->e, "\n");
}

static void write_struct(c_gen *g, const schema_decl *d) {
  define_fields(g, d->fields, d->field_count);
  comment(g, 0, c_doc(g->arena, &d->info));
  write_fields(g, d->name.c, d->fields, d->field_count);
}

static const char *arm_struct(c_gen *g, const schema_decl *d, const schema_arm *arm) {
  return arena_printf(g->arena, "%s_%s", d->name.c, names_snake(g->arena, arm->name.text));
}

static void write_tag(c_gen *g, const schema_decl *d) {
  emit(g->e, "typedef enum %s_tag {\n", d->name.c);
  for (size_t i = 0; i < d->arm_count; i++) {
    comment(g, 1, c_doc(g->arena, &d->arms[i].info));
    c_print_line(g->e, g->arena, 1, "%s = %" PRIu32 "%s", c_arm_tag(g->arena, d, &d->arms[i]),
                 d->arms[i].index, i + 1 < d->arm_count ? "," : "");
  }
  emit(g->e, "} %s_tag;\n\n", d->name.c);
}

static void define_arms(c_gen *g, const schema_decl *d) {
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    if (arm->kind == SCHEMA_ARM_TYPE && arm->indirect) define_pointee(g, behind_pointer(arm->type));
    if (arm->kind == SCHEMA_ARM_TYPE && !arm->indirect) c_define_structural(g, arm->type);
    define_fields(g, arm->fields, arm->field_count);
  }
}

/* Arms with an array field have none: an array cannot be initialised from an expression. */
static bool has_constructor(const schema_arm *arm) {
  for (size_t i = 0; i < arm->field_count; i++) {
    const schema_type *t = arm->fields[i].type;
    if (t->kind == SCHEMA_OPTIONAL) t = t->item;
    if (t->kind == SCHEMA_ARRAY && !arm->fields[i].indirect) return false;
  }
  return true;
}

/* Parameters end with '_', as no name of the schema does, so that they do not replace designators. */
static void write_constructor(c_gen *g, const schema_decl *d, const schema_arm *arm) {
  arena *a = g->arena;
  const char *parameters = NULL, *values = NULL, *name = c_arm_macro(a, d, arm), *tag = c_arm_tag(a, d, arm);
  for (size_t i = 0; i < arm->field_count; i++) {
    const schema_field *f = &arm->fields[i];
    const char *parameter = arena_printf(a, "%s_", f->name.c), *value = arena_printf(a, "(%s_)", f->name.c);
    if (f->type->kind == SCHEMA_OPTIONAL && !f->indirect) {
      parameter = arena_printf(a, "%s_, %s_", c_flag(a, f->name.c), f->name.c);
      value = arena_printf(a, "(%s_), (%s_)", c_flag(a, f->name.c), f->name.c);
    }
    parameters = parameters == NULL ? parameter : arena_printf(a, "%s, %s", parameters, parameter);
    values = values == NULL ? value : arena_printf(a, "%s, %s", values, value);
  }
  if (arm->kind == SCHEMA_ARM_TYPE) {
    parameters = "value_";
    values = "(value_)";
  } else if (values != NULL) {
    values = arena_printf(a, "{%s}", values);
  }
  if (parameters != NULL) name = arena_printf(a, "%s(%s)", name, parameters);
  const char *content = values == NULL ? "" : arena_printf(a, ", .as = {.%s = %s}", arm->name.c, values);
  c_print_define(g->e, name, arena_printf(a, "((%s){.tag = %s%s})", d->name.c, tag, content));
}

static void write_union(c_gen *g, const schema_decl *d) {
  bool content = false;
  define_arms(g, d);
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    if (c_arm_is_empty(arm)) continue;
    content = true;
    if (arm->kind != SCHEMA_ARM_FIELDS) continue;
    write_fields(g, arm_struct(g, d, arm), arm->fields, arm->field_count);
    emit(g->e, "\n");
  }
  write_tag(g, d);
  comment(g, 0, c_doc(g->arena, &d->info));
  emit(g->e, "typedef struct %s {\n  %s_tag tag;\n", d->name.c, d->name.c);
  if (content) emit(g->e, "  union {\n");
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    if (c_arm_is_empty(arm)) continue;
    if (arm->kind == SCHEMA_ARM_FIELDS)
      emit(g->e, "    %s %s;\n", arm_struct(g, d, arm), arm->name.c);
    else if (arm->indirect)
      emit(g->e, "    const %s *%s;%s\n", pointee(g, behind_pointer(arm->type)), arm->name.c,
           arm->type->kind == SCHEMA_OPTIONAL ? " /* NULL: absent */" : "");
    else
      emit(g->e, "    %s %s;\n", c_type(g->arena, arm->type), arm->name.c);
  }
  if (content) emit(g->e, "  } as; /* what `tag` says */\n");
  emit(g->e, "} %s;\n", d->name.c);
}

static void define_decl(c_gen *g, const schema_decl *d) {
  if (g->begun[d->index]) return;
  g->begun[d->index] = true;
  g->open += d->recursive;
  if (d->kind == SCHEMA_STRUCT)
    write_struct(g, d);
  else
    write_union(g, d);
  g->complete[d->index] = true;
  if (d->kind == SCHEMA_STRUCT) write_defaults(g, d);
  for (size_t i = 0; i < d->arm_count; i++)
    if (has_constructor(&d->arms[i])) write_constructor(g, d, &d->arms[i]);
  write_sizes(g, d);
  write_prototypes(g, d);
  g->open -= d->recursive;
  while (g->open == 0 && g->waiting != NULL) {
    c_waiting *w = g->waiting;
    g->waiting = w->next;
    if (w->entry)
      define_entry(g, w->type);
    else
      c_define_structural(g, w->type);
  }
}

static void write_introduction(c_gen *g) {
  const char *title = arena_printf(g->arena, "%s.h — namespace %.*s. Generated by mbrc; do not edit.",
                                   g->ns->name.c, TEXT_ARG(g->ns->name.text));
  const char *codec =
      "For each struct, union and error X:\n"
      "  X_encode  appends `value` to `w`. Fails with MBR_NO_SPACE, or with what is wrong with the value\n"
      "            (MBR_BAD_RANGE, MBR_BAD_ENUM, …); the writer keeps the first error and its place.\n"
      "  X_decode  reads one value from `r`, and trusts nothing it reads. Text and bytes become views into\n"
      "            the input, lists stand in the reader's arena: the value is good for as long as both are.\n"
      "            After an error its content is unspecified.\n"
      "  X_size    is the number of bytes X_encode will append; the largest size_t where none would do.\n"
      "They keep nothing, allocate nothing and may run on any thread, with a writer, reader and value that "
      "no\n"
      "other thread is changing. X_MAX_SIZE and X_ARENA_SIZE are the most bytes a value takes encoded, and\n"
      "decoding takes of an arena; they exist where the schema sets bounds.";
  const char *doc = g->ns->doc.size != 0 ? arena_printf(g->arena, "\n\n%.*s", TEXT_ARG(g->ns->doc)) : "";
  const char *all = arena_printf(g->arena, "%s%s\n\n%s", title, doc, codec);
  comment(g, 0, (text){all, strlen(all)});
}

bool c_has_service(const schema_namespace *ns) {
  for (size_t i = 0; i < ns->decl_count; i++)
    if (ns->decls[i]->kind == SCHEMA_SERVICE) return true;
  return false;
}

/* Whether a service is served by what is written, or called by it. */
static bool is_served(const schema_decl *service, bool client_file) {
  return service->is_host == client_file;
}

static void begin_header(c_gen *g, const char *name) {
  const char *guard = arena_printf(g->arena, "%s_H", upper(g, name));
  emit(g->e, "#ifndef %s\n#define %s\n\n", guard, guard);
}

/* Of the runtime that is compiled with what is generated. */
static void check_version(c_gen *g) {
  emit(g->e, "\n#if MBR_VERSION_NUMBER != %d\n", MBR_VERSION_NUMBER);
  emit(g->e, "#error \"this was generated by mbrc %s, and the runtime has another version: see mbrc vendor\"\n",
       MBRC_VERSION);
  emit(g->e, "#endif\n");
}

static void write_includes(c_gen *g) {
  begin_header(g, g->ns->name.c);
  emit(g->e, "#include \"mbr/core.h\"\n");
  if (g->ns->import_count != 0) emit(g->e, "\n");
  for (size_t i = 0; i < g->ns->import_count; i++)
    emit(g->e, "#include \"%s.h\"\n", g->ns->imports[i]->name.c);
  check_version(g);
}

static void begin_declarations(c_gen *g) { emit(g->e, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"); }

static void end_header(c_gen *g) { emit(g->e, "#ifdef __cplusplus\n}\n#endif\n#endif\n"); }

static void declare_services(c_gen *g, bool client_file) {
  for (size_t i = 0; i < g->ns->decl_count; i++) {
    const schema_decl *d = g->ns->decls[i];
    if (d->kind != SCHEMA_SERVICE) continue;
    bool served = is_served(d, client_file);
    if (served)
      c_declare_service(g, d);
    else
      c_declare_client(g, d);
    if (!g->firmware) continue;
    if (!client_file) c_declare_frames(g, d);
    if (served)
      c_declare_storage(g, d);
    else
      c_declare_answers(g, d);
  }
}

/* What parameters and results are made of, whichever side the service is written for. */
static void define_method_types(c_gen *g, const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_type *t = m->params[i].type;
    c_define_structural(g, t->kind == SCHEMA_OPTIONAL ? t->item : t);
  }
  if (m->result == NULL) return;
  const schema_type *t = m->result->kind == SCHEMA_OPTIONAL ? m->result->item : m->result;
  c_define_structural(g, t->kind == SCHEMA_ARRAY && !m->result_is_stream ? t->item : t);
}

static void define_service_types(c_gen *g) {
  for (size_t i = 0; i < g->ns->decl_count; i++)
    for (size_t k = 0; k < g->ns->decls[i]->method_count; k++)
      define_method_types(g, &g->ns->decls[i]->methods[k]);
}

void c_write_header(c_gen *g) {
  const schema_namespace *ns = g->ns;
  write_introduction(g);
  write_includes(g);
  begin_declarations(g);
  for (size_t i = 0; i < ns->sorted_count; i++)
    if (ns->sorted[i]->kind == SCHEMA_ENUM || ns->sorted[i]->kind == SCHEMA_FLAGS)
      write_enum(g, ns->sorted[i]);
  bool constants = false;
  for (size_t i = 0; i < ns->decl_count; i++) {
    if (ns->decls[i]->kind != SCHEMA_CONST) continue;
    write_constant(g, ns->decls[i]);
    constants = true;
  }
  if (constants) emit(g->e, "\n");
  for (size_t i = 0; i < ns->sorted_count; i++)
    if (ns->sorted[i]->kind != SCHEMA_ENUM && ns->sorted[i]->kind != SCHEMA_FLAGS)
      define_decl(g, ns->sorted[i]);
  define_service_types(g);
  declare_services(g, false);
  end_header(g);
}

void c_write_client_header(c_gen *g) {
  const char *title = arena_printf(g->arena,
                                   "%s_client.h — the other side of the services of namespace %.*s: clients "
                                   "of those that C serves, and the "
                                   "serving side of those that C calls. With it C code is tested without "
                                   "Dart, or calls C elsewhere. Generated by "
                                   "mbrc; do not edit.",
                                   g->ns->name.c, TEXT_ARG(g->ns->name.text));
  comment(g, 0, (text){title, strlen(title)});
  begin_header(g, arena_printf(g->arena, "%s_client", g->ns->name.c));
  emit(g->e, "#include \"%s.h\"\n", g->ns->name.c);
  begin_declarations(g);
  declare_services(g, true);
  end_header(g);
}
