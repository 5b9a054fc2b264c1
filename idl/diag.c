/* Diagnostics: kept in the order they come, shown in the order of their places. A hostile file can give
 * rise to millions: only so many are kept, fewer are shown, all are counted. */
#include "diag.h"

#include <stdlib.h>

#include "excerpt.h"

/* Errors kept, and warnings; further ones are only counted. */
#ifndef DIAG_KEPT
#define DIAG_KEPT 10000
#endif
/* Errors shown, and warnings. */
#ifndef DIAG_SHOWN
#define DIAG_SHOWN 100
#endif
/* Bytes of one message. */
#ifndef DIAG_TEXT_SIZE
#define DIAG_TEXT_SIZE 1000
#endif

#define BUCKETS 1024
#define SEVERITIES 2

typedef struct note {
  span at;
  const char *text;
  struct note *next;
} note;

struct diag {
  diags *owner;
  diag_id id;
  span at;
  const char *text;
  note *notes, *last_note;
  size_t order; /* of reporting */
  struct diag *next;
  struct diag *next_in_bucket;
};

struct diags {
  arena *arena;
  diag *first, *last;
  size_t kept[SEVERITIES];
  size_t counts[SEVERITIES];
  diag *buckets[BUCKETS];
};

static const struct {
  int number;
  diag_severity severity;
  const char *format;
} kinds[] = {
#define DIAG_ROW(id, number, severity, format) {number, severity, format},
    DIAG_TABLE(DIAG_ROW)
#undef DIAG_ROW
};

diags *diags_new(arena *a) {
  diags *d = ARENA_NEW(a, diags);
  d->arena = a;
  return d;
}

static bool same(const diag *a, const diag *b) {
  return a->id == b->id && a->at.file == b->at.file && a->at.offset == b->at.offset &&
         a->at.size == b->at.size && strcmp(a->text, b->text) == 0;
}

/* False: the very same was reported before. */
static bool is_new(diags *d, diag *item) {
  uint32_t file = item->at.file == NULL ? 0 : item->at.file->index + 1;
  uint32_t hash = (item->at.offset ^ file * 0x9e3779b1u) * 0x85ebca6bu ^ (uint32_t)item->id * 0xc2b2ae35u;
  diag **bucket = &d->buckets[(hash >> 16 ^ hash) % BUCKETS];
  for (const diag *known = *bucket; known != NULL; known = known->next_in_bucket) {
    if (same(known, item)) return false;
  }
  item->next_in_bucket = *bucket;
  *bucket = item;
  return true;
}

diag *diag_report(diags *d, diag_id id, span at, ...) {
  diag_severity severity = kinds[id].severity;
  if (d->kept[severity] == DIAG_KEPT) {
    d->counts[severity]++;
    return NULL;
  }
  diag *item = ARENA_NEW(d->arena, diag);
  *item = (diag){.owner = d, .id = id, .at = at, .order = d->kept[DIAG_ERROR] + d->kept[DIAG_WARNING]};
  va_list args;
  va_start(args, at);
  item->text = arena_vprintf(d->arena, kinds[id].format, args);
  va_end(args);
  if (!is_new(d, item)) return NULL;
  *(d->last == NULL ? &d->first : &d->last->next) = item;
  d->last = item;
  d->kept[severity]++;
  d->counts[severity]++;
  return item;
}

void diag_note(diag *item, span at, const char *format, ...) {
  if (item == NULL) return;
  note *added = ARENA_NEW(item->owner->arena, note);
  added->at = at;
  va_list args;
  va_start(args, format);
  added->text = arena_vprintf(item->owner->arena, format, args);
  va_end(args);
  *(item->last_note == NULL ? &item->notes : &item->last_note->next) = added;
  item->last_note = added;
}

size_t diags_errors(const diags *d) { return d->counts[DIAG_ERROR]; }

size_t diags_warnings(const diags *d) { return d->counts[DIAG_WARNING]; }

/* Places of no file come first. */
static int compare(const void *left, const void *right) {
  const diag *a = *(diag *const *)left, *b = *(diag *const *)right;
  uint64_t a_file = a->at.file == NULL ? 0 : (uint64_t)a->at.file->index + 1;
  uint64_t b_file = b->at.file == NULL ? 0 : (uint64_t)b->at.file->index + 1;
  if (a_file != b_file) return a_file < b_file ? -1 : 1;
  if (a->at.offset != b->at.offset) return a->at.offset < b->at.offset ? -1 : 1;
  int a_number = kinds[a->id].number, b_number = kinds[b->id].number;
  if (a_number != b_number) return a_number < b_number ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

static void write_head(FILE *out, span at, const char *severity, const char *message) {
  if (at.file == NULL) {
    fputs("mbrc: ", out);
  } else {
    place p = source_place(at.file, at.offset);
    excerpt_write_text(out, (text){at.file->path, strlen(at.file->path)}, SIZE_MAX);
    fprintf(out, ":%u:%u: ", p.line, p.column);
  }
  fprintf(out, "%s: ", severity);
  excerpt_write_text(out, (text){message, strlen(message)}, DIAG_TEXT_SIZE);
}

static void write_diag(FILE *out, const diag *item) {
  write_head(out, item->at, kinds[item->id].severity == DIAG_ERROR ? "error" : "warning", item->text);
  fprintf(out, " [mbr-%03d]\n", kinds[item->id].number);
  if (item->at.file != NULL) excerpt_write(out, item->at);
  for (const note *n = item->notes; n != NULL; n = n->next) {
    write_head(out, n->at, "note", n->text);
    fputc('\n', out);
    if (n->at.file != NULL) excerpt_write(out, n->at);
  }
}

static void write_count(FILE *out, const char *before, size_t count, const char *what) {
  fprintf(out, "%s%zu more %s%s", before, count, what, count == 1 ? "" : "s");
}

static void write_rest(FILE *out, size_t errors, size_t warnings) {
  if (errors + warnings == 0) return;
  fputs("mbrc: ", out);
  if (errors != 0) write_count(out, "", errors, "error");
  if (warnings != 0) write_count(out, errors != 0 ? " and " : "", warnings, "warning");
  fputs(errors + warnings == 1 ? " is not shown\n" : " are not shown\n", out);
}

void diags_render(const diags *d, FILE *out) {
  size_t count = 0;
  diag **sorted = ARENA_ARRAY(d->arena, diag *, d->kept[DIAG_ERROR] + d->kept[DIAG_WARNING] + 1);
  for (diag *item = d->first; item != NULL; item = item->next) sorted[count++] = item;
  qsort(sorted, count, sizeof sorted[0], compare);
  size_t shown[SEVERITIES] = {0};
  for (size_t i = 0; i < count; i++) {
    diag_severity severity = kinds[sorted[i]->id].severity;
    if (shown[severity] == DIAG_SHOWN) continue;
    write_diag(out, sorted[i]);
    shown[severity]++;
  }
  write_rest(out, d->counts[DIAG_ERROR] - shown[DIAG_ERROR], d->counts[DIAG_WARNING] - shown[DIAG_WARNING]);
}
