/* Which namespaces use types of which. They may not do so in a circle: in C each is one header, and headers
 * that include each other cannot hold each other's structs. */
#include <stdlib.h>

#include "resolve.h"

typedef struct use {
  uint32_t from, to; /* in order of names */
  span at;
} use;

typedef struct collector {
  resolver *r;
  use *uses;
  size_t count, capacity;
  uint32_t from;
} collector;

static int compare_spaces(const void *x, const void *y) {
  const space *a = *(space *const *)x, *b = *(space *const *)y;
  text left = a->ns->name.text, right = b->ns->name.text;
  size_t shared = left.size < right.size ? left.size : right.size;
  int order = shared == 0 ? 0 : memcmp(left.data, right.data, shared);
  if (order != 0) return order;
  return left.size < right.size ? -1 : left.size > right.size;
}

static int compare_uses(const void *x, const void *y) {
  const use *a = x, *b = y;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  if (a->to != b->to) return a->to < b->to ? -1 : 1;
  if (a->at.file->index != b->at.file->index) return a->at.file->index < b->at.file->index ? -1 : 1;
  return a->at.offset < b->at.offset ? -1 : a->at.offset > b->at.offset;
}

static void add_use(collector *c, const schema_decl *decl, span at) {
  uint32_t to = entity_of(c->r, decl)->unit->space->rank;
  if (to == c->from) return;
  if (c->count == c->capacity) {
    c->capacity = c->capacity == 0 ? 64 : 2 * c->capacity;
    use *bigger = ARENA_ARRAY(c->r->a, use, c->capacity);
    if (c->count > 0) memcpy(bigger, c->uses, c->count * sizeof *bigger);
    c->uses = bigger;
  }
  c->uses[c->count++] = (use){c->from, to, at};
}

/* Recursion is bounded by IDL_MAX_NESTING. */
static void add_type(collector *c, const schema_type *type) {
  if (type == NULL) return;
  if (type->decl != NULL) add_use(c, type->decl, type->at);
  add_type(c, type->key);
  add_type(c, type->item);
  for (size_t i = 0; i < type->member_count; i++) add_type(c, type->members[i]);
}

static void add_decl(collector *c, const entity *e) {
  c->from = e->unit->space->rank;
  if (e->decl->kind != SCHEMA_ENUM && e->decl->kind != SCHEMA_FLAGS) add_type(c, e->decl->type);
  for (size_t i = 0; i < e->slot_count; i++) add_type(c, e->slots[i].type);
  for (size_t i = 0; i < e->decl->method_count; i++) {
    const schema_method *m = &e->decl->methods[i];
    for (size_t k = 0; k < m->param_count; k++) add_type(c, m->params[k].type);
    add_type(c, m->result);
    if (m->throws != NULL) add_use(c, m->throws, m->name.at);
  }
}

/* Of several uses of one namespace the first is kept. */
static void sort_uses(collector *c) {
  if (c->count == 0) return;
  qsort(c->uses, c->count, sizeof *c->uses, compare_uses);
  size_t kept = 1;
  for (size_t i = 1; i < c->count; i++)
    if (c->uses[i].from != c->uses[kept - 1].from || c->uses[i].to != c->uses[kept - 1].to)
      c->uses[kept++] = c->uses[i];
  c->count = kept;
}

static graph build(const collector *c) {
  arena *a = c->r->a;
  graph g = {.count = (uint32_t)c->r->space_count};
  g.first = ARENA_ARRAY(a, uint32_t, c->r->space_count + 1);
  g.edges = ARENA_ARRAY(a, edge, c->count);
  uint32_t at = 0;
  for (uint32_t i = 0; i < g.count; i++) {
    g.first[i] = at;
    for (; at < c->count && c->uses[at].from == i; at++)
      g.edges[at] = (edge){.target = c->uses[at].to, .slot = at};
  }
  g.first[g.count] = at;
  return g;
}

static bool is_any(const edge *e) {
  (void)e;
  return true;
}

static void report_circles(collector *c, const graph *g) {
  bool *is_told = ARENA_ARRAY(c->r->a, bool, g->count);
  for (size_t i = 0; i < c->count; i++) {
    uint32_t part = g->part[c->uses[i].from];
    if (part != g->part[c->uses[i].to] || is_told[part]) continue;
    is_told[part] = true;
    diag *d = diag_report(c->r->d, DIAG_NAMESPACE_CYCLE, c->uses[i].at,
                          TEXT_ARG(c->r->space_list[c->uses[i].from]->ns->name.text),
                          TEXT_ARG(c->r->space_list[c->uses[i].to]->ns->name.text));
    unsigned notes = 0;
    for (size_t k = i + 1; k < c->count && notes < IDL_MAX_PATH_NOTES; k++) {
      if (g->part[c->uses[k].from] != part || g->part[c->uses[k].to] != part) continue;
      diag_note(d, c->uses[k].at, "'%.*s' uses '%.*s' here",
                TEXT_ARG(c->r->space_list[c->uses[k].from]->ns->name.text),
                TEXT_ARG(c->r->space_list[c->uses[k].to]->ns->name.text));
      notes++;
    }
  }
}

static void set_imports(const collector *c, const graph *g) {
  for (uint32_t i = 0; i < g->count; i++) {
    schema_namespace *ns = c->r->space_list[i]->ns;
    const schema_namespace **imports =
        ARENA_ARRAY(c->r->a, const schema_namespace *, g->first[i + 1] - g->first[i]);
    for (uint32_t k = g->first[i]; k < g->first[i + 1]; k++)
      imports[ns->import_count++] = c->r->space_list[g->edges[k].target]->ns;
    ns->imports = imports;
  }
}

void import_collect(resolver *r) {
  qsort(r->space_list, r->space_count, sizeof(space *), compare_spaces);
  for (size_t i = 0; i < r->space_count; i++) r->space_list[i]->rank = (uint32_t)i;
  collector c = {.r = r};
  for (size_t i = 0; i < r->entity_count; i++) add_decl(&c, &r->entities[i]);
  sort_uses(&c);
  graph g = build(&c);
  graph_find_parts(r->a, &g, is_any);
  report_circles(&c, &g);
  set_imports(&c, &g);
}
