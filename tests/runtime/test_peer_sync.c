/* Calls whose handlers run on their caller's thread: inline, sync, direct; and results that change hands. */
#include "loopback.h"

static const uint8_t four[4] = {1, 2, 3, 4};

static mbr_status echo(loopback *l, mbr_call call, mbr_reader *args) {
  const size_t size = args->size;
  (void)l;
  (void)answer(call, MBR_FRAME_OK, mbr_reader_take(args, size), size);
  return MBR_OK;
}

static mbr_status call_here(loopback *l, uint32_t method, uint32_t id) {
  return send_call_to(l, receive_here, method, id, 0, 0, four, 4);
}

static void test_an_inline_handler_answers_before_receive_returns(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = echo;
  unsigned locks = l->locks;
  assert_int_equal(call_here(l, INLINE, wire(0, 1)), MBR_OK);
  /* To receive, to begin and commit the answer or to send it, to return. */
  assert_int_equal(l->locks - locks, in_one_step ? 3 : 4);
  assert_int_equal(l->scheduled, 0);
  assert_int_equal(l->wakes, 0); /* the caller looks for itself */
  drain(l);
  assert_int_equal(l->got_count, 1);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 4);
  assert_memory_equal(l->got[0].payload, four, 4);
  assert_int_equal(l->peer.used, 0);
  assert_int_equal(call_here(l, INLINE, wire(0, 2)), MBR_OK);
  drain(l);
  mbr_call later = deferred_call(l, UNARY, wire(1, 1), 0);
  assert_int_equal(answer(later, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, 1); /* it had found nothing */
  check_counters(l, INLINE, 2, 2);
  end_loopback(l);
}

typedef struct here_call {
  uint64_t buffer[16];
  mbr_answer answer;
} here_call;

static here_call caller;

static mbr_status receive_as_caller(mbr_peer *peer, const uint8_t *frame, size_t size) {
  memset(&caller, 0, sizeof caller);
  caller.answer = (mbr_answer){.buffer = (uint8_t *)caller.buffer, .capacity = sizeof caller.buffer};
  return mbr_peer_receive_here(peer, frame, size, &caller.answer);
}

static mbr_status call_as_caller(loopback *l, uint32_t id, const void *args, size_t size) {
  return send_call_to(l, receive_as_caller, INLINE, id, 0, 0, args, size);
}

static mbr_status echo_beside_another(loopback *l, mbr_call call, mbr_reader *args) {
  if (l->started > 1) assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_OK);
  return echo(l, call, args);
}

/* Nothing of it goes through the outbox, and the caller is told whether there is anything else to look for. */
static void test_an_inline_answer_is_given_to_the_caller(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_frame frame;
  l->handle = echo;
  assert_int_equal(call_as_caller(l, wire(1, 1), four, 4), MBR_OK);
  assert_int_equal(caller.answer.size, MBR_FRAME_HEADER_SIZE + 4);
  assert_int_equal(mbr_frame_read(&frame, caller.answer.frame, caller.answer.size), MBR_OK);
  assert_true(frame.kind == MBR_FRAME_OK && frame.call == wire(1, 1) && frame.method == INLINE);
  assert_memory_equal(caller.answer.frame + MBR_FRAME_HEADER_SIZE, four, 4);
  assert_false(caller.answer.drain);
  assert_int_equal(l->peer.outbox.promised, 0);
  (void)deferred_call(l, UNARY, wire(0, 2), 0);
  l->calls[0] = l->calls[1];
  l->handle = echo_beside_another;
  assert_int_equal(call_as_caller(l, wire(1, 2), four, 4), MBR_OK);
  assert_int_equal(caller.answer.size, MBR_FRAME_HEADER_SIZE + 4);
  assert_true(caller.answer.drain);
  assert_int_equal(l->wakes, 0);
  drain(l);
  assert_int_equal(l->got_count, 1);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 2), 0);
  end_loopback(l);
}

static void test_a_large_inline_answer_goes_through_the_outbox(void **state) {
  (void)state;
  static const uint8_t data[232] = {7};
  loopback *l = new_loopback(usual);
  l->handle = echo;
  assert_int_equal(call_as_caller(l, wire(0, 1), data, 80), MBR_OK);
  assert_int_equal(caller.answer.size, 0); /* half of what the request leaves of 256 bytes */
  assert_true(caller.answer.drain);
  assert_int_equal(call_as_caller(l, wire(1, 1), data, 200), MBR_OK);
  assert_int_equal(caller.answer.size, 0);
  assert_int_equal(call_as_caller(l, wire(2, 1), data, 232), MBR_OK); /* which leaves nothing of them */
  assert_int_equal(caller.answer.size, 0);
  drain(l);
  assert_int_equal(l->got_count, 3);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 80);
  assert_frame(&l->got[1], MBR_FRAME_OK, wire(1, 1), 200);
  assert_frame(&l->got[2], MBR_FRAME_OK, wire(2, 1), 232);
  assert_int_equal(call_as_caller(l, wire(0, 2), four, 4), MBR_OK);
  assert_int_equal(caller.answer.size, MBR_FRAME_HEADER_SIZE + 4);
  caller.answer.capacity = MBR_ANSWER_MIN - 1;
  assert_int_equal(mbr_peer_receive_here(&l->peer, four, 4, &caller.answer), MBR_MISUSE);
  end_loopback(l);
}

static mbr_writer unfinished;

static mbr_status begin_and_defer(loopback *l, mbr_call call, mbr_reader *args) {
  (void)l;
  (void)args;
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, 4, &unfinished), MBR_OK);
  mbr_call_defer(call);
  return MBR_OK;
}

/* Another thread, say, encodes it while the handler returns. */
static void test_an_inline_answer_that_is_late_goes_through_the_outbox(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    l->handle = begin_and_defer;
    assert_int_equal(call_as_caller(l, wire(0, 1), NULL, 0), MBR_OK);
    assert_int_equal(caller.answer.size, 0);
    assert_false(caller.answer.drain);
    memcpy(mbr_writer_take(&unfinished, 4), four, 4);
    const mbr_status encoded = i == 0 ? MBR_OK : MBR_BAD_TIME;
    assert_int_equal(mbr_call_commit(l->calls[0], &unfinished, encoded), encoded);
    assert_int_equal(l->wakes, 1);
    drain(l);
    assert_int_equal(l->got_count, 1);
    if (i == 0) assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 4);
    else assert_fault(&l->got[0], wire(0, 1), MBR_BAD_TIME, "");
    if (i == 0) assert_memory_equal(l->got[0].payload, four, 4);
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->peer.outbox.promised, 0);
    end_loopback(l);
  }
}

static mbr_status let_time_pass(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  l->time += 50;
  (void)mbr_peer_poll(&l->peer);
  assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DEADLINE);
  return MBR_OK;
}

static void test_an_inline_call_may_end_by_its_deadline(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = let_time_pass;
  assert_int_equal(send_call_to(l, receive_as_caller, INLINE, wire(0, 1), 0, 20, NULL, 0), MBR_OK);
  assert_int_equal(caller.answer.size, MBR_FRAME_HEADER_SIZE + 12);
  assert_int_equal(mbr_get_u32(caller.answer.frame + MBR_FRAME_HEADER_SIZE), MBR_DEADLINE);
  assert_false(caller.answer.drain);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_other_methods_are_only_queued(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = echo;
  assert_int_equal(call_here(l, UNARY, wire(0, 1)), MBR_OK);
  assert_int_equal(l->started, 0);
  assert_int_equal(call_here(l, INLINE, wire(1, 1)), MBR_OK); /* behind the one that waits */
  assert_int_equal(l->started, 0);
  assert_int_equal(send_call(l, INLINE, wire(2, 1), 0, four, 4), MBR_OK); /* not asked for */
  assert_int_equal(l->started, 0);
  run_all(l);
  drain(l);
  assert_int_equal(l->got_count, 3);
  for (uint32_t i = 0; i < 3; i++) assert_frame(&l->got[i], MBR_FRAME_OK, wire(i, 1), 4);
  assert_int_equal(call_here(l, SYNC, wire(0, 2)), MBR_UNSUPPORTED);
  assert_int_equal(send_call(l, SYNC, wire(0, 2), 0, NULL, 0), MBR_UNSUPPORTED);
  end_loopback(l);
}

static mbr_status echo_and_queue(loopback *l, mbr_call call, mbr_reader *args) {
  if (l->started == 1) {
    assert_int_equal(send_call(l, UNARY, wire(5, 1), 0, four, 4), MBR_OK);
    assert_int_equal(call_here(l, INLINE, wire(6, 1)), MBR_OK);
    assert_int_equal(l->started, 1);
  }
  return echo(l, call, args);
}

static void test_calls_within_an_inline_handler_follow_it(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    l->handle = echo_and_queue;
    assert_int_equal(call_here(l, INLINE, wire(0, 1)), MBR_OK);
    assert_int_equal(l->scheduled, i == 0 ? 1 : 0);
    run_all(l);
    drain(l);
    assert_int_equal(l->got_count, 3);
    assert_frame(&l->got[1], MBR_FRAME_OK, wire(5, 1), 4);
    assert_frame(&l->got[2], MBR_FRAME_OK, wire(6, 1), 4);
    end_loopback(l);
  }
}

static void test_an_inline_call_may_be_deferred_or_dropped(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = defer;
  assert_int_equal(call_here(l, INLINE, wire(0, 1)), MBR_OK);
  drain(l);
  assert_int_equal(l->got_count, 0);
  assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, 1);
  drain(l);
  l->handle = NULL;
  assert_int_equal(call_here(l, INLINE, wire(1, 1)), MBR_OK);
  drain(l);
  assert_fault(&l->got[1], wire(1, 1), MBR_DROPPED, "");
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static uint8_t big[20000];

typedef struct sync_call {
  uint64_t buffer[64];
  mbr_answer answer;
} sync_call;

static sync_call now;

static mbr_status receive_sync(mbr_peer *peer, const uint8_t *frame, size_t size) {
  memset(&now, 0, sizeof now);
  now.answer = (mbr_answer){.buffer = (uint8_t *)now.buffer, .capacity = sizeof now.buffer};
  return mbr_peer_receive_sync(peer, frame, size, &now.answer);
}

static mbr_status call_sync(loopback *l, uint32_t method, const void *args, size_t size) {
  return send_call_to(l, receive_sync, method, 77, 0, 0, args, size);
}

static void assert_sync(mbr_frame_kind kind, size_t size) {
  mbr_frame frame;
  assert_int_equal(mbr_frame_read(&frame, now.answer.frame, now.answer.size), MBR_OK);
  assert_int_equal(frame.kind, kind);
  assert_int_equal(frame.call, 77);
  assert_int_equal(frame.size, now.answer.size);
  assert_int_equal(frame.size, MBR_FRAME_HEADER_SIZE + size);
}

static void assert_sync_fault(mbr_status code, const char *text) {
  assert_sync(MBR_FRAME_FAULT, 12 + strlen(text));
  assert_int_equal(mbr_get_u32(now.answer.frame + 16), code);
  assert_memory_equal(now.answer.frame + 28, text, strlen(text));
}

static void give_back(loopback *l) {
  if (now.answer.is_block) free_hook(l, (void *)(uintptr_t)now.answer.frame);
}

static void test_a_sync_call_answers_into_the_callers_memory(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 4, 112, 113, 400, 496, 497, 20000};
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    l->handle = echo;
    for (size_t k = 0; k < sizeof big; k++) big[k] = (uint8_t)(k * 7);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
      assert_int_equal(call_sync(l, SYNC, big, sizes[k]), MBR_OK);
      assert_sync(MBR_FRAME_OK, sizes[k]);
      assert_memory_equal(now.answer.frame + 16, big, sizes[k]);
      assert_int_equal(now.answer.is_block, sizes[k] > 112); /* half of the slot's storage is 128 */
      if (!now.answer.is_block) assert_ptr_equal(now.answer.frame, now.answer.buffer);
      give_back(l);
      assert_int_equal(l->blocks, 0);
      assert_int_equal(l->peer.used, 0);
    }
    assert_int_equal(call_sync(l, UNARY, four, 4), MBR_OK); /* any method will do that streams nothing */
    assert_sync(MBR_FRAME_OK, 4);
    drain(l);
    assert_int_equal(l->got_count, 0);
    assert_int_equal(l->wakes, 0);
    assert_int_equal(l->scheduled, 0);
    check_counters(l, SYNC, 8, 8);
    end_loopback(l);
  }
}

static mbr_status err_sync(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  (void)l;
  return answer(call, MBR_FRAME_ERR, four, 4);
}

static mbr_status fault_sync(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  (void)l;
  assert_int_equal(mbr_call_fault(call, MBR_INTERNAL, "on purpose"), MBR_OK);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  return MBR_OK;
}

static mbr_status refuse_sync(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  (void)l;
  (void)call;
  return MBR_BAD_CHAR;
}

static mbr_status garble_sync(loopback *l, mbr_call call, mbr_reader *args) {
  mbr_writer w;
  (void)args;
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, l->started == 1 ? 8 : 500, &w), MBR_OK);
  assert_int_equal(mbr_call_commit(call, &w, MBR_BAD_TIME), MBR_BAD_TIME);
  return MBR_OK;
}

static void test_every_other_end_of_a_sync_call(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = err_sync;
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
  assert_sync(MBR_FRAME_ERR, 4);
  l->handle = fault_sync;
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
  assert_sync_fault(MBR_INTERNAL, "on purpose");
  l->handle = refuse_sync;
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
  assert_sync_fault(MBR_BAD_CHAR, "");
  l->handle = NULL;
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
  assert_sync_fault(MBR_DROPPED, "");
  l->handle = defer; /* has no effect */
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
  assert_sync_fault(MBR_DROPPED, "");
  assert_int_equal(answer(l->calls[4], MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  l->handle = garble_sync;
  for (l->started = 0; l->started < 2;) {
    assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
    assert_sync_fault(MBR_BAD_TIME, "");
  }
  l->handle = echo;
  l->refuse_blocks = true;
  assert_int_equal(call_sync(l, SYNC, big, 300), MBR_OK);
  assert_sync_fault(MBR_NO_MEMORY, "");
  assert_int_equal(l->peer.used, 0);
  assert_int_equal(l->blocks, 0);
  check_counters(l, SYNC, 8, 0);
  end_loopback(l);
}

static void test_sync_calls_that_are_refused(void **state) {
  (void)state;
  loopback *l = new_loopback((shape){2, 256, 4096, false, false});
  uint8_t small[MBR_ANSWER_MIN - 1];
  mbr_answer little = {.buffer = small, .capacity = sizeof small};
  assert_int_equal(mbr_peer_receive_sync(&l->peer, four, 4, &little), MBR_MISUSE);
  assert_int_equal(receive_sync(&l->peer, four, 4), MBR_BAD_FRAME);
  assert_int_equal(call_sync(l, STREAM, NULL, 0), MBR_UNSUPPORTED);
  assert_int_equal(call_sync(l, UPLOAD, NULL, 0), MBR_UNSUPPORTED);
  assert_int_equal(call_sync(l, ONEWAY, NULL, 0), MBR_UNSUPPORTED);
  assert_int_equal(call_sync(l, NOBODY, NULL, 0), MBR_UNIMPLEMENTED);
  for (uint32_t i = 0; i < 2; i++) (void)deferred_call(l, UNARY, wire(i, 1), 0);
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_BUSY);
  for (uint32_t i = 0; i < 2; i++) assert_int_equal(mbr_call_fault(l->calls[i], MBR_INTERNAL, NULL), MBR_OK);
  mbr_peer_close(&l->peer);
  assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_CLOSED);
  end_loopback(l);
}

static mbr_writer late;

static mbr_status begin_only(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(mbr_call_begin(call, MBR_FRAME_OK, l->handle_item == NULL ? 8 : 500, &late), MBR_OK);
  return MBR_OK;
}

static mbr_status no_item(loopback *l, mbr_call call, mbr_reader *item) {
  (void)l;
  (void)call;
  (void)item;
  return MBR_OK;
}

static void test_an_answer_that_comes_after_the_handlers_return_spoils_nothing(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(usual);
    l->handle = begin_only;
    l->handle_item = i == 0 ? NULL : no_item;
    assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
    assert_sync_fault(MBR_DROPPED, "");
    const sync_call before = now;
    assert_int_equal(l->peer.used, 1);
    memset(mbr_writer_take(&late, late.size), 0xEE, late.size);
    assert_int_equal(mbr_call_commit(l->calls[0], &late, MBR_OK), MBR_CLOSED);
    assert_memory_equal(&before, &now, sizeof now);
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->blocks, 0);
    end_loopback(l);
  }
}

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  loopback *l = arg;
  assert_int_equal(reason, MBR_CANCEL_DISCONNECTED);
  l->cancels++;
}

static mbr_status close_within(loopback *l, mbr_call call, mbr_reader *args) {
  (void)args;
  assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  mbr_peer_close(&l->peer);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(l->quiets, 0);
  return MBR_OK;
}

static void test_close_within_a_sync_call(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    l->handle = close_within;
    assert_int_equal(call_sync(l, SYNC, NULL, 0), MBR_OK);
    assert_sync_fault(MBR_DISCONNECTED, "");
    run_all(l);
    assert_int_equal(l->cancels, 1);
    end_loopback(l);
  }
}

static mbr_status call_again(loopback *l, mbr_call call, mbr_reader *args) {
  if (l->started < 4) {
    assert_int_equal(call_sync(l, SYNC, four, 4), MBR_OK);
    assert_sync(MBR_FRAME_OK, 4);
  }
  return echo(l, call, args);
}

static void test_sync_calls_wait_for_nobody(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = call_again;
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, four, 4), MBR_OK);
  run_all(l);
  assert_int_equal(l->started, 4);
  drain(l);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), 4);
  end_loopback(l);
}

static void test_direct_functions_are_found(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  void (*function)(void) = NULL;
  const mbr_target *target = NULL;
  assert_true(mbr_peer_direct(&l->peer, SYNC, &function, &target));
  assert_int_equal(((uint32_t (*)(const mbr_target *, uint32_t))function)(target, 21), 42);
  assert_int_equal(l->started, 1);
  assert_ptr_equal(target->self, l);
  assert_false(mbr_peer_direct(&l->peer, UNARY, &function, &target));
  assert_false(mbr_peer_direct(&l->peer, NOBODY, &function, &target));
  mbr_peer_close(&l->peer);
  assert_false(mbr_peer_direct(&l->peer, SYNC, &function, &target));
  end_loopback(l);
}

static void test_large_bytes_may_change_hands(void **state) {
  (void)state;
  loopback *l = new_loopback((shape){4, 256, 65536, false, false});
  const uint8_t *frames = NULL;
  mbr_call call = deferred_call(l, BLOB, wire(0, 1), 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, big, MBR_BLOCK_SIZE_MIN), MBR_OK);
  assert_int_equal(l->blocks, 0); /* worth copying */
  call = deferred_call(l, UNARY, wire(0, 2), 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, big, MBR_BLOCK_SIZE_MIN + 1), MBR_OK);
  assert_int_equal(l->blocks, 0); /* not `bytes` */
  drain(l);
  call = deferred_call(l, BLOB, wire(0, 3), 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, big, MBR_BLOCK_SIZE_MIN + 1), MBR_OK);
  call = deferred_call(l, BLOB, wire(1, 3), 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, big, MBR_BLOCK_SIZE_MIN + 2), MBR_OK);
  assert_int_equal(l->blocks, 2);
  assert_int_equal(mbr_peer_outgoing(&l->peer, &frames), 64);
  uint8_t *block = (uint8_t *)(uintptr_t)mbr_get_u64(frames + 16);
  assert_int_equal(mbr_get_u32(block), MBR_FRAME_HEADER_SIZE + MBR_BLOCK_SIZE_MIN + 1);
  mbr_put_u64(l->peer.outbox.data + (frames - l->peer.outbox.data) + 16, 0); /* the consumer keeps it */
  mbr_peer_consume(&l->peer, 64);
  assert_int_equal(l->blocks, 1);
  assert_memory_equal(block + 16, big, MBR_BLOCK_SIZE_MIN + 1);
  free_hook(l, block);
  end_loopback(l);
  l = new_loopback((shape){4, 256, 65536, false, true});
  call = deferred_call(l, BLOB, wire(0, 1), 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, big, MBR_BLOCK_SIZE_MIN + 1), MBR_OK); /* there are no blocks */
  drain(l);
  assert_frame(&l->got[0], MBR_FRAME_OK, wire(0, 1), MBR_BLOCK_SIZE_MIN + 1);
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_an_inline_handler_answers_before_receive_returns),
    cmocka_unit_test(test_an_inline_answer_is_given_to_the_caller),
    cmocka_unit_test(test_a_large_inline_answer_goes_through_the_outbox),
    cmocka_unit_test(test_an_inline_answer_that_is_late_goes_through_the_outbox),
    cmocka_unit_test(test_an_inline_call_may_end_by_its_deadline),
    cmocka_unit_test(test_other_methods_are_only_queued),
    cmocka_unit_test(test_calls_within_an_inline_handler_follow_it),
    cmocka_unit_test(test_an_inline_call_may_be_deferred_or_dropped),
    cmocka_unit_test(test_a_sync_call_answers_into_the_callers_memory),
    cmocka_unit_test(test_every_other_end_of_a_sync_call),
    cmocka_unit_test(test_sync_calls_that_are_refused),
    cmocka_unit_test(test_an_answer_that_comes_after_the_handlers_return_spoils_nothing),
    cmocka_unit_test(test_close_within_a_sync_call),
    cmocka_unit_test(test_sync_calls_wait_for_nobody),
    cmocka_unit_test(test_direct_functions_are_found),
    cmocka_unit_test(test_large_bytes_may_change_hands),
  };
  return RUN_BOTH_WAYS(tests);
}
