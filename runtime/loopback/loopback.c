/* Two peers of one process, joined frame by frame: see mbr/loopback.h. Knows nothing of services.
 *
 * Locks: a side's is its peer's; the loopback's own, taken under a side's or alone, guards the rest. Frames
 * are moved by one thread at a time, out of the one peer whole before they go into the other, so that a
 * handler that blocks may move the next ones. */
#include "mbr/loopback.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define USUAL_CALLS 64u
#define USUAL_SERVICES 16u
#define USUAL_OUTBOX_SIZE 65536u
#define USUAL_STORAGE_SIZE 256u

/* How long a thread that has nothing to do sleeps at most: deadlines are looked for in between. */
#define NAP_MS 5u

#define ALIGNMENT 16u
#define SYNC_ANSWER_SIZE 256u
#define FAULT_SIZE (MBR_FRAME_HEADER_SIZE + 4u + MBR_COUNT_SIZE)

typedef struct side {
  mbr_peer peer;
  struct mbr_loopback *loopback;
  struct side *other;
  pthread_mutex_t lock;
  mbr_peer_memory memory;
  uint16_t told; /* services that the other side has heard of */
  uint64_t due;  /* when mbr_peer_poll is to be called */
  bool quiet;
} side;

/* A task of the executor's that runs tasks of the peers. */
typedef struct runner {
  mbr_task task;
  struct mbr_loopback *loopback;
  bool busy;
} runner;

struct mbr_loopback {
  side near, far;
  mbr_executor *executor;
  bool real_time;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  uint64_t changes; /* counts what may let something move */
  uint64_t clock;
  mbr_task *first, *last;
  size_t running; /* tasks */
  size_t blocks;
  bool moving; /* a thread moves a frame, in `frame` */
  uint8_t *frame;
  size_t frame_capacity;
  struct mbr_loopback *next_unused;
  runner runners[MBR_LOOPBACK_RUNNERS];
};

static void change(mbr_loopback *l) {
  l->changes++;
  pthread_cond_broadcast(&l->changed);
}

static void note_change(mbr_loopback *l) {
  pthread_mutex_lock(&l->lock);
  change(l);
  pthread_mutex_unlock(&l->lock);
}

static uint64_t changes(mbr_loopback *l) {
  pthread_mutex_lock(&l->lock);
  uint64_t count = l->changes;
  pthread_mutex_unlock(&l->lock);
  return count;
}

static uint64_t real_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static uint64_t time_of(mbr_loopback *l) {
  if (l->real_time) return real_milliseconds();
  pthread_mutex_lock(&l->lock);
  uint64_t now = l->clock;
  pthread_mutex_unlock(&l->lock);
  return now;
}

/* Up to the next deadline if that is sooner. */
static void pass_time(mbr_loopback *l, uint64_t until) {
  pthread_mutex_lock(&l->lock);
  if (l->near.due < until) until = l->near.due;
  if (l->far.due < until) until = l->far.due;
  if (l->clock < until) l->clock = until;
  pthread_mutex_unlock(&l->lock);
}

/* Sleeps until something changes after `seen`, for a moment at most. Under l->lock. Should the clock be set
 * meanwhile, the moment is longer; whatever changes ends it all the same. */
static void nap(mbr_loopback *l, uint64_t seen) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += (long)NAP_MS * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  while (l->changes == seen && pthread_cond_timedwait(&l->changed, &l->lock, &until) == 0) {
  }
}

static mbr_task *take_task(mbr_loopback *l) {
  mbr_task *task = l->first;
  if (task != NULL) {
    l->first = task->next;
    l->running++;
  }
  return task;
}

/* Runs the first task, if there is one. */
static bool run_task(mbr_loopback *l) {
  pthread_mutex_lock(&l->lock);
  mbr_task *task = take_task(l);
  pthread_mutex_unlock(&l->lock);
  if (task == NULL) return false;
  task->run(task);
  pthread_mutex_lock(&l->lock);
  l->running--;
  change(l);
  pthread_mutex_unlock(&l->lock);
  return true;
}

/* On the executor. It counts as running until it is no longer busy, so that a run does not end before. */
static void run_tasks(mbr_task *task) {
  runner *r = (runner *)(void *)task;
  mbr_loopback *l = r->loopback;
  pthread_mutex_lock(&l->lock);
  while ((task = take_task(l)) != NULL) {
    pthread_mutex_unlock(&l->lock);
    task->run(task);
    pthread_mutex_lock(&l->lock);
    l->running--;
    change(l);
  }
  r->busy = false;
  l->running--;
  change(l);
  pthread_mutex_unlock(&l->lock);
}

/* Under l->lock. */
static runner *take_runner(mbr_loopback *l) {
  for (size_t i = 0; l->executor != NULL && i < MBR_LOOPBACK_RUNNERS; i++) {
    runner *r = &l->runners[i];
    if (r->busy) continue;
    r->busy = true;
    l->running++;
    return r;
  }
  return NULL;
}

static void lock_hook(void *owner) { pthread_mutex_lock(&((side *)owner)->lock); }

static void unlock_hook(void *owner) { pthread_mutex_unlock(&((side *)owner)->lock); }

static void wake_hook(void *owner) { note_change(((side *)owner)->loopback); }

static void schedule_hook(void *owner, mbr_task *task) {
  mbr_loopback *l = ((side *)owner)->loopback;
  task->next = NULL;
  pthread_mutex_lock(&l->lock);
  if (l->first == NULL) l->first = task;
  else l->last->next = task;
  l->last = task;
  change(l);
  runner *r = take_runner(l);
  pthread_mutex_unlock(&l->lock);
  if (r != NULL) l->executor->submit(l->executor, &r->task);
}

static void count_block(mbr_loopback *l, size_t more, size_t less) {
  pthread_mutex_lock(&l->lock);
  l->blocks = l->blocks + more - less;
  pthread_mutex_unlock(&l->lock);
}

static void *alloc_hook(void *owner, size_t size) {
  void *block = malloc(size);
  if (block != NULL) count_block(((side *)owner)->loopback, 1, 0);
  return block;
}

static void free_hook(void *owner, void *block) {
  count_block(((side *)owner)->loopback, 0, 1);
  free(block);
}

static uint64_t now_hook(void *owner) { return time_of(((side *)owner)->loopback); }

static void alarm_hook(void *owner, uint64_t at) {
  side *s = owner;
  pthread_mutex_lock(&s->loopback->lock);
  if (at < s->due) s->due = at;
  change(s->loopback);
  pthread_mutex_unlock(&s->loopback->lock);
}

/* Whoever waits moves frames; where one thread does everything and nothing moves, only time can pass. */
static mbr_status wait_hook(void *owner, uint64_t until) {
  side *s = owner;
  mbr_loopback *l = s->loopback;
  uint64_t seen = changes(l);
  pthread_mutex_unlock(&s->lock);
  if (time_of(l) < until && !mbr_loopback_step(l)) {
    if (l->executor == NULL && !l->real_time) {
      if (changes(l) == seen) pass_time(l, until);
    } else {
      pthread_mutex_lock(&l->lock);
      nap(l, seen);
      pthread_mutex_unlock(&l->lock);
    }
  }
  pthread_mutex_lock(&s->lock);
  return MBR_OK;
}

static void notify_hook(void *owner) { note_change(((side *)owner)->loopback); }

static void quiet_hook(void *owner) {
  side *s = owner;
  pthread_mutex_lock(&s->loopback->lock);
  s->quiet = true;
  change(s->loopback);
  pthread_mutex_unlock(&s->loopback->lock);
}

static const mbr_hooks hooks = {
  .lock = lock_hook,
  .unlock = unlock_hook,
  .wake = wake_hook,
  .schedule = schedule_hook,
  .alloc = alloc_hook,
  .free = free_hook,
  .now = now_hook,
  .alarm = alarm_hook,
  .wait = wait_hook,
  .notify = notify_hook,
  .quiet = quiet_hook,
};

/* Room for a frame of that size in l->frame; whoever moves has it. */
static bool reserve(mbr_loopback *l, size_t size) {
  if (size <= l->frame_capacity) return true;
  uint8_t *grown = realloc(l->frame, size);
  if (grown == NULL) return false;
  l->frame = grown;
  l->frame_capacity = size;
  return true;
}

/* A caller whose call was refused is told why; a oneway has none. */
static void refuse(side *caller, const mbr_frame *call, mbr_status status) {
  uint8_t data[FAULT_SIZE];
  const mbr_frame fault = {
    .size = FAULT_SIZE, .kind = MBR_FRAME_FAULT, .call = call->call, .method = call->method};
  if (call->kind != MBR_FRAME_CALL || call->call == 0) return;
  mbr_frame_write(data, &fault);
  mbr_put_u32(data + MBR_FRAME_HEADER_SIZE, (uint32_t)status);
  mbr_put_u64(data + MBR_FRAME_HEADER_SIZE + 4, 0);
  status = mbr_peer_receive(&caller->peer, data, sizeof data);
  (void)status; /* the caller may be gone */
}

static bool tell_hello(side *from) {
  mbr_loopback *l = from->loopback;
  size_t size = mbr_peer_hello(&from->peer, from->told, l->frame, l->frame_capacity);
  if (size == MBR_PEER_HELLO_NONE) return false;
  if (size > l->frame_capacity) {
    if (!reserve(l, size)) return false;
    size = mbr_peer_hello(&from->peer, from->told, l->frame, l->frame_capacity);
  }
  from->told++;
  return mbr_peer_receive(&from->other->peer, l->frame, size) == MBR_OK;
}

/* The frame is a call of a sync method: it is answered by this thread, before anything else moves. */
static mbr_status answer_sync(side *caller, size_t size) {
  side *callee = caller->other;
  uint64_t buffer[SYNC_ANSWER_SIZE / sizeof(uint64_t)];
  mbr_answer answer = {.buffer = (uint8_t *)buffer, .capacity = sizeof buffer};
  mbr_status status = mbr_peer_receive_sync(&callee->peer, caller->loopback->frame, size, &answer);
  if (status != MBR_OK) return status;
  status = mbr_peer_receive(&caller->peer, answer.frame, answer.size);
  if (answer.is_block) free_hook(callee, (void *)(uintptr_t)answer.frame);
  return status;
}

static bool move_frame(side *from) {
  mbr_loopback *l = from->loopback;
  const uint8_t *record;
  mbr_frame frame;
  size_t run = mbr_peer_outgoing(&from->peer, &record);
  if (run == 0) return false;
  mbr_status status = mbr_frame_read(&frame, record, run);
  const size_t taken = (frame.size + (ALIGNMENT - 1u)) & ~(size_t)(ALIGNMENT - 1u);
  if ((frame.flags & MBR_FRAME_BLOCK) != 0) {
    const uint8_t *block = (const uint8_t *)(uintptr_t)mbr_get_u64(record + MBR_FRAME_HEADER_SIZE);
    frame.size = (uint32_t)mbr_get_u64(record + MBR_FRAME_HEADER_SIZE + 8);
    record = block;
  }
  if (status == MBR_OK && !reserve(l, frame.size)) status = MBR_NO_MEMORY;
  if (status == MBR_OK) memcpy(l->frame, record, frame.size);
  mbr_peer_consume(&from->peer, taken);
  if (status == MBR_OK) status = mbr_peer_receive(&from->other->peer, l->frame, frame.size);
  if (status == MBR_UNSUPPORTED) status = answer_sync(from, frame.size);
  if (status != MBR_OK) refuse(from, &frame, status);
  return true;
}

/* Ends calls of the side whose time is over. */
static void look_at_clock(side *s) {
  mbr_loopback *l = s->loopback;
  uint64_t now = time_of(l);
  pthread_mutex_lock(&l->lock);
  bool is_due = s->due <= now;
  if (is_due) s->due = UINT64_MAX;
  pthread_mutex_unlock(&l->lock);
  if (is_due) alarm_hook(s, mbr_peer_poll(&s->peer));
}

static bool begin_to_move(mbr_loopback *l) {
  pthread_mutex_lock(&l->lock);
  bool begins = !l->moving;
  l->moving = true;
  pthread_mutex_unlock(&l->lock);
  return begins;
}

static void end_moving(mbr_loopback *l, bool moved) {
  pthread_mutex_lock(&l->lock);
  l->moving = false;
  if (moved) change(l);
  pthread_mutex_unlock(&l->lock);
}

bool mbr_loopback_step(mbr_loopback *l) {
  look_at_clock(&l->near);
  look_at_clock(&l->far);
  if (begin_to_move(l)) {
    bool moved = tell_hello(&l->near) || tell_hello(&l->far) || move_frame(&l->near) || move_frame(&l->far);
    end_moving(l, moved);
    if (moved) return true;
  }
  return l->executor == NULL && run_task(l);
}

size_t mbr_loopback_run(mbr_loopback *l) {
  size_t steps = 0;
  for (;;) {
    uint64_t seen = changes(l);
    if (mbr_loopback_step(l)) {
      steps++;
      continue;
    }
    pthread_mutex_lock(&l->lock);
    bool idle = l->changes == seen && !l->moving && l->first == NULL && l->running == 0;
    if (!idle) nap(l, seen);
    pthread_mutex_unlock(&l->lock);
    if (idle) return steps;
  }
}

bool mbr_loopback_run_until(mbr_loopback *l, bool (*done)(void *arg), void *arg, unsigned milliseconds) {
  const uint64_t until = real_milliseconds() + milliseconds;
  for (;;) {
    uint64_t seen = changes(l);
    if (done(arg)) return true;
    if (real_milliseconds() >= until) return false;
    if (mbr_loopback_step(l)) continue;
    pthread_mutex_lock(&l->lock);
    nap(l, seen);
    pthread_mutex_unlock(&l->lock);
  }
}

void mbr_loopback_advance(mbr_loopback *l, unsigned milliseconds) {
  pthread_mutex_lock(&l->lock);
  if (!l->real_time) l->clock += milliseconds;
  pthread_mutex_unlock(&l->lock);
  (void)mbr_loopback_run(l);
}

void mbr_loopback_disconnect(mbr_loopback *l) {
  mbr_peer_close(&l->near.peer);
  mbr_peer_close(&l->far.peer);
  (void)mbr_loopback_run(l);
}

size_t mbr_loopback_blocks(mbr_loopback *l) {
  pthread_mutex_lock(&l->lock);
  size_t blocks = l->blocks;
  pthread_mutex_unlock(&l->lock);
  return blocks;
}

mbr_peer *mbr_loopback_near(mbr_loopback *l) { return &l->near.peer; }

mbr_peer *mbr_loopback_far(mbr_loopback *l) { return &l->far.peer; }

static void free_memory(const mbr_peer_memory *memory) {
  free(memory->slots);
  free(memory->calls);
  free(memory->bindings);
  free(memory->requests);
  free(memory->counters);
  free(memory->storage);
  free(memory->outbox);
}

static bool take_memory(mbr_peer_memory *memory, const mbr_loopback_options *options) {
  const uint16_t calls = options->calls != 0 ? options->calls : (uint16_t)USUAL_CALLS;
  const uint16_t services = options->services != 0 ? options->services : (uint16_t)USUAL_SERVICES;
  *memory = (mbr_peer_memory){
    .slots = calloc(calls, sizeof(struct mbr_slot)),
    .slot_count = calls,
    .calls = calloc(calls, sizeof(uint16_t)),
    .call_count = calls,
    .bindings = calloc(services, sizeof(struct mbr_binding)),
    .binding_count = services,
    .requests = calloc(calls, sizeof(struct mbr_asked)),
    .request_count = calls,
    .counters = calloc(MBR_LOOPBACK_METHODS, sizeof(mbr_counters)),
    .counter_count = MBR_LOOPBACK_METHODS,
    .storage_size = options->storage_size != 0 ? options->storage_size : USUAL_STORAGE_SIZE,
    .outbox_size = options->outbox_size != 0 ? options->outbox_size : USUAL_OUTBOX_SIZE,
  };
  memory->storage = calloc(calls, memory->storage_size);
  memory->outbox = calloc(1, memory->outbox_size);
  return memory->slots != NULL && memory->calls != NULL && memory->bindings != NULL &&
         memory->requests != NULL && memory->counters != NULL && memory->storage != NULL &&
         memory->outbox != NULL;
}

static bool open_side(mbr_loopback *l, side *s, side *other, const mbr_loopback_options *options) {
  s->loopback = l;
  s->other = other;
  s->told = 0;
  s->due = UINT64_MAX;
  s->quiet = false;
  return take_memory(&s->memory, options) && mbr_peer_open(&s->peer, &s->memory, &hooks, s) == MBR_OK;
}

static mbr_loopback *make_loopback(void) {
  mbr_loopback *l = calloc(1, sizeof *l);
  if (l == NULL) return NULL;
  pthread_mutex_init(&l->near.lock, NULL);
  pthread_mutex_init(&l->far.lock, NULL);
  pthread_mutex_init(&l->lock, NULL);
  pthread_cond_init(&l->changed, NULL);
  for (size_t i = 0; i < MBR_LOOPBACK_RUNNERS; i++) {
    l->runners[i] = (runner){.task = {.run = run_tasks}, .loopback = l};
  }
  return l;
}

/* Peers and locks stay for good, to be used again: a topic of the application may know calls of a
 * connection that has gone, as it may with any transport. */
static pthread_mutex_t unused_lock = PTHREAD_MUTEX_INITIALIZER;
static mbr_loopback *unused;

static mbr_loopback *take_unused(void) {
  pthread_mutex_lock(&unused_lock);
  mbr_loopback *l = unused;
  if (l != NULL) unused = l->next_unused;
  pthread_mutex_unlock(&unused_lock);
  return l != NULL ? l : make_loopback();
}

static void give_back(mbr_loopback *l) {
  free_memory(&l->near.memory);
  free_memory(&l->far.memory);
  free(l->frame);
  l->frame = NULL;
  l->frame_capacity = 0;
  pthread_mutex_lock(&unused_lock);
  l->next_unused = unused;
  unused = l;
  pthread_mutex_unlock(&unused_lock);
}

mbr_loopback *mbr_loopback_open(const mbr_loopback_options *options) {
  const mbr_loopback_options usual = {0};
  mbr_loopback *l = take_unused();
  if (l == NULL) return NULL;
  if (options == NULL) options = &usual;
  l->executor = options->executor;
  l->real_time = options->real_time;
  l->clock = 1; /* a time is never 0 */
  bool near = open_side(l, &l->near, &l->far, options);
  bool far = open_side(l, &l->far, &l->near, options);
  if (near && far) return l;
  mbr_peer_close(&l->near.peer);
  mbr_peer_close(&l->far.peer);
  give_back(l);
  return NULL;
}

bool mbr_loopback_close(mbr_loopback *l) {
  mbr_loopback_disconnect(l);
  pthread_mutex_lock(&l->lock);
  bool clean = l->near.quiet && l->far.quiet && l->blocks == 0;
  pthread_mutex_unlock(&l->lock);
  if (clean) give_back(l);
  return clean;
}
