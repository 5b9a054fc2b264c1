/* What the parser saw, before any name means anything. Everything lives in the compilation's arena;
 * lists are singly linked in source order. Knows no target and no meaning. */
#ifndef IDL_AST_H
#define IDL_AST_H

#include <stdbool.h>

#include "source.h"
#include "table.h"

typedef struct ast_name {
  text text;
  span at;
} ast_name;

/* a.b.c */
typedef struct ast_qname {
  struct ast_part {
    ast_name name;
    struct ast_part *next;
  } * parts, *last;
  span at;
} ast_qname;

typedef enum ast_value_kind {
  AST_VALUE_INT, /* text: the literal without its sign */
  AST_VALUE_FLOAT,
  AST_VALUE_STRING,   /* string: decoded */
  AST_VALUE_DURATION, /* text: number and unit */
  AST_VALUE_TRUE,
  AST_VALUE_FALSE,
  AST_VALUE_NONE,
  AST_VALUE_EMPTY, /* [] */
  AST_VALUE_NAME
} ast_value_kind;

typedef struct ast_value {
  ast_value_kind kind;
  bool negative;
  text text;
  text string;
  ast_qname *name;
  span at;
} ast_value;

typedef enum ast_type_kind {
  AST_TYPE_NAME,     /* bool, Reading, vss.common.X */
  AST_TYPE_GENERIC,  /* name<args> */
  AST_TYPE_OPTIONAL, /* item? */
  AST_TYPE_TUPLE     /* (A, B) */
} ast_type_kind;

/* An argument between < and >: a type, or a value (a name may be either: then it is a type of kind
 * AST_TYPE_NAME and the resolver decides). */
typedef struct ast_arg {
  struct ast_type *type;
  ast_value *value;
  struct ast_arg *next;
} ast_arg;

typedef struct ast_type {
  ast_type_kind kind;
  ast_qname *name;
  ast_arg *args;         /* GENERIC: between < and >; TUPLE: the members */
  struct ast_type *item; /* OPTIONAL */
  unsigned depth;        /* levels of <>, () and ? within; at most IDL_MAX_NESTING */
  span at;
} ast_type;

typedef struct ast_attr_arg {
  ast_name key; /* text.size 0: positional */
  ast_value *value;
  struct ast_attr_arg *next;
} ast_attr_arg;

typedef struct ast_attr {
  ast_name name; /* without @ */
  ast_attr_arg *args;
  bool has_parens;
  span at;
  struct ast_attr *next;
} ast_attr;

/* What stands in front of every declaration and member. */
typedef struct ast_lead {
  text doc; /* lines of /// joined by \n, markers and one following space removed; size 0: none */
  ast_attr *attrs;
} ast_lead;

/* A field of a struct or an arm, or a parameter. */
typedef struct ast_field {
  ast_lead lead;
  ast_name name;
  bool is_stream; /* parameters only */
  ast_type *type;
  ast_value *value; /* default, or NULL */
  struct ast_field *next;
} ast_field;

/* A member of an enum or flags. */
typedef struct ast_member {
  ast_lead lead;
  ast_name name;
  ast_value *value; /* INT with sign, or NULL */
  struct ast_member *next;
} ast_member;

/* An arm of a union or error: bare, with a type, or with fields. */
typedef struct ast_arm {
  ast_lead lead;
  ast_name name;
  ast_type *type;
  bool has_fields;
  ast_field *fields;
  struct ast_arm *next;
} ast_arm;

typedef enum ast_method_kind { AST_METHOD_ASYNC, AST_METHOD_SYNC, AST_METHOD_ONEWAY } ast_method_kind;

typedef struct ast_method {
  ast_lead lead;
  ast_method_kind kind;
  ast_name name;
  ast_field *params;
  bool result_is_stream;
  ast_type *result;  /* or NULL */
  ast_qname *throws; /* or NULL */
  span at;           /* of the name */
  struct ast_method *next;
} ast_method;

typedef enum ast_decl_kind {
  AST_CONST,
  AST_ALIAS,
  AST_ENUM,
  AST_FLAGS,
  AST_STRUCT,
  AST_UNION,
  AST_ERROR,
  AST_SERVICE
} ast_decl_kind;

typedef struct ast_decl {
  ast_decl_kind kind;
  ast_lead lead;
  ast_name name;
  bool is_open;        /* enum */
  bool is_host;        /* service */
  ast_type *type;      /* const, alias; the integer type of enum and flags, or NULL */
  ast_value *value;    /* const */
  ast_member *members; /* enum, flags */
  ast_field *fields;   /* struct */
  ast_arm *arms;       /* union, error */
  ast_method *methods; /* service */
  bool damaged;        /* a part of it did not parse: complain about nothing that may be missing */
  struct ast_decl *next;
} ast_decl;

typedef struct ast_import {
  text path;             /* decoded */
  span at;               /* of the string */
  struct ast_file *file; /* set by the loader; NULL: it could not be loaded, and that was reported */
  struct ast_import *next;
} ast_import;

typedef struct ast_file {
  const source *source;
  ast_qname *namespace_name; /* NULL if it did not parse */
  text doc;                  /* //! lines */
  ast_import *imports;
  ast_decl *decls;
  bool damaged; /* an import is missing, or all of it: complain about no unknown name */
  table lost;   /* words of declarations that did not parse: each may have been the name of one */
} ast_file;

#endif
