/* lib/src/<ns>_types.dart: value classes, sealed classes, constants; enums.c and json.c write the rest of it.
 * Knows neither bytes nor calls. */
#include "dart.h"

#define HASH_ARGUMENTS_MAX 20u /* what Object.hash takes */

static void use_equality(dart_file *f) { dart_use(f, "mbr/equality.dart", NULL, NULL); }

/* Do records and == alone compare a value of this type by content? */
static bool is_plain(const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_BYTES:
  case SCHEMA_LIST:
  case SCHEMA_ARRAY:
  case SCHEMA_SET:
  case SCHEMA_MAP: return false;
  case SCHEMA_OPTIONAL: return is_plain(t->item);
  case SCHEMA_TUPLE:
    for (size_t i = 0; i < t->member_count; i++)
      if (!is_plain(t->members[i])) return false;
    return true;
  default: return true;
  }
}

static bool is_plain_list(const schema_type *t) {
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  return t->kind == SCHEMA_BYTES ||
         ((t->kind == SCHEMA_LIST || t->kind == SCHEMA_ARRAY) && is_plain(t->item));
}

static const char *equal(dart_file *f, const schema_type *t, const char *x, const char *y);

/* ", (a, b) => …" for items that == alone does not compare. */
static const char *equal_items(dart_file *f, const schema_type *item) {
  if (is_plain(item)) return "";
  if (is_plain_list(item)) return ", MbrEquality.lists";
  return arena_printf(f->package->arena, ", (a, b) => %s", equal(f, item, "a", "b"));
}

static const char *equal_tuples(dart_file *f, const schema_type *t, const char *x, const char *y) {
  arena *a = f->package->arena;
  const char *all = "";
  for (size_t i = 0; i < t->member_count; i++) {
    const char *one =
        equal(f, t->members[i], arena_printf(a, "%s.$%zu", x, i + 1), arena_printf(a, "%s.$%zu", y, i + 1));
    all = arena_printf(a, "%s%s%s", all, i > 0 ? " && " : "", one);
  }
  return all;
}

static const char *equal(dart_file *f, const schema_type *t, const char *x, const char *y) {
  arena *a = f->package->arena;
  if (is_plain(t)) return arena_printf(a, "%s == %s", x, y);
  if (t->kind == SCHEMA_TUPLE) return equal_tuples(f, t, x, y);
  use_equality(f);
  if (t->kind == SCHEMA_OPTIONAL && t->item->kind == SCHEMA_TUPLE)
    return arena_printf(a, "MbrEquality.nullables(%s, %s%s)", x, y, equal_items(f, t->item));
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  switch (t->kind) {
  case SCHEMA_SET: return arena_printf(a, "MbrEquality.sets(%s, %s)", x, y);
  case SCHEMA_MAP: return arena_printf(a, "MbrEquality.maps(%s, %s%s)", x, y, equal_items(f, t->item));
  case SCHEMA_BYTES: return arena_printf(a, "MbrEquality.lists(%s, %s)", x, y);
  default: return arena_printf(a, "MbrEquality.lists(%s, %s%s)", x, y, equal_items(f, t->item));
  }
}

static const char *hash(dart_file *f, const schema_type *t, const char *x);

static const char *hash_items(dart_file *f, const schema_type *item) {
  if (is_plain(item)) return "";
  if (is_plain_list(item)) return ", MbrEquality.hashList";
  return arena_printf(f->package->arena, ", (item) => %s", hash(f, item, "item"));
}

static const char *hash_tuple(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  const char *all = "";
  for (size_t i = 0; i < t->member_count; i++) {
    const char *one = hash(f, t->members[i], arena_printf(a, "%s.$%zu", x, i + 1));
    all = arena_printf(a, "%s%s%s", all, i > 0 ? ", " : "", one);
  }
  return arena_printf(a, "%s.hashAll([%s])", dart_core(f, "Object"), all);
}

/* What stands for `x` in a hash: itself, or the hash of its content. */
static const char *hash(dart_file *f, const schema_type *t, const char *x) {
  arena *a = f->package->arena;
  if (is_plain(t)) return x;
  if (t->kind == SCHEMA_TUPLE) return hash_tuple(f, t, x);
  use_equality(f);
  if (t->kind == SCHEMA_OPTIONAL && t->item->kind == SCHEMA_TUPLE)
    return arena_printf(a, "MbrEquality.hashNullable(%s%s)", x, hash_items(f, t->item));
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  switch (t->kind) {
  case SCHEMA_SET: return arena_printf(a, "MbrEquality.hashSet(%s)", x);
  case SCHEMA_MAP: return arena_printf(a, "MbrEquality.hashMap(%s%s)", x, hash_items(f, t->item));
  case SCHEMA_BYTES: return arena_printf(a, "MbrEquality.hashList(%s)", x);
  default: return arena_printf(a, "MbrEquality.hashList(%s%s)", x, hash_items(f, t->item));
  }
}

static void put_constructor(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  if (c->is_positional) {
    dart_line(f, 2, "const %s(this.%s);", c->name, c->fields[0].name.dart);
    return;
  }
  dart_params params = dart_parameters(f, c->fields, c->field_count, true);
  const char *open =
      arena_printf(a, "%s%s(%s", params.all_const ? "const " : "", c->name, c->field_count > 0 ? "{" : "");
  const char *close = c->field_count > 0 ? "})" : ")";
  if (params.all_const) {
    dart_list(f, 2, open, params.items, params.count, arena_printf(a, "%s;", close));
    return;
  }
  const char *initial = "";
  for (size_t i = 0; i < params.count; i++) {
    if (params.late[i] == NULL) continue;
    const char *name = c->fields[i].name.dart;
    initial = arena_printf(a, "%s%s%s = %s ?? %s", initial, *initial ? ", " : "", name, name, params.late[i]);
  }
  dart_list(f, 2, open, params.items, params.count, close);
  dart_line(f, 6, ": %s;", initial);
}

/* Fields that say nothing about themselves stand together. */
static void put_fields(dart_file *f, const dart_class *c) {
  bool was_told = true;
  for (size_t i = 0; i < c->field_count; i++) {
    const schema_field *field = &c->fields[i];
    const char *details = dart_details(f, &field->info, field->type);
    bool is_told = details != NULL || field->info.doc.size > 0 || field->info.deprecated.data != NULL;
    if (is_told || was_told) dart_put(f, "\n");
    was_told = is_told;
    dart_doc(f, 2, field->info.doc, details);
    dart_deprecated(f, 2, &field->info);
    dart_line(f, 2, "final %s %s;", dart_type(f, field->type), field->name.dart);
  }
}

static bool is_nullable(const schema_field *field) { return field->type->kind == SCHEMA_OPTIONAL; }

static const char *nullable_type(dart_file *f, const schema_field *field) {
  const char *type = dart_type(f, field->type);
  return is_nullable(field) ? type : arena_printf(f->package->arena, "%s?", type);
}

/* Where no field can be null, null stands for "as it was". */
static void put_simple_copy(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  const char **params = ARENA_ARRAY(a, const char *, c->field_count);
  const char **args = ARENA_ARRAY(a, const char *, c->field_count);
  for (size_t i = 0; i < c->field_count; i++) {
    const char *name = c->fields[i].name.dart;
    params[i] = arena_printf(a, "%s %s", nullable_type(f, &c->fields[i]), name);
    const char *value = arena_printf(a, "%s ?? this.%s", name, name);
    args[i] = c->is_positional ? value : arena_printf(a, "%s: %s", name, value);
  }
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("A copy with the given fields replaced."), NULL);
  dart_list(f, 2, arena_printf(a, "%s copyWith({", c->name), params, c->field_count, "}) =>");
  dart_list(f, 6, arena_printf(a, "%s(", c->name), args, c->field_count, ");");
}

/* Else a value of its own stands for it, behind a function type that keeps callers typed. */
static void put_full_copy(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  const char **types = ARENA_ARRAY(a, const char *, c->field_count);
  const char **params = ARENA_ARRAY(a, const char *, c->field_count);
  const char **args = ARENA_ARRAY(a, const char *, c->field_count);
  use_equality(f);
  for (size_t i = 0; i < c->field_count; i++) {
    const schema_field *field = &c->fields[i];
    const char *name = field->name.dart;
    const char *type = dart_type(f, field->type);
    types[i] = arena_printf(a, "%s %s", type, name);
    const char *value;
    if (is_nullable(field)) {
      params[i] = arena_printf(a, "%s? %s = MbrCopy.unset", dart_core(f, "Object"), name);
      value = arena_printf(a, "MbrCopy.given(%s, this.%s)", name, name);
    } else {
      params[i] = arena_printf(a, "%s? %s", type, name);
      value = arena_printf(a, "%s ?? this.%s", name, name);
    }
    args[i] = c->is_positional ? value : arena_printf(a, "%s: %s", name, value);
  }
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("A copy with the given fields replaced; null is a value like any other."), NULL);
  dart_list(f, 2, arena_printf(a, "%s Function({", c->name), types, c->field_count,
            "}) get copyWith => _copyWith;");
  dart_put(f, "\n");
  dart_list(f, 2, arena_printf(a, "%s _copyWith({", c->name), params, c->field_count, "}) =>");
  dart_list(f, 6, arena_printf(a, "%s(", c->name), args, c->field_count, ");");
}

static void put_copy(dart_file *f, const dart_class *c) {
  if (c->field_count == 0) return;
  for (size_t i = 0; i < c->field_count; i++) {
    if (is_nullable(&c->fields[i])) {
      put_full_copy(f, c);
      return;
    }
  }
  put_simple_copy(f, c);
}

static void put_equality(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  const char *head =
      arena_printf(a, "%s operator ==(%s other) =>", dart_core(f, "bool"), dart_core(f, "Object"));
  const char *same = arena_printf(a, "%s(this, other)", dart_core(f, "identical"));
  if (c->field_count == 0) {
    dart_line(f, 2, "%s %s || other is %s;", head, same, c->name);
    return;
  }
  dart_line(f, 2, "%s", head);
  dart_line(f, 6, "%s ||", same);
  dart_line(f, 6, "other is %s &&", c->name);
  for (size_t i = 0; i < c->field_count; i++) {
    const char *name = c->fields[i].name.dart;
    const char *mine = strcmp(name, "other") == 0 ? "this.other" : name;
    const char *all = equal(f, c->fields[i].type, arena_printf(a, "other.%s", name), mine);
    dart_line(f, 10, "%s%s", all, i + 1 < c->field_count ? " &&" : ";");
  }
}

static void put_hash(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  size_t count = c->field_count;
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  const char *head = arena_printf(a, "%s get hashCode =>", dart_core(f, "int"));
  if (count == 0) {
    dart_line(f, 2, "%s (%s).hashCode;", head, c->name);
    return;
  }
  const char **items = ARENA_ARRAY(a, const char *, count);
  for (size_t i = 0; i < count; i++) items[i] = hash(f, c->fields[i].type, c->fields[i].name.dart);
  if (count == 1) {
    dart_line(f, 2, "%s %s.hashCode;", head, items[0]);
    return;
  }
  bool few = count <= HASH_ARGUMENTS_MAX;
  const char *function =
      arena_printf(a, "%s %s.%s", head, dart_core(f, "Object"), few ? "hash(" : "hashAll([");
  dart_list(f, 2, function, items, count, few ? ");" : "]);");
}

/* Adjacent string literals, as many on a line as fit. */
static void put_to_string(dart_file *f, const dart_class *c) {
  arena *a = f->package->arena;
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  const char *head = arena_printf(a, "%s toString() =>", dart_core(f, "String"));
  const char *all = arena_printf(a, "%s(", c->name);
  const size_t width = 90;
  const char **lines = ARENA_ARRAY(a, const char *, c->field_count + 1);
  size_t line_count = 0;
  for (size_t i = 0; i < c->field_count; i++) {
    const char *name = c->fields[i].name.dart;
    const char *one = arena_printf(a, "%s: $%s%s", name, name, i + 1 < c->field_count ? ", " : "");
    if (strlen(all) + strlen(one) > width) {
      lines[line_count++] = all;
      all = one;
    } else {
      all = arena_printf(a, "%s%s", all, one);
    }
  }
  lines[line_count++] = arena_printf(a, "%s)", all);
  if (line_count == 1 && strlen(head) + strlen(lines[0]) < width) {
    dart_line(f, 2, "%s '%s';", head, lines[0]);
    return;
  }
  dart_line(f, 2, "%s", head);
  for (size_t i = 0; i < line_count; i++) dart_line(f, 6, "'%s'%s", lines[i], i + 1 < line_count ? "" : ";");
}

static void put_class(dart_file *f, const dart_class *c) {
  dart_put(f, "\n");
  dart_doc(f, 0, c->doc, NULL);
  dart_deprecated(f, 0, c->info);
  dart_hide_fields(f, c->fields, c->field_count);
  dart_put(f, "final class %s%s {\n", c->name, c->clauses);
  put_constructor(f, c);
  dart_put_from_json(f, c);
  put_fields(f, c);
  put_copy(f, c);
  dart_put_to_json(f, c);
  put_equality(f, c);
  put_hash(f, c);
  put_to_string(f, c);
  dart_put(f, "}\n");
  dart_leave_class(f);
}

static void put_struct(dart_file *f, const schema_decl *d) {
  dart_class c = {
      .name = d->name.dart,
      .clauses = "",
      .doc = d->info.doc,
      .info = &d->info,
      .fields = d->fields,
      .field_count = d->field_count,
  };
  put_class(f, &c);
}

static void put_arm(dart_file *f, const schema_decl *d, const schema_arm *arm) {
  const schema_field value = {.name = {.dart = dart_arm_member(f, arm)}, .type = arm->type};
  dart_class c = {
      .name = arm->name.dart,
      .clauses = arena_printf(f->package->arena, " extends %s", d->name.dart),
      .doc = arm->info.doc,
      .info = &arm->info,
      .fields = arm->kind == SCHEMA_ARM_TYPE ? &value : arm->fields,
      .field_count = arm->kind == SCHEMA_ARM_TYPE ? 1 : arm->field_count,
      .arm = arm,
      .is_positional = arm->kind == SCHEMA_ARM_TYPE,
  };
  put_class(f, &c);
}

static void put_sealed(dart_file *f, const schema_decl *d) {
  bool is_error = d->kind == SCHEMA_ERROR;
  dart_put(f, "\n");
  dart_doc(f, 0, d->info.doc, NULL);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "sealed class %s", d->name.dart);
  if (is_error) dart_put(f, " implements %s", dart_core(f, "Exception"));
  dart_put(f, " {\n  const %s();\n", d->name.dart);
  dart_put_sealed_json(f, d);
  dart_put(f, "}\n");
  for (size_t i = 0; i < d->arm_count; i++) put_arm(f, d, &d->arms[i]);
}

static void put_constant(dart_file *f, const schema_decl *d) {
  bool is_const = true;
  const char *value = dart_value(f, d->type, d->value, &is_const);
  /* `const` in front of the declaration is enough. */
  if (is_const && strncmp(value, "const ", 6) == 0) value += 6;
  dart_put(f, "\n");
  dart_doc(f, 0, d->info.doc, dart_details(f, &d->info, d->type));
  dart_deprecated(f, 0, &d->info);
  dart_line(f, 0, "%s %s %s = %s;", is_const ? "const" : "final", dart_type(f, d->type), d->name.dart, value);
}

static void put_alias(dart_file *f, const schema_decl *d) {
  dart_put(f, "\n");
  dart_doc(f, 0, d->info.doc, dart_details(f, &d->info, d->type));
  dart_deprecated(f, 0, &d->info);
  dart_line(f, 0, "typedef %s = %s;", d->name.dart, dart_type(f, d->type));
}

static void put_decls(dart_file *f) {
  for (size_t i = 0; i < f->ns->decl_count; i++) {
    const schema_decl *d = f->ns->decls[i];
    switch (d->kind) {
    case SCHEMA_CONST: put_constant(f, d); break;
    case SCHEMA_ALIAS: put_alias(f, d); break;
    case SCHEMA_ENUM: dart_put_enum(f, d); break;
    case SCHEMA_FLAGS: dart_put_flags(f, d); break;
    case SCHEMA_STRUCT: put_struct(f, d); break;
    case SCHEMA_UNION:
    case SCHEMA_ERROR: put_sealed(f, d); break;
    case SCHEMA_SERVICE: break;
    }
  }
}

bool dart_has_types(const schema_namespace *ns) {
  for (size_t i = 0; i < ns->decl_count; i++)
    if (ns->decls[i]->kind != SCHEMA_SERVICE) return true;
  return false;
}

void dart_types(dart_package *p, const schema_namespace *ns) {
  if (!dart_has_types(ns)) return;
  dart_write_file(p, ns, "types", arena_printf(p->arena, "The types of %.*s.", TEXT_ARG(ns->name.text)),
                  put_decls);
}
