/* Statements that encode values. What the wire could carry and the schema forbids is refused here, so
 * that no peer ever has to. */
#include "codec.h"

#include <inttypes.h>

static void encode_run(c_body *b, const c_place *places, size_t count, unsigned bytes) {
  arena *a = b->g->arena;
  for (size_t i = 0; i < count; i++) c_refuse(b, places[i].type, NULL, places[i].expr, "mbr_writer_fail(w");
  if (count == 1) {
    c_add(&b->lines, 0, "mbr_write_%s(w, %s);", c_fixed_name(places[0].type), c_value_of(a, &places[0]));
    return;
  }
  c_add(&b->lines, 0, "%sp = mbr_writer_take(w, %u);", b->has_cursor ? "" : "uint8_t *", bytes);
  b->has_cursor = true;
  c_add(&b->lines, 0, "if (p == NULL) return w->status;");
  unsigned offset = 0;
  for (size_t i = 0; i < count; i++) {
    const char *at = offset == 0 ? "p" : arena_printf(a, "p + %u", offset);
    c_add(&b->lines, 0, "mbr_put_%s(%s, %s);", c_fixed_name(places[i].type), at, c_value_of(a, &places[i]));
    offset += c_fixed_size(places[i].type);
  }
}

static void encode_value(c_body *b, const c_place *p);

static void encode_optional(c_body *b, const c_place *p) {
  arena *a = b->g->arena;
  c_place inner = c_inside_optional(p);
  const char *has = c_has(a, p);
  if (c_fixed_size(inner.type) != 0) {
    const char *value = c_value_of(a, &inner);
    c_refuse(b, inner.type, has, value, "mbr_writer_fail(w");
    c_add(&b->lines, 0, "mbr_write_opt_%s(w, %s, %s);", c_fixed_name(inner.type), has, value);
    return;
  }
  c_body body = c_body_inside(b);
  inner.indirect = false; /* a NULL is absence and was dealt with */
  encode_value(&body, &inner);
  c_add(&b->lines, 0, "mbr_write_option(w, %s);", has);
  c_add_under(&b->lines, arena_printf(a, "if (%s)", has), &body.lines);
}

static void encode_value(c_body *b, const c_place *p) {
  arena *a = b->g->arena;
  const schema_type *t = p->type;
  if (c_is_split_optional(p)) {
    encode_optional(b, p);
    return;
  }
  if (p->indirect) c_add(&b->lines, 0, "if (%s == NULL) return mbr_writer_fail(w, MBR_MISUSE);", p->expr);
  if (t->kind == SCHEMA_STRING || t->kind == SCHEMA_BYTES)
    c_add(&b->lines, 0, "mbr_write_%s(w, %s, %s);", c_scalar_name(t->kind), c_value_of(a, p), c_bound(a, t));
  else if (t->kind == SCHEMA_CHAR)
    c_add(&b->lines, 0, "mbr_write_char(w, %s);", c_value_of(a, p));
  else if (c_fixed_size(t) != 0)
    encode_run(b, p, 1, c_fixed_size(t));
  else if (t->kind == SCHEMA_ARRAY && !p->item)
    c_encode_items(b, t->item, p->expr, arena_printf(a, "%" PRIu64, t->bound));
  else if (c_is_plain_list(t))
    c_add(&b->lines, 0, "%s;", c_call(b->g, C_ENCODE, p));
  else
    c_add(&b->lines, 0, "if (%s != MBR_OK) return w->status;", c_call(b->g, C_ENCODE, p));
}

void c_encode_items(c_body *b, const schema_type *item, const char *items, const char *count) {
  arena *a = b->g->arena;
  const char *i = c_index(items);
  const char *loop = arena_printf(a, "for (size_t %s = 0; %s < %s; %s++)", i, i, count, i);
  c_place slot = c_item_place(item, arena_printf(a, "%s[%s]", items, i));
  if (c_is_scalar(item) || c_is_enum(item)) {
    c_body check = c_body_inside(b);
    if (item->kind != SCHEMA_TIMESTAMP) c_refuse(&check, item, NULL, slot.expr, "mbr_writer_fail(w");
    if (check.lines.count != 0) c_add_under(&b->lines, loop, &check.lines);
    bool sized = item->kind == SCHEMA_STRING || item->kind == SCHEMA_BYTES;
    const char *name = c_is_enum(item) ? c_fixed_name(item) : c_scalar_name(item->kind);
    c_add(&b->lines, 0, "mbr_write_array_%s(w, %s, %s%s%s);", name, items, count, sized ? ", " : "",
          sized ? c_bound(a, item) : "");
    return;
  }
  c_body body = c_body_inside(b);
  encode_value(&body, &slot);
  c_add_under(&b->lines, loop, &body.lines);
}

void c_encode_members(c_body *b, const c_place *places, size_t count) {
  for (size_t i = 0; i < count;) {
    unsigned bytes;
    size_t run = c_run(places + i, count - i, &bytes);
    if (run != 0) {
      encode_run(b, places + i, run, bytes);
      i += run;
    } else {
      encode_value(b, &places[i++]);
    }
  }
}
