/* What contains what: structs that contain themselves without end, recursive types, the members that are
 * pointers in C. A member is one when it leads back by value to its own type and could break the circle,
 * whatever the order of declarations: so moving a declaration never changes the C structs. */
#include "resolve.h"

typedef struct builder {
  resolver *r;
  graph g;
  uint32_t capacity, used;
} builder;

static void add_edge(builder *b, edge e) {
  if (b->used == b->capacity) {
    b->capacity = b->capacity == 0 ? 256 : 2 * b->capacity;
    edge *bigger = ARENA_ARRAY(b->r->a, edge, b->capacity);
    if (b->used > 0) memcpy(bigger, b->g.edges, b->used * sizeof *bigger);
    b->g.edges = bigger;
  }
  b->g.edges[b->used++] = e;
}

/* Recursion is bounded by IDL_MAX_NESTING. */
static void add_type(builder *b, const schema_type *type, edge e) {
  switch (type->kind) {
  case SCHEMA_NAMED:
    e.target = type->decl->index;
    add_edge(b, e);
    break;
  case SCHEMA_OPTIONAL:
    e.breakable = true;
    add_type(b, type->item, e);
    break;
  case SCHEMA_MAP:
  case SCHEMA_LIST:
  case SCHEMA_SET:
    e.by_value = false;
    if (type->key != NULL) add_type(b, type->key, e);
    add_type(b, type->item, e);
    break;
  case SCHEMA_ARRAY: add_type(b, type->item, e); break;
  case SCHEMA_TUPLE:
    for (size_t i = 0; i < type->member_count; i++) add_type(b, type->members[i], e);
    break;
  default: break;
  }
}

static graph build(resolver *r) {
  builder b = {.r = r};
  b.g.count = (uint32_t)r->entity_count;
  b.g.first = ARENA_ARRAY(r->a, uint32_t, r->entity_count + 1);
  for (uint32_t i = 0; i < b.g.count; i++) {
    const entity *e = &r->entities[i];
    b.g.first[i] = b.used;
    for (uint32_t k = 0; k < e->slot_count; k++) {
      edge edge_of = {.slot = k, .by_value = true, .breakable = e->decl->kind != SCHEMA_STRUCT};
      if (e->slots[k].type != NULL) add_type(&b, e->slots[k].type, edge_of);
    }
  }
  b.g.first[b.g.count] = b.used;
  return b.g;
}

static bool is_any(const edge *e) {
  (void)e;
  return true;
}
static bool is_by_value(const edge *e) { return e->by_value; }
static bool is_fixed(const edge *e) { return e->by_value && !e->breakable; }
static bool is_in_place(const edge *e) { return e->by_value && !e->is_pointer; }

static bool closes_cycle(const graph *g, uint32_t node, const edge *e) {
  return g->part[node] == g->part[e->target];
}

/* By breadth, so that the way told is a shortest one: came[i] is the edge by which node i was first reached.
 */
static void report_way(resolver *r, const graph *g, uint32_t root, const edge **came, uint32_t *from,
                       uint32_t *queue) {
  uint32_t head = 0, tail = 0;
  queue[tail++] = root;
  while (came[root] == NULL) {
    uint32_t node = queue[head++];
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++) {
      const edge *e = &g->edges[i];
      if (!is_fixed(e) || !closes_cycle(g, node, e) || came[e->target] != NULL) continue;
      came[e->target] = e;
      from[e->target] = node;
      queue[tail++] = e->target;
    }
  }
  const schema_decl *decl = r->entities[root].decl;
  diag *d = diag_report(r->d, DIAG_CONTAINS_ITSELF, decl->name.at, TEXT_ARG(decl->name.text));
  /* The way was found backwards; told forwards. */
  uint32_t length = 0;
  uint32_t node = root;
  do {
    queue[length++] = node;
    node = from[node];
  } while (node != root);
  for (uint32_t i = length; i > 0 && length - i < IDL_MAX_PATH_NOTES; i--) {
    const edge *e = came[queue[i - 1]];
    const entity *owner = &r->entities[from[queue[i - 1]]];
    const schema_decl *target = r->entities[e->target].decl;
    diag_note(d, owner->slots[e->slot].name->at, "'%.*s' holds '%.*s'", TEXT_ARG(owner->decl->name.text),
              TEXT_ARG(target->name.text));
  }
}

static void report_endless(resolver *r, const graph *g) {
  const edge **came = ARENA_ARRAY(r->a, const edge *, g->count);
  uint32_t *from = ARENA_ARRAY(r->a, uint32_t, g->count);
  uint32_t *queue = ARENA_ARRAY(r->a, uint32_t, g->count + (size_t)1);
  bool *is_told = ARENA_ARRAY(r->a, bool, g->count); /* by part */
  for (uint32_t node = 0; node < g->count; node++)
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++) {
      const edge *e = &g->edges[i];
      if (!is_fixed(e) || !closes_cycle(g, node, e)) continue;
      r->entities[node].contains_itself = true;
      if (is_told[g->part[node]]) continue;
      is_told[g->part[node]] = true;
      report_way(r, g, node, came, from, queue);
    }
}

static void make_pointers(resolver *r, graph *g) {
  for (uint32_t node = 0; node < g->count; node++) {
    const entity *e = &r->entities[node];
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++)
      if (g->edges[i].by_value && g->edges[i].breakable && closes_cycle(g, node, &g->edges[i]))
        *e->slots[g->edges[i].slot].indirect = true;
    /* All that the member holds is then behind its pointer. */
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++)
      g->edges[i].is_pointer = *e->slots[g->edges[i].slot].indirect;
  }
}

static void mark_recursive(resolver *r, const graph *g) {
  const schema_decl **first = ARENA_ARRAY(r->a, const schema_decl *, g->count); /* of each part */
  for (uint32_t node = 0; node < g->count; node++) {
    schema_decl *d = r->entities[node].decl;
    if (first[g->part[node]] == NULL) first[g->part[node]] = d;
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++)
      if (closes_cycle(g, node, &g->edges[i])) d->recursive = true;
    if (d->recursive) d->cycle = first[g->part[node]];
  }
  for (size_t i = 0; i < r->entity_count; i++) {
    const entity *e = &r->entities[i];
    if (e->max_depth != NULL && !e->decl->recursive && !e->failed)
      diag_report(r->d, DIAG_NOT_RECURSIVE, e->max_depth->at, TEXT_ARG(e->decl->name.text));
  }
}

containment cycle_check(resolver *r) {
  graph g = build(r);
  graph_find_parts(r->a, &g, is_fixed);
  report_endless(r, &g);
  graph_find_parts(r->a, &g, is_by_value);
  make_pointers(r, &g);
  containment c = {.any = g, .by_value = g};
  graph_find_parts(r->a, &c.any, is_any);
  mark_recursive(r, &c.any);
  graph_find_parts(r->a, &c.by_value, is_in_place);
  return c;
}
