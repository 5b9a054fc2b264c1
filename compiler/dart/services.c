/* lib/src/<ns>_services.dart: for every service the interface an application programs against, and the
 * class that reaches it through a connection. Knows no bytes beyond what codec.c spells. */
#include "dart.h"

bool dart_has_services(const schema_namespace *ns) {
  for (size_t i = 0; i < ns->decl_count; i++)
    if (ns->decls[i]->kind == SCHEMA_SERVICE) return true;
  return false;
}

/* What a method's doc says: its own text, its parameters' units and ranges, what it throws. */
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
  gap = *doc == '\0' ? "" : "\n\n";
  if (m->throws != NULL) doc = arena_printf(a, "%s%sThrows [%s].", doc, gap, dart_decl(f, m->throws));
  return (text){doc, strlen(doc)};
}

static const char *result_type(dart_file *f, const schema_method *m) {
  if (m->kind == SCHEMA_ONEWAY) return "void";
  const char *item = m->result == NULL ? "void" : dart_type(f, m->result);
  return arena_printf(f->package->arena, "%s<%s>", dart_core(f, m->result_is_stream ? "Stream" : "Future"),
                      item);
}

static void put_signature(dart_file *f, const schema_method *m, const dart_params *params, const char *end) {
  arena *a = f->package->arena;
  const char *brace = m->param_count > 0 ? "{" : "";
  const char *open = arena_printf(a, "%s %s(%s", result_type(f, m), m->name.dart, brace);
  dart_list(f, 2, open, params->items, params->count,
            arena_printf(a, "%s)%s", m->param_count > 0 ? "}" : "", end));
}

static void hide_methods(dart_file *f, const schema_decl *d) {
  for (size_t i = 0; i < d->method_count; i++) dart_hide(f, d->methods[i].name.dart);
}

static void put_interface(dart_file *f, const schema_decl *d) {
  dart_put(f, "\n");
  dart_doc(f, 0, d->info.doc, NULL);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "abstract interface class %s {", d->name.dart);
  hide_methods(f, d);
  for (size_t i = 0; i < d->method_count; i++) {
    const schema_method *m = &d->methods[i];
    dart_params params = dart_parameters(f, m->params, m->param_count, false);
    dart_put(f, "\n");
    dart_doc(f, 2, method_doc(f, m), NULL);
    dart_deprecated(f, 2, &m->info);
    put_signature(f, m, &params, ";");
  }
  dart_put(f, "}\n");
  dart_leave_class(f);
}

/* The function that decodes a result: one of the codec's, or one made beside the method. */
static const char *result_decoder(dart_file *f, const schema_method *m) {
  if (m->result == NULL) return "MbrReader.nothing";
  if (m->result->kind == SCHEMA_NAMED) return dart_decoder(f, m->result->decl);
  return arena_printf(f->package->arena, "_%sResult", m->name.dart);
}

static void put_descriptor(dart_file *f, const schema_decl *d, const schema_method *m) {
  arena *a = f->package->arena;
  const char *name = m->name.dart;
  const char *decoder = result_decoder(f, m);
  const char *error =
      m->throws == NULL ? "" : arena_printf(a, ", decodeError: %s", dart_decoder(f, m->throws));
  dart_put(f, "\n");
  if (m->result != NULL && m->result->kind != SCHEMA_NAMED) {
    const char *at = arena_printf(a, "%s.%s", d->name.dart, name);
    dart_line(f, 2, "static %s %s(MbrReader reader) => %s;", dart_type(f, m->result), decoder,
              dart_decode(f, m->result, at));
    dart_put(f, "\n");
  }
  dart_line(f, 2, "static const _%sMethod = MbrMethod%s(0x%08x, %s, %s%s);", name,
            m->result == NULL ? "<void>" : "", m->id, dart_string(a, m->id_text), decoder, error);
}

/* How the body names a parameter: one called like the encoder's own goes by another name. */
static const char *argument(arena *a, const schema_field *param, const char *late) {
  const char *name = strcmp(param->name.dart, "writer") == 0 ? "$writer" : param->name.dart;
  return late == NULL ? name : arena_printf(a, "%s ?? %s", name, late);
}

/* _connection.call(_xMethod */
static const char *call_head(dart_file *f, const schema_method *m) {
  const char *how = m->kind == SCHEMA_ONEWAY ? "oneway" : m->result_is_stream ? "stream" : "call";
  return arena_printf(f->package->arena, "_connection.%s(_%sMethod", how, m->name.dart);
}

static void put_call(dart_file *f, unsigned indent, const char *start, const schema_decl *d,
                     const schema_method *m, const dart_params *params) {
  arena *a = f->package->arena;
  dart_line(f, indent, "%s%s, (writer) {", start, call_head(f, m));
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_field *param = &m->params[i];
    const char *at = arena_printf(a, "%s.%s.%s", d->name.dart, m->name.dart, param->name.dart);
    dart_encode(f, indent + 2, param->type, argument(a, param, params->late[i]), at);
  }
  dart_line(f, indent, "});");
}

static bool has_writer_param(const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (strcmp(m->params[i].name.dart, "writer") == 0) return true;
  return false;
}

static void put_method(dart_file *f, const schema_decl *d, const schema_method *m) {
  dart_params params = dart_parameters(f, m->params, m->param_count, false);
  put_descriptor(f, d, m);
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  if (m->param_count == 0) {
    dart_line(f, 2, "%s %s() => %s, MbrWriter.nothing);", result_type(f, m), m->name.dart, call_head(f, m));
  } else if (has_writer_param(m)) {
    put_signature(f, m, &params, " {");
    dart_line(f, 4, "final $writer = writer;");
    put_call(f, 4, m->kind == SCHEMA_ONEWAY ? "" : "return ", d, m, &params);
    dart_line(f, 2, "}");
  } else {
    put_signature(f, m, &params, " =>");
    put_call(f, 6, "", d, m, &params);
  }
}

static void put_api(dart_file *f, const schema_decl *d) {
  const char *library = f->package->library_class;
  dart_use(f, "mbr/connection.dart", NULL, NULL);
  dart_put(f, "\n/// [%s], reached through a connection.\n", d->name.dart);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "final class %sApi implements %s {\n", d->name.dart, d->name.dart);
  hide_methods(f, d);
  if (d->method_count == 0) {
    dart_put(f, "  %sApi([MbrConnection? connection]);\n}\n", d->name.dart);
    dart_leave_class(f);
    return;
  }
  dart_use(f, "library.dart", NULL, NULL);
  dart_use(f, "mbr/wire.dart", NULL, NULL);
  dart_put(f, "  /// On [connection], or on the one that this isolate shares.\n");
  dart_line(f, 2, "%sApi([MbrConnection? connection]) : _connection = connection ?? %s.connection;",
            d->name.dart, library);
  dart_put(f, "\n  final MbrConnection _connection;\n");
  for (size_t i = 0; i < d->method_count; i++) put_method(f, d, &d->methods[i]);
  dart_put(f, "}\n");
  dart_leave_class(f);
}

static void put_services(dart_file *f) {
  for (size_t i = 0; i < f->ns->decl_count; i++) {
    const schema_decl *d = f->ns->decls[i];
    if (d->kind != SCHEMA_SERVICE) continue;
    put_interface(f, d);
    put_api(f, d);
  }
}

void dart_services(dart_package *p, const schema_namespace *ns) {
  if (!dart_has_services(ns)) return;
  const char *doc = arena_printf(p->arena, "The services of %.*s.", TEXT_ARG(ns->name.text));
  dart_write_file(p, ns, "services", doc, put_services);
}
