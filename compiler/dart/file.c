/* One Dart file: its header and imports, and lines that stay within their width. Knows no types. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "dart.h"

#ifndef DART_WIDTH_MAX
#define DART_WIDTH_MAX 110u /* columns of generated Dart */
#endif

#define CONTINUATION 4u /* columns a broken line is indented by */

void dart_put_header(emitter *e, const char *origin) {
  emit(e, "// " OUTPUT_MARK "%s. Do not edit.\n// dart format off\n// ignore_for_file: type=lint\n", origin);
}

void dart_put(dart_file *f, const char *format, ...) {
  if (f->out == NULL) return;
  va_list args;
  va_start(args, format);
  const char *line = arena_vprintf(f->package->arena, format, args);
  va_end(args);
  emit_text(f->out, (text){line, strlen(line)});
}

static void put_spaces(dart_file *f, size_t count) { emit(f->out, "%*s", (int)count, ""); }

/* Can `line` be broken at the space in `at`? After a comma or an arrow, before a conjunction or a choice. */
static bool is_break(const char *line, size_t at) {
  const char *before = line + at;
  if (before[-1] == ',' || (at > 1 && strncmp(before - 2, "=>", 2) == 0)) return true;
  return strncmp(before, " && ", 4) == 0 || strncmp(before, " ? ", 3) == 0 || strncmp(before, " : ", 3) == 0;
}

/* Where a walk over a line stands: how many brackets are open, and whether it is inside a string. */
typedef struct walk {
  unsigned depth;
  bool quoted;
} walk;

/* Takes note of line[i]; returns the index behind it. */
static size_t walk_over(walk *w, const char *line, size_t i) {
  char c = line[i];
  if (w->quoted && c == '\\' && line[i + 1] != '\0') return i + 2;
  if (c == '\'') w->quoted = !w->quoted;
  if (!w->quoted && strchr("([{", c) != NULL) w->depth++;
  if (!w->quoted && strchr(")]}", c) != NULL && w->depth > 0) w->depth--;
  return i + 1;
}

/* Where to break `line` so that the part before fits `room`: never inside a string, inside as few
 * brackets as possible, and late; where nothing fits, as early as possible. 0: nowhere. */
static size_t break_point(const char *line, size_t room) {
  size_t best = 0;
  unsigned best_depth = UINT_MAX;
  walk w = {0};
  for (size_t i = 0; line[i] != '\0' && (i < room || best == 0); i = walk_over(&w, line, i)) {
    if (w.quoted || line[i] != ' ' || i == 0 || w.depth > best_depth || !is_break(line, i)) continue;
    best = i;
    best_depth = w.depth;
  }
  return best;
}

/* Where `mark` stands in `line` outside of brackets and strings; 0: nowhere. */
static size_t find_outside(const char *line, const char *mark) {
  walk w = {0};
  for (size_t i = 0; line[i] != '\0'; i = walk_over(&w, line, i))
    if (!w.quoted && w.depth == 0 && strncmp(line + i, mark, strlen(mark)) == 0) return i;
  return 0;
}

static void put_whole(dart_file *f, size_t indent, text line) {
  put_spaces(f, indent);
  emit_text(f->out, line);
  emit_text(f->out, TEXT("\n"));
}

static void put_broken(dart_file *f, size_t indent, const char *line) {
  size_t size = strlen(line);
  size_t question = find_outside(line, " ? ");
  size_t colon = question == 0 ? 0 : find_outside(line, " : ");
  size_t condition = strncmp(line, "if (", 4) == 0 ? strcspn(line, "?") : 0;
  if (indent + size <= DART_WIDTH_MAX) {
    put_whole(f, indent, (text){line, size});
  } else if (condition != 0 && strncmp(line + condition, "?) ", 3) == 0) {
    put_whole(f, indent, (text){line, condition + 2});
    put_broken(f, indent + 2, line + condition + 3);
  } else if (colon > question) {
    put_whole(f, indent, (text){line, question});
    put_broken(f, indent + CONTINUATION,
               arena_printf(f->package->arena, "%.*s", (int)(colon - question - 1), line + question + 1));
    put_broken(f, indent + CONTINUATION, line + colon + 1);
  } else {
    size_t at = indent;
    for (size_t cut; at + strlen(line) > DART_WIDTH_MAX; at = indent + CONTINUATION) {
      cut = break_point(line, at < DART_WIDTH_MAX ? DART_WIDTH_MAX - at : 1);
      if (cut == 0) break;
      put_whole(f, at, (text){line, cut});
      line += cut + 1;
    }
    put_whole(f, at, (text){line, strlen(line)});
  }
}

void dart_line(dart_file *f, unsigned indent, const char *format, ...) {
  if (f->out == NULL) return;
  va_list args;
  va_start(args, format);
  put_broken(f, indent, arena_vprintf(f->package->arena, format, args));
  va_end(args);
}

void dart_list(dart_file *f, unsigned indent, const char *open, const char *const *items, size_t count,
               const char *close) {
  if (f->out == NULL) return;
  size_t width = indent + strlen(open) + strlen(close);
  for (size_t i = 0; i < count; i++) width += strlen(items[i]) + 2;
  bool fits = width <= DART_WIDTH_MAX;
  put_spaces(f, indent);
  emit(f->out, "%s%s", open, fits ? "" : "\n");
  for (size_t i = 0; i < count; i++) {
    if (fits) {
      emit(f->out, "%s%s", i > 0 ? ", " : "", items[i]);
    } else {
      put_broken(f, indent + 2, arena_printf(f->package->arena, "%s,", items[i]));
    }
  }
  if (!fits) put_spaces(f, indent);
  emit(f->out, "%s\n", close);
}

static void doc_line(emitter *e, unsigned indent, text line) {
  emit(e, "%*s///%s", (int)indent, "", line.size == 0 ? "" : " ");
  emit_text(e, line);
  emit_text(e, TEXT("\n"));
}

/* A carriage return ends a line in Dart as well. */
static void doc_lines(emitter *e, unsigned indent, text doc) {
  size_t start = 0;
  for (size_t i = 0; i <= doc.size && doc.size > 0; i++) {
    if (i < doc.size && doc.data[i] != '\n' && doc.data[i] != '\r') continue;
    doc_line(e, indent, (text){doc.data + start, i - start});
    start = i + 1;
  }
}

void dart_put_doc(emitter *e, unsigned indent, text doc, const char *details) {
  doc_lines(e, indent, doc);
  if (details == NULL) return;
  if (doc.size > 0) doc_line(e, indent, TEXT(""));
  doc_lines(e, indent, (text){details, strlen(details)});
}

void dart_doc(dart_file *f, unsigned indent, text doc, const char *details) {
  if (f->out != NULL) dart_put_doc(f->out, indent, doc, details);
}

void dart_deprecated(dart_file *f, unsigned indent, const schema_info *info) {
  if (info->deprecated.data == NULL) return;
  const char *name = dart_core(f, "Deprecated");
  const char *why = dart_string(f->package->arena, info->deprecated);
  dart_put(f, "%*s@%s(%s)\n", (int)indent, "", name, why);
}

void dart_use(dart_file *f, const char *uri, const char *prefix, const char *name) {
  dart_use_either(f, uri, NULL, prefix, name);
}

void dart_use_either(dart_file *f, const char *uri, const char *with_ffi, const char *prefix,
                     const char *name) {
  if (f->out != NULL) return; /* known from the dry run */
  if (f->import_count == f->import_room) {
    size_t room = f->import_room == 0 ? 32 : 2 * f->import_room;
    dart_import *larger = ARENA_ARRAY(f->package->arena, dart_import, room);
    if (f->import_count > 0) memcpy(larger, f->imports, f->import_count * sizeof *larger);
    f->imports = larger;
    f->import_room = room;
  }
  f->imports[f->import_count++] = (dart_import){uri, with_ffi, prefix, name};
}

static int compare_optional(const char *a, const char *b) {
  if (a == NULL || b == NULL) return (a != NULL) - (b != NULL);
  return strcmp(a, b);
}

/* dart: libraries first, then by path; a path's names in order. */
static int compare_imports(const void *x, const void *y) {
  const dart_import *a = x;
  const dart_import *b = y;
  int order = (strncmp(b->uri, "dart:", 5) == 0) - (strncmp(a->uri, "dart:", 5) == 0);
  if (order == 0) order = strcmp(a->uri, b->uri);
  if (order == 0) order = compare_optional(a->prefix, b->prefix);
  return order != 0 ? order : compare_optional(a->name, b->name);
}

static bool is_same_import(const dart_import *a, const dart_import *b) {
  return strcmp(a->uri, b->uri) == 0 && compare_optional(a->prefix, b->prefix) == 0;
}

/* Writes the import of imports[0 … count), which differ in their names alone. */
static void put_import(dart_file *f, const dart_import *imports, size_t count) {
  const char **names = ARENA_ARRAY(f->package->arena, const char *, count);
  size_t name_count = 0;
  for (size_t i = 0; i < count && imports[0].name != NULL; i++)
    if (i == 0 || strcmp(imports[i].name, imports[i - 1].name) != 0) names[name_count++] = imports[i].name;
  const char *what = imports[0].with_ffi == NULL
                         ? arena_printf(f->package->arena, "import '%s'", imports[0].uri)
                         : arena_printf(f->package->arena, "import '%s' if (dart.library.ffi) '%s'",
                                        imports[0].uri, imports[0].with_ffi);
  if (imports[0].prefix != NULL) {
    emit(f->out, "%s as %s;\n", what, imports[0].prefix);
  } else if (name_count == 0) {
    emit(f->out, "%s;\n", what);
  } else {
    const char *shown = names[0];
    size_t width = strlen(what) + sizeof " show ;";
    emit(f->out, "%s show %s", what, shown);
    width += strlen(shown);
    for (size_t i = 1; i < name_count; i++) {
      bool fits = width + strlen(names[i]) + 2 <= DART_WIDTH_MAX;
      width = (fits ? width + 2 : CONTINUATION) + strlen(names[i]);
      emit(f->out, fits ? ", %s" : ",\n    %s", names[i]);
    }
    emit(f->out, ";\n");
  }
}

static void put_imports(dart_file *f) {
  if (f->import_count == 0) return;
  qsort(f->imports, f->import_count, sizeof *f->imports, compare_imports);
  bool was_dart = false;
  for (size_t i = 0, next; i < f->import_count; i = next) {
    const dart_import *first = &f->imports[i];
    for (next = i + 1; next < f->import_count && is_same_import(first, &f->imports[next]);) next++;
    bool is_dart = strncmp(first->uri, "dart:", 5) == 0;
    if (i == 0 || was_dart != is_dart) emit(f->out, "\n");
    was_dart = is_dart;
    put_import(f, first, next - i);
  }
}

void dart_write_file(dart_package *p, const schema_namespace *ns, const char *kind, const char *doc,
                     dart_body *body) {
  dart_file f = {.package = p, .ns = ns, .kind = kind};
  body(&f);
  f.out = output_file(p->out, arena_printf(p->arena, "lib/src/%s_%s.dart", ns->name.dart, kind));
  dart_put_header(f.out, arena_printf(p->arena, " from namespace %.*s", TEXT_ARG(ns->name.text)));
  emit(f.out, "\n/// %s\nlibrary;\n", doc);
  put_imports(&f);
  body(&f);
}
