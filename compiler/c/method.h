/* What the serving and the calling side of a method have in common: how its values pass through functions
 * and frames, and the rows of tables that tell about it. */
#ifndef COMPILER_C_METHOD_H
#define COMPILER_C_METHOD_H

#include "codec.h"

/* Functions take scalars by value, text and bytes as views, everything else by const pointer; an optional
 * scalar as two parameters, another optional as a pointer that may be NULL. */
bool c_by_value(const schema_type *t);
const char *c_parameters(arena *a, const schema_type *t, const char *name);

/* A parameter's name: as it is; or clear of the other parameters of a client's functions; or of all that
 * generated statements use too. */
typedef enum c_names { C_NAMES_PLAIN, C_NAMES_OF_CLIENT, C_NAMES_LOCAL } c_names;
const char *c_name_among(arena *a, const char *name, c_names names);

/* The stream parameter, or NULL. */
const schema_field *c_stream(const schema_method *m);
/* Who takes its items: "import_log_lines" for `lines` of import_log. With "_end": who hears of their end. */
const char *c_item_handler(arena *a, const schema_method *m, const char *suffix);
/* Called as a plain C function, without frames. */
bool c_is_direct(const schema_method *m);
/* Its result is `bytes` and nothing else. */
bool c_answers_bytes(const schema_method *m);

/* ", uint8_t zone, float celsius": every parameter but the stream. */
const char *c_argument_parameters(arena *a, const schema_method *m, c_names names);
/* ", zone, celsius", as locals, where all are single scalars. */
const char *c_arguments_passed(arena *a, const schema_method *m);

/* Values on their way from the reader `r` to the arguments of a call. Scalars become locals, as many at a
 * time as stand together; everything else goes to the reader's arena. */
typedef struct c_incoming {
  c_body body;
  c_place *scalars; /* declared, and not decoded yet */
  size_t scalar_count;
  const char *passed; /* ", zone, reading" */
} c_incoming;

/* For at most `count` values. */
c_incoming c_incoming_new(c_gen *g, size_t count);
void c_take_value(c_incoming *in, const schema_type *t, const char *name);
void c_take_arguments(c_incoming *in, const schema_method *m);
/* Decodes what is left and refuses bytes behind it. */
void c_take_end(c_incoming *in);

/* What a function sends of its parameters: two expressions, the second for a writer `w`. Where they take
 * statements, static functions named after `of` are written first. */
typedef struct c_outgoing {
  const char *size;
  const char *encode;
} c_outgoing;

c_outgoing c_send_nothing(void);
c_outgoing c_send_value(c_gen *g, const schema_type *t, const char *name, const char *of);
c_outgoing c_send_arguments(c_gen *g, const schema_method *m, const char *of);
/* A function that opens a frame, fills it and commits it: `begin` and `commit` are how the calls begin. */
void c_print_sender(c_gen *g, const char *signature, const char *begin, const char *commit,
                    const c_outgoing *what);

/* A comment about the service, whose name replaces NAME, after `before`. */
void c_explain(c_gen *g, text before, const char *about, const schema_decl *s);

/* The method's own text, then what is to know of its parameters. */
text c_method_doc(c_gen *g, const schema_method *m);

/* "namespace.Service", as a literal. */
const char *c_full_name(arena *a, const schema_decl *s);
/* Sorted by number, as tables are. */
const schema_method **c_by_id(arena *a, const schema_decl *s);
typedef enum c_method_flag {
  C_FLAG_STREAM = 1,
  C_FLAG_ONEWAY = 2,
  C_FLAG_CONCURRENT = 4,
  C_FLAG_INLINE = 8,
  C_FLAG_SYNC = 16,
  C_FLAG_LATEST = 32,
  C_FLAG_UPLOAD = 64,
  C_FLAG_QUIET = 128,
  C_FLAG_BYTES = 256
} c_method_flag;

/* "MBR_METHOD_STREAM | MBR_METHOD_LATEST"; NULL: none of those in `which`. */
const char *c_flags(arena *a, const schema_method *m, unsigned which);
/* Writes the table of types and returns "types_x, 3" or "NULL, 0". */
const char *c_write_shapes(c_gen *g, const schema_decl *s);

/* client.c: what the header declares of a method that is called. */
bool c_may_wait(const schema_method *m);
const char *c_send_signature(c_gen *g, const schema_decl *s, const schema_method *m, c_names names);
const char *c_wait_signature(c_gen *g, const schema_decl *s, const schema_method *m, c_names names);

#endif
