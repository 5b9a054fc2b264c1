/* The part of a header from which a firmware sets its memory aside: constants of each service, right for
 * whichever machine compiles them. */
#include <inttypes.h>

#include "../frames.h"
#include "method.h"

static void define_size(c_gen *g, const schema_decl *s, const char *what, uint64_t value) {
  emit(g->e, "#define %s_%s %" PRIu64 "u\n", c_upper(g->arena, s->name.c), what, value);
}

void c_declare_frames(c_gen *g, const schema_decl *s) {
  const frame_totals of = frames_of_service(s);
  c_explain(g, (text){"", 0},
            "Bytes of the largest frames of NAME, headers included: what its caller sends, what it is answered, "
            "the HELLO that tells of the service, and the largest of all. _ENDING_ROOM is what each open call "
            "takes of an outbox at most. Sync methods are not counted: they are called in process alone.",
            s);
  define_size(g, s, "REQUEST_MAX", of.request_max);
  define_size(g, s, "ANSWER_MAX", of.answer_max);
  define_size(g, s, "HELLO_SIZE", of.hello);
  define_size(g, s, "FRAME_MAX", of.frame_max);
  define_size(g, s, "ENDING_ROOM", of.ending_room);
  emit(g->e, "\n");
}

static const char *sum(arena *a, const char *left, const char *right) {
  return left == NULL ? right : right == NULL ? left : arena_printf(a, "%s + %s", left, right);
}

/* Arena memory for a value on its way to a handler or receiver. What is not passed by value stands there too. */
static const char *value_arena(c_gen *g, const schema_type *t) {
  const schema_type *inside = t->kind == SCHEMA_OPTIONAL ? t->item : t;
  if (c_by_value(inside)) return NULL;
  return sum(g->arena, arena_printf(g->arena, "MBR_ARENA_ROUND(sizeof(%s))", c_type(g->arena, inside)),
             c_arena_size(g, inside));
}

static const char *arguments_arena(c_gen *g, const schema_method *m) {
  const char *total = NULL;
  for (size_t i = 0; i < m->param_count; i++)
    if (!m->params[i].is_stream) total = sum(g->arena, total, value_arena(g, m->params[i].type));
  return total;
}

static const char *or_zero(const char *expression) { return expression != NULL ? expression : "0"; }

/* The members of a union are as large as what its methods take, so that its size is the largest of them, in a
 * constant expression and whatever machine compiles it. */
static void begin_union(c_gen *g, const schema_decl *s, const char *what) {
  emit(g->e, "typedef union %s_%s {\n", s->name.c, what);
  emit(g->e, "  uint8_t any_[16];\n");
}

static void end_union(c_gen *g, const schema_decl *s, const char *what) {
  const char *name = arena_printf(g->arena, "%s_%s", s->name.c, what);
  emit(g->e, "} %s;\n", name);
  emit(g->e, "#define %s_SIZE (sizeof(%s))\n\n", c_upper(g->arena, name), name);
}

void c_declare_storage(c_gen *g, const schema_decl *s) {
  arena *a = g->arena;
  c_explain(g, (text){"", 0},
            "What one call of NAME takes of a peer's storage at most: its request, what is decoded from it, "
            "and items that wait for credit.",
            s);
  begin_union(g, s, "storage");
  for (size_t i = 0; i < s->method_count; i++) {
    const schema_method *m = &s->methods[i];
    if (m->kind == SCHEMA_SYNC) continue;
    const schema_field *upload = frames_upload(m);
    const char *decoded = arguments_arena(g, m);
    if (upload != NULL) decoded = sum(a, decoded, value_arena(g, upload->type));
    const frame_sizes of = frames_of(m);
    c_print_line(g->e, a, 1, "uint8_t %s[MBR_STORAGE_SIZE(%" PRIu64 ", %s, %" PRIu64 ")];", m->name.c, of.call_max,
                 or_zero(decoded), of.item_max);
  }
  end_union(g, s, "storage");
}

void c_declare_answers(c_gen *g, const schema_decl *s) {
  arena *a = g->arena;
  c_explain(g, (text){"", 0},
            "What the answers of NAME decode to at most. Without blocks of memory a runtime is to be built "
            "with an MBR_TELL_ARENA_SIZE as large.",
            s);
  begin_union(g, s, "answers");
  for (size_t i = 0; i < s->method_count; i++) {
    const schema_method *m = &s->methods[i];
    const char *value = m->result != NULL ? value_arena(g, m->result) : NULL;
    const char *error =
        m->throws != NULL && m->throws->needs_arena
            ? arena_printf(a, "%s_ARENA_SIZE", c_upper(a, m->throws->name.c))
            : NULL;
    if (value != NULL) c_print_line(g->e, a, 1, "uint8_t %s[%s];", m->name.c, value);
    if (error != NULL) c_print_line(g->e, a, 1, "uint8_t %s_error_[%s];", m->name.c, error);
  }
  end_union(g, s, "answers");
}
