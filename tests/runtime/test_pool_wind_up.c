/* The thread pool at the end of a process: nothing that runs on it can hold that up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "mbr/pool.h"

#define LONG_MS 20000u
#define SHORT_MS 20u

static mbr_pool pool;
static atomic_bool stuck;
static atomic_uint ran;
static atomic_bool left;

static void pause_ms(long ms) {
  const struct timespec pause = {0, ms * 1000000};
  nanosleep(&pause, NULL);
}

static void count(mbr_task *task) {
  (void)task;
  atomic_fetch_add(&ran, 1);
}

static mbr_task second = {NULL, count};

/* Ends only when it is let go, and submits another task then. */
static void wait_to_be_let_go(mbr_task *task) {
  (void)task;
  while (atomic_load(&stuck)) pause_ms(1);
  mbr_pool_submit(&pool, &second);
}

static void wind_up_from_within(mbr_task *task) {
  (void)task;
  atomic_store(&left, mbr_pool_wind_up(&pool, LONG_MS));
  atomic_fetch_add(&ran, 1);
}

static int start(void **state) {
  (void)state;
  atomic_store(&ran, 0);
  return mbr_pool_start(&pool, 2, 0) == MBR_OK ? 0 : -1;
}

static void runs_what_waits_and_drops_what_comes_later(void **state) {
  (void)state;
  mbr_task tasks[50];
  for (int i = 0; i < 50; i++) {
    tasks[i].run = count;
    mbr_pool_submit(&pool, &tasks[i]);
  }
  assert_true(mbr_pool_wind_up(&pool, LONG_MS));
  assert_int_equal(atomic_load(&ran), 50);
  mbr_pool_submit(&pool, &second);
  pause_ms(5);
  assert_int_equal(atomic_load(&ran), 50);
}

static void does_not_wait_for_a_task_that_is_stuck(void **state) {
  (void)state;
  mbr_task first = {NULL, wait_to_be_let_go};
  atomic_store(&stuck, true);
  mbr_pool_submit(&pool, &first);
  assert_false(mbr_pool_wind_up(&pool, SHORT_MS));
  atomic_store(&stuck, false);
  assert_true(mbr_pool_wind_up(&pool, LONG_MS));
  assert_int_equal(atomic_load(&ran), 1);
}

static void does_not_wait_for_itself(void **state) {
  (void)state;
  mbr_task first = {NULL, wind_up_from_within};
  atomic_store(&left, true);
  mbr_pool_submit(&pool, &first);
  for (unsigned ms = 0; atomic_load(&ran) == 0; ms++) {
    assert_true(ms < LONG_MS);
    pause_ms(1);
  }
  assert_false(atomic_load(&left));
  assert_true(mbr_pool_wind_up(&pool, LONG_MS));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(runs_what_waits_and_drops_what_comes_later, start),
    cmocka_unit_test_setup(does_not_wait_for_a_task_that_is_stuck, start),
    cmocka_unit_test_setup(does_not_wait_for_itself, start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
