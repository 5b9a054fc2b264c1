/* Places in a source. An index of lines, and of code points at fixed steps, is built when the first place
 * is asked for; a place then costs a binary search and a scan of less than one step. */
#include "source.h"

#define STEP 4096u

struct source_lines {
  arena *arena;
  uint32_t *starts; /* offset of each line; NULL: not built yet */
  uint32_t count;
  uint32_t *code_points; /* how many begin before each multiple of STEP */
};

source *source_new(arena *a, const char *path, text data, uint32_t index) {
  source *s = ARENA_NEW(a, source);
  s->path = arena_copy(a, (text){path, strlen(path)});
  s->data = arena_copy(a, data);
  s->size = (uint32_t)data.size;
  s->index = index;
  s->lines = ARENA_NEW(a, struct source_lines);
  s->lines->arena = a;
  return s;
}

/* A byte that continues a code point has no column of its own. */
static uint32_t count_code_points(const char *data, uint32_t begin, uint32_t end) {
  uint32_t count = 0;
  for (uint32_t i = begin; i < end; i++) count += ((unsigned char)data[i] & 0xc0) != 0x80;
  return count;
}

static uint32_t count_lines(const source *file) {
  uint32_t count = 1;
  for (uint32_t i = 0; i < file->size; i++) count += file->data[i] == '\n';
  return count;
}

/* A byte order mark is invisible: the first line begins behind it. */
static uint32_t first_line_start(const source *file) {
  return file->size >= 3 && memcmp(file->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static const struct source_lines *lines_of(const source *file) {
  struct source_lines *lines = file->lines;
  if (lines->starts != NULL) return lines;
  lines->starts = ARENA_ARRAY(lines->arena, uint32_t, count_lines(file));
  lines->starts[lines->count++] = first_line_start(file);
  for (uint32_t i = 0; i < file->size; i++) {
    if (file->data[i] == '\n') lines->starts[lines->count++] = i + 1;
  }
  lines->code_points = ARENA_ARRAY(lines->arena, uint32_t, file->size / STEP + 1);
  for (uint32_t i = 1; i <= file->size / STEP; i++) {
    lines->code_points[i] =
        lines->code_points[i - 1] + count_code_points(file->data, (i - 1) * STEP, i * STEP);
  }
  return lines;
}

static uint32_t code_points_before(const source *file, uint32_t offset) {
  uint32_t step = offset / STEP;
  return lines_of(file)->code_points[step] + count_code_points(file->data, step * STEP, offset);
}

place source_place(const source *file, uint32_t offset) {
  const struct source_lines *lines = lines_of(file);
  if (offset > file->size) offset = file->size;
  uint32_t low = 0, high = lines->count; /* the line is in [low, high) */
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (lines->starts[middle] <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  uint32_t start = lines->starts[low];
  uint32_t before = offset < start ? 0 : code_points_before(file, offset) - code_points_before(file, start);
  return (place){.line = low + 1, .column = before + 1};
}

text source_line(const source *file, uint32_t line) {
  const struct source_lines *lines = lines_of(file);
  uint32_t start = lines->starts[line - 1];
  uint32_t end = line < lines->count ? lines->starts[line] - 1 : file->size;
  if (end > start && file->data[end - 1] == '\r') end--;
  return (text){file->data + start, end - start};
}
