/* Methods: which kind allows what, their attributes, and their numbers on the wire. */
#include <stdlib.h>

#include "hash.h"
#include "resolve.h"

static const char *kind_text(schema_method_kind kind) {
  return kind == SCHEMA_SYNC ? "sync" : kind == SCHEMA_ONEWAY ? "oneway" : "plain";
}

static schema_method_kind kind_of(ast_method_kind kind) {
  return kind == AST_METHOD_SYNC ? SCHEMA_SYNC : kind == AST_METHOD_ONEWAY ? SCHEMA_ONEWAY : SCHEMA_ASYNC;
}

static void check_shape(resolver *r, const entity *e, const ast_method *ast, schema_method_kind kind) {
  const char *name = kind_text(kind);
  if (kind == SCHEMA_SYNC && e->decl->is_host) diag_report(r->d, DIAG_HOST_SYNC, ast->name.at);
  const ast_field *stream = NULL;
  for (const ast_field *p = ast->params; p != NULL; p = p->next) {
    if (!p->is_stream) continue;
    if (kind != SCHEMA_ASYNC) {
      diag_report(r->d, DIAG_METHOD_SHAPE, p->name.at, name, "stream parameter");
    } else if (stream != NULL) {
      diag *d = diag_report(r->d, DIAG_TWO_STREAMS, p->name.at);
      diag_note(d, stream->name.at, "the first is here");
    }
    if (stream == NULL) stream = p;
  }
  if (kind == SCHEMA_ONEWAY && ast->result != NULL)
    diag_report(r->d, DIAG_METHOD_SHAPE, ast->result->at, name, "result");
  if (kind == SCHEMA_SYNC && ast->result_is_stream && ast->result != NULL)
    diag_report(r->d, DIAG_METHOD_SHAPE, ast->result->at, name, "stream as its result");
  if (kind == SCHEMA_ONEWAY && ast->throws != NULL)
    diag_report(r->d, DIAG_METHOD_SHAPE, ast->throws->at, name, "throws");
}

/* An error, or an alias of one. */
static const schema_decl *read_throws(resolver *r, unit *u, const ast_qname *name) {
  entity *e = scope_resolve(r, u, name, "error");
  if (e == NULL) return NULL;
  const schema_decl *decl = e->decl;
  if (decl->kind == SCHEMA_ALIAS) {
    if (decl->type == NULL) return NULL;
    if (decl->type->kind == SCHEMA_NAMED) decl = decl->type->decl;
  }
  if (decl->kind == SCHEMA_ERROR) return decl;
  scope_report_not_a(r, name, scope_parts(name), decl, "a declared error");
  return NULL;
}

static bool is_scalar(const schema_type *type) {
  switch (type->kind) {
  case SCHEMA_BOOL:
  case SCHEMA_I8:
  case SCHEMA_I16:
  case SCHEMA_I32:
  case SCHEMA_I64:
  case SCHEMA_U8:
  case SCHEMA_U16:
  case SCHEMA_U32:
  case SCHEMA_U64:
  case SCHEMA_F32:
  case SCHEMA_F64:
  case SCHEMA_CHAR:
  case SCHEMA_TIMESTAMP:
  case SCHEMA_DURATION: return true;
  default: return type_enum(type) != NULL;
  }
}

/* What keeps a sync method from being one of scalars alone, or NULL; `*is_known` false: a type failed. */
static const char *not_scalar(resolver *r, const schema_method *m, bool has_result, bool *is_known) {
  *is_known = !has_result || m->result != NULL;
  for (size_t i = 0; i < m->param_count; i++) {
    if (m->params[i].type == NULL)
      *is_known = false;
    else if (!is_scalar(m->params[i].type))
      return arena_printf(r->a, "parameter '%.*s' is not", TEXT_ARG(m->params[i].name.text));
  }
  return m->result != NULL && !is_scalar(m->result) ? "its result is not" : NULL;
}

static void check_leaf(resolver *r, const ast_method *ast, const attr_set *attrs, schema_method *m) {
  bool is_known;
  const char *reason = not_scalar(r, m, ast->result != NULL, &is_known);
  m->scalars = m->kind == SCHEMA_SYNC && reason == NULL && is_known;
  if (attrs->of[ATTR_LEAF] == NULL) return;
  m->leaf = true;
  if (m->kind != SCHEMA_SYNC)
    reason = arena_printf(r->a, "this is a %s one", kind_text(m->kind));
  else if (ast->throws != NULL)
    reason = "this one throws";
  if (reason != NULL) diag_report(r->d, DIAG_LEAF_METHOD, attrs->of[ATTR_LEAF]->at, reason);
}

static bool has_stream(const ast_method *ast) {
  for (const ast_field *p = ast->params; p != NULL; p = p->next)
    if (p->is_stream) return true;
  return ast->result_is_stream;
}

static void read_attributes(resolver *r, entity *e, const ast_method *ast, const attr_set *attrs,
                            schema_method *m) {
  const ast_attr *at;
  if ((at = attrs->of[ATTR_TIMEOUT]) != NULL) {
    if (m->kind != SCHEMA_ASYNC)
      diag_report(r->d, DIAG_TIMEOUT_METHOD, at->at, kind_text(m->kind));
    else
      m->has_timeout = attr_timeout(r, e->unit, at, &m->timeout_us);
  }
  if ((at = attrs->of[ATTR_BUFFER]) != NULL) {
    if (!has_stream(ast))
      diag_report(r->d, DIAG_BUFFER_METHOD, at->at);
    else
      (void)value_count(r, e->unit, attr_value(at), &m->buffer);
  }
  if ((at = attrs->of[ATTR_LATEST]) != NULL) {
    m->latest = true;
    if (!ast->result_is_stream) diag_report(r->d, DIAG_LATEST_METHOD, at->at);
  }
  if ((at = attrs->of[ATTR_INLINE]) != NULL) {
    m->is_inline = true;
    if (m->kind != SCHEMA_ASYNC || e->decl->is_host)
      diag_report(r->d, DIAG_INLINE_METHOD, at->at, e->decl->is_host ? "host service's" : kind_text(m->kind));
  }
  if (attrs->of[ATTR_CONCURRENT] != NULL) m->concurrent = true;
  if (attrs->of[ATTR_QUIET] != NULL) m->quiet = true;
}

static bool is_name(text t) {
  if (t.size == 0) return false;
  for (size_t i = 0; i < t.size; i++) {
    char c = t.data[i], small = (char)(c | 0x20);
    bool is_letter = small >= 'a' && small <= 'z';
    if (!is_letter && (i == 0 || (c != '_' && (c < '0' || c > '9')))) return false;
  }
  return true;
}

static void set_id(resolver *r, const entity *e, const attr_set *attrs, schema_method *m) {
  text name = m->name.text;
  const ast_attr *was = attrs->of[ATTR_WAS];
  if (was != NULL) {
    const ast_value *v = attr_value(was);
    if (is_name(v->string))
      name = v->string;
    else
      diag_report(r->d, DIAG_WAS_NAME, v->at, TEXT_ARG(v->string));
  }
  const char *path = arena_printf(r->a, "%.*s.%.*s.%.*s", TEXT_ARG(e->decl->ns->name.text),
                                  TEXT_ARG(e->decl->name.text), TEXT_ARG(name));
  m->id_text = (text){path, strlen(path)};
  m->id = hash_fnv32(m->id_text);
}

/* What the service says holds for its methods where they say nothing themselves. */
typedef struct service_defaults {
  bool has_timeout, concurrent, quiet;
  int64_t timeout_us;
} service_defaults;

static void define_method(resolver *r, entity *e, const ast_method *ast, const service_defaults *defaults,
                          schema_method *m) {
  attr_set attrs = attr_read(r, &ast->lead, PLACE_METHOD);
  m->name = name_of_method(r, &ast->name);
  m->info = attr_info(&attrs, &ast->lead);
  m->attrs = attr_places(r, &ast->lead);
  m->kind = kind_of(ast->kind);
  name_check_style(r, &ast->name, STYLE_SNAKE);
  m->params = member_params(r, e->unit, ast->params, &m->param_count);
  m->result_is_stream = ast->result_is_stream;
  if (ast->result != NULL) m->result = type_resolve(r, e->unit, ast->result);
  if (ast->throws != NULL) m->throws = read_throws(r, e->unit, ast->throws);
  check_shape(r, e, ast, m->kind);
  if (m->kind == SCHEMA_ASYNC) {
    m->has_timeout = defaults->has_timeout;
    m->timeout_us = defaults->timeout_us;
  }
  m->concurrent = defaults->concurrent;
  m->quiet = defaults->quiet;
  read_attributes(r, e, ast, &attrs, m);
  check_leaf(r, ast, &attrs, m);
  set_id(r, e, &attrs, m);
}

void method_define(resolver *r, entity *e) {
  attr_set attrs = attr_read(r, &e->ast->lead, PLACE_SERVICE);
  e->decl->info = attr_info(&attrs, &e->ast->lead);
  e->decl->attrs = attr_places(r, &e->ast->lead);
  service_defaults defaults = {.concurrent = attrs.of[ATTR_CONCURRENT] != NULL,
                               .quiet = attrs.of[ATTR_QUIET] != NULL};
  if (attrs.of[ATTR_TIMEOUT] != NULL)
    defaults.has_timeout = attr_timeout(r, e->unit, attrs.of[ATTR_TIMEOUT], &defaults.timeout_us);

  size_t count = 0;
  for (const ast_method *ast = e->ast->methods; ast != NULL; ast = ast->next) count++;
  schema_method *methods = ARENA_ARRAY(r->a, schema_method, count);
  for (const ast_method *ast = e->ast->methods; ast != NULL; ast = ast->next)
    define_method(r, e, ast, &defaults, &methods[e->decl->method_count++]);
  e->decl->methods = e->methods = methods;
}

typedef struct numbered {
  const schema_method *method;
  size_t order;
} numbered;

static int compare_numbered(const void *x, const void *y) {
  const numbered *a = x, *b = y;
  if (a->method->id != b->method->id) return a->method->id < b->method->id ? -1 : 1;
  return a->order < b->order ? -1 : a->order > b->order;
}

/* Two methods of one name in one service are reported as such. */
static bool is_declared_twice(const schema_method *a, const schema_method *b) {
  return text_equal(a->id_text, b->id_text) && text_equal(a->name.text, b->name.text);
}

void method_check_ids(resolver *r) {
  size_t count = 0;
  for (size_t i = 0; i < r->entity_count; i++) count += r->entities[i].decl->method_count;
  if (count == 0) return;
  numbered *all = ARENA_ARRAY(r->a, numbered, count);
  count = 0;
  for (size_t i = 0; i < r->entity_count; i++)
    for (size_t k = 0; k < r->entities[i].decl->method_count; k++, count++)
      all[count] = (numbered){&r->entities[i].decl->methods[k], count};
  qsort(all, count, sizeof *all, compare_numbered);
  for (size_t i = 1, first = 0; i < count; i++) {
    const schema_method *a = all[first].method, *b = all[i].method;
    if (a->id != b->id) {
      first = i;
    } else if (text_equal(a->id_text, b->id_text)) {
      if (is_declared_twice(a, b)) continue;
      diag *d = diag_report(r->d, DIAG_METHOD_TWICE, b->name.at, TEXT_ARG(b->id_text));
      diag_note(d, a->name.at, "the other is here");
    } else {
      diag *d =
          diag_report(r->d, DIAG_METHOD_ID, b->name.at, TEXT_ARG(b->id_text), TEXT_ARG(a->id_text), b->id);
      diag_note(d, a->name.at, "the other is here");
    }
  }
}
