/* What is refused before anything is written: parts of the language that the C runtime does not carry, and
 * what the resolver cannot know of the names made here. */
#include "gen.h"

#include <inttypes.h>

#include "../../idl/table.h"

typedef struct checker {
  arena *arena;
  diags *diags;
  table structs; /* C name of a structural type → the type spelled without ambiguity */
} checker;

/* C99 asks compilers for no more in one literal, and they say so. */
#define C_STRING_MAX 4095u

static void unsupported(checker *c, span at, const char *what) {
  diag_report(c->diags, DIAG_C_UNSUPPORTED, at, what);
}

/* A spelling that no two types share. */
static const char *key_of(arena *a, const schema_type *t) {
  if (t->kind == SCHEMA_NAMED) return arena_printf(a, "#%u", (unsigned)t->decl->index);
  const char *key = arena_printf(a, "%d", (int)t->kind);
  if (t->kind == SCHEMA_ARRAY) key = arena_printf(a, "%s[%" PRIu64 "]", key, t->bound);
  if (t->key != NULL) key = arena_printf(a, "%s(%s)", key, key_of(a, t->key));
  if (t->item != NULL) key = arena_printf(a, "%s(%s)", key, key_of(a, t->item));
  for (size_t i = 0; i < t->member_count; i++) key = arena_printf(a, "%s(%s)", key, key_of(a, t->members[i]));
  return key;
}

static void claim_struct(checker *c, const schema_type *t, const char *name) {
  char *key = arena_printf(c->arena, "%s", key_of(c->arena, t));
  const char *first = table_add(&c->structs, c->arena, (text){name, strlen(name)}, key);
  if (strcmp(first, key) != 0) diag_report(c->diags, DIAG_C_TYPE_NAME_TAKEN, t->at, name);
}

/* Where names of namespaces look like those of types, tuples and the like of them could get one name. */
static void check_type(checker *c, const schema_type *t) {
  if (c_is_scalar(t) || t->kind == SCHEMA_NAMED) return;
  claim_struct(c, t, c_type(c->arena, t));
  if (t->kind == SCHEMA_MAP) claim_struct(c, t, c_entry_type(c->arena, t));
  if (t->item != NULL) check_type(c, t->item);
  if (t->key != NULL) check_type(c, t->key);
  for (size_t i = 0; i < t->member_count; i++) check_type(c, t->members[i]);
}

static void check_value(checker *c, const schema_value *v) {
  if (v != NULL && v->kind == SCHEMA_VALUE_STRING && v->string.size > C_STRING_MAX)
    unsupported(c, v->at, arena_printf(c->arena, "text of more than %u bytes", C_STRING_MAX));
}

static void check_fields(checker *c, const schema_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    check_type(c, fields[i].type);
    check_value(c, fields[i].value);
  }
}

static void check_method(checker *c, const schema_method *m) {
  check_fields(c, m->params, m->param_count);
  if (m->result != NULL) check_type(c, m->result);
}

static void check_decl(checker *c, const schema_decl *d) {
  if (d->kind == SCHEMA_CONST &&
      (d->value->kind == SCHEMA_VALUE_NONE || d->value->kind == SCHEMA_VALUE_EMPTY))
    unsupported(c, d->value->at, "constants that are absent or empty");
  if (d->kind == SCHEMA_CONST) check_value(c, d->value);
  check_fields(c, d->fields, d->field_count);
  for (size_t i = 0; i < d->arm_count; i++) {
    if (d->arms[i].kind == SCHEMA_ARM_TYPE) check_type(c, d->arms[i].type);
    check_fields(c, d->arms[i].fields, d->arms[i].field_count);
  }
  for (size_t i = 0; i < d->method_count; i++) check_method(c, &d->methods[i]);
}

void c_check(const schema *s, arena *a, diags *d) {
  checker c = {.arena = a, .diags = d};
  for (size_t i = 0; i < s->namespace_count; i++)
    for (size_t k = 0; k < s->namespaces[i]->decl_count; k++) check_decl(&c, s->namespaces[i]->decls[k]);
}
