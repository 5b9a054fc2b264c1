/* Reads the files of a compilation and all they import. Imports are followed with a stack of our own, so that
 * a long chain of files takes no deep recursion. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "parse.h"

#define FIRST_READ 16384

/* A file that was read. */
typedef struct entry {
  dev_t device;
  ino_t inode;
  const char *path;
  ast_file *file;
  struct entry *next_entry;
  /* Its imports are followed one by one: the next one, and the file that each leads to (NULL: none). */
  struct entry **targets;
  ast_import *import;
  size_t followed;
  struct entry *importer; /* while they are: who was followed to it */
  bool is_open;
  /* The import that led to it last. */
  const struct entry *seen_by;
  const ast_import *seen_at;
} entry;

typedef struct loader {
  arena *arena;
  diags *diags;
  const compile_options *options;
  entry *entries;
  uint32_t count;
  ast_file **done; /* in order of dependency */
  size_t done_count, done_room;
  bool ok;
} loader;

/* What came of opening a path. */
typedef struct opened {
  int fd;          /* -1: failed */
  const char *why; /* it failed */
  bool is_missing; /* there is no such file */
  struct stat info;
} opened;

static void close_file(opened *o) {
  if (o->fd > STDIN_FILENO) close(o->fd);
  o->fd = -1;
}

/* NULL: standard input. */
static opened open_path(const char *path) {
  opened o = {.fd = path == NULL ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)};
  if (o.fd < 0 || fstat(o.fd, &o.info) != 0) {
    o.is_missing = errno == ENOENT || errno == ENOTDIR;
    o.why = strerror(errno);
    close_file(&o);
  } else if (S_ISDIR(o.info.st_mode)) {
    o.why = "it is a folder";
    close_file(&o);
  }
  return o;
}

/* Reads all of it, to at most one byte beyond the limit; NULL on failure, with errno. */
static char *read_all(const opened *o, size_t *size) {
  size_t room = S_ISREG(o->info.st_mode) && o->info.st_size > 0 && o->info.st_size < IDL_MAX_FILE_SIZE
                    ? (size_t)o->info.st_size + 1
                    : FIRST_READ;
  char *data = malloc(room);
  *size = 0;
  while (data != NULL && *size <= IDL_MAX_FILE_SIZE) {
    ssize_t got = read(o->fd, data + *size, room - *size);
    if (got == 0) return data;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    *size += (size_t)got;
    if (*size < room) continue;
    room *= 2;
    char *larger = realloc(data, room);
    if (larger == NULL) break;
    data = larger;
  }
  if (data != NULL && *size > IDL_MAX_FILE_SIZE) return data;
  free(data);
  return NULL;
}

/* NULL: `*why` says why it could not be read. */
static const source *read_source(loader *l, const opened *o, const char *path, const char **why) {
  size_t size;
  char *data = read_all(o, &size);
  if (data == NULL) {
    *why = strerror(errno);
    return NULL;
  }
  const source *file = NULL;
  if (size > IDL_MAX_FILE_SIZE) {
    *why = arena_printf(l->arena, "it is larger than %u MiB", IDL_MAX_FILE_SIZE / 1024 / 1024);
  } else {
    file = source_new(l->arena, path, (text){data, size}, l->count++);
  }
  free(data);
  return file;
}

static entry *find(const loader *l, const struct stat *info) {
  entry *e = l->entries;
  while (e != NULL && (e->device != info->st_dev || e->inode != info->st_ino)) e = e->next_entry;
  return e;
}

/* Reports that `path` cannot be read, where it was imported or (`at.file` NULL) given. */
static entry *fail(loader *l, const char *path, span at, const char *why) {
  diag_report(l->diags, DIAG_CANNOT_READ, at, path, why);
  return NULL;
}

static entry *add_entry(loader *l, const opened *o, const source *file) {
  entry *e = ARENA_NEW(l->arena, entry);
  e->device = o->info.st_dev;
  e->inode = o->info.st_ino;
  e->path = file->path;
  e->file = idl_parse(l->arena, l->diags, file);
  e->next_entry = l->entries;
  l->entries = e;
  return e;
}

/* The entry of an open file, parsed now unless it was before; NULL: reported. */
static entry *enter(loader *l, opened o, const char *path, span at) {
  entry *e = find(l, &o.info);
  if (e == NULL) {
    const char *why = NULL;
    const source *file = read_source(l, &o, path, &why);
    e = file == NULL ? fail(l, path, at, why) : add_entry(l, &o, file);
  }
  close_file(&o);
  return e;
}

static bool is_standard_input(const char *path) { return strcmp(path, "-") == 0; }

static entry *load_root(loader *l, const char *path) {
  bool is_stdin = is_standard_input(path);
  opened o = open_path(is_stdin ? NULL : path);
  const char *shown = is_stdin ? "<stdin>" : path;
  return o.fd < 0 ? fail(l, shown, (span){0}, o.why) : enter(l, o, shown, (span){0});
}

/* `path` in the folder that `beside` is in; an absolute one as it is. */
static char *path_beside(arena *a, const char *beside, const char *path) {
  const char *slash = path[0] == '/' ? NULL : strrchr(beside, '/');
  return slash == NULL ? arena_printf(a, "%s", path)
                       : arena_printf(a, "%.*s/%s", (int)(slash - beside), beside, path);
}

static char *path_in(arena *a, const char *folder, const char *path) {
  size_t size = strlen(folder);
  const char *between = size > 0 && folder[size - 1] == '/' ? "" : "/";
  return arena_printf(a, "%s%s%s", folder, between, path);
}

/* The place to look at in turn; NULL: no further one. */
static const char *candidate(loader *l, const entry *from, const char *path, size_t turn) {
  if (turn == 0) return path_beside(l->arena, from->path, path);
  if (path[0] == '/' || turn > l->options->include_count) return NULL;
  return path_in(l->arena, l->options->include_dirs[turn - 1], path);
}

static entry *report_not_found(loader *l, const entry *from, const char *path, span at) {
  diag *d = diag_report(l->diags, DIAG_IMPORT_NOT_FOUND, at, path);
  const char *tried;
  for (size_t turn = 0; (tried = candidate(l, from, path, turn)) != NULL; turn++) {
    diag_note(d, (span){0}, "looked for '%s'", tried);
  }
  return NULL;
}

static entry *load_import(loader *l, const entry *from, const ast_import *import) {
  if (import->path.size == 0 || memchr(import->path.data, 0, import->path.size) != NULL) {
    const char *why = import->path.size == 0 ? "names no file" : "has a NUL in its path";
    diag_report(l->diags, DIAG_IMPORT_PATH, import->at, why);
    return NULL;
  }
  const char *path = arena_copy(l->arena, import->path), *tried;
  for (size_t turn = 0; (tried = candidate(l, from, path, turn)) != NULL; turn++) {
    opened o = open_path(tried);
    if (o.fd >= 0) return enter(l, o, tried, import->at);
    if (!o.is_missing) return fail(l, tried, import->at, o.why);
  }
  return report_not_found(l, from, path, import->at);
}

/* From the file that is imported again, down to the one that does so. */
static void report_cycle(loader *l, const entry *from, const ast_import *import, const entry *target) {
  if (from == target) {
    diag_report(l->diags, DIAG_IMPORT_SELF, import->at);
    return;
  }
  diag *d = diag_report(l->diags, DIAG_IMPORT_CYCLE, import->at, target->path);
  size_t count = 0;
  for (const entry *e = from; e != target; e = e->importer) count++;
  const entry **steps = ARENA_ARRAY(l->arena, const entry *, count);
  for (const entry *e = from; e != target; e = e->importer) steps[--count] = e;
  for (const entry **step = steps;; step++) {
    diag_note(d, (*step)->importer->import->at, "'%s' is imported here", (*step)->path);
    if (*step == from) break;
  }
}

static void refuse_import(loader *l, entry *from, ast_import *import) {
  import->file = NULL;
  from->file->damaged = true;
  l->ok = false;
}

static void check_repeated(loader *l, const entry *from, const ast_import *import, entry *target) {
  if (target->seen_by == from && target != from) {
    diag *d = diag_report(l->diags, DIAG_IMPORT_TWICE, import->at, target->path);
    diag_note(d, target->seen_at->at, "it is imported here");
    return;
  }
  target->seen_by = from;
  target->seen_at = import;
}

/* Loads what `e` imports. */
static void open_entry(loader *l, entry *e, entry *importer) {
  size_t count = 0;
  for (const ast_import *import = e->file->imports; import != NULL; import = import->next) count++;
  e->is_open = true;
  e->importer = importer;
  e->import = e->file->imports;
  e->targets = ARENA_ARRAY(l->arena, entry *, count);
  count = 0;
  for (ast_import *import = e->file->imports; import != NULL; import = import->next) {
    entry *target = load_import(l, e, import);
    e->targets[count++] = target;
    if (target == NULL) {
      refuse_import(l, e, import);
    } else {
      import->file = target->file;
      check_repeated(l, e, import, target);
    }
  }
}

static void close_entry(loader *l, entry *e) {
  e->is_open = false;
  if (l->done_count == l->done_room) {
    size_t room = l->done_room * 2 + 16;
    ast_file **larger = ARENA_ARRAY(l->arena, ast_file *, room);
    if (l->done_count != 0) memcpy(larger, l->done, l->done_count * sizeof *larger);
    l->done = larger;
    l->done_room = room;
  }
  l->done[l->done_count++] = e->file;
}

/* Takes one step from the file at hand: to one that it imports, or, when all are done, back. */
static entry *step(loader *l, entry *e) {
  if (e->import == NULL) {
    close_entry(l, e);
    if (e->importer != NULL) e->importer->import = e->importer->import->next;
    return e->importer;
  }
  entry *target = e->targets[e->followed++];
  if (target != NULL && target->targets == NULL) {
    open_entry(l, target, e);
    return target;
  }
  if (target != NULL && target->is_open) {
    report_cycle(l, e, e->import, target);
    refuse_import(l, e, e->import);
  }
  e->import = e->import->next;
  return e;
}

bool idl_load(arena *a, diags *d, const char *const *paths, size_t count, const compile_options *options,
              ast_unit *out) {
  loader l = {.arena = a, .diags = d, .options = options, .ok = true};
  for (size_t i = 0; i < count; i++) {
    entry *root = load_root(&l, paths[i]);
    if (root == NULL) l.ok = false;
    if (root == NULL || root->targets != NULL) continue;
    open_entry(&l, root, NULL);
    for (entry *e = root; e != NULL;) e = step(&l, e);
  }
  *out = (ast_unit){.files = l.done, .count = l.done_count};
  return l.ok;
}
