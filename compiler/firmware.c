#include "firmware.h"

#include <inttypes.h>

#include "frames.h"

typedef struct checker {
  arena *arena;
  diags *diags;
} checker;

static const char *bounded_form(const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_STRING: return "'string<N>'";
  case SCHEMA_BYTES: return "'bytes<N>'";
  case SCHEMA_LIST: return "'list<T, N>'";
  case SCHEMA_SET: return "'set<T, N>'";
  case SCHEMA_MAP: return "'map<K, V, N>'";
  default: return NULL;
  }
}

static bool is_larger(uint64_t size) { return size > FIRMWARE_SIZE_MAX && size != SCHEMA_UNBOUNDED; }

static void report_size(checker *c, span at, uint64_t size) {
  diag_report(c->diags, DIAG_FIRMWARE_TOO_LARGE, at, arena_printf(c->arena, "%" PRIu64, size),
              FIRMWARE_SIZE_MAX);
}

/* What an alias stands for was checked where it is declared, and a declaration by itself. */
static void check_type(checker *c, const schema_type *t) {
  if (t->alias != NULL || t->kind == SCHEMA_NAMED) return;
  const char *form = bounded_form(t);
  if (form != NULL && t->bound == SCHEMA_UNBOUNDED) diag_report(c->diags, DIAG_FIRMWARE_UNBOUNDED, t->at, form);
  if (is_larger(t->wire_max)) {
    report_size(c, t->at, t->wire_max);
    return; /* what is inside may be the reason, and one message is enough */
  }
  if (t->key != NULL) check_type(c, t->key);
  if (t->item != NULL) check_type(c, t->item);
  for (size_t i = 0; i < t->member_count; i++) check_type(c, t->members[i]);
}

static void check_fields(checker *c, const schema_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) check_type(c, fields[i].type);
}

static void check_method(checker *c, const schema_method *m) {
  const uint64_t together = frames_of(m).call_max;
  bool any = false;
  check_fields(c, m->params, m->param_count);
  if (m->result != NULL) check_type(c, m->result);
  for (size_t i = 0; i < m->param_count; i++) any = any || is_larger(m->params[i].type->wire_max);
  if (is_larger(together) && !any) report_size(c, m->name.at, together);
}

static bool is_compound(const schema_decl *d) {
  return d->kind == SCHEMA_STRUCT || d->kind == SCHEMA_UNION || d->kind == SCHEMA_ERROR;
}

static void check_decl(checker *c, const schema_decl *d) {
  if (d->kind == SCHEMA_ALIAS) check_type(c, d->type); /* not of constants: theirs is text of known size */
  check_fields(c, d->fields, d->field_count);
  for (size_t i = 0; i < d->arm_count; i++) {
    if (d->arms[i].kind == SCHEMA_ARM_TYPE) check_type(c, d->arms[i].type);
    check_fields(c, d->arms[i].fields, d->arms[i].field_count);
  }
  for (size_t i = 0; i < d->method_count; i++) check_method(c, &d->methods[i]);
  if (is_compound(d) && d->recursive)
    diag_report(c->diags, DIAG_FIRMWARE_RECURSIVE, d->name.at, TEXT_ARG(d->name.text));
  else if (is_compound(d) && is_larger(d->wire_max))
    report_size(c, d->name.at, d->wire_max);
}

void firmware_check(const schema *s, arena *a, diags *d) {
  checker c = {a, d};
  for (size_t i = 0; i < s->namespace_count; i++)
    for (size_t k = 0; k < s->namespaces[i]->decl_count; k++) check_decl(&c, s->namespaces[i]->decls[k]);
}
