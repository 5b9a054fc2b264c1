/* What a line's peer asks of its surroundings: locks, a clock, threads to run on. */
#include "private.h"

#include <stdlib.h>

static mbr_line *of(void *owner) { return (mbr_line *)owner; }

static void lock(void *owner) { pthread_mutex_lock(&of(owner)->peer_lock); }

static void unlock(void *owner) { pthread_mutex_unlock(&of(owner)->peer_lock); }

static void wake(void *owner) { mbr_line_wake(of(owner)); }

/* Whether the thread takes the task. */
static bool queue(mbr_line *line, mbr_task *task) {
  pthread_mutex_lock(&line->lock);
  const bool taken = !line->ended;
  if (taken) {
    task->next = NULL;
    if (line->first == NULL) line->first = task;
    else line->last->next = task;
    line->last = task;
    mbr_line_nudge(line);
  }
  pthread_mutex_unlock(&line->lock);
  return taken;
}

/* When the thread has ended, what is left of a connection is cleared up by whoever gives it up. */
static void schedule(void *owner, mbr_task *task) {
  mbr_line *line = of(owner);
  if (line->options.executor != NULL) line->options.executor->submit(line->options.executor, task);
  else if (!queue(line, task)) task->run(task);
}

static void *take_block(void *owner, size_t size) {
  (void)owner;
  return malloc(size);
}

static void free_block(void *owner, void *block) {
  (void)owner;
  free(block);
}

static uint64_t now(void *owner) {
  (void)owner;
  return mbr_clock_now();
}

static void set_alarm(void *owner, uint64_t at) {
  mbr_line *line = of(owner);
  pthread_mutex_lock(&line->lock);
  if (at < line->due) line->due = at;
  mbr_line_nudge(line);
  pthread_mutex_unlock(&line->lock);
}

/* What would answer is the line's thread, so that must not wait. */
static mbr_status await_answer(void *owner, uint64_t until) {
  mbr_line *line = of(owner);
  if (pthread_equal(line->thread, pthread_self())) return MBR_DEADLOCK;
  mbr_clock_wait(&line->answered, &line->peer_lock, until);
  return MBR_OK;
}

static void notify(void *owner) { pthread_cond_broadcast(&of(owner)->answered); }

static void quiet(void *owner) {
  mbr_line *line = of(owner);
  pthread_mutex_lock(&line->lock);
  line->quiet = true;
  pthread_cond_broadcast(&line->changed);
  mbr_line_nudge(line);
  pthread_mutex_unlock(&line->lock); /* the line may be gone from here on */
}

const mbr_hooks mbr_line_hooks = {
  .lock = lock,
  .unlock = unlock,
  .wake = wake,
  .schedule = schedule,
  .alloc = take_block,
  .free = free_block,
  .now = now,
  .alarm = set_alarm,
  .wait = await_answer,
  .notify = notify,
  .quiet = quiet,
};
