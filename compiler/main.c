/* mbrc: the driver. Reads the command line, runs the front end once, then each backend asked for, and
 * writes files only when nothing at all was wrong. Knows no tokens and no target. */
#include <string.h>

#include "../idl/compile.h"
#include "backend.h"
#include "explain/explain.h"
#include "firmware.h"
#include "options.h"
#include "package.h"
#include "vendor.h"
#include "version.h"

enum { EXIT_DONE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };

typedef struct target {
  const char *name;
  backend_fn *generate;
  const char *folder; /* NULL: not asked for */
  output *out;
} target;

static bool generate(const schema *s, const options *o, arena *a, diags *d) {
  target targets[] = {
      {"c", backend_c, o->c, NULL},
      {"c-client", backend_c_client, o->c_client, NULL},
      {"dart", backend_dart, o->dart, NULL},
  };
  const size_t count = sizeof targets / sizeof targets[0];
  backend_options with = {.package = o->package, .library = o->library, .firmware = o->profile != NULL};
  if (with.package == NULL && o->dart != NULL) with.package = package_from_schema(s, a, d);

  for (target *t = targets; t < targets + count; t++) {
    if (t->folder == NULL || diags_errors(d) != 0) continue;
    t->out = output_new();
    t->generate(s, &with, a, d, t->out);
  }
  bool ok = diags_errors(d) == 0;
  for (target *t = targets; t < targets + count; t++) {
    if (t->out == NULL) continue;
    ok = ok && output_write(t->out, t->folder, t->name);
    output_free(t->out);
  }
  return ok;
}

/* --abi, a firmware's where there is none. */
static bool find_abi(const char *name, layout_abi *found) {
  *found = name != NULL && strcmp(name, "lp64") == 0 ? ABI_LP64 : ABI_ILP32;
  return name == NULL || *found == ABI_LP64 || strcmp(name, "ilp32") == 0;
}

static bool use(const schema *s, const options *o, arena *a, diags *d) {
  layout_abi abi;
  if (o->profile != NULL) firmware_check(s, a, d);
  if (o->command != COMMAND_EXPLAIN) return generate(s, o, a, d);
  if (diags_errors(d) != 0 || !find_abi(o->abi, &abi)) return false;
  explain(stdout, s, abi);
  return true;
}

static bool compile(const options *o) {
  arena *a = arena_new();
  diags *d = diags_new(a);
  compile_options with = {.include_dirs = o->includes, .include_count = o->include_count};
  const schema *s = idl_compile(a, d, o->files, o->file_count, &with);
  bool ok = s != NULL && use(s, o, a, d);
  diags_render(d, stderr);
  arena_free(a);
  return ok;
}

static bool usage_is_right(const options *o) {
  if (o->file_count == 0) {
    fprintf(stderr, "mbrc: no %s\ntry 'mbrc --help'\n", o->command == COMMAND_VENDOR ? "folder" : "input files");
    return false;
  }
  if (o->command == COMMAND_VENDOR && o->file_count > 1) {
    fprintf(stderr, "mbrc: 'vendor' takes one folder, and '%s' is another\n", o->files[1]);
    return false;
  }
  if (o->profile != NULL && strcmp(o->profile, "firmware") != 0) {
    fprintf(stderr, "mbrc: there is no profile '%s'; there is 'firmware'\n", o->profile);
    return false;
  }
  layout_abi abi;
  if (!find_abi(o->abi, &abi)) {
    fprintf(stderr, "mbrc: there is no ABI '%s'; there are 'ilp32' and 'lp64'\n", o->abi);
    return false;
  }
  if (o->package != NULL && !package_name_is_valid(o->package)) {
    fprintf(stderr,
            "mbrc: '%s' cannot name a Dart package: lower-case letters, digits and '_', not beginning with a "
            "digit, no word of Dart\n",
            o->package);
    return false;
  }
  if (o->dart == NULL && (o->package != NULL || o->library != NULL)) {
    fprintf(stderr, "mbrc: --%s only has a meaning with --dart\n",
            o->package != NULL ? "package" : "library");
    return false;
  }
  return true;
}

static int run(const options *o) {
  if (o->command != COMMAND_VENDOR) return compile(o) ? EXIT_DONE : EXIT_ERROR;
  bool usage;
  if (vendor_write(o->files[0], o->with, &usage)) return EXIT_DONE;
  return usage ? EXIT_USAGE : EXIT_ERROR;
}

int main(int argc, char **argv) {
  options o;
  int status = EXIT_USAGE;
  if (!options_parse(&o, argc, argv)) {
    status = EXIT_USAGE;
  } else if (o.help) {
    options_help(stdout);
    status = EXIT_DONE;
  } else if (o.version) {
    puts("mbrc " MBRC_VERSION);
    status = EXIT_DONE;
  } else if (usage_is_right(&o)) {
    status = run(&o);
  }
  options_free(&o);
  if (fflush(stdout) != 0) status = EXIT_ERROR;
  return status;
}
