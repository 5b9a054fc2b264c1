/* Loading: what is read, in which order, how imports are found, and every way in which that fails. */
#include "idl_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "idl/compile.h"
#include "idl/load.h"

/* Each test runs in an empty folder of its own. */
static char folder[] = "/tmp/mbrc-load-XXXXXX";

static int enter_folder(void **state) {
  (void)state;
  strcpy(folder + sizeof folder - 7, "XXXXXX");
  return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static void remove_all(const char *path) {
  struct stat info;
  if (lstat(path, &info) != 0) return;
  if (!S_ISDIR(info.st_mode)) {
    unlink(path);
    return;
  }
  chmod(path, 0700);
  DIR *dir = opendir(path);
  for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char *inner = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&inner, &size);
    fprintf(out, "%s/%s", path, entry->d_name);
    fclose(out);
    remove_all(inner);
    free(inner);
  }
  if (dir != NULL) closedir(dir);
  rmdir(path);
}

static int leave_folder(void **state) {
  (void)state;
  int failed = chdir("/");
  remove_all(folder);
  return failed;
}

static void write_file(const char *path, const char *data) {
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs(data, out);
  assert_int_equal(fclose(out), 0);
}

static void make_folder(const char *path) { assert_int_equal(mkdir(path, 0700), 0); }

typedef struct loaded {
  run run;
  ast_unit unit;
  bool ok;
} loaded;

static loaded load_with(const char *const *paths, size_t count, compile_options options) {
  loaded l = {.run = run_new()};
  l.ok = idl_load(l.run.arena, l.run.diags, paths, count, &options, &l.unit);
  return l;
}
#define LOAD(...)                                                                                            \
  load_with((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
            (compile_options){0})

/* The paths in order of dependency, with a space after each. */
static void assert_files(loaded l, const char *wanted) {
  char *shown = arena_printf(l.run.arena, "%s", "");
  for (size_t i = 0; i < l.unit.count; i++) {
    shown = arena_printf(l.run.arena, "%s%s ", shown, l.unit.files[i]->source->path);
  }
  assert_string_equal(shown, wanted);
}

static void assert_refused(loaded l, const char *report) {
  assert_false(l.ok);
  assert_report(l.run, report);
  run_free(l.run);
}

static void imports_come_first(void **state) {
  (void)state;
  make_folder("sub");
  write_file("a.mbr", "namespace a;\nimport \"sub/b.mbr\";\nimport \"d.mbr\";\n");
  write_file("sub/b.mbr", "namespace b;\nimport \"../d.mbr\";\nimport \"c.mbr\";\n");
  write_file("sub/c.mbr", "namespace c;\nimport \"../d.mbr\";\n");
  write_file("d.mbr", "namespace d;\n");
  loaded l = LOAD("a.mbr", "d.mbr", "./a.mbr");
  assert_true(l.ok);
  assert_files(l, "d.mbr sub/c.mbr sub/b.mbr a.mbr ");
  assert_report(l.run, "");
  const ast_file *a = l.unit.files[3];
  assert_ptr_equal(a->imports->file, l.unit.files[2]);
  assert_ptr_equal(a->imports->next->file, l.unit.files[0]);
  assert_int_equal(a->source->index, 0);
  run_free(l.run);
}

static void a_file_is_known_by_its_identity(void **state) {
  (void)state;
  make_folder("sub");
  write_file("a.mbr", "namespace a;\nimport \"link.mbr\";\nimport \"hard.mbr\";\nimport \"sub/../b.mbr\";\n");
  write_file("b.mbr", "namespace b;\n");
  assert_int_equal(symlink("b.mbr", "link.mbr"), 0);
  assert_int_equal(link("b.mbr", "hard.mbr"), 0);
  loaded l = LOAD("a.mbr");
  assert_true(l.ok);
  assert_files(l, "link.mbr a.mbr ");
  assert_report(l.run, "a.mbr:3:8: warning: 'link.mbr' is imported already [mbr-006]\n"
                       "  import \"hard.mbr\";\n         ^~~~~~~~~~\n"
                       "a.mbr:2:8: note: it is imported here\n  import \"link.mbr\";\n         ^~~~~~~~~~\n"
                       "a.mbr:4:8: warning: 'link.mbr' is imported already [mbr-006]\n"
                       "  import \"sub/../b.mbr\";\n         ^~~~~~~~~~~~~~\n"
                       "a.mbr:2:8: note: it is imported here\n  import \"link.mbr\";\n         ^~~~~~~~~~\n");
  run_free(l.run);
}

static void imports_are_searched_in_order(void **state) {
  (void)state;
  make_folder("one");
  make_folder("two");
  write_file("one/x.mbr", "namespace one.x;\n");
  write_file("two/x.mbr", "namespace two.x;\n");
  write_file("two/y.mbr", "namespace two.y;\nimport \"x.mbr\";\n");
  write_file("a.mbr", "namespace a;\nimport \"x.mbr\";\nimport \"y.mbr\";\n");
  const char *const folders[] = {"one/", "two"};
  loaded l = load_with((const char *const[]){"a.mbr"}, 1, (compile_options){folders, 2});
  assert_true(l.ok);
  assert_files(l, "one/x.mbr two/x.mbr two/y.mbr a.mbr ");
  run_free(l.run);
  write_file("a.mbr", "namespace a;\nimport \"z.mbr\";\nimport \"/z/z.mbr\";\n");
  assert_refused(
      load_with((const char *const[]){"./a.mbr"}, 1, (compile_options){folders, 2}),
      "./a.mbr:2:8: error: cannot find 'z.mbr' [mbr-002]\n  import \"z.mbr\";\n         ^~~~~~~\n"
      "mbrc: note: looked for './z.mbr'\nmbrc: note: looked for 'one/z.mbr'\n"
      "mbrc: note: looked for 'two/z.mbr'\n"
      "./a.mbr:3:8: error: cannot find '/z/z.mbr' [mbr-002]\n  import \"/z/z.mbr\";\n         ^~~~~~~~~~\n"
      "mbrc: note: looked for '/z/z.mbr'\n");
}

static void cycles(void **state) {
  (void)state;
  write_file("a.mbr", "namespace a;\nimport \"b.mbr\";\n");
  write_file("b.mbr", "namespace b;\nimport \"c.mbr\";\n");
  write_file("c.mbr", "namespace c;\nimport \"b.mbr\";\nimport \"d.mbr\";\n");
  write_file("d.mbr", "namespace d;\nimport \"d.mbr\";\n");
  loaded l = LOAD("a.mbr");
  assert_false(l.ok);
  assert_files(l, "d.mbr c.mbr b.mbr a.mbr ");
  assert_true(l.unit.files[0]->damaged);
  assert_null(l.unit.files[0]->imports->file);
  assert_true(l.unit.files[1]->damaged);
  assert_null(l.unit.files[1]->imports->file);
  assert_false(l.unit.files[2]->damaged);
  assert_refused(l, "c.mbr:2:8: error: importing 'b.mbr' here closes a cycle [mbr-003]\n"
                    "  import \"b.mbr\";\n         ^~~~~~~\n"
                    "b.mbr:2:8: note: 'c.mbr' is imported here\n  import \"c.mbr\";\n         ^~~~~~~\n"
                    "d.mbr:2:8: error: a file cannot import itself [mbr-004]\n"
                    "  import \"d.mbr\";\n         ^~~~~~~\n");
}

static void a_longer_cycle_names_each_step(void **state) {
  (void)state;
  write_file("a.mbr", "namespace a;\nimport \"b.mbr\";\n");
  write_file("b.mbr", "namespace b;\nimport \"c.mbr\";\n");
  write_file("c.mbr", "namespace c;\nimport \"a.mbr\";\n");
  assert_refused(LOAD("a.mbr"),
                 "c.mbr:2:8: error: importing 'a.mbr' here closes a cycle [mbr-003]\n"
                 "  import \"a.mbr\";\n         ^~~~~~~\n"
                 "a.mbr:2:8: note: 'b.mbr' is imported here\n  import \"b.mbr\";\n         ^~~~~~~\n"
                 "b.mbr:2:8: note: 'c.mbr' is imported here\n  import \"c.mbr\";\n         ^~~~~~~\n");
}

static void a_chain_of_files_may_be_long(void **state) {
  (void)state;
  enum { LENGTH = 2000 };
  for (int i = 0; i < LENGTH; i++) {
    char path[32], data[64];
    snprintf(path, sizeof path, "f%d.mbr", i);
    snprintf(data, sizeof data, i + 1 < LENGTH ? "namespace f;\nimport \"f%d.mbr\";\n" : "namespace f;\n",
             i + 1);
    write_file(path, data);
  }
  loaded l = LOAD("f0.mbr");
  assert_true(l.ok);
  assert_int_equal(l.unit.count, LENGTH);
  assert_string_equal(l.unit.files[0]->source->path, "f1999.mbr");
  run_free(l.run);
}

static void what_cannot_be_read(void **state) {
  (void)state;
  make_folder("dir.mbr");
  assert_refused(LOAD("missing.mbr"),
                 "mbrc: error: cannot read 'missing.mbr': No such file or directory [mbr-001]\n");
  assert_refused(LOAD("dir.mbr"), "mbrc: error: cannot read 'dir.mbr': it is a folder [mbr-001]\n");
  assert_refused(LOAD("dir.mbr/x", ""),
                 "mbrc: error: cannot read 'dir.mbr/x': No such file or directory [mbr-001]\n"
                 "mbrc: error: cannot read '': No such file or directory [mbr-001]\n");
  write_file("a.mbr", "namespace a;\nimport \"dir.mbr\";\nimport \"\";\nimport \"b\\u{0}\";\nstruct S { }\n");
  loaded l = LOAD("a.mbr");
  assert_int_equal(l.unit.count, 1);
  assert_true(l.unit.files[0]->damaged);
  assert_non_null(l.unit.files[0]->decls);
  assert_refused(l, "a.mbr:2:8: error: cannot read 'dir.mbr': it is a folder [mbr-001]\n"
                    "  import \"dir.mbr\";\n         ^~~~~~~~~\n"
                    "a.mbr:3:8: error: the import names no file [mbr-005]\n  import \"\";\n         ^~\n"
                    "a.mbr:4:8: error: the import has a NUL in its path [mbr-005]\n  import \"b\\u{0}\";\n   "
                    "      ^~~~~~~~\n");
}

static void a_file_without_permission(void **state) {
  (void)state;
  const uid_t nobody = 65534, me = geteuid();
  write_file("a.mbr", "namespace a;\n");
  assert_int_equal(chmod("a.mbr", 0), 0);
  assert_int_equal(chmod(".", 0755), 0);
  if (me == 0) assert_int_equal(seteuid(nobody), 0); /* the superuser reads everything */
  loaded l = LOAD("a.mbr");
  if (me == 0) assert_int_equal(seteuid(me), 0);
  assert_refused(l, "mbrc: error: cannot read 'a.mbr': Permission denied [mbr-001]\n");
}

static void files_that_are_too_large(void **state) {
  (void)state;
  int fd = open("huge.mbr", O_CREAT | O_WRONLY, 0600);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, (off_t)IDL_MAX_FILE_SIZE + 1), 0);
  close(fd);
  assert_refused(LOAD("huge.mbr"),
                 "mbrc: error: cannot read 'huge.mbr': it is larger than 64 MiB [mbr-001]\n");
  if (access("/dev/zero", R_OK) != 0) return;
  assert_refused(LOAD("/dev/zero"),
                 "mbrc: error: cannot read '/dev/zero': it is larger than 64 MiB [mbr-001]\n");
}

/* Puts the reading end of a pipe that holds `data` in the place of standard input. */
static int replace_stdin(const char *data) {
  int ends[2], saved = dup(STDIN_FILENO);
  assert_true(saved >= 0);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], data, strlen(data)), (ssize_t)strlen(data));
  close(ends[1]);
  assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  close(ends[0]);
  return saved;
}

static void restore_stdin(int saved) {
  assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
  close(saved);
}

static void standard_input(void **state) {
  (void)state;
  write_file("b.mbr", "namespace b;\n");
  int saved = replace_stdin("namespace a;\nimport \"b.mbr\";\nstruct { }\n");
  loaded l = LOAD("-");
  restore_stdin(saved);
  assert_true(l.ok);
  assert_files(l, "b.mbr <stdin> ");
  assert_report(l.run,
                "<stdin>:3:8: error: expected a name, found '{' [mbr-040]\n  struct { }\n         ^\n");
  run_free(l.run);
}

/* More than a pipe holds at once, so that it is read in parts. */
static void a_named_pipe(void **state) {
  (void)state;
  enum { LINES = 20000 };
  assert_int_equal(mkfifo("pipe.mbr", 0600), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(30);
    FILE *out = fopen("pipe.mbr", "w");
    if (out == NULL) _exit(1);
    fputs("namespace a;\n", out);
    for (int i = 0; i < LINES; i++) fputs("const b: u8 = 1;\n", out);
    _exit(fclose(out));
  }
  loaded l = LOAD("pipe.mbr");
  int status = 1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_true(l.ok);
  size_t count = 0;
  for (const ast_decl *decl = l.unit.files[0]->decls; decl != NULL; decl = decl->next) count++;
  assert_int_equal(count, LINES);
  assert_report(l.run, "");
  run_free(l.run);
}

static void no_file_stays_open(void **state) {
  (void)state;
  write_file("a.mbr", "namespace a;\nimport \"b.mbr\";\nimport \"c.mbr\";\nimport \".\";\n");
  write_file("b.mbr", "namespace b;\nimport \"a.mbr\";\n");
  int before = dup(STDIN_FILENO);
  close(before);
  for (int i = 0; i < 50; i++) {
    loaded l = LOAD("a.mbr", "b.mbr", "missing.mbr", ".");
    assert_false(l.ok);
    run_free(l.run);
  }
  int after = dup(STDIN_FILENO);
  close(after);
  assert_int_equal(after, before);
}

/* One error for each kind of file that is no schema. */
static void files_that_are_none(void **state) {
  (void)state;
  write_file("empty.mbr", "");
  loaded l = LOAD("empty.mbr");
  assert_true(l.ok);
  assert_report(l.run, "empty.mbr:1:1: error: the file has no namespace; begin it with 'namespace NAME;' "
                       "[mbr-047]\n  \n  ^\n");
  run_free(l.run);
  FILE *out = fopen("noise.mbr", "w");
  assert_non_null(out);
  uint32_t random = 1;
  for (int i = 0; i < 100000; i++) {
    random = random * 1664525 + 1013904223;
    fputc((int)(random >> 24), out);
  }
  assert_int_equal(fclose(out), 0);
  write_file("a.mbr", "namespace a;\nimport \"noise.mbr\";\n");
  l = LOAD("a.mbr");
  assert_int_equal(diags_errors(l.run.diags), 1);
  assert_int_equal(count_in_report(l.run, "error: this is not UTF-8 text [mbr-029]\n"), 1);
  run_free(l.run);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
  const struct CMUnitTest tests[] = {
      TEST(imports_come_first),
      TEST(a_file_is_known_by_its_identity),
      TEST(imports_are_searched_in_order),
      TEST(cycles),
      TEST(a_longer_cycle_names_each_step),
      TEST(a_chain_of_files_may_be_long),
      TEST(what_cannot_be_read),
      TEST(a_file_without_permission),
      TEST(files_that_are_too_large),
      TEST(standard_input),
      TEST(a_named_pipe),
      TEST(no_file_stays_open),
      TEST(files_that_are_none),
  };
#undef TEST
  return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
