/* Either side of the line is lost in the middle of calls and streams, and comes back: what was open ends as
 * disconnected, and the other side goes on without a restart of its own. FIRMWARE names the image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "load.h"

enum { RESETS = 12, CUTS = 3, HEADS = 12, COME_BACK_MS = 10000 };

static emulator unit;

static int start(void **state) {
  (void)state;
  emulator_start(&unit, false);
  return 0;
}

static int stop(void **state) {
  (void)state;
  emulator_kill(&unit);
  return 0;
}

static unsigned streams_open(const load *l) {
  return (unsigned)l->recordings[0].open + l->recordings[1].open + l->watching.open;
}

static void run_until_all_flows(load *l) {
  const unsigned steps = l->steps, states = l->states, answered = l->answered;
  const uint64_t begin = head_millis();
  while (l->steps < steps + 10 || l->states < states + 2 || l->answered < answered + 10) {
    assert_true(head_millis() - begin < COME_BACK_MS);
    load_turn(l, 20);
  }
  assert_int_equal(streams_open(l), 3);
}

/* The connection has ended `downs` times, and each time every stream with it. Returns how long it took until
 * all was open again. */
static uint64_t come_back(load *l, unsigned downs) {
  const uint64_t begin = head_millis();
  while (l->head->downs < downs || !head_can_call(l->head)) {
    assert_true(head_millis() - begin < COME_BACK_MS);
    load_turn(l, 20);
  }
  const uint64_t took = head_millis() - begin;
  run_until_all_flows(l);
  return took;
}

/* Until a report comes that was asked for now. */
static cabin_climate_health fresh_health(load *l) {
  const unsigned reports = l->reports;
  while (l->reports < reports + 2) load_turn(l, 20);
  return l->health;
}

static void test_the_unit_is_reset_at_any_moment(void **state) {
  head h;
  load l;
  uint64_t slowest = 0;
  (void)state;
  head_open(&h, &unit, 1);
  load_begin(&l, &h);
  run_until_all_flows(&l);
  for (unsigned i = 1; i <= RESETS; i++) {
    load_run(&l, i * 7u);
    emulator_reset(&unit);
    const uint64_t took = come_back(&l, i);
    if (took > slowest) slowest = took;
    assert_int_equal(h.downs, i);
    assert_int_equal(h.why, MBR_DISCONNECTED);
    assert_true(l.disconnected >= 3 * i);
    assert_int_equal(fresh_health(&l).starts, i + 1);
  }
  printf("  %u resets, %u calls and streams disconnected, back within %u ms\n", RESETS, l.disconnected,
         (unsigned)slowest);
  head_close(&h);
}

static void test_power_is_cut_in_the_middle_of_calls_and_streams(void **state) {
  head h;
  load l;
  (void)state;
  head_open(&h, &unit, 2);
  load_begin(&l, &h);
  run_until_all_flows(&l);
  for (unsigned i = 1; i <= CUTS; i++) {
    load_run(&l, i * 37u);
    emulator_kill(&unit);
    /* The last time for so long that the head unit finds out by itself. */
    if (i == CUTS) {
      load_run(&l, LOST_MS + SLACK_MS);
      assert_int_equal(h.downs, i);
      assert_int_equal(h.why, MBR_DEADLINE);
      assert_int_equal(streams_open(&l), 0);
    }
    emulator_start(&unit, false);
    const uint64_t took = come_back(&l, i);
    assert_int_equal(h.downs, i);
    assert_true(l.disconnected >= 3 * i);
    assert_int_equal(fresh_health(&l).starts, 1);
    printf("  power cut %u: back %u ms after it came\n", i, (unsigned)took);
  }
  head_close(&h);
}

/* The unit ends what was open for the head unit that has gone, else it would soon have no room. */
static void test_head_units_come_and_go(void **state) {
  (void)state;
  for (unsigned i = 0; i < HEADS; i++) {
    head h;
    load l;
    head_open(&h, &unit, i);
    load_begin(&l, &h);
    run_until_all_flows(&l);
    load_run(&l, i * 5u);
    head_close(&h);
  }
}

/* A board that stands still is a line that says nothing: calls end at their deadline, streams go on where
 * they were. */
static void test_a_halt_shorter_than_lost_ms_costs_time_alone(void **state) {
  head h;
  load l;
  (void)state;
  head_open(&h, &unit, 3);
  load_begin(&l, &h);
  run_until_all_flows(&l);
  emulator_halt(&unit);
  load_run(&l, CALL_MS + 200);
  assert_true(l.deadlines >= LOAD_CALLS);
  emulator_go_on(&unit);
  run_until_all_flows(&l);
  load_settle(&l);
  assert_int_equal(h.downs, 0);
  assert_int_equal(l.disconnected, 0);
  head_close(&h);
}

static void test_a_reset_in_noise(void **state) {
  head h;
  load l;
  (void)state;
  head_open(&h, &unit, 4);
  load_begin(&l, &h);
  run_until_all_flows(&l);
  h.noise = (noise){.flip = 600, .drop = 600, .twice = 600, .insert = 600, .burst = 40};
  for (unsigned i = 1; i <= 3; i++) {
    load_run(&l, 100);
    emulator_reset(&unit);
    (void)come_back(&l, i);
  }
  assert_true(l.disconnected >= 9);
  head_close(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_the_unit_is_reset_at_any_moment, start, stop),
    cmocka_unit_test_setup_teardown(test_power_is_cut_in_the_middle_of_calls_and_streams, start, stop),
    cmocka_unit_test_setup_teardown(test_head_units_come_and_go, start, stop),
    cmocka_unit_test_setup_teardown(test_a_halt_shorter_than_lost_ms_costs_time_alone, start, stop),
    cmocka_unit_test_setup_teardown(test_a_reset_in_noise, start, stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
