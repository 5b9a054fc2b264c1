/* What the parts of the resolver share: syntax trees in, the schema under construction out.
 *
 * The parts run in the order of resolve.c. Each reports what it finds wrong and leaves NULL (a type)
 * or `failed` (a declaration) behind, and every later part passes over such places in silence: one
 * mistake, one complaint. Nothing here knows tokens or targets beyond names.h. */
#ifndef IDL_RESOLVE_H
#define IDL_RESOLVE_H

#include "load.h"
#include "schema.h"
#include "suggest.h"
#include "table.h"

/* Bounds of strings and containers, counts in attributes. */
#ifndef IDL_MAX_BOUND
#define IDL_MAX_BOUND 2147483647
#endif

/* Types that one written type may consist of once aliases are put in: aliases of tuples of aliases
 * would otherwise double with every line. */
#ifndef IDL_MAX_TYPE_NODES
#define IDL_MAX_TYPE_NODES 256
#endif

/* Bytes that a type may take by value in C: what one object may have where size_t has 32 bits. */
#ifndef IDL_MAX_VALUE_SIZE
#define IDL_MAX_VALUE_SIZE 2147483647
#endif

/* How many misspelt names get a "did you mean": each is compared with every name in sight. */
#ifndef IDL_MAX_HINTS
#define IDL_MAX_HINTS 50
#endif

/* Steps that are told of a circle. */
#ifndef IDL_MAX_PATH_NOTES
#define IDL_MAX_PATH_NOTES 8
#endif

#ifndef IDL_DEFAULT_MAX_DEPTH
#define IDL_DEFAULT_MAX_DEPTH 64
#endif

/* A namespace, spread over one or more files. */
typedef struct space {
  schema_namespace *ns;
  table entities; /* entity by name */
  size_t decl_count;
  const schema_decl **filled; /* the list being filled, by resolve.c */
  uint32_t rank; /* in the order of names, from resolve_import.c on */
} space;

typedef struct unit_import {
  struct unit *unit;
  const ast_import *ast;
  bool used;
} unit_import;

/* A file. */
typedef struct unit {
  const ast_file *ast;
  space *space; /* NULL: its namespace did not parse */
  unit_import *imports; /* sorted by place in resolver.units */
  size_t import_count;
  struct entity *entities; /* its declarations */
  size_t entity_count;
  bool is_uncertain; /* a file it imports is missing: an unknown name may be of that */
  bool has_unknown;  /* a name in it was not found: an import may be for that */
} unit;

/* A type inside a declaration that holds values: a field of a struct, an arm with a type, a field of an
 * arm. */
typedef struct slot {
  const schema_type *type; /* NULL: failed */
  bool *indirect;
  const schema_name *name;
  uint32_t arm; /* its arm in a union or error */
} slot;

/* A declaration. */
typedef struct entity {
  schema_decl *decl;
  const ast_decl *ast;
  unit *unit;
  bool failed;           /* conclude nothing from it */
  table members;         /* ENUM, FLAGS: schema_member by name */
  slot *slots;           /* STRUCT, UNION, ERROR */
  size_t slot_count;
  const ast_attr *max_depth; /* where @max_depth stands */
  schema_method *methods;    /* SERVICE */
  bool contains_itself;      /* by value, without end; reported */
  uint64_t size, align;      /* in C, as of type_facts */
  /* resolve_order.c */
  enum { ENTITY_NEW, ENTITY_OPEN, ENTITY_DONE } state;
  bool has_type;
  struct entity *parent;
} entity;

typedef struct type_facts {
  schema_type *type;
  uint32_t depth; /* levels of nesting; a scalar has 0 */
  uint64_t nodes; /* types it consists of */
  /* resolve_layout.c */
  bool has_layout, has_size;
  uint64_t size; /* bytes by value in C where pointers have 64 bits */
  uint64_t align;
} type_facts;

typedef struct resolver {
  arena *a;
  diags *d;
  unit *units; /* in loading order */
  size_t unit_count;
  table spaces; /* space by dotted name */
  space **space_list;
  size_t space_count;
  entity *entities; /* by schema_decl.index */
  size_t entity_count;
  type_facts *types; /* by schema_type.index */
  size_t type_count, type_capacity;
  size_t hints;
} resolver;

/* resolve.c: never NULL; worth reading only when nothing was reported as an error. */
const schema *idl_resolve(arena *a, diags *d, const ast_unit *files);
entity *entity_of(const resolver *r, const schema_decl *decl);
bool is_kind_with_slots(schema_decl_kind kind);
const char *decl_kind_text(schema_decl_kind kind);

/* resolve_scope.c: declarations and what a name in a file means. */
void scope_declare(resolver *r, const ast_unit *files);
/* The declaration that the first `parts` parts name, or NULL; says nothing and does not count as use. */
entity *scope_find(const resolver *r, const unit *u, const ast_qname *name, size_t parts);
size_t scope_parts(const ast_qname *name);
/* The same for the whole name, reporting what is unknown or not imported. `what`: "type", "constant" … */
entity *scope_resolve(resolver *r, unit *u, const ast_qname *name, const char *what);
void scope_use(unit *u, const entity *e);
/* The first `parts` parts name `decl`, which is not `wanted`: "a type", "a constant" … */
void scope_report_not_a(resolver *r, const ast_qname *name, size_t parts, const schema_decl *decl,
                        const char *wanted);
/* Whether a name that is unknown may stand for something that did not parse. */
bool scope_may_be_lost(const unit *u, const ast_qname *name);
/* Whether another hint may be worked out. */
bool scope_may_hint(resolver *r);
const char *scope_qname_text(const resolver *r, const ast_qname *name, size_t parts);
void scope_check_imports(resolver *r);

/* resolve_name.c: names of one item for all targets, and the convention they should follow. */
typedef enum name_style { STYLE_UPPER_CAMEL, STYLE_SNAKE } name_style;
void name_check_style(resolver *r, const ast_name *name, name_style style);
schema_name name_of_namespace(resolver *r, text dotted, span at);
schema_name name_of_decl(resolver *r, const entity *e, const schema_namespace *ns);
schema_name name_of_member(resolver *r, const entity *owner, const ast_name *name);
schema_name name_of_arm(resolver *r, const entity *owner, const ast_name *name);
schema_name name_of_field(resolver *r, const ast_name *name);
schema_name name_of_param(resolver *r, const ast_name *name);
schema_name name_of_method(resolver *r, const ast_name *name);

/* resolve_order.c: aliases, constants, enums and flags, each after what it is made of. */
void order_define(resolver *r);

/* resolve_type.c: NULL where something was wrong (and was reported, here or before). */
const schema_type *type_resolve(resolver *r, unit *u, const ast_type *ast);
schema_type *type_new(resolver *r, schema_type_kind kind, span at);
/* A word of the language for types, or 'stream'. */
bool type_is_builtin(text name);
void type_suggest(suggestion *s);
/* The number within optionals, lists and arrays, or NULL. */
const schema_type *type_number(const schema_type *type);
/* A copy of `type`, down to its number, that carries the limit. */
const schema_type *type_with_limit(resolver *r, const schema_type *type, const schema_range *range,
                                   bool dart_int);
/* The enum or flags that it names, or NULL. */
const schema_decl *type_enum(const schema_type *type);
const char *type_text(const resolver *r, const schema_type *type);

/* resolve_value.c */
bool value_read(resolver *r, unit *u, const ast_value *v, const schema_type *type, schema_value *out);
/* An integer constant from 1 to IDL_MAX_BOUND. */
bool value_count(resolver *r, unit *u, const ast_value *v, uint32_t *out);
/* As written in the source. */
text value_source(const ast_value *v);
int value_compare(const schema_value *a, const schema_value *b);
/* What stands for a u64 with @dart(int) must be one of Dart's integers. */
bool value_fits_dart_int(resolver *r, const schema_value *value, span at);

/* resolve_enum.c */
void enum_define(resolver *r, entity *e);

/* resolve_attr.c */
typedef enum attr_place {
  PLACE_CONST = 1 << 0,
  PLACE_ALIAS = 1 << 1,
  PLACE_ENUM = 1 << 2,
  PLACE_FLAGS = 1 << 3,
  PLACE_STRUCT = 1 << 4,
  PLACE_UNION = 1 << 5,
  PLACE_ERROR = 1 << 6,
  PLACE_SERVICE = 1 << 7,
  PLACE_MEMBER = 1 << 8,
  PLACE_FIELD = 1 << 9,
  PLACE_ARM = 1 << 10,
  PLACE_METHOD = 1 << 11,
  PLACE_PARAM = 1 << 12
} attr_place;

typedef enum attr_id {
  ATTR_BUFFER,
  ATTR_CONCURRENT,
  ATTR_DART,
  ATTR_DEPRECATED,
  ATTR_INLINE,
  ATTR_LATEST,
  ATTR_LEAF,
  ATTR_MAX_DEPTH,
  ATTR_QUIET,
  ATTR_RANGE,
  ATTR_TIMEOUT,
  ATTR_UNIT,
  ATTR_WAS,
  ATTR_COUNT
} attr_id;

/* The attributes of one item that are known, in place, and written as they should be. */
typedef struct attr_set {
  const ast_attr *of[ATTR_COUNT];
} attr_set;

attr_set attr_read(resolver *r, const ast_lead *lead, attr_place where);
schema_info attr_info(const attr_set *set, const ast_lead *lead);
const schema_attr_place *attr_places(resolver *r, const ast_lead *lead);
/* The type with @range and @dart(int) of its place applied. */
const schema_type *attr_limit(resolver *r, unit *u, const attr_set *set, const schema_type *type);
/* False: something was wrong with it. `*us` 0: none. */
bool attr_timeout(resolver *r, unit *u, const ast_attr *attr, int64_t *us);
const ast_value *attr_value(const ast_attr *attr);

/* resolve_member.c: fields, arms and parameters. */
void member_define(resolver *r, entity *e);
const schema_field *member_params(resolver *r, unit *u, const ast_field *asts, size_t *count);

/* resolve_method.c */
void method_define(resolver *r, entity *e);
void method_check_ids(resolver *r);

/* resolve_graph.c: strongly connected parts of a graph whose edges are in one array, grouped by source. */
typedef struct edge {
  uint32_t target;
  uint32_t slot;   /* of the source */
  bool by_value;   /* not through a list, set or map */
  bool breakable;  /* through an optional, or out of a union */
  bool is_pointer; /* made a pointer in C to break a cycle */
} edge;

typedef struct graph {
  uint32_t count;
  uint32_t *first; /* count + 1: edges of node i are first[i] … first[i + 1] − 1 */
  edge *edges;
  uint32_t *part;  /* of each node; a part comes before the parts that lead to it */
  uint32_t *order; /* nodes, parts together, what is led to first */
} graph;

typedef bool edge_filter(const edge *e);
void graph_find_parts(arena *a, graph *g, edge_filter *keep);

/* resolve_cycle.c: containment: recursion, pointers in C, the order of definitions. Nodes are indexes of
 * declarations. */
typedef struct containment {
  graph any;      /* in any way */
  graph by_value; /* in one piece of memory */
} containment;
containment cycle_check(resolver *r);

/* resolve_layout.c: sizes on the wire, hashability, arena use; the size by value in C. */
void layout_compute(resolver *r, const containment *contains);
/* resolve_least.c: wire_min of structs and unions, and those that no value can have. */
void least_compute(resolver *r, const graph *contains);
/* Bytes of a scalar, enum or flags on the wire; for others what their own count or tag takes at least. */
uint64_t layout_own_min(const schema_type *type);
uint64_t layout_add(uint64_t a, uint64_t b);
uint64_t layout_multiply(uint64_t a, uint64_t b);

/* resolve_fingerprint.c: fingerprints, shapes and what is reached; of a schema without errors. */
void fingerprint_compute(resolver *r);

/* resolve_import.c: which namespaces use which. */
void import_collect(resolver *r);

/* resolve_collide.c: names that are no longer different once converted. */
void collide_check(resolver *r);

#endif
