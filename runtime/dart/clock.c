/* Alarms: a list of those that are set, few enough to be looked through, and the thread that waits for the
 * earliest. */
#include "clock.h"

#include "config.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static mbr_alarm *alarms; /* those that are set */
static bool started, stopping;

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
