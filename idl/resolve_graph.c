/* Strongly connected parts by Tarjan's algorithm, with a stack of its own: chains may be as long as a schema.
 * Knows only numbers. */
#include "resolve.h"

#define UNSEEN UINT32_MAX

typedef struct search {
  graph *g;
  edge_filter *keep;
  uint32_t *number;  /* in the order of discovery, or UNSEEN */
  uint32_t *lowest;  /* least number that can be reached */
  uint32_t *next;    /* the edge to follow next */
  uint32_t *path;    /* nodes whose edges are being followed */
  uint32_t *waiting; /* nodes found whose part is not complete */
  bool *is_waiting;
  uint32_t path_count, waiting_count, found, parts, ordered;
} search;

static void visit(search *s, uint32_t node) {
  s->number[node] = s->lowest[node] = s->found++;
  s->next[node] = s->g->first[node];
  s->path[s->path_count++] = node;
  s->waiting[s->waiting_count++] = node;
  s->is_waiting[node] = true;
}

static void close_part(search *s, uint32_t root) {
  uint32_t node;
  do {
    node = s->waiting[--s->waiting_count];
    s->is_waiting[node] = false;
    s->g->part[node] = s->parts;
    s->g->order[s->ordered++] = node;
  } while (node != root);
  s->parts++;
}

static void lower(search *s, uint32_t node, uint32_t to) {
  if (to < s->lowest[node]) s->lowest[node] = to;
}

/* Follows the next edge of the node at the end of the path, or leaves it. */
static void advance(search *s) {
  uint32_t node = s->path[s->path_count - 1];
  if (s->next[node] < s->g->first[node + 1]) {
    const edge *e = &s->g->edges[s->next[node]++];
    if (!s->keep(e)) return;
    if (s->number[e->target] == UNSEEN)
      visit(s, e->target);
    else if (s->is_waiting[e->target])
      lower(s, node, s->number[e->target]);
    return;
  }
  s->path_count--;
  if (s->lowest[node] == s->number[node]) close_part(s, node);
  if (s->path_count > 0) lower(s, s->path[s->path_count - 1], s->lowest[node]);
}

void graph_find_parts(arena *a, graph *g, edge_filter *keep) {
  search s = {.g = g, .keep = keep};
  g->part = ARENA_ARRAY(a, uint32_t, g->count);
  g->order = ARENA_ARRAY(a, uint32_t, g->count);
  s.number = ARENA_ARRAY(a, uint32_t, g->count);
  s.lowest = ARENA_ARRAY(a, uint32_t, g->count);
  s.next = ARENA_ARRAY(a, uint32_t, g->count);
  s.path = ARENA_ARRAY(a, uint32_t, g->count);
  s.waiting = ARENA_ARRAY(a, uint32_t, g->count);
  s.is_waiting = ARENA_ARRAY(a, bool, g->count);
  for (uint32_t node = 0; node < g->count; node++) s.number[node] = UNSEEN;
  for (uint32_t node = 0; node < g->count; node++) {
    if (s.number[node] == UNSEEN) visit(&s, node);
    while (s.path_count > 0) advance(&s);
  }
}
