/* Doc comments, line by line: their text refers to the source where it can. */
#include "docs.h"

struct doc_line {
  text text;
  struct doc_line *next;
};

/* Without the marker, one space behind it, and blanks at the end. */
static text text_of(const docs *d, token line) {
  const size_t marker = sizeof "///" - 1;
  text t = {d->source->data + line.offset + marker, line.size - marker};
  if (t.size > 0 && t.data[0] == ' ') {
    t.data++;
    t.size--;
  }
  while (t.size > 0 && (t.data[t.size - 1] == ' ' || t.data[t.size - 1] == '\t')) t.size--;
  return t;
}

static void add(const docs *d, doc_lines *lines, token t) {
  struct doc_line *line = ARENA_NEW(d->arena, struct doc_line);
  line->text = text_of(d, t);
  if (lines->first == NULL) {
    lines->first = line;
    lines->at = (span){d->source, t.offset, t.size};
    lines->size = line->text.size;
  } else {
    lines->last->next = line;
    lines->size += 1 + line->text.size;
  }
  lines->last = line;
}

static text join(const docs *d, const doc_lines *lines) {
  if (lines->first == NULL) return (text){0};
  if (lines->first == lines->last) return lines->first->text;
  char *joined = arena_alloc(d->arena, lines->size);
  size_t used = 0;
  for (const struct doc_line *line = lines->first; line != NULL; line = line->next) {
    if (line != lines->first) joined[used++] = '\n';
    memcpy(joined + used, line->text.data, line->text.size);
    used += line->text.size;
  }
  return (text){joined, used};
}

void docs_add(docs *d, token line) { add(d, &d->pending, line); }

void docs_add_to_namespace(docs *d, token line) { add(d, &d->namespace_lines, line); }

doc_comment *docs_take(docs *d) {
  if (d->pending.first == NULL) return NULL;
  doc_comment *comment = ARENA_NEW(d->arena, doc_comment);
  comment->text = join(d, &d->pending);
  comment->at = d->pending.at;
  d->pending = (doc_lines){0};
  *(d->last == NULL ? &d->first : &d->last->next) = comment;
  d->last = comment;
  return comment;
}

text docs_of_namespace(const docs *d) { return join(d, &d->namespace_lines); }
