/* The codecs of all types of tests/vectors/vectors.mbr, by name. */
#ifndef VECTOR_TYPES_H
#define VECTOR_TYPES_H

#include "codec.h"
#include "vectors.h" /* what mbrc made of vectors.mbr */

#define VECTOR_TYPE(name, c_name) CODEC(c_name);
#include "vector_type_list.h" /* what vector_types.sh made of it */
#undef VECTOR_TYPE

typedef struct vector_type {
  const char *name;
  const codec *codec;
} vector_type;

static const vector_type vector_types[] = {
#define VECTOR_TYPE(name, c_name) {#name, &c_name##_codec},
#include "vector_type_list.h"
#undef VECTOR_TYPE
};

enum { VECTOR_TYPE_COUNT = sizeof vector_types / sizeof vector_types[0] };

#endif
