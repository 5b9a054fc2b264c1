/* The thread of a line: what is to be done, and when to look again. Knows nothing of bytes. */
#include "private.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

void mbr_line_nudge(mbr_line *line) {
  const uint8_t byte = 0;
  line->pending = true;
  if (!line->asleep || line->ended) return;
  line->asleep = false;
  ssize_t written = write(line->wake_out, &byte, sizeof byte);
  (void)written; /* a full pipe wakes just as well */
}

bool mbr_line_run_tasks(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  mbr_task *task = line->first;
  line->first = line->last = NULL;
  pthread_mutex_unlock(&line->lock);
  const bool any = task != NULL;
  while (task != NULL) {
    mbr_task *next = task->next; /* the task may be gone once it is entered */
    task->run(task);
    task = next;
  }
  return any;
}

/* Deadlines of calls. */
static uint64_t poll_peer(mbr_line *line, uint64_t now) {
  pthread_mutex_lock(&line->lock);
  const bool is_due = line->due <= now;
  if (is_due) line->due = MBR_CLOCK_NEVER;
  pthread_mutex_unlock(&line->lock);
  const uint64_t next = is_due ? mbr_peer_poll(&line->peer) : MBR_CLOCK_NEVER;
  pthread_mutex_lock(&line->lock);
  line->due = earlier(line->due, next);
  const uint64_t due = line->due;
  pthread_mutex_unlock(&line->lock);
  return due;
}

static uint64_t poll_users(mbr_line *line, uint64_t now) {
  uint64_t next = MBR_CLOCK_NEVER;
  for (mbr_line_user *user = line->users; user != NULL; user = user->next) {
    next = earlier(next, user->poll(user, now));
  }
  return next;
}

/* Milliseconds to sleep, for poll(). Anything that came up meanwhile lets it look at the descriptors
 * alone. */
static int begin_to_sleep(mbr_line *line, uint64_t until) {
  const uint64_t now = mbr_clock_now();
  pthread_mutex_lock(&line->lock);
  const bool stays_awake = line->pending || line->first != NULL || until <= now;
  line->pending = false;
  line->asleep = !stays_awake;
  line->counters = line->link.counters;
  pthread_mutex_unlock(&line->lock);
  if (stays_awake) return 0;
  if (until == MBR_CLOCK_NEVER) return -1;
  return until - now < INT_MAX ? (int)(until - now) : INT_MAX;
}

static void end_sleep(mbr_line *line, bool rung) {
  uint8_t bytes[16];
  pthread_mutex_lock(&line->lock);
  line->asleep = false;
  pthread_mutex_unlock(&line->lock);
  if (!rung) return;
  ssize_t taken = read(line->wake_in, bytes, sizeof bytes);
  (void)taken; /* there is one byte for each sleep at most */
}

/* What poll() has found out about the descriptor. */
static short sleep_until(mbr_line *line, uint64_t until) {
  const short wanted = (short)(line->is_blocked ? POLLIN | POLLOUT : POLLIN);
  struct pollfd fds[2] = {
    {.fd = line->wake_in, .events = POLLIN},
    {.fd = line->descriptor, .events = wanted}, /* left out where it is negative */
  };
  const int found = poll(fds, 2, begin_to_sleep(line, until));
  end_sleep(line, found > 0 && fds[0].revents != 0);
  return found > 0 ? fds[1].revents : 0;
}

static bool is_stopping(mbr_line *line) {
  pthread_mutex_lock(&line->lock);
  const bool answer = line->stopping;
  pthread_mutex_unlock(&line->lock);
  return answer;
}

/* No task is taken any more from the moment when there is none. */
static void end(mbr_line *line) {
  for (bool ended = false; !ended;) {
    (void)mbr_line_run_tasks(line);
    pthread_mutex_lock(&line->lock);
    ended = line->ended = line->first == NULL;
    if (ended) pthread_cond_broadcast(&line->changed);
    pthread_mutex_unlock(&line->lock);
  }
}

void *mbr_line_run(void *arg) {
  mbr_line *line = arg;
  short found = 0;
  pthread_mutex_lock(&line->lock); /* until `thread` is known */
  pthread_mutex_unlock(&line->lock);
  while (!is_stopping(line)) {
    mbr_line_admit(line);
    (void)mbr_line_run_tasks(line);
    const uint64_t now = mbr_clock_now();
    uint64_t next = poll_peer(line, now);
    next = earlier(next, mbr_line_move(line, now, found != 0, (found & POLLHUP) != 0));
    next = earlier(next, poll_users(line, now)); /* what was acknowledged has made room */
    found = sleep_until(line, next);
  }
  mbr_line_drop(line);
  end(line);
  return NULL;
}
