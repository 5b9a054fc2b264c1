/* lib/src/<ns>_fakes.dart: for every service, and every host service, an implementation that a test scripts
 * and then asks what it was called with. Knows no connection and no bytes. */
#include "../../idl/names.h"
#include "dart.h"

static bool has_param(const schema_method *m, const char *name) {
  for (size_t i = 0; i < m->param_count; i++)
    if (strcmp(m->params[i].name.dart, name) == 0) return true;
  return false;
}

/* A member that the contract knows nothing of: methods keep their names. */
static const char *own_member(arena *a, const schema_decl *d, const char *name) {
  for (size_t i = 0; i < d->method_count; i++)
    if (strcmp(d->methods[i].name.dart, name) == 0) return arena_printf(a, "%s_", name);
  return name;
}

static const char *handler_name(arena *a, const schema_decl *d, const schema_method *m) {
  return own_member(a, d, arena_printf(a, "on%s", names_upper_camel(a, m->name.text)));
}

/* As the body of `m` refers to a member: a parameter may hide it. */
static const char *in_body(arena *a, const schema_method *m, const char *member) {
  return has_param(m, member) ? arena_printf(a, "this.%s", member) : member;
}

/* What a handler answers with: what its method does, or at once what that promises. */
static const char *handler_result(dart_file *f, const schema_decl *d, const schema_method *m) {
  if (m->kind != SCHEMA_ASYNC || m->result_is_stream) return dart_result_type(f, d, m);
  const char *type = m->result == NULL ? "void" : dart_type(f, m->result);
  return arena_printf(f->package->arena, "%s<%s>", dart_future_or(f), type);
}

/* onSetTarget: with all of the method's parameters, since defaults are known by then. */
static void put_handler(dart_file *f, const schema_decl *d, const schema_method *m) {
  arena *a = f->package->arena;
  const char **params = ARENA_ARRAY(a, const char *, m->param_count + 1);
  for (size_t i = 0; i < m->param_count; i++)
    params[i] = arena_printf(a, "required %s %s", dart_param_type(f, &m->params[i]), m->params[i].name.dart);
  bool has_params = m->param_count > 0;
  dart_put(f, "\n  /// %s [%s].\n", m->kind == SCHEMA_ONEWAY ? "Hears of" : "Answers", m->name.dart);
  dart_list(f, 2, arena_printf(a, "%s Function(%s", handler_result(f, d, m), has_params ? "{" : ""), params,
            m->param_count, arena_printf(a, "%s)? %s;", has_params ? "}" : "", handler_name(a, d, m)));
}

static const char *value_of(arena *a, const schema_method *m, const dart_params *params, size_t i) {
  const char *name = m->params[i].name.dart;
  return params->late[i] == NULL ? name : arena_printf(a, "%s ?? %s", name, params->late[i]);
}

/* calls.add(MbrFakeCall('setTarget', {'zone': zone})); */
static void put_record(dart_file *f, const schema_decl *d, const schema_method *m,
                       const dart_params *params) {
  arena *a = f->package->arena;
  const char *calls = in_body(a, m, own_member(a, d, "calls"));
  if (m->param_count == 0) {
    dart_line(f, 4, "%s.add(const MbrFakeCall('%s'));", calls, m->name.dart);
    return;
  }
  const char **items = ARENA_ARRAY(a, const char *, m->param_count);
  for (size_t i = 0; i < m->param_count; i++)
    items[i] = arena_printf(a, "'%s': %s", m->params[i].name.dart, value_of(a, m, params, i));
  dart_list(f, 4, arena_printf(a, "%s.add(MbrFakeCall('%s', {", calls, m->name.dart), items, m->param_count,
            "}));");
}

static void put_answer(dart_file *f, const schema_decl *d, const schema_method *m,
                       const dart_params *params) {
  arena *a = f->package->arena;
  const char **args = ARENA_ARRAY(a, const char *, m->param_count + 1);
  for (size_t i = 0; i < m->param_count; i++)
    args[i] = arena_printf(a, "%s: %s", m->params[i].name.dart, value_of(a, m, params, i));
  const char *handler = in_body(a, m, handler_name(a, d, m));
  const char *answer = m->kind == SCHEMA_ONEWAY
                           ? arena_printf(a, "%s%s?.call(", d->is_host ? "return " : "", handler)
                           : arena_printf(a, "return %sMbrFake.answer(%s, %s)(",
                                          m->result_is_stream ? "MbrFake.stream(() => " : "", handler,
                                          dart_string(a, m->id_text));
  dart_list(f, 4, answer, args, m->param_count, m->result_is_stream ? "));" : ");");
}

static void put_method(dart_file *f, const schema_decl *d, const schema_method *m) {
  dart_params params = dart_parameters(f, m->params, m->param_count, false);
  put_handler(f, d, m);
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  bool is_future = m->kind == SCHEMA_ASYNC && !m->result_is_stream;
  dart_put_signature(f, d, m, &params, is_future ? " async {" : " {");
  put_record(f, d, m, &params);
  put_answer(f, d, m, &params);
  dart_put(f, "  }\n");
}

static void put_fake(dart_file *f, const schema_decl *d) {
  arena *a = f->package->arena;
  const char *interface = dart_service(f, d);
  dart_put(f, "\n/// A [%s] for tests: it records its calls, and answers what it is told to.\n",
           d->name.dart);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "final class %sFake implements %s {", d->name.dart, interface);
  if (d->method_count > 0) {
    dart_use(f, "mbr/fakes.dart", NULL, NULL);
    dart_hide_methods(f, d);
    dart_put(f, "\n  /// The calls so far, in order.\n");
    dart_put(f, "  final %s<MbrFakeCall> %s = [];\n", dart_core(f, "List"), own_member(a, d, "calls"));
  }
  for (size_t i = 0; i < d->method_count; i++) put_method(f, d, &d->methods[i]);
  dart_put(f, "}\n");
  dart_leave_class(f);
}

static void put_fakes(dart_file *f) {
  for (size_t i = 0; i < f->ns->decl_count; i++)
    if (f->ns->decls[i]->kind == SCHEMA_SERVICE) put_fake(f, f->ns->decls[i]);
}

void dart_fakes(dart_package *p, const schema_namespace *ns) {
  if (!dart_has_services(ns)) return;
  const char *doc =
      arena_printf(p->arena, "Fakes of the services of %.*s, for tests.", TEXT_ARG(ns->name.text));
  dart_write_file(p, ns, "fakes", doc, put_fakes);
}
