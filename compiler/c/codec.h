/* The writing of encode, decode and size functions. A function works on places: values somewhere in C,
 * with their schema types. Runs of values of fixed size share one bounds check. What is no declaration
 * gets a static helper, which is written at its first use: bodies are therefore built as lines, and
 * printed when they are complete. In generated code `w` is the mbr_writer and `r` the mbr_reader. */
#ifndef COMPILER_C_CODEC_H
#define COMPILER_C_CODEC_H

#include "gen.h"

typedef enum c_codec { C_ENCODE, C_DECODE, C_SIZE } c_codec;

typedef struct c_place {
  const schema_type *type;
  const char *expr; /* the value, or a pointer to it */
  const char *has;  /* of an optional: its flag; NULL where a NULL pointer means absence */
  bool pointer;
  bool item;     /* an optional or array is the struct that c_type names */
  bool indirect; /* a pointer of a recursive type: decoding takes arena memory for what it points to */
} c_place;

c_place c_place_of(arena *a, const schema_type *t, const char *owner, const char *name);
c_place c_item_place(const schema_type *t, const char *expr);
c_place c_inside_optional(const c_place *p);
/* The members of a struct, arm or tuple; `owner` is "value->" or the like. */
c_place *c_places_of_fields(arena *a, const char *owner, const schema_field *fields, size_t count);
bool c_is_split_optional(const c_place *p); /* a flag, or NULL, beside or instead of a value */
const char *c_has(arena *a, const c_place *p);
const char *c_value_of(arena *a, const c_place *p);
const char *c_address_of(arena *a, const c_place *p);

/* Statements of one function. */
typedef struct c_body {
  c_gen *g;
  c_lines lines;
  bool has_cursor; /* `p` is declared */
  bool repeats;    /* inside of a loop: what comes first here comes after something else the next time */
} c_body;

c_body c_body_new(c_gen *g);
c_body c_body_inside(const c_body *outer); /* for what will stand in a block of it */

void c_encode_members(c_body *b, const c_place *places, size_t count);
void c_decode_members(c_body *b, const c_place *places, size_t count);
/* Statements that add to `size` what the values have beyond c_size_constant. */
void c_size_members(c_body *b, const c_place *places, size_t count);
uint64_t c_size_constant(const c_place *places, size_t count);
/* The size of one value as an expression, or NULL where it takes statements. */
const char *c_size_expression(c_gen *g, const c_place *p);

/* The index that a loop over `items` counts with: one that none around it uses. */
const char *c_index(const char *items);

/* The items of an array, or of a list whose count is dealt with. */
void c_encode_items(c_body *b, const schema_type *item, const char *items, const char *count);
void c_decode_items(c_body *b, const schema_type *item, const char *items, const char *count);
void c_size_items(c_body *b, const schema_type *item, const char *items, const char *count);

/* "if (expr is no value of t) return failure, STATUS);" `failure` is a call without its last argument;
 * `guard`, where not NULL, must hold for the value to be there. */
void c_refuse(c_body *b, const schema_type *t, const char *guard, const char *expr, const char *failure);

/* How many of the first places are of fixed size, and their bytes together. */
size_t c_run(const c_place *places, size_t count, unsigned *bytes);

/* "vss_cabin_reading_encode(w, &value->reading)" */
const char *c_call(c_gen *g, c_codec codec, const c_place *p);
/* "new_vss_node(r, &value->next)": decodes into arena memory and sets the pointer, to NULL where an
 * optional is absent. */
const char *c_call_new(c_gen *g, const schema_type *t, bool optional, const char *address);

/* helpers.c: the name of the static function for a type that is no declaration. */
const char *c_helper(c_gen *g, c_codec codec, const schema_type *t);
const char *c_new_helper(c_gen *g, const schema_type *t, bool optional);
/* A name for a helper, numbered where types differ in nothing but their ranges. NULL, and the known name
 * in `*known`, when it has been written already. */
const char *c_new_name(c_gen *g, const char *verb, const schema_type *t, bool bounds, const char **known);

/* compare.c: the name of the static function that orders the items of a set or the entries of a map. */
const char *c_compare(c_gen *g, const schema_type *t);

/* "mbr_status name(mbr_writer *w, const T *value)" */
const char *c_signature(c_gen *g, c_codec codec, const char *name, const char *type, bool depth);
const char *c_codec_verb(c_codec codec);
bool c_carries_depth(const c_gen *g, const schema_type *t);
/* A whole body: statements and return. */
c_lines c_body_of_members(c_gen *g, c_codec codec, const c_place *places, size_t count);
void c_print_function(c_gen *g, const char *signature, const c_lines *body);

void c_write_codec(c_gen *g, const schema_decl *d);
/* The prototypes of static functions that recursive types need before they are defined. */
void c_write_codec_prototypes(c_gen *g);

#endif
