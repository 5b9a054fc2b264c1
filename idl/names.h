/* How schema names become names of the targets. The rules are part of the language (two names that
 * collide after conversion are an error), so they stand here, once; docs/language.md states them.
 *
 * A name is a row of words. It is cut at '_' and '.', before a capital that follows a small letter or
 * a digit, and before a capital that a small letter follows (CabinHVACStation: Cabin HVAC Station).
 * Hence a converted name never begins or ends with '_', never holds two of them in a row, and holds
 * no '$': generated code is free to use such names beside names of the schema. */
#ifndef IDL_NAMES_H
#define IDL_NAMES_H

#include "arena.h"

/* CabinHVACStation → cabin_hvac_station, CABIN_HVAC_STATION, cabinHvacStation, CabinHvacStation;
 * x_7_5 → x_7_5, X_7_5, x7_5, X7_5. Dots of qualified names count as underscores. */
char *names_snake(arena *a, text name);
char *names_upper_snake(arena *a, text name);
char *names_lower_camel(arena *a, text name);
char *names_upper_camel(arena *a, text name);

/* Written as the language recommends: types UpperCamel, everything else snake_case. */
bool names_is_upper_camel(text name);
bool names_is_snake(text name);

/* Where a converted name stands: it decides which words the target keeps for itself. */
typedef enum names_place {
  NAMES_NAMESPACE, /* C: prefix of every name; Dart: file and import prefix */
  NAMES_GLOBAL,    /* a type, constant, or service; in C also every member constant */
  NAMES_FIELD,     /* of a struct or arm */
  NAMES_ARM,       /* of a union or error: in C a member, in Dart a class */
  NAMES_MEMBER,    /* of an enum or flags, in Dart */
  NAMES_METHOD,
  NAMES_PARAM
} names_place;

/* Keywords of C11 to C23 and C++20, and what standard headers or compilers define. */
bool names_reserved_in_c(const char *name);
/* Keywords of Dart and the built-in identifiers that cannot be used as a name of a library. */
bool names_reserved_in_dart(const char *name);

/* Returns `name`, or `name_` where the target has a use of its own for it at that place:
 * C: the reserved words everywhere, and the parameters `self` and `call` that generated functions have.
 * Dart: keywords everywhere, built-in identifiers for a namespace, members of Object and of generated
 * classes for fields and methods, those of Enum, too, for the members of an enum or flags. */
const char *names_escape_c(arena *a, const char *name, names_place where);
const char *names_escape_dart(arena *a, const char *name, names_place where);

#endif
