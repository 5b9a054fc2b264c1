/* Writers and readers, and every single value that needs a check. Lists and arrays are in sequence.c. */
#include "mbr/wire.h"

/* Floats travel as their bits. */
typedef char mbr_float_has_32_bits[sizeof(float) == 4 ? 1 : -1];
typedef char mbr_double_has_64_bits[sizeof(double) == 8 ? 1 : -1];

void mbr_writer_init(mbr_writer *w, void *data, size_t size) {
  w->data = (uint8_t *)data;
  w->size = size;
  w->offset = 0;
  w->status = MBR_OK;
  w->empty_items = 0;
}

void mbr_reader_init(mbr_reader *r, const void *data, size_t size, mbr_arena *arena) {
  r->data = (const uint8_t *)data;
  r->size = size;
  r->offset = 0;
  r->status = MBR_OK;
  r->empty_items = 0;
  r->arena = arena;
}

mbr_status mbr_writer_fail(mbr_writer *w, mbr_status status) {
  if (w->status == MBR_OK) w->status = status;
  return w->status;
}

mbr_status mbr_reader_fail(mbr_reader *r, mbr_status status) {
  if (r->status == MBR_OK) r->status = status;
  return r->status;
}

mbr_status mbr_reader_fail_at(mbr_reader *r, const uint8_t *p, mbr_status status) {
  if (r->status == MBR_OK) r->offset = (size_t)(p - r->data);
  return mbr_reader_fail(r, status);
}

mbr_status mbr_reader_fail_back(mbr_reader *r, size_t n, mbr_status status) {
  if (r->status == MBR_OK) r->offset -= n;
  return mbr_reader_fail(r, status);
}

mbr_status mbr_reader_finish(mbr_reader *r) {
  if (r->offset < r->size) return mbr_reader_fail(r, MBR_TRAILING);
  return r->status;
}

mbr_status mbr_write_bool(mbr_writer *w, bool v) { return mbr_write_u8(w, v ? 1u : 0u); }

mbr_status mbr_read_bool(mbr_reader *r, bool *v) {
  const uint8_t *p = mbr_reader_take(r, 1);
  *v = false;
  return p != NULL ? mbr_check_bool(r, p, v) : r->status;
}

mbr_status mbr_write_option(mbr_writer *w, bool present) { return mbr_write_u8(w, present ? 1u : 0u); }

mbr_status mbr_read_option(mbr_reader *r, bool *present) {
  const uint8_t *p = mbr_reader_take(r, 1);
  *present = false;
  return p != NULL ? mbr_check_option(r, p, present) : r->status;
}

mbr_status mbr_write_timestamp(mbr_writer *w, int64_t v) {
  return mbr_timestamp_valid(v) ? mbr_write_i64(w, v) : mbr_writer_fail(w, MBR_BAD_TIME);
}

mbr_status mbr_read_timestamp(mbr_reader *r, int64_t *v) {
  const uint8_t *p = mbr_reader_take(r, 8);
  *v = 0;
  return p != NULL ? mbr_check_timestamp(r, p, v) : r->status;
}

mbr_status mbr_write_char(mbr_writer *w, uint32_t v) {
  if (!mbr_char_valid(v)) return mbr_writer_fail(w, MBR_BAD_CHAR);
  size_t size = mbr_char_size(v);
  uint8_t *p = mbr_writer_take(w, size);
  if (p == NULL) return w->status;
  if (size == 1) {
    p[0] = (uint8_t)v;
    return MBR_OK;
  }
  for (size_t i = size - 1; i > 0; i--) {
    p[i] = (uint8_t)(0x80u | (v & 0x3Fu));
    v >>= 6;
  }
  p[0] = (uint8_t)((0xF00u >> size) | v);
  return MBR_OK;
}

/* 1 to 4 by the first byte alone; whether it is one is seen once the char is all there. */
static size_t announced_char_size(uint8_t lead) {
  return lead < 0xC0u ? 1u : lead < 0xE0u ? 2u : lead < 0xF0u ? 3u : 4u;
}

mbr_status mbr_read_char(mbr_reader *r, uint32_t *v) {
  size_t size = r->offset < r->size ? announced_char_size(r->data[r->offset]) : 1u;
  const uint8_t *p = mbr_reader_take(r, size);
  *v = 0;
  if (p == NULL) return r->status;
  if (!mbr_utf8_valid((const char *)p, size)) return mbr_reader_fail_at(r, p, MBR_BAD_CHAR);
  uint32_t c = size == 1 ? p[0] : p[0] & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; i++) c = (c << 6) | (p[i] & 0x3Fu);
  *v = c;
  return MBR_OK;
}

mbr_status mbr_write_count(mbr_writer *w, size_t count, size_t min_item_size, size_t max) {
  bool empty = min_item_size == 0;
  if (count > max || (empty && count > MBR_EMPTY_ITEMS_MAX - w->empty_items))
    return mbr_writer_fail(w, MBR_BAD_LENGTH);
  if (empty) w->empty_items += (uint32_t)count;
  return mbr_write_u64(w, count);
}

mbr_status mbr_read_count(mbr_reader *r, size_t *count, size_t min_item_size, size_t max) {
  const uint8_t *p = mbr_reader_take(r, MBR_COUNT_SIZE);
  *count = 0;
  if (p == NULL) return r->status;
  size_t possible =
      min_item_size != 0 ? (r->size - r->offset) / min_item_size : MBR_EMPTY_ITEMS_MAX - r->empty_items;
  uint64_t wide = mbr_get_u64(p);
  if (wide > max || wide > possible) return mbr_reader_fail_at(r, p, MBR_BAD_LENGTH);
  if (min_item_size == 0) r->empty_items += (uint32_t)wide;
  *count = (size_t)wide;
  return MBR_OK;
}

void *mbr_reader_alloc(mbr_reader *r, size_t count, size_t item_size) {
  if (r->status != MBR_OK) return NULL;
  void *memory = r->arena != NULL ? mbr_arena_take(r->arena, count, item_size) : NULL;
  if (memory == NULL) (void)mbr_reader_fail(r, MBR_NO_MEMORY);
  return memory;
}

void *mbr_read_items(mbr_reader *r, size_t *count, size_t min_item_size, size_t max, size_t item_size) {
  if (mbr_read_count(r, count, min_item_size, max) != MBR_OK || *count == 0) return NULL;
  void *items = mbr_reader_alloc(r, *count, item_size);
  if (items == NULL) *count = 0;
  return items;
}

static mbr_status write_sized(mbr_writer *w, const void *data, size_t size, size_t max) {
  if (size > max) return mbr_writer_fail(w, MBR_BAD_LENGTH);
  uint8_t *p = mbr_writer_take(w, mbr_size_add(MBR_COUNT_SIZE, size));
  if (p == NULL) return w->status;
  mbr_put_u64(p, size);
  if (size > 0) memcpy(p + MBR_COUNT_SIZE, data, size);
  return MBR_OK;
}

mbr_status mbr_write_str(mbr_writer *w, mbr_str v, size_t max) {
  /* The bound first: text above it is not worth reading. */
  if (v.size <= max && !mbr_utf8_valid(v.data, v.size)) return mbr_writer_fail(w, MBR_BAD_UTF8);
  return write_sized(w, v.data, v.size, max);
}

mbr_status mbr_write_bytes(mbr_writer *w, mbr_bytes v, size_t max) {
  return write_sized(w, v.data, v.size, max);
}

mbr_status mbr_read_bytes(mbr_reader *r, mbr_bytes *v, size_t max) {
  size_t size;
  v->data = NULL;
  v->size = 0;
  if (mbr_read_count(r, &size, 1, max) != MBR_OK) return r->status;
  v->data = mbr_reader_take(r, size);
  v->size = size;
  return MBR_OK;
}

mbr_status mbr_read_str(mbr_reader *r, mbr_str *v, size_t max) {
  mbr_bytes bytes;
  v->data = NULL;
  v->size = 0;
  if (mbr_read_bytes(r, &bytes, max) != MBR_OK) return r->status;
  if (!mbr_utf8_valid((const char *)bytes.data, bytes.size)) {
    return mbr_reader_fail_at(r, bytes.data, MBR_BAD_UTF8);
  }
  v->data = (const char *)bytes.data;
  v->size = bytes.size;
  return MBR_OK;
}
