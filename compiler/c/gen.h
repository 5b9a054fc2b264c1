/* What the writers of the C backend share: the state of one file being written, and how they call each
 * other. check.c refuses what cannot be generated; types.c, service_types.c, client_types.c and memory.c write
 * headers; codec*.c, helpers.c, compare.c, method.c, service.c and client.c write sources. */
#ifndef COMPILER_C_GEN_H
#define COMPILER_C_GEN_H

#include "../../idl/diag.h"
#include "../../idl/table.h"
#include "../output.h"
#include "lines.h"
#include "spell.h"

/* Most members that one generated function encodes, decodes or measures; a larger struct is spread over
 * several. */
#ifndef C_MEMBERS_A_FUNCTION
#define C_MEMBERS_A_FUNCTION 40
#endif

/* Above this, in bytes, no size macros are made: nothing encodes that much in one piece. */
#ifndef C_SIZE_MACRO_MAX
#define C_SIZE_MACRO_MAX 0x10000000u
#endif

/* Something generated once a file: a structural type of a header, a static function of a source. */
typedef struct c_known {
  const char *name;
} c_known;

/* A type that is only pointed to yet, because it contains one that is being defined. */
typedef struct c_waiting {
  const schema_type *type;
  bool entry; /* not the map, but the struct of its key and value */
  struct c_waiting *next;
} c_waiting;

typedef struct c_gen {
  const schema *schema;
  const schema_namespace *ns;
  arena *arena;
  emitter *e;     /* the file being written */
  bool firmware;  /* --profile firmware */
  /* What is known in that file: by its key, which tells apart what would have one name; by its name. */
  table known, names;
  bool *begun;    /* header, by decl->index: its definition has begun */
  bool *complete; /* header, by decl->index: its definition has ended */
  /* Header: how many recursive types have begun and not ended, and what must wait for them. */
  size_t open;
  struct c_waiting *waiting;
  /* Source: the recursive type whose functions are being written, or NULL; and how they write the depth
   * of what they call. */
  const schema_decl *cycle;
  const char *depth;
} c_gen;

const c_known *c_find(const c_gen *g, const char *key);
void c_remember(c_gen *g, const char *name, const char *key);
/* A name for a static function, "verb_of", kept clear of the file's other ones and of what a namespace
 * called like the verb declares. */
const char *c_static_name(c_gen *g, const char *verb, const char *of);

/* check.c */
void c_check(const schema *s, arena *a, diags *d);

/* types.c */
void c_write_header(c_gen *g);
void c_define_structural(c_gen *g, const schema_type *t);

bool c_has_service(const schema_namespace *ns);
/* The header of the sides that the ordinary one leaves to others. */
void c_write_client_header(c_gen *g);

/* service_types.c, service.c: a service that is served here. */
void c_declare_service(c_gen *g, const schema_decl *service);
void c_write_service(c_gen *g, const schema_decl *service);

/* memory.c: with --profile firmware, what a service takes of memory that is set aside: its frames, and what
 * serving it or calling it takes besides. */
void c_declare_frames(c_gen *g, const schema_decl *service);
void c_declare_storage(c_gen *g, const schema_decl *service);
void c_declare_answers(c_gen *g, const schema_decl *service);
/* types.c: arena memory that decoding a `t` takes at most, as an expression; NULL: none. */
const char *c_arena_size(c_gen *g, const schema_type *t);

/* client_types.c, client.c: a service that is called from here. */
void c_declare_client(c_gen *g, const schema_decl *service);
void c_write_client(c_gen *g, const schema_decl *service);

#endif
