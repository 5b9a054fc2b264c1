/* The thread pool: every task once, first come first served, and none left behind by stop. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for pthread_getattr_np */
#endif
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "mbr/pool.h"

#define TASKS 1000

typedef struct numbered {
  mbr_task task; /* first */
  size_t number;
  unsigned runs;
} numbered;

static mbr_pool pool;
static numbered tasks[TASKS];
static size_t order[TASKS];
static size_t done;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void note(mbr_task *task) {
  numbered *n = (numbered *)(void *)task;
  pthread_mutex_lock(&lock);
  n->runs++;
  order[done++] = n->number;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

static void reset(void (*run)(mbr_task *task)) {
  done = 0;
  for (size_t i = 0; i < TASKS; i++) tasks[i] = (numbered){{NULL, run}, i, 0};
}

static void assert_each_ran(unsigned times) {
  for (size_t i = 0; i < TASKS; i++) assert_int_equal(tasks[i].runs, times);
}

/* Waits until `count` tasks are done, for ten seconds at most. */
static bool wait_for(size_t count) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&lock);
  int timed_out = 0;
  while (done < count && timed_out == 0) timed_out = pthread_cond_timedwait(&changed, &lock, &until);
  bool all = done >= count;
  pthread_mutex_unlock(&lock);
  return all;
}

static void test_one_thread_keeps_the_order(void **state) {
  (void)state;
  reset(note);
  assert_int_equal(mbr_pool_start(&pool, 1, 65536), MBR_OK);
  for (size_t i = 0; i < TASKS; i++) mbr_pool_submit(&pool, &tasks[i].task);
  assert_true(wait_for(TASKS));
  for (size_t i = 0; i < TASKS; i++) assert_int_equal(order[i], i);
  mbr_pool_stop(&pool);
}

static void test_stop_runs_what_was_submitted(void **state) {
  (void)state;
  for (size_t threads = 1; threads <= 4; threads++) {
    reset(note);
    assert_int_equal(mbr_pool_start(&pool, threads, 0), MBR_OK);
    for (size_t i = 0; i < TASKS; i++) pool.executor.submit(&pool.executor, &tasks[i].task);
    mbr_pool_stop(&pool);
    assert_each_ran(1);
  }
}

/* Submits the task after it, as a handler's end does, and itself for a second run. */
static void submit_next(mbr_task *task) {
  numbered *n = (numbered *)(void *)task;
  bool again = n->runs == 0;
  if (again && n->number + 1 < TASKS) mbr_pool_submit(&pool, &tasks[n->number + 1].task);
  n->runs++;
  if (again) mbr_pool_submit(&pool, task);
}

static void test_stop_waits_for_what_tasks_submit(void **state) {
  (void)state;
  for (size_t threads = 1; threads <= 3; threads++) {
    reset(submit_next);
    assert_int_equal(mbr_pool_start(&pool, threads, 0), MBR_OK);
    mbr_pool_submit(&pool, &tasks[0].task);
    mbr_pool_stop(&pool);
    assert_each_ran(2);
  }
}

static void *submit_quarter(void *arg) {
  size_t first = *(const size_t *)arg;
  for (size_t i = first; i < TASKS; i += 4) mbr_pool_submit(&pool, &tasks[i].task);
  return NULL;
}

static void test_any_thread_may_submit(void **state) {
  (void)state;
  size_t firsts[4] = {0, 1, 2, 3};
  pthread_t threads[4];
  reset(note);
  assert_int_equal(mbr_pool_start(&pool, 2, 0), MBR_OK);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, submit_quarter, &firsts[i]), 0);
  }
  for (size_t i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_true(wait_for(TASKS));
  mbr_pool_stop(&pool);
  assert_each_ran(1);
}

static size_t together;

static void meet(mbr_task *task) {
  (void)task;
  pthread_mutex_lock(&lock);
  together++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  while (!wait_for(1)) {
  }
}

static void test_threads_work_side_by_side(void **state) {
  (void)state;
  struct timespec until;
  reset(meet);
  together = 0;
  assert_int_equal(mbr_pool_start(&pool, 3, 0), MBR_OK);
  for (size_t i = 0; i < 3; i++) mbr_pool_submit(&pool, &tasks[i].task);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock(&lock);
  int timed_out = 0;
  while (together < 3 && timed_out == 0) timed_out = pthread_cond_timedwait(&changed, &lock, &until);
  done = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  mbr_pool_stop(&pool);
  assert_int_equal(together, 3);
}

#ifdef __GLIBC__
static size_t stack_size;

static void measure_stack(mbr_task *task) {
  pthread_attr_t attributes;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    (void)pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
  }
  stack_size = size;
  note(task);
}

/* Larger than what is usual: libc may lend a larger stack than was asked for. */
static void test_threads_have_the_stack_that_was_asked_for(void **state) {
  (void)state;
  const size_t large = (size_t)64 * 1024 * 1024;
  reset(measure_stack);
  assert_int_equal(mbr_pool_start(&pool, 1, large), MBR_OK);
  mbr_pool_submit(&pool, &tasks[0].task);
  mbr_pool_stop(&pool);
  assert_true(stack_size >= large);
}
#endif

static int64_t cpu_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void test_idle_threads_sleep_until_there_is_a_task(void **state) {
  (void)state;
  const struct timespec moment = {0, 200000000};
  for (size_t threads = 1; threads <= 2; threads++) {
    reset(note);
    assert_int_equal(mbr_pool_start(&pool, threads, 0), MBR_OK);
    int64_t before = cpu_nanoseconds();
    nanosleep(&moment, NULL);
    assert_true(cpu_nanoseconds() - before < 100000000);
    mbr_pool_submit(&pool, &tasks[0].task);
    assert_true(wait_for(1));
    mbr_pool_stop(&pool);
  }
}

static void test_numbers_that_make_no_pool(void **state) {
  (void)state;
  assert_int_equal(mbr_pool_start(&pool, 0, 0), MBR_MISUSE);
  assert_int_equal(mbr_pool_start(&pool, MBR_POOL_THREADS_MAX + 1, 0), MBR_MISUSE);
  assert_int_equal(mbr_pool_start(&pool, 1, 1), MBR_MISUSE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_one_thread_keeps_the_order),
    cmocka_unit_test(test_stop_runs_what_was_submitted),
    cmocka_unit_test(test_stop_waits_for_what_tasks_submit),
    cmocka_unit_test(test_any_thread_may_submit),
    cmocka_unit_test(test_threads_work_side_by_side),
#ifdef __GLIBC__
    cmocka_unit_test(test_threads_have_the_stack_that_was_asked_for),
#endif
    cmocka_unit_test(test_idle_threads_sleep_until_there_is_a_task),
    cmocka_unit_test(test_numbers_that_make_no_pool),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
