/* One function for each action of the grammar. Spans, documentation and decoded strings are worked out
 * here; what a name means is not. */
#include "ast_build.h"

#include <stdlib.h>

#include "parse.h"
#include "utf8.h"

span ast_span(const ast_builder *b, token t) { return (span){b->source, t.offset, t.size}; }

text ast_text(const ast_builder *b, token t) { return (text){b->source->data + t.offset, t.size}; }

static span join(span first, span last) {
  return (span){first.file, first.offset, last.offset + last.size - first.offset};
}

static ast_name name_of(const ast_builder *b, token t) {
  return (ast_name){.text = ast_text(b, t), .at = ast_span(b, t)};
}

static text take_doc(doc_comment *doc) {
  if (doc == NULL) return (text){0};
  doc->used = true;
  return doc->text;
}

static text join_docs(ast_builder *b, text first, text second) {
  if (first.size == 0 || second.size == 0) return first.size == 0 ? second : first;
  char *both = arena_alloc(b->arena, first.size + 1 + second.size);
  memcpy(both, first.data, first.size);
  both[first.size] = '\n';
  memcpy(both + first.size + 1, second.data, second.size);
  return (text){both, first.size + 1 + second.size};
}

/* `doc` stands between the attributes and what they belong to. */
static ast_lead lead_of(ast_builder *b, const ast_attributes *attributes, text doc) {
  if (attributes == NULL) return (ast_lead){.doc = doc};
  return (ast_lead){.doc = join_docs(b, take_doc(attributes->doc), doc), .attrs = attributes->first};
}

static ast_lead lead_of_head(ast_builder *b, ast_head head) {
  return lead_of(b, head.attributes, take_doc(head.name.doc));
}

/* The escapes of a token are known to be right. */
static size_t decode_escape(const char *escape, char out[4], size_t *size) {
  *size = 2;
  switch (escape[1]) {
  case 'n': out[0] = '\n'; return 1;
  case 't': out[0] = '\t'; return 1;
  case 'u': {
    char *end;
    unsigned long code_point = strtoul(escape + 3, &end, 16);
    *size = (size_t)(end + 1 - escape);
    return utf8_encode((uint32_t)code_point, out);
  }
  default: out[0] = escape[1]; return 1;
  }
}

static text decode_string(ast_builder *b, token string) {
  text raw = {b->source->data + string.offset + 1, string.size - 2};
  if (memchr(raw.data, '\\', raw.size) == NULL) return raw;
  char *out = arena_alloc(b->arena, raw.size);
  size_t used = 0;
  for (size_t i = 0; i < raw.size;) {
    size_t size = 1;
    if (raw.data[i] == '\\') {
      char decoded[4];
      size_t count = decode_escape(raw.data + i, decoded, &size);
      memcpy(out + used, decoded, count);
      used += count;
    } else {
      out[used++] = raw.data[i];
    }
    i += size;
  }
  return (text){out, used};
}

void ast_namespace(ast_builder *b, token keyword, ast_qname *name) {
  ast_file *file = b->file;
  span at = join(ast_span(b, keyword), name->at);
  if (file->namespace_name != NULL) {
    diag *d = diag_report(b->diags, DIAG_SECOND_NAMESPACE, at);
    diag_note(d, file->namespace_name->at, "this is its namespace");
    return;
  }
  file->namespace_name = name;
  if (file->imports != NULL || file->decls != NULL) diag_report(b->diags, DIAG_LATE_NAMESPACE, at);
}

void ast_import_of(ast_builder *b, token keyword, token path) {
  ast_import *item = ARENA_NEW(b->arena, ast_import);
  item->path = decode_string(b, path);
  item->at = ast_span(b, path);
  *(b->last_import == NULL ? &b->file->imports : &b->last_import->next) = item;
  b->last_import = item;
  if (b->file->decls != NULL) diag_report(b->diags, DIAG_LATE_IMPORT, join(ast_span(b, keyword), item->at));
}

void ast_declare(ast_builder *b, ast_attributes *attributes, ast_decl *decl) {
  decl->lead = lead_of(b, attributes, decl->lead.doc);
  *(b->last_decl == NULL ? &b->file->decls : &b->last_decl->next) = decl;
  b->last_decl = decl;
}

ast_attributes *ast_attributes_first(ast_builder *b, ast_marked_attr item) {
  ast_attributes *attributes = ARENA_NEW(b->arena, ast_attributes);
  *attributes = (ast_attributes){.first = item.attr, .last = item.attr, .doc = item.doc};
  return attributes;
}

ast_attributes *ast_attributes_append(ast_attributes *attributes, ast_marked_attr item) {
  attributes->last->next = item.attr;
  attributes->last = item.attr;
  return attributes;
}

ast_marked_attr ast_attribute(ast_builder *b, token at, token name) {
  ast_attr *attr = ARENA_NEW(b->arena, ast_attr);
  attr->name = name_of(b, name);
  attr->at = join(ast_span(b, at), attr->name.at);
  return (ast_marked_attr){.attr = attr, .doc = at.doc};
}

ast_marked_attr ast_attribute_args(ast_builder *b, token at, token name, ast_attr_arg_list args, token end) {
  ast_marked_attr made = ast_attribute(b, at, name);
  made.attr->args = args.first;
  made.attr->has_parens = true;
  made.attr->at = join(made.attr->at, ast_span(b, end));
  return made;
}

ast_attr_arg *ast_attr_value(ast_builder *b, ast_value *value) {
  ast_attr_arg *arg = ARENA_NEW(b->arena, ast_attr_arg);
  arg->value = value;
  return arg;
}

ast_attr_arg *ast_attr_pair(ast_builder *b, token key, ast_value *value) {
  ast_attr_arg *arg = ast_attr_value(b, value);
  arg->key = name_of(b, key);
  return arg;
}

ast_head ast_member_head(ast_attributes *attributes, token name) {
  return (ast_head){.attributes = attributes, .name = name};
}

ast_decl *ast_begin(ast_builder *b, ast_decl_kind kind, token keyword, token name) {
  ast_decl *decl = ARENA_NEW(b->arena, ast_decl);
  decl->kind = kind;
  decl->name = name_of(b, name);
  decl->lead.doc = take_doc(keyword.doc);
  b->decl = decl;
  b->damaged = false;
  return decl;
}

ast_decl *ast_begin_open(ast_builder *b, token keyword, token name) {
  ast_decl *decl = ast_begin(b, AST_ENUM, keyword, name);
  decl->is_open = true;
  return decl;
}

ast_decl *ast_begin_host(ast_builder *b, token keyword, token name) {
  ast_decl *decl = ast_begin(b, AST_SERVICE, keyword, name);
  decl->is_host = true;
  return decl;
}

ast_decl *ast_damaged_decl(ast_builder *b, ast_decl *decl) {
  decl->damaged = true;
  b->decl = decl;
  return decl;
}

ast_decl *ast_constant(ast_builder *b, ast_decl *decl, ast_type *type, ast_value *value) {
  decl->type = type;
  decl->value = value;
  decl->damaged = b->damaged;
  return decl;
}

ast_decl *ast_alias(ast_builder *b, ast_decl *decl, ast_type *type) {
  decl->type = type;
  decl->damaged = b->damaged;
  return decl;
}

ast_decl *ast_enumeration(ast_builder *b, ast_decl *decl, ast_type *type, ast_member_list members) {
  decl->type = type;
  decl->members = members.first;
  decl->damaged = b->damaged;
  return decl;
}

ast_decl *ast_structure(ast_builder *b, ast_decl *decl, ast_field_list fields) {
  decl->fields = fields.first;
  decl->damaged = b->damaged;
  return decl;
}

ast_decl *ast_alternatives(ast_builder *b, ast_decl *decl, ast_arm_list arms) {
  decl->arms = arms.first;
  decl->damaged = b->damaged;
  return decl;
}

ast_decl *ast_service(ast_builder *b, ast_decl *decl, ast_method_list methods) {
  decl->methods = methods.first;
  decl->damaged = b->damaged;
  return decl;
}

void ast_damage(ast_builder *b) { b->damaged = true; }

ast_member_list ast_damaged_member(ast_builder *b) {
  ast_damage(b);
  return ast_member_none();
}

ast_member *ast_enumerator(ast_builder *b, ast_head head, ast_value *value) {
  ast_member *member = ARENA_NEW(b->arena, ast_member);
  member->lead = lead_of_head(b, head);
  member->name = name_of(b, head.name);
  member->value = value;
  return member;
}

/* The type of a slot that cannot hold a stream. */
static ast_type *type_of_slot(ast_builder *b, ast_slot slot) {
  if (slot.is_stream) {
    span word = {b->source, slot.offset, (uint32_t)TEXT("stream").size};
    diag_report(b->diags, DIAG_STREAM_PLACE, word);
    b->damaged = true;
  }
  return slot.type;
}

ast_field *ast_struct_field(ast_builder *b, ast_head head, ast_slot slot, ast_value *value) {
  return ast_param(b, head, ast_plain_slot(type_of_slot(b, slot)), value);
}

ast_arm *ast_arm_bare(ast_builder *b, ast_head head) {
  ast_arm *arm = ARENA_NEW(b->arena, ast_arm);
  arm->lead = lead_of_head(b, head);
  arm->name = name_of(b, head.name);
  return arm;
}

ast_arm *ast_arm_typed(ast_builder *b, ast_head head, ast_slot slot) {
  ast_arm *arm = ast_arm_bare(b, head);
  arm->type = type_of_slot(b, slot);
  return arm;
}

ast_arm *ast_arm_with_fields(ast_builder *b, ast_head head, ast_field_list fields) {
  ast_arm *arm = ast_arm_bare(b, head);
  arm->has_fields = true;
  arm->fields = fields.first;
  return arm;
}

ast_field *ast_param(ast_builder *b, ast_head head, ast_slot slot, ast_value *value) {
  ast_field *field = ARENA_NEW(b->arena, ast_field);
  field->lead = lead_of_head(b, head);
  field->name = name_of(b, head.name);
  field->is_stream = slot.is_stream;
  field->type = slot.type;
  field->value = value;
  return field;
}

ast_method *ast_method_begin(ast_builder *b, ast_method_kind kind, token first, token name) {
  ast_method *method = ARENA_NEW(b->arena, ast_method);
  method->kind = kind;
  method->lead.doc = take_doc(first.doc);
  method->name = name_of(b, name);
  method->at = method->name.at;
  return method;
}

ast_method *ast_method_lead(ast_builder *b, ast_attributes *attributes, ast_method *method) {
  method->lead = lead_of(b, attributes, method->lead.doc);
  return method;
}

ast_method *ast_method_params(ast_method *method, ast_field_list params) {
  method->params = params.first;
  return method;
}

ast_method *ast_method_end(ast_method *method, const ast_slot *result, ast_qname *throws) {
  if (result != NULL) {
    method->result = result->type;
    method->result_is_stream = result->is_stream;
  }
  method->throws = throws;
  return method;
}

ast_slot ast_plain_slot(ast_type *type) { return (ast_slot){.type = type}; }

ast_slot ast_stream_slot(token keyword, ast_type *type) {
  return (ast_slot){.type = type, .is_stream = true, .offset = keyword.offset};
}

/* A level around `inner` levels; false: one too many, which is left out. A type is told so once. */
static bool may_nest(ast_builder *b, unsigned inner, span at) {
  if (inner < IDL_MAX_NESTING) return true;
  if (!b->nesting_told) diag_report(b->diags, DIAG_NESTING, at, IDL_MAX_NESTING);
  b->nesting_told = true;
  b->damaged = true;
  return false;
}

/* NULL: no type among them. */
static ast_type *deepest(ast_arg_list args) {
  ast_type *found = NULL;
  for (const ast_arg *arg = args.first; arg != NULL; arg = arg->next) {
    if (arg->type != NULL && (found == NULL || arg->type->depth > found->depth)) found = arg->type;
  }
  return found;
}

static ast_type *new_type(ast_builder *b, ast_type_kind kind, span at, unsigned depth) {
  ast_type *type = ARENA_NEW(b->arena, ast_type);
  type->kind = kind;
  type->at = at;
  type->depth = depth;
  return type;
}

ast_type *ast_type_name(ast_builder *b, ast_qname *name) {
  b->nesting_told = false;
  ast_type *type = new_type(b, AST_TYPE_NAME, name->at, 0);
  type->name = name;
  return type;
}

ast_type *ast_type_generic(ast_builder *b, ast_qname *name, ast_arg_list args, token end) {
  ast_type *inner = deepest(args);
  unsigned depth = inner == NULL ? 0 : inner->depth;
  if (!may_nest(b, depth, name->at)) return inner;
  ast_type *type = new_type(b, AST_TYPE_GENERIC, join(name->at, ast_span(b, end)), depth + 1);
  type->name = name;
  type->args = args.first;
  return type;
}

ast_type *ast_type_tuple(ast_builder *b, token start, ast_arg_list members, token end) {
  ast_type *inner = deepest(members);
  if (!may_nest(b, inner->depth, ast_span(b, start))) return inner;
  ast_type *type = new_type(b, AST_TYPE_TUPLE, join(ast_span(b, start), ast_span(b, end)), inner->depth + 1);
  type->args = members.first;
  return type;
}

ast_type *ast_type_optional(ast_builder *b, ast_type *item, token mark) {
  if (!may_nest(b, item->depth, ast_span(b, mark))) return item;
  ast_type *type = new_type(b, AST_TYPE_OPTIONAL, join(item->at, ast_span(b, mark)), item->depth + 1);
  type->item = item;
  return type;
}

ast_arg *ast_arg_type(ast_builder *b, ast_type *type) {
  ast_arg *arg = ARENA_NEW(b->arena, ast_arg);
  arg->type = type;
  return arg;
}

ast_arg *ast_arg_value(ast_builder *b, ast_value *value) {
  ast_arg *arg = ARENA_NEW(b->arena, ast_arg);
  arg->value = value;
  return arg;
}

static ast_value *new_value(ast_builder *b, ast_value_kind kind, span at) {
  ast_value *value = ARENA_NEW(b->arena, ast_value);
  value->kind = kind;
  value->at = at;
  value->text = (text){b->source->data + at.offset, at.size};
  return value;
}

ast_value *ast_number(ast_builder *b, ast_value_kind kind, const token *minus, token number) {
  ast_value *value = new_value(b, kind, ast_span(b, number));
  if (minus != NULL) {
    value->negative = true;
    value->at = join(ast_span(b, *minus), value->at);
  }
  return value;
}

ast_value *ast_string(ast_builder *b, token string) {
  ast_value *value = new_value(b, AST_VALUE_STRING, ast_span(b, string));
  value->string = decode_string(b, string);
  return value;
}

ast_value *ast_word(ast_builder *b, ast_value_kind kind, token word) {
  return new_value(b, kind, ast_span(b, word));
}

ast_value *ast_empty(ast_builder *b, token start, token end) {
  return new_value(b, AST_VALUE_EMPTY, join(ast_span(b, start), ast_span(b, end)));
}

ast_value *ast_value_of_name(ast_builder *b, ast_qname *name) {
  ast_value *value = new_value(b, AST_VALUE_NAME, name->at);
  value->name = name;
  return value;
}

static struct ast_part *new_part(ast_builder *b, token name) {
  struct ast_part *part = ARENA_NEW(b->arena, struct ast_part);
  part->name = name_of(b, name);
  return part;
}

ast_qname *ast_qname_first(ast_builder *b, token name) {
  ast_qname *qname = ARENA_NEW(b->arena, ast_qname);
  qname->parts = qname->last = new_part(b, name);
  qname->at = ast_span(b, name);
  return qname;
}

ast_qname *ast_qname_append(ast_builder *b, ast_qname *qname, token name) {
  qname->last->next = new_part(b, name);
  qname->last = qname->last->next;
  qname->at = join(qname->at, ast_span(b, name));
  return qname;
}
