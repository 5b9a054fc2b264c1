/* What mbrc generates for telemetry.mbr, with the runtime's writer and reader around it. */
#include "codec.h"

static const bench_sample *loaded;
static bench_sample decoded;

static mbr_bytes encode(const bench_sample *from, bench_message message) {
  static uint8_t out[BENCH_ENCODED_MAX];
  mbr_writer w;
  mbr_status status;
  mbr_writer_init(&w, out, sizeof out);
  switch (message) {
    case BENCH_TELEMETRY: status = bench_telemetry_telemetry_encode(&w, &from->telemetry); break;
    case BENCH_BATCH: status = bench_telemetry_batch_encode(&w, &from->batch); break;
    default: status = bench_telemetry_series_encode(&w, &from->series); break;
  }
  return (mbr_bytes){out, status == MBR_OK ? w.offset : 0};
}

static bool load(const bench_sample *sample) {
  loaded = sample;
  return true;
}

static mbr_bytes encode_loaded(bench_message message) { return encode(loaded, message); }

static bool decode(bench_message message, const uint8_t *in, size_t size) {
  static union {
    double align;
    uint8_t bytes[2 * BENCH_ENCODED_MAX];
  } memory[BENCH_MESSAGES];
  mbr_arena arena;
  mbr_reader r;
  mbr_arena_init(&arena, memory[message].bytes, sizeof memory[message].bytes);
  mbr_reader_init(&r, in, size, &arena);
  mbr_status status;
  switch (message) {
    case BENCH_TELEMETRY: status = bench_telemetry_telemetry_decode(&r, &decoded.telemetry); break;
    case BENCH_BATCH: status = bench_telemetry_batch_decode(&r, &decoded.batch); break;
    default: status = bench_telemetry_series_decode(&r, &decoded.series); break;
  }
  return status == MBR_OK && mbr_reader_finish(&r) == MBR_OK;
}

static mbr_bytes encode_decoded(bench_message message) { return encode(&decoded, message); }

const bench_peer bench_mbr = {"mbr", load, encode_loaded, decode, encode_decoded};
