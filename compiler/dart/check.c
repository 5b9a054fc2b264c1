/* What the Dart backend refuses, at its place, before anything is written. Knows no Dart beyond names. */
#include "dart.h"

/* A flag has a constant of its name, and a getter that tells whether it is set. */
static void check_flags(dart_package *p, const schema_decl *d) {
  for (size_t i = 0; i < d->member_count; i++) {
    const schema_name *name = &d->members[i].name;
    for (size_t k = 0; k < d->member_count; k++)
      if (strcmp(name->dart, dart_flag_getter(p->arena, &d->members[k])) == 0)
        diag_report(p->diags, DIAG_DART_NAME_TAKEN, name->at, TEXT_ARG(name->text), name->dart,
                    arena_printf(p->arena, "the getter of '%.*s'", TEXT_ARG(d->members[k].name.text)));
  }
}

static void check_name(dart_package *p, const schema_name *name) {
  const char *dart = name->dart;
  if (strncmp(dart, "Mbr", 3) == 0 && dart[3] >= 'A' && dart[3] <= 'Z')
    diag_report(p->diags, DIAG_DART_NAME_RESERVED, name->at, TEXT_ARG(name->text), dart);
  if (strcmp(dart, p->library_class) == 0)
    diag_report(p->diags, DIAG_DART_NAME_TAKEN, name->at, TEXT_ARG(name->text), dart,
                "the class that opens the library");
}

static void check_decl(dart_package *p, const schema_decl *d) {
  check_name(p, &d->name);
  for (size_t i = 0; i < d->arm_count; i++) check_name(p, &d->arms[i].name);
  if (d->kind == SCHEMA_FLAGS) check_flags(p, d);
}

/* The libraries of fakes stand beside those of namespaces: is `name` that of what `base` names? */
static bool is_testing_library(const dart_package *p, const char *base, const char *name) {
  return strcmp(name, dart_testing_library(p->arena, base)) == 0;
}

static void check_namespace(dart_package *p, const schema_namespace *ns) {
  const char *taken =
      is_testing_library(p, p->options->package, ns->name.dart) ? "the library of the package's fakes" : NULL;
  for (size_t i = 0; i < p->schema->namespace_count; i++) {
    const schema_namespace *other = p->schema->namespaces[i];
    if (dart_has_services(other) && is_testing_library(p, other->name.dart, ns->name.dart))
      taken = arena_printf(p->arena, "the library of the fakes of '%.*s'", TEXT_ARG(other->name.text));
  }
  if (taken != NULL)
    diag_report(p->diags, DIAG_DART_NAME_TAKEN, ns->name.at, TEXT_ARG(ns->name.text), ns->name.dart, taken);
}

bool dart_check(dart_package *p) {
  size_t before = diags_errors(p->diags);
  for (size_t i = 0; i < p->schema->namespace_count; i++) {
    const schema_namespace *ns = p->schema->namespaces[i];
    check_namespace(p, ns);
    for (size_t k = 0; k < ns->decl_count; k++) check_decl(p, ns->decls[k]);
  }
  return diags_errors(p->diags) == before;
}
