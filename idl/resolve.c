/* The parts of the resolver in their order, and the schema put together at the end. */
#include "resolve.h"

entity *entity_of(const resolver *r, const schema_decl *decl) { return &r->entities[decl->index]; }

bool is_kind_with_slots(schema_decl_kind kind) {
  return kind == SCHEMA_STRUCT || kind == SCHEMA_UNION || kind == SCHEMA_ERROR;
}

const char *decl_kind_text(schema_decl_kind kind) {
  switch (kind) {
  case SCHEMA_CONST: return "constant";
  case SCHEMA_ALIAS: return "type alias";
  case SCHEMA_ENUM: return "enum";
  case SCHEMA_FLAGS: return "flags type";
  case SCHEMA_STRUCT: return "struct";
  case SCHEMA_UNION: return "union";
  case SCHEMA_ERROR: return "declared error";
  case SCHEMA_SERVICE: return "service";
  }
  return "declaration";
}

static void define_others(resolver *r) {
  for (size_t i = 0; i < r->entity_count; i++) {
    entity *e = &r->entities[i];
    if (is_kind_with_slots(e->decl->kind)) member_define(r, e);
    if (e->decl->kind == SCHEMA_SERVICE) method_define(r, e);
  }
}

static void list_decls(resolver *r) {
  for (size_t i = 0; i < r->space_count; i++) {
    const schema_decl **decls = ARENA_ARRAY(r->a, const schema_decl *, r->space_list[i]->decl_count);
    r->space_list[i]->ns->decls = decls;
    r->space_list[i]->filled = decls;
  }
  for (size_t i = 0; i < r->entity_count; i++) {
    space *s = r->entities[i].unit->space;
    s->filled[s->ns->decl_count++] = r->entities[i].decl;
  }
}

/* Enums first, since C cannot declare them ahead; then what is contained before what contains it. */
static void list_sorted(resolver *r, const graph *by_value) {
  for (size_t i = 0; i < r->space_count; i++) {
    const schema_decl **sorted = ARENA_ARRAY(r->a, const schema_decl *, r->space_list[i]->decl_count);
    r->space_list[i]->ns->sorted = sorted;
    r->space_list[i]->filled = sorted;
  }
  for (size_t i = 0; i < r->entity_count; i++) {
    const entity *e = &r->entities[i];
    space *s = e->unit->space;
    if (e->decl->kind == SCHEMA_ENUM || e->decl->kind == SCHEMA_FLAGS)
      s->filled[s->ns->sorted_count++] = e->decl;
  }
  for (uint32_t i = 0; i < by_value->count; i++) {
    const entity *e = &r->entities[by_value->order[i]];
    space *s = e->unit->space;
    if (is_kind_with_slots(e->decl->kind)) s->filled[s->ns->sorted_count++] = e->decl;
  }
}

static const schema *assemble(resolver *r) {
  schema *s = ARENA_NEW(r->a, schema);
  const schema_namespace **namespaces = ARENA_ARRAY(r->a, const schema_namespace *, r->space_count);
  for (size_t i = 0; i < r->space_count; i++) namespaces[i] = r->space_list[i]->ns;
  s->namespaces = namespaces;
  s->namespace_count = r->space_count;
  s->decl_count = (uint32_t)r->entity_count;
  s->type_count = (uint32_t)r->type_count;
  return s;
}

const schema *idl_resolve(arena *a, diags *d, const ast_unit *files) {
  resolver r = {.a = a, .d = d};
  scope_declare(&r, files);
  list_decls(&r);
  order_define(&r);
  define_others(&r);
  scope_check_imports(&r);
  method_check_ids(&r);
  containment c = cycle_check(&r);
  layout_compute(&r, &c);
  import_collect(&r);
  collide_check(&r);
  list_sorted(&r, &c.by_value);
  if (diags_errors(d) == 0) fingerprint_compute(&r);
  return assemble(&r);
}
