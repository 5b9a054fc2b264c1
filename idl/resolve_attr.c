/* The one table of attributes: where each may stand and how it is written; and the attributes that limit a
 * type. What methods and recursive types make of theirs is checked beside them. */
#include "foreign.h"
#include "integer.h"
#include "resolve.h"

typedef enum attr_form { FORM_NONE, FORM_TEXT, FORM_COUNT, FORM_TIME, FORM_LIMITS, FORM_INT } attr_form;

#define PLACE_ANY ((PLACE_PARAM << 1) - 1u)
#define PLACE_NUMBER (PLACE_FIELD | PLACE_PARAM | PLACE_ALIAS)

static const struct attr_rule {
  const char *name;
  unsigned places;
  attr_form form;
  const char *where;
} rules[ATTR_COUNT] = {
    [ATTR_BUFFER] = {"buffer", PLACE_METHOD, FORM_COUNT, "a method"},
    [ATTR_CONCURRENT] = {"concurrent", PLACE_SERVICE | PLACE_METHOD, FORM_NONE, "a service or method"},
    [ATTR_DART] = {"dart", PLACE_NUMBER, FORM_INT, "a field, parameter or type alias"},
    [ATTR_DEPRECATED] = {"deprecated", PLACE_ANY, FORM_TEXT, "any declaration or member"},
    [ATTR_INLINE] = {"inline", PLACE_METHOD, FORM_NONE, "a method"},
    [ATTR_LATEST] = {"latest", PLACE_METHOD, FORM_NONE, "a method"},
    [ATTR_LEAF] = {"leaf", PLACE_METHOD, FORM_NONE, "a method"},
    [ATTR_MAX_DEPTH] = {"max_depth", PLACE_STRUCT | PLACE_UNION | PLACE_ERROR, FORM_COUNT,
                        "a struct, union or error"},
    [ATTR_QUIET] = {"quiet", PLACE_SERVICE | PLACE_METHOD, FORM_NONE, "a service or method"},
    [ATTR_RANGE] = {"range", PLACE_NUMBER, FORM_LIMITS, "a field, parameter or type alias"},
    [ATTR_TIMEOUT] = {"timeout", PLACE_SERVICE | PLACE_METHOD, FORM_TIME, "a service or method"},
    [ATTR_UNIT] = {"unit", PLACE_NUMBER | PLACE_CONST, FORM_TEXT,
                   "a field, parameter, type alias or constant"},
    [ATTR_WAS] = {"was", PLACE_METHOD, FORM_TEXT, "a method"},
};

static const char *place_text(attr_place where) {
  switch (where) {
  case PLACE_CONST: return "a constant";
  case PLACE_ALIAS: return "a type alias";
  case PLACE_ENUM: return "an enum";
  case PLACE_FLAGS: return "a flags type";
  case PLACE_STRUCT: return "a struct";
  case PLACE_UNION: return "a union";
  case PLACE_ERROR: return "a declared error";
  case PLACE_SERVICE: return "a service";
  case PLACE_MEMBER: return "a member";
  case PLACE_FIELD: return "a field";
  case PLACE_ARM: return "an arm";
  case PLACE_METHOD: return "a method";
  case PLACE_PARAM: return "a parameter";
  }
  return "a declaration";
}

static const char *form_text(attr_id id, resolver *r) {
  const char *name = rules[id].name;
  switch (rules[id].form) {
  case FORM_NONE: return arena_printf(r->a, "'@%s', without arguments", name);
  case FORM_TEXT: return arena_printf(r->a, "'@%s(\"…\")', with a text that is not empty", name);
  case FORM_COUNT: return arena_printf(r->a, "'@%s(N)'", name);
  case FORM_TIME: return "'@timeout(500ms)' or '@timeout(none)'";
  case FORM_LIMITS: return "'@range(min = …, max = …)'; one of the two may be left out";
  case FORM_INT: return "'@dart(int)'";
  }
  return "otherwise";
}

static bool is_text(text t, const char *word) {
  return t.size == strlen(word) && memcmp(t.data, word, t.size) == 0;
}

const ast_value *attr_value(const ast_attr *attr) { return attr->args->value; }

static const ast_value *limit_of(const ast_attr *attr, const char *key) {
  for (const ast_attr_arg *arg = attr->args; arg != NULL; arg = arg->next)
    if (is_text(arg->key.text, key)) return arg->value;
  return NULL;
}

static bool is_limits(const ast_attr *attr) {
  unsigned mins = 0, maxs = 0, others = 0;
  for (const ast_attr_arg *arg = attr->args; arg != NULL; arg = arg->next) {
    if (is_text(arg->key.text, "min"))
      mins++;
    else if (is_text(arg->key.text, "max"))
      maxs++;
    else
      others++;
  }
  return mins <= 1 && maxs <= 1 && others == 0 && mins + maxs > 0;
}

static bool is_int_word(const ast_value *v) {
  return v->kind == AST_VALUE_NAME && v->name->parts->next == NULL &&
         is_text(v->name->parts->name.text, "int");
}

static bool is_well_formed(const ast_attr *attr, attr_form form) {
  if (form == FORM_NONE) return !attr->has_parens;
  if (form == FORM_LIMITS) return is_limits(attr);
  if (attr->args == NULL || attr->args->next != NULL || attr->args->key.text.size != 0) return false;
  const ast_value *v = attr->args->value;
  switch (form) {
  case FORM_TEXT: return v->kind == AST_VALUE_STRING && v->string.size > 0;
  case FORM_COUNT: return v->kind == AST_VALUE_INT || v->kind == AST_VALUE_NAME;
  case FORM_TIME:
    return v->kind == AST_VALUE_DURATION || v->kind == AST_VALUE_NAME || v->kind == AST_VALUE_NONE;
  case FORM_INT: return is_int_word(v);
  default: return true;
  }
}

/* Values may be missing where an argument did not parse. */
static bool is_complete(const ast_attr *attr) {
  for (const ast_attr_arg *arg = attr->args; arg != NULL; arg = arg->next)
    if (arg->value == NULL) return false;
  return true;
}

static void report_unknown(resolver *r, const ast_attr *attr) {
  suggestion near = suggest_for(attr->name.text);
  for (int id = 0; id < ATTR_COUNT; id++)
    suggest_consider(&near, (text){rules[id].name, strlen(rules[id].name)});
  const char *hint = foreign_attribute(r->a, attr->name.text);
  if (*hint == 0 && near.best.size > 0)
    hint = arena_printf(r->a, "; did you mean '@%.*s'?", TEXT_ARG(near.best));
  diag_report(r->d, DIAG_UNKNOWN_ATTRIBUTE, attr->name.at, TEXT_ARG(attr->name.text), hint);
}

static attr_id find_rule(text name) {
  int id = 0;
  while (id < ATTR_COUNT && !is_text(name, rules[id].name)) id++;
  return (attr_id)id;
}

attr_set attr_read(resolver *r, const ast_lead *lead, attr_place where) {
  attr_set set = {{NULL}};
  const ast_attr *seen[ATTR_COUNT] = {NULL};
  for (const ast_attr *attr = lead->attrs; attr != NULL; attr = attr->next) {
    attr_id id = find_rule(attr->name.text);
    if (id == ATTR_COUNT) {
      report_unknown(r, attr);
      continue;
    }
    if (seen[id] != NULL) {
      diag *d = diag_report(r->d, DIAG_ATTRIBUTE_TWICE, attr->at, TEXT_ARG(attr->name.text));
      diag_note(d, seen[id]->at, "first given here");
      continue;
    }
    seen[id] = attr;
    if ((rules[id].places & (unsigned)where) == 0)
      diag_report(r->d, DIAG_ATTRIBUTE_PLACE, attr->at, TEXT_ARG(attr->name.text), place_text(where),
                  rules[id].where);
    else if (is_complete(attr) && !is_well_formed(attr, rules[id].form))
      diag_report(r->d, DIAG_ATTRIBUTE_FORM, attr->at, TEXT_ARG(attr->name.text), form_text(id, r));
    else if (is_complete(attr))
      set.of[id] = attr;
  }
  return set;
}

schema_info attr_info(const attr_set *set, const ast_lead *lead) {
  schema_info info = {.doc = lead->doc};
  if (set->of[ATTR_DEPRECATED] != NULL) info.deprecated = attr_value(set->of[ATTR_DEPRECATED])->string;
  if (set->of[ATTR_UNIT] != NULL) info.unit = attr_value(set->of[ATTR_UNIT])->string;
  return info;
}

const schema_attr_place *attr_places(resolver *r, const ast_lead *lead) {
  const schema_attr_place *first = NULL;
  const schema_attr_place **end = &first;
  for (const ast_attr *attr = lead->attrs; attr != NULL; attr = attr->next) {
    schema_attr_place *written = ARENA_NEW(r->a, schema_attr_place);
    *written = (schema_attr_place){.name = attr->name.text, .at = attr->at};
    *end = written;
    end = &written->next;
  }
  return first;
}

/* A number of the range, in the type that it limits but without the limits that type has. */
static bool read_limit(resolver *r, unit *u, const ast_value *v, const schema_type *number,
                       schema_value *out) {
  schema_type plain = *number;
  plain.range = NULL;
  return value_read(r, u, v, &plain, out);
}

/* One end must not reach beyond what an alias of the type allows; an end that is left out is the alias's. */
static bool combine(resolver *r, schema_range *range, const schema_range *outer) {
  if (outer == NULL) return true;
  const schema_value *beyond = NULL;
  if (range->has_min && ((outer->has_min && value_compare(&range->min, &outer->min) < 0) ||
                         (outer->has_max && value_compare(&range->min, &outer->max) > 0)))
    beyond = &range->min;
  if (range->has_max && ((outer->has_max && value_compare(&range->max, &outer->max) > 0) ||
                         (outer->has_min && value_compare(&range->max, &outer->min) < 0)))
    beyond = &range->max;
  if (beyond != NULL) {
    text limit = {beyond->at.file->data + beyond->at.offset, beyond->at.size};
    diag *d = diag_report(r->d, DIAG_RANGE_WIDER, beyond->at, arena_copy(r->a, limit));
    diag_note(d, outer->at, "the type's own range");
    return false;
  }
  if (!range->has_min) range->min = outer->min;
  if (!range->has_max) range->max = outer->max;
  range->has_min = range->has_min || outer->has_min;
  range->has_max = range->has_max || outer->has_max;
  return true;
}

static const schema_range *read_range(resolver *r, unit *u, const ast_attr *attr, const schema_type *type) {
  const schema_type *number = type_number(type);
  if (number == NULL) {
    diag_report(r->d, DIAG_RANGE_TYPE, attr->at, type_text(r, type));
    return NULL;
  }
  schema_range *range = ARENA_NEW(r->a, schema_range);
  const ast_value *min = limit_of(attr, "min"), *max = limit_of(attr, "max");
  range->at = attr->at;
  range->has_min = min != NULL && read_limit(r, u, min, number, &range->min);
  range->has_max = max != NULL && read_limit(r, u, max, number, &range->max);
  if (range->has_min != (min != NULL) || range->has_max != (max != NULL)) return NULL;
  if (min != NULL && max != NULL && value_compare(&range->min, &range->max) > 0) {
    diag_report(r->d, DIAG_RANGE_EMPTY, attr->at);
    return NULL;
  }
  return combine(r, range, number->range) ? range : NULL;
}

static void check_dart_range(resolver *r, const schema_range *range) {
  if (range->has_min && !value_fits_dart_int(r, &range->min, range->min.at)) return;
  if (range->has_max) (void)value_fits_dart_int(r, &range->max, range->max.at);
}

/* @dart(int) is an upper limit too, which every target checks. */
static const schema_range *with_dart_limit(resolver *r, const schema_range *range, span at) {
  if (range != NULL && range->has_max) return range;
  schema_range *limited = ARENA_NEW(r->a, schema_range);
  *limited = range != NULL ? *range : (schema_range){.at = at};
  limited->has_max = true;
  limited->max = (schema_value){.kind = SCHEMA_VALUE_INT, .integer = integer_of(INT64_MAX), .at = at};
  return limited;
}

const schema_type *attr_limit(resolver *r, unit *u, const attr_set *set, const schema_type *type) {
  const schema_range *range =
      set->of[ATTR_RANGE] == NULL ? NULL : read_range(r, u, set->of[ATTR_RANGE], type);
  bool dart_int = set->of[ATTR_DART] != NULL;
  const schema_type *number = dart_int ? type_number(type) : NULL;
  if (dart_int && (number == NULL || number->kind != SCHEMA_U64)) {
    diag_report(r->d, DIAG_DART_INT_TYPE, set->of[ATTR_DART]->at, type_text(r, type));
    dart_int = false;
  }
  if (range == NULL && !dart_int) return type;
  if (dart_int) range = with_dart_limit(r, range != NULL ? range : number->range, set->of[ATTR_DART]->at);
  type = type_with_limit(r, type, range, dart_int);
  number = type_number(type);
  if (number->dart_int) check_dart_range(r, number->range);
  return type;
}

/* CALL frames carry the deadline as a u32 of milliseconds, 0 meaning none. */
#define TIMEOUT_MAX_MS 2147483647

bool attr_timeout(resolver *r, unit *u, const ast_attr *attr, int64_t *us) {
  const ast_value *v = attr_value(attr);
  const schema_type duration = {.kind = SCHEMA_DURATION};
  schema_value value;
  *us = 0;
  if (v->kind == AST_VALUE_NONE) return true;
  if (!value_read(r, u, v, &duration, &value)) return false;
  if (integer_compare(value.integer, integer_of(1000)) < 0 ||
      integer_compare(value.integer, integer_of(TIMEOUT_MAX_MS * INT64_C(1000))) > 0) {
    diag_report(r->d, DIAG_TIMEOUT_VALUE, v->at, TIMEOUT_MAX_MS);
    return false;
  }
  *us = (int64_t)value.integer.low;
  return true;
}
