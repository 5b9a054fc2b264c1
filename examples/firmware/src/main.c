/* The main loop: control steps, calls and the line, one after the other, and sleep in between. All memory is
 * set aside here, its sizes from the contract. */
#include "board.h"
#include "cabin_climate.h"
#include "control.h"
#include "mbr/link.h"
#include "service.h"

/* Calls open at once; one more is refused as busy. */
#define CALLS 8u

/* From the interrupt to the loop: what the other side may send in the longest turn of the loop. */
#define RECEIVED_MAX 512u

#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define FRAME_MAX LARGER(CABIN_CLIMATE_CLIMATE_FRAME_MAX, MBR_LINK_FRAME_MIN)

MBR_PEER_STATIC_MEMORY(memory, 1u, CALLS, 0u, CABIN_CLIMATE_CLIMATE_STORAGE_SIZE,
                       MBR_OUTBOX_SIZE(CALLS, CABIN_CLIMATE_CLIMATE_ENDING_ROOM,
                                       CABIN_CLIMATE_CLIMATE_ANSWER_MAX));

static mbr_peer peer;
static mbr_link link;
static MBR_ALIGNED_16 uint8_t frame[FRAME_MAX + MBR_LINK_CRC_SIZE];
static MBR_ALIGNED_16 uint8_t hello[CABIN_CLIMATE_CLIMATE_HELLO_SIZE];
static uint8_t received[RECEIVED_MAX];
static bool must_connect = true;
static uint32_t turn_max_us; /* the longest turn of the loop */

static uint64_t now(void *owner) {
  (void)owner;
  return board_millis();
}

static size_t write(void *owner, const uint8_t *bytes, size_t size) {
  (void)owner;
  return board_write(bytes, size);
}

static void down(void *owner, mbr_status why) {
  (void)owner, (void)why;
  mbr_peer_close(&peer);
}

/* The connection has ended and nothing of it is in use. */
static void quiet(void *owner) {
  (void)owner;
  must_connect = true;
}

static const mbr_hooks hooks = {.now = now, .quiet = quiet};
static const mbr_link_hooks link_hooks = {.write = write, .now = now, .down = down};

static const mbr_link_config link_config = {
  .hooks = &link_hooks,
  .calls = &mbr_link_over_peer,
  .above = &peer,
  .frame = frame,
  .frame_max = FRAME_MAX,
  .ring = received,
  .ring_size = RECEIVED_MAX,
  .hello = hello,
  .hello_size = sizeof hello,
  .retry_ms = CABIN_CLIMATE_RETRY_MS,
  .lost_ms = CABIN_CLIMATE_LOST_MS,
};

static void give_to_link(uint8_t byte) { (void)mbr_link_feed(&link, &byte, 1); }

static service_report report(void) {
  const service_report r = {turn_max_us, &link.counters};
  turn_max_us = 0;
  return r;
}

/* A new connection. This board has no random numbers and forgets its starts without power: that the epoch may
 * be one of an earlier life is no harm, since the head unit's never is. */
static bool connect(void) {
  static uint32_t connections;
  const uint32_t epoch = board_starts() << 16 ^ ++connections;
  must_connect = false;
  return mbr_peer_open(&peer, &memory, &hooks, NULL) == MBR_OK && service_connect(&peer, report) == MBR_OK &&
         mbr_link_start(&link, epoch) == MBR_OK;
}

/* Makes the step that is due, and returns when the next one is. After a halt, as in a debugger, steps are not
 * made up for. */
static uint64_t keep_control(uint64_t due) {
  const uint64_t at = board_millis();
  if (at < due) return due;
  control_step();
  service_step();
  return due + CABIN_CLIMATE_STEP_MS > at ? due + CABIN_CLIMATE_STEP_MS : at + CABIN_CLIMATE_STEP_MS;
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The link comes last: what the others had to say is sent in the same turn. */
int main(void) {
  if (mbr_link_init(&link, &link_config) != MBR_OK) return 1;
  control_start();
  board_start(give_to_link);
  for (uint64_t step = board_millis();;) {
    const uint32_t begin = board_micros();
    if (must_connect && !connect()) return 1;
    step = keep_control(step);
    uint64_t next = earlier(step, mbr_peer_poll(&peer));
    next = earlier(next, mbr_link_poll(&link));
    const uint32_t took = board_micros() - begin;
    if (took > turn_max_us) turn_max_us = took;
    if (!must_connect) board_sleep_until(next);
  }
}
