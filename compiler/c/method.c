#include "method.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../idl/names.h"

bool c_by_value(const schema_type *t) { return c_is_scalar(t) || c_is_enum(t); }

const char *c_parameters(arena *a, const schema_type *t, const char *name) {
  if (t->kind == SCHEMA_OPTIONAL && c_by_value(t->item))
    return arena_printf(a, "bool %s, %s %s", c_flag(a, name), c_type(a, t->item), name);
  if (c_by_value(t)) return arena_printf(a, "%s %s", c_type(a, t), name);
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  if (t->kind != SCHEMA_ARRAY) return arena_printf(a, "const %s *%s", c_type(a, t), name);
  return arena_printf(a, "const %s %s[%" PRIu64 "]", c_type(a, t->item), name, t->bound);
}

static bool is_one_of(const char *name, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, words[i]) == 0) return true;
  return false;
}
#define IS_ONE_OF(name, words) is_one_of((name), (words), sizeof(words) / sizeof *(words))

/* No name of a schema ends with '_', but for those that are escaped already. */
const char *c_name_among(arena *a, const char *name, c_names names) {
  static const char *const parameters[] = {"answer", "arena", "client", "options", "receiver", "request"};
  static const char *const locals[] = {"handlers", "i",      "k",  "made", "memset",
                                       "ops",      "p",      "r",  "size", "size_t",
                                       "status",   "target", "to", "w",    "writer"};
  bool is_taken = (names != C_NAMES_PLAIN && IS_ONE_OF(name, parameters)) ||
                  (names == C_NAMES_LOCAL && (IS_ONE_OF(name, locals) || strncmp(name, "mbr_", 4) == 0));
  return is_taken ? arena_printf(a, "%s_", name) : name;
}

static const char *local(arena *a, const schema_field *param) {
  return c_name_among(a, param->name.c, C_NAMES_LOCAL);
}

const schema_field *c_stream(const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (m->params[i].is_stream) return &m->params[i];
  return NULL;
}

const char *c_item_handler(arena *a, const schema_method *m, const char *suffix) {
  const char *method = names_snake(a, m->name.text), *stream = names_snake(a, c_stream(m)->name.text);
  return names_escape_c(a, arena_printf(a, "%s_%s%s", method, stream, suffix), NAMES_METHOD);
}

bool c_is_direct(const schema_method *m) { return m->scalars && m->throws == NULL; }

bool c_answers_bytes(const schema_method *m) {
  return m->result != NULL && !m->result_is_stream && m->result->kind == SCHEMA_BYTES;
}

const char *c_argument_parameters(arena *a, const schema_method *m, c_names names) {
  const char *list = "";
  for (size_t i = 0; i < m->param_count; i++) {
    if (m->params[i].is_stream) continue;
    const char *name = c_name_among(a, m->params[i].name.c, names);
    list = arena_printf(a, "%s, %s", list, c_parameters(a, m->params[i].type, name));
  }
  return list;
}

const char *c_arguments_passed(arena *a, const schema_method *m) {
  const char *list = "";
  for (size_t i = 0; i < m->param_count; i++)
    if (!m->params[i].is_stream) list = arena_printf(a, "%s, %s", list, local(a, &m->params[i]));
  return list;
}

c_incoming c_incoming_new(c_gen *g, size_t count) {
  return (c_incoming){.body = c_body_new(g), .scalars = ARENA_ARRAY(g->arena, c_place, count), .passed = ""};
}

static void decode_scalars(c_incoming *in) {
  c_decode_members(&in->body, in->scalars, in->scalar_count);
  in->scalar_count = 0;
}

static void take_scalar(c_incoming *in, const schema_type *t, const char *name) {
  arena *a = in->body.g->arena;
  c_place slot = c_place_of(a, t, "", name);
  if (slot.has != NULL) {
    c_add(&in->body.lines, 0, "bool %s;", slot.has);
    in->passed = arena_printf(a, "%s, %s", in->passed, slot.has);
  }
  c_add(&in->body.lines, 0, "%s %s;", c_type(a, slot.has != NULL ? t->item : t), name);
  in->passed = arena_printf(a, "%s, %s", in->passed, name);
  in->scalars[in->scalar_count++] = slot;
}

static void take_pointer(c_incoming *in, const schema_type *t, const char *name) {
  arena *a = in->body.g->arena;
  bool optional = t->kind == SCHEMA_OPTIONAL;
  if (optional) t = t->item;
  c_add(&in->body.lines, 0, "const %s *%s;", c_type(a, t), name);
  const char *call = c_call_new(in->body.g, t, optional, arena_printf(a, "&%s", name));
  c_add(&in->body.lines, 0, "if (%s != MBR_OK) return r->status;", call);
  if (t->kind != SCHEMA_ARRAY)
    in->passed = arena_printf(a, "%s, %s", in->passed, name);
  else if (optional)
    in->passed = arena_printf(a, "%s, %s != NULL ? %s->items : NULL", in->passed, name, name);
  else
    in->passed = arena_printf(a, "%s, %s->items", in->passed, name);
}

void c_take_value(c_incoming *in, const schema_type *t, const char *name) {
  if (c_by_value(t->kind == SCHEMA_OPTIONAL ? t->item : t)) {
    take_scalar(in, t, name);
  } else {
    decode_scalars(in);
    take_pointer(in, t, name);
  }
}

void c_take_arguments(c_incoming *in, const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (!m->params[i].is_stream) c_take_value(in, m->params[i].type, local(in->body.g->arena, &m->params[i]));
  c_take_end(in);
}

void c_take_end(c_incoming *in) {
  decode_scalars(in);
  c_add(&in->body.lines, 0, "if (mbr_reader_finish(r) != MBR_OK) return r->status;");
}

c_outgoing c_send_nothing(void) { return (c_outgoing){"0", "MBR_OK"}; }

/* What is encoded as a function's parameter `name`. */
static c_place parameter_place(arena *a, const schema_type *t, const char *name) {
  const schema_type *inside = t->kind == SCHEMA_OPTIONAL ? t->item : t;
  c_place slot = c_place_of(a, t, "", name);
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

/* A static function over parameters, and a call of it with parameters of the same names. `parameters` and
 * `passed` begin with ", ". */
static const char *call_static(c_gen *g, c_codec codec, const char *of, const char *parameters,
                               const char *passed, const c_place *places, size_t count) {
  arena *a = g->arena;
  c_lines body = c_body_of_members(g, codec, places, count);
  const char *name = c_static_name(g, c_codec_verb(codec), of);
  c_remember(g, name, name);
  if (codec == C_SIZE) {
    c_print_function(g, arena_printf(a, "static size_t %s(%s)", name, parameters + 2), &body);
    return arena_printf(a, "%s(%s)", name, passed + 2);
  }
  c_print_function(g, arena_printf(a, "static mbr_status %s(mbr_writer *w%s)", name, parameters), &body);
  return arena_printf(a, "%s(w%s)", name, passed);
}

static const char *passed_on(arena *a, const c_place *p) {
  return p->has != NULL ? arena_printf(a, ", %s, %s", p->has, p->expr) : arena_printf(a, ", %s", p->expr);
}

c_outgoing c_send_value(c_gen *g, const schema_type *t, const char *name, const char *of) {
  arena *a = g->arena;
  c_place slot = parameter_place(a, t, name);
  const char *parameters = arena_printf(a, ", %s", c_parameters(a, t, name)), *passed = passed_on(a, &slot);
  c_outgoing what = {c_size_expression(g, &slot), encode_expression(g, &slot)};
  if (what.encode == NULL) what.encode = call_static(g, C_ENCODE, of, parameters, passed, &slot, 1);
  if (what.size == NULL) what.size = call_static(g, C_SIZE, of, parameters, passed, &slot, 1);
  return what;
}

/* Arguments that are not of fixed size, and the bytes of the others. */
typedef struct measured {
  c_place *places;
  size_t count;
  uint64_t constant;
  const char *parameters, *passed; /* of those in `places` */
} measured;

/* Of an optional of fixed size the flag tells everything. */
static void add_measured(arena *a, measured *of, const schema_type *t, const char *name) {
  c_place slot = parameter_place(a, t, name);
  bool by_flag = slot.has != NULL && c_is_fixed(t->item);
  const char *parameters = by_flag ? arena_printf(a, "bool %s", slot.has) : c_parameters(a, t, name);
  const char *passed = by_flag ? arena_printf(a, ", %s", slot.has) : passed_on(a, &slot);
  of->parameters = arena_printf(a, "%s, %s", of->parameters, parameters);
  of->passed = arena_printf(a, "%s%s", of->passed, passed);
  of->places[of->count++] = slot;
}

static measured measure(arena *a, const schema_method *m) {
  measured of = {ARENA_ARRAY(a, c_place, m->param_count), 0, 0, "", ""};
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_field *param = &m->params[i];
    if (param->is_stream) continue;
    if (c_is_fixed(param->type))
      of.constant += param->type->wire_min;
    else
      add_measured(a, &of, param->type, local(a, param));
  }
  return of;
}

static const char *size_of_arguments(c_gen *g, const schema_method *m, const char *of) {
  arena *a = g->arena;
  measured args = measure(a, m);
  const char *constant = arena_printf(a, "%" PRIu64, args.constant);
  if (args.count == 0) return constant;
  const char *single = args.count == 1 ? c_size_expression(g, &args.places[0]) : NULL;
  const char *rest = single != NULL
                         ? single
                         : call_static(g, C_SIZE, of, args.parameters, args.passed, args.places, args.count);
  return args.constant == 0 ? rest : arena_printf(a, "mbr_size_add(%s, %s)", constant, rest);
}

c_outgoing c_send_arguments(c_gen *g, const schema_method *m, const char *of) {
  arena *a = g->arena;
  c_place *places = ARENA_ARRAY(a, c_place, m->param_count);
  const schema_field *last = NULL;
  size_t count = 0;
  for (size_t i = 0; i < m->param_count; i++) {
    if (m->params[i].is_stream) continue;
    last = &m->params[i];
    places[count++] = parameter_place(a, last->type, local(a, last));
  }
  if (count == 0) return c_send_nothing();
  if (count == 1) return c_send_value(g, last->type, local(a, last), of);
  const char *passed = "";
  for (size_t i = 0; i < count; i++) passed = arena_printf(a, "%s%s", passed, passed_on(a, &places[i]));
  const char *parameters = c_argument_parameters(a, m, C_NAMES_LOCAL);
  return (c_outgoing){.encode = call_static(g, C_ENCODE, of, parameters, passed, places, count),
                      .size = size_of_arguments(g, m, of)};
}

void c_print_sender(c_gen *g, const char *signature, const char *begin, const char *commit,
                    const c_outgoing *what) {
  c_lines lines = c_lines_new(g->arena);
  c_add(&lines, 0, "mbr_writer writer, *w = &writer;");
  c_add(&lines, 0, "mbr_status status = %s, %s, w);", begin, what->size);
  c_add(&lines, 0, "return status != MBR_OK ? status : %s, w, %s);", commit, what->encode);
  c_print_function(g, signature, &lines);
}

void c_explain(c_gen *g, text before, const char *about, const schema_decl *s) {
  const char *all = arena_printf(g->arena, "%.*s%s", TEXT_ARG(before), before.size != 0 ? "\n\n" : "");
  for (const char *at; (at = strstr(about, "NAME")) != NULL; about = at + strlen("NAME"))
    all = arena_printf(g->arena, "%s%.*s%.*s", all, (int)(at - about), about, TEXT_ARG(s->name.text));
  all = arena_printf(g->arena, "%s%s", all, about);
  c_print_comment(g->e, 0, (text){all, strlen(all)});
}

text c_method_doc(c_gen *g, const schema_method *m) {
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

const char *c_full_name(arena *a, const schema_decl *s) {
  return arena_printf(a, "\"%.*s.%.*s\"", TEXT_ARG(s->ns->name.text), TEXT_ARG(s->name.text));
}

static int compare_ids(const void *left, const void *right) {
  const schema_method *const *a = left, *const *b = right;
  return (*a)->id < (*b)->id ? -1 : (*a)->id > (*b)->id;
}

const schema_method **c_by_id(arena *a, const schema_decl *s) {
  const schema_method **sorted = ARENA_ARRAY(a, const schema_method *, s->method_count);
  for (size_t i = 0; i < s->method_count; i++) sorted[i] = &s->methods[i];
  if (s->method_count != 0) qsort(sorted, s->method_count, sizeof *sorted, compare_ids);
  return sorted;
}

const char *c_flags(arena *a, const schema_method *m, unsigned which) {
  const struct {
    c_method_flag flag;
    bool set;
    const char *name;
  } flags[] = {
      {C_FLAG_STREAM, m->result_is_stream, "STREAM"},   {C_FLAG_ONEWAY, m->kind == SCHEMA_ONEWAY, "ONEWAY"},
      {C_FLAG_CONCURRENT, m->concurrent, "CONCURRENT"}, {C_FLAG_INLINE, m->is_inline, "INLINE"},
      {C_FLAG_SYNC, m->kind == SCHEMA_SYNC, "SYNC"},    {C_FLAG_LATEST, m->latest, "LATEST"},
      {C_FLAG_UPLOAD, c_stream(m) != NULL, "UPLOAD"},   {C_FLAG_QUIET, m->quiet, "QUIET"},
      {C_FLAG_BYTES, c_answers_bytes(m), "BYTES"},
  };
  const char *all = NULL;
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    if (!flags[i].set || (which & flags[i].flag) == 0) continue;
    all =
        arena_printf(a, "%s%sMBR_METHOD_%s", all != NULL ? all : "", all != NULL ? " | " : "", flags[i].name);
  }
  return all;
}

static int compare_shapes(const void *left, const void *right) {
  const schema_decl *const *a = left, *const *b = right;
  if ((*a)->id != (*b)->id) return (*a)->id < (*b)->id ? -1 : 1;
  return (*a)->index < (*b)->index ? -1 : (*a)->index > (*b)->index;
}

const char *c_write_shapes(c_gen *g, const schema_decl *s) {
  arena *a = g->arena;
  if (s->reach_count == 0) return "NULL, 0";
  const schema_decl **sorted = ARENA_ARRAY(a, const schema_decl *, s->reach_count);
  for (size_t i = 0; i < s->reach_count; i++) sorted[i] = s->reaches[i];
  qsort(sorted, s->reach_count, sizeof *sorted, compare_shapes);
  const char *name = c_static_name(g, "types", s->name.c);
  c_remember(g, name, name);
  emit(g->e, "static const mbr_type_shape %s[] = {\n", name);
  for (size_t i = 0; i < s->reach_count; i++)
    emit(g->e, "  {0x%08" PRIx32 "u, UINT64_C(0x%016" PRIx64 ")}, /* %.*s.%.*s */\n", sorted[i]->id,
         sorted[i]->shape, TEXT_ARG(sorted[i]->ns->name.text), TEXT_ARG(sorted[i]->name.text));
  emit(g->e, "};\n\n");
  return arena_printf(a, "%s, %zu", name, s->reach_count);
}
