/* The names of each kind of schema item in every target, and the convention they should follow. */
#include "names.h"
#include "resolve.h"

void name_check_style(resolver *r, const ast_name *name, name_style style) {
  if (style == STYLE_UPPER_CAMEL && !names_is_upper_camel(name->text))
    diag_report(r->d, DIAG_STYLE_UPPER_CAMEL, name->at, names_upper_camel(r->a, name->text));
  if (style == STYLE_SNAKE && !names_is_snake(name->text))
    diag_report(r->d, DIAG_STYLE_SNAKE, name->at, names_snake(r->a, name->text));
}

static schema_name make(resolver *r, text as_written, span at, const char *c, const char *dart,
                        names_place c_place, names_place dart_place) {
  return (schema_name){.text = as_written,
                       .at = at,
                       .c = names_escape_c(r->a, c, c_place),
                       .dart = names_escape_dart(r->a, dart, dart_place)};
}

schema_name name_of_namespace(resolver *r, text dotted, span at) {
  const char *snake = names_snake(r->a, dotted);
  return make(r, dotted, at, snake, snake, NAMES_NAMESPACE, NAMES_NAMESPACE);
}

schema_name name_of_decl(resolver *r, const entity *e, const schema_namespace *ns) {
  const ast_name *name = &e->ast->name;
  bool is_const = e->ast->kind == AST_CONST;
  text prefix = ns->name.text;
  const char *c =
      is_const
          ? arena_printf(r->a, "%s_%s", names_upper_snake(r->a, prefix), names_upper_snake(r->a, name->text))
          : arena_printf(r->a, "%s_%s", names_snake(r->a, prefix), names_snake(r->a, name->text));
  const char *dart = is_const ? names_lower_camel(r->a, name->text) : names_upper_camel(r->a, name->text);
  return make(r, name->text, name->at, c, dart, NAMES_GLOBAL, NAMES_GLOBAL);
}

schema_name name_of_member(resolver *r, const entity *owner, const ast_name *name) {
  const char *c =
      arena_printf(r->a, "%s_%s_%s", names_upper_snake(r->a, owner->decl->ns->name.text),
                   names_upper_snake(r->a, owner->decl->name.text), names_upper_snake(r->a, name->text));
  return make(r, name->text, name->at, c, names_lower_camel(r->a, name->text), NAMES_GLOBAL, NAMES_MEMBER);
}

schema_name name_of_arm(resolver *r, const entity *owner, const ast_name *name) {
  const char *dart = arena_printf(r->a, "%s%s", names_upper_camel(r->a, owner->decl->name.text),
                                  names_upper_camel(r->a, name->text));
  return make(r, name->text, name->at, names_snake(r->a, name->text), dart, NAMES_ARM, NAMES_ARM);
}

static schema_name local(resolver *r, const ast_name *name, names_place where) {
  return make(r, name->text, name->at, names_snake(r->a, name->text), names_lower_camel(r->a, name->text),
              where, where);
}

schema_name name_of_field(resolver *r, const ast_name *name) { return local(r, name, NAMES_FIELD); }
schema_name name_of_param(resolver *r, const ast_name *name) { return local(r, name, NAMES_PARAM); }
schema_name name_of_method(resolver *r, const ast_name *name) { return local(r, name, NAMES_METHOD); }
