/* The peer over a loopback, one thread: endings, cancelling, credit, order, large frames, closing. */
#include "loopback.h"

static mbr_status answer_ok(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  uint32_t value = 0;
  uint8_t payload[sizeof value];
  mbr_status status = mbr_read_u32(args, &value);
  if (status == MBR_OK) status = mbr_reader_finish(args);
  if (status != MBR_OK) return status;
  mbr_put_u32(payload, value);
  assert_int_equal(answer(call, MBR_FRAME_OK, payload, sizeof payload), MBR_OK);
  return MBR_OK;
}

static const uint8_t four[4] = {1, 2, 3, 4};

static void test_an_answer_within_the_handler(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = answer_ok;
  assert_int_equal(send_call(l, UNARY, wire(3, 7), 0, four, 4), MBR_OK);
  assert_int_equal(l->started, 0); /* only queued */
  assert_int_equal(l->wakes, 0);
  run_all(l);
  assert_int_equal(l->wakes, 1);
  drain(l);
  assert_int_equal(l->got_count, 1);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(3, 7), 4);
  assert_int_equal(l->got[0].frame.method, UNARY);
  assert_memory_equal(l->got[0].payload, four, 4);
  end_loopback(l);
}

static void test_without_a_schedule_hook_handlers_run_in_receive(void **state) {
  (void)state;
  loopback *l = new_loopback(direct);
  l->handle = answer_ok;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, four, 4), MBR_OK);
  drain(l);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 4);
  end_loopback(l);
}

static void test_every_ending(void **state) {
  (void)state;
  static const struct { uint32_t method; mbr_frame_kind kind; size_t size; } cases[] = {
    {UNARY, MBR_FRAME_OK, 0},    {UNARY, MBR_FRAME_OK, 33},   {UNARY, MBR_FRAME_ERR, 4},
    {STREAM, MBR_FRAME_END, 0},  {STREAM, MBR_FRAME_ERR, 8},  {CONCURRENT, MBR_FRAME_OK, 16},
    {LARGE, MBR_FRAME_OK, 200},  {OTHER, MBR_FRAME_ERR, 1},
  };
  uint8_t data[256];
  memset(data, 0xA5, sizeof data);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    loopback *l = new_loopback(usual);
    mbr_call call = deferred_call(l, cases[i].method, wire(1, 1), 0);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_NONE);
    assert_int_equal(answer(call, cases[i].kind, data, cases[i].size), MBR_OK);
    assert_int_equal(answer(call, cases[i].kind, data, cases[i].size), MBR_CLOSED);
    assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "late"), MBR_CLOSED);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DISCONNECTED);
    drain(l);
    assert_int_equal(l->got_count, 1);
    assert_frame(&l->got[0], cases[i].kind, wire(1, 1), cases[i].size);
    assert_memory_equal(l->got[0].payload, data, cases[i].size);
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->peer.outbox.promised, 0);
    end_loopback(l);
  }
}

static void test_faults_and_their_text(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  char text[MBR_FAULT_TEXT_MAX + 8];
  uint32_t id = 0;
  mbr_call call = deferred_call(l, UNARY, wire(0, ++id), 0);
  assert_int_equal(mbr_call_fault(call, MBR_OK, "no"), MBR_MISUSE);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "jam"), MBR_OK);
  call = deferred_call(l, STREAM, wire(0, ++id), 0);
  assert_int_equal(mbr_call_fault(call, MBR_BUSY, NULL), MBR_OK);
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  call = deferred_call(l, UNARY, wire(0, ++id), 0);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, text), MBR_OK);
  memcpy(text + MBR_FAULT_TEXT_MAX - 2, "\xE2\x82\xAC", 4); /* a character that does not fit whole */
  call = deferred_call(l, UNARY, wire(0, ++id), 0);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, text), MBR_OK);
  call = deferred_call(l, UNARY, wire(0, ++id), 0);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "bad \xFF text"), MBR_OK);
  drain(l);
  assert_fault(&l->got[0], wire(0, 1), MBR_INTERNAL, "jam");
  assert_fault(&l->got[1], wire(0, 2), MBR_BUSY, "");
  memset(text, 'x', sizeof text);
  text[MBR_FAULT_TEXT_MAX] = '\0';
  assert_fault(&l->got[2], wire(0, 3), MBR_INTERNAL, text);
  text[MBR_FAULT_TEXT_MAX - 2] = '\0';
  assert_fault(&l->got[3], wire(0, 4), MBR_INTERNAL, text);
  assert_fault(&l->got[4], wire(0, 5), MBR_INTERNAL, "");
  end_loopback(l);
}

static mbr_status forget_to_answer(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  (void)call;
  (void)args;
  return MBR_OK;
}

static void test_a_dropped_call_faults(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = forget_to_answer;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
  assert_int_equal(send_call(l, STREAM, wire(1, 1), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(l->wakes, 1);
  drain(l);
  assert_int_equal(l->got_count, 2);
  assert_fault(&l->got[0], wire(0, 1), MBR_DROPPED, "");
  assert_fault(&l->got[1], wire(1, 1), MBR_DROPPED, "");
  end_loopback(l);
}

static void test_arguments_that_do_not_decode_fault(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = answer_ok;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, four, 3), MBR_OK);
  assert_int_equal(send_call(l, UNARY, wire(1, 1), 0, "12345", 5), MBR_OK);
  run_all(l);
  drain(l);
  assert_fault(&l->got[0], wire(0, 1), MBR_TRUNCATED, "");
  assert_fault(&l->got[1], wire(1, 1), MBR_TRAILING, "");
  end_loopback(l);
}

static mbr_status defer_then_fail(loopback *l, mbr_call call, mbr_reader *args) {
  (void)defer(l, call, args);
  return MBR_TOO_DEEP;
}

static void test_a_failed_handler_is_not_deferred(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = defer_then_fail;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_int_equal(send_call(l, UNARY, wire(0, 2), 0, NULL, 0), MBR_OK);
  assert_int_equal(send_cancel(l, wire(0, 2)), MBR_OK);
  run_all(l);
  assert_int_equal(l->peer.used, 0);
  drain(l);
  assert_int_equal(l->got_count, 1);
  assert_fault(&l->got[0], wire(0, 1), MBR_TOO_DEEP, "");
  end_loopback(l);
}

static void test_a_late_answer_meets_no_other_call(void **state) {
  (void)state;
  loopback *l = new_loopback((shape){1, 256, 4096, false, false}); /* one slot: it is reused at once */
  mbr_call first = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(answer(first, MBR_FRAME_OK, NULL, 0), MBR_OK);
  mbr_call second = deferred_call(l, UNARY, wire(0, 2), 0);
  assert_true(first.id != second.id && (first.id & 0xFFFF) == (second.id & 0xFFFF));
  assert_int_equal(answer(first, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(mbr_call_fault(first, MBR_INTERNAL, NULL), MBR_CLOSED);
  assert_int_equal(mbr_call_cancelled(second), MBR_CANCEL_NONE);
  mbr_peer_close(&l->peer);
  assert_int_equal(answer(second, MBR_FRAME_OK, NULL, 0), MBR_CLOSED); /* its ending, so all is quiet */
  assert_int_equal(l->quiets, 1);
  assert_int_equal(answer(second, MBR_FRAME_OK, NULL, 0), MBR_CLOSED); /* and the memory gone */
  l->quiets = 0;
  open_peer(l, (shape){1, 256, 4096, false, false});
  mbr_call third = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(answer(first, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(answer(second, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  mbr_call_defer(second);
  assert_int_equal(mbr_call_cancelled(third), MBR_CANCEL_NONE);
  assert_int_equal(answer(third, MBR_FRAME_OK, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_a_zeroed_handle_is_closed(void **state) {
  (void)state;
  const mbr_call none = {0};
  mbr_writer w;
  mbr_call_defer(none);
  assert_int_equal(mbr_call_cancelled(none), MBR_CANCEL_DISCONNECTED);
  assert_int_equal(mbr_call_fault(none, MBR_INTERNAL, NULL), MBR_CLOSED);
  assert_int_equal(mbr_call_begin(none, MBR_FRAME_OK, 0, &w), MBR_CLOSED);
}

static mbr_status answer_then_reenter(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  mbr_call_defer(call); /* too late to mean anything */
  if (l->started < 3) {
    /* The index is free while this handler still runs; its slot is not. */
    assert_int_equal(send_call(l, UNARY, wire(0, (uint32_t)l->started + 1), 0, NULL, 0), MBR_OK);
    assert_int_equal(l->peer.used, 2);
  }
  return MBR_OK;
}

static void test_an_index_is_free_from_the_ending_on(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    l->handle = answer_then_reenter;
    assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
    run_all(l);
    drain(l);
    assert_int_equal(l->got_count, 3);
    for (uint32_t k = 0; k < 3; k++) assert_frame(&l->got[k], MBR_FRAME_OK, wire(0, k + 1), 0);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_frames_that_break_the_protocol_are_refused(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  uint8_t data[32] = {0};
  static const struct { mbr_frame frame; mbr_status status; } cases[] = {
    {{24, MBR_FRAME_CALL, 0, 0, 1, UNARY}, MBR_BAD_FRAME},
    {{24, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER | MBR_FRAME_BLOCK, 0, 1, UNARY}, MBR_BAD_FRAME},
    {{16, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, 1, UNARY}, MBR_BAD_FRAME},
    {{24, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, 0, UNARY}, MBR_BAD_FRAME},
    {{24, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, 0x10008, UNARY}, MBR_BUSY}, /* beyond the table */
    {{24, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 0, 1, NOBODY}, MBR_UNIMPLEMENTED},
    {{24, MBR_FRAME_CALL, MBR_FRAME_FROM_CALLER, 1, 1, UNARY}, MBR_UNIMPLEMENTED},
    {{16, MBR_FRAME_OK, 0, 0, 1, UNARY}, MBR_OK}, /* late: nothing was asked */
    {{16, MBR_FRAME_OK, MBR_FRAME_FROM_CALLER, 0, 1, UNARY}, MBR_BAD_FRAME},
    {{16, MBR_FRAME_END, MBR_FRAME_FROM_CALLER, 0, 1, UNARY}, MBR_OK}, /* late too */
    {{17, MBR_FRAME_END, MBR_FRAME_FROM_CALLER, 0, 1, UNARY}, MBR_BAD_FRAME},
    {{24, MBR_FRAME_CANCEL, MBR_FRAME_FROM_CALLER, 0, 1, 0}, MBR_BAD_FRAME},
    {{20, MBR_FRAME_CANCEL, MBR_FRAME_FROM_CALLER, 0, 1, 0}, MBR_BAD_FRAME}, /* reason 0 */
    {{20, MBR_FRAME_CREDIT, 0, 0, 1, 0}, MBR_OK},
    {{16, MBR_FRAME_CREDIT, MBR_FRAME_FROM_CALLER, 0, 1, 0}, MBR_BAD_FRAME},
    {{20, MBR_FRAME_CREDIT, MBR_FRAME_FROM_CALLER, 0, 0xFFFF, 0}, MBR_OK},
    {{16, MBR_FRAME_HELLO, 0, 0, 0, 0}, MBR_BAD_FRAME},
    {{20, MBR_FRAME_HELLO, 0, 0, 0, 0}, MBR_MISMATCH}, /* version 0 */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mbr_frame_write(data, &cases[i].frame);
    assert_int_equal(mbr_peer_receive(&l->peer, data, cases[i].frame.size), cases[i].status);
    assert_int_equal(mbr_peer_receive(&l->peer, data, cases[i].frame.size + 1), MBR_BAD_FRAME);
    assert_int_equal(mbr_peer_receive(&l->peer, data, cases[i].frame.size - 1), MBR_BAD_FRAME);
  }
  assert_int_equal(send_control(l, MBR_FRAME_HELLO, 0, MBR_PROTOCOL_VERSION), MBR_BAD_FRAME); /* no more */
  assert_int_equal(l->peer.used, 0);
  assert_int_equal(l->peer.outbox.promised, 0);
  (void)deferred_call(l, UNARY, wire(1, 1), 0);
  assert_int_equal(send_call(l, UNARY, wire(1, 2), 0, NULL, 0), MBR_BAD_FRAME); /* the index is in use */
  assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_a_full_table_is_busy(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  for (uint32_t i = 0; i < 8; i++) (void)deferred_call(l, UNARY, wire(i, 1), 0);
  assert_int_equal(send_call(l, ONEWAY, 0, 0, NULL, 0), MBR_BUSY);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK); /* its index is free, its slot is not */
  assert_int_equal(send_call(l, UNARY, wire(0, 2), 0, NULL, 0), MBR_BUSY);
  assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(send_call(l, UNARY, wire(0, 2), 0, NULL, 0), MBR_OK);
  run_all(l);
  mbr_peer_close(&l->peer);
  for (size_t i = 1; i < 9; i++) assert_int_equal(mbr_call_fault(l->calls[i], MBR_INTERNAL, ""), MBR_CLOSED);
  end_loopback(l);
}

static void test_only_the_frames_of_a_method_can_be_begun(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call unary = deferred_call(l, UNARY, wire(0, 1), 5);
  mbr_call stream = deferred_call(l, STREAM, wire(1, 1), 5);
  mbr_call oneway = deferred_call(l, ONEWAY, 0, 5);
  assert_int_equal(mbr_call_begin(unary, MBR_FRAME_ITEM, 0, &w), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(unary, MBR_FRAME_END, 0, &w), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(unary, MBR_FRAME_FAULT, 0, &w), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(stream, MBR_FRAME_OK, 0, &w), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(stream, MBR_FRAME_END, 1, &w), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(oneway, MBR_FRAME_ERR, 0, &w), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(oneway, MBR_FRAME_OK, 1, &w), MBR_MISUSE);
  assert_int_equal(answer(unary, MBR_FRAME_OK, NULL, 0), MBR_OK); /* they are as they were */
  assert_int_equal(answer(stream, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(answer(stream, MBR_FRAME_END, NULL, 0), MBR_OK);
  assert_int_equal(answer(oneway, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->peer.used, 0);
  drain(l);
  assert_int_equal(l->got_count, 3);
  end_loopback(l);
}

static void test_a_oneway_answers_nothing(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = forget_to_answer;
  assert_int_equal(send_call(l, ONEWAY, 0, 0, NULL, 0), MBR_OK);
  assert_int_equal(send_call(l, ONEWAY, wire(1, 1), 0, NULL, 0), MBR_OK); /* a number means nothing */
  assert_int_equal(send_call(l, ONEWAY, wire(1, 1), 0, NULL, 0), MBR_OK);
  assert_int_equal(l->peer.outbox.promised, 0);
  run_all(l);
  assert_int_equal(l->started, 3);
  mbr_call call = deferred_call(l, ONEWAY, 0, 0);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "unheard"), MBR_OK);
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "unheard"), MBR_CLOSED);
  l->handle = answer_ok;
  assert_int_equal(send_call(l, ONEWAY, 0, 0, NULL, 0), MBR_OK); /* does not decode */
  run_all(l);
  assert_int_equal(l->peer.used, 0);
  drain(l);
  assert_int_equal(l->got_count, 0);
  assert_int_equal(l->wakes, 0);
  end_loopback(l);
}

static void test_credit_runs_out_and_is_refilled(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 2);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 1), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 2), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 3), MBR_WOULD_BLOCK);
  assert_int_equal(send_control(l, MBR_FRAME_CREDIT, wire(0, 2), 9), MBR_OK); /* of another call */
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 3), MBR_WOULD_BLOCK);
  assert_int_equal(send_control(l, MBR_FRAME_CREDIT, wire(0, 1), 1), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 3), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_WOULD_BLOCK);
  assert_int_equal(send_control(l, MBR_FRAME_CREDIT, wire(0, 1), UINT32_MAX - 1), MBR_OK);
  assert_int_equal(send_control(l, MBR_FRAME_CREDIT, wire(0, 1), 5), MBR_OK); /* saturates */
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_CLOSED);
  assert_int_equal(send_control(l, MBR_FRAME_CREDIT, wire(0, 1), 5), MBR_OK); /* late */
  drain(l);
  assert_int_equal(l->got_count, 5);
  for (size_t i = 0; i < 4; i++) assert_frame(&l->got[i], MBR_FRAME_ITEM, wire(0, 1), i + 1);
  assert_frame(&l->got[4], MBR_FRAME_END, wire(0, 1), 0);
  end_loopback(l);
}

static void test_an_item_that_does_not_encode_gives_its_credit_back(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 1);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 8, &w), MBR_OK);
  assert_int_equal(mbr_call_commit(call, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 8, &w), MBR_OK);
  assert_int_equal(mbr_write_u32(&w, 1), MBR_OK); /* too little */
  assert_int_equal(mbr_call_commit(call, &w, MBR_OK), MBR_MISUSE);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 8, &w), MBR_OK);
  (void)mbr_write_u64(&w, 1);
  (void)mbr_write_u8(&w, 1); /* too much */
  assert_int_equal(mbr_call_commit(call, &w, MBR_OK), MBR_NO_SPACE);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, 2000, &w), MBR_OK); /* in a block */
  assert_int_equal(mbr_call_commit(call, &w, MBR_BAD_TIME), MBR_BAD_TIME);
  assert_int_equal(l->blocks, 0);
  drain(l);
  assert_int_equal(l->got_count, 0);
  assert_int_equal(l->wakes, 0);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 1);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_an_ending_that_does_not_encode_becomes_a_fault(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 4, 16, 17, 100, 128, 900, 3000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    loopback *l = new_loopback(usual);
    mbr_writer w;
    mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
    mbr_call behind = deferred_call(l, UNARY, wire(1, 1), 0);
    assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, sizes[i], &w), MBR_OK);
    if (i % 2 == 0) assert_int_equal(answer(behind, MBR_FRAME_OK, NULL, 0), MBR_OK);
    assert_int_equal(mbr_call_commit(call, &w, MBR_BAD_UTF8), MBR_BAD_UTF8);
    assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
    if (i % 2 != 0) assert_int_equal(answer(behind, MBR_FRAME_OK, NULL, 0), MBR_OK);
    drain(l);
    assert_int_equal(l->got_count, 2);
    assert_fault(&l->got[i % 2 == 0 ? 1 : 0], wire(0, 1), MBR_BAD_UTF8, "");
    assert_int_equal(l->peer.outbox.promised, 0);
    end_loopback(l);
  }
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  loopback *l = arg;
  assert_false(l->locked);
  l->cancels++;
  l->cancel_reason = reason;
}

static void test_cancel_reaches_a_deferred_call(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 9);
    assert_int_equal(mbr_call_on_cancel(call, NULL, l), MBR_MISUSE);
    assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
    assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_MISUSE);
    assert_int_equal(send_control(l, MBR_FRAME_CANCEL, wire(0, 1), MBR_CANCEL_DEADLINE), MBR_OK);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DEADLINE); /* at once */
    assert_int_equal(l->cancels, i == 0 ? 0 : 1);
    assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK); /* a second one says nothing new */
    run_all(l);
    assert_int_equal(l->cancels, 1);
    assert_int_equal(l->cancel_reason, MBR_CANCEL_DEADLINE);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_CLOSED);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DEADLINE);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DISCONNECTED);
    assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_CLOSED);
    assert_int_equal(l->peer.used, 0);
    drain(l);
    assert_int_equal(l->got_count, 0);
    end_loopback(l);
  }
}

static void test_a_late_callback_is_called_at_once(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  assert_int_equal(l->cancels, 1);
  assert_int_equal(l->cancel_reason, MBR_CANCEL_CANCELLED);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  end_loopback(l);
}

static void test_no_callback_after_the_own_side_ended_the_call(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, 4, &w), MBR_OK); /* this decides */
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_CLOSED);
  mbr_peer_close(&l->peer);
  assert_int_equal(mbr_write_u32(&w, 7), MBR_OK);
  assert_int_equal(mbr_call_commit(call, &w, MBR_OK), MBR_OK);
  assert_int_equal(l->cancels, 0);
  end_loopback(l);
}

static void end_in_callback(void *arg, mbr_cancel_reason reason) {
  loopback *l = arg;
  on_cancel(l, reason);
  assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(l->peer.used, 1); /* kept until this returns */
}

static void test_the_callback_may_end_the_call(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
    assert_int_equal(mbr_call_on_cancel(call, end_in_callback, l), MBR_OK);
    if (i < 2) assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    else mbr_peer_close(&l->peer);
    run_all(l);
    assert_int_equal(l->cancels, 1);
    assert_int_equal(l->peer.used, 0);
    end_loopback(l);
  }
}

static void test_a_callback_that_is_called_at_once_may_end_the_call(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  assert_int_equal(mbr_call_on_cancel(call, end_in_callback, l), MBR_OK);
  assert_int_equal(l->cancels, 1);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static mbr_status cancel_within(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_CANCELLED);
  assert_int_equal(send_call(l, OTHER, wire(0, 2), 0, NULL, 0), MBR_OK); /* the index is free */
  assert_int_equal(send_cancel(l, wire(0, 2)), MBR_OK);
  return MBR_OK;
}

static void test_cancel_while_the_handler_runs(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = cancel_within;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_int_equal(l->started, 1); /* the other one was cancelled before its turn */
  assert_int_equal(l->cancels, 1);
  assert_int_equal(l->peer.used, 0);
  drain(l);
  assert_int_equal(l->got_count, 0); /* no DROPPED either: the caller has gone */
  end_loopback(l);
}

static void defer_late(void *arg, mbr_cancel_reason reason) {
  loopback *l = arg;
  (void)reason;
  l->cancels++;
  mbr_call_defer(l->calls[0]);
}

static mbr_status be_cancelled(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(mbr_call_on_cancel(call, defer_late, l), MBR_OK);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  return MBR_OK;
}

/* Nobody would end it: its slot would never be free. */
static void test_a_call_is_not_deferred_after_its_handler_has_returned(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = be_cancelled;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
  run_all(l);
  assert_int_equal(l->cancels, 1);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_cancel_frees_the_index_of_a_call_that_is_ending(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    mbr_writer w;
    mbr_call first = deferred_call(l, UNARY, wire(0, 1), 0);
    assert_int_equal(mbr_call_begin(first, MBR_FRAME_OK, 0, &w), MBR_OK);
    assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    mbr_call second = deferred_call(l, UNARY, wire(0, 2), 0);
    mbr_status encoded = i == 0 ? MBR_OK : MBR_BAD_RANGE;
    assert_int_equal(mbr_call_commit(first, &w, encoded), encoded);
    assert_int_equal(send_call(l, UNARY, wire(0, 3), 0, NULL, 0), MBR_BAD_FRAME); /* still the second's */
    assert_int_equal(send_cancel(l, wire(0, 2)), MBR_OK);
    assert_int_equal(mbr_call_cancelled(second), MBR_CANCEL_CANCELLED);
    assert_int_equal(answer(second, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
    drain(l);
    assert_int_equal(l->got_count, 1);
    assert_int_equal(l->got[0].frame.call, wire(0, 1)); /* late: the caller knows it no more */
    end_loopback(l);
  }
}

static void test_cancel_before_the_handler_starts(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = answer_ok;
  for (uint32_t i = 0; i < 5; i++) assert_int_equal(send_call(l, UNARY, wire(i, 1), 0, four, 4), MBR_OK);
  assert_int_equal(l->scheduled, 1); /* the others wait in the strand */
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK); /* scheduled */
  assert_int_equal(send_cancel(l, wire(2, 1)), MBR_OK); /* waiting, in the middle */
  assert_int_equal(send_cancel(l, wire(4, 1)), MBR_OK); /* waiting, the last */
  assert_int_equal(l->peer.used, 3);
  assert_int_equal(send_call(l, UNARY, wire(4, 2), 0, four, 4), MBR_OK);
  run_all(l);
  drain(l);
  assert_int_equal(l->started, 3);
  assert_int_equal(l->got_count, 3);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(1, 1), 4);
  assert_frame(&l->got[1], MBR_FRAME_OK, wire(3, 1), 4);
  assert_frame(&l->got[2], MBR_FRAME_OK, wire(4, 2), 4);
  end_loopback(l);
}

static void test_receive_only_queues_when_there_is_a_schedule_hook(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 0);
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  l->handle = answer_ok;
  assert_int_equal(send_call(l, UNARY, wire(1, 1), 0, four, 4), MBR_OK);
  assert_int_equal(send_control(l, MBR_FRAME_CREDIT, wire(0, 1), 4), MBR_OK);
  assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
  assert_int_equal(l->cancels, 0);
  assert_int_equal(l->started, 1);
  assert_int_equal(l->wakes, 0);
  run_all(l);
  assert_int_equal(l->cancels, 1);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
  end_loopback(l);
}

static size_t running, most_running, order_count;
static uint8_t order[64];

/* Runs other tasks in between, as if other threads did. */
static mbr_status nested(loopback *l, mbr_call call, mbr_reader *args) {
  uint8_t number = 0;
  assert_int_equal(mbr_read_u8(args, &number), MBR_OK);
  order[order_count++] = number;
  running++;
  if (running > most_running) most_running = running;
  while (run_one(l)) {
  }
  running--;
  return answer(call, MBR_FRAME_OK, NULL, 0);
}

static size_t run_five(uint32_t method) {
  loopback *l = new_loopback(usual);
  running = most_running = order_count = 0;
  l->handle = nested;
  for (uint8_t i = 0; i < 5; i++) assert_int_equal(send_call(l, method, wire(i, 1), 0, &i, 1), MBR_OK);
  run_all(l);
  assert_int_equal(order_count, 5);
  for (uint8_t i = 0; i < 5; i++) assert_int_equal(order[i], i);
  end_loopback(l);
  return most_running;
}

static void test_handlers_of_a_service_run_one_at_a_time_in_order(void **state) {
  (void)state;
  assert_int_equal(run_five(UNARY), 1);
}

static void test_concurrent_handlers_do_not_wait(void **state) {
  (void)state;
  assert_int_equal(run_five(CONCURRENT), 5);
}

static void test_services_do_not_wait_for_each_other(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  running = most_running = order_count = 0;
  l->handle = nested;
  for (uint8_t i = 0; i < 6; i++) {
    assert_int_equal(send_call(l, i % 2 == 0 ? UNARY : OTHER, wire(i, 1), 0, &i, 1), MBR_OK);
  }
  run_all(l);
  assert_int_equal(order_count, 6);
  assert_int_equal(most_running, 2);
  end_loopback(l);
}

static mbr_status check_arguments(loopback *l, mbr_call call, mbr_reader *args) {
  mbr_list_u64 numbers;
  mbr_str text;
  if (mbr_read_list_u64(args, &numbers, 1000) != MBR_OK || mbr_read_str(args, &text, 5000) != MBR_OK) {
    return args->status;
  }
  for (size_t i = 0; i < numbers.count; i++) assert_int_equal(numbers.items[i], i);
  for (size_t i = 0; i < text.size; i++) assert_int_equal(text.data[i], 'x');
  (void)l;
  return answer(call, MBR_FRAME_OK, NULL, 0);
}

static size_t write_arguments(uint8_t *data, size_t size, size_t numbers, size_t letters) {
  static uint64_t items[1000];
  static char text[5000];
  mbr_writer w;
  for (size_t i = 0; i < 1000; i++) items[i] = i;
  memset(text, 'x', sizeof text);
  mbr_writer_init(&w, data, size);
  assert_int_equal(mbr_write_list_u64(&w, (mbr_list_u64){items, numbers}, 1000), MBR_OK);
  assert_int_equal(mbr_write_str(&w, (mbr_str){text, letters}, 5000), MBR_OK);
  return w.offset;
}

static void test_requests_and_arenas_of_any_size(void **state) {
  (void)state;
  static uint8_t data[16384];
  for (int no_blocks = 0; no_blocks < 2; no_blocks++) {
    loopback *l = new_loopback((shape){2, 256, 4096, false, no_blocks != 0});
    l->handle = check_arguments;
    uint32_t generation = 0;
    for (size_t numbers = 0; numbers <= 1000; numbers += numbers < 40 ? 1 : 191) {
      size_t size = write_arguments(data, sizeof data, numbers, numbers * 5);
      size_t frame = MBR_FRAME_HEADER_SIZE + MBR_CALL_PREFIX_SIZE + size;
      bool fits = frame <= 256;
      size_t rest = fits ? 256 - (frame + 7) / 8 * 8 : 256;
      mbr_status status = send_call(l, UNARY, wire(0, ++generation), 0, data, size);
      assert_int_equal(status, fits || !no_blocks ? MBR_OK : MBR_NO_MEMORY);
      run_all(l);
      drain(l);
      if (status != MBR_OK) {
        assert_int_equal(l->got_count, 0);
      } else if (no_blocks && numbers * 8 > rest) {
        assert_fault(&l->got[0], wire(0, generation), MBR_NO_MEMORY, "");
      } else {
        assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, generation), 0);
      }
      forget(l);
      assert_int_equal(l->blocks, 0);
      assert_int_equal(l->peer.used, 0);
      assert_int_equal(l->peer.outbox.promised, 0);
    }
    end_loopback(l);
  }
}

static void test_a_refused_block_refuses_the_request(void **state) {
  (void)state;
  static uint8_t data[16384];
  loopback *l = new_loopback(usual);
  l->handle = check_arguments;
  l->refuse_blocks = true;
  size_t size = write_arguments(data, sizeof data, 900, 0);
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, data, size), MBR_NO_MEMORY);
  l->refuse_blocks = false;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, data, size), MBR_OK);
  l->refuse_blocks = true; /* now for the arena */
  run_all(l);
  drain(l);
  assert_int_equal(l->got_count, 1);
  end_loopback(l);
}

static const uint8_t *deferred_argument;

static mbr_status keep_argument(loopback *l, mbr_call call, mbr_reader *args) {
  mbr_bytes bytes;
  assert_int_equal(mbr_read_bytes(args, &bytes, MBR_UNBOUNDED), MBR_OK);
  deferred_argument = bytes.data;
  return defer(l, call, args);
}

static void test_arguments_live_until_the_ending(void **state) {
  (void)state;
  static uint8_t data[2000];
  for (size_t size = 8; size <= sizeof data; size += sizeof data - 8) {
    loopback *l = new_loopback(usual);
    mbr_put_u64(data, size - 8);
    memset(data + 8, 0x77, size - 8);
    l->handle = keep_argument;
    assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, data, size), MBR_OK);
    run_all(l);
    assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK);
    mbr_peer_close(&l->peer);
    for (size_t i = 0; i < size - 8; i++) assert_int_equal(deferred_argument[i], 0x77);
    assert_int_equal(l->quiets, 0);
    assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
    end_loopback(l);
  }
}

static void test_large_frames_travel_as_blocks(void **state) {
  (void)state;
  static uint8_t data[100000];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
  loopback *l = new_loopback(usual); /* a quarter of the ring is 1,024 bytes */
  mbr_call stream = deferred_call(l, STREAM, wire(0, 1), 4);
  mbr_call unary = deferred_call(l, UNARY, wire(1, 1), 0);
  assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, 1008), MBR_OK); /* just fits */
  assert_int_equal(l->blocks, 0);
  assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, 1009), MBR_OK);
  assert_int_equal(l->blocks, 1);
  assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, sizeof data), MBR_OK);
  assert_int_equal(answer(unary, MBR_FRAME_OK, data, 65536), MBR_OK);
  assert_int_equal(l->blocks, 3);
  assert_int_equal(answer(stream, MBR_FRAME_ERR, data, 2000), MBR_OK);
  drain(l);
  assert_int_equal(l->blocks, 0);
  const size_t sizes[] = {1008, 1009, sizeof data, 65536, 2000};
  assert_int_equal(l->got_count, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(l->got[i].size, sizes[i]);
    assert_memory_equal(l->got[i].payload, data, sizes[i]);
  }
  assert_frame(&l->got[3], MBR_FRAME_OK, wire(1, 1), 65536);
  end_loopback(l);
}

static void test_large_frames_without_blocks(void **state) {
  (void)state;
  static uint8_t data[3000];
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback((shape){8, 256, 4096, false, i == 0});
    mbr_writer w;
    mbr_call stream = deferred_call(l, STREAM, wire(0, 1), 1);
    mbr_call unary = deferred_call(l, UNARY, wire(1, 1), 0);
    l->refuse_blocks = true;
    assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, 2000), MBR_NO_MEMORY);
    assert_int_equal(mbr_call_begin(stream, MBR_FRAME_ITEM, SIZE_MAX, &w), MBR_NO_MEMORY);
    assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, 10), MBR_OK); /* the credit came back */
    assert_int_equal(answer(unary, MBR_FRAME_OK, data, 3000), MBR_NO_MEMORY);
    assert_int_equal(answer(unary, MBR_FRAME_OK, data, 3), MBR_CLOSED);
    assert_int_equal(mbr_call_begin(stream, MBR_FRAME_ERR, UINT32_MAX, &w), MBR_NO_MEMORY);
    drain(l);
    assert_int_equal(l->got_count, 3);
    assert_fault(&l->got[1], wire(1, 1), MBR_NO_MEMORY, "");
    assert_fault(&l->got[2], wire(0, 1), MBR_NO_MEMORY, "");
    end_loopback(l);
  }
}

static void test_an_ending_above_its_promise_takes_free_room_or_a_block(void **state) {
  (void)state;
  static uint8_t data[4096];
  loopback *l = new_loopback((shape){4, 256, 1024, false, false});
  mbr_call first = deferred_call(l, UNARY, wire(0, 1), 0);
  mbr_call second = deferred_call(l, UNARY, wire(1, 1), 0);
  mbr_call stream = deferred_call(l, STREAM, wire(2, 1), 100);
  assert_int_equal(answer(first, MBR_FRAME_OK, data, 240), MBR_OK); /* promised were 112 */
  assert_int_equal(l->blocks, 0);
  while (answer(stream, MBR_FRAME_ITEM, data, 1) == MBR_OK) {
  }
  assert_int_equal(answer(second, MBR_FRAME_OK, data, 240), MBR_OK);
  assert_int_equal(l->blocks, 1);
  assert_int_equal(answer(stream, MBR_FRAME_ERR, data, 8), MBR_OK);
  assert_int_equal(l->blocks, 1);
  drain(l);
  assert_int_equal(l->blocks, 0);
  assert_frame(&l->got[l->got_count - 2], MBR_FRAME_OK, wire(1, 1), 240);
  assert_frame(&l->got[l->got_count - 1], MBR_FRAME_ERR, wire(2, 1), 8);
  end_loopback(l);
}

/* The last flag of a shape is false: there are blocks. */
static void test_large_endings_need_no_room_kept_where_there_are_blocks(void **state) {
  (void)state;
  static uint8_t data[200];
  loopback *l = new_loopback((shape){12, 256, 2048, false, false});
  mbr_call calls[12];
  for (uint32_t i = 0; i < 8; i++) calls[i] = deferred_call(l, LARGE, wire(i, 1), 0); /* 232 bytes each */
  for (size_t i = 0; i < 8; i++) assert_int_equal(answer(calls[i], MBR_FRAME_OK, data, sizeof data), MBR_OK);
  drain(l);
  assert_int_equal(l->got_count, 8);
  for (size_t i = 0; i < 8; i++) assert_int_equal(l->got[i].size, sizeof data);
  end_loopback(l);
}

static void test_a_full_ring_still_takes_every_ending(void **state) {
  (void)state;
  static uint8_t data[256];
  for (size_t start = 0; start < 64; start++) { /* wherever in the ring it begins */
    loopback *l = new_loopback((shape){16, 256, 4096, false, true});
    mbr_call calls[12];
    mbr_call stream = deferred_call(l, STREAM, wire(15, 1), 1000);
    for (size_t i = 0; i < start; i++) {
      assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, 1 + i % 50), MBR_OK);
      drain(l);
    }
    forget(l);
    for (uint32_t i = 0; i < 12; i++) calls[i] = deferred_call(l, i < 6 ? LARGE : UNARY, wire(i, 1), 0);
    size_t items = 0;
    while (answer(stream, MBR_FRAME_ITEM, data, start % 40) == MBR_OK) items++;
    assert_int_equal(send_call(l, LARGE, wire(14, 1), 0, NULL, 0), MBR_BUSY);
    check_ring(l);
    for (size_t i = 12; i-- > 0;) { /* in full, failing to encode, and as faults with all their text */
      mbr_writer w;
      char text[] = "0123456789012345678901234567890123456789012345678901234567890123";
      if (i % 3 == 0) assert_int_equal(answer(calls[i], MBR_FRAME_OK, data, i < 6 ? 200 : 112), MBR_OK);
      if (i % 3 == 1) assert_int_equal(mbr_call_fault(calls[i], MBR_INTERNAL, text), MBR_OK);
      if (i % 3 == 2) {
        assert_int_equal(mbr_call_begin(calls[i], MBR_FRAME_OK, i < 6 ? 200 : 112, &w), MBR_OK);
        assert_int_equal(mbr_call_commit(calls[i], &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
      }
      check_ring(l);
    }
    assert_int_equal(answer(stream, MBR_FRAME_ERR, data, 8), MBR_OK);
    drain(l);
    assert_int_equal(l->got_count, items + 13);
    end_loopback(l);
  }
}

static void test_items_do_not_crowd_out_calls(void **state) {
  (void)state;
  for (size_t size = 0; size < 900; size += 60) {
    loopback *l = new_loopback(usual);
    mbr_call stream = deferred_call(l, STREAM, wire(0, 1), UINT32_MAX);
    static uint8_t data[900];
    size_t items = 0;
    mbr_status status;
    while ((status = answer(stream, MBR_FRAME_ITEM, data, size)) == MBR_OK) items++;
    assert_int_equal(status, MBR_WOULD_BLOCK);
    assert_true(items * (size + MBR_FRAME_HEADER_SIZE) > 1000);
    l->handle = NULL;
    for (uint32_t i = 1; i < 8; i++) assert_int_equal(send_call(l, UNARY, wire(i, 1), 0, NULL, 0), MBR_OK);
    check_ring(l);
    assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
    run_all(l);
    drain(l);
    assert_int_equal(l->got_count, items + 8);
    end_loopback(l);
  }
}

static void test_however_many_calls_are_open_an_item_is_sent_in_the_end(void **state) {
  (void)state;
  static uint8_t data[496]; /* a quarter of the ring */
  for (size_t start = 0; start < 64; start++) { /* wherever in the ring it begins */
    loopback *l = new_loopback((shape){16, 256, 2048, false, true});
    mbr_call stream = deferred_call(l, STREAM, wire(0, 1), 1000);
    for (size_t i = 0; i < start; i++) {
      assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, 1 + i % 50), MBR_OK);
      drain(l);
    }
    uint32_t calls = 1;
    l->handle = NULL;
    while (send_call(l, LARGE, wire(calls, 1), 0, NULL, 0) == MBR_OK) calls++;
    assert_in_range(calls, 4, 15);
    assert_int_equal(answer(stream, MBR_FRAME_ITEM, data, sizeof data), MBR_OK);
    check_ring(l);
    assert_int_equal(mbr_call_fault(stream, MBR_INTERNAL, NULL), MBR_OK);
    run_all(l);
    drain(l);
    assert_int_equal(l->got_count, start + 1 + calls);
    end_loopback(l);
  }
}

static void test_wake_is_neither_lost_nor_doubled(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 100);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 1);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 1); /* still not empty */
  assert_true(drain_some(l, 1));
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 1); /* the consumer is at work */
  assert_true(drain_some(l, 5));
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 1); /* it has not found nothing yet */
  assert_true(drain_some(l, 5));
  assert_false(drain_some(l, 5));
  assert_false(drain_some(l, 5));
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 2);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_wake_waits_for_the_first_frame_to_be_ready(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call first = deferred_call(l, UNARY, wire(0, 1), 0);
  mbr_call second = deferred_call(l, UNARY, wire(1, 1), 0);
  assert_int_equal(mbr_call_begin(first, MBR_FRAME_OK, 4, &w), MBR_OK);
  assert_int_equal(answer(second, MBR_FRAME_OK, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 0); /* nothing could be read */
  assert_false(drain_some(l, 1));
  assert_int_equal(mbr_write_u32(&w, 1), MBR_OK);
  assert_int_equal(mbr_call_commit(first, &w, MBR_OK), MBR_OK);
  assert_int_equal(l->wakes, 1);
  drain(l);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 4);
  assert_frame(&l->got[1], MBR_FRAME_OK, wire(1, 1), 4);
  mbr_call third = deferred_call(l, STREAM, wire(0, 2), 1);
  mbr_call fourth = deferred_call(l, UNARY, wire(1, 2), 0);
  assert_int_equal(mbr_call_begin(third, MBR_FRAME_ITEM, 4, &w), MBR_OK);
  assert_int_equal(answer(fourth, MBR_FRAME_OK, four, 4), MBR_OK);
  assert_int_equal(l->wakes, 1);
  assert_int_equal(mbr_call_commit(third, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
  assert_int_equal(l->wakes, 2); /* a dropped frame lets the one behind it go */
  assert_int_equal(answer(third, MBR_FRAME_END, NULL, 0), MBR_OK);
  drain(l);
  assert_int_equal(l->got_count, 4);
  end_loopback(l);
}

static void on_disconnect(void *arg) {
  loopback *l = arg;
  assert_false(l->locked);
  l->disconnects++;
  for (size_t i = 0; i < l->started; i++) (void)mbr_call_fault(l->calls[i], MBR_INTERNAL, NULL);
}

static void test_close_when_nothing_is_open(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    const uint8_t *frames;
    assert_int_equal(mbr_peer_on_disconnect(&l->peer, on_disconnect, l), MBR_OK);
    assert_int_equal(mbr_peer_on_disconnect(&l->peer, on_disconnect, l), MBR_MISUSE);
    mbr_peer_close(&l->peer);
    assert_int_equal(l->quiets, i == 0 ? 0 : 1); /* not before the callback has run */
    run_all(l);
    assert_int_equal(l->disconnects, 1);
    assert_int_equal(l->quiets, 1);
    mbr_peer_close(&l->peer);
    assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_CLOSED);
    assert_int_equal(send_cancel(l, wire(0, 1)), MBR_CLOSED);
    assert_int_equal(mbr_peer_outgoing(&l->peer, &frames), 0);
    mbr_peer_consume(&l->peer, 0);
    assert_int_equal(mbr_peer_serve(&l->peer, &service, NULL, l), MBR_CLOSED);
    assert_int_equal(mbr_peer_on_disconnect(&l->peer, on_disconnect, l), MBR_CLOSED);
    end_loopback(l);
  }
}

static void test_goodbye_closes(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  uint8_t data[MBR_FRAME_HEADER_SIZE];
  const mbr_frame goodbye = {sizeof data, MBR_FRAME_GOODBYE, 0, 0, 0, 0};
  mbr_frame_write(data, &goodbye);
  assert_int_equal(mbr_peer_receive(&l->peer, data, sizeof data), MBR_OK);
  assert_int_equal(l->quiets, 1);
  assert_int_equal(mbr_peer_receive(&l->peer, data, sizeof data), MBR_CLOSED);
  end_loopback(l);
}

static void test_close_with_calls_in_every_state(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    assert_int_equal(mbr_peer_on_disconnect(&l->peer, on_disconnect, l), MBR_OK);
    mbr_call deferred = deferred_call(l, STREAM, wire(0, 1), 10);
    assert_int_equal(mbr_call_on_cancel(deferred, on_cancel, l), MBR_OK);
    assert_int_equal(answer(deferred, MBR_FRAME_ITEM, four, 4), MBR_OK); /* not consumed */
    (void)deferred_call(l, UNARY, wire(1, 1), 0);
    assert_int_equal(send_cancel(l, wire(1, 1)), MBR_OK); /* cancelled and never ended */
    if (i == 1) (void)deferred_call(l, ONEWAY, 0, 0);
    for (uint32_t k = 2; k < 5; k++) assert_int_equal(send_call(l, UNARY, wire(k, 1), 0, NULL, 0), MBR_OK);
    size_t started = l->started;
    mbr_peer_close(&l->peer);
    mbr_peer_close(&l->peer);
    assert_int_equal(mbr_call_cancelled(deferred), MBR_CANCEL_DISCONNECTED);
    assert_int_equal(l->cancels, 0);
    assert_int_equal(l->disconnects, 0); /* both elsewhere */
    while (l->scheduled > 0) {
      assert_int_equal(l->quiets, 0);
      assert_true(run_one(l));
    }
    assert_int_equal(l->started, started); /* queued ones never start */
    assert_int_equal(l->cancels, 1);
    assert_int_equal(l->cancel_reason, MBR_CANCEL_DISCONNECTED);
    assert_int_equal(l->disconnects, 1); /* ends what is deferred */
    end_loopback(l);
  }
}

static mbr_status close_within(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  assert_int_equal(mbr_peer_on_disconnect(&l->peer, on_disconnect, l), MBR_OK);
  mbr_peer_close(&l->peer);
  assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DISCONNECTED);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(l->disconnects, 0); /* a handler is running: this one */
  assert_int_equal(l->quiets, 0);
  return MBR_OK;
}

static void test_close_within_a_handler(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    l->handle = close_within;
    assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK);
    run_all(l);
    assert_int_equal(l->cancels, 1);
    assert_int_equal(l->disconnects, 1);
    end_loopback(l);
  }
}

static void test_close_while_a_request_is_received(void **state) {
  (void)state;
  static uint8_t data[3000];
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    l->close_on_alloc = true;
    l->refuse_blocks = i == 1;
    assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, data, sizeof data), MBR_CLOSED);
    assert_int_equal(l->scheduled, 0);
    assert_int_equal(l->quiets, 1);
    end_loopback(l);
  }
}

static void test_close_while_a_large_frame_is_begun(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    mbr_writer w;
    mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
    assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
    l->close_on_alloc = true;
    l->refuse_blocks = i == 1;
    assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, 3000, &w), i == 0 ? MBR_OK : MBR_NO_MEMORY);
    if (i == 0) assert_int_equal(mbr_call_commit(call, &w, MBR_BAD_RANGE), MBR_BAD_RANGE);
    run_all(l);
    assert_int_equal(l->cancels, 0); /* the ending came first */
    assert_int_equal(l->quiets, 1);
    end_loopback(l);
  }
}

static void test_close_waits_for_an_open_frame(void **state) {
  (void)state;
  static const size_t sizes[] = {8, 3000};
  for (size_t i = 0; i < 4; i++) {
    loopback *l = new_loopback(usual);
    mbr_writer w;
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 10);
    assert_int_equal(mbr_call_begin(call, MBR_FRAME_ITEM, sizes[i % 2], &w), MBR_OK);
    mbr_peer_close(&l->peer);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(l->quiets, 0);
    memset(mbr_writer_take(&w, sizes[i % 2]), 1, sizes[i % 2]); /* the memory is still there */
    mbr_status encoded = i < 2 ? MBR_OK : MBR_BAD_RANGE;
    assert_int_equal(mbr_call_commit(call, &w, encoded), encoded);
    assert_int_equal(l->quiets, 1);
    end_loopback(l);
  }
}

static void test_close_waits_for_the_consumers_run(void **state) {
  (void)state;
  static uint8_t data[3000];
  for (size_t i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    const uint8_t *frames;
    mbr_call call = deferred_call(l, STREAM, wire(0, 1), 10);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, data, sizeof data), MBR_OK);
    size_t size = mbr_peer_outgoing(&l->peer, &frames);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, data, sizeof data), MBR_OK);
    assert_int_equal(size, 32);
    mbr_peer_close(&l->peer);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    assert_int_equal(l->quiets, 0);
    keep_frame(l, frames, size); /* the block is still there */
    assert_int_equal(l->blocks, 2);
    mbr_peer_consume(&l->peer, i == 0 ? size : 0);
    assert_int_equal(l->quiets, 1);
    end_loopback(l);
  }
}

static void test_quiet_is_called_once_however_many_look(void **state) {
  (void)state;
  static uint8_t data[3000];
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, data, sizeof data), MBR_OK); /* its block is never consumed */
  l->look_at_on_free = call;
  mbr_peer_close(&l->peer);
  end_loopback(l);
}

static void test_consume_takes_whole_frames_of_the_run_only(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  const uint8_t *frames, *again;
  mbr_call call = deferred_call(l, STREAM, wire(0, 1), 10);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(mbr_peer_outgoing(&l->peer, &frames), 64);
  assert_int_equal(answer(call, MBR_FRAME_ITEM, four, 4), MBR_OK);
  assert_int_equal(mbr_peer_outgoing(&l->peer, &again), 96);
  assert_ptr_equal(frames, again);
  mbr_peer_consume(&l->peer, 63);
  assert_int_equal(mbr_peer_outgoing(&l->peer, &again), 64);
  assert_ptr_equal(again, frames + 32);
  mbr_peer_consume(&l->peer, 5000);
  mbr_peer_consume(&l->peer, 32); /* no run: nothing happens */
  assert_int_equal(mbr_peer_outgoing(&l->peer, &again), 0);
  assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_OK);
  end_loopback(l);
}

static void test_serve_refuses_what_it_cannot_tell_apart(void **state) {
  (void)state;
  static const mbr_method unsorted[] = {{.id = 99, .name = "u.b", .dispatch = dispatch_any},
                                        {.id = 98, .name = "u.a", .dispatch = dispatch_any}};
  static const mbr_method taken[] = {{.id = ONEWAY, .name = "u.t", .dispatch = dispatch_any}};
  static const mbr_method fresh[] = {{.id = 97, .name = "u.f", .dispatch = dispatch_any}};
  const mbr_service services[] = {{.name = "u", .methods = unsorted, .method_count = 2},
                                  {.name = "t", .methods = taken, .method_count = 1},
                                  {.name = "f", .methods = fresh, .method_count = 1}};
  loopback *l = new_loopback(usual);
  assert_int_equal(mbr_peer_serve(&l->peer, &service, NULL, l), MBR_MISUSE);
  assert_int_equal(mbr_peer_serve(&l->peer, &services[0], NULL, l), MBR_MISUSE);
  assert_int_equal(mbr_peer_serve(&l->peer, &services[1], NULL, l), MBR_MISUSE);
  assert_int_equal(mbr_peer_serve(&l->peer, &services[2], NULL, l), MBR_BUSY);
  end_loopback(l);
}

static void test_open_refuses_unsound_memory(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_peer other = {0};
  mbr_hooks hooks = l->hooks;
  mbr_peer_memory m = l->memory;
  assert_int_equal(mbr_peer_open(&l->peer, &m, &hooks, l), MBR_MISUSE); /* is open */
  m.outbox_size = 3000;
  assert_int_equal(mbr_peer_open(&other, &m, &hooks, l), MBR_MISUSE);
  m.outbox_size = 256;
  assert_int_equal(mbr_peer_open(&other, &m, &hooks, l), MBR_MISUSE);
  m = l->memory;
  m.outbox += 8;
  assert_int_equal(mbr_peer_open(&other, &m, &hooks, l), MBR_MISUSE);
  m = l->memory;
  m.storage_size = 100;
  assert_int_equal(mbr_peer_open(&other, &m, &hooks, l), MBR_MISUSE);
  m = l->memory;
  m.slot_count = 0;
  assert_int_equal(mbr_peer_open(&other, &m, &hooks, l), MBR_MISUSE);
  hooks.free = NULL;
  assert_int_equal(mbr_peer_open(&other, &l->memory, &hooks, l), MBR_MISUSE);
  mbr_peer_close(&l->peer);
  assert_int_equal(mbr_peer_open(&l->peer, &l->memory, &l->hooks, &other), MBR_MISUSE); /* another owner */
  end_loopback(l);
}

static void test_a_peer_needs_no_hooks(void **state) {
  (void)state;
  loopback *l = calloc(1, sizeof *l);
  const mbr_hooks none = {0};
  static struct mbr_slot slots[2];
  static uint16_t calls[2];
  static struct mbr_binding bindings[1];
  static _Alignas(16) uint8_t storage[128], outbox[512];
  const mbr_peer_memory memory = {
    .slots = slots, .slot_count = 2, .calls = calls, .call_count = 2, .bindings = bindings,
    .binding_count = 1,
    .storage = storage, .storage_size = 64, .outbox = outbox, .outbox_size = sizeof outbox,
  };
  assert_non_null(l);
  assert_int_equal(mbr_peer_open(&l->peer, &memory, &none, l), MBR_OK);
  assert_int_equal(mbr_peer_serve(&l->peer, &service, NULL, l), MBR_OK);
  for (uint32_t i = 1; i <= 50; i++) {
    l->handle = answer_ok;
    assert_int_equal(send_call(l, UNARY, wire(0, i), 0, four, 4), MBR_OK);
    drain(l);
    assert_frame(&l->got[l->got_count - 1], MBR_FRAME_OK, wire(0, i), 4);
  }
  mbr_peer_close(&l->peer);
  assert_int_equal(mbr_peer_open(&l->peer, &memory, &none, l), MBR_OK); /* it was quiet at once */
  mbr_peer_close(&l->peer);
  forget(l);
  free(l);
}

static mbr_status answer_at_once(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  (void)args;
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  return MBR_OK;
}

static mbr_status answer_slowly(loopback *l, mbr_call call, mbr_reader *args) {
  l->time++;
  return answer_at_once(l, call, args);
}

static void send_burst(loopback *l, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(send_call(l, UNARY, wire(i, 1), 0, NULL, 0), MBR_OK);
  }
  assert_int_equal(l->scheduled, 1);
}

/* One task does for a burst of short handlers; when they are not, others come between after sixteen. */
static void test_a_burst_of_calls_takes_few_tasks(void **state) {
  (void)state;
  const shape roomy = {64, 256, 32768, false, false};
  loopback *l = new_loopback(roomy);
  l->handle = answer_at_once;
  send_burst(l, 40);
  assert_true(run_one(l));
  assert_int_equal(l->started, 40);
  assert_int_equal(l->scheduled, 0);
  drain(l);
  end_loopback(l);
  l = new_loopback(roomy);
  l->handle = answer_slowly;
  send_burst(l, 40);
  for (size_t ran = 16; ran <= 48; ran += 16) {
    assert_true(run_one(l));
    assert_int_equal(l->started, ran < 40 ? ran : 40);
  }
  assert_int_equal(l->scheduled, 0);
  drain(l);
  assert_int_equal(l->got_count, 40);
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_burst_of_calls_takes_few_tasks),
    cmocka_unit_test(test_an_answer_within_the_handler),
    cmocka_unit_test(test_without_a_schedule_hook_handlers_run_in_receive),
    cmocka_unit_test(test_every_ending),
    cmocka_unit_test(test_faults_and_their_text),
    cmocka_unit_test(test_a_dropped_call_faults),
    cmocka_unit_test(test_arguments_that_do_not_decode_fault),
    cmocka_unit_test(test_a_failed_handler_is_not_deferred),
    cmocka_unit_test(test_a_late_answer_meets_no_other_call),
    cmocka_unit_test(test_a_zeroed_handle_is_closed),
    cmocka_unit_test(test_an_index_is_free_from_the_ending_on),
    cmocka_unit_test(test_frames_that_break_the_protocol_are_refused),
    cmocka_unit_test(test_a_full_table_is_busy),
    cmocka_unit_test(test_only_the_frames_of_a_method_can_be_begun),
    cmocka_unit_test(test_a_oneway_answers_nothing),
    cmocka_unit_test(test_credit_runs_out_and_is_refilled),
    cmocka_unit_test(test_an_item_that_does_not_encode_gives_its_credit_back),
    cmocka_unit_test(test_an_ending_that_does_not_encode_becomes_a_fault),
    cmocka_unit_test(test_cancel_reaches_a_deferred_call),
    cmocka_unit_test(test_a_late_callback_is_called_at_once),
    cmocka_unit_test(test_no_callback_after_the_own_side_ended_the_call),
    cmocka_unit_test(test_the_callback_may_end_the_call),
    cmocka_unit_test(test_a_callback_that_is_called_at_once_may_end_the_call),
    cmocka_unit_test(test_cancel_while_the_handler_runs),
    cmocka_unit_test(test_a_call_is_not_deferred_after_its_handler_has_returned),
    cmocka_unit_test(test_cancel_frees_the_index_of_a_call_that_is_ending),
    cmocka_unit_test(test_cancel_before_the_handler_starts),
    cmocka_unit_test(test_receive_only_queues_when_there_is_a_schedule_hook),
    cmocka_unit_test(test_handlers_of_a_service_run_one_at_a_time_in_order),
    cmocka_unit_test(test_concurrent_handlers_do_not_wait),
    cmocka_unit_test(test_services_do_not_wait_for_each_other),
    cmocka_unit_test(test_requests_and_arenas_of_any_size),
    cmocka_unit_test(test_a_refused_block_refuses_the_request),
    cmocka_unit_test(test_arguments_live_until_the_ending),
    cmocka_unit_test(test_large_frames_travel_as_blocks),
    cmocka_unit_test(test_large_frames_without_blocks),
    cmocka_unit_test(test_an_ending_above_its_promise_takes_free_room_or_a_block),
    cmocka_unit_test(test_large_endings_need_no_room_kept_where_there_are_blocks),
    cmocka_unit_test(test_a_full_ring_still_takes_every_ending),
    cmocka_unit_test(test_items_do_not_crowd_out_calls),
    cmocka_unit_test(test_however_many_calls_are_open_an_item_is_sent_in_the_end),
    cmocka_unit_test(test_wake_is_neither_lost_nor_doubled),
    cmocka_unit_test(test_wake_waits_for_the_first_frame_to_be_ready),
    cmocka_unit_test(test_close_when_nothing_is_open),
    cmocka_unit_test(test_goodbye_closes),
    cmocka_unit_test(test_close_with_calls_in_every_state),
    cmocka_unit_test(test_close_within_a_handler),
    cmocka_unit_test(test_close_while_a_request_is_received),
    cmocka_unit_test(test_close_while_a_large_frame_is_begun),
    cmocka_unit_test(test_close_waits_for_an_open_frame),
    cmocka_unit_test(test_close_waits_for_the_consumers_run),
    cmocka_unit_test(test_quiet_is_called_once_however_many_look),
    cmocka_unit_test(test_consume_takes_whole_frames_of_the_run_only),
    cmocka_unit_test(test_serve_refuses_what_it_cannot_tell_apart),
    cmocka_unit_test(test_open_refuses_unsound_memory),
    cmocka_unit_test(test_a_peer_needs_no_hooks),
  };
  return RUN_BOTH_WAYS(tests);
}
