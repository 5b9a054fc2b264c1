/* The cabin's logic tested without Dart: a generated client plays the dashboard, over a loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mbr/loopback.h"
#include "services.h"
#include "vss_cabin_client.h"

typedef struct car {
  mbr_loopback *loopback;
  ticker *ticker;
  vss_cabin_cabin_signals_client cabin;
} car;

/* Memory for the answer of a blocking call. */
static mbr_arena answer_memory(void) {
  static _Alignas(MBR_ARENA_ALIGN) uint8_t memory[4096];
  mbr_arena arena;
  mbr_arena_init(&arena, memory, sizeof memory);
  return arena;
}

static int open_car(void **state) {
  static car c;
  /* The ticker is a thread of its own, so time is real. */
  const mbr_loopback_options options = {.real_time = true};
  c.loopback = mbr_loopback_open(&options);
  c.ticker = ticker_start();
  if (c.loopback == NULL || c.ticker == NULL) return -1;
  if (cabin_serve(mbr_loopback_near(c.loopback), c.ticker) != MBR_OK) return -1;
  if (vss_cabin_cabin_signals_client_open(&c.cabin, mbr_loopback_far(c.loopback)) != MBR_OK) return -1;
  mbr_loopback_run(c.loopback);
  *state = &c;
  return 0;
}

static int close_car(void **state) {
  car *c = *state;
  mbr_loopback_disconnect(c->loopback);
  ticker_stop(c->ticker);
  return mbr_loopback_close(c->loopback) ? 0 : -1;
}

static void test_a_temperature_out_of_range_is_refused_with_the_range(void **state) {
  const car *c = *state;
  vss_cabin_cabin_signals_set_cabin_hvac_station_temperature_answer answer;
  mbr_arena arena = answer_memory();
  assert_int_equal(vss_cabin_cabin_signals_set_cabin_hvac_station_temperature_wait(&c->cabin, 45.0f, NULL, &arena,
                                                                                   &answer),
                   MBR_OK);
  assert_int_equal(answer.outcome, MBR_OUTCOME_ERROR);
  assert_int_equal(answer.error.tag, VSS_COMMON_ACCESS_ERROR_TAG_OUT_OF_RANGE);
  assert_true(answer.error.as.out_of_range.min == 16.0 && answer.error.as.out_of_range.max == 28.0);
}

static void test_the_fan_speed_that_was_set_is_read_back(void **state) {
  const car *c = *state;
  vss_cabin_cabin_signals_set_cabin_hvac_station_fan_speed_answer set;
  vss_cabin_cabin_signals_get_cabin_hvac_answer got;
  mbr_arena arena = answer_memory();
  assert_int_equal(vss_cabin_cabin_signals_set_cabin_hvac_station_fan_speed_wait(&c->cabin, 70, NULL, &arena, &set),
                   MBR_OK);
  assert_int_equal(set.outcome, MBR_OUTCOME_OK);
  assert_int_equal(vss_cabin_cabin_signals_get_cabin_hvac_wait(&c->cabin, NULL, &arena, &got), MBR_OK);
  assert_int_equal(got.outcome, MBR_OUTCOME_OK);
  assert_true(got.value.station[0].has_fan_speed);
  assert_int_equal(got.value.station[0].fan_speed, 70);
}

static void test_what_this_car_lacks_faults(void **state) {
  const car *c = *state;
  vss_cabin_cabin_signals_set_cabin_hvac_is_front_defroster_active_answer answer;
  mbr_arena arena = answer_memory();
  assert_int_equal(vss_cabin_cabin_signals_set_cabin_hvac_is_front_defroster_active_wait(&c->cabin, true, NULL,
                                                                                         &arena, &answer),
                   MBR_OK);
  assert_int_equal(answer.outcome, MBR_OUTCOME_FAULT);
  assert_int_equal(answer.fault, MBR_UNIMPLEMENTED);
}

typedef struct watching {
  unsigned items;
  bool done;
} watching;

static void on_item(void *arg, const vss_cabin_cabin_hvac *item) {
  watching *w = arg;
  assert_true(item->has_ambient_air_temperature);
  w->items++;
}

static void on_done(void *arg, const vss_cabin_cabin_signals_watch_cabin_hvac_answer *answer) {
  watching *w = arg;
  assert_int_equal(answer->fault, MBR_CANCELLED);
  w->done = true;
}

static bool has_ten(void *arg) { return ((const watching *)arg)->items >= 10; }

static bool is_done(void *arg) { return ((const watching *)arg)->done; }

static void test_a_watcher_is_fed_until_it_cancels(void **state) {
  const car *c = *state;
  watching w = {0};
  vss_cabin_cabin_signals_watch_cabin_hvac_request request;
  const vss_cabin_cabin_signals_watch_cabin_hvac_receiver receiver = {on_item, on_done, &w};
  assert_int_equal(vss_cabin_cabin_signals_watch_cabin_hvac_send(&c->cabin, 200, receiver, NULL, &request), MBR_OK);
  assert_true(mbr_loopback_run_until(c->loopback, has_ten, &w, 5000));
  assert_int_equal(mbr_request_cancel(request.base), MBR_OK);
  assert_true(mbr_loopback_run_until(c->loopback, is_done, &w, 5000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_temperature_out_of_range_is_refused_with_the_range),
    cmocka_unit_test(test_the_fan_speed_that_was_set_is_read_back),
    cmocka_unit_test(test_what_this_car_lacks_faults),
    cmocka_unit_test(test_a_watcher_is_fed_until_it_cancels),
  };
  return cmocka_run_group_tests_name("cabin", tests, open_car, close_car);
}
