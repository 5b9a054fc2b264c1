/* Stream parameters: items in order and one at a time, credit that comes back, breaches, and ends of every
 * kind. */
#include "loopback.h"

typedef struct sum {
  uint32_t items, total;
  unsigned ends, cancels;
  mbr_call call;
} sum;

static sum sums[8];
static size_t sum_count;

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  sum *s = arg;
  assert_true(reason != MBR_CANCEL_NONE);
  s->cancels++;
}

static mbr_status begin_sum(loopback *l, mbr_call call, mbr_reader *args) {
  sum *s = &sums[sum_count++];
  (void)l;
  (void)args;
  *s = (sum){.call = call};
  assert_null(mbr_call_context(call));
  mbr_call_set_context(call, s);
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, s), MBR_OK);
  return MBR_OK;
}

static mbr_status add_item(loopback *l, mbr_call call, mbr_reader *item) {
  sum *s = mbr_call_context(call);
  uint32_t value = 0;
  (void)l;
  assert_non_null(s);
  assert_int_equal(s->ends, 0);
  if (item != NULL) {
    if (mbr_read_u32(item, &value) != MBR_OK) return item->status;
    s->items++;
    s->total += value;
    return mbr_reader_finish(item);
  }
  uint8_t total[4];
  s->ends++;
  mbr_put_u32(total, s->total);
  (void)answer(call, mbr_call_cancelled(call) == MBR_CANCEL_NONE ? MBR_FRAME_OK : MBR_FRAME_ERR, total, 4);
  return MBR_OK;
}

static loopback *open_sums(shape s) {
  loopback *l = new_loopback(s);
  l->handle = begin_sum;
  l->handle_item = add_item;
  sum_count = 0;
  return l;
}

/* Calls a method with a stream parameter; its window is granted at once, whether the handler has run or
 * not. */
static void start_call(loopback *l, uint32_t method, uint32_t id, uint32_t window) {
  assert_int_equal(send_call(l, method, id, 100, NULL, 0), MBR_OK);
  drain(l);
  assert_credit(&l->got[l->got_count - 1], id, window);
  forget(l);
}

static void start_sum(loopback *l, uint32_t id) {
  start_call(l, UPLOAD, id, UPLOAD_WINDOW);
  run_all(l);
}

static mbr_status send_number(loopback *l, uint32_t id, uint32_t number) {
  uint8_t item[4];
  mbr_put_u32(item, number);
  return send_item(l, MBR_FRAME_ITEM, id, item, sizeof item);
}

static void test_items_are_handled_in_order_and_credit_comes_back(void **state) {
  (void)state;
  const shape ways[] = {usual, direct, {8, 256, 4096, true, true}};
  for (size_t i = 0; i < 3; i++) {
    loopback *l = open_sums(ways[i]);
    start_sum(l, wire(2, 1));
    uint32_t credit = UPLOAD_WINDOW, sent = 0, total = 0, seen = 0;
    while (sent < 100) {
      while (credit > 0 && sent < 100) {
        assert_int_equal(send_number(l, wire(2, 1), ++sent), MBR_OK);
        total += sent;
        credit--;
      }
      run_all(l);
      drain(l);
      for (; seen < l->got_count; seen++) {
        assert_frame(&l->got[seen], MBR_FRAME_CREDIT, wire(2, 1), 4);
        credit += mbr_get_u32(l->got[seen].payload);
      }
      assert_int_equal(credit, UPLOAD_WINDOW); /* all were handled */
    }
    assert_int_equal(sums[0].items, 100);
    assert_int_equal(l->counters[5].open, 1);
    assert_int_equal(send_end(l, wire(2, 1)), MBR_OK);
    run_all(l);
    drain(l);
    assert_frame(&l->got[l->got_count - 1], MBR_FRAME_OK, wire(2, 1), 4);
    assert_int_equal(mbr_get_u32(l->got[l->got_count - 1].payload), total);
    assert_int_equal(sums[0].ends, 1);
    assert_int_equal(sums[0].cancels, 0);
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->blocks, 0);
    check_counters(l, UPLOAD, 1, 1);
    end_loopback(l);
  }
}

static void test_items_may_come_before_the_handler_has_run(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  start_call(l, UPLOAD, wire(0, 1), UPLOAD_WINDOW);
  for (uint32_t i = 1; i <= UPLOAD_WINDOW; i++) assert_int_equal(send_number(l, wire(0, 1), i), MBR_OK);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
  assert_int_equal(l->scheduled, 2); /* the handler, and what wakes the consumer for the credit */
  run_all(l);
  drain(l);
  assert_int_equal(l->got_count, 1); /* no credit: there is nothing to send any more */
  assert_int_equal(mbr_get_u32(l->got[0].payload), 10);
  end_loopback(l);
}

static void test_one_item_too_many_is_a_breach(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = open_sums(usual);
    start_sum(l, wire(0, 1));
    if (i == 0) {
      for (uint32_t k = 0; k < UPLOAD_WINDOW; k++) assert_int_equal(send_number(l, wire(0, 1), k), MBR_OK);
    } else {
      assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
    }
    unsigned wakes = l->wakes;
    assert_int_equal(send_number(l, wire(0, 1), 9), MBR_BAD_FRAME);
    assert_int_equal(l->wakes, wakes); /* a task does that */
    assert_int_equal(send_number(l, wire(0, 1), 9), MBR_OK); /* of a call that has ended */
    run_all(l);
    assert_int_equal(l->wakes, wakes + 1);
    drain(l);
    assert_int_equal(l->got_count, 1);
    assert_fault(&l->got[0], wire(0, 1), MBR_BAD_FRAME, "");
    assert_int_equal(sums[0].items, 0); /* what was queued is gone */
    assert_int_equal(sums[0].ends, 0);
    assert_int_equal(sums[0].cancels, 1);
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->blocks, 0);
    check_counters(l, UPLOAD, 1, 0);
    assert_int_equal(l->counters[5].errors, 1);
    end_loopback(l);
  }
}

static void test_only_a_stream_parameter_has_items(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(send_number(l, wire(0, 1), 1), MBR_BAD_FRAME);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_BAD_FRAME);
  assert_int_equal(send_number(l, wire(0, 2), 1), MBR_OK); /* of a call that has ended */
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK); /* the call is as it was */
  end_loopback(l);
}

static void test_an_item_that_does_not_decode_ends_the_call(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = open_sums(i == 0 ? usual : direct);
    start_sum(l, wire(0, 1));
    assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
    (void)send_item(l, MBR_FRAME_ITEM, wire(0, 1), "abc", 3);
    (void)send_number(l, wire(0, 1), 2);
    run_all(l);
    drain(l);
    assert_int_equal(l->got_count, 1);
    assert_fault(&l->got[0], wire(0, 1), MBR_TRUNCATED, "");
    assert_int_equal(sums[0].items, 1);
    assert_int_equal(sums[0].cancels, 1);
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->blocks, 0);
    end_loopback(l);
  }
}

static void test_cancel_in_the_middle(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    loopback *l = open_sums(usual);
    start_sum(l, wire(0, 1));
    assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
    run_all(l);
    assert_int_equal(send_number(l, wire(0, 1), 2), MBR_OK);
    if (i == 0) assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    if (i == 1) assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
    if (i == 1) assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    if (i == 2) mbr_peer_close(&l->peer);
    assert_int_equal(l->blocks, 0); /* the queue went at once */
    run_all(l);
    assert_int_equal(sums[0].items, 1);
    assert_int_equal(sums[0].ends, 0);
    assert_int_equal(sums[0].cancels, 1);
    if (i < 2) assert_int_equal(l->peer.used, 0);
    if (i < 2) check_counters(l, UPLOAD, 1, 0);
    end_loopback(l);
  }
}

/* Cancels its call, and lets every other thread run, while it is at work. */
static mbr_status be_cancelled(loopback *l, mbr_call call, mbr_reader *item) {
  sum *s = mbr_call_context(call);
  if (item != NULL && s->items++ > 0) return MBR_OK;
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  run_all(l);
  assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_CANCELLED);
  assert_int_equal(s->cancels, 0);
  return MBR_OK;
}

static mbr_status begin_cancelled(loopback *l, mbr_call call, mbr_reader *args) {
  (void)begin_sum(l, call, args);
  return be_cancelled(l, call, NULL);
}

/* The callback may free what the handlers share. */
static void test_the_cancel_callback_is_not_called_beside_a_handler(void **state) {
  (void)state;
  const shape ways[] = {usual, direct};
  for (size_t i = 0; i < 4; i++) {
    loopback *l = open_sums(ways[i % 2]);
    if (i < 2) {
      l->handle_item = be_cancelled;
      start_sum(l, wire(0, 1));
      assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
    } else {
      l->handle = begin_cancelled;
      assert_int_equal(send_call(l, UPLOAD, wire(0, 1), 0, NULL, 0), MBR_OK);
    }
    run_all(l);
    assert_int_equal(sums[0].cancels, 1);
    assert_int_equal(l->peer.used, 0);
    check_counters(l, UPLOAD, 1, 0);
    end_loopback(l);
  }
}

static void test_a_call_may_be_answered_before_its_items_end(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  start_sum(l, wire(0, 1));
  assert_int_equal(answer(sums[0].call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->peer.used, 0);
  assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
  start_sum(l, wire(0, 2));
  assert_int_equal(send_number(l, wire(0, 2), 1), MBR_OK); /* scheduled */
  assert_int_equal(mbr_call_fault(sums[1].call, MBR_INTERNAL, "enough"), MBR_OK);
  run_all(l);
  assert_int_equal(sums[1].items, 0);
  assert_int_equal(l->peer.used, 0);
  assert_int_equal(l->blocks, 0);
  drain(l);
  assert_int_equal(l->got_count, 1);
  check_counters(l, UPLOAD, 2, 1);
  end_loopback(l);
}

static mbr_status end_without_answer(loopback *l, mbr_call call, mbr_reader *item) {
  if (item == NULL && l->cancels == 1) mbr_call_defer(call);
  return MBR_OK;
}

static void test_the_end_handler_answers_or_defers(void **state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    loopback *l = open_sums(usual);
    l->handle_item = end_without_answer;
    l->cancels = i;
    start_sum(l, wire(0, 1));
    drain(l);
    assert_int_equal(l->got_count, 0); /* open, though nobody deferred it */
    assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
    run_all(l);
    drain(l);
    assert_int_equal(l->got_count, 1 - i);
    if (i == 0) assert_fault(&l->got[0], wire(0, 1), MBR_DROPPED, "");
    else assert_int_equal(answer(sums[0].call, MBR_FRAME_OK, NULL, 0), MBR_OK);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static mbr_status fail_at_once(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  (void)args;
  mbr_call_defer(call);
  return MBR_BAD_UTF8;
}

static void test_a_call_that_does_not_decode_takes_no_items(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  l->handle = fail_at_once;
  start_call(l, UPLOAD, wire(0, 1), UPLOAD_WINDOW);
  assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
  run_all(l);
  drain(l);
  assert_int_equal(l->got_count, 1);
  assert_fault(&l->got[0], wire(0, 1), MBR_BAD_UTF8, "");
  assert_int_equal(l->peer.used, 0);
  assert_int_equal(l->blocks, 0);
  end_loopback(l);
}

static void test_an_item_without_memory_ends_the_call(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  start_sum(l, wire(0, 1));
  l->refuse_blocks = true;
  assert_int_equal(send_number(l, wire(0, 1), 1), MBR_NO_MEMORY);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
  run_all(l);
  drain(l);
  assert_fault(&l->got[0], wire(0, 1), MBR_NO_MEMORY, "");
  assert_int_equal(sums[0].cancels, 1);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_an_end_needs_no_memory(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  l->refuse_blocks = true;
  start_call(l, UPLOAD, wire(0, 1), UPLOAD_WINDOW);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
  run_all(l);
  assert_int_equal(sums[0].ends, 1);
  end_loopback(l);
}

static size_t running, most_running;

/* Runs other tasks in between, as if other threads did. */
static mbr_status nested_item(loopback *l, mbr_call call, mbr_reader *item) {
  running++;
  if (running > most_running) most_running = running;
  while (run_one(l)) {
  }
  running--;
  return add_item(l, call, item);
}

static mbr_status nested_call(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  running++;
  if (running > most_running) most_running = running;
  while (run_one(l)) {
  }
  running--;
  return answer(call, MBR_FRAME_OK, NULL, 0);
}

static void test_items_take_turns_with_the_services_other_handlers(void **state) {
  (void)state;
  for (int aside = 0; aside < 2; aside++) {
    loopback *l = open_sums(usual);
    uint32_t method = aside ? ASIDE : UPLOAD;
    running = most_running = 0;
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(send_call(l, method, wire(i, 1), 0, NULL, 0), MBR_OK);
    run_all(l);
    l->handle = nested_call;
    l->handle_item = nested_item;
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(send_number(l, wire(i, 1), 7), MBR_OK);
    assert_int_equal(send_call(l, UNARY, wire(2, 1), 0, NULL, 0), MBR_OK);
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(send_end(l, wire(i, 1)), MBR_OK);
    run_all(l);
    assert_int_equal(most_running, aside ? 3 : 1);
    for (size_t i = 0; i < 2; i++) assert_int_equal(sums[i].total, 7);
    for (size_t i = 0; i < 2; i++) assert_int_equal(sums[i].ends, 1);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static mbr_status list_item(loopback *l, mbr_call call, mbr_reader *item) {
  mbr_list_u64 numbers;
  if (item == NULL) return add_item(l, call, NULL);
  assert_int_equal(mbr_read_list_u64(item, &numbers, 1000), MBR_OK);
  for (size_t i = 0; i < numbers.count; i++) assert_int_equal(numbers.items[i], i);
  sum *s = mbr_call_context(call);
  s->total++;
  return mbr_reader_finish(item);
}

static mbr_list_u64 kept_list;

static mbr_status begin_with_list(loopback *l, mbr_call call, mbr_reader *args) {
  assert_int_equal(mbr_read_list_u64(args, &kept_list, 1000), MBR_OK);
  return begin_sum(l, call, args);
}

static size_t write_list(uint8_t *data, size_t size, size_t count) {
  static uint64_t numbers[400];
  mbr_writer w;
  for (size_t i = 0; i < 400; i++) numbers[i] = i;
  mbr_writer_init(&w, data, size);
  assert_int_equal(mbr_write_list_u64(&w, (mbr_list_u64){numbers, count}, 1000), MBR_OK);
  return w.offset;
}

static void test_items_are_decoded_beside_the_arguments(void **state) {
  (void)state;
  static uint8_t data[4096];
  for (size_t count = 0; count < 40; count++) {
    loopback *l = open_sums((shape){8, 512, 4096, count % 2 == 0, false});
    l->handle = begin_with_list;
    l->handle_item = list_item;
    size_t size = write_list(data, sizeof data, count);
    assert_int_equal(send_call(l, UPLOAD, wire(0, 1), 0, data, size), MBR_OK);
    run_all(l);
    size_t blocks = l->blocks;
    for (size_t i = 1; i < 60; i++) {
      size = write_list(data, sizeof data, i % 7 == 0 ? 300 : i % 20);
      assert_int_equal(send_item(l, MBR_FRAME_ITEM, wire(0, 1), data, size), MBR_OK);
      run_all(l);
      drain(l);
      assert_int_equal(l->blocks, blocks); /* what an item took is given back */
      for (size_t k = 0; k < kept_list.count; k++) assert_int_equal(kept_list.items[k], k);
    }
    assert_int_equal(kept_list.count, count);
    assert_int_equal(sums[0].total, 59);
    assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
    run_all(l);
    end_loopback(l);
  }
}

static void test_credit_is_owed_while_the_outbox_is_full(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  mbr_call stream = deferred_call(l, STREAM, wire(1, 1), 1000);
  l->handle = begin_sum;
  start_sum(l, wire(0, 1));
  while (answer(stream, MBR_FRAME_ITEM, NULL, 0) == MBR_OK) {
  }
  for (uint32_t i = 0; i < UPLOAD_WINDOW; i++) assert_int_equal(send_number(l, wire(0, 1), i), MBR_OK);
  run_all(l);
  assert_int_equal(sums[0].items, UPLOAD_WINDOW);
  assert_int_equal(send_number(l, wire(0, 1), 5), MBR_BAD_FRAME); /* no credit before it was written */
  run_all(l);
  (void)mbr_call_fault(stream, MBR_INTERNAL, NULL);
  end_loopback(l);
  l = open_sums(usual);
  stream = deferred_call(l, STREAM, wire(1, 1), 1000);
  l->handle = begin_sum;
  start_sum(l, wire(0, 1));
  while (answer(stream, MBR_FRAME_ITEM, NULL, 0) == MBR_OK) {
  }
  for (uint32_t i = 0; i < UPLOAD_WINDOW; i++) assert_int_equal(send_number(l, wire(0, 1), i), MBR_OK);
  run_all(l);
  assert_true(drain_some(l, 4));
  assert_int_equal(answer(stream, MBR_FRAME_ITEM, NULL, 0), MBR_OK); /* the credit was first to have room */
  drain(l);
  assert_credit(&l->got[l->got_count - 2], wire(0, 1), UPLOAD_WINDOW);
  for (uint32_t i = 0; i < UPLOAD_WINDOW; i++) assert_int_equal(send_number(l, wire(0, 1), i), MBR_OK);
  assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  run_all(l);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_a_call_that_finds_the_outbox_full_is_granted_its_window_later(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = open_sums(usual);
    mbr_call stream = deferred_call(l, STREAM, wire(1, 1), 1000);
    l->handle = begin_sum;
    while (answer(stream, MBR_FRAME_ITEM, NULL, 0) == MBR_OK) {
    }
    assert_int_equal(send_call(l, UPLOAD, wire(0, 1), 0, NULL, 0), MBR_OK);
    run_all(l);
    if (i == 0) assert_int_equal(send_number(l, wire(0, 1), 5), MBR_BAD_FRAME);
    if (i == 1) assert_int_equal(send_end(l, wire(0, 1)), MBR_OK); /* then it is of no more use */
    run_all(l);
    drain(l);
    assert_int_equal(l->got[l->got_count - 1].frame.kind, i == 0 ? MBR_FRAME_FAULT : MBR_FRAME_OK);
    forget(l);
    while (answer(stream, MBR_FRAME_ITEM, NULL, 0) == MBR_OK) {
    }
    assert_int_equal(send_call(l, UPLOAD, wire(0, 2), 0, NULL, 0), MBR_OK);
    run_all(l);
    drain(l);
    assert_credit(&l->got[l->got_count - 1], wire(0, 2), UPLOAD_WINDOW);
    assert_int_equal(send_number(l, wire(0, 2), 5), MBR_OK);
    assert_int_equal(send_cancel(l, wire(0, 2)), MBR_OK);
    assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
    run_all(l);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static mbr_status echo_item(loopback *l, mbr_call call, mbr_reader *item) {
  uint32_t value;
  (void)l;
  if (item == NULL) return answer(call, MBR_FRAME_END, NULL, 0);
  assert_int_equal(mbr_read_u32(item, &value), MBR_OK);
  return answer(call, MBR_FRAME_ITEM, item->data, 4);
}

static void test_a_stream_each_way(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  l->handle_item = echo_item;
  start_call(l, BOTH, wire(0, 1), MBR_WINDOW_DEFAULT);
  for (uint32_t i = 0; i < MBR_WINDOW_DEFAULT; i++) assert_int_equal(send_number(l, wire(0, 1), i), MBR_OK);
  run_all(l);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
  run_all(l);
  drain(l);
  uint32_t items = 0, credit = 0;
  for (size_t i = 0; i + 1 < l->got_count; i++) {
    if (l->got[i].frame.kind == MBR_FRAME_ITEM) assert_int_equal(mbr_get_u32(l->got[i].payload), items++);
    else credit += mbr_get_u32(l->got[i].payload);
  }
  assert_int_equal(items, MBR_WINDOW_DEFAULT);
  assert_int_equal(credit, MBR_WINDOW_DEFAULT);
  assert_frame(&l->got[l->got_count - 1], MBR_FRAME_END, wire(0, 1), 0);
  check_counters(l, BOTH, 1, 1);
  assert_int_equal(sums[0].cancels, 0);
  end_loopback(l);
}

static mbr_status item_within_a_handler(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(send_number(l, wire(0, 1), 5), MBR_OK); /* waits: this handler runs */
  assert_int_equal(sums[0].items, 0);
  return answer(call, MBR_FRAME_OK, NULL, 0);
}

static void test_an_item_within_another_handler_waits(void **state) {
  (void)state;
  loopback *l = open_sums(direct);
  start_call(l, UPLOAD, wire(0, 1), UPLOAD_WINDOW);
  l->handle = item_within_a_handler;
  assert_int_equal(send_call(l, UNARY, wire(1, 1), 0, NULL, 0), MBR_OK);
  assert_int_equal(sums[0].items, 1);
  assert_int_equal(send_end(l, wire(0, 1)), MBR_OK);
  assert_int_equal(sums[0].total, 5);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_close_while_an_item_is_copied(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = open_sums(usual);
    start_sum(l, wire(0, 1));
    l->close_on_alloc = true;
    l->refuse_blocks = i == 1;
    assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
    run_all(l);
    assert_int_equal(sums[0].items, 0);
    assert_int_equal(l->quiets, 1);
    end_loopback(l);
  }
}

static void test_a_deadline_stops_the_items(void **state) {
  (void)state;
  loopback *l = open_sums(usual);
  assert_int_equal(send_call_within(l, UPLOAD, wire(0, 1), 10), MBR_OK);
  run_all(l);
  drain(l);
  forget(l);
  assert_int_equal(send_number(l, wire(0, 1), 1), MBR_OK);
  l->time += 10;
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  run_all(l);
  drain(l);
  assert_int_equal(sums[0].items, 0);
  assert_int_equal(sums[0].cancels, 1);
  assert_fault(&l->got[0], wire(0, 1), MBR_DEADLINE, "");
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_a_stream_parameter_needs_a_handler(void **state) {
  (void)state;
  static const mbr_method lame[] = {
    {.id = 99, .flags = MBR_METHOD_UPLOAD, .name = "u.a", .dispatch = dispatch_any}};
  static const mbr_service lame_service = {.name = "u", .methods = lame, .method_count = 1};
  loopback *l = new_loopback(usual);
  assert_int_equal(mbr_peer_serve(&l->peer, &lame_service, NULL, l), MBR_MISUSE);
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_items_are_handled_in_order_and_credit_comes_back),
    cmocka_unit_test(test_items_may_come_before_the_handler_has_run),
    cmocka_unit_test(test_one_item_too_many_is_a_breach),
    cmocka_unit_test(test_only_a_stream_parameter_has_items),
    cmocka_unit_test(test_an_item_that_does_not_decode_ends_the_call),
    cmocka_unit_test(test_cancel_in_the_middle),
    cmocka_unit_test(test_the_cancel_callback_is_not_called_beside_a_handler),
    cmocka_unit_test(test_a_call_may_be_answered_before_its_items_end),
    cmocka_unit_test(test_the_end_handler_answers_or_defers),
    cmocka_unit_test(test_a_call_that_does_not_decode_takes_no_items),
    cmocka_unit_test(test_an_item_without_memory_ends_the_call),
    cmocka_unit_test(test_an_end_needs_no_memory),
    cmocka_unit_test(test_items_take_turns_with_the_services_other_handlers),
    cmocka_unit_test(test_items_are_decoded_beside_the_arguments),
    cmocka_unit_test(test_credit_is_owed_while_the_outbox_is_full),
    cmocka_unit_test(test_a_call_that_finds_the_outbox_full_is_granted_its_window_later),
    cmocka_unit_test(test_a_stream_each_way),
    cmocka_unit_test(test_an_item_within_another_handler_waits),
    cmocka_unit_test(test_close_while_an_item_is_copied),
    cmocka_unit_test(test_a_deadline_stops_the_items),
    cmocka_unit_test(test_a_stream_parameter_needs_a_handler),
  };
  return RUN_BOTH_WAYS(tests);
}
