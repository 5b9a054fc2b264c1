/* Which names are free where, and so how to spell what generated code refers to. A name that a schema
 * gives to something of its own hides the one of a dart: library, which is then reached by a prefix. No
 * schema name holds a `$`, so prefixes and local names made with one are always free. */
#include "dart.h"

#include <stdlib.h>

#include "../../idl/names.h"

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *dart_client_name(arena *a, const schema_decl *d) {
  return arena_printf(a, d->is_host ? "%sHost" : "%sApi", d->name.dart);
}

static size_t arm_count(const schema_decl *d) {
  return d->kind == SCHEMA_UNION || d->kind == SCHEMA_ERROR ? d->arm_count : 0;
}

static void collect(dart_package *p, size_t index) {
  const schema_namespace *ns = p->schema->namespaces[index];
  size_t room = 0;
  for (size_t i = 0; i < ns->decl_count; i++) room += 3 + arm_count(ns->decls[i]);
  const char **names = ARENA_ARRAY(p->arena, const char *, room + 1);
  size_t count = 0;
  for (size_t i = 0; i < ns->decl_count; i++) {
    const schema_decl *d = ns->decls[i];
    names[count++] = d->name.dart;
    if (d->kind == SCHEMA_SERVICE) names[count++] = dart_client_name(p->arena, d);
    for (size_t k = 0; k < arm_count(d); k++) names[count++] = d->arms[k].name.dart;
  }
  qsort(names, count, sizeof *names, compare_names);
  p->top_names[index] = names;
  p->top_name_counts[index] = count;
}

void dart_names_collect(dart_package *p) {
  size_t count = p->schema->namespace_count;
  p->top_names = ARENA_ARRAY(p->arena, const char *const *, count);
  p->top_name_counts = ARENA_ARRAY(p->arena, size_t, count);
  for (size_t i = 0; i < count; i++) collect(p, i);
}

static int compare_namespace(const void *key, const void *item) {
  text a = *(const text *)key;
  text b = (*(const schema_namespace *const *)item)->name.text;
  int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

size_t dart_names_count(const dart_package *p, const schema_namespace *ns, const char *name) {
  const schema *s = p->schema;
  const schema_namespace *const *found = bsearch(&ns->name.text, s->namespaces, s->namespace_count,
                                                 sizeof(schema_namespace *), compare_namespace);
  size_t index = (size_t)(found - s->namespaces);
  const char *const *names = p->top_names[index];
  const char *const *end = names + p->top_name_counts[index];
  const char *const *hit = bsearch(&name, names, p->top_name_counts[index], sizeof name, compare_names);
  if (hit == NULL) return 0;
  const char *const *first = hit;
  const char *const *last = hit + 1;
  while (first > names && strcmp(first[-1], name) == 0) first--;
  while (last < end && strcmp(*last, name) == 0) last++;
  return (size_t)(last - first);
}

static bool is_hidden(const dart_file *f, const char *name) {
  for (size_t i = 0; i < f->hidden_count; i++)
    if (strcmp(f->hidden[i], name) == 0) return true;
  return dart_names_count(f->package, f->ns, name) > 0;
}

const char *dart_core(dart_file *f, const char *name) {
  if (!is_hidden(f, name)) return name;
  dart_use(f, "dart:core", NULL, NULL);
  dart_use(f, "dart:core", "$core", NULL);
  return arena_printf(f->package->arena, "$core.%s", name);
}

const char *dart_typed_data(dart_file *f, const char *name) {
  bool hidden = is_hidden(f, name);
  dart_use(f, "dart:typed_data", hidden ? "$typed_data" : NULL, NULL);
  return hidden ? arena_printf(f->package->arena, "$typed_data.%s", name) : name;
}

const char *dart_future_or(dart_file *f) {
  bool hidden = is_hidden(f, "FutureOr");
  dart_use(f, "dart:async", hidden ? "$async" : NULL, NULL);
  return hidden ? "$async.FutureOr" : "FutureOr";
}

/* All of dart:core, dart:async and dart:typed_data that generated code may name: importing a schema type of
 * one of these names without a prefix would hide it. */
static bool is_dart_name(const char *name) {
  static const char *const names[] = {
      "BigInt",      "DateTime",   "Deprecated", "Duration",  "Exception", "Float32List",
      "Float64List", "Future",     "FutureOr",   "Int16List", "Int32List", "Int64List",
      "Int8List",    "List",       "Map",        "Object",    "Set",       "Stream",
      "String",      "Uint16List", "Uint32List", "Uint8List",
  };
  return bsearch(&name, names, sizeof names / sizeof *names, sizeof *names, compare_names) != NULL;
}

/* Can `name` of `from` be imported as it is? */
static bool needs_prefix(const dart_file *f, const schema_namespace *from, const char *name) {
  if (is_dart_name(name) || dart_names_count(f->package, f->ns, name) > 0) return true;
  for (size_t i = 0; i < f->ns->import_count; i++) {
    const schema_namespace *other = f->ns->imports[i];
    if (other != from && dart_names_count(f->package, other, name) > 0) return true;
  }
  return false;
}

/* `name`, which belongs to `d` and stands in its namespace's file of `kind`. */
static const char *refer(dart_file *f, const schema_decl *d, const char *kind, const char *name) {
  arena *a = f->package->arena;
  if (d->ns == f->ns && strcmp(kind, f->kind) == 0) return name;
  const char *ns = d->ns->name.dart;
  const char *uri = arena_printf(a, "%s_%s.dart", ns, kind);
  if (d->ns == f->ns || !needs_prefix(f, d->ns, d->name.dart)) {
    dart_use(f, uri, NULL, d->ns == f->ns ? NULL : name);
    return name;
  }
  const char *prefix = arena_printf(a, "$%s_%s", ns, kind);
  dart_use(f, uri, prefix, NULL);
  return arena_printf(a, "%s.%s", prefix, name);
}

const char *dart_decl(dart_file *f, const schema_decl *d) { return refer(f, d, "types", d->name.dart); }

const char *dart_service(dart_file *f, const schema_decl *d) { return refer(f, d, "services", d->name.dart); }

const char *dart_native_class(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  const char *name = arena_printf(a, "%sNative", d->name.dart);
  const char *web = arena_printf(a, "%s_web.dart", d->ns->name.dart);
  const char *native = arena_printf(a, "%s_native.dart", d->ns->name.dart);
  if (!needs_prefix(f, d->ns, name)) {
    dart_use_either(f, web, native, NULL, name);
    return name;
  }
  dart_use_either(f, web, native, "$native", NULL);
  return arena_printf(a, "$native.%s", name);
}

const char *dart_encoder(dart_file *f, const schema_decl *d) {
  return refer(f, d, "codec", arena_printf(f->package->arena, "encode%s", d->name.dart));
}

const char *dart_decoder(dart_file *f, const schema_decl *d) {
  return refer(f, d, "codec", arena_printf(f->package->arena, "decode%s", d->name.dart));
}

void dart_hide(dart_file *f, const char *member) {
  /* The names in lower case that a class body refers to. */
  static const char *const words[DART_HIDDEN_MAX] = {"bool", "double", "identical", "int", "override"};
  if (f->hidden_count < DART_HIDDEN_MAX &&
      bsearch(&member, words, DART_HIDDEN_MAX, sizeof *words, compare_names) != NULL)
    f->hidden[f->hidden_count++] = member;
}

void dart_hide_fields(dart_file *f, const schema_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) dart_hide(f, fields[i].name.dart);
}

void dart_leave_class(dart_file *f) { f->hidden_count = 0; }

const char *dart_arm_member(dart_file *f, const schema_arm *arm) {
  arena *a = f->package->arena;
  return names_escape_dart(a, names_lower_camel(a, arm->name.text), NAMES_FIELD);
}
