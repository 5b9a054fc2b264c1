#include "vendor.h"

#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include "output.h"

/* A set of parts, by their places in the table. */
typedef uint64_t part_set;

/* The place of a part, vendor_part_count when there is none. */
static size_t find(const char *name, size_t size) {
  size_t i = 0;
  while (i < vendor_part_count &&
         (strlen(vendor_parts[i].name) != size || strncmp(vendor_parts[i].name, name, size) != 0))
    i++;
  return i;
}

static void report_unknown(const char *name, size_t size) {
  fprintf(stderr, "mbrc: there is no part '%.*s' of the runtime; there are", (int)size, name);
  for (size_t i = 1; i < vendor_part_count; i++) fprintf(stderr, "%s %s", i > 1 ? "," : "", vendor_parts[i].name);
  fputc('\n', stderr);
}

/* Adds the parts of a list to the set; false, with a message, when there is one that does not exist. */
static bool add_all(part_set *set, const char *list) {
  while (*list != '\0') {
    size_t size = strcspn(list, ",");
    size_t place = find(list, size);
    if (place == vendor_part_count) {
      report_unknown(list, size);
      return false;
    }
    *set |= (part_set)1 << place;
    list += size;
    if (*list == ',') list++;
  }
  return true;
}

static void add_file(output *out, const vendor_part *part, const char *suffix, const unsigned char *data, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "mbr/%s%s", part->header, suffix);
  emit_text(output_file(out, path), (text){(const char *)data, size});
}

bool vendor_write(const char *folder, const char *with, bool *usage) {
  part_set set = 1;
  *usage = with != NULL && !add_all(&set, with);
  if (*usage) return false;
  /* Backwards, as parts need only those before them. */
  for (size_t i = vendor_part_count; i-- > 0;)
    if ((set >> i & 1) != 0 && !add_all(&set, vendor_parts[i].needs)) return false;
  output *out = output_new();
  for (size_t i = 0; i < vendor_part_count; i++) {
    const vendor_part *part = &vendor_parts[i];
    if ((set >> i & 1) == 0) continue;
    add_file(out, part, ".h", part->header_text, part->header_size);
    add_file(out, part, ".c", part->source_text, part->source_size);
  }
  bool ok = output_write(out, folder, "vendor");
  output_free(out);
  return ok;
}
