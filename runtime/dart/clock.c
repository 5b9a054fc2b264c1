/* Alarms: a list of those that are set, few enough to be looked through, and the thread that waits for the
 * earliest. */
#include "clock.h"

#include <stddef.h>
#include <time.h>

#include "config.h"

/* Apple's conditions know only the clock that can be set. */
#ifdef __APPLE__
#define WAIT_CLOCK CLOCK_REALTIME
#else
#define WAIT_CLOCK CLOCK_MONOTONIC
#endif

/* So that a time can be had from what is left, however small time_t is. */
#define WAIT_MAX_MS 3600000u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static mbr_alarm *alarms; /* those that are set */
static bool started, stopping;

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

/* Under the lock. */
static void set(mbr_alarm *alarm, uint64_t at) {
  if (alarm->is_set) {
    if (at < alarm->due) alarm->due = at;
    return;
  }
  alarm->is_set = true;
  alarm->due = at;
  alarm->next = alarms;
  alarms = alarm;
}

/* Under the lock: unsets and returns an alarm that is due, else NULL and when one will be. */
static mbr_alarm *take_due(uint64_t now, uint64_t *next) {
  *next = MBR_CLOCK_NEVER;
  for (mbr_alarm **at = &alarms; *at != NULL; at = &(*at)->next) {
    mbr_alarm *alarm = *at;
    if (alarm->due <= now) {
      *at = alarm->next;
      alarm->is_set = false;
      return alarm;
    }
    if (alarm->due < *next) *next = alarm->due;
  }
  return NULL;
}

static void *ring_alarms(void *arg) {
  pthread_mutex_lock(&lock);
  while (!stopping) {
    uint64_t next;
    mbr_alarm *due = take_due(mbr_clock_now(), &next);
    if (due == NULL) {
      mbr_clock_wait(&changed, &lock, next);
      continue;
    }
    pthread_mutex_unlock(&lock);
    uint64_t again = due->ring(due);
    pthread_mutex_lock(&lock);
    if (again != MBR_CLOCK_NEVER) set(due, again);
  }
  pthread_mutex_unlock(&lock);
  return arg;
}

/* Under the lock. */
static bool start(void) {
  pthread_attr_t attributes;
  if (mbr_clock_init_condition(&changed) != 0) return false;
  bool done = pthread_attr_init(&attributes) == 0;
  if (done) {
    (void)pthread_attr_setstacksize(&attributes, MBR_DART_CLOCK_STACK_SIZE);
    done = pthread_create(&thread, &attributes, ring_alarms, NULL) == 0;
    pthread_attr_destroy(&attributes);
  }
  if (!done) pthread_cond_destroy(&changed);
  return done;
}

void mbr_clock_set_alarm(mbr_alarm *alarm, uint64_t at) {
  pthread_mutex_lock(&lock);
  if (!stopping) {
    set(alarm, at);
    if (started) pthread_cond_signal(&changed);
    else started = start();
  }
  pthread_mutex_unlock(&lock);
}

void mbr_clock_stop(void) {
  pthread_mutex_lock(&lock);
  bool running = started && !stopping;
  stopping = true;
  if (running) pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
  if (running && !pthread_equal(thread, pthread_self())) pthread_join(thread, NULL);
}
