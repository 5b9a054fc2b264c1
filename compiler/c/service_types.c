/* The part of a header that a service makes: call handles, the ops table an application fills in, and the
 * completions it answers with. */
#include "gen.h"

#include <inttypes.h>

bool c_by_value(const schema_type *t) { return c_is_scalar(t) || c_is_enum(t); }

const char *c_parameters(arena *a, const schema_type *t, const char *name) {
  if (t->kind == SCHEMA_OPTIONAL && c_by_value(t->item))
    return arena_printf(a, "bool %s, %s %s", c_flag(a, name), c_type(a, t->item), name);
  if (c_by_value(t)) return arena_printf(a, "%s %s", c_type(a, t), name);
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  if (t->kind != SCHEMA_ARRAY) return arena_printf(a, "const %s *%s", c_type(a, t), name);
  return arena_printf(a, "const %s %s[%" PRIu64 "]", c_type(a, t->item), name, t->bound);
}

static void define_types(c_gen *g, const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_type *t = m->params[i].type;
    c_define_structural(g, t->kind == SCHEMA_OPTIONAL ? t->item : t);
  }
  if (m->result == NULL) return;
  const schema_type *t = m->result->kind == SCHEMA_OPTIONAL ? m->result->item : m->result;
  c_define_structural(g, t->kind == SCHEMA_ARRAY ? t->item : t);
}

/* The method's own text, then what is to know of its parameters. */
static text handler_doc(c_gen *g, const schema_method *m) {
  arena *a = g->arena;
  text doc = c_doc(a, &m->info);
  for (size_t i = 0; i < m->param_count; i++) {
    text param = c_member_doc(a, &m->params[i].info, m->params[i].type);
    if (param.size == 0) continue;
    const char *more = arena_printf(a, "%.*s%s%s: %.*s", TEXT_ARG(doc), doc.size != 0 ? "\n" : "",
                                    m->params[i].name.c, TEXT_ARG(param));
    doc = (text){more, strlen(more)};
  }
  return doc;
}

/* A comment about the service, whose name replaces NAME. */
static void explain(c_gen *g, text before, const char *about, const schema_decl *s) {
  const char *name = arena_printf(g->arena, "%.*s", TEXT_ARG(s->name.text));
  const char *at = strstr(about, "NAME");
  const char *all = arena_printf(g->arena, "%.*s%s%.*s%s%s", TEXT_ARG(before), before.size != 0 ? "\n\n" : "",
                                 (int)(at - about), about, name, at + strlen("NAME"));
  c_print_comment(g->e, 0, (text){all, strlen(all)});
}

static void write_ops(c_gen *g, const schema_decl *s) {
  explain(g, c_doc(g->arena, &s->info),
          "What serves NAME. A method left NULL faults MBR_UNIMPLEMENTED at its caller. Handlers of one "
          "connection "
          "start in call order, one at a time unless the schema says otherwise. Arguments stay valid until "
          "the call "
          "is ended. A handler that returns without having ended its call must have deferred it "
          "(mbr_call_defer on "
          "`call.base`); any thread may then end it.",
          s);
  emit(g->e, "typedef struct %s_ops {\n", s->name.c);
  if (s->method_count == 0) emit(g->e, "  char unused_; /* C has no empty structs */\n");
  for (size_t i = 0; i < s->method_count; i++) {
    const schema_method *m = &s->methods[i];
    const char *parameters = "";
    for (size_t k = 0; k < m->param_count; k++)
      parameters = arena_printf(g->arena, "%s, %s", parameters,
                                c_parameters(g->arena, m->params[k].type, m->params[k].name.c));
    c_print_comment(g->e, 1, handler_doc(g, m));
    c_print_line(g->e, g->arena, 1, "void (*%s)(void *self, %s_call call%s);", m->name.c,
                 c_method(g->arena, s, m), parameters);
  }
  emit(g->e, "} %s_ops;\n\n", s->name.c);
}

static void write_calls(c_gen *g, const schema_decl *s) {
  for (size_t i = 0; i < s->method_count; i++) {
    const char *name = c_method(g->arena, s, &s->methods[i]);
    emit(g->e, "typedef struct %s_call {\n  mbr_call base;\n} %s_call;\n\n", name, name);
  }
}

static void write_completions(c_gen *g, const schema_decl *s) {
  if (s->method_count == 0) return;
  bool stream = false, oneway = false;
  for (size_t i = 0; i < s->method_count; i++) {
    stream = stream || s->methods[i].result_is_stream;
    oneway = oneway || s->methods[i].kind == SCHEMA_ONEWAY;
  }
  const char *about =
      arena_printf(g->arena,
                   "Answers of NAME, from any thread. They encode before they return and keep nothing.\n"
                   "  _ok%s _err end the call with its result%s or its declared error. MBR_CLOSED when it "
                   "has ended already or its "
                   "caller is gone. Where the value itself is refused (MBR_BAD_RANGE, …) the call ends with "
                   "that fault.%s%s",
                   stream ? ", _end and" : " and", stream ? ", the end of its stream" : "",
                   oneway ? " A oneway has nobody to answer: its _ok only lets a deferred call go." : "",
                   stream ? "\n  _emit sends one item. MBR_WOULD_BLOCK: the consumer takes no more for now. "
                            "MBR_CLOSED: it is gone, and "
                            "the call wants its ending."
                          : "");
  explain(g, (text){"", 0}, about, s);
  for (size_t i = 0; i < s->method_count; i++) {
    const schema_method *m = &s->methods[i];
    const char *name = c_method(g->arena, s, m);
    const char *value =
        m->result != NULL ? arena_printf(g->arena, ", %s", c_parameters(g->arena, m->result, "value")) : "";
    const char *verb = m->result_is_stream ? "emit" : "ok";
    c_print_line(g->e, g->arena, 0, "mbr_status %s_%s(%s_call call%s);", name, verb, name, value);
    if (m->result_is_stream) c_print_line(g->e, g->arena, 0, "mbr_status %s_end(%s_call call);", name, name);
    if (m->throws != NULL)
      c_print_line(g->e, g->arena, 0, "mbr_status %s_err(%s_call call, %s error);", name, name,
                   m->throws->name.c);
  }
  emit(g->e, "\n");
}

void c_declare_service(c_gen *g, const schema_decl *s) {
  for (size_t i = 0; i < s->method_count; i++) define_types(g, &s->methods[i]);
  write_calls(g, s);
  write_ops(g, s);
  write_completions(g, s);
  explain(g, (text){"", 0},
          "Serves NAME on a connection, in its connect function. `ops` and `self`, which every handler is "
          "given, must "
          "stay valid until the connection has ended. MBR_BUSY: the connection serves as many services as it "
          "can. "
          "MBR_MISUSE: it serves this one already.",
          s);
  c_print_line(g->e, g->arena, 0,
               "MBR_MUST_CHECK mbr_status %s_serve(mbr_peer *peer, const %s_ops *ops, void *self);",
               s->name.c, s->name.c);
  emit(g->e, "\n");
}
