/* A head unit in one thread, for tests: link, peer and the contract's client over the emulator's line, with
 * noise between them, and connections that are begun anew as soon as one has ended. */
#ifndef TESTS_FIRMWARE_HEAD_H
#define TESTS_FIRMWARE_HEAD_H

#include "../link/noise.h"
#include "cabin_climate_client.h"
#include "emulator.h"
#include "mbr/link.h"

enum {
  HEAD_CALLS = 24,
  HEAD_FRAME_MAX = 512,
  HEAD_RING = 4096,
  RETRY_MS = CABIN_CLIMATE_RETRY_MS,
  LOST_MS = CABIN_CLIMATE_LOST_MS,
  SLACK_MS = 1500, /* what a busy machine may take for itself */
};

typedef struct head {
  emulator *unit;
  int fd; /* of the line; -1: it is to be opened */
  mbr_link link;
  mbr_link_config config;
  mbr_peer peer;
  cabin_climate_climate_client client;
  uint32_t epoch;
  bool must_connect;
  unsigned ups, downs;
  mbr_status why; /* the last down */
  noise noise;
  uint64_t random;
  unsigned burst_in, burst_out;
  size_t bytes_in, bytes_out; /* of the line, before the noise */
} head;

/* Monotonic. */
uint64_t head_millis(void);
uint64_t head_micros(void);

/* Opens the line and begins a connection, of which nothing was heard yet. */
void head_open(head *h, emulator *unit, uint64_t seed);
void head_close(head *h);

/* All that is due within so many milliseconds: one turn takes at most that time, and less when bytes come. */
void head_turn(head *h, unsigned ms);
void head_run(head *h, unsigned ms);

/* Whether the contract's methods may be called now. */
bool head_can_call(const head *h);

/* Runs until head_can_call; fails the test after `ms`. */
void head_await(head *h, unsigned ms);

void head_end_noise(head *h);

#endif
