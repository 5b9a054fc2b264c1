/* How things of a schema are spelled in C: types, members, numbers, conditions, documentation. Knows
 * nothing of codecs and files. */
#ifndef COMPILER_C_SPELL_H
#define COMPILER_C_SPELL_H

#include "../../idl/schema.h"

/* uint8_t, float, mbr_str. */
const char *c_scalar_type(schema_type_kind kind);
/* What the runtime calls it: u8, f32, str; in mbr_write_u8, mbr_list_f32. */
const char *c_scalar_name(schema_type_kind kind);
bool c_is_scalar(const schema_type *t);
bool c_is_enum(const schema_type *t); /* enum or flags */

/* Bytes on the wire of what is stored as one value of fixed size (bool, numbers, times, uuid, enums,
 * flags); 0 for everything else. */
unsigned c_fixed_size(const schema_type *t);
/* Which mbr_put_ and mbr_get_ function moves such a value. */
const char *c_fixed_name(const schema_type *t);
/* A list of scalars without a range, which the runtime reads and writes by itself. */
bool c_is_plain_list(const schema_type *t);
bool c_is_fixed(const schema_type *t); /* on the wire, whatever its shape */

/* vss_cabin_reading, list_u8, opt_str, tuple2_u8_str, without bounds and ranges; `bounds`: with bounds. */
const char *c_type_name(arena *a, const schema_type *t, bool bounds);
/* The type as an item of a list, where an optional and an array is a struct of its own. */
const char *c_type(arena *a, const schema_type *t);
/* The struct of one key and value of a map. */
const char *c_entry_type(arena *a, const schema_type *map);
bool c_has_items(const schema_type *t); /* list, set or map */
/* Least bytes of an item, or of a key and its value. */
uint64_t c_item_min(const schema_type *t);
/* Whether all items have the same size on the wire. */
bool c_items_are_fixed(const schema_type *t);
/* The type as a member `name`: arrays are C arrays, and an optional is spelled without its flag. */
const char *c_member(arena *a, const schema_type *t, const char *name);

/* has_name, for the flag beside an optional member. */
const char *c_flag(arena *a, const char *name);

const char *c_upper(arena *a, const char *name);
/* VSS_COMMON_ACCESS_ERROR_OUT_OF_RANGE and ..._TAG_OUT_OF_RANGE */
const char *c_arm_macro(arena *a, const schema_decl *d, const schema_arm *arm);
const char *c_arm_tag(arena *a, const schema_decl *d, const schema_arm *arm);
bool c_arm_is_empty(const schema_arm *arm);
/* vss_cabin_cabin_signals_get_cabin */
const char *c_method(arena *a, const schema_decl *service, const schema_method *m);

/* A constant of an integer type. */
const char *c_int(arena *a, schema_type_kind kind, schema_int value);
const char *c_string(arena *a, text t);
/* A constant expression, or NULL where C has none (lists); optional: of what is inside. */
const char *c_value(arena *a, const schema_type *t, const schema_value *v);

/* The condition under which the scalar `expr` is no value of its type, and the name of the error; NULL
 * where every value is one. */
const char *c_violation(arena *a, const schema_type *t, const char *expr, const char **status);

/* 16, or MBR_UNBOUNDED; of a list, set or map whose items may have no bytes, the runtime's limit too. */
const char *c_bound(arena *a, const schema_type *t);

/* What is to be said about a declaration, or a member of type `t`: text, unit, range, bound, deprecation. */
text c_doc(arena *a, const schema_info *info);
text c_member_doc(arena *a, const schema_info *info, const schema_type *t);

#endif
