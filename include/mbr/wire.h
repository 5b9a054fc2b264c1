/* mbr/wire.h — reading and writing bincode 1.3 (fixed-width integers, little endian) in caller memory.
 *
 * No allocation, no globals, no recursion, no unaligned access; the same bytes on every host.
 * A writer, reader or arena belongs to one thread at a time. Generated codecs are built from the
 * functions here; an application seldom needs them itself.
 *
 * Errors are sticky: after the first one every function of that writer or reader fails with it and
 * what it was to read is zero or empty, so a run of calls may be checked once at its end. */
#ifndef MBR_WIRE_H
#define MBR_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mbr/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether numbers lie in memory as they do on the wire, so that arrays of them are copied whole. */
#ifndef MBR_LITTLE_ENDIAN
#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__)
#define MBR_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#elif defined(_WIN32)
#define MBR_LITTLE_ENDIAN 1
#else
#define MBR_LITTLE_ENDIAN 0
#endif
#endif

/* Whether what this header does in line is called instead, in all that is compiled with it: smaller and slower.
 * What `mbrc --profile firmware` writes sets it for itself. See mbr/small.h. */
#ifndef MBR_SMALL
#define MBR_SMALL 0
#endif

/* Most items without bytes on the wire in one value, all of its lists together: nothing in the input pays
 * for them, so that nothing else would bound what they take. */
#ifndef MBR_EMPTY_ITEMS_MAX
#define MBR_EMPTY_ITEMS_MAX 65536u
#endif

/* What an arena asks of `grow` at least, so that many small lists share one block. */
#ifndef MBR_ARENA_BLOCK_SIZE
#define MBR_ARENA_BLOCK_SIZE 1024u
#endif

#define MBR_ARENA_ALIGN 8u          /* enough for every member a generated type can have */
#define MBR_UNBOUNDED ((size_t)-1)  /* as a bound: the schema sets none */
#define MBR_COUNT_SIZE 8u           /* bytes of the count before text, bytes, lists, sets and maps */
#define MBR_TIMESTAMP_MAX 8640000000000000000LL /* µs on either side of 1970: what a Dart DateTime holds */

/* Text and bytes are views: they own nothing. A decoded one points into the input. Text is
 * UTF-8, not NUL-terminated. `data` may be NULL when `size` is 0. */
typedef struct mbr_str {
  const char *data;
  size_t size;
} mbr_str;

typedef struct mbr_bytes {
  const uint8_t *data;
  size_t size;
} mbr_bytes;

/* 128-bit integers as two halves; the signed one is two's complement. */
typedef struct mbr_u128 {
  uint64_t lo;
  uint64_t hi;
} mbr_u128;

typedef struct mbr_i128 {
  uint64_t lo;
  int64_t hi;
} mbr_i128;

typedef struct mbr_uuid {
  uint8_t bytes[16]; /* in the order they are written in text */
} mbr_uuid;

/* Lists of built-in types. A decoded one stands in the reader's arena; `items` may be NULL when
 * `count` is 0. A char is a Unicode scalar value, a timestamp or duration counts microseconds. */
#define MBR_LIST(name, type)   \
  typedef struct mbr_list_##name { \
    const type *items;         \
    size_t count;              \
  } mbr_list_##name;
MBR_LIST(bool, bool)
MBR_LIST(i8, int8_t)
MBR_LIST(i16, int16_t)
MBR_LIST(i32, int32_t)
MBR_LIST(i64, int64_t)
MBR_LIST(i128, mbr_i128)
MBR_LIST(u8, uint8_t)
MBR_LIST(u16, uint16_t)
MBR_LIST(u32, uint32_t)
MBR_LIST(u64, uint64_t)
MBR_LIST(u128, mbr_u128)
MBR_LIST(f32, float)
MBR_LIST(f64, double)
MBR_LIST(str, mbr_str)
MBR_LIST(bytes, mbr_bytes)
MBR_LIST(uuid, mbr_uuid)
#undef MBR_LIST
typedef mbr_list_u32 mbr_list_char;
typedef mbr_list_i64 mbr_list_timestamp;
typedef mbr_list_i64 mbr_list_duration;

/* Memory that decoded lists are taken from. `grow`, when set, is asked for a block of at least
 * `size` bytes, MBR_ARENA_ALIGN-aligned, once `data` is used up (its owner frees the blocks); else a
 * full arena fails. */
typedef struct mbr_arena {
  uint8_t *data;
  size_t size;
  size_t used;
  void *(*grow)(void *owner, size_t size);
  void *owner;
} mbr_arena;

typedef struct mbr_writer {
  uint8_t *data;
  size_t size;          /* of data */
  size_t offset;        /* bytes written; the place of the first error once status is set */
  mbr_status status;    /* the first error; sticky */
  uint32_t empty_items; /* items without bytes so far */
} mbr_writer;

typedef struct mbr_reader {
  const uint8_t *data;
  size_t size;
  size_t offset;        /* bytes read; the place of the first error once status is set */
  mbr_status status;    /* the first error; sticky */
  uint32_t empty_items; /* items without bytes so far */
  mbr_arena *arena;     /* may be NULL where nothing decoded needs one */
} mbr_reader;

void mbr_arena_init(mbr_arena *arena, void *data, size_t size);

/* `count` items of `item_size` bytes, aligned for any generated type, not cleared. NULL when the
 * arena is full or the product overflows. A count of 0 gives a valid pointer that must not be read.
 * Each take uses up at most its size rounded up by MBR_ARENA_ROUND. */
void *mbr_arena_take(mbr_arena *arena, size_t count, size_t item_size);
#define MBR_ARENA_ROUND(size) (((size) + (MBR_ARENA_ALIGN - 1u)) / MBR_ARENA_ALIGN * MBR_ARENA_ALIGN)

void mbr_writer_init(mbr_writer *w, void *data, size_t size);
void mbr_reader_init(mbr_reader *r, const void *data, size_t size, mbr_arena *arena);

/* Records the first error at the current offset, keeps later ones out; returns the first. */
mbr_status mbr_writer_fail(mbr_writer *w, mbr_status status);
mbr_status mbr_reader_fail(mbr_reader *r, mbr_status status);

/* The same for a byte that was taken already: `p` points into the reader's data, or it is `n` bytes back. */
mbr_status mbr_reader_fail_at(mbr_reader *r, const uint8_t *p, mbr_status status);
mbr_status mbr_reader_fail_back(mbr_reader *r, size_t n, mbr_status status);

/* MBR_OK when everything was read, MBR_TRAILING when bytes are left, else the first error. */
MBR_MUST_CHECK mbr_status mbr_reader_finish(mbr_reader *r);

/* Room for `n` bytes, or NULL (MBR_NO_SPACE is then recorded). The one bounds check for a run of
 * fixed-size fields. Inline: this is the hot path. */
static inline uint8_t *mbr_writer_take(mbr_writer *w, size_t n) {
  if (w->status != MBR_OK || n > w->size - w->offset) {
    (void)mbr_writer_fail(w, MBR_NO_SPACE);
    return NULL;
  }
  uint8_t *p = w->data + w->offset;
  w->offset += n;
  return p;
}

/* The next `n` bytes, or NULL (MBR_TRUNCATED is then recorded). */
static inline const uint8_t *mbr_reader_take(mbr_reader *r, size_t n) {
  if (r->status != MBR_OK || n > r->size - r->offset) {
    (void)mbr_reader_fail(r, MBR_TRUNCATED);
    return NULL;
  }
  const uint8_t *p = r->data + r->offset;
  r->offset += n;
  return p;
}

/* Encoded sizes are added up before a frame is opened; these stay at the largest size_t instead of
 * wrapping, so that a size nothing can hold is refused and not mistaken for a small one. */
static inline size_t mbr_size_add(size_t a, size_t b) { return a > (size_t)-1 - b ? (size_t)-1 : a + b; }
static inline size_t mbr_size_mul(size_t a, size_t b) {
  return b != 0 && a > (size_t)-1 / b ? (size_t)-1 : a * b;
}

/* Unchecked stores and loads of one scalar at `p`: compilers fold them into single moves. */
static inline void mbr_put_u8(uint8_t *p, uint8_t v) { p[0] = v; }
#if MBR_LITTLE_ENDIAN && defined(__ARM_FEATURE_UNALIGNED)
/* gcc does not make one store of single bytes there. */
static inline void mbr_put_u16(uint8_t *p, uint16_t v) { memcpy(p, &v, sizeof v); }
static inline void mbr_put_u32(uint8_t *p, uint32_t v) { memcpy(p, &v, sizeof v); }
#else
static inline void mbr_put_u16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
}
static inline void mbr_put_u32(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)v;
  p[1] = (uint8_t)(v >> 8);
  p[2] = (uint8_t)(v >> 16);
  p[3] = (uint8_t)(v >> 24);
}
#endif
static inline void mbr_put_u64(uint8_t *p, uint64_t v) {
  mbr_put_u32(p, (uint32_t)v);
  mbr_put_u32(p + 4, (uint32_t)(v >> 32));
}
static inline void mbr_put_u128(uint8_t *p, mbr_u128 v) {
  mbr_put_u64(p, v.lo);
  mbr_put_u64(p + 8, v.hi);
}
static inline void mbr_put_i8(uint8_t *p, int8_t v) { mbr_put_u8(p, (uint8_t)v); }
static inline void mbr_put_i16(uint8_t *p, int16_t v) { mbr_put_u16(p, (uint16_t)v); }
static inline void mbr_put_i32(uint8_t *p, int32_t v) { mbr_put_u32(p, (uint32_t)v); }
static inline void mbr_put_i64(uint8_t *p, int64_t v) { mbr_put_u64(p, (uint64_t)v); }
static inline void mbr_put_i128(uint8_t *p, mbr_i128 v) {
  mbr_put_u64(p, v.lo);
  mbr_put_i64(p + 8, v.hi);
}
static inline void mbr_put_f32(uint8_t *p, float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  mbr_put_u32(p, bits);
}
static inline void mbr_put_f64(uint8_t *p, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  mbr_put_u64(p, bits);
}
static inline void mbr_put_bool(uint8_t *p, bool v) { p[0] = v ? 1u : 0u; }
static inline void mbr_put_uuid(uint8_t *p, mbr_uuid v) { memcpy(p, v.bytes, sizeof v.bytes); }
static inline void mbr_put_duration(uint8_t *p, int64_t v) { mbr_put_i64(p, v); }
static inline void mbr_put_timestamp(uint8_t *p, int64_t v) { mbr_put_i64(p, v); }

static inline uint8_t mbr_get_u8(const uint8_t *p) { return p[0]; }
static inline uint16_t mbr_get_u16(const uint8_t *p) { return (uint16_t)(p[0] | ((unsigned)p[1] << 8)); }
#if MBR_LITTLE_ENDIAN && defined(__ARM_FEATURE_UNALIGNED)
static inline uint32_t mbr_get_u32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
#else
static inline uint32_t mbr_get_u32(const uint8_t *p) {
  return (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16) | ((uint32_t)p[3] << 24);
}
#endif
static inline uint64_t mbr_get_u64(const uint8_t *p) {
  return (uint64_t)mbr_get_u32(p) | ((uint64_t)mbr_get_u32(p + 4) << 32);
}
static inline mbr_u128 mbr_get_u128(const uint8_t *p) {
  mbr_u128 v;
  v.lo = mbr_get_u64(p);
  v.hi = mbr_get_u64(p + 8);
  return v;
}
static inline int8_t mbr_get_i8(const uint8_t *p) { return (int8_t)mbr_get_u8(p); }
static inline int16_t mbr_get_i16(const uint8_t *p) { return (int16_t)mbr_get_u16(p); }
static inline int32_t mbr_get_i32(const uint8_t *p) { return (int32_t)mbr_get_u32(p); }
static inline int64_t mbr_get_i64(const uint8_t *p) { return (int64_t)mbr_get_u64(p); }
static inline mbr_i128 mbr_get_i128(const uint8_t *p) {
  mbr_i128 v;
  v.lo = mbr_get_u64(p);
  v.hi = mbr_get_i64(p + 8);
  return v;
}
static inline float mbr_get_f32(const uint8_t *p) {
  uint32_t bits = mbr_get_u32(p);
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}
static inline double mbr_get_f64(const uint8_t *p) {
  uint64_t bits = mbr_get_u64(p);
  double v;
  memcpy(&v, &bits, sizeof v);
  return v;
}
static inline mbr_uuid mbr_get_uuid(const uint8_t *p) {
  mbr_uuid v;
  memcpy(v.bytes, p, sizeof v.bytes);
  return v;
}

static inline int64_t mbr_get_duration(const uint8_t *p) { return mbr_get_i64(p); }

/* Which values the wire can carry, for what is checked on both sides. */
static inline bool mbr_char_valid(uint32_t c) { return c < 0xD800u || (c > 0xDFFFu && c <= 0x10FFFFu); }
static inline bool mbr_timestamp_valid(int64_t v) {
  return v >= -MBR_TIMESTAMP_MAX && v <= MBR_TIMESTAMP_MAX;
}
bool mbr_utf8_valid(const char *data, size_t size);

/* Whether a number lies within limits; never when it is a NaN. As parameters the limits are numbers of that
 * type, even where the compiler gives constants more precision (x87). */
#define MBR_FLOAT(name, type)                                                                              \
  static inline bool mbr_##name##_at_least(type v, type min) { return v >= min; }                          \
  static inline bool mbr_##name##_at_most(type v, type max) { return v <= max; }                           \
  static inline bool mbr_##name##_within(type v, type min, type max) { return v >= min && v <= max; }
MBR_FLOAT(f32, float)
MBR_FLOAT(f64, double)
#undef MBR_FLOAT

/* Less than, equal to or greater than 0, as a is to b. Text by its bytes. */
static inline int mbr_u128_compare(mbr_u128 a, mbr_u128 b) {
  if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
  return a.lo < b.lo ? -1 : a.lo > b.lo;
}
static inline int mbr_i128_compare(mbr_i128 a, mbr_i128 b) {
  if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
  return a.lo < b.lo ? -1 : a.lo > b.lo;
}
int mbr_str_compare(mbr_str a, mbr_str b);

/* Bytes of a char on the wire: 1 to 4; a value that is no char counts as 4. */
static inline size_t mbr_char_size(uint32_t c) {
  return c < 0x80u ? 1u : c < 0x800u ? 2u : c < 0x10000u ? 3u : 4u;
}

/* Checked loads from a run that was taken already: `p` points into the reader's data. A bool that is
 * neither 0 nor 1 is MBR_BAD_BOOL, an option tag (false: absent) MBR_BAD_OPTION, a timestamp beyond
 * the calendar MBR_BAD_TIME, each recorded at its own byte. */
static inline mbr_status mbr_check_bool(mbr_reader *r, const uint8_t *p, bool *v) {
  *v = *p == 1u;
  return *p <= 1u ? r->status : mbr_reader_fail_at(r, p, MBR_BAD_BOOL);
}
static inline mbr_status mbr_check_option(mbr_reader *r, const uint8_t *p, bool *v) {
  *v = *p == 1u;
  return *p <= 1u ? r->status : mbr_reader_fail_at(r, p, MBR_BAD_OPTION);
}
static inline mbr_status mbr_check_timestamp(mbr_reader *r, const uint8_t *p, int64_t *v) {
  *v = mbr_get_i64(p);
  if (mbr_timestamp_valid(*v)) return r->status;
  *v = 0;
  return mbr_reader_fail_at(r, p, MBR_BAD_TIME);
}

/* mbr_write_u8(w, v) … and mbr_read_u8(r, &v) …: one scalar with its own bounds check. */
#define MBR_SCALAR(name, type)                                               \
  static inline mbr_status mbr_write_##name(mbr_writer *w, type v) {         \
    uint8_t *p = mbr_writer_take(w, sizeof(type));                           \
    if (p != NULL) mbr_put_##name(p, v);                                     \
    return w->status;                                                        \
  }                                                                          \
  static inline mbr_status mbr_read_##name(mbr_reader *r, type *v) {         \
    const uint8_t *p = mbr_reader_take(r, sizeof(type));                     \
    if (p != NULL) *v = mbr_get_##name(p);                                   \
    else memset(v, 0, sizeof *v);                                            \
    return r->status;                                                        \
  }
MBR_SCALAR(i8, int8_t)
MBR_SCALAR(i16, int16_t)
MBR_SCALAR(i32, int32_t)
MBR_SCALAR(i64, int64_t)
MBR_SCALAR(i128, mbr_i128)
MBR_SCALAR(u8, uint8_t)
MBR_SCALAR(u16, uint16_t)
MBR_SCALAR(u32, uint32_t)
MBR_SCALAR(u64, uint64_t)
MBR_SCALAR(u128, mbr_u128)
MBR_SCALAR(f32, float)
MBR_SCALAR(f64, double)
MBR_SCALAR(uuid, mbr_uuid)
MBR_SCALAR(duration, int64_t)
#undef MBR_SCALAR

/* mbr_write_opt_u8(w, present, v) … and mbr_read_opt_u8(r, &present, &v) …: an option tag and, where it
 * says so, one scalar. What is absent reads as zero. */
#define MBR_OPTIONAL(name, type)                                                               \
  static inline mbr_status mbr_write_opt_##name(mbr_writer *w, bool present, type v) {         \
    uint8_t *p = mbr_writer_take(w, present ? 1u + sizeof(type) : 1u);                         \
    if (p == NULL) return w->status;                                                           \
    mbr_put_bool(p, present);                                                                  \
    if (present) mbr_put_##name(p + 1, v);                                                     \
    return MBR_OK;                                                                             \
  }                                                                                            \
  static inline mbr_status mbr_read_opt_##name(mbr_reader *r, bool *present, type *v) {        \
    const uint8_t *p = mbr_reader_take(r, 1);                                                  \
    *present = false;                                                                          \
    memset(v, 0, sizeof *v);                                                                   \
    if (p == NULL || mbr_check_option(r, p, present) != MBR_OK || !*present) return r->status; \
    p = mbr_reader_take(r, sizeof(type));                                                      \
    if (p != NULL) *v = mbr_get_##name(p);                                                     \
    else *present = false;                                                                     \
    return r->status;                                                                          \
  }
MBR_OPTIONAL(i8, int8_t)
MBR_OPTIONAL(i16, int16_t)
MBR_OPTIONAL(i32, int32_t)
MBR_OPTIONAL(i64, int64_t)
MBR_OPTIONAL(i128, mbr_i128)
MBR_OPTIONAL(u8, uint8_t)
MBR_OPTIONAL(u16, uint16_t)
MBR_OPTIONAL(u32, uint32_t)
MBR_OPTIONAL(u64, uint64_t)
MBR_OPTIONAL(u128, mbr_u128)
MBR_OPTIONAL(f32, float)
MBR_OPTIONAL(f64, double)
MBR_OPTIONAL(uuid, mbr_uuid)
#undef MBR_OPTIONAL

static inline mbr_status mbr_write_opt_bool(mbr_writer *w, bool present, bool v) {
  return mbr_write_opt_u8(w, present, v ? 1u : 0u);
}
static inline mbr_status mbr_read_opt_bool(mbr_reader *r, bool *present, bool *v) {
  const uint8_t *p = mbr_reader_take(r, 1);
  *present = *v = false;
  if (p == NULL || mbr_check_option(r, p, present) != MBR_OK || !*present) return r->status;
  p = mbr_reader_take(r, 1);
  if (p != NULL && mbr_check_bool(r, p, v) == MBR_OK) return MBR_OK;
  *present = *v = false;
  return r->status;
}

mbr_status mbr_write_bool(mbr_writer *w, bool v);
mbr_status mbr_read_bool(mbr_reader *r, bool *v);
mbr_status mbr_write_option(mbr_writer *w, bool present);
mbr_status mbr_read_option(mbr_reader *r, bool *present);
mbr_status mbr_write_timestamp(mbr_writer *w, int64_t v);
mbr_status mbr_read_timestamp(mbr_reader *r, int64_t *v);
mbr_status mbr_write_char(mbr_writer *w, uint32_t v);
mbr_status mbr_read_char(mbr_reader *r, uint32_t *v);

/* The count before a list, set or map of at most `max` items of at least `min_item_size` bytes each. Reading
 * compares it with `max` and with what the rest of the input can hold before it is narrowed: a hostile count
 * costs nothing. Items without bytes add up to at most MBR_EMPTY_ITEMS_MAX for one writer or reader.
 * MBR_BAD_LENGTH otherwise. */
mbr_status mbr_write_count(mbr_writer *w, size_t count, size_t min_item_size, size_t max);
mbr_status mbr_read_count(mbr_reader *r, size_t *count, size_t min_item_size, size_t max);

/* mbr_read_count and arena memory for that many items of `item_size` bytes in C. NULL, and a count of 0,
 * when there are none or on an error (MBR_NO_MEMORY: the arena is full, or there is none). */
void *mbr_read_items(mbr_reader *r, size_t *count, size_t min_item_size, size_t max, size_t item_size);

/* Arena memory for what a pointer in a decoded value will point to; NULL after an error. */
void *mbr_reader_alloc(mbr_reader *r, size_t count, size_t item_size);

/* The index of the first item that is equal to one before it; `count` when there is none, or after an error.
 * Items in rising order, as most are, cost one pass; others are sorted by an index in the reader's arena,
 * count × size_t (MBR_NO_MEMORY: it is full). */
size_t mbr_find_duplicate(mbr_reader *r, const void *items, size_t count, size_t item_size,
                          int (*compare)(const void *, const void *));

/* Text and bytes of at most `max` bytes. Text is checked to be well-formed UTF-8 both ways. */
mbr_status mbr_write_str(mbr_writer *w, mbr_str v, size_t max);
mbr_status mbr_read_str(mbr_reader *r, mbr_str *v, size_t max);
mbr_status mbr_write_bytes(mbr_writer *w, mbr_bytes v, size_t max);
mbr_status mbr_read_bytes(mbr_reader *r, mbr_bytes *v, size_t max);

/* Arrays and lists of built-in types: _array is `count` items as they stand, _list a count of at most
 * `max` and the items. A list that is read is taken from the reader's arena, MBR_NO_MEMORY when it is
 * full. Numbers are copied whole where the host's byte order allows it. */
#define MBR_SEQUENCE(name, type)                                                              \
  mbr_status mbr_write_array_##name(mbr_writer *w, const type *items, size_t count);          \
  mbr_status mbr_read_array_##name(mbr_reader *r, type *items, size_t count);                 \
  mbr_status mbr_write_list_##name(mbr_writer *w, mbr_list_##name v, size_t max);             \
  mbr_status mbr_read_list_##name(mbr_reader *r, mbr_list_##name *v, size_t max);
MBR_SEQUENCE(bool, bool)
MBR_SEQUENCE(i8, int8_t)
MBR_SEQUENCE(i16, int16_t)
MBR_SEQUENCE(i32, int32_t)
MBR_SEQUENCE(i64, int64_t)
MBR_SEQUENCE(i128, mbr_i128)
MBR_SEQUENCE(u8, uint8_t)
MBR_SEQUENCE(u16, uint16_t)
MBR_SEQUENCE(u32, uint32_t)
MBR_SEQUENCE(u64, uint64_t)
MBR_SEQUENCE(u128, mbr_u128)
MBR_SEQUENCE(f32, float)
MBR_SEQUENCE(f64, double)
MBR_SEQUENCE(char, uint32_t)
MBR_SEQUENCE(uuid, mbr_uuid)
MBR_SEQUENCE(timestamp, int64_t)
MBR_SEQUENCE(duration, int64_t)
#undef MBR_SEQUENCE

/* The same for text and bytes; `item_max` bounds each item. */
#define MBR_SEQUENCE(name, type)                                                                      \
  mbr_status mbr_write_array_##name(mbr_writer *w, const type *items, size_t count, size_t item_max); \
  mbr_status mbr_read_array_##name(mbr_reader *r, type *items, size_t count, size_t item_max);        \
  mbr_status mbr_write_list_##name(mbr_writer *w, mbr_list_##name v, size_t max, size_t item_max);    \
  mbr_status mbr_read_list_##name(mbr_reader *r, mbr_list_##name *v, size_t max, size_t item_max);
MBR_SEQUENCE(str, mbr_str)
MBR_SEQUENCE(bytes, mbr_bytes)
#undef MBR_SEQUENCE

#ifdef __cplusplus
}
#endif

#if MBR_SMALL
#include "mbr/small.h"
#endif
#endif
