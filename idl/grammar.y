/* The grammar of the language. It accepts a little more than the language does where that lets
 * ast_build.c say precisely what is wrong; each action is one call into it. Knows no characters.
 *
 * Every word of the language is contextual: where a keyword cannot stand it falls back to a NAME.
 * DAMAGED is no token of the language: after a syntax error parse.c pops the stack to a state that takes
 * it (grammar_damage), so that its rules say where parsing resumes and what is kept of the rest. */

%name grammar
%token_prefix T_
%token_type {token}
%default_type {token}
%extra_context {ast_builder *b}
%start_symbol file

%include {
#include "ast_build.h"
#include "grammar.h"
#include "grammar_run.h"
#include "parse.h"

/* parse.c recovers by itself. */
#define YYNOERRORRECOVERY 1
/* A type's level takes at most four entries, the rest of the deepest statement fewer than this. */
#define STACK_REST 40
#define GRAMMAR_STACK (4 * IDL_MAX_NESTING + STACK_REST)
}

%stack_size GRAMMAR_STACK
%stack_overflow { b->overflowed = true; }
%syntax_error { b->failed = true; }

%token BAD DOC NAMESPACE_DOC.
%fallback NAME NAMESPACE IMPORT CONST TYPE OPEN ENUM FLAGS STRUCT UNION ERROR HOST SERVICE SYNC ONEWAY STREAM
               THROWS TRUE FALSE NONE.

%type lead {ast_attributes *}
%type attr {ast_marked_attr}
%type attr_args {ast_attr_arg_list}
%type attr_arg {ast_attr_arg *}
%type qname {ast_qname *}
%type value {ast_value *}
%type literal {ast_value *}
%type type {ast_type *}
%type slot {ast_slot}
%type types {ast_arg_list}
%type args {ast_arg_list}
%type arg {ast_arg *}
%type head {ast_head}
%type decl {ast_decl *}
%type const {ast_decl *}
%type alias {ast_decl *}
%type enum {ast_decl *}
%type flags {ast_decl *}
%type struct {ast_decl *}
%type union {ast_decl *}
%type service {ast_decl *}
%type fields {ast_field_list}
%type field {ast_field *}
%type members {ast_member_list}
%type member_list {ast_member_list}
%type member {ast_member *}
%type arms {ast_arm_list}
%type arm {ast_arm *}
%type methods {ast_method_list}
%type method {ast_method *}
%type method_head {ast_method *}
%type method_name {ast_method *}
%type signature {ast_method *}
%type params {ast_field_list}
%type param {ast_field *}

file ::= items.

items ::= .
items ::= items item.
items ::= items DAMAGED.

item ::= NAMESPACE(K) qname(N) SEMI.   { ast_namespace(b, K, N); }
item ::= IMPORT(K) STRING(P) SEMI.     { ast_import_of(b, K, P); }
item ::= decl(D).                      { ast_declare(b, NULL, D); }
item ::= lead(L) decl(D).              { ast_declare(b, L, D); }

/* Attributes. */
lead(A) ::= attr(T).               { A = ast_attributes_first(b, T); }
lead(A) ::= lead(L) attr(T).       { A = ast_attributes_append(L, T); }
attr(A) ::= AT(M) name(N).         { A = ast_attribute(b, M, N); }
attr(A) ::= AT(M) name(N) LPAREN attr_args(L) RPAREN(E). { A = ast_attribute_args(b, M, N, L, E); }
attr_args(A) ::= attr_arg(I).                     { A = ast_attr_arg_append(ast_attr_arg_none(), I); }
attr_args(A) ::= attr_args(L) COMMA attr_arg(I).  { A = ast_attr_arg_append(L, I); }
attr_arg(A) ::= value(V).                         { A = ast_attr_value(b, V); }
attr_arg(A) ::= name(K) EQ value(V).              { A = ast_attr_pair(b, K, V); }

/* What a member begins with. */
head(A) ::= name(N).               { A = ast_member_head(NULL, N); }
head(A) ::= lead(L) name(N).       { A = ast_member_head(L, N); }

/* Declarations: `const`, `enum` … below stand for the beginning of one, up to its name. */
const(A) ::= CONST(K) name(N).     { A = ast_begin(b, AST_CONST, K, N); }
alias(A) ::= TYPE(K) name(N).      { A = ast_begin(b, AST_ALIAS, K, N); }
enum(A) ::= ENUM(K) name(N).       { A = ast_begin(b, AST_ENUM, K, N); }
enum(A) ::= OPEN(K) ENUM name(N).  { A = ast_begin_open(b, K, N); }
flags(A) ::= FLAGS(K) name(N).     { A = ast_begin(b, AST_FLAGS, K, N); }
struct(A) ::= STRUCT(K) name(N).   { A = ast_begin(b, AST_STRUCT, K, N); }
union(A) ::= UNION(K) name(N).     { A = ast_begin(b, AST_UNION, K, N); }
union(A) ::= ERROR(K) name(N).     { A = ast_begin(b, AST_ERROR, K, N); }
service(A) ::= SERVICE(K) name(N). { A = ast_begin(b, AST_SERVICE, K, N); }
service(A) ::= HOST(K) SERVICE name(N).  { A = ast_begin_host(b, K, N); }

decl(A) ::= const(D) COLON type(T) EQ value(V) SEMI.    { A = ast_constant(b, D, T, V); }
decl(A) ::= alias(D) EQ type(T) SEMI.                   { A = ast_alias(b, D, T); }
decl(A) ::= enum(D) members(M).                         { A = ast_enumeration(b, D, NULL, M); }
decl(A) ::= enum(D) COLON type(T) members(M).           { A = ast_enumeration(b, D, T, M); }
decl(A) ::= flags(D) members(M).                        { A = ast_enumeration(b, D, NULL, M); }
decl(A) ::= flags(D) COLON type(T) members(M).          { A = ast_enumeration(b, D, T, M); }
decl(A) ::= struct(D) LBRACE fields(F) RBRACE.          { A = ast_structure(b, D, F); }
decl(A) ::= union(D) LBRACE arms(L) RBRACE.             { A = ast_alternatives(b, D, L); }
decl(A) ::= service(D) LBRACE methods(M) RBRACE.        { A = ast_service(b, D, M); }

decl(A) ::= const(D) DAMAGED.      { A = ast_damaged_decl(b, D); }
decl(A) ::= alias(D) DAMAGED.      { A = ast_damaged_decl(b, D); }
decl(A) ::= enum(D) DAMAGED.       { A = ast_damaged_decl(b, D); }
decl(A) ::= flags(D) DAMAGED.      { A = ast_damaged_decl(b, D); }
decl(A) ::= struct(D) DAMAGED.     { A = ast_damaged_decl(b, D); }
decl(A) ::= union(D) DAMAGED.      { A = ast_damaged_decl(b, D); }
decl(A) ::= service(D) DAMAGED.    { A = ast_damaged_decl(b, D); }

/* Enums and flags. */
members(A) ::= LBRACE RBRACE.                       { A = ast_member_none(); }
members(A) ::= LBRACE member_list(L) RBRACE.        { A = L; }
members(A) ::= LBRACE member_list(L) COMMA RBRACE.  { A = L; }
member_list(A) ::= member(M).                       { A = ast_member_append(ast_member_none(), M); }
member_list(A) ::= DAMAGED.                         { A = ast_damaged_member(b); }
member_list(A) ::= member_list(L) COMMA member(M).  { A = ast_member_append(L, M); }
member_list(A) ::= member_list(A) DAMAGED.          { ast_damage(b); }
member(A) ::= head(H).                    { A = ast_enumerator(b, H, NULL); }
member(A) ::= head(H) EQ INT(V).          { A = ast_enumerator(b, H, ast_number(b, AST_VALUE_INT, NULL, V)); }
member(A) ::= head(H) EQ MINUS(M) INT(V). { A = ast_enumerator(b, H, ast_number(b, AST_VALUE_INT, &M, V)); }

/* Structs. */
fields(A) ::= .                    { A = ast_field_none(); }
fields(A) ::= fields(L) field(F).  { A = ast_field_append(L, F); }
fields(A) ::= fields(A) DAMAGED.   { ast_damage(b); }
field(A) ::= head(H) COLON slot(T) SEMI.               { A = ast_struct_field(b, H, T, NULL); }
field(A) ::= head(H) COLON slot(T) EQ value(V) SEMI.   { A = ast_struct_field(b, H, T, V); }

/* Unions and errors. */
arms(A) ::= .                      { A = ast_arm_none(); }
arms(A) ::= arms(L) arm(I).        { A = ast_arm_append(L, I); }
arms(A) ::= arms(A) DAMAGED.       { ast_damage(b); }
arm(A) ::= head(H) SEMI.                      { A = ast_arm_bare(b, H); }
arm(A) ::= head(H) COLON slot(T) SEMI.        { A = ast_arm_typed(b, H, T); }
arm(A) ::= head(H) LBRACE fields(F) RBRACE.   { A = ast_arm_with_fields(b, H, F); }

/* Services. */
methods(A) ::= .                       { A = ast_method_none(); }
methods(A) ::= methods(L) method(M).   { A = ast_method_append(L, M); }
methods(A) ::= methods(A) DAMAGED.     { ast_damage(b); }
method(A) ::= signature(S) SEMI.                               { A = ast_method_end(S, NULL, NULL); }
method(A) ::= signature(S) ARROW slot(R) SEMI.                 { A = ast_method_end(S, &R, NULL); }
method(A) ::= signature(S) THROWS qname(E) SEMI.               { A = ast_method_end(S, NULL, E); }
method(A) ::= signature(S) ARROW slot(R) THROWS qname(E) SEMI. { A = ast_method_end(S, &R, E); }
signature(A) ::= method_head(H) LPAREN RPAREN.                 { A = ast_method_params(H, ast_field_none()); }
signature(A) ::= method_head(H) LPAREN params(P) RPAREN.       { A = ast_method_params(H, P); }
signature(A) ::= method_head(H) LPAREN params(P) COMMA RPAREN. { A = ast_method_params(H, P); }
method_head(A) ::= method_name(M).           { A = ast_method_lead(b, NULL, M); }
method_head(A) ::= lead(L) method_name(M).   { A = ast_method_lead(b, L, M); }
method_name(A) ::= name(N).                  { A = ast_method_begin(b, AST_METHOD_ASYNC, N, N); }
method_name(A) ::= SYNC(N).                  { A = ast_method_begin(b, AST_METHOD_ASYNC, N, N); }
method_name(A) ::= ONEWAY(N).                { A = ast_method_begin(b, AST_METHOD_ASYNC, N, N); }
method_name(A) ::= SYNC(K) name(N).          { A = ast_method_begin(b, AST_METHOD_SYNC, K, N); }
method_name(A) ::= ONEWAY(K) name(N).        { A = ast_method_begin(b, AST_METHOD_ONEWAY, K, N); }
params(A) ::= param(P).                      { A = ast_field_append(ast_field_none(), P); }
params(A) ::= params(L) COMMA param(P).      { A = ast_field_append(L, P); }
param(A) ::= head(H) COLON slot(T).              { A = ast_param(b, H, T, NULL); }
param(A) ::= head(H) COLON slot(T) EQ value(V).  { A = ast_param(b, H, T, V); }

/* Types. */
slot(A) ::= type(T).               { A = ast_plain_slot(T); }
slot(A) ::= STREAM(K) type(T).     { A = ast_stream_slot(K, T); }
type(A) ::= qname(N).                        { A = ast_type_name(b, N); }
type(A) ::= qname(N) LT args(L) GT(E).       { A = ast_type_generic(b, N, L, E); }
type(A) ::= LPAREN(S) types(L) RPAREN(E).    { A = ast_type_tuple(b, S, L, E); }
type(A) ::= type(T) QUESTION(E).             { A = ast_type_optional(b, T, E); }
types(A) ::= type(T).                        { A = ast_arg_append(ast_arg_none(), ast_arg_type(b, T)); }
types(A) ::= types(L) COMMA type(T).         { A = ast_arg_append(L, ast_arg_type(b, T)); }
args(A) ::= arg(I).                          { A = ast_arg_append(ast_arg_none(), I); }
args(A) ::= args(L) COMMA arg(I).            { A = ast_arg_append(L, I); }
arg(A) ::= type(T).                          { A = ast_arg_type(b, T); }
arg(A) ::= literal(V).                       { A = ast_arg_value(b, V); }

/* Values. */
value(A) ::= literal(V).           { A = V; }
value(A) ::= TRUE(K).              { A = ast_word(b, AST_VALUE_TRUE, K); }
value(A) ::= FALSE(K).             { A = ast_word(b, AST_VALUE_FALSE, K); }
value(A) ::= NONE(K).              { A = ast_word(b, AST_VALUE_NONE, K); }
value(A) ::= LBRACKET(S) RBRACKET(E).  { A = ast_empty(b, S, E); }
value(A) ::= qname(N).             { A = ast_value_of_name(b, N); }
literal(A) ::= INT(V).             { A = ast_number(b, AST_VALUE_INT, NULL, V); }
literal(A) ::= MINUS(M) INT(V).    { A = ast_number(b, AST_VALUE_INT, &M, V); }
literal(A) ::= FLOAT(V).           { A = ast_number(b, AST_VALUE_FLOAT, NULL, V); }
literal(A) ::= MINUS(M) FLOAT(V).  { A = ast_number(b, AST_VALUE_FLOAT, &M, V); }
literal(A) ::= DURATION(V).        { A = ast_number(b, AST_VALUE_DURATION, NULL, V); }
literal(A) ::= STRING(V).          { A = ast_string(b, V); }

/* Names. */
qname(A) ::= name(N).              { A = ast_qname_first(b, N); }
qname(A) ::= qname(Q) DOT name(N). { A = ast_qname_append(b, Q, N); }
name(A) ::= NAME(N).               { A = N; }

%code {
/* What parse.c needs of the parser's stack, which only this file can see. */

size_t grammar_size(void) {
  return sizeof(yyParser);
}

/* Right after a syntax error: whether `token_kind` could have stood there. */
bool grammar_expects(const void *parser, int token_kind) {
  const yyParser *p = parser;
  return yy_find_shift_action((YYCODETYPE)token_kind, p->yytos->stateno) != YY_ERROR_ACTION;
}

/* Right after a syntax error: gives up what is unfinished, down to the innermost rule with a DAMAGED.
 * True: that is a whole item. */
bool grammar_damage(void *parser) {
  yyParser *p = parser;
  while (p->yytos > p->yystack &&
         yy_find_shift_action(T_DAMAGED, p->yytos->stateno) > YY_MAX_SHIFTREDUCE) {
    yy_pop_parser_stack(p);
  }
  bool is_item = grammar_expects(p, T_CONST) && !grammar_expects(p, T_NAME);
  grammar(p, T_DAMAGED, (token){0});
  return is_item;
}
}
