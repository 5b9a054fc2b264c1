#include "lines.h"

#include <stdarg.h>
#include <string.h>

/* How far a continued line is indented beyond the line it continues. */
enum { CONTINUATION = 4 };

c_lines c_lines_new(arena *a) { return (c_lines){.arena = a}; }

static void append(c_lines *lines, int indent, const char *code) {
  c_line *line = ARENA_NEW(lines->arena, c_line);
  line->indent = indent;
  line->text = code;
  if (lines->last != NULL)
    lines->last->next = line;
  else
    lines->first = line;
  lines->last = line;
  lines->count++;
}

void c_add(c_lines *lines, int indent, const char *format, ...) {
  va_list args;
  va_start(args, format);
  append(lines, indent, arena_vprintf(lines->arena, format, args));
  va_end(args);
}

void c_add_all(c_lines *lines, int indent, const c_lines *more) {
  for (const c_line *line = more->first; line != NULL; line = line->next)
    append(lines, indent + line->indent, line->text);
}

static bool starts_with(const char *code, const char *prefix) {
  return strncmp(code, prefix, strlen(prefix)) == 0;
}

void c_add_under(c_lines *lines, const char *head, const c_lines *body) {
  bool single = body->count == 1;
  bool nested = single && (starts_with(body->first->text, "if (") || starts_with(body->first->text, "for ("));
  if (single && !nested && strlen(head) + 1 + strlen(body->first->text) + 6 <= C_COLUMNS) {
    c_add(lines, 0, "%s %s", head, body->first->text);
  } else if (single && (!nested || starts_with(head, "for ("))) {
    c_add(lines, 0, "%s", head);
    c_add_all(lines, 1, body);
  } else {
    c_add(lines, 0, "%s {", head);
    c_add_all(lines, 1, body);
    c_add(lines, 0, "}");
  }
}

/* Columns, not bytes: a UTF-8 sequence counts once. */
static size_t columns(const char *code, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; i++) count += ((unsigned char)code[i] & 0xC0u) != 0x80u;
  return count;
}

/* How well a line breaks before text[i], the least being the best: in as few brackets as may be, behind a
 * comma or before && and || rather than within a ?:. 0: not there. */
static unsigned break_cost(const char *code, size_t i, unsigned depth) {
  static const char *const operators[] = {" && ", " || ", " ? ", " : "};
  if (code[i] != ' ') return 0;
  if (code[i - 1] == ',') return 2 * depth + 1;
  for (size_t k = 0; k < sizeof operators / sizeof operators[0]; k++)
    if (starts_with(code + i, operators[k])) return 2 * depth + (k < 2 ? 1 : 2);
  return 0;
}

/* Where a line of at most `room` columns had best end; where it has nowhere to, behind its first bracket
 * or =, and be that too late. String literals are left whole. 0: nowhere at all. */
static size_t break_point(const char *code, size_t size, size_t room) {
  size_t best = 0, bracket = 0;
  unsigned best_cost = ~0u, depth = 0;
  bool quoted = false;
  for (size_t i = 1; i < size && (i <= room || (best == 0 && bracket == 0)); i++) {
    char before = code[i - 1];
    if (before == '"' && (i < 2 || code[i - 2] != '\\')) quoted = !quoted;
    if (quoted) continue;
    depth += before == '(' || before == '{';
    depth -= before == ')' || before == '}';
    unsigned cost = break_cost(code, i, depth);
    if (cost != 0 && cost <= best_cost) {
      best = i;
      best_cost = cost;
    }
    if ((before == '(' && code[i] != ')') || (before == '=' && code[i] == ' ')) bracket = i;
  }
  return best != 0 ? best : bracket;
}

static void print_lines(emitter *e, int indent, const char *code, size_t size, const char *line_end) {
  size_t spaces = (size_t)indent * 2;
  size_t room = C_COLUMNS - spaces - strlen(line_end);
  emit(e, "%*s", (int)spaces, "");
  for (bool first = true; columns(code, size) > room; first = false) {
    size_t at = break_point(code, size, room);
    if (at == 0) break;
    emit(e, "%.*s%s\n%*s", (int)at, code, line_end, (int)spaces + CONTINUATION, "");
    while (code[at] == ' ') at++;
    code += at;
    size -= at;
    if (first) room -= CONTINUATION;
  }
  emit(e, "%.*s\n", (int)size, code);
}

/* What is returned under a long condition gets a line of its own. */
static void print_broken(emitter *e, int indent, const char *code, const char *line_end) {
  size_t size = strlen(code);
  const char *result = starts_with(code, "if (") ? strstr(code, ") return ") : NULL;
  if (result == NULL || (size_t)indent * 2 + columns(code, size) <= C_COLUMNS) {
    print_lines(e, indent, code, size, line_end);
    return;
  }
  size_t head = (size_t)(result + 1 - code);
  print_lines(e, indent, code, head, line_end);
  print_lines(e, indent + 1, result + 2, size - head - 1, line_end);
}

void c_print(emitter *e, const c_lines *lines) {
  for (const c_line *line = lines->first; line != NULL; line = line->next)
    print_broken(e, line->indent, line->text, "");
}

void c_print_line(emitter *e, arena *a, int indent, const char *format, ...) {
  va_list args;
  va_start(args, format);
  print_broken(e, indent, arena_vprintf(a, format, args), "");
  va_end(args);
}

void c_print_define(emitter *e, const char *name, const char *value) {
  emit(e, "#define %s", name);
  if (strlen("#define ") + strlen(name) + 1 + strlen(value) <= C_COLUMNS) {
    emit(e, " %s\n", value);
    return;
  }
  emit(e, " \\\n");
  print_broken(e, 1, value, " \\");
}

/* Bytes of a character of `t` that a comment must not hold: a direction control, which would make the
 * text look other than it is. */
static size_t direction_control(text t) {
  if (t.size < 3 || (unsigned char)t.data[0] != 0xE2) return 0;
  unsigned second = (unsigned char)t.data[1], third = (unsigned char)t.data[2];
  bool embedding = second == 0x80 && ((third >= 0xAA && third <= 0xAE) || third == 0x8E || third == 0x8F);
  bool isolate = second == 0x81 && third >= 0xA6 && third <= 0xA9;
  return embedding || isolate ? 3 : 0;
}

/* One word, so that it neither ends the comment, opens another, nor forms a trigraph. */
static void print_word(emitter *e, text word) {
  for (size_t i = 0; i < word.size; i++) {
    text rest = {word.data + i, word.size - i};
    char c = word.data[i], before = i > 0 ? word.data[i - 1] : '\0';
    size_t control = direction_control(rest);
    if (control != 0) {
      i += control - 1;
      continue;
    }
    if ((before == '*' && c == '/') || (before == '/' && c == '*') || (before == '?' && c == '/'))
      emit(e, " ");
    emit(e, "%c", (unsigned char)c < ' ' || c == 0x7F ? ' ' : c);
  }
}

/* One line of the text, wrapped. `used` columns stand before it already; each further line opens with
 * " * " and the spaces that the text opened with. */
static void print_paragraph(emitter *e, int indent, text line) {
  size_t lead = 0;
  while (lead < line.size && line.data[lead] == ' ') lead++;
  size_t start = (size_t)indent * 2 + 3 + lead;
  size_t at = start;
  if ((size_t)indent * 2 + 3 + columns(line.data, line.size) <= C_COLUMNS - 3) {
    print_word(e, line); /* as it stands: it may be a table or code */
    return;
  }
  emit(e, "%*s", (int)lead, "");
  for (size_t i = lead; i < line.size;) {
    size_t end = i;
    while (end < line.size && line.data[end] != ' ') end++;
    size_t width = columns(line.data + i, end - i);
    if (at > start && at + 1 + width > C_COLUMNS - 3) {
      emit(e, "\n%*s * %*s", indent * 2, "", (int)lead, "");
      at = start;
    } else if (at > start) {
      emit(e, " ");
      at++;
    }
    print_word(e, (text){line.data + i, end - i});
    at += width;
    while (end < line.size && line.data[end] == ' ') end++;
    i = end;
  }
}

void c_print_comment(emitter *e, int indent, text comment) {
  while (comment.size > 0 &&
         (comment.data[comment.size - 1] == '\n' || comment.data[comment.size - 1] == ' '))
    comment.size--;
  if (comment.size == 0) return;
  emit(e, "%*s/* ", indent * 2, "");
  for (size_t i = 0; i <= comment.size;) {
    size_t end = i;
    while (end < comment.size && comment.data[end] != '\n') end++;
    if (i > 0) emit(e, end > i ? "\n%*s * " : "\n%*s *", indent * 2, "");
    print_paragraph(e, indent, (text){comment.data + i, end - i});
    i = end + 1;
  }
  emit(e, " */\n");
}
