/* Encoding and decoding in C, measured: what mbrc generates against the peers that were built in
 * (BENCH_WITH_…). Peers take turns in short rounds and the best round of each counts, so that a noisy machine
 * disturbs all of them alike; compare ratios, not nanoseconds. Prints, asserts nothing but that each
 * peer gives back what it was given. */
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef BENCH_ROUNDS
#define BENCH_ROUNDS 1500 /* of each peer, message and direction */
#endif
#ifndef BENCH_ROUND_NS
#define BENCH_ROUND_NS 100000.0 /* at least one value, though */
#endif
#define BENCH_NANOPB_GOAL 10.0
#define BENCH_BINCODE_GOAL 1.0

static const bench_peer *const peers[] = {
  &bench_mbr,
#ifdef BENCH_WITH_BINCODE
  &bench_bincode,
#endif
#ifdef BENCH_WITH_NANOPB
  &bench_nanopb,
#endif
#ifdef BENCH_WITH_PROTOBUF_C
  &bench_protobuf_c,
#endif
};
enum { PEERS = sizeof peers / sizeof *peers, DIRECTIONS = 2 };

static const char *const message_names[BENCH_MESSAGES] = {
  "telemetry",
  "list of 1,000 of them",
  "list of 10,000 f64",
};
static const char *const direction_names[DIRECTIONS] = {"encode", "decode"};

static uint8_t encoded[PEERS][BENCH_MESSAGES][BENCH_ENCODED_MAX];
static size_t encoded_size[PEERS][BENCH_MESSAGES];
static double best_ns[DIRECTIONS][BENCH_MESSAGES][PEERS];

static void fail(const bench_peer *peer, bench_message message, const char *what) {
  fprintf(stderr, "bench: %s: %s %s\n", peer->name, message_names[message], what);
  exit(1);
}

static bench_telemetry_telemetry telemetry_sample(int i) {
  static const uint8_t raw[16] = {0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255};
  static float history[BENCH_ITEMS][8];
  for (int k = 0; k < 8; k++) history[i][k] = 20.5f + (float)(i * 8 + k) * 0.25f;
  return (bench_telemetry_telemetry){
    .active = i % 2 == 0,
    .zone = (uint8_t)(i % 200),
    .delta = (int16_t)(i * 31 - 15000),
    .count = 100000 + i * 1001,
    .at = 1700000000000000 + i * INT64_C(20000),
    .celsius = -12.5f + (float)i * 0.125f,
    .ratio = 0.123456789 * (i + 1),
    .name = {"front left motor", 16},
    .raw = {raw, sizeof raw},
    .mode = (bench_telemetry_mode)(i % 3),
    .has_fine = true,
    .fine = 1e-3 * i,
    .history = {history[i], 8},
  };
}

static bench_sample make_sample(void) {
  static bench_telemetry_telemetry items[BENCH_ITEMS];
  static double values[BENCH_VALUES];
  for (int i = 0; i < BENCH_ITEMS; i++) items[i] = telemetry_sample(i);
  for (int i = 0; i < BENCH_VALUES; i++) values[i] = 0.5 * i - 1000.0;
  return (bench_sample){
    .telemetry = items[0],
    .batch = {{items, BENCH_ITEMS}},
    .series = {{values, BENCH_VALUES}},
  };
}

/* There and back, and there again with what came back. */
static void check(int p, bench_message message) {
  const bench_peer *peer = peers[p];
  uint8_t *kept = encoded[p][message];
  mbr_bytes bytes = peer->encode(message);
  if (bytes.size == 0 || bytes.size > BENCH_ENCODED_MAX) fail(peer, message, "was not encoded");
  memcpy(kept, bytes.data, bytes.size);
  encoded_size[p][message] = bytes.size;
  if (!peer->decode(message, kept, bytes.size)) fail(peer, message, "was not decoded");
  bytes = peer->encode_decoded(message);
  if (bytes.size != encoded_size[p][message] || memcmp(kept, bytes.data, bytes.size) != 0) {
    fail(peer, message, "came back as another value");
  }
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run_ns(int p, int direction, bench_message message, long count) {
  const bench_peer *peer = peers[p];
  const uint8_t *bytes = encoded[p][message];
  size_t size = encoded_size[p][message];
  bool good = true;
  double start = now_ns();
  for (long i = 0; i < count; i++) {
    good &= direction == 0 ? peer->encode(message).size == size : peer->decode(message, bytes, size);
  }
  double took = now_ns() - start;
  if (!good) fail(peer, message, "failed while it was measured");
  return took / (double)count;
}

static void measure(int direction, bench_message message) {
  double *best = best_ns[direction][message];
  long count[PEERS];
  for (int p = 0; p < PEERS; p++) {
    best[p] = run_ns(p, direction, message, 3);
    double fitting = BENCH_ROUND_NS / best[p];
    count[p] = fitting < 1 ? 1 : (long)fitting;
  }
  for (int round = 0; round < BENCH_ROUNDS; round++) {
    for (int p = 0; p < PEERS; p++) {
      double ns = run_ns(p, direction, message, count[p]);
      if (ns < best[p]) best[p] = ns;
    }
  }
}

static void print_row(int direction, bench_message message) {
  const double *best = best_ns[direction][message];
  printf("%s %-22s %9.1f", direction_names[direction], message_names[message], best[0]);
  for (int p = 1; p < PEERS; p++) printf("  %11.1f %6.2fx", best[p], best[p] / best[0]);
  printf("\n");
}

static void print_goal(int direction, const char *peer, double goal) {
  printf("goal: %s at least %g times as fast as %s: ", direction_names[direction], goal, peer);
  for (int p = 1; p < PEERS; p++) {
    if (strcmp(peers[p]->name, peer) != 0) continue;
    double worst = 0;
    int where = 0;
    for (int m = 0; m < BENCH_MESSAGES; m++) {
      double ratio = best_ns[direction][m][p] / best_ns[direction][m][0];
      if (m == 0 || ratio < worst) worst = ratio, where = m;
    }
    printf("%s (least: %.2fx, %s)\n", worst >= goal ? "reached" : "not reached", worst, message_names[where]);
    return;
  }
  printf("skipped\n");
}

int main(void) {
  bench_sample sample = make_sample();
  for (int p = 0; p < PEERS; p++) {
    if (!peers[p]->load(&sample)) fail(peers[p], BENCH_TELEMETRY, "was not loaded");
    for (int m = 0; m < BENCH_MESSAGES; m++) check(p, (bench_message)m);
  }
  printf("C, %s. Nanoseconds a value, best of %d rounds; times what mbr takes.\n", BENCH_COMPILER,
         BENCH_ROUNDS);
  printf("%-29s %9s", "", peers[0]->name);
  for (int p = 1; p < PEERS; p++) printf("  %19s", peers[p]->name);
  printf("\n%-29s %9zu", "bytes of one telemetry", encoded_size[0][0]);
  for (int p = 1; p < PEERS; p++) printf("  %19zu", encoded_size[p][0]);
  printf("\n");
  for (int d = 0; d < DIRECTIONS; d++) {
    for (int m = 0; m < BENCH_MESSAGES; m++) {
      measure(d, (bench_message)m);
      print_row(d, (bench_message)m);
      fflush(stdout);
    }
  }
  for (int d = 0; d < DIRECTIONS; d++) {
    print_goal(d, "nanopb", BENCH_NANOPB_GOAL);
    print_goal(d, "Rust bincode", BENCH_BINCODE_GOAL);
  }
  return 0;
}
