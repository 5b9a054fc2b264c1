/* The resolved schema: what backends read, and all they read. Every reference is a pointer, every
 * attribute a checked value, every name already converted for each target. Everything lives in the
 * compilation's arena and does not change once resolved. */
#ifndef IDL_SCHEMA_H
#define IDL_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "diag.h"

typedef struct schema_namespace schema_namespace;
typedef struct schema_decl schema_decl;
typedef struct schema_type schema_type;

/* The names of one schema item. `c` and `dart` are final: converted, and escaped where the target
 * reserves the word.
 *   what          c                                          dart
 *   namespace     vss_cabin                                  vss_cabin (file and import prefix)
 *   type, service vss_cabin_cabin_hvac                       CabinHvac
 *   const         VSS_CABIN_MAX_ZONES                        maxZones
 *   enum member   VSS_CABIN_MODE_AUTO                        auto
 *   flag          VSS_CABIN_DOORS_FRONT_LEFT                 frontLeft
 *   field, param  front_left                                 frontLeft
 *   arm           limit (member of the union)                ClimateErrorLimit (class)
 *   method        set_target (member of ops)                 setTarget */
typedef struct schema_name {
  text text; /* as written */
  span at;
  const char *c;
  const char *dart;
} schema_name;

/* Documentation common to declarations and members. */
typedef struct schema_info {
  text doc;         /* Markdown, lines separated by \n; size 0: none */
  text deprecated;  /* data NULL: not deprecated */
  text unit;        /* size 0: none */
} schema_info;

/* Sign and magnitude: wide enough for every integer of the language. */
typedef struct schema_int {
  bool negative;
  uint64_t high, low;
} schema_int;

typedef enum schema_value_kind {
  SCHEMA_VALUE_BOOL,
  SCHEMA_VALUE_INT,      /* also char (scalar value), timestamp and duration (µs) */
  SCHEMA_VALUE_FLOAT,    /* already rounded to the type */
  SCHEMA_VALUE_STRING,
  SCHEMA_VALUE_MEMBER,   /* of an enum or flags */
  SCHEMA_VALUE_NONE,     /* an absent optional; a present one has the kind of its item */
  SCHEMA_VALUE_EMPTY     /* []: bytes, list, set or map; uuid, tuples, arrays, structs, unions have no literal */
} schema_value_kind;

typedef struct schema_value {
  schema_value_kind kind;
  bool boolean;
  schema_int integer;
  double real;
  text string;
  const struct schema_member *member;
  const schema_decl *owner;    /* MEMBER: the enum or flags it belongs to */
  const schema_decl *constant; /* the constant it was written as, or NULL; perhaps of a namespace that is not
                                  among `imports` */
  span at;
} schema_value;

/* @range, in the type of the number it limits. */
typedef struct schema_range {
  bool has_min, has_max;
  schema_value min, max; /* INT or FLOAT */
  span at;
} schema_range;

/* X(kind, spelling, bytes on the wire or 0) */
#define SCHEMA_SCALARS(X)                                                             \
  X(BOOL, "bool", 1) X(I8, "i8", 1) X(I16, "i16", 2) X(I32, "i32", 4) X(I64, "i64", 8)  \
  X(I128, "i128", 16) X(U8, "u8", 1) X(U16, "u16", 2) X(U32, "u32", 4) X(U64, "u64", 8) \
  X(U128, "u128", 16) X(F32, "f32", 4) X(F64, "f64", 8) X(CHAR, "char", 0)             \
  X(STRING, "string", 0) X(BYTES, "bytes", 0) X(UUID, "uuid", 16)                      \
  X(TIMESTAMP, "timestamp", 8) X(DURATION, "duration", 8)

typedef enum schema_type_kind {
#define SCHEMA_TYPE_ENUM(kind, spelling, bytes) SCHEMA_##kind,
  SCHEMA_SCALARS(SCHEMA_TYPE_ENUM)
#undef SCHEMA_TYPE_ENUM
      SCHEMA_OPTIONAL, /* item */
  SCHEMA_LIST,         /* item, bound */
  SCHEMA_SET,          /* item, bound */
  SCHEMA_MAP,          /* key, item, bound */
  SCHEMA_ARRAY,        /* item, bound = length */
  SCHEMA_TUPLE,        /* members: one or more (a Dart record of one is written `(T,)`) */
  SCHEMA_NAMED         /* decl: enum, flags, struct, union or error; aliases are resolved away */
} schema_type_kind;

#define SCHEMA_UNBOUNDED UINT64_MAX

struct schema_type {
  schema_type_kind kind;
  uint32_t index; /* in order of creation, items before what is made of them: for side tables */
  span at;
  uint64_t bound; /* most items or bytes; SCHEMA_UNBOUNDED where the schema sets none */
  const schema_type *item;
  const schema_type *key;
  const schema_type *const *members;
  size_t member_count;
  const schema_decl *decl;
  const schema_decl *alias; /* the alias it was written as (outermost), or NULL: for documentation */
  const schema_range *range; /* the range in force here for a number (from the place or its aliases), or
                                NULL. On `f32?` or `list<f32>` it stands on the number type inside. */
  bool dart_int;             /* u64 with @dart(int); on the u64 inside, as range, which then has a max of
                                at most 2^63 - 1 */
  /* Computed. */
  uint64_t wire_min; /* least bytes on the wire; saturates at SCHEMA_UNBOUNDED */
  uint64_t wire_max; /* most, or SCHEMA_UNBOUNDED */
  bool hashable;
  bool needs_arena; /* decoding it in C takes arena memory: a list, set, map or indirect member is inside */
};

typedef struct schema_field {
  schema_name name;
  schema_info info;
  const schema_type *type;
  const schema_value *value; /* default, or NULL */
  bool is_stream;            /* parameters only */
  /* Leads back by value, through an optional or out of a union, to the type it belongs to: a pointer
   * to its whole type in C. Does not depend on the order of declarations. Never set on a parameter. */
  bool indirect;
} schema_field;

typedef struct schema_member {
  schema_name name;
  schema_info info;
  schema_int value; /* the number on the wire (enum: index where no type is declared), or the mask */
} schema_member;

typedef enum schema_arm_kind { SCHEMA_ARM_BARE, SCHEMA_ARM_TYPE, SCHEMA_ARM_FIELDS } schema_arm_kind;

typedef struct schema_arm {
  schema_name name;
  schema_info info;
  uint32_t index;
  schema_arm_kind kind;
  const schema_type *type; /* TYPE */
  const schema_field *fields; /* FIELDS: each has its own `indirect` */
  size_t field_count;
  bool indirect; /* TYPE, as for a field */
} schema_arm;

typedef enum schema_method_kind { SCHEMA_ASYNC, SCHEMA_SYNC, SCHEMA_ONEWAY } schema_method_kind;

typedef struct schema_method {
  schema_name name;
  schema_info info;
  schema_method_kind kind;
  uint32_t id;         /* FNV-1a 32 of "namespace.Service.method" (@was applied) */
  text id_text;        /* that string */
  const schema_field *params;
  size_t param_count;
  bool result_is_stream;
  const schema_type *result; /* or NULL */
  const schema_decl *throws; /* or NULL */
  bool has_timeout;          /* @timeout here or on the service; 0 µs: none */
  int64_t timeout_us;
  uint32_t buffer;           /* @buffer(N), 0: default */
  bool latest, is_inline, leaf;
  bool concurrent, quiet;    /* here or on the service */
  bool scalars;              /* sync: each parameter and the result is one machine number (bool, integers and
                                floats up to 64 bits, char, timestamp, duration, enum, flags): needs no frame */
  /* Computed, as docs/wire.md tells: two sides for which it differs do not understand each other. */
  uint64_t fingerprint;
  const schema_decl *const *reaches; /* types that its signature is made of, each once, in order of their full
                                        names; of aliases what they stand for */
  size_t reach_count;
  const struct schema_attr_place *attrs; /* where each attribute stands, for a backend that refuses it */
} schema_method;

/* Attributes as written, for backends that must point at one. */
typedef struct schema_attr_place {
  text name;
  span at;
  const struct schema_attr_place *next;
} schema_attr_place;

typedef enum schema_decl_kind {
  SCHEMA_CONST,
  SCHEMA_ALIAS,
  SCHEMA_ENUM,
  SCHEMA_FLAGS,
  SCHEMA_STRUCT,
  SCHEMA_UNION,
  SCHEMA_ERROR,
  SCHEMA_SERVICE
} schema_decl_kind;

struct schema_decl {
  schema_decl_kind kind;
  uint32_t index; /* in loading and source order over the whole schema: for side tables */
  schema_name name;
  schema_info info;
  const schema_namespace *ns;
  const schema_attr_place *attrs;

  const schema_type *type;   /* CONST, ALIAS: its type; ENUM, FLAGS: integer on the wire (u32 if none is given) */
  const schema_value *value; /* CONST */
  bool is_open;              /* ENUM */
  bool has_explicit_type;    /* ENUM: `: int` was written */
  const schema_member *members; /* ENUM, FLAGS */
  size_t member_count;
  const schema_field *fields; /* STRUCT */
  size_t field_count;
  const schema_arm *arms; /* UNION, ERROR */
  size_t arm_count;
  const schema_method *methods; /* SERVICE */
  size_t method_count;
  bool is_host; /* SERVICE */
  const schema_decl *const *reaches; /* SERVICE, computed: what its methods reach together, in the same order */
  size_t reach_count;

  /* STRUCT, UNION, ERROR, ENUM, FLAGS, computed: */
  bool recursive; /* contains itself in any way, through lists too */
  uint32_t max_depth; /* of a recursive one */
  const schema_decl *cycle; /* of a recursive one: the first of those that contain each other; depth is counted
                               for all of them together, and anew within another cycle */
  uint64_t wire_min, wire_max;
  bool hashable;
  bool needs_arena;
  uint32_t id;    /* FNV-1a 32 of "namespace.Type"; two types may share it */
  uint64_t shape; /* of this declaration alone: the part it has in the fingerprints of what reaches it */
};

struct schema_namespace {
  schema_name name;          /* dotted */
  text doc;
  const schema_decl *const *decls; /* in source order, files in loading order; types after the types they
                                      contain by value is the order of `sorted` */
  size_t decl_count;
  const schema_decl *const *sorted; /* STRUCT, UNION, ERROR, ENUM, FLAGS: contained before container */
  size_t sorted_count;
  const schema_namespace *const *imports; /* other namespaces that declare a type used here, aliases seen
                                             through; sorted by name; never in a circle */
  size_t import_count;
};

typedef struct schema {
  const schema_namespace *const *namespaces; /* sorted by name */
  size_t namespace_count;
  uint32_t decl_count, type_count; /* one more than the highest index */
} schema;

#endif
