/* The package around the generated libraries: pubspec.yaml, one library a namespace, the umbrella, the same
 * of fakes, the class that opens the native library, and the templates. Knows namespaces, not what is in
 * them. */
#include <stdlib.h>

#include "../../idl/names.h"
#include "dart.h"
#include "templates.h"

static void put_pubspec(dart_package *p) {
  emitter *e = output_file(p->out, "pubspec.yaml");
  emit(e, "# " OUTPUT_MARK ". Do not edit.\n");
  emit(e, "name: %s\n", p->options->package);
  emit(e, "description: Types and services of %s, and the way to the native library that serves them.\n",
       p->options->package);
  emit(e, "version: 0.1.0\npublish_to: none\n\nenvironment:\n  sdk: ^3.5.0\n");
}

static void put_library_class(dart_package *p) {
  arena *a = p->arena;
  const char *package = p->options->package;
  const char *library = p->options->library;
  const char *given =
      library == NULL ? ""
                      : arena_printf(a, " library: %s,", dart_string(a, (text){library, strlen(library)}));
  emitter *e = output_file(p->out, "lib/src/library.dart");
  dart_put_header(e, "");
  emit(e,
       "\n/// The native library behind this package.\n"
       "library;\n\n"
       "import 'mbr/connection.dart';\n\n"
       "/// Opens the native library.\n"
       "abstract final class %s {\n"
       "  /// Where the library is; null for where this platform keeps one called `%s`.\n"
       "  /// Takes effect when the next connection is opened.\n"
       "  static String? path;\n\n",
       p->library_class, library != NULL ? library : package);
  emit(e, "  static MbrConnection? _shared;\n\n"
          "  /// The connection that this isolate shares: opened on first use, and again once it has ended.\n"
          "  static MbrConnection get connection {\n"
          "    final shared = _shared;\n"
          "    return shared != null && shared.isOpen ? shared : _shared = open();\n"
          "  }\n\n");
  emit(e,
       "  /// A connection of the caller's own, to the library at [path] if that is given.\n"
       "  static MbrConnection open({String? path}) =>\n"
       "      openLibrary(package: '%s',%s path: path ?? %s.path);\n"
       "}\n",
       package, given, p->library_class);
}

static bool is_umbrella(const dart_package *p, const schema_namespace *ns) {
  return strcmp(ns->name.dart, p->options->package) == 0;
}

const char *dart_testing_library(arena *a, const char *base) { return arena_printf(a, "%s_testing", base); }

/* Names that other namespaces declare too: they cannot be exported side by side. */
typedef struct shared_names {
  const char **names; /* sorted */
  size_t count;
} shared_names;

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static shared_names find_shared(const dart_package *p) {
  size_t namespaces = p->schema->namespace_count;
  size_t count = 0;
  for (size_t i = 0; i < namespaces; i++) count += p->top_name_counts[i];
  const char **all = ARENA_ARRAY(p->arena, const char *, count + 1);
  count = 0;
  for (size_t i = 0; i < namespaces; i++)
    for (size_t k = 0; k < p->top_name_counts[i]; k++) all[count++] = p->top_names[i][k];
  qsort(all, count, sizeof *all, compare_names);
  shared_names shared = {.names = all};
  for (size_t i = 0, next; i < count; i = next) {
    for (next = i + 1; next < count && strcmp(all[i], all[next]) == 0;) next++;
    if (next - i > 1) all[shared.count++] = all[i];
  }
  return shared;
}

/* " hide A, B" with those of the shared names that a namespace has, or "". */
static const char *hide_clause(const dart_package *p, const schema_namespace *ns,
                               const shared_names *shared) {
  const char *clause = "";
  for (size_t i = 0; i < shared->count; i++)
    if (dart_names_count(p, ns, shared->names[i]) > 0)
      clause = arena_printf(p->arena, "%s%s%s", clause, *clause == '\0' ? " hide " : ", ", shared->names[i]);
  return clause;
}

static void put_exports(emitter *e, const schema_namespace *ns) {
  if (dart_has_types(ns)) emit(e, "export 'src/%s_types.dart';\n", ns->name.dart);
  if (dart_has_services(ns)) emit(e, "export 'src/%s_services.dart';\n", ns->name.dart);
}

static void put_namespace(dart_package *p, const schema_namespace *ns) {
  emitter *e = output_file(p->out, arena_printf(p->arena, "lib/%s.dart", ns->name.dart));
  dart_put_header(e, arena_printf(p->arena, " from namespace %.*s", TEXT_ARG(ns->name.text)));
  emit(e, "\n");
  if (ns->doc.size > 0)
    dart_put_doc(e, 0, ns->doc, NULL);
  else
    emit(e, "/// Types and services of %.*s.\n", TEXT_ARG(ns->name.text));
  emit(e, "library;\n\n");
  put_exports(e, ns);
}

/* The namespace that has the package's name has no library but the umbrella; NULL: there is none. */
static const schema_namespace *find_own(const dart_package *p) {
  for (size_t i = 0; i < p->schema->namespace_count; i++)
    if (is_umbrella(p, p->schema->namespaces[i])) return p->schema->namespaces[i];
  return NULL;
}

static void put_umbrella_doc(const dart_package *p, emitter *e, const shared_names *shared) {
  const schema_namespace *own = find_own(p);
  emit(e, "\n/// All of package %s.\n", p->options->package);
  if (own != NULL && own->doc.size > 0) {
    emit(e, "///\n");
    dart_put_doc(e, 0, own->doc, NULL);
  }
  if (shared->count == 0) return;
  emit(e, "///\n/// Several namespaces declare these; import the library of the one you mean:\n///\n");
  for (size_t i = 0; i < shared->count; i++) {
    const char *name = shared->names[i];
    bool is_own = own != NULL && dart_names_count(p, own, name) > 0;
    emit(e, is_own ? "/// - `%s` (here, that of this library's own namespace)\n" : "/// - `%s`\n", name);
  }
}

static void put_umbrella(dart_package *p) {
  shared_names shared = find_shared(p);
  emitter *e = output_file(p->out, arena_printf(p->arena, "lib/%s.dart", p->options->package));
  dart_put_header(e, "");
  put_umbrella_doc(p, e, &shared);
  emit(e, "library;\n\n");
  emit(e, "export 'src/library.dart';\nexport 'src/mbr/connection.dart' hide openLibrary;\n");
  emit(e, "export 'src/mbr/exceptions.dart';\nexport 'src/mbr/json.dart' show MbrJsonException;\n");
  emit(e, "export 'src/mbr/uuid.dart';\n");
  for (size_t i = 0; i < p->schema->namespace_count; i++) {
    const schema_namespace *ns = p->schema->namespaces[i];
    if (is_umbrella(p, ns))
      put_exports(e, ns);
    else
      emit(e, "export '%s.dart'%s;\n", ns->name.dart, hide_clause(p, ns, &shared));
  }
}

/* " hide ClimateFake", as hide_clause. */
static const char *hide_fakes_clause(const dart_package *p, const schema_namespace *ns,
                                     const shared_names *shared) {
  const char *clause = "";
  for (size_t i = 0; i < ns->decl_count; i++) {
    const char *name = ns->decls[i]->name.dart;
    if (ns->decls[i]->kind == SCHEMA_SERVICE &&
        bsearch(&name, shared->names, shared->count, sizeof name, compare_names) != NULL)
      clause = arena_printf(p->arena, "%s%s%sFake", clause, *clause == '\0' ? " hide " : ", ", name);
  }
  return clause;
}

static void put_testing(dart_package *p, const schema_namespace *ns) {
  if (!dart_has_services(ns) || is_umbrella(p, ns)) return;
  const char *name = dart_testing_library(p->arena, ns->name.dart);
  emitter *e = output_file(p->out, arena_printf(p->arena, "lib/%s.dart", name));
  dart_put_header(e, arena_printf(p->arena, " from namespace %.*s", TEXT_ARG(ns->name.text)));
  emit(e, "\n/// Fakes of the services of %.*s, for tests.\nlibrary;\n\n", TEXT_ARG(ns->name.text));
  emit(e, "export 'src/%s_fakes.dart';\nexport 'src/mbr/fakes.dart' show MbrFakeCall;\n", ns->name.dart);
}

static void put_testing_umbrella(dart_package *p) {
  bool has_services = false;
  for (size_t i = 0; i < p->schema->namespace_count; i++)
    has_services = has_services || dart_has_services(p->schema->namespaces[i]);
  if (!has_services) return;
  shared_names shared = find_shared(p);
  const char *package = p->options->package;
  emitter *e =
      output_file(p->out, arena_printf(p->arena, "lib/%s.dart", dart_testing_library(p->arena, package)));
  dart_put_header(e, "");
  emit(e,
       "\n/// Fakes of all services of package %s, for tests without a native library.\n///\n"
       "/// An application depends on a service's interface, and is handed its API class; a test hands it "
       "the\n"
       "/// fake.\n"
       "library;\n\n",
       package);
  for (size_t i = 0; i < p->schema->namespace_count; i++) {
    const schema_namespace *ns = p->schema->namespaces[i];
    const char *hide = is_umbrella(p, ns) ? "" : hide_fakes_clause(p, ns, &shared);
    if (dart_has_services(ns)) emit(e, "export 'src/%s_fakes.dart'%s;\n", ns->name.dart, hide);
  }
  emit(e, "export 'src/mbr/fakes.dart' show MbrFakeCall;\n");
}

static void put_templates(dart_package *p) {
  for (size_t i = 0; i < dart_template_count; i++) {
    const dart_template *t = &dart_templates[i];
    emitter *e = output_file(p->out, arena_printf(p->arena, "lib/src/mbr/%s", t->name));
    dart_put_header(e, "");
    emit(e, "\n");
    emit_text(e, (text){(const char *)t->data, t->size});
  }
}

void dart_package_files(dart_package *p) {
  put_pubspec(p);
  put_umbrella(p);
  for (size_t i = 0; i < p->schema->namespace_count; i++)
    if (!is_umbrella(p, p->schema->namespaces[i])) put_namespace(p, p->schema->namespaces[i]);
  for (size_t i = 0; i < p->schema->namespace_count; i++) put_testing(p, p->schema->namespaces[i]);
  put_testing_umbrella(p);
  put_library_class(p);
  put_templates(p);
}
