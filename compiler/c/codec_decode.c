/* Statements that decode values. The input is hostile: every length, tag, enum value and range is checked
 * where it is read, and an error names its own byte. */
#include "codec.h"

#include <inttypes.h>

static void decode_run(c_body *b, const c_place *places, size_t count, unsigned bytes) {
  arena *a = b->g->arena;
  const char *status;
  if (count == 1 && c_violation(a, places[0].type, "", &status) == NULL) {
    c_add(&b->lines, 0, "mbr_read_%s(r, %s);", c_fixed_name(places[0].type), c_address_of(a, &places[0]));
    return;
  }
  c_add(&b->lines, 0, "%sp = mbr_reader_take(r, %u);", b->has_cursor ? "" : "const uint8_t *", bytes);
  b->has_cursor = true;
  c_add(&b->lines, 0, "if (p == NULL) return r->status;");
  unsigned offset = 0;
  for (size_t i = 0; i < count; i++) {
    const schema_type *t = places[i].type;
    const char *at = offset == 0 ? "p" : arena_printf(a, "p + %u", offset),
               *value = c_value_of(a, &places[i]);
    offset += c_fixed_size(t);
    if (t->kind == SCHEMA_BOOL) {
      c_add(&b->lines, 0, "mbr_check_bool(r, %s, %s);", at, c_address_of(a, &places[i]));
      continue;
    }
    c_add(&b->lines, 0, "%s = mbr_get_%s(%s);", value, c_fixed_name(t), at);
    c_refuse(b, t, NULL, value, arena_printf(a, "mbr_reader_fail_at(r, %s", at));
  }
}

static void decode_value(c_body *b, const c_place *p);

static void decode_optional(c_body *b, const c_place *p) {
  arena *a = b->g->arena;
  c_place inner = c_inside_optional(p);
  if (p->indirect) {
    const char *address = arena_printf(a, "&%s", p->expr);
    c_add(&b->lines, 0, "if (%s != MBR_OK) return r->status;", c_call_new(b->g, inner.type, true, address));
    return;
  }
  if (c_fixed_size(inner.type) != 0) {
    c_add(&b->lines, 0, "mbr_read_opt_%s(r, &%s, %s);", c_fixed_name(inner.type), p->has,
          c_address_of(a, &inner));
    const char *fail = arena_printf(a, "mbr_reader_fail_back(r, %u", c_fixed_size(inner.type));
    c_refuse(b, inner.type, p->has, inner.expr, fail);
    return;
  }
  /* An absent value reads as zero, so that a forgotten check of the flag finds nothing wild. */
  c_body body = c_body_inside(b);
  decode_value(&body, &inner);
  c_add(&b->lines, 0, "memset(&%s, 0, sizeof %s);", inner.expr, inner.expr);
  c_add(&b->lines, 0, "mbr_read_option(r, &%s);", p->has);
  c_add_under(&b->lines, arena_printf(a, "if (%s)", p->has), &body.lines);
}

static void decode_value(c_body *b, const c_place *p) {
  arena *a = b->g->arena;
  const schema_type *t = p->type;
  if (c_is_split_optional(p))
    decode_optional(b, p);
  else if (p->indirect)
    c_add(&b->lines, 0, "if (%s != MBR_OK) return r->status;",
          c_call_new(b->g, t, false, arena_printf(a, "&%s", p->expr)));
  else if (t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES)
    c_add(&b->lines, 0, "mbr_read_%s(r, %s, %s);", c_scalar_name(t->kind), c_address_of(a, p), c_bound(a, t));
  else if (t->kind == SCHEMA_CHAR)
    c_add(&b->lines, 0, "mbr_read_char(r, %s);", c_address_of(a, p));
  else if (c_fixed_size(t) != 0)
    decode_run(b, p, 1, c_fixed_size(t));
  else if (t->kind == SCHEMA_ARRAY && !p->item)
    c_decode_items(b, t->item, p->expr, arena_printf(a, "%" PRIu64, t->bound));
  else if (c_is_plain_list(t))
    c_add(&b->lines, 0, "%s;", c_call(b->g, C_DECODE, p));
  else
    c_add(&b->lines, 0, "if (%s != MBR_OK) return r->status;", c_call(b->g, C_DECODE, p));
}

void c_decode_items(c_body *b, const schema_type *item, const char *items, const char *count) {
  arena *a = b->g->arena;
  const char *i = c_index(items);
  const char *loop = arena_printf(a, "for (size_t %s = 0; %s < %s; %s++)", i, i, count, i);
  c_place slot = c_item_place(item, arena_printf(a, "%s[%s]", items, i));
  if (!c_is_scalar(item) && !c_is_enum(item)) {
    c_body body = c_body_inside(b);
    decode_value(&body, &slot);
    c_add_under(&b->lines, loop, &body.lines);
    return;
  }
  bool sized = item->kind == SCHEMA_STRING || item->kind == SCHEMA_BYTES;
  const char *name = c_is_enum(item) ? c_fixed_name(item) : c_scalar_name(item->kind);
  const char *call = arena_printf(a, "mbr_read_array_%s(r, %s, %s%s%s)", name, items, count,
                                  sized ? ", " : "", sized ? c_bound(a, item) : "");
  c_body check = c_body_inside(b);
  unsigned size = c_fixed_size(item);
  const char *fail = size == 1 ? arena_printf(a, "mbr_reader_fail_back(r, %s - %s", count, i)
                               : arena_printf(a, "mbr_reader_fail_back(r, (%s - %s) * %u", count, i, size);
  if (item->kind != SCHEMA_TIMESTAMP) c_refuse(&check, item, NULL, slot.expr, fail);
  if (check.lines.count == 0) {
    c_add(&b->lines, 0, "%s;", call);
    return;
  }
  c_add(&b->lines, 0, "if (%s != MBR_OK) return r->status;", call);
  c_add_under(&b->lines, loop, &check.lines);
}

void c_decode_members(c_body *b, const c_place *places, size_t count) {
  for (size_t i = 0; i < count;) {
    unsigned bytes;
    size_t run = c_run(places + i, count - i, &bytes);
    if (run != 0) {
      decode_run(b, places + i, run, bytes);
      i += run;
    } else {
      decode_value(b, &places[i++]);
    }
  }
}
