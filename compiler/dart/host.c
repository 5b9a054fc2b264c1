/* The class by which a connection serves a host service: DialogsHost, which decodes arguments for the
 * application's implementation and encodes what that answers. Knows no bytes beyond what codec.c spells. */
#include "dart.h"

static const char *constructor_of(const schema_method *m) {
  if (m->kind == SCHEMA_ONEWAY) return "oneway";
  return m->result_is_stream ? "stream" : "unary";
}

static const char *place_of(arena *a, const schema_decl *d, const schema_method *m,
                            const schema_field *param) {
  const char *at = arena_printf(a, "%s.%s", d->name.dart, m->name.dart);
  return param == NULL ? at : arena_printf(a, "%s.%s", at, param->name.dart);
}

/* A local of a handler: named like its parameter, unless the handler needs that name. */
static const char *local_name(arena *a, const schema_field *param) {
  static const char *const taken[] = {"call", "implementation", "reader"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(param->name.dart, taken[i]) == 0) return arena_printf(a, "$%s", taken[i]);
  return param->name.dart;
}

/* Arguments are read in wire order, and all of them, before the implementation hears of the call. */
static void put_handler(dart_file *f, const schema_decl *d, const schema_method *m) {
  arena *a = f->package->arena;
  const char **args = ARENA_ARRAY(a, const char *, m->param_count + 1);
  dart_hide_fields(f, m->params, m->param_count);
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_field *param = &m->params[i];
    const char *value = local_name(a, param);
    const char *decoded = dart_decode(f, param->type, place_of(a, d, m, param));
    if (param->is_stream)
      value = arena_printf(a, "call.items((reader) => %s)", decoded);
    else
      dart_line(f, 10, "final %s = %s;", value, decoded);
    args[i] = arena_printf(a, "%s: %s", param->name.dart, value);
  }
  dart_list(f, 10, arena_printf(a, "return () => implementation.%s(", m->name.dart), args, m->param_count,
            ");");
  dart_leave_class(f); /* the locals are gone */
}

/* What follows the functions of a row. */
static const char *manners_of(dart_file *f, const schema_method *m) {
  arena *a = f->package->arena;
  const char *all = m->throws == NULL ? ""
                                      : arena_printf(a, ", writeError: MbrHostMethod.declared(%s)",
                                                     dart_encoder(f, m->throws));
  if (dart_stream_param(m) != NULL && m->buffer > 0)
    all = arena_printf(a, "%s, window: %u", all, (unsigned)m->buffer);
  return arena_printf(a, "%s%s%s", all, m->concurrent ? ", isConcurrent: true" : "",
                      m->latest ? ", isLatest: true" : "");
}

/* One method of the table: how its arguments are read, and what then calls it; how its result is written. */
static void put_row(dart_file *f, const schema_decl *d, const schema_method *m) {
  arena *a = f->package->arena;
  const char *type = m->result == NULL ? "void" : dart_type(f, m->result);
  dart_line(f, 8, "MbrHostMethod<%s>.%s(%s, (call, reader) {", type, constructor_of(m), dart_identity(a, m));
  put_handler(f, d, m);
  if (m->kind == SCHEMA_ONEWAY) {
    dart_line(f, 8, "}%s),", manners_of(f, m));
  } else if (m->result == NULL) {
    dart_line(f, 8, "}, (writer, _) {}%s),", manners_of(f, m));
  } else {
    dart_line(f, 8, "}, (writer, result) {");
    dart_encode(f, 10, m->result, "result", place_of(a, d, m, NULL));
    dart_line(f, 8, "}%s),", manners_of(f, m));
  }
}

void dart_put_host(dart_file *f, const schema_decl *d) {
  const char *name = d->name.dart;
  bool has_methods = d->method_count > 0;
  dart_use(f, "mbr/connection.dart", NULL, NULL);
  dart_put(f, "\n");
  dart_doc(f, 0, TEXT(""),
           arena_printf(f->package->arena,
                        "Offers a [%s] to the other side of a connection: "
                        "`connection.serve(%sHost(implementation))`.",
                        name, name));
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "final class %sHost extends MbrHost {\n", name);
  dart_line(f, 2, "%sHost(%s implementation) : super(_contract, %s);", name, name,
            has_methods ? "_methods(implementation)" : "const []");
  dart_put_contract(f, d);
  if (has_methods) {
    dart_put(f, "\n");
    dart_line(f, 2, "static %s<MbrHostMethod<%s?>> _methods(%s implementation) => [", dart_core(f, "List"),
              dart_core(f, "Object"), name);
    for (size_t i = 0; i < d->method_count; i++) put_row(f, d, &d->methods[i]);
    dart_put(f, "      ];\n");
  }
  dart_put(f, "}\n");
}
