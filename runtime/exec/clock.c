/* The clock and its waits: see clock.h. */
#include "clock.h"

#include <time.h>

/* Apple's conditions know only the clock that can be set. */
#ifdef __APPLE__
#define WAIT_CLOCK CLOCK_REALTIME
#else
#define WAIT_CLOCK CLOCK_MONOTONIC
#endif

/* So that a time can be had from what is left, however small time_t is. */
#define WAIT_MAX_MS 3600000u

uint64_t mbr_clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u + 1u;
}

int mbr_clock_init_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  int failure = pthread_condattr_init(&attributes);
  if (failure != 0) return failure;
#ifndef __APPLE__
  failure = pthread_condattr_setclock(&attributes, WAIT_CLOCK);
#endif
  if (failure == 0) failure = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return failure;
}

void mbr_clock_wait(pthread_cond_t *condition, pthread_mutex_t *held, uint64_t until) {
  uint64_t now = mbr_clock_now();
  uint64_t left = until > now ? until - now : 0;
  if (left > WAIT_MAX_MS) left = WAIT_MAX_MS;
  struct timespec when;
  clock_gettime(WAIT_CLOCK, &when);
  when.tv_sec += (time_t)(left / 1000u);
  when.tv_nsec += (long)(left % 1000u) * 1000000;
  if (when.tv_nsec >= 1000000000) {
    when.tv_sec++;
    when.tv_nsec -= 1000000000;
  }
  (void)pthread_cond_timedwait(condition, held, &when);
}
