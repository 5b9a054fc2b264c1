/* Two real peers over two links and a line with noise: one serves, the other calls. No executor, no
 * allocation, no lock: what a microcontroller has. */
#include "../runtime/request_kit.h"
#include "line.h"

enum { SLOTS = 8, STORAGE = 128, PEER_OUTBOX = 2048, PEER_HELLO = 512 };

typedef struct board {
  station s; /* its link's owner; the frames go to and from the peer */
  mbr_peer peer;
  struct mbr_slot slots[SLOTS];
  uint16_t calls[SLOTS];
  struct mbr_binding bindings[1];
  struct mbr_asked requests[SLOTS];
  _Alignas(16) uint8_t storage[SLOTS * STORAGE];
  _Alignas(16) uint8_t outbox[PEER_OUTBOX];
  _Alignas(8) uint8_t hello[PEER_HELLO];
  uint16_t slot_count;
  bool quiet;
  server server;
  client client;
} board;

typedef struct pair {
  line line;
  board serving, calling;
} pair;

static void quiet_hook(void *owner) { ((board *)owner)->quiet = true; }

static uint64_t peer_now(void *owner) { return now_hook(&((board *)owner)->s); }

static void peer_up(void *owner) { ((station *)owner)->ups++; }

static void peer_down(void *owner, mbr_status why) {
  board *b = owner;
  b->s.downs++;
  b->s.why = why;
  mbr_peer_close(&b->peer);
}

static const mbr_link_hooks board_hooks = {write_hook, now_hook, peer_up, peer_down};
static const mbr_hooks peer_hooks = {.now = peer_now, .quiet = quiet_hook};

static void open_peer(board *b, bool serves) {
  const mbr_peer_memory memory = {
    .slots = b->slots, .slot_count = b->slot_count, .calls = b->calls, .call_count = SLOTS,
    .bindings = b->bindings, .binding_count = 1, .requests = b->requests, .request_count = SLOTS,
    .storage = b->storage, .storage_size = STORAGE, .outbox = b->outbox, .outbox_size = PEER_OUTBOX,
  };
  b->quiet = false;
  assert_int_equal(mbr_peer_open(&b->peer, &memory, &peer_hooks, b), MBR_OK);
  if (serves)
    assert_int_equal(mbr_peer_serve(&b->peer, &served_service, NULL, &b->server), MBR_OK);
  else
    assert_int_equal(
      mbr_client_open(&b->client.base, &b->peer, &known_service, b->client.compatibility), MBR_OK);
  assert_int_equal(mbr_link_start(&b->s.link, random_of(b->s.on)), MBR_OK);
}

static void power_up(pair *p, board *b, bool serves) {
  open_station(&p->line, &b->s, NULL);
  b->s.config.hooks = &board_hooks;
  b->s.config.calls = &mbr_link_over_peer;
  b->s.config.above = &b->peer;
  b->s.config.hello = b->hello;
  b->s.config.hello_size = PEER_HELLO;
  assert_int_equal(mbr_link_init(&b->s.link, &b->s.config), MBR_OK);
  memset(&b->peer, 0, sizeof b->peer);
  open_peer(b, serves);
}

static void poll_board(board *b, bool serves) {
  poll_station(&b->s);
  (void)mbr_peer_poll(&b->peer);
  if (b->quiet) open_peer(b, serves);
}

static void tick_boards(pair *p) {
  p->line.us += 1000;
  hear_wire(&p->line, &p->serving.s, &p->calling.s.out);
  hear_wire(&p->line, &p->calling.s, &p->serving.s.out);
  poll_board(&p->serving, true);
  poll_board(&p->calling, false);
}

static void run_boards(pair *p, unsigned ms) {
  while (ms-- > 0) tick_boards(p);
}

static bool can_call(const pair *p) {
  const client *c = &p->calling.client;
  return mbr_link_is_up(&p->calling.s.link) && c->compatibility[AT_UNARY] == MBR_METHOD_COMPATIBLE;
}

static pair *new_pair(uint64_t seed, uint16_t slots) {
  pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  p->line.random = noise_seed(seed);
  p->line.us = 1000;
  p->serving.slot_count = slots;
  p->calling.slot_count = SLOTS;
  power_up(p, &p->serving, true);
  power_up(p, &p->calling, false);
  run_boards(p, 200);
  assert_true(can_call(p));
  return p;
}

static mbr_status answer_double(server *s, mbr_call call, mbr_reader *args) {
  uint32_t value = 0;
  (void)s;
  (void)mbr_read_u32(args, &value);
  return put_u32(call, MBR_FRAME_OK, 2 * value);
}

static mbr_status keep_open(server *s, mbr_call call, mbr_reader *args) {
  (void)s;
  (void)args;
  mbr_call_defer(call);
  return MBR_OK;
}

static void test_each_side_learns_what_the_other_one_serves(void **state) {
  (void)state;
  pair *p = new_pair(1, SLOTS);
  heard h = {0};
  assert_int_equal(ask(&p->calling.client, AT_NOWHERE, 1, NULL, &h), MBR_UNIMPLEMENTED);
  assert_int_equal(ask(&p->calling.client, AT_CHANGED, 1, NULL, &h), MBR_MISMATCH);
  free(p);
}

/* Calls in noise, more of them than the other side has slots for: each ends once, with its value or refused.
 * */
static void test_every_call_ends_once_with_its_own_answer(void **state) {
  (void)state;
  pair *p = new_pair(2, 2);
  heard h[SLOTS] = {0};
  uint32_t value = 0, values[SLOTS] = {0};
  bool open[SLOTS] = {0};
  unsigned answered = 0, busy = 0;
  p->serving.server.handle = answer_double;
  p->line.noise = (noise){.flip = 1000, .drop = 1000, .insert = 500, .twice = 500, .burst = 50};
  for (unsigned ms = 0; ms < 20000; ms++) {
    if (ms == 15000) p->line.noise = (noise){0};
    for (unsigned i = 0; i < SLOTS; i++) {
      if (open[i] && h[i].dones == 1) {
        open[i] = false;
        if (h[i].kind == MBR_FRAME_OK) assert_int_equal(h[i].value, 2 * values[i]);
        else assert_int_equal(h[i].fault, MBR_BUSY);
        if (h[i].kind == MBR_FRAME_OK) answered++;
        else busy++;
      }
      if (open[i] || ms >= 19000) continue;
      memset(&h[i], 0, sizeof h[i]);
      values[i] = ++value;
      open[i] = ask(&p->calling.client, AT_UNARY, value, NULL, &h[i]) == MBR_OK;
    }
    tick_boards(p);
  }
  for (unsigned i = 0; i < SLOTS; i++) assert_false(open[i]);
  assert_true(answered > 1000);
  assert_int_equal(p->calling.s.downs + p->serving.s.downs, 0);
  (void)busy;
  free(p);
}

/* With handlers that stay open the slots run out: those beyond are refused, and hear so over the link. */
static void test_calls_that_are_refused_end_with_the_fault(void **state) {
  (void)state;
  pair *p = new_pair(3, 2);
  heard h[5] = {0};
  p->serving.server.handle = keep_open;
  for (unsigned i = 0; i < 5; i++)
    assert_int_equal(ask(&p->calling.client, AT_UNARY, i, NULL, &h[i]), MBR_OK);
  run_boards(p, 50);
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(h[i].dones, i < 2 ? 0 : 1);
    if (i >= 2) assert_int_equal(h[i].fault, MBR_BUSY);
  }
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(put_u32(p->serving.server.calls[i], MBR_FRAME_OK, i), MBR_OK);
  run_boards(p, 50);
  for (unsigned i = 0; i < 2; i++) assert_int_equal(h[i].value, i);
  free(p);
}

static void count_item(heard *h, uint32_t item) {
  uint32_t *next = h->context;
  assert_int_equal(item, *next);
  (*next)++;
  h->item_count = 0;
}

static void test_no_item_of_a_stream_is_missing_or_doubled(void **state) {
  (void)state;
  pair *p = new_pair(4, SLOTS);
  heard h = {0};
  uint32_t next = 0, sent = 0;
  h.context = &next;
  h.on_item = count_item;
  p->serving.server.handle = keep_open;
  assert_int_equal(ask(&p->calling.client, AT_STREAM, 1, NULL, &h), MBR_OK);
  run_boards(p, 50);
  p->line.noise = (noise){.flip = 1500, .drop = 1500, .insert = 1500, .twice = 1500, .burst = 50};
  for (unsigned ms = 0; ms < 10000; ms++) {
    while (put_u32(p->serving.server.calls[0], MBR_FRAME_ITEM, sent) == MBR_OK) sent++;
    tick_boards(p);
  }
  p->line.noise = (noise){0};
  p->serving.s.out.burst = p->calling.s.out.burst = 0;
  assert_int_equal(put_u32(p->serving.server.calls[0], MBR_FRAME_END, 0), MBR_OK);
  run_boards(p, 200);
  assert_int_equal(h.dones, 1);
  assert_int_equal(next, sent);
  assert_true(sent > 500);
  assert_int_equal(p->calling.s.downs + p->serving.s.downs, 0);
  free(p);
}

static void test_a_call_ends_at_its_deadline_though_the_line_is_cut(void **state) {
  (void)state;
  pair *p = new_pair(5, SLOTS);
  heard h = {0};
  p->serving.server.handle = keep_open;
  p->line.noise.drop = 1000000;
  assert_int_equal(ask(&p->calling.client, AT_TIMED, 1, NULL, &h), MBR_OK);
  run_boards(p, TIMED_MS + 5);
  assert_int_equal(h.dones, 1);
  assert_int_equal(h.fault, MBR_DEADLINE);
  free(p);
}

/* The board that serves restarts in the middle of calls, which end as disconnected; what comes after works.
 * */
static void test_power_lost_in_the_middle_of_calls(void **state) {
  (void)state;
  for (unsigned trial = 0; trial < 100; trial++) {
    pair *p = new_pair(100 + trial, SLOTS);
    heard h = {0}, late = {0}, again = {0};
    p->serving.server.handle = trial % 2u == 0 ? keep_open : answer_double;
    assert_int_equal(ask(&p->calling.client, AT_STREAM, 1, NULL, &h), MBR_OK);
    run_boards(p, 20);
    assert_int_equal(ask(&p->calling.client, AT_UNARY, 21, NULL, &late), MBR_OK);
    run_boards(p, trial / 8u);
    power_up(p, &p->serving, true);
    memset(&p->serving.server, 0, sizeof p->serving.server);
    p->serving.server.handle = answer_double;
    unsigned most = 2 * LOST_MS;
    while ((p->calling.s.downs == 0 || !can_call(p)) && most-- > 0) tick_boards(p);
    assert_true(can_call(p));
    assert_int_equal(h.dones, 1);
    if (trial % 2u == 0) assert_int_equal(h.fault, MBR_DISCONNECTED);
    assert_int_equal(late.dones, 1);
    assert_true(late.fault == MBR_DISCONNECTED || (late.kind == MBR_FRAME_OK && late.value == 42));
    assert_int_equal(ask(&p->calling.client, AT_UNARY, 7, NULL, &again), MBR_OK);
    run_boards(p, 50);
    assert_int_equal(again.value, 14);
    assert_int_equal(late.dones, 1);
    free(p);
  }
}

/* The side that calls restarts: handlers are cancelled, deferred calls have to be ended before the peer is
 * quiet, and only then the link starts again. */
static void test_a_deferred_call_holds_up_reconnecting_until_it_is_ended(void **state) {
  (void)state;
  pair *p = new_pair(6, SLOTS);
  heard h = {0}, again = {0};
  p->serving.server.handle = keep_open;
  assert_int_equal(ask(&p->calling.client, AT_UNARY, 1, NULL, &h), MBR_OK);
  run_boards(p, 20);
  power_up(p, &p->calling, false);
  run_boards(p, 200);
  assert_int_equal(p->serving.s.downs, 1);
  assert_int_equal(p->serving.s.why, MBR_DISCONNECTED);
  assert_false(can_call(p));
  assert_int_equal(mbr_call_cancelled(p->serving.server.calls[0]), MBR_CANCEL_DISCONNECTED);
  assert_int_equal(put_u32(p->serving.server.calls[0], MBR_FRAME_OK, 5), MBR_CLOSED);
  p->serving.server.handle = answer_double;
  run_boards(p, 100);
  assert_true(can_call(p));
  assert_int_equal(ask(&p->calling.client, AT_UNARY, 8, NULL, &again), MBR_OK);
  run_boards(p, 50);
  assert_int_equal(again.value, 16);
  assert_int_equal(h.dones, 0); /* it went with the power */
  free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_side_learns_what_the_other_one_serves),
    cmocka_unit_test(test_every_call_ends_once_with_its_own_answer),
    cmocka_unit_test(test_calls_that_are_refused_end_with_the_fault),
    cmocka_unit_test(test_no_item_of_a_stream_is_missing_or_doubled),
    cmocka_unit_test(test_a_call_ends_at_its_deadline_though_the_line_is_cut),
    cmocka_unit_test(test_power_lost_in_the_middle_of_calls),
    cmocka_unit_test(test_a_deferred_call_holds_up_reconnecting_until_it_is_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
