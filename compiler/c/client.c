/* The part of a source that a service which is called makes: calls, what receives their frames, and the table
 * of methods. */
#include "method.h"

#include <inttypes.h>
#include <string.h>

bool c_may_wait(const schema_method *m) {
  return m->kind != SCHEMA_ONEWAY && !m->result_is_stream && c_stream(m) == NULL;
}

const char *c_send_signature(c_gen *g, const schema_decl *s, const schema_method *m, c_names names) {
  arena *a = g->arena;
  const char *name = c_method(a, s, m), *arguments = c_argument_parameters(a, m, names);
  if (m->kind == SCHEMA_ONEWAY)
    return arena_printf(a, "%s_send(const %s_client *client%s, const mbr_request_options *options)", name,
                        s->name.c, arguments);
  return arena_printf(a,
                      "%s_send(const %s_client *client%s, %s_receiver receiver, "
                      "const mbr_request_options *options, %s_request *request)",
                      name, s->name.c, arguments, name, name);
}

const char *c_wait_signature(c_gen *g, const schema_decl *s, const schema_method *m, c_names names) {
  arena *a = g->arena;
  const char *name = c_method(a, s, m);
  return arena_printf(
      a,
      "%s_wait(const %s_client *client%s, const mbr_request_options *options, mbr_arena *arena, "
      "%s_answer *answer)",
      name, s->name.c, c_argument_parameters(a, m, names), name);
}

static const char *static_name(c_gen *g, const char *verb, const char *of) {
  const char *name = c_static_name(g, verb, of);
  c_remember(g, name, name);
  return name;
}

static void take_item(c_gen *g, c_lines *lines, const schema_method *m) {
  c_incoming in = c_incoming_new(g, 1);
  c_take_value(&in, m->result, "item");
  c_take_end(&in);
  c_add(lines, 1, "case MBR_FRAME_ITEM: {");
  c_add(lines, 2, "typedef void item_fn(void *arg, %s);", c_parameters(g->arena, m->result, "item"));
  c_add_all(lines, 2, &in.body.lines);
  c_add(lines, 2, "if (to->item != NULL) ((item_fn *)to->item)(to->arg%s);", in.passed);
  c_add(lines, 2, "return MBR_OK;");
  c_add(lines, 1, "}");
}

static void take_result(c_gen *g, c_lines *lines, const schema_method *m) {
  c_body body = c_body_new(g);
  if (m->result != NULL && !m->result_is_stream) {
    c_place value = c_place_of(g->arena, m->result, "answer.", "value");
    c_decode_members(&body, &value, 1);
  }
  c_add(lines, 1, "case MBR_FRAME_%s:%s", m->result_is_stream ? "END" : "OK", body.has_cursor ? " {" : "");
  c_add(lines, 2, "answer.outcome = MBR_OUTCOME_OK;");
  c_add_all(lines, 2, &body.lines);
  c_add(lines, 2, "break;");
  if (body.has_cursor) c_add(lines, 1, "}");
}

static const char *write_receive(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  c_lines lines = c_lines_new(a);
  c_add(&lines, 0, "typedef void done_fn(void *arg, const %s_answer *answer);", name);
  c_add(&lines, 0, "%s_answer answer = {.outcome = MBR_OUTCOME_FAULT, .fault = fault, .text = text};", name);
  c_add(&lines, 0, "switch (kind) {");
  if (m->result_is_stream) take_item(g, &lines, m);
  take_result(g, &lines, m);
  if (m->throws != NULL) {
    c_add(&lines, 1, "case MBR_FRAME_ERR:");
    c_add(&lines, 2, "answer.outcome = MBR_OUTCOME_ERROR;");
    c_add(&lines, 2, "if (%s_decode(r, &answer.error) != MBR_OK) return r->status;", m->throws->name.c);
    c_add(&lines, 2, "break;");
  }
  c_add(&lines, 1, "case MBR_FRAME_FAULT:");
  c_add(&lines, 2, "break;");
  c_add(&lines, 1, "default:");
  c_add(&lines, 2, "return MBR_BAD_FRAME;");
  c_add(&lines, 0, "}");
  c_add(&lines, 0, "if (r != NULL && mbr_reader_finish(r) != MBR_OK) return r->status;");
  c_add(&lines, 0, "if (to->done != NULL) ((done_fn *)to->done)(to->arg, &answer);");
  c_add(&lines, 0, "return MBR_OK;");
  const char *function = static_name(g, "receive", name);
  c_print_function(
      g,
      arena_printf(a,
                   "static mbr_status %s(const mbr_receiver *to, mbr_frame_kind kind, mbr_status fault, "
                   "mbr_str text, mbr_reader *r)",
                   function),
      &lines);
  return function;
}

static void write_oneway(c_gen *g, const schema_decl *s, const schema_method *m, const char *index,
                         const c_outgoing *what) {
  c_lines lines = c_lines_new(g->arena);
  c_add(&lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(&lines, 0, "mbr_request made;");
  c_add(&lines, 0, "mbr_status status = mbr_request_begin(&client->base, %s, %s, options, NULL, w, &made);",
        index, what->size);
  c_add(&lines, 0, "return status != MBR_OK ? status : mbr_request_commit(made, w, %s);", what->encode);
  c_print_function(g, arena_printf(g->arena, "mbr_status %s", c_send_signature(g, s, m, C_NAMES_LOCAL)),
                   &lines);
}

/* The request is told before the call goes out, since its receiver may hear of it before this returns. */
static void write_send(c_gen *g, const schema_decl *s, const schema_method *m, const char *index,
                       const c_outgoing *what) {
  c_lines lines = c_lines_new(g->arena);
  c_add(&lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(&lines, 0, "mbr_request made;");
  c_add(&lines, 0,
        "const mbr_receiver to = {%s.done = (void (*)(void))receiver.done, %s.arg = receiver.arg};",
        m->result_is_stream ? ".item = (void (*)(void))receiver.item, " : "",
        c_stream(m) != NULL ? ".ready = (void (*)(void))receiver.ready, " : "");
  c_add(&lines, 0, "mbr_status status = mbr_request_begin(&client->base, %s, %s, options, &to, w, &made);",
        index, what->size);
  c_add(&lines, 0, "if (status != MBR_OK) return status;");
  c_add(&lines, 0, "if (request != NULL) request->base = made;");
  c_add(&lines, 0, "return mbr_request_commit(made, w, %s);", what->encode);
  c_print_function(g, arena_printf(g->arena, "mbr_status %s", c_send_signature(g, s, m, C_NAMES_LOCAL)),
                   &lines);
}

static void write_wait(c_gen *g, const schema_decl *s, const char *name, const schema_method *m,
                       const char *index, const c_outgoing *what) {
  arena *a = g->arena;
  const char *keep = static_name(g, "keep", name);
  c_lines lines = c_lines_new(a);
  c_add(&lines, 0, "*(%s_answer *)arg = *answer;", name);
  c_print_function(g, arena_printf(a, "static void %s(void *arg, const %s_answer *answer)", keep, name),
                   &lines);
  lines = c_lines_new(a);
  c_add(&lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(&lines, 0, "mbr_request made;");
  c_add(&lines, 0, "const mbr_receiver to = {.done = (void (*)(void))%s, .arg = answer};", keep);
  c_add(&lines, 0,
        "mbr_status status = mbr_request_begin_wait(&client->base, %s, %s, options, &to, arena, w, &made);",
        index, what->size);
  c_add(&lines, 0, "if (status == MBR_OK) status = mbr_request_commit(made, w, %s);", what->encode);
  c_add(&lines, 0, "return status != MBR_OK ? status : mbr_request_wait(made);");
  c_print_function(g, arena_printf(a, "mbr_status %s", c_wait_signature(g, s, m, C_NAMES_LOCAL)), &lines);
}

static void write_push(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  const schema_type *t = c_stream(m)->type;
  c_outgoing what = c_send_value(g, t, "item", arena_printf(a, "%s_item", name));
  c_print_sender(
      g,
      arena_printf(a, "mbr_status %s_push(%s_request request, %s)", name, name, c_parameters(a, t, "item")),
      "mbr_request_item_begin(request.base", "mbr_request_item_commit(request.base", &what);
}

/* Returns the name of what receives its frames; NULL for a oneway, which gets none. */
static const char *write_method(c_gen *g, const schema_decl *s, const schema_method *m, const char *index) {
  const char *name = c_method(g->arena, s, m);
  c_outgoing what = c_send_arguments(g, m, arena_printf(g->arena, "%s_arguments", name));
  if (m->kind == SCHEMA_ONEWAY) {
    write_oneway(g, s, m, index, &what);
    return NULL;
  }
  const char *receive = write_receive(g, name, m);
  write_send(g, s, m, index, &what);
  if (c_may_wait(m)) write_wait(g, s, name, m, index, &what);
  if (c_stream(m) != NULL) write_push(g, name, m);
  return receive;
}

/* In milliseconds, rounded up; 0: none. */
static uint32_t timeout_of(const schema_method *m) {
  int64_t ms = m->timeout_us / 1000 + (m->timeout_us % 1000 != 0);
  return m->has_timeout ? (uint32_t)ms : 0;
}

static void write_row(c_gen *g, const schema_method *m, const char *receive) {
  arena *a = g->arena;
  const char *flags = c_flags(
      a, m, C_FLAG_STREAM | C_FLAG_ONEWAY | C_FLAG_SYNC | C_FLAG_UPLOAD | C_FLAG_LATEST | C_FLAG_QUIET);
  const char *row = arena_printf(a, "{.id = 0x%08" PRIx32 "u, .fingerprint = UINT64_C(0x%016" PRIx64 ")",
                                 m->id, m->fingerprint);
  if (flags != NULL) row = arena_printf(a, "%s, .flags = %s", row, flags);
  if (timeout_of(m) != 0) row = arena_printf(a, "%s, .timeout_ms = %" PRIu32, row, timeout_of(m));
  if (m->result_is_stream && m->buffer != 0) row = arena_printf(a, "%s, .window = %" PRIu32, row, m->buffer);
  row = arena_printf(a, "%s, .name = %s", row, c_string(a, m->id_text));
  if (receive != NULL) row = arena_printf(a, "%s, .receive = %s", row, receive);
  c_print_line(g->e, a, 1, "%s},", row);
}

/* Where the methods stand in the table, by their order in the service. */
static const char **write_places(c_gen *g, const schema_decl *s, const schema_method **sorted) {
  const char **places = ARENA_ARRAY(g->arena, const char *, s->method_count);
  emit(g->e, "/* Places in the table of methods. */\nenum {\n");
  for (size_t i = 0; i < s->method_count; i++) {
    const char *name = static_name(g, "at", c_method(g->arena, s, sorted[i]));
    places[sorted[i] - s->methods] = name;
    emit(g->e, "  %s%s\n", name, i + 1 < s->method_count ? "," : "");
  }
  emit(g->e, "};\n\n");
  return places;
}

/* Returns "methods_x, 3" or "NULL, 0". */
static const char *write_methods(c_gen *g, const schema_decl *s) {
  if (s->method_count == 0) return "NULL, 0";
  arena *a = g->arena;
  const schema_method **sorted = c_by_id(a, s);
  const char **places = write_places(g, s, sorted), **receive = ARENA_ARRAY(a, const char *, s->method_count);
  for (size_t i = 0; i < s->method_count; i++) receive[i] = write_method(g, s, &s->methods[i], places[i]);
  const char *name = static_name(g, "methods", s->name.c);
  emit(g->e, "static const mbr_remote_method %s[] = {\n", name);
  for (size_t i = 0; i < s->method_count; i++) write_row(g, sorted[i], receive[sorted[i] - s->methods]);
  emit(g->e, "};\n\n");
  return arena_printf(a, "%s, %zu", name, s->method_count);
}

void c_write_client(c_gen *g, const schema_decl *s) {
  arena *a = g->arena;
  const char *methods = write_methods(g, s), *shapes = c_write_shapes(g, s);
  const char *remote = arena_printf(a, "const mbr_remote_service *%s_remote(void)", s->name.c);
  c_lines lines = c_lines_new(a);
  c_add(&lines, 0, "static const mbr_remote_service service = {%s, %s, %s};", c_full_name(a, s), methods,
        shapes);
  c_add(&lines, 0, "return &service;");
  c_print_function(g, remote, &lines);
  lines = c_lines_new(a);
  c_add(&lines, 0, "return mbr_client_open(&client->base, peer, %s_remote(), client->compatibility);",
        s->name.c);
  c_print_function(
      g,
      arena_printf(a, "mbr_status %s_client_open(%s_client *client, mbr_peer *peer)", s->name.c, s->name.c),
      &lines);
}
