/* A source file in memory, and places in it. Lines and columns are worked out only on demand. */
#ifndef IDL_SOURCE_H
#define IDL_SOURCE_H

#include <stdint.h>

#include "arena.h"

typedef struct source {
  const char *path; /* as the user gave it or as an import resolved; shown in diagnostics */
  const char *data; /* size bytes, then a NUL */
  uint32_t size;
  uint32_t index;             /* order of loading */
  struct source_lines *lines; /* made when a place is first asked for */
} source;

typedef struct span {
  const source *file;
  uint32_t offset;
  uint32_t size;
} span;

typedef struct place {
  uint32_t line;   /* from 1 */
  uint32_t column; /* from 1, in Unicode code points */
} place;

/* Copies `data` (below 4 GiB) and `path`. */
source *source_new(arena *a, const char *path, text data, uint32_t index);

/* Takes constant time, roughly, in a file of any size with lines of any length: an index is built once. */
place source_place(const source *file, uint32_t offset);

/* A line from 1 on, without its line end. */
text source_line(const source *file, uint32_t line);

#endif
