/* Rust's bincode, through the library of bincode/: the values reach it, and leave it, in the encoding that
 * both sides share. */
#include "codec.h"

bool bench_bincode_load(int message, const uint8_t *in, size_t size);
bool bench_bincode_decode(int message, const uint8_t *in, size_t size);
mbr_bytes bench_bincode_encode(int message, bool decoded);

static bool load(const bench_sample *sample) {
  (void)sample; /* bench_mbr, which comes first, holds it too */
  for (int message = 0; message < BENCH_MESSAGES; message++) {
    mbr_bytes bytes = bench_mbr.encode((bench_message)message);
    if (!bench_bincode_load(message, bytes.data, bytes.size)) return false;
  }
  return true;
}

static mbr_bytes encode_loaded(bench_message message) { return bench_bincode_encode((int)message, false); }

static bool decode(bench_message message, const uint8_t *in, size_t size) {
  return bench_bincode_decode((int)message, in, size);
}

static mbr_bytes encode_decoded(bench_message message) { return bench_bincode_encode((int)message, true); }

const bench_peer bench_bincode = {"Rust bincode", load, encode_loaded, decode, encode_decoded};
