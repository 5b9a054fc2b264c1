/* The part of a source that a service which is served makes: completions, dispatch from frames to handlers,
 * and the method table. */
#include "method.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../frames.h"

static c_outgoing result_of(c_gen *g, const char *name, const schema_method *m, const char *value) {
  if (m->result == NULL) return c_send_nothing();
  return c_send_value(g, m->result, value, arena_printf(g->arena, "%s_value", name));
}

/* What is as small as this, and always of one size, is encoded on the stack and sent in one step. */
#define SHORT_MAX 64u

/* Whether the size is a number, and one of those. */
static bool is_short(const c_outgoing *what) {
  char *end;
  const unsigned long long size = strtoull(what->size, &end, 10);
  return *end == '\0' && size <= SHORT_MAX;
}

static void write_short_completion(c_gen *g, const char *signature, const char *kind, const c_outgoing *what) {
  c_lines lines = c_lines_new(g->arena);
  const bool empty = strcmp(what->size, "0") == 0;
  if (!empty) c_add(&lines, 0, "uint8_t payload[%s];", what->size);
  c_add(&lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(&lines, 0, "mbr_writer_init(w, %s);", empty ? "NULL, 0" : "payload, sizeof payload");
  c_add(&lines, 0, "return mbr_call_send(call.base, MBR_FRAME_%s, w, %s);", kind, what->encode);
  c_print_function(g, signature, &lines);
}

static void write_completion(c_gen *g, const char *signature, const char *kind, const c_outgoing *what) {
  const char *begin = arena_printf(g->arena, "mbr_call_begin(call.base, MBR_FRAME_%s", kind);
  if (is_short(what)) write_short_completion(g, signature, kind, what);
  else c_print_sender(g, signature, begin, "mbr_call_commit(call.base", what);
}

/* Of a stream: emit and publish, which send the same. */
static void write_value_completions(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  const char *value = m->result == NULL ? "" : arena_printf(a, ", %s", c_parameters(a, m->result, "value"));
  c_outgoing what = result_of(g, name, m, "value");
  const char *verb = m->result_is_stream ? "emit" : "ok", *kind = m->result_is_stream ? "ITEM" : "OK";
  write_completion(g, arena_printf(a, "mbr_status %s_%s(%s_call call%s)", name, verb, name, value), kind,
                   &what);
  if (!m->result_is_stream) return;
  c_print_sender(g, arena_printf(a, "mbr_status %s_publish(%s_topic *topic%s)", name, name, value),
                 "mbr_topic_begin(&topic->base", "mbr_topic_commit(&topic->base", &what);
}

static void write_bytes_completion(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  c_lines lines = c_lines_new(a);
  if (m->result->bound != SCHEMA_UNBOUNDED)
    c_add(&lines, 0, "if (size > %s) return MBR_BAD_LENGTH;", c_bound(a, m->result));
  c_add(
      &lines, 0,
      "mbr_status status = mbr_call_begin(call.base, MBR_FRAME_OK, mbr_size_add(MBR_COUNT_SIZE, size), w);");
  c_add(&lines, 0, "if (status != MBR_OK) return status;");
  c_add(&lines, 0, "mbr_write_u64(w, size);");
  c_add(&lines, 0, "*data = mbr_writer_take(w, size);");
  c_add(&lines, 0, "return MBR_OK;");
  c_print_function(
      g,
      arena_printf(a, "mbr_status %s_ok_begin(%s_call call, size_t size, uint8_t **data, mbr_writer *w)",
                   name, name),
      &lines);
  lines = c_lines_new(a);
  c_add(&lines, 0, "return mbr_call_commit(call.base, w, MBR_OK);");
  c_print_function(g, arena_printf(a, "mbr_status %s_ok_commit(%s_call call, mbr_writer *w)", name, name),
                   &lines);
}

static void write_completions(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  write_value_completions(g, name, m);
  if (c_answers_bytes(m)) write_bytes_completion(g, name, m);
  if (m->result_is_stream) {
    const c_outgoing nothing = c_send_nothing();
    write_completion(g, arena_printf(a, "mbr_status %s_end(%s_call call)", name, name), "END", &nothing);
  }
  if (m->throws == NULL) return;
  const char *error = m->throws->name.c;
  const c_outgoing what = {arena_printf(a, "%s_size(&error)", error),
                           arena_printf(a, "%s_encode(w, &error)", error)};
  write_completion(g, arena_printf(a, "mbr_status %s_err(%s_call call, %s error)", name, name, error), "ERR",
                   &what);
}

/* A static function of the method, "verb_of". */
static const char *static_function(c_gen *g, const char *verb, const char *of) {
  const char *name = c_static_name(g, verb, of);
  c_remember(g, name, name);
  return name;
}

static const char *write_dispatch(c_gen *g, const schema_decl *s, const char *name, const schema_method *m) {
  c_incoming in = c_incoming_new(g, m->param_count);
  c_add(&in.body.lines, 0, "const %s_ops *handlers = ops;", s->name.c);
  const char *missing = arena_printf(g->arena, "handlers->%s == NULL", m->name.c);
  if (c_stream(m) != NULL) {
    missing = arena_printf(g->arena, "%s || handlers->%s == NULL || handlers->%s == NULL", missing,
                           c_item_handler(g->arena, m, ""), c_item_handler(g->arena, m, "_end"));
  }
  c_add(&in.body.lines, 0, "if (%s) return MBR_UNIMPLEMENTED;", missing);
  c_take_arguments(&in, m);
  c_add(&in.body.lines, 0, "handlers->%s(self, (%s_call){call}%s);", m->name.c, name, in.passed);
  c_add(&in.body.lines, 0, "return MBR_OK;");
  const char *function = static_function(g, "dispatch", name);
  c_print_function(
      g,
      arena_printf(g->arena,
                   "static mbr_status %s(const void *ops, void *self, mbr_call call, mbr_reader *r)",
                   function),
      &in.body.lines);
  return function;
}

/* The items of the stream parameter, whose handlers are there: the call would not have begun. */
static const char *write_items(c_gen *g, const schema_decl *s, const char *name, const schema_method *m) {
  c_incoming in = c_incoming_new(g, 1);
  c_lines *lines = &in.body.lines;
  c_add(lines, 0, "const %s_ops *handlers = ops;", s->name.c);
  c_add(lines, 0, "if (r == NULL) {");
  c_add(lines, 1, "handlers->%s(self, (%s_call){call});", c_item_handler(g->arena, m, "_end"), name);
  c_add(lines, 1, "return MBR_OK;");
  c_add(lines, 0, "}");
  c_take_value(&in, c_stream(m)->type, "item");
  c_take_end(&in);
  c_add(lines, 0, "handlers->%s(self, (%s_call){call}%s);", c_item_handler(g->arena, m, ""), name, in.passed);
  c_add(lines, 0, "return MBR_OK;");
  const char *function = static_function(g, "item", name);
  c_print_function(
      g,
      arena_printf(g->arena,
                   "static mbr_status %s(const void *ops, void *self, mbr_call call, mbr_reader *r)",
                   function),
      lines);
  return function;
}

/* What is called without frames, and the same for frames. */
static const char *write_direct(c_gen *g, const schema_decl *s, const char *name, const schema_method *m) {
  arena *a = g->arena;
  c_lines lines = c_lines_new(a);
  c_add(&lines, 0, "const %s_ops *handlers = target->ops;", s->name.c);
  c_add(&lines, 0, "%shandlers->%s(target->self%s);", m->result != NULL ? "return " : "", m->name.c,
        c_arguments_passed(a, m));
  const char *function = static_function(g, "direct", name);
  c_print_function(g,
                   arena_printf(a, "static %s %s(const mbr_target *target%s)",
                                m->result != NULL ? c_type(a, m->result) : "void", function,
                                c_argument_parameters(a, m, C_NAMES_LOCAL)),
                   &lines);
  return function;
}

static const char *write_direct_dispatch(c_gen *g, const schema_decl *s, const char *name,
                                         const schema_method *m) {
  arena *a = g->arena;
  c_outgoing what = result_of(g, name, m, "result_"); /* no parameter is called that */
  c_incoming in = c_incoming_new(g, m->param_count);
  c_lines *lines = &in.body.lines;
  c_add(lines, 0, "const %s_ops *handlers = ops;", s->name.c);
  c_take_arguments(&in, m);
  c_add(lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(lines, 0, "%shandlers->%s(self%s);",
        m->result != NULL ? arena_printf(a, "%s result_ = ", c_type(a, m->result)) : "", m->name.c,
        in.passed);
  c_add(lines, 0, "mbr_status status = mbr_call_begin(call, MBR_FRAME_OK, %s, w);", what.size);
  c_add(lines, 0, "if (status == MBR_OK) (void)mbr_call_commit(call, w, %s);", what.encode);
  c_add(lines, 0, "return status;");
  const char *function = static_function(g, "dispatch", name);
  c_print_function(
      g,
      arena_printf(a, "static mbr_status %s(const void *ops, void *self, mbr_call call, mbr_reader *r)",
                   function),
      lines);
  return function;
}

/* The largest payload that ends the call; 0 where the schema sets no bound. */
static uint32_t ending_max(const schema_method *m) {
  uint64_t max = frames_of(m).ending_max;
  if (max > UINT32_MAX) return 0;
  return max == 0 ? 1 : (uint32_t)max;
}

static uint32_t item_max(const schema_method *m) {
  uint64_t max = frames_of(m).item_max;
  return max <= UINT32_MAX ? (uint32_t)max : 0;
}

/* The functions of a method, by their names in C. */
typedef struct functions {
  const char *dispatch;
  const char *item;
  const char *direct;
} functions;

static functions write_method(c_gen *g, const schema_decl *s, const schema_method *m) {
  const char *name = c_method(g->arena, s, m);
  functions f = {NULL, NULL, NULL};
  if (c_is_direct(m)) {
    f.direct = write_direct(g, s, name, m);
    f.dispatch = write_direct_dispatch(g, s, name, m);
    return f;
  }
  write_completions(g, name, m);
  f.dispatch = write_dispatch(g, s, name, m);
  if (c_stream(m) != NULL) f.item = write_items(g, s, name, m);
  return f;
}

static void write_row(c_gen *g, const schema_method *m, const functions *f) {
  arena *a = g->arena;
  const char *flags = c_flags(a, m, ~0u);
  const char *row = arena_printf(a, "{.id = 0x%08" PRIx32 "u, .fingerprint = UINT64_C(0x%016" PRIx64 ")",
                                 m->id, m->fingerprint);
  if (flags != NULL) row = arena_printf(a, "%s, .flags = %s", row, flags);
  if (ending_max(m) != 0) row = arena_printf(a, "%s, .ending_max = %" PRIu32, row, ending_max(m));
  if (item_max(m) != 0) row = arena_printf(a, "%s, .item_max = %" PRIu32, row, item_max(m));
  if (c_stream(m) != NULL && m->buffer != 0) row = arena_printf(a, "%s, .window = %" PRIu32, row, m->buffer);
  row = arena_printf(a, "%s, .name = %s, .dispatch = %s", row, c_string(a, m->id_text), f->dispatch);
  if (f->item != NULL) row = arena_printf(a, "%s, .item = %s", row, f->item);
  if (f->direct != NULL) row = arena_printf(a, "%s, .direct = (void (*)(void))%s", row, f->direct);
  c_print_line(g->e, a, 1, "%s},", row);
}

/* Returns "methods_x, 3" or "NULL, 0". */
static const char *write_table(c_gen *g, const schema_decl *s, const functions *of) {
  if (s->method_count == 0) return "NULL, 0";
  const schema_method **sorted = c_by_id(g->arena, s);
  const char *name = static_function(g, "methods", s->name.c);
  emit(g->e, "static const mbr_method %s[] = {\n", name);
  for (size_t i = 0; i < s->method_count; i++) write_row(g, sorted[i], &of[sorted[i] - s->methods]);
  emit(g->e, "};\n\n");
  return arena_printf(g->arena, "%s, %zu", name, s->method_count);
}

void c_write_service(c_gen *g, const schema_decl *s) {
  arena *a = g->arena;
  functions *of = ARENA_ARRAY(a, functions, s->method_count);
  for (size_t i = 0; i < s->method_count; i++) of[i] = write_method(g, s, &s->methods[i]);
  const char *methods = write_table(g, s, of), *shapes = c_write_shapes(g, s), *missing = NULL;
  for (size_t i = 0; i < s->method_count; i++) {
    if (of[i].direct == NULL) continue;
    const char *one = arena_printf(a, "ops->%s == NULL", s->methods[i].name.c);
    missing = missing == NULL ? one : arena_printf(a, "%s || %s", missing, one);
  }
  c_lines lines = c_lines_new(a);
  c_add(&lines, 0, "static const mbr_service service = {%s, %s, %s};", c_full_name(a, s), methods, shapes);
  if (missing != NULL) c_add(&lines, 0, "if (%s) return MBR_MISUSE;", missing);
  c_add(&lines, 0, "return mbr_peer_serve(peer, &service, ops, self);");
  c_print_function(g,
                   arena_printf(a, "mbr_status %s_serve(mbr_peer *peer, const %s_ops *ops, void *self)",
                                s->name.c, s->name.c),
                   &lines);
}
