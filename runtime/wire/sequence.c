/* Arrays and lists of built-in types. One macro a shape: numbers that are copied whole where memory
 * looks like the wire, values that are checked one by one, and text and bytes with a bound an item. */
#include "mbr/wire.h"

#if MBR_LITTLE_ENDIAN
#define PUT_ALL(name, p, items, count) memcpy(p, items, (count) * sizeof *(items))
#define GET_ALL(name, p, items, count) memcpy(items, p, (count) * sizeof *(items))
#else
#define PUT_ALL(name, p, items, count) \
  for (size_t i = 0; i < (count); i++) mbr_put_##name((p) + i * sizeof *(items), (items)[i])
#define GET_ALL(name, p, items, count) \
  for (size_t i = 0; i < (count); i++) (items)[i] = mbr_get_##name((p) + i * sizeof *(items))
#endif

#define NUMBER_ARRAY(name, type)                                                              \
  mbr_status mbr_write_array_##name(mbr_writer *w, const type *items, size_t count) {         \
    if (count == 0) return w->status;                                                         \
    uint8_t *p = mbr_writer_take(w, mbr_size_mul(count, sizeof(type)));                       \
    if (p == NULL) return w->status;                                                          \
    PUT_ALL(name, p, items, count);                                                           \
    return MBR_OK;                                                                            \
  }                                                                                           \
  mbr_status mbr_read_array_##name(mbr_reader *r, type *items, size_t count) {                \
    if (count == 0) return r->status;                                                         \
    const uint8_t *p = mbr_reader_take(r, mbr_size_mul(count, sizeof(type)));                 \
    if (p == NULL) {                                                                          \
      memset(items, 0, count * sizeof(type));                                                 \
      return r->status;                                                                       \
    }                                                                                         \
    GET_ALL(name, p, items, count);                                                           \
    return MBR_OK;                                                                            \
  }

/* For what has no fixed size, or values the wire could carry and the type cannot. */
#define CHECKED_ARRAY(name, type)                                                             \
  mbr_status mbr_write_array_##name(mbr_writer *w, const type *items, size_t count) {         \
    for (size_t i = 0; i < count && w->status == MBR_OK; i++) (void)mbr_write_##name(w, items[i]); \
    return w->status;                                                                         \
  }                                                                                           \
  mbr_status mbr_read_array_##name(mbr_reader *r, type *items, size_t count) {                \
    for (size_t i = 0; i < count; i++) (void)mbr_read_##name(r, &items[i]);                   \
    return r->status;                                                                         \
  }

#define LIST(name, type, min_item_size)                                                       \
  mbr_status mbr_write_list_##name(mbr_writer *w, mbr_list_##name v, size_t max) {            \
    (void)mbr_write_count(w, v.count, min_item_size, max);                                    \
    return mbr_write_array_##name(w, v.items, v.count);                                       \
  }                                                                                           \
  mbr_status mbr_read_list_##name(mbr_reader *r, mbr_list_##name *v, size_t max) {            \
    type *items = (type *)mbr_read_items(r, &v->count, min_item_size, max, sizeof(type));         \
    v->items = items;                                                                         \
    if (mbr_read_array_##name(r, items, v->count) == MBR_OK) return MBR_OK;                   \
    v->items = NULL;                                                                          \
    v->count = 0;                                                                             \
    return r->status;                                                                         \
  }

#define SIZED(name, type)                                                                     \
  mbr_status mbr_write_array_##name(mbr_writer *w, const type *items, size_t count, size_t item_max) { \
    for (size_t i = 0; i < count && w->status == MBR_OK; i++) (void)mbr_write_##name(w, items[i], item_max); \
    return w->status;                                                                         \
  }                                                                                           \
  mbr_status mbr_read_array_##name(mbr_reader *r, type *items, size_t count, size_t item_max) { \
    for (size_t i = 0; i < count; i++) (void)mbr_read_##name(r, &items[i], item_max);         \
    return r->status;                                                                         \
  }                                                                                           \
  mbr_status mbr_write_list_##name(mbr_writer *w, mbr_list_##name v, size_t max, size_t item_max) { \
    (void)mbr_write_count(w, v.count, MBR_COUNT_SIZE, max);                                   \
    return mbr_write_array_##name(w, v.items, v.count, item_max);                             \
  }                                                                                           \
  mbr_status mbr_read_list_##name(mbr_reader *r, mbr_list_##name *v, size_t max, size_t item_max) { \
    type *items = (type *)mbr_read_items(r, &v->count, MBR_COUNT_SIZE, max, sizeof(type));        \
    v->items = items;                                                                         \
    if (mbr_read_array_##name(r, items, v->count, item_max) == MBR_OK) return MBR_OK;         \
    v->items = NULL;                                                                          \
    v->count = 0;                                                                             \
    return r->status;                                                                         \
  }

#define NUMBER(name, type) NUMBER_ARRAY(name, type) LIST(name, type, sizeof(type))

NUMBER(i8, int8_t)
NUMBER(i16, int16_t)
NUMBER(i32, int32_t)
NUMBER(i64, int64_t)
NUMBER(i128, mbr_i128)
NUMBER(u8, uint8_t)
NUMBER(u16, uint16_t)
NUMBER(u32, uint32_t)
NUMBER(u64, uint64_t)
NUMBER(u128, mbr_u128)
NUMBER(f32, float)
NUMBER(f64, double)
NUMBER(uuid, mbr_uuid)
NUMBER(duration, int64_t)
CHECKED_ARRAY(bool, bool)
LIST(bool, bool, 1)
CHECKED_ARRAY(char, uint32_t)
LIST(char, uint32_t, 1)
CHECKED_ARRAY(timestamp, int64_t)
LIST(timestamp, int64_t, sizeof(int64_t))
SIZED(str, mbr_str)
SIZED(bytes, mbr_bytes)
