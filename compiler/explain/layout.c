#include "layout.h"

#include "../../include/mbr/frame.h"
#include "../../include/mbr/wire.h"
#include "../frames.h"

#define RECORD_ALIGN 16u
#define TAG_SIZE 4u /* of the enum that tells a union's arm */

typedef struct extent {
  uint64_t size, align;
} extent;

/* Bytes of a scalar in C; what is wider than eight is two of eight, or a uuid's bytes. */
static const unsigned scalar_sizes[] = {
    [SCHEMA_BOOL] = 1, [SCHEMA_I8] = 1,  [SCHEMA_I16] = 2, [SCHEMA_I32] = 4,        [SCHEMA_I64] = 8,
    [SCHEMA_U8] = 1,   [SCHEMA_U16] = 2, [SCHEMA_U32] = 4, [SCHEMA_U64] = 8,        [SCHEMA_F32] = 4,
    [SCHEMA_F64] = 8,  [SCHEMA_CHAR] = 4, [SCHEMA_TIMESTAMP] = 8, [SCHEMA_DURATION] = 8,
};

uint64_t layout_sum(uint64_t a, uint64_t b) { return a > SCHEMA_UNBOUNDED - b ? SCHEMA_UNBOUNDED : a + b; }

uint64_t layout_product(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > SCHEMA_UNBOUNDED / b ? SCHEMA_UNBOUNDED : a * b;
}

uint64_t layout_round(uint64_t size, uint64_t to) {
  uint64_t up = layout_sum(size, to - 1);
  return up == SCHEMA_UNBOUNDED ? up : up / to * to;
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

static unsigned pointer_size(layout_abi abi) { return abi == ABI_LP64 ? 8 : 4; }

/* mbr_str, and every list, set and map: a pointer and a size_t. */
static extent view(layout_abi abi) { return (extent){2 * pointer_size(abi), pointer_size(abi)}; }

static extent item(layout_abi abi, const schema_type *t);

static extent scalar(layout_abi abi, schema_type_kind kind) {
  switch (kind) {
  case SCHEMA_STRING:
  case SCHEMA_BYTES: return view(abi);
  case SCHEMA_UUID: return (extent){16, 1};
  case SCHEMA_I128:
  case SCHEMA_U128: return (extent){16, 8};
  default: return (extent){scalar_sizes[kind], scalar_sizes[kind]};
  }
}

static void append(extent *whole, extent more) {
  whole->size = layout_sum(layout_round(whole->size, more.align), more.size);
  whole->align = larger(whole->align, more.align);
}

static extent finish(extent whole) {
  whole.size = layout_round(whole.size, whole.align);
  return whole;
}

/* A member of a struct: arrays as they stand, an optional with its flag before it. */
static void append_member(layout_abi abi, extent *whole, const schema_type *t) {
  if (t->kind == SCHEMA_OPTIONAL) {
    append(whole, (extent){1, 1});
    t = t->item;
  }
  if (t->kind != SCHEMA_ARRAY) {
    append(whole, item(abi, t));
    return;
  }
  extent each = item(abi, t->item);
  append(whole, (extent){layout_product(each.size, t->bound), each.align});
}

static void append_field(layout_abi abi, extent *whole, const schema_field *f) {
  if (f->indirect)
    append(whole, (extent){pointer_size(abi), pointer_size(abi)});
  else
    append_member(abi, whole, f->type);
}

static extent fields(layout_abi abi, const schema_field *of, size_t count) {
  extent whole = {0, 1};
  for (size_t i = 0; i < count; i++) append_field(abi, &whole, &of[i]);
  if (count == 0) whole.size = 1; /* C has no empty structs */
  return finish(whole);
}

static extent union_of(layout_abi abi, const schema_decl *d) {
  extent arms = {0, 1}, whole = {TAG_SIZE, TAG_SIZE};
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    extent one = {0, 1};
    if (arm->kind == SCHEMA_ARM_FIELDS && arm->field_count != 0) one = fields(abi, arm->fields, arm->field_count);
    if (arm->kind == SCHEMA_ARM_TYPE)
      one = arm->indirect ? (extent){pointer_size(abi), pointer_size(abi)} : item(abi, arm->type);
    arms.size = larger(arms.size, one.size);
    arms.align = larger(arms.align, one.align);
  }
  append(&whole, finish(arms));
  return finish(whole);
}

static extent decl(layout_abi abi, const schema_decl *d) {
  if (d->kind == SCHEMA_ENUM || d->kind == SCHEMA_FLAGS) return scalar(abi, d->type->kind);
  return d->kind == SCHEMA_STRUCT ? fields(abi, d->fields, d->field_count) : union_of(abi, d);
}

/* An item of a list, where an optional and an array is a struct of its own. */
static extent item(layout_abi abi, const schema_type *t) {
  extent whole = {0, 1};
  switch (t->kind) {
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP: return view(abi);
  case SCHEMA_NAMED: return decl(abi, t->decl);
  case SCHEMA_OPTIONAL:
  case SCHEMA_ARRAY: append_member(abi, &whole, t); return finish(whole);
  case SCHEMA_TUPLE:
    for (size_t i = 0; i < t->member_count; i++) append_member(abi, &whole, t->members[i]);
    return finish(whole);
  default: return scalar(abi, t->kind);
  }
}

uint64_t layout_struct(layout_abi abi, const schema_decl *d) { return decl(abi, d).size; }

static uint64_t arena_of(layout_abi abi, const schema_type *t);

static uint64_t fields_arena(layout_abi abi, const schema_field *of, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) total = layout_sum(total, arena_of(abi, of[i].type));
  return total;
}

uint64_t layout_struct_arena(layout_abi abi, const schema_decl *d) {
  if (!d->needs_arena) return 0;
  if (d->recursive) return SCHEMA_UNBOUNDED;
  uint64_t total = fields_arena(abi, d->fields, d->field_count);
  for (size_t i = 0; i < d->arm_count; i++) {
    const schema_arm *arm = &d->arms[i];
    if (arm->kind == SCHEMA_ARM_TYPE) total = layout_sum(total, arena_of(abi, arm->type));
    total = layout_sum(total, fields_arena(abi, arm->fields, arm->field_count));
  }
  return total;
}

static uint64_t most_items(const schema_type *t) {
  bool empty = t->kind != SCHEMA_ARRAY && t->item->wire_min == 0 && (t->key == NULL || t->key->wire_min == 0);
  return empty && t->bound > MBR_EMPTY_ITEMS_MAX ? MBR_EMPTY_ITEMS_MAX : t->bound;
}

static uint64_t entry_size(layout_abi abi, const schema_type *t) {
  extent entry = {0, 1};
  if (t->kind != SCHEMA_MAP) return item(abi, t->item).size;
  append_member(abi, &entry, t->key);
  append_member(abi, &entry, t->item);
  return finish(entry).size;
}

/* Items, what looking for duplicates takes, and what is inside of the items. */
static uint64_t items_arena(layout_abi abi, const schema_type *t) {
  const uint64_t count = most_items(t);
  uint64_t inside = arena_of(abi, t->item);
  if (t->key != NULL) inside = layout_sum(inside, arena_of(abi, t->key));
  uint64_t total = layout_product(count, inside);
  if (t->kind == SCHEMA_ARRAY) return total;
  total = layout_sum(total, layout_round(layout_product(count, entry_size(abi, t)), MBR_ARENA_ALIGN));
  if (t->kind == SCHEMA_LIST) return total;
  return layout_sum(total, layout_round(layout_product(count, pointer_size(abi)), MBR_ARENA_ALIGN));
}

static uint64_t arena_of(layout_abi abi, const schema_type *t) {
  uint64_t total = 0;
  switch (t->kind) {
  case SCHEMA_LIST:
  case SCHEMA_SET:
  case SCHEMA_MAP:
  case SCHEMA_ARRAY: return items_arena(abi, t);
  case SCHEMA_OPTIONAL: return arena_of(abi, t->item);
  case SCHEMA_NAMED: return layout_struct_arena(abi, t->decl);
  case SCHEMA_TUPLE:
    for (size_t i = 0; i < t->member_count; i++) total = layout_sum(total, arena_of(abi, t->members[i]));
    return total;
  default: return 0;
  }
}

/* What is not passed by value stands in the arena itself. */
static uint64_t value_arena(layout_abi abi, const schema_type *t) {
  if (t->kind == SCHEMA_OPTIONAL) t = t->item;
  bool by_value = t->kind < SCHEMA_OPTIONAL ||
                  (t->kind == SCHEMA_NAMED && (t->decl->kind == SCHEMA_ENUM || t->decl->kind == SCHEMA_FLAGS));
  if (by_value) return 0;
  return layout_sum(layout_round(item(abi, t).size, MBR_ARENA_ALIGN), arena_of(abi, t));
}

uint64_t layout_arguments(layout_abi abi, const schema_method *m) {
  uint64_t total = 0;
  for (size_t i = 0; i < m->param_count; i++) total = layout_sum(total, value_arena(abi, m->params[i].type));
  return total;
}

uint64_t layout_storage(layout_abi abi, const schema_method *m) {
  if (m->kind == SCHEMA_SYNC) return 0;
  const frame_sizes of = frames_of(m);
  uint64_t frame = layout_round(layout_sum(MBR_FRAME_HEADER_SIZE, of.call_max), MBR_ARENA_ALIGN);
  uint64_t kept = layout_round(layout_sum(frame, layout_arguments(abi, m)), RECORD_ALIGN);
  if (of.item_max == 0) return kept;
  uint64_t buffers = layout_product(2, frames_record(of.item_max));
  return layout_sum(larger(kept, buffers), buffers);
}

uint64_t layout_answer(layout_abi abi, const schema_method *m) {
  uint64_t value = m->result != NULL ? value_arena(abi, m->result) : 0;
  return larger(value, m->throws != NULL ? layout_struct_arena(abi, m->throws) : 0);
}
