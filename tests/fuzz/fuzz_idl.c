/* Fuzzing of the compiler: the input is one file or, separated by the byte 1D, a file and those it may
 * import as "1.mbr", "2.mbr" and so on. Whatever comes, there is a schema or at least one error, everything
 * reported can be rendered, and each backend generates from the schema or says why not. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../compiler/backend.h"
#include "../../idl/compile.h"

enum { SEPARATOR = 0x1D, FILES_MAX = 4 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FILE *nowhere;

static void demand(bool holds) {
  if (!holds) abort();
}

/* The files lie in a folder of this process; libFuzzer keeps its own working folder. */
static char folder[] = "/tmp/mbrc-fuzz-XXXXXX";
static char paths[FILES_MAX][sizeof folder + sizeof "/0.mbr"];

static void remove_folder(void) {
  for (size_t i = 0; i < FILES_MAX; i++) (void)unlink(paths[i]);
  (void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  nowhere = fopen("/dev/null", "w");
  demand(nowhere != NULL && mkdtemp(folder) != NULL);
  for (unsigned i = 0; i < FILES_MAX; i++) (void)snprintf(paths[i], sizeof paths[i], "%s/%u.mbr", folder, i);
  return atexit(remove_folder);
}

static void write_file(const char *path, const uint8_t *data, size_t size) {
  FILE *file = fopen(path, "wb");
  demand(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void write_files(const uint8_t *data, size_t size) {
  for (size_t number = 0; number < FILES_MAX; number++) {
    const uint8_t *end = size != 0 ? memchr(data, SEPARATOR, size) : NULL;
    size_t own = end != NULL && number + 1 < FILES_MAX ? (size_t)(end - data) : size;
    write_file(paths[number], data, own);
    size_t used = own < size ? own + 1 : size;
    data += used;
    size -= used;
  }
}

static void generate(const schema *s, backend_fn *backend, arena *a, diags *d) {
  const backend_options with = {.package = "fuzzed"};
  output *out = output_new();
  backend(s, &with, a, d, out);
  output_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *path = paths[0];
  const compile_options with = {0};
  write_files(data, size);
  arena *a = arena_new();
  diags *d = diags_new(a);
  const schema *s = idl_compile(a, d, &path, 1, &with);
  demand((s != NULL) == (diags_errors(d) == 0));
  if (s != NULL) {
    generate(s, backend_c, a, d);
    generate(s, backend_dart, a, d);
  }
  diags_render(d, nowhere);
  arena_free(a);
  return 0;
}
