/* What mbr/wire.h has in line, as functions to be called: see mbr/small.h. Nothing in them depends on how this
 * file is compiled: names in parentheses mean those in line. */
#include "mbr/small.h"

uint8_t *mbr_small_writer_take(mbr_writer *w, size_t n) { return (mbr_writer_take)(w, n); }
const uint8_t *mbr_small_reader_take(mbr_reader *r, size_t n) { return (mbr_reader_take)(r, n); }

mbr_status mbr_small_check_bool(mbr_reader *r, const uint8_t *p, bool *v) { return (mbr_check_bool)(r, p, v); }

mbr_status mbr_small_check_option(mbr_reader *r, const uint8_t *p, bool *v) {
  return (mbr_check_option)(r, p, v);
}

mbr_status mbr_small_check_timestamp(mbr_reader *r, const uint8_t *p, int64_t *v) {
  return (mbr_check_timestamp)(r, p, v);
}

bool mbr_small_timestamp_valid(int64_t v) { return (mbr_timestamp_valid)(v); }

#define FLOAT(name, type)                                                                                  \
  bool mbr_small_##name##_at_least(type v, type min) { return (mbr_##name##_at_least)(v, min); }           \
  bool mbr_small_##name##_at_most(type v, type max) { return (mbr_##name##_at_most)(v, max); }             \
  bool mbr_small_##name##_within(type v, type min, type max) { return (mbr_##name##_within)(v, min, max); }
FLOAT(f32, float)
FLOAT(f64, double)

#if MBR_LITTLE_ENDIAN
/* One function for all sizes: values lie in memory as they do on the wire. */
static mbr_status write_fixed(mbr_writer *w, const void *v, size_t size) {
  uint8_t *p = mbr_small_writer_take(w, size);
  if (p != NULL) memcpy(p, v, size);
  return w->status;
}

static mbr_status read_fixed(mbr_reader *r, void *v, size_t size) {
  const uint8_t *p = mbr_small_reader_take(r, size);
  if (p != NULL) memcpy(v, p, size);
  else memset(v, 0, size);
  return r->status;
}

static mbr_status write_opt_fixed(mbr_writer *w, bool present, const void *v, size_t size) {
  uint8_t *p = mbr_small_writer_take(w, present ? 1u + size : 1u);
  if (p == NULL) return w->status;
  mbr_put_bool(p, present);
  if (present) memcpy(p + 1, v, size);
  return MBR_OK;
}

static mbr_status read_opt_fixed(mbr_reader *r, bool *present, void *v, size_t size) {
  memset(v, 0, size);
  if (mbr_read_option(r, present) != MBR_OK || !*present) return r->status;
  const uint8_t *p = mbr_small_reader_take(r, size);
  if (p != NULL) memcpy(v, p, size);
  else *present = false;
  return r->status;
}

#define WRITE(name, w, v) write_fixed(w, &(v), sizeof(v))
#define READ(name, r, v) read_fixed(r, v, sizeof *(v))
#define WRITE_OPT(name, w, present, v) write_opt_fixed(w, present, &(v), sizeof(v))
#define READ_OPT(name, r, present, v) read_opt_fixed(r, present, v, sizeof *(v))
#else
#define WRITE(name, w, v) (mbr_write_##name)(w, v)
#define READ(name, r, v) (mbr_read_##name)(r, v)
#define WRITE_OPT(name, w, present, v) (mbr_write_opt_##name)(w, present, v)
#define READ_OPT(name, r, present, v) (mbr_read_opt_##name)(r, present, v)
#endif

#define SCALAR(name, type)                                                               \
  mbr_status mbr_small_write_##name(mbr_writer *w, type v) { return WRITE(name, w, v); } \
  mbr_status mbr_small_read_##name(mbr_reader *r, type *v) { return READ(name, r, v); }
#define OPTIONAL(name, type)                                                     \
  mbr_status mbr_small_write_opt_##name(mbr_writer *w, bool present, type v) {   \
    return WRITE_OPT(name, w, present, v);                                       \
  }                                                                              \
  mbr_status mbr_small_read_opt_##name(mbr_reader *r, bool *present, type *v) {  \
    return READ_OPT(name, r, present, v);                                        \
  }
#define BOTH(name, type) SCALAR(name, type) OPTIONAL(name, type)
BOTH(i8, int8_t)
BOTH(i16, int16_t)
BOTH(i32, int32_t)
BOTH(i64, int64_t)
BOTH(i128, mbr_i128)
BOTH(u8, uint8_t)
BOTH(u16, uint16_t)
BOTH(u32, uint32_t)
BOTH(u64, uint64_t)
BOTH(u128, mbr_u128)
BOTH(f32, float)
BOTH(f64, double)
BOTH(uuid, mbr_uuid)
SCALAR(duration, int64_t)

mbr_status mbr_small_write_opt_bool(mbr_writer *w, bool present, bool v) {
  return mbr_small_write_opt_u8(w, present, v ? 1u : 0u);
}

mbr_status mbr_small_read_opt_bool(mbr_reader *r, bool *present, bool *v) {
  return (mbr_read_opt_bool)(r, present, v);
}
