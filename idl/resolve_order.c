/* Aliases, constants, enums and flags are made of one another: each is defined after what it needs. Walks
 * with a stack of its own, since chains may be as long as a file. Knows how things depend, not what they
 * mean. */
#include "resolve.h"

typedef struct walk {
  resolver *r;
  entity **pending; /* a stack; entities may stand on it more than once */
  size_t count, capacity;
  entity *current; /* the one being worked on; its parents wait for it */
} walk;

static void push(walk *w, entity *e) {
  if (w->count == w->capacity) {
    w->capacity = w->capacity == 0 ? 64 : 2 * w->capacity;
    entity **bigger = ARENA_ARRAY(w->r->a, entity *, w->capacity);
    if (w->count > 0) memcpy(bigger, w->pending, w->count * sizeof(entity *));
    w->pending = bigger;
  }
  w->pending[w->count++] = e;
}

static bool is_ordered(const entity *e) {
  schema_decl_kind kind = e->decl->kind;
  return kind == SCHEMA_ALIAS || kind == SCHEMA_CONST || kind == SCHEMA_ENUM || kind == SCHEMA_FLAGS;
}

static void report_cycle(walk *w, entity *first) {
  entity *e = w->current;
  if (e->failed) return;
  e->failed = true;
  diag *d =
      diag_report(w->r->d, DIAG_DEFINED_BY_ITSELF, first->ast->name.at, TEXT_ARG(first->ast->name.text));
  for (unsigned notes = 0; e != first && notes < IDL_MAX_PATH_NOTES; e = e->parent, notes++)
    diag_note(d, e->ast->name.at, "by way of '%.*s'", TEXT_ARG(e->ast->name.text));
}

static void depend(walk *w, entity *e) {
  if (e == NULL || !is_ordered(e) || e->state == ENTITY_DONE) return;
  if (e->state == ENTITY_OPEN)
    report_cycle(w, e);
  else
    push(w, e);
}

static void depend_on_name(walk *w, const ast_qname *name, size_t parts) {
  depend(w, scope_find(w->r, w->current->unit, name, parts));
}

static void depend_on_type(walk *w, const ast_type *type) {
  if (type == NULL) return;
  if (type->kind == AST_TYPE_NAME) depend_on_name(w, type->name, scope_parts(type->name));
  depend_on_type(w, type->item);
  for (const ast_arg *arg = type->args; arg != NULL; arg = arg->next) depend_on_type(w, arg->type);
}

/* A constant, or a member behind the name of its enum; a lone name that is a member needs nothing. */
static void depend_on_value(walk *w, const ast_value *v, const schema_type *expected) {
  if (v == NULL || v->kind != AST_VALUE_NAME) return;
  size_t parts = scope_parts(v->name);
  if (expected != NULL && expected->kind == SCHEMA_OPTIONAL) expected = expected->item;
  const schema_decl *owner = expected == NULL ? NULL : type_enum(expected);
  if (parts == 1 && owner != NULL &&
      table_find(&entity_of(w->r, owner)->members, v->name->parts->name.text) != NULL)
    return;
  depend_on_name(w, v->name, parts);
  if (parts == 1) return;
  entity *before_last = scope_find(w->r, w->current->unit, v->name, parts - 1);
  if (before_last != NULL && before_last->decl->kind != SCHEMA_CONST) depend(w, before_last);
}

static void depend_on_attributes(walk *w, const ast_lead *lead) {
  for (const ast_attr *attr = lead->attrs; attr != NULL; attr = attr->next)
    for (const ast_attr_arg *arg = attr->args; arg != NULL; arg = arg->next)
      depend_on_value(w, arg->value, NULL);
}

static attr_place place_of(schema_decl_kind kind) { return kind == SCHEMA_CONST ? PLACE_CONST : PLACE_ALIAS; }

static void define_type(resolver *r, entity *e) {
  schema_decl *decl = e->decl;
  if (decl->kind == SCHEMA_ENUM || decl->kind == SCHEMA_FLAGS) {
    enum_define(r, e);
    return;
  }
  attr_set attrs = attr_read(r, &e->ast->lead, place_of(decl->kind));
  decl->info = attr_info(&attrs, &e->ast->lead);
  decl->attrs = attr_places(r, &e->ast->lead);
  const schema_type *type = e->failed || e->ast->type == NULL ? NULL : type_resolve(r, e->unit, e->ast->type);
  if (type != NULL) decl->type = attr_limit(r, e->unit, &attrs, type);
}

static void define_value(resolver *r, entity *e) {
  if (e->failed || e->decl->type == NULL || e->ast->value == NULL) return;
  schema_value *value = ARENA_NEW(r->a, schema_value);
  if (value_read(r, e->unit, e->ast->value, e->decl->type, value)) e->decl->value = value;
}

/* Does what can be done now; false: something else must be defined first and is on the stack. */
static bool step(walk *w, entity *e) {
  size_t before = w->count;
  if (!e->has_type) {
    depend_on_type(w, e->ast->type);
    depend_on_attributes(w, &e->ast->lead);
    if (w->count > before) return false;
    define_type(w->r, e);
    e->has_type = true;
  }
  if (e->decl->kind != SCHEMA_CONST) return true;
  depend_on_value(w, e->ast->value, e->decl->type);
  if (w->count > before) return false;
  define_value(w->r, e);
  return true;
}

static void define(walk *w, entity *root) {
  push(w, root);
  while (w->count > 0) {
    entity *e = w->pending[w->count - 1];
    if (e->state == ENTITY_DONE) {
      w->count--;
      continue;
    }
    if (e->state == ENTITY_NEW) {
      e->state = ENTITY_OPEN;
      e->parent = w->current;
      w->current = e;
    }
    if (!step(w, e)) continue;
    e->state = ENTITY_DONE;
    w->current = e->parent;
    w->count--;
  }
}

void order_define(resolver *r) {
  walk w = {.r = r};
  for (size_t i = 0; i < r->entity_count; i++)
    if (is_ordered(&r->entities[i])) define(&w, &r->entities[i]);
}
