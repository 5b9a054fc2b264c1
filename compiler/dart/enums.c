/* Enums, open enums and flags in lib/src/<ns>_types.dart. A closed enum is an enum of Dart; the others hold
 * any number, so they are value classes with a constant for each member. Knows neither bytes nor calls. */
#include "../../idl/names.h"
#include "dart.h"

static void use_json(dart_file *f) { dart_use(f, "mbr/json.dart", NULL, NULL); }

static void hide_members(dart_file *f, const schema_decl *d) {
  for (size_t i = 0; i < d->member_count; i++) dart_hide(f, d->members[i].name.dart);
}

static void put_head(dart_file *f, const schema_decl *d, const char *what) {
  dart_put(f, "\n");
  dart_doc(f, 0, d->info.doc, NULL);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "%s %s {\n", what, d->name.dart);
  hide_members(f, d);
}

static const char *json_name(dart_file *f, const schema_member *m) {
  return dart_string(f->package->arena, m->name.text);
}

/* The names in JSON are those of the contract; most are the same in Dart. */
static void put_enum_json(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  const char **cases = ARENA_ARRAY(a, const char *, d->member_count + 1);
  size_t count = 0;
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    text dart = {m->name.dart, strlen(m->name.dart)};
    if (!text_equal(m->name.text, dart))
      cases[count++] = arena_printf(a, "%s => %s", m->name.dart, json_name(f, m));
  }
  if (count < d->member_count) cases[count++] = "_ => name";
  const char *head = arena_printf(a, "%s toJson() =>", dart_core(f, "String"));
  if (count == 1 && d->member_count > 0 && strcmp(cases[0], "_ => name") == 0)
    dart_line(f, 2, "%s name;", head);
  else
    dart_list(f, 2, arena_printf(a, "%s switch (this) { ", head), cases, count, " };");
}

static void put_closed_enum(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  put_head(f, d, "enum");
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    dart_doc(f, 2, m->info.doc, NULL);
    dart_deprecated(f, 2, &m->info);
    const char *value = d->has_explicit_type ? arena_printf(a, "(%s)", dart_member_value(f, d, m)) : "";
    dart_put(f, "  %s%s%s\n", m->name.dart, value, i + 1 == d->member_count ? ";" : ",");
  }
  if (d->has_explicit_type) dart_put(f, "\n  const %s(this.value);\n", d->name.dart);
  dart_put(f, "\n");
  dart_line(f, 2, "factory %s.fromJson(%s? json) =>", d->name.dart, dart_core(f, "Object"));
  dart_line(f, 6, "MbrJsonReader.of(json, '%s').member(values, (member) => member.toJson());", d->name.dart);
  if (d->has_explicit_type) {
    dart_put(f, "\n");
    dart_doc(f, 2, TEXT("The number that travels."), NULL);
    dart_put(f, "  final %s value;\n", dart_core(f, "int"));
  }
  dart_put(f, "\n");
  put_enum_json(f, d);
  dart_put(f, "}\n");
}

static void put_constants(dart_file *f, const schema_decl *d) {
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    if (i == 0 || m->info.doc.size > 0 || m->info.deprecated.data != NULL) dart_put(f, "\n");
    dart_doc(f, 2, m->info.doc, NULL);
    dart_deprecated(f, 2, &m->info);
    dart_line(f, 2, "static const %s = %s(%s);", m->name.dart, d->name.dart, dart_member_value(f, d, m));
  }
}

/* == and hashCode of a class of one number. */
static void put_number_equality(dart_file *f, const schema_decl *d, const char *member) {
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  dart_line(f, 2, "%s operator ==(%s other) => other is %s && other.%s == %s;", dart_core(f, "bool"),
            dart_core(f, "Object"), d->name.dart, member, member);
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  dart_line(f, 2, "%s get hashCode => %s.hashCode;", dart_core(f, "int"), member);
}

static void put_number(dart_file *f, const schema_decl *d, const char *member, const char *doc) {
  const char *wide =
      d->type->kind == SCHEMA_U64 ? " Above 2^63 - 1 it is the negative one of the same bits." : "";
  const char *all = arena_printf(f->package->arena, "%s%s", doc, wide);
  dart_put(f, "\n");
  dart_doc(f, 2, (text){all, strlen(all)}, NULL);
  dart_put(f, "  final %s %s;\n", dart_core(f, "int"), member);
}

static unsigned bits_of(const schema_decl *d) { return 8 * (unsigned)d->type->wire_min; }

static void put_open_enum(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  const char *class = d->name.dart;
  bool is_signed = d->type->kind >= SCHEMA_I8 && d->type->kind <= SCHEMA_I64;
  const char **values = ARENA_ARRAY(a, const char *, d->member_count);
  const char **names = ARENA_ARRAY(a, const char *, d->member_count);
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    values[i] = m->name.dart;
    names[i] = arena_printf(a, "%s: %s", dart_member_value(f, d, m), json_name(f, m));
  }
  put_head(f, d, "final class");
  dart_doc(f, 2, TEXT("Of this number, whether the contract has a name for it or not."), NULL);
  dart_put(f, "  const %s(this.value);\n\n", class);
  dart_line(f, 2, "factory %s.fromJson(%s? json) =>", class, dart_core(f, "Object"));
  dart_line(f, 6, "%s(MbrJsonReader.of(json, '%s').number(_names, %u, isSigned: %s));", class, class,
            bits_of(d), is_signed ? "true" : "false");
  put_constants(f, d);
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("All that the contract has names for."), NULL);
  dart_list(f, 2, "static const values = [", values, d->member_count, "];");
  dart_put(f, "\n");
  dart_list(f, 2, "static const _names = {", names, d->member_count, "};");
  put_number(f, d, "value", "The number that travels.");
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("Does the contract have a name for it?"), NULL);
  dart_line(f, 2, "%s get isKnown => _names.containsKey(value);", dart_core(f, "bool"));
  dart_put(f, "\n");
  bool is_u64 = d->type->kind == SCHEMA_U64;
  dart_line(f, 2, "%s? toJson() => _names[value] ?? MbrJson.%s(value);", dart_core(f, "Object"),
            is_u64 ? "uint64" : "int64");
  put_number_equality(f, d, "value");
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  dart_line(f, 2, "%s toString() => '%s(${toJson()})';", dart_core(f, "String"), class);
  dart_put(f, "}\n");
}

void dart_put_enum(dart_file *f, const schema_decl *d) {
  use_json(f);
  if (d->is_open)
    put_open_enum(f, d);
  else
    put_closed_enum(f, d);
  dart_leave_class(f);
}

const char *dart_flag_getter(arena *a, const schema_member *flag) {
  return arena_printf(a, "has%s", names_upper_camel(a, flag->name.text));
}

static void put_getters(dart_file *f, const schema_decl *d) {
  dart_put(f, "\n");
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_member *m = &d->members[i];
    dart_deprecated(f, 2, &m->info);
    dart_line(f, 2, "%s get %s => contains(%s);", dart_core(f, "bool"),
              dart_flag_getter(f->package->arena, m), m->name.dart);
  }
}

static void put_operators(dart_file *f, const char *class) {
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("Are all of [other] set?"), NULL);
  dart_line(f, 2, "%s contains(%s other) => bits & other.bits == other.bits;", dart_core(f, "bool"), class);
  dart_put(f, "\n");
  dart_line(f, 2, "%s operator |(%s other) => %s(bits | other.bits);", class, class, class);
  dart_line(f, 2, "%s operator &(%s other) => %s(bits & other.bits);", class, class, class);
  dart_put(f, "\n");
  dart_doc(f, 2, TEXT("These, but for those of [other]."), NULL);
  dart_line(f, 2, "%s without(%s other) => %s(bits & ~other.bits);", class, class, class);
}

void dart_put_flags(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  const char *class = d->name.dart;
  const char **masks = ARENA_ARRAY(a, const char *, d->member_count);
  for (size_t i = 0; i < d->member_count; i++)
    masks[i] =
        arena_printf(a, "%s: %s", json_name(f, &d->members[i]), dart_member_value(f, d, &d->members[i]));
  use_json(f);
  put_head(f, d, "final class");
  dart_doc(f, 2, TEXT("The set of these bits, whether they have names or not; none by default."), NULL);
  dart_put(f, "  const %s([this.bits = 0]);\n\n", class);
  dart_line(f, 2, "factory %s.fromJson(%s? json) =>", class, dart_core(f, "Object"));
  dart_line(f, 6, "%s(MbrJsonReader.of(json, '%s').flags(_masks, %u));", class, class, bits_of(d));
  put_constants(f, d);
  dart_put(f, "\n");
  dart_list(f, 2, "static const _masks = {", masks, d->member_count, "};");
  put_number(f, d, "bits", "The number that travels.");
  put_getters(f, d);
  put_operators(f, class);
  dart_put(f, "\n");
  dart_line(f, 2, "%s<%s> toJson() => MbrJson.flags(bits, _masks);", dart_core(f, "List"),
            dart_core(f, "Object"));
  put_number_equality(f, d, "bits");
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  dart_line(f, 2, "%s toString() => '%s(${toJson().join(', ')})';", dart_core(f, "String"), class);
  dart_put(f, "}\n");
  dart_leave_class(f);
}
