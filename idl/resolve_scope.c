/* Declarations by namespace, and what a name that stands in a file means: a name of its own namespace,
 * or a qualified one, declared in this file or in one that it imports itself. Knows no types and values. */
#include <stdlib.h>

#include "foreign.h"
#include "names.h"
#include "resolve.h"

size_t scope_parts(const ast_qname *name) {
  size_t count = 0;
  for (const struct ast_part *p = name->parts; p != NULL; p = p->next) count++;
  return count;
}

/* The first `parts` parts with dots between. */
static text join(arena *a, const ast_qname *name, size_t parts) {
  size_t size = 0, left = parts;
  for (const struct ast_part *p = name->parts; left > 0; p = p->next, left--) size += p->name.text.size + 1;
  char *out = arena_alloc(a, size + 1);
  text joined = {out, size == 0 ? 0 : size - 1};
  left = parts;
  for (const struct ast_part *p = name->parts; left > 0; p = p->next, left--) {
    memcpy(out, p->name.text.data, p->name.text.size);
    out += p->name.text.size;
    if (left > 1) *out++ = '.';
  }
  return joined;
}

const char *scope_qname_text(const resolver *r, const ast_qname *name, size_t parts) {
  return join(r->a, name, parts).data;
}

static const ast_name *part_at(const ast_qname *name, size_t index) {
  const struct ast_part *p = name->parts;
  while (index-- > 0) p = p->next;
  return &p->name;
}

static space *new_space(resolver *r, text dotted, span at) {
  space *s = ARENA_NEW(r->a, space);
  s->ns = ARENA_NEW(r->a, schema_namespace);
  s->ns->name = name_of_namespace(r, dotted, at);
  r->space_list[r->space_count++] = s;
  return s;
}

static void check_namespace_name(resolver *r, const ast_qname *name, const space *s) {
  for (const struct ast_part *p = name->parts; p != NULL; p = p->next)
    name_check_style(r, &p->name, STYLE_SNAKE);
  const char *c = s->ns->name.c;
  if (strcmp(c, "mbr") == 0 || strncmp(c, "mbr_", 4) == 0)
    diag_report(r->d, DIAG_NAMESPACE_RESERVED, name->at, TEXT_ARG(s->ns->name.text));
}

static void add_doc(resolver *r, schema_namespace *ns, text doc) {
  if (doc.size == 0) return;
  if (ns->doc.size == 0) {
    ns->doc = doc;
    return;
  }
  const char *both = arena_printf(r->a, "%.*s\n\n%.*s", TEXT_ARG(ns->doc), TEXT_ARG(doc));
  ns->doc = (text){both, strlen(both)};
}

static void enter_namespace(resolver *r, unit *u) {
  const ast_qname *name = u->ast->namespace_name;
  if (name == NULL) {
    /* A space of its own: what stands in the file can still be checked. */
    u->space = new_space(r, (text){"", 0}, (span){.file = u->ast->source});
    return;
  }
  text dotted = join(r->a, name, scope_parts(name));
  u->space = table_find(&r->spaces, dotted);
  if (u->space == NULL) {
    u->space = new_space(r, dotted, name->at);
    table_add(&r->spaces, r->a, dotted, u->space);
    check_namespace_name(r, name, u->space);
  }
  add_doc(r, u->space->ns, u->ast->doc);
}

static int compare_imports(const void *x, const void *y) {
  const unit_import *a = x, *b = y;
  if (a->unit != b->unit) return a->unit < b->unit ? -1 : 1; /* both within resolver.units */
  return a->ast->at.offset < b->ast->at.offset ? -1 : a->ast->at.offset > b->ast->at.offset;
}

/* An import that is repeated counts once. */
static void drop_repeated(unit *u) {
  size_t kept = 0;
  for (size_t i = 0; i < u->import_count; i++)
    if (kept == 0 || u->imports[kept - 1].unit != u->imports[i].unit) u->imports[kept++] = u->imports[i];
  u->import_count = kept;
}

static void enter_imports(resolver *r, unit *u, unit *const *by_source) {
  size_t count = 0;
  for (const ast_import *i = u->ast->imports; i != NULL; i = i->next) count += i->file != NULL;
  u->imports = ARENA_ARRAY(r->a, unit_import, count);
  u->is_uncertain = u->ast->damaged;
  for (const ast_import *i = u->ast->imports; i != NULL; i = i->next) {
    if (i->file == NULL) continue;
    u->imports[u->import_count++] = (unit_import){.unit = by_source[i->file->source->index], .ast = i};
    if (i->file->namespace_name == NULL) u->is_uncertain = true;
  }
  if (count > 0) qsort(u->imports, count, sizeof *u->imports, compare_imports);
  drop_repeated(u);
}

static schema_decl_kind kind_of(ast_decl_kind kind) {
  static const schema_decl_kind kinds[] = {
      [AST_CONST] = SCHEMA_CONST, [AST_ALIAS] = SCHEMA_ALIAS,     [AST_ENUM] = SCHEMA_ENUM,
      [AST_FLAGS] = SCHEMA_FLAGS, [AST_STRUCT] = SCHEMA_STRUCT,   [AST_UNION] = SCHEMA_UNION,
      [AST_ERROR] = SCHEMA_ERROR, [AST_SERVICE] = SCHEMA_SERVICE,
  };
  return kinds[kind];
}

static void check_decl_name(resolver *r, const entity *e) {
  const ast_name *name = &e->ast->name;
  schema_decl_kind kind = e->decl->kind;
  if (e->ast->damaged) return; /* perhaps it is no name at all */
  if (kind != SCHEMA_CONST && kind != SCHEMA_SERVICE && type_is_builtin(name->text)) {
    diag_report(r->d, DIAG_BUILTIN_NAME, name->at, TEXT_ARG(name->text));
    return;
  }
  name_check_style(r, name, kind == SCHEMA_CONST ? STYLE_SNAKE : STYLE_UPPER_CAMEL);
}

static void declare(resolver *r, unit *u, const ast_decl *ast) {
  entity *e = &r->entities[r->entity_count];
  e->ast = ast;
  e->unit = u;
  e->decl = ARENA_NEW(r->a, schema_decl);
  e->decl->index = (uint32_t)r->entity_count++;
  u->entity_count++;
  e->decl->kind = kind_of(ast->kind);
  e->decl->ns = u->space->ns;
  e->decl->name = name_of_decl(r, e, u->space->ns);
  e->decl->is_open = ast->is_open;
  e->decl->is_host = ast->is_host;
  e->failed = ast->damaged;
  if (ast->damaged) u->has_unknown = true;
  u->space->decl_count++;

  const entity *first = table_add(&u->space->entities, r->a, ast->name.text, e);
  if (first == e) {
    check_decl_name(r, e);
    return;
  }
  diag *d = diag_report(r->d, DIAG_DUPLICATE_DECL, ast->name.at, TEXT_ARG(ast->name.text),
                        TEXT_ARG(u->space->ns->name.text));
  diag_note(d, first->ast->name.at, "first declared here");
}

static size_t count_decls(const ast_file *file) {
  size_t count = 0;
  for (const ast_decl *d = file->decls; d != NULL; d = d->next) count++;
  return count;
}

void scope_declare(resolver *r, const ast_unit *files) {
  size_t decls = 0, sources = 0;
  for (size_t i = 0; i < files->count; i++) {
    decls += count_decls(files->files[i]);
    if (files->files[i]->source->index >= sources) sources = files->files[i]->source->index + (size_t)1;
  }
  r->unit_count = files->count;
  r->units = ARENA_ARRAY(r->a, unit, files->count);
  r->space_list = ARENA_ARRAY(r->a, space *, files->count);
  r->entities = ARENA_ARRAY(r->a, entity, decls);
  unit **by_source = ARENA_ARRAY(r->a, unit *, sources);
  for (size_t i = 0; i < files->count; i++) {
    unit *u = &r->units[i];
    u->ast = files->files[i];
    by_source[u->ast->source->index] = u;
    enter_namespace(r, u);
    u->entities = r->entities + r->entity_count;
    for (const ast_decl *d = u->ast->decls; d != NULL; d = d->next) declare(r, u, d);
  }
  for (size_t i = 0; i < files->count; i++) enter_imports(r, &r->units[i], by_source);
}

static int compare_unit(const void *wanted, const void *item) {
  const unit *of_item = ((const unit_import *)item)->unit;
  return (const unit *)wanted < of_item ? -1 : (const unit *)wanted > of_item;
}

static unit_import *find_import(const unit *u, const unit *wanted) {
  if (u->import_count == 0) return NULL;
  return bsearch(wanted, u->imports, u->import_count, sizeof *u->imports, compare_unit);
}

/* The namespace that the parts before the last of `parts` name; NULL: none such. */
static const space *space_of(const resolver *r, const unit *u, const ast_qname *name, size_t parts) {
  return parts == 1 ? u->space : table_find(&r->spaces, join(r->a, name, parts - 1));
}

/* Whether imported here or not. */
static entity *find_anywhere(const resolver *r, const unit *u, const ast_qname *name, size_t parts) {
  const space *s = space_of(r, u, name, parts);
  return s == NULL ? NULL : table_find(&s->entities, part_at(name, parts - 1)->text);
}

static bool is_visible(const unit *u, const entity *e) {
  return e->unit == u || find_import(u, e->unit) != NULL;
}

entity *scope_find(const resolver *r, const unit *u, const ast_qname *name, size_t parts) {
  entity *e = find_anywhere(r, u, name, parts);
  return e != NULL && is_visible(u, e) ? e : NULL;
}

void scope_use(unit *u, const entity *e) {
  unit_import *i = e->unit == u ? NULL : find_import(u, e->unit);
  if (i != NULL) i->used = true;
}

bool scope_may_hint(resolver *r) { return r->hints++ < IDL_MAX_HINTS; }

static void consider_unit(suggestion *s, const unit *u) {
  for (size_t i = 0; i < u->entity_count; i++) suggest_consider(s, u->entities[i].ast->name.text);
}

/* The same name in another namespace that is imported, or one that looks alike where it was looked for. */
static const char *hint_for(resolver *r, const unit *u, const ast_qname *name, size_t parts,
                            const char *what) {
  if (!scope_may_hint(r)) return "";
  text last = part_at(name, parts - 1)->text;
  for (size_t i = 0; parts == 1 && i < u->import_count; i++) {
    const entity *e = table_find(&u->imports[i].unit->space->entities, last);
    if (e != NULL && is_visible(u, e))
      return arena_printf(r->a, "; write '%.*s.%.*s'", TEXT_ARG(e->decl->ns->name.text), TEXT_ARG(last));
  }
  const char *foreign = parts == 1 && strcmp(what, "type") == 0       ? foreign_type(r->a, last)
                        : parts == 1 && strcmp(what, "constant") == 0 ? foreign_value(r->a, last)
                                                                      : "";
  if (*foreign != 0) return foreign;
  const space *s = space_of(r, u, name, parts);
  suggestion near = suggest_for(last);
  if (u->space == s) consider_unit(&near, u);
  for (size_t i = 0; i < u->import_count; i++)
    if (u->imports[i].unit->space == s) consider_unit(&near, u->imports[i].unit);
  if (parts == 1 && strcmp(what, "type") == 0) type_suggest(&near);
  return suggest_hint(&near, r->a);
}

static const char *namespace_hint(resolver *r, const unit *u, const ast_qname *name, size_t parts) {
  if (!scope_may_hint(r)) return "";
  suggestion near = suggest_for(join(r->a, name, parts));
  for (size_t i = 0; i < u->import_count; i++)
    suggest_consider(&near, u->imports[i].unit->space->ns->name.text);
  suggest_consider(&near, u->space->ns->name.text);
  return suggest_hint(&near, r->a);
}

static bool has_space(const unit *u, const space *s) {
  if (u->space == s) return true;
  for (size_t i = 0; i < u->import_count; i++)
    if (u->imports[i].unit->space == s) return true;
  return false;
}

static bool has_lost_part(const ast_file *file, const ast_qname *name) {
  if (file->lost.used == 0) return false;
  for (const struct ast_part *p = name->parts; p != NULL; p = p->next)
    if (table_find(&file->lost, p->name.text) != NULL) return true;
  return false;
}

bool scope_may_be_lost(const unit *u, const ast_qname *name) {
  bool is_qualified = name->parts->next != NULL;
  if (u->is_uncertain || has_lost_part(u->ast, name)) return true;
  /* Without a namespace nothing else is known of it. */
  if (u->ast->namespace_name == NULL && (is_qualified || u->import_count > 0)) return true;
  for (size_t i = 0; i < u->import_count; i++)
    if (has_lost_part(u->imports[i].unit->ast, name)) return true;
  return false;
}

static const char *with_article(const resolver *r, const char *what) {
  return arena_printf(r->a, "%s %s", strchr("aeiou", *what) != NULL ? "an" : "a", what);
}

void scope_report_not_a(resolver *r, const ast_qname *name, size_t parts, const schema_decl *decl,
                        const char *wanted) {
  diag *d = diag_report(r->d, DIAG_NOT_A, name->at, scope_qname_text(r, name, parts),
                        with_article(r, decl_kind_text(decl->kind)), wanted);
  diag_note(d, decl->name.at, "declared here");
}

/* `A.b` where A is no namespace but something that has nothing named by a dot; in a value A could be an enum.
 */
static bool report_part(resolver *r, const unit *u, const ast_qname *name, size_t parts, const char *what) {
  const entity *e = parts == 1 ? NULL : scope_find(r, u, name, parts - 1);
  bool is_value = strcmp(what, "constant") == 0;
  if (e != NULL) {
    scope_report_not_a(r, name, parts - 1, e->decl, is_value ? "an enum or a namespace" : "a namespace");
    return true;
  }
  if (!is_value || parts != 2 || space_of(r, u, name, parts) != NULL) return false;
  const char *hint = hint_for(r, u, name, 1, "enum or namespace");
  diag_report(r->d, DIAG_UNKNOWN_NAME, name->at, "enum or namespace", scope_qname_text(r, name, 1), hint);
  return true;
}

static void report_unknown(resolver *r, unit *u, const ast_qname *name, const char *what) {
  u->has_unknown = true;
  if (scope_may_be_lost(u, name)) return;
  size_t parts = scope_parts(name);
  entity *elsewhere = find_anywhere(r, u, name, parts);
  const char *written = scope_qname_text(r, name, parts);
  if (elsewhere != NULL) {
    diag *d = diag_report(r->d, DIAG_NOT_IMPORTED, name->at, written, elsewhere->unit->ast->source->path);
    diag_note(d, elsewhere->ast->name.at, "declared here");
    return;
  }
  if (parts == 1 && strcmp(what, "type") != 0 && type_is_builtin(name->parts->name.text)) {
    diag_report(r->d, DIAG_NOT_A, name->at, written, "a built-in type", with_article(r, what));
    return;
  }
  if (report_part(r, u, name, parts, what)) return;
  const space *s = space_of(r, u, name, parts);
  if (s == NULL || !has_space(u, s)) {
    diag_report(r->d, DIAG_UNKNOWN_NAMESPACE, name->at, scope_qname_text(r, name, parts - 1),
                namespace_hint(r, u, name, parts - 1));
    return;
  }
  diag_report(r->d, DIAG_UNKNOWN_NAME, name->at, what, written, hint_for(r, u, name, parts, what));
}

entity *scope_resolve(resolver *r, unit *u, const ast_qname *name, const char *what) {
  entity *e = scope_find(r, u, name, scope_parts(name));
  if (e == NULL)
    report_unknown(r, u, name, what);
  else
    scope_use(u, e);
  return e;
}

void scope_check_imports(resolver *r) {
  for (size_t i = 0; i < r->unit_count; i++) {
    const unit *u = &r->units[i];
    if (u->is_uncertain || u->has_unknown || u->ast->lost.used > 0) continue;
    for (size_t k = 0; k < u->import_count; k++)
      if (!u->imports[k].used)
        diag_report(r->d, DIAG_UNUSED_IMPORT, u->imports[k].ast->at, TEXT_ARG(u->imports[k].ast->path));
  }
}
