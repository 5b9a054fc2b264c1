/* mbr/small.h — the functions that mbr/wire.h has in line, as calls: for code that must be small.
 *
 * Included by mbr/wire.h where MBR_SMALL is set. The same names then mean the functions declared here, which
 * do what the others do; runtime/wire/small.c has them. In parentheses a name still means the one in line. */
#ifndef MBR_SMALL_H
#define MBR_SMALL_H

#include "mbr/wire.h"

#ifdef __cplusplus
extern "C" {
#endif

uint8_t *mbr_small_writer_take(mbr_writer *w, size_t n);
const uint8_t *mbr_small_reader_take(mbr_reader *r, size_t n);
mbr_status mbr_small_check_bool(mbr_reader *r, const uint8_t *p, bool *v);
mbr_status mbr_small_check_option(mbr_reader *r, const uint8_t *p, bool *v);
mbr_status mbr_small_check_timestamp(mbr_reader *r, const uint8_t *p, int64_t *v);
bool mbr_small_timestamp_valid(int64_t v);
bool mbr_small_f32_at_least(float v, float min);
bool mbr_small_f32_at_most(float v, float max);
bool mbr_small_f32_within(float v, float min, float max);
bool mbr_small_f64_at_least(double v, double min);
bool mbr_small_f64_at_most(double v, double max);
bool mbr_small_f64_within(double v, double min, double max);

#define MBR_SMALL_SCALAR(name, type)                          \
  mbr_status mbr_small_write_##name(mbr_writer *w, type v);   \
  mbr_status mbr_small_read_##name(mbr_reader *r, type *v);
#define MBR_SMALL_OPTIONAL(name, type)                                        \
  mbr_status mbr_small_write_opt_##name(mbr_writer *w, bool present, type v); \
  mbr_status mbr_small_read_opt_##name(mbr_reader *r, bool *present, type *v);
#define MBR_SMALL_BOTH(name, type) MBR_SMALL_SCALAR(name, type) MBR_SMALL_OPTIONAL(name, type)
MBR_SMALL_BOTH(i8, int8_t)
MBR_SMALL_BOTH(i16, int16_t)
MBR_SMALL_BOTH(i32, int32_t)
MBR_SMALL_BOTH(i64, int64_t)
MBR_SMALL_BOTH(i128, mbr_i128)
MBR_SMALL_BOTH(u8, uint8_t)
MBR_SMALL_BOTH(u16, uint16_t)
MBR_SMALL_BOTH(u32, uint32_t)
MBR_SMALL_BOTH(u64, uint64_t)
MBR_SMALL_BOTH(u128, mbr_u128)
MBR_SMALL_BOTH(f32, float)
MBR_SMALL_BOTH(f64, double)
MBR_SMALL_BOTH(uuid, mbr_uuid)
MBR_SMALL_SCALAR(duration, int64_t)
MBR_SMALL_OPTIONAL(bool, bool)
#undef MBR_SMALL_BOTH
#undef MBR_SMALL_SCALAR
#undef MBR_SMALL_OPTIONAL

#ifdef __cplusplus
}
#endif

#if MBR_SMALL
#define mbr_writer_take(w, n) mbr_small_writer_take((w), (n))
#define mbr_reader_take(r, n) mbr_small_reader_take((r), (n))
#define mbr_check_bool(r, p, v) mbr_small_check_bool((r), (p), (v))
#define mbr_check_option(r, p, v) mbr_small_check_option((r), (p), (v))
#define mbr_check_timestamp(r, p, v) mbr_small_check_timestamp((r), (p), (v))
#define mbr_timestamp_valid(v) mbr_small_timestamp_valid(v)
#define mbr_f32_at_least(v, min) mbr_small_f32_at_least((v), (min))
#define mbr_f32_at_most(v, max) mbr_small_f32_at_most((v), (max))
#define mbr_f32_within(v, min, max) mbr_small_f32_within((v), (min), (max))
#define mbr_f64_at_least(v, min) mbr_small_f64_at_least((v), (min))
#define mbr_f64_at_most(v, max) mbr_small_f64_at_most((v), (max))
#define mbr_f64_within(v, min, max) mbr_small_f64_within((v), (min), (max))
#define mbr_write_i8(w, v) mbr_small_write_i8((w), (v))
#define mbr_read_i8(r, v) mbr_small_read_i8((r), (v))
#define mbr_write_i16(w, v) mbr_small_write_i16((w), (v))
#define mbr_read_i16(r, v) mbr_small_read_i16((r), (v))
#define mbr_write_i32(w, v) mbr_small_write_i32((w), (v))
#define mbr_read_i32(r, v) mbr_small_read_i32((r), (v))
#define mbr_write_i64(w, v) mbr_small_write_i64((w), (v))
#define mbr_read_i64(r, v) mbr_small_read_i64((r), (v))
#define mbr_write_i128(w, v) mbr_small_write_i128((w), (v))
#define mbr_read_i128(r, v) mbr_small_read_i128((r), (v))
#define mbr_write_u8(w, v) mbr_small_write_u8((w), (v))
#define mbr_read_u8(r, v) mbr_small_read_u8((r), (v))
#define mbr_write_u16(w, v) mbr_small_write_u16((w), (v))
#define mbr_read_u16(r, v) mbr_small_read_u16((r), (v))
#define mbr_write_u32(w, v) mbr_small_write_u32((w), (v))
#define mbr_read_u32(r, v) mbr_small_read_u32((r), (v))
#define mbr_write_u64(w, v) mbr_small_write_u64((w), (v))
#define mbr_read_u64(r, v) mbr_small_read_u64((r), (v))
#define mbr_write_u128(w, v) mbr_small_write_u128((w), (v))
#define mbr_read_u128(r, v) mbr_small_read_u128((r), (v))
#define mbr_write_f32(w, v) mbr_small_write_f32((w), (v))
#define mbr_read_f32(r, v) mbr_small_read_f32((r), (v))
#define mbr_write_f64(w, v) mbr_small_write_f64((w), (v))
#define mbr_read_f64(r, v) mbr_small_read_f64((r), (v))
#define mbr_write_uuid(w, v) mbr_small_write_uuid((w), (v))
#define mbr_read_uuid(r, v) mbr_small_read_uuid((r), (v))
#define mbr_write_duration(w, v) mbr_small_write_duration((w), (v))
#define mbr_read_duration(r, v) mbr_small_read_duration((r), (v))
#define mbr_write_opt_i8(w, present, v) mbr_small_write_opt_i8((w), (present), (v))
#define mbr_read_opt_i8(r, present, v) mbr_small_read_opt_i8((r), (present), (v))
#define mbr_write_opt_i16(w, present, v) mbr_small_write_opt_i16((w), (present), (v))
#define mbr_read_opt_i16(r, present, v) mbr_small_read_opt_i16((r), (present), (v))
#define mbr_write_opt_i32(w, present, v) mbr_small_write_opt_i32((w), (present), (v))
#define mbr_read_opt_i32(r, present, v) mbr_small_read_opt_i32((r), (present), (v))
#define mbr_write_opt_i64(w, present, v) mbr_small_write_opt_i64((w), (present), (v))
#define mbr_read_opt_i64(r, present, v) mbr_small_read_opt_i64((r), (present), (v))
#define mbr_write_opt_i128(w, present, v) mbr_small_write_opt_i128((w), (present), (v))
#define mbr_read_opt_i128(r, present, v) mbr_small_read_opt_i128((r), (present), (v))
#define mbr_write_opt_u8(w, present, v) mbr_small_write_opt_u8((w), (present), (v))
#define mbr_read_opt_u8(r, present, v) mbr_small_read_opt_u8((r), (present), (v))
#define mbr_write_opt_u16(w, present, v) mbr_small_write_opt_u16((w), (present), (v))
#define mbr_read_opt_u16(r, present, v) mbr_small_read_opt_u16((r), (present), (v))
#define mbr_write_opt_u32(w, present, v) mbr_small_write_opt_u32((w), (present), (v))
#define mbr_read_opt_u32(r, present, v) mbr_small_read_opt_u32((r), (present), (v))
#define mbr_write_opt_u64(w, present, v) mbr_small_write_opt_u64((w), (present), (v))
#define mbr_read_opt_u64(r, present, v) mbr_small_read_opt_u64((r), (present), (v))
#define mbr_write_opt_u128(w, present, v) mbr_small_write_opt_u128((w), (present), (v))
#define mbr_read_opt_u128(r, present, v) mbr_small_read_opt_u128((r), (present), (v))
#define mbr_write_opt_f32(w, present, v) mbr_small_write_opt_f32((w), (present), (v))
#define mbr_read_opt_f32(r, present, v) mbr_small_read_opt_f32((r), (present), (v))
#define mbr_write_opt_f64(w, present, v) mbr_small_write_opt_f64((w), (present), (v))
#define mbr_read_opt_f64(r, present, v) mbr_small_read_opt_f64((r), (present), (v))
#define mbr_write_opt_uuid(w, present, v) mbr_small_write_opt_uuid((w), (present), (v))
#define mbr_read_opt_uuid(r, present, v) mbr_small_read_opt_uuid((r), (present), (v))
#define mbr_write_opt_bool(w, present, v) mbr_small_write_opt_bool((w), (present), (v))
#define mbr_read_opt_bool(r, present, v) mbr_small_read_opt_bool((r), (present), (v))
#endif
#endif
