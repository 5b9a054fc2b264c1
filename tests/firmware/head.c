#include "head.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

MBR_PEER_STATIC_MEMORY(memory, 0u, 1u, HEAD_CALLS, 16u, 8192u);
static MBR_ALIGNED_16 uint8_t frame[HEAD_FRAME_MAX + MBR_LINK_CRC_SIZE];
static uint8_t ring[HEAD_RING];
static uint64_t hello[32];

uint64_t head_micros(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t head_millis(void) { return head_micros() / 1000u; }

static uint64_t now(void *owner) {
  (void)owner;
  return head_millis();
}

static void lose_line(head *h) {
  if (h->fd >= 0) close(h->fd);
  h->fd = -1;
}

/* Noise makes more bytes of some: only as many are taken as surely fit. What the socket refuses is lost, as
 * on a line. */
static size_t write_line(void *owner, const uint8_t *bytes, size_t size) {
  head *h = owner;
  uint8_t out[64 * NOISE_MOST];
  size_t taken = 0, count = 0;
  while (taken < size && taken < 64)
    count += noise_disturb(&h->noise, &h->random, &h->burst_out, bytes[taken++], out + count);
  h->bytes_out += taken;
  if (h->fd >= 0 && count != 0 && send(h->fd, out, count, MSG_NOSIGNAL) < 0 && errno != EAGAIN) lose_line(h);
  return taken;
}

static void read_line(head *h) {
  uint8_t in[256], bytes[NOISE_MOST];
  const ssize_t size = read(h->fd, in, sizeof in);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) lose_line(h);
  for (ssize_t i = 0; i < size; i++) {
    const size_t count = noise_disturb(&h->noise, &h->random, &h->burst_in, in[i], bytes);
    (void)mbr_link_feed(&h->link, bytes, count);
  }
  if (size > 0) h->bytes_in += (size_t)size;
}

static void up(void *owner) { ((head *)owner)->ups++; }

static void down(void *owner, mbr_status why) {
  head *h = owner;
  h->downs++;
  h->why = why;
  mbr_peer_close(&h->peer);
}

static void quiet(void *owner) { ((head *)owner)->must_connect = true; }

static const mbr_hooks peer_hooks = {.now = now, .quiet = quiet};
static const mbr_link_hooks link_hooks = {write_line, now, up, down};

static void connect_peer(head *h) {
  h->must_connect = false;
  assert_int_equal(mbr_peer_open(&h->peer, &memory, &peer_hooks, h), MBR_OK);
  assert_int_equal(cabin_climate_climate_client_open(&h->client, &h->peer), MBR_OK);
  assert_int_equal(mbr_link_start(&h->link, ++h->epoch), MBR_OK);
}

void head_open(head *h, emulator *unit, uint64_t seed) {
  memset(h, 0, sizeof *h);
  h->unit = unit;
  h->fd = -1;
  h->random = noise_seed(seed);
  h->epoch = (uint32_t)head_micros();
  h->config = (mbr_link_config){
    .hooks = &link_hooks, .owner = h, .calls = &mbr_link_over_peer, .above = &h->peer,
    .frame = frame, .frame_max = HEAD_FRAME_MAX, .ring = ring, .ring_size = HEAD_RING,
    .hello = (uint8_t *)hello, .hello_size = sizeof hello, .retry_ms = RETRY_MS, .lost_ms = LOST_MS,
  };
  assert_int_equal(mbr_link_init(&h->link, &h->config), MBR_OK);
  connect_peer(h);
}

void head_close(head *h) {
  mbr_link_stop(&h->link);
  mbr_peer_close(&h->peer);
  assert_true(h->must_connect);
  lose_line(h);
}

static int until(uint64_t due, unsigned ms) {
  const uint64_t at = head_millis();
  if (due <= at) return 0;
  return due - at < ms ? (int)(due - at) : (int)ms;
}

/* The emulator gives bytes one by one: some are waited for, so that the two do not wake each other for each
 * of them. */
static const struct timespec gathering = {.tv_nsec = 200000};

void head_turn(head *h, unsigned ms) {
  if (h->fd < 0) h->fd = emulator_line(h->unit);
  uint64_t due = mbr_peer_poll(&h->peer);
  const uint64_t link_due = mbr_link_poll(&h->link);
  if (link_due < due) due = link_due;
  if (h->must_connect) connect_peer(h);
  struct pollfd wait = {.fd = h->fd, .events = POLLIN};
  if (poll(&wait, 1, h->fd < 0 ? (int)(ms < 20 ? ms : 20) : until(due, ms)) == 1 && h->fd >= 0) {
    nanosleep(&gathering, NULL);
    read_line(h);
  }
  (void)mbr_link_poll(&h->link);
}

void head_run(head *h, unsigned ms) {
  const uint64_t end = head_millis() + ms;
  while (head_millis() < end) head_turn(h, (unsigned)(end - head_millis()));
}

bool head_can_call(const head *h) {
  return mbr_link_is_up(&h->link) && mbr_client_compatibility(&h->client.base, 0) == MBR_METHOD_COMPATIBLE;
}

void head_await(head *h, unsigned ms) {
  const uint64_t end = head_millis() + ms;
  while (!head_can_call(h) && head_millis() < end) head_turn(h, 20);
  assert_true(head_can_call(h));
}

void head_end_noise(head *h) {
  h->noise = (noise){0};
  h->burst_in = h->burst_out = 0;
}
