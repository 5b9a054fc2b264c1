/* lib/src/<ns>_codec.dart: an encoder and a decoder for every type. They call wire.dart for one value
 * each, which names the place an error is reported at; a run of scalars needs no check of its own, since
 * the VM inlines those calls. Knows no calls and no frames. */
#include "dart.h"

/* How a scalar is called in wire.dart: readU8, writeU8. `checked`: writing it can fail, so it is told where.
 */
typedef struct wire_name {
  const char *name;
  bool checked;
} wire_name;

static wire_name wire_of(const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_BOOL: return (wire_name){"Bool", false};
  case SCHEMA_I8: return (wire_name){"I8", true};
  case SCHEMA_I16: return (wire_name){"I16", true};
  case SCHEMA_I32: return (wire_name){"I32", true};
  case SCHEMA_I64: return (wire_name){"I64", false};
  case SCHEMA_I128: return (wire_name){"I128", true};
  case SCHEMA_U8: return (wire_name){"U8", true};
  case SCHEMA_U16: return (wire_name){"U16", true};
  case SCHEMA_U32: return (wire_name){"U32", true};
  case SCHEMA_U64: return (wire_name){t->dart_int ? "U64Int" : "U64", true};
  case SCHEMA_U128: return (wire_name){"U128", true};
  case SCHEMA_F32: return (wire_name){"F32", true};
  case SCHEMA_F64: return (wire_name){"F64", false};
  case SCHEMA_CHAR: return (wire_name){"Char", true};
  case SCHEMA_TIMESTAMP: return (wire_name){"Timestamp", false};
  case SCHEMA_UUID: return (wire_name){"Uuid", false};
  case SCHEMA_DURATION: return (wire_name){"Duration", false};
  case SCHEMA_STRING: return (wire_name){"String", true};
  default: return (wire_name){"Bytes", true};
  }
}

static const char *max_argument(arena *a, const schema_type *t) {
  return t->bound == SCHEMA_UNBOUNDED ? "" : arena_printf(a, ", max: %llu", (unsigned long long)t->bound);
}

/* ", min: 0, max: 100" */
static const char *range_arguments(dart_file *f, const schema_type *t) {
  arena *a = f->package->arena;
  const schema_range *r = t->range;
  const char *min = r->has_min ? arena_printf(a, ", min: %s", dart_bound(f, t, &r->min)) : "";
  const char *max = dart_max(t) != NULL ? arena_printf(a, ", max: %s", dart_bound(f, t, dart_max(t))) : "";
  return arena_printf(a, "%s%s", min, max);
}

/* The check that a range asks for around `value`: a number, or where `many` is not empty typed data. */
static const char *in_range(dart_file *f, const char *side, const schema_type *t, const char *value,
                            const char *at, const char *many) {
  arena *a = f->package->arena;
  bool is_writer = strcmp(side, "writer") == 0;
  const char *limits = t->range == NULL ? "" : range_arguments(f, t);
  /* One number that is to fit an int is checked as it is read or written. */
  if (t->dart_int && *many != '\0' && (t->range == NULL || !t->range->has_min))
    limits = arena_printf(a, ", min: 0%s", limits);
  if (*limits == '\0') return value;
  const char *kind = dart_is_big(t)                                   ? "BigInt"
                     : t->kind == SCHEMA_F32 || t->kind == SCHEMA_F64 ? "Double"
                                                                      : "Int";
  if (t->kind == SCHEMA_F32 && *many == '\0' && is_writer) kind = "Single"; /* rounded first */
  const char *size = is_writer ? "" : arena_printf(a, "%llu, ", (unsigned long long)t->wire_min);
  return arena_printf(a, "%s.check%s%s(%s%s, '%s'%s)", side, kind, many, size, value, at, limits);
}

/* A union of more arms has functions for them, so that its switches have a line an arm. */
#ifndef ARMS_A_FUNCTION
#define ARMS_A_FUNCTION 40u
#endif

static const char *encode(dart_file *f, const schema_type *t, const char *value, const char *at);

/* (writer, item) => …, or the name of a function that does it. */
static const char *item_encoder(dart_file *f, const schema_type *item) {
  if (item->kind == SCHEMA_NAMED) return dart_encoder(f, item->decl);
  arena *a = f->package->arena;
  const char *statement = encode(f, item, "item", "");
  size_t size = strlen(statement);
  bool is_block = item->kind == SCHEMA_OPTIONAL || item->kind == SCHEMA_TUPLE;
  if (is_block) return arena_printf(a, "(writer, item) { %s }", statement);
  return arena_printf(a, "(writer, item) => %.*s", (int)(size - 1), statement);
}

/* Least bytes of an item of a list, or of a map. */
static unsigned long long least_size(const schema_type *t) {
  uint64_t key = t->kind == SCHEMA_MAP ? t->key->wire_min : 0;
  return key + t->item->wire_min;
}

static const char *encode_list(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  bool is_array = t->kind == SCHEMA_ARRAY;
  const char *size = is_array ? arena_printf(a, ", %llu", (unsigned long long)t->bound) : max_argument(a, t);
  if (!is_array && least_size(t) == 0) size = arena_printf(a, ", minSize: 0%s", size);
  if (dart_typed_list(t) != NULL) {
    /* What writeNumbers takes does not tell which list it is. */
    value = in_range(f, "writer", t->item, value, at,
                     arena_printf(a, "s<%s>", dart_typed_data(f, dart_typed_list(t))));
    return arena_printf(a, "writer.write%s(%s, '%s'%s);", is_array ? "NumberArray" : "Numbers", value, at,
                        size);
  }
  const char *items = item_encoder(f, t->item);
  if (is_array) return arena_printf(a, "writer.writeArray(%s, '%s'%s, %s);", value, at, size, items);
  if (t->kind == SCHEMA_MAP) items = arena_printf(a, "%s, %s", item_encoder(f, t->key), items);
  const char *kind = t->kind == SCHEMA_LIST ? "List" : t->kind == SCHEMA_SET ? "Set" : "Map";
  return arena_printf(a, "writer.write%s(%s, '%s', %s%s);", kind, value, at, items, size);
}

/* The variable that holds a value known not to be null: named like the field it comes from. */
static const char *present_name(const char *value) {
  const char *dot = strrchr(value, '.');
  const char *name = dot == NULL ? value : dot + 1;
  if (strcmp(name, "writer") == 0 || strcmp(name, "$writer") == 0) return "$writer";
  /* $1 is a member of a record; the other two cannot name what a pattern declares. */
  bool is_taken = name[0] == '$' || strcmp(name, "as") == 0 || strcmp(name, "when") == 0;
  return is_taken ? "item" : name;
}

static const char *encode_tuple(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  const char *all = "";
  for (size_t i = 0; i < t->member_count; i++) {
    const char *one = encode(f, t->members[i], arena_printf(a, "%s.$%zu", value, i + 1), at);
    all = arena_printf(a, "%s%s%s", all, i > 0 ? " " : "", one);
  }
  return all;
}

static const char *encode_optional(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  const char *name = present_name(value);
  const char *inner = encode(f, t->item, name, at);
  const char *format = t->item->kind == SCHEMA_TUPLE ? "if (writer.writeOption(%s) case final %s?) { %s }"
                                                     : "if (writer.writeOption(%s) case final %s?) %s";
  return arena_printf(a, format, value, name, inner);
}

static bool is_number(const schema_decl *d) { return d->kind == SCHEMA_ENUM || d->kind == SCHEMA_FLAGS; }

/* A closed enum has no number that could not be written. */
static bool can_fail(const schema_decl *d) { return d->kind == SCHEMA_FLAGS || d->is_open; }

static const char *encode_named(dart_file *f, const schema_decl *d, const char *value, const char *at) {
  arena *a = f->package->arena;
  const char *encoder = dart_encoder(f, d);
  if (*at == '\0' || (is_number(d) && !can_fail(d)))
    return arena_printf(a, "%s(writer, %s);", encoder, value);
  if (is_number(d)) return arena_printf(a, "%s(writer, %s, '%s');", encoder, value, at);
  return arena_printf(a, "writer.writeStruct(%s, '%s', %s);", value, at, encoder);
}

static const char *encode(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  switch (t->kind) {
  case SCHEMA_OPTIONAL: return encode_optional(f, t, value, at);
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP:
  case SCHEMA_ARRAY: return encode_list(f, t, value, at);
  case SCHEMA_TUPLE: return encode_tuple(f, t, value, at);
  case SCHEMA_NAMED: return encode_named(f, t->decl, value, at);
  default: break;
  }
  wire_name wire = wire_of(t);
  value = in_range(f, "writer", t, value, at, "");
  const char *where = wire.checked ? arena_printf(a, ", '%s'", at) : "";
  const char *max = t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES ? max_argument(a, t) : "";
  return arena_printf(a, "writer.write%s(%s%s%s);", wire.name, value, where, max);
}

static const char *item_decoder(dart_file *f, const schema_type *item) {
  if (item->kind == SCHEMA_NAMED) return dart_decoder(f, item->decl);
  return arena_printf(f->package->arena, "(reader) => %s", dart_decode(f, item, ""));
}

/* F32List, for readF32List: what the typed-data class is called on the wire. */
static const char *number_name(const schema_type *t) {
  return t->item->dart_int ? "I64" : wire_of(t->item).name;
}

static const char *decode_list(dart_file *f, const schema_type *t, const char *at) {
  arena *a = f->package->arena;
  bool is_array = t->kind == SCHEMA_ARRAY;
  const char *size = is_array ? arena_printf(a, ", %llu", (unsigned long long)t->bound) : max_argument(a, t);
  if (dart_typed_list(t) != NULL) {
    const char *list =
        arena_printf(a, "reader.read%s%s('%s'%s)", number_name(t), is_array ? "Array" : "List", at, size);
    return in_range(f, "reader", t->item, list, at, "s");
  }
  const char *items = item_decoder(f, t->item);
  if (is_array) return arena_printf(a, "reader.readArray('%s'%s, %s)", at, size, items);
  if (t->kind == SCHEMA_MAP) items = arena_printf(a, "%s, %s", item_decoder(f, t->key), items);
  const char *kind = t->kind == SCHEMA_LIST ? "List" : t->kind == SCHEMA_SET ? "Set" : "Map";
  return arena_printf(a, "reader.read%s('%s', %s, minSize: %llu%s)", kind, at, items, least_size(t), size);
}

static const char *decode_tuple(dart_file *f, const schema_type *t, const char *at) {
  arena *a = f->package->arena;
  const char *all = dart_decode(f, t->members[0], at);
  for (size_t i = 1; i < t->member_count; i++)
    all = arena_printf(a, "%s, %s", all, dart_decode(f, t->members[i], at));
  return arena_printf(a, "(%s%s)", all, t->member_count == 1 ? "," : "");
}

static const char *decode_named(dart_file *f, const schema_decl *d, const char *at) {
  arena *a = f->package->arena;
  const char *decoder = dart_decoder(f, d);
  if (*at == '\0') return arena_printf(a, "%s(reader)", decoder);
  if (is_number(d)) return arena_printf(a, "%s(reader, '%s')", decoder, at);
  return arena_printf(a, "reader.readStruct('%s', %s)", at, decoder);
}

const char *dart_decode(dart_file *f, const schema_type *t, const char *at) {
  arena *a = f->package->arena;
  const char *where = *at == '\0' ? "" : arena_printf(a, "'%s'", at);
  switch (t->kind) {
  case SCHEMA_OPTIONAL:
    return arena_printf(a, "reader.readOption(%s) ? %s : null", where, dart_decode(f, t->item, at));
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP:
  case SCHEMA_ARRAY: return decode_list(f, t, at);
  case SCHEMA_TUPLE: return decode_tuple(f, t, at);
  case SCHEMA_NAMED: return decode_named(f, t->decl, at);
  case SCHEMA_STRING:
  case SCHEMA_BYTES: return arena_printf(a, "reader.read%s('%s'%s)", wire_of(t).name, at, max_argument(a, t));
  default: break;
  }
  const char *value = arena_printf(a, "reader.read%s(%s)", wire_of(t).name, where);
  return in_range(f, "reader", t, value, at, "");
}

void dart_encode(dart_file *f, unsigned indent, const schema_type *t, const char *value, const char *at) {
  if (t->kind == SCHEMA_TUPLE) {
    for (size_t i = 0; i < t->member_count; i++)
      dart_encode(f, indent, t->members[i], arena_printf(f->package->arena, "%s.$%zu", value, i + 1), at);
  } else if (t->kind == SCHEMA_OPTIONAL && t->item->kind == SCHEMA_TUPLE) {
    const char *name = present_name(value);
    dart_line(f, indent, "if (writer.writeOption(%s) case final %s?) {", value, name);
    dart_encode(f, indent + 2, t->item, name, at);
    dart_line(f, indent, "}");
  } else {
    dart_line(f, indent, "%s", encode(f, t, value, at));
  }
}

static void put_encode_fields(dart_file *f, unsigned indent, const char *owner, const schema_field *fields,
                              size_t count) {
  arena *a = f->package->arena;
  for (size_t i = 0; i < count; i++) {
    const char *name = fields[i].name.dart;
    const char *value = arena_printf(a, "value.%s", name);
    dart_encode(f, indent, fields[i].type, value, arena_printf(a, "%s.%s", owner, name));
  }
}

/* Named arguments are evaluated in the order they are written in: the order on the wire. */
static void put_decode_fields(dart_file *f, unsigned indent, const char *owner, const schema_field *fields,
                              size_t count) {
  arena *a = f->package->arena;
  for (size_t i = 0; i < count; i++) {
    const char *name = fields[i].name.dart;
    dart_line(f, indent, "%s: %s,", name,
              dart_decode(f, fields[i].type, arena_printf(a, "%s.%s", owner, name)));
  }
}

/* What types that contain each other are counted under. */
static const char *cycle_of(dart_file *f, const schema_decl *d) {
  return arena_printf(f->package->arena, "%.*s.%s", TEXT_ARG(d->ns->name.text), d->cycle->name.dart);
}

/* The first line of an encoder or decoder. A recursive type's stands behind one that counts the depth. */
static void open_encoder(dart_file *f, const schema_decl *d) {
  const char *name = d->name.dart;
  const char *class = dart_decl(f, d);
  if (d->recursive) {
    dart_put(f, "\n");
    dart_line(f, 0,
              "void encode%s(MbrWriter writer, %s value) => writer.nest('%s', %u, '%s', value, _encode%s);",
              name, class, cycle_of(f, d), d->max_depth, name, name);
  }
  dart_put(f, "\n");
  dart_line(f, 0, "void %sencode%s(MbrWriter writer, %s value) {", d->recursive ? "_" : "", name, class);
}

static void open_decoder(dart_file *f, const schema_decl *d) {
  const char *name = d->name.dart;
  const char *class = dart_decl(f, d);
  if (d->recursive) {
    dart_put(f, "\n");
    dart_line(f, 0, "%s decode%s(MbrReader reader) => reader.nest('%s', %u, '%s', _decode%s);", class, name,
              cycle_of(f, d), d->max_depth, name, name);
  }
  dart_put(f, "\n");
  dart_line(f, 0, "%s %sdecode%s(MbrReader reader) {", class, d->recursive ? "_" : "", name);
}

static void put_struct(dart_file *f, const schema_decl *d) {
  const char *name = d->name.dart;
  const char *class = dart_decl(f, d);
  if (d->field_count == 0) {
    dart_put(f, "\nvoid encode%s(MbrWriter writer, %s value) {}\n", name, class);
    dart_put(f, "\n%s decode%s(MbrReader reader) => const %s();\n", class, name, class);
    return;
  }
  open_encoder(f, d);
  put_encode_fields(f, 2, name, d->fields, d->field_count);
  dart_line(f, 0, "}");
  open_decoder(f, d);
  dart_line(f, 2, "return %s(", class);
  put_decode_fields(f, 4, name, d->fields, d->field_count);
  dart_line(f, 2, ");");
  dart_line(f, 0, "}");
}

static void put_encode_arm(dart_file *f, unsigned indent, const schema_arm *arm) {
  arena *a = f->package->arena;
  const char *name = arm->name.dart;
  dart_line(f, indent, "writer.writeU32(%u);", arm->index);
  if (arm->kind == SCHEMA_ARM_FIELDS) put_encode_fields(f, indent, name, arm->fields, arm->field_count);
  if (arm->kind != SCHEMA_ARM_TYPE) return;
  const char *member = dart_arm_member(f, arm);
  dart_encode(f, indent, arm->type, arena_printf(a, "value.%s", member),
              arena_printf(a, "%s.%s", name, member));
}

static void put_decode_arm(dart_file *f, const schema_arm *arm, bool is_apart) {
  const char *name = arm->name.dart;
  if (arm->kind == SCHEMA_ARM_TYPE) {
    const char *at = arena_printf(f->package->arena, "%s.%s", name, dart_arm_member(f, arm));
    dart_line(f, 4, "%u => %s(%s),", arm->index, name, dart_decode(f, arm->type, at));
  } else if (arm->kind == SCHEMA_ARM_BARE || arm->field_count == 0) {
    dart_line(f, 4, "%u => const %s(),", arm->index, name);
  } else if (is_apart) {
    dart_line(f, 4, "%u => _decode%s(reader),", arm->index, name);
  } else {
    dart_line(f, 4, "%u => %s(", arm->index, name);
    put_decode_fields(f, 8, name, arm->fields, arm->field_count);
    dart_line(f, 6, "),");
  }
}

/* The functions for one arm of a union of many. */
static void put_arm_functions(dart_file *f, const schema_arm *arm) {
  const char *name = arm->name.dart;
  dart_put(f, "\n");
  dart_line(f, 0, "void _encode%s(MbrWriter writer, %s value) {", name, name);
  put_encode_arm(f, 2, arm);
  dart_line(f, 0, "}");
  if (arm->field_count == 0) return;
  dart_put(f, "\n");
  dart_line(f, 0, "%s _decode%s(MbrReader reader) {", name, name);
  dart_line(f, 2, "return %s(", name);
  put_decode_fields(f, 4, name, arm->fields, arm->field_count);
  dart_line(f, 2, ");");
  dart_line(f, 0, "}");
}

static void put_sealed(dart_file *f, const schema_decl *d) {
  bool are_apart = d->arm_count > ARMS_A_FUNCTION;
  for (size_t i = 0; are_apart && i < d->arm_count; i++) put_arm_functions(f, &d->arms[i]);
  open_encoder(f, d);
  dart_line(f, 2, "switch (value) {");
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    dart_line(f, 4, "case %s():%s", arm->name.dart,
              are_apart ? arena_printf(f->package->arena, " _encode%s(writer, value);", arm->name.dart) : "");
    if (!are_apart) put_encode_arm(f, 6, arm);
  }
  dart_line(f, 2, "}");
  dart_line(f, 0, "}");
  open_decoder(f, d);
  dart_line(f, 2, "return switch (reader.readU32('%s')) {", d->name.dart);
  for (size_t i = 0; i < d->arm_count; i++) put_decode_arm(f, &d->arms[i], are_apart);
  dart_line(f, 4, "_ => reader.failAt(4, MbrStatus.badArm, '%s'),", d->name.dart);
  dart_line(f, 2, "};");
  dart_line(f, 0, "}");
  dart_use(f, "mbr/exceptions.dart", NULL, NULL);
}

/* How the number of an enum or of flags is called in wire.dart: `value` and `bits` are an int, which holds
 * the bits of a u64. */
static wire_name number_of(const schema_decl *d) {
  return d->type->kind == SCHEMA_U64 ? (wire_name){"I64", false} : wire_of(d->type);
}

/* What is more than its number: flags and open enums, which take any. */
static void put_open_number(dart_file *f, const schema_decl *d, const char *member) {
  const char *name = dart_decl(f, d);
  wire_name wire = number_of(d);
  dart_line(f, 0, "void encode%s(MbrWriter writer, %s value, [%s at = '%s']) => writer.write%s(value.%s%s);",
            name, name, dart_core(f, "String"), name, wire.name, member, wire.checked ? ", at" : "");
  dart_put(f, "\n");
  dart_line(f, 0, "%s decode%s(MbrReader reader, [%s at = '%s']) => %s(reader.read%s(at));", name, name,
            dart_core(f, "String"), name, name, wire.name);
}

static void put_closed_number(dart_file *f, const schema_decl *d) {
  const char *name = dart_decl(f, d);
  wire_name wire = number_of(d);
  dart_line(f, 0, "void encode%s(MbrWriter writer, %s value) => writer.write%s(value.value);", name, name,
            wire.name);
  dart_put(f, "\n");
  dart_line(f, 0, "%s decode%s(MbrReader reader, [%s at = '%s']) => switch (reader.read%s(at)) {", name, name,
            dart_core(f, "String"), name, wire.name);
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    dart_line(f, 6, "%s => %s.%s,", dart_member_value(f, d, m), name, m->name.dart);
  }
  dart_line(f, 6, "_ => reader.failAt(%llu, MbrStatus.badEnum, at),", (unsigned long long)d->type->wire_min);
  dart_line(f, 4, "};");
  dart_use(f, "mbr/exceptions.dart", NULL, NULL);
}

static void put_index(dart_file *f, const schema_decl *d) {
  const char *name = dart_decl(f, d);
  dart_line(f, 0, "void encode%s(MbrWriter writer, %s value) => writer.writeU32(value.index);", name, name);
  dart_put(f, "\n");
  dart_line(f, 0, "%s decode%s(MbrReader reader, [%s at = '%s']) => reader.readIndex(at, %s.values);", name,
            name, dart_core(f, "String"), name, name);
}

static void put_enum(dart_file *f, const schema_decl *d) {
  dart_put(f, "\n");
  if (d->is_open) {
    put_open_number(f, d, "value");
  } else if (d->has_explicit_type) {
    put_closed_number(f, d);
  } else {
    put_index(f, d);
  }
}

static void put_flags(dart_file *f, const schema_decl *d) {
  dart_put(f, "\n");
  put_open_number(f, d, "bits");
}

static void put_codecs(dart_file *f) {
  dart_use(f, "mbr/wire.dart", NULL, NULL);
  for (size_t i = 0; i < f->ns->decl_count; i++) {
    const schema_decl *d = f->ns->decls[i];
    if (d->kind == SCHEMA_ENUM) put_enum(f, d);
    if (d->kind == SCHEMA_FLAGS) put_flags(f, d);
    if (d->kind == SCHEMA_STRUCT) put_struct(f, d);
    if (d->kind == SCHEMA_UNION || d->kind == SCHEMA_ERROR) put_sealed(f, d);
  }
}

bool dart_has_codecs(const schema_namespace *ns) { return ns->sorted_count > 0; }

void dart_codec(dart_package *p, const schema_namespace *ns) {
  if (!dart_has_codecs(ns)) return;
  const char *doc = arena_printf(p->arena, "How the types of %.*s travel.", TEXT_ARG(ns->name.text));
  dart_write_file(p, ns, "codec", doc, put_codecs);
}
