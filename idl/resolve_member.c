/* Fields of structs, arms of unions and errors with their fields, and parameters. */
#include "resolve.h"

static size_t count_fields(const ast_field *f) {
  size_t count = 0;
  for (; f != NULL; f = f->next) count++;
  return count;
}

static void read_field(resolver *r, unit *u, const ast_field *ast, attr_place where, schema_field *out) {
  attr_set attrs = attr_read(r, &ast->lead, where);
  out->info = attr_info(&attrs, &ast->lead);
  out->name = where == PLACE_PARAM ? name_of_param(r, &ast->name) : name_of_field(r, &ast->name);
  out->is_stream = ast->is_stream;
  name_check_style(r, &ast->name, STYLE_SNAKE);
  const schema_type *type = ast->type == NULL ? NULL : type_resolve(r, u, ast->type);
  if (type == NULL) return;
  out->type = attr_limit(r, u, &attrs, type);
  if (ast->value == NULL) return;
  if (ast->is_stream) {
    diag_report(r->d, DIAG_STREAM_DEFAULT, ast->value->at);
    return;
  }
  schema_value *value = ARENA_NEW(r->a, schema_value);
  if (value_read(r, u, ast->value, out->type, value)) out->value = value;
}

static schema_field *read_fields(resolver *r, unit *u, const ast_field *asts, attr_place where,
                                 size_t *count) {
  schema_field *fields = ARENA_ARRAY(r->a, schema_field, count_fields(asts));
  *count = 0;
  for (; asts != NULL; asts = asts->next) read_field(r, u, asts, where, &fields[(*count)++]);
  return fields;
}

const schema_field *member_params(resolver *r, unit *u, const ast_field *asts, size_t *count) {
  return read_fields(r, u, asts, PLACE_PARAM, count);
}

static void add_slots(entity *e, schema_field *fields, size_t count, uint32_t arm) {
  for (size_t i = 0; i < count; i++)
    e->slots[e->slot_count++] =
        (slot){.type = fields[i].type, .indirect = &fields[i].indirect, .name = &fields[i].name, .arm = arm};
}

static void define_struct(resolver *r, entity *e) {
  e->slots = ARENA_ARRAY(r->a, slot, count_fields(e->ast->fields));
  schema_field *fields = read_fields(r, e->unit, e->ast->fields, PLACE_FIELD, &e->decl->field_count);
  e->decl->fields = fields;
  add_slots(e, fields, e->decl->field_count, 0);
}

static size_t count_slots(const ast_arm *arms, size_t *arm_count) {
  size_t slots = 0;
  *arm_count = 0;
  for (; arms != NULL; arms = arms->next, (*arm_count)++)
    slots += arms->has_fields ? count_fields(arms->fields) : 1;
  return slots;
}

static void read_arm(resolver *r, entity *e, const ast_arm *ast, schema_arm *out) {
  attr_set attrs = attr_read(r, &ast->lead, PLACE_ARM);
  out->info = attr_info(&attrs, &ast->lead);
  out->name = name_of_arm(r, e, &ast->name);
  name_check_style(r, &ast->name, STYLE_SNAKE);
  if (ast->has_fields) {
    out->kind = SCHEMA_ARM_FIELDS;
    schema_field *fields = read_fields(r, e->unit, ast->fields, PLACE_FIELD, &out->field_count);
    out->fields = fields;
    add_slots(e, fields, out->field_count, out->index);
  } else if (ast->type != NULL) {
    out->kind = SCHEMA_ARM_TYPE;
    out->type = type_resolve(r, e->unit, ast->type);
    e->slots[e->slot_count++] =
        (slot){.type = out->type, .indirect = &out->indirect, .name = &out->name, .arm = out->index};
  }
}

static void define_union(resolver *r, entity *e) {
  size_t count;
  e->slots = ARENA_ARRAY(r->a, slot, count_slots(e->ast->arms, &count));
  schema_arm *arms = ARENA_ARRAY(r->a, schema_arm, count);
  for (const ast_arm *ast = e->ast->arms; ast != NULL; ast = ast->next) {
    schema_arm *arm = &arms[e->decl->arm_count];
    arm->index = (uint32_t)e->decl->arm_count++;
    read_arm(r, e, ast, arm);
  }
  e->decl->arms = arms;
  if (count == 0 && !e->ast->damaged)
    diag_report(r->d, DIAG_EMPTY_DECL, e->ast->name.at, decl_kind_text(e->decl->kind),
                TEXT_ARG(e->ast->name.text), "arms");
}

void member_define(resolver *r, entity *e) {
  attr_place where = e->decl->kind == SCHEMA_STRUCT  ? PLACE_STRUCT
                     : e->decl->kind == SCHEMA_UNION ? PLACE_UNION
                                                     : PLACE_ERROR;
  attr_set attrs = attr_read(r, &e->ast->lead, where);
  e->decl->info = attr_info(&attrs, &e->ast->lead);
  e->decl->attrs = attr_places(r, &e->ast->lead);
  e->decl->max_depth = IDL_DEFAULT_MAX_DEPTH;
  e->max_depth = attrs.of[ATTR_MAX_DEPTH];
  if (e->max_depth != NULL) (void)value_count(r, e->unit, attr_value(e->max_depth), &e->decl->max_depth);
  if (e->decl->kind == SCHEMA_STRUCT)
    define_struct(r, e);
  else
    define_union(r, e);
}
