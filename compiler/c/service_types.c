/* The part of a header that a service which is served makes: call handles, the ops table an application fills
 * in, the completions it answers with, and topics. */
#include "method.h"

#include <inttypes.h>

/* What there is to be explained. */
typedef struct traits {
  bool direct, framed_sync, leaf, oneway, stream, upload, bytes, answers;
} traits;

static traits traits_of(const schema_decl *s) {
  traits t = {0};
  for (size_t i = 0; i < s->method_count; i++) {
    const schema_method *m = &s->methods[i];
    t.direct = t.direct || c_is_direct(m);
    t.framed_sync = t.framed_sync || (m->kind == SCHEMA_SYNC && !c_is_direct(m));
    t.leaf = t.leaf || m->leaf;
    t.oneway = t.oneway || m->kind == SCHEMA_ONEWAY;
    t.stream = t.stream || m->result_is_stream;
    t.upload = t.upload || c_stream(m) != NULL;
    t.bytes = t.bytes || c_answers_bytes(m);
    t.answers = t.answers || !c_is_direct(m);
  }
  return t;
}

static void explain_ops(c_gen *g, const schema_decl *s, const traits *has) {
  static const char handlers[] =
      "What serves NAME. A method left NULL faults MBR_UNIMPLEMENTED at its caller. Handlers of one "
      "connection start in call order, one at a time unless the schema says otherwise. Arguments stay valid "
      "until the call is ended. A handler that returns without having ended its call must have deferred it "
      "(mbr_call_defer on `call.base`); any thread may then end it.";
  static const char sync[] = "\n\nSync methods run on their caller's thread, whatever else of the service "
                             "runs, so they must be quick. ";
  static const char framed[] = "Those with a `call` must end it before they return: deferring has no effect.";
  static const char direct[] =
      "Those without a `call` are called as they stand, and none of them may be NULL.";
  static const char leaf[] =
      " A @leaf method may take no lock and call no function of the runtime: Dart waits for it as a whole.";
  static const char upload[] =
      "\n\nA method with a stream parameter has three members, which run one after the other. The first "
      "begins "
      "the call; it neither needs to defer it nor to end it. The second takes the items in order, each valid "
      "until it returns. The third hears that no more will come: it ends the call, or defers it for somebody "
      "else to end. An earlier ending is as good, and nothing is heard of the items behind it. What the "
      "three "
      "share is set by mbr_call_set_context.";
  const char *about = arena_printf(
      g->arena, "%s%s%s%s%s%s%s", has->answers || s->method_count == 0 ? handlers : "What serves NAME.",
      has->direct || has->framed_sync ? sync : "", has->framed_sync ? framed : "",
      has->direct && has->framed_sync ? " " : "", has->direct ? direct : "", has->leaf ? leaf : "",
      has->upload ? upload : "");
  c_explain(g, c_doc(g->arena, &s->info), about, s);
}

static void write_item_handlers(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  c_print_line(g->e, a, 1, "void (*%s)(void *self, %s_call call, %s);", c_item_handler(a, m, ""), name,
               c_parameters(a, c_stream(m)->type, "item"));
  c_print_line(g->e, a, 1, "void (*%s)(void *self, %s_call call);", c_item_handler(a, m, "_end"), name);
}

/* What the attributes ask of a handler. */
static text handler_doc(c_gen *g, const schema_method *m) {
  const struct {
    bool holds;
    const char *note;
  } notes[] = {
      {m->leaf, "@leaf"},
      {m->is_inline, "@inline: runs on its caller's thread where it can, so it must be quick."},
      {m->concurrent && m->kind != SCHEMA_SYNC, "@concurrent: runs beside other handlers of the service."},
      {m->latest, "@latest: an item that waits for its consumer is replaced by the next one."},
  };
  text doc = c_method_doc(g, m);
  for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
    if (!notes[i].holds) continue;
    const char *more =
        arena_printf(g->arena, "%.*s%s%s", TEXT_ARG(doc), doc.size != 0 ? "\n" : "", notes[i].note);
    doc = (text){more, strlen(more)};
  }
  return doc;
}

static void write_handler(c_gen *g, const schema_decl *s, const schema_method *m) {
  const char *name = c_method(g->arena, s, m),
             *parameters = c_argument_parameters(g->arena, m, C_NAMES_PLAIN);
  c_print_comment(g->e, 1, handler_doc(g, m));
  if (c_is_direct(m)) {
    c_print_line(g->e, g->arena, 1, "%s (*%s)(void *self%s);",
                 m->result != NULL ? c_type(g->arena, m->result) : "void", m->name.c, parameters);
    return;
  }
  c_print_line(g->e, g->arena, 1, "void (*%s)(void *self, %s_call call%s);", m->name.c, name, parameters);
  if (c_stream(m) != NULL) write_item_handlers(g, name, m);
}

static void write_ops(c_gen *g, const schema_decl *s, const traits *has) {
  explain_ops(g, s, has);
  emit(g->e, "typedef struct %s_ops {\n", s->name.c);
  if (s->method_count == 0) emit(g->e, "  char unused_; /* C has no empty structs */\n");
  for (size_t i = 0; i < s->method_count; i++) write_handler(g, s, &s->methods[i]);
  emit(g->e, "} %s_ops;\n\n", s->name.c);
}

static void write_calls(c_gen *g, const schema_decl *s) {
  for (size_t i = 0; i < s->method_count; i++) {
    const char *name = c_method(g->arena, s, &s->methods[i]);
    if (!c_is_direct(&s->methods[i]))
      emit(g->e, "typedef struct %s_call {\n  mbr_call base;\n} %s_call;\n\n", name, name);
  }
}

static void explain_completions(c_gen *g, const schema_decl *s, const traits *has) {
  const char *about = arena_printf(
      g->arena,
      "Answers of NAME, from any thread. They encode before they return and keep nothing.\n"
      "  _ok%s _err end the call with its result%s or its declared error. MBR_CLOSED when it has ended "
      "already "
      "or its caller is gone. Where the value itself is refused (MBR_BAD_RANGE, …) the call ends with that "
      "fault.%s%s%s",
      has->stream ? ", _end and" : " and", has->stream ? ", the end of its stream" : "",
      has->oneway ? " A oneway has nobody to answer: its _ok only lets a deferred call go." : "",
      has->bytes
          ? "\n  _ok_begin and _ok_commit are an _ok whose bytes are written where they will be read: the "
            "first answers where, for exactly `size` bytes, and the second must follow it, soon. Where the "
            "first answers anything but MBR_OK it must not; MBR_BAD_LENGTH: so many are not allowed, and "
            "the call is as it was."
          : "",
      has->stream
          ? "\n  _emit sends one item. MBR_WOULD_BLOCK: the consumer takes no more for now, and "
            "mbr_call_on_ready tells when it does. MBR_CLOSED: it is gone, and the call wants its ending."
          : "");
  c_explain(g, (text){"", 0}, about, s);
}

static void declare_completions(c_gen *g, const schema_decl *s, const schema_method *m) {
  arena *a = g->arena;
  const char *name = c_method(a, s, m);
  const char *value = m->result != NULL ? arena_printf(a, ", %s", c_parameters(a, m->result, "value")) : "";
  c_print_line(g->e, a, 0, "mbr_status %s_%s(%s_call call%s);", name, m->result_is_stream ? "emit" : "ok",
               name, value);
  if (c_answers_bytes(m)) {
    c_print_line(
        g->e, a, 0,
        "MBR_MUST_CHECK mbr_status %s_ok_begin(%s_call call, size_t size, uint8_t **data, mbr_writer *w);",
        name, name);
    c_print_line(g->e, a, 0, "mbr_status %s_ok_commit(%s_call call, mbr_writer *w);", name, name);
  }
  if (m->result_is_stream) c_print_line(g->e, a, 0, "mbr_status %s_end(%s_call call);", name, name);
  if (m->throws != NULL)
    c_print_line(g->e, a, 0, "mbr_status %s_err(%s_call call, %s error);", name, name, m->throws->name.c);
}

static void write_completions(c_gen *g, const schema_decl *s, const traits *has) {
  if (!has->answers) return;
  explain_completions(g, s, has);
  for (size_t i = 0; i < s->method_count; i++)
    if (!c_is_direct(&s->methods[i])) declare_completions(g, s, &s->methods[i]);
  emit(g->e, "\n");
}

static void write_topic(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  emit(g->e, "typedef struct %s_topic {\n  mbr_topic base;\n} %s_topic;\n", name, name);
  if (m->result->wire_max != 0 && m->result->wire_max <= C_SIZE_MACRO_MAX)
    emit(g->e, "#define %s_ITEM_MAX_SIZE %" PRIu64 "u\n", c_upper(a, name), m->result->wire_max);
  c_print_line(g->e, a, 0,
               "MBR_MUST_CHECK static inline mbr_status %s_subscribe(%s_topic *topic, %s_call call) {", name,
               name, name);
  c_print_line(g->e, a, 1, "return mbr_topic_subscribe(&topic->base, call.base);");
  emit(g->e, "}\n");
  c_print_line(g->e, a, 0, "mbr_status %s_publish(%s_topic *topic, %s);", name, name,
               c_parameters(a, m->result, "value"));
  emit(g->e, "\n");
}

static void write_topics(c_gen *g, const schema_decl *s) {
  c_explain(
      g, (text){"", 0},
      "Topics of NAME: one value for everybody who has called a method, on any connection. `base` is set as "
      "mbr/topic.h tells, with _ITEM_MAX_SIZE, where there is one, as `value_capacity`. _subscribe, in the "
      "handler, gives the call to the topic; _publish, from any thread, emits to all subscribers and keeps "
      "the "
      "value for those who come later.",
      s);
  for (size_t i = 0; i < s->method_count; i++)
    if (s->methods[i].result_is_stream) write_topic(g, c_method(g->arena, s, &s->methods[i]), &s->methods[i]);
}

void c_declare_service(c_gen *g, const schema_decl *s) {
  traits has = traits_of(s);
  write_calls(g, s);
  write_ops(g, s, &has);
  write_completions(g, s, &has);
  if (has.stream) write_topics(g, s);
  const char *about = arena_printf(
      g->arena,
      "Serves NAME on a connection, in its connect function. `ops` and `self`, which every handler is given, "
      "must stay valid until the connection has ended. MBR_BUSY: the connection serves as many services as "
      "it "
      "can. MBR_MISUSE: it serves this one already%s.",
      has.direct ? ", or a handler without `call` is NULL" : "");
  c_explain(g, (text){"", 0}, about, s);
  c_print_line(g->e, g->arena, 0,
               "MBR_MUST_CHECK mbr_status %s_serve(mbr_peer *peer, const %s_ops *ops, void *self);",
               s->name.c, s->name.c);
  emit(g->e, "\n");
}
