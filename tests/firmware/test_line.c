/* The image at the end of a line as a head unit keeps it up, with calls that block. FIRMWARE names the
 * image. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#include "cabin_climate_client.h"
#include "emulator.h"
#include "mbr/line.h"

enum { RESETS = 5, CALLS = 20, PATIENCE_MS = 10000, TURN_MS = 10 };

static emulator unit;
static cabin_climate_climate_client client;
static atomic_uint ups, downs;
static atomic_uint steps, recordings_ended;

static int open_line(void *arg) { return emulator_line(arg); }

static mbr_status connect_client(void *arg, mbr_peer *peer) {
  (void)arg;
  return cabin_climate_climate_client_open(&client, peer);
}

static void changed(void *arg, mbr_line_state state) {
  (void)arg;
  atomic_fetch_add(state == MBR_LINE_UP ? &ups : &downs, 1);
}

static mbr_status set_target(float celsius, cabin_climate_climate_set_target_answer *answer) {
  uint64_t memory[8];
  mbr_arena arena;
  mbr_arena_init(&arena, memory, sizeof memory);
  return cabin_climate_climate_set_target_wait(&client, 0, celsius, NULL, &arena, answer);
}

/* What the other side serves is known a moment after the line is up. */
static void await_answer(float celsius, cabin_climate_climate_set_target_answer *answer) {
  for (int ms = 0; ms < PATIENCE_MS; ms += TURN_MS) {
    if (set_target(celsius, answer) == MBR_OK && answer->outcome == MBR_OUTCOME_OK) return;
    (void)poll(NULL, 0, TURN_MS);
  }
  fail_msg("no answer came");
}

static void await_count(atomic_uint *count, unsigned wanted) {
  for (int ms = 0; ms < PATIENCE_MS && atomic_load(count) < wanted; ms += TURN_MS)
    (void)poll(NULL, 0, TURN_MS);
  assert_true(atomic_load(count) >= wanted);
}

static void told_step(void *arg, const cabin_climate_control_step *item) {
  (void)arg, (void)item;
  atomic_fetch_add(&steps, 1);
}

static void told_recorded(void *arg, const cabin_climate_climate_record_answer *answer) {
  (void)arg;
  assert_int_equal(answer->fault, MBR_DISCONNECTED);
  atomic_fetch_add(&recordings_ended, 1);
}

static void check_answers(void) {
  cabin_climate_climate_set_target_answer answer;
  for (unsigned i = 0; i < CALLS; i++) {
    const float celsius = 20.0f + (float)i * 0.25f;
    assert_int_equal(set_target(celsius, &answer), MBR_OK);
    assert_int_equal(answer.outcome, MBR_OUTCOME_OK);
    assert_true(answer.value == (i == 0 ? 19.0f : celsius - 0.25f));
  }
  assert_int_equal(set_target(90.0f, &answer), MBR_BAD_RANGE);
  assert_int_equal(set_target(40.0f, &answer), MBR_OK);
  assert_int_equal(answer.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(answer.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_OUT_OF_RANGE);
}

static void test_a_line_goes_on_after_resets_of_the_unit(void **state) {
  const cabin_climate_climate_record_receiver receiver = {told_step, told_recorded, NULL};
  cabin_climate_climate_set_target_answer answer;
  (void)state;
  emulator_start(&unit, false);
  mbr_line *line = mbr_line_open(&(mbr_line_options){
    .arg = &unit, .open = open_line, .connect = connect_client, .changed = changed,
    .retry_ms = CABIN_CLIMATE_RETRY_MS, .lost_ms = CABIN_CLIMATE_LOST_MS, .reopen_ms = 20,
  });
  assert_non_null(line);
  for (unsigned i = 0; i <= RESETS; i++) {
    await_answer(19.0f, &answer);
    check_answers();
    assert_int_equal(atomic_load(&ups), i + 1);
    const unsigned before = atomic_load(&steps);
    assert_int_equal(cabin_climate_climate_record_send(&client, 1, receiver, NULL, NULL), MBR_OK);
    await_count(&steps, before + 10);
    if (i == RESETS) break;
    emulator_reset(&unit);
    await_count(&recordings_ended, i + 1);
    await_count(&downs, i + 1);
  }
  const mbr_link_counters counters = mbr_line_counters(line);
  assert_true(counters.received > 6 * CALLS && counters.damaged <= RESETS);
  assert_true(mbr_line_close(line));
  assert_int_equal(atomic_load(&recordings_ended), RESETS + 1);
  emulator_kill(&unit);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_line_goes_on_after_resets_of_the_unit)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
