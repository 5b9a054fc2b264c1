/* What two sides compare when they connect: a number for each method that changes whenever its values would
 * be written or checked in another way, and one for each declaration, which tells where that comes from. Both
 * are hashes of a canonical text, which docs/wire.md describes: contracts that differ only in docs, defaults,
 * order of declarations or use of aliases give the same. Knows no target. */
#include <inttypes.h>
#include <stdlib.h>

#include "hash.h"
#include "integer.h"
#include "resolve.h"

/* The text of one declaration or signature, and what it names. */
typedef struct canon {
  resolver *r;
  char *data;
  size_t size, capacity;
  const schema_decl **named; /* some perhaps more than once */
  size_t named_count, named_capacity;
} canon;

static void add_text(canon *c, text t) {
  if (c->capacity - c->size < t.size) {
    c->capacity = 2 * c->capacity + t.size;
    char *bigger = ARENA_ARRAY(c->r->a, char, c->capacity);
    if (c->size > 0) memcpy(bigger, c->data, c->size);
    c->data = bigger;
  }
  if (t.size > 0) memcpy(c->data + c->size, t.data, t.size);
  c->size += t.size;
}

static void add(canon *c, const char *s) { add_text(c, (text){s, strlen(s)}); }

static void add_decl(canon *c, const schema_decl *d) {
  if (c->named_count == c->named_capacity) {
    c->named_capacity = 2 * c->named_capacity + 8;
    const schema_decl **bigger = ARENA_ARRAY(c->r->a, const schema_decl *, c->named_capacity);
    if (c->named_count > 0) memcpy(bigger, c->named, c->named_count * sizeof *bigger);
    c->named = bigger;
  }
  c->named[c->named_count++] = d;
  add_text(c, d->ns->name.text);
  add(c, ".");
  add_text(c, d->name.text);
}

/* A float by the bits of the double it is: no two programs need agree on how to print one. */
static void add_limit(canon *c, const schema_value *v) {
  if (v->kind != SCHEMA_VALUE_FLOAT) {
    add(c, integer_text(c->r->a, v->integer));
    return;
  }
  double real = v->real == 0 ? 0 : v->real; /* -0 limits what 0 does */
  uint64_t bits;
  memcpy(&bits, &real, sizeof bits);
  add(c, arena_printf(c->r->a, "0x%016" PRIx64, bits));
}

static void add_range(canon *c, const schema_range *range) {
  if (range == NULL) return;
  add(c, "(");
  if (range->has_min) add_limit(c, &range->min);
  add(c, "..");
  if (range->has_max) add_limit(c, &range->max);
  add(c, ")");
}

static void add_type(canon *c, const schema_type *t);

static void add_container(canon *c, const char *word, const schema_type *t) {
  add(c, word);
  add(c, "<");
  if (t->key != NULL) add_type(c, t->key);
  if (t->key != NULL) add(c, ",");
  if (t->item != NULL) add_type(c, t->item);
  if (t->item != NULL && t->bound != SCHEMA_UNBOUNDED) add(c, ",");
  if (t->bound != SCHEMA_UNBOUNDED) add(c, arena_printf(c->r->a, "%" PRIu64, t->bound));
  add(c, ">");
}

static void add_scalar(canon *c, const schema_type *t) {
  static const char *const words[] = {
#define WORD(kind, spelling, bytes) [SCHEMA_##kind] = spelling,
      SCHEMA_SCALARS(WORD)
#undef WORD
  };
  bool sized = t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES;
  if (sized && t->bound != SCHEMA_UNBOUNDED)
    add_container(c, words[t->kind], t);
  else
    add(c, words[t->kind]);
  add_range(c, t->range);
}

static void add_type(canon *c, const schema_type *t) {
  switch (t->kind) {
  case SCHEMA_NAMED: add_decl(c, t->decl); break;
  case SCHEMA_OPTIONAL:
    add_type(c, t->item);
    add(c, "?");
    break;
  case SCHEMA_LIST: add_container(c, "list", t); break;
  case SCHEMA_SET: add_container(c, "set", t); break;
  case SCHEMA_MAP: add_container(c, "map", t); break;
  case SCHEMA_ARRAY: add_container(c, "array", t); break;
  case SCHEMA_TUPLE:
    add(c, "(");
    for (size_t i = 0; i < t->member_count; i++) {
      if (i > 0) add(c, ",");
      add_type(c, t->members[i]);
    }
    add(c, ")");
    break;
  default: add_scalar(c, t); break;
  }
}

static void add_fields(canon *c, const schema_field *fields, size_t count) {
  add(c, "{");
  for (size_t i = 0; i < count; i++) {
    add_text(c, fields[i].name.text);
    add(c, ":");
    add_type(c, fields[i].type);
    add(c, ";");
  }
  add(c, "}");
}

static void add_arms(canon *c, const schema_decl *d) {
  add(c, "{");
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    add_text(c, arm->name.text);
    if (arm->kind == SCHEMA_ARM_FIELDS) {
      add_fields(c, arm->fields, arm->field_count);
      continue;
    }
    if (arm->kind == SCHEMA_ARM_TYPE) {
      add(c, ":");
      add_type(c, arm->type);
    }
    add(c, ";");
  }
  add(c, "}");
}

static void add_members(canon *c, const schema_decl *d) {
  add(c, ":");
  add_type(c, d->type);
  add(c, "{");
  for (size_t i = 0; i < d->member_count; i++) {
    add_text(c, d->members[i].name.text);
    add(c, "=");
    add(c, integer_text(c->r->a, d->members[i].value));
    add(c, ";");
  }
  add(c, "}");
}

static const char *word_of(const schema_decl *d) {
  switch (d->kind) {
  case SCHEMA_ENUM: return d->is_open ? "open enum " : "enum ";
  case SCHEMA_FLAGS: return "flags ";
  case SCHEMA_STRUCT: return "struct ";
  case SCHEMA_ERROR: return "error ";
  default: return "union ";
  }
}

static void add_declaration(canon *c, const schema_decl *d) {
  if (d->recursive) add(c, arena_printf(c->r->a, "@max_depth(%" PRIu32 ") ", d->max_depth));
  add(c, word_of(d));
  add_decl(c, d);
  c->named_count = 0; /* itself is no reference */
  switch (d->kind) {
  case SCHEMA_ENUM:
  case SCHEMA_FLAGS: add_members(c, d); break;
  case SCHEMA_STRUCT: add_fields(c, d->fields, d->field_count); break;
  default: add_arms(c, d); break;
  }
}

/* The method's name is told by its number. @leaf is part of what the sides promise each other: a call that
 * must not be a leaf call would be made as one. */
static void add_signature(canon *c, const schema_method *m) {
  if (m->leaf) add(c, "@leaf ");
  if (m->kind == SCHEMA_SYNC) add(c, "sync ");
  if (m->kind == SCHEMA_ONEWAY) add(c, "oneway ");
  add(c, "(");
  for (size_t i = 0; i < m->param_count; i++) {
    if (i > 0) add(c, ",");
    add_text(c, m->params[i].name.text);
    add(c, m->params[i].is_stream ? ":stream " : ":");
    add_type(c, m->params[i].type);
  }
  add(c, ")");
  if (m->result != NULL) {
    add(c, m->result_is_stream ? "->stream " : "->");
    add_type(c, m->result);
  }
  if (m->throws != NULL) {
    add(c, " throws ");
    add_decl(c, m->throws);
  }
  add(c, "\n");
}

/* One declaration that values are made of. */
typedef struct node {
  schema_decl *decl;
  canon canon;
  text line;     /* its shape, as it stands in the text of what reaches it */
  uint32_t seen; /* the last search that came by */
} node;

typedef struct fingerprinter {
  resolver *r;
  node *nodes; /* in order of full names */
  size_t count;
  uint32_t *rank;  /* by decl->index: place in `nodes` */
  uint32_t search; /* counts searches */
  uint32_t *found; /* ranks that the search has come by, its queue */
  size_t found_count;
} fingerprinter;

static bool holds_values(const schema_decl *d) {
  return is_kind_with_slots(d->kind) || d->kind == SCHEMA_ENUM || d->kind == SCHEMA_FLAGS;
}

static const char *full_name(arena *a, const schema_decl *d) {
  return arena_printf(a, "%.*s.%.*s", TEXT_ARG(d->ns->name.text), TEXT_ARG(d->name.text));
}

typedef struct named {
  const char *name;
  schema_decl *decl;
} named;

static int compare_names(const void *x, const void *y) {
  const named *a = x, *b = y;
  return strcmp(a->name, b->name);
}

static void shape_all(fingerprinter *f) {
  resolver *r = f->r;
  named *order = ARENA_ARRAY(r->a, named, r->entity_count + 1);
  for (size_t i = 0; i < r->entity_count; i++) {
    schema_decl *d = r->entities[i].decl;
    if (holds_values(d)) order[f->count++] = (named){full_name(r->a, d), d};
  }
  qsort(order, f->count, sizeof *order, compare_names);
  f->nodes = ARENA_ARRAY(r->a, node, f->count);
  f->rank = ARENA_ARRAY(r->a, uint32_t, r->entity_count);
  f->found = ARENA_ARRAY(r->a, uint32_t, f->count);
  for (size_t i = 0; i < f->count; i++) {
    node *n = &f->nodes[i];
    *n = (node){.decl = order[i].decl, .canon.r = r};
    f->rank[n->decl->index] = (uint32_t)i;
    add_declaration(&n->canon, n->decl);
    n->decl->id = hash_fnv32((text){order[i].name, strlen(order[i].name)});
    n->decl->shape = hash_fnv64(HASH_FNV64_EMPTY, (text){n->canon.data, n->canon.size});
    const char *line = arena_printf(r->a, "%016" PRIx64 "\n", n->decl->shape);
    n->line = (text){line, strlen(line)};
  }
}

static void begin_search(fingerprinter *f) {
  f->search++;
  f->found_count = 0;
}

static void find(fingerprinter *f, const schema_decl *const *decls, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t rank = f->rank[decls[i]->index];
    if (f->nodes[rank].seen == f->search) continue;
    f->nodes[rank].seen = f->search;
    f->found[f->found_count++] = rank;
  }
}

static int compare_ranks(const void *x, const void *y) {
  const uint32_t *a = x, *b = y;
  return *a < *b ? -1 : *a > *b;
}

/* What was found, in order. */
static const schema_decl *const *end_search(fingerprinter *f) {
  const schema_decl **list = ARENA_ARRAY(f->r->a, const schema_decl *, f->found_count);
  if (f->found_count > 1) qsort(f->found, f->found_count, sizeof *f->found, compare_ranks);
  for (size_t i = 0; i < f->found_count; i++) list[i] = f->nodes[f->found[i]].decl;
  return list;
}

static void fingerprint_method(fingerprinter *f, schema_method *m) {
  canon signature = {.r = f->r};
  add_signature(&signature, m);
  begin_search(f);
  find(f, signature.named, signature.named_count);
  for (size_t i = 0; i < f->found_count; i++) {
    const canon *c = &f->nodes[f->found[i]].canon;
    find(f, c->named, c->named_count);
  }
  m->reaches = end_search(f);
  m->reach_count = f->found_count;
  m->fingerprint = hash_fnv64(HASH_FNV64_EMPTY, (text){signature.data, signature.size});
  for (size_t i = 0; i < m->reach_count; i++)
    m->fingerprint = hash_fnv64(m->fingerprint, f->nodes[f->found[i]].line);
}

static void fingerprint_service(fingerprinter *f, entity *e) {
  for (size_t i = 0; i < e->decl->method_count; i++) fingerprint_method(f, &e->methods[i]);
  begin_search(f);
  for (size_t i = 0; i < e->decl->method_count; i++)
    find(f, e->methods[i].reaches, e->methods[i].reach_count);
  e->decl->reaches = end_search(f);
  e->decl->reach_count = f->found_count;
}

void fingerprint_compute(resolver *r) {
  fingerprinter f = {.r = r};
  shape_all(&f);
  for (size_t i = 0; i < r->entity_count; i++)
    if (r->entities[i].decl->kind == SCHEMA_SERVICE) fingerprint_service(&f, &r->entities[i]);
}
