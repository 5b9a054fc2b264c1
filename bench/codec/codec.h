/* What codec.c asks of each codec it measures. A peer knows the messages and its own library, and uses it
 * in the fastest way there is; it does not know how it is timed. */
#ifndef BENCH_CODEC_H
#define BENCH_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench_telemetry.h"

enum { BENCH_ITEMS = 1000, BENCH_VALUES = 10000, BENCH_ENCODED_MAX = 256 * 1024 };

typedef enum bench_message { BENCH_TELEMETRY, BENCH_BATCH, BENCH_SERIES, BENCH_MESSAGES } bench_message;

/* The values that every peer encodes. */
typedef struct bench_sample {
  bench_telemetry_telemetry telemetry;
  bench_telemetry_batch batch;
  bench_telemetry_series series;
} bench_sample;

/* A peer holds one value of each message to encode, and one that it decodes to. */
typedef struct bench_peer {
  const char *name;
  /* Takes the values over from `sample`, which outlives all use of the peer. */
  bool (*load)(const bench_sample *sample);
  /* Encodes the value that was loaded to memory of the peer, which later calls may overwrite; empty when that
   * fails. */
  mbr_bytes (*encode)(bench_message message);
  /* Replaces the decoded value, and frees what the last one held. */
  bool (*decode)(bench_message message, const uint8_t *in, size_t size);
  /* Encodes the value that was decoded last, to see that it is the one that was loaded. */
  mbr_bytes (*encode_decoded)(bench_message message);
} bench_peer;

extern const bench_peer bench_mbr;
extern const bench_peer bench_bincode;
extern const bench_peer bench_nanopb;
extern const bench_peer bench_protobuf_c;

#endif
