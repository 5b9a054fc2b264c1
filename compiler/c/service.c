/* The part of a source that a service makes: dispatch from frames to handlers, the method table, and the
 * completions. */
#include "codec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Renames what would hide something that a dispatch function uses itself. */
static const char *local_name(arena *a, const char *name) {
  static const char *const taken[] = {"ops", "r", "p", "i", "handlers", "memset", "size_t"};
  if (strncmp(name, "mbr_", 4) == 0) return arena_printf(a, "%s_", name);
  for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
    if (strcmp(name, taken[i]) == 0) return arena_printf(a, "%s_", name);
  return name;
}

/* Arguments on their way from the reader to the handler. Scalars become locals, as many at a time as stand
 * together; everything else goes to the call's arena, where it lives as long as the call. */
typedef struct argument_list {
  c_body body;
  c_place *scalars; /* declared, and not decoded yet */
  size_t scalar_count;
  const char *passed; /* ", zone, reading" */
} argument_list;

static void decode_scalars(argument_list *to) {
  c_decode_members(&to->body, to->scalars, to->scalar_count);
  to->scalar_count = 0;
}

static void add_scalar(argument_list *to, const schema_type *t, const char *name) {
  arena *a = to->body.g->arena;
  c_place slot = c_place_of(a, t, "", name);
  if (slot.has != NULL) {
    c_add(&to->body.lines, 0, "bool %s;", slot.has);
    to->passed = arena_printf(a, "%s, %s", to->passed, slot.has);
  }
  c_add(&to->body.lines, 0, "%s %s;", c_type(a, slot.has != NULL ? t->item : t), name);
  to->passed = arena_printf(a, "%s, %s", to->passed, name);
  to->scalars[to->scalar_count++] = slot;
}

static void add_pointer(argument_list *to, const schema_type *t, const char *name) {
  arena *a = to->body.g->arena;
  bool optional = t->kind == SCHEMA_OPTIONAL;
  if (optional) t = t->item;
  c_add(&to->body.lines, 0, "const %s *%s;", c_type(a, t), name);
  const char *call = c_call_new(to->body.g, t, optional, arena_printf(a, "&%s", name));
  c_add(&to->body.lines, 0, "if (%s != MBR_OK) return r->status;", call);
  if (t->kind != SCHEMA_ARRAY)
    to->passed = arena_printf(a, "%s, %s", to->passed, name);
  else if (optional)
    to->passed = arena_printf(a, "%s, %s != NULL ? %s->items : NULL", to->passed, name, name);
  else
    to->passed = arena_printf(a, "%s, %s->items", to->passed, name);
}

static void write_dispatch(c_gen *g, const schema_decl *s, const schema_method *m) {
  const char *name = c_method(g->arena, s, m);
  argument_list to = {
      .body = c_body_new(g), .scalars = ARENA_ARRAY(g->arena, c_place, m->param_count), .passed = ""};
  c_add(&to.body.lines, 0, "const %s_ops *handlers = ops;", s->name.c);
  c_add(&to.body.lines, 0, "if (handlers->%s == NULL) return MBR_UNIMPLEMENTED;", m->name.c);
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_type *t = m->params[i].type;
    const char *local = local_name(g->arena, m->params[i].name.c);
    if (c_by_value(t->kind == SCHEMA_OPTIONAL ? t->item : t)) {
      add_scalar(&to, t, local);
    } else {
      decode_scalars(&to);
      add_pointer(&to, t, local);
    }
  }
  decode_scalars(&to);
  c_add(&to.body.lines, 0, "if (mbr_reader_finish(r) != MBR_OK) return r->status;");
  c_add(&to.body.lines, 0, "handlers->%s(self, (%s_call){call}%s);", m->name.c, name, to.passed);
  c_add(&to.body.lines, 0, "return MBR_OK;");
  const char *signature = arena_printf(
      g->arena, "static mbr_status %s_dispatch(const void *ops, void *self, mbr_call call, mbr_reader *r)",
      name);
  c_print_function(g, signature, &to.body.lines);
}

/* What is encoded as the parameter `value` of a completion. */
static c_place result_place(c_gen *g, const schema_type *t) {
  const schema_type *inside = t->kind == SCHEMA_OPTIONAL ? t->item : t;
  c_place slot = c_place_of(g->arena, t, "", "value");
  if (c_by_value(inside)) return slot;
  slot.has = NULL;
  slot.pointer = t->kind != SCHEMA_ARRAY;
  return slot;
}

/* One expression that encodes the value, or NULL where it takes statements. */
static const char *encode_expression(c_gen *g, const c_place *p) {
  arena *a = g->arena;
  const char *status;
  const schema_type *t = p->type;
  if (t->kind == SCHEMA_OPTIONAL || t->kind == SCHEMA_ARRAY) return NULL;
  if (!c_by_value(t)) return c_call(g, C_ENCODE, p);
  if (c_violation(a, t, p->expr, &status) != NULL) return NULL;
  if (c_fixed_size(t) != 0) return arena_printf(a, "mbr_write_%s(w, %s)", c_fixed_name(t), p->expr);
  if (t->kind == SCHEMA_CHAR) return arena_printf(a, "mbr_write_char(w, %s)", p->expr);
  return arena_printf(a, "mbr_write_%s(w, %s, %s)", c_scalar_name(t->kind), p->expr, c_bound(a, t));
}

/* A static function that takes what the completion takes. */
static const char *write_value_function(c_gen *g, c_codec codec, const char *method, const schema_type *t,
                                        const c_place *slot) {
  arena *a = g->arena;
  const char *parameters = c_parameters(a, t, "value");
  c_lines body = c_body_of_members(g, codec, slot, 1);
  const char *name = c_static_name(g, c_codec_verb(codec), arena_printf(a, "%s_value", method));
  c_remember(g, name, name);
  const char *signature = codec == C_SIZE
                              ? arena_printf(a, "static size_t %s(%s)", name, parameters)
                              : arena_printf(a, "static mbr_status %s(mbr_writer *w, %s)", name, parameters);
  c_print_function(g, signature, &body);
  return name;
}

static void write_completion(c_gen *g, const char *signature, const char *kind, const char *size,
                             const char *encode) {
  c_lines lines = c_lines_new(g->arena);
  c_add(&lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(&lines, 0, "mbr_status status = mbr_call_begin(call.base, MBR_FRAME_%s, %s, w);", kind, size);
  c_add(&lines, 0, "return status != MBR_OK ? status : mbr_call_commit(call.base, w, %s);", encode);
  c_print_function(g, signature, &lines);
}

static void write_value_completion(c_gen *g, const char *name, const schema_method *m) {
  arena *a = g->arena;
  const char *verb = m->result_is_stream ? "emit" : "ok", *kind = m->result_is_stream ? "ITEM" : "OK";
  if (m->result == NULL) {
    write_completion(g, arena_printf(a, "mbr_status %s_ok(%s_call call)", name, name), kind, "0", "MBR_OK");
    return;
  }
  c_place slot = result_place(g, m->result);
  const char *encode = encode_expression(g, &slot), *size = c_size_expression(g, &slot);
  const char *arguments = slot.has != NULL ? "has_value, value" : "value";
  if (encode == NULL)
    encode =
        arena_printf(a, "%s(w, %s)", write_value_function(g, C_ENCODE, name, m->result, &slot), arguments);
  if (size == NULL)
    size = arena_printf(a, "%s(%s)", write_value_function(g, C_SIZE, name, m->result, &slot), arguments);
  const char *signature = arena_printf(a, "mbr_status %s_%s(%s_call call, %s)", name, verb, name,
                                       c_parameters(a, m->result, "value"));
  write_completion(g, signature, kind, size, encode);
}

static void write_completions(c_gen *g, const schema_decl *s, const schema_method *m) {
  arena *a = g->arena;
  const char *name = c_method(a, s, m);
  write_value_completion(g, name, m);
  if (m->result_is_stream)
    write_completion(g, arena_printf(a, "mbr_status %s_end(%s_call call)", name, name), "END", "0", "MBR_OK");
  if (m->throws == NULL) return;
  const char *error = m->throws->name.c;
  write_completion(g, arena_printf(a, "mbr_status %s_err(%s_call call, %s error)", name, name, error), "ERR",
                   arena_printf(a, "%s_size(&error)", error), arena_printf(a, "%s_encode(w, &error)", error));
}

static int compare_ids(const void *left, const void *right) {
  const schema_method *const *a = left, *const *b = right;
  return (*a)->id < (*b)->id ? -1 : (*a)->id > (*b)->id;
}

/* The largest payload that ends the call; 0 where the schema sets no bound. */
static uint32_t ending_max(const schema_method *m) {
  uint64_t max = m->result == NULL || m->result_is_stream ? 0 : m->result->wire_max;
  if (m->throws != NULL && m->throws->wire_max > max) max = m->throws->wire_max;
  if (max > UINT32_MAX) return 0;
  return max == 0 ? 1 : (uint32_t)max;
}

static const char *method_flags(arena *a, const schema_method *m) {
  const char *flags = "";
  if (m->result_is_stream) flags = "MBR_METHOD_STREAM";
  if (m->kind == SCHEMA_ONEWAY) flags = "MBR_METHOD_ONEWAY";
  if (m->concurrent)
    flags = arena_printf(a, "%s%sMBR_METHOD_CONCURRENT", flags, flags[0] != '\0' ? " | " : "");
  return flags[0] != '\0' ? flags : "0";
}

static void write_table(c_gen *g, const schema_decl *s) {
  arena *a = g->arena;
  const schema_method **sorted = ARENA_ARRAY(a, const schema_method *, s->method_count);
  for (size_t i = 0; i < s->method_count; i++) sorted[i] = &s->methods[i];
  if (s->method_count != 0) {
    qsort(sorted, s->method_count, sizeof *sorted, compare_ids);
    emit(g->e, "static const mbr_method %s_methods[] = {\n", s->name.c);
    for (size_t i = 0; i < s->method_count; i++)
      c_print_line(g->e, a, 1, "{0x%08" PRIx32 ", %" PRIu32 ", %s, %s, %s_dispatch},", sorted[i]->id,
                   ending_max(sorted[i]), method_flags(a, sorted[i]), c_string(a, sorted[i]->id_text),
                   c_method(a, s, sorted[i]));
    emit(g->e, "};\n\n");
  }
  const char *methods = s->method_count == 0 ? "NULL" : arena_printf(a, "%s_methods", s->name.c);
  const char *full_name = arena_printf(a, "%.*s.%.*s", TEXT_ARG(g->ns->name.text), TEXT_ARG(s->name.text));
  c_lines lines = c_lines_new(a);
  c_add(&lines, 0, "static const mbr_service service = {\"%s\", %s, %zu};", full_name, methods,
        s->method_count);
  c_add(&lines, 0, "return mbr_peer_serve(peer, &service, ops, self);");
  c_print_function(g,
                   arena_printf(a, "mbr_status %s_serve(mbr_peer *peer, const %s_ops *ops, void *self)",
                                s->name.c, s->name.c),
                   &lines);
}

void c_write_service(c_gen *g, const schema_decl *s) {
  for (size_t i = 0; i < s->method_count; i++) {
    write_completions(g, s, &s->methods[i]);
    write_dispatch(g, s, &s->methods[i]);
  }
  write_table(g, s);
}
