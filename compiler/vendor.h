/* `mbrc vendor`: the runtime's sources, which mbrc carries inside, as few files to be compiled with what it
 * generates. Knows no schema. */
#ifndef COMPILER_VENDOR_H
#define COMPILER_VENDOR_H

#include <stdbool.h>
#include <stddef.h>

/* compiler/vendor/parts, as compiler/vendor/embed.sh embeds it. The core comes first and goes with every other. */
typedef struct vendor_part {
  const char *name;
  const char *needs; /* other parts, before it in the table: "core,exec" */
  const char *about;
  const char *header; /* "core": written to mbr/core.h */
  const unsigned char *header_text;
  size_t header_size;
  const unsigned char *source_text; /* "core": to mbr/core.c */
  size_t source_size;
} vendor_part;

extern const vendor_part vendor_parts[];
extern const size_t vendor_part_count;

/* Writes the core, the parts named in `with` ("dart,exec"; NULL: none) and what they need below `folder`, in its
 * folder mbr. False, with a message on stderr; `*usage`: because there is no such part. */
bool vendor_write(const char *folder, const char *with, bool *usage);

#endif
