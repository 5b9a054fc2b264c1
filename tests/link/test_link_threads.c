/* Two links, each polled by a thread of its own, which feeds what it writes straight into the other one's
 * ring: the producer and the consumer of that ring run at the same time. For TSan; the ring loses nothing. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "mbr/link.h"

enum { FRAMES = 20000, FRAME_SIZE = 48, BATCH = 8, RING = 128, HELLO_MAX = 64, SECONDS_MAX = 60 };

typedef struct end {
  mbr_link link;
  mbr_link_config config;
  struct end *to;
  _Alignas(16) uint8_t outbox[BATCH * FRAME_SIZE];
  _Alignas(16) uint8_t frame[256 + MBR_LINK_CRC_SIZE];
  _Alignas(8) uint8_t hello[HELLO_MAX];
  uint8_t ring[RING];
  size_t head, tail;
  uint32_t sent, heard;
  unsigned downs;
} end;

static uint64_t now_ms(void *owner) {
  struct timespec t;
  (void)owner;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static size_t write_to_other(void *owner, const uint8_t *bytes, size_t size) {
  end *e = owner;
  return mbr_link_feed(&e->to->link, bytes, size);
}

static void count_down(void *owner, mbr_status why) {
  (void)why;
  ((end *)owner)->downs++;
}

static mbr_status take(void *above, const uint8_t *frame, size_t size) {
  end *e = above;
  if (mbr_get_u32(frame + 8) != e->heard || size != FRAME_SIZE) abort();
  for (unsigned i = MBR_FRAME_HEADER_SIZE; i < FRAME_SIZE; i++)
    if (frame[i] != (uint8_t)(e->heard * i)) abort();
  e->heard++;
  return MBR_OK;
}

static size_t outgoing(void *above, const uint8_t **frames) {
  end *e = above;
  if (e->head == e->tail) e->head = e->tail = 0;
  while (e->tail < sizeof e->outbox && e->sent < FRAMES && e->head == 0) {
    uint8_t *out = e->outbox + e->tail;
    const mbr_frame frame = {FRAME_SIZE, MBR_FRAME_ITEM, 0, 0, e->sent, 0};
    mbr_frame_write(out, &frame);
    for (unsigned i = MBR_FRAME_HEADER_SIZE; i < FRAME_SIZE; i++) out[i] = (uint8_t)(e->sent * i);
    e->tail += FRAME_SIZE;
    e->sent++;
  }
  *frames = e->outbox + e->head;
  return e->tail - e->head;
}

static void consume(void *above, size_t size) { ((end *)above)->head += size; }

static size_t no_hello(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  (void)above;
  (void)index;
  (void)out;
  (void)capacity;
  return MBR_PEER_HELLO_NONE;
}

static const mbr_link_hooks hooks = {write_to_other, now_ms, NULL, count_down};
static const mbr_link_above above = {take, outgoing, consume, no_hello};

static void init(end *e, end *to) {
  e->to = to;
  e->config = (mbr_link_config){
    .hooks = &hooks, .owner = e, .calls = &above, .above = e, .frame = e->frame, .frame_max = 256,
    .ring = e->ring, .ring_size = RING, .hello = e->hello, .hello_size = HELLO_MAX,
    .retry_ms = 500, .lost_ms = 20000,
  };
  assert_int_equal(mbr_link_init(&e->link, &e->config), MBR_OK);
}

static void *run(void *arg) {
  end *e = arg;
  const uint64_t until = now_ms(NULL) + SECONDS_MAX * 1000u;
  if (mbr_link_start(&e->link, 1 + (uint32_t)(e->to > e)) != MBR_OK) abort();
  /* A little longer than needed, for the other one's last acknowledgement. */
  for (uint64_t end_at = until; now_ms(NULL) < end_at;) {
    (void)mbr_link_poll(&e->link);
    const bool done = e->heard == FRAMES && e->sent == FRAMES && e->head == e->tail;
    if (done && end_at == until) end_at = now_ms(NULL) + 600;
    sched_yield();
  }
  return NULL;
}

static void test_a_ring_is_fed_by_one_thread_and_polled_by_another(void **state) {
  (void)state;
  end *a = calloc(2, sizeof *a);
  assert_non_null(a);
  end *b = a + 1;
  pthread_t thread;
  init(a, b);
  init(b, a);
  assert_int_equal(pthread_create(&thread, NULL, run, b), 0);
  (void)run(a);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(a->heard, FRAMES);
  assert_int_equal(b->heard, FRAMES);
  assert_int_equal(a->downs + b->downs, 0);
  assert_int_equal(a->link.counters.damaged + b->link.counters.damaged, 0);
  free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_ring_is_fed_by_one_thread_and_polled_by_another),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
