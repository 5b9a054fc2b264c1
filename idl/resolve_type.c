/* From a type as written to a schema_type: built-in words, arguments, aliases put in. Knows no values
 * beyond the integer of a bound, and no layout. */
#include <inttypes.h>

#include "integer.h"
#include "parse.h"
#include "resolve.h"

static const struct {
  const char *spelling;
  schema_type_kind kind;
} scalars[] = {
#define SCALAR(kind, spelling, bytes) {spelling, SCHEMA_##kind},
    SCHEMA_SCALARS(SCALAR)
#undef SCALAR
};

/* Words that take arguments: so many types, then perhaps a bound. */
static const struct generic {
  const char *spelling;
  schema_type_kind kind;
  unsigned types;
  bool needs_bound;
  const char *form;
} generics[] = {
    {"string", SCHEMA_STRING, 0, false, "'string' or 'string<N>'"},
    {"bytes", SCHEMA_BYTES, 0, false, "'bytes' or 'bytes<N>'"},
    {"list", SCHEMA_LIST, 1, false, "'list<T>' or 'list<T, N>'"},
    {"set", SCHEMA_SET, 1, false, "'set<T>' or 'set<T, N>'"},
    {"map", SCHEMA_MAP, 2, false, "'map<K, V>' or 'map<K, V, N>'"},
    {"array", SCHEMA_ARRAY, 1, true, "'array<T, N>'"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool is_word(text t, const char *word) {
  return t.size == strlen(word) && memcmp(t.data, word, t.size) == 0;
}

static const struct generic *find_generic(text name) {
  for (size_t i = 0; i < COUNT_OF(generics); i++)
    if (is_word(name, generics[i].spelling)) return &generics[i];
  return NULL;
}

static bool find_scalar(text name, schema_type_kind *kind) {
  for (size_t i = 0; i < COUNT_OF(scalars); i++)
    if (is_word(name, scalars[i].spelling)) {
      *kind = scalars[i].kind;
      return true;
    }
  return false;
}

bool type_is_builtin(text name) {
  schema_type_kind kind;
  return find_scalar(name, &kind) || find_generic(name) != NULL || is_word(name, "stream");
}

void type_suggest(suggestion *s) {
  for (size_t i = 0; i < COUNT_OF(scalars); i++)
    suggest_consider(s, (text){scalars[i].spelling, strlen(scalars[i].spelling)});
  for (size_t i = 2; i < COUNT_OF(generics); i++)
    suggest_consider(s, (text){generics[i].spelling, strlen(generics[i].spelling)});
}

schema_type *type_new(resolver *r, schema_type_kind kind, span at) {
  if (r->type_count == r->type_capacity) {
    r->type_capacity = r->type_capacity == 0 ? 256 : 2 * r->type_capacity;
    type_facts *bigger = ARENA_ARRAY(r->a, type_facts, r->type_capacity);
    if (r->type_count > 0) memcpy(bigger, r->types, r->type_count * sizeof *bigger);
    r->types = bigger;
  }
  schema_type *t = ARENA_NEW(r->a, schema_type);
  t->kind = kind;
  t->index = (uint32_t)r->type_count;
  t->at = at;
  t->bound = SCHEMA_UNBOUNDED;
  r->types[r->type_count++] = (type_facts){.type = t, .nodes = 1};
  return t;
}

static schema_type *copy(resolver *r, const schema_type *type, span at) {
  schema_type *t = type_new(r, type->kind, at);
  uint32_t index = t->index;
  *t = *type;
  t->index = index;
  t->at = at;
  r->types[index].depth = r->types[type->index].depth;
  r->types[index].nodes = r->types[type->index].nodes;
  return t;
}

static void add_child(resolver *r, const schema_type *t, const schema_type *child) {
  type_facts *facts = &r->types[t->index];
  const type_facts *of_child = &r->types[child->index];
  if (of_child->depth >= facts->depth) facts->depth = of_child->depth + 1;
  facts->nodes += of_child->nodes;
}

/* NULL: too deep or too large now that its parts are known. */
static const schema_type *check_size(resolver *r, const schema_type *t) {
  const type_facts *facts = &r->types[t->index];
  if (facts->depth > IDL_MAX_NESTING) {
    diag_report(r->d, DIAG_NESTING_BY_ALIAS, t->at, IDL_MAX_NESTING);
    return NULL;
  }
  if (facts->nodes > IDL_MAX_TYPE_NODES) {
    diag_report(r->d, DIAG_TYPE_TOO_LARGE, t->at, IDL_MAX_TYPE_NODES);
    return NULL;
  }
  return t;
}

static const schema_type *named(resolver *r, unit *u, const ast_type *ast) {
  entity *e = scope_resolve(r, u, ast->name, "type");
  if (e == NULL) return NULL;
  schema_decl_kind kind = e->decl->kind;
  if (kind == SCHEMA_CONST || kind == SCHEMA_SERVICE) {
    scope_report_not_a(r, ast->name, scope_parts(ast->name), e->decl, "a type");
    return NULL;
  }
  if (kind != SCHEMA_ALIAS) {
    schema_type *t = type_new(r, SCHEMA_NAMED, ast->at);
    t->decl = e->decl;
    return t;
  }
  if (e->decl->type == NULL) return NULL;
  schema_type *t = copy(r, e->decl->type, ast->at);
  t->alias = e->decl;
  return t;
}

static const schema_type *word(resolver *r, unit *u, const ast_type *ast) {
  text name = ast->name->parts->name.text;
  schema_type_kind kind;
  if (ast->name->parts->next != NULL) return named(r, u, ast);
  if (find_scalar(name, &kind)) return type_new(r, kind, ast->at);
  if (is_word(name, "stream")) {
    diag_report(r->d, DIAG_STREAM_AS_TYPE, ast->at);
    return NULL;
  }
  const struct generic *g = find_generic(name);
  if (g == NULL) return named(r, u, ast);
  diag_report(r->d, DIAG_TYPE_FORM, ast->at, TEXT_ARG(name), g->form);
  return NULL;
}

/* A name among arguments is read as a type first; here it is a constant. */
static bool read_bound(resolver *r, unit *u, const ast_arg *arg, uint64_t *bound) {
  ast_value by_name = {.kind = AST_VALUE_NAME};
  const ast_value *v = arg->value;
  if (v == NULL) {
    if (arg->type == NULL) return false;
    if (arg->type->kind != AST_TYPE_NAME) {
      diag_report(r->d, DIAG_BOUND_EXPECTED, arg->type->at);
      return false;
    }
    by_name.name = arg->type->name;
    by_name.at = arg->type->at;
    v = &by_name;
  }
  uint32_t count;
  if (!value_count(r, u, v, &count)) return false;
  *bound = count;
  return true;
}

static const schema_type *type_argument(resolver *r, unit *u, const ast_arg *arg) {
  if (arg->type != NULL) return type_resolve(r, u, arg->type);
  if (arg->value != NULL) diag_report(r->d, DIAG_TYPE_EXPECTED, arg->value->at);
  return NULL;
}

static size_t count_args(const ast_type *ast) {
  size_t count = 0;
  for (const ast_arg *arg = ast->args; arg != NULL; arg = arg->next) count++;
  return count;
}

static const schema_type *generic(resolver *r, unit *u, const ast_type *ast) {
  text name = ast->name->parts->name.text;
  const struct generic *g = ast->name->parts->next == NULL ? find_generic(name) : NULL;
  if (g == NULL) {
    schema_type_kind kind;
    bool is_scalar = ast->name->parts->next == NULL && find_scalar(name, &kind);
    if (is_scalar || scope_resolve(r, u, ast->name, "type") != NULL)
      diag_report(r->d, DIAG_TAKES_NO_ARGUMENTS, ast->at,
                  scope_qname_text(r, ast->name, scope_parts(ast->name)));
    return NULL;
  }
  size_t count = count_args(ast);
  bool has_bound = count == g->types + 1u;
  if (!has_bound && (count != g->types || g->needs_bound || g->types == 0)) {
    diag_report(r->d, DIAG_TYPE_FORM, ast->at, TEXT_ARG(name), g->form);
    return NULL;
  }
  const ast_arg *arg = ast->args;
  const schema_type *parts[2] = {NULL, NULL};
  bool ok = true;
  for (unsigned i = 0; i < g->types; i++, arg = arg->next) {
    parts[i] = type_argument(r, u, arg);
    ok = ok && parts[i] != NULL;
  }
  uint64_t bound = SCHEMA_UNBOUNDED;
  if (has_bound && !read_bound(r, u, arg, &bound)) ok = false;
  if (!ok) return NULL;
  schema_type *t = type_new(r, g->kind, ast->at);
  t->bound = bound;
  if (g->types > 0) t->item = parts[g->types - 1];
  if (g->types > 1) t->key = parts[0];
  for (unsigned i = 0; i < g->types; i++) add_child(r, t, parts[i]);
  return check_size(r, t);
}

static const schema_type *optional(resolver *r, unit *u, const ast_type *ast) {
  const schema_type *item = ast->item == NULL ? NULL : type_resolve(r, u, ast->item);
  if (item == NULL) return NULL;
  if (item->kind == SCHEMA_OPTIONAL) {
    diag *d = diag_report(r->d, DIAG_OPTIONAL_TWICE, ast->at);
    if (item->alias != NULL)
      diag_note(d, item->alias->name.at, "'%.*s' is optional already", TEXT_ARG(item->alias->name.text));
    return NULL;
  }
  schema_type *t = type_new(r, SCHEMA_OPTIONAL, ast->at);
  t->item = item;
  add_child(r, t, item);
  return check_size(r, t);
}

static const schema_type *tuple(resolver *r, unit *u, const ast_type *ast) {
  size_t count = count_args(ast), filled = 0;
  const schema_type **members = ARENA_ARRAY(r->a, const schema_type *, count);
  for (const ast_arg *arg = ast->args; arg != NULL; arg = arg->next) {
    const schema_type *member = type_argument(r, u, arg);
    if (member != NULL) members[filled++] = member;
  }
  if (filled < count) return NULL;
  schema_type *t = type_new(r, SCHEMA_TUPLE, ast->at);
  t->members = members;
  t->member_count = count;
  for (size_t i = 0; i < count; i++) add_child(r, t, members[i]);
  return check_size(r, t);
}

/* The parser bounds the depth of what is written: IDL_MAX_NESTING. */
const schema_type *type_resolve(resolver *r, unit *u, const ast_type *ast) {
  switch (ast->kind) {
  case AST_TYPE_NAME: return word(r, u, ast);
  case AST_TYPE_GENERIC: return generic(r, u, ast);
  case AST_TYPE_OPTIONAL: return optional(r, u, ast);
  case AST_TYPE_TUPLE: return tuple(r, u, ast);
  }
  return NULL;
}

static bool wraps_number(schema_type_kind kind) {
  return kind == SCHEMA_OPTIONAL || kind == SCHEMA_LIST || kind == SCHEMA_ARRAY;
}

const schema_type *type_number(const schema_type *type) {
  while (wraps_number(type->kind)) type = type->item;
  return integer_is_type(type->kind) || type->kind == SCHEMA_F32 || type->kind == SCHEMA_F64 ? type : NULL;
}

const schema_type *type_with_limit(resolver *r, const schema_type *type, const schema_range *range,
                                   bool dart_int) {
  const schema_type *inside = NULL;
  if (wraps_number(type->kind)) inside = type_with_limit(r, type->item, range, dart_int);
  schema_type *t = copy(r, type, type->at); /* after what is inside of it: the order of indexes */
  if (inside != NULL) {
    t->item = inside;
  } else {
    if (range != NULL) t->range = range;
    t->dart_int = t->dart_int || dart_int;
  }
  return t;
}

const schema_decl *type_enum(const schema_type *type) {
  if (type->kind != SCHEMA_NAMED) return NULL;
  return type->decl->kind == SCHEMA_ENUM || type->decl->kind == SCHEMA_FLAGS ? type->decl : NULL;
}

static const char *join_texts(const resolver *r, const schema_type *t) {
  const char *joined = type_text(r, t->members[0]);
  for (size_t i = 1; i < t->member_count; i++)
    joined = arena_printf(r->a, "%s, %s", joined, type_text(r, t->members[i]));
  return joined;
}

static const char *spelling_of(schema_type_kind kind) {
  for (size_t i = 0; i < COUNT_OF(scalars); i++)
    if (scalars[i].kind == kind) return scalars[i].spelling;
  for (size_t i = 0; i < COUNT_OF(generics); i++)
    if (generics[i].kind == kind) return generics[i].spelling;
  return "";
}

/* Recursion is bounded by IDL_MAX_NESTING. */
const char *type_text(const resolver *r, const schema_type *type) {
  if (type->alias != NULL) return arena_copy(r->a, type->alias->name.text);
  const char *word = spelling_of(type->kind);
  bool has_bound = type->bound != SCHEMA_UNBOUNDED;
  const char *bound = has_bound ? arena_printf(r->a, ", %" PRIu64, type->bound) : "";
  switch (type->kind) {
  case SCHEMA_STRING:
  case SCHEMA_BYTES: return has_bound ? arena_printf(r->a, "%s<%" PRIu64 ">", word, type->bound) : word;
  case SCHEMA_OPTIONAL: return arena_printf(r->a, "%s?", type_text(r, type->item));
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_ARRAY: return arena_printf(r->a, "%s<%s%s>", word, type_text(r, type->item), bound);
  case SCHEMA_MAP:
    return arena_printf(r->a, "map<%s, %s%s>", type_text(r, type->key), type_text(r, type->item), bound);
  case SCHEMA_TUPLE: return arena_printf(r->a, "(%s)", join_texts(r, type));
  case SCHEMA_NAMED: return arena_copy(r->a, type->decl->name.text);
  default: return word;
  }
}
