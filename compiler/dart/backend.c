/* The Dart backend: from a schema to the files of a Dart package. */
#include "../../idl/names.h"
#include "dart.h"

void backend_dart(const schema *s, const backend_options *options, arena *a, diags *d, output *out) {
  text package = {options->package, strlen(options->package)};
  dart_package p = {
      .schema = s,
      .options = options,
      .arena = a,
      .diags = d,
      .out = out,
      .library_class = arena_printf(a, "%sLibrary", names_upper_camel(a, package)),
  };
  dart_names_collect(&p);
  if (!dart_check(&p)) return;
  for (size_t i = 0; i < s->namespace_count; i++) {
    dart_types(&p, s->namespaces[i]);
    dart_codec(&p, s->namespaces[i]);
    dart_services(&p, s->namespaces[i]);
    dart_native(&p, s->namespaces[i]);
    dart_fakes(&p, s->namespaces[i]);
  }
  dart_package_files(&p);
}
