/* The least number of bytes that a value of each struct and union takes. A struct needs all its fields, a
 * union one of its arms, and types may need one another in circles; so the smallest are settled first, as in
 * Dijkstra's (Knuth's) algorithm. What is never settled has no finite value. */
#include "resolve.h"

#define TAG_SIZE 4u

/* A way to make a value: of a struct, or of one arm. */
typedef struct recipe {
  uint32_t node;
  uint32_t missing; /* needs that are not settled */
  uint64_t bytes;   /* of what is known so far */
} recipe;

typedef struct need {
  uint32_t recipe;
  uint32_t next; /* need of the same node, or NO_NEED */
  uint64_t times;
} need;

#define NO_NEED UINT32_MAX

typedef struct candidate {
  uint64_t bytes;
  uint32_t node;
} candidate;

typedef struct solver {
  resolver *r;
  recipe *recipes;
  uint32_t recipe_count;
  need *needs;
  uint32_t need_count, need_capacity;
  uint32_t *first_need; /* of each node */
  bool *is_settled;
  candidate *heap;
  uint32_t heap_count;
} solver;

static void add_need(solver *s, uint32_t node, uint64_t times) {
  if (s->need_count == s->need_capacity) {
    s->need_capacity = s->need_capacity == 0 ? 256 : 2 * s->need_capacity;
    need *bigger = ARENA_ARRAY(s->r->a, need, s->need_capacity);
    if (s->need_count > 0) memcpy(bigger, s->needs, s->need_count * sizeof *bigger);
    s->needs = bigger;
  }
  uint32_t recipe_index = s->recipe_count - 1;
  s->needs[s->need_count] = (need){.recipe = recipe_index, .next = s->first_need[node], .times = times};
  s->first_need[node] = s->need_count++;
  s->recipes[recipe_index].missing++;
}

/* Recursion is bounded by IDL_MAX_NESTING. */
static void add_type(solver *s, const schema_type *type, uint64_t times) {
  recipe *into = &s->recipes[s->recipe_count - 1];
  if (type->kind == SCHEMA_ARRAY)
    add_type(s, type->item, layout_multiply(times, type->bound));
  else if (type->kind == SCHEMA_NAMED && type_enum(type) == NULL)
    add_need(s, type->decl->index, times);
  else
    into->bytes = layout_add(into->bytes, layout_multiply(times, layout_own_min(type)));
  for (size_t i = 0; i < type->member_count; i++) add_type(s, type->members[i], times);
}

static void add_recipes(solver *s, const entity *e) {
  bool is_struct = e->decl->kind == SCHEMA_STRUCT;
  size_t arms = is_struct ? 1 : e->decl->arm_count;
  for (size_t arm = 0, at = 0; arm < arms; arm++) {
    s->recipes[s->recipe_count++] = (recipe){.node = e->decl->index, .bytes = is_struct ? 0 : TAG_SIZE};
    for (; at < e->slot_count && e->slots[at].arm == arm; at++)
      if (e->slots[at].type != NULL) add_type(s, e->slots[at].type, 1);
  }
}

static bool is_less(candidate a, candidate b) {
  return a.bytes != b.bytes ? a.bytes < b.bytes : a.node < b.node;
}

static void offer(solver *s, uint32_t node, uint64_t bytes) {
  candidate c = {bytes, node};
  uint32_t i = s->heap_count++;
  for (; i > 0 && is_less(c, s->heap[(i - 1) / 2]); i = (i - 1) / 2) s->heap[i] = s->heap[(i - 1) / 2];
  s->heap[i] = c;
}

static candidate take_least(solver *s) {
  candidate least = s->heap[0], last = s->heap[--s->heap_count];
  uint32_t i = 0;
  for (uint32_t child = 1; child < s->heap_count; child = 2 * i + 1) {
    if (child + 1 < s->heap_count && is_less(s->heap[child + 1], s->heap[child])) child++;
    if (!is_less(s->heap[child], last)) break;
    s->heap[i] = s->heap[child];
    i = child;
  }
  s->heap[i] = last;
  return least;
}

static void settle(solver *s, candidate c) {
  if (s->is_settled[c.node]) return;
  s->is_settled[c.node] = true;
  s->r->entities[c.node].decl->wire_min = c.bytes;
  for (uint32_t i = s->first_need[c.node]; i != NO_NEED; i = s->needs[i].next) {
    recipe *into = &s->recipes[s->needs[i].recipe];
    into->bytes = layout_add(into->bytes, layout_multiply(s->needs[i].times, c.bytes));
    if (--into->missing == 0) offer(s, into->node, into->bytes);
  }
}

static void run(solver *s) {
  while (s->heap_count > 0) settle(s, take_least(s));
}

static void report_endless(solver *s, const graph *contains) {
  for (uint32_t i = 0; i < contains->count; i++) {
    uint32_t node = contains->order[i];
    const entity *e = &s->r->entities[node];
    if (s->is_settled[node] || e->decl->kind == SCHEMA_STRUCT || !is_kind_with_slots(e->decl->kind)) continue;
    if (e->decl->recursive && !e->failed)
      diag_report(s->r->d, DIAG_NO_FINITE_VALUE, e->decl->name.at, TEXT_ARG(e->decl->name.text));
    settle(s, (candidate){TAG_SIZE, node}); /* so that nothing else is blamed for it */
    run(s);
  }
}

void least_compute(resolver *r, const graph *contains) {
  solver s = {.r = r};
  size_t recipes = 0;
  for (size_t i = 0; i < r->entity_count; i++) recipes += r->entities[i].decl->arm_count + 1;
  s.recipes = ARENA_ARRAY(r->a, recipe, recipes);
  s.heap = ARENA_ARRAY(r->a, candidate, recipes + 1);
  s.first_need = ARENA_ARRAY(r->a, uint32_t, r->entity_count);
  s.is_settled = ARENA_ARRAY(r->a, bool, r->entity_count);
  for (size_t i = 0; i < r->entity_count; i++) s.first_need[i] = NO_NEED;
  for (size_t i = 0; i < r->entity_count; i++)
    if (is_kind_with_slots(r->entities[i].decl->kind)) add_recipes(&s, &r->entities[i]);
  for (uint32_t i = 0; i < s.recipe_count; i++)
    if (s.recipes[i].missing == 0) offer(&s, s.recipes[i].node, s.recipes[i].bytes);
  for (uint32_t i = 0; i < r->entity_count; i++)
    if (r->entities[i].contains_itself) settle(&s, (candidate){0, i});
  run(&s);
  report_endless(&s, contains);
}
