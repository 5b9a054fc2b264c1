/* A bridge to what a microcontroller is: a peer in static memory, without threads, locks or a heap, that one
 * loop polls with its link, and that takes few calls at once. */
#include <fcntl.h>
#include <pthread.h>

#include "bridge_kit.h"
#include "mbr/memory.h"

#define CALLS 4u

MBR_PEER_STATIC_MEMORY(memory, 1u, CALLS, 0u, 256u, 2048u);

static mbr_peer peer;
static mbr_link device_link;
static uint32_t epoch = 1000;
static int line = -1;
static bool is_down;
static atomic_bool stops;
static atomic_uint resets;

static uint64_t now_hook(void *owner) {
  (void)owner;
  return milliseconds() + 1;
}

static size_t write_hook(void *owner, const uint8_t *bytes, size_t size) {
  (void)owner;
  const ssize_t written = line >= 0 ? write(line, bytes, size) : -1;
  return written > 0 ? (size_t)written : 0;
}

static void down_hook(void *owner, mbr_status why) {
  (void)owner;
  (void)why;
  is_down = true;
}

static const mbr_link_hooks link_hooks = {write_hook, now_hook, NULL, down_hook};

static void begin_life(remote *r) {
  static const mbr_hooks hooks = {.now = now_hook};
  if (mbr_peer_open(&peer, &memory, &hooks, &peer) != MBR_OK) abort();
  if (mbr_peer_serve(&peer, &remote_service, NULL, r) != MBR_OK) abort();
  if (mbr_link_start(&device_link, epoch++) != MBR_OK) abort();
  is_down = false;
}

static void end_life(void) {
  mbr_link_stop(&device_link);
  mbr_peer_close(&peer);
}

/* A serial line is always there; of the cable that is an end that can be opened again. */
static void open_device(remote *r) {
  line = cable_open(&r->cable.ends[0]);
  if (line >= 0 && fcntl(line, F_SETFL, O_NONBLOCK) != 0) abort();
}

static void read_line(void) {
  uint8_t bytes[128];
  const ssize_t size = line >= 0 ? read(line, bytes, sizeof bytes) : -1;
  if (size > 0) (void)mbr_link_feed(&device_link, bytes, (size_t)size);
  if (size != 0) return;
  (void)close(line);
  line = -1;
}

static void *run_device(void *arg) {
  static uint8_t ring[512], hello[512];
  MBR_ALIGNED_16 static uint8_t frame[512 + MBR_LINK_CRC_SIZE];
  static mbr_link_config config = {
    .hooks = &link_hooks, .calls = &mbr_link_over_peer, .above = &peer, .frame = frame, .frame_max = 512,
    .ring = ring, .ring_size = sizeof ring, .hello = hello, .hello_size = sizeof hello, .retry_ms = RETRY_MS,
    .lost_ms = LOST_MS};
  remote *r = arg;
  unsigned seen = 0;
  if (mbr_link_init(&device_link, &config) != MBR_OK) abort();
  begin_life(r);
  while (!atomic_load(&stops)) {
    if (line < 0) open_device(r);
    read_line();
    (void)mbr_link_poll(&device_link);
    (void)mbr_peer_poll(&peer);
    const bool is_reset = atomic_load(&resets) != seen;
    if (is_reset) seen++;
    if (is_down || is_reset) {
      end_life();
      begin_life(r);
    }
    const struct timespec time = {.tv_nsec = 100000};
    nanosleep(&time, NULL);
  }
  end_life();
  if (line >= 0) (void)close(line);
  line = -1;
  return NULL;
}

static pthread_t device;

/* The first instance is the device. */
static rig *open_device_rig(void) {
  rig *r = open_rig(CALLS, NULL);
  assert_true(mbr_line_close(r->remotes[0].line));
  r->remotes[0].line = NULL;
  atomic_store(&stops, false);
  assert_int_equal(pthread_create(&device, NULL, run_device, &r->remotes[0]), 0);
  await_instance(r, 0);
  return r;
}

/* Its streams end with the connection to the head unit. */
static void close_device_rig(rig *r) {
  mbr_loopback_disconnect(r->loopback);
  EVENTUALLY(r, mbr_bridge_calls(r->bridge) == 0 && atomic_load(&r->remotes[0].streams) == 0);
  atomic_store(&stops, true);
  assert_int_equal(pthread_join(device, NULL), 0);
  close_rig(r);
}

static void test_every_kind_of_call_reaches_a_device(void **state) {
  heard h, upload = {0};
  (void)state;
  rig *r = open_device_rig();
  for (uint32_t i = 1; i <= 50; i++) {
    ask_one(r, AT_UNARY, i, 0, &h);
    assert_int_equal(h.value, i + 1);
  }
  ask_one(r, AT_UNARY, ASK_ERROR, 0, &h);
  assert_int_equal(h.kind, MBR_FRAME_ERR);
  ask_one(r, AT_STREAM, 200, 0, &h);
  assert_int_equal(h.item_count, 200);
  for (uint32_t i = 0; i < 200; i++) assert_int_equal(h.items[i], i + 1);
  assert_int_equal(ask(&r->client, AT_UPLOAD, 0, NULL, &upload), MBR_OK);
  for (uint32_t i = 1; i <= 100; i++) EVENTUALLY(r, push(upload.request, i) == MBR_OK);
  assert_int_equal(mbr_request_end_items(upload.request), MBR_OK);
  EVENTUALLY(r, upload.dones == 1);
  assert_int_equal(upload.value, 100 * 101 / 2);
  close_device_rig(r);
}

/* It takes four at once, and is never asked to take more. */
static void test_a_device_is_given_no_more_calls_than_it_takes(void **state) {
  enum { MANY = 48 };
  static heard h[MANY];
  (void)state;
  memset(h, 0, sizeof h);
  rig *r = open_device_rig();
  for (uint32_t i = 0; i < MANY; i++) {
    const size_t method = i % 3 == 0 ? AT_STREAM : AT_UNARY;
    assert_int_equal(ask(&r->client, method, i % 3 == 0 ? 20 : i, NULL, &h[i]), MBR_OK);
  }
  for (uint32_t i = 0; i < MANY; i++) {
    EVENTUALLY(r, h[i].dones == 1);
    assert_int_equal(h[i].kind, i % 3 == 0 ? MBR_FRAME_END : MBR_FRAME_OK);
    if (i % 3 == 0) assert_int_equal(h[i].item_count, 20);
    else assert_int_equal(h[i].value, i + 1);
  }
  close_device_rig(r);
}

static void test_a_device_that_is_reset_is_there_again(void **state) {
  link_heard link = {0};
  (void)state;
  rig *r = open_device_rig();
  watch_link(r, 0, &link);
  EVENTUALLY(r, link.is_up);
  for (int i = 0; i < 3; i++) {
    heard stream = {0}, hang = {0};
    const unsigned opened = cable_opened(&r->remotes[0].cable, 1);
    assert_int_equal(ask(&r->client, AT_UNARY, ASK_NOTHING, NULL, &hang), MBR_OK);
    assert_int_equal(ask(&r->client, AT_STREAM, ENDLESS, NULL, &stream), MBR_OK);
    EVENTUALLY(r, stream.item_count > 50);
    atomic_fetch_add(&resets, 1);
    EVENTUALLY(r, stream.dones == 1 && hang.dones == 1);
    assert_int_equal(stream.fault, MBR_DISCONNECTED);
    assert_int_equal(hang.fault, MBR_DISCONNECTED);
    EVENTUALLY(r, link.is_up);
    await_instance(r, 0);
    assert_int_equal(cable_opened(&r->remotes[0].cable, 1), opened); /* the line was there all the time */
  }
  assert_int_equal(link.events, 7);
  close_device_rig(r);
}

static void test_a_cable_may_be_pulled_and_be_noisy(void **state) {
  (void)state;
  rig *r = open_device_rig();
  pthread_mutex_lock(&r->remotes[0].cable.lock);
  r->remotes[0].cable.garbles = 300;
  pthread_mutex_unlock(&r->remotes[0].cable.lock);
  for (int i = 0; i < 3; i++) {
    heard h = {0};
    assert_int_equal(ask(&r->client, AT_STREAM, ENDLESS, NULL, &h), MBR_OK);
    EVENTUALLY(r, h.item_count > 100 || h.dones == 1);
    cable_cut(&r->remotes[0].cable);
    EVENTUALLY(r, h.dones == 1);
    assert_int_equal(h.fault, MBR_DISCONNECTED);
    for (uint32_t item = 0; item < h.item_count; item++) assert_int_equal(h.items[item], item + 1);
    cable_plug(&r->remotes[0].cable);
    await_instance(r, 0);
  }
  close_device_rig(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_kind_of_call_reaches_a_device),
    cmocka_unit_test(test_a_device_is_given_no_more_calls_than_it_takes),
    cmocka_unit_test(test_a_device_that_is_reset_is_there_again),
    cmocka_unit_test(test_a_cable_may_be_pulled_and_be_noisy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
