/* What the Dart backend refuses, at its place, before anything is written. Knows no Dart beyond names. */
#include "dart.h"

static void refuse(dart_package *p, span at, const char *what) {
  diag_report(p->diags, DIAG_DART_UNSUPPORTED, at, what);
}

/* Attributes that promise something at run time. */
static void check_attributes(dart_package *p, const schema_attr_place *attr) {
  static const char *const refused[] = {"timeout", "latest",     "buffer", "inline",
                                        "leaf",    "concurrent", "quiet"};
  for (; attr != NULL; attr = attr->next)
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
      if (text_equal(attr->name, (text){refused[i], strlen(refused[i])}))
        refuse(p, attr->at, arena_printf(p->arena, "'@%s'", refused[i]));
}

static void check_fields(dart_package *p, const schema_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fields[i].is_stream) refuse(p, fields[i].name.at, "stream parameters");
}

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

static void check_service(dart_package *p, const schema_decl *d) {
  if (d->is_host) refuse(p, d->name.at, "host services");
  check_attributes(p, d->attrs);
  for (size_t i = 0; i < d->method_count; i++) {
    const schema_method *m = &d->methods[i];
    if (m->kind == SCHEMA_SYNC) refuse(p, m->name.at, "sync methods");
    check_attributes(p, m->attrs);
    check_fields(p, m->params, m->param_count);
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
  if (d->kind == SCHEMA_SERVICE) check_service(p, d);
}

bool dart_check(dart_package *p) {
  size_t before = diags_errors(p->diags);
  for (size_t i = 0; i < p->schema->namespace_count; i++) {
    const schema_namespace *ns = p->schema->namespaces[i];
    for (size_t k = 0; k < ns->decl_count; k++) check_decl(p, ns->decls[k]);
  }
  return diags_errors(p->diags) == before;
}
