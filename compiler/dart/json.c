/* toJson and fromJson of the classes in lib/src/<ns>_types.dart, spelled with what json.dart offers. The
 * JSON form itself is described there. Knows neither bytes nor calls. */
#include "dart.h"

static const char *to_json(dart_file *f, const schema_type *t, const char *x);
static const char *from_json(dart_file *f, const schema_type *t, const char *x);

/* Is a value of this type JSON as it stands? */
static bool is_json(const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_BOOL:
  case SCHEMA_I8:
  case SCHEMA_I16:
  case SCHEMA_I32:
  case SCHEMA_U8:
  case SCHEMA_U16:
  case SCHEMA_U32:
  case SCHEMA_CHAR:
  case SCHEMA_STRING: return true;
  case SCHEMA_OPTIONAL:
  case SCHEMA_LIST:
  case SCHEMA_ARRAY: return is_json(t->item);
  case SCHEMA_MAP: return t->key->kind == SCHEMA_STRING && is_json(t->item);
  default: return false;
  }
}

/* The function of MbrJson for a scalar. */
static const char *maker(const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_I64: return "int64";
  case SCHEMA_U64: return t->dart_int ? "int64" : "bigInt";
  case SCHEMA_I128:
  case SCHEMA_U128: return "bigInt";
  case SCHEMA_F32:
  case SCHEMA_F64: return "real";
  case SCHEMA_BYTES: return "bytes";
  case SCHEMA_TIMESTAMP: return "timestamp";
  case SCHEMA_DURATION: return "duration";
  default: return NULL;
  }
}

/* A function from an item to its JSON. */
static const char *item_maker(dart_file *f, const schema_type *item) {
  arena *a = f->package->arena;
  if (maker(item) != NULL) return arena_printf(a, "MbrJson.%s", maker(item));
  return arena_printf(a, "(item) => %s", to_json(f, item, "item"));
}

static const char *tuple_to_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  const char *all = "";
  for (size_t i = 0; i < t->member_count; i++) {
    const char *one = to_json(f, t->members[i], arena_printf(a, "%s.$%zu", x, i + 1));
    all = arena_printf(a, "%s%s%s", all, i > 0 ? ", " : "", one);
  }
  return arena_printf(a, "[%s]", all);
}

/* What is absent stays null. */
static const char *optional_to_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  switch (t->kind) {
  case SCHEMA_NAMED:
  case SCHEMA_UUID: return arena_printf(a, "%s?.toJson()", x);
  case SCHEMA_SET:
    if (is_json(t->item)) return arena_printf(a, "%s?.toList()", x);
    return to_json(f, t, x);
  case SCHEMA_TUPLE: return arena_printf(a, "MbrJson.optional(%s, %s)", x, item_maker(f, t));
  default: return to_json(f, t, x);
  }
}

static const char *to_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  if (is_json(t)) return x;
  switch (t->kind) {
  case SCHEMA_NAMED:
  case SCHEMA_UUID: return arena_printf(a, "%s.toJson()", x);
  case SCHEMA_OPTIONAL: return optional_to_json(f, t->item, x);
  case SCHEMA_TUPLE: return tuple_to_json(f, t, x);
  case SCHEMA_SET:
    if (is_json(t->item)) return arena_printf(a, "%s.toList()", x);
    return arena_printf(a, "MbrJson.list(%s, %s)", x, item_maker(f, t->item));
  case SCHEMA_LIST:
  case SCHEMA_ARRAY: return arena_printf(a, "MbrJson.list(%s, %s)", x, item_maker(f, t->item));
  case SCHEMA_MAP:
    if (t->key->kind == SCHEMA_STRING)
      return arena_printf(a, "MbrJson.object(%s, %s)", x, item_maker(f, t->item));
    return arena_printf(a, "MbrJson.entries(%s, %s, %s)", x, item_maker(f, t->key), item_maker(f, t->item));
  default: return arena_printf(a, "MbrJson.%s(%s)", maker(t), x);
  }
}

/* "(min: 0, max: 4)", with what there is of it */
static const char *limits(dart_file *f, const schema_type *t) {
  arena *a = f->package->arena;
  const schema_range *r = t->range;
  bool has_min = r != NULL && r->has_min;
  const char *min = has_min       ? arena_printf(a, "min: %s", dart_bound(f, t, &r->min))
                    : t->dart_int ? "min: 0"
                                  : "";
  const char *max = dart_max(t) != NULL ? arena_printf(a, "max: %s", dart_bound(f, t, dart_max(t))) : "";
  return arena_printf(a, "(%s%s%s)", min, *min != '\0' && *max != '\0' ? ", " : "", max);
}

/* x.integer(0, 255) */
static const char *small_integer(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  const schema_range *r = t->range;
  bool is_signed = t->kind >= SCHEMA_I8 && t->kind <= SCHEMA_I32;
  unsigned bits = 8 * (unsigned)t->wire_min - (is_signed ? 1 : 0);
  unsigned long long end = 1ull << bits;
  const char *min = is_signed ? arena_printf(a, "-%llu", end) : "0";
  const char *max = arena_printf(a, "%llu", end - 1);
  if (r != NULL && r->has_min) min = dart_bound(f, t, &r->min);
  if (r != NULL && r->has_max) max = dart_bound(f, t, &r->max);
  return arena_printf(a, "%s.integer(%s, %s)", x, min, max);
}

/* A function from a place in JSON to the item there. */
static const char *item_reader(dart_file *f, const schema_type *item) {
  if (item->kind == SCHEMA_NAMED)
    return arena_printf(f->package->arena, "%s.fromJson", dart_decl(f, item->decl));
  return arena_printf(f->package->arena, "(item) => %s", from_json(f, item, "item"));
}

static const char *collection_from_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  const char *items = item_reader(f, t->item);
  const char *max =
      t->bound == SCHEMA_UNBOUNDED ? "" : arena_printf(a, ", max: %llu", (unsigned long long)t->bound);
  switch (t->kind) {
  case SCHEMA_ARRAY: return arena_printf(a, "%s.array(%llu, %s)", x, (unsigned long long)t->bound, items);
  case SCHEMA_SET: return arena_printf(a, "%s.set(%s%s)", x, items, max);
  case SCHEMA_MAP: {
    const char *how = t->key->kind == SCHEMA_STRING ? "object" : "entries";
    return arena_printf(a, "%s.%s(%s, %s%s)", x, how, item_reader(f, t->key), items, max);
  }
  default: return arena_printf(a, "%s.list(%s%s)", x, items, max);
  }
}

static const char *tuple_from_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  const char *all = "";
  for (size_t i = 0; i < t->member_count; i++) {
    const char *one = from_json(f, t->members[i], arena_printf(a, "item[%zu]", i));
    all = arena_printf(a, "%s%s%s", all, i > 0 ? ", " : "", one);
  }
  const char *comma = t->member_count == 1 ? "," : "";
  return arena_printf(a, "%s.tuple(%zu, (item) => (%s%s))", x, t->member_count, all, comma);
}

static const char *scalar_from_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  const char *max = t->bound == SCHEMA_UNBOUNDED || (t->kind != SCHEMA_STRING && t->kind != SCHEMA_BYTES)
                        ? ""
                        : arena_printf(a, "max: %llu", (unsigned long long)t->bound);
  switch (t->kind) {
  case SCHEMA_BOOL: return arena_printf(a, "%s.boolean()", x);
  case SCHEMA_I64: return arena_printf(a, "%s.int64%s", x, limits(f, t));
  case SCHEMA_U64: return arena_printf(a, "%s.%s%s", x, t->dart_int ? "int64" : "u64", limits(f, t));
  case SCHEMA_I128: return arena_printf(a, "%s.i128%s", x, limits(f, t));
  case SCHEMA_U128: return arena_printf(a, "%s.u128%s", x, limits(f, t));
  case SCHEMA_F32: return arena_printf(a, "%s.single%s", x, limits(f, t));
  case SCHEMA_F64: return arena_printf(a, "%s.real%s", x, limits(f, t));
  case SCHEMA_CHAR: return arena_printf(a, "%s.char()", x);
  case SCHEMA_STRING: return arena_printf(a, "%s.string(%s)", x, max);
  case SCHEMA_BYTES: return arena_printf(a, "%s.bytes(%s)", x, max);
  case SCHEMA_UUID: return arena_printf(a, "%s.uuid()", x);
  case SCHEMA_TIMESTAMP: return arena_printf(a, "%s.timestamp()", x);
  case SCHEMA_DURATION: return arena_printf(a, "%s.duration()", x);
  default: return small_integer(f, t, x);
  }
}

static const char *from_json(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  switch (t->kind) {
  case SCHEMA_NAMED: return arena_printf(a, "%s.fromJson(%s)", dart_decl(f, t->decl), x);
  case SCHEMA_OPTIONAL: return arena_printf(a, "%s.optional(%s)", x, item_reader(f, t->item));
  case SCHEMA_TUPLE: return tuple_from_json(f, t, x);
  case SCHEMA_LIST:
  case SCHEMA_ARRAY:
  case SCHEMA_SET:
  case SCHEMA_MAP: {
    const char *items = collection_from_json(f, t, x);
    const char *typed = dart_typed_list(t);
    return typed == NULL ? items : arena_printf(a, "%s.fromList(%s)", dart_typed_data(f, typed), items);
  }
  default: return scalar_from_json(f, t, x);
  }
}

static const char *json_key(dart_file *f, const schema_name *name) {
  return dart_string(f->package->arena, name->text);
}

/* fields(const ['zone', 'celsius']); — the last line of what reads an object. */
static void put_fields_call(dart_file *f, const char *start, const dart_class *c) {
  const char **names = ARENA_ARRAY(f->package->arena, const char *, c->field_count + 1);
  for (size_t i = 0; i < c->field_count; i++) names[i] = json_key(f, &c->fields[i].name);
  dart_list(f, 4, arena_printf(f->package->arena, "%s.fields(const [", start), names, c->field_count, "]);");
}

static void put_object_reader(dart_file *f, const dart_class *c, const char *start) {
  arena *a = f->package->arena;
  if (c->field_count == 0) {
    put_fields_call(f, start, c);
    dart_line(f, 4, "return const %s();", c->name);
    return;
  }
  put_fields_call(f, arena_printf(a, "final fields = %s", start), c);
  dart_line(f, 4, "return %s(", c->name);
  for (size_t i = 0; i < c->field_count; i++) {
    const schema_field *field = &c->fields[i];
    const char *at = arena_printf(a, "fields[%s]", json_key(f, &field->name));
    dart_line(f, 6, "%s: %s,", field->name.dart, from_json(f, field->type, at));
  }
  dart_line(f, 4, ");");
}

void dart_put_from_json(dart_file *f, const dart_class *c) {
  dart_use(f, "mbr/json.dart", NULL, NULL);
  if (c->arm == NULL) {
    dart_put(f, "\n");
    dart_doc(f, 2, TEXT("From what [toJson] gives; throws [MbrJsonException] for anything else."), NULL);
    dart_line(f, 2, "factory %s.fromJson(%s? json) {", c->name, dart_core(f, "Object"));
    put_object_reader(f, c, arena_printf(f->package->arena, "MbrJsonReader.of(json, '%s')", c->name));
    dart_put(f, "  }\n");
  } else if (c->arm->kind == SCHEMA_ARM_FIELDS) {
    dart_put(f, "\n");
    dart_line(f, 2, "factory %s._fromJson(MbrJsonReader json) {", c->name);
    put_object_reader(f, c, "json");
    dart_put(f, "  }\n");
  }
}

/* The object of a struct, or of an arm with fields: `open` to `close`. */
static void put_object(dart_file *f, const dart_class *c, const char *open, const char *close) {
  arena *a = f->package->arena;
  const char **items = ARENA_ARRAY(a, const char *, c->field_count + 1);
  for (size_t i = 0; i < c->field_count; i++) {
    const schema_field *field = &c->fields[i];
    items[i] =
        arena_printf(a, "%s: %s", json_key(f, &field->name), to_json(f, field->type, field->name.dart));
  }
  dart_list(f, 2, open, items, c->field_count, close);
}

void dart_put_to_json(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  const char *object =
      arena_printf(a, "%s<%s, %s?>", dart_core(f, "Map"), dart_core(f, "String"), dart_core(f, "Object"));
  dart_put(f, "\n");
  if (c->arm == NULL) {
    put_object(f, c, arena_printf(a, "%s toJson() => {", object), "};");
    return;
  }
  const char *name = json_key(f, &c->arm->name);
  dart_put(f, "  @%s\n", dart_core(f, "override"));
  if (c->arm->kind == SCHEMA_ARM_BARE) {
    dart_line(f, 2, "%s toJson() => %s;", dart_core(f, "String"), name);
  } else if (c->arm->kind == SCHEMA_ARM_TYPE) {
    dart_line(f, 2, "%s toJson() => {%s: %s};", object, name,
              to_json(f, c->arm->type, c->fields[0].name.dart));
  } else {
    put_object(f, c, arena_printf(a, "%s toJson() => {%s: {", object, name), "}};");
  }
}

static void put_arm_reader(dart_file *f, const schema_arm *arm) {
  const char *name = arm->name.dart;
  const char *key = json_key(f, &arm->name);
  if (arm->kind == SCHEMA_ARM_BARE)
    dart_line(f, 6, "%s => value.bare(const %s()),", key, name);
  else if (arm->kind == SCHEMA_ARM_TYPE)
    dart_line(f, 6, "%s => %s(%s),", key, name, from_json(f, arm->type, "value"));
  else
    dart_line(f, 6, "%s => %s._fromJson(value),", key, name);
}

void dart_put_sealed_json(dart_file *f, const schema_decl *d) {
  dart_use(f, "mbr/json.dart", NULL, NULL);
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("From what [toJson] gives; throws [MbrJsonException] for anything else."), NULL);
  dart_line(f, 2, "factory %s.fromJson(%s? json) {", d->name.dart, dart_core(f, "Object"));
  dart_line(f, 4, "final place = MbrJsonReader.of(json, '%s');", d->name.dart);
  dart_line(f, 4, "final (arm, value) = place.arm();");
  dart_line(f, 4, "return switch (arm) {");
  for (size_t i = 0; i < d->arm_count; i++) put_arm_reader(f, &d->arms[i]);
  dart_line(f, 6, "_ => place.fail('no such arm'),");
  dart_line(f, 4, "};");
  dart_put(f, "  }\n\n");
  dart_doc(f, 2, TEXT("The name of the arm, or an object from it to what the arm holds."), NULL);
  dart_line(f, 2, "%s toJson();", dart_core(f, "Object"));
}
