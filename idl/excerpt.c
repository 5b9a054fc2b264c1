/* Shows source lines with a caret. Whatever stands in a file, only printable UTF-8 reaches the terminal,
 * and a line of any length costs no more than what is shown of it. */
#include "excerpt.h"

#include "utf8.h"

#define TAB_WIDTH 4
/* Columns kept before the place when a line is cut. */
#define LEFT_WIDTH (EXCERPT_WIDTH * 2 / 5)
/* A code point takes at most this many bytes. */
#define GLYPH_BYTES 4
#define INDENT "  "

/* One code point, or one byte that is none, as it is shown. */
typedef struct glyph {
  size_t size; /* in the source */
  unsigned width;
  char shown[16];
} glyph;

typedef struct range {
  uint32_t first, last;
} range;

static bool in_ranges(uint32_t code_point, const range *ranges, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (code_point >= ranges[i].first && code_point <= ranges[i].last) return true;
  }
  return false;
}
#define IN_RANGES(code_point, ranges) in_ranges(code_point, ranges, sizeof(ranges) / sizeof(ranges)[0])

/* Controls, and what hides or reorders its neighbours. */
static bool is_invisible(uint32_t code_point) {
  static const range ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x200b, 0x200f},
                                 {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};
  return IN_RANGES(code_point, ranges);
}

/* What terminals commonly show two columns wide, or on top of its neighbour. */
static unsigned width_of(uint32_t code_point) {
  static const range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                               {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
                               {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
                               {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
  static const range combining[] = {{0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
  if (code_point < 0x0300) return 1;
  if (IN_RANGES(code_point, combining)) return 0;
  return IN_RANGES(code_point, wide) ? 2 : 1;
}

/* `t` is not empty. */
static glyph glyph_at(text t) {
  glyph g = {0};
  uint32_t code_point = 0;
  g.size = utf8_decode(t, &code_point);
  if (g.size == 0) {
    g.size = 1;
    g.width = (unsigned)snprintf(g.shown, sizeof g.shown, "\\x%02x", (unsigned char)t.data[0]);
  } else if (code_point == '\t') {
    g.width = (unsigned)snprintf(g.shown, sizeof g.shown, "%*s", TAB_WIDTH, "");
  } else if (is_invisible(code_point)) {
    const char *format = code_point < 0x80 ? "\\x%02x" : "\\u{%x}";
    g.width = (unsigned)snprintf(g.shown, sizeof g.shown, format, (unsigned)code_point);
  } else {
    g.width = width_of(code_point);
    memcpy(g.shown, t.data, g.size);
  }
  return g;
}

static text skip(text t, size_t size) { return (text){t.data + size, t.size - size}; }

/* Shows as much of `t` as fits `width` columns; returns the columns taken. `out` NULL: only measures. */
static unsigned write_columns(FILE *out, text t, unsigned width) {
  unsigned taken = 0;
  while (t.size > 0) {
    glyph g = glyph_at(t);
    if (taken + g.width > width) break;
    if (out != NULL) fputs(g.shown, out);
    taken += g.width;
    t = skip(t, g.size);
  }
  return taken;
}

/* The bytes before the place that can matter: the end of `before`, from the start of a code point. */
static text tail(text before) {
  const size_t most = (size_t)EXCERPT_WIDTH * GLYPH_BYTES;
  if (before.size <= most) return before;
  before = skip(before, before.size - most);
  for (int i = 1; i < GLYPH_BYTES && ((unsigned char)before.data[0] & 0xc0) == 0x80; i++)
    before = skip(before, 1);
  return before;
}

void excerpt_write(FILE *out, span at) {
  text line = source_line(at.file, source_place(at.file, at.offset).line);
  size_t offset = (size_t)at.offset - (size_t)(line.data - at.file->data);
  if (at.file->data + at.offset < line.data) offset = 0;
  if (offset > line.size) offset = line.size;

  text before = tail((text){line.data, offset});
  text after = skip(line, offset);
  unsigned left = write_columns(NULL, before, UINT32_MAX);
  unsigned right = write_columns(NULL, after, EXCERPT_WIDTH + 1);
  unsigned room = right >= EXCERPT_WIDTH - LEFT_WIDTH ? LEFT_WIDTH : EXCERPT_WIDTH - right;
  bool cut = before.size < offset || left > room;
  while (left > room) {
    glyph g = glyph_at(before);
    left -= g.width;
    before = skip(before, g.size);
  }

  fputs(cut ? INDENT "…" : INDENT, out);
  write_columns(out, before, left);
  unsigned shown = write_columns(out, after, EXCERPT_WIDTH - left);
  fputs(shown < right ? "…\n" : "\n", out);
  text covered = {after.data, at.size < after.size ? at.size : after.size};
  unsigned carets = write_columns(NULL, covered, shown);
  fprintf(out, INDENT "%*s^", (int)(left + cut), "");
  for (unsigned i = 1; i < carets; i++) fputc('~', out);
  fputc('\n', out);
}

void excerpt_write_text(FILE *out, text t, size_t limit) {
  size_t left = limit;
  while (t.size > 0) {
    glyph g = glyph_at(t);
    if (g.size > left) {
      fputs("…", out);
      return;
    }
    fputs(g.shown, out);
    left -= g.size;
    t = skip(t, g.size);
  }
}
