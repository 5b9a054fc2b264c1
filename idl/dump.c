/* One line an item, two spaces a level. Shows what was worked out, not how it was written. */
#include "dump.h"

#include <inttypes.h>

#include "integer.h"

typedef struct dumper {
  FILE *out;
  arena *a; /* for numbers */
} dumper;

static const char *const scalar_names[] = {
#define NAME(kind, spelling, bytes) [SCHEMA_##kind] = spelling,
    SCHEMA_SCALARS(NAME)
#undef NAME
};

static const char *const decl_names[] = {
    [SCHEMA_CONST] = "const", [SCHEMA_ALIAS] = "type",     [SCHEMA_ENUM] = "enum",
    [SCHEMA_FLAGS] = "flags", [SCHEMA_STRUCT] = "struct",  [SCHEMA_UNION] = "union",
    [SCHEMA_ERROR] = "error", [SCHEMA_SERVICE] = "service"};

static void put_value(const dumper *d, const schema_value *v) {
  switch (v->kind) {
  case SCHEMA_VALUE_BOOL: fputs(v->boolean ? "true" : "false", d->out); break;
  case SCHEMA_VALUE_INT: fputs(integer_text(d->a, v->integer), d->out); break;
  case SCHEMA_VALUE_FLOAT: fprintf(d->out, "%.17g", v->real); break;
  case SCHEMA_VALUE_STRING: fprintf(d->out, "\"%.*s\"", TEXT_ARG(v->string)); break;
  case SCHEMA_VALUE_MEMBER:
    fprintf(d->out, "%.*s.%.*s", TEXT_ARG(v->owner->name.text), TEXT_ARG(v->member->name.text));
    break;
  case SCHEMA_VALUE_NONE: fputs("none", d->out); break;
  case SCHEMA_VALUE_EMPTY: fputs("[]", d->out); break;
  }
  if (v->constant != NULL) fprintf(d->out, " (%.*s)", TEXT_ARG(v->constant->name.text));
}

static void put_type(const dumper *d, const schema_type *t);

static void put_parts(const dumper *d, const schema_type *t) {
  bool is_first = true;
  const schema_type *parts[] = {t->key, t->item};
  for (size_t i = 0; i < t->member_count + 2; i++) {
    const schema_type *part = i < 2 ? parts[i] : t->members[i - 2];
    if (part == NULL) continue;
    if (!is_first) fputs(", ", d->out);
    is_first = false;
    put_type(d, part);
  }
  if (t->bound != SCHEMA_UNBOUNDED) fprintf(d->out, "%s%" PRIu64, is_first ? "" : ", ", t->bound);
}

static void put_range(const dumper *d, const schema_range *range) {
  fputs("[", d->out);
  if (range->has_min) put_value(d, &range->min);
  fputs("..", d->out);
  if (range->has_max) put_value(d, &range->max);
  fputs("]", d->out);
}

static void put_type(const dumper *d, const schema_type *t) {
  static const char *const words[] = {[SCHEMA_LIST] = "list",
                                      [SCHEMA_SET] = "set",
                                      [SCHEMA_MAP] = "map",
                                      [SCHEMA_ARRAY] = "array",
                                      [SCHEMA_TUPLE] = "tuple"};
  if (t->kind == SCHEMA_NAMED) {
    fprintf(d->out, "%.*s.%.*s", TEXT_ARG(t->decl->ns->name.text), TEXT_ARG(t->decl->name.text));
  } else if (t->kind == SCHEMA_OPTIONAL) {
    put_type(d, t->item);
    fputs("?", d->out);
  } else {
    bool is_scalar = t->kind < sizeof scalar_names / sizeof *scalar_names;
    fputs(is_scalar ? scalar_names[t->kind] : words[t->kind], d->out);
    if (!is_scalar || t->bound != SCHEMA_UNBOUNDED) {
      fputs("<", d->out);
      put_parts(d, t);
      fputs(">", d->out);
    }
  }
  if (t->range != NULL) put_range(d, t->range);
  if (t->dart_int) fputs(" dart(int)", d->out);
}

static void put_bytes(const dumper *d, uint64_t bytes) {
  if (bytes == SCHEMA_UNBOUNDED)
    fputs("unbounded", d->out);
  else
    fprintf(d->out, "%" PRIu64, bytes);
}

static void put_layout(const dumper *d, uint64_t min, uint64_t max, bool hashable, bool needs_arena) {
  fputs(" {", d->out);
  put_bytes(d, min);
  fputs(" to ", d->out);
  put_bytes(d, max);
  fprintf(d->out, " bytes%s%s}", hashable ? ", hashable" : "", needs_arena ? ", arena" : "");
}

static void put_info(const dumper *d, const schema_info *info) {
  if (info->unit.size > 0) fprintf(d->out, " unit \"%.*s\"", TEXT_ARG(info->unit));
  if (info->deprecated.data != NULL) fprintf(d->out, " deprecated \"%.*s\"", TEXT_ARG(info->deprecated));
}

static void put_field(const dumper *d, const schema_field *f) {
  fprintf(d->out, "%.*s (%s, %s): %s", TEXT_ARG(f->name.text), f->name.c, f->name.dart,
          f->is_stream ? "stream " : "");
  put_type(d, f->type);
  if (f->indirect) fputs(" indirect", d->out);
  put_layout(d, f->type->wire_min, f->type->wire_max, f->type->hashable, f->type->needs_arena);
  if (f->value != NULL) {
    fputs(" = ", d->out);
    put_value(d, f->value);
  }
  put_info(d, &f->info);
  fputs("\n", d->out);
}

static void put_arm(const dumper *d, const schema_arm *arm) {
  fprintf(d->out, "    %" PRIu32 " %.*s (%s, %s)", arm->index, TEXT_ARG(arm->name.text), arm->name.c,
          arm->name.dart);
  if (arm->kind == SCHEMA_ARM_TYPE) {
    fputs(": ", d->out);
    put_type(d, arm->type);
    if (arm->indirect) fputs(" indirect", d->out);
  }
  put_info(d, &arm->info);
  fputs("\n", d->out);
  for (size_t i = 0; i < arm->field_count; i++) {
    fputs("      ", d->out);
    put_field(d, &arm->fields[i]);
  }
}

static void put_method(const dumper *d, const schema_method *m) {
  static const char *const kinds[] = {
      [SCHEMA_ASYNC] = "", [SCHEMA_SYNC] = "sync ", [SCHEMA_ONEWAY] = "oneway "};
  fprintf(d->out, "    %s%.*s (%s, %s) 0x%08" PRIx32 " %.*s", kinds[m->kind], TEXT_ARG(m->name.text),
          m->name.c, m->name.dart, m->id, TEXT_ARG(m->id_text));
  if (m->result != NULL) {
    fputs(m->result_is_stream ? " -> stream " : " -> ", d->out);
    put_type(d, m->result);
  }
  if (m->throws != NULL) fprintf(d->out, " throws %.*s", TEXT_ARG(m->throws->name.text));
  if (m->has_timeout) fprintf(d->out, " timeout %" PRId64 "us", m->timeout_us);
  if (m->buffer != 0) fprintf(d->out, " buffer %" PRIu32, m->buffer);
  fprintf(d->out, "%s%s%s%s%s%s", m->latest ? " latest" : "", m->is_inline ? " inline" : "",
          m->leaf ? " leaf" : "", m->concurrent ? " concurrent" : "", m->quiet ? " quiet" : "",
          m->scalars ? " scalars" : "");
  put_info(d, &m->info);
  fputs("\n", d->out);
  for (size_t i = 0; i < m->param_count; i++) {
    fputs("      ", d->out);
    put_field(d, &m->params[i]);
  }
}

static bool has_layout(const schema_decl *decl) {
  return decl->kind != SCHEMA_CONST && decl->kind != SCHEMA_ALIAS && decl->kind != SCHEMA_SERVICE;
}

static void put_decl(const dumper *d, const schema_decl *decl) {
  fprintf(d->out, "  %s%s%s %.*s (%s, %s)", decl->is_open ? "open " : "", decl->is_host ? "host " : "",
          decl_names[decl->kind], TEXT_ARG(decl->name.text), decl->name.c, decl->name.dart);
  if (decl->type != NULL) {
    fputs(": ", d->out);
    put_type(d, decl->type);
  }
  if (decl->value != NULL) {
    fputs(" = ", d->out);
    put_value(d, decl->value);
  }
  if (decl->recursive) fprintf(d->out, " recursive %" PRIu32, decl->max_depth);
  if (has_layout(decl)) put_layout(d, decl->wire_min, decl->wire_max, decl->hashable, decl->needs_arena);
  put_info(d, &decl->info);
  fputs("\n", d->out);
  for (size_t i = 0; i < decl->member_count; i++) {
    const schema_member *m = &decl->members[i];
    fprintf(d->out, "    %.*s (%s, %s) = %s", TEXT_ARG(m->name.text), m->name.c, m->name.dart,
            integer_text(d->a, m->value));
    put_info(d, &m->info);
    fputs("\n", d->out);
  }
  for (size_t i = 0; i < decl->field_count; i++) {
    fputs("    ", d->out);
    put_field(d, &decl->fields[i]);
  }
  for (size_t i = 0; i < decl->arm_count; i++) put_arm(d, &decl->arms[i]);
  for (size_t i = 0; i < decl->method_count; i++) put_method(d, &decl->methods[i]);
}

static void put_namespace(const dumper *d, const schema_namespace *ns) {
  fprintf(d->out, "namespace %.*s (%s, %s)\n", TEXT_ARG(ns->name.text), ns->name.c, ns->name.dart);
  for (size_t i = 0; i < ns->import_count; i++)
    fprintf(d->out, "  uses %.*s\n", TEXT_ARG(ns->imports[i]->name.text));
  for (size_t i = 0; i < ns->decl_count; i++) put_decl(d, ns->decls[i]);
  if (ns->sorted_count == 0) return;
  fputs("  sorted", d->out);
  for (size_t i = 0; i < ns->sorted_count; i++) fprintf(d->out, " %.*s", TEXT_ARG(ns->sorted[i]->name.text));
  fputs("\n", d->out);
}

void schema_dump(const schema *s, FILE *out) {
  dumper d = {.out = out, .a = arena_new()};
  for (size_t i = 0; i < s->namespace_count; i++) put_namespace(&d, s->namespaces[i]);
  arena_free(d.a);
}
