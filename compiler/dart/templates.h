/* The Dart files of dart_templates/, carried inside mbrc (see embed.sh). Knows nothing of what they say. */
#ifndef COMPILER_DART_TEMPLATES_H
#define COMPILER_DART_TEMPLATES_H

#include <stddef.h>

typedef struct dart_template {
  const char *name; /* of the file, without folder */
  const unsigned char *data;
  size_t size;
} dart_template;

extern const dart_template dart_templates[];
extern const size_t dart_template_count;

#endif
