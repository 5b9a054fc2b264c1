/* Streams whose consumer is slow: items that wait and are replaced, and the word that there is room again. */
#include "loopback.h"

#include "../../runtime/peer/latest.h"

static mbr_status emit(mbr_call call, uint32_t number, size_t size) {
  uint8_t item[256] = {0};
  mbr_put_u32(item, number);
  return answer(call, MBR_FRAME_ITEM, item, size);
}

/* As a topic does. */
static mbr_status conflate(mbr_call call, const uint8_t *item, size_t size) {
  mbr_writer w;
  mbr_status status = mbr_call_begin_latest(call, size, &w);
  if (status != MBR_OK) return status;
  memcpy(mbr_writer_take(&w, size), item, size);
  return mbr_call_commit(call, &w, MBR_OK);
}

static uint32_t number_of(const received *r) {
  assert_int_equal(r->frame.kind, MBR_FRAME_ITEM);
  return mbr_get_u32(r->payload);
}

static mbr_status give_credit(loopback *l, uint32_t credit) {
  return send_control(l, MBR_FRAME_CREDIT, wire(0, 1), credit);
}

static const shape no_blocks = {8, 256, 4096, false, true};

static void test_without_credit_the_newest_item_waits(void **state) {
  (void)state;
  const shape shapes_[] = {usual, direct, no_blocks};
  for (size_t i = 0; i < 3; i++) {
    loopback *l = new_loopback(shapes_[i]);
    mbr_call call = deferred_call(l, LATEST, wire(0, 1), 1);
    for (uint32_t k = 1; k <= 5; k++) assert_int_equal(emit(call, k, 8), MBR_OK);
    assert_int_equal(mbr_call_dropped(call), 3);
    assert_int_equal(l->blocks, 0); /* the slot has room for items of 16 bytes */
    drain(l);
    assert_int_equal(l->got_count, 1);
    assert_int_equal(number_of(&l->got[0]), 1);
    unsigned wakes = l->wakes;
    assert_int_equal(give_credit(l, 2), MBR_OK);
    if (i != 1) assert_int_equal(l->wakes, wakes); /* receiving wakes nobody: a task does */
    run_all(l);
    assert_int_equal(l->wakes, wakes + 1);
    drain(l);
    assert_int_equal(number_of(&l->got[1]), 5);
    assert_int_equal(emit(call, 6, 4), MBR_OK);
    drain(l);
    assert_int_equal(number_of(&l->got[2]), 6);
    assert_int_equal(mbr_call_dropped(call), 3);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    assert_int_equal(mbr_call_dropped(call), 0);
    check_counters(l, LATEST, 1, 1);
    mbr_counters c;
    assert_int_equal(mbr_peer_counters(&l->peer, LATEST, &c), MBR_OK);
    assert_int_equal(c.items, 3);
    assert_int_equal(c.dropped, 3);
    assert_int_equal(c.open, 0);
    end_loopback(l);
  }
}

static void test_without_room_the_newest_item_waits(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call stream = deferred_call(l, STREAM, wire(1, 1), 1000);
  mbr_call call = deferred_call(l, LATEST, wire(0, 1), 10);
  while (emit(stream, 0, 16) == MBR_OK) {
  }
  for (uint32_t k = 1; k <= 3; k++) assert_int_equal(emit(call, k, 16), MBR_OK);
  assert_int_equal(mbr_call_dropped(call), 2);
  assert_int_equal(emit(stream, 0, 16), MBR_WOULD_BLOCK);
  assert_true(drain_some(l, 1));
  assert_int_equal(emit(stream, 0, 16), MBR_WOULD_BLOCK); /* the item that waited was first */
  drain(l);
  assert_int_equal(number_of(&l->got[l->got_count - 1]), 3);
  assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, NULL), MBR_OK);
  end_loopback(l);
}

static void test_an_ending_sends_what_waits_or_drops_it(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    loopback *l = new_loopback(usual);
    mbr_call stream = deferred_call(l, STREAM, wire(1, 1), 1000);
    mbr_call call = deferred_call(l, LATEST, wire(0, 1), i < 2 ? 10 : 0);
    while (emit(stream, 0, 16) == MBR_OK) {
    }
    assert_int_equal(emit(call, 1, 16), MBR_OK);
    if (i % 2 == 0) assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    else assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, NULL), MBR_OK);
    drain(l);
    size_t last = l->got_count - 1;
    assert_int_equal(l->got[last].frame.kind, i % 2 == 0 ? MBR_FRAME_END : MBR_FRAME_FAULT);
    assert_int_equal(l->got[last - 1].frame.method, STREAM); /* no room, no credit: endings do not wait */
    mbr_counters c;
    assert_int_equal(mbr_peer_counters(&l->peer, LATEST, &c), MBR_OK);
    assert_int_equal(c.dropped, 1);
    assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_an_item_that_does_not_encode_leaves_the_one_before(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call call = deferred_call(l, LATEST, wire(0, 1), 0);
  assert_int_equal(emit(call, 1, 4), MBR_OK);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 4, &w), MBR_OK);
  assert_int_equal(mbr_call_commit(call, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  assert_int_equal(mbr_call_dropped(call), 0);
  assert_int_equal(give_credit(l, 1), MBR_OK);
  run_all(l);
  drain(l);
  assert_int_equal(number_of(&l->got[0]), 1);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_items_of_any_size_wait_in_blocks(void **state) {
  (void)state;
  static uint8_t data[3000];
  static const size_t sizes[] = {17, 100, 900, 1009, 3000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    loopback *l = new_loopback(usual);
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 0); /* its items have no bound */
    for (uint32_t k = 1; k <= 50; k++) {
      mbr_put_u32(data, k);
      assert_int_equal(conflate(call, data, sizes[i]), MBR_OK);
    }
    assert_int_equal(l->blocks_taken, 2); /* they are used again */
    assert_int_equal(give_credit(l, 1), MBR_OK);
    run_all(l);
    drain(l);
    assert_int_equal(number_of(&l->got[0]), 50);
    assert_int_equal(l->got[0].size, sizes[i]);
    assert_int_equal(conflate(call, data, sizes[i]), MBR_OK);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    assert_int_equal(l->blocks, 0);
    end_loopback(l);
  }
}

static void test_without_a_buffer_the_item_is_refused(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call call = deferred_call(l, LATEST, wire(0, 1), 0);
  l->refuse_blocks = true;
  assert_int_equal(emit(call, 1, 17), MBR_NO_MEMORY);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, SIZE_MAX, &w), MBR_NO_MEMORY);
  assert_int_equal(emit(call, 2, 16), MBR_OK);
  assert_int_equal(give_credit(l, 1), MBR_OK);
  run_all(l);
  drain(l);
  assert_int_equal(number_of(&l->got[0]), 2);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

/* The newest counts: it has the memory of the one that waits, where it fits there and no other is to be had. */
static void test_without_memory_an_item_takes_the_place_of_the_one_that_waits(void **state) {
  (void)state;
  static uint8_t data[200];
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 0);
  mbr_put_u32(data, 1);
  assert_int_equal(conflate(call, data, 100), MBR_OK);
  l->refuse_blocks = true;
  mbr_put_u32(data, 2);
  assert_int_equal(conflate(call, data, 90), MBR_OK);
  mbr_put_u32(data, 3);
  assert_int_equal(conflate(call, data, 200), MBR_NO_MEMORY);
  assert_int_equal(mbr_call_dropped(call), 2);
  assert_int_equal(give_credit(l, 1), MBR_OK);
  run_all(l);
  drain(l);
  assert_int_equal(number_of(&l->got[0]), 2);
  assert_int_equal(l->got[0].size, 90);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  assert_int_equal(l->blocks, 0);
  end_loopback(l);
}

static void test_several_may_be_encoded_at_once(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    loopback *l = new_loopback(usual);
    mbr_writer w[5];
    mbr_call call = deferred_call(l, LATEST, wire(0, 1), 0);
    for (size_t k = 0; k < 5; k++) assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 4, &w[k]), MBR_OK);
    if (i == 1) assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    if (i == 2) assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    if (i == 2) assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(l->peer.used, 1); /* its memory is being written */
    for (uint32_t k = 0; k < 5; k++) {
      assert_int_equal(mbr_write_u32(&w[k], k), MBR_OK);
      assert_int_equal(mbr_call_commit(call, &w[k], MBR_OK), MBR_OK);
    }
    if (i == 0) {
      assert_int_equal(mbr_call_dropped(call), 4);
      assert_int_equal(give_credit(l, 1), MBR_OK);
      run_all(l);
      drain(l);
      assert_int_equal(number_of(&l->got[0]), 4);
      assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    }
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->blocks, 0);
    end_loopback(l);
  }
}

static void test_a_topics_items_are_conflated_whatever_the_method_says(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  uint8_t item[4] = {0};
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 1);
  mbr_call unary = deferred_call(l, UNARY, wire(1, 1), 1);
  for (uint8_t k = 1; k <= 4; k++) {
    item[0] = k;
    assert_int_equal(conflate(call, item, sizeof item), MBR_OK);
  }
  assert_int_equal(emit(call, 9, 4), MBR_WOULD_BLOCK); /* behind the one that waits */
  assert_int_equal(conflate(unary, item, sizeof item), MBR_MISUSE);
  assert_int_equal(give_credit(l, 5), MBR_OK);
  assert_int_equal(emit(call, 9, 4), MBR_OK);
  drain(l);
  assert_int_equal(l->got_count, 3);
  assert_int_equal(number_of(&l->got[1]), 4);
  assert_int_equal(number_of(&l->got[2]), 9);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  assert_int_equal(conflate(call, item, sizeof item), MBR_CLOSED);
  assert_int_equal(answer(unary, MBR_FRAME_OK, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_an_item_that_waits_goes_with_its_connection(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, LATEST, wire(0, 1), 0);
  assert_int_equal(emit(call, 1, 200), MBR_OK);
  mbr_peer_close(&l->peer);
  assert_int_equal(emit(call, 1, 200), MBR_CLOSED);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
  end_loopback(l);
}

static void on_ready(void *arg) {
  loopback *l = arg;
  assert_false(l->locked);
  l->readies++;
}

static void test_ready_is_called_once_when_credit_comes(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 1);
    assert_int_equal(emit(call, 1, 4), MBR_OK);
    assert_int_equal(emit(call, 2, 4), MBR_WOULD_BLOCK);
    assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_OK);
    assert_int_equal(give_credit(l, 0), MBR_OK);
    run_all(l);
    assert_int_equal(l->readies, 0);
    assert_int_equal(give_credit(l, 2), MBR_OK);
    assert_int_equal(l->readies, i);
    assert_int_equal(give_credit(l, 2), MBR_OK);
    run_all(l);
    assert_int_equal(l->readies, 1);
    assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_OK); /* is so already */
    assert_int_equal(l->readies, 2);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_CLOSED);
    run_all(l);
    assert_int_equal(l->readies, 2);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_ready_is_called_when_there_is_room_for_what_was_refused(void **state) {
  (void)state;
  static uint8_t data[900];
  for (size_t size = 0; size < sizeof data; size += 100) {
    loopback *l = new_loopback(usual);
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 1000);
    while (answer(call, MBR_FRAME_ITEM, data, 30) == MBR_OK) {
    }
    assert_int_equal(answer(call, MBR_FRAME_ITEM, data, size), MBR_WOULD_BLOCK);
    assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_OK);
    size_t drained = 0;
    while (l->readies == 0) {
      assert_true(drain_some(l, 1));
      run_all(l);
      drained++;
    }
    assert_true(size < 100 || drained > 2);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, data, size), MBR_OK);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    drain(l);
    end_loopback(l);
  }
}

/* An item larger than the outbox travels in a block, so what it waits for is the room of a block's record. */
static void test_ready_is_called_for_items_larger_than_the_ring(void **state) {
  (void)state;
  static const uint8_t large[5000];
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 1);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, large, sizeof large), MBR_OK);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, large, sizeof large), MBR_WOULD_BLOCK); /* no credit */
    assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_OK);
    drain(l);
    run_all(l);
    assert_int_equal(l->readies, 0);
    assert_int_equal(give_credit(l, 1), MBR_OK);
    run_all(l);
    assert_int_equal(l->readies, 1);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, large, sizeof large), MBR_OK);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
    drain(l);
    assert_int_equal(l->got_count, 3);
    assert_frame(&l->got[1], MBR_FRAME_ITEM, wire(0, 1), sizeof large);
    end_loopback(l);
  }
}

static void test_several_wait_for_room_and_any_may_go(void **state) {
  (void)state;
  for (size_t gone = 0; gone < 4; gone++) {
    loopback *l = new_loopback(usual);
    static uint8_t data[800];
    mbr_call calls[4];
    for (uint32_t i = 0; i < 4; i++) calls[i] = deferred_call(l, STREAM, wire(i, 1), 1000);
    while (emit(calls[0], 0, 100) == MBR_OK) {
    }
    for (size_t i = 0; i < 4; i++) {
      assert_int_equal(answer(calls[i], MBR_FRAME_ITEM, data, sizeof data), MBR_WOULD_BLOCK);
      assert_int_equal(mbr_call_on_ready(calls[i], on_ready, l), MBR_OK);
    }
    assert_int_equal(mbr_call_fault(calls[gone], MBR_INTERNAL, NULL), MBR_OK);
    run_all(l);
    assert_int_equal(l->readies, 0);
    while (drain_some(l, 1)) run_all(l);
    assert_int_equal(l->readies, 3);
    for (size_t i = 0; i < 4; i++) (void)mbr_call_fault(calls[i], MBR_INTERNAL, NULL);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_ready_comes_when_a_frame_is_given_up(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 1000);
  mbr_call unary = deferred_call(l, UNARY, wire(1, 1), 0);
  mbr_writer w;
  static uint8_t data[1008];
  assert_int_equal(mbr_call_begin(unary, MBR_FRAME_OK, 1008, &w), MBR_OK);
  mbr_status status;
  while ((status = answer(call, MBR_FRAME_ITEM, data, 1008)) == MBR_OK) {
  }
  assert_int_equal(status, MBR_WOULD_BLOCK);
  assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_OK);
  assert_int_equal(mbr_call_commit(unary, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  while (drain_some(l, 1)) run_all(l);
  assert_int_equal(l->readies, 1);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_the_end_of_the_call_forgets_who_waits(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    loopback *l = new_loopback(usual);
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 0);
    assert_int_equal(emit(call, 1, 4), MBR_WOULD_BLOCK);
    assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_OK);
    if (i % 2 == 1) assert_int_equal(give_credit(l, 1), MBR_OK); /* it is due already */
    if (i < 2) assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, NULL), MBR_OK);
    else assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    run_all(l);
    assert_int_equal(l->readies, 0);
    if (i >= 2) assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_only_streams_become_ready(void **state) {
  (void)state;
  const mbr_call none = {0};
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 5);
  assert_int_equal(mbr_call_on_ready(call, on_ready, l), MBR_MISUSE);
  mbr_call stream = deferred_call(l, STREAM, wire(1, 1), 5);
  assert_int_equal(mbr_call_on_ready(stream, NULL, l), MBR_MISUSE);
  assert_int_equal(mbr_call_on_ready(none, on_ready, l), MBR_CLOSED);
  assert_int_equal(mbr_call_dropped(none), 0);
  assert_null(mbr_call_context(none));
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
  end_loopback(l);
}

typedef struct source {
  loopback *l;
  mbr_call call;
  uint32_t next;
  unsigned depth, deepest, cancels;
  bool over;
} source;

static void pump(void *arg) {
  source *s = arg;
  if (++s->depth > s->deepest) s->deepest = s->depth;
  mbr_status status;
  while (s->next < 500 && (status = emit(s->call, s->next, 40)) == MBR_OK) s->next++;
  if (s->next < 500) assert_int_equal(mbr_call_on_ready(s->call, pump, s), MBR_OK);
  else if (!s->over) assert_int_equal(answer(s->call, MBR_FRAME_END, NULL, 0), MBR_OK);
  if (s->next == 500) s->over = true;
  s->depth--;
}

static void test_a_source_driven_by_ready_loses_nothing(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    source s = {.l = l};
    uint32_t seen = 0;
    s.call = deferred_call(l, STREAM, wire(0, 1), 3);
    pump(&s);
    while (seen < 501) {
      run_all(l);
      drain(l);
      for (; seen < l->got_count; seen++) {
        if (l->got[seen].frame.kind == MBR_FRAME_ITEM) assert_int_equal(number_of(&l->got[seen]), seen);
      }
      if (!s.over) assert_int_equal(give_credit(l, 7), MBR_OK);
    }
    assert_true(s.over);
    assert_int_equal(s.deepest, 1);
    end_loopback(l);
  }
}

static void ask_again(void *arg) {
  source *s = arg;
  assert_int_equal(++s->depth, 1);
  if (++s->next < 1000) assert_int_equal(mbr_call_on_ready(s->call, ask_again, s), MBR_OK);
  s->depth--;
}

static void test_asking_within_the_callback_does_not_nest(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  source s = {.l = l, .call = deferred_call(l, STREAM, wire(0, 1), 3)};
  assert_int_equal(mbr_call_on_ready(s.call, ask_again, &s), MBR_OK);
  assert_int_equal(s.next, 1000);
  assert_int_equal(answer(s.call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

#define ROUNDS_MAX 1000u

static void emit_or_ask_again(void *arg) {
  source *s = arg;
  if (++s->next == ROUNDS_MAX) return;
  if (emit(s->call, 2, 4) == MBR_OK) s->over = true;
  else assert_int_equal(mbr_call_on_ready(s->call, emit_or_ask_again, s), MBR_OK);
}

/* The ring has room for the item that its source would send, but none for the one that goes first. */
static void test_ready_waits_for_the_item_that_a_topic_keeps(void **state) {
  (void)state;
  static const uint8_t kept[250] = {1};
  loopback *l = new_loopback(usual);
  source s = {.l = l, .call = deferred_call(l, STREAM, wire(0, 1), 1000)};
  while (emit(s.call, 0, 4) == MBR_OK) {
  }
  assert_true(drain_some(l, 2));
  assert_int_equal(conflate(s.call, kept, sizeof kept), MBR_OK);
  emit_or_ask_again(&s);
  run_all(l);
  assert_int_equal(s.next, 1);
  assert_false(s.over);
  drain(l);
  run_all(l);
  assert_int_equal(s.next, 2);
  assert_true(s.over);
  drain(l);
  assert_int_equal(l->got[l->got_count - 2].size, sizeof kept);
  assert_int_equal(number_of(&l->got[l->got_count - 1]), 2);
  assert_int_equal(answer(s.call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void count_cancel(void *arg, mbr_cancel_reason reason) {
  source *s = arg;
  (void)reason;
  assert_int_equal(s->depth, 0); /* never beside the other callback */
  s->cancels++;
}

static void cancel_within(void *arg) {
  source *s = arg;
  s->depth++;
  assert_int_equal(send_cancel(s->l, wire(0, 1)), MBR_OK);
  while (run_one(s->l)) { /* as another thread would */
  }
  s->depth--;
}

static void test_ready_and_cancel_come_one_after_the_other(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    loopback *l = new_loopback(i < 2 ? usual : direct);
    source s = {.l = l, .call = deferred_call(l, STREAM, wire(0, 1), i == 0)};
    assert_int_equal(mbr_call_on_cancel(s.call, count_cancel, &s), MBR_OK);
    assert_int_equal(mbr_call_on_ready(s.call, cancel_within, &s), MBR_OK);
    assert_int_equal(give_credit(l, 1), MBR_OK);
    run_all(l);
    assert_int_equal(s.cancels, 1);
    assert_int_equal(answer(s.call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void watch_within(void *arg) {
  source *s = arg;
  s->depth++;
  assert_int_equal(send_cancel(s->l, wire(0, 1)), MBR_OK);
  assert_int_equal(mbr_call_on_cancel(s->call, count_cancel, s), MBR_OK); /* as another thread would */
  assert_int_equal(mbr_call_on_cancel(s->call, count_cancel, s), MBR_MISUSE);
  s->depth--;
}

/* The call is cancelled while `ready` runs, and only then is its cancel callback set. */
static void test_a_cancel_callback_set_beside_ready_comes_after_it(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    loopback *l = new_loopback(i < 2 ? usual : direct);
    source s = {.l = l, .call = deferred_call(l, STREAM, wire(0, 1), i == 0)};
    assert_int_equal(mbr_call_on_ready(s.call, watch_within, &s), MBR_OK);
    assert_int_equal(give_credit(l, 1), MBR_OK);
    run_all(l);
    assert_int_equal(s.cancels, 1);
    assert_int_equal(answer(s.call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_a_notice_that_comes_late_finds_the_callback_running(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  source s = {.l = l, .call = deferred_call(l, STREAM, wire(0, 1), 0)};
  assert_int_equal(mbr_call_on_cancel(s.call, count_cancel, &s), MBR_OK);
  assert_int_equal(mbr_call_on_ready(s.call, on_ready, l), MBR_OK);
  assert_int_equal(give_credit(l, 1), MBR_OK); /* now a task is to call it */
  assert_int_equal(mbr_call_on_ready(s.call, cancel_within, &s), MBR_OK);
  assert_int_equal(s.cancels, 0);
  run_all(l);
  assert_int_equal(s.cancels, 1);
  assert_int_equal(l->readies, 0);
  assert_int_equal(answer(s.call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_without_credit_the_newest_item_waits),
    cmocka_unit_test(test_without_room_the_newest_item_waits),
    cmocka_unit_test(test_an_ending_sends_what_waits_or_drops_it),
    cmocka_unit_test(test_an_item_that_does_not_encode_leaves_the_one_before),
    cmocka_unit_test(test_items_of_any_size_wait_in_blocks),
    cmocka_unit_test(test_without_a_buffer_the_item_is_refused),
    cmocka_unit_test(test_without_memory_an_item_takes_the_place_of_the_one_that_waits),
    cmocka_unit_test(test_several_may_be_encoded_at_once),
    cmocka_unit_test(test_a_topics_items_are_conflated_whatever_the_method_says),
    cmocka_unit_test(test_an_item_that_waits_goes_with_its_connection),
    cmocka_unit_test(test_ready_is_called_once_when_credit_comes),
    cmocka_unit_test(test_ready_is_called_when_there_is_room_for_what_was_refused),
    cmocka_unit_test(test_ready_is_called_for_items_larger_than_the_ring),
    cmocka_unit_test(test_several_wait_for_room_and_any_may_go),
    cmocka_unit_test(test_ready_comes_when_a_frame_is_given_up),
    cmocka_unit_test(test_the_end_of_the_call_forgets_who_waits),
    cmocka_unit_test(test_only_streams_become_ready),
    cmocka_unit_test(test_a_source_driven_by_ready_loses_nothing),
    cmocka_unit_test(test_asking_within_the_callback_does_not_nest),
    cmocka_unit_test(test_ready_waits_for_the_item_that_a_topic_keeps),
    cmocka_unit_test(test_ready_and_cancel_come_one_after_the_other),
    cmocka_unit_test(test_a_cancel_callback_set_beside_ready_comes_after_it),
    cmocka_unit_test(test_a_notice_that_comes_late_finds_the_callback_running),
  };
  return RUN_BOTH_WAYS(tests);
}
