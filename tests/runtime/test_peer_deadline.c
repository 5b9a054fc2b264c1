/* Deadlines of calls that are served: who is told of what when time is over, and how often anyone has to
 * look. */
#include "loopback.h"

static void on_cancel(void *arg, mbr_cancel_reason reason) {
  loopback *l = arg;
  assert_false(l->locked);
  l->cancels++;
  l->cancel_reason = reason;
}

static mbr_call deferred_within(loopback *l, uint32_t method, uint32_t id, uint32_t timeout_ms) {
  l->handle = defer;
  assert_int_equal(send_call_within(l, method, id, timeout_ms), MBR_OK);
  run_all(l);
  return l->calls[(l->started - 1) % 64];
}

static void test_a_call_whose_time_is_over_faults_and_is_cancelled(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    loopback *l = new_loopback(i == 0 ? usual : direct);
    mbr_call call = deferred_within(l, STREAM, wire(0, 1), 50);
    assert_int_equal(l->alarms, 1);
    assert_int_equal(l->alarm, 1050);
    assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
    assert_int_equal(answer(call, MBR_FRAME_ITEM, "1", 1), MBR_OK);
    l->time = 1049;
    assert_int_equal(mbr_peer_poll(&l->peer), 1050);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_NONE);
    l->time = 1050;
    drain(l);
    unsigned wakes = l->wakes;
    assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
    assert_int_equal(l->wakes, wakes + 1);
    assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DEADLINE);
    run_all(l);
    assert_int_equal(l->cancels, 1);
    assert_int_equal(l->cancel_reason, MBR_CANCEL_DEADLINE);
    assert_int_equal(send_cancel(l, wire(0, 1)), MBR_OK); /* the caller's own clock: too late */
    assert_int_equal(answer(call, MBR_FRAME_ITEM, "2", 1), MBR_CLOSED);
    assert_int_equal(answer(call, MBR_FRAME_END, NULL, 0), MBR_CLOSED);
    drain(l);
    assert_int_equal(l->got_count, 2);
    assert_fault(&l->got[1], wire(0, 1), MBR_DEADLINE, "");
    assert_int_equal(l->peer.used, 0);
    assert_int_equal(l->peer.outbox.promised, 0);
    check_counters(l, STREAM, 1, 0);
    assert_int_equal(l->counters[1].cancelled, 1);
    end_loopback(l);
  }
}

static void test_an_answer_in_time_is_not_disturbed(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_writer w;
  mbr_call answered = deferred_within(l, UNARY, wire(0, 1), 10);
  mbr_call answering = deferred_within(l, UNARY, wire(1, 1), 10);
  assert_int_equal(answer(answered, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(mbr_call_begin(answering, MBR_FRAME_OK, 4, &w), MBR_OK); /* this decides */
  l->time += 1000;
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  assert_int_equal(send_call(l, UNARY, wire(1, 2), 0, NULL, 0), MBR_BAD_FRAME); /* the index is in use */
  assert_int_equal(mbr_write_u32(&w, 7), MBR_OK);
  assert_int_equal(mbr_call_commit(answering, &w, MBR_OK), MBR_OK);
  drain(l);
  assert_int_equal(l->got_count, 2);
  assert_frame(&l->got[1], MBR_FRAME_OK, wire(1, 1), 4);
  check_counters(l, UNARY, 2, 2);
  end_loopback(l);
}

static void test_a_call_may_expire_before_its_turn(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  l->handle = defer;
  for (uint32_t i = 0; i < 4; i++) assert_int_equal(send_call_within(l, UNARY, wire(i, 1), 10 + i), MBR_OK);
  assert_int_equal(l->counters[0].queued, 3);
  l->time += 12;
  assert_int_equal(mbr_peer_poll(&l->peer), 1013); /* scheduled, waiting, waiting: three are over */
  assert_int_equal(l->counters[0].queued, 1);
  run_all(l);
  assert_int_equal(l->started, 1);
  drain(l);
  assert_int_equal(l->got_count, 3);
  for (uint32_t i = 0; i < 3; i++) assert_fault(&l->got[i], wire(i, 1), MBR_DEADLINE, "");
  assert_int_equal(answer(l->calls[0], MBR_FRAME_OK, NULL, 0), MBR_OK);
  check_counters(l, UNARY, 4, 1);
  end_loopback(l);
}

static void test_only_an_earlier_deadline_sets_off_an_alarm(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  (void)deferred_within(l, CONCURRENT, wire(0, 1), 100);
  (void)deferred_within(l, CONCURRENT, wire(1, 1), 200);
  (void)deferred_within(l, CONCURRENT, wire(2, 1), 0);
  assert_int_equal(l->alarms, 1);
  (void)deferred_within(l, CONCURRENT, wire(3, 1), 50);
  assert_int_equal(l->alarms, 2);
  assert_int_equal(l->alarm, 1050);
  for (size_t i = 0; i < 4; i++) {
    if (i != 1) assert_int_equal(answer(l->calls[i], MBR_FRAME_OK, NULL, 0), MBR_OK);
  }
  l->time = 1050;
  assert_int_equal(mbr_peer_poll(&l->peer), 1200); /* what it asked for before is of no more use */
  (void)deferred_within(l, CONCURRENT, wire(0, 2), 149);
  assert_int_equal(l->alarms, 3);
  assert_int_equal(l->alarm, 1199);
  assert_int_equal(mbr_call_fault(l->calls[1], MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(mbr_call_fault(l->calls[4], MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  end_loopback(l);
}

static void test_many_expire_at_once(void **state) {
  (void)state;
  loopback *l = new_loopback((shape){20, 256, 16384, false, false});
  for (uint32_t i = 0; i < 20; i++) {
    mbr_call call = deferred_within(l, CONCURRENT, wire(i, 1), 5 + i % 3);
    assert_int_equal(mbr_call_on_cancel(call, on_cancel, l), MBR_OK);
  }
  l->time += 7;
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  run_all(l);
  drain(l);
  assert_int_equal(l->cancels, 20);
  assert_int_equal(l->got_count, 20);
  for (size_t i = 0; i < 20; i++) assert_int_equal(answer(l->calls[i], MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(l->peer.used, 0);
  end_loopback(l);
}

static void test_a_oneway_that_is_too_late_tells_nobody(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  assert_int_equal(send_call(l, UNARY, wire(0, 1), 0, NULL, 0), MBR_OK); /* holds the strand */
  assert_int_equal(send_call_within(l, ONEWAY, 0, 5), MBR_OK);
  l->time += 5;
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  run_all(l);
  assert_int_equal(l->started, 1);
  drain(l);
  assert_int_equal(l->got_count, 1);
  check_counters(l, ONEWAY, 1, 0);
  end_loopback(l);
}

static void test_without_a_clock_deadlines_are_the_callers_own(void **state) {
  (void)state;
  loopback *l = calloc(1, sizeof *l);
  assert_non_null(l);
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
  assert_int_equal(mbr_peer_open(&l->peer, &memory, &none, l), MBR_OK);
  assert_int_equal(mbr_peer_serve(&l->peer, &service, NULL, l), MBR_OK);
  mbr_call call = deferred_within(l, UNARY, wire(0, 1), 1);
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  assert_int_equal(send_control(l, MBR_FRAME_CANCEL, wire(0, 1), MBR_CANCEL_DEADLINE), MBR_OK);
  assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DEADLINE);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  mbr_peer_close(&l->peer);
  free(l);
}

static void test_a_peer_that_is_closed_has_nothing_due(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = deferred_within(l, UNARY, wire(0, 1), 5);
  mbr_peer_close(&l->peer);
  l->time += 5;
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  assert_int_equal(mbr_call_cancelled(call), MBR_CANCEL_DISCONNECTED);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_CLOSED);
  assert_int_equal(mbr_peer_poll(&l->peer), UINT64_MAX);
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_call_whose_time_is_over_faults_and_is_cancelled),
    cmocka_unit_test(test_an_answer_in_time_is_not_disturbed),
    cmocka_unit_test(test_a_call_may_expire_before_its_turn),
    cmocka_unit_test(test_only_an_earlier_deadline_sets_off_an_alarm),
    cmocka_unit_test(test_many_expire_at_once),
    cmocka_unit_test(test_a_oneway_that_is_too_late_tells_nobody),
    cmocka_unit_test(test_without_a_clock_deadlines_are_the_callers_own),
    cmocka_unit_test(test_a_peer_that_is_closed_has_nothing_due),
  };
  return RUN_BOTH_WAYS(tests);
}
