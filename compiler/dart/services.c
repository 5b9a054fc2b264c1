/* lib/src/<ns>_services.dart: for every service the interface that an application programs against, or that
 * it implements, and beside it what api.c or host.c makes. Knows no bytes. */
#include "dart.h"

bool dart_has_services(const schema_namespace *ns) {
  for (size_t i = 0; i < ns->decl_count; i++)
    if (ns->decls[i]->kind == SCHEMA_SERVICE) return true;
  return false;
}

static const char *duration_text(arena *a, int64_t us) {
  long long ms = us / 1000;
  return ms % 1000 != 0 ? arena_printf(a, "%lld ms", ms) : arena_printf(a, "%lld s", ms / 1000);
}

/* What its attributes mean to whoever calls it. */
static const char *method_details(arena *a, const schema_method *m) {
  const char *all = "";
  if (m->has_timeout && m->timeout_us > 0)
    all = arena_printf(a, "Deadline: %s. ", duration_text(a, m->timeout_us));
  if (m->has_timeout && m->timeout_us == 0) all = "No deadline. ";
  if (m->latest) all = arena_printf(a, "%sA slow listener misses items, but never the newest. ", all);
  size_t size = strlen(all);
  return size == 0 ? all : arena_copy(a, (text){all, size - 1});
}

/* What a method's doc says: its own text, its parameters' units and ranges, its deadline, what it throws. */
static text method_doc(dart_file *f, const schema_method *m) {
  arena *a = f->package->arena;
  const char *doc = arena_copy(a, m->info.doc);
  const char *gap = *doc == '\0' ? "" : "\n\n";
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_field *param = &m->params[i];
    const char *details = dart_details(f, &param->info, param->type);
    if (param->info.doc.size == 0 && details == NULL) continue;
    const char *space = param->info.doc.size > 0 && details != NULL ? " " : "";
    doc = arena_printf(a, "%s%s[%s]: %.*s%s%s", doc, gap, param->name.dart, TEXT_ARG(param->info.doc), space,
                       details == NULL ? "" : details);
    gap = "\n";
  }
  const char *details = method_details(a, m);
  gap = *doc == '\0' || *details == '\0' ? "" : "\n\n";
  doc = arena_printf(a, "%s%s%s", doc, gap, details);
  gap = *doc == '\0' ? "" : "\n\n";
  if (m->throws != NULL) doc = arena_printf(a, "%s%sThrows [%s].", doc, gap, dart_decl(f, m->throws));
  return (text){doc, strlen(doc)};
}

const char *dart_result_type(dart_file *f, const schema_decl *d, const schema_method *m) {
  arena *a = f->package->arena;
  if (m->kind == SCHEMA_ONEWAY) return d->is_host ? arena_printf(a, "%s<void>", dart_future_or(f)) : "void";
  const char *item = m->result == NULL ? "void" : dart_type(f, m->result);
  if (m->kind == SCHEMA_SYNC) return item;
  return arena_printf(a, "%s<%s>", dart_core(f, m->result_is_stream ? "Stream" : "Future"), item);
}

void dart_put_signature(dart_file *f, const schema_decl *d, const schema_method *m, const dart_params *params,
                        const char *end) {
  arena *a = f->package->arena;
  const char *brace = m->param_count > 0 ? "{" : "";
  const char *open = arena_printf(a, "%s %s(%s", dart_result_type(f, d, m), m->name.dart, brace);
  dart_list(f, 2, open, params->items, params->count,
            arena_printf(a, "%s)%s", m->param_count > 0 ? "}" : "", end));
}

const schema_field *dart_stream_param(const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (m->params[i].is_stream) return &m->params[i];
  return NULL;
}

void dart_hide_methods(dart_file *f, const schema_decl *d) {
  for (size_t i = 0; i < d->method_count; i++) dart_hide(f, d->methods[i].name.dart);
}

static void put_interface(dart_file *f, const schema_decl *d) {
  dart_put(f, "\n");
  dart_doc(f, 0, d->info.doc, NULL);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "abstract interface class %s {", d->name.dart);
  dart_hide_methods(f, d);
  for (size_t i = 0; i < d->method_count; i++) {
    const schema_method *m = &d->methods[i];
    dart_params params = dart_parameters(f, m->params, m->param_count, false);
    dart_put(f, "\n");
    dart_doc(f, 2, method_doc(f, m), NULL);
    dart_deprecated(f, 2, &m->info);
    dart_put_signature(f, d, m, &params, ";");
  }
  dart_put(f, "}\n");
  dart_leave_class(f);
}

static void put_services(dart_file *f) {
  for (size_t i = 0; i < f->ns->decl_count; i++) {
    const schema_decl *d = f->ns->decls[i];
    if (d->kind != SCHEMA_SERVICE) continue;
    put_interface(f, d);
    if (d->is_host)
      dart_put_host(f, d);
    else
      dart_put_api(f, d);
  }
}

void dart_services(dart_package *p, const schema_namespace *ns) {
  if (!dart_has_services(ns)) return;
  const char *doc = arena_printf(p->arena, "The services of %.*s.", TEXT_ARG(ns->name.text));
  dart_write_file(p, ns, "services", doc, put_services);
}
