/* A link's life, its limits and its errors, on a line without noise unless a test puts some there. */
#include "line.h"

#include "../../runtime/link/link.h"

static void test_two_links_connect_and_tell_what_they_serve(void **state) {
  (void)state;
  line *l = new_line(1);
  assert_int_equal(mbr_link_poll(&l->a.link), UINT64_MAX);
  connect(l);
  assert_int_equal(l->a.ups, 1);
  assert_int_equal(l->b.ups, 1);
  assert_true(say(&l->a, MBR_FRAME_ITEM, MBR_FRAME_HEADER_SIZE));
  assert_true(say(&l->b, MBR_FRAME_ITEM, FRAME_MAX));
  settle(l, 50);
  assert_int_equal(l->a.link.counters.sent, HELLOS + 1);
  assert_int_equal(l->a.link.counters.repeated, 0);
  assert_int_equal(l->a.link.counters.received, HELLOS + 1);
  assert_int_equal(l->b.link.counters.damaged, 0);
  free(l);
}

static void test_one_side_may_start_long_after_the_other(void **state) {
  (void)state;
  line *l = new_line(2);
  begin_life(&l->a);
  run_for(l, 5000);
  assert_false(mbr_link_is_up(&l->a.link));
  begin_life(&l->b);
  run_for(l, 3 * RETRY_MS);
  assert_true(mbr_link_is_up(&l->a.link) && mbr_link_is_up(&l->b.link));
  assert_int_equal(l->a.ups, 1);
  free(l);
}

static size_t no_hello(void *above, uint16_t index, uint8_t *out, size_t capacity) {
  (void)above;
  (void)index;
  (void)out;
  (void)capacity;
  return MBR_PEER_HELLO_NONE;
}

/* One that serves nothing has no HELLO to send, and is heard all the same. */
static void test_connecting_takes_three_packets_and_no_timer(void **state) {
  (void)state;
  const mbr_link_above silent = {receive_hook, outgoing_hook, consume_hook, no_hello};
  line *l = new_line(61);
  l->a.config.calls = l->b.config.calls = &silent;
  begin_life(&l->a);
  run_for(l, 10 * RETRY_MS + 6);
  begin_life(&l->b);
  run_for(l, 3 * (LATENCY_MS + 1) + 2);
  assert_true(mbr_link_is_up(&l->a.link) && mbr_link_is_up(&l->b.link));
  free(l);
}

static void test_misuse_is_refused(void **state) {
  (void)state;
  line *l = new_line(3);
  const mbr_link_config good = l->a.config;
  mbr_link link;
  mbr_link_config bad = good;
  bad.frame_max = MBR_LINK_FRAME_MIN - 1;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  bad = good;
  bad.frame_max = UINT32_MAX;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  bad = good;
  bad.ring_size = 1000;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  bad.ring_size = 0;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  bad = good;
  bad.lost_ms = bad.retry_ms;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  bad.retry_ms = 1;
  bad.lost_ms = 3;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  bad.retry_ms = 0;
  assert_int_equal(mbr_link_init(&link, &bad), MBR_MISUSE);
  assert_int_equal(mbr_link_start(&l->a.link, 0), MBR_OK);
  assert_int_equal(mbr_link_start(&l->a.link, 2), MBR_MISUSE);
  free(l);
}

static void test_a_quiet_connection_stays_up(void **state) {
  (void)state;
  line *l = new_line(4);
  connect(l);
  run_for(l, 20 * LOST_MS);
  assert_int_equal(l->a.downs + l->b.downs, 0);
  free(l);
}

/* Polls only when bytes came, when there is room in the line again, and when a poll before has asked for it.
 * */
static void test_polling_when_told_to_is_enough(void **state) {
  (void)state;
  line *l = new_line(5);
  unsigned polls = 0;
  connect(l);
  l->noise = (noise){.drop = 1000, .flip = 1000};
  for (unsigned ms = 0; ms < 5000; ms++) {
    l->us += 1000;
    for (unsigned i = 0; i < 2; i++) {
      station *s = i == 0 ? &l->a : &l->b;
      const bool comes = s->to->out.head != s->to->out.tail;
      const bool says = ms % 50u == i && say(s, MBR_FRAME_ITEM, FRAME_MAX);
      hear_wire(l, s, &s->to->out);
      if (!comes && !says && s->link.chunk_at == s->link.chunk_end && l->us / 1000u < s->next_poll) continue;
      poll_station(s);
      polls++;
    }
  }
  end_noise(l);
  settle(l, LOST_MS);
  assert_int_equal(l->a.downs + l->b.downs, 0);
  assert_true(l->b.total >= 99);
  assert_true(polls < 6000);
  free(l);
}

static void test_a_cut_line_is_noticed_by_both_sides(void **state) {
  (void)state;
  line *l = new_line(6);
  connect(l);
  l->a.restarts = l->b.restarts = false;
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  l->noise.drop = 1000000;
  run_for(l, LOST_MS - LOST_MS / 4 - 20);
  assert_int_equal(l->a.downs + l->b.downs, 0);
  run_for(l, LOST_MS / 4 + 40);
  assert_int_equal(l->a.downs, 1);
  assert_int_equal(l->b.downs, 1);
  assert_int_equal(l->a.why, MBR_DEADLINE);
  assert_int_equal(l->b.why, MBR_DEADLINE);
  assert_int_equal(mbr_link_poll(&l->a.link), UINT64_MAX);
  end_noise(l);
  connect(l);
  free(l);
}

static void test_a_line_that_takes_nothing_is_lost(void **state) {
  (void)state;
  line *l = new_line(7);
  connect(l);
  l->a.restarts = l->b.restarts = false;
  l->a.fifo = 0;
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  run_for(l, LOST_MS + 20);
  assert_int_equal(l->a.why, MBR_DEADLINE);
  assert_int_equal(l->b.why, MBR_DEADLINE);
  free(l);
}

/* One direction alone is broken: what is heard does not help, since nothing is acknowledged. */
static void test_frames_that_nobody_acknowledges_end_the_connection(void **state) {
  (void)state;
  line *l = new_line(8);
  connect(l);
  l->a.restarts = l->b.restarts = false;
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  for (unsigned ms = 0; ms < LOST_MS + 20; ms++) {
    /* To b come signs of life from a, but no frame. */
    l->b.config.frame_max = 0;
    l->b.link.limit = 30;
    tick(l);
  }
  assert_int_equal(l->a.why, MBR_DEADLINE);
  free(l);
}

static void test_stopping_is_missed_by_the_other_side(void **state) {
  (void)state;
  line *l = new_line(9);
  connect(l);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  tick(l);
  mbr_link_stop(&l->a.link);
  assert_int_equal(l->a.run, 0);
  assert_int_equal(l->a.downs, 0);
  run_for(l, LOST_MS + 50);
  assert_int_equal(l->b.downs, 1);
  begin_life(&l->a);
  run_for(l, 100);
  assert_int_equal(l->a.ups, 2);
  assert_int_equal(l->b.ups, 2);
  free(l);
}

static void test_a_peer_that_was_closed_ends_the_connection(void **state) {
  (void)state;
  line *l = new_line(10);
  connect(l);
  l->a.restarts = false;
  assert_true(say(&l->b, MBR_FRAME_ITEM, 40));
  l->a.closed = true;
  run_for(l, 20);
  assert_int_equal(l->a.why, MBR_CLOSED);
  free(l);
}

/* The other side may go on saying that it is there. */
static void test_a_goodbye_ends_the_connection(void **state) {
  (void)state;
  line *l = new_line(12);
  connect(l);
  assert_true(say(&l->b, MBR_FRAME_GOODBYE, MBR_FRAME_HEADER_SIZE));
  run_for(l, 100);
  assert_int_equal(l->a.downs, 1);
  assert_int_equal(l->a.why, MBR_CLOSED);
  assert_int_equal(l->a.ups, 2);
  assert_int_equal(l->b.why, MBR_DISCONNECTED);
  free(l);
}

/* Noticed when more of the run is wanted than what is under way. */
static void test_a_peer_that_was_closed_while_frames_are_under_way_ends_the_connection(void **state) {
  (void)state;
  if (MBR_LINK_WINDOW == 1) return;
  line *l = new_line(11);
  connect(l);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  tick(l);
  for (unsigned i = 0; i < 2; i++) assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  tick(l);
  l->a.closed = true;
  run_for(l, 100);
  assert_int_equal(l->a.downs, 1);
  assert_int_equal(l->a.why, MBR_CLOSED);
  assert_int_equal(l->a.ups, 2);
  assert_int_equal(l->b.ups, 2);
  assert_int_equal(l->b.why, MBR_DISCONNECTED);
  free(l);
}

/* The station anew, as after a loss of power: whatever it had is gone, what is in its ring too. */
static void restart(station *s) {
  assert_int_equal(mbr_link_init(&s->link, &s->config), MBR_OK);
  s->run = 0;
  begin_life(s);
}

static void lose_power_at_any_moment(uint64_t seed, uint32_t epoch_a, uint32_t epoch_b, unsigned noisy) {
  line *l = new_line(seed);
  unsigned restarts = 0;
  l->a.epoch = epoch_a;
  l->b.epoch = epoch_b;
  connect(l);
  l->a.refuses = l->b.refuses = true;
  for (unsigned ms = 0; ms < 20000; ms++) {
    (void)say(&l->a, random_of(l) % 4u == 0 ? MBR_FRAME_CALL : MBR_FRAME_ITEM, 16 + random_of(l) % 100u);
    (void)say(&l->b, MBR_FRAME_ITEM, 16 + random_of(l) % 100u);
    if (chance(l, 5000)) restarts++, restart(&l->a);
    if (chance(l, 5000)) restarts++, restart(&l->b);
    l->noise = chance(l, 500000) ? (noise){.drop = noisy, .burst = noisy, .flip = noisy} : (noise){0};
    tick(l);
  }
  end_noise(l);
  settle(l, 3 * LOST_MS);
  assert_true(restarts > 100);
  assert_true(l->a.total > 100 && l->b.total > 100);
  free(l);
}

static void test_power_lost_on_either_side_at_any_moment(void **state) {
  (void)state;
  for (unsigned i = 0; i < 4; i++) {
    lose_power_at_any_moment(20 + i, 0, 0, 0);
    lose_power_at_any_moment(30 + i, 0, 0, 2000);
  }
}

static void test_a_board_without_randomness_may_always_have_the_same_epoch(void **state) {
  (void)state;
  for (unsigned i = 0; i < 4; i++) {
    lose_power_at_any_moment(40 + i, 0, 7, 0);
    lose_power_at_any_moment(50 + i, 1, 0, 2000);
  }
}

/* It asks anew, by which it shows that it no longer knows the other one. */
static void test_a_restart_with_the_same_epoch_is_noticed_at_once(void **state) {
  (void)state;
  line *l = new_line(62);
  l->b.epoch = 7;
  connect(l);
  restart(&l->b);
  run_for(l, 2 * (LATENCY_MS + 1));
  assert_int_equal(l->a.downs, 1);
  assert_int_equal(l->a.why, MBR_DISCONNECTED);
  run_for(l, 50);
  assert_true(mbr_link_is_up(&l->a.link) && mbr_link_is_up(&l->b.link));
  free(l);
}

static void test_both_sides_may_have_the_same_epoch(void **state) {
  (void)state;
  line *l = new_line(60);
  l->a.epoch = l->b.epoch = 5;
  connect(l);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  settle(l, 50);
  free(l);
}

/* Everything that b heard in one connection comes again in the next one. */
static void test_what_was_sent_in_an_earlier_connection_is_ignored(void **state) {
  (void)state;
  static uint8_t old[WIRE];
  line *l = new_line(12);
  connect(l);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  assert_true(say(&l->a, MBR_FRAME_CALL, 40));
  run_for(l, 20);
  const size_t size = l->a.out.tail;
  assert_true(size > 0 && size < WIRE);
  memcpy(old, l->a.out.bytes, size);
  restart(&l->a);
  run_for(l, 50);
  assert_int_equal(l->b.ups, 2);
  /* Without the SYNs, which would end the connection, as they should. */
  struct mbr_link_decoder in;
  uint8_t frame[FRAME_MAX + MBR_LINK_CRC_SIZE];
  mbr_link_decoder_begin(&in);
  size_t begun = 0;
  unsigned replayed = 0;
  for (size_t i = 0; i < size; i++) {
    mbr_link_decoded got = mbr_link_decode(&in, frame, FRAME_MAX, old[i]);
    if (got == MBR_LINK_MORE) continue;
    if (got == MBR_LINK_WHOLE && in.header[MBR_LINK_AT_KIND] != MBR_LINK_SYN) {
      (void)mbr_link_feed(&l->b.link, old + begun, i + 1 - begun);
      poll_station(&l->b);
      replayed++;
    }
    begun = i + 1;
    mbr_link_decoder_begin(&in);
  }
  assert_true(replayed >= 5);
  assert_int_equal(l->b.heard, 0);
  assert_int_equal(l->b.downs, 1);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  settle(l, 50);
  free(l);
}

static void test_the_smaller_limit_holds_for_both_sides(void **state) {
  (void)state;
  line *l = new_line(13);
  l->b.config.frame_max = 128;
  assert_int_equal(mbr_link_init(&l->b.link, &l->b.config), MBR_OK);
  connect(l);
  assert_int_equal(l->a.link.limit, 128);
  assert_int_equal(l->b.link.limit, 128);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 128));
  assert_true(say(&l->b, MBR_FRAME_ITEM, 128));
  settle(l, 50);

  /* A call that is too large ends here at once; the other side may have heard of an item of it. */
  assert_true(put_frame(&l->a, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 129));
  assert_true(put_frame(&l->a, MBR_FRAME_ITEM, MBR_FRAME_FROM_CALLER, 200));
  assert_true(say(&l->a, MBR_FRAME_ITEM, 60));
  settle(l, 50);
  assert_int_equal(l->a.local_faults, 2);
  assert_int_equal(l->b.local_cancels, 2);

  /* An answer or item that is too large: the caller gets the fault, the handler is cancelled. */
  assert_true(put_frame(&l->b, MBR_FRAME_ITEM, 0, 200));
  assert_true(put_frame(&l->b, MBR_FRAME_OK, 0, 200));
  assert_true(say(&l->b, MBR_FRAME_ITEM, 60));
  settle(l, 50);
  assert_int_equal(l->b.local_cancels, 4);
  assert_int_equal(l->a.local_faults, 4);
  assert_int_equal(l->a.link.counters.oversize, 2);
  assert_int_equal(l->b.link.counters.oversize, 2);
  free(l);
}

static void test_a_hello_above_the_limit_is_left_out(void **state) {
  (void)state;
  line *l = new_line(14);
  connect(l);
  mbr_link_stop(&l->a.link);
  l->a.config.hello_size = MBR_FRAME_HEADER_SIZE + 9;
  begin_life(&l->a);
  run_for(l, 100);
  assert_int_equal(l->b.hellos, HELLOS - 1);
  assert_int_equal(l->a.link.counters.oversize, 1);
  free(l);
}

static size_t packet(const mbr_link *from, uint8_t kind, uint8_t sequence, const uint8_t *frame,
                     uint32_t size, uint8_t *out, size_t capacity) {
  struct mbr_link_encoder encoder;
  encoder.header[MBR_LINK_AT_KIND] = kind;
  encoder.header[MBR_LINK_AT_SEQUENCE] = sequence;
  encoder.header[MBR_LINK_AT_ACKNOWLEDGED] = from->expected;
  mbr_put_u32(encoder.header + MBR_LINK_AT_SESSION,
              kind == MBR_LINK_SYN ? from->epoch : mbr_link_session(from->epoch, from->other));
  mbr_link_encoder_begin(&encoder, frame, size);
  size_t got = mbr_link_encode(&encoder, out, capacity);
  assert_true(got < capacity);
  return got;
}

/* From a sender that does not keep to what was agreed. */
static void test_a_frame_above_the_limit_is_not_buffered(void **state) {
  (void)state;
  static uint8_t frame[2000], bytes[4000];
  line *l = new_line(15);
  connect(l);
  uint8_t *const buffer = malloc(FRAME_MAX + MBR_LINK_CRC_SIZE);
  assert_non_null(buffer);
  for (uint32_t size = FRAME_MAX + 1; size <= sizeof frame; size += 97) {
    const mbr_frame header = {size, MBR_FRAME_ITEM, 0, 0, 1, 1};
    memset(frame, 1, sizeof frame);
    mbr_frame_write(frame, &header);
    memset(buffer, 0xAA, FRAME_MAX + MBR_LINK_CRC_SIZE);
    const uint8_t next = l->b.link.expected;
    const size_t sent = packet(&l->a.link, MBR_LINK_DATA, next, frame, size, bytes, sizeof bytes);
    struct mbr_link_decoder in;
    mbr_link_decoder_begin(&in);
    mbr_link_decoded got = MBR_LINK_MORE;
    for (size_t i = 0; i < sent && got == MBR_LINK_MORE; i++)
      got = mbr_link_decode(&in, buffer, FRAME_MAX, bytes[i]);
    assert_int_equal(got, MBR_LINK_OVERSIZE);
    for (size_t i = 4; i < FRAME_MAX; i++) assert_int_equal(buffer[i], 0xAA);
    /* One whose own size is a lie is stopped at the buffer's end. */
    mbr_put_u32(frame, 20);
    const size_t lying = packet(&l->a.link, MBR_LINK_DATA, next, frame, size, bytes, sizeof bytes);
    for (size_t i = 0; i < lying; i += 500) {
      (void)mbr_link_feed(&l->b.link, bytes + i, lying - i < 500 ? lying - i : 500);
      poll_station(&l->b);
    }
  }
  assert_true(l->b.link.counters.oversize >= 10);
  assert_int_equal(l->b.heard, 0);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  settle(l, 50);
  free(buffer);
  free(l);
}

/* Frames that no peer sends: their size is another one, or they claim to be elsewhere in memory. */
static void test_malformed_frames_are_dropped(void **state) {
  (void)state;
  uint8_t frame[64] = {0}, bytes[200];
  line *l = new_line(16);
  connect(l);
  const mbr_frame bad[] = {
    {63, MBR_FRAME_ITEM, 0, 0, 0, 1},
    {65, MBR_FRAME_ITEM, 0, 0, 0, 1},
    {64, MBR_FRAME_ITEM, MBR_FRAME_BLOCK, 0, 0, 1},
    {64, 0, 0, 0, 0, 1},
    {64, 99, 0, 0, 0, 1},
    {2, MBR_FRAME_ITEM, 0, 0, 0, 1},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mbr_frame_write(frame, &bad[i]);
    const uint8_t next = l->b.link.expected;
    size_t size = packet(&l->a.link, MBR_LINK_DATA, next, frame, sizeof frame, bytes, sizeof bytes);
    (void)mbr_link_feed(&l->b.link, bytes, size);
    poll_station(&l->b);
    assert_int_equal(l->b.link.counters.damaged, i + 1);
  }
  assert_int_equal(l->b.heard, 0);
  free(l);
}

static void test_acknowledgements_of_what_was_not_sent_are_ignored(void **state) {
  (void)state;
  uint8_t bytes[100];
  line *l = new_line(63);
  connect(l);
  assert_true(say(&l->b, MBR_FRAME_ITEM, 40));
  poll_station(&l->b);
  assert_int_equal(l->b.link.under_way, 1);
  const uint8_t expected = l->a.link.expected;
  for (unsigned i = 2; i < 256; i++) {
    l->a.link.expected = (uint8_t)(expected + i);
    (void)mbr_link_feed(&l->b.link, bytes, packet(&l->a.link, MBR_LINK_ACK, 0, NULL, 0, bytes, sizeof bytes));
    poll_station(&l->b);
    assert_int_equal(l->b.link.under_way, 1);
  }
  l->a.link.expected = expected;
  settle(l, 50);
  free(l);
}

/* A gap is told when the next frame shows it, long before the time for an acknowledgement is over. */
static void test_a_lost_frame_is_asked_for_at_once(void **state) {
  (void)state;
  if (MBR_LINK_WINDOW == 1) return;
  line *l = new_line(64);
  l->a.config.retry_ms = l->b.config.retry_ms = LOST_MS / 2;
  connect(l);
  l->noise.drop = 1000000;
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  run_for(l, LATENCY_MS + 2);
  end_noise(l);
  assert_true(say(&l->a, MBR_FRAME_ITEM, 40));
  settle(l, 4 * (LATENCY_MS + 2));
  assert_int_equal(l->a.link.counters.repeated, 2);
  free(l);
}

/* The acknowledgement of each frame renews the time that the next one has. */
static void test_a_deep_buffer_below_costs_no_repeats(void **state) {
  (void)state;
  line *l = new_line(65);
  connect(l);
  l->a.fifo = l->b.fifo = 4096;
  for (unsigned i = 0; i < 400; i++) {
    (void)say(&l->a, MBR_FRAME_ITEM, FRAME_MAX);
    tick(l);
  }
  settle(l, 200);
  assert_int_equal(l->a.link.counters.repeated, 0);
  free(l);
}

static void test_another_version_never_connects(void **state) {
  (void)state;
  uint8_t payload[MBR_LINK_SYN_SIZE], bytes[100];
  line *l = new_line(17);
  begin_life(&l->b);
  l->a.link.epoch = 77;
  const uint32_t payloads[][3] = {
    {MBR_LINK_VERSION + 1, l->b.link.epoch, 256},
    {MBR_LINK_VERSION, l->b.link.epoch, MBR_LINK_FRAME_MIN - 1},
  };
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned k = 0; k < 3; k++) mbr_put_u32(payload + 4 * k, payloads[i][k]);
    size_t size = packet(&l->a.link, MBR_LINK_SYN, 0, payload, sizeof payload, bytes, sizeof bytes);
    (void)mbr_link_feed(&l->b.link, bytes, size);
    poll_station(&l->b);
    assert_int_equal(l->b.link.counters.foreign, i + 1);
    assert_false(mbr_link_is_up(&l->b.link));
  }
  free(l);
}

static void test_bytes_beyond_the_ring_are_lost_and_counted_and_repaired(void **state) {
  (void)state;
  line *l = new_line(18);
  connect(l);
  const uint8_t zeros[100] = {0};
  size_t taken = 0;
  for (unsigned i = 0; i < 20; i++) taken += mbr_link_feed(&l->b.link, zeros, sizeof zeros);
  assert_int_equal(taken, RING);
  assert_int_equal(l->b.link.counters.overrun, 2000 - RING);
  for (unsigned i = 0; i < 30; i++) assert_true(say(&l->a, MBR_FRAME_ITEM, 60));
  /* b does not poll for a while. */
  for (unsigned i = 0; i < 10; i++) {
    l->us += 1000;
    hear_wire(l, &l->b, &l->a.out);
    poll_station(&l->a);
  }
  settle(l, 200);
  free(l);
}

/* A frame in a block is sent from there, and is the link's until it is acknowledged. */
static void test_frames_in_blocks_are_sent_by_pointer(void **state) {
  (void)state;
  line *l = new_line(19);
  connect(l);
  for (unsigned i = 0; i < 20; i++) {
    station *s = &l->a;
    _Alignas(8) uint8_t block[FRAME_MAX];
    const mbr_frame whole = {FRAME_MAX, MBR_FRAME_ITEM, 0, 0, s->sent, s->life};
    const mbr_frame record = {32, MBR_FRAME_ITEM, MBR_FRAME_BLOCK, 0, s->sent, s->life};
    mbr_frame_write(block, &whole);
    for (size_t k = 0; k < FRAME_MAX - MBR_FRAME_HEADER_SIZE; k++)
      block[MBR_FRAME_HEADER_SIZE + k] = content(s->life, s->sent, k);
    uint8_t *out = s->outbox + s->tail;
    mbr_frame_write(out, &record);
    mbr_put_u64(out + 16, (uint64_t)(uintptr_t)block);
    mbr_put_u64(out + 24, FRAME_MAX);
    s->tail += 32;
    s->sent++;
    assert_true(say(s, MBR_FRAME_ITEM, 30));
    l->noise.drop = 3000;
    run_for(l, 10);
    end_noise(l);
    settle(l, 100);
    memset(block, 0xEE, sizeof block);
  }
  free(l);
}

/* More refusals at once than there is room for: those beyond it wait with the other side. */
static void test_every_refused_call_gets_its_fault_once(void **state) {
  (void)state;
  line *l = new_line(70);
  connect(l);
  l->b.refuses = true;
  l->noise = (noise){.drop = 1000, .flip = 500};
  for (unsigned i = 0; i < 2000; i++) {
    (void)say(&l->a, MBR_FRAME_CALL, 24);
    tick(l);
  }
  end_noise(l);
  settle(l, LOST_MS);
  assert_true(l->b.refusals > 20);
  assert_int_equal(l->a.faults, l->b.refusals);
  assert_int_equal(l->b.link.counters.refused, l->b.refusals);
  assert_int_equal(l->a.downs + l->b.downs, 0);
  free(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_two_links_connect_and_tell_what_they_serve),
    cmocka_unit_test(test_one_side_may_start_long_after_the_other),
    cmocka_unit_test(test_connecting_takes_three_packets_and_no_timer),
    cmocka_unit_test(test_misuse_is_refused),
    cmocka_unit_test(test_a_quiet_connection_stays_up),
    cmocka_unit_test(test_polling_when_told_to_is_enough),
    cmocka_unit_test(test_a_cut_line_is_noticed_by_both_sides),
    cmocka_unit_test(test_a_line_that_takes_nothing_is_lost),
    cmocka_unit_test(test_frames_that_nobody_acknowledges_end_the_connection),
    cmocka_unit_test(test_stopping_is_missed_by_the_other_side),
    cmocka_unit_test(test_a_peer_that_was_closed_ends_the_connection),
    cmocka_unit_test(test_a_goodbye_ends_the_connection),
    cmocka_unit_test(test_a_peer_that_was_closed_while_frames_are_under_way_ends_the_connection),
    cmocka_unit_test(test_power_lost_on_either_side_at_any_moment),
    cmocka_unit_test(test_a_board_without_randomness_may_always_have_the_same_epoch),
    cmocka_unit_test(test_a_restart_with_the_same_epoch_is_noticed_at_once),
    cmocka_unit_test(test_both_sides_may_have_the_same_epoch),
    cmocka_unit_test(test_what_was_sent_in_an_earlier_connection_is_ignored),
    cmocka_unit_test(test_the_smaller_limit_holds_for_both_sides),
    cmocka_unit_test(test_a_hello_above_the_limit_is_left_out),
    cmocka_unit_test(test_a_frame_above_the_limit_is_not_buffered),
    cmocka_unit_test(test_malformed_frames_are_dropped),
    cmocka_unit_test(test_acknowledgements_of_what_was_not_sent_are_ignored),
    cmocka_unit_test(test_another_version_never_connects),
    cmocka_unit_test(test_bytes_beyond_the_ring_are_lost_and_counted_and_repaired),
    cmocka_unit_test(test_a_deep_buffer_below_costs_no_repeats),
    cmocka_unit_test(test_a_lost_frame_is_asked_for_at_once),
    cmocka_unit_test(test_frames_in_blocks_are_sent_by_pointer),
    cmocka_unit_test(test_every_refused_call_gets_its_fault_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
