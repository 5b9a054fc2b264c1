/* Makes the syntax tree: one function for each action of grammar.y. Reports what the grammar lets pass but
 * the language does not, as far as that takes no knowledge of names. */
#ifndef IDL_AST_BUILD_H
#define IDL_AST_BUILD_H

#include "ast.h"
#include "diag.h"
#include "lexer.h"

typedef struct ast_builder {
  arena *arena;
  diags *diags;
  const source *source;
  ast_file *file;
  const ast_decl *decl; /* the one begun last, or NULL */
  bool damaged;         /* something in it was left out */
  bool nesting_told;    /* of the type being built */
  bool failed;          /* the parser met a syntax error */
  bool overflowed;      /* the parser's stack was too small */
  ast_decl *last_decl;
  ast_import *last_import;
} ast_builder;

/* A list while it grows. */
#define AST_LIST(type)                                                                                       \
  typedef struct type##_list {                                                                               \
    struct type *first, *last;                                                                               \
  } type##_list;                                                                                             \
  static inline type##_list type##_none(void) { return (type##_list){NULL, NULL}; }                          \
  static inline type##_list type##_append(type##_list list, type *item) {                                    \
    *(list.last == NULL ? &list.first : &list.last->next) = item;                                            \
    list.last = item;                                                                                        \
    return list;                                                                                             \
  }
AST_LIST(ast_attr_arg)
AST_LIST(ast_arg)
AST_LIST(ast_member)
AST_LIST(ast_field)
AST_LIST(ast_arm)
AST_LIST(ast_method)

/* An attribute, and the comment before its @. */
typedef struct ast_marked_attr {
  ast_attr *attr;
  doc_comment *doc;
} ast_marked_attr;

/* Attributes before a declaration or member. */
typedef struct ast_attributes {
  ast_attr *first, *last;
  doc_comment *doc; /* before the first one */
} ast_attributes;

/* What a member begins with. */
typedef struct ast_head {
  ast_attributes *attributes; /* NULL: none */
  token name;
} ast_head;

/* Where a type may be a stream's. */
typedef struct ast_slot {
  ast_type *type;
  bool is_stream;
  uint32_t offset; /* of the word `stream` */
} ast_slot;

span ast_span(const ast_builder *b, token t);
text ast_text(const ast_builder *b, token t);

/* What a DAMAGED stands for is left out: of the declaration begun last, of its members. */
void ast_damage(ast_builder *b);
ast_member_list ast_damaged_member(ast_builder *b);

void ast_namespace(ast_builder *b, token keyword, ast_qname *name);
void ast_import_of(ast_builder *b, token keyword, token path);
void ast_declare(ast_builder *b, ast_attributes *attributes, ast_decl *decl);

ast_attributes *ast_attributes_first(ast_builder *b, ast_marked_attr item);
ast_attributes *ast_attributes_append(ast_attributes *attributes, ast_marked_attr item);
ast_marked_attr ast_attribute(ast_builder *b, token at, token name);
ast_marked_attr ast_attribute_args(ast_builder *b, token at, token name, ast_attr_arg_list args, token end);
ast_attr_arg *ast_attr_value(ast_builder *b, ast_value *value);
ast_attr_arg *ast_attr_pair(ast_builder *b, token key, ast_value *value);
ast_head ast_member_head(ast_attributes *attributes, token name);

ast_decl *ast_begin(ast_builder *b, ast_decl_kind kind, token keyword, token name);
ast_decl *ast_begin_open(ast_builder *b, token keyword, token name);
ast_decl *ast_begin_host(ast_builder *b, token keyword, token name);
ast_decl *ast_damaged_decl(ast_builder *b, ast_decl *decl);
ast_decl *ast_constant(ast_builder *b, ast_decl *decl, ast_type *type, ast_value *value);
ast_decl *ast_alias(ast_builder *b, ast_decl *decl, ast_type *type);
ast_decl *ast_enumeration(ast_builder *b, ast_decl *decl, ast_type *type, ast_member_list members);
ast_decl *ast_structure(ast_builder *b, ast_decl *decl, ast_field_list fields);
ast_decl *ast_alternatives(ast_builder *b, ast_decl *decl, ast_arm_list arms);
ast_decl *ast_service(ast_builder *b, ast_decl *decl, ast_method_list methods);

ast_member *ast_enumerator(ast_builder *b, ast_head head, ast_value *value);
ast_field *ast_struct_field(ast_builder *b, ast_head head, ast_slot slot, ast_value *value);
ast_arm *ast_arm_bare(ast_builder *b, ast_head head);
ast_arm *ast_arm_typed(ast_builder *b, ast_head head, ast_slot slot);
ast_arm *ast_arm_with_fields(ast_builder *b, ast_head head, ast_field_list fields);
ast_field *ast_param(ast_builder *b, ast_head head, ast_slot slot, ast_value *value);
ast_method *ast_method_begin(ast_builder *b, ast_method_kind kind, token first, token name);
ast_method *ast_method_lead(ast_builder *b, ast_attributes *attributes, ast_method *method);
ast_method *ast_method_params(ast_method *method, ast_field_list params);
ast_method *ast_method_end(ast_method *method, const ast_slot *result, ast_qname *throws);

ast_slot ast_plain_slot(ast_type *type);
ast_slot ast_stream_slot(token keyword, ast_type *type);
ast_type *ast_type_name(ast_builder *b, ast_qname *name);
ast_type *ast_type_generic(ast_builder *b, ast_qname *name, ast_arg_list args, token end);
ast_type *ast_type_tuple(ast_builder *b, token start, ast_arg_list members, token end);
ast_type *ast_type_optional(ast_builder *b, ast_type *item, token mark);
ast_arg *ast_arg_type(ast_builder *b, ast_type *type);
ast_arg *ast_arg_value(ast_builder *b, ast_value *value);

/* `minus` may be NULL. */
ast_value *ast_number(ast_builder *b, ast_value_kind kind, const token *minus, token number);
ast_value *ast_string(ast_builder *b, token string);
ast_value *ast_word(ast_builder *b, ast_value_kind kind, token word);
ast_value *ast_empty(ast_builder *b, token start, token end);
ast_value *ast_value_of_name(ast_builder *b, ast_qname *name);
ast_qname *ast_qname_first(ast_builder *b, token name);
ast_qname *ast_qname_append(ast_builder *b, ast_qname *qname, token name);

#endif
