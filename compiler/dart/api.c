/* The class that reaches a service through a connection: ClimateApi, with a const descriptor for each method.
 * Knows no bytes beyond what codec.c spells. */
#include "dart.h"

/* The function that decodes a result: one of the codec's, or one made beside the method. */
static const char *result_decoder(dart_file *f, const schema_method *m) {
  if (m->result == NULL) return "MbrReader.nothing";
  if (m->result->kind == SCHEMA_NAMED) return dart_decoder(f, m->result->decl);
  return arena_printf(f->package->arena, "_%sResult", m->name.dart);
}

static void put_result_decoder(dart_file *f, const schema_decl *d, const schema_method *m) {
  if (m->result == NULL || m->result->kind == SCHEMA_NAMED) return;
  const char *at = arena_printf(f->package->arena, "%s.%s", d->name.dart, m->name.dart);
  dart_put(f, "\n");
  dart_line(f, 2, "static %s %s(MbrReader reader) => %s;", dart_type(f, m->result), result_decoder(f, m),
            dart_decode(f, m->result, at));
}

/* A plain call of a native function needs no codec: what is checked of it is that both sides mean the same.
 */
static void put_descriptor(dart_file *f, const schema_decl *d, const schema_method *m) {
  arena *a = f->package->arena;
  bool is_direct = dart_is_direct(d, m);
  bool is_void = m->result == NULL || is_direct;
  if (!is_direct) put_result_decoder(f, d, m);
  const char *error =
      m->throws == NULL ? "" : arena_printf(a, ", decodeError: %s", dart_decoder(f, m->throws));
  dart_put(f, "\n");
  dart_line(f, 2, "static const _%sMethod = MbrMethod%s(%s, _contract, %s%s%s%s);", m->name.dart,
            is_void ? "<void>" : "", dart_identity(a, m),
            is_void ? "MbrReader.nothing" : result_decoder(f, m), dart_reached(a, d, m), error,
            dart_manners(f, m));
}

static bool has_arguments(const schema_method *m) {
  return m->param_count > (dart_stream_param(m) != NULL ? 1u : 0u);
}

/* How the body names a parameter: one called like the encoder's own goes by another name. */
static const char *argument(arena *a, const schema_field *param, const char *late) {
  const char *name = strcmp(param->name.dart, "writer") == 0 ? "$writer" : param->name.dart;
  return late == NULL ? name : arena_printf(a, "%s ?? %s", name, late);
}

static const char *place_of(arena *a, const schema_decl *d, const schema_method *m,
                            const schema_field *param) {
  return arena_printf(a, "%s.%s.%s", d->name.dart, m->name.dart, param->name.dart);
}

/* What the connection is asked to do. */
static const char *verb_of(const schema_method *m) {
  if (m->kind == SCHEMA_ONEWAY) return "oneway";
  if (m->kind == SCHEMA_SYNC) return "callSync";
  return m->result_is_stream ? "stream" : "call";
}

/* Sync methods are called at once, in this process. */
static bool takes_options(const schema_method *m) { return m->kind != SCHEMA_SYNC; }

/* What follows the arguments: the view, and the items of a stream parameter with how each is written. */
static void put_call_end(dart_file *f, unsigned indent, const char *before, const schema_decl *d,
                         const schema_method *m) {
  const schema_field *stream = dart_stream_param(m);
  const char *options = takes_options(m) ? ", options: _options" : "";
  if (stream == NULL) {
    dart_line(f, indent, "%s%s);", before, options);
    return;
  }
  arena *a = f->package->arena;
  dart_line(f, indent, "%s%s, upload: MbrUpload<%s>(%s, (writer, item) {", before, options,
            dart_type(f, stream->type), argument(a, stream, NULL));
  dart_encode(f, indent + 2, stream->type, "item", place_of(a, d, m, stream));
  dart_line(f, indent, "}));");
}

static void put_call(dart_file *f, unsigned indent, const char *start, const schema_decl *d,
                     const schema_method *m, const dart_params *params) {
  arena *a = f->package->arena;
  const char *head = arena_printf(a, "%s_connection.%s(_%sMethod, ", start, verb_of(m), m->name.dart);
  if (!has_arguments(m)) {
    put_call_end(f, indent, arena_printf(a, "%sMbrWriter.nothing", head), d, m);
    return;
  }
  dart_line(f, indent, "%s(writer) {", head);
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_field *param = &m->params[i];
    if (!param->is_stream)
      dart_encode(f, indent + 2, param->type, argument(a, param, params->late[i]), place_of(a, d, m, param));
  }
  put_call_end(f, indent, "}", d, m);
}

static bool has_writer_param(const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (strcmp(m->params[i].name.dart, "writer") == 0) return true;
  return false;
}

static void put_framed(dart_file *f, const schema_decl *d, const schema_method *m,
                       const dart_params *params) {
  if (has_writer_param(m)) {
    dart_put_signature(f, d, m, params, " {");
    dart_line(f, 4, "final $writer = writer;");
    put_call(f, 4, m->kind == SCHEMA_ONEWAY ? "" : "return ", d, m, params);
    dart_line(f, 2, "}");
  } else if (m->param_count == 0) {
    dart_line(f, 2, "%s %s() => _connection.%s(_%sMethod, MbrWriter.nothing%s);", dart_result_type(f, d, m),
              m->name.dart, verb_of(m), m->name.dart, takes_options(m) ? ", options: _options" : "");
  } else {
    dart_put_signature(f, d, m, params, " =>");
    put_call(f, 6, "", d, m, params);
  }
}

/* A call of the native function, its arguments and result checked on this side. */
static void put_direct(dart_file *f, const schema_decl *d, const schema_method *m,
                       const dart_params *params) {
  arena *a = f->package->arena;
  const char *direct = dart_local_name(a, m, "direct");
  const char *result = dart_local_name(a, m, "result");
  const char **args = ARENA_ARRAY(a, const char *, m->param_count + 1);
  args[0] = arena_printf(a, "%s.target", direct);
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_field *param = &m->params[i];
    const char *value = param->name.dart;
    if (params->late[i] != NULL) value = arena_printf(a, "(%s ?? %s)", value, params->late[i]);
    args[i + 1] = dart_to_native(f, param->type, value, place_of(a, d, m, param));
  }
  const char *at = arena_printf(a, "%s.%s", d->name.dart, m->name.dart);
  const char *value = m->result == NULL ? result : dart_from_native(f, m->result, result, at);
  const char *start = m->result == NULL ? ""
                      : value == result ? "return "
                                        : arena_printf(a, "final %s = ", result);
  dart_put_signature(f, d, m, params, " {");
  dart_line(f, 4, "final %s = _%sFunction;", direct, m->name.dart);
  dart_list(f, 4, arena_printf(a, "%s%s.function(", start, direct), args, m->param_count + 1, ");");
  if (value != result) dart_line(f, 4, "return %s;", value);
  dart_line(f, 2, "}");
}

static void put_method(dart_file *f, const schema_decl *d, const schema_method *m) {
  dart_params params = dart_parameters(f, m->params, m->param_count, false);
  bool is_direct = dart_is_direct(d, m);
  put_descriptor(f, d, m);
  if (is_direct) {
    dart_put(f, "\n");
    dart_line(f, 2, "late final _%sFunction = MbrDirect(_connection, _%sMethod, %s.%s);", m->name.dart,
              m->name.dart, dart_native_class(f, d), m->name.dart);
  }
  dart_put(f, "\n  @%s\n", dart_core(f, "override"));
  if (is_direct)
    put_direct(f, d, m, &params);
  else
    put_framed(f, d, m, &params);
}

static bool has_calls(const schema_decl *d) {
  for (size_t i = 0; i < d->method_count; i++)
    if (takes_options(&d->methods[i])) return true;
  return false;
}

static void put_constructors(dart_file *f, const schema_decl *d, bool is_view) {
  arena *a = f->package->arena;
  const char *name = d->name.dart;
  const char *library = f->package->library_class;
  dart_put(f, "  /// On [connection], or on the one that this isolate shares now; after that has ended, another\n");
  dart_put(f, "  /// one is shared, and it takes a new object to use it.\n");
  dart_line(f, 2, "%sApi([MbrConnection? connection])%s", name,
            is_view ? "" : arena_printf(a, " : _connection = connection ?? %s.connection;", library));
  if (is_view) {
    dart_line(f, 6, ": _connection = connection ?? %s.connection,", library);
    dart_line(f, 8, "_options = null;");
    dart_put(f, "\n  %sApi._(this._connection, this._options);\n", name);
  }
  dart_put(f, "\n  final MbrConnection _connection;\n");
  if (is_view) dart_put(f, "  final MbrCallOptions? _options;\n");
}

static void put_view(dart_file *f, const schema_decl *d) {
  const char *name = d->name.dart;
  const char *duration = dart_core(f, "Duration");
  dart_put(f, "\n");
  dart_doc(f, 2,
           TEXT("The same service, its calls with [timeout] in place of their deadlines, ended by\n"
                "[cancelToken], and made to that [instance] of several devices that serve it. What is not\n"
                "given is as it is here."),
           NULL);
  dart_line(f, 2, "%sApi withOptions({%s? timeout, MbrCancelToken? cancelToken, %s? instance}) =>", name,
            duration, dart_core(f, "int"));
  dart_line(f, 6, "%sApi._(", name);
  dart_line(f, 8, "_connection,");
  dart_line(f, 8, "MbrCallOptions(");
  dart_line(f, 10, "timeout: timeout ?? _options?.timeout,");
  dart_line(f, 10, "cancelToken: cancelToken ?? _options?.cancelToken,");
  dart_line(f, 10, "instance: instance ?? _options?.instance,");
  dart_line(f, 8, "),");
  dart_line(f, 6, ");");
}

static void put_link_state(dart_file *f, bool is_view) {
  dart_put(f, "\n");
  dart_doc(f, 2,
           TEXT("Whether the service can be reached: the state now, then each change of it. In this process\n"
                "it is up until the connection ends; a remote peer's goes up and down with the link to it."),
           NULL);
  dart_line(f, 2, "%s<MbrLinkState> get linkState => _connection.linkState(_contract%s);",
            dart_core(f, "Stream"), is_view ? ", options: _options" : "");
}

void dart_put_api(dart_file *f, const schema_decl *d) {
  dart_use(f, "mbr/connection.dart", NULL, NULL);
  dart_put(f, "\n/// [%s], reached through a connection.\n", d->name.dart);
  dart_deprecated(f, 0, &d->info);
  dart_put(f, "final class %sApi implements %s {\n", d->name.dart, d->name.dart);
  dart_hide_methods(f, d);
  if (d->method_count == 0) {
    dart_put(f, "  %sApi([MbrConnection? connection]);\n}\n", d->name.dart);
    dart_leave_class(f);
    return;
  }
  dart_use(f, "library.dart", NULL, NULL);
  dart_use(f, "mbr/wire.dart", NULL, NULL);
  if (dart_has_direct(d)) dart_use(f, "mbr/direct.dart", NULL, NULL);
  put_constructors(f, d, has_calls(d));
  if (has_calls(d)) put_view(f, d);
  put_link_state(f, has_calls(d));
  dart_put_contract(f, d);
  for (size_t i = 0; i < d->method_count; i++) put_method(f, d, &d->methods[i]);
  dart_put(f, "}\n");
  dart_leave_class(f);
}
