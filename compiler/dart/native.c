/* Sync methods of scalars, which are plain calls of a native function: lib/src/<ns>_native.dart, which alone
 * of all that is generated knows dart:ffi, lib/src/<ns>_web.dart, which stands in for it where there is none,
 * and the numbers that their arguments and results are there. */
#include "dart.h"

bool dart_is_direct(const schema_decl *d, const schema_method *m) {
  return !d->is_host && m->scalars && m->throws == NULL;
}

bool dart_has_direct(const schema_decl *d) {
  for (size_t i = 0; i < d->method_count; i++)
    if (dart_is_direct(d, &d->methods[i])) return true;
  return false;
}

const char *dart_local_name(arena *a, const schema_method *m, const char *name) {
  for (size_t i = 0; i < m->param_count; i++)
    if (strcmp(m->params[i].name.dart, name) == 0) return arena_printf(a, "$%s", name);
  return name;
}

/* A number type of dart:ffi, and of Dart. */
typedef struct native_type {
  const char *ffi;
  const char *dart;
} native_type;

static native_type native_of(const schema_type *t) {
  if (t == NULL) return (native_type){"Void", "void"};
  switch (t->kind) {
  case SCHEMA_BOOL: return (native_type){"Bool", "bool"};
  case SCHEMA_I8: return (native_type){"Int8", "int"};
  case SCHEMA_I16: return (native_type){"Int16", "int"};
  case SCHEMA_I32: return (native_type){"Int32", "int"};
  case SCHEMA_U8: return (native_type){"Uint8", "int"};
  case SCHEMA_U16: return (native_type){"Uint16", "int"};
  case SCHEMA_U32:
  case SCHEMA_CHAR: return (native_type){"Uint32", "int"};
  case SCHEMA_U64: return (native_type){"Uint64", "int"};
  case SCHEMA_F32: return (native_type){"Float", "double"};
  case SCHEMA_F64: return (native_type){"Double", "double"};
  case SCHEMA_NAMED: return native_of(t->decl->type);
  default: return (native_type){"Int64", "int"};
  }
}

static const char *core_of(dart_file *f, const schema_type *t) {
  const char *name = native_of(t).dart;
  return t == NULL ? name : dart_core(f, name);
}

/* int Function(int target, int zone) zoneCount(int address) */
static void put_head(dart_file *f, const schema_method *m, const char *rest) {
  arena *a = f->package->arena;
  const char *integer = dart_core(f, "int");
  const char **params = ARENA_ARRAY(a, const char *, m->param_count + 1);
  params[0] = arena_printf(a, "%s %s", integer, dart_local_name(a, m, "target"));
  for (size_t i = 0; i < m->param_count; i++)
    params[i + 1] = arena_printf(a, "%s %s", core_of(f, m->params[i].type), m->params[i].name.dart);
  dart_list(f, 2, arena_printf(a, "static %s Function(", core_of(f, m->result)), params, m->param_count + 1,
            arena_printf(a, ") %s(%s address) =>", m->name.dart, integer));
  dart_line(f, 6, "%s", rest);
}

/* The target is a pointer there, and an integer of its size here: so that no type of dart:ffi gets out. */
static void put_binding(dart_file *f, const schema_method *m) {
  arena *a = f->package->arena;
  const char *params = "IntPtr";
  for (size_t i = 0; i < m->param_count; i++)
    params = arena_printf(a, "%s, %s", params, native_of(m->params[i].type).ffi);
  put_head(f, m,
           arena_printf(a, "Pointer<NativeFunction<%s Function(%s)>>.fromAddress(address).asFunction(%s);",
                        native_of(m->result).ffi, params, m->leaf ? "isLeaf: true" : ""));
  dart_use(f, "dart:ffi", NULL, NULL);
}

static void put_class(dart_file *f, const schema_decl *d, bool is_web) {
  dart_put(f, "\n/// The native functions of [%s].\nabstract final class %sNative {\n", d->name.dart,
           d->name.dart);
  dart_hide_methods(f, d);
  bool is_first = true;
  for (size_t i = 0; i < d->method_count; i++) {
    const schema_method *m = &d->methods[i];
    if (!dart_is_direct(d, m)) continue;
    if (!is_first) dart_put(f, "\n");
    is_first = false;
    if (is_web)
      put_head(f, m,
               arena_printf(f->package->arena, "throw %s('there are no native functions here');",
                            dart_core(f, "UnsupportedError")));
    else
      put_binding(f, m);
  }
  dart_put(f, "}\n");
  dart_leave_class(f);
}

static void put_classes(dart_file *f, bool is_web) {
  for (size_t i = 0; i < f->ns->decl_count; i++)
    if (dart_has_direct(f->ns->decls[i])) put_class(f, f->ns->decls[i], is_web);
}

static void put_native(dart_file *f) { put_classes(f, false); }
static void put_web(dart_file *f) { put_classes(f, true); }

void dart_native(dart_package *p, const schema_namespace *ns) {
  bool is_needed = false;
  for (size_t i = 0; i < ns->decl_count; i++) is_needed = is_needed || dart_has_direct(ns->decls[i]);
  if (!is_needed) return;
  dart_write_file(p, ns, "native",
                  arena_printf(p->arena, "The native functions of %.*s.", TEXT_ARG(ns->name.text)),
                  put_native);
  dart_write_file(
      p, ns, "web",
      arena_printf(p->arena, "Stands in for %s_native.dart where there is no dart:ffi.", ns->name.dart),
      put_web);
}

/* The check that a number fits an integer type narrower than Dart's int, or NULL. */
static const char *width_check(const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_I8: return "i8";
  case SCHEMA_I16: return "i16";
  case SCHEMA_I32: return "i32";
  case SCHEMA_U8: return "u8";
  case SCHEMA_U16: return "u16";
  case SCHEMA_U32: return "u32";
  default: return NULL;
  }
}

/* ", min: 5": from the range, or of a u64 that is to fit an int. */
static const char *min_argument(dart_file *f, const schema_type *t) {
  arena *a = f->package->arena;
  if (t->range != NULL && t->range->has_min)
    return arena_printf(a, ", min: %s", dart_bound(f, t, &t->range->min));
  return t->dart_int ? ", min: 0" : "";
}

static const char *max_argument(dart_file *f, const schema_type *t) {
  return dart_max(t) == NULL ? ""
                             : arena_printf(f->package->arena, ", max: %s", dart_bound(f, t, dart_max(t)));
}

/* MbrScalar.integer(value, 'Fans.set.speed', min: 10, max: 80), or where the type has no limits, the value.
 */
static const char *within(dart_file *f, const char *check, const schema_type *t, const char *value,
                          const char *at) {
  const char *min = min_argument(f, t);
  const char *max = max_argument(f, t);
  if (*min == '\0' && *max == '\0') return value;
  return arena_printf(f->package->arena, "MbrScalar.%s(%s, '%s'%s%s)", check, value, at, min, max);
}

/* MbrScalar.rune(value, 'Fans.name.initial'): what converts too. */
static const char *converted(dart_file *f, const char *conversion, const schema_type *t, const char *value,
                             const char *at) {
  return arena_printf(f->package->arena, "MbrScalar.%s(%s, '%s'%s%s)", conversion, value, at,
                      min_argument(f, t), max_argument(f, t));
}

/* A range lies within its type, so one check is enough where it has both ends. */
static const char *integer_argument(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  const char *width = width_check(t);
  bool is_closed = t->range != NULL && t->range->has_min && t->range->has_max;
  if (width != NULL && !is_closed) value = arena_printf(a, "MbrScalar.%s(%s, '%s')", width, value, at);
  return within(f, "integer", t, value, at);
}

static const char *enum_argument(dart_file *f, const schema_decl *d, const char *value, const char *at) {
  arena *a = f->package->arena;
  bool is_flags = d->kind == SCHEMA_FLAGS;
  const char *number = is_flags || d->has_explicit_type || d->is_open
                           ? arena_printf(a, "%s.%s", value, is_flags ? "bits" : "value")
                           : arena_printf(a, "%s.index", value);
  if (!is_flags && !d->is_open) return number;
  return integer_argument(f, d->type, number, at);
}

const char *dart_to_native(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  switch (t->kind) {
  case SCHEMA_BOOL: return value;
  case SCHEMA_F32: return converted(f, "single", t, value, at);
  case SCHEMA_F64: return within(f, "real", t, value, at);
  case SCHEMA_CHAR: return converted(f, "rune", t, value, at);
  case SCHEMA_TIMESTAMP: return arena_printf(a, "%s.microsecondsSinceEpoch", value);
  case SCHEMA_DURATION: return arena_printf(a, "%s.inMicroseconds", value);
  case SCHEMA_NAMED: return enum_argument(f, t->decl, value, at);
  default: return dart_is_big(t) ? converted(f, "bits", t, value, at) : integer_argument(f, t, value, at);
  }
}

static const char *enum_result(dart_file *f, const schema_decl *d, const char *value, const char *at) {
  arena *a = f->package->arena;
  const char *name = dart_decl(f, d);
  if (d->kind == SCHEMA_FLAGS || d->is_open) return arena_printf(a, "%s(%s)", name, value);
  if (!d->has_explicit_type) return arena_printf(a, "MbrScalar.index(%s, %s.values, '%s')", value, name, at);
  return arena_printf(a, "MbrScalar.member(%s, %s.values, (member) => member.value, '%s')", value, name, at);
}

/* What comes back fits its type, if not its range. */
const char *dart_from_native(dart_file *f, const schema_type *t, const char *value, const char *at) {
  arena *a = f->package->arena;
  switch (t->kind) {
  case SCHEMA_BOOL: return value;
  case SCHEMA_F32:
  case SCHEMA_F64: return within(f, "real", t, value, at);
  case SCHEMA_CHAR: return converted(f, "character", t, value, at);
  case SCHEMA_TIMESTAMP: return converted(f, "timestamp", t, value, at);
  case SCHEMA_DURATION: return arena_printf(a, "%s(microseconds: %s)", dart_core(f, "Duration"), value);
  case SCHEMA_NAMED: return enum_result(f, t->decl, value, at);
  default:
    return dart_is_big(t) ? converted(f, "unsigned", t, value, at) : within(f, "integer", t, value, at);
  }
}
