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

/* An int of Dart ends before a u64 does. */
static void check_int(dart_package *p, const schema_type *t, const schema_value *v, span at) {
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  if (t->dart_int && v->kind == SCHEMA_VALUE_INT && v->integer.low > (uint64_t)INT64_MAX)
    refuse(p, at, "numbers above 2^63 - 1 with '@dart(int)'");
}

static void check_type(dart_package *p, const schema_type *t) {
  if (t->kind == SCHEMA_UUID) refuse(p, t->at, "uuid");
  if (t->range != NULL && t->range->has_min) check_int(p, t, &t->range->min, t->range->at);
  if (t->range != NULL && t->range->has_max) check_int(p, t, &t->range->max, t->range->at);
  if (t->item != NULL) check_type(p, t->item);
  if (t->key != NULL) check_type(p, t->key);
  for (size_t i = 0; i < t->member_count; i++) check_type(p, t->members[i]);
}

static void check_fields(dart_package *p, const schema_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    check_type(p, fields[i].type);
    if (fields[i].value != NULL) check_int(p, fields[i].type, fields[i].value, fields[i].value->at);
    if (fields[i].is_stream) refuse(p, fields[i].name.at, "stream parameters");
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
    if (m->result != NULL) check_type(p, m->result);
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
  if (d->kind == SCHEMA_FLAGS) refuse(p, d->name.at, "flags");
  if (d->kind == SCHEMA_ENUM && d->is_open) refuse(p, d->name.at, "open enums");
  if (d->kind == SCHEMA_CONST || d->kind == SCHEMA_ALIAS) check_type(p, d->type);
  if (d->kind == SCHEMA_CONST) check_int(p, d->type, d->value, d->value->at);
  check_fields(p, d->fields, d->field_count);
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    check_name(p, &arm->name);
    if (arm->type != NULL) check_type(p, arm->type);
    check_fields(p, arm->fields, arm->field_count);
  }
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
