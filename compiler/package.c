#include "package.h"

#include "../idl/names.h"

#define PACKAGE_NAME_MAX 64u

static bool is_lower(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool package_name_is_valid(const char *name) {
  size_t size = strlen(name);
  if (size == 0 || size > PACKAGE_NAME_MAX || !is_lower(name[0])) return false;
  for (size_t i = 1; i < size; i++)
    if (!is_lower(name[i]) && !is_digit(name[i])) return false;
  return !names_reserved_in_dart(name);
}

/* How much of `a` and `b` is the same, ending where a part of both ends. */
static size_t common_parts(text a, text b) {
  size_t same = 0;
  for (size_t i = 0; i <= a.size && i <= b.size; i++) {
    bool a_ends = i == a.size || a.data[i] == '.';
    bool b_ends = i == b.size || b.data[i] == '.';
    if (a_ends && b_ends) same = i;
    if (i == a.size || i == b.size || a.data[i] != b.data[i]) break;
  }
  return same;
}

const char *package_from_schema(const schema *s, arena *a, diags *d) {
  text common = s->namespaces[0]->name.text;
  for (size_t i = 1; i < s->namespace_count; i++) {
    text name = s->namespaces[i]->name.text;
    common.size = common_parts(common, name);
  }
  const char *name = names_snake(a, common);
  if (common.size != 0 && package_name_is_valid(name)) return name;
  diag_report(d, DIAG_NO_PACKAGE_NAME, (span){0});
  return NULL;
}
