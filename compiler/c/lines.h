/* Generated text on its way to a file: statements, comments and macros, broken where they would be too
 * long. Knows nothing of schemas. */
#ifndef COMPILER_C_LINES_H
#define COMPILER_C_LINES_H

#include "../output.h"

/* Generated lines are broken to fit in this many columns. */
#ifndef C_COLUMNS
#define C_COLUMNS 110
#endif

/* Statements being put together: indented and broken only when printed, so that a body can be built
 * before it is known what stands around it. */
typedef struct c_line {
  int indent; /* in steps of two columns */
  const char *text;
  struct c_line *next;
} c_line;

typedef struct c_lines {
  arena *arena;
  c_line *first;
  c_line *last;
  size_t count;
} c_lines;

c_lines c_lines_new(arena *a);
void c_add(c_lines *lines, int indent, const char *format, ...) __attribute__((format(printf, 3, 4)));
void c_add_all(c_lines *lines, int indent, const c_lines *more);

/* Puts `head`, "if (…)" or "for (…)", in front of `body`: on one line, on two, or with braces. */
void c_add_under(c_lines *lines, const char *head, const c_lines *body);

void c_print(emitter *e, const c_lines *lines);
/* One line by itself. */
void c_print_line(emitter *e, arena *a, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A comment on lines of its own, made harmless and wrapped; nothing for an empty text. */
void c_print_comment(emitter *e, int indent, text comment);

/* #define name value */
void c_print_define(emitter *e, const char *name, const char *value);

#endif
