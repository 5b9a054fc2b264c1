/* What the image does of its contract, on a quiet line, and what it costs. FIRMWARE names the image. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "head.h"

enum {
  WAIT_MS = 10000, /* for what comes at once where nothing else runs */
  RECORDINGS = 4,  /* as many as the unit takes */
  WATCHERS = 4,
  MEMORY_MS = 128 * CABIN_CLIMATE_STEP_MS, /* as long as it remembers steps */
  TURN_MOST_US = 10000,
  INTERRUPT_MOST_US = 6,
  FLOOD = 16384
};

static const mbr_request_options patient = {.timeout_ms = WAIT_MS};

static emulator unit;
static head h;

static int begin(bool counted) {
  emulator_start(&unit, counted);
  head_open(&h, &unit, 1);
  head_await(&h, WAIT_MS);
  return 0;
}

static int start(void **state) {
  (void)state;
  return begin(false);
}

static int start_counted(void **state) {
  (void)state;
  return begin(true);
}

static int stop(void **state) {
  (void)state;
  head_close(&h);
  emulator_kill(&unit);
  return 0;
}

/* Any call: how it ended, and what came before. Static where the call is still open when its test ends. */
typedef struct heard {
  unsigned dones;
  mbr_outcome outcome;
  mbr_status fault;
  cabin_climate_climate_error error;
  float celsius;
  uint16_t count;
  cabin_climate_health health;
  unsigned items;
  cabin_climate_control_step first, last;
  cabin_climate_zone_state zones[CABIN_CLIMATE_ZONE_COUNT];
} heard;

static void await_end(const heard *to) {
  const uint64_t end = head_millis() + WAIT_MS + SLACK_MS;
  while (to->dones == 0 && head_millis() < end) head_turn(&h, 20);
  assert_int_equal(to->dones, 1);
}

static void told_target(void *arg, const cabin_climate_climate_set_target_answer *answer) {
  heard *to = arg;
  to->dones++;
  to->outcome = answer->outcome;
  to->fault = answer->fault;
  to->error = answer->error;
  to->celsius = answer->value;
}

static heard set_target(uint8_t zone, float celsius) {
  heard to = {0};
  const cabin_climate_climate_set_target_receiver receiver = {told_target, &to};
  assert_int_equal(cabin_climate_climate_set_target_send(&h.client, zone, celsius, receiver, &patient, NULL),
                   MBR_OK);
  await_end(&to);
  return to;
}

static void told_health(void *arg, const cabin_climate_climate_health_answer *answer) {
  heard *to = arg;
  to->dones++;
  to->outcome = answer->outcome;
  to->fault = answer->fault;
  to->health = answer->value;
}

static cabin_climate_health ask_health(void) {
  heard to = {0};
  const cabin_climate_climate_health_receiver receiver = {told_health, &to};
  assert_int_equal(cabin_climate_climate_health_send(&h.client, receiver, &patient, NULL), MBR_OK);
  await_end(&to);
  assert_int_equal(to.outcome, MBR_OUTCOME_OK);
  return to.health;
}

static void told_step(void *arg, const cabin_climate_control_step *item) {
  heard *to = arg;
  if (to->items++ == 0) to->first = *item;
  else assert_int_equal(item->number, to->last.number + 1u);
  to->last = *item;
}

static void told_recorded(void *arg, const cabin_climate_climate_record_answer *answer) {
  heard *to = arg;
  to->dones++;
  to->outcome = answer->outcome;
  to->fault = answer->fault;
  to->error = answer->error;
}

static mbr_request record(uint8_t zone, heard *to) {
  const cabin_climate_climate_record_receiver receiver = {told_step, told_recorded, to};
  cabin_climate_climate_record_request request;
  assert_int_equal(cabin_climate_climate_record_send(&h.client, zone, receiver, NULL, &request), MBR_OK);
  return request.base;
}

static void told_zones(void *arg, const cabin_climate_zone_state item[CABIN_CLIMATE_ZONE_COUNT]) {
  heard *to = arg;
  to->items++;
  memcpy(to->zones, item, sizeof to->zones);
}

static void told_watched(void *arg, const cabin_climate_climate_watch_answer *answer) {
  heard *to = arg;
  to->dones++;
  to->outcome = answer->outcome;
  to->fault = answer->fault;
}

static mbr_request watch(heard *to) {
  const cabin_climate_climate_watch_receiver receiver = {told_zones, told_watched, to};
  cabin_climate_climate_watch_request request;
  assert_int_equal(cabin_climate_climate_watch_send(&h.client, receiver, NULL, &request), MBR_OK);
  return request.base;
}

static void test_targets_and_what_is_refused(void **state) {
  (void)state;
  heard to = set_target(1, 21.5f);
  assert_int_equal(to.outcome, MBR_OUTCOME_OK);
  assert_true(to.celsius == 18.0f);
  to = set_target(1, 22.5f);
  assert_true(to.celsius == 21.5f);
  to = set_target(0, 35.0f);
  assert_int_equal(to.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(to.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_OUT_OF_RANGE);
  assert_true(to.error.as.out_of_range.max == CABIN_CLIMATE_TARGET_MAX);
  to = set_target(CABIN_CLIMATE_ZONE_COUNT, 20.0f);
  assert_int_equal(to.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_NO_SUCH_ZONE);
  assert_int_equal(to.error.as.no_such_zone.zones, CABIN_CLIMATE_ZONE_COUNT);
}

static bool is_near(const heard *to, float first, float second) {
  return fabsf(to->zones[0].celsius - first) < 0.6f && fabsf(to->zones[1].celsius - second) < 0.6f;
}

/* Should it not, the test is ended by its time. */
static void test_a_zone_reaches_its_target_and_keeps_it(void **state) {
  static heard to;
  (void)state;
  (void)set_target(0, 24.0f);
  (void)set_target(1, 20.0f);
  (void)watch(&to);
  while (to.items < 25 || !is_near(&to, 24.0f, 20.0f)) head_turn(&h, 20);
  for (unsigned items = to.items; to.items < items + 10; head_turn(&h, 20))
    assert_true(is_near(&to, 24.0f, 20.0f));
}

static void told_loaded(void *arg, const cabin_climate_climate_load_schedule_answer *answer) {
  heard *to = arg;
  to->dones++;
  to->outcome = answer->outcome;
  to->fault = answer->fault;
  to->error = answer->error;
  to->count = answer->value;
}

static cabin_climate_climate_load_schedule_request begin_schedule(uint8_t zone, heard *to) {
  const cabin_climate_climate_load_schedule_receiver receiver = {.done = told_loaded, .arg = to};
  cabin_climate_climate_load_schedule_request request;
  assert_int_equal(cabin_climate_climate_load_schedule_send(&h.client, zone, receiver, NULL, &request),
                   MBR_OK);
  return request;
}

/* As many of the points as are taken before the call ends. */
static heard load_schedule(uint8_t zone, const cabin_climate_point *points, unsigned count) {
  heard to = {0};
  const cabin_climate_climate_load_schedule_request request = begin_schedule(zone, &to);
  for (unsigned i = 0; i < count && to.dones == 0; i++) {
    mbr_status status;
    while ((status = cabin_climate_climate_load_schedule_push(request, &points[i])) == MBR_WOULD_BLOCK)
      head_turn(&h, 20);
    assert_true(status == MBR_OK || status == MBR_CLOSED);
  }
  (void)cabin_climate_climate_load_schedule_push_end(request);
  await_end(&to);
  return to;
}

static void test_a_schedule_is_loaded_whole_or_not_at_all(void **state) {
  static const cabin_climate_point good[] = {{0, 17.0f}, {400, 23.0f}, {800, 26.0f}};
  static const cabin_climate_point falling[] = {{400, 23.0f}, {300, 24.0f}};
  static const cabin_climate_point hot[] = {{0, 23.0f}, {300, 60.0f}};
  static const cabin_climate_point many[CABIN_CLIMATE_SCHEDULE_MAX + 1] = {
    {0, 18.0f}, {0, 18.0f}, {0, 18.0f}, {0, 18.0f}, {0, 18.0f},
    {0, 18.0f}, {0, 18.0f}, {0, 18.0f}, {0, 18.0f},
  };
  static heard watched;
  heard to;
  (void)state;
  (void)watch(&watched);
  to = load_schedule(1, good, 3);
  assert_int_equal(to.outcome, MBR_OUTCOME_OK);
  assert_int_equal(to.count, 3);
  to = load_schedule(1, falling, 2);
  assert_int_equal(to.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_BAD_SCHEDULE);
  assert_int_equal(to.error.as.bad_schedule.index, 1);
  to = load_schedule(1, hot, 2);
  assert_int_equal(to.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_OUT_OF_RANGE);
  to = load_schedule(1, many, CABIN_CLIMATE_SCHEDULE_MAX + 1);
  assert_int_equal(to.error.as.bad_schedule.index, CABIN_CLIMATE_SCHEDULE_MAX);
  while (watched.zones[1].target != 26.0f) head_turn(&h, 20);
  assert_true(watched.zones[0].target == 18.0f);
}

static void test_one_schedule_is_loaded_at_a_time(void **state) {
  static const cabin_climate_point point = {0, 20.0f};
  static heard first, second;
  (void)state;
  const cabin_climate_climate_load_schedule_request request = begin_schedule(0, &first);
  (void)begin_schedule(1, &second);
  await_end(&second);
  assert_int_equal(second.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_BUSY);
  assert_int_equal(first.dones, 0);
  assert_int_equal(mbr_request_cancel(request.base), MBR_OK);
  head_run(&h, 100);
  assert_int_equal(first.fault, MBR_CANCELLED);
  assert_int_equal(load_schedule(1, &point, 1).count, 1);
}

static void test_a_recorder_that_is_too_slow_is_told(void **state) {
  static heard slow, quick;
  (void)state;
  const mbr_request request = record(0, &slow);
  (void)record(0, &quick);
  head_run(&h, 200);
  assert_int_equal(mbr_request_pause(request), MBR_OK);
  head_run(&h, MEMORY_MS - 1000);
  assert_int_equal(mbr_request_resume(request), MBR_OK);
  head_run(&h, 500);
  assert_int_equal(slow.dones, 0);
  assert_true(slow.last.number + 5u >= quick.last.number);
  assert_int_equal(mbr_request_pause(request), MBR_OK);
  await_end(&slow);
  assert_int_equal(slow.error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_TOO_SLOW);
  assert_int_equal(quick.dones, 0);
}

/* One more than there is room for, of each kind. All hear of it, and what is open goes on. */
static void test_more_calls_than_there_is_room_for(void **state) {
  static heard recorded[RECORDINGS + 1], watched[WATCHERS + 1];
  mbr_request requests[RECORDINGS + 1];
  (void)state;
  for (unsigned i = 0; i <= RECORDINGS; i++) requests[i] = record((uint8_t)(i % 2u), &recorded[i]);
  await_end(&recorded[RECORDINGS]);
  assert_int_equal(recorded[RECORDINGS].error.tag, CABIN_CLIMATE_CLIMATE_ERROR_TAG_BUSY);
  for (unsigned i = 0; i <= WATCHERS; i++) (void)watch(&watched[i]);
  await_end(&watched[WATCHERS]);
  assert_int_equal(watched[WATCHERS].fault, MBR_BUSY);
  assert_int_equal(set_target(0, 20.0f).fault, MBR_BUSY);
  assert_int_equal(mbr_request_cancel(requests[0]), MBR_OK);
  assert_int_equal(set_target(0, 20.0f).outcome, MBR_OUTCOME_OK);
  while (recorded[1].items < 50 || watched[WATCHERS - 1].items < 5) head_turn(&h, 20);
  for (unsigned i = 1; i < RECORDINGS; i++) assert_true(recorded[i].dones == 0 && recorded[i].items > 40);
  for (unsigned i = 0; i < WATCHERS; i++) assert_true(watched[i].dones == 0 && watched[i].items > 3);
}

static void test_identify_is_taken_and_answers_nothing(void **state) {
  (void)state;
  const uint32_t before = ask_health().frames_sent;
  assert_int_equal(cabin_climate_climate_identify_send(&h.client, 100, NULL), MBR_OK);
  head_run(&h, 300);
  assert_int_equal(ask_health().frames_sent, before + 1);
}

static int compare(const void *a, const void *b) {
  const unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  return (x > y) - (x < y);
}

/* In an emulator that counts instructions: the times are those of a core somewhat faster than this one. */
static void test_what_it_costs(void **state) {
  enum { CALLS = 200 };
  static heard recorded[2], watched;
  unsigned took[CALLS];
  (void)state;
  (void)record(0, &recorded[0]);
  (void)record(1, &recorded[1]);
  (void)watch(&watched);
  head_run(&h, 500);
  (void)ask_health();
  for (unsigned i = 0; i < CALLS; i++) {
    const uint64_t begun = head_micros();
    assert_int_equal(set_target(0, 20.0f).outcome, MBR_OUTCOME_OK);
    took[i] = (unsigned)(head_micros() - begun);
    head_run(&h, 3);
  }
  qsort(took, CALLS, sizeof *took, compare);
  const cabin_climate_health health = ask_health();
  printf("  round trip %u us, of ten one takes more than %u us\n", took[CALLS / 2], took[CALLS * 9 / 10]);
  printf("  a turn of the main loop at most %u us, an interrupt of the line at most %u us\n",
         health.turn_max_us, health.interrupt_max_us);
  printf("  stack: %u of %u bytes used\n", health.stack_used, health.stack_size);
  assert_true(health.interrupt_max_us <= INTERRUPT_MOST_US);
  assert_true(health.turn_max_us <= TURN_MOST_US);
  assert_true(health.stack_used <= health.stack_size * 3 / 4);
  assert_int_equal(health.bytes_overrun, 0);
}

/* As fast as the emulator takes it, and none of it a packet. */
static void flood(void) {
  uint64_t random = noise_seed(1);
  uint8_t bytes[FLOOD];
  for (unsigned i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)noise_random(&random);
  assert_int_equal(send(h.fd, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
}

static void test_garbage_is_thrown_away_in_bounded_time(void **state) {
  static heard recorded;
  (void)state;
  (void)record(0, &recorded);
  head_run(&h, 200);
  (void)ask_health();
  flood();
  head_run(&h, 1000);
  const cabin_climate_health health = ask_health();
  printf("  %u damaged packets and %u bytes thrown away, a turn of the main loop at most %u us, stack %u\n",
         health.packets_damaged, health.bytes_overrun, health.turn_max_us, health.stack_used);
  assert_true(health.packets_damaged > 20);
  assert_true(health.interrupt_max_us <= INTERRUPT_MOST_US);
  assert_true(health.turn_max_us <= TURN_MOST_US);
  assert_int_equal(recorded.dones, 0);
  assert_int_equal(h.downs, 0);
  assert_int_equal(set_target(0, 20.0f).outcome, MBR_OUTCOME_OK);
}

#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void) {
  const struct CMUnitTest tests[] = {
    UNIT_TEST(test_targets_and_what_is_refused),
    UNIT_TEST(test_a_zone_reaches_its_target_and_keeps_it),
    UNIT_TEST(test_a_schedule_is_loaded_whole_or_not_at_all),
    UNIT_TEST(test_one_schedule_is_loaded_at_a_time),
    UNIT_TEST(test_a_recorder_that_is_too_slow_is_told),
    UNIT_TEST(test_more_calls_than_there_is_room_for),
    UNIT_TEST(test_identify_is_taken_and_answers_nothing),
    cmocka_unit_test_setup_teardown(test_what_it_costs, start_counted, stop),
    cmocka_unit_test_setup_teardown(test_garbage_is_thrown_away_in_bounded_time, start_counted, stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
