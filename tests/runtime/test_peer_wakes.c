/* The consumer is woken for what it has not seen, whoever was to wake it and whatever became of that. */
#include "loopback.h"

#define SLOTS 8u

static mbr_status call_here(loopback *l, uint32_t id) {
  return send_call_to(l, receive_here, INLINE, id, 0, 0, NULL, 0);
}

/* A caller that is refused does not look for frames, so the one that comes next rings. */
static void test_a_refused_inline_call_leaves_the_bell_as_it_was(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call kept = deferred_call(l, UNARY, wire(0, 1), 0);
  mbr_call gone[SLOTS - 1]; /* their indexes are free, their slots are not */
  for (uint32_t i = 1; i < SLOTS; i++) {
    gone[i - 1] = deferred_call(l, UNARY, wire(i, 1), 0);
    assert_int_equal(send_cancel(l, wire(i, 1)), MBR_OK);
  }
  drain(l);
  unsigned wakes = l->wakes;
  assert_int_equal(call_here(l, wire(1, 2)), MBR_BUSY);
  assert_int_equal(answer(kept, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, wakes + 1);
  for (size_t i = 0; i < SLOTS - 1; i++) {
    assert_int_equal(mbr_call_fault(gone[i], MBR_INTERNAL, NULL), MBR_CLOSED);
  }
  drain(l);
  end_loopback(l);
}

/* The stream parameter's credit is written at once, and its wake left to a task. */
static mbr_call call_whose_wake_waits(loopback *l) {
  mbr_call call = deferred_call(l, UNARY, wire(0, 1), 0);
  drain(l);
  l->handle = defer;
  assert_int_equal(send_call(l, UPLOAD, wire(1, 1), 0, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, 0);
  return call;
}

/* Every thread of the executor may wait for the consumer itself, so that no task runs before it is woken. */
static void test_a_wake_left_to_a_busy_executor_does_not_silence_other_threads(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = call_whose_wake_waits(l);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, 1);
  run_all(l);
  assert_int_equal(l->wakes, 1); /* the task finds it done */
  drain(l);
  assert_int_equal(l->got_count, 2);
  assert_credit(&l->got[0], wire(1, 1), UPLOAD_WINDOW);
  assert_frame(&l->got[1], MBR_FRAME_OK, wire(0, 1), 0);
  assert_int_equal(mbr_call_fault(l->calls[1], MBR_INTERNAL, NULL), MBR_OK);
  assert_int_equal(l->wakes, 2);
  end_loopback(l);
}

/* The task was overtaken, the consumer has looked, and there is something new: that task wakes it again. */
static void test_a_task_that_was_overtaken_wakes_for_what_came_since(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = call_whose_wake_waits(l);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, 1);
  drain(l);
  size_t scheduled = l->scheduled;
  assert_int_equal(send_call(l, BOTH, wire(2, 1), 0, NULL, 0), MBR_OK); /* credit again */
  assert_int_equal(l->wakes, 1);
  assert_int_equal(l->scheduled, scheduled); /* its handler waits for the other's; the task is on its way */
  run_all(l);
  assert_int_equal(l->wakes, 2);
  drain(l);
  assert_int_equal(l->got_count, 3);
  for (size_t i = 1; i < 3; i++) {
    assert_int_equal(mbr_call_fault(l->calls[i], MBR_INTERNAL, NULL), MBR_OK);
  }
  end_loopback(l);
}

/* An inline call that is accepted brings a caller who looks, so the task need not wake anybody. */
static void test_an_inline_callers_look_takes_the_place_of_a_wake(void **state) {
  (void)state;
  loopback *l = new_loopback(usual);
  mbr_call call = call_whose_wake_waits(l);
  assert_int_equal(call_here(l, wire(2, 1)), MBR_OK);
  drain(l);
  assert_credit(&l->got[0], wire(1, 1), UPLOAD_WINDOW);
  run_all(l);
  assert_int_equal(l->wakes, 0);
  assert_int_equal(answer(call, MBR_FRAME_OK, NULL, 0), MBR_OK);
  assert_int_equal(l->wakes, 1);
  for (size_t i = 1; i < 3; i++) {
    assert_int_equal(mbr_call_fault(l->calls[i], MBR_INTERNAL, NULL), MBR_OK);
  }
  end_loopback(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_refused_inline_call_leaves_the_bell_as_it_was),
    cmocka_unit_test(test_a_wake_left_to_a_busy_executor_does_not_silence_other_threads),
    cmocka_unit_test(test_a_task_that_was_overtaken_wakes_for_what_came_since),
    cmocka_unit_test(test_an_inline_callers_look_takes_the_place_of_a_wake),
  };
  return RUN_BOTH_WAYS(tests);
}
