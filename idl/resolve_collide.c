/* Names that were different in the schema and are not in a target, and names that collide with what is
 * generated beside them. The tables here list what backends make of a declaration. Knows nothing of what else
 * a name means. */
#include <stdlib.h>

#include "names.h"
#include "resolve.h"

/* One name in one scope of one target. */
typedef struct claim {
  const char *name;
  const schema_name *from;
  const schema_decl *owner; /* of a member or method that has a name in C's only scope */
  const char *role;         /* what is generated, as in "the encoder of"; NULL: `from` itself */
} claim;

typedef struct collector {
  resolver *r;
  claim *claims;
  size_t count, capacity;
  table told; /* places where a collision was reported: one is enough */
} collector;

typedef struct made {
  const char *suffix;
  const char *role;
} made;

static const made c_of_type[] = {
    {"_encode", "the encoder of"}, {"_decode", "the decoder of"}, {"_size", "the size function of"}};
static const made c_of_enum[] = {{"_valid", "the check of"}};
static const made c_of_union[] = {{"_tag", "the tag of"}};
static const made c_of_service[] = {{"_ops", "the operations of"},
                                    {"_serve", "the serve function of"},
                                    {"_client", "the client of"},
                                    {"_client_open", "the open function of the client of"},
                                    {"_remote", "the table of the client of"},
                                    {"_storage", "the storage of calls of"},
                                    {"_answers", "the memory for answers of"}};
static const made c_macros_of_service[] = {{"_REQUEST_MAX", "a size of"}, {"_ANSWER_MAX", "a size of"},
                                           {"_HELLO_SIZE", "a size of"},  {"_FRAME_MAX", "a size of"},
                                           {"_ENDING_ROOM", "a size of"}, {"_STORAGE_SIZE", "a size of"},
                                           {"_ANSWERS_SIZE", "a size of"}};
/* Of each kind of method, and of each thing it has; roles are all different, since equal ones are taken for
 * consequences. */
static const made c_of_call[] = {{"_call", "the call handle of"}};
static const made c_of_single[] = {{"_ok", "an answer of"}};
static const made c_of_stream[] = {{"_emit", "the emission of"},
                                   {"_end", "the end of the stream of"},
                                   {"_topic", "the topic of"},
                                   {"_subscribe", "the subscription of the topic of"},
                                   {"_publish", "the publication of the topic of"}};
static const made c_of_bytes[] = {{"_ok_begin", "the beginning of an answer of"},
                                  {"_ok_commit", "the commit of an answer of"}};
static const made c_of_error[] = {{"_err", "the error answer of"}};
static const made c_of_request[] = {
    {"_answer", "the received answer of"}, {"_receiver", "the receiver of"}, {"_request", "the request of"}};
static const made c_of_sending[] = {{"_send", "the send function of"}};
static const made c_of_waiting[] = {{"_wait", "the blocking form of"}};
static const made c_of_upload[] = {{"_push", "the push function of"},
                                   {"_push_end", "the end of the items of"}};
static const made c_macros_of_stream[] = {{"_ITEM_MAX_SIZE", "the item size of"}};
static const made c_macros_of_type[] = {
    {"_MAX_SIZE", "a size of"}, {"_ARENA_SIZE", "a size of"}, {"_INIT", "the defaults of"}};

static void claim_name(collector *c, const char *name, const schema_name *from, const schema_decl *owner,
                       const char *role) {
  if (c->count == c->capacity) {
    c->capacity = c->capacity == 0 ? 256 : 2 * c->capacity;
    claim *bigger = ARENA_ARRAY(c->r->a, claim, c->capacity);
    if (c->count > 0) memcpy(bigger, c->claims, c->count * sizeof *bigger);
    c->claims = bigger;
  }
  c->claims[c->count++] = (claim){name, from, owner, role};
}

static void claim_made(collector *c, const char *base, const made *suffixes, size_t count,
                       const schema_name *from, const schema_decl *owner) {
  for (size_t i = 0; i < count; i++)
    claim_name(c, arena_printf(c->r->a, "%s%s", base, suffixes[i].suffix), from, owner, suffixes[i].role);
}
#define CLAIM_MADE(c, base, suffixes, from, owner)                                                           \
  claim_made((c), (base), (suffixes), sizeof(suffixes) / sizeof *(suffixes), (from), (owner))

static int compare_places(span a, span b) {
  if (a.file->index != b.file->index) return a.file->index < b.file->index ? -1 : 1;
  return a.offset < b.offset ? -1 : a.offset > b.offset;
}

static int compare_claims(const void *x, const void *y) {
  const claim *a = x, *b = y;
  int order = strcmp(a->name, b->name);
  if (order != 0) return order;
  order = compare_places(a->from->at, b->from->at);
  if (order != 0) return order;
  return (a->role != NULL) - (b->role != NULL);
}

static const char *describe(const collector *c, const claim *claimed) {
  return claimed->role == NULL
             ? arena_printf(c->r->a, "'%.*s'", TEXT_ARG(claimed->from->text))
             : arena_printf(c->r->a, "%s '%.*s'", claimed->role, TEXT_ARG(claimed->from->text));
}

/* Things that follow from another collision, which has its own complaint. */
static bool is_consequence(const claim *a, const claim *b) {
  if (a->from == b->from || (a->role != NULL && a->role == b->role)) return true;
  if (a->owner != NULL && b->owner != NULL && a->owner != b->owner)
    return strcmp(a->owner->name.c, b->owner->name.c) == 0 && text_equal(a->from->text, b->from->text);
  return false;
}

static bool tell_once(collector *c, const schema_name *name) {
  const char *key = arena_printf(c->r->a, "%u:%u", (unsigned)name->at.file->index, (unsigned)name->at.offset);
  size_t before = c->told.used;
  table_add(&c->told, c->r->a, (text){key, strlen(key)}, c);
  return c->told.used > before;
}

/* `scope`: whose members the names are; NULL: of the whole schema, where equal names were reported when
 * declared. */
static void report(collector *c, const claim *first, const claim *second, const char *target,
                   const char *scope) {
  if (is_consequence(first, second)) return;
  bool same_text =
      first->role == NULL && second->role == NULL && text_equal(first->from->text, second->from->text);
  if (same_text && scope == NULL && first->owner == second->owner) return;
  if (!tell_once(c, second->from)) return;
  diag *d;
  if (same_text && scope != NULL)
    d = diag_report(c->r->d, DIAG_DUPLICATE_MEMBER, second->from->at, TEXT_ARG(second->from->text), scope);
  else
    d = diag_report(c->r->d, DIAG_NAME_COLLISION, second->from->at, describe(c, second), describe(c, first),
                    second->name, target);
  diag_note(d, first->from->at, "first declared here");
}

/* Compares all names claimed since the last check. */
static void check(collector *c, const char *target, const char *scope) {
  if (c->count > 1) qsort(c->claims, c->count, sizeof *c->claims, compare_claims);
  for (size_t i = 1, first = 0; i < c->count; i++) {
    if (strcmp(c->claims[first].name, c->claims[i].name) != 0)
      first = i;
    else
      report(c, &c->claims[first], &c->claims[i], target, scope);
  }
  c->count = 0;
}

static void claim_field_in_c(collector *c, const schema_field *f) {
  claim_name(c, f->name.c, &f->name, NULL, NULL);
  if (f->type == NULL || f->type->kind != SCHEMA_OPTIONAL) return;
  claim_name(c, arena_printf(c->r->a, "has_%s", names_snake(c->r->a, f->name.text)), &f->name, NULL,
             "the flag of optional");
}

static void check_fields(collector *c, const schema_field *fields, size_t count, text scope) {
  const char *of = arena_copy(c->r->a, scope);
  for (size_t i = 0; i < count; i++) claim_field_in_c(c, &fields[i]);
  check(c, "C", of);
  for (size_t i = 0; i < count; i++) claim_name(c, fields[i].name.dart, &fields[i].name, NULL, NULL);
  check(c, "Dart", of);
}

static void check_arms(collector *c, const schema_decl *decl) {
  const char *of = arena_copy(c->r->a, decl->name.text);
  for (size_t i = 0; i < decl->arm_count; i++)
    claim_name(c, decl->arms[i].name.c, &decl->arms[i].name, NULL, NULL);
  check(c, "C", of);
  for (size_t i = 0; i < decl->arm_count; i++)
    claim_name(c, decl->arms[i].name.dart, &decl->arms[i].name, NULL, NULL);
  check(c, "Dart", of);
  for (size_t i = 0; i < decl->arm_count; i++)
    check_fields(c, decl->arms[i].fields, decl->arms[i].field_count, decl->arms[i].name.text);
}

static void check_members(collector *c, const schema_decl *decl) {
  const char *of = arena_copy(c->r->a, decl->name.text);
  for (size_t i = 0; i < decl->member_count; i++)
    claim_name(c, decl->members[i].name.c, &decl->members[i].name, NULL, NULL);
  check(c, "C", of);
  for (size_t i = 0; i < decl->member_count; i++)
    claim_name(c, decl->members[i].name.dart, &decl->members[i].name, NULL, NULL);
  check(c, "Dart", of);
}

/* Members of the operations: the method and, where it has a stream parameter, those who hear of its items. */
static void claim_handlers_in_c(collector *c, const schema_method *m) {
  claim_name(c, m->name.c, &m->name, NULL, NULL);
  for (size_t i = 0; i < m->param_count; i++) {
    const schema_name *param = &m->params[i].name;
    if (!m->params[i].is_stream) continue;
    const char *name =
        arena_printf(c->r->a, "%s_%s", names_snake(c->r->a, m->name.text), names_snake(c->r->a, param->text));
    claim_name(c, name, param, NULL, "the handler of items of");
    claim_name(c, arena_printf(c->r->a, "%s_end", name), param, NULL, "the handler of the end of");
  }
}

static void check_methods(collector *c, const schema_decl *decl) {
  const char *of = arena_copy(c->r->a, decl->name.text);
  for (size_t i = 0; i < decl->method_count; i++) claim_handlers_in_c(c, &decl->methods[i]);
  check(c, "C", of);
  for (size_t i = 0; i < decl->method_count; i++)
    claim_name(c, decl->methods[i].name.dart, &decl->methods[i].name, NULL, NULL);
  check(c, "Dart", of);
  for (size_t i = 0; i < decl->method_count; i++)
    check_fields(c, decl->methods[i].params, decl->methods[i].param_count, decl->methods[i].name.text);
}

static const char *c_upper(collector *c, const schema_decl *decl) {
  return arena_printf(c->r->a, "%s_%s", names_upper_snake(c->r->a, decl->ns->name.text),
                      names_upper_snake(c->r->a, decl->name.text));
}

static void claim_type_in_c(collector *c, const schema_decl *decl) {
  CLAIM_MADE(c, decl->name.c, c_of_type, &decl->name, decl);
  CLAIM_MADE(c, c_upper(c, decl), c_macros_of_type, &decl->name, decl);
}

static void claim_members_in_c(collector *c, const schema_decl *decl) {
  for (size_t i = 0; i < decl->member_count; i++)
    claim_name(c, decl->members[i].name.c, &decl->members[i].name, decl, NULL);
}

static void claim_arms_in_c(collector *c, const schema_decl *decl) {
  arena *a = c->r->a;
  CLAIM_MADE(c, decl->name.c, c_of_union, &decl->name, decl);
  for (size_t i = 0; i < decl->arm_count; i++) {
    const schema_arm *arm = &decl->arms[i];
    const char *upper = names_upper_snake(a, arm->name.text);
    claim_name(c, arena_printf(a, "%s_%s", c_upper(c, decl), upper), &arm->name, decl,
               "the constructor of arm");
    claim_name(c, arena_printf(a, "%s_TAG_%s", c_upper(c, decl), upper), &arm->name, decl, "the tag of arm");
    if (arm->kind == SCHEMA_ARM_FIELDS)
      claim_name(c, arena_printf(a, "%s_%s", decl->name.c, names_snake(a, arm->name.text)), &arm->name, decl,
                 "the struct of arm");
  }
}

static bool has_stream_param(const schema_method *m) {
  for (size_t i = 0; i < m->param_count; i++)
    if (m->params[i].is_stream) return true;
  return false;
}

/* A method's handle and answers where it is served; one of scalars alone has none. */
static void claim_answers_in_c(collector *c, const char *name, const schema_method *m,
                               const schema_decl *decl) {
  if (m->scalars && m->throws == NULL) return;
  CLAIM_MADE(c, name, c_of_call, &m->name, decl);
  if (m->throws != NULL) CLAIM_MADE(c, name, c_of_error, &m->name, decl);
  if (!m->result_is_stream) {
    CLAIM_MADE(c, name, c_of_single, &m->name, decl);
    if (m->result != NULL && m->result->kind == SCHEMA_BYTES) CLAIM_MADE(c, name, c_of_bytes, &m->name, decl);
    return;
  }
  CLAIM_MADE(c, name, c_of_stream, &m->name, decl);
  CLAIM_MADE(c, arena_printf(c->r->a, "%s_%s", c_upper(c, decl), names_upper_snake(c->r->a, m->name.text)),
             c_macros_of_stream, &m->name, decl);
}

/* And what calls it. */
static void claim_client_in_c(collector *c, const char *name, const schema_method *m,
                              const schema_decl *decl) {
  CLAIM_MADE(c, name, c_of_sending, &m->name, decl);
  if (m->kind == SCHEMA_ONEWAY) return;
  CLAIM_MADE(c, name, c_of_request, &m->name, decl);
  if (has_stream_param(m))
    CLAIM_MADE(c, name, c_of_upload, &m->name, decl);
  else if (!m->result_is_stream)
    CLAIM_MADE(c, name, c_of_waiting, &m->name, decl);
}

static void claim_methods_in_c(collector *c, const schema_decl *decl) {
  CLAIM_MADE(c, decl->name.c, c_of_service, &decl->name, decl);
  CLAIM_MADE(c, c_upper(c, decl), c_macros_of_service, &decl->name, decl);
  for (size_t i = 0; i < decl->method_count; i++) {
    const schema_method *m = &decl->methods[i];
    const char *name = arena_printf(c->r->a, "%s_%s", decl->name.c, names_snake(c->r->a, m->name.text));
    claim_name(c, name, &m->name, decl, NULL);
    claim_answers_in_c(c, name, m, decl);
    claim_client_in_c(c, name, m, decl);
  }
}

static void claim_decl_in_c(collector *c, const schema_decl *decl) {
  claim_name(c, decl->name.c, &decl->name, NULL, NULL);
  switch (decl->kind) {
  case SCHEMA_CONST:
  case SCHEMA_ALIAS: break;
  case SCHEMA_ENUM: CLAIM_MADE(c, decl->name.c, c_of_enum, &decl->name, decl); /* fall through */
  case SCHEMA_FLAGS: claim_members_in_c(c, decl); break;
  case SCHEMA_STRUCT: claim_type_in_c(c, decl); break;
  case SCHEMA_UNION:
  case SCHEMA_ERROR:
    claim_type_in_c(c, decl);
    claim_arms_in_c(c, decl);
    break;
  case SCHEMA_SERVICE: claim_methods_in_c(c, decl); break;
  }
}

static void claim_decl_in_dart(collector *c, const schema_decl *decl) {
  arena *a = c->r->a;
  claim_name(c, decl->name.dart, &decl->name, NULL, NULL);
  if (decl->kind == SCHEMA_SERVICE) {
    const char *api = arena_printf(a, decl->is_host ? "%sHost" : "%sApi", decl->name.dart);
    claim_name(c, api, &decl->name, decl, decl->is_host ? "the host of" : "the client of");
    claim_name(c, arena_printf(a, "%sFake", decl->name.dart), &decl->name, decl, "the fake of");
  }
  if (decl->kind == SCHEMA_SERVICE || decl->kind == SCHEMA_CONST || decl->kind == SCHEMA_ALIAS) return;
  claim_name(c, arena_printf(a, "encode%s", decl->name.dart), &decl->name, decl, "the encoder of");
  claim_name(c, arena_printf(a, "decode%s", decl->name.dart), &decl->name, decl, "the decoder of");
  for (size_t i = 0; i < decl->arm_count; i++)
    claim_name(c, decl->arms[i].name.dart, &decl->arms[i].name, decl, "the class of arm");
}

/* By their guards, so that names of files are told apart too. */
static void claim_headers(collector *c, const schema_namespace *ns) {
  const char *upper = names_upper_snake(c->r->a, ns->name.text);
  bool has_service = false;
  if (ns->name.text.size == 0) return;
  for (size_t i = 0; i < ns->decl_count; i++)
    has_service = has_service || ns->decls[i]->kind == SCHEMA_SERVICE;
  claim_name(c, arena_printf(c->r->a, "%s_H", upper), &ns->name, NULL, "the header of namespace");
  if (has_service)
    claim_name(c, arena_printf(c->r->a, "%s_CLIENT_H", upper), &ns->name, NULL,
               "the client header of namespace");
}

/* False: everything in two of them would collide. */
static bool check_namespaces(collector *c) {
  size_t errors = diags_errors(c->r->d);
  for (size_t i = 0; i < c->r->space_count; i++) {
    const schema_name *name = &c->r->space_list[i]->ns->name;
    if (name->text.size > 0) claim_name(c, name->c, name, NULL, NULL);
  }
  check(c, "C and Dart", NULL);
  return diags_errors(c->r->d) == errors;
}

static void check_inside(collector *c, const schema_decl *decl) {
  switch (decl->kind) {
  case SCHEMA_CONST:
  case SCHEMA_ALIAS: break;
  case SCHEMA_ENUM:
  case SCHEMA_FLAGS: check_members(c, decl); break;
  case SCHEMA_STRUCT: check_fields(c, decl->fields, decl->field_count, decl->name.text); break;
  case SCHEMA_UNION:
  case SCHEMA_ERROR: check_arms(c, decl); break;
  case SCHEMA_SERVICE: check_methods(c, decl); break;
  }
}

void collide_check(resolver *r) {
  collector c = {.r = r};
  for (size_t i = 0; i < r->entity_count; i++) check_inside(&c, r->entities[i].decl);
  if (!check_namespaces(&c)) return;
  for (size_t i = 0; i < r->entity_count; i++) claim_decl_in_c(&c, r->entities[i].decl);
  for (size_t i = 0; i < r->space_count; i++) claim_headers(&c, r->space_list[i]->ns);
  check(&c, "C", NULL);
  for (size_t i = 0; i < r->space_count; i++) {
    const schema_namespace *ns = r->space_list[i]->ns;
    for (size_t k = 0; k < ns->decl_count; k++) claim_decl_in_dart(&c, ns->decls[k]);
    check(&c, "Dart", NULL);
  }
}
