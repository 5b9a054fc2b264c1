/* What follows from the shape of types alone: bytes on the wire, whether a value can be hashed, whether
 * decoding takes arena memory, and whether C could hold it in one piece. All sums saturate. */
#include "resolve.h"

#define COUNT_SIZE 8u /* of a list, string, … on the wire */
#define TAG_SIZE 4u   /* of a union's arm */
#define POINTER_SIZE 8u

static const uint8_t scalar_sizes[] = {
#define SIZE_OF(kind, spelling, bytes) [SCHEMA_##kind] = bytes,
    SCHEMA_SCALARS(SIZE_OF)
#undef SIZE_OF
};

static bool is_scalar(const schema_type *type) { return type->kind < sizeof scalar_sizes; }

uint64_t layout_add(uint64_t a, uint64_t b) { return a > SCHEMA_UNBOUNDED - b ? SCHEMA_UNBOUNDED : a + b; }

uint64_t layout_multiply(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > SCHEMA_UNBOUNDED / b ? SCHEMA_UNBOUNDED : a * b;
}

uint64_t layout_own_min(const schema_type *type) {
  if (is_scalar(type) && scalar_sizes[type->kind] != 0) return scalar_sizes[type->kind];
  switch (type->kind) {
  case SCHEMA_CHAR:
  case SCHEMA_OPTIONAL: return 1;
  case SCHEMA_NAMED:
    return type_enum(type) == NULL || type->decl->type == NULL ? 0 : layout_own_min(type->decl->type);
  case SCHEMA_ARRAY:
  case SCHEMA_TUPLE: return 0;
  default: return COUNT_SIZE;
  }
}

static void layout_type(resolver *r, const schema_type *type);

static void layout_parts(resolver *r, const schema_type *type) {
  if (type->key != NULL) layout_type(r, type->key);
  if (type->item != NULL) layout_type(r, type->item);
  for (size_t i = 0; i < type->member_count; i++) layout_type(r, type->members[i]);
}

static void layout_counted(schema_type *type) {
  uint64_t each = type->item->wire_max;
  if (type->key != NULL) each = layout_add(each, type->key->wire_max);
  type->wire_min = COUNT_SIZE;
  type->wire_max = type->bound == SCHEMA_UNBOUNDED
                       ? SCHEMA_UNBOUNDED
                       : layout_add(COUNT_SIZE, layout_multiply(type->bound, each));
  type->needs_arena = true;
}

static void layout_tuple(schema_type *type) {
  type->hashable = true;
  for (size_t i = 0; i < type->member_count; i++) {
    const schema_type *member = type->members[i];
    type->wire_min = layout_add(type->wire_min, member->wire_min);
    type->wire_max = layout_add(type->wire_max, member->wire_max);
    type->hashable = type->hashable && member->hashable;
    type->needs_arena = type->needs_arena || member->needs_arena;
  }
}

static void layout_scalar(schema_type *type) {
  type->wire_min = type->wire_max = layout_own_min(type);
  type->hashable = type->kind != SCHEMA_F32 && type->kind != SCHEMA_F64 && type->kind != SCHEMA_BYTES;
  if (type->kind == SCHEMA_CHAR) type->wire_max = 4;
  if (type->kind == SCHEMA_STRING || type->kind == SCHEMA_BYTES)
    type->wire_max = type->bound == SCHEMA_UNBOUNDED ? SCHEMA_UNBOUNDED : layout_add(COUNT_SIZE, type->bound);
}

static void layout_shape(schema_type *type) {
  switch (type->kind) {
  case SCHEMA_OPTIONAL:
    type->wire_min = 1;
    type->wire_max = layout_add(1, type->item->wire_max);
    type->hashable = type->item->hashable;
    type->needs_arena = type->item->needs_arena;
    break;
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP: layout_counted(type); break;
  case SCHEMA_ARRAY:
    type->wire_min = layout_multiply(type->bound, type->item->wire_min);
    type->wire_max = layout_multiply(type->bound, type->item->wire_max);
    type->needs_arena = type->item->needs_arena;
    break;
  case SCHEMA_TUPLE: layout_tuple(type); break;
  case SCHEMA_NAMED:
    type->wire_min = type->decl->wire_min;
    type->wire_max = type->decl->wire_max;
    type->hashable = type->decl->hashable;
    type->needs_arena = type->decl->needs_arena;
    break;
  default: layout_scalar(type); break;
  }
}

/* Once; the declarations that it names are laid out. Recursion is bounded by IDL_MAX_NESTING. */
static void layout_type(resolver *r, const schema_type *type) {
  type_facts *facts = &r->types[type->index];
  if (facts->has_layout) return;
  facts->has_layout = true;
  layout_parts(r, type);
  layout_shape(facts->type);
}

static void layout_enum(schema_decl *decl) {
  decl->hashable = true;
  if (decl->type != NULL) decl->wire_min = decl->wire_max = layout_own_min(decl->type);
}

/* Fields add up; of arms the largest counts. */
static void layout_slots(resolver *r, entity *e) {
  schema_decl *decl = e->decl;
  bool is_struct = decl->kind == SCHEMA_STRUCT;
  bool hashable = is_struct, needs_arena = false;
  uint64_t largest = 0, current = 0;
  for (size_t i = 0; i < e->slot_count; i++) {
    if (i > 0 && e->slots[i].arm != e->slots[i - 1].arm) current = 0;
    const schema_type *type = e->slots[i].type;
    if (type == NULL) continue;
    layout_type(r, type);
    current = layout_add(current, type->wire_max);
    if (current > largest) largest = current;
    hashable = hashable && type->hashable;
    needs_arena = needs_arena || type->needs_arena;
  }
  if (decl->recursive) return;
  decl->wire_max = is_struct ? largest : layout_add(TAG_SIZE, largest);
  decl->hashable = hashable;
  decl->needs_arena = needs_arena;
}

static void layout_decls(resolver *r, const graph *contains) {
  for (size_t i = 0; i < r->entity_count; i++) {
    schema_decl *decl = r->entities[i].decl;
    if (decl->kind == SCHEMA_ENUM || decl->kind == SCHEMA_FLAGS) layout_enum(decl);
    if (!decl->recursive) continue;
    decl->wire_max = SCHEMA_UNBOUNDED;
    decl->needs_arena = true;
  }
  for (uint32_t i = 0; i < contains->count; i++) {
    entity *e = &r->entities[contains->order[i]];
    if (is_kind_with_slots(e->decl->kind)) layout_slots(r, e);
  }
}

/* Where the first thing that cannot be hashed stands. Ends: a recursive type has no field to follow. */
static void note_culprit(const resolver *r, diag *d, const schema_type *type) {
  while (type->kind == SCHEMA_OPTIONAL) type = type->item;
  while (type->kind == SCHEMA_NAMED && type->decl->kind == SCHEMA_STRUCT) {
    const entity *e = entity_of(r, type->decl);
    const slot *culprit = NULL;
    for (size_t i = 0; i < e->slot_count && culprit == NULL; i++)
      if (e->slots[i].type != NULL && !e->slots[i].type->hashable) culprit = &e->slots[i];
    if (culprit == NULL || type->decl->recursive) {
      diag_note(d, type->decl->name.at, "'%.*s' contains itself", TEXT_ARG(type->decl->name.text));
      return;
    }
    type = culprit->type;
    while (type->kind == SCHEMA_OPTIONAL) type = type->item;
    if (type->kind != SCHEMA_NAMED || type->decl->kind != SCHEMA_STRUCT)
      diag_note(d, culprit->name->at, "because of '%.*s', which is '%s'", TEXT_ARG(culprit->name->text),
                type_text(r, type));
  }
}

static void check_hashable(resolver *r, const schema_type *part, const char *role) {
  if (part == NULL || part->hashable) return;
  diag *d = diag_report(r->d, DIAG_NOT_HASHABLE, part->at, type_text(r, part), role);
  note_culprit(r, d, part);
}

static uint64_t round_up(uint64_t size, uint64_t align) {
  return size > SCHEMA_UNBOUNDED - align ? SCHEMA_UNBOUNDED : (size + align - 1) / align * align;
}

typedef struct extent {
  uint64_t size, align;
} extent;

static extent extent_of(resolver *r, const schema_type *type);

static void append(extent *whole, extent part) {
  whole->size = layout_add(round_up(whole->size, part.align), part.size);
  if (part.align > whole->align) whole->align = part.align;
}

static extent scalar_extent(const schema_type *type) {
  if (type->kind == SCHEMA_STRING || type->kind == SCHEMA_BYTES)
    return (extent){2 * POINTER_SIZE, POINTER_SIZE};
  if (type->kind == SCHEMA_CHAR) return (extent){4, 4};
  if (type->kind == SCHEMA_UUID) return (extent){16, 1};
  uint64_t size = scalar_sizes[type->kind];
  return (extent){size, size > POINTER_SIZE ? POINTER_SIZE : size};
}

static extent composite_extent(resolver *r, const schema_type *type) {
  extent whole = {0, 1};
  switch (type->kind) {
  case SCHEMA_OPTIONAL:
    whole.size = 1;
    append(&whole, extent_of(r, type->item));
    break;
  case SCHEMA_ARRAY:
    whole = extent_of(r, type->item);
    whole.size = layout_multiply(whole.size, type->bound);
    break;
  case SCHEMA_TUPLE:
    for (size_t i = 0; i < type->member_count; i++) append(&whole, extent_of(r, type->members[i]));
    break;
  case SCHEMA_MAP: return (extent){3 * POINTER_SIZE, POINTER_SIZE};
  case SCHEMA_LIST:
  case SCHEMA_SET: return (extent){2 * POINTER_SIZE, POINTER_SIZE};
  case SCHEMA_NAMED: {
    const entity *e = entity_of(r, type->decl);
    if (type_enum(type) != NULL) return type->decl->type == NULL ? whole : scalar_extent(type->decl->type);
    return (extent){e->size, e->align == 0 ? 1 : e->align};
  }
  default: return scalar_extent(type);
  }
  whole.size = round_up(whole.size, whole.align);
  return whole;
}

/* Once; what is too large is reported where it first becomes so, and counts as nothing from then on. */
static extent extent_of(resolver *r, const schema_type *type) {
  type_facts *facts = &r->types[type->index];
  if (!facts->has_size) {
    facts->has_size = true;
    extent e = composite_extent(r, type);
    if (e.size > IDL_MAX_VALUE_SIZE) {
      if (type->alias == NULL)
        diag_report(r->d, DIAG_VALUE_TOO_LARGE, type->at, type_text(r, type), IDL_MAX_VALUE_SIZE);
      e.size = 0;
    }
    facts->size = e.size;
    facts->align = e.align;
  }
  return (extent){facts->size, facts->align};
}

static void measure_slots(resolver *r, entity *e) {
  extent arm = {0, 1}, whole = {0, 1};
  for (size_t i = 0; i < e->slot_count; i++) {
    if (i > 0 && e->slots[i].arm != e->slots[i - 1].arm) arm = (extent){0, arm.align};
    if (e->slots[i].type == NULL) continue;
    append(&arm,
           *e->slots[i].indirect ? (extent){POINTER_SIZE, POINTER_SIZE} : extent_of(r, e->slots[i].type));
    arm.size = arm.size > IDL_MAX_VALUE_SIZE ? IDL_MAX_VALUE_SIZE + UINT64_C(1) : arm.size;
    if (arm.size > whole.size) whole.size = arm.size;
    whole.align = arm.align;
  }
  if (e->decl->kind != SCHEMA_STRUCT) {
    if (whole.align < TAG_SIZE) whole.align = TAG_SIZE;
    whole.size += whole.align;
  }
  e->size = round_up(whole.size, whole.align);
  e->align = whole.align;
  if (e->size <= IDL_MAX_VALUE_SIZE || e->contains_itself) return;
  diag_report(r->d, DIAG_VALUE_TOO_LARGE, e->decl->name.at, arena_copy(r->a, e->decl->name.text),
              IDL_MAX_VALUE_SIZE);
  e->size = 0;
}

void layout_compute(resolver *r, const containment *contains) {
  least_compute(r, &contains->any);
  layout_decls(r, &contains->any);
  for (size_t i = 0; i < r->type_count; i++) layout_type(r, r->types[i].type);
  for (size_t i = 0; i < r->type_count; i++) {
    const schema_type *type = r->types[i].type;
    if (type->alias != NULL) continue; /* reported where the alias is declared */
    if (type->kind == SCHEMA_SET) check_hashable(r, type->item, "item of a set");
    if (type->kind == SCHEMA_MAP) check_hashable(r, type->key, "key of a map");
  }
  for (uint32_t i = 0; i < contains->by_value.count; i++) {
    entity *e = &r->entities[contains->by_value.order[i]];
    if (is_kind_with_slots(e->decl->kind)) measure_slots(r, e);
  }
  for (size_t i = 0; i < r->type_count; i++) (void)extent_of(r, r->types[i].type);
}
